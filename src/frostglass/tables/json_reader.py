"""JSON case files, read strictly: an array of objects or JSON Lines, one record at a time, every scalar as text.

The grammar is left to the json module of the standard library. What it lets pass is refused here: keys that come
twice, NaN and Infinity, half characters, NUL, deep nesting, records without end.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from json import JSONDecodeError, JSONDecoder
from typing import BinaryIO, NoReturn

from frostglass.errors import InputError
from frostglass.tables.signatures import foreign_format, is_wide
from frostglass.tables.text_table import Note, check_number_of_rows

MOST_BYTES = 1_000_000
"""Most bytes of one record, as UTF-8. To raise it, set ``frostglass.tables.json_reader.MOST_BYTES`` before reading."""

MOST_LEVELS = 12
"""Most levels of objects and lists in a record, itself counted as the first; raised in the same way."""

_CHUNK = 4_000_000
"""Bytes read at a time."""

_BLANK = re.compile(r"[ \t\n\r]*")
_REST_OF_LINE = re.compile(r"[ \t\r]*")

_LONGEST_TOKEN = 12
"""A word or an escaped character that breaks off is noticed at most so many characters before the end."""


def json_records(file: BinaryIO, *, note: Callable[[Note], object] | None = None) -> Iterator[Mapping[str, object]]:
    """Each object of a JSON array, or of JSON Lines (one object a line; told by the first character that is no blank).

    A value is a text, None for null, a list or a mapping. Numbers are the text that was written (``1.50``), truth
    values ``"true"`` and ``"false"``, also inside lists and mappings. Texts may be long and may hold control
    characters. ``note`` is given what is worth knowing: FG-IN-008 and FG-IN-017.

    Never holds more than one record and a buffer. Raises InputError with the line or the number of the record and the
    way out, never with a key or a value: FG-IN-001, 006, 007, 009, 010, 025 and FG-IN-100 to FG-IN-109.
    """
    tell = note or (lambda _: None)
    text = _Text(file, tell)
    text.skip_blank()
    match text.character():
        case "[":
            return _of_array(text)
        case "{":
            return _of_lines(text, tell)
        case "":
            raise InputError("FG-IN-001", "the file holds nothing but blanks: export it again")
    raise InputError(
        "FG-IN-102",
        f"this is no JSON of cases: {_WAY_OUT} (it starts neither with [ nor with {{)",
    )


_WAY_OUT = "save the records as an array of objects, or as JSON Lines with one object a line"


class _Text:
    """The text of a file with a place in it, of which only a stretch is in memory."""

    def __init__(self, file: BinaryIO, tell: Callable[[Note], object]) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._lines = 0
        self._line_bytes = 0
        self._dropped_lines = 0
        self.buffer = ""
        self.at = 0
        self.ended = False
        head = self._read()
        _check_head(head)
        self._take(head)
        if self.buffer.startswith("\ufeff"):
            self.at = 1
            tell(Note("FG-IN-008", "", 0, "a byte-order mark at the start of the file was skipped"))

    def line(self, place: int) -> int:
        """The line, counted from 1, of a place in the buffer."""
        return self._dropped_lines + self.buffer.count("\n", 0, place) + 1

    def have(self, characters: int) -> None:
        """Read on until so many characters follow, or the file ends."""
        while not self.ended and len(self.buffer) - self.at < characters:
            self._take(self._read())

    def character(self) -> str:
        """The next character; empty at the end of the file."""
        self.have(1)
        return self.buffer[self.at : self.at + 1]

    def skip(self, blank: re.Pattern[str]) -> int:
        """Pass over what ``blank`` matches; return the number of line ends in it."""
        lines = 0
        while True:
            start = self.at
            found = blank.match(self.buffer, start)
            self.at = found.end() if found else start
            lines += self.buffer.count("\n", start, self.at)
            if self.at < len(self.buffer) or self.ended:
                return lines
            self.have(1)

    def skip_blank(self) -> int:
        """Pass over blanks; return the number of line ends among them."""
        return self.skip(_BLANK)

    def _read(self) -> bytes:
        """The next bytes, at least four where the file has them."""
        found = self._file.read(_CHUNK)
        while found and len(found) < 4 and (more := self._file.read(_CHUNK)):
            found += more
        return found

    def _take(self, content: bytes) -> None:
        """Append bytes to the stretch in memory, and drop what lies behind."""
        place = content.find(b"\0")
        if place >= 0:
            raise _nul(f"line {self._lines + content.count(10, 0, place) + 1:,}")
        try:
            text = self._decoder.decode(content, final=not content)
        except UnicodeDecodeError as error:
            raise self._undecodable(error, content) from None
        self._lines += content.count(10)
        last = content.rfind(b"\n")
        self._line_bytes = len(content) - last - 1 if last >= 0 else self._line_bytes + len(content)
        self._dropped_lines += self.buffer.count("\n", 0, self.at)
        self.buffer = self.buffer[self.at :] + text
        self.at = 0
        self.ended = not content

    def _undecodable(self, error: UnicodeDecodeError, content: bytes) -> InputError:
        """The decoder may have kept a few bytes of a character from before ``content``; none of them ends a line."""
        assert isinstance(error.object, bytes)
        kept = len(error.object) - len(content)
        before = error.object[: error.start]
        last = before.rfind(b"\n")
        byte = error.start - last if last >= 0 else self._line_bytes - kept + error.start + 1
        return InputError(
            "FG-IN-007",
            f"line {self._lines + before.count(10) + 1:,}, byte {byte:,} of the line, is not UTF-8: save the file as "
            "UTF-8",
        )


def _check_head(head: bytes) -> None:
    if not head:
        raise InputError("FG-IN-001", "the file is empty (0 bytes): export it again")
    other = foreign_format(head)
    if other:
        raise InputError("FG-IN-010", f"this is no JSON file but {other}")
    if is_wide(head[:4096]):
        raise InputError("FG-IN-006", "the file looks like UTF-16: save it as UTF-8, which JSON asks for")


def _of_array(text: _Text) -> Iterator[Mapping[str, object]]:
    text.at += 1
    text.skip_blank()
    number = 0
    if text.character() != "]":
        while True:
            number += 1
            record, _ = _record(text, number)
            yield record
            text.skip_blank()
            if text.character() != ",":
                break
            text.at += 1
            text.skip_blank()
        _expect_end_of_array(text, number)
    text.at += 1
    text.skip_blank()
    if text.character():
        raise InputError(
            "FG-IN-108",
            f"text follows on line {text.line(text.at):,} after the end of the array: a file holds one array. Put all "
            "records into it, or export it again",
        )


def _expect_end_of_array(text: _Text, number: int) -> None:
    following = text.character()
    if not following:
        raise _broken_off(number)
    if following != "]":
        raise _malformed(text, text.at, number, "after it a comma or the end of the array is missing")


def _of_lines(text: _Text, tell: Callable[[Note], object]) -> Iterator[Mapping[str, object]]:
    number = blank = 0
    while text.character():
        number += 1
        record, lines = _record(text, number)
        if number == 1 and _is_wrapping(record):
            raise InputError("FG-IN-102", f"the file is one object with the records in a list inside it: {_WAY_OUT}")
        if lines:
            raise InputError(
                "FG-IN-102",
                f"record {number:,} runs over {lines + 1:,} lines, but outside an array one line holds one object: "
                f"{_WAY_OUT}",
            )
        yield record
        text.skip(_REST_OF_LINE)
        if text.character() not in ("", "\n"):
            raise InputError(
                "FG-IN-108",
                f"text follows on line {text.line(text.at):,} after its object: {_WAY_OUT}",
            )
        blank += max(text.skip_blank() - 1, 0)
    if blank:
        tell(Note("FG-IN-017", "", blank, "blank lines, passed over"))


def _is_wrapping(record: Mapping[str, object]) -> bool:
    """Whether what looks like a record is a wrapper: it holds a list of objects, and no text or number beside."""
    lists = [value for value in record.values() if isinstance(value, list)]
    scalars = sum(not isinstance(value, (list, dict)) for value in record.values())
    return not scalars and any(isinstance(item, dict) for items in lists for item in items)


class _KeyTwiceError(ValueError):
    """An object holds some key twice."""


class _NoNumberError(ValueError):
    """NaN or Infinity, which JSON does not know."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object with truth values as text. Most hold texts and null alone, and nothing is to be done to them."""
    record = dict(pairs)
    if len(record) != len(pairs):
        raise _KeyTwiceError
    if not _PLAIN.issuperset(map(type, record.values())):
        for key, value in pairs:
            if isinstance(value, (bool, list)):
                record[key] = _as_text(value)
    return record


_PLAIN = frozenset((str, type(None)))


def _as_text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return value


def _no_number(_: str) -> NoReturn:
    raise _NoNumberError


_DECODER = JSONDecoder(
    object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=_no_number, strict=True
)


def _record(text: _Text, number: int) -> tuple[dict[str, object], int]:
    """The object that begins here, with the number of line ends inside it."""
    check_number_of_rows(number)
    text.have(MOST_BYTES + _LONGEST_TOKEN + 1)
    buffer, start = text.buffer, text.at
    if not buffer.startswith("{", start):
        raise _no_object(text, number)
    try:
        record, end = _DECODER.raw_decode(buffer, start)
    except JSONDecodeError as error:
        raise _undecoded(text, error.pos, error.msg, number) from None
    except _KeyTwiceError:
        raise InputError(
            "FG-IN-104",
            f"record {number:,} (line {text.line(start):,}) holds an object with the same key twice: one of the two "
            "values would be lost. Keep the one that is right",
        ) from None
    except _NoNumberError:
        raise InputError(
            "FG-IN-105",
            f"record {number:,} (line {text.line(start):,}) holds NaN or Infinity, which are no JSON: write null, or "
            "the number that is meant",
        ) from None
    except RecursionError:
        raise _too_deep(number, text.line(start)) from None
    _check_size(buffer, start, end, number)
    _check_content(record, number, text.line, start, escaped=buffer.find("\\u", start, end) >= 0)
    text.at = end
    return record, buffer.count("\n", start, end)


def _no_object(text: _Text, number: int) -> InputError:
    following = text.character()
    if not following:
        return _broken_off(number)
    if following in ",]}":
        return _malformed(text, text.at, number, "a record is missing, or there is a comma too many")
    return InputError(
        "FG-IN-103",
        f'record {number:,} (line {text.line(text.at):,}) is no object: write each as {{"column": value, …}}',
    )


def _undecoded(text: _Text, place: int, message: str, number: int) -> InputError:
    """What the decoder stumbled over: too long a record, a file that breaks off, or plainly no JSON."""
    unterminated = message.startswith("Unterminated string")
    if not text.ended and (unterminated or place - text.at > MOST_BYTES):
        return _too_large(number)
    if text.ended and (unterminated or _is_cut(text.buffer[place:].rstrip())):
        return _broken_off(number)
    return _malformed(text, place, number, "a comma, a quote, a bracket or an escape is missing or out of place")


def _is_cut(rest: str) -> bool:
    """Whether what the decoder could not read is the beginning of a word or an escape, and the end of the file."""
    return len(rest) <= _LONGEST_TOKEN and not set(rest) & set('{}[]",:')


def _check_size(buffer: str, start: int, end: int, number: int) -> None:
    if 4 * (end - start) > MOST_BYTES and len(buffer[start:end].encode()) > MOST_BYTES:
        raise _too_large(number)


def _check_content(
    record: dict[str, object], number: int, line: Callable[[int], int], start: int, *, escaped: bool
) -> None:
    """Refuse deep nesting and, where ``escaped`` characters stand in the record, those that no text can hold."""
    if escaped or not _PLAIN.issuperset(map(type, record.values())):
        try:
            _look(record, MOST_LEVELS, escaped=escaped)
        except (_TooDeepError, RecursionError):
            raise _too_deep(number, line(start)) from None
        except _NulError:
            raise _nul(f"record {number:,} (line {line(start):,})") from None
        except UnicodeEncodeError:
            raise InputError(
                "FG-IN-109",
                f"record {number:,} (line {line(start):,}) holds half a character (an escape from \\ud800 to \\udfff "
                "that stands alone): a program cut a text in two. Export it again",
            ) from None


class _TooDeepError(ValueError):
    """More levels of objects and lists than a record may have."""


class _NulError(ValueError):
    """A text with a NUL."""


def _look(value: dict[str, object] | list[object], levels: int, *, escaped: bool) -> None:
    """Walk through a value that may have so many ``levels``; UnicodeEncodeError for half a character in it."""
    if not levels:
        raise _TooDeepError
    if isinstance(value, dict) and escaped:
        for key in value:
            _look_at_text(key)
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, (dict, list)):
            _look(item, levels - 1, escaped=escaped)
        elif escaped and isinstance(item, str):
            _look_at_text(item)


def _look_at_text(text: str) -> None:
    if "\0" in text:
        raise _NulError
    if not text.isascii():
        text.encode()


def _nul(place: str) -> InputError:
    return InputError("FG-IN-009", f"{place} holds a NUL character: the file is damaged or no text; export it again")


def _broken_off(number: int) -> InputError:
    return InputError(
        "FG-IN-101", f"the file breaks off at record {number:,}: it was not written to its end; export it again"
    )


def _malformed(text: _Text, place: int, number: int, what: str) -> InputError:
    return InputError(
        "FG-IN-100",
        f"line {text.line(place):,}, in or near record {number:,}, is no JSON: {what}. Export the file again",
    )


def _too_large(number: int) -> InputError:
    return InputError(
        "FG-IN-107",
        f"record {number:,} is larger than {MOST_BYTES:,} bytes: if the file is one object around all records, save "
        "them as an array or as JSON Lines; else shorten the record, or raise frostglass.tables.json_reader.MOST_BYTES",
    )


def _too_deep(number: int, line: int) -> InputError:
    return InputError(
        "FG-IN-106",
        f"record {number:,} (line {line:,}) is nested deeper than {MOST_LEVELS} levels: no record of cases is. Get the "
        "file from its source again",
    )
