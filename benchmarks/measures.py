"""The measures, defined once and used everywhere (docs/benchmarks.md says why these).

``Tables`` holds the marginals of one order: for each ascending tuple of columns an array of counts, one axis a
column, missing at position 0. Two such collections are compared, the truth first; the other may be fractional.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import prod

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint16]
Counted = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Tables = Mapping[tuple[int, ...], Counted]

LOST_FROM = 10
"""Smallest true count of a combination whose absence is a loss."""


def tables(codes: Codes, sizes: tuple[int, ...], order: int) -> Tables:
    """All marginals of ``order`` columns of the records; ``sizes`` are the numbers of values, missing included."""
    return {
        columns: _marginal(codes, columns, tuple(sizes[column] for column in columns))
        for columns in combinations(range(len(sizes)), order)
    }


def _marginal(codes: Codes, columns: tuple[int, ...], shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    cells = np.ravel_multi_index(tuple(codes[:, column] for column in columns), shape)
    return np.bincount(cells, minlength=prod(shape)).astype(np.int64, copy=False).reshape(shape)


def independent_tables(codes: Codes, sizes: tuple[int, ...], order: int) -> Tables:
    """What the marginals of ``order`` would be if the columns, each exact, had nothing to do with one another."""
    shares = [_marginal(codes, (column,), (size,)) / len(codes) for column, size in enumerate(sizes)]
    expected: dict[tuple[int, ...], npt.NDArray[np.float64]] = {}
    for columns in combinations(range(len(sizes)), order):
        table = np.array(float(len(codes)))
        for column in columns:
            table = np.multiply.outer(table, shares[column])
        expected[columns] = table
    return expected


def recorded(tables: Tables) -> Tables:
    """The tables without the cells in which any value is missing."""
    return {columns: table[(slice(1, None),) * len(columns)] for columns, table in tables.items()}


def total_variations(truth: Tables, other: Tables) -> npt.NDArray[np.float64]:
    """One figure a table: half the sum of absolute differences over all cells, divided by the true records."""
    return np.array([np.abs(true - other[columns]).sum() / (2 * true.sum()) for columns, true in truth.items()])


def weighted_relative_error(truth: Tables, other: Tables) -> float:
    """Sum of absolute differences over all cells of recorded values, pooled over the tables, by the true counts.

    Zeros count, missing values don't: position 0 of each axis is left out on both sides. NaN if nothing is recorded.
    """
    true, shown = recorded(truth), recorded(other)
    total = sum(int(table.sum()) for table in true.values())
    difference = sum(float(np.abs(table - shown[columns]).sum()) for columns, table in true.items())
    return difference / total if total else float("nan")


def fabricated(truth: Tables, other: Tables) -> float:
    """Share of the distinct combinations in ``other`` whose true count is 0. NaN if it has none."""
    shown = sum(int((other[columns] > 0).sum()) for columns in truth)
    invented = sum(int(((other[columns] > 0) & (true == 0)).sum()) for columns, true in truth.items())
    return invented / shown if shown else float("nan")


def lost(truth: Tables, other: Tables) -> float:
    """Share of the true combinations with a count of 10 or more that ``other`` does not show. NaN if there are none."""
    frequent = sum(int((true >= LOST_FROM).sum()) for true in truth.values())
    absent = sum(int(((true >= LOST_FROM) & (other[columns] == 0)).sum()) for columns, true in truth.items())
    return absent / frequent if frequent else float("nan")


def mean_width(low: Counted, high: Counted) -> float:
    """Mean length of intervals, in records. NaN if there are none."""
    return float((high - low).mean()) if low.size else float("nan")


BUCKETS = (0, 1, 10, 100, 1000)
"""Least true count of each bucket of ``coverage``."""

SLACK = 1e-6
"""Ends of intervals are whole numbers up to the last digits of floating point."""


def coverage(true: Counted, low: Counted, high: Counted) -> dict[int, tuple[int, int]]:
    """For each bucket of true counts, by its least one: how many intervals there are, and how many hold the truth.

    The three arrays are flat, one entry an interval.
    """
    held = (low <= true + SLACK) & (true <= high + SLACK)
    bucket = np.searchsorted(BUCKETS, true, side="right") - 1
    return {
        least: (int((bucket == place).sum()), int(held[bucket == place].sum())) for place, least in enumerate(BUCKETS)
    }
