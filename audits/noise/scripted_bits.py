"""Random bits from which inversion must make exactly the whole numbers that are wanted.

A draw is the k whose part of the unit interval, from ``P(X < k)`` to ``P(X <= k)``, holds the bits. Both ends are
computed here with SciPy's normal distribution and not with the sampler's table; the bits lie now near the one end, now
near the other, so that a sampler for another sigma makes another number of them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

PLACES = (1e-6, 0.5, 1 - 1e-6)
"""Where in its part of the unit interval a draw's bits may lie."""

_WORD = 2.0**64


def bits_for(values: Ints, sigma: float, generator: np.random.Generator) -> bytes:
    """16 bytes a value: the upper 64 bits and then the lower ones, each with its least byte first."""
    size = np.abs(values).astype(np.float64)
    low = ndtr(-(size + 0.5) / sigma)
    high = np.where(values == 0, 0.5, ndtr(-(size - 0.5) / sigma))
    tail = low + generator.choice(PLACES, size=values.shape) * (high - low)
    above = np.where(values == 0, generator.random(values.shape) < 0.5, values > 0)
    return np.stack(_words(tail, above), axis=-1).astype("<u8").tobytes()


def _words(tail: npt.NDArray[np.float64], above: npt.NDArray[np.bool_]) -> tuple[Words, Words]:
    """Both halves of ``tail`` (at most 1/2) in 128 bits; of 1 - ``tail`` where it is ``above``."""
    upper = np.floor(tail * _WORD)
    lower = np.floor((tail * _WORD - upper) * _WORD)
    high, low = upper.astype(np.uint64), lower.astype(np.uint64)
    borrowed = (low > 0).astype(np.uint64)
    zero = np.uint64(0)
    with np.errstate(over="ignore"):
        turned = zero - high - borrowed, zero - low
    return np.where(above, turned[0], high), np.where(above, turned[1], low)
