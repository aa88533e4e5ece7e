"""Files that are built to harm: small on disk, and huge, endless or contradictory once they are decoded.

Parquet files are written here byte by byte, so that a page can unpack to more than its header says, a footer can lie,
and a billion rows take a hundred bytes. Source: parquet.thrift, and Thrift's compact protocol.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise

import polars as pl
import pyarrow as pa

from frostglass.bundle.format.formats import Schema

_I32, _I64, _TEXT, _LIST, _STRUCT = 5, 6, 8, 9, 12
_UNCOMPRESSED, _SNAPPY, _GZIP, _BROTLI, _ZSTD = 0, 1, 2, 4, 6
_PLAIN, _RLE, _DELTA, _DELTA_TEXT, _INDEX = 0, 3, 5, 7, 8
_KINDS = {pl.Int32(): 1, pl.Int64(): 2, pl.Float64(): 5, pl.String(): 6}
_MEGABYTE = 2**20


@dataclass(frozen=True)
class Built:
    """A Parquet file of constant columns, and in what it lies. Everything that is ``None`` is as it should be."""

    schema: Schema
    rows: int
    text: bytes = b"x"
    groups: int = 1
    pages: int = 1
    stated_rows: int | None = None
    stated_unpacked: int | None = None
    dictionary_values: int = 1
    really_unpacked: int = 0
    encoding: int = _INDEX
    codec: int = _ZSTD
    repeated: bool = False
    metadata: Mapping[str, int] = field(default_factory=dict)
    more_columns: int = 0


def build(built: Built) -> bytes:
    """The bytes of the file."""
    body, groups = bytearray(b"PAR1"), []
    rows = built.rows // built.groups
    for _ in range(built.groups):
        chunks = [_chunk(built, kind, name, rows, body) for name, kind in built.schema.items()]
        chunks += chunks[:1] * built.more_columns
        groups.append(_struct({1: _list(chunks), 2: _number(1), 3: _number(rows)}, {1: _LIST}))
    footer = _footer(built, groups)
    return bytes(body) + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def _chunk(built: Built, kind: pl.DataType, name: str, rows: int, body: bytearray) -> bytes:
    """One column: a dictionary of one value, and pages that name it for every row. Returns what the footer says."""
    begin = len(body)
    value = (
        len(built.text).to_bytes(4, "little") + built.text if kind == pl.String() else b"\1" + bytes(_width(kind) - 1)
    )
    plain = value * built.dictionary_values if built.dictionary_values < _MEGABYTE else value
    body += _page(built, 2, built.dictionary_values, _PLAIN, plain)
    first = len(body)
    share = rows // built.pages
    body += built.pages * _page(built, 0, share, built.encoding, _levels(share) + b"\1" + _run(share, 0))
    size = len(body) - begin
    words = {
        1: _number(_KINDS[kind]),
        2: _list([_number(_PLAIN), _number(_INDEX)], _I32),
        3: _list([_text(name.encode())], _TEXT),
        4: _number(built.codec),
        5: _number(rows),
        6: _number(size),
        7: _number(size),
        9: _number(first),
        11: _number(begin),
    }
    kinds = {1: _I32, 2: _LIST, 3: _LIST, 4: _I32}
    return _struct({2: _number(begin), 3: _struct(words, kinds)}, {3: _STRUCT})


def _page(built: Built, kind: int, values: int, encoding: int, content: bytes) -> bytes:
    more = built.really_unpacked if kind == 0 else 0
    packed = _packed(content, built.codec) + _zeros(more, built.codec)
    stated = len(content) + more if built.stated_unpacked is None else built.stated_unpacked
    if kind == 2:
        inner = {7: _struct({1: _number(values), 2: _number(encoding)}, {1: _I32, 2: _I32})}
    else:
        words = {1: _number(values), 2: _number(encoding), 3: _number(_RLE), 4: _number(_RLE)}
        inner = {5: _struct(words, dict.fromkeys(words, _I32))}
    header = {1: _number(kind), 2: _number(stated), 3: _number(len(packed)), **inner}
    kinds = {1: _I32, 2: _I32, 3: _I32, 5: _STRUCT, 7: _STRUCT}
    return _struct(header, kinds) + packed


def _packed(content: bytes, codec: int) -> bytes:
    name = {_SNAPPY: "snappy", _GZIP: "gzip", _BROTLI: "brotli", _ZSTD: "zstd"}.get(codec)
    return content if name is None else bytes(pa.Codec(name).compress(content))


def _zeros(number: int, codec: int) -> bytes:
    """So many zeros, a megabyte at a time: frames of zstd and members of gzip follow one another."""
    return _packed(bytes(_MEGABYTE), codec) * (number // _MEGABYTE)


def _levels(rows: int) -> bytes:
    """That no row is null."""
    run = _run(rows, 1)
    return len(run).to_bytes(4, "little") + run


def _run(rows: int, value: int) -> bytes:
    return _varint(rows << 1) + bytes([value])


def _width(kind: pl.DataType) -> int:
    return 4 if kind == pl.Int32() else 8


def _footer(built: Built, groups: Sequence[bytes]) -> bytes:
    root = _struct({4: _text(b"schema"), 5: _number(len(built.schema))}, {4: _TEXT, 5: _I32})
    columns = [_column(name, kind, repeated=built.repeated) for name, kind in built.schema.items()]
    stated = built.rows if built.stated_rows is None else built.stated_rows
    pairs = [
        _struct({1: _text(key.encode()), 2: _text(b"m" * size)}, {1: _TEXT, 2: _TEXT})
        for key, size in built.metadata.items()
    ]
    words = {1: _number(2), 2: _list([root, *columns]), 3: _number(stated), 4: _list(groups), 5: _list(pairs)}
    return _struct(words, {1: _I32, 2: _LIST, 4: _LIST, 5: _LIST})


def _column(name: str, kind: pl.DataType, *, repeated: bool) -> bytes:
    words = {1: _number(_KINDS[kind]), 3: _number(2 if repeated else 1), 4: _text(name.encode())}
    utf8 = {6: _number(0)} if kind == pl.String() else {}
    return _struct({**words, **utf8}, {1: _I32, 3: _I32, 4: _TEXT, 6: _I32})


def _struct(words: Mapping[int, bytes], kinds: Mapping[int, int]) -> bytes:
    """A struct by field number; a field whose kind is not given is a long number."""
    steps = pairwise([0, *words])
    heads = [(step - before) << 4 | kinds.get(step, _I64) for before, step in steps]
    return b"".join(bytes([head]) + word for head, word in zip(heads, words.values(), strict=True)) + b"\0"


def _list(items: Sequence[bytes], kind: int = _STRUCT) -> bytes:
    return bytes([0xF0 | kind]) + _varint(len(items)) + b"".join(items)


def _text(text: bytes) -> bytes:
    return _varint(len(text)) + text


def _number(number: int) -> bytes:
    return _varint((number << 1) ^ (number >> 63))


def _varint(number: int) -> bytes:
    number &= 2**64 - 1
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


LIES: Mapping[str, Callable[[Built], Built]] = {
    "many rows": partial(replace, rows=20_000_000),
    "more rows than can be": partial(replace, rows=2**31 - 1),
    "many rows in many groups": partial(replace, rows=20_000_000, groups=100),
    "many rows behind a footer of few": lambda built: replace(built, rows=20_000_000, stated_rows=built.rows),
    "few rows behind a footer of many": partial(replace, stated_rows=20_000_000),
    "rows below zero": partial(replace, stated_rows=-1),
    "a long text for every row": partial(replace, text=b"x" * _MEGABYTE),
    "a large page": partial(replace, really_unpacked=256 * _MEGABYTE),
    "a page that unpacks to more than it says": partial(replace, really_unpacked=256 * _MEGABYTE, stated_unpacked=64),
    "a page that says more than it unpacks to": partial(replace, stated_unpacked=2**31 - 1),
    "a page of less than nothing": partial(replace, stated_unpacked=-1),
    "a large page in gzip": partial(replace, codec=_GZIP, really_unpacked=256 * _MEGABYTE),
    "brotli": partial(replace, codec=_BROTLI),
    "snappy": partial(replace, codec=_SNAPPY),
    "no codec": partial(replace, codec=_UNCOMPRESSED),
    "a codec that nobody knows": partial(replace, codec=99),
    "texts built from their forerunners": partial(replace, encoding=_DELTA_TEXT),
    "numbers built from their forerunners": partial(replace, encoding=_DELTA),
    "a dictionary of more values than rows": partial(replace, dictionary_values=2**31 - 1),
    "many small pages": lambda built: replace(built, pages=min(built.rows, 50_000)),
    "many empty pages": partial(replace, pages=50_000),
    "lists for texts": partial(replace, repeated=True),
    "a long word in the footer": lambda built: replace(built, metadata={"scope": 5 * _MEGABYTE}),
    "many words in the footer": lambda built: replace(built, metadata={f"{each:x}": 1 for each in range(50_000)}),
    "many columns in a group": partial(replace, more_columns=50_000),
}
"""In what a file can lie, by name: of each, a file of as many rows as it should have, but for the lie."""


def parquet(schema: Schema, rows: int, chance: random.Random) -> bytes:
    """A file with a lie."""
    return build(LIES[chance.choice(sorted(LIES))](Built(schema, rows)))


def json_text(chance: random.Random) -> bytes:
    """A megabyte of small, deep or many things."""
    each = chance.choice((b"{}", b"[]", b'"a"', b"0", b'{"name":"a"}', b"[[]]"))
    many = b"[" + b",".join([each] * (_MEGABYTE // (len(each) + 1))) + b"]"
    key = chance.choice((b"variable", b"files", b"constraint", b"codebook", b"format", b"resources"))
    wide = b"{" + b",".join(b'"%x":0' % place for place in range(_MEGABYTE // 9)) + b"}"
    return chance.choice((many, b'{"%s":%s}' % (key, many), wide, b"[" * _MEGABYTE, b'{"a":' * (_MEGABYTE // 5)))
