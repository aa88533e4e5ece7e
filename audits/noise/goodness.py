"""Whether draws fit a law whose masses are known: goodness of fit, tails and symmetry, from how often each value came.

Nothing here uses the product's own tables: the masses are computed anew, from SciPy's normal distribution.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy import special, stats

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Draw = Callable[[Fraction, int], Ints]
"""Takes sigma and a number, and gives so many draws."""

FALSE_ALARM = 1e-9
"""Chance that one test refuses a right sampler; a whole audit makes fewer than a hundred of them."""

REACH = 14
"""Standard deviations up to which masses are computed; what lies beyond has a chance below 1e-43."""

_LEAST_IN_TAIL = 30
"""The tail begins where so many draws are expected beyond it, so that an empty tail is refused."""

_BINS_A_SIDE = 40
_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Law:
    """A distribution on whole numbers that is symmetric about 0: ``side[k]`` is the chance of k and of -k."""

    side: Floats

    @property
    def masses(self) -> Floats:
        """Chance of every value from the least on."""
        return np.concatenate([self.side[:0:-1], self.side])

    @property
    def beyond(self) -> Floats:
        """Chance of a magnitude above k, for each k from 0 on."""
        return np.append(2 * np.cumsum(self.side[:0:-1])[::-1], 0.0)


def rounded_normal(sigma: float) -> Law:
    """The law of ``round(N(0, sigma**2))``."""
    edges = (np.arange(_reach(sigma) + 1) + 0.5) / sigma
    tails = special.ndtr(-edges)
    return Law(np.concatenate([[special.erf(edges[0] / math.sqrt(2))], tails[:-1] - tails[1:]]))


def discrete_gaussian(sigma: float) -> Law:
    """Masses in proportion to ``exp(-k**2 / (2 sigma**2))``."""
    weight = np.exp(-0.5 * (np.arange(_reach(sigma) + 1) / sigma) ** 2)
    return Law(weight / (weight[0] + 2 * weight[1:].sum()))


def _reach(sigma: float) -> int:
    return math.ceil(REACH * sigma) + 1


@dataclass(frozen=True)
class Seen:
    """How often each value came, ``least`` first."""

    counts: Ints
    strays: int
    """Draws that lie beyond the law's reach."""
    whole: bool
    """Whether all came as whole numbers (int64)."""

    @property
    def number(self) -> int:
        return int(self.counts.sum()) + self.strays


def draws(draw: Draw, sigma: Fraction, number: int, law: Law) -> Seen:
    """Draw ``number`` values, a million at once, and count them."""
    reach = len(law.side) - 1
    counts, strays, whole = np.zeros(2 * reach + 1, dtype=np.int64), 0, True
    for begun in range(0, number, _AT_ONCE):
        values = draw(sigma, min(_AT_ONCE, number - begun))
        whole &= values.dtype == np.int64
        within = values[np.abs(values) <= reach]
        strays += len(values) - len(within)
        counts += np.bincount(within + reach, minlength=len(counts))
    return Seen(counts, strays, whole)


def refusals(seen: Seen, law: Law) -> dict[str, float]:
    """The tests that refuse these draws, by name, with their p-values; empty for a right sampler."""
    return {name: p for name, p in p_values(seen, law).items() if p < FALSE_ALARM}


def p_values(seen: Seen, law: Law) -> dict[str, float]:
    """The p-value of each test: what a right sampler gets below p with a chance of p."""
    positive, negative = _sides(seen)
    return {
        "chi-squared": _fit(seen, law),
        "tails": _tails(seen, law),
        "sign": _two_sided(int(positive.sum()), int(positive.sum() + negative.sum()), 0.5),
        "symmetry": _paired(positive, negative, law),
        "reach": 0.0 if seen.strays else 1.0,
    }


def _sides(seen: Seen) -> tuple[Ints, Ints]:
    """How often 1, 2, … came, and how often -1, -2, … did."""
    reach = len(seen.counts) // 2
    return seen.counts[reach + 1 :], seen.counts[:reach][::-1]


def _bins(law: Law) -> Ints:
    """Where the bins of one side begin, in the order of magnitude from 1 on: each has a chance of at least 1/80."""
    starts, held = [], 0.0
    for k in range(len(law.side) - 1, 0, -1):
        held += float(law.side[k])
        if held >= 0.5 / _BINS_A_SIDE:
            starts.append(k - 1)
            held = 0.0
    if not starts:
        return np.zeros(1, dtype=np.int64)
    starts[-1] = 0
    return np.array(starts[::-1], dtype=np.int64)


def _fit(seen: Seen, law: Law) -> float:
    """Chi-squared over zero and the bins of both sides."""
    bins, (positive, negative) = _bins(law), _sides(seen)
    zero = seen.counts[len(seen.counts) // 2]
    counts = np.concatenate([[zero], np.add.reduceat(positive, bins), np.add.reduceat(negative, bins)])
    side = np.add.reduceat(law.side[1:], bins)
    expected = np.concatenate([[law.side[0]], side, side]) * seen.number
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return float(stats.chi2.sf(statistic, len(counts) - 1))


def _tails(seen: Seen, law: Law) -> float:
    """Exact binomial test of the number of draws beyond the edge of the tail."""
    edge = tail_edge(law, seen.number)
    positive, negative = _sides(seen)
    beyond = int(positive[edge:].sum() + negative[edge:].sum()) + seen.strays
    return _two_sided(beyond, seen.number, float(law.beyond[edge]))


def tail_edge(law: Law, number: int) -> int:
    """The largest k for which ``number`` draws are expected to pass it 30 times in all."""
    return int(np.flatnonzero(law.beyond * number >= _LEAST_IN_TAIL)[-1])


def _paired(positive: Ints, negative: Ints, law: Law) -> float:
    """Chi-squared of each bin against its mirror image."""
    bins = _bins(law)
    right, left = np.add.reduceat(positive, bins), np.add.reduceat(negative, bins)
    both = right + left
    held = both > 0
    statistic = float(((right - left)[held] ** 2 / both[held]).sum())
    return float(stats.chi2.sf(statistic, max(int(held.sum()), 1)))


def _two_sided(seen: int, number: int, chance: float) -> float:
    """Exact two-sided binomial p-value: twice the smaller tail."""
    low, high = stats.binom.cdf(seen, number, chance), stats.binom.sf(seen - 1, number, chance)
    return float(min(1.0, 2 * min(low, high)))
