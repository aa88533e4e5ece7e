"""Record and replay: what a release asks, pays and makes depends on the answers alone, never on the table behind them.

A release on one table is recorded; then the same answers are given back over a neighbouring table. The questions, the
noise and everything that is made must be the same, and what the neighbour would have changed within what was paid for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from frostglass import pipeline
from frostglass.boundary.accountant import accountant, allowance
from frostglass.boundary.curator import Curator
from frostglass.boundary.ledger import Ledger
from frostglass.boundary.scripted_noise import ScriptedNoise
from frostglass.bundle.formats import counts_frame
from frostglass.released.answers import Answers
from frostglass.released.distances import DistanceQuestion, Distances
from frostglass.released.measurement import Measurement
from frostglass.sensitive.check import encode
from frostglass.sensitive.intake import read
from frostglass.synthesis.strategy import strategy
from frostglass.terms.budget import NANO
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.terms.question import Question
from frostglass.terms.unit import PrivacyUnit
from tests.survey_support import survey

Ints = npt.NDArray[np.int64]

PLANS = {
    "usual": {"length": 3},
    "fours": {"length": 4},
    "choice": {"length": 3, "cells": 209},
    "long": {"length": 3, "fit": "long"},
}


def neighbours() -> dict[str, pl.DataFrame]:
    """The survey of 300 people with one of them more or less, of every kind that could matter."""
    base = survey(300)
    row = {"sex": "M", "age": "60+", "works": "1", "langs": "ar;en"}
    missing = {"sex": None, "age": "0-17", "works": None, "langs": None}
    return {
        "one less": base[1:],
        "one more of a kind that is there": pl.concat([base, base[:1]]),
        "one more of a rare kind": pl.concat([base, pl.DataFrame([row], schema=base.schema)]),
        "one more who said nothing": pl.concat([base, pl.DataFrame([missing], schema=base.schema)]),
    }


@dataclass
class Glass:
    """A curator without noise; it remembers what was asked and answers with what was ``recorded``, if anything."""

    curator: Curator
    recorded: list[Ints] = field(default_factory=list)
    asked: list[object] = field(default_factory=list)
    exact: list[Ints] = field(default_factory=list)
    sigmas: list[Fraction] = field(default_factory=list)

    def measure(self, question: Question) -> Measurement:
        true = self.curator.measure(question)
        self.asked.append((question.attributes, question.share, true.answer.shape, true.sd))
        return replace(true, answer=self._answer(true.answer, true.receipt.sigma))

    def distances(self, question: DistanceQuestion) -> Distances:
        true = self.curator.distances(question)
        self.asked.append(
            (
                question.candidates,
                question.share,
                question.records.codes.tobytes() + question.weights.tobytes(),
                true.sd,
            )
        )
        return replace(true, answer=self._answer(true.answer, true.receipt.sigma))

    def _answer(self, exact: Ints, sigma: Fraction) -> Ints:
        place = len(self.exact)
        self.exact.append(exact)
        self.sigmas.append(sigma)
        if place < len(self.recorded):
            return self.recorded[place].copy()
        noise = np.random.default_rng(place).normal(0, float(sigma), exact.shape)
        return exact + np.rint(noise).astype(np.int64)


def glass_over(table: pl.DataFrame, book: Codebook, plan: Plan, recorded: list[Ints]) -> Glass:
    ledger = Ledger.ephemeral(epsilon=plan.epsilon, delta=Fraction("1e-6"))
    nothing = ScriptedNoise(lambda _sigma, size: np.zeros(size, dtype=np.int64))
    reservation = ledger.reserve(
        "ephemeral",
        release_id="r",
        plan_sha256=plan.sha256,
        nano_rho=allowance(accountant("gdp"), plan.epsilon, Fraction("1e-6")),
        epsilon=plan.epsilon,
        mechanism=nothing.mechanism,
        sampler_units=2**40,
        unit=plan.unit.name,
        keyed=False,
        max_records=1,
    )
    coded = encode(read(table), book, unit=plan.unit)
    return Glass(
        Curator(coded, book.domain, plan.unit, ledger=ledger, reservation=reservation, noise=nothing), recorded
    )


def made_of(answers: Answers, book: Codebook, plan: Plan) -> bytes:
    """Records and counts, as bytes."""
    records, counts = pipeline.build(
        strategy(plan.strategy), book, book.clauses, answers.measurements, plan=plan, seed=5
    )
    return records.codes.tobytes() + counts_frame(counts).write_csv().encode()


@pytest.mark.parametrize("changes", PLANS.values(), ids=PLANS)
def test_nothing_but_the_answers_decides(changes: dict[str, object], small: Codebook) -> None:
    plan = replace(Plan(small.id, small.sha256, Fraction(2), PrivacyUnit(small.unit)), **changes)  # type: ignore[arg-type]
    asking, domain = strategy(plan.strategy), small.domain
    first = glass_over(survey(300), small, plan, [])
    answers = asking.measure(domain, plan.workload(domain), first, pipeline.quiet)
    given: list[tuple[int, Ints]] = [(each.receipt.number, each.answer) for each in answers.measurements]
    if answers.distances is not None:
        given.append((answers.distances.receipt.number, answers.distances.answer))
    recorded = [answer for _, answer in sorted(given, key=lambda one: one[0])]
    made = made_of(answers, small, plan)
    paid = Fraction(allowance(accountant("gdp"), plan.epsilon, Fraction("1e-6")), NANO)
    for name, table in neighbours().items():
        again = glass_over(table, small, plan, recorded)
        replayed = asking.measure(domain, plan.workload(domain), again, pipeline.quiet)
        assert again.asked == first.asked, name
        moved = sum(
            Fraction(int(((one - other) ** 2).sum())) / (2 * sigma**2)
            for one, other, sigma in zip(first.exact, again.exact, first.sigmas, strict=True)
        )
        assert 0 < moved <= paid, name
        assert made_of(replayed, small, plan) == made, name


def test_the_replay_notices_a_question_that_depends_on_the_table(small: Codebook) -> None:
    """The control: a strategy that peeks at the exact number of people asks otherwise next door."""
    plan = Plan(small.id, small.sha256, Fraction(2), PrivacyUnit(small.unit))
    asked = []
    for table in (survey(300), survey(301)):
        glass = glass_over(table, small, plan, [np.zeros(3, dtype=np.int64)])
        share = Fraction(1, 2 + table.height % 2)
        glass.measure(Question(next(small.domain.sets_of_length(1)), share))
        asked.append(glass.asked)
    assert asked[0] != asked[1]
