"""Candidate pairs: which cases are worth comparing. Two cases that share no key are never compared.

A key stands for what one person's cases still have in common after one disturbance: a name spelled otherwise, a date
with day and month swapped, a document left at home.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.duplicates.people import MOST_TOKENS, People

MOST_IN_BLOCK = 1_000
"""Most cases that share a key and are still compared each with each. Larger blocks are parted by the year of birth, and
what is then still larger is passed over and counted."""

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_DAYS = 32
"""More than a month has days, and more than a year has months."""


@dataclass(frozen=True, repr=False)
class Keys:
    """``key`` of each entry and the ``case`` that has it. Of every pair one must be among ``leads``, where they are
    given: a key that many share is worth its pairs only where one side is known less exactly."""

    key: Integers
    case: Integers
    leads: Flags | None = None


def candidates(folk: People) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], int]:
    """Pairs of cases, each once with the lower number first (int32), and at most how many pairs were passed over."""
    packed, passed_over = np.zeros(0, dtype=np.int64), 0
    for keys in _keys(folk):
        pairs, over = _pairs(keys, folk)
        packed = np.union1d(packed, pairs)
        passed_over += over
    size = max(folk.number, 1)
    return (packed // size).astype(np.int32), (packed % size).astype(np.int32), passed_over


def _keys(folk: People) -> Iterator[Keys]:
    year, month, day = folk.born // 10_000, folk.born // 100 % 100, folk.born % 100
    swappable = (year * _DAYS + np.minimum(month, day)) * _DAYS + np.maximum(month, day)
    sounds = np.where(folk.tokens >= 0, np.append(folk.sounds, -1)[folk.tokens], -1).astype(np.int64)
    number = int(folk.sounds.max(initial=0)) + 1

    case, column = np.nonzero(sounds >= 0)
    sound = sounds[case, column]
    yield _two_sounds(sounds, number)
    exact = day[case] > 0
    yield Keys(swappable[case[exact]] * number + sound[exact], case[exact])
    dated = year[case] > 0
    yield Keys(year[case[dated]] * number + sound[dated], case[dated], leads=(day == 0) & (year > 0))

    numbers = folk.documents.changed(lambda document: document[2])
    for answers in (numbers, folk.match_tokens, folk.phones):
        yield Keys(answers.place.astype(np.int64), answers.record.astype(np.int64))


def _two_sounds(sounds: Integers, number: int) -> Keys:
    """Two parts of a name that sound alike, whichever is the given and whichever the family name."""
    keys, cases = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for one, other in combinations(range(MOST_TOKENS), 2):
        case = np.flatnonzero((sounds[:, one] >= 0) & (sounds[:, other] >= 0))
        a, b = sounds[case, one], sounds[case, other]
        keys.append(np.minimum(a, b) * number + np.maximum(a, b))
        cases.append(case)
    return Keys(np.concatenate(keys), np.concatenate(cases))


def _pairs(keys: Keys, folk: People) -> tuple[Integers, int]:
    """Pairs of cases with one key, packed as ``first * number + second``, and at most how many were passed over.

    People born more than a year apart are not passed over: their dates speak against every such pair.
    """
    small, large = _by_size(keys)
    found = _pairs_within(small, folk.number)
    if not len(large.key):
        return found, 0
    dated = folk.born[large.case] > 0
    refined, over = _by_size(_by_year(large, folk))
    undated = _number_of_pairs(large.key) - _number_of_pairs(large.key[dated])
    return np.union1d(found, _pairs_within(refined, folk.number)), undated + _number_of_pairs(over.key)


def _by_size(keys: Keys) -> tuple[Keys, Keys]:
    """The entries in blocks of at most ``MOST_IN_BLOCK`` cases, and the others."""
    _, block, counts = np.unique(keys.key, return_inverse=True, return_counts=True)
    small = counts[block] <= MOST_IN_BLOCK if len(counts) else np.zeros(0, dtype=np.bool_)
    return (
        Keys(keys.key[small], keys.case[small], keys.leads),
        Keys(keys.key[~small], keys.case[~small], keys.leads),
    )


def _by_year(keys: Keys, folk: People) -> Keys:
    """The same blocks parted by the year of birth, so that cases at most a year apart still share one.

    Cases without a year are left out: there is nothing to part them by.
    """
    year = folk.born[keys.case] // 10_000
    known = year > 0
    key, case, year = keys.key[known], keys.case[known], year[known]
    _, block = np.unique(key, return_inverse=True)
    even, odd = block * 10_000 + year // 2 * 2, block * 10_000 + (year + 1) // 2 * 2 + 5_001
    return Keys(np.concatenate([even, odd]), np.concatenate([case, case]), keys.leads)


def _number_of_pairs(key: Integers) -> int:
    counts = np.unique(key, return_counts=True)[1].astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def _pairs_within(keys: Keys, number: int) -> Integers:
    """Every pair of cases that share a key; the leading cases of a block come first, and only they lead pairs."""
    follows = np.zeros(len(keys.case), dtype=np.bool_) if keys.leads is None else ~keys.leads[keys.case]
    order = np.lexsort((keys.case, follows, keys.key))
    key, case, follows = keys.key[order], keys.case[order], follows[order]
    if not len(key):
        return np.zeros(0, dtype=np.int64)
    ends = np.searchsorted(key, key, side="right")
    after = np.where(follows, 0, ends - np.arange(len(key)) - 1)
    first = np.repeat(np.arange(len(key)), after)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(after) - after, after)
    one, other = case[first], case[second]
    different = one != other
    return np.unique(np.minimum(one, other)[different] * number + np.maximum(one, other)[different])
