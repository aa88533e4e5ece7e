"""Unbiased least-squares estimates of every marginal, with the standard deviation of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod, sqrt

import numpy as np
import numpy.typing as npt

from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import Domain


@dataclass(frozen=True)
class Residual:
    """The part of a marginal that none of its smaller marginals explains: float64, zero sum along every axis.

    ``variance`` is that of the pooled marginal before it was centred, in records squared.
    """

    table: npt.NDArray[np.float64]
    variance: float


@dataclass(frozen=True)
class Estimate:
    """Residuals of all measured attribute sets and of their subsets; the empty set holds the number of records."""

    domain: Domain
    residuals: Mapping[AttributeSet, Residual]
    receipts: tuple[Receipt, ...]

    @property
    def total(self) -> float:
        """Estimated number of records; it may be negative."""
        return float(self.residuals[AttributeSet(())].table)

    def covers(self, attributes: AttributeSet) -> bool:
        """Whether the marginal over ``attributes`` was estimated."""
        return attributes in self.residuals

    def marginal(self, attributes: AttributeSet) -> npt.NDArray[np.float64]:
        """Estimated counts over ``attributes``, one axis each in the domain's order.

        The sum over subsets A of the residual of A, spread evenly over the attributes that A leaves out.
        """
        axes = self.domain.axes(attributes)
        total = np.zeros(self.domain.shape(attributes))
        for subset in attributes.subsets():
            kept = set(self.domain.axes(subset))
            shape = tuple(self.domain.sizes[axis] if axis in kept else 1 for axis in axes)
            left_out = prod(self.domain.sizes[axis] for axis in axes if axis not in kept)
            total += self.residuals[subset].table.reshape(shape) / left_out
        return total

    def sd(self, attributes: AttributeSet) -> float:
        """Standard deviation of every cell of ``marginal(attributes)``, in records."""
        return self.sd_of_cell({attributes: 1.0})

    def sd_of_cell(self, weights: Mapping[AttributeSet, float]) -> float:
        """Standard deviation of a weighted sum of the marginals of one cell, in records: the same for every cell.

        Residuals of different sets are independent, and centring along an axis of size d keeps 1 - 1/d of a cell's
        variance.
        """
        sizes = {name: self.domain.attribute(name).size for attributes in weights for name in attributes}
        parts: dict[AttributeSet, float] = {}
        for attributes, weight in weights.items():
            cells = prod(sizes[name] for name in attributes)
            for subset in attributes.subsets():
                spread = cells // prod(sizes[name] for name in subset)
                parts[subset] = parts.get(subset, 0.0) + weight / spread
        return sqrt(
            sum(
                part**2 * self.residuals[subset].variance * prod(1 - 1 / sizes[name] for name in subset)
                for subset, part in parts.items()
            )
        )
