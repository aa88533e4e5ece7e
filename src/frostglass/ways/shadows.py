"""Shadow releases: what a release of other tables would have been, for attacks alone. Never charged, never sealed.

A shadow goes the way of a release: the same questions, the same curator, the same fit. But its ledger ends with it, and
its noise comes from a numpy generator, which would be no protection for anybody: nothing of a shadow is ever published.
What is handed out has lost its receipts, so that no part of it can be taken for something released.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from frostglass.boundary.accountant import SAMPLER_UNITS
from frostglass.boundary.curator import Curator
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.released.answers import Answers
from frostglass.review.attacks.shadow import Generator, Shadow
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.synthesis.strategy import Strategy
from frostglass.terms.charge import Charge
from frostglass.terms.codebook import Codebook
from frostglass.terms.constraint import Clause
from frostglass.terms.custody import Sensitive
from frostglass.terms.guarantee import Guarantee
from frostglass.terms.plan import Plan
from frostglass.terms.progress import quiet
from frostglass.terms.workload import Workload
from frostglass.ways.pricing import check_plan

NO_NOISE = 0.1
"""The sd, in records, that the control states for its exact counts."""

_SCOPE = "shadow"
_SEEDS = 2**53


@dataclass(frozen=True)
class ShadowReleases:
    """Makes shadows by the plan of a release that was promised ``guarantee``; records are fitted by ``--fit fast``."""

    codebook: Codebook
    plan: Plan
    guarantee: Guarantee

    def __post_init__(self) -> None:
        object.__setattr__(self, "plan", replace(self.plan, fit="fast"))

    @cached_property
    def checked(self) -> tuple[Strategy, tuple[Clause, ...]]:
        """The strategy and the constraints, of a plan that can be carried out."""
        return check_plan(self.codebook, self.plan)

    @cached_property
    def workload(self) -> Workload:
        """What each shadow measures."""
        return self.plan.workload(self.codebook.domain)

    def __call__(self, table: Sensitive[CodedTable], generator: Generator, *, fitted: bool) -> Shadow:
        """One shadow of ``table``; without ``fitted`` it has no records."""
        answers = _answers(self, table, ShadowNoise(self.guarantee.mechanism, generator))
        records = _records(self, answers, generator) if fitted else None
        return Shadow(
            domain=self.codebook.domain,
            sets=tuple(each.attributes for each in answers.measurements),
            answers=tuple(each.answer for each in answers.measurements),
            sds=tuple(each.sd for each in answers.measurements),
            records=records,
        )


@dataclass(frozen=True)
class BareReleases:
    """The control, on which every attack must succeed: the table with nothing but the names taken off.

    Its records are those of the table itself, its counts are exact.
    """

    shadows: ShadowReleases

    def __call__(self, table: Sensitive[CodedTable], generator: Generator, *, fitted: bool) -> Shadow:
        """The table itself, its records in random order."""
        shadows, rows = self.shadows, table.reveal().rows
        answers = _answers(shadows, table, NoNoise(shadows.guarantee.mechanism))
        order = generator.permutation(np.repeat(np.arange(len(rows)), rows.weights))
        return Shadow(
            domain=shadows.codebook.domain,
            sets=tuple(each.attributes for each in answers.measurements),
            answers=tuple(each.answer for each in answers.measurements),
            sds=(NO_NOISE,) * len(answers.measurements),
            records=rows.codes[order] if fitted else None,
        )


class ShadowNoise:
    """The rounded normal, in floating point and from a generator that anybody may seed: for shadows alone.

    The curator takes it for the noise of the release, and its receipts cannot be sealed.
    """

    def __init__(self, mechanism: str, generator: Generator) -> None:
        self.mechanism = mechanism
        self._generator = generator

    def draw(self, sigma: Fraction, size: int) -> npt.NDArray[np.int64]:
        return np.rint(self._generator.normal(0, float(sigma), size)).astype(np.int64)

    def sd(self, sigma: Fraction) -> float:
        """That of the normal, rounded: one twelfth more variance."""
        return math.sqrt(float(sigma) ** 2 + 1 / 12)

    def table_error(self, sigma: Fraction) -> int:
        return 0

    def most_table_error(self, sigma: Fraction) -> int:
        return 0


class NoNoise(ShadowNoise):
    """No noise at all, for the control."""

    def __init__(self, mechanism: str) -> None:
        self.mechanism = mechanism

    def draw(self, sigma: Fraction, size: int) -> npt.NDArray[np.int64]:
        return np.zeros(size, dtype=np.int64)


def _answers(shadows: ShadowReleases, table: Sensitive[CodedTable], noise: ShadowNoise) -> Answers:
    """What the release would have been told about ``table``, paid for in a ledger that ends here."""
    domain, plan, promise = shadows.codebook.domain, shadows.plan, shadows.guarantee
    asking, _ = shadows.checked
    ledger = Ledger.ephemeral(epsilon=promise.epsilon, delta=promise.delta, accountant=promise.accountant, scope=_SCOPE)
    charge = Charge(promise.nano_rho, promise.epsilon, noise.mechanism, SAMPLER_UNITS, plan.unit)
    reservation = ledger.reserve(_SCOPE, _SCOPE, plan.sha256, charge)
    glass = Curator(table, domain, plan.unit, ledger=ledger, reservation=reservation, noise=noise)
    return asking.measure(domain, shadows.workload, glass, quiet)


def _records(shadows: ShadowReleases, answers: Answers, generator: Generator) -> npt.NDArray[np.uint16]:
    domain, measurements = shadows.codebook.domain, answers.measurements
    asking, clauses = shadows.checked
    fitted = asking.fit(
        domain,
        measurements,
        asking.estimate(domain, measurements),
        clauses=clauses,
        total=None,
        seed=int(generator.integers(_SEEDS)),
        fit=shadows.plan.fit,
        progress=quiet,
    )
    return fitted.codes
