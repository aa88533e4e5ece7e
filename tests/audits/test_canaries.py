"""The short form of the audit in one run, and what its attack and its bound must and must not say."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from audits.epsilon import canaries as module
from audits.epsilon.answering import Terms, cells_of
from audits.epsilon.bounds import epsilon_from_guesses, guessing_p_value
from audits.epsilon.canaries import Prepared, prepared, stays_below
from audits.figures import SHORT
from frostglass.sensitive.coding.counts import count


@pytest.fixture(scope="module")
def attack() -> Prepared:
    return prepared(Fraction(1), seed=9, canaries=60)


def test_every_figure_of_the_canaries_is_good() -> None:
    """False-alarm rates: 1e-7 for each of two releases to be above its claim; that a fault goes unnoticed in five
    releases has a chance below 1e-9, by how far their guesses lie from what is needed."""
    assert [each.line() for each in module.audit(SHORT) if not each.ok] == []


def test_a_release_with_too_little_noise_is_a_missed_figure() -> None:
    """By the same function that passes the right one; right guesses without end."""
    assert not stays_below(Fraction(1), 3, 9, factor=Fraction(1, 40)).ok


def test_without_noise_the_estimate_tells_every_coin(attack: Prepared) -> None:
    """Exact counts of a table with some of the canaries, and with all."""
    coins = np.random.default_rng(1).random(60) < 0.5
    assert ((attack.estimate(_counts(attack, coins)) > 0) == coins).all()
    assert (attack.estimate(_counts(attack, np.ones(60, dtype=np.bool_))) > 0).all()


def test_the_estimate_is_the_least_squares_of_the_answers_themselves(attack: Prepared) -> None:
    """Against a plain solution over all cells, with one column a canary and the prior as further rows."""
    coins = np.random.default_rng(2).random(60) < 0.5
    noisy = _counts(attack, coins) + np.random.default_rng(3).integers(-20, 21, len(attack.usual))
    design = np.zeros((len(noisy), 60))
    np.add.at(design, (attack.cells.T, np.arange(60)), 1)
    weight = np.sqrt(attack.precisions)
    rows = np.vstack([design * weight[:, None], 2 * np.eye(60)])
    target = np.concatenate([(noisy - attack.usual) * weight, np.ones(60)])
    plain = np.linalg.lstsq(rows, target, rcond=None)[0]
    assert attack.estimate(noisy) == pytest.approx(plain - 0.5, abs=1e-9)


def test_a_cell_of_a_record_is_the_one_that_it_is_counted_in(attack: Prepared) -> None:
    terms: Terms = attack.terms
    nobody, everybody = _counts(attack, np.zeros(60, dtype=np.bool_)), _counts(attack, np.ones(60, dtype=np.bool_))
    moved = np.bincount(cells_of(attack.canaries, terms).ravel(), minlength=len(nobody))
    assert (everybody - nobody == moved).all()
    assert (nobody == attack.usual).all()


def test_the_bound_is_the_binomial_where_delta_is_nought() -> None:
    for right, guesses in ((60, 100), (88, 100), (100, 100)):
        proved = epsilon_from_guesses(right, guesses, 1_000, 0.0, 0.05)
        lowest = stats.beta.ppf(0.05, right, guesses - right + 1)
        assert proved == pytest.approx(np.log(lowest / (1 - lowest)), abs=1e-4)


def test_the_bound_with_delta_is_that_of_the_paper() -> None:
    """Its own loop (Steinke, Nasr & Jagielski 2023, appendix D), step by step."""
    for right, guesses, canaries, epsilon, delta in ((70, 100, 1_000, 0.4, 1e-5), (95, 100, 200, 2.0, 1e-4)):
        chance = 1 / (1 + np.exp(-epsilon))
        worst, fewer = 0.0, 0.0
        for i in range(1, right + 1):
            fewer += float(stats.binom.pmf(right - i, guesses, chance))
            worst = max(worst, fewer / i)
        expected = float(stats.binom.sf(right - 1, guesses, chance)) + worst * delta * 2 * canaries
        assert guessing_p_value(right, guesses, canaries, epsilon, delta) == pytest.approx(expected, rel=1e-12)


def test_randomised_response_is_never_found_above_its_epsilon_more_often_than_stated() -> None:
    """The worst mechanism there is: each coin told rightly with the chance that epsilon allows. Exact, over all
    outcomes of 100 guesses."""
    for epsilon in (0.2, 1.0, 2.0):
        mass = stats.binom.pmf(np.arange(101), 100, 1 / (1 + np.exp(-epsilon)))
        above = sum(m for k, m in enumerate(mass) if epsilon_from_guesses(k, 100, 100, 0.0, 0.05) > epsilon)
        assert 0.01 < above <= 0.05


def _counts(
    attack: Prepared, coins: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    table = attack.joined(coins)
    return np.concatenate([count(table, each).reveal().ravel() for each in attack.terms.tables])
