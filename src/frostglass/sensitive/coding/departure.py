"""A departure of a table from its codebook: what may be printed, and apart from it what may not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from frostglass.tables.text_table import Note

MOST_EXAMPLES = 20
"""Most values that the private report shows of one departure."""

_MOST_SHOWN = 40
"""Most characters of a value that the private report shows."""


@dataclass(frozen=True)
class Departure:
    """One way in which a table departs from its codebook. Safe to print: no word of it is a value of a cell.

    ``place`` is a column, a variable or a constraint; empty means the whole table. ``count`` is the number of records
    concerned, or of what ``message`` begins with. A release goes on only when nothing is ``refused``.
    """

    code: str
    place: str
    count: int
    message: str
    refused: bool

    def __str__(self) -> str:
        counted = f"{self.count:,} × " if self.count else ""
        return f"{self.code} {self.place + ': ' if self.place else ''}{counted}{self.message}"


@dataclass(frozen=True, repr=False)
class Example:
    """A value behind a departure, cut to 40 characters with what cannot be seen written out. Private.

    ``count`` is the number of records that hold it, ``first`` the first of them (counted from 1, without the header),
    ``nearest`` the listed code that it may have been meant for. Of a column that the codebook does not name, ``value``
    is the heading, and ``count`` and ``first`` are 0.
    """

    code: str
    place: str
    value: str
    count: int
    first: int
    nearest: str | None

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "place": self.place,
            "value": self.value,
            "records": self.count,
            "first_record": self.first,
            "nearest": self.nearest,
        }


@dataclass
class Findings:
    """Departures with their examples, gathered from the parts of a check."""

    departures: list[Departure] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)

    def refuse(self, code: str, place: str, count: int, message: str) -> None:
        """Enter a departure that stops a release."""
        self.departures.append(Departure(code, place, count, message, refused=True))

    def note(self, code: str, place: str, count: int, message: str) -> None:
        """Enter a departure that stops nothing."""
        self.departures.append(Departure(code, place, count, message, refused=False))

    def take(self, notes: Iterable[Note]) -> None:
        """Enter what was noted while reading."""
        for one in notes:
            self.note(one.code, one.place, one.count, one.message)

    def add(self, others: Findings) -> None:
        """Enter what was found apart."""
        self.departures += others.departures
        self.examples += others.examples


def shown(value: str) -> str:
    """A value as the private report writes it: what cannot be seen, and what HTML would obey, as ``\\u`` escapes."""
    written = "".join(one if one.isprintable() and one not in "<>&\\" else _escaped(one) for one in value[:_MOST_SHOWN])
    return written + ("…" if len(value) > _MOST_SHOWN else "")


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
