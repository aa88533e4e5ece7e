"""The short form of the audit of the samplers, and what its tests must and must not refuse."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audits.figures import SHORT
from audits.noise import samplers
from audits.noise.float_noise import only_without, telling_chance, telling_values
from audits.noise.goodness import (
    Draw,
    Ints,
    Law,
    discrete_gaussian,
    draws,
    p_values,
    refusals,
    rounded_normal,
    tail_edge,
)
from frostglass.boundary.noise.rounded_gaussian import cumulative_table


def test_every_figure_of_the_samplers_is_good() -> None:
    """False-alarm rate: at most 42 tests at 1e-9, and broken samplers that 200,000 draws refuse by a wide margin."""
    assert [each.line() for each in samplers.audit(SHORT) if not each.ok] == []


def test_a_broken_sampler_that_nothing_refuses_is_a_missed_figure() -> None:
    """As would be a test without teeth: draws that are right are not refused, so this control misses."""
    chance = np.random.default_rng(3)
    figure = samplers.is_refused("nothing is", lambda sigma, size: normal(chance, sigma, size), (Fraction(7),), 60_000)
    assert not figure.ok
    assert figure.reached == "0 of 1"


def test_draws_of_another_law_are_a_missed_figure() -> None:
    chance = np.random.default_rng(4)
    seen = draws(lambda sigma, size: normal(chance, sigma, size), Fraction(7), 60_000, rounded_normal(7))
    assert samplers.fits("normal", {Fraction(7): seen}, rounded_normal).ok
    assert not samplers.fits("normal", {Fraction(7): seen}, lambda _: rounded_normal(7.4)).ok


def test_a_table_of_another_sigma_is_a_missed_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a thousand millionth."""
    monkeypatch.setattr(samplers, "cumulative_table", lambda sigma: cumulative_table(sigma * (1 + Fraction(1, 10**9))))
    assert not samplers.agrees((Fraction(3),)).ok


def test_a_draw_that_only_one_of_two_counts_can_give_is_a_missed_figure() -> None:
    law, last = rounded_normal(10), -cumulative_table(Fraction(10)).least
    right = draws(giving(np.arange(-5, 6)), Fraction(10), 11, law)
    telling = draws(giving(np.array([0, last])), Fraction(10), 2, law)
    assert samplers.nothing_tells({Fraction(10): right}).ok
    assert not samplers.nothing_tells({Fraction(10): telling}).ok


def test_children_that_draw_the_same_are_a_missed_figure() -> None:
    assert not samplers.forks_differ("a seeded generator").ok


@pytest.mark.parametrize("law", [rounded_normal(0.5), rounded_normal(3), discrete_gaussian(3), discrete_gaussian(103)])
def test_p_values_of_right_draws_are_spread_evenly(law: Law) -> None:
    """Over 200 samples from the law itself, seeded: a quarter of each test's p-values is below a quarter, about."""
    chance = np.random.default_rng(5)
    reach = len(law.side) - 1
    found: dict[str, list[float]] = {}
    for _ in range(200):
        values = chance.choice(np.arange(-reach, reach + 1), size=20_000, p=law.masses / law.masses.sum())
        for name, p in p_values(draws(giving(values), Fraction(1), 20_000, law), law).items():
            found.setdefault(name, []).append(p)
    for name in ("chi-squared", "tails", "sign", "symmetry"):
        assert 0.12 < np.mean(np.array(found[name]) < 0.25) < 0.38, name


def test_draws_beyond_all_reach_and_draws_that_are_not_whole_are_noticed() -> None:
    law = rounded_normal(1)
    stray = draws(giving(np.full(100, 1000)), Fraction(1), 100, law)
    assert refusals(stray, law)["reach"] == 0
    assert draws(giving(np.zeros(100, dtype=np.int64)), Fraction(1), 100, law).whole
    assert not draws(giving(np.zeros(100, dtype=np.int32)), Fraction(1), 100, law).whole


def test_masses_add_up_and_the_tail_begins_where_it_says() -> None:
    for law in (rounded_normal(3), discrete_gaussian(3)):
        assert law.masses.sum() == pytest.approx(1, abs=1e-12)
        edge = tail_edge(law, 60_000)
        assert 60_000 * law.masses[np.abs(np.arange(len(law.masses)) - len(law.side) + 1) > edge].sum() >= 30
        assert 60_000 * law.beyond[edge + 1] < 30


def test_no_float_that_a_count_of_one_gives_has_bits_below_two_to_the_minus_53() -> None:
    """Which is why one such output decides; a count of nought gives them by the thousand."""
    noise = np.random.default_rng(6).normal(0, 4, 100_000)
    assert not only_without(1.0 + noise).any()
    assert only_without(noise).sum() > 1000


def test_values_that_tell_lie_in_the_far_tails_alone() -> None:
    for sigma in (Fraction(1), Fraction(41)):
        tells, table = telling_values(sigma), cumulative_table(sigma)
        values = np.flatnonzero(tells) + table.least
        assert np.abs(values).min() > 12 * sigma
        assert tells[0]
        assert tells[-1]
        assert 0 < telling_chance(sigma) < 2**28


def giving(values: npt.NDArray[np.signedinteger[Any]]) -> Draw:
    """A sampler that gives these very values."""
    return lambda _sigma, _size: values


def normal(chance: np.random.Generator, sigma: Fraction, size: int) -> Ints:
    """Rounded normal draws that are seeded: stand-ins for a right sampler."""
    return np.rint(chance.normal(0, float(sigma), size)).astype(np.int64)
