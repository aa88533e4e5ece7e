"""Least squares over all measured marginals at once, in residual space.

A marginal is a sum of residuals, one for each subset of its attributes, and noise of equal variance in every cell
leaves them independent. So each residual is the precision-weighted mean of what every table says of it.

Source: Xiao, He, Zhang & Kifer (2023), ResidualPlanner; the analysis of variance in its usual form.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import prod

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
            marginal = _sum_to(domain, measurement, subset)
            weight = _precision(domain, measurement.attributes, measurement.sd, subset)
            precision[subset] += weight
            weighted[subset] = weighted.get(subset, np.zeros(marginal.shape)) + weight * marginal
    residuals = {
        subset: Residual(_centre(weighted[subset] / precision[subset]), 1 / precision[subset]) for subset in weighted
    }
    return Estimate(domain, residuals, tuple(measurement.receipt for measurement in measurements))


def foresee(domain: Domain, noise: Mapping[AttributeSet, float]) -> Estimate:
    """What an estimate would be worth before anything is measured: all counts zero, the noise (sd) as planned."""
    precision: defaultdict[AttributeSet, float] = defaultdict(float)
    for attributes, sd in noise.items():
        for subset in attributes.subsets():
            precision[subset] += _precision(domain, attributes, sd, subset)
    nothing = np.zeros(())
    residuals = {
        subset: Residual(np.broadcast_to(nothing, domain.shape(subset)), 1 / each) for subset, each in precision.items()
    }
    return Estimate(domain, residuals, ())


def _precision(domain: Domain, attributes: AttributeSet, sd: float, subset: AttributeSet) -> float:
    """Of a table's sums down to ``subset``: each adds up as many noisy cells as the rest of the table has."""
    summed = prod(domain.attribute(name).size for name in attributes if name not in subset)
    return 1 / (sd**2 * summed)


def _sum_to(domain: Domain, measurement: Measurement, subset: AttributeSet) -> npt.NDArray[np.int64]:
    """The measurement summed down to ``subset``."""
    kept = domain.axes(subset)
    summed = tuple(place for place, axis in enumerate(domain.axes(measurement.attributes)) if axis not in kept)
    return np.asarray(measurement.answer.sum(axis=summed))


def _centre(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    for axis in range(table.ndim):
        table = table - table.mean(axis=axis, keepdims=True)
    return np.asarray(table)
