"""What one release costs a scope, and whom it protects."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from frostglass.terms.unit import PrivacyUnit


@dataclass(frozen=True, slots=True)
class Charge:
    """The price of one release, as the ledger is asked for it before anything is drawn.

    ``nano_rho`` is in billionths of rho, and ``epsilon`` what the release claims at the delta of its scope.
    ``sampler_units`` bounds the total variation of all its draws from the ideal, in units of 2**-128.
    """

    nano_rho: int
    epsilon: Fraction
    mechanism: str
    sampler_units: int
    unit: PrivacyUnit
