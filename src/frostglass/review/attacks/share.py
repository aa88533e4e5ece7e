"""Shares with their 95% intervals: how often an attack was right."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STATED = 0.05
"""Chance that an interval misses, half of it on either side."""

_STEPS = 40
_TERMS = 10_000
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Share:
    """``value`` of ``trials`` with its interval; NaN, from 0 to 1, where there were none."""

    value: float
    low: float
    high: float
    trials: int


def share(right: npt.ArrayLike, of: npt.ArrayLike, miss: float = STATED) -> Share:
    """The share ``right`` among ``of``, one entry each for every group of trials that may go together.

    Clopper and Pearson's interval for as many independent trials as the spread between the groups shows: never more
    than there were. Source: Korn & Graubard (1998), "Confidence intervals for proportions with small expected number".
    """
    hits, each = np.asarray(right, dtype=np.float64).ravel(), np.asarray(of, dtype=np.float64).ravel()
    trials = float(each.sum())
    if trials == 0:
        return Share(math.nan, 0.0, 1.0, 0)
    value = float(hits.sum() / trials)
    counted = trials / _effect(hits, each, value)
    low, high = interval(value * counted, counted, miss)
    return Share(value, min(low, value), max(high, value), round(trials))


def difference(one: Share, other: Share) -> tuple[float, float, float]:
    """``one`` less ``other`` with its interval, from both of theirs. Source: Newcombe (1998), method 10."""
    value = one.value - other.value
    down = math.hypot(one.value - one.low, other.high - other.value)
    up = math.hypot(one.high - one.value, other.value - other.low)
    return value, max(value - down, -1.0), min(value + up, 1.0)


def interval(right: float, of: float, miss: float = STATED) -> tuple[float, float]:
    """Clopper and Pearson's interval for ``right`` of ``of`` trials; neither need be a whole number."""
    low = 0.0 if right <= 0 else _quantile(miss / 2, right, of - right + 1)
    high = 1.0 if right >= of else _quantile(1 - miss / 2, right + 1, of - right)
    return low, high


def _effect(right: npt.NDArray[np.float64], of: npt.NDArray[np.float64], value: float) -> float:
    """How many times larger the variance between groups makes that of the share, beside independent trials."""
    groups, trials = len(of), float(of.sum())
    plain = value * (1 - value) / trials
    if groups < 2 or plain <= 0:
        return 1.0
    between = groups / (groups - 1) * float(((right - value * of) ** 2).sum()) / trials**2
    return max(1.0, between / plain)


def _quantile(chance: float, a: float, b: float) -> float:
    """Quantile of the beta distribution, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _beta_below(middle, a, b) < chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta_below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Abramowitz & Stegun 26.5.8)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_below(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    # Lentz's method: numerator and denominator of the convergents, kept as ratios
    ratio, below = 1.0, 1 - (a + b) * x / (a + 1)
    below = 1 / (below if abs(below) > _TINY else _TINY)
    value = below
    for term in range(1, _TERMS):
        for step in (
            term * (b - term) * x / ((a + 2 * term - 1) * (a + 2 * term)),
            -(a + term) * (a + b + term) * x / ((a + 2 * term) * (a + 2 * term + 1)),
        ):
            below = 1 + step * below
            below = 1 / (below if abs(below) > _TINY else _TINY)
            ratio = 1 + step / ratio
            ratio = ratio if abs(ratio) > _TINY else _TINY
            value *= below * ratio
        if abs(below * ratio - 1) < 1e-14:
            break
    return front * value / a
