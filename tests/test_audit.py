"""Long checks, behind ``make audit``: the same claims as the tests, with far more draws and whole releases."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from frostglass import codebooks, pipeline
from frostglass.boundary.accountant import accountant, allowance
from frostglass.boundary.curator import Curator
from frostglass.boundary.ledger import Ledger
from frostglass.boundary.noise import RoundedGaussian
from frostglass.released.intervals import Intervals
from frostglass.released.measurement import Measurement
from frostglass.sensitive.check import encode
from frostglass.sensitive.coded_table import CodedTable
from frostglass.sensitive.counts import count
from frostglass.sensitive.intake import read
from frostglass.simulate.coded import coded_table
from frostglass.synthesis.strategy import Strategy, strategy
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Sensitive
from frostglass.terms.domain import Attribute, Domain
from frostglass.terms.plan import Plan
from frostglass.terms.question import Question
from frostglass.terms.unit import PrivacyUnit
from tests.test_noise import refused, rounded_cdf

pytestmark = pytest.mark.audit

DELTA = Fraction("1e-6")


@pytest.mark.parametrize("sigma", [Fraction(1), Fraction(7, 2), Fraction(103), Fraction(1000)])
def test_a_million_draws_fit_the_rounded_normal_and_none_that_is_one_percent_off(sigma: Fraction) -> None:
    """False-alarm rate 1e-7 a scale."""
    values = RoundedGaussian().draw(sigma, 1_000_000)
    assert not refused(values, rounded_cdf(float(sigma)))
    assert refused(values, rounded_cdf(float(sigma) * 1.01))


@pytest.mark.parametrize("epsilon", ["0.5", "4"])
def test_intervals_of_200_releases_hold_the_truth_as_often_as_they_say(epsilon: str) -> None:
    """Over all declared cells of a simulated table: 95% within half a point at every length."""
    book = codebooks.load("ctdc-vp-1")
    table = encode(read(coded_table(17_500, 7)), book, unit=PrivacyUnit(book.unit))
    domain, asking = book.domain, strategy("measure-and-fit")
    truth = {each: count(table, each).reveal() for k in (1, 2, 3) for each in domain.sets_of_length(k)}
    held: dict[int, list[float]] = {1: [], 2: [], 3: []}
    plan = Plan(book.id, book.sha256, Fraction(epsilon), PrivacyUnit(book.unit))
    for _ in range(200):
        estimate = asking.estimate(domain, _measure(table, domain, plan, asking))
        intervals = Intervals(estimate)
        for each, exact in truth.items():
            low, high, _ = intervals.everywhere(each)
            held[len(each)].append(float(((np.ceil(low - 1e-6) <= exact) & (exact <= np.floor(high + 1e-6))).mean()))
    for length, shares in held.items():
        assert 0.945 < float(np.mean(shares)) < 0.985, length


def _measure(table: Sensitive[CodedTable], domain: Domain, plan: Plan, asking: Strategy) -> tuple[Measurement, ...]:
    ledger = Ledger.ephemeral(epsilon=plan.epsilon, delta=DELTA)
    glass = _curator(table, domain, plan.epsilon, ledger)
    return asking.measure(domain, plan.workload(domain), glass, pipeline.quiet).measurements


def _curator(table: Sensitive[CodedTable], domain: Domain, epsilon: Fraction, ledger: Ledger) -> Curator:
    unit = PrivacyUnit("person")
    reservation = ledger.reserve(
        "ephemeral",
        release_id="r",
        plan_sha256="0" * 64,
        nano_rho=allowance(accountant("gdp"), epsilon, DELTA),
        epsilon=epsilon,
        mechanism="rounded-gaussian",
        sampler_units=2**40,
        unit=unit.name,
        keyed=False,
        max_records=1,
    )
    return Curator(table, domain, unit, ledger=ledger, reservation=reservation, noise=RoundedGaussian())


@pytest.mark.parametrize("epsilon", [Fraction(4), Fraction(12)])
def test_epsilon_from_below_reaches_the_claim_and_never_exceeds_it(epsilon: Fraction) -> None:
    """The white-box game: an empty table against one person, 2 x 5,000 releases through the curator.

    The best test is linear in the answers; Clopper-Pearson bounds of its errors give a lower bound on mu that fails
    with probability 1e-7, to be compared with the mu that was paid for.
    """
    domain = Domain((Attribute("a", ("1",)), Attribute("b", ("1", "2"))))
    nano_rho = allowance(accountant("gdp"), epsilon, DELTA)
    mu = (2 * nano_rho / 1e9) ** 0.5
    worlds = [np.zeros((0, 2), dtype=np.uint16), np.array([[1, 2]], dtype=np.uint16)]
    scores = [np.array([_score(codes, domain, epsilon) for _ in range(5_000)]) for codes in worlds]
    cut = float(np.median(np.concatenate(scores)))
    false_alarms, misses = int((scores[0] > cut).sum()), int((scores[1] <= cut).sum())
    alpha = 5e-8
    most = [stats.beta.ppf(1 - alpha, each + 1, 5_000 - each) for each in (false_alarms, misses)]
    proved = stats.norm.ppf(1 - most[0]) - stats.norm.ppf(most[1])
    assert proved <= mu
    assert proved > 0.5 * mu


def _score(codes: np.ndarray[tuple[int, int], np.dtype[np.uint16]], domain: Domain, epsilon: Fraction) -> float:
    """Log-likelihood ratio of the person's own cells, up to constants."""
    ledger = Ledger.ephemeral(epsilon=epsilon, delta=DELTA)
    glass = _curator(Sensitive(CodedTable.of(domain, codes), "coded table"), domain, epsilon, ledger)
    total = 0.0
    for names, cell, share in ((["a"], (1,), (1, 5)), (["b"], (2,), (1, 5)), (["a", "b"], (1, 2), (3, 5))):
        answer = glass.measure(Question(AttributeSet.of(names), Fraction(*share)))
        total += float(answer.answer[cell]) / float(answer.receipt.sigma) ** 2
    return total
