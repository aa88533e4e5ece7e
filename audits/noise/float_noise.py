"""What the bits of floating-point noise give away, and what the values of whole-number noise do."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from audits.epsilon.bounds import at_least, at_most
from audits.noise.goodness import Seen
from frostglass.boundary.noise.rounded_gaussian import cumulative_table

_FINEST = 53
"""From 1/2 on, floating-point numbers are multiples of 2**-53, and so is their difference from a whole number."""


def only_without(outputs: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether each output is no multiple of 2**-53.

    A count of 1 never gives such an output: either the noise or the sum is at least 1/2, and so rounded to one. A
    count of 0 does, where the noise is small. Source: Mironov (2012), of Laplace noise.
    """
    scaled = np.ldexp(outputs, _FINEST)
    return np.asarray(scaled != np.floor(scaled))


def float_epsilon(sigma: float, number: int, *, delta: float, seed: int) -> tuple[float, int, int]:
    """Lower bound on the epsilon of ``count + normal noise`` in floating point, right with 95%, from ``number`` outputs
    of either count; and how often each of the counts 0 and 1 gave an output that tells."""
    chance = np.random.default_rng(seed)
    telling, never = (int(only_without(count + chance.normal(0, sigma, number)).sum()) for count in (0.0, 1.0))
    often, seldom = at_least(telling, number, 0.025), at_most(never, number, 0.025)
    return (math.log((often - delta) / seldom) if often > delta else 0.0), telling, never


def telling_values(sigma: Fraction) -> npt.NDArray[np.bool_]:
    """Which values of our noise tell a count from its neighbour: they occur, and the next above or below does not.

    From the least value of the sampler's table on.
    """
    occurs = np.array([mass > 0 for mass in _masses(sigma)])
    beside = np.concatenate([[False], occurs, [False]])
    return np.asarray(occurs & ~(beside[:-2] & beside[2:]))


def telling_chance(sigma: Fraction) -> int:
    """Chance of all these values together, in units of 2**-128."""
    return sum(mass for mass, tells in zip(_masses(sigma), telling_values(sigma), strict=True) if tells)


def telling_draws(seen: Seen, sigma: Fraction) -> int:
    """How many of the draws were such values."""
    tells = telling_values(sigma)
    first = len(seen.counts) // 2 + cumulative_table(sigma).least
    return int(seen.counts[first : first + len(tells)][tells].sum())


def _masses(sigma: Fraction) -> list[int]:
    """Exact chances of all values of the sampler's table, in units of 2**-128."""
    edges = (0, *cumulative_table(sigma).thresholds, 1 << 128)
    return [above - below for below, above in pairwise(edges)]
