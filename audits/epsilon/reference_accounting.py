"""What epsilon and delta allow, computed a second time: for audits that shall not believe the product's accountant.

The formulas are those of docs/proofs/accounting.md. The way is another one: ``erfc`` with 80 digits and a search that
begins at a root found in floating point, instead of a bisection on whole numbers.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import exp, expm1, isqrt, log, log1p, sqrt
from typing import cast

from mpmath import mp, mpf
from scipy.optimize import brentq, minimize_scalar
from scipy.special import log_ndtr

NANO = 10**9
STEPS = 2**16
"""Noise parameters are whole multiples of one part in so many of a record."""

_DIGITS = 80
_KEPT = 1 - Fraction(1, 2**30)
"""Share of delta that is left when the samplers' part is set aside."""


@cache
def most_nano_rho(accountant: str, epsilon: Fraction, delta: Fraction) -> int:
    """Most whole nano-rho within (epsilon, delta), the samplers' share of delta set aside; ``gdp`` or ``zcdp``."""
    target = delta * _KEPT
    first = _roughly(accountant, float(epsilon), float(target))
    number = int(first * NANO)
    while _allowed(accountant, number + 1, epsilon, target):
        number += 1
    while not _allowed(accountant, number, epsilon, target):
        number -= 1
    return number


@cache
def least_sigma(share: Fraction, nano_rho: int, squared_sensitivity: int) -> Fraction:
    """The least noise parameter whose cost ``squared_sensitivity / (2 sigma**2)`` is within the share of the budget."""
    square = Fraction(squared_sensitivity * STEPS**2 * NANO) / (2 * share * nano_rho)
    whole = -(-square.numerator // square.denominator)
    return Fraction(isqrt(whole - 1) + 1, STEPS)


def _roughly(accountant: str, epsilon: float, target: float) -> float:
    """The largest rho in floating point."""
    excess = _gdp_excess if accountant == "gdp" else _zcdp_excess
    return cast(float, brentq(lambda rho: excess(rho, epsilon, target), 1e-9, 1e4, xtol=1e-14, rtol=1e-13))


def _gdp_excess(rho: float, epsilon: float, target: float) -> float:
    """Logarithm of the delta of Gaussian noise over the target."""
    mu = sqrt(2 * rho)
    upper, lower = float(log_ndtr(-epsilon / mu + mu / 2)), epsilon + float(log_ndtr(-epsilon / mu - mu / 2))
    return upper + log(-expm1(min(lower - upper, -1e-300))) - log(target)


def _zcdp_excess(rho: float, epsilon: float, target: float) -> float:
    order = _order(rho, epsilon)
    return _log_bound(order, rho, epsilon) - log(target)


def _log_bound(order: float, rho: float, epsilon: float) -> float:
    return (order - 1) * (order * rho - epsilon) - log(order - 1) + order * log1p(-1 / order)


@cache
def _order(rho: float, epsilon: float) -> float:
    """The order of the least bound, by a minimiser over its logarithm."""
    found = minimize_scalar(
        lambda place: _log_bound(1 + exp(place), rho, epsilon),
        bounds=(-5, 20),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return 1 + exp(float(found.x))


def delta_of(accountant: str, nano_rho: int, epsilon: Fraction) -> mpf:
    """The least delta of so much at epsilon, with 80 digits; above 0 nano-rho."""
    with mp.workdps(_DIGITS):
        rho, eps = mpf(nano_rho) / NANO, mpf(epsilon.numerator) / epsilon.denominator
        if accountant == "gdp":
            mu = mp.sqrt(2 * rho)
            return _below(mu / 2 - eps / mu) - mp.exp(eps) * _below(-mu / 2 - eps / mu)
        order = mpf(_order(nano_rho / NANO, float(epsilon)))
        return mp.exp((order - 1) * (order * rho - eps)) / (order - 1) * (1 - 1 / order) ** order


def price_of_error(units: int, epsilon: Fraction) -> mpf:
    """What ``units`` of 2**-128 of table error add to delta at epsilon; docs/proofs/rounded-gaussian.md."""
    with mp.workdps(_DIGITS):
        return (1 + mp.exp(mpf(epsilon.numerator) / epsilon.denominator)) * units / mpf(2) ** 128


def within(delta: mpf, limit: Fraction) -> bool:
    """Whether a delta is at most the limit, with 80 digits."""
    with mp.workdps(_DIGITS):
        return bool(delta <= mpf(limit.numerator) / limit.denominator)


def _allowed(accountant: str, nano_rho: int, epsilon: Fraction, target: Fraction) -> bool:
    """Whether the delta of so much is at most the target."""
    return nano_rho == 0 or (nano_rho > 0 and within(delta_of(accountant, nano_rho, epsilon), target))


def _below(x: mpf) -> mpf:
    """The standard normal's probability of at most x."""
    return mp.erfc(-x / mp.sqrt(2)) / 2
