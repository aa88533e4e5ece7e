"""What is fuzzed: each reader of files that somebody else may have made, with a few sound files to start from.

A reader may give a result or raise a FrostglassError; nothing else. What it reads lies in a folder in memory.
"""

from __future__ import annotations

import io
import json
import random
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NoReturn

import polars as pl
import xlsxwriter

from audits.inputs.built_files import json_text, parquet
from frostglass import codebooks
from frostglass.boundary.ledger.book import Book
from frostglass.boundary.ledger.entries import line_of
from frostglass.boundary.ledger.witness import Witness
from frostglass.bundle.format.formats import COUNTS, Schema, records_schema
from frostglass.bundle.format.manifest import (
    CODEBOOK,
    COUNTS_PARQUET,
    MANIFEST,
    MEASUREMENTS,
    RECORDS_PARQUET,
    parse_manifest,
)
from frostglass.bundle.format.measurement_file import COLUMNS as MEASURED
from frostglass.bundle.format.measurement_file import decode
from frostglass.codebooks.import_maps import map_from, shipped_maps
from frostglass.desk.release_file import read_release_file
from frostglass.errors import BundleError, FrostglassError
from frostglass.sensitive.coding import check
from frostglass.sensitive.importing.description import read_description
from frostglass.sensitive.linkage.decisions import COLUMNS, read_decisions
from frostglass.tables.json_reader import json_records
from frostglass.tables.readers import read_text_table
from frostglass.tables.xlsx.reader import read_xlsx
from frostglass.terms.custody import Sensitive
from frostglass.terms.unit import PrivacyUnit
from frostglass.verification.report import verify
from tests.boundary.support import in_memory, reserve
from tests.bundle.support import ENVIRONMENT, reseal, sealed, weather
from tests.survey import SMALL, survey


@dataclass(frozen=True)
class Target:
    """``read`` takes the bytes of a file and a folder for it; ``seeds`` are sound files, ``words`` its language.

    ``built`` makes a file that is to harm, where changes of sound ones would hardly come to one.
    """

    read: Callable[[bytes, Path], object]
    seeds: Callable[[], Sequence[bytes]]
    words: Sequence[bytes] = ()
    built: Callable[[random.Random], bytes] | None = None


def run(target: Target, data: bytes, folder: Path) -> None:
    """Read one file; anything but a result or a FrostglassError is raised."""
    try:
        target.read(data, folder)
    except FrostglassError as error:
        if error.code.startswith("FG-XX"):
            raise RuntimeError("a fault was reported as one of the program") from error


# Tables and case files


def _table(name: str) -> Callable[[bytes, Path], object]:
    def read(data: bytes, folder: Path) -> object:
        table = read_text_table(_file(data, folder, name))
        return check.check(
            Sensitive(table, "fuzzed"), codebooks.loads(SMALL, source="small"), unit=PrivacyUnit("person")
        )

    return read


def _csv_seeds() -> Sequence[bytes]:
    text = survey(8).write_csv()
    quoted = survey(6).write_csv(quote_style="always")
    return [
        text.encode(),
        quoted.encode(),
        text.replace(",", ";").replace("\n", "\r\n").encode(),
        text.encode("utf-16"),
    ]


def _xlsx_seeds() -> Sequence[bytes]:
    plain, rich = io.BytesIO(), io.BytesIO()
    for stream in (plain, rich):
        with xlsxwriter.Workbook(stream, {"in_memory": True}) as workbook:
            sheet = workbook.add_worksheet()
            for number, row in enumerate([survey(0).columns, *survey(4).iter_rows()]):
                sheet.write_row(number, 0, [each or "" for each in row])
            if stream is rich:
                sheet.write_formula(5, 0, "=1+1", None, 2)
                sheet.write_datetime(
                    5,
                    1,
                    datetime(2024, 1, 31),  # noqa: DTZ001 - a day of a sheet has no zone
                    workbook.add_format({"num_format": "yyyy-mm-dd"}),
                )
    return [plain.getvalue(), rich.getvalue()]


_SHEET, _BOOK, _STYLES = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"
_STRINGS = "xl/sharedStrings.xml"
_XML = (
    b"<c r='A1'>",
    b"</c>",
    b"<v>",
    b"<!DOCTYPE x [",
    b"&lt;",
    b"&#0;",
    b"<row r='99999999999'>",
    b"-1",
    b"1e999",
    b"<",
)


@cache
def _parts() -> Mapping[str, bytes]:
    """What the richer of the workbooks is made of."""
    with zipfile.ZipFile(io.BytesIO(_xlsx_seeds()[1])) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _part(changed: str) -> Callable[[bytes, Path], object]:
    """Reads a workbook of which one part is another: changes of the archive itself rarely get so far."""

    def read(data: bytes, _folder: Path) -> object:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, content in {**_parts(), changed: data}.items():
                archive.writestr(name, content)
        return read_xlsx(stream)

    return read


def _parquet_seeds() -> Sequence[bytes]:
    stream = io.BytesIO()
    survey(8).with_columns(n=pl.Series([1.5, None] * 4), d=pl.date(2024, 1, 31)).write_parquet(stream)
    return [stream.getvalue()]


def _json(data: bytes, _folder: Path) -> object:
    return sum(len(record) for record in json_records(io.BytesIO(data)))


def _json_seeds() -> Sequence[bytes]:
    records = [{"case": "1", "who": {"name": "A\u00e9"}, "list": [1.50, None, True, {"a": []}]}, {"case": "2"}]
    return [json.dumps(records).encode(), "\n".join(map(json.dumps, records)).encode()]


# Codebooks, maps and settings


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _release_file(data: bytes, folder: Path) -> object:
    return read_release_file(_file(data, folder, "release.toml"))


def _description(data: bytes, folder: Path) -> object:
    return read_description(_file(data, folder, "casefiles.toml").parent)


def _map_seeds() -> Sequence[bytes]:
    place = Path(codebooks.__file__).parent / "maps"
    return [(place / f"{name}.toml").read_bytes() for name in shipped_maps()]


_TOML = (b"[[variable]]\n", b"name = ", b"{", b"}", b'"""', b"[", b"]", b"=", b"1e999", b"2024-01-31", b"true", b"\n")


# Bundles and ledgers


@cache
def _bundle() -> Mapping[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        return {path.name: path.read_bytes() for path in sealed(Path(folder)).path.iterdir()}


def _recompute(*_: object) -> NoReturn:
    raise BundleError("FG-BN-060", "nothing is recomputed here")


def _bundle_with(name: str) -> Callable[[bytes, Path], object]:
    """Verifies a bundle in which one file is another, as a forger with the key would make it."""

    def read(data: bytes, folder: Path) -> object:
        place = folder / "bundle"
        if not place.exists():
            place.mkdir()
            for each, content in _bundle().items():
                (place / each).write_bytes(content)
        reseal(place, {name: data})
        return verify(place, recompute=_recompute, environment=ENVIRONMENT).text()

    return read


def _parquet(schema: Schema, rows: int) -> Callable[[random.Random], bytes]:
    return lambda chance: parquet(schema, rows, chance)


def _witness(data: bytes, folder: Path) -> object:
    return Book.replay(Witness(_file(data, folder, "l.db.witness")).entries()).problems


def _witness_seeds() -> Sequence[bytes]:
    ledger = in_memory()
    reservation = reserve(ledger, "R1")
    ledger.begin_draw(reservation)
    return ["".join(f"{line_of(each)}\n" for each in ledger.entries()).encode()]


def _file(data: bytes, folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


_DESCRIPTION = b"""snapshot = 2023-01-31
[[delivery]]
map = "legacy-flat"
files = { cases = "legacy.csv" }
legal_basis = { basis = "law", by = "ann", on = 2022-11-01 }
"""

_DECISIONS = f'{",".join(COLUMNS)}\na,b,name,9,x,y,same,ann,,2024-01-31,\na,c,name,9,x,y,different,ann,,,"n"\n'.encode()

TARGETS: Mapping[str, Target] = {
    "CSV tables": Target(
        _table("t.csv"), _csv_seeds, (b'"', b'""', b",", b"\r", b"\n\n", b"\0", b"\xef\xbb\xbf", b"\xff")
    ),
    "sheets of workbooks": Target(_part(_SHEET), lambda: [_parts()[_SHEET]], _XML),
    "lists of sheets": Target(_part(_BOOK), lambda: [_parts()[_BOOK]], _XML),
    "formats of workbooks": Target(_part(_STYLES), lambda: [_parts()[_STYLES]], _XML),
    "texts of workbooks": Target(_part(_STRINGS), lambda: [_parts()[_STRINGS]], _XML),
    "workbooks": Target(lambda data, _: read_xlsx(io.BytesIO(data)), _xlsx_seeds),
    "Parquet tables": Target(_table("t.parquet"), _parquet_seeds),
    "JSON case files": Target(_json, _json_seeds, (b"[", b"{", b"\\ud800", b"NaN", b"1e999", b'"', b",", b"\n")),
    "codebooks": Target(lambda data, _: codebooks.loads(_text(data), source="f"), lambda: [SMALL.encode()], _TOML),
    "import maps": Target(lambda data, _: map_from(_text(data), source="f"), _map_seeds, _TOML),
    "release.toml": Target(_release_file, lambda: [b'data = "t.csv"\nepsilon = "1"\n[accept]\nlargest = 0.1\n'], _TOML),
    "casefiles.toml": Target(_description, lambda: [_DESCRIPTION], _TOML),
    "decisions": Target(lambda data, folder: read_decisions(_file(data, folder, "q.csv")), lambda: [_DECISIONS]),
    "manifests": Target(
        lambda data, _: parse_manifest(data), lambda: [_bundle()[MANIFEST]], (b"null", b"[", b"1e999"), json_text
    ),
    "codebooks of bundles": Target(
        lambda data, _: codebooks.from_canonical(data), lambda: [_bundle()[CODEBOOK]], (b"null", b"[", b"{"), json_text
    ),
    "measurements": Target(
        lambda data, _: decode(data, weather().domain), lambda: [_bundle()[MEASUREMENTS]], built=_parquet(MEASURED, 289)
    ),
    "counts of bundles": Target(
        _bundle_with(COUNTS_PARQUET), lambda: [_bundle()[COUNTS_PARQUET]], built=_parquet(COUNTS, 248)
    ),
    "records of bundles": Target(
        _bundle_with(RECORDS_PARQUET),
        lambda: [_bundle()[RECORDS_PARQUET]],
        built=_parquet(records_schema(weather().domain), 387),
    ),
    "ledger lines": Target(_witness, _witness_seeds, (b"null", b"[", b"{", b"1e999", b"\\ud800", b"\n")),
}


def _spin(data: bytes, _folder: Path) -> object:
    while data:
        data = data[::-1]
    return data


BROKEN: Mapping[str, Target] = {
    "crash": Target(lambda data, _: data.decode(), lambda: [b"text"]),
    "hang": Target(lambda data, folder: _spin(data, folder) if data != b"text" else None, lambda: [b"text"]),
    "memory": Target(lambda data, _: bytearray(300_000_000) if data != b"text" else None, lambda: [b"text"]),
}
"""Readers that are wrong on purpose, each in the way that its name says."""
