"""Messages between two processes that do not trust each other: JSON, and text tables as JSON with plain arrays.

Nothing that is read here can run code or ask for more memory than a stated number of bytes.
"""

from __future__ import annotations

import json
import struct
from typing import BinaryIO

import numpy as np

from frostglass.errors import InputError
from frostglass.tables import text_table
from frostglass.tables.encoding_columns import is_fit
from frostglass.tables.text_table import Note, TextColumn, TextTable

_LENGTH = struct.Struct("<I")
_INDEX = np.dtype("<u4")

_BETWEEN = "\0"
"""Stands between the values of a column: no value holds it."""


class NonsenseError(ValueError):
    """What was received breaks off, or cannot be what it says it is. Says nothing of its content."""


def write_message(stream: BinaryIO, message: object) -> None:
    """Write something that JSON can express, and send it off."""
    content = json.dumps(message, allow_nan=False).encode("ascii")
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def read_message(stream: BinaryIO, *, most: int) -> dict[str, object]:
    """An object that JSON can express, in at most so many bytes; NonsenseError when none comes."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > most:
        raise NonsenseError
    try:
        message = json.loads(_exactly(stream, length).decode("ascii"))
    except (ValueError, RecursionError):
        raise NonsenseError from None
    if not isinstance(message, dict):
        raise NonsenseError
    return message


def write_table(stream: BinaryIO, table: TextTable) -> None:
    """A message with the shape of the table; then, column by column, its values and its index."""
    contents = [_BETWEEN.join(column.values).encode("utf-8", "surrogatepass") for column in table.columns]
    write_message(
        stream,
        {
            "rows": table.rows,
            "headings": table.headings,
            "notes": [[note.code, note.place, note.count, note.message] for note in table.notes],
            "columns": [
                [table.headings.index(column.name), len(column.values), len(content)]
                for column, content in zip(table.columns, contents, strict=True)
            ],
        },
    )
    for column, content in zip(table.columns, contents, strict=True):
        stream.write(content)
        stream.write(column.index.astype(_INDEX, copy=False).tobytes())
    stream.flush()


def read_table(stream: BinaryIO, shape: dict[str, object], *, most: int) -> TextTable:
    """The table whose ``shape`` came in a message, of at most so many bytes; NonsenseError when it is no table.

    What is returned is as sound as what a reader makes itself: fit and distinct values, each of which occurs, an
    index into them, headings that are names, notes that can be printed.
    """
    headings, rows = texts(shape.get("headings")), _number(shape.get("rows"), text_table.MOST_ROWS)
    check_names(headings)
    listed = _list(shape.get("columns"))
    columns = [_shape_of_column(each, headings, rows, most) for each in listed]
    if len(columns) > len(headings) or sum(length + rows * _INDEX.itemsize for _, _, length in columns) > most:
        raise NonsenseError
    notes = tuple(_note(each, headings) for each in _list(shape.get("notes")))
    made = tuple(_column(stream, headings[place], rows, count, length) for place, count, length in columns)
    try:
        return TextTable(made, rows, notes, headings)
    except ValueError:
        raise NonsenseError from None


def expect_end(stream: BinaryIO) -> None:
    """NonsenseError when anything follows."""
    if stream.read(1):
        raise NonsenseError


def texts(found: object) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(_text(each) for each in _list(found))


def check_names(headings: tuple[str, ...]) -> None:
    """NonsenseError for headings that no reader lets through."""
    try:
        text_table.check_headings(headings)
    except InputError:
        raise NonsenseError from None


def _shape_of_column(found: object, headings: tuple[str, ...], rows: int, most: int) -> tuple[int, int, int]:
    """Place of the heading, number of values, bytes of the values."""
    match found:
        case [place, count, length]:
            return _number(place, len(headings) - 1), _number(count, rows), _number(length, most)
    raise NonsenseError


def _column(stream: BinaryIO, heading: str, rows: int, count: int, length: int) -> TextColumn:
    content = _exactly(stream, length)
    index = np.frombuffer(_exactly(stream, rows * _INDEX.itemsize), _INDEX).astype(np.uint32, copy=False)
    try:
        joined = content.decode("utf-8", "surrogatepass")
        values = tuple(joined.split(_BETWEEN)) if count else ()
        column = TextColumn(heading, values, index)
    except ValueError:
        raise NonsenseError from None
    if len(values) != count or len(set(values)) != count or (joined and not count) or not all(map(is_fit, values)):
        raise NonsenseError
    if not column.counts().all():
        raise NonsenseError
    return column


def _note(found: object, headings: tuple[str, ...]) -> Note:
    match found:
        case [code, place, count, message]:
            note = Note(_text(code), _text(place), _number(count, 2**53), _text(message))
            if is_code(note.code) and note.place in ("", *headings) and is_message(note.message):
                return note
    raise NonsenseError


def is_code(text: str) -> bool:
    """Whether a text is the code of an error or note of input or usage."""
    return len(text) == 9 and text[:6] in ("FG-IN-", "FG-OP-") and text[6:].isascii() and text[6:].isdecimal()


def is_message(text: str) -> bool:
    """Whether a text can be printed as a message: one line, without anything that a terminal would obey."""
    return 0 < len(text) <= _LONGEST_MESSAGE and text.isprintable()


_LONGEST_MESSAGE = 4_000


def _exactly(stream: BinaryIO, length: int) -> bytes:
    content = stream.read(length)
    if len(content) != length:
        raise NonsenseError
    return content


def _list(found: object) -> list[object]:
    if not isinstance(found, list):
        raise NonsenseError
    return found


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise NonsenseError
    return found


def _number(found: object, most: int) -> int:
    if type(found) is not int or not 0 <= found <= most:
        raise NonsenseError
    return found
