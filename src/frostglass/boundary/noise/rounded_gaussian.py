"""Whole-number Gaussian noise from the operating system's randomness. Proof: docs/proofs/rounded-gaussian.md.

There is no seed anywhere on this path. The only thing that turns bits into noise, ``values_from_bits``, is a pure
function, so that tests can feed it bits of their own; ``draw`` feeds it ``os.urandom`` and nothing else.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
from mpmath import mp, mpf

from frostglass.boundary.accountant import ROUNDED_GAUSSIAN
from frostglass.errors import GlassError

BITS = 128
_WORKING_BITS = 320

_POINT = 256
"""Bits after the binary point where tables are summed."""

_CHECKED = 190
"""All masses of a summed table make one to within so many bits."""

LEAST_SUMMED = 16
"""From this sigma on tables are summed, which is some thirty times faster."""

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

    def most_table_error(self, sigma: Fraction) -> int:
        """At least ``table_error(sigma)``, and quick to say: for plans."""
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

    @cached_property
    def sd(self) -> float:
        """Standard deviation: ``E X**2`` is the sum over k of ``(2k + 1) P(|X| > k)``."""
        tails = self.thresholds[-self.least - 1 :: -1]
        square = 2 * sum((2 * k + 1) * tail for k, tail in enumerate(tails))
        return math.sqrt(square / (1 << BITS))

    @property
    def error(self) -> int:
        """Bound on the total-variation distance from the rounded normal, in units of 2**-128.

        Each threshold is off by at most one unit, and both tails beyond the table weigh less than one each.
        """
        return len(self.thresholds) + 2


@lru_cache(maxsize=256)
def cumulative_table(sigma: Fraction) -> CumulativeTable:
    """Table of ``round(N(0, sigma**2))``, exactly symmetric about zero; each threshold is off by less than one unit."""
    if not 0 < sigma <= MOST_SIGMA:
        raise GlassError("FG-GL-010", "the noise parameter must be above 0 and at most 1,000,000 records")
    tails = tails_by_summing(sigma) if sigma >= LEAST_SUMMED else tails_by_erfc(sigma)
    below = [*reversed(tails), *((1 << BITS) - tail for tail in tails)]
    mask = (1 << 64) - 1
    return CumulativeTable(
        least=-len(tails),
        thresholds=tuple(below),
        upper=np.array([threshold >> 64 for threshold in below], dtype=np.uint64),
        lower=np.array([threshold & mask for threshold in below], dtype=np.uint64),
    )


def tails_by_erfc(sigma: Fraction) -> list[int]:
    """``P(X > k)`` in units of 2**-128 for k = 0, 1, …, as long as it is not 0, evaluated with 320 bits.

    ``P(X > k) = erfc((k + 1/2) / (sigma sqrt 2)) / 2``, and by symmetry ``P(X < -k)`` is the same.
    """
    tails: list[int] = []
    with mp.workprec(_WORKING_BITS):
        while not tails or tails[-1] > 0:
            tails.append(int(mp.nint(_upper_tail(sigma, len(tails)) * (1 << BITS))))
    return tails[:-1]


def tails_by_summing(sigma: Fraction) -> list[int]:
    """The same, for sigma from 16 on, by adding up the masses from the far end; 256 bits after the point.

    The mass of k is the integral of the density from k - 1/2 to k + 1/2: its Taylor series about k, term by term. That
    all masses together make one is checked before the table is used.
    """
    one = 1 << _POINT
    with mp.workprec(_WORKING_BITS):
        variance = mpf(sigma.numerator) ** 2 / mpf(sigma.denominator) ** 2
        last = most_magnitude(sigma)
        rest = int(mp.nint(_upper_tail(sigma, last) * one))
        falloff = int(mp.nint(mp.exp(-1 / variance) * one))
        ratio = int(mp.nint(mp.exp(-1 / (2 * variance)) * one))
        height = int(mp.nint(one / mp.sqrt(2 * mp.pi * variance)))
        slope = int(mp.nint(one / (2 * variance)))
        bend = int(mp.nint(one / (4 * variance)))
        terms = _terms(last, variance)
    masses = []
    for k in range(last + 1):
        masses.append((height * _cell_integral(k * slope, bend, terms)) >> _POINT)
        height = (height * ratio) >> _POINT
        ratio = (ratio * falloff) >> _POINT
    tails, above = [], rest
    for mass in reversed(masses[1:]):
        tails.append((above + (1 << (_POINT - BITS - 1))) >> (_POINT - BITS))
        above += mass
    tails.append((above + (1 << (_POINT - BITS - 1))) >> (_POINT - BITS))
    if abs(2 * above + masses[0] - one) > 1 << (_POINT - _CHECKED):
        raise GlassError("FG-GL-016", "the sampler's table does not add up to one; nothing was drawn")
    return [tail for tail in reversed(tails) if tail > 0]


def most_magnitude(sigma: Fraction) -> int:
    """A k with ``P(X > k) < 2**-129``: from ``erfc(x) <= exp(-x**2)`` and 13.38 standard deviations."""
    return math.ceil(sigma * Fraction(1338, 100))


def _upper_tail(sigma: Fraction, k: int) -> mpf:
    return mp.erfc((k + mpf(0.5)) * sigma.denominator / (sigma.numerator * mp.sqrt(2))) / 2


def _cell_integral(slope: int, bend: int, terms: int) -> int:
    """Integral over u from -1/2 to 1/2 of ``exp(-2 slope u - 2 bend u**2)``, all with ``_POINT`` bits after the point.

    With e_j the j-th Taylor term at u = 1/2: ``(j + 1) e_(j+1) = -slope e_j - bend e_(j-1)``; odd terms cancel.
    """
    before, term, total = 0, 1 << _POINT, 1 << _POINT
    for j in range(1, terms):
        before, term = term, -((slope * term + bend * before) >> _POINT) // j
        if j % 2 == 0:
            total += term // (j + 1)
    return total


def _terms(last: int, variance: mpf) -> int:
    """Taylor terms after which the rest is below 2**-220 for every k up to ``last``.

    On a circle of radius R the integrand is at most ``exp(last R / variance + R**2 / (2 variance))``, so by Cauchy's
    bound the j-th term at 1/2 is at most that divided by ``(2 R)**j``.
    """
    counts = []
    for radius in (2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096):
        height = (last * radius + mpf(radius) ** 2 / 2) / variance
        counts.append(int(mp.ceil((height / mp.log(2) + 222) / mp.log(2 * radius, 2))) + 1)
    return min(counts)


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
        """``E X**2`` is the sum over k of ``(2k + 1) P(|X| > k)``; from sigma 2 on ``sigma**2 + 1/12`` to 30 digits."""
        return math.sqrt(sigma**2 + Fraction(1, 12)) if sigma >= 2 else cumulative_table(sigma).sd

    def table_error(self, sigma: Fraction) -> int:
        return cumulative_table(sigma).error

    def most_table_error(self, sigma: Fraction) -> int:
        return 2 * most_magnitude(sigma) + 4
