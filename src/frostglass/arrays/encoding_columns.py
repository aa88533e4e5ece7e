"""Columns encoded by dictionary while they are read, so that a long table needs four bytes a cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from frostglass.arrays import text_table
from frostglass.arrays.text_table import Note, TextColumn, TextTable, check_number_of_rows


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
    """Takes a table in by batches of rows and hands it out as a text table."""

    def __init__(self, headings: Sequence[str]) -> None:
        self._headings = tuple(headings)
        self._positions = [_Positions() for _ in headings]
        self._batches: list[list[npt.NDArray[np.uint32]]] = [[] for _ in headings]
        self.rows = 0

    def add(self, rows: Sequence[Iterable[str]]) -> None:
        """Append ``rows``, each with one cell a column.

        Raises UnfitValueError for a cell that is too long or holds a NUL, InputError FG-IN-025 for too many rows.
        """
        self.rows += len(rows)
        check_number_of_rows(self.rows)
        if not rows:
            return
        for positions, batches, cells in zip(self._positions, self._batches, zip(*rows, strict=True), strict=True):
            batches.append(np.fromiter(map(positions.__getitem__, cells), np.uint32, len(rows)))

    def table(self, notes: Iterable[Note]) -> TextTable:
        """Everything that was added."""
        columns = tuple(
            TextColumn(heading, tuple(positions), np.concatenate([np.empty(0, np.uint32), *batches]))
            for heading, positions, batches in zip(self._headings, self._positions, self._batches, strict=True)
        )
        return TextTable(columns, self.rows, tuple(notes))
