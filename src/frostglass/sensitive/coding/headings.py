"""Which column of a table is which variable, and what becomes of the columns that are none."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from frostglass.sensitive.coding.departure import Example, Findings, shown
from frostglass.sensitive.coding.identifiers import cells_like_identifiers, heading_like_identifier
from frostglass.tables.text_table import TextColumn, TextTable
from frostglass.terms.codebook import RELEASED_KEY, Codebook


@dataclass(frozen=True, repr=False)
class Columns:
    """The columns of a table by what they are: ``of_variable`` by name, where present, and the person key."""

    of_variable: Mapping[str, TextColumn]
    key: TextColumn | None


def match_columns(table: TextTable, codebook: Codebook, person_key: str | None, findings: Findings) -> Columns:
    """Match the headings to the codebook; enter what is missing, doubled, left over, or read through an alias."""
    names = [codebook.match_name(column.name) for column in table.columns]
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if name is not None:
            places.setdefault(name, []).append(place)
    key = _key_place(table, person_key)
    if person_key is not None and key is None:
        findings.refuse(
            "FG-IN-045", shown(person_key), 0, "the table has no such column: name the one that tells persons apart"
        )
    if key is not None and names[key] is not None:
        findings.refuse("FG-IN-085", names[key] or "", 0, RELEASED_KEY)
    if not places and _is_headless(table, codebook):
        findings.refuse(
            "FG-IN-024",
            "",
            0,
            "the first row looks like data: no heading is one of the codebook, put a header row first",
        )
        return Columns({}, None)
    spare = [place for place, name in enumerate(names) if name is None and place != key]
    _enter_missing(table, codebook, places, spare, findings)
    _enter_doubled(places, findings)
    _enter_respelled(table, codebook, places, findings)
    for place in spare:
        _enter_spare(place, table.columns[place], codebook, findings)
    of_variable = {name: table.columns[found[0]] for name, found in places.items() if len(found) == 1}
    return Columns(of_variable, table.columns[key] if key is not None else None)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _key_place(table: TextTable, person_key: str | None) -> int | None:
    """The column of that heading: exactly, or trimmed and caseless if that is unique."""
    if person_key is None:
        return None
    headings = [column.name for column in table.columns]
    if person_key in headings:
        return headings.index(person_key)
    alike = [place for place, heading in enumerate(headings) if _folded(heading) == _folded(person_key)]
    return alike[0] if len(alike) == 1 else None


def _is_headless(table: TextTable, codebook: Codebook) -> bool:
    """Whether some heading is itself a code of the codebook, or a value of its own column."""
    codes = {code for variable in codebook.variables for code in (*variable.codes, *variable.by_text)}
    headings = [(column.name.strip(), column) for column in table.columns]
    return any(heading in codes or heading in column.values for heading, column in headings)


def _enter_missing(
    table: TextTable, codebook: Codebook, places: Mapping[str, object], spare: Sequence[int], findings: Findings
) -> None:
    if not places:
        findings.refuse(
            "FG-IN-022",
            "",
            len(table.columns),
            f"columns, none of them a variable of codebook {codebook.id}: check that this is the right codebook and "
            "the right delimiter, and that the first row holds the headings",
        )
        return
    by_folded = {_folded(table.columns[place].name): place for place in spare}
    for variable in codebook.variables:
        if variable.name not in places:
            close = difflib.get_close_matches(_folded(variable.name), by_folded, n=1, cutoff=0.6)
            hint = f" (did you mean column {by_folded[close[0]] + 1}? Rename it)" if close else ""
            findings.refuse(
                "FG-IN-022",
                variable.name,
                0,
                f"the table has no such column{hint}; where nothing was recorded, add an empty one",
            )


def _enter_doubled(places: Mapping[str, Sequence[int]], findings: Findings) -> None:
    for name, found in places.items():
        if len(found) > 1:
            listed = " and ".join(str(place + 1) for place in found)
            findings.refuse("FG-IN-019", name, 0, f"columns {listed} both name this variable: keep one")


def _enter_respelled(
    table: TextTable, codebook: Codebook, places: Mapping[str, Sequence[int]], findings: Findings
) -> None:
    for name, found in places.items():
        heading = table.columns[found[0]].name
        if heading == name:
            continue
        if heading in codebook.variable(name).aliases:
            findings.note("FG-IN-075", name, 0, f"read from the column {shown(heading)!r}, an alias")
        else:
            findings.note("FG-IN-021", name, 0, "the heading was matched without regard to case and spaces around it")


def _enter_spare(place: int, column: TextColumn, codebook: Codebook, findings: Findings) -> None:
    """What becomes of a column that is no variable. Its heading may be anything, and goes to the private report."""
    declared = {_folded(name): name for name in codebook.identifiers}.get(_folded(column.name))
    if declared is not None:
        findings.note("FG-IN-023", declared, 0, "left out: the codebook declares it a direct identifier")
        return
    where, reason = f"column {place + 1}", next(_identifying(column), None)
    findings.examples.append(Example("FG-IN-023", where, shown(column.name.strip()), 0, 0, None))
    if reason is None:
        findings.note("FG-IN-023", where, 0, "ignored: the codebook does not name this column")
        return
    findings.refuse(
        "FG-IN-023",
        where,
        0,
        f"{reason}: take the column out of the file, or declare it in the codebook with role = "
        '"direct_identifier", so that it is left out by design',
    )


def _identifying(column: TextColumn) -> Iterator[str]:
    named = heading_like_identifier(column.name)
    if named is not None:
        yield f"by its heading it holds {named}, which identifies people"
    alike = cells_like_identifiers(column)
    if alike is not None:
        yield f"{alike[1]:,} of its cells look like {alike[0]}, which identify people"
