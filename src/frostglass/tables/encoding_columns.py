"""Columns encoded by dictionary while they are read, so that a long table needs four bytes a cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from frostglass.tables import text_table
from frostglass.tables.text_table import Note, TextColumn, TextTable, check_number_of_rows


class UnfitValueError(ValueError):
    """A cell that no reader accepts: one that holds a NUL, or is too long. Says nothing of the cell."""


def is_fit(text: str) -> bool:
    """Whether a cell is short enough and without NUL."""
    return len(text) <= text_table.MOST_CHARACTERS and "\0" not in text


class _Positions(dict[str, int]):
    """Gives each new text the next number."""

    def __missing__(self, text: str) -> int:
        if not is_fit(text):
            raise UnfitValueError
        self[text] = position = len(self)
        return position


class EncodingColumns:
    """Takes a table in by batches of rows and hands its columns at ``places`` out as a text table."""

    def __init__(self, headings: Sequence[str], places: Sequence[int]) -> None:
        self._headings = tuple(headings)
        self._places = tuple(places)
        self._positions = [_Positions() for _ in places]
        self._batches: list[list[npt.NDArray[np.uint32]]] = [[] for _ in places]
        self.rows = 0

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Append ``rows``, each with one cell a column. Cells of columns that are not wanted are not looked at.

        Raises UnfitValueError for a cell that is too long or holds a NUL, InputError FG-IN-025 for too many rows.
        """
        self.rows += len(rows)
        check_number_of_rows(self.rows)
        if not rows:
            return
        for positions, batches, cells in zip(self._positions, self._batches, self._wanted(rows), strict=True):
            batches.append(np.fromiter(map(positions.__getitem__, cells), np.uint32, len(rows)))

    def _wanted(self, rows: Sequence[Sequence[str]]) -> Iterator[Iterable[str]]:
        """The wanted columns: turning all rows over is the faster way if most are wanted, picking cells if few are."""
        if 2 * len(self._places) > len(self._headings):
            columns = tuple(zip(*rows, strict=True))
            return (columns[place] for place in self._places)
        return (map(itemgetter(place), rows) for place in self._places)

    def table(self, notes: Iterable[Note]) -> TextTable:
        """Everything that was added."""
        columns = tuple(
            TextColumn(self._headings[place], tuple(positions), np.concatenate([np.empty(0, np.uint32), *batches]))
            for place, positions, batches in zip(self._places, self._positions, self._batches, strict=True)
        )
        return TextTable(columns, self.rows, tuple(notes), self._headings)
