"""Nothing but the noisy answers decides what a release asks, pays, says and makes; and the replay would notice."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from audits.epsilon.reference_accounting import NANO, least_sigma, most_nano_rho
from audits.figures import SHORT
from audits.noise.scripted_bits import bits_for
from audits.replay.checks import faults_between, moved
from audits.replay.crowds import KINDS, crowds
from audits.replay.mutation import Mutant, applied, equivalents, mutants
from audits.replay.probes import PROBES
from audits.replay.recorder import Recorder
from audits.replay.recording import Given
from audits.replay.replay import judged
from audits.replay.replaying import replay
from audits.replay.scenarios import SCENARIOS
from frostglass.boundary.accountant import accountant, allowance
from frostglass.boundary.noise.rounded_gaussian import cumulative_table, values_from_bits


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with Recorder() as made:
        yield made


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_neighbour_with_the_same_answers_changes_nothing(name: str, recorder: Recorder) -> None:
    pairs, faults = replay(recorder, SCENARIOS[name]())
    assert (faults, pairs) == ([], len(SCENARIOS[name]().neighbours))
    assert pairs >= 3


@pytest.mark.parametrize("name", PROBES)
def test_nothing_is_drawn_unpaid_or_twice_or_for_another_table(name: str, recorder: Recorder) -> None:
    assert PROBES[name](recorder) == []


def test_people_of_chance_change_nothing_either(recorder: Recorder) -> None:
    for crowd in crowds(SHORT.seed, number=len(KINDS), people=3):
        assert crowd.replay(recorder) == (12, [])


def test_people_of_chance_find_rows_without_a_bound(recorder: Recorder) -> None:
    """The control: persons of many rows are among the people of chance, and they move too much without a bound."""
    bug = next(each for each in mutants() if each.name == "no bound on a person's rows")
    keyed = [each for each in crowds(SHORT.seed, number=3 * len(KINDS), people=2) if "several" in each.name]
    assert [each.replay(recorder) for each in keyed] == [(4, [])] * 3
    with applied(bug):
        assert any("by more than is declared" in str(each.replay(recorder)[1]) for each in keyed)


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_a_seeded_privacy_bug_is_found(mutant: Mutant, recorder: Recorder) -> None:
    verdict = judged(recorder, mutant)
    assert verdict.killed
    assert verdict.check == mutant.first


@pytest.mark.parametrize("change", equivalents(), ids=lambda change: change.name)
def test_a_change_that_gives_nothing_away_is_let_pass(change: Mutant, recorder: Recorder) -> None:
    verdict = judged(recorder, change, quick=True)
    assert not verdict.killed, verdict.fault


def test_there_are_many_bugs_and_each_is_another() -> None:
    every = (*mutants(), *equivalents())
    assert len(mutants()) >= 60
    assert (
        len({(each.module, each.old, each.new) for each in every}) == len({each.name for each in every}) == len(every)
    )


def test_a_bug_is_taken_out_again(recorder: Recorder) -> None:
    scenario = SCENARIOS["tiny"]()
    honest = recorder.release(scenario.case, scenario.table, Given(1))
    bug = next(each for each in mutants() if each.name == "half the noise")
    recorder.forget(bug.module)
    with applied(bug):
        assert recorder.release(scenario.case, scenario.table, Given(1)).asked[0].sigmas < honest.asked[0].sigmas
    recorder.forget(bug.module)
    again = recorder.release(scenario.case, scenario.table, Given(1))
    assert [each.sigmas for each in again.asked] == [each.sigmas for each in honest.asked]
    assert all(map(np.array_equal, again.answers, honest.answers))


def test_a_bug_that_cannot_be_put_in_is_an_error() -> None:
    for old, new in (("def count(", "def tally_all("), ("not there", "at all"), ("exact", "exactly")):
        with (
            pytest.raises(ValueError, match="nowhere"),
            applied(Mutant("nowhere", "sensitive.coding.counts", old, new, "")),
        ):
            pass


def test_every_scenario_has_a_neighbour_that_moves_the_exact_answers(recorder: Recorder) -> None:
    """Else the same bundle would show nothing; and what is moved is less than what was paid."""
    for name in ("tiny", "constant", "empty", "persons"):
        scenario = SCENARIOS[name]()
        first = recorder.release(scenario.case, scenario.table, Given(1))
        given = Given(2, tuple(first.answers))
        for table in scenario.neighbours.values():
            cost = moved(first, recorder.release(scenario.case, table, given))
            assert 0 < cost <= Fraction(most_nano_rho("gdp", scenario.case.plan.epsilon, scenario.case.delta), NANO)


def test_other_answers_make_another_bundle(recorder: Recorder) -> None:
    """The comparison can fail: with answers of its own, a neighbour's release differs."""
    scenario = SCENARIOS["tiny"]()
    first = recorder.release(scenario.case, scenario.table, Given(1))
    second = recorder.release(scenario.case, scenario.neighbours["one less"], Given(2))
    assert any("differ" in fault for fault in faults_between(first, second, scenario.case))


@pytest.mark.parametrize("sigma", [Fraction(1, 3), Fraction(5), Fraction(4000, 7)])
def test_the_bits_make_the_wanted_noise_at_this_sigma_and_not_at_the_next(sigma: Fraction) -> None:
    generator = np.random.default_rng(3)
    wanted = np.rint(generator.normal(0, 3 * float(sigma), 4000)).astype(np.int64)
    bits = bits_for(wanted, float(sigma), generator)
    assert (values_from_bits(cumulative_table(sigma), bits) == wanted).all()
    for other in (sigma * Fraction(9999, 10000), sigma * Fraction(10001, 10000)):
        assert (values_from_bits(cumulative_table(other), bits) != wanted).any()


@pytest.mark.parametrize("name", ["gdp", "zcdp"])
@pytest.mark.parametrize("epsilon", [Fraction(1, 10), Fraction(1), Fraction(7)])
def test_the_second_accounting_agrees_to_the_last_billionth(name: str, epsilon: Fraction) -> None:
    for delta in (Fraction("1e-5"), Fraction("1e-9")):
        assert most_nano_rho(name, epsilon, delta) == allowance(accountant(name), epsilon, delta)


def test_the_least_sigma_is_within_the_budget_and_the_next_smaller_is_not() -> None:
    for share, squared in ((Fraction(1, 7), 1), (Fraction(1, 450), 4), (Fraction(89, 350), 36)):
        sigma, rho = least_sigma(share, 351_003_648, squared), share * Fraction(351_003_648, NANO)
        assert squared / (2 * sigma**2) <= rho < squared / (2 * (sigma - Fraction(1, 2**16)) ** 2)
