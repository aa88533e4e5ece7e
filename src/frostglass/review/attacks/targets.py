"""Whom the attacks look for: the rarest records, some at random, and some made up to stand out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.counting.tally import tally
from frostglass.review.attacks.crowd import Crowd
from frostglass.review.attacks.shadow import Codes, Generator, Ints
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import Domain

RAREST, RANDOM, CRAFTED = "rarest", "random", "crafted"
KINDS = (RAREST, RANDOM, CRAFTED)

COMMON = 0.05
"""A value that so large a share of the people have is common."""

_TRIES = 50
_LONGEST = 3


@dataclass(frozen=True, repr=False)
class Targets:
    """``codes`` are their records, ``kinds`` what each is, and ``others`` everybody else."""

    codes: Codes
    kinds: npt.NDArray[np.str_]
    others: Crowd

    def __repr__(self) -> str:
        return "<targets: withheld>"


def targets(crowd: Crowd, of_each: int, generator: Generator) -> Targets:
    """``of_each`` of every kind, or fewer where the table has few different records; nobody is a target twice."""
    rows = crowd.rows
    each = min(of_each, len(rows) // 4)
    order = np.argsort(-rarity(crowd), kind="stable")
    rarest, rest = order[:each], order[each:]
    weights = rows.weights[rest] / rows.weights[rest].sum()
    usual = generator.choice(rest, size=each, replace=False, p=weights)
    real = np.concatenate([rarest, usual])
    made = crafted(crowd, each, generator)
    return Targets(
        codes=np.vstack([rows.codes[real], made]),
        kinds=np.repeat(np.array([RAREST, RANDOM, CRAFTED]), [len(rarest), len(usual), len(made)]),
        others=crowd.without(real),
    )


def rarity(crowd: Crowd) -> npt.NDArray[np.float64]:
    """For each different record the sum, over its combinations of up to three values, of one over their count."""
    total = np.zeros(len(crowd.rows))
    for each in short_sets(crowd.domain):
        total += 1 / counts_at(crowd, each, crowd.rows.codes)
    return total


def crafted(crowd: Crowd, number: int, generator: Generator) -> Codes:
    """Up to ``number`` different records that nobody has.

    Half are of common values that do not go together, half of the rarest values there are.
    """
    weights = crowd.rows.weights
    margins = [tally(crowd.rows.codes, (axis,), (size,), weights) for axis, size in enumerate(crowd.domain.sizes)]
    taken = {row.tobytes() for row in np.ascontiguousarray(crowd.rows.codes)}
    mosaics = _first(_mosaics(crowd, margins, (number + 1) // 2, generator), (number + 1) // 2, taken)
    outliers = _first(_outliers(margins, _TRIES * number, generator), number // 2, taken)
    return np.vstack([mosaics, outliers])


def _first(codes: Codes, number: int, taken: set[bytes]) -> Codes:
    """The first so many records that are not ``taken``, which they then are."""
    places: list[int] = []
    for place, row in enumerate(np.ascontiguousarray(codes)):
        if len(places) < number and row.tobytes() not in taken:
            places.append(place)
            taken.add(row.tobytes())
    return np.asarray(codes[np.array(places, dtype=np.int64)])


def short_sets(domain: Domain) -> list[AttributeSet]:
    """All attribute sets of one to three attributes."""
    return [each for order in range(1, min(_LONGEST, len(domain)) + 1) for each in domain.sets_of_length(order)]


def counts_at(crowd: Crowd, attributes: AttributeSet, codes: Codes) -> Ints:
    """How many of the people share each record's values of ``attributes``."""
    axes = crowd.domain.axes(attributes)
    table = tally(crowd.rows.codes, axes, crowd.domain.shape(attributes), crowd.rows.weights)
    return np.asarray(table[tuple(codes[:, axis] for axis in axes)])


def _mosaics(crowd: Crowd, margins: list[Ints], number: int, generator: Generator) -> Codes:
    """Of several tries each the record with the fewest people who share three of its values; then all other tries."""
    pools = [np.flatnonzero(each >= min(COMMON * each.sum(), each.max())) for each in margins]
    tries = np.stack([generator.choice(pool, size=number * _TRIES) for pool in pools], axis=1).astype(np.uint16)
    longest = [each for each in short_sets(crowd.domain) if len(each) == min(_LONGEST, len(crowd.domain))]
    shared = np.sum([np.log1p(counts_at(crowd, each, tries)) for each in longest], axis=0)
    best = shared.reshape(number, _TRIES).argmin(axis=1) + np.arange(number) * _TRIES
    return np.vstack([tries[best], np.delete(tries, best, axis=0)])


def _outliers(margins: list[Ints], number: int, generator: Generator) -> Codes:
    """In each column one of the three rarest values, declared ones that nobody has included."""
    pools = [np.argsort(each, kind="stable")[:3] for each in margins]
    return np.stack([generator.choice(pool, size=number) for pool in pools], axis=1).astype(np.uint16)
