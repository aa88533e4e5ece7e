"""Identities made ready for comparison: every distinct name, date and number is looked at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.answers import Answers, together
from frostglass.sensitive.duplicates.identities import Identities
from frostglass.sensitive.duplicates.normal import document, name_tokens, phone, sound
from frostglass.sensitive.spans import date_span

MOST_TOKENS = 6
"""Most parts of a name that are compared; longer names are compared by their first parts."""

DOCUMENT_TOKEN = "document:"  # noqa: S105 - the name of a scheme, no secret
"""How a match token begins that stands for a document."""

_NAMES = ("given_name", "middle_name", "family_name")

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, repr=False)
class People:
    """``tokens`` are the parts of each name as places in ``texts`` (int32, ``MOST_TOKENS`` a case, -1 for none), and
    ``sounds`` how each text sounds (int32). ``born`` is the birth date as ``yyyymmdd`` with 0 for what is not known.

    ``documents`` and ``phones`` are answers in normal form; ``gender`` and ``citizenship`` are codes, -1 for none.
    """

    number: int
    texts: tuple[str, ...]
    sounds: npt.NDArray[np.int32]
    tokens: npt.NDArray[np.int32]
    born: Integers
    documents: Answers[tuple[str, str, str]]
    match_tokens: Answers[str]
    phones: Answers[str]
    gender: npt.NDArray[np.int32]
    citizenships: Answers[str]

    def __repr__(self) -> str:
        return "<people: withheld>"


def people(identities: Identities) -> People:
    """The identities in the form in which they are compared."""
    tokens, texts = _tokens(identities)
    sounds: dict[str, int] = {}
    return People(
        number=identities.number,
        texts=texts,
        sounds=np.array([sounds.setdefault(sound(text), len(sounds)) for text in texts], dtype=np.int32),
        tokens=tokens,
        born=_born(identities),
        documents=identities.answers("id_documents").changed(document),
        match_tokens=identities.answers("match_tokens").changed(
            lambda text: text if text.startswith(DOCUMENT_TOKEN) else None
        ),
        phones=identities.answers("phones").changed(phone),
        gender=_single(identities.answers("gender"), identities.number),
        citizenships=identities.answers("citizenships"),
    )


def _tokens(identities: Identities) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    names = together([identities.answers(name) for name in _NAMES])
    parts = [name_tokens(value) for value in names.values]
    known: dict[str, int] = {}
    places = [[known.setdefault(part, len(known)) for part in one] for one in parts]
    tokens = np.full((identities.number, MOST_TOKENS), -1, dtype=np.int32)
    for record, place in zip(names.record.tolist(), names.place.tolist(), strict=True):
        row = tokens[record]
        held = row.tolist()
        for one in places[place]:
            if one not in held and -1 in held:
                row[held.index(-1)] = one
                held = row.tolist()
    return tokens, tuple(known)


def _born(identities: Identities) -> Integers:
    """Birth dates as ``yyyymmdd``, ``yyyymm00`` or ``yyyy0000``; 0 where nothing is known."""
    answers = identities.answers("birth_date")
    packed = np.array([_packed(text) for text in answers.values], dtype=np.int64)
    born = np.zeros(identities.number, dtype=np.int64)
    if len(packed):
        born[answers.record[::-1]] = packed[answers.place[::-1]]
    return born


def _packed(text: str) -> int:
    if date_span(text) is None:
        return 0
    digits = text.replace("-", "")
    return int(digits.ljust(8, "0"))


def _single(answers: Answers[str], number: int) -> npt.NDArray[np.int32]:
    single = np.full(number, -1, dtype=np.int32)
    single[answers.record[::-1]] = answers.place[::-1]
    return single


def of_records(answers: Answers[str], number: int) -> list[frozenset[str]]:
    """The values of each case as a set. For the few cases of one chunk, never for all."""
    return [frozenset(values) for values in answers.by_record(number)]


def sound_keys(folk: People) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """For each part of the names: the cases that have it, and how it sounds."""
    for column in folk.tokens.T:
        cases = np.flatnonzero(column >= 0)
        yield cases, folk.sounds[column[cases]].astype(np.int64)
