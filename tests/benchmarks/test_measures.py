"""The benchmark's measures agree with their definitions, spelled out cell by cell on tiny tables."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations, product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import benchmarks
from benchmarks.frames import counted, released_intervals
from benchmarks.measures import (
    Codes,
    Tables,
    coverage,
    fabricated,
    independent_tables,
    lost,
    recorded,
    tables,
    total_variations,
    weighted_relative_error,
)
from frostglass import codebooks
from frostglass.terms.domain import Attribute, Domain

SIZES = (3, 2, 4, 3)


def drawn(seed: int, records: int, sizes: tuple[int, ...] = SIZES) -> Codes:
    generator = np.random.default_rng(seed)
    columns = [generator.binomial(size - 1, 0.4, records) for size in sizes]
    return np.array(columns, dtype=np.uint16).T


class Plain:
    """The definitions as nested loops over every cell of every table."""

    def __init__(self, truth: Codes, other: Codes, order: int) -> None:
        self.records = len(truth)
        self.cells = []
        for columns in combinations(range(len(SIZES)), order):
            true = Counter(tuple(int(row[column]) for column in columns) for row in truth)
            mine = Counter(tuple(int(row[column]) for column in columns) for row in other)
            cells = product(*(range(SIZES[column]) for column in columns))
            self.cells.append([(cell, true[cell], mine[cell]) for cell in cells])

    def total_variations(self) -> list[float]:
        return [sum(abs(t - m) for _, t, m in table) / 2 / self.records for table in self.cells]

    def weighted_relative_error(self) -> float:
        recorded = [(t, m) for table in self.cells for cell, t, m in table if all(cell)]
        return sum(abs(t - m) for t, m in recorded) / sum(t for t, _ in recorded)

    def fabricated(self) -> float:
        shown = [t for table in self.cells for _, t, m in table if m > 0]
        return sum(t == 0 for t in shown) / len(shown)

    def lost(self) -> float:
        frequent = [m for table in self.cells for _, t, m in table if t >= 10]
        return sum(m == 0 for m in frequent) / len(frequent)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_measures_agree_with_brute_force(order: int, seed: int) -> None:
    truth, other = drawn(seed, 90), drawn(seed + 100, 14)
    plain = Plain(truth, other, order)
    exact, mine = tables(truth, SIZES, order), tables(other, SIZES, order)
    assert total_variations(exact, mine) == pytest.approx(plain.total_variations())
    assert weighted_relative_error(exact, mine) == pytest.approx(plain.weighted_relative_error())
    assert fabricated(exact, mine) == pytest.approx(plain.fabricated())
    assert lost(exact, mine) == pytest.approx(plain.lost())


def test_brute_force_meets_fabricated_and_lost_combinations() -> None:
    """So that the comparison above is not one of zeros."""
    plain = [Plain(drawn(seed, 90), drawn(seed + 100, 14), 3) for seed in range(5)]
    assert any(each.fabricated() > 0 for each in plain)
    assert any(each.lost() > 0 for each in plain)


def test_the_truth_has_no_error() -> None:
    exact = tables(drawn(1, 200), SIZES, 2)
    assert total_variations(exact, exact).max() == 0
    assert weighted_relative_error(exact, exact) == 0
    assert fabricated(exact, exact) == 0
    assert lost(exact, exact) == 0


def test_an_empty_release_loses_everything() -> None:
    exact = tables(drawn(1, 200), SIZES, 2)
    nothing = tables(np.empty((0, 4), dtype=np.uint16), SIZES, 2)
    assert total_variations(exact, nothing) == pytest.approx(0.5)
    assert weighted_relative_error(exact, nothing) == 1
    assert lost(exact, nothing) == 1
    assert math.isnan(fabricated(exact, nothing))


def test_independent_columns_by_hand() -> None:
    """Ten records of two flags that always agree, four of them missing.

    Independent, the table of the two would be 1.6, 2.4, 2.4, 3.6 in place of 4, 0, 0, 6: four differences of 2.4, so
    9.6 / 20 in total variation, and 2.4 / 6 over the one cell where both are recorded.
    """
    codes = np.array([[0, 0]] * 4 + [[1, 1]] * 6, dtype=np.uint16)
    exact, independent = tables(codes, (2, 2), 2), independent_tables(codes, (2, 2), 2)
    assert independent[0, 1] == pytest.approx(np.array([[1.6, 2.4], [2.4, 3.6]]))
    assert total_variations(exact, independent) == pytest.approx([0.48])
    assert weighted_relative_error(exact, independent) == pytest.approx(0.4)
    assert fabricated(exact, independent) == pytest.approx(0.5)
    assert math.isnan(lost(exact, independent))


def test_independent_columns_are_exact_alone() -> None:
    codes = drawn(4, 300)
    alone = total_variations(tables(codes, SIZES, 1), independent_tables(codes, SIZES, 1))
    assert alone == pytest.approx(0)


def test_missing_values_count_in_total_variation_and_not_in_relative_error() -> None:
    truth = np.array([[1], [1], [0], [0]], dtype=np.uint16)
    other = np.array([[1], [1]], dtype=np.uint16)
    exact, mine = tables(truth, (2,), 1), tables(other, (2,), 1)
    assert total_variations(exact, mine) == pytest.approx([0.25])
    assert weighted_relative_error(exact, mine) == 0


def test_recorded_leaves_out_every_cell_with_a_missing_value() -> None:
    table = np.arange(12, dtype=np.int64).reshape(3, 4)
    assert recorded({(0, 1): table})[0, 1].tolist() == [[5, 6, 7], [9, 10, 11]]


def test_coverage_counts_by_true_count() -> None:
    true = np.array([0, 0, 1, 9, 10, 5000])
    low = np.array([0, 1, 0, 0, 10, 5001])
    high = np.array([0, 2, 1, 8, 10, 5002])
    assert coverage(true, low, high) == {0: (2, 1), 1: (2, 1), 10: (1, 1), 100: (0, 0), 1000: (1, 0)}


def tiny_counts() -> pl.DataFrame:
    """Counts of two variables as a release has them, the second of two lengths with a withheld row."""
    rows = [
        (1, "b", "(missing)", 4, 3, 5, "released"),
        (1, "b", "x", 0, 0, 2, "released"),
        (1, "a", "1", 7, 6, 9, "released"),
        (2, "b|a", "x|1", 3, 1, 4, "released"),
        (2, "b|a", "(missing)|1", None, 0, 6, "withheld"),
    ]
    names = ["length", "variables", "values", "count", "low", "high", "status"]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_released_counts_become_tables_and_withheld_ones_nothing() -> None:
    domain = Domain((Attribute("b", ("x",)), Attribute("a", ("0", "1"))))
    alone = counted(tiny_counts(), domain, 1)
    assert alone[0,].tolist() == [4, 0]
    assert alone[1,].tolist() == [0, 0, 7]
    assert counted(tiny_counts(), domain, 2)[0, 1].tolist() == [[0, 0, 0], [0, 0, 3]]


def test_intervals_of_released_counts_stand_beside_their_true_counts() -> None:
    domain = Domain((Attribute("b", ("x",)), Attribute("a", ("0", "1"))))
    truth: Tables = {(0, 1): np.array([[0, 1, 2], [3, 4, 5]], dtype=np.int64)}
    true, low, high = released_intervals(tiny_counts(), domain, truth, 2)
    assert (true.tolist(), low.tolist(), high.tolist()) == ([5], [1], [4])
    assert released_intervals(tiny_counts().clear(), domain, truth, 2)[0].size == 0


def test_the_second_codebook_declares_wide_columns_in_sixteen_bins() -> None:
    codebook = codebooks.load(Path(benchmarks.__file__).parent / "adult.toml")
    assert len(codebook.variables) == 14
    binned = [variable for variable in codebook.variables if variable.type == "integer"]
    assert [len(variable.codes) for variable in binned] == [16] * 5
    assert codebook.match_value("age", "84").position == 16
    assert codebook.match_value("age", "85").kind == "unknown"
