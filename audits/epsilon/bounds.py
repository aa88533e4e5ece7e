"""Lower bounds on epsilon from what an attack got right, each with its chance of being wrong."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy import optimize, special, stats


def at_most(seen: int, of: int, alpha: float) -> float:
    """Clopper-Pearson: the chance of an event that came ``seen`` times, too low with a chance of ``alpha``."""
    return float(stats.beta.ppf(1 - alpha, seen + 1, of - seen)) if seen < of else 1.0


def at_least(seen: int, of: int, alpha: float) -> float:
    """Clopper-Pearson: the chance of an event that came ``seen`` times, too high with a chance of ``alpha``."""
    return float(stats.beta.ppf(alpha, seen, of - seen + 1)) if seen > 0 else 0.0


def least_mean(expected: float, draws: int, alpha: float) -> float:
    """A bar that the mean of independent shares falls below with a chance of at most ``alpha``; 0 where none does.

    Each is between 0 and 1, and ``expected`` on the mean: ``P(mean <= a) <= exp(-draws KL(a, expected))``, whatever
    their law (Hoeffding 1963, Theorem 1).
    """

    def excess(bar: float) -> float:
        divergence = special.rel_entr(bar, expected) + special.rel_entr(1 - bar, 1 - expected)
        return float(draws * divergence + math.log(alpha))

    return float(optimize.brentq(excess, 0, expected, xtol=1e-9)) if excess(0) > 0 else 0.0


def gaussian_delta(mu: float, epsilon: float) -> float:
    """Delta of mu-GDP at ``epsilon``. Source: Balle & Wang (2018), Theorem 8."""
    right = special.ndtr(mu / 2 - epsilon / mu)
    return float(right - math.exp(epsilon + special.log_ndtr(-mu / 2 - epsilon / mu)))


def gaussian_epsilon(mu: float, delta: float) -> float:
    """Smallest epsilon of mu-GDP at ``delta``; 0 where there is nothing to tell."""
    if mu <= 0 or gaussian_delta(mu, 0) <= delta:
        return 0.0
    most = mu * mu / 2 + mu * math.sqrt(2 * math.log(1 / delta))
    return float(optimize.brentq(lambda epsilon: gaussian_delta(mu, epsilon) - delta, 0, most, xtol=1e-12))


def gaussian_mu(epsilon: float, delta: float) -> float:
    """Largest mu whose epsilon at ``delta`` is at most ``epsilon``."""
    return float(optimize.brentq(lambda mu: gaussian_delta(mu, epsilon) - delta, 1e-4, 100, xtol=1e-12))


def mu_from_errors(false_alarms: int, misses: int, runs: int, alpha: float) -> float:
    """Least mu that both error rates of a test allow, each out of ``runs``; too high with a chance of ``alpha``.

    Of mu-GDP every test has ``mu >= Phi^-1(1 - false alarms) - Phi^-1(misses)`` (Dong, Roth & Su 2019, Definition 2.6).
    """
    false_rate, miss_rate = at_most(false_alarms, runs, alpha / 2), at_most(misses, runs, alpha / 2)
    return max(0.0, float(special.ndtri(1 - false_rate) - special.ndtri(miss_rate)))


def mu_from_guesses(right: int, guesses: int, alpha: float) -> float:
    """Least mu that the number of right guesses allows, half of them in either world; too high with chance ``alpha``.

    Of mu-GDP a guess is right with a chance of ``Phi(mu / 2)`` at most, on the mean of both worlds. The number of right
    ones, a sum of two binomials, is then above its mean no more often than one binomial of that chance (Hoeffding
    1956, Theorem 4), so that Clopper-Pearson holds for the sum.
    """
    return max(0.0, 2 * float(special.ndtri(at_least(right, guesses, alpha))))


def epsilon_from_errors(false_alarms: int, misses: int, runs: int, delta: float, alpha: float) -> float:
    """Least epsilon of (epsilon, delta)-DP that both error rates allow, of any mechanism; see Kairouz et al. (2015).

    Too high with a chance of ``alpha``. Either ``1 - misses <= exp(epsilon) false alarms + delta`` or the same with the
    two changed over may show it, so each of the four bounds has a quarter of ``alpha``.
    """
    each = alpha / 4
    chances = [
        (at_least(runs - misses, runs, each), at_most(false_alarms, runs, each)),
        (at_least(runs - false_alarms, runs, each), at_most(misses, runs, each)),
    ]
    return max([0.0, *(math.log((often - delta) / seldom) for often, seldom in chances if often > delta)])


def guessing_p_value(right: int, guesses: int, canaries: int, epsilon: float, delta: float) -> float:
    """Chance that ``right`` or more of ``guesses`` are right, about so many ``canaries``, under (epsilon, delta)-DP.

    Source: Steinke, Nasr & Jagielski (2023), Theorem 5.2: a binomial, and for delta what the worst shift of it adds.
    """
    chance = 1 / (1 + math.exp(-epsilon))
    fewer = stats.binom.pmf(np.arange(right - 1, -1, -1), guesses, chance)
    worst = float((np.cumsum(fewer) / np.arange(1, right + 1)).max()) if right else 0.0
    return min(1.0, float(stats.binom.sf(right - 1, guesses, chance)) + 2 * canaries * delta * worst)


def epsilon_from_guesses(right: int, guesses: int, canaries: int, delta: float, alpha: float) -> float:
    """Largest epsilon that so many right guesses refuse at ``alpha``; 0 where they refuse none."""

    def excess(epsilon: float) -> float:
        return guessing_p_value(right, guesses, canaries, epsilon, delta) - alpha

    if excess(0.0) >= 0:
        return 0.0
    return float(optimize.brentq(excess, 0.0, 60.0, xtol=1e-6)) if excess(60.0) > 0 else 60.0


def power_to_exceed(claimed: float, true: float, guesses: int, alpha: float) -> float:
    """Chance that ``mu_from_guesses`` exceeds ``claimed`` where the noise is that of ``true``: exact binomials."""
    needed = int(stats.binom.isf(alpha, guesses, special.ndtr(claimed / 2))) + 1
    return float(stats.binom.sf(needed - 1, guesses, special.ndtr(true / 2)))


def least_factor_noticed(claimed: float, guesses: int, alpha: float, power: float) -> float:
    """How many times too small the noise must be for ``mu_from_guesses`` to exceed ``claimed`` with that ``power``."""
    return float(
        optimize.brentq(
            lambda factor: power_to_exceed(claimed, factor * claimed, guesses, alpha) - power, 1.0, 10.0, xtol=1e-4
        )
    )


@cache
def best_plain_cut(mu: float, runs: int, delta: float, alpha: float) -> float:
    """Where to cut scores for ``epsilon_from_errors``, from the claim alone: best where all is as expected."""

    def expected(cut: float) -> float:
        false_alarms, misses = round(runs * special.ndtr(-cut)), round(runs * special.ndtr(cut - mu))
        return epsilon_from_errors(false_alarms, misses, runs, delta, alpha)

    return float(max(np.linspace(mu / 2, mu + 5, 200), key=expected))
