"""CSV larger than memory, in parts: the same strictness as ``csv_reader``, by a compiled reader.

General CSV readers that stream will not do: they fill short rows, take a blank line for a record, or a quote within a
value for the start of another, and say nothing. Whatever is refused here is read again by ``csv_reader`` for the line.
"""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from frostglass.tables import text_table
from frostglass.tables.csv.strict import MOST_IN_FIELD, CsvFormat, fault, layout_notes, read_headings, undecodable
from frostglass.tables.encoding_columns import is_fit
from frostglass.tables.text_table import Note, TextColumn, TextTable, check_number_in_parts, wanted_places

_ROWS = 2**18
"""Most records of a part: few enough that columns of different cells alone fit into memory."""

_BLOCK = 2**22
"""Bytes read at a time."""

MOST_IN_RECORD = 2**26
"""Most bytes of one record. One that is longer was as a rule begun by a quote that nobody closed."""

_FIRST_SLOTS, _FIRST_CELLS = 2**10, 2**16


class LargeCsv:
    """A CSV file as a ``TableInParts``; it has to stay open until the last part was taken."""

    def __init__(self, file: BinaryIO, *, delimiter: str = ",", encoding: str = "utf-8") -> None:
        """Read the headings. Raises like ``csv_reader.read_csv``."""
        self._file = file
        self._form = CsvFormat.of(delimiter, encoding)
        self._headings, self._notes = read_headings(file, self._form)
        none = np.empty(0, dtype=np.uint32)
        self.head = TextTable(tuple(TextColumn(heading, (), none) for heading in self._headings), 0)

    @property
    def notes(self) -> tuple[Note, ...]:
        return tuple(self._notes)

    def parts(self, wanted: Collection[str]) -> Iterator[TextTable]:
        """The columns of the headings ``wanted``; of the others no cell is kept."""
        places = wanted_places(self._headings, lambda _: wanted)
        part = _Part(len(self._headings), places, self._form.delimiter)
        records = 0
        try:
            for block, final in self._blocks(part):
                while part.read(block, final=final):
                    records += part.rows
                    check_number_in_parts(records)
                    yield self._table(part, places)
        except UnicodeError:
            raise undecodable(self._file, self._form) from None
        except _FaultError:
            raise fault(self._file, self._form, places) from None
        self._notes += layout_notes(len(self._headings), part.blank, part.has_lone_returns)

    def _blocks(self, part: _Part) -> Iterator[tuple[npt.NDArray[np.uint8], bool]]:
        """The file as UTF-8; each block begins with the record that the one before broke off."""
        self._file.seek(0)
        decoder = codecs.getincrementaldecoder(self._form.codec)("strict")
        rest, final = b"", False
        while not final:
            content = self._file.read(_BLOCK)
            final = not content
            text = decoder.decode(content, final=final)
            block = rest + text.encode("utf-8", "surrogatepass")
            yield np.frombuffer(block, dtype=np.uint8), final
            rest = block[part.position :]
            part.position = 0
            if len(rest) > MOST_IN_RECORD:
                raise _FaultError

    def _table(self, part: _Part, places: Sequence[int]) -> TextTable:
        columns = part.columns([self._headings[place] for place in places])
        if not all(is_fit(value) for column in columns for value in column.values):
            raise _FaultError
        table = TextTable(columns, part.rows, (), tuple(self._headings))
        part.clear()
        return table


class _FaultError(ValueError):
    """Some record cannot be taken. Says nothing of it."""


class _Part:
    """The arrays that the compiled reader fills: the cells of each column, and for each record which of them it has."""

    def __init__(self, width: int, places: Sequence[int], delimiter: str) -> None:
        self._delimiter = np.uint8(ord(delimiter))
        self._wanted = np.full(width, -1, dtype=np.int64)
        self._wanted[list(places)] = np.arange(len(places))
        self._index = np.empty((len(places), _ROWS), dtype=np.uint32)
        self._cells = np.empty(_FIRST_CELLS, dtype=np.uint8)
        self._counts = np.zeros(len(places), dtype=np.int64)
        self._state = np.zeros(6, dtype=np.int64)
        self._slots, self._hashes, self._starts, self._lengths = self._tables(_FIRST_SLOTS)
        from frostglass.tables.csv import kernel as csv_kernel

        self._kernel = csv_kernel
        self._state[csv_kernel.TO_SKIP] = 1  # the headings

    @property
    def rows(self) -> int:
        return int(self._state[self._kernel.ROWS])

    @property
    def blank(self) -> int:
        return int(self._state[self._kernel.BLANK])

    @property
    def has_lone_returns(self) -> bool:
        return bool(self._state[self._kernel.LONE_RETURNS])

    @property
    def position(self) -> int:
        """Where in the block the next record begins."""
        return int(self._state[self._kernel.POSITION])

    @position.setter
    def position(self, place: int) -> None:
        self._state[self._kernel.POSITION] = place

    def read(self, block: npt.NDArray[np.uint8], *, final: bool) -> bool:
        """Read on; whether the part is to be handed out, because it is full or the last one."""
        while True:
            why = self._kernel.read_records(
                block,
                final,
                self._delimiter,
                self._wanted,
                8 * text_table.MOST_CHARACTERS,
                MOST_IN_FIELD,
                self._slots,
                self._hashes,
                self._starts,
                self._lengths,
                self._counts,
                self._cells,
                self._index,
                self._state,
            )
            if why == self._kernel.ROOM:
                self._make_room()
            elif why == self._kernel.FAULT:
                raise _FaultError
            else:
                return why == self._kernel.FULL or (why == self._kernel.DONE and self.rows > 0)

    def columns(self, headings: Sequence[str]) -> tuple[TextColumn, ...]:
        """The columns as they stand."""
        cells = self._cells[: self._state[self._kernel.USED]].tobytes()
        return tuple(
            TextColumn(heading, self._values(number, cells), self._index[number, : self.rows].copy())
            for number, heading in enumerate(headings)
        )

    def clear(self) -> None:
        """Begin another part."""
        self._state[self._kernel.ROWS] = self._state[self._kernel.USED] = 0
        self._counts[:] = 0
        self._slots[:] = 0

    def _values(self, number: int, cells: bytes) -> tuple[str, ...]:
        known = self._counts[number]
        starts, lengths = self._starts[number, :known].tolist(), self._lengths[number, :known].tolist()
        return tuple(
            cells[start : start + length].decode("utf-8", "surrogatepass")
            for start, length in zip(starts, lengths, strict=True)
        )

    def _make_room(self) -> None:
        """Twice the cells, or four times the slots, whichever is short."""
        slots = self._slots.shape[1]
        if not len(self._counts) or 2 * self._counts.max() < slots:
            self._cells = np.concatenate([self._cells, np.empty_like(self._cells)])
            return
        hashes, starts, lengths = self._hashes, self._starts, self._lengths
        self._slots, self._hashes, self._starts, self._lengths = self._tables(4 * slots)
        self._hashes[:, : hashes.shape[1]] = hashes
        self._starts[:, : starts.shape[1]] = starts
        self._lengths[:, : lengths.shape[1]] = lengths
        self._kernel.rehash(self._slots, self._hashes, self._counts)

    def _tables(
        self, slots: int
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        shape, known = (len(self._counts), slots), (len(self._counts), slots // 2)
        return (
            np.zeros(shape, dtype=np.int32),
            np.empty(known, dtype=np.uint64),
            np.empty(known, dtype=np.int64),
            np.empty(known, dtype=np.int64),
        )
