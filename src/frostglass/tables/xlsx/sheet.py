"""The cells of one worksheet, collected while its XML goes by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from frostglass.tables.text_table import check_number_of_columns, check_number_of_rows
from frostglass.tables.xlsx.styles import NumberFormat, number_text

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""How a sheet writes a character that XML cannot hold."""

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass
class Sheet:
    """What a worksheet holds. Rows and columns are counted from 1; ``rows`` have at least one cell with a text each.

    ``errors``, ``uncalculated`` and ``merged`` are references of cells; ``formulas`` and ``moments`` count the
    formulas and the dates or times that were read.
    """

    rows: list[tuple[int, dict[int, str]]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    uncalculated: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    formulas: int = 0
    moments: int = 0


@dataclass
class _Cell:
    """The cell that is being read: ``stored`` is None until a value has come."""

    column: int
    kind: str
    style: int
    stored: list[str] | None = None
    is_formula: bool = False


class SheetReader:
    """Handlers for the elements of a worksheet; ``sheet`` is complete when the last one has come.

    ValueError and LookupError mean that the worksheet contradicts itself.
    """

    def __init__(self, strings: Sequence[str], formats: Sequence[NumberFormat], *, from_1904: bool) -> None:
        self.sheet = Sheet()
        self._strings = strings
        self._formats = formats
        self._from_1904 = from_1904
        self._row = 0
        self._cells: dict[int, str] = {}
        self._column = 0
        self._cell: _Cell | None = None
        self._listening = False
        self._in_reading_aid = False

    def start(self, name: str, given: Mapping[str, str]) -> None:
        """An element begins."""
        if name == "c":
            self._cell = self._begin_cell(given)
        elif name in ("v", "t") and self._cell is not None:
            self._cell.stored = self._cell.stored or []
            self._listening = not self._in_reading_aid
        elif name == "f" and self._cell is not None:
            self._cell.is_formula = True
        elif name == "rPh":
            self._in_reading_aid = True
        elif name == "row":
            self._begin_row(given)
        elif name == "col":
            self._hide_columns(given)
        elif name == "mergeCell":
            self.sheet.merged.append(_reference(given.get("ref", "")))

    def end(self, name: str) -> None:
        """An element ends."""
        if name in ("v", "t"):
            self._listening = False
        elif name == "rPh":
            self._in_reading_aid = False
        elif name == "c" and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif name == "row" and self._cells:
            self.sheet.rows.append((self._row, self._cells))
            check_number_of_rows(len(self.sheet.rows) - 1)
            self._cells = {}

    def text(self, characters: str) -> None:
        """Text inside an element."""
        if self._listening and self._cell is not None and self._cell.stored is not None:
            self._cell.stored.append(characters)

    def _begin_row(self, given: Mapping[str, str]) -> None:
        number = int(given.get("r", self._row + 1))
        if number <= self._row:
            raise ValueError
        self._row, self._column = number, 0
        if given.get("hidden") in ("1", "true"):
            self.sheet.hidden_rows.add(number)

    def _begin_cell(self, given: Mapping[str, str]) -> _Cell:
        column = _column_of(given["r"].rstrip("0123456789")) if "r" in given else self._column + 1
        if column <= self._column:
            raise ValueError
        self._column = column
        return _Cell(column, given.get("t", "n"), _place(given.get("s", "0")))

    def _hide_columns(self, given: Mapping[str, str]) -> None:
        if given.get("hidden") in ("1", "true"):
            last = min(int(given["max"]), 16_384)
            self.sheet.hidden_columns.update(range(int(given["min"]), last + 1))

    def _end_cell(self, cell: _Cell) -> None:
        self.sheet.formulas += cell.is_formula
        if cell.is_formula and cell.kind == "n" and not any(cell.stored or ()):
            self.sheet.uncalculated.append(self._place(cell))
        elif cell.kind == "e":
            self.sheet.errors.append(self._place(cell))
        else:
            text = self._text_of(cell, "".join(cell.stored or ()))
            if text:
                check_number_of_columns(len(self._cells) + 1)
                self._cells[cell.column] = text

    def _text_of(self, cell: _Cell, stored: str) -> str:
        if not stored:
            return ""
        match cell.kind:
            case "s":
                return self._strings[_place(stored)]
            case "b":
                return "true" if int(stored) else "false"
            case "n":
                style = self._formats[cell.style] if cell.style < len(self._formats) else NumberFormat()
                self.sheet.moments += style.is_date
                return number_text(stored, style, from_1904=self._from_1904)
            case "inlineStr" | "str":
                return unescaped(stored)
            case "d":
                return stored
        raise ValueError

    def _place(self, cell: _Cell) -> str:
        return f"{letters(cell.column)}{self._row}"


def _place(text: str) -> int:
    """A place in a list, counted from 0; ValueError for what is none, such as -1, which would be the last."""
    place = int(text)
    if place < 0:
        raise ValueError
    return place


def letters(column: int) -> str:
    """How a spreadsheet names a column: 1 is A, 27 is AA."""
    text = ""
    while column:
        column, place = divmod(column - 1, 26)
        text = chr(ord("A") + place) + text
    return text


@cache
def _column_of(name: str) -> int:
    """The number of a column that is named by letters; ValueError when it is none."""
    if not re.fullmatch("[A-Z]{1,3}", name):
        raise ValueError
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _reference(text: str) -> str:
    parts = text.split(":")
    if len(parts) > 2 or not all(_REFERENCE.fullmatch(part) for part in parts):
        raise ValueError
    return text


def unescaped(text: str) -> str:
    """A stored text with the characters that XML cannot hold. Shared texts are passed through once, not once a cell."""
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text) if "_x" in text else text
