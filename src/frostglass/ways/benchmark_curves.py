"""What releases of the benchmark tables withheld, and how far off they stated: for choosing before anything is seen.

The figures are shipped as ``withholding.json`` and ``stating.json``, which ``python -m benchmarks.withholding`` and
``python -m benchmarks.stating`` write from tables that are public already (docs/benchmarks.md). They say nothing of the
steward's own table but what noise of this size does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from math import log
from statistics import fmean
from typing import Any, TypeVar


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
        return _by_size(self.records, self.columns)


@dataclass(frozen=True)
class Stated:
    """How far off what was stated of ``length`` was on one benchmark table, in half-widths of the 95% interval.

    ``typical`` is the mean and ``most`` the 95th percentile of the absolute errors of the combinations that ``least``
    to ten times as many records have. ``error`` is the typical sd of the estimates there, in records.
    """

    records: int
    columns: int
    error: float
    length: int
    least: int
    combinations: int
    typical: float
    most: float

    @property
    def table(self) -> str:
        """Which benchmark table it was, by its size."""
        return _by_size(self.records, self.columns)


def nearest_curves(error: float, lengths: Sequence[int]) -> tuple[Withheld, ...]:
    """For each benchmark table and length, the curve whose error is nearest (by ratio) to ``error``."""
    return tuple(_nearest(_withheld(), error, lengths))


def nearest_errors(error: float, lengths: Sequence[int]) -> tuple[Stated, ...]:
    """For each benchmark table and length, what was stated where the error was nearest (by ratio) to ``error``."""
    return tuple(_nearest(_stated(), error, lengths))


def usual_share(points: Sequence[Stated], length: int, people: int) -> float | None:
    """How far off a stated count of ``people`` usually was, as a share of the half-width; None without figures.

    The mean over the benchmark tables; beyond their smallest and largest groups, as in these.
    """
    found = []
    for table in dict.fromkeys(each.table for each in points):
        ours = sorted((each for each in points if (each.table, each.length) == (table, length)), key=_least)
        if ours:
            found.append([each for each in ours if each.least <= max(people, ours[0].least)][-1].typical)
    return fmean(found) if found else None


def _least(point: Stated) -> int:
    return point.least


_Point = TypeVar("_Point", Withheld, Stated)


def _nearest(points: Sequence[_Point], error: float, lengths: Sequence[int]) -> Iterator[_Point]:
    for table in dict.fromkeys(each.table for each in points):
        for length in lengths:
            ours = [each for each in points if (each.table, each.length) == (table, length)]
            if ours:
                nearest = min({each.error for each in ours}, key=lambda one: abs(log(one / error)))
                yield from (each for each in ours if each.error == nearest)


def _by_size(records: int, columns: int) -> str:
    return f"{records:,} x {columns}"


@cache
def _withheld() -> tuple[Withheld, ...]:
    return tuple(Withheld(**_fields(Withheld, each)) for each in _shipped("withholding.json"))


@cache
def _stated() -> tuple[Stated, ...]:
    return tuple(Stated(**_fields(Stated, each)) for each in _shipped("stating.json"))


def _shipped(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        resources.files("frostglass.ways").joinpath(name).read_text(encoding="utf-8")
    )
    return found


def _fields(kind: type[Withheld] | type[Stated], point: Mapping[str, Any]) -> dict[str, Any]:
    return {each.name: point[each.name] for each in fields(kind)}
