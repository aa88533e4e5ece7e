"""Choosing triples: asked with noise, a function of what was answered, within the cells, and checked by verify."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from audits.forgeries import made_of
from frostglass import bundles, pipeline
from frostglass.boundary.ledger import Ledger
from frostglass.boundary.scripted_noise import ScriptedNoise
from frostglass.bundle.contents import Contents
from frostglass.bundle.examination import noise_sd
from frostglass.bundle.seal import seal as seal_forged
from frostglass.errors import BundleError
from frostglass.released.answers import Answers
from frostglass.released.distances import WHOLE, Distances
from frostglass.synthesis.choice import choose
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import Attribute, Domain
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.terms.workload import Workload
from tests.survey_support import FEW_CELLS, survey


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
    return pipeline.release(
        survey(900), book, plan_for(book), pipeline.Order(scope, by="ann"), ledger=ledger, noise=noise
    )


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
    assert sum(small.domain.cells(each) for each in measured) <= 100
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
