"""The sums are exact, they are enforced to the last unit, and a refusal gives the figures."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from frostglass.boundary.accountant import (
    DISCRETE_GAUSSIAN,
    SAMPLER_SHARE,
    accountant,
    allowance,
)
from frostglass.boundary.accountant import epsilon as tight_epsilon
from frostglass.boundary.ledger.ledger import Ledger, Reservation
from frostglass.boundary.ledger.money import largest_fitting, rho, sampler_allowance
from frostglass.boundary.ledger.requests import whole
from frostglass.errors import BudgetError, LedgerError
from frostglass.terms.budget import NANO
from tests.boundary.support import (
    DELTA,
    EPSILON,
    SCOPE,
    charge,
    cost,
    draw,
    in_memory,
    reserve,
    spent,
)


def taken(ledger: Ledger, release_id: str, nano_rho: int, *, sampler_units: int = 0) -> Reservation:
    """Reserve so many nano-rho, claiming an epsilon of 20."""
    return reserve(ledger, release_id, Fraction(20), nano_rho=nano_rho, sampler_units=sampler_units)


def test_the_allowance_is_spent_to_the_last_nano_rho_and_not_one_more() -> None:
    ledger = in_memory()
    most = ledger.scope(SCOPE).allowance
    taken(ledger, "R1", most - 1)
    with pytest.raises(BudgetError):
        taken(ledger, "R2", 2)
    taken(ledger, "R2", 1)
    assert spent(ledger) == most
    with pytest.raises(BudgetError) as refused:
        taken(ledger, "R3", 1)
    assert refused.value.code == "FG-BU-001"
    assert spent(ledger) == most
    assert ledger.verify().ok


@pytest.mark.parametrize("name", ["gdp", "zcdp"])
@pytest.mark.parametrize("epsilon", ["0.01", "1", "12", "20"])
def test_a_release_of_the_scopes_own_epsilon_always_fits_a_fresh_scope(name: str, epsilon: str) -> None:
    ledger = Ledger.ephemeral(epsilon=Fraction(epsilon), delta=DELTA, accountant=name, scope=SCOPE)
    most = allowance(accountant(name), Fraction(epsilon), DELTA)
    reserve(ledger, "R1", Fraction(epsilon), nano_rho=most, sampler_units=2**40)
    assert ledger.scope(SCOPE).tight_epsilon <= float(Fraction(epsilon))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 40_000_000), max_size=12))
def test_what_is_granted_never_exceeds_the_allowance_and_is_refused_only_when_it_would(costs: list[int]) -> None:
    """Against a plain sum: grant exactly those that still fit."""
    ledger = in_memory()
    most, granted = ledger.scope(SCOPE).allowance, 0
    for number, amount in enumerate(costs):
        if granted + amount <= most:
            taken(ledger, f"R{number}", amount)
            granted += amount
        else:
            with pytest.raises(BudgetError):
                taken(ledger, f"R{number}", amount)
        assert spent(ledger) == granted


def test_the_refusal_gives_need_rest_spending_and_options() -> None:
    """Catalogue case 63."""
    ledger = in_memory()
    draw(ledger, "R1", Fraction(3, 2))
    before = list(ledger.entries())
    with pytest.raises(BudgetError) as refused:
        reserve(ledger, "R2", Fraction(2))
    left = cost(Fraction(2)) - cost(Fraction(3, 2))
    message = refused.value.message
    assert f"it needs {rho(cost(Fraction(2)))} rho (epsilon 2)" in message
    assert f"{rho(left)} of {rho(cost(Fraction(2)))} rho are left" in message
    assert f"Spent so far: {rho(cost(Fraction(3, 2)))} rho by 1 release, in all epsilon 1.5 at delta" in message
    assert "of the 2 allowed" in message
    assert "ask for an epsilon of at most 1.23, which still fits" in message
    assert "a new allowance" in message
    assert list(ledger.entries()) == before


def test_the_epsilon_that_a_refusal_offers_fits_and_the_next_hundredth_does_not() -> None:
    ledger = in_memory()
    draw(ledger, "R1", Fraction(3, 2))
    with pytest.raises(BudgetError):
        reserve(ledger, "R2", Fraction(124, 100))
    reserve(ledger, "R2", Fraction(123, 100))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, cost(EPSILON)))
def test_the_largest_fitting_epsilon_is_the_largest(already: int) -> None:
    ledger = in_memory()
    if already:
        taken(ledger, "R1", already)
    found = whole(ledger._store.read()).scopes[SCOPE]
    fitting = largest_fitting(found)
    cents = int(100 * fitting) if fitting else 0
    assert cents == 0 or cost(Fraction(cents, 100)) <= found.left
    assert cents == 100 * EPSILON or cost(Fraction(cents + 1, 100)) > found.left


def test_an_exhausted_scope_offers_no_epsilon() -> None:
    ledger = in_memory()
    reserve(ledger, "R1", EPSILON)
    with pytest.raises(BudgetError, match=r"no release of epsilon 0\.01 or more fits any longer"):
        ledger.afford(SCOPE, charge())


def test_affording_writes_nothing() -> None:
    ledger = in_memory()
    before = list(ledger.entries())
    ledger.afford(SCOPE, charge(sampler_units=2**40))
    assert list(ledger.entries()) == before


def test_both_sums_are_shown_and_the_tight_one_is_smaller() -> None:
    ledger = in_memory()
    assert ledger.scope(SCOPE).tight_epsilon == 0.0
    for number in range(4):
        draw(ledger, f"R{number}")
    summary = ledger.scope(SCOPE)
    assert (summary.releases, summary.plain_epsilon, summary.plain_delta) == (4, Fraction(2), 4 * DELTA)
    assert summary.spent == 4 * cost()
    assert summary.tight_epsilon == tight_epsilon(accountant("gdp"), 4 * cost(), DELTA)
    assert summary.tight_epsilon < 1.1
    assert (summary.seq, summary.head) == [(each.seq, each.hash) for each in ledger.entries()][-1]


def test_a_claimed_epsilon_below_the_cost_is_refused() -> None:
    """Otherwise the plain sum would be too small."""
    with pytest.raises(BudgetError, match=r"is worth more than the epsilon of 0\.5") as refused:
        reserve(in_memory(), "R1", nano_rho=cost() + 1)
    assert refused.value.code == "FG-BU-004"


def test_a_mechanism_that_the_accountant_cannot_value_is_refused() -> None:
    with pytest.raises(BudgetError, match="cannot value the mechanism 'discrete-gaussian'") as refused:
        reserve(in_memory(), "R1", mechanism=DISCRETE_GAUSSIAN)
    assert refused.value.code == "FG-BU-003"


# The samplers' share of delta


@pytest.mark.parametrize("epsilon", ["0.01", "1", "1.5", "12", "20"])
@pytest.mark.parametrize("delta", ["1e-3", "1e-6", "1e-12"])
def test_the_sampler_allowance_keeps_the_second_term_within_its_share(epsilon: str, delta: str) -> None:
    """``(1 + e**epsilon) * units * 2**-128 <= share * delta``, checked with 60 digits."""
    eps, dlt = Fraction(epsilon), Fraction(delta)
    units = sampler_allowance(eps, dlt)
    with mp.workdps(60):
        term = (1 + mp.exp(mpf(eps.numerator) / eps.denominator)) * units / mpf(2) ** 128
        share = mpf(dlt.numerator) / dlt.denominator * SAMPLER_SHARE.numerator / SAMPLER_SHARE.denominator
        assert term <= share
        assert units > 0
        if eps == math.ceil(eps):
            assert term > share * mpf("0.98")


def test_the_samplers_share_is_enforced_to_the_last_unit() -> None:
    ledger = in_memory()
    most = sampler_allowance(EPSILON, DELTA)
    taken(ledger, "R1", 1, sampler_units=most - 1)
    with pytest.raises(BudgetError, match="1 are left") as refused:
        taken(ledger, "R2", 1, sampler_units=2)
    assert refused.value.code == "FG-BU-002"
    taken(ledger, "R2", 1, sampler_units=1)
    with pytest.raises(BudgetError):
        taken(ledger, "R3", 1, sampler_units=1)
    assert ledger.verify().ok


def test_voiding_gives_the_samplers_share_back_too() -> None:
    ledger = in_memory()
    most = sampler_allowance(EPSILON, DELTA)
    reserve(ledger, "R1", sampler_units=most)
    ledger.void("R1", by="bea", reason="stopped")
    taken(ledger, "R2", 1, sampler_units=most)


def test_rho_is_written_out_exactly() -> None:
    assert rho(0) == "0.000000000"
    assert rho(1) == "0.000000001"
    assert rho(12 * NANO + 34) == "12.000000034"


@pytest.mark.parametrize(
    "change", [{"nano_rho": 10**12}, {"epsilon": Fraction(1)}, {"sealable": True}, {"sampler_units": 2**60}], ids=str
)
def test_a_reservation_that_was_changed_is_not_drawn_for(change: dict[str, object]) -> None:
    ledger = in_memory()
    reservation = reserve(ledger, "R1")
    reserve(ledger, "R2")
    with pytest.raises(LedgerError, match="does not hold the reservation"):
        ledger.begin_draw(replace(reservation, **change))  # type: ignore[arg-type]
    assert [ledger.state(each) for each in ("R1", "R2")] == ["reserved", "reserved"]
