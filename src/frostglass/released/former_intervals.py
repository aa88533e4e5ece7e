"""The ends that bundles of format 2 have in their counts: kept for ``verify`` alone, which makes them again.

Each table was cut at its parents' upper ends, but never to nothing: then its own interval stood, so that a count could
have a higher end than the whole that it lies in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from statistics import NormalDist
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from frostglass.released.estimate import Estimate
from frostglass.released.ranges import MISS, TINY
from frostglass.terms.attribute_set import AttributeSet

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.uint16]

CUT_MISS = 0.002
"""Further share that may be lost by cutting an interval at its parents' upper ends."""


@dataclass(frozen=True)
class FormerIntervals:
    """Ends of any cells of any attribute set; the marginals that it needs are computed once."""

    least_high: ClassVar[int] = 0
    estimate: Estimate
    _marginals: dict[AttributeSet, tuple[Floats, float]] = field(default_factory=dict)

    def at(self, attributes: AttributeSet, positions: Positions) -> tuple[Floats, Floats, float]:
        """Lower and upper ends of the cells at ``positions``, and the sd of the estimate (NaN if not measured).

        ``positions`` has one row a cell and one column an attribute in the domain's order.
        """
        if self.estimate.covers(attributes):
            return self._measured(attributes, positions)
        return (*self._bounds(attributes, positions), float("nan"))

    def _measured(self, attributes: AttributeSet, positions: Positions) -> tuple[Floats, Floats, float]:
        """The estimate's own interval, cut at zero and at the parents' upper ends, but never cut to nothing."""
        reach = NormalDist().inv_cdf(1 - MISS / 2)
        low = np.maximum(self._end(attributes, attributes, positions, -reach), 0)
        high = np.maximum(self._end(attributes, attributes, positions, reach), 0)
        parents = [AttributeSet(names) for names in combinations(attributes.names, len(attributes) - 1) if names]
        cut = high
        for parent in parents:
            z = NormalDist().inv_cdf(1 - CUT_MISS / len(parents))
            cut = np.minimum(cut, self._end(parent, attributes, positions, z))
        return low, np.where(np.floor(cut + TINY) >= np.ceil(low - TINY), cut, high), self._marginal(attributes)[1]

    def _bounds(self, attributes: AttributeSet, positions: Positions) -> tuple[Floats, Floats]:
        """Fréchet bounds for a combination that was not measured, from the largest measured parts of it.

        At most every part's upper end; at least, for two parts that make up the whole, their sum less what they
        share. Every end used takes an equal part of the 5%.
        """
        parts = self._largest_parts(attributes)
        whole = [
            (one, other, AttributeSet.of(set(one) & set(other)))
            for one, other in combinations(parts, 2)
            if set(one) | set(other) == set(attributes)
        ]
        shared = {common for _, _, common in whole}
        z = NormalDist().inv_cdf(1 - MISS / (2 * len(parts) + len(shared)))
        upper = [self._end(part, attributes, positions, z) for part in parts]
        high = np.maximum(np.minimum.reduce(upper), 0)
        low = np.zeros_like(high)
        lower = {part: self._end(part, attributes, positions, -z) for part in parts}
        for one, other, common in whole:
            low = np.maximum(low, lower[one] + lower[other] - self._end(common, attributes, positions, z))
        return np.minimum(low, high), high

    def _largest_parts(self, attributes: AttributeSet) -> list[AttributeSet]:
        """The measured subsets that lie in no other measured subset."""
        measured = [each for each in attributes.subsets() if len(each) and self.estimate.covers(each)]
        return [each for each in measured if not any(set(each) < set(other) for other in measured)]

    def _end(self, part: AttributeSet, attributes: AttributeSet, positions: Positions, z: float) -> Floats:
        """``z`` standard deviations above the estimate of the part of each cell that ``part`` names."""
        marginal, sd = self._marginal(part)
        kept = set(self.estimate.domain.axes(part))
        columns = [place for place, axis in enumerate(self.estimate.domain.axes(attributes)) if axis in kept]
        if not columns:
            return np.full(len(positions), float(marginal) + z * sd)
        return np.asarray(marginal[tuple(positions[:, place] for place in columns)] + z * sd)

    def _marginal(self, attributes: AttributeSet) -> tuple[Floats, float]:
        if attributes not in self._marginals:
            self._marginals[attributes] = self.estimate.marginal(attributes), self.estimate.sd(attributes)
        return self._marginals[attributes]
