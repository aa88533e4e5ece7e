"""How a coded value is made from the fields of a source record, as values: the codebook's derive and scope rules.

A rule names fields, or other rules. A missing input gives a missing value; where a field holds several values, a rule
works on each. The file form is checked in ``frostglass.codebooks``; ``frostglass.sensitive.recoding`` carries it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

SOURCE_SYSTEM = "source_system"
"""The field that says which system a case comes from; the import map fills it."""

BIRTH_DATE = "birth_date"
"""The one direct identifier that a rule may name, as the birth of an ``Age``: it stays with the identities, and of it
only completed years are ever handed over."""

CANONICAL_CASE = "canonical_case"
"""The field that says whether a case stands for its person ("yes") or another does ("no"); linkage fills it."""


@dataclass(frozen=True)
class Copy:
    """The values of a field as they stand."""

    field: str


@dataclass(frozen=True)
class Year:
    """The calendar year of a date."""

    source: Rule


@dataclass(frozen=True)
class Age:
    """Completed years from the date in field ``birth`` to ``at``; ``fallback`` where that leaves the answer open."""

    birth: str
    at: Rule
    fallback: Rule | None


@dataclass(frozen=True)
class Bands:
    """The code of the band (lowest, highest, code; both ends included) that holds a number, or all of an interval."""

    source: Rule
    bands: tuple[tuple[int, int, str], ...]
    strict: bool


@dataclass(frozen=True)
class Map:
    """The code that a table gives. Unlisted values are refused when ``strict``, else they become missing."""

    source: Rule
    table: Mapping[str, str]
    strict: bool


@dataclass(frozen=True)
class Coalesce:
    """The first of several that is not missing."""

    of: tuple[Rule, ...]


@dataclass(frozen=True)
class When:
    """``then`` where every field of ``condition`` holds one of its values ("" is missing), otherwise ``otherwise``."""

    condition: Mapping[str, tuple[str, ...]]
    then: Rule
    otherwise: Rule | None


@dataclass(frozen=True)
class AnyIn:
    """The flag's code where any value is ``among`` the listed; ``over`` child records that ``where`` selects."""

    source: Rule
    among: tuple[str, ...]
    over: str | None
    where: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class OneOf:
    """The value where all that a record holds come to one; ``tie`` decides where they do not."""

    source: Rule
    tie: Rule | None


@dataclass(frozen=True)
class SetOf:
    """The set of what ``each`` gives for every child record of ``over`` that ``where`` selects, or for the record."""

    each: Rule
    over: str | None
    where: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class MonthsBetween:
    """Completed months from one date to another."""

    source: Rule
    to: Rule


Rule: TypeAlias = "Copy | Year | Age | Bands | Map | Coalesce | When | AnyIn | OneOf | SetOf | MonthsBetween"


@dataclass(frozen=True)
class Scope:
    """Which cases belong to the table: ``field`` holds one of ``among`` or a date in ``years``, or ``children`` number
    ``at_least``. The others are left out and counted under ``reason``."""

    reason: str
    field: str | None
    among: tuple[str, ...]
    years: tuple[int, int] | None
    children: str | None
    at_least: int


@dataclass(frozen=True)
class Children:
    """Repeated records inside a case: beyond ``most`` the first are kept, or the case is refused."""

    name: str
    most: int | None
    beyond: Literal["first", "error"]


@dataclass(frozen=True)
class Recoding:
    """Everything that turns source records into the coded table. ``rules`` has one rule for each released variable."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    scope: tuple[Scope, ...] = ()
    children: tuple[Children, ...] = ()

    def reads(self) -> Mapping[str | None, frozenset[str]]:
        """The allow-list: fields that any derive rule reads, of the case (under None) and of each child record.

        A birth date is not among them: of it only an age is ever handed over.
        """
        found: dict[str | None, set[str]] = {None: set()}
        for rule in self.rules.values():
            for place, name in _reads(rule, None):
                found.setdefault(place, set()).add(name)
        return {place: frozenset(names) for place, names in found.items()}

    def ages(self) -> tuple[Age, ...]:
        """The ages that rules ask for by the birth date: all that is ever made of it."""
        return tuple(
            one
            for rule in self.rules.values()
            for one in walk(rule)
            if isinstance(one, Age) and one.birth == BIRTH_DATE
        )


def parts(rule: Rule) -> tuple[Rule, ...]:
    """The rules directly inside a rule."""
    match rule:
        case Copy():
            return ()
        case Age():
            return (rule.at,) if rule.fallback is None else (rule.at, rule.fallback)
        case Coalesce():
            return rule.of
        case When():
            return (rule.then,) if rule.otherwise is None else (rule.then, rule.otherwise)
        case OneOf():
            return (rule.source,) if rule.tie is None else (rule.source, rule.tie)
        case SetOf():
            return (rule.each,)
        case MonthsBetween():
            return (rule.source, rule.to)
        case Year() | Bands() | Map() | AnyIn():
            return (rule.source,)


def walk(rule: Rule) -> Iterator[Rule]:
    """A rule and all rules inside it."""
    yield rule
    for part in parts(rule):
        yield from walk(part)


def _reads(rule: Rule, place: str | None) -> Iterator[tuple[str | None, str]]:
    """Fields that a rule reads; ``place`` is the child record that it is inside of."""
    if isinstance(rule, Copy):
        yield place, rule.field
    if isinstance(rule, Age) and rule.birth != BIRTH_DATE:
        yield place, rule.birth
    if isinstance(rule, When):
        yield from ((place, name) for name in rule.condition)
    if isinstance(rule, (AnyIn, SetOf)):
        place = rule.over if rule.over is not None else place
        yield from ((place, name) for name in rule.where)
    for part in parts(rule):
        yield from _reads(part, place)
