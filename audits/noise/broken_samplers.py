"""Samplers with one fault each, which the tests of a sampler must refuse."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from audits.noise.goodness import Draw, Ints, rounded_normal, tail_edge
from frostglass.boundary.noise.rounded_gaussian import RoundedGaussian


def broken_samplers(off: Fraction, number: int, seed: int) -> Mapping[str, Draw]:
    """By what is wrong with them. ``off`` is how wrong: a share of sigma, or of the draws."""
    chance, right = np.random.default_rng(seed), RoundedGaussian().draw

    def shifted(sigma: Fraction, size: int) -> Ints:
        """Moved by ``off * sigma`` on average: a part of the draws by one more than the others."""
        values: Ints = right(sigma, size) + np.floor(float(off * sigma) + chance.random(size)).astype(np.int64)
        return values

    def lopsided(sigma: Fraction, size: int) -> Ints:
        """A share ``off`` of the draws has its sign taken away."""
        values = right(sigma, size)
        return np.where(chance.random(size) < float(off), np.abs(values), values)

    def cut_off(sigma: Fraction, size: int) -> Ints:
        """Nothing beyond the value that about 30 of ``number`` draws should pass."""
        edge = tail_edge(rounded_normal(float(sigma)), number)
        return np.clip(right(sigma, size), -edge, edge)

    return {
        f"sigma {float(off):.0%} too small": lambda sigma, size: right(sigma * (1 - off), size),
        f"sigma {float(off):.0%} too large": lambda sigma, size: right(sigma * (1 + off), size),
        f"shifted by {float(off):.0%} of sigma": shifted,
        f"{float(off):.0%} of the draws without their sign": lopsided,
        "tails cut off": cut_off,
    }
