"""The public table: counts of the fitted records, each with the interval that the known noise gives.

Intervals come from the unbiased estimate, not from the records; docs/explanation/intervals.md says how. Withholding
is for reliability, not for privacy: every figure here has already crossed the glass.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from frostglass.arrays.counting import tally
from frostglass.released.counts import CountBlock, Counts
from frostglass.released.estimate import Estimate
from frostglass.released.synthetic import SyntheticRecords
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import Domain

Floats = npt.NDArray[np.float64]

MISS = 0.05
"""Share of intervals that may miss the true count."""

CUT_MISS = 0.002
"""Further share that may be lost by cutting an interval at its parents' upper ends."""

_TINY = 1e-6


def least_stated(noise_sd: float) -> int:
    """The least count that is stated, ``ceil(3 + 1.2 sd**0.65)`` for the noise of the longest measured tables.

    From there on about 1% of the stated combinations are fabricated (docs/explanation/choices.md); fixed, and public.
    """
    return math.ceil(3 + 1.2 * math.pow(noise_sd, 0.65))


def tabulate(records: SyntheticRecords, estimate: Estimate, *, length: int, tau: int) -> Counts:
    """Count every combination up to ``length`` in the records and give it its interval and status."""
    domain = records.domain
    blocks = tuple(
        _block(records, estimate, attributes, tau)
        for order in range(1, min(length, len(domain)) + 1)
        for attributes in domain.sets_of_length(order)
    )
    return Counts(domain, length, len(records), tau, blocks, records.receipts)


def _block(records: SyntheticRecords, estimate: Estimate, attributes: AttributeSet, tau: int) -> CountBlock:
    domain = records.domain
    shape = domain.shape(attributes)
    table = tally(records.codes, domain.axes(attributes), shape)
    single = len(attributes) == 1
    listed = np.ones(shape, dtype=np.bool_) if single else table > 0
    count = table[listed]
    released = np.ones(len(count), dtype=np.bool_) if single else count >= tau
    low, high, sd = interval(estimate, attributes)
    low_whole = np.ceil(low[listed] - _TINY).astype(np.int64)
    high_whole = np.maximum(np.floor(high[listed] + _TINY).astype(np.int64), low_whole)
    return CountBlock(
        attributes=attributes,
        positions=np.argwhere(listed).astype(np.uint16),
        count=count,
        sd=np.full(len(count), sd),
        low=np.where(released, np.minimum(low_whole, count), low_whole),
        high=np.where(released, np.maximum(high_whole, count), high_whole),
        released=released,
    )


def interval(estimate: Estimate, attributes: AttributeSet) -> tuple[Floats, Floats, float]:
    """Ends of the 95% interval of every cell over ``attributes``, and the sd of the estimate (NaN if not measured)."""
    if estimate.covers(attributes):
        return _measured_interval(estimate, attributes)
    return (*_bounds_from_parents(estimate, attributes), float("nan"))


def _measured_interval(estimate: Estimate, attributes: AttributeSet) -> tuple[Floats, Floats, float]:
    """The estimate's own interval, cut at zero and at the parents' upper ends, but never cut to nothing."""
    centre, sd = estimate.marginal(attributes), estimate.sd(attributes)
    reach = NormalDist().inv_cdf(1 - MISS / 2) * sd
    low, high = np.maximum(centre - reach, 0), np.maximum(centre + reach, 0)
    parents = [subset for subset in _parents(attributes) if len(subset)]
    cut = high
    for parent in parents:
        z = NormalDist().inv_cdf(1 - CUT_MISS / len(parents))
        cut = np.minimum(cut, _spread(estimate, parent, attributes, z))
    return low, np.where(np.floor(cut + _TINY) >= np.ceil(low - _TINY), cut, high), sd


def _bounds_from_parents(estimate: Estimate, attributes: AttributeSet) -> tuple[Floats, Floats]:
    """Fréchet bounds for a combination one longer than what was measured.

    At most every parent's upper end; at least, for two parents, their sum less what they share. Every end used
    takes an equal part of the 5%.
    """
    parents = list(_parents(attributes))
    shared = list({parent for first in parents for parent in _parents(first)})
    z = NormalDist().inv_cdf(1 - MISS / (2 * len(parents) + len(shared)))
    upper = [_spread(estimate, parent, attributes, z) for parent in parents]
    lower = [_spread(estimate, parent, attributes, -z) for parent in parents]
    high = np.maximum(np.minimum.reduce(upper), 0)
    low = np.zeros_like(high)
    for one, other in combinations(range(len(parents)), 2):
        common = AttributeSet.of(set(parents[one]) & set(parents[other]))
        low = np.maximum(low, lower[one] + lower[other] - _spread(estimate, common, attributes, z))
    return np.minimum(low, high), high


def _parents(attributes: AttributeSet) -> Iterator[AttributeSet]:
    for names in combinations(attributes.names, len(attributes) - 1):
        yield AttributeSet(names)


def _spread(estimate: Estimate, parent: AttributeSet, attributes: AttributeSet, z: float) -> Floats:
    """``z`` standard deviations above the parent's estimate, with an axis for every one of ``attributes``."""
    domain: Domain = estimate.domain
    kept = set(domain.axes(parent))
    shape = tuple(domain.sizes[axis] if axis in kept else 1 for axis in domain.axes(attributes))
    bound = (estimate.marginal(parent) + z * estimate.sd(parent)).reshape(shape)
    return np.broadcast_to(bound, domain.shape(attributes))
