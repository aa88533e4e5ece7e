"""Counting rows by the values that they hold together."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TypeVar

import numpy as np
import numpy.typing as npt

_ONE = np.ones(1, dtype=np.int64)

_Number = TypeVar("_Number", bound=np.generic)


def tally(
    codes: npt.NDArray[np.uint16],
    axes: tuple[int, ...],
    shape: tuple[int, ...],
    weights: npt.NDArray[np.int64] | None = None,
) -> npt.NDArray[np.int64]:
    """Number of rows of ``codes`` in each cell of the table over columns ``axes``; int64 of ``shape``.

    Each row counts as often as ``weights`` (int64, one a row) says, or once. Fastest where ``codes`` lies column by
    column. ValueError for a row that has no cell.
    """
    # Here, so that whoever counts nothing does not wait for the compiler to be loaded.
    from frostglass.counting import kernels

    if codes.dtype != np.uint16:
        raise ValueError("codes are uint16")
    if weights is not None and (weights.dtype != np.int64 or weights.shape != codes.shape[:1]):
        raise ValueError("the weights are int64, one a row")
    table = np.zeros(prod(shape), dtype=np.int64)
    if not len(codes):
        return table.reshape(shape)
    by_row = contiguous(_ONE if weights is None else weights)
    columns = [contiguous(codes[:, axis]) for axis in axes]
    if not 1 <= len(axes) == len(shape) <= len(kernels.TALLIES):
        raise ValueError("tables are of one to four columns, with one size each")
    fits = kernels.TALLIES[len(axes) - 1](*columns, *shape[1:], by_row, table)
    if not fits:
        raise ValueError("a row holds a position that its attribute does not have")
    return table.reshape(shape)


def ready(orders: Iterable[int]) -> None:
    """Have what counts tables of so many columns compiled: the first time on a machine that takes seconds, and fails
    where the compiler has no place for its files."""
    for order in orders:
        one = np.zeros((1, order), dtype=np.uint16)
        tally(one, tuple(range(order)), (1,) * order, _ONE)


def tally_held(
    codes: npt.NDArray[np.uint16],
    axes: tuple[int, ...],
    shape: tuple[int, ...],
    weights: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The cells that any row has, as flat positions in ``shape``, ascending, and their counts as ``tally`` has them.

    By sorting the rows: for tables that are too large to be laid out.
    """
    cells, of_row = np.unique(np.ravel_multi_index(tuple(codes[:, axis] for axis in axes), shape), return_inverse=True)
    counts = np.zeros(len(cells), dtype=np.int64)
    np.add.at(counts, of_row, weights)
    return cells.astype(np.int64), counts


def contiguous(values: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """The values side by side and read-only, copied only if need be: kernels are compiled for this form alone."""
    view = np.asfortranarray(values).view()
    view.setflags(write=False)
    return view
