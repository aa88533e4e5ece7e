"""Differences of two counts or two shares, each with an interval that knows how they vary together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Literal

import numpy as np

from frostglass.bundle.words import kind_of_record
from frostglass.errors import UsageError
from frostglass.released.events import Event
from frostglass.released.ranges import TINY, difference_range, share_difference_range, whole
from frostglass.released.shares import DECIMALS
from frostglass.reporting.conditions import Asked, Condition, Conditions, Pair, box_of, in_order, matched
from frostglass.reporting.counts import pairs_of, too_long, words_of
from frostglass.reporting.rows import Row, figure_row
from frostglass.reporting.shares import (
    SHORTER,
    Ratio,
    asked_of,
    denominator_of,
    notes_on,
    ratio_of,
    share_of,
    stretched,
    why_withheld,
)
from frostglass.reporting.source import Source, Status

UNLIKE = "The two are shares of unlike wholes: say with `of` what both are shares of."


@dataclass(frozen=True, slots=True)
class Difference:
    """One count or share less another: ``difference`` is None unless both are stated.

    ``one`` and ``other`` are what both sides state. The ends of a difference of shares are between -1 and 1.
    """

    kind: Literal["count", "share"]
    conditions: Conditions
    versus: Conditions
    denominators: tuple[str, ...]
    status: Status
    difference: float | None
    low: float | None
    high: float | None
    one: float | None
    other: float | None
    sentence: str
    note: str

    def as_json(self) -> dict[str, object]:
        """The answer as plain JSON values."""
        return {
            "of": self.kind,
            "conditions": dict(self.conditions),
            "versus": dict(self.versus),
            "denominators": list(self.denominators),
            "status": self.status,
            "difference": self.difference,
            "low": self.low,
            "high": self.high,
            "one": self.one,
            "other": self.other,
            "sentence": self.sentence,
            "note": self.note,
        }

    def text(self) -> str:
        """The answer for a terminal."""
        return "\n".join([self.sentence, *filter(None, [self.note])])

    def rows(self) -> list[Row]:
        """The answer as a table of one line."""
        name, ends = f"difference of {self.kind}s", (self.difference, self.low, self.high)
        out_of = "; versus ".join(self.denominators)
        return [figure_row(name, self.conditions, ends, self.status, out_of=out_of, versus=self.versus)]


def difference(
    asked: Iterable[str | Pair],
    source: Source,
    *,
    versus: Sequence[str | Pair],
    shares: bool = False,
    of: Asked = None,
) -> Difference:
    """The count, or share, for the conditions less the one in which those of ``versus`` take the place of theirs."""
    if of and not shares:
        raise UsageError("FG-OP-121", "what a share is of goes with shares: ask for the difference of shares")
    conditions, denominator = matched(asked, source.codebook), denominator_of(of, source)
    others = {one.name: one for one in matched(versus, source.codebook)}
    _check_versus(conditions, denominator or (), others)
    if not shares:
        return _difference_of_counts(conditions, _replaced(conditions, others), source)
    changed = None if denominator is None else _replaced(denominator, others)
    ratios = (
        ratio_of(conditions, denominator, source),
        ratio_of(_replaced(conditions, others), changed, source),
    )
    return _difference_of_shares(*ratios, source)


def _difference_of_counts(one: Sequence[Condition], other: Sequence[Condition], source: Source) -> Difference:
    sides = tuple(in_order(each, source.codebook) for each in (one, other))
    named = (pairs_of(sides[0]), pairs_of(sides[1]))
    if len(one) > source.length:
        return Difference(
            "count", *named, (), "too_long", None, None, None, None, None, too_long(len(one), source), SHORTER
        )
    first, second = source.all_figures(sides)
    events = [source.bounding.event(Event(box_of(each, source.codebook))) for each in sides]
    low, high = (int(end) for end in whole(*map(np.asarray, difference_range(source.figures, events[0] - events[1]))))
    kind, words = kind_of_record(source.codebook), [words_of(each, source) for each in sides]
    if first.count is None or second.count is None:
        sentence = (
            f"The difference between the counts of {kind}s with {words[0]} and with {words[1]} is withheld "
            f"(95% interval {low:,} to {high:,})."
        )
        note = why_withheld(source, "both counts")
        return Difference("count", *named, (), "withheld", None, low, high, first.count, second.count, sentence, note)
    gap = first.count - second.count
    low, high = min(low, gap), max(high, gap)
    sentence = (
        f"{first.count:,} {kind}s with {words[0]} and {second.count:,} with {words[1]}: a difference of {gap:,} "
        f"(95% interval {low:,} to {high:,}). Source: {source.citation}"
    )
    note = _whether_certain(low, high)
    return Difference("count", *named, (), "released", gap, low, high, first.count, second.count, sentence, note)


def _difference_of_shares(one: Ratio, other: Ratio, source: Source) -> Difference:
    named = (asked_of(one, source), asked_of(other, source))
    words = (one.words,) if one.words == other.words else (one.words, other.words)
    if max(one.variables(), other.variables()) > source.length:
        why = too_long(max(one.variables(), other.variables()), source)
        return Difference("share", *named, words, "too_long", None, None, None, None, None, why, SHORTER)
    first, second = (share_of(each, *each.figures(source), source) for each in (one, other))
    betweens = [each.betweens(source) for each in (one, other)]
    ends = share_difference_range(source.figures, betweens[0], betweens[1])
    notes = notes_on(ends.vague, one.group, [each for pair in betweens for each in pair])
    if not one.is_like(other):
        notes = [UNLIKE, *notes]
    if first.share is None or second.share is None:
        low, high = stretched(ends, None)
        sentence = (
            f"The difference is withheld between {_side_by_side(one, other, source)} "
            f"(95% interval {in_points(low, high)} percentage points)."
        )
        note = " ".join([why_withheld(source, "the numbers of both shares"), *notes])
        return Difference(
            "share", *named, words, "withheld", None, low, high, first.share, second.share, sentence, note
        )
    gap = round(first.share - second.share, DECIMALS)
    low, high = stretched(ends, gap)
    sentence = (
        f"{_side_by_side(one, other, source, first.share, second.share)}: a difference of {100 * gap:.1f} percentage "
        f"points (95% interval {in_points(low, high)}). Source: {source.citation}"
    )
    note = " ".join([_whether_certain(low, high), *notes])
    return Difference("share", *named, words, "released", gap, low, high, first.share, second.share, sentence, note)


def _side_by_side(
    one: Ratio, other: Ratio, source: Source, first: float | None = None, second: float | None = None
) -> str:
    """Both shares in words, with their figures where these are stated; what they have in common is said once."""
    wholes = [
        f"what part of {each.words}" if share is None else f"{100 * share:.1f}% of {each.words}"
        for each, share in ((one, first), (other, second))
    ]
    parts = [words_of(each.part, source) for each in (one, other)]
    if parts[0] == parts[1]:
        return f"{wholes[0]} and {wholes[1]} have {parts[0]}"
    return f"{wholes[0]} have {parts[0]} and {wholes[1]} have {parts[1]}"


def _replaced(conditions: Sequence[Condition], others: dict[str, Condition]) -> tuple[Condition, ...]:
    return tuple(others.get(one.name, one) for one in conditions)


def _check_versus(conditions: Sequence[Condition], of: Sequence[Condition], others: dict[str, Condition]) -> None:
    """Refuse a comparison that does not say what takes the place of what."""
    asked = {one.name: one for one in (*of, *conditions)}
    strange = [name for name in others if name not in asked]
    if strange:
        raise UsageError("FG-OP-098", f"{strange[0]} is compared, so give a value of it among the conditions as well")
    if all(asked[name].values == one.values for name, one in others.items()):
        raise UsageError("FG-OP-098", "both sides of the comparison are the same: name another value of a condition")


def _whether_certain(low: float, high: float) -> str:
    if low <= 0 <= high:
        return "The interval holds zero: noise alone may have made the difference."
    return "The interval does not hold zero: it takes more than noise to explain the difference."


def in_points(low: float, high: float) -> str:
    """The ends of a difference of shares for people, in percentage points."""
    return f"{floor(1000 * low + TINY) / 10:.1f} to {ceil(1000 * high - TINY) / 10:.1f}"
