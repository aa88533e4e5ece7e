"""How far what is stated lies from the truth, in half-widths of its 95% interval, by length and true count.

``python -m benchmarks.stating --data-folder FOLDER --out stating.json``. A count that is stated comes from the fitted
records and is usually nearer than its interval says; by how much, only tables with a known truth can tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import TypedDict

import numpy as np
import numpy.typing as npt

import frostglass
from benchmarks import frames, judging, measures
from benchmarks.jobs import Job
from benchmarks.measures import Tables
from benchmarks.tables import Table
from benchmarks.withholding import EPSILONS, METHODS, bundle_for, error_of, write_points
from frostglass.released.ranges import MISS
from frostglass.terms.attribute_set import AttributeSet

LENGTHS = (1, 2, 3, 4)

GROUPS = (1, 10, 100, 1000, 10_000)
"""Least true count of each bucket: below 10, below 100 and so on. What nobody has is a matter of withholding."""

FEWEST = 10
"""Buckets of fewer stated combinations say nothing."""

Floats = npt.NDArray[np.float64]


class Point(TypedDict):
    """``error``: typical sd of the estimates at length 3, in records. ``typical`` and ``most``: of the absolute errors
    of the stated ``combinations`` with true counts from ``least`` to ten times as many, the mean and the 95th
    percentile, as shares of the half-width.
    """

    table: str
    records: int
    columns: int
    epsilon: str
    error: float
    length: int
    least: int
    combinations: int
    typical: float
    most: float


def main(arguments: Sequence[str] | None = None) -> None:
    write_points("stating", __doc__, stated, arguments, seeds=1)


def stated(table: Table, work: Path, seeds: int) -> Iterator[Point]:
    """The points of one table: every epsilon, length and bucket that has enough."""
    exact = judging.exact_tables(table, LENGTHS)
    for epsilon in EPSILONS:
        for length in LENGTHS:
            method = METHODS[max(length, min(METHODS))]
            bundles = [bundle_for(Job(table, method, epsilon, seed, work)) for seed in range(seeds)]
            error = sum(map(error_of, bundles)) / seeds
            pairs = [errors(bundle, exact[length], length) for bundle in bundles]
            true = np.concatenate([each for each, _ in pairs])
            shares = np.concatenate([each for _, each in pairs])
            for least in GROUPS:
                ours = shares[(true >= least) & (true < 10 * least)]
                if len(ours) >= FEWEST * seeds:
                    yield Point(
                        table=table.name,
                        records=len(table.truth),
                        columns=len(table.sizes),
                        epsilon=epsilon,
                        error=round(error, 2),
                        length=length,
                        least=least,
                        combinations=len(ours) // seeds,
                        typical=round(float(ours.mean()), 4),
                        most=round(float(np.quantile(ours, 0.95)), 4),
                    )


def errors(bundle: frostglass.Bundle, truth: Tables, length: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """True counts of the stated combinations of one length, and their errors as shares of the half-width."""
    codebook, estimate = bundle.codebook.with_missing_everywhere(), frames.estimate(bundle)
    domain = codebook.domain
    fitted = measures.tables(frames.codes(bundle.records, codebook), domain.sizes, length)
    reach = NormalDist().inv_cdf(1 - MISS / 2)
    true, shares = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for columns, counts in fitted.items():
        attributes = AttributeSet.of(domain.names[column] for column in columns)
        if estimate.covers(attributes):
            shown = counts >= (1 if length == 1 else bundle.manifest.tau)
            true.append(truth[columns][shown].astype(np.int64))
            shares.append(np.abs(counts - truth[columns])[shown] / (reach * estimate.sd(attributes)))
    return np.concatenate(true), np.concatenate(shares)


if __name__ == "__main__":
    main()
