"""Numbers 1 to 54 of the catalogue of bad inputs: tables, as files of every kind."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet as Sheet

from audits.inputs.tries import CELL, CHECK, GOOD, HEADER, Try, raw, text, with_book
from tests.survey import survey

_BOOK_CHECK = ("check", "t.xlsx", "-c", "small.toml")
_FAULTS = "audits.inputs.faults"
_KEYED = (*CHECK, "--person-key", "case")


def tries() -> list[Try]:
    """All of them, in order."""
    return [*_files(), *_rows(), *_columns(), *_values(), *_people(), *_workbooks()]


def _files() -> list[Try]:
    good = f"{HEADER}\n{GOOD}\n"
    return [
        Try(1, "an empty file", "FG-IN-001", raw(b"")),
        Try(2, "a header alone", "FG-IN-002", text()),
        Try(3, "a folder", "FG-IN-003", lambda folder: (folder / "t.csv").mkdir()),
        Try(3, "a pipe", "FG-IN-003", lambda folder: os.mkfifo(folder / "t.csv")),
        Try(4, "a file that may not be read", "FG-IN-004", text(GOOD), change=(f"{_FAULTS}:forbid_reading",)),
        Try(5, "a file that changes while it is read", "FG-IN-005", text(GOOD), change=(f"{_FAULTS}:change_file",)),
        Try(6, "UTF-16", "FG-IN-006", raw(good.encode("utf-16"))),
        Try(7, "bytes of another encoding", "FG-IN-007", raw(good.encode() + b"F,18-59,1,en,\xe9t\xe9\n")),
        Try(8, "a byte-order mark", "FG-IN-008", raw(b"\xef\xbb\xbf" + good.encode()), exit_code=0),
        Try(9, "a NUL in a value", "FG-IN-009", raw(good.encode() + f"F,18-59,1,en,{CELL}\0y\n".encode())),
        Try(10, "a workbook named .csv", "FG-IN-010", _sheet([["a"], [CELL]], "t.csv")),
    ]


def _rows() -> list[Try]:
    semicolons = f"{HEADER}\n{GOOD}\n".replace(",", ";").encode()
    return [
        Try(11, "semicolons", "FG-IN-011", raw(semicolons)),
        Try(11, "tabs", "FG-IN-011", raw(semicolons.replace(b";", b"\t"))),
        Try(12, "a quote that is never closed", "FG-IN-012", text(GOOD, f'F,18-59,1,en,"{CELL}')),
        Try(13, "lines that end with CR alone", "FG-IN-013", raw(f"{HEADER}\r{GOOD}\r".encode()), exit_code=0),
        Try(14, "a delimiter too many in every row", "FG-IN-014", text(f"{GOOD},", f"{GOOD},")),
        Try(15, "one row with a value too many", "FG-IN-015", text(GOOD, f"{GOOD},{CELL}")),
        Try(16, "a short row", "FG-IN-016", text(GOOD, f"F,18-59,{CELL}")),
        Try(17, "blank lines", "FG-IN-017", text(GOOD, "", "", GOOD), exit_code=0),
        Try(
            18,
            "a row of commas alone",
            "FG-IN-018",
            text(f"F,18-59,1,en,{CELL}", ",,,,"),
            (*CHECK, "--without-constraints"),
            exit_code=0,
        ),
    ]


def _columns() -> list[Try]:
    many = ",".join(f"c{place}" for place in range(5_001))
    return [
        Try(19, "two columns with one heading", "FG-IN-019", text(GOOD, header="sex,age,works,langs,sex")),
        Try(20, "a column without a heading", "FG-IN-020", text(GOOD, header="sex,age,works,langs,")),
        Try(21, "headings in other letters", "FG-IN-021", text(GOOD, header=" Sex ,AGE,works,langs,note"), exit_code=0),
        Try(22, "a column that is missing", "FG-IN-022", text(GOOD, header="sex,agee,works,langs,note")),
        Try(23, "a column that the codebook does not name", "FG-IN-023", text(GOOD), exit_code=0),
        Try(23, "one whose heading identifies people", "FG-IN-023", text(GOOD, header="sex,age,works,langs,phone")),
        Try(
            23,
            "one whose cells identify people",
            "FG-IN-023",
            text(*(f"F,18-59,1,en,{CELL}{place}@example.org" for place in range(9))),
        ),
        Try(24, "no header row", "FG-IN-024", text(GOOD, GOOD, header=GOOD)),
        Try(25, "5,001 columns", "FG-IN-025", text(",".join([CELL] * 5_001), header=many)),
        Try(26, "a value of 200,000 characters", "FG-IN-026", text(GOOD, f"F,18-59,1,en,{CELL * 30_000}")),
    ]


def _values() -> list[Try]:
    def one(sex: str = "F", age: str = "18-59", works: str = "1", langs: str = "en") -> Callable[[Path], None]:
        return text(f"{sex},{age},{works},{langs},{CELL}")

    def sex(*codes: str) -> tuple[str, str]:
        return ('["F", "M"]', str(list(codes)).replace("'", '"'))

    return [
        Try(27, "NA, which is a code", "fits the codebook", with_book(one("NA"), sex("NA", "ZA")), exit_code=0),
        *(
            Try(28, f"{word}, which no list has", "FG-IN-028", one(word))
            for word in ("None", "null", "n/a", "#N/A", "NaN")
        ),
        Try(29, "1 beside blanks", "fits the codebook", text(GOOD, f"F,18-59,,en,{CELL}"), exit_code=0),
        Try(29, "1.0 where 1 is listed", "FG-IN-029", one(works="1.0")),
        Try(30, "007 where 007 is listed", "fits the codebook", with_book(one("007"), sex("007", "M")), exit_code=0),
        Try(30, "7 where 007 is listed", "FG-IN-030", with_book(one("7"), sex("007", "M"))),
        Try(31, "1E3", "FG-IN-031", one("1E3")),
        *(Try(32, word, "FG-IN-032", one(works=word)) for word in ("True", "TRUE", "true")),
        *(Try(33, word, "FG-IN-033", one("inf" if word == "inf" else word)) for word in ("inf", "-inf")),
        *(Try(34, word, "FG-IN-034", one(age=word)) for word in ("Mar-5", "5-Mar")),
        Try(35, "a value that is not listed", "FG-IN-035", one(CELL)),
        Try(36, "spaces around a value", "FG-IN-036", one("  F "), exit_code=0),
        *(
            Try(37, f"{name} in a value", "FG-IN-037", one(f"F{sign}{CELL}"))
            for name, sign in (("a zero-width space", "\u200b"), ("a sign that turns text", "\u202e"), ("a bell", "\a"))
        ),
        Try(38, "a Cyrillic look-alike", "FG-IN-038", one("\u041c")),
        Try(39, "decomposed letters", "FG-IN-039", with_book(one("E\u0301"), sex("\u00c9", "M")), exit_code=0),
        Try(40, "two values where one belongs", "FG-IN-040", one("F;M")),
        Try(41, "a set with another separator", "FG-IN-041", one(langs="ar|fr")),
        Try(41, "a set in another order, with a repeat", "FG-IN-041", one(langs="fr;ar;fr"), exit_code=0),
        *(Try(42, f"a value that begins with {sign}", "FG-IN-042", one(f"{sign}{CELL}()")) for sign in "=+@"),
        Try(43, "HTML in a value", "FG-IN-035", one(f"<script>{CELL}</script>")),
    ]


def _people() -> list[Try]:
    def keyed(*keys: str) -> Callable[[Path], None]:
        return text(*(f"F,18-59,1,en,{key}" for key in keys), header="sex,age,works,langs,case")

    return [
        Try(44, "a person twice", "FG-IN-044", keyed(f"{CELL}1", f"{CELL}1", f"{CELL}2"), _KEYED, exit_code=0),
        Try(45, "a person key that is missing in places", "FG-IN-045", keyed(f"{CELL}1", ""), _KEYED),
        Try(45, "one person key for all", "FG-IN-045", keyed(CELL, CELL), _KEYED),
        Try(46, "a column without any value", "FG-IN-046", text(f",18-59,1,en,{CELL}"), exit_code=0),
        Try(47, "a rule that is broken", "FG-IN-047", text(f"F,0-17,1,en,{CELL}")),
    ]


def _workbooks() -> list[Try]:
    table = [list(survey(1).columns), ["F", "18-59", "1", CELL]]

    def book(number: int, what: str, code: str, write: Callable[[Path], None], exit_code: int = 1) -> Try:
        return Try(number, what, code, write, _BOOK_CHECK, exit_code)

    def hidden(sheet: Sheet) -> None:
        sheet.set_row(1, None, None, {"hidden": True})

    def unfinished(sheet: Sheet) -> None:
        sheet.write_formula(2, 0, f'="{CELL}"', None, "")

    def merged(sheet: Sheet) -> None:
        sheet.merge_range("A3:B4", CELL)

    def broken(sheet: Sheet) -> None:
        sheet.write_formula(2, 0, "=1/0", None, "#REF!")

    def part(name: str, content: bytes = b"x") -> Callable[[Path], None]:
        return _repacked(table, added={name: content})

    def entities(name: str, content: bytes) -> bytes:
        declared = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
        return content.replace(b"?>", b"?>" + declared, 1) if name == "xl/workbook.xml" else content

    return [
        book(48, "several sheets", "FG-IN-048", _sheet(table, sheets=2)),
        book(49, "a hidden row", "FG-IN-049", _sheet(table, act=hidden)),
        book(50, "a formula without its result", "FG-IN-050", _sheet(table, act=unfinished)),
        book(51, "merged cells", "FG-IN-051", _sheet(table, act=merged)),
        book(51, "a broken cell", "FG-IN-051", _sheet(table, act=broken)),
        book(52, "macros", "FG-IN-052", part("xl/vbaProject.bin")),
        book(52, "links to other files", "FG-IN-052", part("xl/externalLinks/externalLink1.xml")),
        book(52, "a password", "FG-IN-052", raw(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "t.xlsx")),
        book(53, "0.1 MB that expand to 110 MB", "FG-IN-053", part("xl/media/x", b" " * 110_000_000)),
        book(54, "XML entities", "FG-IN-054", _repacked(table, change=entities)),
        book(54, "names that leave the archive", "FG-IN-054", part("../x")),
    ]


def _sheet(
    rows: list[list[str]],
    name: str = "t.xlsx",
    *,
    sheets: int = 1,
    act: Callable[[Sheet], object] = lambda _: None,
) -> Callable[[Path], None]:
    """Writes a workbook with these rows, after which ``act`` has its way with the first sheet."""

    def write(folder: Path) -> None:
        with xlsxwriter.Workbook(folder / name) as workbook:
            made = [workbook.add_worksheet() for _ in range(sheets)]
            for number, row in enumerate(rows):
                made[0].write_row(number, 0, row)
            for other in made[1:]:
                other.write_row(0, 0, [CELL])
            act(made[0])

    return write


def _repacked(
    rows: list[list[str]],
    *,
    change: Callable[[str, bytes], bytes] = lambda _, content: content,
    added: dict[str, bytes] | None = None,
) -> Callable[[Path], None]:
    """Writes a workbook whose parts are changed, and others added."""

    def write(folder: Path) -> None:
        _sheet(rows)(folder)
        with zipfile.ZipFile(folder / "t.xlsx") as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(folder / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, change(name, content))
            for name, content in (added or {}).items():
                archive.writestr(name, content)

    return write
