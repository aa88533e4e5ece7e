"""What a release would state of records that are like given synthetic ones: an estimate, from released values alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, prod

import numpy as np
import numpy.typing as npt

from frostglass.counting.tally import tally, tally_held
from frostglass.released.estimate import Estimate
from frostglass.released.synthetic import Records
from frostglass.released.tabulation import MOST_DENSE
from frostglass.terms.attribute_set import AttributeSet

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Worth:
    """A release to come: the worth of its estimates, and the least count that it states."""

    estimate: Estimate
    tau: int


@dataclass(frozen=True)
class Likeness:
    """Of one length, when ``combinations`` different ones occur.

    ``stated`` of them would be, and the others ``withheld``. ``carried`` is the share of the records' own combinations
    that are stated: of any record and any so many variables. ``relative_sd`` is the middle of sd by count, among the
    stated ones that are measured; None when none is.
    """

    length: int
    combinations: int
    stated: int
    carried: float
    relative_sd: float | None

    @property
    def withheld(self) -> int:
        return self.combinations - self.stated


def likeness(records: Records, worths: Sequence[Worth], length: int, *, scale: Fraction) -> tuple[Likeness, ...]:
    """For each of ``worths``, what would be stated of ``length`` if there were ``scale`` times as many of each record.

    Values of single variables are always stated.
    """
    held = [(each, _held(records, each)) for each in records.domain.sets_of_length(length)]
    return tuple(_likeness(held, worth, length, scale) for worth in worths)


def _likeness(
    held: Sequence[tuple[AttributeSet, npt.NDArray[np.int64]]], worth: Worth, length: int, scale: Fraction
) -> Likeness:
    least = 1 if length == 1 else ceil(worth.tau / scale)
    shown = [(each, counts[counts >= least]) for each, counts in held]
    sds = [worth.estimate.sd(each) / counts for each, counts in shown if worth.estimate.covers(each)]
    relative = np.concatenate([np.empty(0), *sds]) / float(scale)
    occurrences = sum(int(counts.sum()) for _, counts in held)
    return Likeness(
        length=length,
        combinations=sum(len(counts) for _, counts in held),
        stated=sum(len(counts) for _, counts in shown),
        carried=sum(int(counts.sum()) for _, counts in shown) / occurrences if occurrences else 0.0,
        relative_sd=float(np.median(relative)) if len(relative) else None,
    )


def _held(records: Records, attributes: AttributeSet) -> npt.NDArray[np.int64]:
    """How many records have each combination of ``attributes`` that any has."""
    axes, shape, rows = records.domain.axes(attributes), records.domain.shape(attributes), records.rows
    if prod(shape) > MOST_DENSE:
        return tally_held(rows.codes, axes, shape, rows.weights)[1]
    table = tally(rows.codes, axes, shape, rows.weights)
    return table[table > 0]
