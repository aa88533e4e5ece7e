"""What the guarantee allows at most: how much better one may guess about somebody because they are in the data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from frostglass.terms.budget import NANO
from frostglass.terms.guarantee import Guarantee

_ROUNDED_GAUSSIAN = "rounded-gaussian"
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Limit:
    """``mu`` of Gaussian differential privacy; None where only ``epsilon`` and ``delta`` are known."""

    mu: float | None
    epsilon: float
    delta: float

    @property
    def guess(self) -> float:
        """Largest share of right answers, from even chances, to whether one person is in the data.

        Source: Dong, Roth & Su (2019), Section 2.2; Kairouz, Oh & Viswanath (2015), Theorem 2.1.
        """
        if self.mu is not None:
            return _NORMAL.cdf(self.mu / 2)
        odds = math.exp(self.epsilon)
        return (odds + self.delta) / (odds + 1)

    def given(self, chance: float) -> float:
        """Largest chance of an event, with the person in the data, that has ``chance`` without.

        It is concave, so that it holds for means over people too. Source: Dong, Roth & Su (2019), Definition 2.6.
        """
        if self.mu is None:
            odds = math.exp(self.epsilon)
            return min(odds * chance + self.delta, 1 - (1 - self.delta - chance) / odds, 1.0)
        if chance <= 0 or chance >= 1:
            return min(max(chance, 0.0), 1.0)
        return _NORMAL.cdf(_NORMAL.inv_cdf(chance) + self.mu)


def limit(guarantee: Guarantee) -> Limit:
    """The limit that one release promises to one person."""
    gaussian = guarantee.mechanism == _ROUNDED_GAUSSIAN
    return Limit(
        mu=math.sqrt(2 * guarantee.nano_rho / NANO) if gaussian else None,
        epsilon=float(guarantee.epsilon),
        delta=float(guarantee.delta),
    )
