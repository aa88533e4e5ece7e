"""A table against its codebook: every departure is reported, and a table without refusals becomes a coded table.

What may be printed is in the departures: rule, place and count. Values of cases are in ``CheckReport.values`` and go to
a private file alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from frostglass.errors import InputError
from frostglass.files import PRIVATE, write_whole
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.sensitive.coding.contribution import LeftOut, Persons
from frostglass.sensitive.coding.departure import Departure, Example, Findings
from frostglass.sensitive.coding.headings import match_columns
from frostglass.sensitive.coding.person_keys import check_copies, check_persons
from frostglass.sensitive.coding.reduction import reduce_table, unfollowed
from frostglass.tables.text_table import TableInParts, TextTable
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Sensitive
from frostglass.terms.plan import OnUnknown
from frostglass.terms.unit import OnPlaceholder, PrivacyUnit
from frostglass.terms.wording import counted

__all__ = ["CheckReport", "Departure", "check", "encode"]


@dataclass(frozen=True)
class CheckReport:
    """What a check found. ``rows`` and the departures are for the steward's screen; ``values`` for a private file.

    With a person key, ``people`` is how many persons it tells apart, and ``left_out`` who has more rows than count.
    """

    codebook: str
    rows: int
    departures: tuple[Departure, ...]
    values: Sensitive[tuple[Example, ...]]
    people: int | None = None
    left_out: LeftOut | None = None

    def refused(self) -> bool:
        """Whether anything stands in the way of a release."""
        return any(one.refused for one in self.departures)

    def as_json(self) -> dict[str, object]:
        """The report without values of cases, as plain JSON values."""
        return {
            "codebook": self.codebook,
            "rows": self.rows,
            "people": self.people,
            "left_out": None if self.left_out is None else vars(self.left_out),
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
        people = "" if self.people is None else f" of {counted(self.people, 'person', 'people')}"
        lines = [f"{counted(self.rows, 'record')}{people} against codebook {self.codebook}"]
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
    placeholder_keys: OnPlaceholder = "refuse",
) -> CheckReport:
    """Every departure of ``table`` from ``codebook``. ``structural``: whether its constraints are to be enforced.

    With ``unknown="missing"`` values that the codebook does not list count as missing, and so do sets not admitted.
    InputError FG-IN-080 to FG-IN-082 for a table in parts that cannot be reduced.
    """
    order = _Order(unit, unknown, structural, allow_empty, placeholder_keys, salt=0)  # which rows stay is not reported
    return _look(table, codebook, order)[0]


def encode(
    table: Sensitive[TableInParts],
    codebook: Codebook,
    *,
    unit: PrivacyUnit,
    unknown: OnUnknown = "refuse",
    structural: bool = True,
    allow_empty: bool = False,
    placeholder_keys: OnPlaceholder = "refuse",
    salt: int = 0,
    warn: Callable[[str], None] = lambda _: None,
) -> Sensitive[CodedTable]:
    """The table in the codebook's positions, with at most ``unit.max_records`` rows a person, chosen with ``salt``.

    ``warn`` is given what there is to say of its people: who is left out, and keys that are not as they should be.
    Raises InputError with the code of the first refusal; all of them are in its message, and its ``detail`` is the
    CheckReport. Otherwise like ``check``.
    """
    report, coded = _look(table, codebook, _Order(unit, unknown, structural, allow_empty, placeholder_keys, salt))
    if report.refused() or coded is None:
        raise _refusal(report)
    for departure in report.departures:
        if departure.place == unit.person_key:
            warn(str(departure))
    return coded


@dataclass(frozen=True)
class _Order:
    """How a table is to be looked at."""

    unit: PrivacyUnit
    unknown: OnUnknown
    structural: bool
    allow_empty: bool
    placeholder_keys: OnPlaceholder
    salt: int


def _refusal(report: CheckReport) -> InputError:
    found = [one for one in report.departures if one.refused]
    if len(found) == 1:
        message = str(found[0]).removeprefix(f"{found[0].code} ")
    else:
        listed = "".join(f"\n  {one}" for one in found)
        message = f"the table departs from codebook {report.codebook} in {len(found)} ways:{listed}"
    return InputError(found[0].code, message, detail=report)


def _look(
    table: Sensitive[TableInParts], codebook: Codebook, order: _Order
) -> tuple[CheckReport, Sensitive[CodedTable] | None]:
    """The report, and the coded table where nothing is refused."""
    codebook = codebook if order.structural else codebook.with_missing_everywhere()
    text, unit, of_columns, of_people = table.reveal(), order.unit, Findings(), Findings()
    if unit.person_key is not None and not (isinstance(text, TextTable) and text.weights is None):
        raise unfollowed()
    columns = match_columns(text.head, codebook, unit.person_key, of_columns)
    persons = None if columns.key is None else Persons.by_key(columns.key, codebook.missing_in)
    if persons is not None:
        check_persons(persons, unit, order.placeholder_keys, of_people)
        check_copies(persons, columns, of_people)
    choose = None if persons is None else partial(persons.chosen, most=unit.max_records, salt=order.salt)
    reduction = reduce_table(text, columns, codebook, order.unknown, choose)
    findings = Findings()
    findings.take(replace(note, place=_place(note.place, text.head, codebook)) for note in text.notes)
    if not reduction.records and not order.allow_empty:
        findings.refuse("FG-IN-002", "", 0, "the table has no records; if that is meant, pass `allow_empty`")
    findings.add(of_columns)
    reduction.enter(findings, structural=order.structural)
    findings.add(of_people)
    report = CheckReport(
        codebook.id,
        reduction.records,
        tuple(findings.departures),
        Sensitive(tuple(findings.examples), "values of cases"),
        None if persons is None else len(persons.keys),
        None if persons is None else persons.left_out(unit.max_records),
    )
    if report.refused() or reduction.bounded is None:
        return report, None
    coded = CodedTable.placed(codebook.domain, reduction.bounded, 1 if persons is None else unit.max_records)
    return report, Sensitive(coded, "coded table")


def _place(heading: str, table: TextTable, codebook: Codebook) -> str:
    """What may be printed in place of a heading: the variable, or where the column stands."""
    named = codebook.match_name(heading) if heading else ""
    return named if named is not None else f"column {[column.name for column in table.columns].index(heading) + 1}"
