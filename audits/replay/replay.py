"""Record and replay: nothing but the noisy answers decides what a release asks, pays, says and makes.

The answers that a release on one table received are given to releases on its neighbours, which have one person more or
less. All that can be seen of them must then be the same, and what the person moves must have been paid for. Whether the
replay would notice is shown with seeded privacy bugs, all of which it must find.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from audits.figures import Figure, Size, examples
from audits.replay.crowds import crowds
from audits.replay.mutation import Mutant, applied, equivalents, mutants
from audits.replay.probes import PROBES
from audits.replay.recorder import Recorder
from audits.replay.replaying import replay
from audits.replay.scenarios import SCENARIOS

Check = Callable[[Recorder], list[str]]


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant: the check that found it and the first fault; both empty where it survived."""

    mutant: Mutant
    check: str = ""
    fault: str = ""

    @property
    def killed(self) -> bool:
        """Whether a check found it."""
        return bool(self.check)

    @property
    def stopped(self) -> bool:
        """Whether it was found because no release works any more, whatever the table: the product noticed by itself."""
        return self.fault.startswith(("broken", f"{self.check}: the release failed"))


def audit(size: Size) -> list[Figure]:
    """Pairs of neighbours, other ways of a release, and mutants."""
    with Recorder() as recorder:
        figures = [_scenario_figure(recorder), _probe_figure(recorder)]
        figures.append(_crowd_figure(recorder, size))
        begun = time.process_time()
        verdicts = [judged(recorder, each) for each in mutants()]
        figures.append(_mutant_figure(verdicts, time.process_time() - begun))
        figures.append(_equivalent_figure([judged(recorder, each, quick=not size.whole) for each in equivalents()]))
    return figures


def checks() -> Mapping[str, Check]:
    """Every scenario and every probe, by name."""
    return {**PROBES, **{name: _check(name) for name in SCENARIOS}}


def _check(name: str) -> Check:
    return lambda recorder: replay(recorder, SCENARIOS[name]())[1]


def judged(recorder: Recorder, mutant: Mutant, *, quick: bool = False) -> Verdict:
    """The first check that finds the mutant, beginning with the one that should; ``quick``: that one alone."""
    every = checks()
    verdict = Verdict(mutant)
    recorder.forget(mutant.module)
    with applied(mutant):
        for name in (mutant.first, *(() if quick else every)):
            fault = _first_fault(recorder, every[name])
            if fault:
                verdict = Verdict(mutant, name, fault)
                break
    recorder.forget(mutant.module)
    return verdict


def _first_fault(recorder: Recorder, check: Check) -> str:
    """What the check finds first; an error that no release raises of itself is a fault of the mutant, too."""
    try:
        return next(iter(check(recorder)), "")
    except Exception as error:  # noqa: BLE001 - whatever breaks in a mutant is the mutant's doing
        return f"broken: {type(error).__name__}"


def _scenario_figure(recorder: Recorder) -> Figure:
    pairs, faults = 0, list[str]()
    for scenario in SCENARIOS.values():
        replayed, found = replay(recorder, scenario())
        pairs, faults = pairs + replayed, faults + found
    return Figure(
        f"Whole releases with {len(SCENARIOS)} kinds of plan, over tables that differ in one person and with the same "
        "answers: all that is asked, paid, said and written is the same, byte for byte",
        "0 differences",
        f"{len(faults)} differences in {pairs} pairs{examples(faults)}",
        ok=not faults,
    )


def _probe_figure(recorder: Recorder) -> Figure:
    faults = [f"{name}: {fault}" for name, probe in PROBES.items() for fault in probe(recorder)]
    return Figure(
        "Releases that are repeated, refused, interrupted or resumed, or whose process is forked: nothing is drawn "
        "unpaid, twice, or for another table",
        "0 faults",
        f"{len(faults)} faults in {len(PROBES)} stories{examples(faults)}",
        ok=not faults,
    )


def _crowd_figure(recorder: Recorder, size: Size) -> Figure:
    pairs, faults = 0, list[str]()
    for crowd in crowds(size.seed, number=size.of(4, 50), people=size.of(4, 8)):
        replayed, found = crowd.replay(recorder)
        pairs, faults = pairs + replayed, faults + found
    return Figure(
        "Tables and plans of chance, from which each of several people may be absent: with the same answers, releases "
        "over any two that differ in one person are the same, and the person moves no more than was paid for",
        "0 differences",
        f"{len(faults)} differences in {pairs:,} pairs{examples(faults)}",
        ok=not faults and pairs > 0,
    )


def _mutant_figure(verdicts: list[Verdict], seconds: float) -> Figure:
    survivors = [each.mutant.name for each in verdicts if not each.killed]
    stopped = sum(each.stopped for each in verdicts)
    return Figure(
        "Privacy bugs that were put into the program one at a time and that the replay found",
        f"all {len(verdicts)}",
        f"{len(verdicts) - len(survivors)} ({stopped} of them because the release then fails), in {seconds:.0f} s of "
        f"one core{examples(survivors, len(survivors))}",
        ok=not survivors,
    )


def _equivalent_figure(verdicts: list[Verdict]) -> Figure:
    found = [f"{each.mutant.name} ({each.fault})" for each in verdicts if each.killed]
    names = "; ".join(each.mutant.name for each in verdicts)
    return Figure(
        f"Changes that look like bugs and give nothing away, which the replay must let pass: {names}",
        f"all {len(verdicts)} pass",
        f"{len(verdicts) - len(found)} pass{examples(found)}",
        ok=not found,
    )
