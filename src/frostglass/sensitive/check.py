"""A table against its codebook: every departure is reported, and a table without refusals becomes a coded table.

What may be printed is in the departures: rule, place and count. Values of cases are in ``CheckReport.values`` and go to
a private file alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from frostglass.arrays.text_table import TableInParts, TextTable
from frostglass.arrays.whole_file import PRIVATE, write_whole
from frostglass.errors import InputError
from frostglass.sensitive.coded_table import CodedTable
from frostglass.sensitive.contribution import Persons
from frostglass.sensitive.departure import Departure, Example, Findings
from frostglass.sensitive.headings import Columns, match_columns
from frostglass.sensitive.reduction import reduce_table, unfollowed
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Sensitive
from frostglass.terms.plan import OnUnknown
from frostglass.terms.unit import PrivacyUnit

__all__ = ["CheckReport", "Departure", "check", "encode"]


@dataclass(frozen=True)
class CheckReport:
    """What a check found. ``rows`` and the departures are for the steward's screen; ``values`` for a private file."""

    codebook: str
    rows: int
    departures: tuple[Departure, ...]
    values: Sensitive[tuple[Example, ...]]

    def refused(self) -> bool:
        """Whether anything stands in the way of a release."""
        return any(one.refused for one in self.departures)

    def as_json(self) -> dict[str, object]:
        """The report without values of cases, as plain JSON values."""
        return {
            "codebook": self.codebook,
            "rows": self.rows,
            "refused": self.refused(),
            "departures": [
                {
                    "code": one.code,
                    "place": one.place,
                    "count": one.count,
                    "message": one.message,
                    "refused": one.refused,
                }
                for one in self.departures
            ],
        }

    def text(self) -> str:
        """The report without values of cases, for people: what is refused, then what is worth knowing."""
        lines = [f"{self.rows:,} records against codebook {self.codebook}"]
        for heading, refused in (("refused:", True), ("noted:", False)):
            found = [one for one in self.departures if one.refused is refused]
            lines += [heading, *(f"  {one}" for one in found)] if found else []
        lines.append("the table is refused" if self.refused() else "the table fits the codebook")
        return "\n".join(lines)

    def write_private(self, path: Path) -> None:
        """Write the report with values of cases as JSON, readable by its owner alone; a file of that name is replaced.

        InputError FG-IN-077 when the folder cannot be written to.
        """
        content = {**self.as_json(), "values": [one.as_json() for one in self.values.reveal()]}
        try:
            write_whole(path, (json.dumps(content, ensure_ascii=True, indent=1) + "\n").encode(), mode=PRIVATE)
        except OSError:
            raise InputError("FG-IN-077", f"cannot write the private report to {path}: choose another place") from None


def check(
    table: Sensitive[TableInParts],
    codebook: Codebook,
    *,
    unit: PrivacyUnit,
    unknown: OnUnknown = "refuse",
    structural: bool = True,
    allow_empty: bool = False,
) -> CheckReport:
    """Every departure of ``table`` from ``codebook``. ``structural``: whether its constraints are to be enforced.

    With ``unknown="missing"`` values that the codebook does not list count as missing, and so do sets not admitted.
    InputError FG-IN-080 to FG-IN-082 for a table in parts that cannot be reduced.
    """
    return _look(table, codebook, unit, unknown, structural=structural, allow_empty=allow_empty)[0]


def encode(
    table: Sensitive[TableInParts],
    codebook: Codebook,
    *,
    unit: PrivacyUnit,
    unknown: OnUnknown = "refuse",
    structural: bool = True,
    allow_empty: bool = False,
) -> Sensitive[CodedTable]:
    """The table in the codebook's positions, with at most ``unit.max_records`` rows a person.

    Raises InputError with the code of the first refusal; all of them are in its message, and its ``detail`` is the
    CheckReport. Otherwise like ``check``.
    """
    report, coded = _look(table, codebook, unit, unknown, structural=structural, allow_empty=allow_empty)
    if report.refused() or coded is None:
        raise _refusal(report)
    return coded


def _refusal(report: CheckReport) -> InputError:
    found = [one for one in report.departures if one.refused]
    if len(found) == 1:
        message = str(found[0]).removeprefix(f"{found[0].code} ")
    else:
        listed = "".join(f"\n  {one}" for one in found)
        message = f"the table departs from codebook {report.codebook} in {len(found)} ways:{listed}"
    return InputError(found[0].code, message, detail=report)


def _look(
    table: Sensitive[TableInParts],
    codebook: Codebook,
    unit: PrivacyUnit,
    unknown: OnUnknown,
    *,
    structural: bool,
    allow_empty: bool,
) -> tuple[CheckReport, Sensitive[CodedTable] | None]:
    """The report, and the coded table where nothing is refused."""
    codebook = codebook if structural else codebook.with_missing_everywhere()
    text, of_columns, of_people = table.reveal(), Findings(), Findings()
    if unit.person_key is not None and not (isinstance(text, TextTable) and text.weights is None):
        raise unfollowed()
    columns = match_columns(text.head, codebook, unit.person_key, of_columns)
    persons = _persons(columns, unit, codebook, of_people)
    reduction = reduce_table(
        text, columns, codebook, unknown, None if persons is None else persons.first(unit.max_records)
    )
    findings = Findings()
    findings.take(replace(note, place=_place(note.place, text.head, codebook)) for note in text.notes)
    if not reduction.records and not allow_empty:
        findings.refuse("FG-IN-002", "", 0, "the table has no records; if that is meant, pass --allow-empty")
    findings.add(of_columns)
    reduction.enter(findings, structural=structural)
    findings.add(of_people)
    report = CheckReport(
        codebook.id,
        reduction.records,
        tuple(findings.departures),
        Sensitive(tuple(findings.examples), "values of cases"),
    )
    if report.refused() or reduction.bounded is None:
        return report, None
    coded = CodedTable.placed(codebook.domain, reduction.bounded, 1 if persons is None else unit.max_records)
    return report, Sensitive(coded, "coded table")


def _place(heading: str, table: TextTable, codebook: Codebook) -> str:
    """What may be printed in place of a heading: the variable, or where the column stands."""
    named = codebook.match_name(heading) if heading else ""
    return named if named is not None else f"column {[column.name for column in table.columns].index(heading) + 1}"


def _persons(columns: Columns, unit: PrivacyUnit, codebook: Codebook, findings: Findings) -> Persons | None:
    """Whose row each is; None when each row is one person, or when that cannot be told."""
    if columns.key is None:
        return None
    persons = Persons.by_key(columns.key, codebook.missing_in)
    name = unit.person_key or ""
    if persons.blank:
        findings.refuse(
            "FG-IN-045", name, persons.blank, "records without a person key: give every record the key of its person"
        )
    elif persons.unseen:
        findings.refuse(
            "FG-IN-037", name, persons.unseen, "person keys with characters that cannot be seen: write them without"
        )
    elif persons.number == 1 and len(persons.of_row) > 1:
        findings.refuse(
            "FG-IN-045", name, len(persons.of_row), "records with one and the same person key: name the right column"
        )
    more = persons.with_more_than(unit.max_records)
    if more and not persons.blank:
        most = f"the first {unit.max_records} of each count" if unit.max_records > 1 else "the first of each counts"
        findings.note("FG-IN-044", name, more, f"people with more than {unit.max_records} record; {most}")
    return persons
