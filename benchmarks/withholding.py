"""What withholding small counts buys and costs: the fabricated and the lost share as a function of tau.

``python -m benchmarks.withholding --data-folder FOLDER --out withholding.json``. Of every release the counts of its
records are cut at each tau, whatever the release's own tau was; the shares are means over the seeds.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TypedDict

import frostglass
from benchmarks import frames, judging, measures
from benchmarks.jobs import Job, outcome
from benchmarks.measures import Tables
from benchmarks.methods import FROSTGLASS, FROSTGLASS_3
from benchmarks.one_release import bundle_of
from benchmarks.tables import Table, all_tables
from frostglass.released.tabulation import typical_error
from frostglass.synthesis.strategy import strategy

TAUS = (1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160)
LENGTHS = (2, 3, 4)

METHODS = {2: FROSTGLASS_3, 3: FROSTGLASS_3, 4: FROSTGLASS}
"""Combinations of four are judged in releases that report them, the others in usual ones."""

EPSILONS = ("0.5", "1", "4", "12")


class Point(TypedDict):
    """One point of a curve. ``error``: typical sd of the estimates at length 3, in records; tau's rule goes by it.

    ``fabricated`` is None where nothing is left to release.
    """

    table: str
    records: int
    columns: int
    epsilon: str
    error: float
    length: int
    tau: int
    fabricated: float | None
    lost: float | None


def main(arguments: Sequence[str] | None = None) -> None:
    write_points("withholding", __doc__, curves, arguments, seeds=3)


def write_points(
    name: str,
    about: str | None,
    made: Callable[[Table, Path, int], Iterable[Mapping[str, object]]],
    arguments: Sequence[str] | None,
    *,
    seeds: int,
) -> None:
    """The command ``name``: what ``made`` gives for each table that is there, a line a point."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=about)
    parser.add_argument("--data-folder", type=Path, default=os.environ.get("FROSTGLASS_DATA"))
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--work", type=Path, default=Path("build/benchmark"), help="takes the runs")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    points = [
        point
        for table in all_tables(options.data_folder, options.work)
        for point in made(table, options.work, options.seeds)
    ]
    lines = ",\n".join(json.dumps(point, allow_nan=False) for point in points)
    options.out.write_text(f"[\n{lines}\n]\n")


def curves(table: Table, work: Path, seeds: int) -> Iterator[Point]:
    """The curves of one table: every epsilon, length and tau."""
    exact = judging.exact_tables(table, LENGTHS)
    for epsilon in EPSILONS:
        for length in LENGTHS:
            bundles = [bundle_for(Job(table, METHODS[length], epsilon, seed, work)) for seed in range(seeds)]
            error = fmean(error_of(bundle) for bundle in bundles)
            fitted = [_tables(bundle, table, length) for bundle in bundles]
            for tau in TAUS:
                shares = [cut_shares(exact[length], each, tau) for each in fitted]
                yield Point(
                    table=table.name,
                    records=len(table.truth),
                    columns=len(table.sizes),
                    epsilon=epsilon,
                    error=round(error, 2),
                    length=length,
                    tau=tau,
                    fabricated=_mean([fabricated for fabricated, _ in shares]),
                    lost=_mean([lost for _, lost in shares]),
                )


def cut_shares(truth: Tables, fitted: Tables, tau: int) -> tuple[float, float]:
    """The fabricated and the lost share when counts of ``fitted`` from ``tau`` on are released."""
    shown = {columns: (table >= tau).astype("int64") for columns, table in fitted.items()}
    return measures.fabricated(truth, shown), measures.lost(truth, shown)


def error_of(bundle: frostglass.Bundle) -> float:
    """Typical sd of the estimates at length 3, in records."""
    asked = strategy(bundle.manifest.plan.strategy)
    return typical_error(asked.estimate(bundle.codebook.domain, bundle.measurements()), 3)


def bundle_for(job: Job) -> frostglass.Bundle:
    """The bundle of a release, made now unless it was made before. SystemExit when the release failed."""
    came = outcome(job)
    if not came.finished:
        raise SystemExit(f"the release of {job.table.name} at epsilon {job.epsilon} {came.ended}")
    return frostglass.open_bundle(bundle_of(job.folder))


def _tables(bundle: frostglass.Bundle, table: Table, length: int) -> Tables:
    return measures.tables(frames.codes(bundle.records, table.codebook), table.sizes, length)


def _mean(shares: Sequence[float]) -> float | None:
    """Rounded; None unless every seed has a share. What is not a number differs from itself."""
    return None if any(share != share for share in shares) else round(fmean(shares), 5)


if __name__ == "__main__":
    main()
