"""Sums of cells of any tables, estimated without bias: their value and how they vary together.

docs/proofs/functionals.md has the formulas and why they are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod, sqrt
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from frostglass.released.estimate import Estimate
from frostglass.terms.attribute_set import AttributeSet

Positions: TypeAlias = frozenset[int]
"""Some of the values of one attribute."""


@dataclass(frozen=True)
class Box:
    """The records whose value of each named attribute is among some; an attribute that is not named may be anything."""

    sides: tuple[tuple[str, Positions], ...]

    @classmethod
    def of(cls, sides: Mapping[str, Iterable[int]]) -> Box:
        """The box with these values by attribute."""
        return cls(tuple(sorted((name, frozenset(positions)) for name, positions in sides.items())))

    @cached_property
    def attributes(self) -> AttributeSet:
        return AttributeSet(tuple(name for name, _ in self.sides))

    def within(self, attributes: AttributeSet) -> Box:
        """The larger box that asks only for ``attributes``."""
        return Box(tuple(side for side in self.sides if side[0] in attributes))

    def and_also(self, sides: Mapping[str, Iterable[int]]) -> Box:
        """The records in the box that also have these values."""
        met = dict(self.sides)
        for name, positions in sides.items():
            met[name] = met.get(name, frozenset(positions)) & frozenset(positions)
        return Box.of(met)

    @property
    def empty(self) -> bool:
        """Whether no record can be in it."""
        return not all(positions for _, positions in self.sides)


EVERYBODY = Box(())
"""The box of all records."""


@dataclass(frozen=True)
class Functional:
    """A weighted sum of the numbers of records in boxes; without terms it is zero."""

    terms: tuple[tuple[float, Box], ...]

    @classmethod
    def of(cls, box: Box) -> Functional:
        return cls(((1.0, box),))

    def __add__(self, other: Functional) -> Functional:
        weights: dict[Box, float] = {}
        for weight, box in (*self.terms, *other.terms):
            weights[box] = weights.get(box, 0.0) + weight
        return Functional(tuple((weight, box) for box, weight in weights.items() if weight))

    def __sub__(self, other: Functional) -> Functional:
        return self + other * -1.0

    def __mul__(self, factor: float) -> Functional:
        return Functional(tuple((weight * factor, box) for weight, box in self.terms))


ZERO = Functional(())


@dataclass(frozen=True)
class Figures:
    """Estimates of functionals. Each box is summed once."""

    estimate: Estimate
    _sums: dict[Box, float] = field(default_factory=dict)

    def covers(self, box: Box) -> bool:
        """Whether the table of the box was estimated."""
        return self.estimate.covers(box.attributes)

    def value(self, functional: Functional) -> float:
        """The unbiased estimate, in records."""
        return sum(weight * self._sum(box) for weight, box in functional.terms)

    def sd(self, functional: Functional) -> float:
        """Standard deviation of ``value``, in records."""
        return sqrt(max(self.covariance(functional, functional), 0.0))

    def covariance(self, one: Functional, other: Functional) -> float:
        """Covariance of the two values, in records squared."""
        return float(self.covariances([one, other])[0, 1])

    def covariances(self, functionals: Sequence[Functional]) -> npt.NDArray[np.float64]:
        """Covariance of the values of every two of them, in records squared."""
        boxes = {box: place for place, box in enumerate(dict.fromkeys(b for f in functionals for _, b in f.terms))}
        weights = np.zeros((len(functionals), len(boxes)))
        for line, functional in enumerate(functionals):
            for weight, box in functional.terms:
                weights[line, boxes[box]] += weight
        found: npt.NDArray[np.float64] = weights @ self._of_boxes(list(boxes)) @ weights.T
        return found

    def _sum(self, box: Box) -> float:
        """Over subsets S: the residual of S summed over the box's sides in S, times its shares of the other axes."""
        if box not in self._sums:
            sides = dict(box.sides)
            total = 0.0
            for subset in box.attributes.subsets():
                part = self.estimate.residuals[subset].table
                for axis in reversed(range(part.ndim)):
                    name = self.estimate.domain.names[self.estimate.domain.axes(subset)[axis]]
                    part = np.take(part, sorted(sides[name]), axis=axis).sum(axis=axis)
                total += float(part) * prod(self._share(name, sides[name]) for name in sides if name not in subset)
            self._sums[box] = total
        return self._sums[box]

    def _of_boxes(self, boxes: Sequence[Box]) -> npt.NDArray[np.float64]:
        """Covariance of every two boxes. Residuals of different sets S are independent.

        Over subsets S of both: the residual's variance, the covariance along each axis of S, and the shares of the
        other axes.
        """
        names = sorted({name for box in boxes for name in box.attributes})
        sizes = np.array([self.estimate.domain.attribute(name).size for name in names], dtype=np.int64).reshape(-1, 1)
        asked, members = _sides(boxes, names, width=sizes.max(initial=0))
        number = members.sum(axis=2)
        share = np.where(asked, number / sizes, 1.0)
        centred = members @ members.swapaxes(1, 2) - number[:, :, None] * number[:, None, :] / sizes[:, :, None]
        subsets = list(dict.fromkeys(subset for box in boxes for subset in box.attributes.subsets()))
        along, shares = np.ones((len(subsets), len(boxes), len(boxes))), np.ones((len(subsets), len(boxes)))
        for place, name in enumerate(names):
            inside = np.array([name in subset for subset in subsets])
            along[inside] *= centred[place]
            shares *= np.where(inside[:, None], asked[place], share[place])
        variances = np.array([self.estimate.residuals[subset].variance for subset in subsets])
        found: npt.NDArray[np.float64] = np.einsum("s,sij,si,sj->ij", variances, along, shares, shares)
        return found

    def _share(self, name: str, side: Positions) -> float:
        return len(side) / self.estimate.domain.attribute(name).size


def _sides(
    boxes: Sequence[Box], names: Sequence[str], *, width: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """For each name and box whether it has a side there, and which of ``width`` positions that holds, as 0 and 1."""
    asked, members = np.zeros((len(names), len(boxes)), dtype=np.bool_), np.zeros((len(names), len(boxes), width))
    places = {name: place for place, name in enumerate(names)}
    for column, box in enumerate(boxes):
        for name, positions in box.sides:
            asked[places[name], column] = True
            members[places[name], column, list(positions)] = 1
    return asked, members
