"""Inputs with a canary in every column, heading, sheet and file name."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from audits.inputs.tries import text
from audits.leaks.watch import CELL, STEM
from frostglass.simulate.casefiles import write_case_files
from tests.survey import SMALL, survey

HEADING, SHEET, FILE = f"Head{STEM}", f"Sheet{STEM}", f"File{STEM}"

IDENTIFIER = """
[[variable]]
name = "who"
type = "nominal"
role = "direct_identifier"
"""


def planted_survey(rows: int) -> pl.DataFrame:
    """A table that fits the codebook, with canaries as person keys, as identifiers and in a column it doesn't name."""
    canaries = [f"{CELL}{row}" for row in range(rows)]
    return survey(rows).with_columns(
        pl.Series("who", canaries), pl.Series("case", canaries), pl.Series(HEADING, canaries)
    )


def write_survey(folder: Path, ending: str) -> Path:
    """The table as a file of that kind, beside its codebook."""
    (folder / "book.toml").write_text(SMALL + IDENTIFIER)
    table, path = planted_survey(60), folder / f"{FILE}.{ending}"
    if ending == "csv":
        table.write_csv(path)
    elif ending == "parquet":
        table.write_parquet(path)
    else:
        with xlsxwriter.Workbook(path) as workbook:
            sheet = workbook.add_worksheet(SHEET)
            for number, row in enumerate([table.columns, *table.iter_rows()]):
                sheet.write_row(number, 0, ["" if each is None else each for each in row])
    return path


def write_planted_case_files(folder: Path) -> None:
    """Case files of every map, with a canary in each column of some row, and a column and a key that no map names."""
    write_case_files(folder, 60, 7)
    for path in folder.glob("*.csv"):
        if path.name != "truth.csv":
            path.write_bytes(_planted_rows(path.read_bytes()))
    for path in folder.glob("*.json"):
        records = json.loads(path.read_text(encoding="utf-8"))
        planted = [{**_planted(record, number), HEADING: CELL} for number, record in enumerate(records)]
        path.write_text(json.dumps(planted), encoding="utf-8")


def _planted_rows(content: bytes) -> bytes:
    text = content.decode("utf-8-sig")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    rows[0].append(HEADING)
    for number, row in enumerate(rows[1:]):
        row.append(CELL)
        row[number % len(row)] += CELL
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return written.getvalue().encode("utf-8")


def _planted(record: dict[str, Any], number: int) -> dict[str, Any]:
    """The record with a canary in one of its texts."""
    places = list(_texts(record))
    holder, key = places[number % len(places)]
    holder[key] += CELL
    return record


def _texts(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found += [(value, key)] if isinstance(inner, str) else _texts(inner)
    return found


def _workbook(*sheets: str, hidden: bool = False) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        with xlsxwriter.Workbook(folder / "t.xlsx") as workbook:
            for name in sheets:
                sheet = workbook.add_worksheet(name)
                sheet.write_row(0, 0, [f"{HEADING} {name}", "sex"])
                sheet.write_row(1, 0, [CELL, CELL])
                if hidden:
                    sheet.set_column(0, 0, None, None, {"hidden": True})

    return write


_ROW = "F,18-59,1,en,x"

BAD_HEADINGS: Sequence[tuple[str, Callable[[Path], None]]] = (
    *(
        ("t.csv", text(_ROW, header=header))
        for header in (
            f"sex,age,works{STEM},langs,x",
            f"sex,age,works,langs,phone {STEM}",
            f"sex,age,works,langs,{STEM * 100}",
            f"sex,age,{HEADING},{HEADING},langs",
            f"sex,age,works,{HEADING}\u200b,langs",
            f"{HEADING},a{HEADING},b{HEADING},c{HEADING},d{HEADING}",
            f"sex;age;works;langs;{HEADING}",
            f'sex,age,works,langs,"{HEADING}',
            f"sex,age,works,langs,F,{HEADING}",
        )
    ),
    ("t.xlsx", _workbook(SHEET, f"a{SHEET}")),
    ("t.xlsx", _workbook(SHEET, hidden=True)),
)
"""Tables whose headings and sheets are refused, with their names."""

BROKEN_JSON: Sequence[Callable[[str], str]] = (
    lambda text: text[: text.index(CELL) + len(CELL)],
    lambda text: text.replace(f'"{CELL}', f'{CELL}"', 1),
    lambda text: text.replace(f'"{HEADING}": "{CELL}"', f'"{HEADING}": "{CELL}", "{HEADING}": "{CELL}"', 1),
    lambda text: text.replace(f'"{CELL}"', f'"{CELL}\\ud800"', 1),
    lambda text: text.replace(f'"{CELL}"', f'NaN, "{CELL}": 1', 1),
    lambda text: text + CELL,
    lambda text: f'["{CELL}", {text}]',
)
"""Ways to break a JSON file just beside a canary."""
