"""The accountants: right by an independent library, never generous, and consistent with themselves."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import opendp.prelude as dp
import pytest
from dp_accounting import GaussianDpEvent, ZCDpEvent
from dp_accounting.pld import PLDAccountant
from dp_accounting.rdp import RdpAccountant
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.epsilon.reference_accounting import delta_of, price_of_error, within
from frostglass.boundary.accountant import SAMPLER_SHARE, accountant, allowance, epsilon
from frostglass.boundary.ledger.money import sampler_allowance
from frostglass.errors import UsageError
from frostglass.terms.budget import NANO

DELTA = Fraction("5.8e-6")
EPSILONS = [Fraction(each) for each in ("0.05", "0.5", "1", "4", "12", "20")]


def exact_gaussian_epsilon(sigma: float, delta: float) -> float:
    """dp-accounting's exact value for one Gaussian of sensitivity 1."""
    from dp_accounting.pld.privacy_loss_mechanism import AdditiveNoisePrivacyLoss, GaussianPrivacyLoss

    loss: AdditiveNoisePrivacyLoss = GaussianPrivacyLoss(sigma)
    low, high = 0.0, 1000.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if loss.get_delta_for_epsilon(middle) > delta else (low, middle)
    return high


COSTS = [round(10 ** (5 + 0.8 * step)) for step in range(8)]
"""In nano-rho, from almost nothing to a hundred rho."""


@pytest.mark.parametrize("name", ["gdp", "zcdp"])
@pytest.mark.parametrize("nano_rho", COSTS)
@pytest.mark.parametrize("delta", [Fraction("1e-4"), Fraction("1e-12")])
def test_what_was_spent_is_stated_up_to_the_last_digit_and_not_one_more(
    name: str, nano_rho: int, delta: Fraction
) -> None:
    """The epsilon that a reader sees is enough, and a millionth less is not."""
    stated = Fraction(repr(epsilon(accountant(name), nano_rho, delta)))
    assert within(delta_of(name, nano_rho, stated), delta)
    assert not within(delta_of(name, nano_rho, stated - Fraction(1, 10**6)), delta * (1 - SAMPLER_SHARE))


@pytest.mark.parametrize("nano_rho", COSTS[:-1])
def test_dp_accounting_finds_the_stated_epsilon_enough_and_a_millionth_less_too_little(nano_rho: int) -> None:
    from dp_accounting.pld.privacy_loss_mechanism import GaussianPrivacyLoss

    exact = GaussianPrivacyLoss(math.sqrt(NANO / (2 * nano_rho)))
    stated = epsilon(accountant("gdp"), nano_rho, DELTA)
    assert exact.get_delta_for_epsilon(stated) <= float(DELTA)
    assert exact.get_delta_for_epsilon(stated - 1e-6) > float(DELTA) * (1 - 1e-7)


def test_what_no_epsilon_bounds_has_no_figure() -> None:
    """The search ends at ten million; beyond it there is no number that could be taken for a promise."""
    assert 9e6 < epsilon(accountant("gdp"), 9_500_000 * NANO, DELTA) < 10e6
    assert epsilon(accountant("gdp"), 10_500_000 * NANO, DELTA) == math.inf


@pytest.mark.parametrize("name", ["gdp", "zcdp"])
@pytest.mark.parametrize("target", [1, 12, 1_000, 10_000])
def test_an_allowance_leaves_the_samplers_share_of_delta_untouched(name: str, target: int) -> None:
    """It is worth whole nano-rho from an epsilon of hundreds on; and one more would touch it."""
    most, kept = allowance(accountant(name), Fraction(target), DELTA), DELTA - DELTA * Fraction(1, 2**30)
    assert within(delta_of(name, most, Fraction(target)), kept)
    assert not within(delta_of(name, most + 1, Fraction(target)), kept)


@pytest.mark.parametrize("target", [Fraction(each) for each in ("0.05", "1", "1.5", "4", "12", "26")])
@pytest.mark.parametrize("delta", [Fraction(each) for each in ("1e-3", "5.8e-6", "1e-12")])
def test_a_scope_that_is_spent_to_the_last_of_both_reserves_keeps_its_delta(target: Fraction, delta: Fraction) -> None:
    """All nano-rho that it allows and all table error: together no more than delta, and not far less."""
    most, units = allowance(accountant("gdp"), target, delta), sampler_allowance(target, delta)
    spent = delta_of("gdp", most, target) + price_of_error(units, target)
    assert within(spent, delta)
    assert not within(spent, delta * Fraction(99, 100))


@pytest.mark.parametrize("target", EPSILONS)
def test_gdp_allowance_is_the_exact_gaussian_of_dp_accounting(target: Fraction) -> None:
    nano_rho = allowance(accountant("gdp"), target, DELTA)
    sigma = math.sqrt(NANO / (2 * nano_rho))
    exact = exact_gaussian_epsilon(sigma, float(DELTA))
    assert float(target) * (1 - 1e-5) < exact <= float(target) * (1 + 1e-9)


def test_gdp_adds_as_dp_accountings_composition_of_gaussians_does() -> None:
    """Many tables are one Gaussian: the numerical composition of 100 answers agrees and never lies below."""
    nano_rho = allowance(accountant("gdp"), Fraction(2), DELTA)
    sigma = math.sqrt(100 * NANO / (2 * nano_rho))
    composed = PLDAccountant().compose(GaussianDpEvent(sigma), 100).get_epsilon(float(DELTA))
    assert composed == pytest.approx(2, rel=2e-3)


@pytest.mark.parametrize("target", EPSILONS)
def test_zcdp_conversion_is_opendps(target: Fraction) -> None:
    """Of a pure zCDP measure: the same conversion in OpenDP's own code."""
    dp.enable_features("contrib")
    nano_rho = allowance(accountant("zcdp"), target, DELTA)
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float)
    noise = dp.m.make_gaussian(*space, scale=math.sqrt(NANO / (2 * nano_rho)))
    measure: Any = dp.c.make_zCDP_to_approxDP(noise)
    curve = measure.map(1.0)
    assert curve.epsilon(float(DELTA)) == pytest.approx(float(target), rel=1e-4)


@pytest.mark.parametrize("target", EPSILONS)
def test_zcdp_is_never_more_generous_than_dp_accountings_renyi_conversion(target: Fraction) -> None:
    nano_rho = allowance(accountant("zcdp"), target, DELTA)
    orders = [1 + step / 50 for step in range(1, 2000)] + list(range(42, 2000, 5))
    renyi = RdpAccountant(orders=orders).compose(ZCDpEvent(nano_rho / NANO)).get_epsilon(float(DELTA))
    assert float(target) == pytest.approx(renyi, rel=2e-3)


@pytest.mark.parametrize("name", ["gdp", "zcdp"])
@given(micro=st.integers(10_000, 20_000_000), exponent=st.integers(4, 12))
@settings(max_examples=25, deadline=None)
def test_a_release_of_epsilon_fits_a_fresh_scope_of_epsilon(name: str, micro: int, exponent: int) -> None:
    """Allowances are rounded down and epsilons up, and the two agree."""
    chosen, target, delta = accountant(name), Fraction(micro, 10**6), Fraction(1, 10**exponent)
    nano_rho = allowance(chosen, target, delta)
    assert epsilon(chosen, nano_rho, delta) <= float(target)
    assert epsilon(chosen, nano_rho + 1 + nano_rho // 10_000, delta) > float(target) - 1e-6


@pytest.mark.parametrize("name", ["gdp", "zcdp"])
def test_one_nano_rho_more_than_the_allowance_breaks_the_promise(name: str) -> None:
    """The allowance is the largest that keeps delta, less the part that is set aside for the sampler."""
    chosen, target = accountant(name), Fraction(4)
    nano_rho = allowance(chosen, target, DELTA)
    limit = float(DELTA * (1 - SAMPLER_SHARE))
    assert float(chosen.delta(nano_rho, target)) <= limit
    assert chosen.delta(nano_rho + 1, target) > chosen.delta(nano_rho, target)
    assert float(chosen.delta(nano_rho + 2, target)) > limit * (1 - 1e-8)


def test_gdp_needs_less_noise_than_zcdp_for_the_same_promise() -> None:
    for target in EPSILONS:
        assert allowance(accountant("gdp"), target, DELTA) > allowance(accountant("zcdp"), target, DELTA)


def test_splitting_a_budget_never_costs_less_than_the_whole() -> None:
    whole = allowance(accountant("gdp"), Fraction(4), DELTA)
    halves = 2 * allowance(accountant("gdp"), Fraction(2), DELTA)
    assert halves <= whole


def test_nothing_spent_is_nothing_lost() -> None:
    assert epsilon(accountant("gdp"), 0, DELTA) == 0.0


def test_the_closed_gaussian_formula_is_not_offered_for_the_discrete_gaussian() -> None:
    """On a single variable it would claim 12 where 12.69 is true (decided: only zCDP values it)."""
    assert "discrete-gaussian" not in accountant("gdp").mechanisms
    assert "discrete-gaussian" in accountant("zcdp").mechanisms


def test_an_unknown_accountant_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"FG-OP-020.*gdp, zcdp"):
        accountant("rdp")
