"""Derive rules: how a coded value is made from a source record, as data. Parsed and checked here; run elsewhere.

A rule names fields of the source record, or other rules. There are no expressions and no code. A missing input gives a
missing value. A rule that takes ``from`` works on each value when the field holds several.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from frostglass.codebooks.tables import Integer, Table, Text, Texts, Values

Else = Literal["null", "error"]
"""What becomes of a value that a rule does not list: missing and counted, or refused."""


def _field_as_copy(value: object) -> object:
    return {"op": "copy", "from": value} if isinstance(value, str) else value


Source = Annotated["Rule", BeforeValidator(_field_as_copy, json_schema_input_type="str | Rule")]
"""A field of the source record, or a rule."""


class Copy(Table):
    """The value of the field ``from`` as it stands."""

    op: Literal["copy"]
    source: Text = Field(alias="from")


class Year(Table):
    """The calendar year of a date."""

    op: Literal["year"]
    source: Source = Field(alias="from")


class Age(Table):
    """Completed years from ``birth`` to ``at``; ``fallback`` is used where the birth date leaves the answer open."""

    op: Literal["age"]
    birth: Text
    at: Source
    fallback: Source | None = None


class Band(Table):
    """The code of the band that holds an integer: ``bands = [[low, high, code], ...]``, both ends included."""

    op: Literal["band"]
    source: Source = Field(alias="from")
    bands: tuple[tuple[Integer, Integer, Text], ...] = Field(min_length=1)
    otherwise: Else = Field(default="error", alias="else")


class Map(Table):
    """The code that ``table`` gives for a value."""

    op: Literal["map"]
    source: Source = Field(alias="from")
    table: Mapping[str, Text] = Field(min_length=1)
    otherwise: Else = Field(default="error", alias="else")


class Lookup(Table):
    """The code that the named ``[[lookup]]`` table gives for a value."""

    op: Literal["lookup"]
    source: Source = Field(alias="from")
    table: Text
    otherwise: Else = Field(default="error", alias="else")


class Coalesce(Table):
    """The first of several that is not missing."""

    op: Literal["coalesce"]
    of: tuple[Source, ...] = Field(min_length=1)


class When(Table):
    """``then`` where every field of ``if`` holds one of its values ("" means missing), otherwise ``else``."""

    op: Literal["when"]
    condition: Mapping[Text, Values] = Field(alias="if", min_length=1)
    then: Source
    otherwise: Source | None = Field(default=None, alias="else")


class AnyIn(Table):
    """The flag's code where any value is one of ``in``; ``over`` names child records, ``where`` selects among them."""

    op: Literal["any_in"]
    source: Source = Field(alias="from")
    among: Texts = Field(alias="in", min_length=1)
    over: Text | None = None
    where: Mapping[Text, Values] = Field(default_factory=dict)


class OneOf(Table):
    """The value of ``from`` where all that it holds come to one; ``tie`` decides where they do not, else missing."""

    op: Literal["one_of"]
    source: Source = Field(alias="from")
    tie: Source | None = None


class SetOf(Table):
    """The set of what ``each`` gives for the child records named ``over``, for those that ``where`` selects."""

    op: Literal["set_of"]
    each: Source
    over: Text | None = None
    where: Mapping[Text, Values] = Field(default_factory=dict)


class MonthsBetween(Table):
    """Completed months from one date to another."""

    op: Literal["months_between"]
    source: Source = Field(alias="from")
    to: Source


Rule = Annotated[
    Copy | Year | Age | Band | Map | Lookup | Coalesce | When | AnyIn | OneOf | SetOf | MonthsBetween,
    Field(discriminator="op"),
]

Derivation = Annotated[Rule, BeforeValidator(_field_as_copy, json_schema_input_type=str | Rule)]
"""What a variable is made from: a rule, or a field of the source record as it stands."""
