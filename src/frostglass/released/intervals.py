"""The ends of all cells of a table at once, by the one rule of ``ranges``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from frostglass.released.estimate import Estimate
from frostglass.released.events import Between, Bounding
from frostglass.released.functional import Box, Functional
from frostglass.released.ranges import LEAST_HIGH, Floats, least_of, own_ends
from frostglass.terms.attribute_set import AttributeSet

Positions: TypeAlias = npt.NDArray[np.uint16]
Columns: TypeAlias = Mapping[int, Positions]
"""The positions of some cells, by axis of the domain."""

MOST_KEPT = 1 << 20
"""The ends of all cells of a table with no more cells than this are kept."""


@dataclass(frozen=True)
class CellBounds:
    """Bounds of any cell of one table. A functional of one cell has an sd, and terms, that are those of every cell.

    ``terms`` are each a weight, a marginal, and the axes of the domain that it lies along.
    """

    between: Between
    sds: Mapping[Functional, float]
    terms: Mapping[Functional, tuple[tuple[float, Floats, tuple[int, ...]], ...]]

    def own_ends(self, columns: Columns) -> tuple[Floats, Floats]:
        """The own ends of the cells at ``columns``."""
        empty = np.zeros(len(next(iter(columns.values()))))

        def values(functional: Functional) -> Floats:
            said = self.terms[functional]
            return sum((weight * table[tuple(columns[axis] for axis in axes)] for weight, table, axes in said), empty)

        return own_ends(self.between, values, self.sds.__getitem__)


@dataclass(frozen=True)
class Intervals:
    """Answers for any cells of any attribute set; what the cells of a table have in common is computed once."""

    least_high: ClassVar[int] = LEAST_HIGH
    estimate: Estimate
    _marginals: dict[AttributeSet, Floats] = field(default_factory=dict)
    _kept: dict[AttributeSet, tuple[Floats, Floats]] = field(default_factory=dict)

    def at(self, attributes: AttributeSet, positions: Positions) -> tuple[Floats, Floats, float]:
        """Lower and upper ends of the cells at ``positions``, and the sd of the estimate (NaN if not measured).

        ``positions`` has one row a cell and one column an attribute in the domain's order.
        """
        columns = dict(zip(self.estimate.domain.axes(attributes), positions.T, strict=True))
        wholes = [self._own(each, columns) for each in attributes.subsets() if each and each != attributes]
        low, high = least_of([self._bounds(attributes).own_ends(columns), *wholes])
        return low, high, self.estimate.sd(attributes) if self.estimate.covers(attributes) else float("nan")

    def everywhere(self, attributes: AttributeSet) -> tuple[Floats, Floats, float]:
        """The same for all cells of ``attributes``, in the shape of their table."""
        shape = self.estimate.domain.shape(attributes)
        low, high, sd = self.at(attributes, _all_cells(shape))
        return low.reshape(shape), high.reshape(shape), sd

    def _own(self, attributes: AttributeSet, columns: Columns) -> tuple[Floats, Floats]:
        """The own ends of the whole of each cell that ``attributes`` name."""
        domain = self.estimate.domain
        if domain.cells(attributes) > MOST_KEPT:
            return self._bounds(attributes).own_ends(columns)
        if attributes not in self._kept:
            shape = domain.shape(attributes)
            cells = dict(zip(domain.axes(attributes), _all_cells(shape).T, strict=True))
            low, high = self._bounds(attributes).own_ends(cells)
            self._kept[attributes] = low.reshape(shape), high.reshape(shape)
        at = tuple(columns[axis] for axis in domain.axes(attributes))
        low, high = self._kept[attributes]
        return low[at], high[at]

    def _bounds(self, attributes: AttributeSet) -> CellBounds:
        """Those of the first cell, which stands for all."""
        between = self._bounding.box(Box.of({name: [0] for name in attributes}))
        functionals = dict.fromkeys((*between.lower, *between.upper))
        weights = {each: {box.attributes: weight for weight, box in each.terms} for each in functionals}
        terms = {
            each: tuple((weight, self._marginal(of), self.estimate.domain.axes(of)) for of, weight in said.items())
            for each, said in weights.items()
        }
        return CellBounds(between, {each: self.estimate.sd_of_cell(said) for each, said in weights.items()}, terms)

    def _marginal(self, attributes: AttributeSet) -> Floats:
        if attributes not in self._marginals:
            self._marginals[attributes] = self.estimate.marginal(attributes)
        return self._marginals[attributes]

    @cached_property
    def _bounding(self) -> Bounding:
        return Bounding(self.estimate)


def _all_cells(shape: tuple[int, ...]) -> Positions:
    return np.indices(shape, dtype=np.uint16).reshape(len(shape), -1).T
