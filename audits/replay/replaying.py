"""Replaying a scenario: one recording of its table, and one of each neighbour with the answers of the first."""

from __future__ import annotations

import polars as pl

from audits.replay.checks import faults_alone, faults_between
from audits.replay.recorder import Recorder
from audits.replay.recording import Given, Recording
from audits.replay.scenarios import TINY, Scenario


def replay(recorder: Recorder, scenario: Scenario, *, seed: int = 1) -> tuple[int, list[str]]:
    """Number of pairs that were replayed, and the faults of the first pair that has any."""
    first = _recorded(recorder, scenario, scenario.table, Given(seed))
    faults = faults_alone(scenario.case, first)
    if faults:
        return 0, [f"{scenario.name}: {fault}" for fault in faults]
    given = Given(seed + 1, tuple(first.answers))
    for number, (name, table) in enumerate(scenario.neighbours.items(), start=1):
        second = _recorded(recorder, scenario, table, given)
        faults = faults_alone(scenario.case, second) + faults_between(first, second, scenario.case)
        if faults:
            return number, [f"{scenario.name}, {name}: {fault}" for fault in faults]
    return len(scenario.neighbours), []


def _recorded(recorder: Recorder, scenario: Scenario, table: pl.DataFrame, given: Given) -> Recording:
    if scenario.way == "frame":
        return recorder.release(scenario.case, table, given)
    data, codebook = (recorder.place.with_name(name) for name in ("cases.csv", "tiny.toml"))
    table.write_csv(data)
    if scenario.way == "file":
        return recorder.release(scenario.case, data, given)
    codebook.write_text(TINY)
    return recorder.command(scenario.case, codebook, data, given)
