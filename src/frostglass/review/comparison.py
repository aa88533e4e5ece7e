"""One table of a release beside the same table of the truth: what both hold, cell by cell. Private."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from frostglass.counting.tally import tally
from frostglass.released.intervals import Intervals
from frostglass.released.ranges import LEAST_HIGH, whole
from frostglass.released.synthetic import Records
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import Domain

Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LONGEST = 4
"""Longest combination that is compared."""

MOST_CELLS = 200_000_000
"""Lengths whose tables have more cells in all are left out of a review: they would take hours."""


@dataclass(frozen=True)
class Released:
    """What was released: the records, the longest combination counted, the least count stated, and the intervals."""

    records: Records
    length: int
    tau: int
    intervals: Intervals

    @property
    def domain(self) -> Domain:
        return self.records.domain


@dataclass(frozen=True)
class Compared:
    """One table over ``attributes``: arrays of its shape.

    ``true`` are the counts of the truth, ``records`` those of the synthetic records. ``stated`` is where a count is
    published, and it is then that of the records. ``counted`` says whether the release counts combinations of this
    length; where it does not, nothing is stated and there are no intervals.
    """

    attributes: AttributeSet
    axes: tuple[int, ...]
    true: Whole
    records: Whole
    stated: Bools
    counted: bool
    intervals: Intervals

    @property
    def recorded(self) -> tuple[slice, ...]:
        """Where no value is missing: an index into arrays of the table's shape."""
        attributes = [self.intervals.estimate.domain.attributes[axis] for axis in self.axes]
        return tuple(slice(each.recorded.start, None) for each in attributes)

    @property
    def shown(self) -> Whole:
        """What a reader of the counts would take each count for: 0 where none is stated."""
        return np.where(self.stated, self.records, 0)

    @cached_property
    def ends(self) -> tuple[Whole, Whole]:
        """Lower and upper ends of the intervals: the published ones where a count is stated."""
        low, high = whole(*self.intervals.everywhere(self.attributes)[:2])
        least = np.where(self.stated, self.records, np.minimum(self.records, LEAST_HIGH))
        return np.where(self.stated, np.minimum(low, self.records), low), np.maximum(high, least)

    @property
    def held(self) -> Bools:
        """Whether the interval holds the true count."""
        low, high = self.ends
        held: Bools = (low <= self.true) & (self.true <= high)
        return held


def compared(table: CodedTable, released: Released, length: int) -> Iterator[Compared]:
    """Every table of ``length`` attributes, in the order of the domain."""
    for attributes in released.domain.sets_of_length(length):
        yield compare(table, released, attributes)


def compare(table: CodedTable, released: Released, attributes: AttributeSet) -> Compared:
    """The table over ``attributes`` on both sides."""
    domain, rows, shown = released.domain, table.rows, released.records.rows
    axes, shape = domain.axes(attributes), domain.shape(attributes)
    true = tally(rows.codes, axes, shape, rows.weights)
    records = tally(shown.codes, axes, shape, shown.weights)
    counted = len(attributes) <= released.length
    everything = np.ones(shape, dtype=np.bool_)
    stated = ~everything if not counted else everything if len(attributes) == 1 else records >= released.tau
    return Compared(attributes, axes, true, records, stated, counted, released.intervals)


def lengths(domain: Domain) -> tuple[int, ...]:
    """The lengths that a review compares."""
    return tuple(
        length for length in range(1, min(LONGEST, len(domain)) + 1) if domain.cells_of_length(length) <= MOST_CELLS
    )
