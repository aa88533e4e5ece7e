"""Like rows are added up exactly, in a form that depends on the records alone."""

from __future__ import annotations

from collections import Counter

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from frostglass.counting.weighted_rows import RowCounter, WeightedRows, merge_rows, reduce_rows

Codes = npt.NDArray[np.uint16]

DOMAINS = {
    "one word": (2, 3, 5),
    "just one word": (2**16, 2**16, 2**16, 2**16),
    "beyond 2**63": (2,) * 60 + (9,),
    "beyond 2**64": (2,) * 64 + (3,),
    "two words": (200,) * 16,
    "beyond two words": (200,) * 100,
    "a column of one value": (1, 1, 4),
    "one column": (7,),
}

sizes_of_a_domain = st.sampled_from(sorted(DOMAINS)).map(DOMAINS.__getitem__)


def drawn(sizes: tuple[int, ...], number: int, seed: int) -> Codes:
    """Records that repeat, and that hold the greatest positions too."""
    generator = np.random.default_rng(seed)
    highest = np.array(sizes) - 1
    few = [generator.integers(0, sizes) for _ in range(3)]
    pool = np.stack([np.zeros_like(highest), highest, highest // 2, *few]).astype(np.uint16)
    codes = pool[generator.integers(0, len(pool), number)]
    for row in codes[: number // 3]:
        place = generator.integers(0, len(sizes))
        row[place] = generator.integers(0, sizes[place])
    return codes


def as_counter(rows: WeightedRows) -> dict[tuple[int, ...], int]:
    return {tuple(row): int(weight) for row, weight in zip(rows.codes.tolist(), rows.weights, strict=True)}


def slowly(codes: Codes) -> dict[tuple[int, ...], int]:
    """Weighted rows by a dictionary; sorted as Python sorts tuples."""
    return dict(sorted(Counter(map(tuple, codes.tolist())).items()))


def same(one: WeightedRows, other: WeightedRows) -> bool:
    return np.array_equal(one.codes, other.codes) and np.array_equal(one.weights, other.weights)


@settings(deadline=None, max_examples=200)
@given(sizes_of_a_domain, st.integers(0, 50), st.integers(0, 2**32))
def test_rows_are_those_of_a_dictionary_in_ascending_order(sizes: tuple[int, ...], number: int, seed: int) -> None:
    codes = drawn(sizes, number, seed)
    rows = reduce_rows(codes, sizes)
    assert list(as_counter(rows).items()) == list(slowly(codes).items())
    assert rows.records == number
    assert len(rows) == len(slowly(codes))


@settings(deadline=None)
@given(sizes_of_a_domain, st.integers(0, 40), st.integers(0, 2**32), st.data())
def test_neither_order_nor_parts_nor_layout_change_the_rows(
    sizes: tuple[int, ...], number: int, seed: int, data: st.DataObject
) -> None:
    codes = drawn(sizes, number, seed)
    rows = reduce_rows(codes, sizes)
    order = np.array(data.draw(st.permutations(range(number))), dtype=np.intp)
    cuts = sorted(data.draw(st.lists(st.integers(0, number), max_size=3)))
    parts = [reduce_rows(part, sizes) for part in np.split(codes[order], cuts)]
    assert same(merge_rows(parts, sizes), rows)
    assert same(reduce_rows(np.asfortranarray(codes[order]), sizes), rows)


@settings(deadline=None)
@given(sizes_of_a_domain, st.integers(0, 20), st.integers(0, 2**32))
def test_one_record_more_raises_one_weight_by_one_and_no_other(sizes: tuple[int, ...], number: int, seed: int) -> None:
    codes = drawn(sizes, number + 1, seed)
    less, more = as_counter(reduce_rows(codes[:-1], sizes)), as_counter(reduce_rows(codes, sizes))
    moved = {row: more.get(row, 0) - less.get(row, 0) for row in {*less, *more}}
    assert {row: step for row, step in moved.items() if step} == {tuple(codes[-1].tolist()): 1}


def test_many_different_rows_are_kept_apart() -> None:
    """More than the counter has room for at first, several times over; in one word and in two."""
    numbers = np.arange(100_000)
    codes = np.stack([numbers % 317, numbers // 317], axis=1).astype(np.uint16)
    for more in ((), (2**16,) * 4):
        wide = np.concatenate([codes, np.zeros((len(codes), len(more)), dtype=np.uint16)], axis=1)
        rows = reduce_rows(np.concatenate([wide, wide[::2]]), (317, 317, *more))
        assert len(rows) == 100_000
        assert rows.records == 150_000
        assert rows.weights.tolist() == [2 - (row[1] * 317 + row[0]) % 2 for row in rows.codes.tolist()]


def test_lines_that_stand_for_several_records_count_so_often() -> None:
    counter = RowCounter((3, 3))
    counter.add(np.array([[1, 2], [0, 0], [1, 2]], dtype=np.uint16), np.array([5, 1, 2**40]))
    assert counter.number == 2
    assert as_counter(counter.rows()) == {(0, 0): 1, (1, 2): 2**40 + 5}
    assert counter.number == 0


def test_a_counter_refuses_what_its_columns_do_not_have() -> None:
    counter = RowCounter((2, 3))
    for codes in ([[2, 0]], [[0, 3]]):
        with pytest.raises(ValueError, match="position"):
            counter.add(np.array(codes, dtype=np.uint16))
    with pytest.raises(ValueError, match="uint16"):
        counter.add(np.array([[0, 0]]))
    with pytest.raises(ValueError, match="one code a column"):
        counter.add(np.zeros((1, 3), dtype=np.uint16))
    for weights in (np.array([0]), np.array([-1])):
        with pytest.raises(ValueError, match="one record or more"):
            counter.add(np.zeros((1, 2), dtype=np.uint16), weights)
    with pytest.raises(ValueError, match="int64"):
        counter.add(np.zeros((1, 2), dtype=np.uint16), np.array([1, 1]))
    for sizes in ((0,), (2**16 + 1,)):
        with pytest.raises(ValueError, match="from one to"):
            RowCounter(sizes)


@pytest.mark.parametrize(
    ("codes", "weights", "rule"),
    [
        ([[0, 1], [0, 0]], [1, 1], "ascend"),
        ([[0, 1], [0, 1]], [1, 1], "ascend"),
        ([[0, 1]], [0], "one record or more"),
        ([[0, 1]], [1, 1], "int64, one a row"),
    ],
)
def test_weighted_rows_check_themselves(codes: list[list[int]], weights: list[int], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        WeightedRows(np.array(codes, dtype=np.uint16), np.array(weights))


def test_weighted_rows_are_frozen_and_print_nothing_of_their_content() -> None:
    rows = reduce_rows(np.array([[1], [1]], dtype=np.uint16), (2,))
    for array in (rows.codes, rows.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert repr(rows) == "<weighted rows: withheld>"
