"""What a total of Gaussian noise is worth in epsilon and delta. Proofs: docs/proofs/accounting.md.

The currency is integer nano-rho: ``rho = sensitivity**2 / (2 * sigma**2)`` of every answer, which is ``mu**2 / 2`` in
Gaussian DP. Both accountants add it, also when later questions depend on earlier answers. Allowances are rounded
down and epsilons up, with 60 digits in between.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

from mpmath import mp, mpf

from frostglass.terms.arguments import one_of
from frostglass.terms.budget import NANO

ROUNDED_GAUSSIAN = "rounded-gaussian"
DISCRETE_GAUSSIAN = "discrete-gaussian"

SAMPLER_SHARE = Fraction(1, 2**30)
"""Part of delta that is set aside for the samplers' table error (docs/proofs/rounded-gaussian.md)."""

SAMPLER_UNITS = 2**40
"""Table error that one release may use, in units of 2**-128: 20 million draws from tables of 50,000 entries."""

_DIGITS = 60
_GUARD = mpf(10) ** -40
_MOST_NANO_RHO = 10**15
_MICRO = 10**6
_MOST_MICRO_EPSILON = 10**13


class Accountant(Protocol):
    """Converts between nano-rho and (epsilon, delta) for the mechanisms that it can value."""

    @property
    def name(self) -> str: ...

    @property
    def mechanisms(self) -> frozenset[str]:
        """Mechanisms that this accountant can value."""
        ...

    def delta(self, nano_rho: int, epsilon: Fraction) -> mpf:
        """Smallest delta proved for ``nano_rho`` at ``epsilon``, to 60 digits."""
        ...


class GaussianDP:
    """``gdp``: exact for Gaussian noise, and so for its rounding; mu squared adds.

    Source: Dong, Roth & Su (2019), Corollaries 2.13 and 3.3; Balle & Wang (2018), Theorem 8.
    """

    name = "gdp"
    mechanisms = frozenset({ROUNDED_GAUSSIAN})

    def delta(self, nano_rho: int, epsilon: Fraction) -> mpf:
        """``Phi(-epsilon/mu + mu/2) - exp(epsilon) Phi(-epsilon/mu - mu/2)``."""
        with mp.workdps(_DIGITS):
            if nano_rho == 0:
                return mpf(0)
            mu = mp.sqrt(mpf(2 * nano_rho) / NANO)
            eps = mpf(epsilon.numerator) / epsilon.denominator
            return mp.ncdf(-eps / mu + mu / 2) - mp.exp(eps) * mp.ncdf(-eps / mu - mu / 2)


class ZeroConcentratedDP:
    """``zcdp``: valid for Gaussian noise of either kind; rho adds; 5 to 8% more noise than ``gdp``.

    Source: Bun & Steinke (2016), Lemma 2.3; Canonne, Kamath & Steinke (2020), Corollary 13.
    """

    name = "zcdp"
    mechanisms = frozenset({DISCRETE_GAUSSIAN, ROUNDED_GAUSSIAN})

    def delta(self, nano_rho: int, epsilon: Fraction) -> mpf:
        """``exp((a-1)(a rho - epsilon)) / (a-1) * (1 - 1/a)**a``: a bound for every a > 1, so a may be a float."""
        with mp.workdps(_DIGITS):
            if nano_rho == 0:
                return mpf(0)
            alpha = mpf(_best_order(nano_rho / NANO, float(epsilon)))
            rho = mpf(nano_rho) / NANO
            eps = mpf(epsilon.numerator) / epsilon.denominator
            return mp.exp((alpha - 1) * (alpha * rho - eps)) / (alpha - 1) * (1 - 1 / alpha) ** alpha


def _best_order(rho: float, epsilon: float) -> float:
    """The order at which the bound is near its least, by bisection on the sign of its derivative."""
    low, high = 1.01, (epsilon + 1) / (2 * rho) + 2
    for _ in range(100):
        middle = (low + high) / 2
        if (2 * middle - 1) * rho - epsilon + math.log1p(-1 / middle) < 0:
            low = middle
        else:
            high = middle
    return high


_ACCOUNTANTS: dict[str, Accountant] = {each.name: each for each in (GaussianDP(), ZeroConcentratedDP())}


def accountant(name: str) -> Accountant:
    """The accountant of that name."""
    rule = f"no such accountant; choose one of {', '.join(sorted(_ACCOUNTANTS))}"
    return _ACCOUNTANTS[one_of(name, _ACCOUNTANTS, "FG-OP-020", rule)]


def allowance(accountant: Accountant, epsilon: Fraction, delta: Fraction) -> int:
    """Most nano-rho that stays within (epsilon, delta) once the sampler's share of delta is set aside.

    Rounded down, so that a release that costs as much is covered.
    """
    limit = _limit(delta)
    return _largest(lambda nano_rho: accountant.delta(nano_rho, epsilon) <= limit, _MOST_NANO_RHO)


def epsilon(accountant: Accountant, nano_rho: int, delta: Fraction) -> float:
    """Smallest epsilon at ``delta`` for ``nano_rho``, rounded up to a millionth.

    ``epsilon(allowance(e, delta), delta) <= e`` for every e that is a whole number of millionths.
    """
    if nano_rho == 0:
        return 0.0
    limit = _limit(delta)
    too_small = _largest(lambda micro: accountant.delta(nano_rho, Fraction(micro, _MICRO)) > limit, _MOST_MICRO_EPSILON)
    return (too_small + 1) / _MICRO if too_small < _MOST_MICRO_EPSILON else math.inf


def _limit(delta: Fraction) -> mpf:
    with mp.workdps(_DIGITS):
        kept = delta * (1 - SAMPLER_SHARE)
        return mpf(kept.numerator) / kept.denominator * (1 - _GUARD)


def _largest(holds: Callable[[int], bool], most: int) -> int:
    """Largest integer in 0..most for which ``holds``, which must never hold again once it fails; 0 if none."""
    low, high = 0, 1
    while high <= most and holds(high):
        low, high = high, high * 2
    high = min(high, most + 1)
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low
