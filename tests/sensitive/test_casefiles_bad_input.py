"""The catalogue of bad input, for case files: one clear message each, never a traceback, never a value of a case.

What is wrong with a file refuses the file; what is wrong with a case quarantines the case. The numbers are those of the
catalogue. All of it goes through the command, as somebody would who has such a file.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.conftest import Command
from tests.sensitive.casefile_support import HEADINGS, LEGACY, NEW, write_json, write_rows

SECRET = "Xylophonia"
ROW = {**LEGACY, "family_name": SECRET, "remarks": "a note"}
CASE = {**NEW, "identity": {**NEW["identity"], "family_name": SECRET}}

Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(tmp_path: Path, frostglass_command: Command) -> Check:
    """Runs ``import check`` on a path; whatever comes of it, no value is printed and nothing crashes."""

    def run(path: Path, *options: str) -> tuple[int, str, str]:
        code, out, err = frostglass_command("import", "check", path, *options)
        for text in (out, err):
            assert SECRET not in text
            assert "Traceback" not in text
            assert "FG-XX" not in text
        assert {one.name for one in tmp_path.iterdir()} <= {path.name, "private.json", "locked"}
        return code, out, err

    return run


def good(tmp_path: Path) -> bytes:
    return write_rows(tmp_path / "cases.csv", HEADINGS["legacy-flat"], [ROW, {**ROW, "case_no": "L-2"}]).read_bytes()


def changed(text: bytes, old: str, new: str) -> bytes:
    assert old.encode() in text
    return text.replace(old.encode(), new.encode("utf-8", "surrogatepass"), 1)


FILES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "001 empty": (lambda _: b"", "FG-IN-001"),
    "002 header only": (lambda text: text.split(b"\n")[0] + b"\n", "FG-IN-002"),
    "006 UTF-16": (lambda text: text.decode().encode("utf-16"), "FG-IN-006"),
    "007 cp1252": (lambda text: changed(text, "Quilla", "Qu\u00efll\u00e9").decode().encode("cp1252"), "FG-IN-007"),
    "009 NUL in a name": (lambda text: changed(text, "Quilla", "Qu\0illa"), "FG-IN-009"),
    "010 a workbook by another name": (lambda _: b"PK\x03\x04" + b"\0" * 100, "FG-IN-010"),
    "011 semicolons": (lambda text: text.replace(b",", b";"), "FG-IN-1(12|15)|FG-IN-011"),
    "012 a quote that is not closed": (lambda text: changed(text, "Quilla", '"Quilla'), "FG-IN-012"),
    "014 commas at the ends": (lambda text: text.replace(b"\n", b",\n").replace(b",\n", b"\n", 1), "FG-IN-014"),
    "015 a field too many": (lambda text: changed(text, "Quilla", "Quilla,more"), "FG-IN-015"),
    "016 a field too few": (lambda text: changed(text, "Quilla,", ""), "FG-IN-016"),
    "019 a heading twice": (lambda text: changed(text, "remarks", "village"), "FG-IN-019"),
    "020 a heading missing": (lambda text: changed(text, "remarks", ""), "FG-IN-020"),
    "022 a column missing": (lambda text: changed(text, "case_status", "status"), "FG-IN-1(12|15)"),
    "024 no header": (lambda text: b"\n".join(text.split(b"\n")[1:]), "FG-IN-1(12|15)|FG-IN-0(19|20)"),
    "026 a name without end": (lambda text: changed(text, "Quilla", "Q" * 300), "FG-IN-026"),
    "037 a heading that only looks right": (lambda text: changed(text, "case_no", "case_\u200bno"), "FG-IN-037"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("options", [(), ("--map", "legacy-flat")], ids=["recognised", "named"])
def test_a_bad_file_is_refused_with_the_rule_and_the_way_out(
    check: Check, tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    change, expected = FILES[name]
    path = tmp_path / "cases.csv"
    path.write_bytes(change(good(tmp_path)))
    code, out, err = check(path, *options)
    assert (code, out) == (1, ""), err
    assert re.match(expected, err), err
    assert len(err) > 40


ACCEPTED: dict[str, Callable[[bytes], bytes]] = {
    "008 byte-order mark": lambda text: b"\xef\xbb\xbf" + text,
    "013 CR alone": lambda text: text.replace(b"\n", b"\r"),
    "013 CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "017 blank lines": lambda text: text.replace(b"\n", b"\n\n"),
    "021 headings in capitals": lambda text: text.split(b"\n")[0].upper() + text[text.index(b"\n") :],
    "026 long free text": lambda text: text.replace(b"a note", b"word " * 1000),
    "036 spaces around values": lambda text: changed(text, ",V,", ", V ,"),
    "039 composed from parts": lambda text: changed(text, "Quilla", "Quille\u0301"),
    "043 markup in a name": lambda text: changed(text, "Quilla", "<script>"),
    "037 a joiner in a name": lambda text: changed(text, "Quilla", "Qui\u200clla"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_does_no_harm_is_accepted(check: Check, tmp_path: Path, name: str) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes(ACCEPTED[name](good(tmp_path)))
    code, out, err = check(path)
    assert code == 0, err
    assert "2 cases: 2 accepted, 0 quarantined" in out


QUARANTINED: dict[str, tuple[str, str, str]] = {
    "028 a word for missing that is not listed": ("case_status", "none", "codes that the map does not list"),
    "030 zeros in front": ("age", "017", "neither a whole number nor a range"),
    "031 exponent": ("age", "1E1", "neither a whole number nor a range"),
    "033 infinity": ("age", "inf", "neither a whole number nor a range"),
    "034 a date made by a spreadsheet": ("age", "Mar-17", "neither a whole number nor a range"),
    "035 an unknown code": ("exploitation", "SEX;XXX", "codes that the map does not list"),
    "037 zero width": ("case_status", "V\u200b", r"characters that cannot be seen \(U\+200B\)"),
    "037 right to left": ("sex", "\u202eF", r"characters that cannot be seen \(U\+202E\)"),
    "038 Cyrillic": ("case_status", "\u0405", "codes that the map does not list"),
    "038 Cyrillic look-alike": ("sex", "\u041c", "codes with Cyrillic letters that look like Latin ones"),
    "040 several values": ("sex", "M;F", "codes that the map does not list"),
    "042 a formula": ("case_status", "=V", "codes that the map does not list"),
    "a country that is none": ("nationality", "UK", "codes of no country"),
    "a year that is none": ("reg_year", "08", "dates in another format than YYYY"),
    "a year of another system": ("reg_year", "2015", "dates outside the years of this system"),
}


@pytest.mark.parametrize("name", QUARANTINED)
def test_a_bad_value_quarantines_its_case_and_its_value_goes_to_the_private_report_alone(
    check: Check, tmp_path: Path, name: str
) -> None:
    field, value, reason = QUARANTINED[name]
    path = tmp_path / "cases.csv"
    write_rows(path, HEADINGS["legacy-flat"], [{**ROW, field: value}, {**ROW, "case_no": "L-2"}])
    private = tmp_path / "private.json"
    code, out, _ = check(path, "--private-report", str(private))
    assert code == 0
    assert "2 cases: 1 accepted, 1 quarantined" in out
    assert re.search(f"1 × .*{reason}", out), out
    assert f"{value}\n" not in out
    (delivery,) = json.loads(private.read_text())["deliveries"]
    assert delivery["quarantined"][0]["case"] == "legacy-flat:L-1"
    assert len(delivery["unmapped"][0]["values"]) == 1
    assert private.stat().st_mode & 0o777 == 0o600


def test_a_folder_without_case_files_is_told_so(check: Check, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir()
    code, _, err = check(tmp_path / "locked")
    assert code == 1
    assert err.startswith("FG-IN-071")


def test_what_is_not_there_is_told_so(check: Check, tmp_path: Path) -> None:
    code, _, err = check(tmp_path / "nothing.csv")
    assert code == 1
    assert err.startswith("FG-IN-071")


# ------------------------------------------------------------------------------------------------------ workbooks


def workbook(path: Path, fill: Callable[[xlsxwriter.Workbook, Any], object]) -> Path:
    """A workbook of one sheet with a good row, and then ``fill``."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Cases")
        headings = HEADINGS["legacy-flat"].split(",")
        sheet.write_row(0, 0, headings)
        sheet.write_row(1, 0, [ROW.get(heading, "") for heading in headings])
        fill(book, sheet)
    return path


WORKBOOKS: dict[str, tuple[Callable[[xlsxwriter.Workbook, Any], object], str]] = {
    "048 several sheets": (lambda book, _: book.add_worksheet("More"), "FG-IN-048"),
    "049 a hidden row": (
        lambda _, sheet: (sheet.write(2, 0, SECRET), sheet.set_row(2, None, None, {"hidden": True})), "FG-IN-049",
    ),
    "050 a formula without its result": (lambda _, sheet: sheet.write_formula(2, 0, "=A2", None, ""), "FG-IN-050"),
    "051 a broken cell": (lambda _, sheet: sheet.write_formula(2, 0, "=1/0", None, "#DIV/0!"), "FG-IN-051"),
    "051 merged headings": (lambda _, sheet: sheet.merge_range(0, 0, 0, 1, "case_no"), "FG-IN-051"),
}  # fmt: skip


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_workbook_that_would_have_to_be_guessed_at_is_refused(check: Check, tmp_path: Path, name: str) -> None:
    fill, expected = WORKBOOKS[name]
    code, _, err = check(workbook(tmp_path / "cases.xlsx", fill), "--map", "legacy-flat")
    assert code == 1
    assert err.startswith(expected), err


def test_a_plain_workbook_is_accepted(check: Check, tmp_path: Path) -> None:
    code, out, err = check(workbook(tmp_path / "cases.xlsx", lambda *_: None))
    assert code == 0, err
    assert "1 case: 1 accepted" in out


def test_053_a_zip_bomb_is_refused(check: Check, tmp_path: Path) -> None:
    path = workbook(tmp_path / "cases.xlsx", lambda *_: None)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b"0" * 150_000_000)
    code, _, err = check(path)
    assert code == 1
    assert err.startswith("FG-IN-053"), err


def test_054_xml_entities_are_refused(check: Check, tmp_path: Path) -> None:
    path = workbook(tmp_path / "cases.xlsx", lambda *_: None)
    entities = "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};&e{n - 1};&e{n - 1};">' for n in range(1, 20))
    bomb = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY e0 "ha">{entities}]><worksheet>&e19;</worksheet>'
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, bomb if name.endswith("sheet1.xml") else content)
    code, _, err = check(path)
    assert code == 1
    assert err.startswith("FG-IN-054"), err


# ----------------------------------------------------------------------------------------------------------- JSON

LINE = json.dumps(CASE)

JSONS: dict[str, tuple[bytes, str]] = {
    "001 empty": (b"", "FG-IN-001"),
    "002 no records": (b"[]", "FG-IN-002|FG-IN-115"),
    "006 UTF-16": (f"[{LINE}]".encode("utf-16"), "FG-IN-006"),
    "007 cp1252": (f"[{LINE}]".replace("Quilla", "Qu\u00eflla").encode("cp1252"), "FG-IN-007"),
    "009 NUL": (f"[{LINE}]".replace("Quilla", "Qui\\u0000lla").encode(), "FG-IN-009"),
    "010 a workbook": (b"PK\x03\x04" + b"\0" * 50, "FG-IN-010"),
    "056 a key twice": (f"[{LINE}]".replace('"gender":', '"gender": "x", "gender":', 1).encode(), "FG-IN-10"),
    "057 too deep": (b'[{"case_id":' + b"[" * 50 + b"]" * 50 + b"}]", "FG-IN-10"),
    "cut short": (f"[{LINE}, {LINE[:200]}".encode(), "FG-IN-10"),
    "a word too many": (f"[{LINE}] {SECRET}".encode(), "FG-IN-10"),
    "not a list of cases": (b'{"cases": [' + LINE.encode() + b"]}", "FG-IN-1"),
    "a number that is none": (f"[{LINE}]".replace('"stated_age": 26', '"stated_age": NaN').encode(), "FG-IN-10"),
    "half a character": (f"[{LINE}]".replace("Quilla", "\\ud800").encode(), "FG-IN-10"),
    "a list of texts": (f'["{SECRET}"]'.encode(), "FG-IN-10"),
    "a text": (f'"{SECRET}"'.encode(), "FG-IN-10"),
}


@pytest.mark.parametrize("name", JSONS)
@pytest.mark.parametrize("options", [(), ("--map", "webform-new")], ids=["recognised", "named"])
def test_bad_json_is_refused_with_the_rule_and_the_way_out(
    check: Check, tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    content, expected = JSONS[name]
    path = tmp_path / "cases.json"
    path.write_bytes(content)
    code, out, err = check(path, *options)
    assert (code, out) == (1, ""), err
    assert re.match(expected, err), err


@pytest.mark.parametrize("style", ["array", "lines", "byte-order mark"])
def test_json_is_accepted_as_an_array_or_line_by_line(check: Check, tmp_path: Path, style: str) -> None:
    path = write_json(tmp_path / "cases.json", [CASE, {**CASE, "case_id": "a-2"}])
    if style == "lines":
        path.write_text(f"{LINE}\n{LINE.replace('a-1', 'a-2')}\n")
    elif style == "byte-order mark":
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    code, out, err = check(path)
    assert code == 0, err
    assert "2 cases: 2 accepted, 0 quarantined" in out
