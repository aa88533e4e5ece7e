"""Files of another kind are named, with the way out, whatever their name says."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from frostglass.errors import InputError
from frostglass.sensitive.coding.intake import opened, read
from frostglass.tables.text_table import columns_at

TABLE = pl.DataFrame({"a": ["x", "y"], "b": ["1", "2"]})


def written(how: str) -> bytes:
    held = io.BytesIO()
    if how == "parquet":
        TABLE.write_parquet(held)
    elif how == "feather":
        TABLE.write_ipc(held)
    elif how == "avro":
        TABLE.write_avro(held)
    else:
        np.save(held, np.zeros(3))
    return held.getvalue()


def zipped(**parts: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return held.getvalue()


def database(folder: Path) -> bytes:
    path = folder / "made.db"
    made = sqlite3.connect(path)
    made.execute("create table t (a)")
    made.commit()
    made.close()
    return path.read_bytes()


CSV = b"a,b\nx,1\ny,2\n"
ODS = zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet", content=b"")
KINDS: list[tuple[bytes, str, str]] = [
    (b"$FL2@(#) SPSS DATA FILE" + b"\0" * 200, "SPSS file (.sav)", "CSV"),
    (b"$FL3@(#) SPSS DATA FILE" + b"\0" * 200, "SPSS file (.zsav)", "CSV"),
    (b"ASCII SPSS PORT FILE" * 3 + b" " * 300, "SPSS portable", "CSV"),
    (b"<stata_dta><header><release>118</release>", "Stata", "CSV"),
    (bytes([114, 2, 1, 0]) + b"\0" * 105, "Stata", "CSV"),
    (b"\0" * 12 + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf" + b"\0" * 100, "SAS file", "CSV"),
    (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!000000", "SAS transport", "CSV"),
    (b"RDX3\nX\n" + b"\0" * 20, "R data", "CSV"),
    (b"X\n\0\0\0\3" + b"\0" * 20, "R data", "CSV"),
    (gzip.compress(CSV, mtime=0), "gzip", "unpack"),
    (bz2.compress(CSV), "bzip2", "unpack"),
    (lzma.compress(CSV), "xz", "unpack"),
    (b"\x28\xb5\x2f\xfd" + b"\0" * 20, "Zstandard", "unpack"),
    (b"7z\xbc\xaf\x27\x1c" + b"\0" * 20, "7z", "unpack"),
    (b"Rar!\x1a\x07\0" + b"\0" * 20, "RAR", "unpack"),
    (b"table.csv".ljust(257, b"\0") + b"ustar\0" + b"\0" * 250, "tar archive", "unpack"),
    (ODS, "OpenDocument spreadsheet", "CSV"),
    (zipped(table=CSV), "zip archive", ".xlsx"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "old Excel workbook", "CSV"),
    (written("parquet"), "Parquet", ".parquet"),
    (written("feather"), "Arrow or Feather", "Parquet"),
    (written("avro"), "Avro", "Parquet"),
    (written("numpy"), "NumPy", "CSV"),
    (b"\x89HDF\r\n\x1a\n" + b"\0" * 20, "HDF5", "CSV"),
    (b"\0\1\0\0Standard ACE DB\0", "Access", "CSV"),
    (b"\x03\x7c\x05\x06" + b"\0" * 40, "dBase", "CSV"),
    (b"%PDF-1.7\n", "PDF", "export"),
    (b"{\\rtf1\\ansi a,b}", "RTF", "export"),
    (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "image", "export"),
    (b"\xff\xd8\xff\xe0" + b"\0" * 20, "image", "export"),
    (b"-----BEGIN PGP MESSAGE-----\n\nabc\n", "encrypted", "decrypt"),
    (b"<!DOCTYPE html>\n<html><table><tr><td>a</td></tr></table></html>", "web page", ".xlsx"),
    (b"\xef\xbb\xbf  <HTML><body>", "web page", ".xlsx"),
    (b'<?xml version="1.0"?>\n<Workbook>', "XML", "CSV"),
    (b"<data><row><a>x</a></row></data>", "XML", "CSV"),
    (b'{"a": "x", "b": "1"}\n{"a": "y", "b": "2"}\n', "JSON lines", "CSV"),
    (b'\xef\xbb\xbf{"a": "x, y"}\n', "JSON lines", "CSV"),
    (b'[{"a": "x"}, {"a": "y"}]', "JSON", "CSV"),
    (b'[\n  {"a": "x"},\n', "JSON", "CSV"),
    (b'{\n  "rows": [1, 2]\n}', "JSON", "CSV"),
]


@pytest.mark.parametrize(("data", "kind", "way_out"), KINDS)
@pytest.mark.parametrize("name", ["t.csv", "t", "t.sav", "t.xlsx", "t.parquet"])
def test_a_file_of_another_kind_is_named_with_the_way_out(
    data: bytes, kind: str, way_out: str, name: str, tmp_path: Path
) -> None:
    fits = {("Parquet", "t"), ("Parquet", "t.parquet"), ("zip archive", "t"), ("zip archive", "t.xlsx")}
    zips = kind in ("OpenDocument spreadsheet", "old Excel workbook") and name in ("t", "t.xlsx")
    if (kind, name) in fits or zips:
        return  # by that name it is read, or refused as a workbook
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as error, opened(tmp_path / name):
        pass
    assert error.value.code == "FG-IN-010"
    assert kind in error.value.message
    assert way_out in error.value.message
    assert "x" not in error.value.message.split()


def test_a_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(database(tmp_path))
    with pytest.raises(InputError, match="SQLite"):
        read(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("first", "shown"),
    [
        ("sep=;", "';'"),
        ("SEP=,", "','"),
        ('"sep=|"', "'|'"),
        ("sep=\t", "tab"),
        ("\ufeffsep=;", "';'"),
        ("sep=,,", "','"),
    ],
)
def test_the_sep_line_of_excel_is_named(first: str, shown: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"{first}\r\na;b\r\nx;1\r\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"Excel's sep= mark") as error:
        read(tmp_path / "t.csv")
    assert error.value.code == "FG-IN-011"
    assert error.value.message.endswith(f"`delimiter={shown}`")


@pytest.mark.parametrize(
    "text",
    [
        "{a},b\n1,2\n",
        "[a],[b]\n1,2\n",
        "[a]\n1\n",
        "<5,b\n1,2\n",
        "<a>,<b>\n1,2\n",
        "sep,b\n1,2\n",
        "sep=x;y,b\n1,2\n",
        "%,b\n1,2\n",
    ],
)
def test_headings_that_merely_begin_like_something_else_are_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert read(tmp_path / "t.csv").reveal().rows == 1


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("a,", "no heading stands above column 2 of 2: "),
        (",a,", "no heading stands above columns 1 and 3 of 3: "),
        ("a,b,a", "columns 1 and 3 have the same heading: "),
        ("a,a,a", "columns 1, 2 and 3 have the same heading: "),
        ("," * 10 + "a", "no heading stands above columns 1, 2, 3, 4, 5, 6, 7, 8 and 2 more of 11: "),
    ],
)
def test_columns_are_counted_in_english(header: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"{header}\n{header.replace('a', '1')}\n")
    with pytest.raises(InputError) as error:
        read(tmp_path / "t.csv")
    assert error.value.message.startswith(words)


def test_one_column_is_one_and_several_are_several() -> None:
    assert [columns_at([3]), columns_at([1, 2]), columns_at([1, 2, 5])] == [
        "column 3",
        "columns 1 and 2",
        "columns 1, 2 and 5",
    ]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("x,1,2\n", "line 2 has more values than the header (2): "),
        ("x,1,2\ny,1,2\n", "2 lines (2, 3) have more values than the header (2): "),
        ("x,1,\n", "line 2 has 3 values where the header has 2, the last ones empty: "),
        ("x\n", "line 2 has fewer values than the header (2): "),
        ("x\ny\nx,1\n", "2 lines (2, 3) have fewer values than the header (2): "),
        ("x\0,1\n", "line 2 has a NUL character: "),
    ],
)
def test_lines_are_counted_in_english(rows: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"a,b\n{rows}")
    with pytest.raises(InputError) as error:
        read(tmp_path / "t.csv")
    assert error.value.message.startswith(words)
