"""pac-synth's aggregate-seeded synthesizer, with its own defaults but for what the options say."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence

import pacsynth

from benchmarks.meter import Cost, metered
from benchmarks.peers.task import JOIN, Task, answer, write_rows

_BETWEEN = "\t"
"""Between the parts of a combination; no heading and no value holds it."""


def run(task: Task) -> Mapping[str, Cost]:
    with task.data.open(newline="") as stream:
        rows = list(csv.reader(stream))
    parameters = (
        pacsynth.DpAggregateSeededParametersBuilder()
        .reporting_length(task.options["length"])
        .epsilon(float(task.epsilon))
        .delta(task.delta)
        .use_synthetic_counts(task.options["use_synthetic_counts"])
        .build()
    )
    synthesizer = pacsynth.DpAggregateSeededSynthesizer(parameters)
    # It would take a "0" for missing, and "1" for a flag: letters before the numbers keep both from happening.
    plain = [rows[0], *([value and f"v{value}" for value in row] for row in rows[1:])]
    _, fit = metered(lambda: synthesizer.fit(pacsynth.Dataset(plain)))
    counts = synthesizer.get_dp_aggregates(_BETWEEN)
    write_rows(task.counts, ("variables", "values", "count"), _counted(counts))
    asked = task.options.get("records")
    records, sample = metered(lambda: synthesizer.sample(asked) if asked else synthesizer.sample())
    write_rows(task.records, records[0], ([value[1:] for value in row] for row in records[1:]))
    return {"fit": fit, "sample": sample}


def _counted(counts: Mapping[str, int]) -> Iterator[Sequence[object]]:
    for combination, count in counts.items():
        parts = [part.rpartition(":") for part in combination.split(_BETWEEN)]
        yield JOIN.join(name for name, _, _ in parts), JOIN.join(value[1:] for _, _, value in parts), count


if __name__ == "__main__":
    answer(run)
