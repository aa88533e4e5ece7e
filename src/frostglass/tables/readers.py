"""Files as text tables: the format is told by content, and the name must not contradict it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from frostglass.errors import InputError, UsageError
from frostglass.tables.csv.in_parts import LargeCsv
from frostglass.tables.csv.strict import read_csv
from frostglass.tables.frames import from_frame, read_parquet
from frostglass.tables.large_parquet import LargeParquet
from frostglass.tables.signatures import LONGEST_HEAD, foreign_format, foreign_text
from frostglass.tables.steady_file import steady
from frostglass.tables.text_table import Only, TableInParts, TextTable
from frostglass.tables.xlsx.contained import read_contained_xlsx

__all__ = ["Large", "from_frame", "open_in_parts", "read_text_table"]

_PARQUET, _ZIP, _OLE = b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

_PARQUETS = (".parquet", ".pq")
_WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


@dataclass(frozen=True)
class Large:
    """From when on a file is large: records of a Parquet file by its footer, bytes of a CSV file."""

    rows: int
    size: int


def read_text_table(
    path: Path,
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    sheet: str | None = None,
    only: Only | None = None,
) -> TextTable:
    """The table in a CSV, Parquet or XLSX file, every cell as the text that stands for it.

    ``only`` is given the headings as they stand and returns those of the columns that are wanted; the others are
    never kept, and may hold free text. A workbook is read in a process of its own, with limits.

    Raises InputError with the place and the way out; never with a value of a cell. The reference "bad input" lists
    them all.
    """
    with steady(path) as file:
        head = file.read(4)
        file.seek(0)
        suffix = path.suffix.casefold()
        if head == _PARQUET and suffix in (*_PARQUETS, ""):
            table = read_parquet(file, only=only)
        elif suffix in _WORKBOOKS or (head == _ZIP and not suffix):
            return _read_workbook(file, head, sheet, only)
        elif suffix in _PARQUETS:
            raise InputError("FG-IN-010", f"{path.name} is no Parquet file but {_other(file)}")
        else:
            table = read_csv(file, delimiter=delimiter, encoding=encoding, only=only)
    _check_no_sheet(sheet)
    return table


@contextmanager
def open_in_parts(
    path: Path, large: Large, *, delimiter: str = ",", encoding: str = "utf-8", sheet: str | None = None
) -> Iterator[TableInParts | None]:
    """A large CSV or Parquet file, open until the end of the block; None for any other: read that whole.

    Raises like ``read_text_table``, in the block too: also when the file changed before its end.
    """
    with steady(path) as file:
        table = _in_parts(path, file, large, delimiter, encoding)
        if table is not None:
            _check_no_sheet(sheet)
            yield table
            return
    yield None


def _in_parts(path: Path, file: BinaryIO, large: Large, delimiter: str, encoding: str) -> TableInParts | None:
    head = file.read(4)
    file.seek(0)
    suffix = path.suffix.casefold()
    if head == _PARQUET and suffix in (*_PARQUETS, ""):
        parquet = LargeParquet(file)
        return parquet if parquet.rows >= large.rows else None
    if suffix in (*_WORKBOOKS, *_PARQUETS) or (head == _ZIP and not suffix):
        return None
    if path.stat().st_size < large.size or not delimiter.isascii():
        return None
    return LargeCsv(file, delimiter=delimiter, encoding=encoding)


def _check_no_sheet(sheet: str | None) -> None:
    if sheet is not None:
        raise UsageError("FG-OP-083", "`sheet` is for workbooks (.xlsx); this file has no sheets")


def _other(file: BinaryIO) -> str:
    """What a file is whose name says something else, and the way out."""
    head = file.read(LONGEST_HEAD)
    kind = foreign_format(head) or foreign_text(head.decode("utf-8", errors="ignore"))
    return kind or "something else than its name says: if it is CSV, name it .csv, else export it again"


def _read_workbook(file: BinaryIO, head: bytes, sheet: str | None, only: Only | None) -> TextTable:
    if head == _OLE:
        raise InputError(
            "FG-IN-052",
            "this workbook has a password or is in the old .xls format: save it as .xlsx or CSV without one",
        )
    if head != _ZIP:
        raise InputError("FG-IN-010", f"this is no workbook but {_other(file)}")
    return read_contained_xlsx(file, sheet=sheet, only=only)
