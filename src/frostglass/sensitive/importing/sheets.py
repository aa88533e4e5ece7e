"""Sheets of case files as they were written: a text a cell, rows numbered, and nothing that the map does not read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from frostglass.errors import InputError
from frostglass.sensitive.importing.quarantine import NO_PLAIN_VALUE, NOT_THERE, Quarantine, Reason
from frostglass.sensitive.recoding.answers import Answers, Indices, Taking, no_answers
from frostglass.tables.text_table import TextColumn, TextTable
from frostglass.terms.import_map import CASES, ChildList, ChildRows, ImportMap, Reading


@dataclass(frozen=True, repr=False)
class Sheet:
    """``number`` rows with what is written in each column that is read; blank cells are no answer.

    ``parent`` is the case of each row where the rows stood inside their cases, else None. ``unread`` is the number of
    columns that the map names neither to be read nor to be left alone.
    """

    number: int
    columns: Mapping[str, Answers[str]]
    parent: Indices | None = None
    unread: int = 0

    def __repr__(self) -> str:
        return "<sheet: withheld>"

    def written(self, name: str) -> Answers[str]:
        """What is written in a column; nothing where there is no such column."""
        return self.columns.get(name) or no_answers()


def of_table(table: TextTable, matched: Mapping[str, str], unread: int) -> Sheet:
    """The sheet in a table; ``matched`` gives for each column of the map the heading that it was found under."""
    by_heading = {column.name: column for column in table.columns}
    columns = {name: _column(by_heading[heading]) for name, heading in matched.items()}
    return Sheet(table.rows, columns, unread=unread)


def _column(column: TextColumn) -> Answers[str]:
    """A column of a table as answers, blanks left out."""
    record = np.arange(len(column.index), dtype=np.int32)
    return Answers(record, column.index.astype(np.int32), column.values).changed(
        lambda text: text if text.strip() else None
    )


def match_headings(headings: Sequence[str], wanted: Iterable[str]) -> Mapping[str, str]:
    """For each wanted column its heading, trimmed and caseless; InputError FG-IN-019 where several are it."""
    folded: dict[str, list[str]] = {}
    for heading in headings:
        folded.setdefault(_folded(heading), []).append(heading)
    found = {}
    for name in wanted:
        alike = folded.get(_folded(name), [])
        if len(alike) > 1:
            raise InputError(
                "FG-IN-019", f"{len(alike)} columns are called {name!r}, but for capital letters and spaces: keep one"
            )
        if alike:
            found[name] = alike[0]
    return found


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


@dataclass
class Nest:
    """Takes nested records in one by one and hands them out as sheets: the cases, and the child records inside them.

    A list or an object where the map reads a plain value holds the case back.
    """

    import_map: ImportMap
    number: int = 0
    _cases: dict[str, Taking[str]] = field(default_factory=dict)
    _children: dict[str, dict[str, Taking[str]]] = field(default_factory=dict)
    _parents: dict[str, Taking[str]] = field(default_factory=dict)
    _rows: dict[str, list[int]] = field(default_factory=dict)
    _misshapen: dict[str, list[int]] = field(default_factory=dict)
    _unread: set[str] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)
    _silent: dict[str, list[int]] = field(default_factory=dict)
    _many: dict[str, dict[str, bool]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        readings = [*self.import_map.fields, *self.import_map.identity]
        for child in self.import_map.children:
            readings += [child.reading] if isinstance(child, ChildList) else []
            readings += [one for one, _ in child.spread] if isinstance(child, ChildList) else []
            readings += child.first if isinstance(child, ChildRows) else []
        consent = self.import_map.consent
        told = [] if consent is None else [one for one in (consent.given, consent.withdrawn_on) if one is not None]
        self._consent = {column for one in told for column in one.columns}
        self._paths = [
            (name, tuple(name.split(".")), *_shape(name, readings)) for name in self.import_map.columns(CASES)
        ]
        self._rows_inside = [child for child in self.import_map.children if isinstance(child, ChildRows)]
        known = (*self.import_map.columns(CASES), *self.import_map.never_read.get(CASES, ()))
        self._known = {path.partition(".")[0] for path in known} | {child.sheet for child in self._rows_inside}
        self._inside: dict[tuple[str, ...], set[str]] = {}
        for path in known:
            *prefix, last = path.split(".")
            if prefix:
                self._inside.setdefault(tuple(prefix), set()).add(last)
        for name, *_ in self._paths:
            self._cases[name] = Taking()
        for child in self._rows_inside:
            self._children[child.sheet] = {name: Taking() for name in _names(child)}
            self._many[child.sheet] = {name: _shape(name, child.readings)[1] for name in _names(child)}
            self._rows[child.sheet] = []

    def add(self, record: Mapping[str, object]) -> None:
        """Take in the next case."""
        row = self.number
        self.number += 1
        self._unread.update(key for key in record if key not in self._known)
        for prefix, known in self._inside.items():
            there, value = _at(record, prefix)
            if there and isinstance(value, dict):
                self._unread.update(f"{'.'.join(prefix)}.{key}" for key in value if key not in known)
        for name, path, parts, many in self._paths:
            there, value = _at(record, path)
            if there:
                self._seen.add(name)
            elif name in self._consent:
                self._silent.setdefault(name, []).append(row)
            self._take(self._cases[name], row, row, name, value, parts, many=many)
        for child in self._rows_inside:
            inside = record.get(child.sheet)
            if child.sheet in record:
                self._seen.add(child.sheet)
            if inside is None:
                continue
            if not isinstance(inside, list) or not all(isinstance(one, dict) for one in inside):
                self._misshapen.setdefault(child.sheet, []).append(row)
                continue
            columns, rows, lists = self._children[child.sheet], self._rows[child.sheet], self._many[child.sheet]
            for one in inside:
                self._seen.update(f"{child.sheet}.{name}" for name in one)
                number = len(rows)
                rows.append(row)
                for name, taking in columns.items():
                    self._take(taking, number, row, f"{child.sheet}.{name}", one.get(name), (), many=lists[name])

    def _take(
        self,
        taking: Taking[str],
        number: int,
        row: int,
        name: str,
        value: object,
        parts: tuple[str, ...],
        *,
        many: bool,
    ) -> None:
        if value is None:
            return
        if isinstance(value, list) and not many:
            self._misshapen.setdefault(name, []).append(row)
            return
        for one in value if isinstance(value, list) else (value,):
            text = _joined(one, parts) if parts else one
            if isinstance(text, str):
                if text.strip():
                    taking.add(number, text)
            elif text is not None:
                self._misshapen.setdefault(name, []).append(row)

    def never_seen(self) -> tuple[str, ...]:
        """Paths that the map reads and no record has: misspelt there or here, or of another version."""
        inside = [child for child in self._rows_inside if self._rows[child.sheet]]
        read = [name for name, *_ in self._paths] + [child.sheet for child in self._rows_inside if self.number]
        read += [f"{child.sheet}.{name}" for child in inside for name in _names(child)]
        return tuple(name for name in read if name not in self._seen)

    def sheets(self, quarantine: Quarantine) -> Mapping[str, Sheet]:
        """The sheets of what was taken in; cases that are misshapen go to ``quarantine``."""
        for name, rows in self._misshapen.items():
            held = np.zeros(self.number, dtype=np.bool_)
            held[rows] = True
            quarantine.enter(Reason(name, NO_PLAIN_VALUE), held)
        for name, rows in self._silent.items():
            held = np.zeros(self.number, dtype=np.bool_)
            held[rows] = True
            quarantine.enter(Reason(name, NOT_THERE), held)
        found = {CASES: Sheet(self.number, _taken(self._cases), unread=len(self._unread))}
        for sheet, columns in self._children.items():
            rows = self._rows[sheet]
            found[sheet] = Sheet(len(rows), _taken(columns), np.array(rows, dtype=np.int32))
        return found


def _names(child: ChildRows) -> tuple[str, ...]:
    names = [column for reading in child.readings for column in reading.columns]
    return tuple(dict.fromkeys([*([child.order] if child.order else []), *names]))


def _taken(columns: Mapping[str, Taking[str]]) -> Mapping[str, Answers[str]]:
    return {name: taking.answers() for name, taking in columns.items()}


def _shape(name: str, readings: Iterable[Reading]) -> tuple[tuple[str, ...], bool]:
    """The parts of the objects at a path, and whether a list may stand there."""
    found = [reading for reading in readings if name in reading.columns]
    parts = next((reading.parts for reading in found), ())
    return parts, any(reading.many for reading in found)


def _at(record: object, path: tuple[str, ...]) -> tuple[bool, object]:
    """Whether a record has the path, and what stands there; what stands in its way where that is no object."""
    for step in path:
        if record is None:
            return True, None
        if not isinstance(record, dict):
            return True, [[record]]  # no plain value, whatever it is
        if step not in record:
            return False, None
        record = record[step]
    return True, record


def _joined(value: object, parts: tuple[str, ...]) -> object:
    """The parts of an object joined by ":", where they are all plain; a part that is missing is left blank."""
    if not isinstance(value, dict):
        return value
    texts = [value.get(part) for part in parts]
    plain = [text or "" for text in texts if text is None or isinstance(text, str)]
    if len(plain) < len(parts):
        return value
    return ":".join(plain) if any(plain) else None
