"""A cross-table of two variables with its margins: counts, or the shares of each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from frostglass.bundle.words import kind_of_record
from frostglass.errors import UsageError
from frostglass.reporting.conditions import Condition, Conditions, Pair, in_order, matched, matched_name
from frostglass.reporting.counts import pairs_of, words_of
from frostglass.reporting.rows import Row, written_back
from frostglass.reporting.shares import in_percent, narrowed, ratio_within, share_of, whole_of
from frostglass.reporting.source import Source, Status
from frostglass.terms.domain import MISSING_LABEL
from frostglass.terms.wording import ALL, OUT_OF

Margin = Literal["row", "column", "total"]
"""Whether a margin is over all columns of a row, over all rows of a column, or over everything."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a table; ``value`` is None unless ``status`` is "released"."""

    status: Status
    value: float | None
    low: float | None
    high: float | None
    is_share: bool = False

    def text(self) -> str:
        """The figure and its interval for people; where none is stated, why, and the interval."""
        if self.low is None or self.high is None:
            return "–"
        if self.is_share:
            ends, shown = in_percent(self.low, self.high), None if self.value is None else f"{100 * self.value:.1f}%"
        else:
            ends, shown = f"{self.low:,} to {self.high:,}", None if self.value is None else f"{self.value:,}"
        return f"{self.status.replace('_', ' ') if shown is None else shown} ({ends})"

    def as_json(self) -> dict[str, object]:
        return {"status": self.status, "value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Table:
    """``cells`` has a row for each of ``rows_of`` and a column for each of ``columns``, and the margins stand apart.

    ``row_margins`` are of each row, over all columns, and ``column_margins`` of each column, over all rows; ``total``
    is over everything. With shares, each row is a share of its margin, which is a count, and so is ``total``.
    """

    row: str
    column: str
    within: Conditions
    shares: bool
    rows_of: tuple[str, ...]
    columns: tuple[str, ...]
    labels: tuple[tuple[str, ...], tuple[str, ...]]
    cells: tuple[tuple[Cell, ...], ...]
    row_margins: tuple[Cell, ...]
    column_margins: tuple[Cell, ...]
    total: Cell
    title: str
    note: str

    def cell(self, row: str, column: str) -> Cell:
        """The cell of these two values. UsageError FG-OP-122 when the table does not have them."""
        return self.cells[self._row(row)][self._column(column)]

    def margin(self, *, row: str | None = None, column: str | None = None) -> Cell:
        """The margin of that row, over all columns, or of that column, over all rows; ``total`` is over everything.

        UsageError FG-OP-122 when the table does not have it, or when not exactly one of the two is named.
        """
        if row is not None and column is None:
            return self.row_margins[self._row(row)]
        if column is not None and row is None:
            return self.column_margins[self._column(column)]
        raise UsageError("FG-OP-122", "a margin is of one row or of one column: name one; .total is over everything")

    def _row(self, value: str) -> int:
        return _place(value, self.rows_of, self.row)

    def _column(self, value: str) -> int:
        return _place(value, self.columns, self.column)

    def as_json(self) -> dict[str, object]:
        """The table as plain JSON values."""
        return {
            "row": self.row,
            "column": self.column,
            "within": dict(self.within),
            "shares": self.shares,
            "rows": list(self.rows_of),
            "columns": list(self.columns),
            "cells": [[cell.as_json() for cell in line] for line in self.cells],
            "margins": {
                "rows": [cell.as_json() for cell in self.row_margins],
                "columns": [cell.as_json() for cell in self.column_margins],
                "total": self.total.as_json(),
            },
            "title": self.title,
            "note": self.note,
        }

    def head(self) -> list[str]:
        """What stands above the columns, for people."""
        return ["", *self.labels[1], OUT_OF if self.shares else ALL]

    def lines(self) -> list[list[str]]:
        """The rows, for people; the margins come last."""
        sides = zip((*self.labels[0], ALL), (*self.cells, self.column_margins), self._ends(), strict=True)
        return [[label, *(cell.text() for cell in line), end.text()] for label, line, end in sides]

    def _ends(self) -> tuple[Cell, ...]:
        return (*self.row_margins, self.total)

    def text(self) -> str:
        """The table for a terminal."""
        lines = [self.head(), *self.lines()]
        widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
        shown = [
            "  ".join(
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        rule = "  ".join("─" * width for width in widths)
        return "\n".join([self.title, "", shown[0], rule, *shown[1:], "", self.note])

    def rows(self) -> list[Row]:
        """The table as one line a cell, then the margins: these say of what, and have no row or no column."""
        lines = [
            self._line(cell, "", row, column)
            for row, line in zip(self.rows_of, self.cells, strict=True)
            for column, cell in zip(self.columns, line, strict=True)
        ]
        lines += [self._line(cell, "row", row, None) for row, cell in zip(self.rows_of, self.row_margins, strict=True)]
        sides = zip(self.columns, self.column_margins, strict=True)
        lines += [self._line(cell, "column", None, column) for column, cell in sides]
        return [*lines, self._line(self.total, "total", None, None)]

    def _line(self, cell: Cell, margin: Margin | Literal[""], row: str | None, column: str | None) -> Row:
        return {
            "figure": "share" if cell.is_share else "count",
            "row_variable": self.row,
            "row": row,
            "column_variable": self.column,
            "column": column,
            "margin": margin,
            "within": written_back(self.within),
            "value": cell.value,
            "low": cell.low,
            "high": cell.high,
            "status": cell.status,
        }


def _place(value: str, values: tuple[str, ...], name: str) -> int:
    if value not in values:
        raise UsageError(
            "FG-OP-122", f"the table has no {name} {value!r}: it has {', '.join(values)}, and margins apart"
        )
    return values.index(value)


def table(row: str, column: str, asked: Iterable[str | Pair], source: Source, *, shares: bool = False) -> Table:
    """The cross-table of two variables within the conditions.

    UsageError FG-OP-119 when a variable is named twice, or when they are more than the release counts together.
    """
    names = (matched_name(row, source.codebook), matched_name(column, source.codebook))
    within = in_order(matched(asked, source.codebook), source.codebook)
    used = [*names, *(one.name for one in within)]
    if len(set(used)) < len(used):
        raise UsageError("FG-OP-119", "a table takes two variables, and conditions on others: name each of them once")
    if len(used) > source.length:
        raise UsageError(
            "FG-OP-119",
            f"the table takes {len(used)} variables together and this release counts up to {source.length}: leave out "
            "a condition",
        )
    return _shares(names, within, source) if shares else _counts(names, within, source)


def _counts(names: tuple[str, str], within: tuple[Condition, ...], source: Source) -> Table:
    sides = [_values(name, source) for name in names]
    wanted = [tuple(filter(None, (one, other, *within))) for one in (*sides[0], None) for other in (*sides[1], None)]
    cells = [Cell(each.status, each.count, each.low, each.high) for each in source.all_figures(wanted)]
    width = len(sides[1]) + 1
    lines = [tuple(cells[start : start + width]) for start in range(0, len(cells), width)]
    return _table(names, within, sides, lines, source, shares=False)


def _shares(names: tuple[str, str], within: tuple[Condition, ...], source: Source) -> Table:
    """Shares are among records of the row with a recorded value of the column, or with any flag of its group."""
    rows = _values(names[0], source)
    columns = [one for one in _values(names[1], source) if one.values != (MISSING_LABEL,)]
    ratios = [
        [ratio_within(each, tuple(filter(None, (one, *within))), source) for each in columns] for one in (*rows, None)
    ]
    parts = iter(source.all_figures([narrowed(each) for line in ratios for each in line]))
    lines = []
    for line in ratios:
        whole = whole_of(line[0], source)
        shown = [share_of(each, next(parts), whole, source) for each in line]
        cells = [Cell(each.status, each.share, each.low, each.high, is_share=True) for each in shown]
        lines.append((*cells, Cell(whole.status, whole.count, whole.low, whole.high)))
    return _table(names, within, [rows, columns], lines, source, shares=True)


def _values(name: str, source: Source) -> list[Condition]:
    return [Condition(name, (value,)) for value in source.codebook.domain.attribute(name).values]


def _table(
    names: tuple[str, str],
    within: tuple[Condition, ...],
    sides: Sequence[Sequence[Condition]],
    lines: Sequence[tuple[Cell, ...]],
    source: Source,
    *,
    shares: bool,
) -> Table:
    """The table of two ``sides``, the values of each variable. The last of ``lines``, and of each line, are margins."""
    book = source.codebook
    codes = [tuple(one.values[0] for one in side) for side in sides]
    labels = [tuple(book.value_label(name, one) for one in side) for name, side in zip(names, codes, strict=True)]
    what = "Shares in each row of" if shares else f"{kind_of_record(book).capitalize()}s by"
    among = f", with {words_of(within, source)}" if within else ""
    return Table(
        row=names[0],
        column=names[1],
        within=pairs_of(within),
        shares=shares,
        rows_of=codes[0],
        columns=codes[1],
        labels=(labels[0], labels[1]),
        cells=tuple(line[:-1] for line in lines[:-1]),
        row_margins=tuple(line[-1] for line in lines[:-1]),
        column_margins=lines[-1][:-1],
        total=lines[-1][-1],
        title=f"{what} {book.label(names[0])} (rows) and {book.label(names[1])} (columns){among}.",
        note=_note(shares, names, source),
    )


def _note(shares: bool, names: tuple[str, str], source: Source) -> str:
    note = (
        f"In brackets: 95% intervals. Counts of two conditions or more are stated from {source.manifest.tau:,} on, "
        "because noise makes smaller ones unreliable; of others there is the interval alone."
    )
    if shares:
        any_value = Condition(names[1], source.codebook.variable(names[1]).codes[:1])
        note += f" Shares are among {ratio_within(any_value, (), source).words} in each row."
    return source.noted(note)
