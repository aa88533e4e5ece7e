"""CSV larger than memory, in parts, with the cells, notes and errors of ``strict.read_csv``.

Arrow reads the plain files, in which no byte is a quote or NUL and every line is short: there it has no choice in what
a cell is. Every other file, and the line of every fault, is left to the strict reader.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow

from frostglass.tables.csv.strict import CsvFormat, UnevenError, add, fault, layout_notes, read_headings, undecodable
from frostglass.tables.encoding_columns import EncodingColumns, UnfitValueError, is_fit
from frostglass.tables.text_table import Note, TextColumn, TextTable, check_number_in_parts, wanted_places

_ROWS = 2**18
"""Most records of a part that the strict reader makes: columns of different cells alone fit into memory."""

_BLOCK = 2**22
"""Bytes that Arrow reads at a time, which make a part."""

_LONGEST_LINE = 2**17
"""Most bytes of a line of a plain file, which is less than a block and than any limit of a field."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look at every byte has shown: whether the file is plain, and how many of its lines are blank."""

    plain: bool
    blank: int = 0


class LargeCsv:
    """A CSV file as a ``TableInParts``; it has to stay open until the last part was taken."""

    def __init__(self, file: BinaryIO, *, delimiter: str = ",", encoding: str = "utf-8") -> None:
        """Read the headings. Raises like ``strict.read_csv``."""
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
        look, records = _look(self._file, self._form, len(self._headings)), 0
        for table in self._plain(places, look.blank) if look.plain and places else self._strict(places):
            records += table.rows
            check_number_in_parts(records)
            yield table

    def _plain(self, places: Sequence[int], blank: int) -> Iterator[TextTable]:
        """As Arrow reads it: columns are named by number, since headings may be anything."""
        names = [str(place) for place in range(len(self._headings))]
        read = arrow.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=names, skip_rows=1)
        cut = arrow.ParseOptions(delimiter=self._form.delimiter, quote_char=False, double_quote=False)
        numbered = pa.dictionary(pa.int32(), pa.string())
        kept = [names[place] for place in places]
        texts = arrow.ConvertOptions(
            include_columns=kept, column_types=dict.fromkeys(names, numbered), null_values=[], strings_can_be_null=False
        )
        self._file.seek(0)
        try:
            for batch in arrow.open_csv(self._file, read_options=read, parse_options=cut, convert_options=texts):
                if batch.num_rows:
                    yield self._table(batch, places)
        except (pa.ArrowException, UnfitValueError):
            raise fault(self._file, self._form, places) from None
        self._notes += layout_notes(len(self._headings), blank, lone_returns=False)

    def _table(self, batch: pa.RecordBatch, places: Sequence[int]) -> TextTable:
        columns = []
        for place, cells in zip(places, batch.columns, strict=True):
            values = tuple(cells.dictionary.to_pylist())
            if not all(map(is_fit, values)):
                raise UnfitValueError
            columns.append(TextColumn(self._headings[place], values, cells.indices.to_numpy().astype(np.uint32)))
        return TextTable(tuple(columns), batch.num_rows, (), tuple(self._headings))

    def _strict(self, places: Sequence[int]) -> Iterator[TextTable]:
        blank, width = 0, len(self._headings)
        columns = EncodingColumns(self._headings, places)
        try:
            with self._form.records(self._file) as records:
                records.header()
                for batch in records.batches(most=_ROWS):
                    blank += add(columns, batch, width)
                    if columns.rows >= _ROWS:
                        yield columns.table(())
                        columns = EncodingColumns(self._headings, places)
                lone_returns = records.has_lone_returns()
        except UnicodeDecodeError:
            raise undecodable(self._file, self._form) from None
        except (csv.Error, UnfitValueError, UnevenError):
            raise fault(self._file, self._form, places) from None
        if columns.rows:
            yield columns.table(())
        self._notes += layout_notes(width, blank, lone_returns)


def _look(file: BinaryIO, form: CsvFormat, width: int) -> _Look:
    """Look at every byte: Arrow gets UTF-8 of several columns without quote, NUL, lone return or long line."""
    if form.codec != "utf-8-sig" or not form.delimiter.isascii() or width == 1:
        return _Look(plain=False)
    blank, before, decoder = 0, b"", codecs.getincrementaldecoder("utf-8")("strict")
    file.seek(0)
    while block := file.read(_BLOCK):
        joined = before + block
        returns = joined.count(b"\r") - joined.endswith(b"\r")
        if b'"' in block or b"\0" in block or returns != joined.count(b"\r\n") or _has_long_line(block):
            return _Look(plain=False)
        try:
            decoder.decode(block)
        except UnicodeDecodeError:
            return _Look(plain=False)
        blank += _blank_lines(joined)
        before = _end(joined)
    return _Look(plain=not before.endswith(b"\r") and not decoder.getstate()[0], blank=blank)


def _end(block: bytes) -> bytes:
    """As much of the end of a block as it takes to know how the next one begins."""
    if block.endswith(b"\r"):
        return block[-2:]
    return block[-1:] if block.endswith(b"\n") else b""


def _has_long_line(block: bytes) -> bool:
    """Whether some half of the longest line holds no line end: every longer line has one such half."""
    half = _LONGEST_LINE // 2
    return any(block.find(b"\n", begin, begin + half) < 0 for begin in range(0, len(block) - half + 1, half))


def _blank_lines(block: bytes) -> int:
    """Lines that end where they begin, of those whose end before is in ``block`` too."""
    if b"\n\n" not in block and b"\n\r\n" not in block:
        return 0
    lines = block.replace(b"\r\n", b"\n").split(b"\n")
    return sum(not line for line in lines[1:-1])
