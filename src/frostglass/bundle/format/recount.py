"""Counting a bundle's records afresh, apart from the code that made its counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from frostglass.bundle.format.formats import BATCH_ROWS, counts_frame, stated_frame
from frostglass.counting.tally import tally
from frostglass.counting.weighted_rows import reduce_rows
from frostglass.errors import BundleError
from frostglass.released.counts import CountBlock, Counts, Shares
from frostglass.released.measurement import Measurement
from frostglass.released.shares import Denominators, rounded_share
from frostglass.released.synthetic import Records
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.codebook import Codebook

COUNTED = ("length", "variables", "values", "count", "status")
"""Columns of the counts that the records determine."""

DENSE_CELLS = 1 << 16


def recount(records: Records, length: int, tau: int) -> pl.DataFrame:
    """The rows and columns of the counts that these records call for: ``COUNTED``, in the published order."""
    return pl.concat(recounted(records, length, tau))


def recounted(records: Records, length: int, tau: int) -> Iterator[pl.DataFrame]:
    """The same, some tens of thousands of rows at a time: memory does not grow with them."""
    domain, blocks, rows = records.domain, list[CountBlock](), 0
    for order in range(1, min(length, len(domain)) + 1):
        for attributes in domain.sets_of_length(order):
            blocks.append(_block(records, attributes, tau))
            rows += len(blocks[-1].count)
            if rows >= BATCH_ROWS:
                yield _counted(records, length, tau, blocks)
                blocks, rows = [], 0
    yield _counted(records, length, tau, blocks)


def _counted(records: Records, length: int, tau: int, blocks: Sequence[CountBlock]) -> pl.DataFrame:
    counts = Counts(records.domain, length, len(records), tau, tuple(blocks), records.receipts)
    return counts_frame(counts).select(COUNTED)


def require_counted(stated: Iterable[pl.DataFrame], records: Records, length: int, tau: int) -> None:
    """Raise BundleError FG-BN-070 at the first rows of ``stated`` that are not those that the records call for.

    Whatever ``stated`` goes on to hold is not read then.
    """
    called_for = recounted(records, length, tau)
    due = next(called_for)
    for frame in stated:
        left = frame.select(COUNTED)
        while left.height:
            if not due.height:
                due = next(called_for, due)
            rows = min(left.height, due.height)
            _refuse(rows > 0, "the counts list other combinations than the records hold")
            differing = _differing(left[:rows], due[:rows])
            _refuse(differing == 0, f"{differing:,} rows of the counts are not what the records say")
            left, due = left[rows:], due[rows:]
    listed = not due.height and all(not frame.height for frame in called_for)
    _refuse(listed, "the counts list other combinations than the records hold")


def _refuse(unless: bool, message: str) -> None:
    if not unless:
        raise BundleError("FG-BN-070", message)


def _differing(found: pl.DataFrame, called_for: pl.DataFrame) -> int:
    """Number of rows that are not equal; null equals null."""
    same = [found[name].eq_missing(called_for[name]) for name in called_for.columns]
    return found.height - int(pl.DataFrame(same).select(pl.all_horizontal(pl.all())).to_series().sum())


def restated(records: Records, codebook: Codebook, length: int, tau: int) -> pl.DataFrame:
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


def _block(records: Records, attributes: AttributeSet, tau: int) -> CountBlock:
    positions, count = _held(records, attributes)
    nothing = np.zeros(len(count), dtype=np.int64)
    released = np.ones(len(count), dtype=np.bool_) if len(attributes) == 1 else count >= tau
    return CountBlock(attributes, positions, count, nothing.astype(np.float64), nothing, nothing, released)


def _held(records: Records, attributes: AttributeSet) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]:
    """Combinations with their counts: all of them for one attribute, else those that a record holds."""
    domain, rows = records.domain, records.rows
    axes, shape = domain.axes(attributes), domain.shape(attributes)
    if len(axes) > 1 and domain.cells(attributes) > DENSE_CELLS:
        held = reduce_rows(rows.codes[:, axes], shape, rows.weights)
        return held.codes, held.weights
    table = tally(rows.codes, axes, shape, rows.weights)
    listed = table >= (0 if len(axes) == 1 else 1)
    return np.argwhere(listed).astype(np.uint16), table[listed]


def misfit(records: Records, measurements: Sequence[Measurement]) -> float:
    """Squared distance between records and answers, in units of the noise variance, summed over all measured cells."""
    return sum(squares for squares, _ in misfits(records, measurements).values())


def misfits(records: Records, measurements: Sequence[Measurement]) -> dict[int, tuple[float, int]]:
    """The same for the tables of each length by themselves, ascending, with their number of cells."""
    domain, rows = records.domain, records.rows
    found: dict[int, tuple[float, int]] = {}
    for each in sorted(measurements, key=lambda each: len(each.attributes)):
        held = tally(rows.codes, domain.axes(each.attributes), domain.shape(each.attributes), rows.weights)
        squares, cells = found.get(len(each.attributes), (0.0, 0))
        own = float(np.square((held - each.answer) / each.sd).sum())
        found[len(each.attributes)] = squares + own, cells + held.size
    return found
