"""Least squares over all measured marginals at once, in residual space.

A marginal is a sum of residuals, one for each subset of its attributes, and noise of equal variance in every cell
leaves them independent. So each residual is the precision-weighted mean of what every table says of it.

Source: Xiao, He, Zhang & Kifer (2023), ResidualPlanner; the analysis of variance in its usual form.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from frostglass.released.estimate import Estimate, Residual
from frostglass.released.measurement import Measurement
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import Domain


def estimate(domain: Domain, measurements: Sequence[Measurement]) -> Estimate:
    """The least-squares estimate of every measured marginal and of all its subsets."""
    weighted: dict[AttributeSet, npt.NDArray[np.float64]] = {}
    precision: defaultdict[AttributeSet, float] = defaultdict(float)
    for measurement in measurements:
        for subset in measurement.attributes.subsets():
            marginal, cells_summed = _sum_to(domain, measurement, subset)
            weight = 1 / (measurement.sd**2 * cells_summed)
            precision[subset] += weight
            weighted[subset] = weighted.get(subset, np.zeros(marginal.shape)) + weight * marginal
    residuals = {
        subset: Residual(_centre(weighted[subset] / precision[subset]), 1 / precision[subset]) for subset in weighted
    }
    return Estimate(domain, residuals, tuple(measurement.receipt for measurement in measurements))


def _sum_to(domain: Domain, measurement: Measurement, subset: AttributeSet) -> tuple[npt.NDArray[np.int64], int]:
    """The measurement summed down to ``subset``, and how many cells went into each sum."""
    kept = domain.axes(subset)
    summed = tuple(place for place, axis in enumerate(domain.axes(measurement.attributes)) if axis not in kept)
    marginal = np.asarray(measurement.answer.sum(axis=summed))
    return marginal, measurement.answer.size // max(marginal.size, 1)


def _centre(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    for axis in range(table.ndim):
        table = table - table.mean(axis=axis, keepdims=True)
    return np.asarray(table)
