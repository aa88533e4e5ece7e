"""The short form: releases of a simulated table against bars. It fails on accuracy and never on time.

``python -m benchmarks.short --calibrate 30`` states what each bar would be after 30 releases at each epsilon.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from pathlib import Path
from statistics import NormalDist, fmean, stdev

from benchmarks import judging
from benchmarks.jobs import Job, outcome
from benchmarks.judging import Figures
from benchmarks.methods import FROSTGLASS_3
from benchmarks.tables import simulated

EPSILONS = ("1", "4")
ORDERS = (1, 2, 3)
FALSE_ALARM = 1e-6
"""Chance at most that a run fails although nothing is worse than when the bars were set; shared by all bars."""

AT_MOST = (
    "tvd.1",
    "tvd.2",
    "tvd.3",
    "worst_tvd.3",
    "relative.2",
    "relative.3",
    "counts_relative.2",
    "counts_relative.3",
    "counts_fabricated.3",
    "counts_lost.3",
    "width.3",
)
AT_LEAST = ("coverage.2", "coverage.3")

BARS: dict[str, dict[str, float]] = {
    "1": {
        "tvd.1": 0.0073,  # 0.0023, sd 0.00032
        "tvd.2": 0.0112,  # 0.0072, sd 0.00026
        "tvd.3": 0.0223,  # 0.0161, sd 0.00040
        "worst_tvd.3": 0.0728,  # 0.0434, sd 0.00189
        "relative.2": 0.0311,  # 0.0189, sd 0.00078
        "relative.3": 0.0606,  # 0.0440, sd 0.00107
        "counts_relative.2": 0.0301,  # 0.0187, sd 0.00073
        "counts_relative.3": 0.061,  # 0.0456, sd 0.00099
        "counts_fabricated.3": 0.0129,  # 0.0014, sd 0.00074
        "counts_lost.3": 0.1847,  # 0.1174, sd 0.00434
        "width.3": 207.7945,  # 196.2550, sd 0.74538
        "coverage.2": 0.8777,  # 0.9558, sd 0.00504
        "coverage.3": 0.9331,  # 0.9588, sd 0.00166
    },
    "4": {
        "tvd.1": 0.0022,  # 0.0009, sd 0.00008
        "tvd.2": 0.0045,  # 0.0027, sd 0.00011
        "tvd.3": 0.0104,  # 0.0082, sd 0.00014
        "worst_tvd.3": 0.0433,  # 0.0245, sd 0.00121
        "relative.2": 0.0122,  # 0.0071, sd 0.00033
        "relative.3": 0.0298,  # 0.0229, sd 0.00044
        "counts_relative.2": 0.0118,  # 0.0070, sd 0.00030
        "counts_relative.3": 0.0281,  # 0.0234, sd 0.00030
        "counts_fabricated.3": 0.0125,  # 0.0019, sd 0.00068
        "counts_lost.3": 0.0633,  # 0.0242, sd 0.00252
        "width.3": 61.8234,  # 60.2246, sd 0.10327
        "coverage.2": 0.8829,  # 0.9530, sd 0.00452
        "coverage.3": 0.9375,  # 0.9586, sd 0.00136
    },
}
"""For each epsilon the worst figures that pass, as ``calibrate`` gave them after 12 releases each; with mean and sd."""


@dataclass(frozen=True)
class Verdict:
    """A figure and the bar that it has to keep."""

    epsilon: str
    name: str
    figure: float
    bar: float

    @property
    def kept(self) -> bool:
        return self.figure >= self.bar if self.name in AT_LEAST else self.figure <= self.bar

    def __str__(self) -> str:
        relation = "at least" if self.name in AT_LEAST else "at most"
        end = "" if self.kept else "  <-- worse than the bar"
        return f"epsilon {self.epsilon:>3}  {self.name:<20} {self.figure:8.4f}  {relation} {self.bar:.4f}{end}"


def main() -> int:
    """Release once at each epsilon; 1 if any figure is worse than its bar, else 0."""
    verdicts = [each for epsilon in EPSILONS for each in judged(epsilon, next(_figures(epsilon, 1)))]
    print("\n".join(map(str, verdicts)))
    return 0 if all(each.kept for each in verdicts) else 1


def judged(epsilon: str, figures: Figures) -> list[Verdict]:
    """A figure that is missing is none that passes: KeyError."""
    return [Verdict(epsilon, name, figures[name], bar) for name, bar in BARS[epsilon].items()]


def bar(name: str, figures: Sequence[float]) -> float:
    """The bar that figures like these miss with a chance of at most ``FALSE_ALARM`` among all bars.

    Each figure sums over hundreds of tables with noise of their own, so it is taken to be normal. Mean and sd are
    estimated, so the quantile is that of the prediction of one more figure, with the sd at the upper end of its 99.9%
    interval; and the worst table is not normal, so a tenth of the distance is added. Rounded away from the mean.
    """
    each = FALSE_ALARM / sum(map(len, (AT_MOST, AT_LEAST))) / len(EPSILONS)
    number = len(figures)
    reach = 1.1 * NormalDist().inv_cdf(1 - each) * _upper_sd(figures) * sqrt(1 + 1 / number)
    middle = fmean(figures)
    return floor((middle - reach) * 1e4) / 1e4 if name in AT_LEAST else ceil((middle + reach) * 1e4) / 1e4


def _upper_sd(figures: Sequence[float]) -> float:
    """Upper end of the 99.9% interval of the sd, by the chi-square quantile of Wilson and Hilferty."""
    freedom = len(figures) - 1
    z = NormalDist().inv_cdf(0.001)
    quantile = freedom * (1 - 2 / (9 * freedom) + z * sqrt(2 / (9 * freedom))) ** 3
    return stdev(figures) * sqrt(freedom / quantile)


def _figures(epsilon: str, runs: int) -> Iterator[Figures]:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        table = simulated(work)
        exact = judging.exact_tables(table, ORDERS)
        for seed in range(runs):
            job = Job(table, FROSTGLASS_3, epsilon, seed, work)
            came = outcome(job)
            if not came.finished:
                raise SystemExit(f"the release at epsilon {epsilon} {came.ended}")
            yield judging.figures(job, came, exact)


def calibrate(runs: int) -> None:
    """Print mean, sd and bar of every figure."""
    for epsilon in EPSILONS:
        found = list(_figures(epsilon, runs))
        print(f'    "{epsilon}": {{')
        for name in (*AT_MOST, *AT_LEAST):
            figures = [each[name] for each in found]
            print(f'        "{name}": {bar(name, figures)},  # {fmean(figures):.4f}, sd {stdev(figures):.5f}')
        print("    },", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.short", description=__doc__)
    parser.add_argument(
        "--calibrate", type=int, required=True, metavar="RUNS", help="releases at each epsilon, 10 or more"
    )
    calibrate(parser.parse_args().calibrate)
