"""Counting a bundle's records afresh, apart from the code that made its counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from frostglass.arrays.counting import tally
from frostglass.arrays.weighted_rows import reduce_rows
from frostglass.bundle.formats import counts_frame, stated_frame
from frostglass.released.counts import CountBlock, Counts, Shares
from frostglass.released.measurement import Measurement
from frostglass.released.shares import Denominators, rounded_share
from frostglass.released.synthetic import SyntheticRecords
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.codebook import Codebook

COUNTED = ("length", "variables", "values", "count", "status")
"""Columns of the counts that the records determine."""

DENSE_CELLS = 1 << 16


def recount(records: SyntheticRecords, length: int, tau: int) -> pl.DataFrame:
    """The rows and columns of the counts that these records call for: ``COUNTED``, in the published order."""
    domain = records.domain
    orders = range(1, min(length, len(domain)) + 1)
    blocks = tuple(_block(records, each, tau) for order in orders for each in domain.sets_of_length(order))
    return counts_frame(Counts(domain, length, len(records), tau, blocks, records.receipts)).select(COUNTED)


def restated(records: SyntheticRecords, codebook: Codebook, length: int, tau: int) -> pl.DataFrame:
    """What counts.csv states of these records, but for the ends: ``COUNTED``, then the share and what it is out of."""
    domain, denominators = records.domain, Denominators(records, codebook)
    orders = range(1, min(length, len(domain)) + 1)
    blocks = tuple(_block(records, each, tau) for order in orders for each in domain.sets_of_length(order))
    shares = []
    for block in blocks:
        out_of = denominators.out_of(block)
        unknown = np.full(len(out_of), np.nan)
        shares.append(Shares(out_of, rounded_share(block.count, out_of), unknown, unknown))
    counts = Counts(domain, length, len(records), tau, blocks, records.receipts, tuple(shares))
    return stated_frame(counts).select(*COUNTED, "share", "out_of")


def _block(records: SyntheticRecords, attributes: AttributeSet, tau: int) -> CountBlock:
    positions, count = _held(records, attributes)
    nothing = np.zeros(len(count), dtype=np.int64)
    released = np.ones(len(count), dtype=np.bool_) if len(attributes) == 1 else count >= tau
    return CountBlock(attributes, positions, count, nothing.astype(np.float64), nothing, nothing, released)


def _held(records: SyntheticRecords, attributes: AttributeSet) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]:
    """Combinations with their counts: all of them for one attribute, else those that a record holds."""
    domain = records.domain
    axes, shape = domain.axes(attributes), domain.shape(attributes)
    if len(axes) > 1 and domain.cells(attributes) > DENSE_CELLS:
        rows, count = np.unique(records.codes[:, axes], axis=0, return_counts=True)
        return rows, count.astype(np.int64)
    table = tally(records.codes, axes, shape)
    listed = table >= (0 if len(axes) == 1 else 1)
    return np.argwhere(listed).astype(np.uint16), table[listed]


def misfit(records: SyntheticRecords, measurements: Sequence[Measurement]) -> float:
    """Squared distance between records and answers, in units of the noise variance, summed over all measured cells."""
    return sum(squares for squares, _ in misfits(records, measurements).values())


def misfits(records: SyntheticRecords, measurements: Sequence[Measurement]) -> dict[int, tuple[float, int]]:
    """The same for the tables of each length by themselves, ascending, with their number of cells."""
    domain = records.domain
    rows = reduce_rows(records.codes, domain.sizes)
    found: dict[int, tuple[float, int]] = {}
    for each in sorted(measurements, key=lambda each: len(each.attributes)):
        held = tally(rows.codes, domain.axes(each.attributes), domain.shape(each.attributes), rows.weights)
        squares, cells = found.get(len(each.attributes), (0.0, 0))
        own = float(np.square((held - each.answer) / each.sd).sum())
        found[len(each.attributes)] = squares + own, cells + held.size
    return found
