"""The strategy: measure every table of the workload once, fit records to all of them, and count the records.

Nothing is selected where all triples fit the cell budget, so nothing is spent on selecting. Where they don't, all
pairs are measured, and triples are chosen by how far a model of the pairs is from them, which is a noisy answer too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from frostglass.released import least_squares
from frostglass.released.answers import Answers, Glass
from frostglass.released.distances import DistanceQuestion
from frostglass.released.estimate import Estimate
from frostglass.released.measurement import Measurement
from frostglass.released.synthetic import Repeated, SyntheticRecords
from frostglass.released.tabulation import typical_error
from frostglass.synthesis.choice import choose
from frostglass.synthesis.kernels import first_of_shuffle
from frostglass.synthesis.record_fit import Effort, Wanted, mean_tables, pairs_model, whole_aim
from frostglass.synthesis.rules import Rules, compile_rules
from frostglass.synthesis.sweeps import Aim, Codes, State, count_cells, sweep, visit
from frostglass.synthesis.temperature import choose_temperature, usual_temperature
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.constraint import Clause
from frostglass.terms.domain import Domain
from frostglass.terms.plan import Fit
from frostglass.terms.question import Question
from frostglass.terms.wording import counted
from frostglass.terms.workload import Workload

Progress = Callable[[str], None]

EFFORTS: dict[Fit, Effort] = {
    "fast": Effort(pairs=2, settling=1, kept=1, polishing=1),
    "default": Effort(pairs=4, settling=2, kept=2, polishing=1),
    "long": Effort(pairs=4, settling=2, kept=3, polishing=2),
}

MOST_FITTED = 60_000
"""Records that are fitted; a larger table gets each of them several times, and a last pass over all."""

MOST_POLISHED = 100_000
"""Of a larger table so many records are visited in the last pass: repeating has left little to do."""

_CHOICE_SEED = 0
"""Seeds the pairs' model that triples are chosen by; what it chooses is then recorded."""


class MeasureAndFit:
    """See the module."""

    name = "measure-and-fit"
    version = 1

    def measure(self, domain: Domain, workload: Workload, glass: Glass, progress: Progress) -> Answers:
        """Every fixed table at its share of the budget, then the chosen ones, if there is a choice."""
        measured = []
        for order in workload.orders:
            progress(f"measuring tables of {counted(order, 'variable')}")
            measured += [
                glass.measure(Question(each, share)) for each, share in workload.fixed.items() if len(each) == order
            ]
        if not workload.candidates:
            return Answers(tuple(measured), None)
        progress("choosing which triples to measure")
        model, weights = self._pairs_records(domain, measured)
        distances = glass.distances(DistanceQuestion(workload.candidates, model, weights, workload.ranking_share))
        chosen = choose(domain, workload, distances)
        progress(f"measuring {counted(len(chosen), 'chosen table')} of 3 variables")
        measured += [glass.measure(Question(each, share)) for each, share in chosen.items()]
        return Answers(tuple(measured), distances)

    def expected(self, domain: Domain, workload: Workload, answers: Answers) -> frozenset[AttributeSet]:
        """The attribute sets that these answers must be over, for whoever checks a bundle."""
        chosen = choose(domain, workload, answers.distances) if answers.distances is not None else {}
        return frozenset((*workload.fixed, *chosen))

    def estimate(self, domain: Domain, measurements: Sequence[Measurement]) -> Estimate:
        """Least squares over all tables."""
        return least_squares.estimate(domain, measurements)

    def fit(
        self,
        domain: Domain,
        measurements: Sequence[Measurement],
        estimate: Estimate,
        *,
        clauses: Sequence[Clause],
        total: int | None,
        seed: int,
        fit: Fit,
        progress: Progress,
    ) -> SyntheticRecords:
        """Records of the estimated number, or of ``total`` with the targets scaled to it."""
        estimated = max(round(estimate.total), 0)
        wanted = estimated if total is None else total
        if estimated == 0 or wanted == 0:
            return SyntheticRecords(domain, np.zeros((0, len(domain)), dtype=np.uint16), estimate.receipts)
        rules, state = compile_rules(domain, clauses), np.array([seed], dtype=np.uint64)
        progress("fitting a model of the pairs (the first run on a machine compiles its inner loops)")
        codes, repeated = _fitted(_wanted(domain, measurements, estimate, wanted), rules, fit, seed, state, progress)
        return SyntheticRecords(domain, codes, estimate.receipts, repeated)

    def _pairs_records(
        self, domain: Domain, measured: Sequence[Measurement]
    ) -> tuple[SyntheticRecords, npt.NDArray[np.int64]]:
        """Records of the model of singles and pairs alone, with weights that make them as many as were measured."""
        estimate = self.estimate(domain, measured)
        total = max(round(estimate.total), 0)
        if total == 0:
            nobody = np.zeros((0, len(domain)), dtype=np.uint16)
            return SyntheticRecords(domain, nobody, estimate.receipts), np.zeros(0, dtype=np.int64)
        wanted = _wanted(domain, measured, estimate, min(total, MOST_FITTED))
        state = np.array([_CHOICE_SEED], dtype=np.uint64)
        start = pairs_model(wanted, compile_rules(domain, ()), EFFORTS["fast"], state=state)
        times, over = divmod(total, wanted.total)
        weights = np.full(wanted.total, times, dtype=np.int64)
        weights[:over] += 1
        return SyntheticRecords(domain, start.codes, estimate.receipts), weights


def _wanted(domain: Domain, measurements: Sequence[Measurement], estimate: Estimate, total: int) -> Wanted:
    scale = total / max(round(estimate.total), 1)
    return Wanted(
        domain=domain,
        estimate=estimate,
        sets=tuple(each.attributes for each in measurements),
        answers=tuple(np.asarray(each.answer * scale) for each in measurements),
        sd=tuple(each.sd * scale for each in measurements),
        total=total,
        scale=scale,
    )


def _fitted(
    whole: Wanted, rules: Rules, fit: Fit, seed: int, state: State, progress: Progress
) -> tuple[Codes, Repeated | None]:
    """Records for ``whole``; where it wants more than ``MOST_FITTED``, so many are fitted and repeated."""
    effort = EFFORTS[fit]
    part = _scaled(whole, min(whole.total, MOST_FITTED))
    start = pairs_model(part, rules, effort, state=state)
    temperature = usual_temperature(part.scale * typical_error(part.estimate, 3))
    if fit == "long":
        progress("fitting at several temperatures, to choose one by data fission")
        temperature = choose_temperature(part, start, rules, seed=seed, state=state)
    progress("fitting records to all tables")
    aim = whole_aim(part, start, temperature)
    codes = start.codes
    tables = mean_tables(codes, aim, rules, effort, temperature=temperature, state=state)
    progress("fitting the last records to the mean of the passes")
    target = Aim(aim.layout, tables * (whole.total / part.total), aim.weight, np.zeros(aim.layout.cells))
    if whole.total == part.total:
        for _ in range(effort.polishing):
            sweep(codes, target, rules, temperature=0, state=state)
        return codes, None
    return codes, _repeated(codes, whole.total, target, rules, state)


def _scaled(wanted: Wanted, total: int) -> Wanted:
    factor = total / wanted.total
    if factor == 1:
        return wanted
    return replace(
        wanted,
        answers=tuple(np.asarray(each * factor) for each in wanted.answers),
        sd=tuple(each * factor for each in wanted.sd),
        total=total,
        scale=wanted.scale * factor,
    )


def _repeated(codes: Codes, total: int, target: Aim, rules: Rules, state: State) -> Repeated:
    """``total`` records, each of ``codes`` in turn, but for a random part, which a last pass brings to ``target``.

    Only that part is ever written down.
    """
    times, over = divmod(total, len(codes))
    counts = times * count_cells(target.layout, codes) + count_cells(target.layout, codes[:over])
    places = first_of_shuffle(total, min(total, MOST_POLISHED), state)
    own, order = codes[places % len(codes)], np.arange(len(places))
    visit(own, order, target, rules, temperature=0, state=state, counts=counts)
    ascending = np.argsort(places)
    return Repeated(total, places[ascending], own[ascending])
