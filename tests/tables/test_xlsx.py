"""Workbooks: what is read is what one sees in the sheet; what would have to be guessed is refused with its cell."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

import fastexcel
import pytest
import xlsxwriter

from frostglass.errors import InputError
from frostglass.tables import readers, text_table
from frostglass.tables.readers import read_text_table
from frostglass.tables.text_table import TextTable
from frostglass.tables.xlsx import package as xlsx_package
from frostglass.tables.xlsx import reader as xlsx_reader
from frostglass.tables.xlsx.sheet import letters
from frostglass.tables.xlsx.styles import NumberFormat, number_format, number_text

SECRET = "Xylophonia"

Fill = Callable[[xlsxwriter.Workbook], None]


def workbook(path: Path, fill: Fill) -> Path:
    """A workbook that ``fill`` wrote."""
    with xlsxwriter.Workbook(path) as book:
        fill(book)
    return path


def sheet_of(rows: list[list[object]]) -> Fill:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("Data")
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(number, column, value)

    return fill


def rewritten(path: Path, change: Callable[[str, bytes], bytes | None], **added: str) -> Path:
    """The workbook with its parts changed one by one (None leaves a part out) and parts added."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            changed = change(name, content)
            if changed is not None:
                archive.writestr(name, changed)
        for name, text in added.items():
            archive.writestr(name, text)
    return path


def keep(_name: str, content: bytes) -> bytes:
    return content


def cells(table: TextTable) -> dict[str, list[str]]:
    return {column.name: [column.values[place] for place in column.index] for column in table.columns}


def refusal(path: Path, *, sheet: str | None = None) -> InputError:
    with pytest.raises(InputError) as caught:
        read_text_table(path, sheet=sheet)
    assert SECRET not in str(caught.value)
    return caught.value


@pytest.fixture(autouse=True)
def uncontained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here workbooks are read in this process, so that tests can look into it."""
    monkeypatch.setattr(readers, "read_contained_xlsx", xlsx_reader.read_xlsx)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return workbook(tmp_path / "t.xlsx", sheet_of([["a", "b"], ["007", 1], [SECRET, None]]))


def test_cells_become_the_text_that_the_sheet_shows(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "d/m/yy h:mm"})
        padded, clock = book.add_format({"num_format": "00000"}), book.add_format({"num_format": "[h]:mm"})
        written: list[tuple[object, object]] = [
            ("007", None), ("NA", None), (7, None), (0.1 + 0.2, None), (1e15, None), (True, None), (" x ", None),
            (7, padded), (dt.date(2024, 3, 5), day), (dt.datetime.fromisoformat("2024-03-05T06:07:08"), moment),
            (0.25, clock), ("=1+1", None),
        ]  # fmt: skip
        sheet.write(0, 0, "v")
        for row, (value, style) in enumerate(written, start=1):
            sheet.write(row, 0, value, style)
        sheet.write_rich_string(len(written) + 1, 0, "rich ", book.add_format({"bold": True}), "text")
        sheet.write_string(len(written) + 2, 0, "a\x0bb")

    table = read_text_table(workbook(tmp_path / "t.xlsx", fill))
    assert cells(table)["v"] == [
        "007", "NA", "7", "0.3", "1000000000000000", "true", " x ", "00007", "2024-03-05", "2024-03-05T06:07:08",
        "06:00:00", "0", "rich text", "a\x0bb",
    ]  # fmt: skip
    assert [(note.code, note.count) for note in table.notes] == [("FG-IN-050", 1), ("FG-IN-034", 3)]


def test_another_reader_agrees_on_plain_cells(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "b", "c"]]
    rows += [[f"text {place % 5}", place, None if place % 3 else "1"] for place in range(500)]
    path = workbook(tmp_path / "t.xlsx", sheet_of(rows))
    frame = fastexcel.read_excel(path).load_sheet(0, dtypes="string").to_polars().fill_null("")
    assert cells(read_text_table(path)) == frame.to_dict(as_series=False)


def test_a_table_may_stand_anywhere_in_the_sheet(tmp_path: Path) -> None:
    rows: list[list[object]] = [[], [None, "a", "b"], [None, 1, None], [], [None, None, 2]]
    table = read_text_table(workbook(tmp_path / "t.xlsx", sheet_of(rows)))
    assert cells(table) == {"a": ["1", ""], "b": ["", "2"]}
    assert [(note.code, note.count) for note in table.notes] == [("FG-IN-017", 1)]


def test_cells_and_rows_may_leave_their_places_to_be_counted(plain: Path) -> None:
    """Some programs write no references; rows and cells then follow one another."""

    def bare(name: str, content: bytes) -> bytes:
        if not name.endswith("sheet1.xml"):
            return content
        return (
            b'<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData>'
            b'<x:row><x:c t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c><x:c t="str"><x:v>b</x:v></x:c></x:row>'
            b'<x:row><x:c><x:v>1.0</x:v></x:c><x:c t="b"><x:v>0</x:v></x:c></x:row>'
            b"</x:sheetData></x:worksheet>"
        )

    assert cells(read_text_table(rewritten(plain, bare))) == {"a": ["1"], "b": ["false"]}


def test_texts_leave_reading_aids_out_and_may_lie_at_an_absolute_place(plain: Path) -> None:
    """Phonetic hints beside Japanese text are no part of it; some programs name parts from the root."""

    def aided(name: str, content: bytes) -> bytes:
        if name == "xl/sharedStrings.xml":
            aid = b'<rPh sb="0" eb="1"><t>read me so</t></rPh></si>'
            return content.replace(b"</si>", aid)
        if name.endswith("sheet1.xml"):
            inline = b'<c r="B3" t="inlineStr"><is><t>x</t><rPh sb="0" eb="1"><t>y</t></rPh></is></c></row></sheetData>'
            content = content.replace(b"</row></sheetData>", inline)
            return content.replace(b'<c r="B2"><v>1</v>', b'<c r="B2" t="d"><v>2024-03-05</v>')
        return content.replace(b'"worksheets/', b'"/xl/worksheets/')

    assert cells(read_text_table(rewritten(plain, aided))) == {"a": ["007", SECRET], "b": ["2024-03-05", "x"]}


def test_002_a_sheet_with_a_header_alone_has_no_records(tmp_path: Path) -> None:
    assert read_text_table(workbook(tmp_path / "t.xlsx", sheet_of([["a", "b"]]))).rows == 0


def test_only_the_wanted_columns_are_read_and_the_others_may_hold_free_text(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "story", "b"], [1, SECRET * 30, 2], [3, "two\nlines", None]]
    path = workbook(tmp_path / "t.xlsx", sheet_of(rows))
    table = read_text_table(path, only=lambda headings: {headings[2], headings[0]})
    assert cells(table) == {"a": ["1", "3"], "b": ["2", ""]}
    assert (table.rows, table.headings) == (2, ("a", "story", "b"))
    assert refusal(path).code == "FG-IN-026"
    with pytest.raises(InputError, match="cell B2"):
        read_text_table(path, only=lambda _: ["story"])


def test_structure_is_checked_in_columns_that_are_not_wanted(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "b"], [1, 2], [1, 2, SECRET]]
    path = workbook(tmp_path / "beside.xlsx", sheet_of(rows))
    with pytest.raises(InputError, match="FG-IN-015"):
        read_text_table(path, only=lambda _: ["a"])


def test_009_a_nul_is_refused_with_its_cell(plain: Path) -> None:
    def nul(_name: str, content: bytes) -> bytes:
        return content.replace(b"<t>007</t>", b"<t>_x0000_</t>")

    error = refusal(rewritten(plain, nul))
    assert (error.code, "cell A2" in str(error)) == ("FG-IN-009", True)


def test_a_shared_text_is_worked_on_once_however_many_cells_refer_to_it(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a workbook of a few kilobytes could keep the reader busy for hours."""
    seen: list[str] = []

    def counted(text: str) -> str:
        seen.append(text)
        return text

    def referring(name: str, content: bytes) -> bytes:
        rows = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(4, 500))
        return content.replace(b"</sheetData>", rows.encode() + b"</sheetData>")

    monkeypatch.setattr(xlsx_reader, "unescaped", counted)
    assert read_text_table(rewritten(plain, referring)).rows == 498
    assert sorted(seen) == sorted(["a", "b", "007", SECRET])


def test_memory_that_runs_out_inside_the_xml_parser_is_no_damage(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = expat.ExpatError("out of memory")
    error.code = expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]

    def exhausted(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(zipfile.ZipExtFile, "read", exhausted)
    with pytest.raises(MemoryError):
        read_text_table(plain)


def test_015_several_misplaced_cells_are_counted_and_the_first_five_named(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a"]]
    rows += [[place, place] for place in range(7)]
    assert "7 cells (B2, B3, B4, B5, B6, …)" in str(refusal(workbook(tmp_path / "t.xlsx", sheet_of(rows))))


def test_001_and_020_sheets_without_a_header_are_refused(tmp_path: Path) -> None:
    assert refusal(workbook(tmp_path / "e.xlsx", sheet_of([]))).code == "FG-IN-001"
    error = refusal(workbook(tmp_path / "t.xlsx", sheet_of([["a", None, "c"], [1, 2, 3]])))
    assert error.code == "FG-IN-020"
    assert "column B" in str(error)


def test_009_026_and_015_misplaced_and_overlong_cells_are_named(tmp_path: Path) -> None:
    error = refusal(workbook(tmp_path / "long.xlsx", sheet_of([["a", "b"], [1, SECRET * 30]])))
    assert (error.code, "cell B2" in str(error)) == ("FG-IN-026", True)
    error = refusal(workbook(tmp_path / "beside.xlsx", sheet_of([["a", "b"], [1, 2], [1, 2, SECRET]])))
    assert (error.code, "cell C3" in str(error)) == ("FG-IN-015", True)


def test_025_limits_hold_for_sheets(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_table, "MOST_ROWS", 1)
    assert refusal(plain).code == "FG-IN-025"


def test_048_one_of_several_sheets_must_be_named(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        for name in ("North", "South"):
            book.add_worksheet(name).write_column(0, 0, [name.lower(), 1])

    path = workbook(tmp_path / "t.xlsx", fill)
    error = refusal(path)
    assert error.code == "FG-IN-048"
    assert "'North', 'South'" in str(error)
    assert "`sheet`" in str(error)
    assert list(cells(read_text_table(path, sheet="South"))) == ["south"]
    assert refusal(path, sheet="East").code == "FG-IN-048"


def test_049_hidden_sheets_are_noted_and_never_read(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Data").write_column(0, 0, ["a", 1])
        hidden = book.add_worksheet("Lists")
        hidden.write(0, 0, SECRET)
        hidden.hide()

    path = workbook(tmp_path / "t.xlsx", fill)
    table = read_text_table(path)
    assert list(cells(table)) == ["a"]
    assert [(note.code, note.count) for note in table.notes] == [("FG-IN-049", 1)]
    assert refusal(path, sheet="Lists").code == "FG-IN-049"


@pytest.mark.parametrize("what", ["row", "column"])
def test_049_hidden_rows_and_columns_with_values_are_refused(tmp_path: Path, what: str) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_row(1, 0, [1, 2])
        sheet.set_column("D:XFD", None, None, {"hidden": True})
        sheet.set_row(7, None, None, {"hidden": True})
        if what == "row":
            sheet.set_row(1, None, None, {"hidden": True})
        if what == "column":
            sheet.set_column("B:B", None, None, {"hidden": True})

    error = refusal(workbook(tmp_path / "t.xlsx", fill))
    assert error.code == "FG-IN-049"
    assert ("1 row (2)" if what == "row" else "column B") in str(error)


def test_049_hidden_rows_and_columns_without_values_are_no_matter(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_column(0, 0, ["a", 1])
        sheet.set_column("B:XFD", None, None, {"hidden": True})
        sheet.set_row(7, None, None, {"hidden": True})

    assert read_text_table(workbook(tmp_path / "t.xlsx", fill)).rows == 1


def test_050_a_formula_without_a_result_is_named(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_formula(1, 1, f'="{SECRET}"', None, "")

    error = refusal(workbook(tmp_path / "t.xlsx", fill))
    assert error.code == "FG-IN-050"
    assert "cell B2" in str(error)


def test_051_broken_and_merged_cells_are_named(tmp_path: Path) -> None:
    def broken(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_formula(2, 0, "=1/0", None, "#DIV/0!")

    def merged(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.merge_range("A2:B3", SECRET)

    for fill, place in ((broken, "A3"), (merged, "A2:B3")):
        error = refusal(workbook(tmp_path / "t.xlsx", fill))
        assert error.code == "FG-IN-051"
        assert f"cell {place}" in str(error)


@pytest.mark.parametrize(
    ("part", "word"),
    [
        ("xl/vbaProject.bin", "macros"),
        ("xl/macrosheets/sheet1.xml", "macros"),
        ("xl/externalLinks/externalLink1.xml", "other workbooks"),
        ("xl/connections.xml", "another data source"),
        ("xl/workbook.bin", "binary"),
        ("content.xml", "OpenDocument"),
        ("EncryptedPackage", "encryption"),
    ],
)
def test_052_kinds_of_workbooks_that_are_not_read_are_named(plain: Path, part: str, word: str) -> None:
    error = refusal(rewritten(plain, keep, **{part: "x"}))
    assert error.code == "FG-IN-052"
    assert word in str(error)


def test_052_a_part_that_lies_outside_the_file_is_never_fetched(plain: Path) -> None:
    def linked(name: str, content: bytes) -> bytes:
        external = b'<Relationship Id="x" Type="t/worksheet" Target="http://localhost/" TargetMode="External"/></Rel'
        return content.replace(b"</Rel", external) if name == "xl/_rels/workbook.xml.rels" else content

    assert refusal(rewritten(plain, linked)).code == "FG-IN-052"


def test_052_a_compression_that_may_need_much_memory_is_refused(plain: Path) -> None:
    with zipfile.ZipFile(plain, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("xl/extra.xml", "x")
    assert refusal(plain).code == "FG-IN-052"


def test_052_encrypted_and_old_workbooks_are_named(plain: Path, tmp_path: Path) -> None:
    content = bytearray(plain.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    plain.write_bytes(bytes(content))
    assert refusal(plain).code == "FG-IN-052"
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    assert refusal(tmp_path / "old.xls").code == "FG-IN-052"


def test_053_a_workbook_that_expands_too_far_is_refused_before_it_is_unpacked(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 MB in 200 kB: the size in the directory is enough to refuse."""

    def opened(*_: object, **__: object) -> io.BytesIO:
        raise AssertionError("unpacked")

    with zipfile.ZipFile(plain, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media.xml", "w") as part:
        for _ in range(200):
            part.write(bytes(1_000_000))
    assert plain.stat().st_size < 1_000_000
    monkeypatch.setattr(zipfile.ZipFile, "open", opened)
    error = refusal(plain)
    assert error.code == "FG-IN-053"
    assert "expands to 200 MB (limit 100 MB)" in str(error)


def test_053_the_limit_counts_all_parts_together(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(plain) as archive:
        size = sum(part.file_size for part in archive.infolist())
    monkeypatch.setattr(xlsx_package, "MOST_UNPACKED", size)
    assert read_text_table(plain).rows == 2
    monkeypatch.setattr(xlsx_package, "MOST_UNPACKED", size - 1)
    assert refusal(plain).code == "FG-IN-053"


def test_053_a_part_yields_no_more_than_the_directory_says(plain: Path) -> None:
    """A directory that lies about the size of a part makes the workbook damaged, not large."""
    rewritten(plain, lambda name, content: content + b" " * 5_000_000 if name.endswith("sheet1.xml") else content)
    content = bytearray(plain.read_bytes())
    at = content.index(b"xl/worksheets/sheet1.xml", content.index(b"PK\x01\x02")) - 46
    content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    plain.write_bytes(bytes(content))
    assert refusal(plain).code == "FG-IN-074"


@pytest.mark.parametrize(
    "name", ["../evil.xml", "/etc/x", "xl/../../x", "C:\\x", "a\\b", "xl/\u202ex", "XL/Workbook.xml"]
)
def test_054_unsafe_and_doubled_names_are_refused(plain: Path, name: str) -> None:
    assert refusal(rewritten(plain, keep, **{name: "x"})).code == "FG-IN-054"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_054_xml_entities_are_refused(plain: Path, part: str) -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'

    def laughing(name: str, content: bytes) -> bytes:
        return content.replace(b"?>", b"?>" + laughs, 1) if name == part else content

    assert refusal(rewritten(plain, laughing)).code == "FG-IN-054"


@pytest.mark.parametrize(
    "change",
    [
        lambda name, content: None if name == "xl/worksheets/sheet1.xml" else content,
        lambda name, content: content[:-30] if name == "xl/worksheets/sheet1.xml" else content,
        lambda name, content: content.replace(b'<v>0</v>', b"<v>99</v>"),
        lambda name, content: content.replace(b'<v>0</v>', b"<v>-1</v>"),
        lambda name, content: content.replace(b'r="A2"', b'r="2A"'),
        lambda name, content: content.replace(b'row r="2"', b'row r="1"'),
        lambda name, content: content.replace(b"<v>1</v></c></row>", b"<v>x</v></c></row>"),
        lambda name, content: content.replace(b'numFmtId="0"', b'numFmtId="x"'),
        lambda name, content: content.replace(b'r="B2"', b'r="A2"'),
        lambda name, content: content.replace(b'<c r="B2"', b'<c r="B2" t="?"'),
        lambda name, content: content.replace(b'<c r="B2"><v>1', b'<c r="B2"><v>inf'),
        lambda name, content: content.replace(b"<pageMargins", b'<mergeCell ref="B:?"/><pageMargins'),
    ],
)  # fmt: skip
def test_074_a_damaged_workbook_is_refused(plain: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    assert refusal(rewritten(plain, change)).code == "FG-IN-074"


def test_074_a_truncated_archive_is_refused(plain: Path) -> None:
    plain.write_bytes(plain.read_bytes()[:-200])
    assert refusal(plain).code == "FG-IN-074"


@pytest.mark.parametrize(
    ("code", "is_date"),
    [
        ("0.00", False), ("General", False), ("[Red]0", False), ('0 "days"', False), ("0\\d", False),
        ("#,##0_d", False), ("yyyy", True), ("D.M.YY", True), ("[h]:mm", True), ("[$-409]d-mmm", True),
        ("mm:ss.0", True),
    ],
)  # fmt: skip
def test_date_formats_are_told_from_numbers(code: str, is_date: bool) -> None:
    assert number_format(200, code).is_date is is_date


@pytest.mark.parametrize(
    ("stored", "from_1904", "text"),
    [
        ("1", False, "1900-01-01"), ("59", False, "1900-02-28"), ("60", False, "1900-02-29"),
        ("61", False, "1900-03-01"), ("45356", False, "2024-03-05"), ("43894", True, "2024-03-05"),
        ("45356.5", False, "2024-03-05T12:00:00"), ("0.5", False, "12:00:00"), ("9e9", False, "9000000000"),
    ],
)  # fmt: skip
def test_days_are_counted_as_spreadsheets_count_them(stored: str, from_1904: bool, text: str) -> None:
    assert number_text(stored, NumberFormat(is_date=True), from_1904=from_1904) == text


def test_columns_are_lettered_as_in_a_spreadsheet() -> None:
    assert [letters(number) for number in (1, 26, 27, 702, 703, 16_384)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
