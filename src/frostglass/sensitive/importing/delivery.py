"""A delivery: the files that one system hands over, found and read by their import map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from frostglass.errors import InputError
from frostglass.sensitive.coding.departure import shown
from frostglass.sensitive.importing.cases import Imported, import_cases
from frostglass.sensitive.importing.description import LegalBasis
from frostglass.sensitive.importing.quarantine import Quarantine
from frostglass.sensitive.importing.sheets import Nest, Sheet, match_headings, of_table
from frostglass.tables.json_reader import json_records
from frostglass.tables.readers import read_text_table
from frostglass.tables.steady_file import steady
from frostglass.tables.text_table import check_number_of_rows
from frostglass.terms.import_map import CASES, ImportMap

_JSON = (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class SheetFile:
    """Where a sheet stands: a file, and in a workbook the name of the sheet."""

    path: Path
    sheet: str | None = None

    @classmethod
    def named(cls, folder: Path, text: str) -> SheetFile:
        """The file that ``text``, such as "cases.csv" or "book.xlsx#Cases", names in ``folder``."""
        name, _, sheet = text.partition("#")
        return cls(folder / name, sheet or None)


@dataclass(frozen=True)
class Delivery:
    """Files that belong together, by the sheet of the map that each is."""

    import_map: ImportMap
    files: Mapping[str, SheetFile]
    legal_basis: LegalBasis | None = None
    delimiter: str = ","
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        wanted = set(self.import_map.sheets)
        for name in self.files:
            if name not in wanted:
                raise InputError(
                    "FG-IN-114",
                    f"import map {self.import_map.id} has no sheet {name!r}, only {', '.join(sorted(wanted))}",
                )
        missing = sorted(wanted - set(self.files))
        if missing:
            raise InputError(
                "FG-IN-114",
                f"import map {self.import_map.id} reads the sheets {', '.join(self.import_map.sheets)}, and there is "
                f"no file for {', '.join(missing)}: hand it over too, or list it in casefiles.toml",
            )

    def read(self, snapshot: str) -> Imported:
        """The cases of the delivery as of ``snapshot`` (YYYY-MM-DD).

        InputError with the file and the way out when a file cannot be read at all; what is wrong with single cases is
        in the quarantine of what is returned.
        """
        quarantine = Quarantine()
        if self.import_map.format == "json":
            sheets = _nested_sheets(self.files[CASES].path, self.import_map, quarantine)
        else:
            sheets = {
                name: _table_sheet(file, self.import_map, name, self.delimiter, self.encoding)
                for name, file in self.files.items()
            }
        return import_cases(
            self.import_map, sheets, quarantine, snapshot=snapshot, legal_basis=self.legal_basis is not None
        )


def recognised(paths: Sequence[Path], maps: Sequence[ImportMap]) -> tuple[Delivery, ...]:
    """Which delivery each file belongs to, told by the columns that the maps read.

    InputError FG-IN-115 when a file fits no map, or more than one.
    """
    found: dict[str, tuple[ImportMap, dict[str, SheetFile]]] = {}
    for path in paths:
        import_map, sheet = _recognise(path, maps)
        files = found.setdefault(import_map.id, (import_map, {}))[1]
        if sheet in files:
            raise InputError(
                "FG-IN-115",
                f"{files[sheet].path.name} and {path.name} are both sheet {sheet!r} of import map {import_map.id}: "
                "import them one after the other, or list two deliveries in casefiles.toml",
            )
        files[sheet] = SheetFile(path)
    return tuple(Delivery(import_map, files) for import_map, files in found.values())


def _recognise(path: Path, maps: Sequence[ImportMap]) -> tuple[ImportMap, str]:
    fits = _fitting(path, maps)
    if len(fits) == 1:
        return fits[0]
    known = ", ".join(one.id for one in maps)
    what = "no import map" if not fits else f"several import maps ({', '.join(one.id for one, _ in fits)})"
    raise InputError(
        "FG-IN-115",
        f"{path.name} has the columns of {what} (known: {known}): name the map with `map`, or list the file in "
        "casefiles.toml",
    )


def _fitting(path: Path, maps: Sequence[ImportMap]) -> list[tuple[ImportMap, str]]:
    """Sheets of maps whose every column the file has; where one map with one sheet is known, that one, for its own
    reading says what is missing."""
    if path.suffix.casefold() in _JSON:
        nested = [one for one in maps if one.format == "json"]
        keys = _first_keys(path)
        if len(nested) == len(maps) == 1:
            return [(nested[0], CASES)]
        return [(one, CASES) for one in nested if {column.partition(".")[0] for column in one.columns()} <= keys]
    headings = _headings(path)
    sheets = [(one, sheet) for one in maps if one.format == "table" for sheet in one.sheets]
    if len(sheets) == len(maps) == 1:
        return sheets
    return [
        (one, sheet)
        for one, sheet in sheets
        if len(match_headings(headings, one.columns(sheet))) == len(one.columns(sheet))
    ]


class _HeadingsFound(Exception):
    """The headings of a table are known, and nothing more of it is wanted."""

    def __init__(self, headings: tuple[str, ...]) -> None:
        super().__init__("the headings were read")
        self.headings = headings


def _headings(path: Path) -> tuple[str, ...]:
    def stop(headings: tuple[str, ...]) -> Sequence[str]:
        raise _HeadingsFound(headings)

    try:
        read_text_table(path, only=stop)
    except _HeadingsFound as found:
        return found.headings
    return ()


def _first_keys(path: Path) -> set[str]:
    with steady(path) as file:
        return set(next(iter(json_records(file)), {}))


def _table_sheet(file: SheetFile, import_map: ImportMap, name: str, delimiter: str, encoding: str) -> Sheet:
    wanted = import_map.columns(name)
    unread = 0
    matched: Mapping[str, str] = {}

    def choose(headings: tuple[str, ...]) -> Sequence[str]:
        nonlocal matched, unread
        matched = match_headings(headings, wanted)
        missing = [column for column in wanted if column not in matched]
        if missing:
            listed = ", ".join(missing[:8]) + (" …" if len(missing) > 8 else "")
            raise InputError(
                "FG-IN-112",
                f"{file.path.name} lacks {len(missing)} of the columns that import map {import_map.id} reads "
                f"({listed}): is it the right file, delimiter and map? A column may be empty, but it must be there",
            )
        left_alone = match_headings(headings, import_map.never_read.get(name, ()))
        unread = len(set(headings) - set(matched.values()) - set(left_alone.values()))
        return list(matched.values())

    try:
        table = read_text_table(file.path, delimiter=delimiter, encoding=encoding, sheet=file.sheet, only=choose)
        if name == CASES and not table.rows:
            raise InputError("FG-IN-002", "there is a header and no case: export it again")
    except InputError as error:
        raise _in_file(error, file.path) from None
    return of_table(table, matched, unread)


def _nested_sheets(path: Path, import_map: ImportMap, quarantine: Quarantine) -> Mapping[str, Sheet]:
    nest = Nest(import_map)
    try:
        with steady(path) as file:
            records = iter(json_records(file))
            first = next(records, None)
            if first is None:
                raise InputError("FG-IN-002", "the file holds no record: export it again")
            _check_keys(first, import_map, path)
            for record in chain([first], records):
                check_number_of_rows(nest.number + 1)
                nest.add(record)
        missing = nest.never_seen()
        if missing:
            raise InputError(
                "FG-IN-112",
                f"no record of {path.name} has {', '.join(missing[:8])}{' …' if len(missing) > 8 else ''}, which "
                f"import map {import_map.id} reads: is it the right file and map? Where nothing is known, write null",
            )
    except InputError as error:
        raise _in_file(error, path) from None
    return nest.sheets(quarantine)


def _check_keys(first: Mapping[str, object], import_map: ImportMap, path: Path) -> None:
    if import_map.key.partition(".")[0] not in first:
        raise InputError(
            "FG-IN-112",
            f"the records of {path.name} have no {import_map.key!r}, by which import map {import_map.id} tells cases "
            "apart: is it the right file and map?",
        )


def _in_file(error: InputError, path: Path) -> InputError:
    """The same error, saying which file it is about."""
    message = error.message if path.name in error.message else f"{shown(path.name)}: {error.message}"
    return InputError(error.code, message, detail=error.detail)


def files_in(folder: Path) -> Iterator[Path]:
    """The case files of a folder without a description: tables and JSON, in the order of their names.

    InputError FG-IN-115 when other files lie there: which of them are meant is not guessed.
    """
    suffixes = (".csv", ".xlsx", ".parquet", *_JSON)
    files = [one for one in sorted(folder.iterdir()) if one.is_file() and not one.name.startswith(".")]
    others = sum(one.suffix.casefold() not in suffixes for one in files)
    if others and len(files) > others:
        raise InputError(
            "FG-IN-115",
            f"{others:,} of {len(files):,} files in {folder.name} are neither CSV, XLSX, Parquet nor JSON: take them "
            "out, or list what is meant in casefiles.toml",
        )
    return (one for one in files if one.suffix.casefold() in suffixes)
