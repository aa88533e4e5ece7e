"""How the case files of one system become cases, as values: the import map. Public: it holds no data.

The file form is checked in ``frostglass.codebooks.import_maps``; ``frostglass.sensitive.importing`` carries it out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

FieldKind = Literal["code", "country", "date", "year", "number", "text"]

CASES = "cases"
"""The sheet that has one row a case."""


@dataclass(frozen=True)
class Beside:
    """A list in ``column`` that runs parallel to a cell's values, each entry ``among`` the listed.

    The value beside the entry ``holds`` is meant, of several the last.
    """

    column: str
    holds: str
    among: frozenset[str]


@dataclass(frozen=True)
class Reading:
    """How columns become one field of a record.

    ``columns`` are headings, or for JSON dotted paths; all their values count, in this order. ``split`` holds every
    character that separates several values in one cell. ``codes`` gives for each written code what is meant, "" for no
    answer. ``formats`` are those of a date, such as "DD/MM/YYYY". ``missing`` are further words for no answer. Where a
    path leads to objects, ``parts`` are joined by ":". ``many`` says that a nested list may hold several values.
    ``most`` is the greatest number. ``flag`` says in words what is worth counting wherever the field has a value.
    """

    name: str
    columns: tuple[str, ...]
    kind: FieldKind
    codes: Mapping[str, str] = field(default_factory=dict)
    split: str = ""
    formats: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    many: bool = False
    beside: Beside | None = None
    most: int | None = None
    flag: str = ""


@dataclass(frozen=True)
class Block:
    """Columns that share a prefix and tell of one child record; ``given`` fields hold by the block itself."""

    prefix: str
    given: Mapping[str, str]


@dataclass(frozen=True)
class Blocks:
    """Child records that stand in columns of the case, a block each; one without any answer is none."""

    name: str
    blocks: tuple[Block, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class ChildRows:
    """Child records that are rows of a sheet, which name their case in ``parent``, or objects at a JSON path.

    ``order`` is the column that numbers them within a case, "" when they count as they stand. ``first`` are answers at
    case level that go to the first child record.
    """

    name: str
    sheet: str
    parent: str
    order: str
    readings: tuple[Reading, ...]
    first: tuple[Reading, ...]


@dataclass(frozen=True)
class ChildList:
    """Child records that are entries of one list: each holds ``reading`` and what is ``given``.

    ``spread`` are further answers of the case that go to every child record whose entry is among ``onto``.
    """

    name: str
    reading: Reading
    given: Mapping[str, str]
    spread: tuple[tuple[Reading, tuple[str, ...]], ...]


@dataclass(frozen=True)
class ChildColumns:
    """Child records that stand as one column each: ``columns`` gives the value of ``field`` that a column is about, and
    ``reading`` reads the answer in it (its own columns are empty)."""

    name: str
    columns: Mapping[str, str]
    field: str
    reading: Reading


ChildReading: TypeAlias = Blocks | ChildRows | ChildList | ChildColumns


@dataclass(frozen=True)
class Consent:
    """Which field tells of consent, and how: a given consent that was withdrawn counts until the day of withdrawal."""

    field: str
    given: Reading | None
    withdrawn_on: Reading | None


@dataclass(frozen=True)
class Check:
    """What must hold of an imported case, or else it is quarantined.

    ``order``: the date ``first`` is not after ``second``. ``age``: the years from ``first`` to ``second`` are 0 to
    ``most``. ``member``: the value of ``first`` is among those of ``second``. ``since``: ``first`` is not
    before ``day``.
    """

    kind: Literal["order", "age", "member", "since"]
    first: str
    second: str = ""
    most: int = 0
    day: str = ""


@dataclass(frozen=True)
class ImportMap:
    """What one system's case files mean. ``sha256`` names the map; ``never_read`` lists, by sheet, columns known and
    left alone; ``years`` are the first and last year in which the system registered cases."""

    id: str
    version: str
    title: str
    source_system: str
    format: Literal["table", "json"]
    sheets: tuple[str, ...]
    key: str
    missing: frozenset[str]
    countries: frozenset[str]
    fields: tuple[Reading, ...]
    identity: tuple[Reading, ...]
    consent: Consent | None
    children: tuple[ChildReading, ...]
    checks: tuple[Check, ...]
    years: tuple[int, int] | None
    years_of: str
    never_read: Mapping[str, tuple[str, ...]]
    sha256: str

    def columns(self, sheet: str = CASES) -> tuple[str, ...]:
        """Every column of a sheet that the map reads, in the order of the map, each once."""
        found = [*self._case_columns()] if sheet == CASES else []
        for child in self.children:
            if isinstance(child, ChildRows) and child.sheet == sheet:
                found += [child.parent, child.order, *_columns(child.readings)]
        return tuple(dict.fromkeys(name for name in found if name))

    def all_sheets(self) -> tuple[str, ...]:
        """The sheets of the map, and the child records that stand inside its cases."""
        inside = [child.sheet for child in self.children if isinstance(child, ChildRows)]
        return tuple(dict.fromkeys((*self.sheets, *inside)))

    def child_columns(self, names: Collection[str | None]) -> frozenset[str]:
        """Every column that the child records of those names are read from."""
        found: list[str] = []
        for child in self.children:
            if child.name in names:
                found += self._columns_of(child)
                if isinstance(child, ChildRows):
                    found += _columns(child.readings)
        return frozenset(found)

    def _case_columns(self) -> Iterator[str]:
        yield self.key
        yield from _columns((*self.fields, *self.identity))
        if self.consent is not None:
            yield from _columns(tuple(filter(None, [self.consent.given, self.consent.withdrawn_on])))
        for child in self.children:
            yield from self._columns_of(child)

    def _columns_of(self, child: ChildReading) -> Iterator[str]:
        """Columns of the case that tell of child records."""
        match child:
            case Blocks():
                yield from (block.prefix + name for block in child.blocks for name in _columns(child.readings))
            case ChildRows():
                yield from _columns(child.first)
            case ChildList():
                yield from _columns((child.reading, *(one for one, _ in child.spread)))
            case ChildColumns():
                yield from child.columns


def _columns(readings: tuple[Reading, ...]) -> Iterator[str]:
    for reading in readings:
        yield from reading.columns
        if reading.beside is not None:
            yield reading.beside.column
