"""The short form of the games, and what their bounds must and must not say."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from audits.epsilon import epsilon as module
from audits.epsilon import epsilon_full
from audits.epsilon.answering import DELTA
from audits.epsilon.bounds import (
    at_least,
    at_most,
    best_plain_cut,
    epsilon_from_errors,
    gaussian_delta,
    gaussian_epsilon,
    gaussian_mu,
    mu_from_errors,
    mu_from_guesses,
    power_to_exceed,
)
from audits.epsilon.distinguishing import GAMES, Scores, play
from audits.epsilon.epsilon import prove, stays_below
from audits.figures import SHORT
from frostglass.sensitive.coding.counts import count


def test_every_figure_of_the_games_is_good() -> None:
    """False-alarm rates: 1e-7 for each of the games to be above its claim. That half the noise at epsilon 4 is not
    caught has a chance below 1e-9, and that less than 0.25 of 1 is proved one below 1e-6."""
    figures = [*module.audit(SHORT), *epsilon_full.audit(SHORT)]
    assert [each.line() for each in figures if not each.ok] == []


def test_a_release_with_too_little_noise_is_a_missed_figure() -> None:
    """A tenth of the sigma, by the same function that passes the right one: missed with a chance below 1e-12."""
    figure = stays_below("empty", Fraction(4), 100, 1, factor=Fraction(1, 10))
    assert not figure.ok


def test_a_target_that_is_not_reached_is_a_missed_figure() -> None:
    """Four games prove nothing, whatever comes of them: all right, a coin does as well in more than 5% of cases."""
    assert not stays_below("empty", Fraction(1), 2, 1, reach=1.0).ok


@pytest.mark.parametrize("name", GAMES)
def test_without_noise_the_score_is_nought_or_mu(name: str) -> None:
    """The attack reads the right cells with the right weights: exact counts give the means of both worlds."""
    game = GAMES[name](Fraction(1))
    exact = [
        np.concatenate([count(table, each).reveal().ravel() for each in game.terms.tables])
        for table in (game.without, game.joined)
    ]
    assert game.score(exact[0]) == pytest.approx(0, abs=1e-9)
    assert game.score(exact[1]) == pytest.approx(game.mu, rel=1e-9)


@pytest.mark.parametrize("name", GAMES)
def test_the_person_moves_the_answers_by_all_that_is_claimed(name: str) -> None:
    """No neighbour could be worse: mu of the game is that of the claim, less what is rounded up."""
    claimed = gaussian_mu(1.0, float(DELTA))
    assert claimed * (1 - 1e-5) < GAMES[name](Fraction(1)).mu <= claimed * (1 + 1e-9)


def test_two_processes_play_as_many_games_as_they_are_asked_for() -> None:
    scores = play("empty", Fraction(8), 19, processes=2)
    assert len(scores.without) == len(scores.joined) == 19


def test_clopper_pearson_holds_as_often_as_it_says() -> None:
    """Exactly, over all outcomes of 50 trials: at most 5% of the time beyond, and not by being useless."""
    seen = np.arange(51)
    for chance in (0.02, 0.3, 0.5, 0.97):
        mass = stats.binom.pmf(seen, 50, chance)
        above = sum(m for k, m in zip(seen, mass, strict=True) if at_most(int(k), 50, 0.05) < chance)
        below = sum(m for k, m in zip(seen, mass, strict=True) if at_least(int(k), 50, 0.05) > chance)
        assert above <= 0.05 + 1e-12
        assert below <= 0.05 + 1e-12
    assert at_most(0, 50, 0.05) == pytest.approx(1 - 0.05 ** (1 / 50))
    assert at_most(50, 50, 0.05) == 1
    assert at_least(0, 50, 0.05) == 0


@pytest.mark.parametrize("claim", [0.5, 1.0, 8.0])
def test_bounds_of_a_right_gaussian_exceed_it_at_most_as_often_as_they_say(claim: float) -> None:
    """400 seeded games of two normal distributions: 5% is 20, and 40 has a chance below 1e-4 in any one seed."""
    chance, mu = np.random.default_rng(8), gaussian_mu(claim, float(DELTA))
    proved = [prove(Scores(chance.normal(0, 1, 500), chance.normal(mu, 1, 500)), claim) for _ in range(400)]
    for name in ("stated", "by_both_errors", "without_gaussian"):
        assert sum(getattr(each, name) > claim for each in proved) < 40, name
    assert all(each.gated <= claim for each in proved)
    assert sum(each.stated > claim for each in proved) > 4


def test_the_bound_of_all_guesses_holds_where_the_worlds_differ() -> None:
    """Its worst case: a test whose two error rates differ as much as mu-GDP allows. Exact, by convolution."""
    mu, runs, alpha = 0.5, 40, 0.05
    for cut in (-1.0, 0.25, 2.0):
        right = np.convolve(
            stats.binom.pmf(np.arange(runs + 1), runs, stats.norm.cdf(cut)),
            stats.binom.pmf(np.arange(runs + 1), runs, stats.norm.sf(cut - mu)),
        )
        wrong = sum(mass for k, mass in enumerate(right) if mu_from_guesses(k, 2 * runs, alpha) > mu)
        assert wrong <= alpha


def test_delta_and_epsilon_of_a_gaussian_are_each_others_inverse() -> None:
    for mu in (0.05, 0.2367, 1.5, 6.0):
        assert gaussian_delta(mu, gaussian_epsilon(mu, 1e-6)) == pytest.approx(1e-6, rel=1e-6)
        assert gaussian_mu(gaussian_epsilon(mu, 1e-6), 1e-6) == pytest.approx(mu, rel=1e-9)
    assert gaussian_epsilon(0.0, 1e-6) == 0
    assert gaussian_epsilon(1e-7, 1e-6) == 0


def test_bounds_of_a_test_that_says_nothing_are_nought() -> None:
    assert mu_from_errors(500, 500, 1_000, 0.05) == 0
    assert mu_from_guesses(1_000, 2_000, 0.05) == 0
    assert epsilon_from_errors(500, 500, 1_000, 1e-6, 0.05) == 0


def test_the_stated_power_is_that_of_the_bound() -> None:
    """Against a count of all outcomes of 2 x 60 guesses."""
    claimed, true, guesses, alpha = 0.3, 1.5, 120, 1e-4
    mass = stats.binom.pmf(np.arange(guesses + 1), guesses, stats.norm.cdf(true / 2))
    counted = sum(m for k, m in enumerate(mass) if mu_from_guesses(k, guesses, alpha) > claimed)
    assert power_to_exceed(claimed, true, guesses, alpha) == pytest.approx(counted, rel=1e-9)


def test_the_plain_cut_beats_the_middle() -> None:
    """It is chosen from the claim alone; without the Gaussian form, rare and telling scores say more."""
    mu = gaussian_mu(4.0, 1e-6)
    cut = best_plain_cut(mu, 5_000, 1e-6, 0.05)
    expected = [
        epsilon_from_errors(round(5_000 * stats.norm.sf(at)), round(5_000 * stats.norm.cdf(at - mu)), 5_000, 1e-6, 0.05)
        for at in (mu / 2, cut)
    ]
    assert cut > mu / 2
    assert expected[1] > expected[0] + 0.3
