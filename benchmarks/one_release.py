"""One whole release in a process of its own, so that its time and its memory are its own.

``python -m benchmarks.one_release task.json`` does what ``peers.task`` describes, with a bundle as its answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import polars as pl

import frostglass
from benchmarks.meter import Cost, metered
from benchmarks.peers.task import Task, answer

DELTA = Fraction(58, 10**7)
"""Delta of every release here: fixed and public, as a delta has to be."""

SCOPE = "benchmark"


def run(task: Task) -> Mapping[str, Cost]:
    """Release into ``task.folder``: from a CSV read beforehand, or from a Parquet file with its reading."""
    codebook = frostglass.load_codebook(str(task.options["codebook"]))
    ledger = frostglass.Ledger.create(task.folder / "ledger.db")
    ledger.open_scope(SCOPE, epsilon=Fraction(task.epsilon), delta=DELTA, reason="benchmark")
    table = task.data if task.data.suffix == ".parquet" else pl.read_csv(task.data, infer_schema=False)
    _, cost = metered(
        lambda: frostglass.release(
            table,
            codebook,
            epsilon=task.epsilon,
            scope=SCOPE,
            ledger=ledger,
            length=int(task.options["length"]),
            structural=bool(task.options["structural"]),
            random_state=task.seed,
            out=bundle_of(task.folder),
        )
    )
    return {"release": cost}


def bundle_of(folder: Path) -> Path:
    """The bundle that a release leaves in ``folder``."""
    return folder / "bundle"


if __name__ == "__main__":
    answer(run)
