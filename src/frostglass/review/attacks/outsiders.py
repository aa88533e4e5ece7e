"""Attacks on people who were held out, beside the same on people who were not: what being in the data adds.

What an attack gets right about somebody who is not in the data is no disclosure: it follows from what people have in
common. Everybody is held out of a shadow by a coin of their own, so that insiders and outsiders differ in that alone.
Source: Giomi et al. (2023), Anonymeter; arXiv 2403.06595 and 2507.01710 on the baseline of those who are not in it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from frostglass.counting.weighted_rows import WeightedRows, reduce_rows
from frostglass.review.attacks.crowd import Crowd
from frostglass.review.attacks.shadow import Bools, Codes, Generator, Ints
from frostglass.terms.domain import Domain

_AT_ONCE = 100
"""People who are compared with all records at the same time."""

_LONGEST_PREDICATE = 5


def released_rows(domain: Domain, records: Codes) -> WeightedRows:
    """The records of a shadow, those that are alike together."""
    return reduce_rows(records, domain.sizes)


def attribute_guesses(domain: Domain, rows: WeightedRows, people: Codes, columns: Ints) -> Codes:
    """The value of each person's ``columns``, each guessed from all their other values. One column each.

    It is what most of the records have that agree with the person in as many of the others as any does.
    """
    guesses = np.zeros((len(people), len(columns)), dtype=np.uint16)
    if not len(rows):
        return guesses
    for part in _parts(len(people)):
        equal = _equal(rows.codes, people[part])
        agree = equal.sum(axis=0, dtype=np.int16)
        for place, column in enumerate(columns):
            others = agree - equal[column]
            nearest = others == others.max(axis=1, keepdims=True)
            guesses[part, place] = _votes(nearest, rows, int(column), domain.sizes[column]).argmax(axis=1)
    return guesses


def links(rows: WeightedRows, people: Codes, half: Bools) -> Bools:
    """Of whom a single record is nearest by the variables in ``half`` and by all others too: it links the two."""
    linked = np.zeros(len(people), dtype=np.bool_)
    if not len(rows):
        return linked
    for part in _parts(len(people)):
        equal = _equal(rows.codes, people[part])
        both = _nearest(equal[half]) & _nearest(equal[~half])
        linked[part] = both.sum(axis=1) == 1
    return linked


def value_predicates(domain: Domain, records: Codes) -> list[tuple[Ints, Codes]]:
    """Every value that a single record has, as columns and values."""
    found = []
    for column, size in enumerate(domain.sizes):
        once = np.flatnonzero(np.bincount(records[:, column], minlength=size) == 1)
        found += [(np.array([column]), np.array([value], dtype=np.uint16)) for value in once]
    return found


def combination_predicates(
    domain: Domain, records: Codes, number: int, generator: Generator
) -> list[tuple[Ints, Codes]]:
    """``number`` combinations of two to five values that a single record has, or fewer where few are found.

    For columns at random one of the combinations that are there once.
    """
    found: dict[tuple[bytes, bytes], tuple[Ints, Codes]] = {}
    most = min(_LONGEST_PREDICATE, len(domain))
    for _ in range(2 * number if most > 1 else 0):
        if len(found) == number:
            break
        length = int(generator.integers(2, most + 1))
        columns = np.sort(generator.choice(len(domain), size=length, replace=False)).astype(np.int64)
        rows = reduce_rows(records[:, columns], [domain.sizes[column] for column in columns])
        once = rows.codes[rows.weights == 1]
        if len(once):
            values = np.ascontiguousarray(once[generator.integers(len(once))])
            found[columns.tobytes(), values.tobytes()] = (columns, values)
    return list(found.values())


def isolated(crowd: Crowd, predicates: list[tuple[Ints, Codes]]) -> Bools:
    """Which of the predicates hold for exactly one person of the crowd."""
    return np.array([crowd.matching(*each) == 1 for each in predicates], dtype=np.bool_)


def _equal(codes: Codes, people: Codes) -> Bools:
    """One table a variable: which record (column) has the same value as which person (row)."""
    return np.stack([person[:, None] == record[None, :] for person, record in zip(people.T, codes.T, strict=True)])


def _nearest(equal: Bools) -> Bools:
    agree = equal.sum(axis=0, dtype=np.int16)
    return np.asarray(agree == agree.max(axis=1, keepdims=True))


def _votes(nearest: Bools, rows: WeightedRows, column: int, size: int) -> npt.NDArray[np.float32]:
    """How many of the nearest records have each value of ``column``: one row a person, one column a value."""
    held = np.zeros((len(rows), size), dtype=np.float32)
    held[np.arange(len(rows)), rows.codes[:, column]] = rows.weights
    return np.asarray(nearest.astype(np.float32) @ held)


def _parts(number: int) -> list[slice]:
    return [slice(begin, begin + _AT_ONCE) for begin in range(0, number, _AT_ONCE)]
