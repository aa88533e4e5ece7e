"""Files as text tables: the format is told by content, and the name must not contradict it."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from frostglass.arrays.contained_xlsx import read_contained_xlsx
from frostglass.arrays.csv_reader import read_csv
from frostglass.arrays.frames import from_frame, read_parquet
from frostglass.arrays.steady_file import steady
from frostglass.arrays.text_table import Only, TextTable
from frostglass.errors import InputError, UsageError

__all__ = ["from_frame", "read_text_table"]

_PARQUET, _ZIP, _OLE = b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

_WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


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
        if head == _PARQUET and suffix in (".parquet", ".pq", ""):
            table = read_parquet(file, only=only)
        elif suffix in _WORKBOOKS or (head == _ZIP and not suffix):
            return _read_workbook(file, head, sheet, only)
        elif suffix in (".parquet", ".pq"):
            raise InputError("FG-IN-010", f"{path.name} is no Parquet file, whatever its name says: export it again")
        else:
            table = read_csv(file, delimiter=delimiter, encoding=encoding, only=only)
    if sheet is not None:
        raise UsageError("FG-OP-083", "--sheet is for workbooks (.xlsx); this file has no sheets")
    return table


def _read_workbook(file: BinaryIO, head: bytes, sheet: str | None, only: Only | None) -> TextTable:
    if head == _OLE:
        raise InputError(
            "FG-IN-052",
            "this workbook has a password or is in the old .xls format: save it as .xlsx or CSV without one",
        )
    if head != _ZIP:
        raise InputError("FG-IN-010", "this is no workbook, whatever its name says: if it is text, name it .csv")
    return read_contained_xlsx(file, sheet=sheet, only=only)
