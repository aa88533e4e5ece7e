"""How far measured tables disagree: tables of the same people do only as far as their noise leaves them.

A marginal is a sum of parts, one for each subset of its attributes, and several tables hold each part. Equal noise in
every cell leaves the parts of a table independent, so the squared distances of a part from its weighted mean, in units
of the noise variance, add up to about one for each direction in which tables could differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from frostglass.released.measurement import Measurement
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import Domain


@dataclass(frozen=True, slots=True)
class Disagreement:
    """``squares``, in units of the noise variance, is about ``free``, the number of directions, for honest noise."""

    squares: float
    free: int


def disagreement(domain: Domain, measurements: Sequence[Measurement]) -> Disagreement:
    """How far these measurements disagree about what they share; ``free`` is 0 when they share nothing."""
    held = Counter(part for each in measurements for part in each.attributes.subsets())
    shared = [part for part, times in held.items() if times > 1]  # in one order, so that sums come out the same
    weights = dict.fromkeys(shared, 0.0)
    sums = {part: np.zeros(domain.shape(part)) for part in shared}
    squares = 0.0
    for each in measurements:
        for part in filter(weights.__contains__, each.attributes.subsets()):
            found = _part(domain, each, part)
            weight = 1 / (each.sd**2 * (each.answer.size / found.size))
            weights[part] += weight
            sums[part] += weight * found
            squares += weight * float(np.square(found).sum())
    agreed = sum(float(np.square(sums[part]).sum()) / weights[part] for part in shared)
    free = sum((held[part] - 1) * prod(size - 1 for size in domain.shape(part)) for part in shared)
    return Disagreement(squares - agreed, free)


def _part(domain: Domain, measurement: Measurement, part: AttributeSet) -> npt.NDArray[np.float64]:
    """The measurement summed down to ``part`` and centred along every axis."""
    kept = domain.axes(part)
    gone = tuple(place for place, axis in enumerate(domain.axes(measurement.attributes)) if axis not in kept)
    table = np.asarray(measurement.answer.sum(axis=gone), dtype=np.float64)
    for axis in range(table.ndim):
        table = table - table.mean(axis=axis, keepdims=True)
    return table
