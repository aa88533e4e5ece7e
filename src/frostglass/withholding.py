"""What withholding below other thresholds gave on the benchmark tables: for choosing tau before anything is seen.

The figures are shipped as ``withholding.json``, which ``python -m benchmarks.withholding`` writes from tables that are
public already (docs/benchmarks.md). They say nothing of the steward's own table but what noise of this size does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import log


@dataclass(frozen=True)
class Withheld:
    """One point of a curve: what releasing combinations of ``length`` from ``tau`` on gave on one benchmark table.

    ``error`` is the typical sd of the estimates there, in records. ``fabricated`` is the share of the released
    combinations whose true count is 0 (None where nothing is released), ``lost`` the share of the true ones with a
    count of 10 or more that is not released.
    """

    records: int
    columns: int
    error: float
    length: int
    tau: int
    fabricated: float | None
    lost: float

    @property
    def table(self) -> str:
        """Which benchmark table it was, by its size."""
        return f"{self.records:,} x {self.columns}"


def nearest_curves(error: float, lengths: Sequence[int]) -> tuple[Withheld, ...]:
    """For each benchmark table and length, the curve whose error is nearest (by ratio) to ``error``."""
    found: list[Withheld] = []
    for table in dict.fromkeys(each.table for each in _points()):
        for length in lengths:
            ours = [each for each in _points() if (each.table, each.length) == (table, length)]
            if ours:
                nearest = min({each.error for each in ours}, key=lambda one: abs(log(one / error)))
                found += [each for each in ours if each.error == nearest]
    return tuple(found)


@cache
def _points() -> tuple[Withheld, ...]:
    text = resources.files("frostglass").joinpath("withholding.json").read_text(encoding="utf-8")
    return tuple(
        Withheld(
            records=each["records"],
            columns=each["columns"],
            error=each["error"],
            length=each["length"],
            tau=each["tau"],
            fabricated=each["fabricated"],
            lost=each["lost"],
        )
        for each in json.loads(text)
    )
