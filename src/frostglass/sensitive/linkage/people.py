"""Identities made ready for comparison: every distinct name, date and number is looked at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.linkage.identities import Identities
from frostglass.sensitive.linkage.normal import document, name_tokens, phone, sound
from frostglass.sensitive.recoding.answers import Answers, Taking, together
from frostglass.sensitive.recoding.spans import date_span

MOST_TOKENS = 6
"""Most parts of a name that are compared; of a longer name, the first parts are."""

MOST_VALUES = 8
"""Most documents, telephones, tokens or citizenships of a case that are compared; of more, the first are."""

NAMES = ("family_name", "given_name", "middle_name")

Integers = npt.NDArray[np.int64]
Table = npt.NDArray[np.int32]
V = TypeVar("V", bound=Hashable)


@dataclass(frozen=True, repr=False)
class Documents:
    """``held`` are the documents of each case, as places in the others: type, country (0 for unsaid), number."""

    held: Table
    kind: Table
    country: Table
    number: Table


@dataclass(frozen=True, repr=False)
class People:
    """Cases in the form in which they are compared. Tables have a row a case, padded with -1.

    ``tokens`` are the parts of each name as places in ``texts``, which are in the order of the alphabet, so that places
    do not depend on the order of the cases; ``sounds`` is how each text sounds. ``born`` is the birth date as
    ``yyyymmdd``, with zeros for what is not known. ``sure_tokens`` of another database stand for a document, the
    ``other_tokens`` for a name with a birth date or for a number whose country is not told.
    """

    number: int
    texts: npt.NDArray[np.object_]
    sounds: Table
    tokens: Table
    born: Integers
    documents: Documents
    sure_tokens: Table
    other_tokens: Table
    phones: Table
    genders: Table
    citizenships: Table

    def __repr__(self) -> str:
        return "<people: withheld>"


def people(identities: Identities) -> People:
    """The identities in the form in which they are compared."""
    texts, tokens = _tokens(identities)
    sounds = [sound(text) for text in texts]
    number = identities.number
    match_tokens = identities.answers("match_tokens").changed(lambda text: text.strip().casefold() or None)
    return People(
        number=number,
        texts=np.array(texts, dtype=np.object_),
        sounds=_numbered(sounds, sorted(set(sounds))),
        tokens=tokens,
        born=_born(identities),
        documents=_documents(identities),
        sure_tokens=_padded(match_tokens.changed(lambda text: text if is_sure(text) else None), number),
        other_tokens=_padded(match_tokens.changed(lambda text: None if is_sure(text) else text), number),
        phones=_padded(identities.answers("phones").changed(phone), number),
        genders=_padded(identities.answers("gender"), number),
        citizenships=_padded(identities.answers("citizenships"), number),
    )


def is_sure(match_token: str) -> bool:
    """Whether a token of another database says by itself that two cases are one person's."""
    return match_token.startswith("document:")


def names(identities: Identities) -> Answers[str]:
    """Given, middle and family names of all cases in one."""
    return together([identities.answers(name) for name in NAMES])


def _tokens(identities: Identities) -> tuple[list[str], Table]:
    written = names(identities)
    parts = [name_tokens(value) for value in written.values]
    texts = sorted({part for one in parts for part in one})
    flat = _numbered([part for one in parts for part in one], texts)
    lengths = np.array([len(one) for one in parts], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    counts = lengths[written.place]
    inner = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    places = np.repeat(starts[written.place], counts) + inner
    return texts, _table(np.repeat(written.record, counts), flat[places], identities.number, MOST_TOKENS)


def _numbered(values: Sequence[V], among: Sequence[V]) -> Table:
    places = {value: place for place, value in enumerate(among)}
    return np.array([places[value] for value in values], dtype=np.int32)


def _padded(answers: Answers[V], number: int) -> Table:
    return _table(answers.record, answers.place, number, MOST_VALUES)


def _table(record: Table, value: Table, number: int, most: int) -> Table:
    """The distinct values of each record in a row, in the order in which they stand."""
    size = int(value.max(initial=0)) + 1
    first = np.sort(np.unique(record.astype(np.int64) * size + value, return_index=True)[1])
    record, value = record[first], value[first]
    counts = np.bincount(record, minlength=number)
    within = np.arange(len(record)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = min(int(counts.max(initial=1)), most)
    table = np.full((number, width), -1, dtype=np.int32)
    kept = within < width
    table[record[kept], within[kept]] = value[kept]
    return table


def _documents(identities: Identities) -> Documents:
    answers = identities.answers("id_documents").changed(document)
    columns = [
        _numbered(column, sorted({"", *column}))
        for column in ([value[part] for value in answers.values] for part in range(3))
    ]
    return Documents(_padded(answers, identities.number), *columns)


def _born(identities: Identities) -> Integers:
    answers = identities.answers("birth_date")
    packed = np.array([_packed(text) for text in answers.values], dtype=np.int64)
    born = np.zeros(identities.number, dtype=np.int64)
    if len(packed):
        born[answers.record[::-1]] = packed[answers.place[::-1]]
    return born


def _packed(text: str) -> int:
    """``yyyymmdd``, ``yyyymm00`` or ``yyyy0000``; 0 for no date."""
    return 0 if date_span(text) is None else int(text.replace("-", "").ljust(8, "0"))


def name_and_birth(identities: Identities) -> Answers[str]:
    """How the parts of the name sound, in order of the alphabet, and the day of birth, of each case that tells both."""
    texts, tokens = _tokens(identities)
    sounds = [sound(text) for text in texts]
    born = _born(identities)
    taken = Taking[str]()
    for case in np.flatnonzero((born % 100 > 0) & (tokens[:, 0] >= 0)).tolist():
        heard = sorted({sounds[token] for token in tokens[case].tolist() if token >= 0})
        taken.add(case, f"{' '.join(heard)}|{born[case]}")
    return taken.answers()
