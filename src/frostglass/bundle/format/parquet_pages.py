"""What a Parquet file will come to when it is decoded, told from its page headers before anything is decoded.

The footer only claims. What is really unpacked stands before each page: its size and its number of values. So every
page header is read, and a file passes when its pages add up to its rows, in the few ways of writing that a bundle uses.
A page never unpacks to more than its header says: the reader hands the codec no more room. The footer is read here,
too, since a reader of any file may take a thousand bytes of memory for one of a footer, or end the process.

Source: the Parquet format (parquet.thrift), and Thrift's compact protocol.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple, TypeAlias

Value: TypeAlias = "int | Sequence[Value] | Mapping[int, Value]"
"""What Thrift writes: a number, a list, or a struct by field number. Of a text, its length; a decimal is 0."""

Struct: TypeAlias = Mapping[int, Value]

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _STRUCT = 1, 2, 3, 7, 8, 9, 12
_INTEGERS = (4, 5, 6)
_DEEPEST = 8

_DATA, _DICTIONARY = 0, 2
"""Kinds of pages that a bundle has."""

_PLAIN, _OLD_DICTIONARY, _RLE, _DICTIONARY_INDEX = 0, 2, 3, 8
"""Encodings that a bundle has. Those that build texts from their forerunners are none of them."""

_ZSTD, _MAGIC = 6, b"PAR1"

MOST_PAGES, ROWS_A_PAGE = 200_000, 5_000
"""Most pages of any file, and how many rows of a column allow one more."""


class PageError(Exception):
    """A footer or pages that are not those of a bundle."""


class Page(NamedTuple):
    """One page: whether it is a dictionary, its number of values, and the bytes that it unpacks to."""

    dictionary: bool
    values: int
    unpacked: int


class Packed(NamedTuple):
    """What a file comes to: its rows, and the bytes that all its pages unpack to."""

    rows: int
    unpacked: int


def packed(file: BinaryIO, *, columns: int, most_footer: int, most_pages: int = MOST_PAGES) -> Packed:
    """What an open Parquet file comes to; of one without rows, nothing is to be read.

    PageError when its footer is longer than ``most_footer`` bytes, when it has more than ``most_pages``, or its pages
    do not hold each row once in each of so many ``columns``.
    """
    end = file.seek(0, os.SEEK_END) - 8
    _require(end >= len(_MAGIC))
    first, last = _read(file, 0, 4), _read(file, end, 8)
    length = int.from_bytes(last[:4], "little")
    _require(first == last[4:] == _MAGIC and length <= most_footer and end - length >= len(_MAGIC))
    footer = _Reader(file, end - length, end).struct()
    groups = [_struct(each) for each in _list(footer, 4)]
    rows = [_number(each, 3) for each in groups]
    _require(sum(rows) == _number(footer, 3))
    if not any(rows):
        return Packed(0, 0)
    _require(min(rows) > 0)
    total, left = 0, most_pages
    for group, held in zip(groups, rows, strict=True):
        _require(len(_list(group, 1)) == columns)
        for chunk in _list(group, 1):
            pages = list(_pages(file, _struct(chunk), last=end - length, most=left))
            _require_rows(pages, held)
            total, left = total + sum(page.unpacked for page in pages), left - len(pages)
    return Packed(sum(rows), total)


def _require_rows(pages: Sequence[Page], rows: int) -> None:
    """Each row once, and a dictionary before all else that is no longer than the rows."""
    _require(sum(page.values for page in pages if not page.dictionary) == rows)
    _require(not any(page.dictionary for page in pages[1:]) and all(page.values <= rows for page in pages))


def _read(file: BinaryIO, place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)


def _require(condition: bool) -> None:
    if not condition:
        raise PageError


def _number(fields: Struct, field: int) -> int:
    value = fields.get(field)
    if not isinstance(value, int):
        raise PageError
    return value


def _struct(value: Value | None) -> Struct:
    if not isinstance(value, Mapping):
        raise PageError
    return value


def _list(fields: Struct, field: int) -> Sequence[Value]:
    value = fields.get(field)
    if not isinstance(value, Sequence):
        raise PageError
    return value


def _pages(file: BinaryIO, chunk: Struct, *, last: int, most: int) -> Iterator[Page]:
    """The pages of one column in one row group, which fill its place in the file exactly."""
    _require(chunk.keys() <= {2, 3, 4, 5, 6, 7})  # in no other file, and not encrypted
    stated = _struct(chunk.get(3))
    _require(_number(stated, 4) == _ZSTD)
    starts = [_number(stated, field) for field in (9, 11) if field == 9 or field in stated]
    place = min(starts)
    end = place + _number(stated, 7)
    _require(len(_MAGIC) <= place <= end <= last)
    while place < end:
        header = _Reader(file, place, end)
        page, length = _page(header.struct())
        place = header.place + length
        most -= 1
        _require(place <= end and most >= 0)
        yield page


def _page(header: Struct) -> tuple[Page, int]:
    """A page by its header, and the bytes that it takes in the file."""
    kind, unpacked, length = (_number(header, field) for field in (1, 2, 3))
    _require(kind in (_DATA, _DICTIONARY) and unpacked >= 0 and length >= 0)
    inner = _struct(header.get(7 if kind == _DICTIONARY else 5))
    values, encoding = _number(inner, 1), _number(inner, 2)
    known = (_PLAIN, _OLD_DICTIONARY) if kind == _DICTIONARY else (_PLAIN, _OLD_DICTIONARY, _DICTIONARY_INDEX)
    _require(values >= (0 if kind == _DICTIONARY else 1) and encoding in known)
    _require(kind == _DICTIONARY or (_number(inner, 3), _number(inner, 4)) == (_RLE, _RLE))
    return Page(kind == _DICTIONARY, values, unpacked), length


class _Reader:
    """Reads Thrift's compact protocol from ``place`` on, never beyond ``end``."""

    def __init__(self, file: BinaryIO, place: int, end: int) -> None:
        self._file, self.place, self._end = file, place, end
        file.seek(place)

    def struct(self, depth: int = 1) -> Struct:
        """The struct that begins here; each field stands once."""
        _require(depth <= _DEEPEST)
        found: dict[int, Value] = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._signed()
            _require(number not in found)
            kind = head & 0x0F
            found[number] = int(kind == _TRUE) if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Value:
        if kind in _INTEGERS:
            return self._signed()
        if kind in (_TRUE, _FALSE, _BYTE):
            return self._byte()
        if kind == _BINARY:
            return self._skip(self._unsigned())
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind == _LIST:
            return self._items(depth + 1)
        _require(kind == _DOUBLE)
        return self._skip(8) * 0

    def _items(self, depth: int) -> list[Value]:
        _require(depth <= _DEEPEST)
        head = self._byte()
        number = head >> 4 if head >> 4 < 15 else self._unsigned()
        _require(number <= self._end - self.place)  # each takes a byte at least
        return [self._value(head & 0x0F, depth) for _ in range(number)]

    def _skip(self, length: int) -> int:
        self.place += length
        _require(self.place <= self._end)
        self._file.seek(self.place)
        return length

    def _byte(self) -> int:
        _require(self.place < self._end)
        self.place += 1
        return ord(self._file.read(1))

    def _unsigned(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            _require(shift < 64)
        return value | byte << shift

    def _signed(self) -> int:
        zigzag = self._unsigned()
        return (zigzag >> 1) ^ -(zigzag & 1)
