"""Epsilon from below: what an attacker who sees everything can prove about a release, beside what it claims.

A claim that were too low would show as a proved epsilon above it. That is gated with a false-alarm rate of 1e-7 a
figure; the figures themselves are bounds of 95%.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from dp_accounting.pld.privacy_loss_mechanism import GaussianPrivacyLoss

from audits.epsilon.answering import DELTA
from audits.epsilon.bounds import (
    best_plain_cut,
    epsilon_from_errors,
    gaussian_delta,
    gaussian_epsilon,
    gaussian_mu,
    least_factor_noticed,
    mu_from_errors,
    mu_from_guesses,
    power_to_exceed,
)
from audits.epsilon.distinguishing import Scores, play
from audits.figures import Figure, Size
from frostglass.boundary.accountant import accountant, allowance
from frostglass.terms.budget import NANO

FALSE_ALARM = 1e-7
"""Chance that a right release is found above its claim."""

STATED = 0.05
"""Chance that a bound that is reported is too high."""

CLAIMS = tuple(map(Fraction, ("0.5", "1", "2", "4", "8")))
_HALF, _QUARTER_MORE = Fraction(1, 2), Fraction(4, 5)

_WHO: Mapping[str, str] = {
    "empty": "an empty table or one person",
    "small": "200 people, with or without one of the rarest codes",
    "keyed": "200 people with a key, with or without one who brings three records where two count",
    "full": "21,195 people and 16 variables, with or without one of the rarest codes",
}


@dataclass(frozen=True)
class Proved:
    """Lower bounds on epsilon at a scope's delta, from one game."""

    stated: float
    by_both_errors: float
    without_gaussian: float
    gated: float


def audit(size: Size) -> list[Figure]:
    cores = size.of(1, os.cpu_count() or 1)
    return [
        formulas_agree(),
        *(_small_path(epsilon, size, cores) for epsilon in (CLAIMS if size.whole else (Fraction(1),))),
        *(
            stays_below(name, epsilon, size.of(200, 20_000), cores)
            for name in ("small", "keyed")
            for epsilon in ((Fraction(1), Fraction(4)) if size.whole else (Fraction(8),))
        ),
        half_is_caught(Fraction(size.of(4, 1)), size.of(1_000, 5_000), size.of(1, 20), cores),
        *([quarter_is_caught(Fraction(1), 100_000, cores)] if size.whole else []),
        power(Fraction(1), size.of(5_000, 100_000), 2.0 if not size.whole else 1.25),
    ]


def _small_path(epsilon: Fraction, size: Size, cores: int) -> Figure:
    """The whole form has a target for epsilon 1 and 2, the short one a modest one."""
    targets = {Fraction(1): 0.90, Fraction(2): 1.9} if size.whole else {Fraction(1): 0.25}
    return stays_below("empty", epsilon, size.of(5_000, 100_000), cores, reach=targets.get(epsilon, 0.0))


def formulas_agree() -> Figure:
    """The formula that turns what is proved into an epsilon is the accountant's, and dp-accounting's."""
    furthest = 0.0
    for claim in CLAIMS:
        mu = sqrt(2 * allowance(accountant("gdp"), claim, DELTA) / NANO)
        ours = gaussian_delta(mu, float(claim))
        library = GaussianPrivacyLoss(1 / mu).get_delta_for_epsilon(float(claim))
        furthest = max(furthest, abs(ours / library - 1), abs(gaussian_epsilon(mu, float(DELTA)) / float(claim) - 1))
    return Figure(
        "Epsilon and delta of the noise that is paid for: this audit, dp-accounting and the accountant",
        "agree to a millionth",
        f"relative difference at most {furthest:.1g}",
        furthest <= 1e-6,
    )


def stays_below(
    name: str, epsilon: Fraction, runs: int, cores: int, *, reach: float = 0.0, factor: Fraction = Fraction(1)
) -> Figure:
    """Nothing above the claim can be proved, and at least ``reach`` can."""
    proved = prove(play(name, epsilon, runs, factor=factor, processes=cores), float(epsilon))
    wanted = f", and at least {reach:g} with 95%" if reach else ""
    return Figure(
        f"Epsilon from below, claimed {float(epsilon):g}: {_WHO[name]}; 2 x {runs:,} releases",
        f"not above {float(epsilon):g} at a false-alarm rate of {FALSE_ALARM:g}{wanted}",
        f"at least {proved.gated:.2f}; with 95% {proved.stated:.2f}, by both error rates {proved.by_both_errors:.2f}, "
        f"taking no Gaussian for granted {proved.without_gaussian:.2f}",
        proved.gated <= float(epsilon) and proved.stated >= reach,
    )


def prove(scores: Scores, epsilon: float) -> Proved:
    """What the scores prove. The cuts depend on the claim alone: half way between both worlds, and where it pays."""
    delta, runs = float(DELTA), scores.runs
    mu = gaussian_mu(epsilon, delta)
    false_alarms, misses = scores.errors(mu / 2)
    right = 2 * runs - false_alarms - misses
    plainly = scores.errors(best_plain_cut(mu, runs, delta, STATED))
    return Proved(
        stated=gaussian_epsilon(mu_from_guesses(right, 2 * runs, STATED), delta),
        by_both_errors=gaussian_epsilon(mu_from_errors(false_alarms, misses, runs, STATED), delta),
        without_gaussian=epsilon_from_errors(*plainly, runs, delta, STATED),
        gated=gaussian_epsilon(mu_from_guesses(right, 2 * runs, FALSE_ALARM), delta),
    )


def half_is_caught(epsilon: Fraction, runs: int, times: int, cores: int) -> Figure:
    """The positive control: half the noise that was paid for proves more than the claim, every time."""
    found = [
        prove(play("empty", epsilon, runs, factor=_HALF, processes=cores), float(epsilon)).gated for _ in range(times)
    ]
    caught = sum(each > float(epsilon) for each in found)
    mu = gaussian_mu(float(epsilon), float(DELTA))
    missed = 1 - power_to_exceed(mu, 2 * mu, 2 * runs, FALSE_ALARM)
    return Figure(
        f"Control: noise of half the sigma, claimed {float(epsilon):g}, is caught; 2 x {runs:,} releases",
        f"{times} of {times}, at a false-alarm rate of {FALSE_ALARM:g}",
        f"{caught} of {times}: epsilon is at least {min(found):.2f}; one is missed with a chance of {missed:.0e}",
        caught == times,
    )


def quarter_is_caught(epsilon: Fraction, runs: int, cores: int) -> Figure:
    """Noise 1.25 times too small."""
    gated = prove(play("empty", epsilon, runs, factor=_QUARTER_MORE, processes=cores), float(epsilon)).gated
    return Figure(
        f"Control: noise 1.25 times too small, claimed {float(epsilon):g}, is caught; 2 x {runs:,} releases",
        f"proved above {float(epsilon):g}, at a false-alarm rate of {FALSE_ALARM:g}",
        f"at least {gated:.2f}",
        gated > float(epsilon),
    )


def power(epsilon: Fraction, runs: int, wanted: float) -> Figure:
    """Which faults such games notice, from exact binomials: nothing is drawn for it."""
    mu = gaussian_mu(float(epsilon), float(DELTA))
    least = least_factor_noticed(mu, 2 * runs, FALSE_ALARM, 0.95)
    chance = power_to_exceed(mu, wanted * mu, 2 * runs, FALSE_ALARM)
    return Figure(
        f"Smallest fault that 2 x {runs:,} games notice with 95% (claimed {float(epsilon):g}, false alarms "
        f"{FALSE_ALARM:g})",
        f"noise {wanted:g} times too small",
        f"{least:.2f} times too small; {wanted:g} times with a chance of all but {1 - chance:.0e}",
        least <= wanted,
    )
