"""What a release will be able to say, from the plan alone. Opens no data and spends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from frostglass.boundary import accountant as accounting
from frostglass.boundary.accountant import Accountant
from frostglass.pipeline import check_plan, noise_for, planned_noise
from frostglass.released.estimate import Estimate
from frostglass.released.tabulation import least_stated
from frostglass.synthesis.least_squares import foresee
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan


@dataclass(frozen=True)
class Foresight:
    """What combinations of one length will get: number of tables and cells, and the width of what can be said.

    ``sd`` and ``half_width`` (of the 95% interval) are least, middle and most over the tables, in records; empty for
    lengths that are read from the records instead of measured.
    """

    length: int
    tables: int
    cells: int
    noise_sd: float | None
    sd: tuple[float, ...]
    half_width: tuple[float, ...]


def foresight(
    codebook: Codebook, plan: Plan, accountant: Accountant, delta: Fraction
) -> tuple[tuple[Foresight, ...], int, int]:
    """Errors by length, tau, and the cost in nano-rho. Opens no data and spends nothing."""
    check_plan(codebook, plan)
    domain = codebook.domain
    nano_rho = accounting.allowance(accountant, plan.epsilon, delta)
    noise = noise_for(accountant)
    sd = {order: noise.sd(sigma) for order, sigma in planned_noise(codebook, plan, nano_rho, noise).items()}
    estimate = foresee(domain, {each: sd[order] for order in sd for each in domain.sets_of_length(order)})
    rows = tuple(
        _foresight_of(codebook, estimate, length, sd.get(length))
        for length in range(1, min(plan.length, len(domain)) + 1)
    )
    return rows, plan.tau or least_stated(sd[max(sd)]), nano_rho


def _foresight_of(codebook: Codebook, estimate: Estimate, length: int, noise_sd: float | None) -> Foresight:
    domain = codebook.domain
    errors = sorted(estimate.sd(each) for each in domain.sets_of_length(length) if estimate.covers(each))
    spread = (errors[0], errors[len(errors) // 2], errors[-1]) if errors else ()
    return Foresight(
        length=length,
        tables=domain.number_of_sets(length),
        cells=domain.cells_of_length(length),
        noise_sd=noise_sd,
        sd=spread,
        half_width=tuple(1.959964 * each for each in spread),
    )
