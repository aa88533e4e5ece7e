"""Choosing triples: asked with noise, a function of what was answered, within the cells, and checked by verify."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from audits.inputs.forgeries import made_of
from frostglass import codebooks
from frostglass.boundary.accountant import ROUNDED_GAUSSIAN, accountant, allowance
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.noise.scripted import ScriptedNoise
from frostglass.bundle.contents import Contents
from frostglass.bundle.seal import seal as seal_forged
from frostglass.errors import BundleError
from frostglass.released.answers import Answers
from frostglass.released.distances import WHOLE, Distances
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.sensitive.coding.counts import count, distances
from frostglass.synthesis.choice import choose
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Receipt, Sensitive
from frostglass.terms.domain import Attribute, Domain
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.terms.workload import Workload
from frostglass.verification.examination import noise_sd
from frostglass.ways import release as pipeline
from frostglass.ways import verify as bundles
from frostglass.ways.order import Order
from frostglass.ways.pricing import guarantee
from tests.survey import FEW_CELLS, survey


def domain_of(*sizes: int) -> Domain:
    return Domain(
        tuple(Attribute(chr(97 + place), tuple(map(str, range(1, size)))) for place, size in enumerate(sizes))
    )


def chosen(domain: Domain, answer: list[int], cells: int) -> dict[str, Fraction]:
    candidates = tuple(domain.sets_of_length(3))
    receipt = Receipt("", "", "", 1, "", 1, WHOLE, "", Fraction(1), 1, Fraction(1), sealable=False)
    distances = Distances(candidates, np.array(answer, dtype=np.int64), 1.0, receipt)
    workload = Workload({}, candidates, Fraction(1, 20), Fraction(7, 10), cells)
    return {str(each): share for each, share in choose(domain, workload, distances).items()}


def test_triples_are_taken_by_distance_for_their_size_while_cells_last() -> None:
    """Distances by the square root of 8, 12, 12 and 18 cells: 7.1, 5.8, 2.9, 7.1; the second does not fit any more."""
    domain = domain_of(2, 2, 2, 3)
    assert list(chosen(domain, [20, 20, 10, 0], 20)) == ["a|b|c", "a|b|d"]
    assert list(chosen(domain, [20, 21, 10, 0], 13)) == ["a|b|c"]
    assert list(chosen(domain, [-5, -9, 40, 0], 12)) == ["a|c|d"]


def test_the_share_for_the_chosen_is_divided_among_them_all() -> None:
    assert sum(chosen(domain_of(2, 2, 2, 9), [9, 9, 9, 9], 1_000).values()) == Fraction(7, 10)


def plan_for(book: Codebook) -> Plan:
    return Plan(book.id, book.sha256, Fraction(4), PrivacyUnit(book.unit), cells=FEW_CELLS)


def released(book: Codebook, ledger: Ledger, noise: ScriptedNoise | None = None) -> Contents:
    scope = next(iter(ledger.scopes()))
    return pipeline.release(survey(900), book, plan_for(book), Order(scope, by="ann"), ledger=ledger, noise=noise)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger.create(tmp_path / "budget.db")
    made.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ann")
    return made


def test_a_release_with_a_choice_is_sealed_and_verifies(small: Codebook, ledger: Ledger, tmp_path: Path) -> None:
    contents = released(small, ledger)
    answers = contents.answers
    assert answers.distances is not None
    assert len(answers.distances.candidates) == 4
    measured = [each.attributes for each in answers.measurements if len(each.attributes) == 3]
    assert 1 <= len(measured) < 4
    assert sum(small.domain.cells(each) for each in measured) <= contents.plan.workload(small.domain).chosen_cells
    assert sum(each.rho for each in answers.receipts) == Fraction(contents.guarantee.nano_rho, 10**9)
    assert {len(block.attributes) for block in contents.counts.blocks} == {1, 2, 3}
    bundle = pipeline.seal(contents, tmp_path / "out", ledger=ledger)
    assert "farthest from" in bundle.statement
    report = bundles.verify(bundle.path)
    assert report.ok, report.text()
    assert bundle.answers().distances is not None


def test_another_choice_than_the_distances_call_for_does_not_verify(
    small: Codebook, ledger: Ledger, tmp_path: Path
) -> None:
    """Whoever would measure what the data make attractive has to show distances that say so."""
    contents = released(small, ledger)
    bundle = pipeline.seal(contents, tmp_path / "out", ledger=ledger)
    answers = bundle.answers()
    assert answers.distances is not None
    turned = replace(answers.distances, answer=-answers.distances.answer)
    assert bundles.recompute(answers, bundle.codebook, bundle.manifest)[1].total == bundle.manifest.total
    with pytest.raises(BundleError, match="other tables were measured"):
        bundles.recompute(replace(answers, distances=turned), bundle.codebook, bundle.manifest)


def as_if_never_asked(answers: Answers) -> Answers:
    """Without the distances, and numbered without a gap."""
    kept = [replace(each, receipt=replace(each.receipt, number=n)) for n, each in enumerate(answers.measurements, 1)]
    return Answers(tuple(kept), None)


def of_fewer_candidates(answers: Answers) -> Answers:
    """Without what was answered of the last candidate."""
    assert answers.distances is not None
    asked = answers.distances
    return replace(answers, distances=replace(asked, candidates=asked.candidates[:-1], answer=asked.answer[:-1]))


def with_the_noise_of_one(answers: Answers) -> Answers:
    """Half the noise for the four of them, which the same share would buy for one."""
    assert answers.distances is not None
    receipt = replace(answers.distances.receipt, sigma=answers.distances.receipt.sigma / 2)
    quieter = replace(answers.distances, receipt=receipt, sd=noise_sd(receipt.mechanism, float(receipt.sigma)))
    return replace(answers, distances=quieter)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (as_if_never_asked, "the distances are not those of the planned candidates"),
        (of_fewer_candidates, "the distances are not those of the planned candidates"),
        (with_the_noise_of_one, "less noise than its receipt paid for"),
    ],
)
def test_distances_that_were_not_asked_or_not_paid_for_do_not_verify(
    change: Callable[[Answers], Answers], words: str, small: Codebook, ledger: Ledger, tmp_path: Path
) -> None:
    """Though they were sealed with the true key."""
    contents = released(small, ledger)
    forged = made_of(contents, change(contents.answers))
    seal_forged(forged, tmp_path / "out", sign=ledger.sign)
    failed = {each.name: each.message for each in bundles.verify(tmp_path / "out").failed}
    assert words in failed["measurements"]


def test_without_noise_the_distances_are_exact(small: Codebook) -> None:
    """The model of the pairs is asked about, and the triple with a rule of its own is the farthest for its size."""
    ledger = Ledger.ephemeral(epsilon=Fraction(4), delta=Fraction("1e-6"))
    nothing = ScriptedNoise(lambda _sigma, size: np.zeros(size, dtype=np.int64))
    distances = released(small, ledger, nothing).answers.distances
    assert distances is not None
    assert (distances.answer >= 0).all()
    assert (distances.answer <= 2 * 900).all()
    assert AttributeSet.of(["sex", "age", "works"]) in distances.candidates


def answered(
    domain: Domain, wanted: Workload, codes: np.ndarray, model: np.ndarray
) -> list[tuple[Fraction, np.ndarray]]:
    """Every exact answer of a release that measures the first candidate: its share of the budget, over one sigma."""
    table = Sensitive(CodedTable.of(domain, codes), "coded table")
    fixed = [(share, count(table, each).reveal()) for each, share in wanted.fixed.items()]
    asked = distances(table, wanted.candidates, model, np.ones(len(model), dtype=np.int64)).reveal()
    chosen = count(table, wanted.candidates[0]).reveal()
    return [*fixed, (wanted.ranking_share / len(wanted.candidates), asked), (wanted.chosen_share, chosen)]


def cost(before: list[tuple[Fraction, np.ndarray]], after: list[tuple[Fraction, np.ndarray]], most: int) -> Fraction:
    """Of telling two tables apart by all answers, as a multiple of what adding or removing one person costs."""
    moved = [(share, int(((one - two) ** 2).sum())) for (share, one), (_, two) in zip(before, after, strict=True)]
    return sum((share * Fraction(squared, most**2) for share, squared in moved), Fraction(0))


@pytest.mark.parametrize("most", [1, 3])
def test_an_exchange_costs_what_the_worst_two_people_move(small: Codebook, most: int) -> None:
    """The worst: whoever leaves stood where the model has too few, whoever comes stands where it has too many."""
    domain, wanted = small.domain, plan_for(small).workload(small.domain)
    low, high = np.zeros((1, len(domain)), np.uint16), np.array([[size - 1 for size in domain.sizes]], np.uint16)
    others, model = np.repeat(low, 10, axis=0), np.repeat(high, 50, axis=0)
    tables = [np.vstack([others, np.repeat(each, most, axis=0)]) for each in (low, high)]
    before, after = (answered(domain, wanted, each, model) for each in tables)
    assert cost(before, after, most) == wanted.exchange == Fraction(21, 10)
    assert cost(before, answered(domain, wanted, others, model), most) == 1


def test_no_exchange_costs_more_than_is_said(small: Codebook) -> None:
    """Whoever is exchanged for whomever, beside whatever model."""
    domain, wanted, chance = small.domain, plan_for(small).workload(small.domain), np.random.default_rng(5)

    def anyone(number: int) -> np.ndarray:
        return np.stack([chance.integers(0, size, number) for size in domain.sizes], axis=1).astype(np.uint16)

    for most in (1, 1, 1, 2, 2, 2, 5, 5, 5):
        others, model = anyone(20), anyone(20)
        two = [np.vstack([others, anyone(most)]) for _ in range(2)]
        before, after = (answered(domain, wanted, each, model) for each in two)
        assert cost(before, after, most) <= wanted.exchange


@pytest.mark.parametrize(("epsilon", "exchanged"), [(1, 1.493716), (4, 6.103491), (12, 19.049055)])
def test_where_tables_are_chosen_an_exchange_costs_a_tenth_of_the_cost_more(epsilon: int, exchanged: float) -> None:
    """The figures are those of a script of its own, which moves two people and adds up what their answers move."""
    book, gdp, delta = codebooks.load("ctdc-vp-1"), accountant("gdp"), Fraction("1e-6")
    plan = Plan(book.id, book.sha256, Fraction(epsilon), PrivacyUnit(book.unit), cells=8000)
    nano_rho = allowance(gdp, plan.epsilon, delta)
    wanted = plan.workload(book.domain)
    assert wanted.candidates
    assert guarantee(plan, wanted, delta, gdp, ROUNDED_GAUSSIAN, nano_rho).replace_one == exchanged
    all_measured = replace(plan, cells=20_000_000).workload(book.domain)
    assert guarantee(plan, all_measured, delta, gdp, ROUNDED_GAUSSIAN, nano_rho).replace_one < exchanged


def test_a_bundle_that_counts_an_exchange_as_if_nothing_was_chosen_does_not_verify(
    small: Codebook, ledger: Ledger, tmp_path: Path
) -> None:
    contents = released(small, ledger)
    made, gdp = contents.guarantee, accountant("gdp")
    former = guarantee(contents.plan, Workload({}), made.delta, gdp, made.mechanism, made.nano_rho)
    assert former.groups == made.groups
    seal_forged(replace(contents, guarantee=former), tmp_path / "out", sign=ledger.sign)
    assert [each.name for each in bundles.verify(tmp_path / "out").failed] == ["guarantee"]
