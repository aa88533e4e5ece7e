"""CSV files: every cell stays the text that it was; what cannot be read for certain is refused with its place."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given

from frostglass.errors import FrostglassError, InputError, UsageError
from frostglass.tables import text_table
from frostglass.tables.csv import strict as csv_reader
from frostglass.tables.readers import read_text_table
from frostglass.tables.text_table import Note, TextColumn, TextTable

SECRET = "Xylophonia"
"""Stands in a cell; must never stand in a message."""


def cells(table: TextTable) -> dict[str, list[str]]:
    return {column.name: [column.values[place] for place in column.index] for column in table.columns}


def codes(notes: Sequence[Note]) -> list[str]:
    return [note.code for note in notes]


def read(
    tmp_path: Path,
    content: bytes | str,
    name: str = "t.csv",
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    sheet: str | None = None,
) -> TextTable:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_text_table(path, delimiter=delimiter, encoding=encoding, sheet=sheet)


def refusal(tmp_path: Path, content: bytes | str, name: str = "t.csv", **options: str) -> FrostglassError:
    with pytest.raises(FrostglassError) as caught:
        read(tmp_path, content, name, **options)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


# ------------------------------------------------------------------------------------------- what is read exactly


def test_every_cell_is_the_text_that_it_was(tmp_path: Path) -> None:
    """27, 29 to 32: NA, numbers with zeros or exponents, truth words, spaces and blanks survive."""
    written = ["NA", "1", "", "007", "1E3", "True", "TRUE", " x ", "1.0", "nan", "2019-01-01", "é", "a b"]
    table = read(tmp_path, "v,w\n" + "".join(f"{value},1\n" for value in written))
    assert cells(table)["v"] == written
    assert table.notes == ()


def test_each_distinct_value_is_kept_once_in_order_of_appearance(tmp_path: Path) -> None:
    column = read(tmp_path, "a,b\nx,1\ny,1\nx,1\n").columns[0]
    assert column.values == ("x", "y")
    assert column.index.tolist() == [0, 1, 0]
    assert column.counts().tolist() == [2, 1]


def test_quotes_delimiters_and_line_breaks_inside_quotes_belong_to_the_value(tmp_path: Path) -> None:
    table = read(tmp_path, 'a,b\n"x,y","say ""so"""\n"two\nlines",z\n')
    assert cells(table) == {"a": ["x,y", "two\nlines"], "b": ['say "so"', "z"]}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_ends_of_both_kinds_read_alike(tmp_path: Path, ending: str) -> None:
    assert cells(read(tmp_path, ending.join(["a,b", "1,2", "3,"]))) == {"a": ["1", "3"], "b": ["2", ""]}


def test_columns_and_tables_that_contradict_themselves_cannot_be_made() -> None:
    index = np.array([0, 1], dtype=np.uint32)
    column = TextColumn("a", ("x", "y"), index)
    for make in (
        lambda: TextColumn("a", ("x",), index),
        lambda: TextColumn("a", ("x", "y"), index.astype(np.int64)),
        lambda: TextColumn("a", ("x", "y"), index.reshape(1, 2)),
        lambda: TextTable((column,), 3),
    ):
        with pytest.raises(ValueError, match="text"):
            make()
    with pytest.raises(ValueError, match="read-only"):
        column.index[0] = 1


def test_a_table_and_its_columns_print_as_withheld(tmp_path: Path) -> None:
    table = read(tmp_path, f"a\n{SECRET}\n")
    assert SECRET not in repr(table) + repr(table.columns) + repr(table.columns[0])


@given(
    rows=st.lists(st.lists(st.text("ab;\"'\n\r, é\u200b", max_size=4), min_size=2, max_size=2), max_size=12),
    quoting=st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    batch=st.integers(1, 4),
)
def test_what_a_csv_writer_writes_comes_back(
    rows: list[list[str]], quoting: Literal[0, 1], batch: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=quoting)
    writer.writerows([["h1", "h2"], *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "_BATCH", batch)
        table = read(tmp_path_factory.mktemp("csv"), text.getvalue())
    found = cells(table)
    assert [list(row) for row in zip(found["h1"], found["h2"], strict=True)] == rows


def test_polars_reads_the_same_cells(tmp_path: Path) -> None:
    """An independent reader, with nothing inferred, agrees on a file of both quoted and plain cells."""
    text = "a,b\n" + "".join(f'{place % 7},"v;{place % 5}"\n007,\n' for place in range(5_000))
    table = read(tmp_path, text)
    frame = pl.read_csv(tmp_path / "t.csv", infer_schema=False).fill_null("")
    assert cells(table) == frame.to_dict(as_series=False)


# ---------------------------------------------------------------------------------------- files that are no table


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_001_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(tmp_path, content).code == "FG-IN-001"


def test_002_a_header_alone_is_read_as_a_table_without_records(tmp_path: Path) -> None:
    """Whether that is acceptable is the check's decision."""
    table = read(tmp_path, "a,b\n")
    assert (table.rows, len(table.columns)) == (0, 2)


def test_003_folders_and_pipes_are_refused_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path, tmp_path / "pipe.csv", Path("/dev/null")):
        with pytest.raises(InputError, match="FG-IN-003"):
            read_text_table(path)


def test_003_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"FG-IN-071.*nowhere\.csv"):
        read_text_table(tmp_path / "nowhere.csv")


def test_004_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> int:
        raise PermissionError

    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(InputError, match="FG-IN-004"):
        read_text_table(path)


def test_005_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the change made it unreadable: the change is the cause to name."""
    path = tmp_path / "t.csv"

    def meddling(headings: Sequence[str]) -> None:
        path.write_text("a,b\n1,2\n3,4,5\n")
        text_table.check_headings(headings)

    monkeypatch.setattr("frostglass.tables.csv.strict.check_headings", meddling)
    assert refusal(tmp_path, "a,b\n1,2\n").code == "FG-IN-005"


def test_005_a_file_that_vanishes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frostglass.tables.csv.strict.check_headings", lambda _: (tmp_path / "t.csv").unlink())
    assert refusal(tmp_path, "a,b\n1,2\n").code == "FG-IN-005"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_006_utf_16_is_recognised_and_read_when_asked_for(tmp_path: Path, encoding: str) -> None:
    content = f"a,b\n{SECRET},1\n".encode(encoding)
    error = refusal(tmp_path, content)
    assert error.code == "FG-IN-006"
    assert "`encoding=utf-16`" in str(error)
    assert cells(read(tmp_path, content, encoding=encoding)) == {"a": [SECRET], "b": ["1"]}


def test_007_bytes_that_are_not_utf_8_are_placed_and_another_encoding_proposed(tmp_path: Path) -> None:
    content = "a,b\n1,2\n1,caf\u00e9\n".encode("cp1252")
    error = refusal(tmp_path, content)
    assert error.code == "FG-IN-007"
    assert "line 3, byte 6 of the line" in str(error)
    assert "`encoding=cp1252`" in str(error)
    assert cells(read(tmp_path, content, encoding="cp1252"))["b"] == ["2", "café"]


def test_007_bytes_that_fit_no_other_encoding_either_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"a,b\n1\n2,\xff\n").code in ("FG-IN-007", "FG-IN-016")
    assert refusal(tmp_path, b"a,b\n1\n" + b"2,3\n" * 90_000 + b"4,\xff\n").code == "FG-IN-007"
    assert refusal(tmp_path, b"a\n\x81\n", encoding="cp1252").code == "FG-IN-007"
    assert refusal(tmp_path, b"\xff\xfea\x00\n\x00b", encoding="utf-16").code == "FG-IN-007"


def test_008_a_byte_order_mark_is_skipped_and_noted(tmp_path: Path) -> None:
    table = read(tmp_path, b'\xef\xbb\xbf"a",b\n1,2\n')
    assert list(cells(table)) == ["a", "b"]
    assert codes(table.notes) == ["FG-IN-008"]


def test_009_a_nul_is_refused_with_its_line(tmp_path: Path) -> None:
    error = refusal(tmp_path, f"a,b\n1,2\n{SECRET}\0,2\n")
    assert error.code == "FG-IN-009"
    assert "line 3" in str(error)


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"PK\x03\x04", "Excel"),
        (b"\xd0\xcf\x11\xe0", "Excel"),
        (b"PAR1", "Parquet"),
        (b"\x1f\x8b", "unpack"),
        (b"%PDF", "PDF"),
    ],
)
def test_010_another_format_under_the_name_of_csv_is_named(tmp_path: Path, head: bytes, word: str) -> None:
    error = refusal(tmp_path, head + bytes(100))
    assert error.code == "FG-IN-010"
    assert word in str(error)


@pytest.mark.parametrize("name", ["t.xlsx", "t.parquet"])
def test_010_text_under_the_name_of_another_format_is_named(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path, "a,b\n1,2\n", name).code == "FG-IN-010"


# --------------------------------------------------------------------------------------- rows that do not fit


@pytest.mark.parametrize(("delimiter", "option"), [(";", "';'"), ("\t", "tab"), ("|", "'|'")])
def test_011_another_delimiter_is_recognised_and_proposed(tmp_path: Path, delimiter: str, option: str) -> None:
    content = f"a{delimiter}b\n{SECRET}{delimiter}1,5\n"
    error = refusal(tmp_path, content)
    assert error.code == "FG-IN-011"
    assert f"`delimiter={option}`" in str(error)
    assert cells(read(tmp_path, content, delimiter=option.strip("'"))) == {"a": [SECRET], "b": ["1,5"]}


def test_011_a_delimiter_or_encoding_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    for delimiter in ("", ";;", '"', "\n", " "):
        assert refusal(tmp_path, "a\n1\n", delimiter=delimiter).code == "FG-OP-080"
    for encoding in ("utf-9", "hex", "undefined"):
        error = refusal(tmp_path, "a\n1\n", encoding=encoding)
        assert error.code == "FG-OP-081"
        assert isinstance(error, UsageError)


@pytest.mark.parametrize(
    "content",
    [
        f'a,b\n1,2\n"{SECRET},2\n3,4\n',  # to the end of the file
        f'a,b\n1,2\n"{SECRET},2\n3,"4"\n',  # to a quote that stands inside another value
        f'a,b\n1,2\n"{SECRET},2\n3,4"\n5,6\n',  # to a quote that happens to end a value
        f'a,b\n1,2\n"{SECRET},2\n' + "3,4\n" * 60_000,  # beyond what one value may hold
    ],
)
def test_012_an_unclosed_quote_is_placed_where_it_opened(tmp_path: Path, content: str) -> None:
    error = refusal(tmp_path, content)
    assert error.code == "FG-IN-012"
    assert "line 3 " in str(error)


def test_012_text_after_a_closing_quote_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, f'a,b\n"{SECRET}"x,2\n')
    assert error.code == "FG-IN-012"
    assert "line 2 " in str(error)


def test_013_lines_that_end_in_cr_alone_are_read_and_noted(tmp_path: Path) -> None:
    table = read(tmp_path, "a,b\r1,2\r3,4\r")
    assert cells(table) == {"a": ["1", "3"], "b": ["2", "4"]}
    assert codes(table.notes) == ["FG-IN-013"]


def test_014_trailing_delimiters_are_refused_with_the_numbers_of_values(tmp_path: Path) -> None:
    error = refusal(tmp_path, "a,b\n1,2,\n3,4,\n")
    assert error.code == "FG-IN-014"
    assert "3 values where the header has 2" in str(error)


def test_015_a_row_with_more_values_is_placed(tmp_path: Path) -> None:
    error = refusal(tmp_path, f"a,b\n1,2\n3,4,{SECRET}\n")
    assert error.code == "FG-IN-015"
    assert "line 3 " in str(error)


def test_016_short_rows_are_counted_and_the_first_five_placed(tmp_path: Path) -> None:
    error = refusal(tmp_path, "a,b\n1,2\n" + f"{SECRET}\n" * 7)
    assert error.code == "FG-IN-016"
    assert "7 lines (3, 4, 5, 6, 7, …)" in str(error)


def test_017_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    table = read(tmp_path, "a,b\n1,2\n\n\n3,4\n\n")
    assert table.rows == 2
    assert [(note.code, note.count) for note in table.notes] == [("FG-IN-017", 3)]


def test_017_whole_batches_of_blank_lines_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "_BATCH", 2)
    assert read(tmp_path, "a,b\n\n\n\n\n1,2\n").rows == 1


def test_017_in_a_file_of_one_column_a_blank_line_is_a_missing_value(tmp_path: Path) -> None:
    table = read(tmp_path, 'a\n1\n\n""\n2\n')
    assert cells(table) == {"a": ["1", "", "", "2"]}
    assert [(note.code, note.count) for note in table.notes] == [("FG-IN-017", 1)]


def test_018_a_row_of_delimiters_is_a_record(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "a,b\n,\n1,2\n")) == {"a": ["", "1"], "b": ["", "2"]}


# ------------------------------------------------------------------------------------------ headings and limits


def test_019_equal_headings_are_refused_by_position(tmp_path: Path) -> None:
    """The headings themselves are not quoted: without a header row they would be somebody's record."""
    error = refusal(tmp_path, f"{SECRET},b, {SECRET} \n1,2,3\n")
    assert error.code == "FG-IN-019"
    assert "columns 1 and 3" in str(error)


def test_020_blank_headings_are_refused_by_position(tmp_path: Path) -> None:
    error = refusal(tmp_path, "a,,c, \n1,2,3,4\n")
    assert error.code == "FG-IN-020"
    assert "columns 2 and 4" in str(error)
    assert refusal(tmp_path, "\na,b\n1,2\n").code == "FG-IN-020"


def test_025_more_rows_than_the_limit_are_refused_with_the_way_to_raise_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_table, "MOST_ROWS", 3)
    assert read(tmp_path, "a,b\n" + "1,2\n" * 3).rows == 3
    error = refusal(tmp_path, "a,b\n" + "1,2\n" * 4)
    assert error.code == "FG-IN-025"
    assert "text_table.MOST_ROWS" in str(error)


def test_025_more_columns_than_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_table, "MOST_COLUMNS", 3)
    assert len(read(tmp_path, "a,b,c\n1,2,3\n").columns) == 3
    assert refusal(tmp_path, "a,b,c,d\n1,2,3,4\n").code == "FG-IN-025"


@pytest.mark.parametrize("length", [201, 200_000])
def test_026_a_value_that_is_no_code_is_refused_with_its_line(tmp_path: Path, length: int) -> None:
    assert read(tmp_path, f"a,b\n{'x' * 200},2\n").rows == 1
    error = refusal(tmp_path, f"a,b\n1,2\n{'x' * length},2\n")
    assert error.code == "FG-IN-026"
    assert "line 3 " in str(error)


def test_026_a_long_heading_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, f"a,{'x' * 201}\n1,2\n").code == "FG-IN-026"


def test_037_a_heading_with_characters_that_cannot_be_seen_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, "a,b\u200b\n1,2\n")
    assert error.code == "FG-IN-037"
    assert "column 2" in str(error)
    assert "U+200B" in str(error)


def test_a_sheet_of_a_text_file_is_wrong_usage(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a\n1\n", sheet="Sheet1").code == "FG-OP-083"


def test_the_line_ends_of_windows_are_no_lone_returns(tmp_path: Path) -> None:
    path = tmp_path / "windows.csv"
    path.write_bytes(b"a,b\r\n" + b"1,2\r\n" * 20_000)
    assert [note.code for note in read_text_table(path).notes] == []


# -------------------------------------------------------------------------------------------- only some of the columns

STORY = f"{SECRET} \0 and on\nand on " * 4_000


def test_only_the_wanted_columns_are_kept_in_the_order_of_the_file(tmp_path: Path) -> None:
    seen: list[tuple[str, ...]] = []

    def only(headings: tuple[str, ...]) -> list[str]:
        seen.append(headings)
        return ["c", " a "]

    path = tmp_path / "t.csv"
    path.write_text(f' a ,story,c,d\n1,"{STORY}",3,4\n,"{STORY}",x,y\n')
    table = read_text_table(path, only=only)
    assert cells(table) == {" a ": ["1", ""], "c": ["3", "x"]}
    assert (table.rows, table.headings, table.notes) == (2, (" a ", "story", "c", "d"), ())
    assert seen == [(" a ", "story", "c", "d")]
    assert refusal(tmp_path, path.read_bytes()).code == "FG-IN-012"


def test_a_table_of_which_no_column_is_wanted_still_has_its_rows(tmp_path: Path) -> None:
    read(tmp_path, "a,b\n1,2\n\n3,4\n")
    table = read_text_table(tmp_path / "t.csv", only=lambda _: ())
    assert (table.columns, table.rows, table.headings) == ((), 2, ("a", "b"))


def test_all_headings_are_known_when_all_columns_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n1,2\n").headings == ("a", "b")
    column = read(tmp_path, "a\n1\n").columns[0]
    assert TextTable((column,), 1).headings == ("a",)
    with pytest.raises(ValueError, match="headings"):
        TextTable((column,), 1, (), ("b", "c"))


@given(
    rows=st.lists(st.lists(st.text('ab,"\n', max_size=3), min_size=4, max_size=4), max_size=9),
    wanted=st.sets(st.sampled_from("pqrs")),
    batch=st.integers(1, 4),
)
def test_wanted_columns_are_those_of_the_whole_table(
    rows: list[list[str]], wanted: set[str], batch: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([list("pqrs"), *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "_BATCH", batch)
        folder = tmp_path_factory.mktemp("csv")
        whole = read(folder, text.getvalue())
        some = read_text_table(folder / "t.csv", only=lambda _: wanted)
    assert cells(some) == {name: column for name, column in cells(whole).items() if name in wanted}
    assert (some.rows, some.headings, some.notes) == (whole.rows, whole.headings, whole.notes)


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        (f"a,story\n1,{SECRET}\n2\n", "FG-IN-016", "line 3 "),
        (f"a,story\n1,{SECRET},3\n", "FG-IN-015", "line 2 "),
        (f"a,story\n1,{SECRET},\n", "FG-IN-014", "line 2 "),
        (f'a,story\n1,"{SECRET}\n2,x\n', "FG-IN-012", "line 2 "),
        (f'a,story\n1,"{SECRET}\nx",3\n', "FG-IN-012", "line 3 "),
        (f'a,story\n1,"{SECRET}"x\n', "FG-IN-012", "line 2 "),
        (f"a,story\n1,{SECRET * 20}\n{'x' * 201},2\n", "FG-IN-026", "line 3 "),
        (f"a,story\n1,\0{SECRET}\n\0,2\n", "FG-IN-009", "line 3 "),
        (b"a,story\n1,Xylophonia\xff\n", "FG-IN-007", "line 2, byte 13"),
        (f"a,story\n1,{SECRET}{'x' * 131_072}\n", "FG-IN-026", "131,072 characters"),
        (f'a,story\n1,"{SECRET}\n{"x" * 131_072}"\n', "FG-IN-012", "131,072 characters"),
        ("a,story,story\n1,2,3\n", "FG-IN-019", "columns 2 and 3"),
    ],
)
def test_faults_of_structure_are_found_in_columns_that_are_not_wanted(
    tmp_path: Path, content: bytes | str, code: str, word: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError) as caught:
        read_text_table(path, only=lambda _: ["a"])
    assert caught.value.code == code
    assert word in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_column_that_there_is_not_cannot_be_wanted(tmp_path: Path) -> None:
    read(tmp_path, "a,b\n1,2\n")
    with pytest.raises(ValueError, match="given headings"):
        read_text_table(tmp_path / "t.csv", only=lambda _: ["a", "c"])


def test_only_the_wanted_columns_of_a_parquet_file_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": [1, None], "story": [STORY, "x"], "parts": [[1], [2]], "b": ["x", "y"]}).write_parquet(path)
    table = read_text_table(path, only=lambda headings: {headings[3], headings[0]})
    assert cells(table) == {"a": ["1", ""], "b": ["x", "y"]}
    assert table.headings == ("a", "story", "parts", "b")
    with pytest.raises(InputError, match="FG-IN-009"):
        read_text_table(path, only=lambda _: ["story"])
    with pytest.raises(InputError, match="FG-IN-072"):
        read_text_table(path, only=lambda _: ["parts"])
    with pytest.raises(ValueError, match="given headings"):
        read_text_table(path, only=lambda _: ["c"])
