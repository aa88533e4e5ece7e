"""What a review measures is what the benchmarks measure, and what can be counted by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import isnan
from statistics import fmean

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks import measures
from frostglass.errors import UsageError
from frostglass.released.intervals import Intervals
from frostglass.released.least_squares import estimate
from frostglass.released.synthetic import SyntheticRecords, breaking
from frostglass.released.tabulation import tabulate
from frostglass.review.acceptance import figure, verdicts
from frostglass.review.anonymity import SIZES, counterfactual
from frostglass.review.comparison import Released, compare, lengths
from frostglass.review.fidelity import BUCKETS, Fidelity, fidelity
from frostglass.review.ranking import ranking, same_order
from frostglass.review.record_checks import check_records
from frostglass.review.sds import sds
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.acceptance import criterion
from frostglass.terms.domain import Attribute, Domain
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from tests.bundle.support import measure, random_codes, receipts_for, weather

TAU, LENGTH = 4, 3
SIZES_OF = weather().domain.sizes


@cache
def truth() -> npt.NDArray[np.uint16]:
    return random_codes(weather(), 500, seed=1)


@cache
def codes() -> npt.NDArray[np.uint16]:
    return random_codes(weather(), 480, seed=2)


@cache
def released() -> Released:
    """Records that are near the truth, and the estimate of noisy measurements of the truth."""
    book = weather()
    plan = Plan(book.id, book.sha256, Fraction(4), PrivacyUnit(book.unit, 1, None), length=LENGTH)
    answers = measure(book, truth(), receipts_for(book, plan))
    return Released(SyntheticRecords(book.domain, codes(), ()), LENGTH, TAU, Intervals(estimate(book.domain, answers)))


@cache
def table() -> CodedTable:
    return CodedTable.of(weather().domain, truth())


@cache
def found() -> Fidelity:
    return fidelity(table(), released(), ("sky", "heat"))


def stated(order: int) -> measures.Tables:
    """What a reader of the counts sees: 0 for what is withheld."""
    tables = measures.tables(codes(), SIZES_OF, order)
    return {key: one if order == 1 else np.where(one >= TAU, one, 0) for key, one in tables.items()}


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_the_figures_of_a_length_are_those_of_the_benchmarks(order: int) -> None:
    at = found().lengths[order - 1]
    true, records = (measures.tables(one, SIZES_OF, order) for one in (truth(), codes()))
    distances = measures.total_variations(true, records)
    assert at.total_variation == pytest.approx(distances.mean())
    assert at.worst_total_variation == pytest.approx(distances.max())
    assert at.relative_records == pytest.approx(measures.weighted_relative_error(true, records))
    assert at.record_fabricated / at.record_combinations == pytest.approx(measures.fabricated(true, records))
    if order > LENGTH:
        assert not at.counted
        assert isnan(at.relative_counts)
        return
    shown = stated(order)
    assert at.relative_counts == pytest.approx(measures.weighted_relative_error(true, shown))
    assert at.fabricated / at.stated == pytest.approx(measures.fabricated(true, shown))
    assert at.lost / at.frequent == pytest.approx(measures.lost(true, shown))


def test_errors_are_those_of_the_stated_counts_alone() -> None:
    at = found().lengths[2]
    true, shown = measures.tables(truth(), SIZES_OF, 3), stated(3)
    errors = np.concatenate([np.abs(true[key] - shown[key])[shown[key] > 0] for key in true])
    assert at.errors.number == len(errors)
    assert at.errors.mean == pytest.approx(errors.mean())
    assert at.errors.percentile_95 == pytest.approx(np.percentile(errors, 95))
    assert at.errors.largest == errors.max()
    assert sum(each.stated for each in at.buckets) == len(errors)


def test_buckets_are_by_the_true_count() -> None:
    at = found().lengths[1]
    true = np.concatenate([one.ravel() for one in measures.tables(truth(), SIZES_OF, 2).values()])
    for bucket, least, below in zip(at.buckets, BUCKETS, (*BUCKETS[1:], 10**9), strict=True):
        assert bucket.combinations == ((true >= least) & (true < below)).sum()


def test_intervals_are_the_published_ones_where_a_count_is_stated() -> None:
    """And everywhere else the closed form, as a reader who asks for a combination that is withheld gets it."""
    estimated = released().intervals.estimate
    for block in tabulate(released().records, estimated, length=LENGTH, tau=TAU).blocks:
        one = compare(table(), released(), block.attributes)
        at = tuple(block.positions.T)
        np.testing.assert_array_equal(one.ends[0][at], block.low)
        np.testing.assert_array_equal(one.ends[1][at], block.high)
        np.testing.assert_array_equal(one.stated[at], block.released)


def test_coverage_counts_the_intervals_that_hold() -> None:
    at = found().lengths[2]
    tables = [compare(table(), released(), each) for each in weather().domain.sets_of_length(3)]
    held = sum(int(((one.ends[0] <= one.true) & (one.true <= one.ends[1])).sum()) for one in tables)
    assert at.held == held == sum(each.held for each in at.buckets)
    assert at.intervals == sum(one.true.size for one in tables)
    assert 0.85 < held / at.intervals < 1
    assert at.width == pytest.approx(fmean(float(x) for one in tables for x in (one.ends[1] - one.ends[0]).ravel()))


def test_a_group_is_judged_by_the_combinations_that_name_it() -> None:
    """Counted anew among the people of the group: pairs and triples with it are its singles and pairs."""
    group = next(each for each in found().groups if (each.variable, each.value) == ("heat", "02"))
    ours, theirs = (one[one[:, 3] == 2][:, :3] for one in (truth(), codes()))
    assert (group.people, group.shown) == (len(ours), len(theirs))
    pairs = [
        (measures.tables(ours, SIZES_OF[:3], order), measures.tables(theirs, SIZES_OF[:3], order)) for order in (1, 2)
    ]
    difference = sum(
        float(np.abs(one[key] - np.where(other[key] >= TAU, other[key], 0))[(slice(1, None),) * one[key].ndim].sum())
        for one, other in pairs
        for key in one
    )
    total = sum(float(one[key][(slice(1, None),) * one[key].ndim].sum()) for one, _ in pairs for key in one)
    assert group.relative_counts == pytest.approx(difference / total)
    assert group.frequent == sum(int((one[key] >= 10).sum()) for one, _ in pairs for key in one)
    assert group.fabricated == sum(
        int(((other[key] >= TAU) & (one[key] == 0)).sum()) for one, other in pairs for key in one
    )


def test_every_value_of_a_group_is_there_and_missing_too() -> None:
    assert [each.value for each in found().groups if each.variable == "heat"] == ["01", "02", "10+", "(missing)"]


def test_the_largest_examples_are_the_largest() -> None:
    tables = [compare(table(), released(), each) for each in weather().domain.sets_of_length(3)]
    largest = max(int(np.abs(one.true - one.records)[one.stated].max(initial=0)) for one in tables)
    first = found().examples["error", 3][0]
    assert abs(first.true - first.records) == largest
    assert first.stated
    hidden = max(int(one.true[~one.stated].max(initial=0)) for one in tables)
    assert found().examples["suppressed", 3][0].true == hidden
    assert all(each.true == 0 and each.records >= TAU for each in found().examples["fabricated", 3])
    sizes = [abs(each.true - each.records) for each in found().examples["error", 3]]
    assert sizes == sorted(sizes, reverse=True)


def test_a_release_of_single_variables_has_no_groups_and_no_longer_counts() -> None:
    short = fidelity(table(), replace(released(), length=1), ("sky",))
    assert short.groups == ()
    assert [each.counted for each in short.lengths] == [True, False, False, False]


def test_nobody_and_nothing_can_be_compared() -> None:
    nobody = CodedTable.of(weather().domain, truth()[:0])
    empty = replace(released(), records=SyntheticRecords(weather().domain, codes()[:0], ()))
    bare = fidelity(nobody, empty, ("sky",))
    assert isnan(bare.lengths[1].relative_counts)
    assert bare.lengths[1].total_variation == 0
    checks = check_records(nobody, empty.records, weather().clauses)
    assert (checks.people, checks.records, checks.alone) == (0, 0, 0)
    assert isnan(ranking(nobody, empty).agreement)
    assert isnan(counterfactual(nobody, ())[0].share)
    assert isnan(sds(nobody, empty).lengths[0].mean_error)


def test_lengths_whose_tables_are_too_large_are_left_out() -> None:
    codes = tuple(str(each) for each in range(400))
    assert lengths(Domain(tuple(Attribute(f"a{each}", codes) for each in range(4)))) == (1, 2)


def test_the_records_are_checked_one_by_one() -> None:
    domain = Domain((Attribute("a", ("x", "y")), Attribute("b", ("x", "y"))))
    people = CodedTable.of(domain, np.array([[1, 1], [1, 1], [2, 1], [2, 2], [0, 1]], dtype=np.uint16))
    shown = SyntheticRecords(domain, np.array([[1, 1], [2, 2], [2, 2], [1, 2]], dtype=np.uint16), ())
    checks = check_records(people, shown, ())
    assert (checks.people, checks.records) == (5, 4)
    assert (checks.unique, checks.matched) == (3, 1)  # [2, 1], [2, 2] and [0, 1]; the release has [2, 2]
    assert checks.real == 3  # [1, 1], and [2, 2] twice
    assert checks.synthetic_unique == 2
    chances = [0.5 * 0.25, 0.5 * 0.75, 0.0]  # shares of the records' own columns
    assert checks.alone == pytest.approx(sum(1 - (1 - each) ** 4 for each in chances))


def test_broken_records_are_found_by_the_rule_that_they_break() -> None:
    book = weather()
    kept = random_codes(book, 50)
    assert breaking(SyntheticRecords(book.domain, kept, ()), book.clauses) == 0
    wrong = kept.copy()
    wrong[3] = [1, 1, 0, 0]  # a clear sky with rain
    assert breaking(SyntheticRecords(book.domain, wrong, ()), book.clauses) == 1


@pytest.mark.parametrize(
    ("true", "seen", "agreement"),
    [
        ([9, 5, 1], [90, 50, 10], 1.0),
        ([9, 5, 1], [1, 5, 9], 0.0),
        ([9, 5, 1], [5, 5, 1], 5 / 6),
        ([9, 9, 1], [3, 4, 1], 1.0),
    ],
)
def test_agreement_is_the_share_of_pairs_in_the_true_order(true: list[int], seen: list[int], agreement: float) -> None:
    assert same_order(np.array(true), np.array(seen)) == pytest.approx(agreement)


def test_records_that_are_the_truth_rank_everything_as_it_is() -> None:
    exact = replace(released(), records=SyntheticRecords(weather().domain, truth(), ()), tau=1)
    assert ranking(table(), exact).agreement == 1
    assert ranking(table(), exact).shared == 1
    assert ranking(table(), released()).agreement < 1


def test_k_anonymity_suppresses_those_with_too_few_like_them() -> None:
    everything = [each for each in counterfactual(table(), (0, 1)) if each.variables == 4]
    some = [each for each in counterfactual(table(), (0, 1)) if each.variables == 2]
    for columns, results in (((0, 1, 2, 3), everything), ((0, 1), some)):
        _, alike = np.unique(truth()[:, list(columns)], axis=0, return_counts=True)
        assert [each.size for each in results] == list(SIZES)
        assert [each.suppressed for each in results] == [int(alike[alike < size].sum()) for size in SIZES]


def test_the_summary_of_synthetic_data_showcase_by_hand() -> None:
    """Three people of 12 and 3 records; an empty cell is no attribute."""
    domain = Domain((Attribute("a", ("x", "y", "z")),))
    people = CodedTable.of(domain, np.array([[1]] * 12 + [[2]] * 3 + [[0]] * 5, dtype=np.uint16))
    shown = SyntheticRecords(domain, np.array([[1]] * 9 + [[3]] * 2 + [[0]], dtype=np.uint16), ())
    line = sds(people, replace(released(), records=shown, length=1)).lengths[0]
    assert (line.sensitive, line.synthetic) == (2, 2)
    assert line.rare == 1 / 2  # y
    assert line.mean_count == 7.5
    assert line.mean_error == 3  # of x alone, since only x is on both sides
    assert line.preservation == (9 / 12 + 0) / 2  # x, and z, which is in the records
    assert (line.missed, line.fabricated) == (1 / 2, 1 / 2)
    assert line.leaked == 0
    assert line.mean_error_all == (3 + 3 + 2) / 3
    assert line.kept == 9 / 15
    assert (line.missed_frequent, line.fabricated_shown) == (0, 1 / 2)


def test_a_threshold_passes_at_its_own_value_and_fails_beyond() -> None:
    checks = check_records(table(), released().records, weather().clauses)
    for name in ("relative_error_length_2", "lost_length_3", "largest_error_length_1", "records_off", "unique_matched"):
        value = figure(name, found(), checks)
        assert verdicts({name: value}, found(), checks)[0].passed
        assert not verdicts({name: value - 1e-9}, found(), checks)[0].passed
    value = figure("coverage_length_3", found(), checks)
    assert verdicts({"coverage_length_3": value}, found(), checks)[0].passed
    assert not verdicts({"coverage_length_3": value + 1e-9}, found(), checks)[0].passed


def test_a_threshold_that_cannot_be_answered_is_not_passed() -> None:
    checks = check_records(table(), released().records, ())
    (answer,) = verdicts({"lost_length_4": 1.0}, found(), checks)
    assert isnan(answer.found)
    assert not answer.passed


def test_a_threshold_that_no_review_answers_is_refused() -> None:
    with pytest.raises(UsageError, match="FG-OP-012"):
        criterion("relative_error_length_5")
    with pytest.raises(UsageError, match="FG-OP-012"):
        criterion("beauty")
