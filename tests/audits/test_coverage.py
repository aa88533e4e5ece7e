"""The short form of the audit of coverage, and what it must not let pass."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from audits import coverage
from audits.coverage import Found, Seen, Trial, coverage_figure, squares_figure, watch
from audits.coverage_tables import bucket_names, buckets, ground, names
from audits.epsilon.bounds import least_mean
from audits.figures import SHORT, WHOLE, Size
from frostglass.terms.attribute_set import AttributeSet

SMALL = Trial("small", None, 1, "1", 3, lengths=(1, 2, 3, 4), beyond=1, squared=3)


def test_every_figure_of_coverage_is_good() -> None:
    """False-alarm rates: 1e-8 for each of some 40 bars, whatever the law of the shares, and 1e-8 for the squares."""
    assert [each.line() for each in coverage.audit(SHORT) if not each.ok] == []


def test_three_quarters_of_the_noise_that_is_stated_and_five_quarters_are_missed_figures() -> None:
    """Of a table of 17,500 records: 10,000 squares on the mean are 1 within 0.1 at this false-alarm rate."""
    for factor in (Fraction(3, 4), Fraction(5, 4)):
        wrong = Trial("cases", None, 1, "1", 1, lengths=(), squared=1, factor=factor)
        assert not squares_figure(watch(wrong)).ok


def test_a_bar_of_shares_is_missed_as_seldom_as_it_says() -> None:
    """Against the worst law, all or nothing: exact binomial sums are below the bound, and not by being useless."""
    for draws, expected, alpha in ((120, 0.95, 1e-3), (20, 0.9, 0.01)):
        bar = least_mean(expected, draws, alpha)
        missed = float(stats.binom.cdf(np.ceil(bar * draws) - 1, draws, expected))
        assert alpha / 100 < missed <= alpha
    assert least_mean(0.95, 1, 1e-8) == 0


@pytest.mark.parametrize("bad", ["length", "bucket", "variable"])
def test_each_bar_of_the_whole_audit_is_held_by_itself(bad: str) -> None:
    """94% everywhere is good; 87% of a bucket, or 89% of a variable, is not, and neither is 92% of all."""
    good = _seen([[94, 0], [94, 0], [94, 0]])
    wrong = {"length": [[92, 0]] * 3, "bucket": [[100, 87]] * 3, "variable": [[96, 0], [89, 0], [96, 0]]}[bad]
    assert coverage_figure(_found(good), 2, whole_size=True).ok
    assert not coverage_figure(_found(_seen(wrong)), 2, whole_size=True).ok


def test_a_bucket_of_few_combinations_has_no_bar_in_the_whole_audit() -> None:
    few = _seen([[95, 0]] * 3)
    few.cells[0, 1], few.held[0, 1] = 49, 42
    assert coverage_figure(_found(few), 2, whole_size=True).ok
    few.cells[0, 1] += 1
    assert not coverage_figure(_found(few), 2, whole_size=True).ok


def test_sums_over_parts_are_those_of_the_whole() -> None:
    """What was seen of a table does not depend on how the releases are dealt out; unmeasured lengths once alone."""
    found = watch(SMALL)
    assert [seen.releases for seen in found.declared.values()] == [3, 3, 3, 1]
    assert [int(seen.cells.sum()) for seen in found.declared.values()] == [
        seen.releases * ground("small", None, 1).codebook.domain.cells_of_length(length)
        for length, seen in found.declared.items()
    ]
    parts = list(replace(SMALL, releases=60, beyond=30).chunks())
    assert [(each.releases, each.beyond, each.squared) for each in parts] == [(25, 25, 3), (25, 5, 0), (10, 0, 0)]


def test_released_counts_are_those_of_the_table_of_counts() -> None:
    """All values of single variables are released, so there as many intervals are seen as are declared."""
    found = watch(replace(SMALL, releases=1, lengths=(1,), made=1))
    assert found.released[1].cells.sum() == found.declared[1].cells.sum()
    assert found.released[3].cells.sum() < ground("small", None, 1).codebook.domain.cells_of_length(3)
    assert (found.released[1].width >= found.declared[1].width).all()


def test_no_figure_names_a_table() -> None:
    """Only the shape: the real tables are not ours to talk about."""
    figure = coverage_figure(watch(replace(SMALL, releases=1, lengths=(2,))), 2, whole_size=True)
    assert figure.what.endswith("200 records of 4 variables, epsilon 1; 1 release")


def test_without_real_tables_simulated_ones_stand_in(tmp_path: Path) -> None:
    assert names(None) == names(tmp_path) == ("cases", "mixture")
    (tmp_path / "adult.csv").write_text("")
    assert names(tmp_path) == ("cases", "adult")
    assert {each.table for each in coverage.trials(Size(whole=True, folder=tmp_path))} == {"cases", "adult", "wide"}
    assert {each.releases for each in coverage.trials(WHOLE)} == {200, 20, coverage.WIDE_RELEASES}


def test_buckets_are_those_of_the_design() -> None:
    counts = np.array([0, 1, 9, 10, 99, 100, 999, 1000, 50_000])
    assert [bucket_names()[each] for each in buckets(counts)] == [
        *("0", "1–9", "1–9", "10–99", "10–99", "100–999", "100–999", "1000 or more", "1000 or more")
    ]


def _seen(percent: list[list[int]]) -> Seen:
    """One release of three pairs of variables; of each bucket 100 combinations, so many of which are held."""
    sets = tuple(AttributeSet.of(each) for each in ("ab", "cd", "ef"))
    held = np.array([[*line, 0, 0, 0] for line in percent])
    cells = np.where(held > 0, 100, 0)
    return Seen(sets, 1, cells, held, cells * 1.0, cells * 1.0, cells * 1.0, np.zeros_like(cells))


def _found(seen: Seen) -> Found:
    return Found(Trial("small", None, 1, "1", 1), "300 records of 6 variables", {2: seen}, {})
