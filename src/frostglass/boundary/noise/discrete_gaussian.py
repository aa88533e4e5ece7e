"""The second backend: OpenDP's exact discrete Gaussian (``pip install frostglass[opendp]``)."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from frostglass.boundary.accountant import DISCRETE_GAUSSIAN
from frostglass.errors import GlassError, UsageError


class DiscreteGaussian:
    """OpenDP's ``make_gaussian`` on whole numbers: rho-zCDP for ``rho = sensitivity**2 / (2 sigma**2)``.

    Source: Canonne, Kamath & Steinke (2020), Theorem 4. Its randomness is OpenSSL's private stream, not seedable.
    """

    mechanism = DISCRETE_GAUSSIAN

    def __init__(self) -> None:
        try:
            import opendp.prelude as dp
        except ImportError:
            raise UsageError(
                "FG-OP-021", "the zcdp accountant needs OpenDP: pip install 'frostglass[opendp]'"
            ) from None
        dp.enable_features("contrib")
        self._dp = dp

    def draw(self, sigma: Fraction, size: int) -> npt.NDArray[np.int64]:
        """``size`` draws, after OpenDP's own privacy map has confirmed what the noise costs."""
        dp = self._dp
        scale = float(sigma)
        if Fraction(scale) != sigma or not 0 < sigma <= 1_000_000:
            raise GlassError("FG-GL-010", "the noise parameter must be above 0 and at most 1,000,000 records")
        mechanism = dp.m.make_gaussian(dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float), scale)
        if mechanism.map(1.0) > float(1 / (2 * sigma**2)) * (1 + 1e-9):
            raise GlassError("FG-GL-011", "OpenDP values this noise above what was charged; nothing was drawn")
        return np.array(mechanism(np.zeros(size, dtype=np.int64)), dtype=np.int64)

    def sd(self, sigma: Fraction) -> float:
        """From the masses ``exp(-k**2 / (2 sigma**2))``; it is sigma to within 1e-7 from sigma 1 on."""
        scale = float(sigma)
        k = np.arange(1, math.ceil(40 * scale) + 2, dtype=np.float64)
        mass = np.exp(-0.5 * (k / scale) ** 2)
        return math.sqrt(float(2 * (k * k * mass).sum() / (1 + 2 * mass.sum())))

    def table_error(self, sigma: Fraction) -> int:
        """None: the sampler is exact."""
        return 0

    def most_table_error(self, sigma: Fraction) -> int:
        return 0
