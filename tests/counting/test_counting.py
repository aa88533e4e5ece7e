"""Tables are counted exactly, however the rows lie in memory, and no row is counted outside of its table."""

from __future__ import annotations

from itertools import combinations
from math import prod

import hypothesis.extra.numpy as nps
import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from frostglass.counting.tally import tally

SIZES = (3, 1, 4, 2, 5)

Codes = npt.NDArray[np.uint16]


def slowly(codes: Codes, axes: tuple[int, ...], weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """One record at a time."""
    table = np.zeros(tuple(SIZES[axis] for axis in axes), dtype=np.int64)
    for row, weight in zip(codes, weights, strict=True):
        table[tuple(row[list(axes)])] += weight
    return table


def rows(number: int, seed: int = 0) -> Codes:
    generator = np.random.default_rng(seed)
    return np.stack([generator.integers(0, size, number) for size in SIZES], axis=1).astype(np.uint16)


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(0, 2**32), st.data())
def test_every_table_of_orders_one_to_four_is_as_counted_one_by_one(
    number: int, seed: int, data: st.DataObject
) -> None:
    codes = rows(number, seed)
    weights = data.draw(nps.arrays(np.int64, number, elements=st.integers(1, 2**40)))
    for order in (1, 2, 3, 4):
        for axes in combinations(range(len(SIZES)), order):
            shape = tuple(SIZES[axis] for axis in axes)
            assert (tally(codes, axes, shape) == slowly(codes, axes, np.ones(number, dtype=np.int64))).all()
            assert (tally(codes, axes, shape, weights) == slowly(codes, axes, weights)).all()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("writeable", [True, False])
def test_neither_layout_nor_custody_of_the_rows_matters(order: str, writeable: bool) -> None:
    codes = np.array(rows(200), order=order)  # type: ignore[call-overload]  # a layout by name
    weights = np.arange(1, 201)
    codes.setflags(write=writeable)
    weights.setflags(write=writeable)
    for axes in ((2,), (0, 2), (0, 2, 4), (0, 2, 3, 4)):
        shape = tuple(SIZES[axis] for axis in axes)
        assert (tally(codes, axes, shape, weights) == slowly(codes, axes, weights)).all()
    every_second = codes[::2]
    assert (tally(every_second, (0, 4), (3, 5)) == slowly(every_second, (0, 4), np.ones(100, dtype=np.int64))).all()


@pytest.mark.parametrize("axes", [(0,), (0, 2), (0, 2, 4), (0, 2, 3, 4)])
def test_a_row_without_a_cell_is_refused_and_nothing_is_written_outside(axes: tuple[int, ...]) -> None:
    shape = tuple(SIZES[axis] for axis in axes)
    codes = rows(5)
    codes[3, axes[0]] = 2**16 - 1
    with pytest.raises(ValueError, match="position"):
        tally(codes, axes, shape)
    assert prod(shape) == tally(codes[:0], axes, shape).size


@pytest.mark.parametrize(
    ("codes", "axes", "shape", "weights"),
    [
        (rows(4).astype(np.int64), (0,), (3,), None),
        (rows(4), (0, 1, 2, 3, 4), SIZES, None),
        (rows(4), (), (), None),
        (rows(4), (0, 2), (3,), None),
        (rows(4), (0,), (3,), np.ones(3, dtype=np.int64)),
        (rows(4), (0,), (3,), np.ones(4)),
    ],
)
def test_what_is_no_question_about_rows_is_refused(
    codes: Codes, axes: tuple[int, ...], shape: tuple[int, ...], weights: npt.NDArray[np.int64] | None
) -> None:
    with pytest.raises(ValueError, match=r"codes|tables|weights"):
        tally(codes, axes, shape, weights)
