"""Samplers: draws fit their exact law, broken ones are refused, and nothing tells by its bits or after a fork."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import log2
from pathlib import Path

import numpy as np

from audits.epsilon.bounds import gaussian_mu
from audits.figures import Figure, Size
from audits.noise import earlier_opendp
from audits.noise.broken_samplers import broken_samplers
from audits.noise.earlier_opendp import EarlierOpenDP
from audits.noise.float_noise import float_epsilon, telling_chance, telling_draws
from audits.noise.forked_draws import children_agree
from audits.noise.goodness import (
    FALSE_ALARM,
    Draw,
    Law,
    Seen,
    discrete_gaussian,
    draws,
    p_values,
    refusals,
    rounded_normal,
)
from frostglass.boundary.noise.discrete_gaussian import DiscreteGaussian
from frostglass.boundary.noise.rounded_gaussian import RoundedGaussian, cumulative_table

LawOf = Callable[[float], Law]

_SHORT = tuple(map(Fraction, (1, 3, 10, 103)))
_WHOLE = (Fraction(1, 2), *map(Fraction, (1, 3, 10, 41, 103, 1000, 5000)))
_ENVIRONMENTS = Path("build/audit-environments")
_DELTA = 1e-6
_TELLING_BITS = 100


def audit(size: Size) -> list[Figure]:
    scales = _WHOLE if size.whole else _SHORT
    drawn = _drawn(RoundedGaussian().draw, rounded_normal, scales, size.of(60_000, 10_000_000))
    return [
        fits("the rounded Gaussian", drawn, rounded_normal),
        fits("OpenDP's discrete Gaussian", *_opendp(scales, size.of(60_000, 1_000_000))),
        agrees(scales),
        *_broken(scales, size),
        *([_earlier(_SHORT, 1_000_000)] if size.whole else []),
        float_is_told_apart(size.of(20_000, 1_000_000), size.seed),
        nothing_tells(drawn),
        *(forks_differ(source) for source in ("rounded Gaussian", "OpenDP")),
        forks_agree("a seeded generator"),
    ]


def _drawn(draw: Draw, law_of: LawOf, scales: tuple[Fraction, ...], number: int) -> dict[Fraction, Seen]:
    return {sigma: draws(draw, sigma, number, law_of(float(sigma))) for sigma in scales}


def _opendp(scales: tuple[Fraction, ...], number: int) -> tuple[dict[Fraction, Seen], LawOf]:
    return _drawn(DiscreteGaussian().draw, discrete_gaussian, scales, number), discrete_gaussian


def fits(name: str, drawn: Mapping[Fraction, Seen], law_of: LawOf) -> Figure:
    """No test refuses draws of a right sampler."""
    found = [p for sigma, seen in drawn.items() for p in p_values(seen, law_of(float(sigma))).values()]
    number = next(iter(drawn.values())).number
    return Figure(
        f"Draws of {name} fit its exact law: {number:,} at each of {len(drawn)} noise scales, {_between(drawn)}",
        f"no p-value of {len(found)} below {FALSE_ALARM:g} (chi-squared, tails, sign, symmetry, reach)",
        f"least p-value {min(found):.2g}",
        min(found) >= FALSE_ALARM,
    )


def agrees(scales: tuple[Fraction, ...]) -> Figure:
    """The sampler's own table against masses that SciPy computes, wherever these are above 1e-27."""
    furthest = max(_furthest(sigma) for sigma in scales)
    return Figure(
        "The sampler's table holds the masses of the rounded normal distribution, as SciPy computes them",
        "relative difference at most 1e-11 where the chance is above 1e-27",
        f"{furthest:.1g}",
        furthest <= 1e-11,
    )


def _furthest(sigma: Fraction) -> float:
    """Largest relative difference between the table's tails and SciPy's."""
    table, law = cumulative_table(sigma), rounded_normal(float(sigma))
    ours = np.array([float(threshold) for threshold in table.thresholds[: -table.least]])[::-1] * 2.0**-127
    theirs = law.beyond[: len(ours)]
    kept = theirs > 1e-27
    return float(np.abs(ours[kept] / theirs[kept] - 1).max())


def _broken(scales: tuple[Fraction, ...], size: Size) -> list[Figure]:
    number, off = size.of(200_000, 4_000_000), Fraction(size.of(5, 1), 100)
    return [is_refused(name, draw, scales, number) for name, draw in broken_samplers(off, number, size.seed).items()]


def is_refused(
    what: str, draw: Draw, scales: tuple[Fraction, ...], number: int, law_of: LawOf = rounded_normal, least: int = 0
) -> Figure:
    """A sampler with a fault is refused: at every scale, or at ``least`` so many."""
    laws = {sigma: law_of(float(sigma)) for sigma in scales}
    by = {sigma: refusals(draws(draw, sigma, number, law), law) for sigma, law in laws.items()}
    refused, needed = sum(map(bool, by.values())), least or len(scales)
    tests = sorted({test for each in by.values() for test in each})
    return Figure(
        f"Control: a broken sampler is refused ({what}), {number:,} draws a scale",
        f"refused at {needed} of {len(scales)} scales" if needed == len(scales) else f"at least at {needed} scale",
        f"{refused} of {len(scales)}" + (f", by {', '.join(tests)}" if tests else ""),
        refused >= needed,
    )


def _earlier(scales: tuple[Fraction, ...], number: int) -> Figure:
    """The version that is known to be biased, where it can be had."""
    name = f"OpenDP {earlier_opendp.VERSION}, known to be biased"
    try:
        draw = EarlierOpenDP(_ENVIRONMENTS).draw
    except (OSError, subprocess.CalledProcessError):
        return Figure(f"Control: {name}", "refused at least at 1 scale", "not run: it cannot be installed here", False)
    return is_refused(name, draw, scales, number, discrete_gaussian, least=1)


def float_is_told_apart(number: int, seed: int) -> Figure:
    """The positive control of the next figure: textbook noise gives a count away by the last bits of its output."""
    sigma = 1 / gaussian_mu(1.0, _DELTA)
    bound, telling, never = float_epsilon(sigma, number, delta=_DELTA, seed=seed)
    return Figure(
        "Control: floating-point normal noise for epsilon 1 tells a count of 0 from one of 1 by its last bits",
        "lower bound on its epsilon above 1",
        f"epsilon is at least {bound:.2f} (95%): {telling:,} of {number:,} outputs tell, against {never:,}",
        bound > 1,
    )


def nothing_tells(drawn: Mapping[Fraction, Seen]) -> Figure:
    """Our outputs are whole numbers, and every one that may reasonably occur can come from either of two counts.

    The exceptions are the last values of the noise table and, among them, some that its 128 bits cannot hold.
    """
    told = sum(telling_draws(seen, sigma) for sigma, seen in drawn.items())
    chance = max(telling_chance(sigma) for sigma in drawn)
    return Figure(
        "Outputs that a count can give and its neighbour cannot",
        f"none drawn; their chance at most 2^-{_TELLING_BITS} a table, far below any delta",
        f"{told} of {sum(each.number for each in drawn.values()):,} draws, all of them whole numbers; chance at most "
        f"2^-{128 - log2(chance):.0f}",
        told == 0 and chance <= 2 ** (128 - _TELLING_BITS) and all(each.whole for each in drawn.values()),
    )


def forks_differ(source: str) -> Figure:
    agree = children_agree(source)
    return Figure(
        f"Two children forked from a process that has drawn, and itself, never draw the same noise ({source})",
        "three different vectors of 200 draws",
        "the same vector twice" if agree else "three different ones",
        not agree,
    )


def forks_agree(source: str) -> Figure:
    agree = children_agree(source)
    return Figure(
        f"Control: {source} draws the same in both children",
        "noticed",
        "noticed" if agree else "missed",
        agree,
    )


def _between(drawn: Mapping[Fraction, Seen]) -> str:
    return f"sigma {min(drawn)} to {max(drawn)}"
