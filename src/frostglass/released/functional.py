"""Sums of cells of any tables, estimated without bias: their value and how they vary together.

docs/proofs/functionals.md has the formulas and why they are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import prod, sqrt
from typing import TypeAlias

import numpy as np

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

    @property
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
        """Covariance of the two values, in records squared: residuals of different sets are independent."""
        return sum(
            weight * factor * self._covariance(box, another)
            for weight, box in one.terms
            for factor, another in other.terms
        )

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

    def _covariance(self, one: Box, other: Box) -> float:
        """Over subsets S of both: the residual's variance, the covariance along each axis of S, and the shares."""
        these, those = dict(one.sides), dict(other.sides)
        common = [name for name in these if name in those]
        total = 0.0
        for length in range(len(common) + 1):
            for names in combinations(common, length):
                variance = self.estimate.residuals[AttributeSet(names)].variance
                kept = prod(self._along(name, these[name], those[name]) for name in names)
                shares = prod(self._share(name, side) for name, side in one.sides if name not in names)
                shares *= prod(self._share(name, side) for name, side in other.sides if name not in names)
                total += variance * kept * shares
        return total

    def _along(self, name: str, one: Positions, other: Positions) -> float:
        """Scalar product of both indicators once centred: what they share less what chance gives."""
        return len(one & other) - len(one) * len(other) / self.estimate.domain.attribute(name).size

    def _share(self, name: str, side: Positions) -> float:
        return len(side) / self.estimate.domain.attribute(name).size
