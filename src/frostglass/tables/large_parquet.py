"""Parquet larger than memory, in parts: its pages are decoded as they are wanted, never a whole row group.

A row group may be the whole file, so what decodes row groups, as engines of data frames do, has no bound in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from frostglass.tables.frames import column_from_arrow, sound
from frostglass.tables.text_table import (
    Note,
    TextColumn,
    TextTable,
    check_headings,
    check_number_in_parts,
    wanted_places,
)

_ROWS = 2**18
"""Most records of a part."""

_BUFFER = 2**20
"""Bytes of each column that are read at a time."""


class LargeParquet:
    """A Parquet file as a ``TableInParts``; it has to stay open until the last part was taken."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the footer. Raises like ``frames.read_parquet``."""
        self._file = file
        with sound():
            parquet = pq.ParquetFile(file)
            self._schema: pa.Schema = parquet.schema_arrow
            self.rows: int = parquet.metadata.num_rows
        check_headings(self._schema.names)
        check_number_in_parts(self.rows)
        none = np.empty(0, dtype=np.uint32)
        self.head = TextTable(tuple(TextColumn(name, (), none) for name in self._schema.names), 0)
        self._notes: dict[str, Note] = {}

    @property
    def notes(self) -> tuple[Note, ...]:
        return tuple(self._notes[name] for name in self._schema.names if name in self._notes)

    def parts(self, wanted: Collection[str]) -> Iterator[TextTable]:
        """The columns of the headings ``wanted``; the others are not decoded."""
        names = [self._schema.names[place] for place in wanted_places(self._schema.names, lambda _: wanted)]
        if not names:
            yield TextTable((), self.rows, (), tuple(self._schema.names))
            return
        for batch in self._batches(names):
            columns = []
            for name, cells in zip(names, batch.columns, strict=True):
                column, note = column_from_arrow(cells, name, self._schema.names.index(name))
                columns.append(column)
                if note is not None:
                    before = self._notes[name].count if name in self._notes else 0
                    self._notes[name] = replace(note, count=before + note.count)
            yield TextTable(tuple(columns), batch.num_rows, (), tuple(self._schema.names))

    def _batches(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        """The columns as Arrow reads them: texts with the numbers that the file itself gave them."""
        kinds = {name: self._schema.field(name).type for name in names}
        texts = [name for name, kind in kinds.items() if pa.types.is_string(kind) or pa.types.is_large_string(kind)]
        with sound():
            parquet = pq.ParquetFile(self._file, read_dictionary=texts, buffer_size=_BUFFER)
            batches = parquet.iter_batches(_ROWS, columns=names, use_pandas_metadata=False)
        while True:
            with sound():
                batch = next(batches, None)
            if batch is None:
                return
            yield batch
