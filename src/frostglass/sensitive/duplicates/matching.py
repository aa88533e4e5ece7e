"""Pairs of cases weighed: sure by a document or a token, likely by the weight of everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from frostglass.sensitive.answers import Answers
from frostglass.sensitive.duplicates import weights
from frostglass.sensitive.duplicates.blocking import candidates
from frostglass.sensitive.duplicates.identities import Identities
from frostglass.sensitive.duplicates.normal import same_documents
from frostglass.sensitive.duplicates.pairs import Pairs, bit
from frostglass.sensitive.duplicates.people import MOST_TOKENS, People, people

_CHUNK = 200_000
"""Pairs weighed at a time, so that memory stays bounded."""

_SAME, _ALIKE, _NEAR, _LEAST = 0.9999, 0.90, 0.86, 0.76
"""Similarities of names: the same; alike on average; near on average; the least that every part must reach."""

_ONE_SLIP = 0.91
"""What two parts of a name of three letters or more are to each other at least that differ by one slip of the pen."""

_MOST_VALUES = 4
"""Most documents, telephones, tokens and citizenships of one case that are compared."""

V = TypeVar("V")
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int32]


def find_pairs(identities: Identities) -> tuple[Pairs, int]:
    """Every pair that is sure or likely, and the number of candidate pairs that were passed over.

    A pair is named with the case first whose ref comes first, and pairs stand in the order of their refs, so that the
    order of the input changes nothing.
    """
    folk = people(identities)
    first, second, passed_over = candidates(folk)
    found = [
        _weighed(folk, first[start : start + _CHUNK], second[start : start + _CHUNK])
        for start in range(0, len(first), _CHUNK)
    ]
    return _ordered(found, identities.refs), passed_over


def _ordered(found: list[Pairs], refs: tuple[str, ...]) -> Pairs:
    def all_of(get: Callable[[Pairs], npt.NDArray[V]], kind: type) -> npt.NDArray[V]:  # type: ignore[type-var]
        return np.concatenate([np.zeros(0, dtype=kind), *map(get, found)]).astype(kind)

    first, second = all_of(lambda one: one.first, np.int32), all_of(lambda one: one.second, np.int32)
    rank = np.empty(len(refs), dtype=np.int64)
    rank[sorted(range(len(refs)), key=refs.__getitem__)] = np.arange(len(refs))
    turned = rank[first] > rank[second] if len(first) else np.zeros(0, dtype=np.bool_)
    one, other = np.where(turned, second, first), np.where(turned, first, second)
    order = np.lexsort((rank[other], rank[one])) if len(first) else np.zeros(0, dtype=np.int64)
    return Pairs(
        first=one[order].astype(np.int32),
        second=other[order].astype(np.int32),
        bits=all_of(lambda pair: pair.bits, np.float32)[order],
        sure=all_of(lambda pair: pair.sure, np.bool_)[order],
        agrees=all_of(lambda pair: pair.agrees, np.uint16)[order],
        differs=all_of(lambda pair: pair.differs, np.uint16)[order],
    )


def _weighed(folk: People, first: Indices, second: Indices) -> Pairs:
    """Those of the pairs that are sure or likely."""
    evidence = _Evidence(len(first))
    document = _documents(folk, first, second, evidence)
    token = _share(folk.match_tokens, first, second, folk.number)
    evidence.add(token, weights.DOCUMENT_SAME, agrees="token")
    born_apart = _births(folk, first, second, evidence)
    worth = document | token | ~born_apart  # nothing else outweighs dates of birth that cannot be one person's
    names_apart = np.zeros(len(first), dtype=np.bool_)
    names_apart[worth] = _names(folk, first[worth], second[worth], evidence.of(worth))
    phone = _share(folk.phones, first, second, folk.number)
    evidence.add(phone & ~names_apart, weights.PHONE_SAME, agrees="phone")
    evidence.mark(phone & names_apart, agrees="phone")  # a shared telephone says nothing of people with other names
    _background(folk, first, second, evidence)
    sure = (document | token) & ~(born_apart & names_apart)
    likely = worth & (evidence.bits >= weights.THRESHOLD) & ~sure
    # A document in common is put before a person where all else speaks against it: documents get lent and mistyped.
    kept = sure | likely | document | token
    return Pairs(
        first[kept], second[kept], evidence.bits[kept], sure[kept], evidence.agrees[kept], evidence.differs[kept]
    )


class _Evidence:
    """Bits and words of the evidence on some pairs."""

    def __init__(self, number: int) -> None:
        self.bits = np.zeros(number, dtype=np.float32)
        self.agrees = np.zeros(number, dtype=np.uint16)
        self.differs = np.zeros(number, dtype=np.uint16)
        self._rows: npt.NDArray[np.int64] | None = None
        self._whole: _Evidence = self

    def of(self, chosen: Flags) -> _Evidence:
        """The evidence on the chosen pairs, which writes through."""
        part = _Evidence(0)
        part._whole, part._rows = self, np.flatnonzero(chosen)
        return part

    def add(self, found: Flags, weight: weights.Weight, *, agrees: str = "", differs: str = "") -> None:
        """The pairs ``found`` show evidence of that weight."""
        self._whole.bits[self._places(found)] += np.float32(weight.bits)
        self.mark(found, agrees=agrees, differs=differs)

    def mark(self, found: Flags, *, agrees: str = "", differs: str = "") -> None:
        """The pairs ``found`` agree or differ in what is named, without weight."""
        if agrees:
            self._whole.agrees[self._places(found)] |= np.uint16(bit(agrees))
        if differs:
            self._whole.differs[self._places(found)] |= np.uint16(bit(differs))

    def _places(self, found: Flags) -> npt.NDArray[np.int64]:
        return np.flatnonzero(found) if self._rows is None else self._rows[found]


# ----------------------------------------------------------------------------------------------------------- births


def _births(folk: People, first: Indices, second: Indices, evidence: _Evidence) -> Flags:
    """Weigh the dates of birth; which pairs have dates that cannot be one person's."""
    a, b = folk.born[first], folk.born[second]
    known = (a > 0) & (b > 0)
    year_a, year_b, month_a, month_b = a // 10_000, b // 10_000, a // 100 % 100, b // 100 % 100
    day_a, day_b = a % 100, b % 100
    both_days, both_months = known & (day_a > 0) & (day_b > 0), known & (month_a > 0) & (month_b > 0)
    same = both_days & (a == b)
    swapped = both_days & ~same & (year_a == year_b) & (month_a == day_b) & (day_a == month_b)
    slip = both_days & ~same & ~swapped & _one_digit_off(a, b)
    month = both_months & ~both_days & (year_a == year_b) & (month_a == month_b)
    year = known & ~both_months & (year_a == year_b)
    other_day = known & (year_a == year_b) & ~(same | swapped | slip | month | year)
    other = known & (year_a != year_b) & ~slip
    evidence.add(same, weights.BORN_SAME, agrees="birth date")
    for found, weight in (
        (swapped, weights.BORN_SWAPPED),
        (slip, weights.BORN_SLIP),
        (month, weights.BORN_MONTH),
        (year, weights.BORN_YEAR),
    ):
        evidence.add(found, weight, agrees="like birth date")
    evidence.add(other_day, weights.BORN_OTHER_DAY, differs="birth date")
    evidence.add(other, weights.BORN_OTHER, differs="birth date")
    return np.asarray(other | other_day)


def _one_digit_off(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> Flags:
    different = np.zeros(len(a), dtype=np.int8)
    for place in range(8):
        different += (a // 10**place % 10) != (b // 10**place % 10)
    return np.asarray(different == 1)


# ------------------------------------------------------------------------------------------------------------ names


def _names(folk: People, first: Indices, second: Indices, evidence: _Evidence) -> Flags:
    """Weigh the names, part by part in any order; which pairs have names that are not even near."""
    a, b = folk.tokens[first], folk.tokens[second]
    compared = np.minimum((a >= 0).sum(axis=1), (b >= 0).sum(axis=1))
    mean, least, best = _assigned(_similarities(folk, a, b), compared)
    several = compared >= 2
    same = several & (least >= _SAME)
    alike = several & ~same & (mean >= _ALIKE) & (least >= _LEAST)
    near = several & ~same & ~alike & (mean >= _NEAR) & (least >= _LEAST)
    half = several & ~same & ~alike & ~near & (best >= _ALIKE)
    one_part = (compared == 1) & (least >= _ALIKE)
    other = (compared > 0) & ~(same | alike | near | half | one_part)
    evidence.add(same, weights.NAMES_SAME, agrees="names")
    evidence.add(alike, weights.NAMES_ALIKE, agrees="like names")
    evidence.add(near, weights.NAMES_NEAR, agrees="like names")
    evidence.add(one_part, weights.NAMES_ONE_PART, agrees="like names")
    evidence.add(half, weights.NAMES_HALF, differs="names")
    evidence.add(other, weights.NAMES_OTHER, differs="names")
    return np.asarray(half | other)


def _similarities(folk: People, a: Indices, b: Indices) -> Floats:
    """Similarity of each part of one name with each part of the other: float32 (pairs, parts, parts), -1 for none."""
    left = np.repeat(a[:, :, None], MOST_TOKENS, axis=2)
    right = np.repeat(b[:, None, :], MOST_TOKENS, axis=1)
    both = (left >= 0) & (right >= 0)
    found = np.full(left.shape, -1, dtype=np.float32)
    size = max(len(folk.texts), 1)
    packed, place = np.unique(left[both].astype(np.int64) * size + right[both], return_inverse=True)
    if len(packed):
        one = [folk.texts[text] for text in (packed // size).tolist()]
        other = [folk.texts[text] for text in (packed % size).tolist()]
        found[both] = _text_similarities(one, other)[place]
    return found


def _text_similarities(one: list[str], other: list[str]) -> Floats:
    """Jaro-Winkler similarity of texts; at least ``_ONE_SLIP`` where a single slip of the pen parts them."""
    similar: Floats = cpdist(one, other, scorer=JaroWinkler.normalized_similarity, dtype=np.float32)
    edits = cpdist(one, other, scorer=OSA.distance, score_cutoff=1, dtype=np.int32)
    long_enough = np.fromiter((min(len(a), len(b)) >= 3 for a, b in zip(one, other, strict=True)), np.bool_, len(one))
    return np.where((edits <= 1) & long_enough, np.maximum(similar, np.float32(_ONE_SLIP)), similar)


def _assigned(similar: Floats, compared: npt.NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Mean, least and best similarity when the parts of the shorter name are assigned to the other's, best first."""
    rows = np.arange(len(similar))
    total, best = np.zeros(len(similar), dtype=np.float32), np.zeros(len(similar), dtype=np.float32)
    least = np.ones(len(similar), dtype=np.float32)
    left = similar.copy()
    for turn in range(MOST_TOKENS):
        still = compared > turn
        if not still.any():
            break
        chosen = left.reshape(len(left), -1).argmax(axis=1)
        row, column = chosen // MOST_TOKENS, chosen % MOST_TOKENS
        value = left[rows, row, column]
        total[still] += value[still]
        least[still] = np.minimum(least, value)[still]
        best = np.where(still, np.maximum(best, value), best)
        left[rows, row, :] = -1
        left[rows, :, column] = -1
    least[compared == 0] = 0
    mean = np.asarray(total / np.maximum(compared, 1), dtype=np.float32)
    return mean, least, best


# ------------------------------------------------------------------------------------------------- everything else


def _documents(folk: People, first: Indices, second: Indices, evidence: _Evidence) -> Flags:
    """Weigh the documents; which pairs hold one in common."""
    numbers = folk.documents.changed(lambda document: document[2])
    same = _share(numbers, first, second, folk.number)
    rows = np.flatnonzero(same)
    of_case = _lists(folk.documents, np.concatenate([first[rows], second[rows]]))
    for row, one, two in zip(rows.tolist(), first[rows].tolist(), second[rows].tolist(), strict=True):
        same[row] = same_documents(of_case[one], of_case[two])
    kinds = folk.documents.changed(lambda document: f"{document[0]}:{document[1]}" if all(document[:2]) else None)
    other = ~same & _share(kinds, first, second, folk.number)
    evidence.add(same, weights.DOCUMENT_SAME, agrees="document")
    evidence.add(other, weights.DOCUMENT_OTHER, differs="document")
    return same


def _lists(answers: Answers[V], cases: Indices) -> dict[int, list[V]]:
    """The values of the cases that are asked for."""
    wanted = np.zeros(int(max(answers.record.max(initial=0), cases.max(initial=0))) + 1, dtype=np.bool_)
    wanted[cases] = True
    chosen = wanted[answers.record]
    lists: dict[int, list[V]] = {case: [] for case in np.unique(cases).tolist()}
    for record, place in zip(answers.record[chosen].tolist(), answers.place[chosen].tolist(), strict=True):
        lists[record].append(answers.values[place])
    return lists


def _share(answers: Answers[V], first: Indices, second: Indices, number: int) -> Flags:
    """Which pairs have a value in common, of the first few that each case has."""
    held = _first_few(answers, number)
    a, b = held[first], held[second]
    return np.asarray(((a[:, :, None] == b[:, None, :]) & (a[:, :, None] >= 0)).any(axis=(1, 2)))


def _first_few(answers: Answers[V], number: int) -> Indices:
    """Places of the first values of each case: int32 (cases, ``_MOST_VALUES``), -1 for none."""
    starts = np.searchsorted(answers.record, answers.record)
    within = np.arange(len(answers.record)) - starts
    few = within < _MOST_VALUES
    held = np.full((number, _MOST_VALUES), -1, dtype=np.int32)
    held[answers.record[few], within[few]] = answers.place[few]
    return held


def _background(folk: People, first: Indices, second: Indices, evidence: _Evidence) -> None:
    """Weigh gender and citizenship."""
    a, b = folk.gender[first], folk.gender[second]
    both = (a >= 0) & (b >= 0)
    evidence.add(both & (a == b), weights.GENDER_SAME, agrees="gender")
    evidence.add(both & (a != b), weights.GENDER_OTHER, differs="gender")
    held = folk.citizenships.answered(folk.number)
    known = held[first] & held[second]
    shared = _share(folk.citizenships, first, second, folk.number)
    evidence.add(shared, weights.CITIZENSHIP_SAME, agrees="citizenship")
    evidence.add(known & ~shared, weights.CITIZENSHIP_OTHER, differs="citizenship")
