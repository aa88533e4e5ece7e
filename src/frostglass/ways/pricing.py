"""What a release costs, and whether it can be carried out: worked out from public facts, before any data are read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from frostglass.boundary import accountant as accounting
from frostglass.boundary.accountant import ROUNDED_GAUSSIAN, SAMPLER_UNITS, Accountant
from frostglass.boundary.curator import sigma_for
from frostglass.boundary.ledger.ledger import Reservation
from frostglass.boundary.ledger.money import sampler_allowance
from frostglass.boundary.noise.discrete_gaussian import DiscreteGaussian
from frostglass.boundary.noise.rounded_gaussian import MOST_SIGMA, NoiseSource, RoundedGaussian
from frostglass.errors import UsageError
from frostglass.synthesis.record_fit import satisfiable
from frostglass.synthesis.rules import compile_rules
from frostglass.synthesis.strategy import Strategy, strategy
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.budget import NANO
from frostglass.terms.charge import Charge
from frostglass.terms.codebook import RELEASED_KEY, Codebook
from frostglass.terms.constraint import Clause
from frostglass.terms.domain import Domain
from frostglass.terms.guarantee import Guarantee
from frostglass.terms.plan import Plan
from frostglass.terms.workload import Workload, weight

GROUPS = (2, 3, 5, 10)
"""Sizes of the groups of people whose joint protection the statement gives."""


@dataclass(frozen=True)
class Priced:
    """A release as it is worked out before any data are read: what it asks, at which noise, for what, promising what.

    ``codebook`` is as the plan uses it.
    """

    codebook: Codebook
    plan: Plan
    strategy: Strategy
    clauses: tuple[Clause, ...]
    workload: Workload
    sigmas: Mapping[AttributeSet, Fraction]
    noise: NoiseSource
    charge: Charge
    guarantee: Guarantee


def price(
    codebook: Codebook, plan: Plan, accountant: Accountant, delta: Fraction, noise: NoiseSource | None = None
) -> Priced:
    """Work a release out for a scope of that accountant and delta, from public facts alone.

    Raises what ``check_plan`` and ``planned_noise`` raise.
    """
    codebook = plan.applied_to(codebook)
    asking, clauses = check_plan(codebook, plan)
    noise = noise or noise_for(accountant)
    nano_rho = accounting.allowance(accountant, plan.epsilon, delta)
    wanted, sigmas = planned_noise(codebook, plan, nano_rho, noise)
    charge = Charge(nano_rho, plan.epsilon, noise.mechanism, SAMPLER_UNITS, plan.unit)
    promised = guarantee(plan, wanted, delta, accountant, noise.mechanism, nano_rho)
    return Priced(codebook, plan, asking, clauses, wanted, sigmas, noise, charge, promised)


def check_plan(codebook: Codebook, plan: Plan) -> tuple[Strategy, tuple[Clause, ...]]:
    """Refuse, from public facts alone, a plan that cannot be carried out; return its strategy and constraints."""
    codebook = plan.applied_to(codebook)
    codebook.ready_for_release()
    if plan.codebook_sha256 != codebook.sha256:
        raise UsageError("FG-OP-031", "the plan was made for another version of the codebook; plan again")
    if plan.unit.name != codebook.unit:
        raise UsageError("FG-OP-036", f"a row of this codebook is one {codebook.unit}; the plan names another unit")
    if plan.unit.person_key is not None and codebook.match_name(plan.unit.person_key) is not None:
        raise UsageError("FG-OP-057", f"{codebook.match_name(plan.unit.person_key)}: {RELEASED_KEY}")
    plan.workload(codebook.domain)
    clauses = codebook.clauses if plan.structural else ()
    satisfiable(codebook.domain, compile_rules(codebook.domain, clauses))
    return strategy(plan.strategy), clauses


def guarantee(
    plan: Plan, wanted: Workload, delta: Fraction, accountant: Accountant, mechanism: str, nano_rho: int
) -> Guarantee:
    """The promise of one release that measures what is ``wanted``, with its figures for groups and exchanges.

    Proof: docs/proofs/accounting.md, "Groups and exchanges".
    """

    def jointly(factor: int | Fraction) -> float:
        """Epsilon of ``factor`` times the cost; no figure where the sampler's share of delta does not cover it."""
        joint = accounting.epsilon(accountant, math.ceil(nano_rho * factor), delta)
        exact = mechanism != ROUNDED_GAUSSIAN
        covered = exact or sampler_allowance(Fraction(str(joint)), delta) >= SAMPLER_UNITS
        return joint if covered else math.inf

    return Guarantee(
        epsilon=plan.epsilon,
        delta=delta,
        accountant=accountant.name,
        mechanism=mechanism,
        nano_rho=nano_rho,
        unit=plan.unit,
        groups=tuple((size, jointly(size**2)) for size in GROUPS),
        replace_one=jointly(wanted.exchange),
    )


def promised(priced: Priced, reservation: Reservation) -> Guarantee:
    """What a release promises that was reserved before, perhaps by another mechanism or at another price."""
    return guarantee(
        priced.plan,
        priced.workload,
        reservation.delta,
        accounting.accountant(reservation.accountant),
        reservation.mechanism,
        reservation.nano_rho,
    )


def noise_for(accountant: Accountant) -> NoiseSource:
    """The noise that a scope of this accountant is drawn with."""
    return RoundedGaussian() if accountant.name == "gdp" else DiscreteGaussian()


def planned_noise(
    codebook: Codebook, plan: Plan, nano_rho: int, noise: NoiseSource
) -> tuple[Workload, dict[AttributeSet, Fraction]]:
    """The workload, and the noise parameter of each of its fixed tables.

    Refuses, from public facts alone, noise that cannot be drawn: also for the worst choice of tables, where there is
    a choice.
    """
    domain = plan.applied_to(codebook).domain
    wanted, bound = plan.workload(domain), plan.unit.max_records**2

    def buys(share: Fraction, tables: int = 1) -> Fraction:
        return sigma_for(share * Fraction(nano_rho, NANO), bound * tables)

    sigmas = {each: buys(share) for each, share in wanted.fixed.items()}
    largest = [max(sigmas.values())]
    worst = _worst_choice(domain, wanted, buys) if wanted.candidates else {}
    if wanted.candidates:
        ranking = buys(wanted.ranking_share, len(wanted.candidates))
        largest += [ranking, *worst]
    if max(largest) > MOST_SIGMA:
        raise UsageError(
            "FG-OP-033",
            "this epsilon, spread over so many tables and records a person, leaves nothing but noise: take a larger "
            "epsilon, a shorter length, fewer variables or fewer records a person",
        )
    error = sum(noise.most_table_error(sigma) * domain.cells(each) for each, sigma in sigmas.items())
    if wanted.candidates:
        error += noise.most_table_error(ranking) * len(wanted.candidates)
        error += sum(noise.most_table_error(sigma) * cells for sigma, cells in worst.items())
    if error > SAMPLER_UNITS:
        raise UsageError(
            "FG-OP-034",
            "so many cells with so much noise exceed the sampler's share of delta: take a larger epsilon, a shorter "
            "length or fewer variables",
        )
    return wanted, sigmas


def _worst_choice(domain: Domain, wanted: Workload, buys: Callable[[Fraction], Fraction]) -> dict[Fraction, int]:
    """For each weight that a candidate may have, the most noise that its table can get, and the most cells of it.

    The noise is largest when as much weight as possible is chosen beside it.
    """
    cells = [domain.cells(each) for each in wanted.candidates]
    heaviest = max(Fraction(weight(each), each) for each in cells)
    most = min(Fraction(sum(map(weight, cells))), heaviest * wanted.chosen_cells)
    found: dict[Fraction, int] = {}
    for one in {weight(each) for each in cells}:
        sigma = buys(wanted.chosen_share * min(Fraction(1), one / most))
        found[sigma] = min(wanted.chosen_cells, sum(each for each in cells if weight(each) == one))
    return found
