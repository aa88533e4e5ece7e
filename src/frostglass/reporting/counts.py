"""What a bundle says of one combination: its count and interval, or why there is none and what comes nearest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, floor, sqrt
from statistics import NormalDist

from frostglass.bundle.words import kind_of_record, records
from frostglass.reporting.conditions import Condition, Conditions, Pair, in_order, matched
from frostglass.reporting.rows import Row, figure_row, written_back
from frostglass.reporting.source import NOT_LISTED, Figure, Source, Status
from frostglass.terms import wording

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
        return "\n".join([self.sentence, *filter(None, [self.note]), *nearest_lines(self.nearest)])

    def rows(self) -> list[Row]:
        """The answer as a table of one line."""
        return [figure_row("count", self.conditions, (self.count, self.low, self.high), self.status)]


def nearest_lines(nearest: Sequence[Near]) -> list[str]:
    """What comes nearest, for a terminal."""
    if not nearest:
        return []
    shown = [
        f"  {each.count:>9,}  ({each.low:,} to {each.high:,})  {written_back(each.conditions)}" for each in nearest
    ]
    return ["Nearest available:", *shown]


def count(asked: Iterable[str | Pair], source: Source) -> Answer:
    """Answer from released values alone; the noisy tables are read only for what the counts do not list."""
    conditions = in_order(matched(asked, source.codebook), source.codebook)
    if not conditions:
        return _total(source)
    if len(conditions) > source.length:
        return _too_long(conditions, source)
    plain = all(one.single for one in conditions)
    figure = source.listed([conditions])[0] if plain else NOT_LISTED
    if figure == NOT_LISTED:
        figure = source.all_figures([conditions])[0]
    if figure.status == "released":
        return _released(conditions, figure, source)
    return (_withheld if figure.status == "withheld" else _not_listed)(conditions, figure, source)


def pairs_of(conditions: Iterable[Condition]) -> Conditions:
    """The conditions as answers give them back."""
    return tuple(one.pair for one in conditions)


def words_of(conditions: Iterable[Condition], source: Source) -> str:
    """The conditions in words."""
    return wording.conditions(one.words(source.codebook) for one in conditions)


def _released(conditions: Sequence[Condition], figure: Figure, source: Source) -> Answer:
    count, low, high = figure.count or 0, figure.low, figure.high
    sentence = (
        f"{records(count, source.codebook)} with {words_of(conditions, source)} "
        f"(95% interval {low:,} to {high:,}). Source: {source.citation}"
    )
    note = "A differentially private count: it carries noise, and the interval says how much."
    return Answer(pairs_of(conditions), "released", count, low, high, sentence, source.noted(note), nearest=())


def _withheld(conditions: Sequence[Condition], figure: Figure, source: Source) -> Answer:
    sentence = (
        f"The count of {kind_of_record(source.codebook)}s with {words_of(conditions, source)} is withheld "
        f"(95% interval {figure.low:,} to {figure.high:,})."
    )
    note = f"This release states counts from {source.manifest.tau:,} on: noise makes smaller ones unreliable."
    found = _nearest(conditions, source)
    return Answer(
        pairs_of(conditions), "withheld", None, figure.low, figure.high, sentence, source.noted(note), nearest=found
    )


def _not_listed(conditions: Sequence[Condition], figure: Figure, source: Source) -> Answer:
    known = f" (95% interval {figure.low:,} to {figure.high:,})" if figure.low is not None else ""
    sentence = f"The release lists no {kind_of_record(source.codebook)}s with {words_of(conditions, source)}{known}."
    some = "hardly any" if figure.high == 0 else "some"
    note = f"No synthetic record has it. There may be none, or {some} that cannot be told from noise."
    found = _nearest(conditions, source)
    return Answer(
        pairs_of(conditions), "not_listed", None, figure.low, figure.high, sentence, source.noted(note), nearest=found
    )


def _too_long(conditions: Sequence[Condition], source: Source) -> Answer:
    sentence, found = too_long(len(conditions), source), _nearest(conditions, source)
    note = "A count in the synthetic records would be a guess without an interval; a shorter combination has one."
    return Answer(pairs_of(conditions), "too_long", None, None, None, sentence, note, nearest=found)


def too_long(asked: int, source: Source) -> str:
    """Why a question about ``asked`` variables is not answered."""
    length = source.length
    return (
        f"This release counts combinations of up to {wording.counted(length, 'variable')}, and {asked} were asked for."
    )


def _nearest(conditions: Sequence[Condition], source: Source) -> tuple[Near, ...]:
    """The longest released combinations of some of the conditions."""
    plain = all(one.single for one in conditions)
    for length in range(min(source.length, len(conditions) - 1), 0, -1):
        shorter = list(combinations(conditions, length))
        found = source.listed(shorter) if plain else source.all_figures(shorter)
        released = [
            Near(pairs_of(each), figure.count, figure.low or 0, figure.high or 0)
            for each, figure in zip(shorter, found, strict=True)
            if figure.count is not None
        ]
        if released:
            return tuple(sorted(released, key=lambda near: near.count)[:MOST_NEAREST])
    return ()


def _total(source: Source) -> Answer:
    """The number of records; every measured table sums to an estimate of it, weighted by the inverse variance."""
    measurements = source.measurements()
    weights = [1 / (each.sd**2 * each.answer.size) for each in measurements]
    sums = [int(each.answer.sum()) for each in measurements]
    centre = sum(weight * one for weight, one in zip(weights, sums, strict=True)) / sum(weights)
    reach = NormalDist().inv_cdf(0.975) / sqrt(sum(weights))
    total = source.manifest.total
    low, high = min(max(ceil(centre - reach), 0), total), max(floor(centre + reach), total)
    sentence = f"{records(total, source.codebook)} in all (95% interval {low:,} to {high:,}). Source: {source.citation}"
    note = "The number of records comes from the noisy tables, so it carries noise like every other figure."
    return Answer((), "released", total, low, high, sentence, note, nearest=())
