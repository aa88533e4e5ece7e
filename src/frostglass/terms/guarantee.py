"""What is promised to each person, in figures. The words made from it live in ``bundle.statement``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from frostglass.terms.unit import PrivacyUnit


@dataclass(frozen=True, slots=True)
class Guarantee:
    """(epsilon, delta)-differential privacy under adding or removing one ``unit``, for one release.

    ``nano_rho`` is what the ledger reserved. ``groups`` gives, for 2, 3, 5 and 10 units together, the epsilon at the
    same delta, rounded up. ``replace_one`` is the epsilon when one person is exchanged for another, rounded up too.
    """

    epsilon: Fraction
    delta: Fraction
    accountant: str
    mechanism: str
    nano_rho: int
    unit: PrivacyUnit
    groups: tuple[tuple[int, float], ...]
    replace_one: float


@dataclass(frozen=True, slots=True)
class ScopeSummary:
    """A scope of the ledger at one moment: public figures only, nothing about any data.

    ``plain_epsilon`` and ``plain_delta`` are the sums over releases; ``tight_epsilon`` is what the accountant makes of
    everything spent, at the scope's delta, rounded up; the tight one is enforced.
    """

    ledger_id: str
    scope: str
    accountant: str
    epsilon: Fraction
    delta: Fraction
    population: int | None
    reason: str
    allowance: int
    spent: int
    releases: int
    plain_epsilon: Fraction
    plain_delta: Fraction
    tight_epsilon: float
    non_private: tuple[str, ...]
    seq: int
    head: str
