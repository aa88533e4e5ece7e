"""The words: amounts are exact, plans are told apart by everything that shapes them, shares add up to one."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frostglass.errors import UsageError
from frostglass.released.tabulation import least_stated
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.budget import decimal_text, parse_delta, parse_epsilon
from frostglass.terms.domain import Attribute, Domain
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.terms.workload import weight, workload

PLAN = Plan("book", "0" * 64, Fraction(1), PrivacyUnit("person"))


def domain(*sizes: int) -> Domain:
    return Domain(tuple(Attribute(f"v{i}", tuple(str(c) for c in range(size))) for i, size in enumerate(sizes)))


@pytest.mark.parametrize("text", ["0.1", 0.1, "1e-1", Fraction(1, 10)])
def test_an_epsilon_is_what_was_written_not_what_a_float_makes_of_it(text: str | float | Fraction) -> None:
    assert parse_epsilon(text) == Fraction(1, 10)


@given(st.integers(10_000_000, 20_000_000_000))
def test_amounts_survive_being_written_and_read(nano: int) -> None:
    epsilon = Fraction(nano, 10**9)
    assert parse_epsilon(decimal_text(epsilon)) == epsilon


def test_amounts_read_well() -> None:
    assert [decimal_text(Fraction(each)) for each in ("12", "0.5", "5.8e-6", "1e-6", "0.01")] == [
        "12",
        "0.5",
        "5.8e-6",
        "1e-6",
        "0.01",
    ]


@pytest.mark.parametrize("text", ["0", "20.1", "0.009", "nan", "1,5", "", "1.0000000001"])
def test_an_epsilon_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="FG-OP-001"):
        parse_epsilon(text)


@pytest.mark.parametrize("text", ["0", "1", "0.002", "1e-13", "-1e-6", "inf", "1.0000000001e-9"])
def test_a_delta_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="FG-OP-002"):
        parse_delta(text)


def test_every_part_of_a_plan_changes_its_hash() -> None:
    """Whatever shapes the output is in the hash, so that a staged release is never resumed under another plan."""
    others: dict[str, object] = {
        "codebook_id": "other",
        "codebook_sha256": "1" * 64,
        "epsilon": Fraction(2),
        "unit": PrivacyUnit("household"),
        "length": 2,
        "tau": 10,
        "strategy": "another",
        "fit": "long",
        "cells": 1_000,
        "unknown": "missing",
        "structural": False,
        "accept": {"records_off": 0.1},
        "choice": "first",
        "settings": {"rounds": 2},
    }
    assert set(others) == {field.name for field in fields(Plan)}
    hashes = {replace(PLAN, **{name: value}).sha256 for name, value in others.items()}  # type: ignore[arg-type]
    hashes |= {replace(PLAN, unit=PrivacyUnit("person", 2, "key")).sha256, PLAN.sha256}
    assert len(hashes) == len(others) + 2


@pytest.mark.parametrize("columns", [1, 2, 3, 5])
@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_shares_add_up_to_one_over_the_tables_that_exist(columns: int, length: int) -> None:
    each = domain(*[2] * columns)
    wanted = workload(each, length=length)
    assert wanted.orders == tuple(range(1, min(length, columns) + 1))
    assert set(wanted.fixed) == {one for order in wanted.orders for one in each.sets_of_length(order)}
    assert sum(wanted.fixed.values()) == 1
    assert not wanted.candidates


def test_a_tables_share_grows_with_its_cells_in_steps_of_two() -> None:
    """So the noise of large tables is smaller, and few distinct noise parameters occur."""
    wanted = workload(domain(2, 2, 3, 9), length=2)
    pairs = {each: share for each, share in wanted.fixed.items() if len(each) == 2}
    smallest = pairs[AttributeSet.of(["v0", "v1"])]
    assert {share / smallest for share in pairs.values()} == {1, 2}
    assert pairs[AttributeSet.of(["v2", "v3"])] == 2 * smallest
    assert [weight(cells) for cells in (1, 2, 3, 16, 255, 256)] == [1, 1, 2, 8, 32, 64]


def test_where_triples_exceed_the_budget_pairs_are_measured_and_triples_chosen() -> None:
    wide = domain(*[10] * 20)
    pairs = sum(wide.cells_of_length(order) for order in (1, 2))
    wanted = workload(wide, length=3, cells=pairs + 5_000)
    assert wanted.orders == (1, 2)
    assert len(wanted.candidates) == wide.number_of_sets(3)
    assert wanted.chosen_cells + len(wanted.candidates) == 5_000
    assert sum(wanted.fixed.values()) + wanted.ranking_share + wanted.chosen_share == 1


def test_triples_too_large_to_be_chosen_are_no_candidates() -> None:
    mixed = domain(2, 2, 2, 100, 100)
    pairs = sum(mixed.cells_of_length(order) for order in (1, 2))
    wanted = workload(mixed, length=3, cells=pairs + 10_010)
    assert {mixed.cells(each) for each in wanted.candidates} == {27, 909}


def test_single_values_that_exceed_the_budget_are_called_so() -> None:
    with pytest.raises(UsageError, match="the values of these 3 variables have 12 cells"):
        workload(domain(3, 3, 3), length=1, cells=11)


def test_where_no_triple_fits_the_pairs_get_the_whole_budget() -> None:
    wide = domain(*[9] * 4)
    wanted = workload(wide, length=3, cells=sum(wide.cells_of_length(order) for order in (1, 2)) + 999)
    assert not wanted.candidates
    assert wanted.orders == (1, 2)
    assert sum(wanted.fixed.values()) == 1


def test_too_many_triples_to_choose_from_are_refused() -> None:
    with pytest.raises(UsageError, match=r"FG-OP-004 these 110 variables have 215,820 triples"):
        workload(domain(*[1] * 110), length=3, cells=1_000_000)


def test_pairs_that_exceed_the_budget_are_refused_with_the_figures() -> None:
    with pytest.raises(UsageError, match=r"FG-OP-004 the values and pairs of these 60 variables have [0-9,]+ cells"):
        workload(domain(*[10] * 60), length=3, cells=100_000)
    with pytest.raises(UsageError, match="FG-OP-003"):
        workload(domain(2, 2), length=5)


@pytest.mark.parametrize(("sd", "tau"), [(114.0, 27), (60.0, 18), (17.4, 9), (6.9, 6)])
def test_the_least_stated_count_follows_the_error(sd: float, tau: int) -> None:
    """For the errors at epsilon 0.5, 1, 4 and 12 on a table of 16 columns."""
    assert least_stated(sd) == tau
