"""What a release will be able to say, from the plan alone. Opens no data and spends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from frostglass.boundary import accountant as accounting
from frostglass.boundary.accountant import Accountant
from frostglass.pipeline import check_plan, noise_for, planned_noise
from frostglass.released.estimate import Estimate
from frostglass.released.tabulation import least_stated, typical, typical_error
from frostglass.synthesis.least_squares import foresee
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.withholding import Withheld, nearest_curves


@dataclass(frozen=True)
class LengthForesight:
    """What combinations of one length will get: number of tables and cells, and the width of what can be said.

    ``measured`` is how many of the tables are measured whatever the data say. ``noise_sd`` is their typical noise.
    ``sd`` and ``half_width`` (of the 95% interval) are least, middle and most over these tables, in records; empty for
    lengths that are read from the records instead of measured.
    """

    length: int
    tables: int
    cells: int
    measured: int
    noise_sd: float | None
    sd: tuple[float, ...]
    half_width: tuple[float, ...]


@dataclass(frozen=True)
class Foresight:
    """``error`` is the typical sd of the longest estimates, which the rule for tau follows.

    ``candidates`` and ``chosen_cells``: among how many triples is chosen, and how many cells those may have; or 0.
    ``withholding`` holds, for other tau, what noise of this size fabricated and lost on the benchmark tables.
    """

    rows: tuple[LengthForesight, ...]
    tau: int
    error: float
    nano_rho: int
    candidates: int
    chosen_cells: int
    withholding: tuple[Withheld, ...]


def foresight(codebook: Codebook, plan: Plan, accountant: Accountant, delta: Fraction) -> Foresight:
    """Errors by length, tau, and the cost in nano-rho. Opens no data and spends nothing."""
    check_plan(codebook, plan)
    nano_rho = accounting.allowance(accountant, plan.epsilon, delta)
    noise = noise_for(accountant)
    wanted, sigmas = planned_noise(codebook, plan, nano_rho, noise)
    sd = {each: noise.sd(sigma) for each, sigma in sigmas.items()}
    estimate = foresee(codebook.domain, sd)
    error = typical_error(estimate, plan.length)
    lengths = range(1, min(plan.length, len(codebook.domain)) + 1)
    rows = tuple(_foresight_of(codebook, estimate, length, sd) for length in lengths)
    return Foresight(
        rows=rows,
        tau=plan.tau or least_stated(error),
        error=error,
        nano_rho=nano_rho,
        candidates=len(wanted.candidates),
        chosen_cells=wanted.chosen_cells,
        withholding=nearest_curves(error, [length for length in lengths if length > 1]),
    )


def _foresight_of(
    codebook: Codebook, estimate: Estimate, length: int, noise: Mapping[AttributeSet, float]
) -> LengthForesight:
    domain = codebook.domain
    measured = {each: sd for each, sd in noise.items() if len(each) == length}
    errors = sorted(estimate.sd(each) for each in measured)
    spread = (errors[0], errors[len(errors) // 2], errors[-1]) if errors else ()
    return LengthForesight(
        length=length,
        tables=domain.number_of_sets(length),
        cells=domain.cells_of_length(length),
        measured=len(measured),
        noise_sd=typical(list(measured.values())) if measured else None,
        sd=spread,
        half_width=tuple(1.959964 * each for each in spread),
    )
