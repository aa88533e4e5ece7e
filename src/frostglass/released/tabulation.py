"""The public table: counts of the fitted records, each with its interval, and withheld where it is too small.

Withholding is for reliability, not for privacy: every figure here has already crossed the glass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import prod
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from frostglass.counting.tally import tally, tally_held
from frostglass.released.counts import CountBlock, Counts
from frostglass.released.estimate import Estimate
from frostglass.released.intervals import Intervals
from frostglass.released.ranges import Floats, whole
from frostglass.released.synthetic import Records
from frostglass.terms.attribute_set import AttributeSet

MOST_DENSE = 1 << 20
"""Tables with more cells than this are counted by sorting the records instead of cell by cell."""


def least_stated(error: float) -> int:
    """The least count that is stated, ``ceil(2 + 0.85 error**0.71)``, for the error (sd) of the longest estimates.

    From there on about 1% of the stated combinations are fabricated (docs/explanation/choices.md); fixed, and public.
    """
    return math.ceil(2 + 0.85 * math.pow(error, 0.71))


def typical_error(estimate: Estimate, length: int) -> float:
    """The sd of the estimates of the longest order, up to three and ``length``, of which every table is estimated.

    As if all had the same: the root of the harmonic mean of their variances. Where longer tables are wanted and not
    all estimated, what a model makes of the others is uncertain too, and half as much is added.
    """
    domain = estimate.domain
    wanted = min(3, length, len(domain))
    for order in range(wanted, 0, -1):
        sets = list(domain.sets_of_length(order))
        if all(map(estimate.covers, sets)):
            return (1 if order == wanted else 1.5) * typical([estimate.sd(each) for each in sets])
    raise ValueError("the tables of single attributes are always measured")


def typical(sds: Sequence[float]) -> float:
    """The root of the harmonic mean of the variances."""
    return math.sqrt(len(sds) / sum(sd**-2 for sd in sds))


class Rule(Protocol):
    """What gives the cells of a table their ends; ``least_high`` is the lowest high end of a withheld combination."""

    least_high: ClassVar[int]

    def at(self, attributes: AttributeSet, positions: npt.NDArray[np.uint16]) -> tuple[Floats, Floats, float]: ...


def tabulate(
    records: Records,
    estimate: Estimate,
    *,
    length: int,
    tau: int,
    rule: Callable[[Estimate], Rule] = Intervals,
) -> Counts:
    """Count every combination up to ``length`` in the records and give it its interval and status.

    A combination has at most the count of each of its parts, so with one tau for all no part of a released one is
    withheld.
    """
    domain, intervals = records.domain, rule(estimate)
    blocks = tuple(
        _block(records, intervals, attributes, tau)
        for order in range(1, min(length, len(domain)) + 1)
        for attributes in domain.sets_of_length(order)
    )
    return Counts(domain, length, len(records), tau, blocks, records.receipts)


def _block(records: Records, intervals: Rule, attributes: AttributeSet, tau: int) -> CountBlock:
    single = len(attributes) == 1
    positions, count = _listed(records, attributes)
    released = np.ones(len(count), dtype=np.bool_) if single else count >= tau
    low, high, sd = intervals.at(attributes, positions)
    least, most = whole(low, high)
    return CountBlock(
        attributes=attributes,
        positions=positions,
        count=count,
        sd=np.full(len(count), sd),
        low=np.where(released, np.minimum(least, count), least),
        high=np.maximum(most, np.where(released, count, intervals.least_high)),
        released=released,
    )


def _listed(records: Records, attributes: AttributeSet) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]:
    """Positions, in ascending order, and counts: of every value of a single variable, else of what a record holds."""
    axes, shape, rows = records.domain.axes(attributes), records.domain.shape(attributes), records.rows
    if prod(shape) > MOST_DENSE:
        cells, counts = tally_held(rows.codes, axes, shape, rows.weights)
        return np.stack(np.unravel_index(cells, shape), axis=1).astype(np.uint16), counts
    table = tally(rows.codes, axes, shape, rows.weights)
    listed = np.ones(shape, dtype=np.bool_) if len(axes) == 1 else table > 0
    return np.argwhere(listed).astype(np.uint16), table[listed]
