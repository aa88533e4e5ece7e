"""CSV, read strictly: every cell stays the text that it was; nothing is guessed, filled in or dropped in silence."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from frostglass.errors import InputError, UsageError
from frostglass.tables.encoding_columns import EncodingColumns, UnfitValueError, is_fit
from frostglass.tables.signatures import LONGEST_HEAD, foreign_format, foreign_text, is_wide, separator_mark
from frostglass.tables.text_table import Note, Only, TextTable, check_headings, too_long, wanted_places

_BATCH = 2_000
"""Rows encoded at a time: few enough to stay in the processor's cache."""

MOST_IN_FIELD = 131_072
"""Most characters of a field that is passed over unread, such as free text."""

_SHOWN = 5
"""Most lines that a message names."""

_NAMED = {"tab": "\t", "\\t": "\t"}
"""How a delimiter that is awkward to type may be written."""

_OTHERS = {";": "semicolon", "\t": "tab", "|": "bar", ",": "comma"}


@dataclass(frozen=True)
class CsvFormat:
    """How the bytes of a file become cells."""

    delimiter: str
    codec: str

    @classmethod
    def of(cls, delimiter: str, encoding: str) -> CsvFormat:
        """The format that the options name; UsageError FG-OP-080 or FG-OP-081 when they name none."""
        return cls(_delimiter(delimiter), _codec(encoding))

    @contextmanager
    def records(self, file: BinaryIO) -> Iterator[_Records]:
        """The records of ``file`` from its beginning."""
        file.seek(0)
        text = io.TextIOWrapper(file, encoding=self.codec, errors="strict", newline="")
        before = csv.field_size_limit(MOST_IN_FIELD)  # one for all readers of the process, and others may have moved it
        try:
            yield _Records(text, self.delimiter)
        finally:
            csv.field_size_limit(before)
            text.detach()


class _Records:
    """Records in the order of the file: in batches, which is fast, or one by one with the lines that each stands on."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str) -> None:
        self._text = text
        self._reader = csv.reader(text, delimiter=delimiter, strict=True)
        self.first = 1

    @property
    def last(self) -> int:
        """The last line that was read."""
        return self._reader.line_num

    def header(self) -> list[str]:
        """The first record; InputError FG-IN-001 when there is none."""
        for record in self._reader:
            return record
        raise InputError("FG-IN-001", "the file holds no header row: it is empty, or nothing but a byte-order mark")

    def batches(self, most: int = _BATCH) -> Iterator[list[list[str]]]:
        """The records in lists of at most ``_BATCH``, or fewer."""
        while batch := list(islice(self._reader, min(most, _BATCH))):
            yield batch

    def one_by_one(self) -> Iterator[list[str]]:
        """Each record, while it stands on the lines from ``first`` to ``last``."""
        for record in self._reader:
            yield record
            self.first = self.last + 1

    def has_lone_returns(self) -> bool:
        """Whether some line so far ended with a carriage return alone."""
        seen = self._text.newlines
        return "\r" in ((seen,) if isinstance(seen, str) else seen or ())


def read_csv(file: BinaryIO, *, delimiter: str = ",", encoding: str = "utf-8", only: Only | None = None) -> TextTable:
    """The table in ``file``, every cell as text. The first row holds the headings.

    ``only`` is given the headings and names the columns that are wanted. The others may hold free text: their cells
    go by unread, however long they are (up to 131,072 characters), but rows must be even.

    Lines may end in LF, CRLF or CR. A byte-order mark is skipped. Blank lines are counted and passed over, but in a
    file of one column they are records whose value is missing, for such a record cannot be written otherwise.

    Raises InputError with the line and the way out, never with a cell; UsageError FG-OP-080 or FG-OP-081 when the
    delimiter or the encoding is none.
    """
    form = CsvFormat.of(delimiter, encoding)
    notes = sniff(file, form)
    places: Sequence[int] = ()
    try:
        with form.records(file) as records:
            headings = records.header()
            _check_header(headings, form)
            places = wanted_places(headings, only)
            columns = EncodingColumns(headings, places)
            blank = sum(add(columns, batch, len(headings)) for batch in records.batches())
            lone_returns = records.has_lone_returns()
    except UnicodeDecodeError:
        raise undecodable(file, form) from None
    except (csv.Error, UnfitValueError, UnevenError):
        raise fault(file, form, places) from None
    return columns.table([*notes, *layout_notes(len(headings), blank, lone_returns)])


def read_headings(file: BinaryIO, form: CsvFormat) -> tuple[list[str], list[Note]]:
    """The headings of ``file``, and what is to be noted of its first bytes. Raises like ``read_csv``."""
    notes = sniff(file, form)
    try:
        with form.records(file) as records:
            headings = records.header()
    except UnicodeDecodeError:
        raise undecodable(file, form) from None
    except csv.Error:
        raise fault(file, form, ()) from None
    _check_header(headings, form)
    return headings, notes


class UnevenError(ValueError):
    """Some record has more or fewer values than the header."""


def add(columns: EncodingColumns, batch: Sequence[list[str]], width: int) -> int:
    """Encode a batch; return the number of blank lines in it."""
    widths = set(map(len, batch))
    if widths == {width}:
        columns.add(batch)
        return 0
    if not widths <= {0, width}:
        raise UnevenError
    blank = sum(not record for record in batch)
    columns.add([record or [""] for record in batch] if width == 1 else [record for record in batch if record])
    return blank


def layout_notes(width: int, blank: int, lone_returns: bool) -> Iterator[Note]:
    if lone_returns:
        yield Note("FG-IN-013", "", 0, "lines end with a carriage return alone; they were read as lines")
    if blank and width == 1:
        yield Note("FG-IN-017", "", blank, "blank lines, read as records without a value: the file has one column")
    elif blank:
        yield Note("FG-IN-017", "", blank, "blank lines, passed over")


def _delimiter(text: str) -> str:
    delimiter = _NAMED.get(text, text)
    if len(delimiter) != 1 or delimiter in '"\r\n \0':
        raise UsageError(
            "FG-OP-080", "`delimiter` takes one character, such as ',' or ';', or the word tab; no quote and no space"
        )
    return delimiter


def _codec(encoding: str) -> str:
    """The codec to read with: UTF-8 with or without a byte-order mark, and any other text encoding as named."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, ValueError):
        raise UsageError("FG-OP-081", "`encoding` takes the name of a text encoding, such as utf-8 or cp1252") from None
    return "utf-8-sig" if name == "utf-8" else name


def sniff(file: BinaryIO, form: CsvFormat) -> list[Note]:
    """Refuse what is no text at all; note a byte-order mark."""
    head = file.read(LONGEST_HEAD)
    text = head.decode(form.codec, errors="ignore")
    other = foreign_format(head) or foreign_text(text)
    if other:
        raise InputError("FG-IN-010", f"this is no CSV file but {other}")
    mark = separator_mark(text)
    if mark:
        shown = "tab" if mark == "\t" else f"'{mark}'"
        raise InputError(
            "FG-IN-011", f"the first line is Excel's sep= mark, no header: delete it, and pass `delimiter={shown}`"
        )
    wide = form.codec.startswith(("utf-16", "utf-32"))
    if not wide and is_wide(head):
        raise InputError(
            "FG-IN-006",
            "the file looks like UTF-16: save it as UTF-8 (“CSV UTF-8” in Excel), or pass `encoding=utf-16`",
        )
    if form.codec == "utf-8-sig" and head.startswith(codecs.BOM_UTF8):
        return [Note("FG-IN-008", "", 0, "a byte-order mark at the start of the file was skipped")]
    return []


def _check_header(headings: Sequence[str], form: CsvFormat) -> None:
    if not headings:
        raise InputError("FG-IN-020", "the first line is blank: it must hold the headings")
    if len(headings) == 1:
        for other, name in _OTHERS.items():
            if other != form.delimiter and other in headings[0]:
                shown = "tab" if other == "\t" else f"'{other}'"
                raise InputError(
                    "FG-IN-011", f"the file looks {name}-separated: its header is one column; pass `delimiter={shown}`"
                )
    check_headings(headings)


def undecodable(file: BinaryIO, form: CsvFormat) -> InputError:
    """Where the bytes stop making sense; only encodings that keep line ends as single bytes can say it by line."""
    if not form.codec.startswith(("utf-16", "utf-32")):
        file.seek(0)
        for number, line in enumerate(file, start=1):
            try:
                line.decode(form.codec)
            except UnicodeDecodeError as error:
                where = f"line {number:,}, byte {error.start + 1} of the line, is not {_spoken(form.codec)}"
                return InputError("FG-IN-007", f"{where}: {_encoding_advice(form.codec)}")
    return InputError("FG-IN-007", f"the file is not {_spoken(form.codec)}: {_encoding_advice(form.codec)}")


def _spoken(codec: str) -> str:
    return "UTF-8" if codec == "utf-8-sig" else codec


def _encoding_advice(codec: str) -> str:
    if codec == "utf-8-sig":
        return "save the file as UTF-8, or pass `encoding=cp1252` if it comes from Windows"
    return "pass the encoding that it was saved in with `encoding`, or save it as UTF-8"


@dataclass
class _Lines:
    """How many lines have one fault, and the first of them: a long file may have it everywhere."""

    number: int = 0
    first: list[int] = field(default_factory=list)

    def append(self, line: int) -> None:
        self.number += 1
        if len(self.first) < _SHOWN:
            self.first.append(line)

    def __bool__(self) -> bool:
        return self.number > 0

    def __str__(self) -> str:
        """ "line 7 has", "12 lines (7, 9, 11, …) have"."""
        if self.number == 1:
            return f"line {self.first[0]:,} has"
        shown = ", ".join(f"{line:,}" for line in self.first)
        return f"{self.number:,} lines ({shown}{', …' if self.number > _SHOWN else ''}) have"


@dataclass
class _Faults:
    """Lines of the records that cannot be taken, by what is wrong with them; cells are looked at in ``places``."""

    width: int
    places: Sequence[int]
    nul: _Lines = field(default_factory=_Lines)
    lengthy: _Lines = field(default_factory=_Lines)
    short: _Lines = field(default_factory=_Lines)
    long: _Lines = field(default_factory=_Lines)
    trailing: _Lines = field(default_factory=_Lines)
    runaway: tuple[int, int] | None = None
    widest: int = 0

    def look(self, record: Sequence[str], first: int, last: int) -> None:
        """Enter a record that stands on the lines ``first`` to ``last``."""
        wanted = [record[place] for place in self.places if place < len(record)]
        fits, even = all(map(is_fit, wanted)), len(record) in (0, self.width)
        if last > first and not (fits and even):
            self.runaway = self.runaway or (first, last)
            return
        if not fits:
            (self.nul if any("\0" in cell for cell in wanted) else self.lengthy).append(first)
        if even:
            return
        self.widest = max(self.widest, len(record))
        if len(record) < self.width:
            self.short.append(first)
        else:
            (self.long if any(record[self.width :]) else self.trailing).append(first)

    def error(self) -> InputError:
        """The gravest fault: one that may be the cause of the others comes first."""
        if self.runaway:
            return _runaway(*self.runaway)
        if self.nul:
            return InputError(
                "FG-IN-009", f"{self.nul} a NUL character: the file is damaged or no text; export it again"
            )
        if self.lengthy:
            return too_long(f"a value on line {self.lengthy.first[0]:,}")
        if self.long:
            return InputError(
                "FG-IN-015",
                f"{self.long} more values than the header ({self.width}): a value that holds the delimiter must stand "
                "in quotes",
            )
        if self.trailing:
            return InputError(
                "FG-IN-014",
                f"{self.trailing} {self.widest} values where the header has {self.width}, the last ones empty: take "
                "the delimiters at the ends of the rows out, or name the columns",
            )
        if self.short:
            return InputError(
                "FG-IN-016",
                f"{self.short} fewer values than the header ({self.width}): write an empty value for each that is "
                "missing",
            )
        return InputError("FG-IN-026", "a record is too long to be held: leave columns of free text out of the export")


def fault(file: BinaryIO, form: CsvFormat, places: Sequence[int]) -> InputError:
    """Read again, record by record, to say what is wrong and on which line. Only for a file that was refused."""
    with form.records(file) as records:
        faults = _Faults(0, places)
        try:
            for record in records.one_by_one():
                faults.width = faults.width or len(record)
                faults.look(record, records.first, records.last)
        except csv.Error as error:
            return _malformed(error, records.first, records.last)
        except UnicodeDecodeError:
            return undecodable(file, form)
    return faults.error()


def _malformed(error: csv.Error, first: int, last: int) -> InputError:
    if "field limit" in str(error):
        return _beyond_any_limit(first, last)
    if first == last and "unexpected end" not in str(error):
        return InputError(
            "FG-IN-012",
            f"line {first:,} has text after a closing quote: write a quote inside a quoted value twice, as in "
            '"the ""new"" form"',
        )
    return _unclosed(first)


def _beyond_any_limit(first: int, last: int) -> InputError:
    limit = f"{MOST_IN_FIELD:,} characters"
    if first == last:
        return InputError(
            "FG-IN-026",
            f"a value on line {first:,} is longer than {limit}, which is too much even for free text in a column that "
            "is not read: shorten it, or leave the column out of the export",
        )
    return InputError(
        "FG-IN-012",
        f"a quote that opens on line {first:,} is not closed within {limit}: close it, or take it out; if a text is "
        "really that long, leave its column out of the export",
    )


def _runaway(first: int, last: int) -> InputError:
    return InputError(
        "FG-IN-012",
        f"a quote that opens on line {first:,} is not closed there, and the row that then reaches to line {last:,} "
        "does not fit: close the quote, or take it out; if the row is meant to go on, give it a value for each heading",
    )


def _unclosed(line: int) -> InputError:
    return InputError("FG-IN-012", f"a quote that opens on line {line:,} is not closed: close it, or take it out")
