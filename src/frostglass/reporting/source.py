"""What questions are answered from: the counts, records and noisy tables of one release, read when first needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from frostglass.bundle.format.manifest import OLDEST, Manifest
from frostglass.bundle.words import citation
from frostglass.released.events import Bounding, Event
from frostglass.released.functional import Figures
from frostglass.released.least_squares import estimate
from frostglass.released.measurement import Measurement
from frostglass.released.ranges import LEAST_HIGH, ends, whole
from frostglass.reporting.conditions import Condition, box_of, in_order
from frostglass.terms.codebook import Codebook
from frostglass.terms.domain import JOIN

Status = Literal["released", "withheld", "not_listed", "too_long"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of records; ``count`` is None unless it is stated, ``low`` and ``high`` only where nothing is listed."""

    status: Status
    count: int | None
    low: int | None
    high: int | None


FORMER = "This bundle has format 2: its counts.csv has the ends of the former rule, so these may differ."

NOT_LISTED = Figure("not_listed", None, None, None)


@dataclass(frozen=True)
class Source:
    """One release. ``column`` gives the records' positions of one variable."""

    manifest: Manifest
    codebook: Codebook
    counts: Callable[[], pl.DataFrame]
    column: Callable[[str], npt.NDArray[np.uint16]]
    measurements: Callable[[], tuple[Measurement, ...]]

    @property
    def citation(self) -> str:
        return citation(self.manifest, self.codebook)

    @property
    def length(self) -> int:
        """Most variables that the conditions of a question may name."""
        return self.manifest.plan.length

    @property
    def former(self) -> bool:
        """Whether the counts of the bundle have the ends of the former rule."""
        return self.manifest.format == OLDEST

    def noted(self, note: str) -> str:
        """``note`` about a count, with a word where counts.csv has other ends."""
        return f"{note} {FORMER}" if self.former else note

    @cached_property
    def figures(self) -> Figures:
        """Estimates of whatever is asked; whatever strategy measured, least squares is the best unbiased one."""
        return Figures(estimate(self.codebook.domain, self.measurements()))

    @cached_property
    def bounding(self) -> Bounding:
        return Bounding(self.figures.estimate)

    @cached_property
    def _columns(self) -> dict[str, npt.NDArray[np.uint16]]:
        return {}

    @cached_property
    def _figures(self) -> dict[Event, Figure]:
        return {}

    def listed(self, wanted: Sequence[Sequence[Condition]]) -> list[Figure]:
        """What the counts say of combinations of single values, each in the codebook's order.

        The counts of format 2 have the ends of the former rule, so there the ends are worked out anew.
        """
        if self.former:
            return [self.figure(Event(box_of(each, self.codebook))) for each in wanted]
        keys = pl.DataFrame(
            {
                "variables": [JOIN.join(one.name for one in each) for each in wanted],
                "values": [JOIN.join(one.values[0] for one in each) for each in wanted],
            },
            schema={"variables": pl.String, "values": pl.String},
        )
        found = keys.join(self.counts(), on=["variables", "values"], how="left", maintain_order="left")
        rows = found.select("count", "low", "high").iter_rows()
        return [NOT_LISTED if low is None else _listed(count, low, high) for count, low, high in rows]

    def all_figures(self, wanted: Sequence[Sequence[Condition]]) -> list[Figure]:
        """The number of records for each of these conditions; an interval also for what the counts do not list."""
        wanted = [in_order(each, self.codebook) for each in wanted]
        plain = [each for each in wanted if each and all(one.single for one in each) and len(each) <= self.length]
        said = dict(zip(plain, self.listed(plain), strict=True)) if plain else {}
        return [
            said[each] if said.get(each, NOT_LISTED) != NOT_LISTED else self.figure(Event(box_of(each, self.codebook)))
            for each in wanted
        ]

    def figure(self, event: Event) -> Figure:
        """The number of records in an event: what the records hold, stated from tau on or for a single variable."""
        if event not in self._figures:
            self._figures[event] = self._figure(event)
        return self._figures[event]

    def _figure(self, event: Event) -> Figure:
        if event.box.empty:
            return Figure("released", 0, 0, 0)
        count = self.tally(event)
        low, high = (int(end) for end in whole(*map(np.asarray, ends(self.figures, event))))
        if len(event.attributes) > 1 and count < self.manifest.tau:
            return (
                Figure("withheld", None, low, max(high, LEAST_HIGH)) if count else Figure("not_listed", None, low, high)
            )
        return Figure("released", count, min(low, count), max(high, count))

    def tally(self, event: Event) -> int:
        """Number of records in an event."""
        inside = np.ones(self.manifest.total, dtype=np.bool_)
        for name, positions in event.box.sides:
            inside &= self._among(name, positions)
        if event.marks:
            inside &= np.logical_or.reduce([self._among(name, positions) for name, positions in event.marks])
        return int(inside.sum())

    def _among(self, name: str, positions: frozenset[int]) -> npt.NDArray[np.bool_]:
        if name not in self._columns:
            self._columns[name] = self.column(name)
        wanted = np.zeros(self.codebook.domain.attribute(name).size, dtype=np.bool_)
        wanted[sorted(positions)] = True
        return np.asarray(wanted[self._columns[name]])


def _listed(count: int | None, low: int, high: int) -> Figure:
    return Figure("withheld" if count is None else "released", count, low, high)
