"""Tables that are in memory or in Parquet, as text: pandas, polars and Arrow, each cell as it would be written out.

Integers, booleans (``true``, ``false``), dates and times become their plain text; a decimal number that is whole
becomes that integer, because many programs store a column of 1 and nothing as 1.0 and NaN. NaN and null are empty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from narwhals.exceptions import DuplicateError

from frostglass.errors import InputError, UsageError
from frostglass.tables.encoding_columns import is_fit
from frostglass.tables.text_table import (
    Note,
    Only,
    TextColumn,
    TextTable,
    check_headings,
    check_number_of_rows,
    too_long,
    wanted_places,
)


def from_frame(frame: object) -> TextTable:
    """The text of a pandas, polars or pyarrow table. A pandas index is not a column and is left behind.

    Raises InputError for columns that hold no plain values (FG-IN-072) or headings that are no names; UsageError
    FG-OP-082 for anything that is no such table.
    """
    try:
        table = nw.from_native(frame, eager_only=True)  # type: ignore[call-overload]  # any object may be handed in
    except DuplicateError:
        raise InputError("FG-IN-019", "two columns have the same heading: give each a name of its own") from None
    except TypeError:
        raise UsageError(
            "FG-OP-082",
            "a table is a path, or a pandas, polars or pyarrow table in memory (a lazy one: collect it first)",
        ) from None
    headings = [_heading(name, place) for place, name in enumerate(table.columns, start=1)]
    rows = len(table)
    check_headings(headings)
    check_number_of_rows(rows)
    columns = (_column(series, headings[place], place) for place, series in enumerate(table.iter_columns()))
    return _table(columns, rows, headings)


def read_parquet(file: BinaryIO, *, only: Only | None = None) -> TextTable:
    """The table in a Parquet file, each cell as its text; InputError FG-IN-074 when the file is damaged.

    ``only`` is given the headings and names the columns that are wanted. The others are not decoded.
    """
    with sound():
        parquet = pq.ParquetFile(file)
        names, rows = parquet.schema_arrow.names, parquet.metadata.num_rows
        check_headings(names)
        check_number_of_rows(rows)
    wanted = [names[place] for place in wanted_places(names, only)]
    with sound():
        columns = (
            column_from_arrow(
                parquet.read(columns=[name], use_threads=False, use_pandas_metadata=False).column(0),
                name,
                names.index(name),
            )
            for name in wanted
        )
        return _table(columns, rows, names)


@contextmanager
def sound() -> Iterator[None]:
    """Whatever Arrow trips over while it reads a file is damage of the file."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError):
        raise InputError("FG-IN-074", "the Parquet file is damaged or not one: export it again") from None


def _table(columns: Iterable[tuple[TextColumn, Note | None]], rows: int, headings: Sequence[str]) -> TextTable:
    made = list(columns)
    notes = tuple(note for _, note in made if note)
    return TextTable(tuple(column for column, _ in made), rows, notes, tuple(headings))


def _heading(name: object, place: int) -> str:
    if isinstance(name, (str, int)):
        return str(name)
    raise InputError("FG-IN-020", f"column {place} has a heading that is neither a text nor a number: rename it")


def _column(series: nw.Series[Any], heading: str, place: int) -> tuple[TextColumn, Note | None]:
    if series.dtype == nw.Object:
        return _from_objects(series.to_list(), heading, place)
    return column_from_arrow(series.to_arrow(), heading, place)


def column_from_arrow(cells: pa.Array | pa.ChunkedArray, heading: str, place: int) -> tuple[TextColumn, Note | None]:
    """The column as text, and a note where decimals were read as integers; InputError for what is no plain value.

    Errors name its ``place``, counted from 0, and never quote the heading, which may be anything.
    """
    where = f"column {place + 1}"
    try:
        encoded = _encoded(cells)
        texts, whole = _texts(encoded.dictionary, where)
    except UnicodeDecodeError:
        raise InputError("FG-IN-074", f"{where} is damaged: it holds bytes that are no text") from None
    except (pa.ArrowException, NotImplementedError, ValueError, LookupError, OverflowError):
        raise _no_plain_values(where) from None
    index = pc.fill_null(encoded.indices.cast(pa.int64()), len(texts)).to_numpy(zero_copy_only=False)
    if len(index) and not 0 <= index.min() <= index.max() <= len(texts):
        raise InputError("FG-IN-074", f"{where} is damaged: it refers to values that it does not have")
    column = _assembled(heading, [*texts, ""], index, where)
    return column, _whole_note(heading, int(np.bincount(index, minlength=len(texts) + 1)[:-1][whole].sum()))


def _encoded(cells: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """The cells as distinct values and positions, whatever they were stored as."""
    if pa.types.is_null(cells.type) or pa.types.is_string(cells.type) or pa.types.is_string_view(cells.type):
        cells = cells.cast(pa.large_string())  # without the limit of 2 GB
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.unify_dictionaries().combine_chunks()
    return cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()


def _texts(values: pa.Array, where: str) -> tuple[list[str], npt.NDArray[np.bool_]]:
    """Each of the distinct ``values`` as text, and which of them were whole numbers stored as decimals."""
    kind = values.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        values = values.cast(pa.timestamp("us", kind.tz), safe=False)
    if pa.types.is_time64(kind) and kind.unit == "ns":
        values = values.cast(pa.time64("us"), safe=False)
    if pa.types.is_floating(kind):
        cells: Sequence[object] = list(values.to_numpy(zero_copy_only=False))
    else:
        cells = values.to_pylist()
    return [_text(cell, where) for cell in cells], np.fromiter(map(_is_whole_decimal, cells), np.bool_, len(cells))


def _from_objects(cells: Sequence[object], heading: str, place: int) -> tuple[TextColumn, Note | None]:
    """A pandas column of mixed objects, each by its own kind."""
    seen: dict[tuple[type, object], int] = {}
    texts: list[str] = []
    where = f"column {place + 1}"
    index = np.empty(len(cells), np.int64)
    whole = 0
    for row, cell in enumerate(cells):
        key = (None.__class__, None) if _is_missing(cell) else (cell.__class__, cell)
        try:
            position = seen.setdefault(key, len(texts))
        except TypeError:
            raise _no_plain_values(where) from None
        if position == len(texts):
            texts.append(_text(cell, where))
        index[row] = position
        whole += _is_whole_decimal(cell)
    return _assembled(heading, texts, index, where), _whole_note(heading, whole)


def _text(cell: object, where: str) -> str:
    """One cell as text; InputError FG-IN-072 for what is no plain value."""
    if isinstance(cell, str):
        return str(cell)
    if _is_missing(cell):
        return ""
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (int, np.integer)):
        return str(int(cell))
    if isinstance(cell, (float, np.floating, Decimal)):
        return str(int(cell)) if _is_whole_decimal(cell) else _decimal_text(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() and cell.tzinfo is None else cell.isoformat()
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    raise _no_plain_values(where)


def _decimal_text(cell: float | np.floating | Decimal) -> str:
    return format(cell, "f") if isinstance(cell, Decimal) and cell.is_finite() else str(cell)


def _is_missing(cell: object) -> bool:
    """None, NaN and pandas' own marks; these last are told by name, because pandas need not be installed."""
    return cell is None or cell.__class__.__name__ in ("NAType", "NaTType") or cell != cell


def _is_whole_decimal(cell: object) -> bool:
    return isinstance(cell, (float, np.floating, Decimal)) and math.isfinite(cell) and cell == int(cell)


def _whole_note(heading: str, count: int) -> Note | None:
    if not count:
        return None
    return Note("FG-IN-029", heading, count, "whole numbers that were stored as decimals, read as integers (1.0 as 1)")


def _assembled(heading: str, texts: Sequence[str], index: npt.NDArray[np.int64], where: str) -> TextColumn:
    """The column over those of ``texts`` that occur, each once."""
    used = np.flatnonzero(np.bincount(index, minlength=len(texts)))
    positions: dict[str, int] = {}
    place = np.zeros(len(texts), np.uint32)
    for text_number in used.tolist():
        text = texts[text_number]
        if not is_fit(text):
            raise _unfit(text, where)
        place[text_number] = positions.setdefault(text, len(positions))
    return TextColumn(heading, tuple(positions), place[index])


def _unfit(text: str, where: str) -> InputError:
    if "\0" in text:
        return InputError("FG-IN-009", f"a value of {where} holds a NUL character: clean the column first")
    return too_long(f"a value of {where}")


def _no_plain_values(where: str) -> InputError:
    return InputError(
        "FG-IN-072",
        f"{where} holds no plain values but lists, records, bytes, durations or objects: turn it into text "
        "or leave it out",
    )
