"""Derive rules carried out on records: whole columns at a time, each distinct value looked at once.

``tests/sensitive/reference_recoding.py`` says the same slowly, one record at a time; a test holds the two together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from frostglass.errors import InputError
from frostglass.sensitive.recoding.answers import Answers, no_answers, together
from frostglass.sensitive.recoding.records import Cases, Records
from frostglass.sensitive.recoding.spans import (
    completed_months,
    completed_years,
    date_span,
    date_spans,
    number_span,
    span_text,
)
from frostglass.terms.custody import Sensitive
from frostglass.terms.recoding import (
    BIRTH_DATE,
    Age,
    AnyIn,
    Bands,
    Coalesce,
    Copy,
    Map,
    MonthsBetween,
    OneOf,
    Rule,
    SetOf,
    When,
    Year,
    walk,
)

NOT_PUBLISHED = "values that the codebook does not publish"
STRADDLING = "numbers known as a range that no single band holds"
INEXACT = "numbers known as a range, where one number is asked for"
SEVERAL = "several values where one is asked for, and nothing to decide between them"
STANDS_IN = ", which stands in"
STAND_IN = "read from {}" + STANDS_IN
FALLBACK = "read from the stated number, because the dates leave it open"
NOT_ADMITTED = "sets that the codebook does not admit"
GATHERED = "sets gathered under the code for others"

KEEPS_A_VALUE = frozenset({FALLBACK, GATHERED})
"""Kinds of loss that leave a value in the cell; so do all that end in ``STANDS_IN``."""


@dataclass
class Losses:
    """What recoding could not keep: numbers of cases by variable and kind, and the values, which are private.

    A case may lose several values of one variable; it counts once a kind.
    """

    cases: Counter[tuple[str, str]] = field(default_factory=Counter)
    values: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)

    def enter(self, variable: str, kind: str, cases: int, values: Mapping[str, int] | None = None) -> None:
        """``cases`` cases lose in this way; ``values`` counts the values that were lost."""
        if cases:
            self.cases[variable, kind] += cases
            self.values.setdefault((variable, kind), Counter()).update(values or {})


@dataclass
class Evaluation:
    """Carries out the rules of one variable at a time on ``cases``.

    The records hold no birth date; for each ``Age`` by it they have a field, named by ``age_key``, with the years.
    InputError FG-IN-110 when a strict rule meets a value that it does not list.
    """

    cases: Cases
    losses: Losses
    variable: str = ""
    flag: str = "1"

    def of(self, rule: Rule, variable: str, flag: str = "1") -> Answers[str]:
        """What ``rule`` gives for the cases, for the variable of that name, whose flag code is ``flag``."""
        self.variable, self.flag = variable, flag
        return self._of(rule, self.cases.records)

    def _of(self, rule: Rule, records: Records) -> Answers[str]:
        match rule:
            case Copy():
                return records.answers(rule.field)
            case Year():
                return self._of(rule.source, records).changed(_year)
            case Age() | Bands():
                return self._first_that_tells(rule, records)
            case Map():
                return self._mapped(rule, self._of(rule.source, records), records)
            case Coalesce():
                return self._coalesced(rule, records)
            case When():
                return self._when(rule, records)
            case AnyIn():
                return self._any_in(rule, records)
            case OneOf():
                return self._one_of(rule, records)
            case SetOf():
                inside = self._inside(rule.over, rule.where, records)
                return _of_parents(self._of(rule.each, inside), inside)
            case MonthsBetween():
                return _months(self._of(rule.source, records), self._of(rule.to, records), records.number)

    def _mapped(self, rule: Map, given: Answers[str], records: Records) -> Answers[str]:
        unlisted = ~given.those_in(rule.table)
        if unlisted.any():
            self._lose(NOT_PUBLISHED, given.picked(unlisted), records, strict=rule.strict)
        return given.changed(rule.table.get)

    def _first_that_tells(self, rule: Age | Bands, records: Records) -> Answers[str]:
        """An age or a band, from the dates where these tell, and from the stated number where they leave it open."""
        choices = list(self._choices(rule, records))
        found = [given for given, _ in choices]
        told = _first(found, records.number)
        for given, kind in choices[1:]:
            used = given.answered(records.number) & ~found[0].answered(records.number)
            self.losses.enter(self.variable, kind, _number_of_cases(np.flatnonzero(used), records))
        return told

    def _choices(self, rule: Age | Bands, records: Records) -> Iterator[tuple[Answers[str], str]]:
        if isinstance(rule, Age):
            yield self._age(rule, records).changed(_exact), ""
            if rule.fallback is not None:
                yield self._of(rule.fallback, records).changed(_exact), FALLBACK
            return
        if isinstance(rule.source, Age):
            given = [(self._age(rule.source, records), "")]
            if rule.source.fallback is not None:
                given.append((self._of(rule.source.fallback, records), FALLBACK))
        else:
            given = [(self._of(rule.source, records), "")]
        banded = [(numbers.changed(lambda text: _band(text, rule)), kind) for numbers, kind in given]
        open_cases = ~_first([one for one, _ in banded], records.number).answered(records.number)
        for numbers, _ in given:
            unbanded = ~numbers.those_in([text for text in numbers.values if _band(text, rule) is not None])
            lost = numbers.picked(unbanded & open_cases[numbers.record])
            ranges = lost.those_in([text for text in lost.values if _is_range(text)])
            self._lose(STRADDLING, lost.picked(ranges), records, strict=False)
            self._lose(NOT_PUBLISHED, lost.picked(~ranges), records, strict=rule.strict)
        yield from banded

    def _age(self, rule: Age, records: Records) -> Answers[str]:
        if rule.birth == BIRTH_DATE:
            return records.answers(age_key(rule))
        return ages_of(records.answers(rule.birth), self._of(rule.at, records))

    def _coalesced(self, rule: Coalesce, records: Records) -> Answers[str]:
        choices = [self._of(one, records) for one in rule.of]
        settled = choices[0].answered(records.number)
        for one, given in zip(rule.of[1:], choices[1:], strict=True):
            used = given.answered(records.number) & ~settled
            self.losses.enter(
                self.variable, STAND_IN.format(_read_from(one)), _number_of_cases(np.flatnonzero(used), records)
            )
            settled |= used
        return _first(choices, records.number)

    def _when(self, rule: When, records: Records) -> Answers[str]:
        holds = _selected(records, rule.condition)
        then = self._of(rule.then, _masked(records, holds))
        if rule.otherwise is None:
            return then
        return _first([then, self._of(rule.otherwise, _masked(records, ~holds))], records.number)

    def _any_in(self, rule: AnyIn, records: Records) -> Answers[str]:
        inside = self._inside(rule.over, rule.where, records)
        given = self._of(rule.source, inside)
        return _of_parents(given.picked(given.those_in(rule.among)).changed(lambda _: self.flag), inside)

    def _one_of(self, rule: OneOf, records: Records) -> Answers[str]:
        given = distinct(self._of(rule.source, records))
        several = np.bincount(given.record, minlength=records.number) > 1
        one = given.where(~several)
        if rule.tie is not None and several.any():
            decided = self._of(rule.tie, _masked(records, several))
            one = _first([one, decided], records.number)
        undecided = given.where(several & ~one.answered(records.number))
        self._lose(SEVERAL, undecided, records, strict=False)
        return one

    def _inside(self, over: str | None, where: Mapping[str, tuple[str, ...]], records: Records) -> Records:
        """The child records ``over``, or the records themselves, of which those not selected answer nothing."""
        none = Records(0, {}, np.zeros(0, dtype=np.int32))
        inside = records if over is None else self.cases.children.get(over, none)
        return _masked(inside, _selected(inside, where)) if where else inside

    def _lose(self, kind: str, lost: Answers[str], records: Records, *, strict: bool) -> None:
        if not len(lost.record):
            return
        number = _number_of_cases(lost.record, records)
        values = tally(lost)
        if strict:
            raise InputError(
                "FG-IN-110",
                f"{self.variable}: {number:,} cases hold values that its rule does not list: list them, or write "
                'else = "null" to make them missing',
                detail=Sensitive(values, "values that no rule lists"),
            )
        self.losses.enter(self.variable, kind, number, values)


def ages_of(births: Answers[str], dates: Answers[str]) -> Answers[str]:
    """Completed years from each case's birth to its date, as "17" or, where the dates leave it open, "17-18"."""
    born_first, born_last = date_spans(births.values)
    first, last = date_spans(dates.values)
    births, dates = _one_each(births), _one_each(dates)
    record, of_birth, of_date = np.intersect1d(births.record, dates.record, assume_unique=True, return_indices=True)
    born, at = births.place[of_birth], dates.place[of_date]
    low = np.maximum(completed_years(born_last[born], first[at]), 0) if len(record) else np.zeros(0, dtype=np.int64)
    high = completed_years(born_first[born], last[at]) if len(record) else np.zeros(0, dtype=np.int64)
    known = high >= 0
    known &= (born_first[born] > 0) & (first[at] > 0) if len(record) else True
    return _spans(record[known], low[known], high[known])


def age_key(rule: Age) -> str:
    """What names an age among those that are handed over: the date of birth and the date at which it is taken."""
    return f"age by {rule.birth} at {rule.at!r}"


def tally(answers: Answers[str]) -> dict[str, int]:
    """Each value with how often it is answered."""
    counts = np.bincount(answers.place, minlength=len(answers.values))
    return {value: int(count) for value, count in zip(answers.values, counts, strict=True) if count}


def _months(start: Answers[str], end: Answers[str], number: int) -> Answers[str]:
    start, end = _one_each(start), _one_each(end)
    began_first, began_last = date_spans(start.values)
    ended_first, ended_last = date_spans(end.values)
    record, of_start, of_end = np.intersect1d(start.record, end.record, assume_unique=True, return_indices=True)
    if not len(record):
        return no_answers()
    began, ended = start.place[of_start], end.place[of_end]
    low = np.maximum(completed_months(began_last[began], ended_first[ended]), 0)
    high = completed_months(began_first[began], ended_last[ended])
    known = high >= 0
    return _spans(record[known], low[known], high[known])


def _spans(record: npt.NDArray[np.int32], low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> Answers[str]:
    packed, place = np.unique(low * 2_000_000 + high, return_inverse=True)
    texts = tuple(span_text(int(one) // 2_000_000, int(one) % 2_000_000) for one in packed)
    return Answers(record.astype(np.int32), place.astype(np.int32), texts)


def _read_from(rule: Rule) -> str:
    """The fields that a rule reads, for people."""
    fields = [one.field for one in walk(rule) if isinstance(one, Copy)]
    return " or ".join(dict.fromkeys(fields)) or "elsewhere"


def _year(text: str) -> str | None:
    span = date_span(text)
    return None if span is None else str(span[0] // 10_000)


def _exact(text: str) -> str | None:
    """A number that is known exactly; None for a range, which leaves it open, and for what is no number."""
    span = number_span(text)
    return str(span[0]) if span is not None and span[0] == span[1] else None


def _is_range(text: str) -> bool:
    span = number_span(text)
    return span is not None and span[0] != span[1]


def _band(text: str, rule: Bands) -> str | None:
    span = number_span(text)
    if span is None:
        return None
    low, high = span
    return next((code for first, last, code in rule.bands if first <= low and high <= last), None)


def _first(choices: Sequence[Answers[str]], number: int) -> Answers[str]:
    """For each record the answers of the first choice that has any."""
    settled = np.zeros(number, dtype=np.bool_)
    kept = []
    for given in choices:
        kept.append(given.where(~settled))
        settled |= given.answered(number)
    return together(kept)


def _masked(records: Records, chosen: npt.NDArray[np.bool_]) -> Records:
    """The same records, of which only the chosen ones answer anything."""
    return Records(records.number, {name: one.where(chosen) for name, one in records.fields.items()}, records.parent)


def _selected(records: Records, condition: Mapping[str, tuple[str, ...]]) -> npt.NDArray[np.bool_]:
    selected = np.ones(records.number, dtype=np.bool_)
    for name, wanted in condition.items():
        selected &= records.holds(name, wanted)
    return selected


def _of_parents(given: Answers[str], records: Records) -> Answers[str]:
    """Answers of child records as answers of their cases, each value once."""
    if records.parent is None:
        return distinct(given)
    return distinct(Answers(records.parent[given.record], given.place, given.values))


def distinct(given: Answers[str]) -> Answers[str]:
    """Each value of a record once."""
    size = max(len(given.values), 1)
    packed = np.unique(given.record.astype(np.int64) * size + given.place)
    return Answers((packed // size).astype(np.int32), (packed % size).astype(np.int32), given.values)


def _one_each(given: Answers[str]) -> Answers[str]:
    """The first answer of each record."""
    first = np.ones(len(given.record), dtype=np.bool_)
    first[1:] = given.record[1:] != given.record[:-1]
    return given.picked(first)


def _number_of_cases(record: npt.NDArray[np.int32] | npt.NDArray[np.int64], records: Records) -> int:
    return len(np.unique(record if records.parent is None else records.parent[record]))
