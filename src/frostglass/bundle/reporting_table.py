"""A cross-table of two variables with its margins: counts, or the shares of each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from frostglass.bundle.conditions import Condition, Conditions, Pair, in_order, matched, matched_name
from frostglass.bundle.query import pairs_of, words_of
from frostglass.bundle.reporting_shares import in_percent, narrowed, ratio_within, share_of, whole_of
from frostglass.bundle.rows import Row, written_back
from frostglass.bundle.source import Source, Status
from frostglass.bundle.statement import kind_of_record
from frostglass.errors import UsageError
from frostglass.terms.domain import MISSING_LABEL

ALL = "(all)"
"""Heads the margins."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a table; ``value`` is None unless ``status`` is "released"."""

    status: Status
    value: float | None
    low: float | None
    high: float | None
    is_share: bool = False

    def text(self) -> str:
        """The figure and its interval for people; a withheld one has its interval alone."""
        if self.low is None or self.high is None:
            return "–"
        if self.is_share:
            ends, shown = in_percent(self.low, self.high), None if self.value is None else f"{100 * self.value:.1f}%"
        else:
            ends, shown = f"{self.low:,} to {self.high:,}", None if self.value is None else f"{self.value:,}"
        return f"{'withheld' if shown is None else shown} ({ends})"

    def as_json(self) -> dict[str, object]:
        return {"status": self.status, "value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Table:
    """``cells`` has a row for each of ``rows`` and a column for each of ``columns``; the margins come last.

    With shares, each row is a share of its last column, which holds counts.
    """

    row: str
    column: str
    within: Conditions
    shares: bool
    rows_of: tuple[str, ...]
    columns: tuple[str, ...]
    labels: tuple[tuple[str, ...], tuple[str, ...]]
    cells: tuple[tuple[Cell, ...], ...]
    title: str
    note: str

    def cell(self, row: str, column: str) -> Cell:
        """The cell of these two values; "(all)" is a margin."""
        return self.cells[self.rows_of.index(row)][self.columns.index(column)]

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
            "title": self.title,
            "note": self.note,
        }

    def head(self) -> list[str]:
        """What stands above the columns, for people."""
        return ["", *self.labels[1]]

    def lines(self) -> list[list[str]]:
        """The rows, for people."""
        return [
            [label, *(cell.text() for cell in line)] for label, line in zip(self.labels[0], self.cells, strict=True)
        ]

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
        """The table as one line a cell."""
        return [
            {
                "figure": "share" if cell.is_share else "count",
                "row_variable": self.row,
                "row": row,
                "column_variable": self.column,
                "column": column,
                "within": written_back(self.within),
                "value": cell.value,
                "low": cell.low,
                "high": cell.high,
                "status": cell.status,
            }
            for row, line in zip(self.rows_of, self.cells, strict=True)
            for column, cell in zip(self.columns, line, strict=True)
        ]


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
    sides = [[*_values(name, source), None] for name in names]
    wanted = [tuple(filter(None, (one, other, *within))) for one in sides[0] for other in sides[1]]
    cells = [Cell(each.status, each.count, each.low, each.high) for each in source.all_figures(wanted)]
    width = len(sides[1])
    lines = [tuple(cells[start : start + width]) for start in range(0, len(cells), width)]
    return _table(names, within, sides, lines, source, shares=False)


def _shares(names: tuple[str, str], within: tuple[Condition, ...], source: Source) -> Table:
    """Shares are among records of the row with a recorded value of the column, or with any flag of its group."""
    rows = [*_values(names[0], source), None]
    columns = [one for one in _values(names[1], source) if one.values != (MISSING_LABEL,)]
    ratios = [[ratio_within(each, tuple(filter(None, (one, *within))), source) for each in columns] for one in rows]
    parts = iter(source.all_figures([narrowed(each) for line in ratios for each in line]))
    lines = []
    for line in ratios:
        whole = whole_of(line[0], source)
        shown = [share_of(each, next(parts), whole, source) for each in line]
        cells = [Cell(each.status, each.share, each.low, each.high, is_share=True) for each in shown]
        lines.append((*cells, Cell(whole.status, whole.count, whole.low, whole.high)))
    return _table(names, within, [rows, [*columns, None]], lines, source, shares=True)


def _values(name: str, source: Source) -> list[Condition]:
    return [Condition(name, (value,)) for value in source.codebook.domain.attribute(name).values]


def _table(
    names: tuple[str, str],
    within: tuple[Condition, ...],
    sides: Sequence[Sequence[Condition | None]],
    lines: Sequence[tuple[Cell, ...]],
    source: Source,
    *,
    shares: bool,
) -> Table:
    book = source.codebook
    codes = [tuple(ALL if one is None else one.values[0] for one in side) for side in sides]
    labels = [
        tuple("all" if one is None else book.value_label(name, one.values[0]) for one in side)
        for name, side in zip(names, sides, strict=True)
    ]
    if shares:
        labels[1] = (*labels[1][:-1], "out of")
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
        cells=tuple(lines),
        title=f"{what} {book.label(names[0])} (rows) and {book.label(names[1])} (columns){among}.",
        note=_note(shares, names, source),
    )


def _note(shares: bool, names: tuple[str, str], source: Source) -> str:
    note = (
        f"In brackets: 95% intervals. Counts are stated from {source.manifest.tau:,} on, because noise makes smaller "
        "ones unreliable; of others there is the interval alone."
    )
    if shares:
        any_value = Condition(names[1], source.codebook.variable(names[1]).codes[:1])
        note += f" Shares are among {ratio_within(any_value, (), source).words} in each row."
    return source.noted(note)
