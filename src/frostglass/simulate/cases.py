"""One case as a caseworker of a source system wrote it down, with what ought to become of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from frostglass.simulate.accounts import Involved, counted
from frostglass.simulate.figures import BANDS, Value
from frostglass.simulate.forms import Form, Row

SNAPSHOT = date(2023, 1, 31)
"""The day of the delivery: consent withdrawn by then counts, and nobody is registered after it."""

FIRST_YEAR, LAST_YEAR = 2005, 2022
"""Years of registration that are published."""

YEARS = {band: (int(band[:4]), int(band[-4:])) for band in BANDS}
"""First and last year of each band."""

ACTUAL, POSSIBLE, NOT = "ActualVictimOfTrafficking", "PossibleVictimOfTrafficking", "NotAVictimOfTrafficking"

RELEASED, QUARANTINED, OUT_OF_SCOPE = "released", "quarantined", "out of scope"
DUPLICATE, BROKEN_RULE = "duplicate", "broken rule"


class Fault(NamedTuple):
    """A code that no import map lists, and the column that it stands in."""

    column: str
    text: str


class Identity(NamedTuple):
    """An identity as it was written down; a birth date is ``YYYY[-MM[-DD]]`` or nothing."""

    given: str
    middle: str
    family: str
    birth: str
    stated_age: str
    documents: tuple[str, ...]
    phones: tuple[str, ...]
    email: str
    address: str


class Notes(NamedTuple):
    """Free text: of the case, and of one person."""

    case: str = ""
    person: str = ""


@dataclass(slots=True)
class Case:
    """A case in the making, by the batch; it is written and forgotten.

    ``countries`` are the last country of exploitation and those of screening, registration and mission. ``row`` is what
    the case comes to if it is released. ``persons`` stand in the order of their slots.
    """

    form: Form
    person: int
    household: str
    registered: date
    screened: date
    identity: Identity
    gender: str
    sex: str
    citizenships: tuple[str, ...]
    primary: str
    countries: tuple[str, str, str, str]
    exploitation: list[tuple[str, str]]
    persons: list[Involved]
    row: Row
    status: str = ACTUAL
    consent: bool = True
    withdrawn: date | None = None
    fault: Fault | None = None
    notes: Notes = field(default_factory=Notes)
    key: str = ""
    outcome: str = RELEASED
    reason: str = ""

    @property
    def ref(self) -> str:
        """The case among those of all deliveries."""
        return f"{self.form.map_id}:{self.key}"

    @property
    def region(self) -> Value:
        return self.row["UN_COO_Region"]

    def answers(self) -> int:
        """How full the block of persons is."""
        return sum(person.answers() for person in counted(self.persons))
