"""What a bundle says of one combination: its count and interval, or why there is none and what comes nearest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, floor, sqrt
from statistics import NormalDist
from typing import Literal, TypeAlias

import polars as pl

from frostglass.bundle.manifest import Manifest
from frostglass.bundle.statement import citation, kind_of_record, records
from frostglass.errors import UsageError
from frostglass.released.measurement import Measurement
from frostglass.terms.codebook import Codebook, nearest
from frostglass.terms.domain import JOIN, MISSING_LABEL

Conditions: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of variable and value."""

Status = Literal["released", "withheld", "not_listed", "too_long"]

MOST_NEAREST = 10
"""Most sub-combinations that an answer names."""


@dataclass(frozen=True, slots=True)
class Near:
    """A released combination of some of the conditions that were asked for."""

    conditions: Conditions
    count: int
    low: int
    high: int

    def as_json(self) -> dict[str, object]:
        return {"conditions": dict(self.conditions), "count": self.count, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bundle says.

    ``conditions`` are (variable, value) in the codebook's order and spelling. ``count`` is None unless ``status`` is
    "released"; ``low`` and ``high``, the ends of the 95% interval, are None unless the combination is listed.
    ``sentence`` is ready to cite or to read out; ``note`` adds what the reader should know. ``nearest`` holds the
    longest released sub-combinations when there is no count, the smallest count first.
    """

    conditions: Conditions
    status: Status
    count: int | None
    low: int | None
    high: int | None
    sentence: str
    note: str
    nearest: tuple[Near, ...]

    def as_json(self) -> dict[str, object]:
        """The answer as plain JSON values."""
        return {
            "conditions": dict(self.conditions),
            "status": self.status,
            "count": self.count,
            "low": self.low,
            "high": self.high,
            "sentence": self.sentence,
            "note": self.note,
            "nearest": [each.as_json() for each in self.nearest],
        }

    def text(self) -> str:
        """The answer for a terminal."""
        lines = [self.sentence, *filter(None, [self.note])]
        if self.nearest:
            lines.append("Nearest available:")
            lines += [
                f"  {each.count:>9,}  ({each.low:,} to {each.high:,})  "
                + ", ".join(f"{name}={value}" for name, value in each.conditions)
                for each in self.nearest
            ]
        return "\n".join(lines)


def split_condition(text: str) -> tuple[str, str]:
    """Variable and value of a condition such as ``gender=Female``, split at the first ``=``; UsageError without one."""
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError("FG-OP-090", f"{text!r} is not a condition: write variable=value, such as gender=Female")
    return name, value


def count(
    pairs: Sequence[tuple[str, str]],
    *,
    manifest: Manifest,
    codebook: Codebook,
    counts: pl.DataFrame,
    measurements: Callable[[], tuple[Measurement, ...]],
) -> Answer:
    """Answer from released values alone; ``measurements`` are read only when no condition is given."""
    conditions = _matched(pairs, codebook)
    if not conditions:
        return _total(manifest, codebook, measurements())
    return _Asked(conditions, manifest, codebook, counts).answer()


def _matched(pairs: Sequence[tuple[str, str]], codebook: Codebook) -> Conditions:
    """The conditions in the codebook's spelling and order."""
    found: dict[str, str] = {}
    for name_text, value_text in pairs:
        if not isinstance(name_text, str) or not isinstance(value_text, str):
            raise UsageError("FG-OP-091", "names and values of conditions are text: write '1' rather than 1")
        name = _name(name_text, codebook)
        if name in found:
            raise UsageError("FG-OP-092", f"{name} is given twice; a record has one value of each variable")
        found[name] = _value(name, value_text, codebook)
    return tuple((name, found[name]) for name in codebook.domain.names if name in found)


def _name(text: str, codebook: Codebook) -> str:
    name = codebook.match_name(text)
    if name is None:
        names = codebook.domain.names
        hint = nearest(text, names) or f"; its variables are {', '.join(names)}"
        raise UsageError("FG-OP-093", f"codebook {codebook.id} has no variable {text!r}{hint}")
    return name


def _value(name: str, text: str, codebook: Codebook) -> str:
    values = codebook.domain.attribute(name).values
    if text.strip() == MISSING_LABEL:
        return MISSING_LABEL
    match = codebook.match_value(name, text)
    if match.kind in ("code", "missing"):
        return values[match.position]
    hint = nearest(text, values) or f"; its values are {_some(values)}"
    raise UsageError("FG-OP-094", f"{name} has no value {text!r}{hint}")


def _some(values: Sequence[str]) -> str:
    shown = ", ".join(values[:12])
    return shown if len(values) <= 12 else f"{shown} and {len(values) - 12} more"


@dataclass(frozen=True)
class _Row:
    """A listed combination; ``count`` is None when it is withheld."""

    count: int | None
    low: int
    high: int


@dataclass(frozen=True)
class _Asked:
    """One question, with what is needed to answer it."""

    conditions: Conditions
    manifest: Manifest
    codebook: Codebook
    counts: pl.DataFrame

    def answer(self) -> Answer:
        if len(self.conditions) > self.manifest.plan.length:
            return self._too_long()
        row = self._listed([self.conditions])[0]
        if row is None:
            return self._not_listed()
        return self._withheld(row) if row.count is None else self._released(row.count, row)

    def _listed(self, wanted: Sequence[Conditions]) -> list[_Row | None]:
        """The rows of the counts for combinations in the codebook's order; None for those that are not listed."""
        keys = pl.DataFrame(
            {
                "variables": [JOIN.join(name for name, _ in each) for each in wanted],
                "values": [JOIN.join(value for _, value in each) for each in wanted],
            }
        )
        found = keys.join(self.counts, on=["variables", "values"], how="left", maintain_order="left")
        rows = found.select("count", "low", "high").iter_rows()
        return [None if low is None else _Row(count, low, high) for count, low, high in rows]

    def _released(self, count: int, row: _Row) -> Answer:
        sentence = (
            f"{records(count, self.codebook)} with {self._words()} "
            f"(95% interval {row.low:,} to {row.high:,}). Source: {citation(self.manifest, self.codebook)}"
        )
        note = "A differentially private count: it carries noise, and the interval says how much."
        return Answer(self.conditions, "released", count, row.low, row.high, sentence, note, nearest=())

    def _withheld(self, row: _Row) -> Answer:
        sentence = (
            f"The count of {kind_of_record(self.codebook)}s with {self._words()} is withheld "
            f"(95% interval {row.low:,} to {row.high:,})."
        )
        note = f"This release states counts from {self.manifest.tau:,} on: noise makes smaller ones unreliable."
        return Answer(self.conditions, "withheld", None, row.low, row.high, sentence, note, nearest=self._nearest())

    def _not_listed(self) -> Answer:
        sentence = f"The release lists no {kind_of_record(self.codebook)}s with {self._words()}."
        note = (
            f"There may be none, or fewer than the {self.manifest.tau:,} from which on this release states a count, "
            "because noise makes smaller ones unreliable."
        )
        return Answer(self.conditions, "not_listed", None, None, None, sentence, note, nearest=self._nearest())

    def _too_long(self) -> Answer:
        length = self.manifest.plan.length
        sentence = (
            f"This release counts combinations of up to {length} variable{'s' if length > 1 else ''}, "
            f"and {len(self.conditions)} were asked for."
        )
        note = "A count in the synthetic records would be a guess without an interval; a shorter combination has one."
        return Answer(self.conditions, "too_long", None, None, None, sentence, note, nearest=self._nearest())

    def _words(self) -> str:
        return "; ".join(
            f"{self.codebook.label(name)}: {self.codebook.value_label(name, value)}{self._exactly(name, value)}"
            for name, value in self.conditions
        )

    def _exactly(self, name: str, value: str) -> str:
        """A word where the value is a set: other sets may hold it too, and are counted apart."""
        variable = self.codebook.variable(name)
        return " and no other" if variable.type == "set" and value != MISSING_LABEL else ""

    def _nearest(self) -> tuple[Near, ...]:
        """The longest released combinations of some of the conditions."""
        for length in range(min(self.manifest.plan.length, len(self.conditions) - 1), 0, -1):
            shorter = list(combinations(self.conditions, length))
            released = [
                Near(each, row.count, row.low, row.high)
                for each, row in zip(shorter, self._listed(shorter), strict=True)
                if row is not None and row.count is not None
            ]
            if released:
                return tuple(sorted(released, key=lambda near: near.count)[:MOST_NEAREST])
        return ()


def _total(manifest: Manifest, codebook: Codebook, measurements: Sequence[Measurement]) -> Answer:
    """The number of records; every measured table sums to an estimate of it, weighted by the inverse variance."""
    weights = [1 / (each.sd**2 * each.answer.size) for each in measurements]
    sums = [int(each.answer.sum()) for each in measurements]
    centre = sum(weight * one for weight, one in zip(weights, sums, strict=True)) / sum(weights)
    reach = NormalDist().inv_cdf(0.975) / sqrt(sum(weights))
    total = manifest.total
    low, high = min(max(ceil(centre - reach), 0), total), max(floor(centre + reach), total)
    sentence = (
        f"{records(total, codebook)} in all (95% interval {low:,} to {high:,}). Source: {citation(manifest, codebook)}"
    )
    note = "The number of records comes from the noisy tables, so it carries noise like every other figure."
    return Answer((), "released", total, low, high, sentence, note, nearest=())
