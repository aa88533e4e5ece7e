"""The ends of all cells of a table at once, by the one rule of ``ranges``."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from frostglass.released.estimate import Estimate
from frostglass.released.events import Between, Bounding
from frostglass.released.functional import Box, Figures, Functional
from frostglass.released.ranges import LEAST_HIGH, Floats, least_of, own_ends
from frostglass.terms.attribute_set import AttributeSet

Positions = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Intervals:
    """Answers for any cells of any attribute set; what the cells of a table have in common is computed once.

    The cells of a table have the same bounds, of their own values, and these have the same sds.
    """

    least_high: ClassVar[int] = LEAST_HIGH
    estimate: Estimate
    _marginals: dict[AttributeSet, Floats] = field(default_factory=dict)
    _bounds: dict[AttributeSet, tuple[Between, dict[Functional, float]]] = field(default_factory=dict)

    def at(self, attributes: AttributeSet, positions: Positions) -> tuple[Floats, Floats, float]:
        """Lower and upper ends of the cells at ``positions``, and the sd of the estimate (NaN if not measured).

        ``positions`` has one row a cell and one column an attribute in the domain's order.
        """
        wholes = [each for each in attributes.subsets() if each]
        columns = dict(zip(self.estimate.domain.axes(attributes), positions.T, strict=True))
        low, high = least_of(self._own(each, columns) for each in wholes)
        return low, high, self.estimate.sd(attributes) if self.estimate.covers(attributes) else float("nan")

    def everywhere(self, attributes: AttributeSet) -> tuple[Floats, Floats, float]:
        """The same for all cells of ``attributes``, in the shape of their table."""
        shape = self.estimate.domain.shape(attributes)
        low, high, sd = self.at(attributes, np.indices(shape, dtype=np.uint16).reshape(len(shape), -1).T)
        return low.reshape(shape), high.reshape(shape), sd

    def _own(self, attributes: AttributeSet, columns: dict[int, Positions]) -> tuple[Floats, Floats]:
        """The ends of the part of each cell that ``attributes`` name; ``columns`` are the cells' positions by axis."""
        if attributes not in self._bounds:
            self._bounds[attributes] = self._bounds_of(attributes)
        between, sds = self._bounds[attributes]
        return own_ends(between, partial(self._values, columns), sds.__getitem__)

    def _bounds_of(self, attributes: AttributeSet) -> tuple[Between, dict[Functional, float]]:
        """The bounds of the first cell, which stands for all, and their sds."""
        between = self._bounding.box(Box.of({name: [0] for name in attributes}))
        return between, {each: self._figures.sd(each) for each in (*between.lower, *between.upper)}

    def _values(self, columns: dict[int, Positions], functional: Functional) -> Floats:
        """The value of the functional with the positions of each cell in place of the first cell's."""
        total = np.zeros(len(next(iter(columns.values()))))
        for weight, box in functional.terms:
            axes = self.estimate.domain.axes(box.attributes)
            total += weight * self._marginal(box.attributes)[tuple(columns[axis] for axis in axes)]
        return total

    def _marginal(self, attributes: AttributeSet) -> Floats:
        if attributes not in self._marginals:
            self._marginals[attributes] = self.estimate.marginal(attributes)
        return self._marginals[attributes]

    @cached_property
    def _figures(self) -> Figures:
        return Figures(self.estimate)

    @cached_property
    def _bounding(self) -> Bounding:
        return Bounding(self.estimate)
