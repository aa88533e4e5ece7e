"""Run whole releases, say how near they come to the truth, and what simple peers reach on the same table.

docs/benchmarks.md explains the method and the measures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from statistics import fmean

import numpy as np
import polars as pl

import frostglass
from benchmarks import frames, measures, one_release
from frostglass import codebooks
from frostglass.released.estimate import Estimate
from frostglass.simulate.coded import write_coded_table
from frostglass.synthesis.strategy import strategy
from frostglass.terms.codebook import Codebook
from frostglass.version import __version__

ORDERS = (1, 2, 3)
SIMULATED_RECORDS, SIMULATED_SEED = 17_500, 7

Figures = dict[str, float]
"""Figures by name; a dot and the order of the tables end the name where there is one."""

Exact = Mapping[int, measures.Tables]
"""The true tables of each order."""


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options().parse_args(arguments)
    codebook = codebooks.load(options.codebook)
    with tempfile.TemporaryDirectory() as name:
        data = options.data or Path(name) / "simulated.csv"
        if options.data is None:
            write_coded_table(data, SIMULATED_RECORDS, SIMULATED_SEED)
        truth = frames.codes(pl.read_csv(data, infer_schema=False), codebook)
        sizes = codebook.domain.sizes
        exact = {order: measures.tables(truth, sizes, order) for order in ORDERS}
        results = _yardsticks(truth, sizes, exact)
        for epsilon in options.epsilon.split(","):
            jobs = [
                one_release.Job(
                    data=data,
                    codebook=options.codebook,
                    epsilon=epsilon,
                    seed=seed,
                    structural=not options.without_constraints,
                    folder=Path(name) / f"{epsilon}-{seed}",
                )
                for seed in range(options.seeds)
            ]
            results[f"frostglass, epsilon {epsilon}"] = _mean([_judged(job, exact, codebook) for job in jobs])
    print(_markdown(results))
    if options.out is not None:
        document = {"setting": _setting(len(truth), codebook, options.seeds), "results": _stated(results)}
        options.out.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--data", type=Path, help="coded table, CSV (default: a simulated one)")
    parser.add_argument("--codebook", default="ctdc-vp-1", help="its codebook, by id or file")
    parser.add_argument("--without-constraints", action="store_true", help="leave structural rules unenforced")
    parser.add_argument("--epsilon", default="1,4,12", help="epsilons, separated by commas")
    parser.add_argument("--seeds", type=int, default=3, help="releases for each epsilon")
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    return parser


def _yardsticks(truth: measures.Codes, sizes: tuple[int, ...], exact: Exact) -> dict[str, Figures]:
    """What can be had without any privacy: columns on their own, and the true rows drawn anew."""
    again = truth[np.random.default_rng(0).integers(len(truth), size=len(truth))]
    independent = {order: measures.independent_tables(truth, sizes, order) for order in ORDERS}
    bootstrap = {order: measures.tables(again, sizes, order) for order in ORDERS}
    return {
        "independent columns (no privacy)": _record_figures(exact, independent),
        "rows drawn anew (no privacy)": _record_figures(exact, bootstrap),
    }


def _judged(job: one_release.Job, exact: Exact, codebook: Codebook) -> Figures:
    """Run the release and compare its records and its counts with the truth."""
    figures = one_release.run(job)
    bundle = frostglass.open_bundle(job.bundle)
    records = frames.codes(bundle.records, codebook)
    fitted = {order: measures.tables(records, codebook.domain.sizes, order) for order in ORDERS}
    estimate = strategy(bundle.manifest.to_plan().strategy).estimate(codebook.domain, bundle.measurements())
    figures |= _record_figures(exact, fitted) | _count_figures(exact, bundle.counts, codebook)
    return figures | _coverage_figures(exact, bundle.counts, estimate)


def _record_figures(exact: Exact, fitted: Exact) -> Figures:
    figures: Figures = {}
    for order in ORDERS:
        distances = measures.total_variations(exact[order], fitted[order])
        figures[f"tvd.{order}"] = float(distances.mean())
        figures[f"worst_tvd.{order}"] = float(distances.max())
        figures[f"relative.{order}"] = measures.weighted_relative_error(exact[order], fitted[order])
        figures |= _combination_figures("", order, exact[order], fitted[order])
    return figures


def _count_figures(exact: Exact, counts: pl.DataFrame, codebook: Codebook) -> Figures:
    figures: Figures = {}
    for order in ORDERS:
        released = frames.counted(counts, codebook.domain, order)
        figures[f"counts_relative.{order}"] = measures.weighted_relative_error(exact[order], released)
        figures |= _combination_figures("counts_", order, exact[order], released)
    return figures


def _combination_figures(prefix: str, order: int, truth: measures.Tables, shown: measures.Tables) -> Figures:
    """Fabricated and lost combinations, over all values and over recorded values alone."""
    true, stated = measures.recorded(truth), measures.recorded(shown)
    return {
        f"{prefix}fabricated.{order}": measures.fabricated(truth, shown),
        f"{prefix}lost.{order}": measures.lost(truth, shown),
        f"{prefix}fabricated_recorded.{order}": measures.fabricated(true, stated),
        f"{prefix}lost_recorded.{order}": measures.lost(true, stated),
    }


def _coverage_figures(exact: Exact, counts: pl.DataFrame, estimate: Estimate) -> Figures:
    figures: Figures = {}
    for order in ORDERS:
        declared = frames.declared_intervals(estimate, exact[order], order)
        released = frames.released_intervals(counts, estimate.domain, exact[order], order)
        for kind, intervals in (("coverage", declared), ("released_coverage", released)):
            buckets = measures.coverage(*intervals)
            number, held = (sum(part) for part in zip(*buckets.values(), strict=True))
            figures[f"{kind}.{order}"] = held / number if number else float("nan")
            for least, (number, held) in buckets.items():
                figures[f"{kind}_from_{least}.{order}"] = held / number if number else float("nan")
    return figures


def _mean(runs: Sequence[Figures]) -> Figures:
    return {name: fmean(run[name] for run in runs) for name in runs[0]} | {"runs": len(runs)}


def _setting(records: int, codebook: Codebook, seeds: int) -> dict[str, object]:
    """What the figures depend on beside the code; no names of files."""
    return {
        "records": records,
        "codebook": {"id": codebook.id, "sha256": codebook.sha256},
        "delta": float(one_release.DELTA),
        "seeds": seeds,
        "frostglass": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
    }


def _stated(results: Mapping[str, Figures]) -> dict[str, Figures]:
    """The results without figures that have no value, such as the coverage of counts that do not occur."""
    return {
        method: {name: figure for name, figure in figures.items() if not isnan(figure)}
        for method, figures in results.items()
    }


COLUMNS = (
    ("TVD 1", "tvd.1", ".4f"),
    ("TVD 2", "tvd.2", ".4f"),
    ("worst", "worst_tvd.2", ".3f"),
    ("TVD 3", "tvd.3", ".4f"),
    ("worst", "worst_tvd.3", ".3f"),
    ("rel. 1", "relative.1", ".4f"),
    ("rel. 2", "relative.2", ".4f"),
    ("rel. 3", "relative.3", ".4f"),
    ("counts 2", "counts_relative.2", ".4f"),
    ("counts 3", "counts_relative.3", ".4f"),
    ("fabricated 3", "counts_fabricated.3", ".1%"),
    ("lost 3", "counts_lost.3", ".1%"),
    ("coverage 3", "coverage.3", ".1%"),
    ("seconds", "seconds", ".1f"),
    ("MB", "peak_mb", ".0f"),
)
"""Heading, name of the figure, and format of each column of the table that is printed."""


def _markdown(results: Mapping[str, Figures]) -> str:
    """The main figures as a Markdown table; the rest is in the JSON."""
    lines = ["| | " + " | ".join(heading for heading, _, _ in COLUMNS) + " |"]
    lines.append("|---" * (len(COLUMNS) + 1) + "|")
    for method, figures in _stated(results).items():
        cells = [format(figures[name], form) if name in figures else "" for _, name, form in COLUMNS]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
