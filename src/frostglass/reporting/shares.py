"""Shares for reports: each with its denominator in words and an interval that knows how part and whole vary together.

What the denominators are, and when nothing is stated: docs/how-to/counts-for-reporting.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from frostglass.bundle.words import kind_of_record
from frostglass.errors import UsageError
from frostglass.released.denominators import denominator
from frostglass.released.events import Between, Event, Mark
from frostglass.released.ranges import TINY, share_range
from frostglass.released.ranges import Share as Ends
from frostglass.released.shares import outward, rounded_share
from frostglass.reporting.conditions import Asked, Condition, Conditions, Pair, asked_for, box_of, in_order, matched
from frostglass.reporting.counts import Near, nearest_lines, pairs_of, too_long, words_of
from frostglass.reporting.counts import count as count_of
from frostglass.reporting.rows import Row, figure_row
from frostglass.reporting.source import Figure, Source, Status
from frostglass.terms import wording
from frostglass.terms.codebook import Group

EVERYONE = "all"
"""Names all records as what a share is of."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share: ``count`` of ``out_of`` records. ``share``, ``low`` and ``high`` are between 0 and 1.

    ``denominator`` says in words whom it is a share of. ``share`` is None unless ``status`` is "released".
    """

    conditions: Conditions
    denominator: str
    status: Status
    share: float | None
    low: float | None
    high: float | None
    count: int | None
    out_of: int | None
    sentence: str
    note: str
    nearest: tuple[Near, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The answer as plain JSON values."""
        return {
            "conditions": dict(self.conditions),
            "denominator": self.denominator,
            "status": self.status,
            "share": self.share,
            "low": self.low,
            "high": self.high,
            "count": self.count,
            "out_of": self.out_of,
            "sentence": self.sentence,
            "note": self.note,
            "nearest": [each.as_json() for each in self.nearest],
        }

    def text(self) -> str:
        """The answer for a terminal."""
        return "\n".join([self.sentence, *filter(None, [self.note]), *nearest_lines(self.nearest)])

    def rows(self) -> list[Row]:
        """The answer as a table of one line."""
        ends = (self.share, self.low, self.high)
        return [figure_row("share", self.conditions, ends, self.status, out_of=self.denominator)]


@dataclass(frozen=True)
class Ratio:
    """What a share is of: ``part`` are conditions beside those of the denominator, ``of``, which may ask for marks."""

    part: tuple[Condition, ...]
    of: tuple[Condition, ...]
    marks: tuple[Mark, ...]
    words: str
    group: Group | None = None

    def variables(self) -> int:
        """Number of variables that the conditions name."""
        return len({one.name for one in (*self.part, *self.of)})

    def is_like(self, other: Ratio) -> bool:
        """Whether both are shares of wholes of one kind, such as those with a recorded value of one variable."""
        return self.marks == other.marks and {one.name for one in self.of} == {one.name for one in other.of}

    def inside(self, source: Source) -> Event:
        """The records of the part."""
        return Event(box_of((*self.part, *self.of), source.codebook))

    def around(self, source: Source) -> Event:
        """The records of the whole."""
        return Event.of(box_of(self.of, source.codebook), self.marks)

    def betweens(self, source: Source) -> tuple[Between, Between]:
        """What bounds the part, and the whole."""
        return source.bounding.event(self.inside(source)), source.bounding.event(self.around(source))

    def figures(self, source: Source) -> tuple[Figure, Figure]:
        """What the release says of the part and of the whole."""
        return source.all_figures([narrowed(self)])[0], whole_of(self, source)


def share(asked: Iterable[str | Pair], source: Source, *, of: Asked = None) -> Share:
    """The share of records that meet the first condition, among those that meet the others.

    Of these only the records with any mark of the variable's denominator group, or with a recorded value, count.
    With ``of``, the share of records that meet all conditions among those that meet ``of``; "all" is all records.
    """
    ratio = ratio_of(matched(asked, source.codebook), denominator_of(of, source), source)
    if ratio.variables() > source.length:
        return _share_too_long(ratio, source)
    return share_of(ratio, *ratio.figures(source), source)


def share_of(ratio: Ratio, part: Figure, out_of: Figure, source: Source) -> Share:
    """The share, with what the release says of its part and its whole."""
    inside, around = ratio.betweens(source)
    ends = share_range(source.figures, inside, around)
    stated = _stated(part, out_of)
    low, high = stretched(ends, stated)
    notes = notes_on(ends.vague, ratio.group, [inside, around])
    kind = kind_of_record(source.codebook)
    if stated is None or part.count is None or out_of.count is None:
        sentence = (
            f"The share of {kind}s with {words_of(ratio.part, source)} among {ratio.words} is withheld "
            f"(95% interval {in_percent(low, high)})."
        )
        note = " ".join([why_withheld(source, "both numbers"), *notes])
        return Share(
            asked_of(ratio, source), ratio.words, "withheld", None, low, high, part.count, out_of.count, sentence, note
        )
    sentence = (
        f"{100 * part.count / out_of.count:.1f}% of {ratio.words} have {words_of(ratio.part, source)}: "
        f"{part.count:,} of {out_of.count:,} (95% interval {in_percent(low, high)}). Source: {source.citation}"
    )
    return Share(
        asked_of(ratio, source),
        ratio.words,
        "released",
        stated,
        low,
        high,
        part.count,
        out_of.count,
        sentence,
        " ".join(notes),
    )


def _stated(part: Figure, out_of: Figure) -> float | None:
    if part.count is None or not out_of.count:
        return None
    return float(rounded_share(np.array(part.count), np.array(out_of.count)))


def stretched(ends: Ends, stated: float | None) -> tuple[float, float]:
    """The ends of a share, or of a difference of shares, rounded outward, and stretched to hold what is stated."""
    figures = (ends.low, ends.high, np.nan if stated is None else stated)
    low, high = outward(*(np.array(each) for each in figures))
    return float(low), float(high)


SHORTER = "Leave a condition out: what is shorter has an interval, and this would be a guess without one."


def denominator_of(of: Asked, source: Source) -> tuple[Condition, ...] | None:
    """The conditions that are named as what a share is of; None where none are."""
    listed = asked_for(of)
    if EVERYONE in listed and len(listed) > 1:
        raise UsageError("FG-OP-121", f"what a share is of: {EVERYONE} is all records, so it stands alone")
    return matched([one for one in listed if one != EVERYONE], source.codebook) if listed else None


def ratio_of(conditions: Sequence[Condition], of: tuple[Condition, ...] | None, source: Source) -> Ratio:
    """What is divided by what; UsageError FG-OP-096 without a condition, FG-OP-097 where no record can meet both."""
    if not conditions:
        raise UsageError("FG-OP-096", "a share is of something: give the condition first, such as gender=Female")
    if of is None:
        return ratio_within(conditions[0], conditions[1:], source)
    if box_of((*conditions, *of), source.codebook).empty:
        raise UsageError("FG-OP-097", "no record can meet both the conditions and those that the share is of")
    return Ratio(tuple(conditions), of, (), _words_of_whole(of, "", source))


def ratio_within(subject: Condition, others: Sequence[Condition], source: Source) -> Ratio:
    """The usual denominator: within ``others``, records with any mark of the group, or with a recorded value."""
    book = source.codebook
    positions = book.domain.attribute(subject.name).positions
    found = denominator(book, subject.name, frozenset(positions[value] for value in subject.values))
    if not found.marks:
        return Ratio((subject,), tuple(others), (), _words_of_whole(others, "", source))
    if found.group is None:
        recorded = Condition(subject.name, book.variable(subject.name).codes)
        words = _words_of_whole(others, f"a recorded value of {book.label(subject.name)}", source)
        return Ratio((subject,), (*others, recorded), (), words)
    label = found.group.label.get(book.language, found.group.name)
    words = _words_of_whole(others, f"any flag of “{label}”", source)
    return Ratio((subject,), tuple(others), found.marks, words, found.group)


def _words_of_whole(conditions: Sequence[Condition], more: str, source: Source) -> str:
    kind = kind_of_record(source.codebook)
    words = [words_of(in_order(conditions, source.codebook), source), more]
    return f"{kind}s with {wording.conditions(filter(None, words))}" if any(words) else f"all {kind}s"


def whole_of(ratio: Ratio, source: Source) -> Figure:
    """What the release says of the whole."""
    return source.figure(ratio.around(source)) if ratio.marks else source.all_figures([ratio.of])[0]


def narrowed(ratio: Ratio) -> tuple[Condition, ...]:
    """The conditions of the part and of the whole together, each variable once."""
    around = {one.name: one for one in ratio.of}
    part = [_met(one, around.pop(one.name)) if one.name in around else one for one in ratio.part]
    return (*part, *around.values())


def _met(one: Condition, other: Condition) -> Condition:
    values = tuple(value for value in one.values if value in other.values)
    return one if values == one.values else Condition(one.name, values)


def asked_of(ratio: Ratio, source: Source) -> Conditions:
    """All conditions of a share, as answers give them back."""
    return pairs_of(in_order(narrowed(ratio), source.codebook))


def _share_too_long(ratio: Ratio, source: Source) -> Share:
    nearest = count_of([one.pair for one in narrowed(ratio)], source).nearest
    sentence = too_long(ratio.variables(), source)
    return Share(
        asked_of(ratio, source), ratio.words, "too_long", None, None, None, None, None, sentence, SHORTER, nearest
    )


def why_withheld(source: Source, which: str) -> str:
    """Why nothing is stated unless ``which`` numbers are."""
    return (
        f"It is stated where {which} are: this release states counts from {source.manifest.tau:,} on, "
        "because noise makes smaller ones unreliable."
    )


def notes_on(vague: bool, group: Group | None, used: Iterable[Between]) -> list[str]:
    """What the reader should know of the denominator and of the interval."""
    notes = []
    if group is not None:
        notes.append(f"The flags are {', '.join(group.members)}. {group.definition}".strip())
    if vague:
        notes.append("The number that it is a share of is too small to be told from zero, so the interval is no help.")
    if not all(each.exact for each in used):
        notes.append(
            "This takes a larger table than was measured: the number is read from the records, and the interval "
            "rests on bounds from the measured tables."
        )
    return notes


def in_percent(low: float, high: float) -> str:
    """The ends of a share for people, rounded outward to a tenth of a percent."""
    return f"{floor(1000 * low + TINY) / 10:.1f}% to {ceil(1000 * high - TINY) / 10:.1f}%"
