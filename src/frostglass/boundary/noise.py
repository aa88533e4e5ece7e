"""Whole-number Gaussian noise from the operating system's randomness. Proof: docs/proofs/rounded-gaussian.md.

There is no seed anywhere on this path. The only thing that turns bits into noise, ``values_from_bits``, is a pure
function, so that tests can feed it bits of their own; ``draw`` feeds it ``os.urandom`` and nothing else.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
from mpmath import mp, mpf

from frostglass.boundary.accountant import ROUNDED_GAUSSIAN
from frostglass.errors import GlassError

BITS = 128
_WORKING_BITS = 320
MOST_SIGMA = Fraction(1_000_000)


class NoiseSource(Protocol):
    """Draws whole-number noise of a stated parameter. The accountants know its ``mechanism`` by name."""

    @property
    def mechanism(self) -> str: ...

    def draw(self, sigma: Fraction, size: int) -> npt.NDArray[np.int64]:
        """``size`` independent draws, in records."""
        ...

    def sd(self, sigma: Fraction) -> float:
        """Standard deviation of a draw, in records."""
        ...

    def table_error(self, sigma: Fraction) -> int:
        """Bound on the total-variation distance of one draw from the ideal, in units of 2**-128."""
        ...


@dataclass(frozen=True)
class CumulativeTable:
    """Thresholds of the rounded normal in units of 2**-128: ``P(X <= least + i) = thresholds[i] / 2**128``.

    ``upper`` and ``lower`` are their two 64-bit halves.
    """

    least: int
    thresholds: tuple[int, ...]
    upper: npt.NDArray[np.uint64]
    lower: npt.NDArray[np.uint64]

    @property
    def error(self) -> int:
        """Bound on the total-variation distance from the rounded normal, in units of 2**-128.

        Each threshold is off by at most one unit, and both tails beyond the table weigh less than one each.
        """
        return len(self.thresholds) + 2


@lru_cache(maxsize=64)
def cumulative_table(sigma: Fraction) -> CumulativeTable:
    """Table of ``round(N(0, sigma**2))``, evaluated with 320 bits and exactly symmetric about zero.

    ``P(X > k) = erfc((k + 1/2) / (sigma sqrt 2)) / 2``, and by symmetry ``P(X < -k)`` is the same.
    """
    if not 0 < sigma <= MOST_SIGMA:
        raise GlassError("FG-GL-010", "the noise parameter must be above 0 and at most 1,000,000 records")
    tails: list[int] = []
    with mp.workprec(_WORKING_BITS):
        scale = 1 / (mpf(sigma.numerator) / sigma.denominator * mp.sqrt(2))
        half = mpf(2) ** (BITS - 1)
        while not tails or tails[-1] > 0:
            tails.append(int(mp.nint(mp.erfc((len(tails) + mpf(0.5)) * scale) * half)))
    below = [*reversed(tails[:-1]), *((1 << BITS) - tail for tail in tails[:-1])]
    mask = (1 << 64) - 1
    return CumulativeTable(
        least=-(len(tails) - 1),
        thresholds=tuple(below),
        upper=np.array([threshold >> 64 for threshold in below], dtype=np.uint64),
        lower=np.array([threshold & mask for threshold in below], dtype=np.uint64),
    )


def values_from_bits(table: CumulativeTable, bits: bytes) -> npt.NDArray[np.int64]:
    """Turn 16 bytes a draw into draws, by inversion: the value is ``least`` plus the thresholds not above the bits.

    The upper halves decide unless one equals a threshold's; then the whole 128 bits do.
    """
    halves = np.frombuffer(bits, dtype="<u8").reshape(-1, 2)
    upper, lower = halves[:, 0], halves[:, 1]
    first = np.searchsorted(table.upper, upper, side="left")
    after = np.searchsorted(table.upper, upper, side="right")
    values = first.astype(np.int64)
    for tie in np.flatnonzero(first != after):
        among = table.lower[first[tie] : after[tie]]
        values[tie] += int(np.searchsorted(among, lower[tie], side="right"))
    return values + table.least


class RoundedGaussian:
    """The default: ``round(N(0, sigma**2))`` by inversion from a 128-bit table.

    A count is whole, so count + round(Z) = round(count + Z): post-processing of the Gaussian mechanism, and therefore
    exactly as private as the accountant ``gdp`` says, up to the table error that is charged to delta.
    """

    mechanism = ROUNDED_GAUSSIAN

    def draw(self, sigma: Fraction, size: int) -> npt.NDArray[np.int64]:
        return values_from_bits(cumulative_table(sigma), os.urandom(size * BITS // 8))

    def sd(self, sigma: Fraction) -> float:
        """From the table itself: ``E X**2`` is the sum over k of ``(2k + 1) P(|X| > k)``, near ``sigma**2 + 1/12``."""
        table = cumulative_table(sigma)
        tails = table.thresholds[-table.least - 1 :: -1]
        square = 2 * sum((2 * k + 1) * tail for k, tail in enumerate(tails))
        return math.sqrt(square / (1 << BITS))

    def table_error(self, sigma: Fraction) -> int:
        return cumulative_table(sigma).error
