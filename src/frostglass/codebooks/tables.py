"""What every table of a codebook file has in common: strict types, no unknown keys, several spellings for one thing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StrictInt, ValidationInfo

SAFE_INTEGER = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly."""


class Table(BaseModel):
    """A TOML table: frozen, without unknown keys. A default never changes: canonical JSON leaves defaults out."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


def as_tuple(value: object) -> object:
    """A single text where a list is expected, as a list of one."""
    return [value] if isinstance(value, str) else value


def _labels(value: object, info: ValidationInfo) -> object:
    """A label that is a plain text belongs to the codebook's own language."""
    language = (info.context or {}).get("language", "en")
    return {language: value} if isinstance(value, str) else value


def _day(value: object) -> object:
    return value.isoformat() if type(value) is date else value


def _decimal(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return Decimal(str(value)) if isinstance(value, (int, float)) else value


def plain_decimal(value: Decimal) -> str:
    """The shortest decimal without an exponent, so that 0.990 and 0.99 are the same text."""
    return format(value.normalize(), "f")


Text = Annotated[str, Field(min_length=1)]
Integer = Annotated[StrictInt, Field(ge=-SAFE_INTEGER, le=SAFE_INTEGER)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(as_tuple, json_schema_input_type=str | list[str])]
"""One text, or a list of texts."""
Values = Annotated[tuple[str, ...], BeforeValidator(as_tuple, json_schema_input_type=str | list[str])]
"""One value, or a list of values; any may be empty."""

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Labels = Annotated[Mapping[Language, Text], BeforeValidator(_labels, json_schema_input_type=str | dict[str, str])]
"""A text in the codebook's own language, or a table with a text for each language."""

Day = Annotated[
    str,
    BeforeValidator(_day, json_schema_input_type=str),
    Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"),
]

Number = Annotated[
    Decimal,
    BeforeValidator(_decimal, json_schema_input_type=float | str),
    Field(ge=0, le=1000, decimal_places=20),
    PlainSerializer(plain_decimal),
]
"""An exact decimal number, written as a number or as a text."""
