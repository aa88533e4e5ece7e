"""What an outside judge says of the same answers: SDMetrics' quality report, over the runs that are kept.

Runs nothing: say ``python -m benchmarks.run`` first. Scores are from 0 to 1, of one record as good as another; missing
is a value of its own, as everywhere here.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import fmean

import numpy as np
import pandas as pd
import polars as pl

from benchmarks import frames, judging
from benchmarks.jobs import Job, kept_outcome
from benchmarks.measures import Codes
from benchmarks.methods import METHODS
from benchmarks.one_release import bundle_of
from benchmarks.tables import Table, all_tables
from frostglass.bundle.format.manifest import RECORDS_PARQUET

_PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_BEGIN, _END = "<!-- outside judge: begin -->", "<!-- outside judge: end -->"


@dataclass(frozen=True)
class Scores:
    """``shapes`` and ``trends`` are the report's properties, ``trends`` over pairs that are associated; ``pairs`` is
    its measure of pairs over all of them."""

    shapes: float
    trends: float
    pairs: float


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outside_judge", description=__doc__)
    folder = Path(os.environ["FROSTGLASS_DATA"]) if "FROSTGLASS_DATA" in os.environ else None
    parser.add_argument("--data-folder", type=Path, default=folder, help="holds vp_published.csv and adult.csv")
    parser.add_argument("--out", type=Path, default=Path("build/benchmark"), help="where the runs are kept")
    parser.add_argument("--epsilon", type=lambda text: tuple(text.split(",")), default=("1", "4"))
    parser.add_argument("--update-docs", action="store_true", help="put the table into docs/benchmarks.md")
    options = parser.parse_args(arguments)
    lines = ["| table | method | epsilon | columns | associated pairs | all pairs |", "|---|---|---|---|---|---|"]
    for job in _kept(all_tables(options.data_folder, options.out), options.out, options.epsilon):
        found = scores(job.table, job.table.truth, records_of(job))
        figures = f"{found.shapes:.4f} | {found.trends:.4f} | {found.pairs:.4f}"
        lines.append(f"| {job.table.name} | {job.method.title} | {job.epsilon} | {figures} |")
        print(lines[-1], flush=True)
    if options.update_docs:
        before, _, rest = _PAGE.read_text().partition(_BEGIN)
        _PAGE.write_text("\n".join([f"{before}{_BEGIN}", "", *lines, "", f"{_END}{rest.partition(_END)[2]}"]))


def _kept(tables: Sequence[Table], work: Path, epsilons: Sequence[str]) -> Iterator[Job]:
    """The first run of each method that left records, of whatever version."""
    for table in tables:
        for method in METHODS:
            for epsilon in epsilons:
                job = Job(table, method, epsilon, 0, work)
                held = kept_outcome(job, of_any_code=True)
                if held is not None and held.finished:
                    yield job


def records_of(job: Job) -> Codes:
    """The synthetic records of a run as positions."""
    if job.method.environment is None:
        return frames.codes(pl.read_parquet(bundle_of(job.folder) / RECORDS_PARQUET), job.table.codebook)
    return judging.read_positions(job.folder / "records.csv", job.table.codebook.domain)


def scores(table: Table, truth: Codes, records: Codes) -> Scores:
    """SDMetrics' report and its measure of every pair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sdmetrics.column_pairs import ContingencySimilarity
        from sdmetrics.reports.single_table import QualityReport

        true, synthetic = (_frame(table, codes) for codes in (truth, records))
        report = QualityReport()
        report.generate(true, synthetic, {"columns": {each: {"sdtype": "categorical"} for each in true}}, verbose=False)
        held = report.get_properties().set_index("Property")["Score"]
        pairs = [list(each) for each in combinations(true.columns, 2)]
        every = fmean(ContingencySimilarity.compute(true[each], synthetic[each]) for each in pairs)
    return Scores(float(held["Column Shapes"]), float(held["Column Pair Trends"]), every)


def _frame(table: Table, codes: Codes) -> pd.DataFrame:
    attributes = table.codebook.domain.attributes
    return pd.DataFrame({each.name: np.array(each.values)[codes[:, place]] for place, each in enumerate(attributes)})


if __name__ == "__main__":
    main()
