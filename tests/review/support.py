"""A small table to attack, with shadows of it and the control."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np

from frostglass.boundary import accountant as accounting
from frostglass.review.attacks.limit import Limit, limit
from frostglass.review.attacks.shadow import Generator
from frostglass.review.attacks.trials import Effort
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.custody import Sensitive
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways.pricing import guarantee
from frostglass.ways.shadows import BareReleases, ShadowReleases
from tests.bundle.support import random_codes, weather

DELTA = Fraction("1e-6")
ROWS = 400
SMALL = Effort(targets=6, counted=30, fitted=12, tenths=2, halves=2, people=60, predicates=40)


@cache
def makers(epsilon: Fraction = Fraction(4)) -> tuple[ShadowReleases, BareReleases, Limit]:
    """Shadows of the weather table, their control, and the limit of what they may give away."""
    codebook = weather()
    plan = Plan(codebook.id, codebook.sha256, epsilon, PrivacyUnit(codebook.unit))
    wanted = plan.workload(codebook.domain)
    gdp = accounting.accountant("gdp")
    nano_rho = accounting.allowance(gdp, epsilon, DELTA)
    promise = guarantee(plan, wanted, DELTA, gdp, accounting.ROUNDED_GAUSSIAN, nano_rho)
    shadows = ShadowReleases(codebook, plan, promise)
    return shadows, BareReleases(shadows), limit(promise)


def table(rows: int = ROWS, seed: int = 1) -> Sensitive[CodedTable]:
    """Random records of the weather codebook."""
    codebook = weather()
    return Sensitive(CodedTable.of(codebook.domain, random_codes(codebook, rows, seed)), "coded table")


def chance(seed: int = 0) -> Generator:
    return np.random.default_rng(seed)
