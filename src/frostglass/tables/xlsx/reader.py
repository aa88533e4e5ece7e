"""XLSX, one visible sheet, each cell as the text that stands for it. What a reader would have to guess at is refused.

The sheet is read from its XML directly, because the usual readers cannot tell a formula that was never calculated, a
merged, hidden or broken cell from an ordinary one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from frostglass.errors import InputError
from frostglass.tables.encoding_columns import EncodingColumns, UnfitValueError, is_fit
from frostglass.tables.text_table import (
    Note,
    Only,
    TextTable,
    check_headings,
    check_number_of_rows,
    columns_at,
    too_long,
    wanted_places,
)
from frostglass.tables.xlsx.package import Package, opened, resolve, unsupported
from frostglass.tables.xlsx.sheet import Sheet, SheetReader, letters, unescaped
from frostglass.tables.xlsx.styles import NumberFormat, number_format
from frostglass.terms.wording import counted

_SHOWN = 5

_BATCH = 2_000
"""Rows encoded at a time."""


@dataclass(frozen=True)
class _Listed:
    """A worksheet as the workbook lists it."""

    name: str
    part: str
    visible: bool


@dataclass(frozen=True)
class _Workbook:
    sheets: tuple[_Listed, ...]
    from_1904: bool
    strings: tuple[str, ...]
    formats: tuple[NumberFormat, ...]


def read_xlsx(file: BinaryIO, *, sheet: str | None = None, only: Only | None = None) -> TextTable:
    """The table of one sheet: its first row with any value holds the headings.

    ``sheet`` may be left out where only one is visible. Rows without any value are counted and passed over. ``only``
    is given the headings and names the columns that are wanted; cells of the others may be of any length, but no
    cell of the sheet may be broken, merged or hidden.

    This parses what a stranger wrote: ``contained_xlsx`` does the same in a process that is kept on a short lead.

    Raises InputError with the cell and the way out: FG-IN-048 to FG-IN-054 for what is particular to workbooks.
    """
    with opened(file) as package:
        workbook = _workbook(package)
        listed = _chosen(workbook.sheets, sheet)
        reader = SheetReader(workbook.strings, workbook.formats, from_1904=workbook.from_1904)
        package.parse(listed.part, reader.start, reader.end, reader.text)
    found = reader.sheet
    _check_cells(found)
    return _table(found, _workbook_notes(workbook, found), only)


def _workbook(package: Package) -> _Workbook:
    main = next((part for kind, part in _relations(package, "") if kind == "officeDocument"), "xl/workbook.xml")
    relations = dict(_by_id(package, main))
    names: list[tuple[str, str, bool]] = []
    dates: list[bool] = []

    def start(name: str, given: Mapping[str, str]) -> None:
        if name == "sheet":
            names.append((given.get("name", ""), given.get("id", ""), given.get("state", "visible") == "visible"))
        elif name == "workbookPr":
            dates.append(given.get("date1904", "0") in ("1", "true"))

    package.parse(main, start)
    kinds = dict(relations.values())
    sheets = [
        _Listed(name, relations[ident][1], visible)
        for name, ident, visible in names
        if ident in relations and relations[ident][0] == "worksheet"
    ]
    return _Workbook(
        tuple(sheets),
        any(dates),
        _shared_strings(package, kinds.get("sharedStrings", "")),
        _formats(package, kinds.get("styles", "")),
    )


def _by_id(package: Package, part: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Relations of a part: identifier, and kind with target."""
    folder, _, name = part.rpartition("/")
    listing = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
    found: list[Mapping[str, str]] = []
    if package.has(listing):
        package.parse(listing, lambda name, given: found.append(dict(given)) if name == "Relationship" else None)
    for given in found:
        kind = given.get("Type", "").rpartition("/")[2]
        if given.get("TargetMode") == "External" and kind != "hyperlink":
            raise unsupported("links to other files")
        yield given.get("Id", ""), (kind, resolve(part, given.get("Target", "")))


def _relations(package: Package, part: str) -> Iterator[tuple[str, str]]:
    for _, relation in _by_id(package, part):
        yield relation


def _shared_strings(package: Package, part: str) -> tuple[str, ...]:
    """The texts that cells refer to by number; runs of one text are joined, reading aids left out."""
    strings: list[str] = []
    run: list[str] = []
    inside = {"t": False, "rPh": False}

    def start(name: str, _: Mapping[str, str]) -> None:
        if name == "si":
            run.clear()
        elif name in inside:
            inside[name] = True

    def end(name: str) -> None:
        if name == "si":
            strings.append(unescaped("".join(run)))
        elif name in inside:
            inside[name] = False

    def text(characters: str) -> None:
        if inside["t"] and not inside["rPh"]:
            run.append(characters)

    if package.has(part):
        package.parse(part, start, end, text)
    return tuple(strings)


def _formats(package: Package, part: str) -> tuple[NumberFormat, ...]:
    """The number format of each cell style."""
    codes: dict[int, str] = {}
    numbers: list[int] = []
    inside: list[str] = []

    def start(name: str, given: Mapping[str, str]) -> None:
        if name == "numFmt":
            codes[int(given.get("numFmtId", "-1"))] = given.get("formatCode", "")
        elif name == "xf" and inside:
            numbers.append(int(given.get("numFmtId", "0")))
        elif name == "cellXfs":
            inside.append(name)

    def end(name: str) -> None:
        if name == "cellXfs":
            inside.clear()

    if package.has(part):
        package.parse(part, start, end)
    return tuple(number_format(number, codes.get(number)) for number in numbers)


def _chosen(sheets: Sequence[_Listed], wanted: str | None) -> _Listed:
    visible = [sheet for sheet in sheets if sheet.visible]
    listing = ", ".join(repr(sheet.name) for sheet in visible)
    if wanted is None:
        if len(visible) == 1:
            return visible[0]
        if not visible:
            raise InputError("FG-IN-049", "the workbook has no visible sheet: unhide the one to be read")
        raise InputError("FG-IN-048", f"the workbook has {len(visible)} sheets ({listing}): name one with `sheet`")
    for sheet in sheets:
        if sheet.name == wanted and sheet.visible:
            return sheet
        if sheet.name == wanted:
            raise InputError("FG-IN-049", "that sheet is hidden: unhide it, look at what it holds, and read it then")
    raise InputError("FG-IN-048", f"the workbook has no sheet of that name; it has {listing or 'no visible one'}")


def _check_cells(sheet: Sheet) -> None:
    """Refuse what stands in the sheet but cannot be read for certain."""
    if sheet.errors:
        raise InputError("FG-IN-051", f"an error such as #REF! stands in {_cells(sheet.errors)}: mend the formula")
    if sheet.uncalculated:
        raise InputError(
            "FG-IN-050",
            f"a formula without its result stands in {_cells(sheet.uncalculated)}: let the sheet be calculated, or "
            "paste values",
        )
    if sheet.merged:
        raise InputError("FG-IN-051", f"merged: {_cells(sheet.merged)}. Unmerge, and fill each cell in")
    used = {column for _, cells in sheet.rows for column in cells}
    hidden = [letters(column) for column in sorted(used & sheet.hidden_columns)]
    if hidden:
        raise _hidden(f"column{'s' if len(hidden) > 1 else ''} {', '.join(hidden[:_SHOWN])}")
    rows = [number for number, _ in sheet.rows if number in sheet.hidden_rows]
    if rows:
        shown = ", ".join(f"{number:,}" for number in rows[:_SHOWN])
        raise _hidden(f"{counted(len(rows), 'row')} ({shown}{', …' if len(rows) > _SHOWN else ''})")


def _hidden(what: str) -> InputError:
    return InputError(
        "FG-IN-049",
        f"hidden content found: {what}. Clear the filter or unhide it, then keep it or delete it: what is read is what "
        "you see",
    )


def _cells(references: Sequence[str]) -> str:
    """ "cell B2", "7 cells (B2, B3, …)"."""
    if len(references) == 1:
        return f"cell {references[0]}"
    shown = ", ".join(references[:_SHOWN])
    return f"{len(references):,} cells ({shown}{', …' if len(references) > _SHOWN else ''})"


def _table(sheet: Sheet, notes: Sequence[Note], only: Only | None) -> TextTable:
    if not sheet.rows:
        raise InputError("FG-IN-001", "the sheet is empty: no cell holds a value")
    (header_row, header), records = sheet.rows[0], sheet.rows[1:]
    first, last = min(header), max(header)
    headings = [header.get(column, "") for column in range(first, last + 1)]
    if not all(heading.strip() for heading in headings):
        blank = [column for column in range(first, last + 1) if not header.get(column, "").strip()]
        raise InputError(
            "FG-IN-020",
            f"no heading stands above {columns_at([column - first + 1 for column in blank])}, in row {header_row} "
            f"(column {letters(blank[0])}): name it, or delete it. If a title stands above the table, delete the title",
        )
    check_headings(headings)
    check_number_of_rows(len(records))
    _check_edges(records, first, last)
    wanted = [first + place for place in wanted_places(headings, only)]
    columns = EncodingColumns(headings, [column - first for column in wanted])
    span = range(first, last + 1)
    try:
        for start in range(0, len(records), _BATCH):
            batch = records[start : start + _BATCH]
            columns.add([[cells.get(column, "") for column in span] for _, cells in batch])
    except UnfitValueError:
        raise _unfit(records, wanted) from None
    blank_rows = sheet.rows[-1][0] - header_row - len(records)
    if blank_rows:
        notes = [*notes, Note("FG-IN-017", "", blank_rows, "rows without any value, passed over")]
    return columns.table(notes)


def _check_edges(records: Sequence[tuple[int, Mapping[int, str]]], first: int, last: int) -> None:
    beyond = [
        f"{letters(column)}{number}"
        for number, cells in records
        if min(cells) < first or max(cells) > last
        for column in cells
        if not first <= column <= last
    ]
    if beyond:
        raise InputError(
            "FG-IN-015",
            f"something stands beside the table, in {_cells(beyond)}, where there is no heading: delete it, or name "
            "the column",
        )


def _unfit(records: Sequence[tuple[int, Mapping[int, str]]], wanted: Sequence[int]) -> InputError:
    place, text = next(
        (f"cell {letters(column)}{number}", cells[column])
        for number, cells in records
        for column in wanted
        if column in cells and not is_fit(cells[column])
    )
    if "\0" in text:
        return InputError("FG-IN-009", f"{place} holds a NUL character: take it out")
    return too_long(place)


def _workbook_notes(workbook: _Workbook, sheet: Sheet) -> list[Note]:
    hidden = sum(not listed.visible for listed in workbook.sheets)
    notes = []
    if hidden:
        notes.append(Note("FG-IN-049", "", hidden, "hidden sheets in the workbook, not read"))
    if sheet.formulas:
        notes.append(Note("FG-IN-050", "", sheet.formulas, "formulas, read by their stored results"))
    if sheet.moments:
        notes.append(Note("FG-IN-034", "", sheet.moments, "dates or times, read as text such as 2024-03-05"))
    return notes
