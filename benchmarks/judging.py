"""An answer against the truth: figures by name, with a dot and the order of the tables at the end of the name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from math import isnan, nan
from pathlib import Path
from statistics import NormalDist, fmean

import numpy as np
import polars as pl

import frostglass
from benchmarks import frames, measures
from benchmarks.jobs import Job, Outcome
from benchmarks.measures import Codes, Tables
from benchmarks.one_release import bundle_of
from benchmarks.peers.task import JOIN
from benchmarks.tables import Table
from frostglass.terms.domain import Domain

ORDERS = (1, 2, 3, 4)

Figures = dict[str, float]

Exact = Mapping[int, Tables]
"""The true tables of each order."""


def exact_tables(table: Table, orders: tuple[int, ...] = ORDERS) -> Exact:
    return {order: measures.tables(table.truth, table.sizes, order) for order in orders}


def figures(job: Job, outcome: Outcome, exact: Exact) -> Figures:
    """All figures of a run that finished, costs among them; nothing of one that did not."""
    if not outcome.finished:
        return {}
    return _kept_figures(job, exact) | cost_figures(outcome)


def cost_figures(outcome: Outcome) -> Figures:
    """``seconds`` and ``processor`` of each part and in all, and ``megabytes`` at the most."""
    parts = outcome.costs
    each = {f"{what}.{part}": cost[what] for part, cost in parts.items() for what in ("seconds", "processor")}
    sums = {what: sum(cost[what] for cost in parts.values()) for what in ("seconds", "processor")}
    return {**each, **sums, "megabytes": max(cost["megabytes"] for cost in parts.values())}


def _kept_figures(job: Job, exact: Exact) -> Figures:
    """The figures beside the answer, unless they were taken by other measures or of other orders."""
    path = job.folder / "figures.json"
    key = {"measures": _digest(), "orders": list(exact), "answer": job.key}
    if path.exists():
        held = json.loads(path.read_text())
        if held["key"] == key:
            kept: Figures = held["figures"]
            return kept
    taken = stated(judged(job, exact))
    path.write_text(json.dumps({"key": key, "figures": taken}, indent=1, allow_nan=False) + "\n")
    return taken


@cache
def _digest() -> str:
    """Of the code that takes the measures."""
    texts = [Path(module.__file__ or "").read_bytes() for module in (measures, frames)] + [Path(__file__).read_bytes()]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def stated(taken: Figures) -> Figures:
    """The figures that have a value: coverage of counts that do not occur has none."""
    return {name: figure for name, figure in taken.items() if not isnan(figure)}


def judged(job: Job, exact: Exact) -> Figures:
    """The answer in the job's folder against the truth."""
    table = job.table
    if job.method.environment is None:
        return judged_bundle(frostglass.open_bundle(bundle_of(job.folder)), table, exact)
    found: Figures = {}
    records = job.folder / "records.csv"
    if records.exists() and "records" not in job.method.options:  # a number that was asked for is only timed
        found |= record_figures(exact, read_positions(records, table.codebook.domain), table.sizes)
    counts = job.folder / "counts.csv"
    if counts.exists():
        shown = read_counts(counts, table.codebook.domain, tuple(exact))
        lengths = [order for order in exact if order <= int(job.method.options["length"])]
        found |= count_figures({order: exact[order] for order in lengths}, shown)
    return found


def judged_bundle(bundle: frostglass.Bundle, table: Table, exact: Exact) -> Figures:
    """A sealed release against the truth: its records, its counts up to its length, and its intervals."""
    domain = table.codebook.domain
    found = record_figures(exact, frames.codes(bundle.records, table.codebook), table.sizes)
    within = {order: truth for order, truth in exact.items() if order <= bundle.manifest.plan.length}
    found |= count_figures(within, {order: frames.counted(bundle.counts, domain, order) for order in within})
    return found | _interval_figures(bundle, domain, within)


def record_figures(exact: Exact, records: Codes, sizes: tuple[int, ...]) -> Figures:
    return {"records": float(len(records))} | table_figures(
        exact, ((order, measures.tables(records, sizes, order)) for order in exact)
    )


def table_figures(exact: Exact, fitted: Iterator[tuple[int, Tables]]) -> Figures:
    """Of tables of records, or of a model that stands for them; one order at a time, since they can be large."""
    found: Figures = {}
    for order, tables in fitted:
        distances = measures.total_variations(exact[order], tables)
        found[f"tvd.{order}"] = float(distances.mean())
        found[f"worst_tvd.{order}"] = float(distances.max())
        found[f"relative.{order}"] = measures.weighted_relative_error(exact[order], tables)
        found |= _combination_figures("", order, exact[order], tables)
    return found


def count_figures(exact: Exact, counts: Exact) -> Figures:
    """Of released counts; what is not released counts as 0."""
    found: Figures = {}
    for order, truth in exact.items():
        found[f"counts_relative.{order}"] = measures.weighted_relative_error(truth, counts[order])
        found |= _combination_figures("counts_", order, truth, counts[order])
    return found


def _combination_figures(prefix: str, order: int, truth: Tables, shown: Tables) -> Figures:
    """Fabricated and lost combinations, over all values and over recorded values alone."""
    true, named = measures.recorded(truth), measures.recorded(shown)
    return {
        f"{prefix}fabricated.{order}": measures.fabricated(truth, shown),
        f"{prefix}lost.{order}": measures.lost(truth, shown),
        f"{prefix}fabricated_recorded.{order}": measures.fabricated(true, named),
        f"{prefix}lost_recorded.{order}": measures.lost(true, named),
    }


def _interval_figures(bundle: frostglass.Bundle, domain: Domain, exact: Exact) -> Figures:
    found: Figures = {}
    estimate = frames.estimate(bundle)
    for order, truth in exact.items():
        released = frames.released_intervals(bundle.counts, domain, truth, order)
        declared = frames.declared_intervals(estimate, truth, order)
        found[f"width.{order}"] = measures.mean_width(*released[1:])
        found[f"raw_width.{order}"] = raw_width(bundle, order)
        for kind, intervals in (("coverage", declared), ("released_coverage", released)):
            buckets = measures.coverage(*intervals)
            number, held = (sum(part) for part in zip(*buckets.values(), strict=True))
            found[f"{kind}.{order}"] = held / number if number else nan
            for least, (number, held) in buckets.items():
                found[f"{kind}_from_{least}.{order}"] = held / number if number else nan
    return found


def raw_width(bundle: frostglass.Bundle, order: int) -> float:
    """Mean width of the 95% interval of a noisy count as it was measured. NaN if none of that order was."""
    sds = [each.sd for each in bundle.measurements() if len(each.attributes) == order]
    return 2 * NormalDist().inv_cdf(0.975) * fmean(sds) if sds else nan


def read_positions(path: Path, domain: Domain) -> Codes:
    """A peer's records; empty is missing."""
    frame = pl.read_csv(path, schema_overrides=dict.fromkeys(domain.names, pl.UInt16))
    return frame.select(pl.col(domain.names).fill_null(0)).to_numpy().astype(np.uint16, copy=False)


def read_counts(path: Path, domain: Domain, orders: tuple[int, ...]) -> Exact:
    """A peer's released counts as tables; what it does not list is 0."""
    shown: dict[int, dict[tuple[int, ...], measures.Counted]] = {
        order: {
            domain.axes(attributes): np.zeros(domain.shape(attributes), dtype=np.int64)
            for attributes in domain.sets_of_length(order)
        }
        for order in orders
    }
    listed = pl.read_csv(path, schema={"variables": pl.String, "values": pl.String, "count": pl.Int64})
    for (variables,), rows in listed.group_by("variables"):
        names = str(variables).split(JOIN)
        if len(names) not in shown:
            continue
        columns = [domain.place(name) for name in names]
        values = rows["values"].str.split(JOIN).list.to_struct(fields=names).struct.unnest()
        at = tuple(values[domain.names[column]].cast(pl.Int64).to_numpy() for column in sorted(columns))
        shown[len(names)][tuple(sorted(columns))][at] = rows["count"].to_numpy()
    return shown


def yardsticks(table: Table, exact: Exact) -> dict[str, Figures]:
    """What can be had without any privacy: columns on their own, and the true rows drawn anew."""
    again = table.truth[np.random.default_rng(0).integers(len(table.truth), size=len(table.truth))]
    alone = ((order, measures.independent_tables(table.truth, table.sizes, order)) for order in exact)
    return {
        "independent": stated(table_figures(exact, alone)),
        "resampled": stated(record_figures(exact, again, table.sizes)),
    }


YARDSTICKS = {
    "independent": "independent columns (no privacy)",
    "resampled": "rows drawn anew (no privacy)",
}
