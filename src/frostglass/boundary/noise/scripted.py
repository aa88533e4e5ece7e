"""Noise for tests: known numbers instead of chance. Nothing made with it can be sealed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from frostglass.boundary.noise.rounded_gaussian import RoundedGaussian


class ScriptedNoise:
    """Stands in for the default source and returns what ``script(sigma, size)`` says. Its receipts cannot be sealed."""

    mechanism = RoundedGaussian.mechanism

    def __init__(self, script: Callable[[Fraction, int], npt.NDArray[np.int64]]) -> None:
        self._script = script

    def draw(self, sigma: Fraction, size: int) -> npt.NDArray[np.int64]:
        return self._script(sigma, size)

    def sd(self, sigma: Fraction) -> float:
        return RoundedGaussian().sd(sigma)

    def table_error(self, sigma: Fraction) -> int:
        return 0

    def most_table_error(self, sigma: Fraction) -> int:
        return 0
