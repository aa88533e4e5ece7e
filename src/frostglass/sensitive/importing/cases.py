"""From the sheets of one system to cases, by its import map: accepted, or quarantined with every reason."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.importing.quarantine import (
    AFTER_SNAPSHOT,
    NEARLY,
    NO_KEY,
    NO_NUMBER_IN_ORDER,
    ORPHANS,
    OUT_OF_YEARS,
    SAME_KEY,
    SAME_NUMBER,
    UNSEEN_KEY,
    Quarantine,
    Reason,
)
from frostglass.sensitive.importing.sheets import Sheet
from frostglass.sensitive.importing.values import picked_beside, read_values
from frostglass.sensitive.recoding.answers import Answers, Indices, answers_of, no_answers, together
from frostglass.sensitive.recoding.evaluation import ages_of
from frostglass.sensitive.recoding.records import Cases, Records
from frostglass.sensitive.recoding.spans import date_spans, number_span
from frostglass.tables.text_table import unseen_characters
from frostglass.terms.import_map import (
    CASES,
    Block,
    Blocks,
    Check,
    ChildColumns,
    ChildList,
    ChildReading,
    ChildRows,
    ImportMap,
    Reading,
)
from frostglass.terms.recoding import SOURCE_SYSTEM

GIVEN, REFUSED, WITHDRAWN, LEGAL_BASIS, NO_EVIDENCE = "given", "refused", "withdrawn", "legal_basis", "no_evidence"
"""What the field of consent holds: the words that a codebook's scope rule may list."""


@dataclass(frozen=True, repr=False)
class Imported:
    """What one delivery came to. ``cases`` and ``identities`` are the accepted ones, in the order of the file.

    ``refs`` name each accepted case as "map:key", and ``held_refs`` each row that is held back, with its first reason.
    ``registered`` counts all rows. ``flags`` counts the accepted cases that a reading of the map flags.
    """

    import_map: ImportMap
    registered: int
    cases: Cases
    identities: Records
    refs: tuple[str, ...]
    held_refs: tuple[tuple[str, Reason], ...]
    quarantine: Quarantine
    flags: Mapping[str, int]
    unread: int

    def __repr__(self) -> str:
        return "<imported cases: withheld>"


def import_cases(
    import_map: ImportMap,
    sheets: Mapping[str, Sheet],
    quarantine: Quarantine,
    *,
    snapshot: str,
    legal_basis: bool,
) -> Imported:
    """The cases in ``sheets``.

    ``snapshot`` is the day (YYYY-MM-DD) on which consent counts: one withdrawn by then is none. ``legal_basis`` says
    that a steward recorded one for the delivery, which then stands in where no consent is shown.
    """
    return _Importing(import_map, sheets, quarantine, snapshot, legal_basis).run()


class _Importing:
    def __init__(
        self,
        import_map: ImportMap,
        sheets: Mapping[str, Sheet],
        quarantine: Quarantine,
        snapshot: str,
        legal_basis: bool,
    ) -> None:
        self._map = import_map
        self._sheets = sheets
        self._cases = sheets[CASES]
        self._number = self._cases.number
        self._quarantine = quarantine
        self._snapshot = snapshot
        self._legal_basis = legal_basis
        self._flagged: dict[str, npt.NDArray[np.bool_]] = {}

    def run(self) -> Imported:
        keys, key_rows = self._keys()
        fields = {reading.name: self._field(reading) for reading in self._map.fields}
        identity = {reading.name: self._field(reading, echo=False) for reading in self._map.identity}
        fields[SOURCE_SYSTEM] = self._constant(self._map.source_system)
        if self._map.consent is not None:
            fields[self._map.consent.field] = self._consent()
        children = {child.name: self._child(child, key_rows) for child in self._map.children}
        self._check_years(fields)
        for check in self._map.checks:
            self._check(check, {**identity, **fields})
        return self._divided(keys, fields, identity, children)

    def _divided(
        self,
        keys: list[str],
        fields: Mapping[str, Answers[str]],
        identity: Mapping[str, Answers[str]],
        children: Mapping[str, Records],
    ) -> Imported:
        held = self._quarantine.held(self._number)
        accepted = np.flatnonzero(~held)
        cases = Cases(Records(self._number, fields), children).subset(accepted)
        refs = [f"{self._map.id}:{key}" for key in keys]
        first: dict[int, Reason] = {}
        for reason, rows in self._quarantine.rows.items():
            for row in np.flatnonzero(rows).tolist():
                first.setdefault(row, reason)
        return Imported(
            import_map=self._map,
            registered=self._number,
            cases=cases,
            identities=Records(self._number, identity).subset(accepted),
            refs=tuple(refs[row] for row in accepted.tolist()),
            held_refs=tuple((refs[row], reason) for row, reason in sorted(first.items())),
            quarantine=self._quarantine,
            flags={flag: int((rows & ~held).sum()) for flag, rows in self._flagged.items()},
            unread=sum(sheet.unread for sheet in self._sheets.values()),
        )

    # ------------------------------------------------------------------------------------------------ cases

    def _keys(self) -> tuple[list[str], Mapping[str, int]]:
        """The key of each case, "row 7" where it has none, and the rows of the keys that are unique."""
        written = self._cases.written(self._map.key).changed(_as_key)
        keys = [f"row {row}" for row in range(1, self._number + 1)]
        rows: dict[str, int] = {}
        keyed = np.zeros(self._number, dtype=np.bool_)
        counts = np.bincount(written.place, minlength=len(written.values))
        twice = np.zeros(self._number, dtype=np.bool_)
        for row, place in zip(written.record.tolist(), written.place.tolist(), strict=True):
            keys[row] = written.values[place]
            keyed[row] = True
            if counts[place] > 1:
                twice[row] = True
            rows.setdefault(written.values[place], row)
        self._quarantine.enter(Reason("", NO_KEY), ~keyed)
        self._quarantine.enter(Reason("", SAME_KEY), twice)
        hidden = written.those_in([value for value in written.values if unseen_characters(value)])
        self._hold(Reason("", UNSEEN_KEY), written.picked(hidden).record.astype(np.int64), None, {})
        return keys, rows

    def _constant(self, value: str) -> Answers[str]:
        rows = np.arange(self._number, dtype=np.int32)
        return Answers(rows, np.zeros(self._number, dtype=np.int32), (value,))

    def _field(self, reading: Reading, *, echo: bool = True) -> Answers[str]:
        """A field of the cases. Without ``echo`` its values are kept out of every report, the private one too."""
        return self._read(reading, self._cases, None, reading.name, echo=echo)

    def _read(
        self,
        reading: Reading,
        sheet: Sheet,
        parent: Indices | None,
        place: str,
        *,
        prefix: str = "",
        echo: bool = True,
    ) -> Answers[str]:
        """What ``reading`` finds in a sheet; faults hold back the case of the row, which ``parent`` names."""
        found = []
        for column in reading.columns:
            written = sheet.written(prefix + column)
            if reading.beside is not None:
                written, wrong = picked_beside(
                    written, sheet.written(prefix + reading.beside.column), reading, self._map
                )
                for what, rows in wrong.items():
                    self._hold(Reason(place, what), rows, parent, {})
            read = read_values(reading, written, self._map)
            for what, faulty in read.faults.items():
                self._hold(Reason(place, what), faulty, parent, read.values[what] if echo else {})
            found.append(read.answers)
        answers = found[0] if len(found) == 1 else together(found)
        if reading.flag:
            self._flag(reading.flag, answers.record if parent is None else parent[answers.record])
        return answers

    def _flag(self, flag: str, cases: Indices) -> None:
        flagged = self._flagged.setdefault(flag, np.zeros(self._number, dtype=np.bool_))
        flagged[cases[cases >= 0]] = True

    def _hold(
        self, reason: Reason, rows: npt.NDArray[np.int64], parent: Indices | None, values: Mapping[str, int]
    ) -> None:
        cases = rows if parent is None else parent[rows]
        held = np.zeros(self._number, dtype=np.bool_)
        held[cases[cases >= 0]] = True
        self._quarantine.enter(reason, held, values)

    def _consent(self) -> Answers[str]:
        """What each case's consent comes to on the day of the snapshot."""
        consent = self._map.consent
        assert consent is not None  # asked for only where the map has it
        without = LEGAL_BASIS if self._legal_basis else NO_EVIDENCE
        words = (without, GIVEN, REFUSED, WITHDRAWN)
        place = np.zeros(self._number, dtype=np.int32)
        if consent.given is not None:
            given = self._field(consent.given)
            place[given.record[given.those_in(["yes"])]] = 1
            place[given.record[given.those_in(["no"])]] = 2
        if consent.withdrawn_on is not None:
            withdrawn = self._field(consent.withdrawn_on)
            first, _ = date_spans(withdrawn.values)
            day, _ = date_spans([self._snapshot])
            before = first[withdrawn.place] <= day[0] if len(withdrawn.values) else np.zeros(0, dtype=np.bool_)
            place[withdrawn.record[before]] = 3
        return Answers(np.arange(self._number, dtype=np.int32), place, words)

    # --------------------------------------------------------------------------------------- child records

    def _child(self, child: ChildReading, key_rows: Mapping[str, int]) -> Records:
        match child:
            case Blocks():
                found = _interleaved([self._block(child, block) for block in child.blocks])
            case ChildRows():
                found = self._rows(child, key_rows)
            case ChildList():
                found = self._list(child)
            case ChildColumns():
                found = _interleaved([*self._columns(child)])
        return found

    def _block(self, child: Blocks, block: Block) -> Records:
        """One child record for each case whose block has any answer."""
        fields = {
            reading.name: self._read(reading, self._cases, None, f"{child.name}.{reading.name}", prefix=block.prefix)
            for reading in child.readings
        }
        filled = np.zeros(self._number, dtype=np.bool_)
        for answers in fields.values():
            filled |= answers.answered(self._number)
        rows = np.flatnonzero(filled)
        within = Records(self._number, fields).subset(rows).fields
        given = {name: _same(value, len(rows)) for name, value in block.given.items()}
        named = {name: _joined(within.get(name), given.get(name)) for name in (*within, *given)}
        return Records(len(rows), named, rows.astype(np.int32))

    def _columns(self, child: ChildColumns) -> Iterator[Records]:
        for column, value in child.columns.items():
            reading = Reading(child.reading.name, (column,), "code", codes=child.reading.codes)
            answers = self._read(reading, self._cases, None, f"{child.name}.{value}")
            rows = np.flatnonzero(answers.answered(self._number))
            fields = {child.reading.name: answers.subset(rows), child.field: _same(value, len(rows))}
            yield Records(len(rows), fields, rows.astype(np.int32))

    def _list(self, child: ChildList) -> Records:
        """One child record for each entry of the list, with what else the case says of such entries."""
        entries = self._read(child.reading, self._cases, None, f"{child.name}.{child.reading.name}")
        number = len(entries.record)
        own = Answers(np.arange(number, dtype=np.int32), entries.place, entries.values)
        fields = {child.reading.name: own} | {name: _same(value, number) for name, value in child.given.items()}
        for reading, onto in child.spread:
            answers = self._read(reading, self._cases, None, f"{child.name}.{reading.name}")
            fields[reading.name] = _spread_onto(answers, entries, entries.those_in(onto))
        return Records(number, fields, entries.record)

    def _rows(self, child: ChildRows, key_rows: Mapping[str, int]) -> Records:
        """Rows of a sheet, in the order of their cases and of their numbers within these; empty ones are none."""
        sheet = self._sheets[child.sheet]
        parent = sheet.parent if sheet.parent is not None else self._parents(child, sheet, key_rows)
        order = self._order(child, sheet, parent)
        fields = {
            reading.name: self._read(reading, sheet, parent, f"{child.name}.{reading.name}")
            for reading in child.readings
        }
        filled = np.zeros(sheet.number, dtype=np.bool_)
        for answers in fields.values():
            filled |= answers.answered(sheet.number)
        kept = np.flatnonzero(filled & (parent >= 0))
        kept = kept[np.lexsort((order[kept], parent[kept]))]
        found = Records(len(kept), {name: _taken(one, kept) for name, one in fields.items()}, parent[kept])
        for reading in child.first:
            answers = self._read(replace(reading, flag=""), self._cases, None, f"{child.name}.{reading.name}")
            found, cases = _with_first(found, reading.name, answers)
            self._flag(reading.flag or reading.name, cases)
        return found

    def _parents(self, child: ChildRows, sheet: Sheet, key_rows: Mapping[str, int]) -> Indices:
        """The case of each row; -1 where there is none."""
        written = sheet.written(child.parent).changed(_as_key)
        of_value = np.array([key_rows.get(value, -1) for value in written.values], dtype=np.int32)
        parent = np.full(sheet.number, -1, dtype=np.int32)
        if len(of_value):
            parent[written.record] = of_value[written.place]
        folded: dict[str, int] = {key.casefold(): row for key, row in key_rows.items()}
        nearly = np.array([folded.get(value.casefold(), -1) for value in written.values], dtype=np.int64)
        if len(nearly):  # a row that may be meant for a case: the case is not released without it
            meant = nearly[written.place]
            self._hold(Reason(child.name, NEARLY), meant[(of_value[written.place] < 0) & (meant >= 0)], None, {})
        orphans = int((parent < 0).sum())
        if orphans:
            self._quarantine.loose[Reason(child.name, ORPHANS)] += orphans
        return parent

    def _order(self, child: ChildRows, sheet: Sheet, parent: Indices) -> npt.NDArray[np.int64]:
        if not child.order:
            return np.arange(sheet.number, dtype=np.int64)
        written = sheet.written(child.order)
        spans = [number_span(value.strip()) for value in written.values]
        numbers = np.array([-1 if span is None or span[0] != span[1] else span[0] for span in spans], dtype=np.int64)
        order = np.full(sheet.number, -1, dtype=np.int64)
        if len(numbers):
            order[written.record] = numbers[written.place]
        self._hold(Reason(child.name, NO_NUMBER_IN_ORDER), np.flatnonzero(order < 0), parent, {})
        in_turn = np.lexsort((order, parent))
        again = (np.diff(order[in_turn]) == 0) & (np.diff(parent[in_turn]) == 0)
        self._hold(Reason(child.name, SAME_NUMBER), in_turn[1:][again], parent, {})
        return order

    # ---------------------------------------------------------------------------------------------- checks

    def _check_years(self, fields: Mapping[str, Answers[str]]) -> None:
        """Cases dated outside the years of the system, or after the snapshot, do not belong to this delivery."""
        if not self._map.years_of:
            return
        dates = fields[self._map.years_of]
        first, _ = date_spans(dates.values)
        if self._map.years is not None:
            outside = [year < self._map.years[0] or year > self._map.years[1] for year in (first // 10_000).tolist()]
            self._hold_values(Reason(self._map.years_of, OUT_OF_YEARS), dates, outside)
        later = (first > date_spans([self._snapshot])[0][0]).tolist()
        self._hold_values(Reason(self._map.years_of, AFTER_SNAPSHOT), dates, later)

    def _hold_values(self, reason: Reason, answers: Answers[str], at_fault: list[bool]) -> None:
        wrong = answers.those_in([value for value, fault in zip(answers.values, at_fault, strict=True) if fault])
        picked = answers.picked(wrong)
        counts = np.bincount(picked.place, minlength=len(picked.values))
        values = {value: int(count) for value, count in zip(picked.values, counts, strict=True) if count}
        identifies = any(reading.name == reason.field for reading in self._map.identity)
        self._hold(reason, picked.record.astype(np.int64), None, {} if identifies else values)

    def _check(self, check: Check, fields: Mapping[str, Answers[str]]) -> None:
        first = fields[check.first]
        match check.kind:
            case "since":
                days = date_spans(first.values)[1]
                what = f"dates before {check.day}"
                self._hold_values(Reason(check.first, what), first, (days < date_spans([check.day])[0][0]).tolist())
            case "order":
                broken = _later(first, fields[check.second])
                self._hold(Reason(check.first, f"dates after {check.second}"), broken, None, {})
            case "age":
                self._check_age(check, first, fields[check.second])
            case "member":
                broken = _not_among(first, fields[check.second])
                self._hold(Reason(check.first, f"values that are not among {check.second}"), broken, None, {})

    def _check_age(self, check: Check, births: Answers[str], dates: Answers[str]) -> None:
        self._hold(Reason(check.first, f"dates after {check.second}"), _later(births, dates), None, {})
        ages = ages_of(births, dates)
        beyond = [span is not None and span[0] > check.most for span in map(number_span, ages.values)]
        wrong = ages.those_in([value for value, fault in zip(ages.values, beyond, strict=True) if fault])
        reason = Reason(check.first, f"ages beyond {check.most} at {check.second}")
        self._hold(reason, ages.record[wrong].astype(np.int64), None, {})


def accepted_counts(imported: Imported) -> Counter[str]:
    """Numbers of a delivery: "registered", "accepted" and "quarantined" cases."""
    accepted = imported.cases.number
    return Counter(
        {"registered": imported.registered, "accepted": accepted, "quarantined": imported.registered - accepted}
    )


def _as_key(text: str) -> str:
    """A key as it is compared: without spaces around it, in Unicode's composed form; case counts."""
    return unicodedata.normalize("NFC", text).strip()


def _same(value: str, number: int) -> Answers[str]:
    return Answers(np.arange(number, dtype=np.int32), np.zeros(number, dtype=np.int32), (value,) if number else ())


def _joined(one: Answers[str] | None, other: Answers[str] | None) -> Answers[str]:
    return together([answers for answers in (one, other) if answers is not None])


def _taken(answers: Answers[str], rows: npt.NDArray[np.int64]) -> Answers[str]:
    """The answers of the records ``rows``, in any order, numbered anew in that order."""
    new = np.full(int(max(answers.record.max(initial=-1), rows.max(initial=-1))) + 1, -1, dtype=np.int64)
    new[rows] = np.arange(len(rows))
    record = new[answers.record]
    kept = np.flatnonzero(record >= 0)
    order = kept[np.argsort(record[kept], kind="stable")]
    return Answers(record[order].astype(np.int32), answers.place[order], answers.values)


def _interleaved(several: list[Records]) -> Records:
    """Child records of several kinds in the order of their cases, and within these in the order of the kinds."""
    parents = [one.parent for one in several if one.parent is not None]
    parent = np.concatenate(parents) if parents else np.zeros(0, dtype=np.int32)
    order = np.argsort(parent, kind="stable")
    starts = np.cumsum([0, *(one.number for one in several)])
    fields = {}
    for name in dict.fromkeys(name for one in several for name in one.fields):
        moved = [
            Answers(one.fields[name].record + np.int32(start), one.fields[name].place, one.fields[name].values)
            for one, start in zip(several, starts, strict=False)
            if name in one.fields
        ]
        fields[name] = _taken(together(moved), order)
    return Records(len(parent), fields, parent[order])


def _spread_onto(answers: Answers[str], entries: Answers[str], chosen: npt.NDArray[np.bool_]) -> Answers[str]:
    """The case's answers given to each of its chosen entries."""
    held: dict[int, list[str]] = {}
    for record, place in zip(answers.record.tolist(), answers.place.tolist(), strict=True):
        held.setdefault(record, []).append(answers.values[place])
    cases, takes = entries.record.tolist(), chosen.tolist()
    return answers_of([held.get(case, []) if take else [] for case, take in zip(cases, takes, strict=True)])


def _with_first(children: Records, name: str, answers: Answers[str]) -> tuple[Records, Indices]:
    """Child records of which the first of each case also holds the case's answers; and the cases that have one."""
    assert children.parent is not None  # child records have parents
    row_of: dict[int, int] = {}
    for row, parent in enumerate(children.parent.tolist()):
        row_of.setdefault(parent, row)
    rows = np.array([row_of.get(record, -1) for record in answers.record.tolist()], dtype=np.int32)
    kept = rows >= 0
    given = Answers(rows[kept], answers.place[kept], answers.values)
    known = children.fields.get(name) or no_answers()
    fields = {**children.fields, name: together([known, given])}
    return Records(children.number, fields, children.parent), answers.record[kept]


def _later(first: Answers[str], second: Answers[str]) -> npt.NDArray[np.int64]:
    """Records whose first date is after the second for certain."""
    record, here, there = np.intersect1d(first.record, second.record, return_indices=True)
    if not len(record):
        return record.astype(np.int64)
    earliest = date_spans(first.values)[0][first.place[here]]
    latest = date_spans(second.values)[1][second.place[there]]
    return record[earliest > latest].astype(np.int64)


def _not_among(first: Answers[str], second: Answers[str]) -> npt.NDArray[np.int64]:
    """Records with a first value that is none of the second ones."""
    held = {
        (record, second.values[place])
        for record, place in zip(second.record.tolist(), second.place.tolist(), strict=True)
    }
    pairs = zip(first.record.tolist(), first.place.tolist(), strict=True)
    return np.array([record for record, place in pairs if (record, first.values[place]) not in held], dtype=np.int64)
