"""The import map file as typed tables: which columns of a system's case files are which fields, and what codes mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from frostglass.codebooks.tables import Day, Integer, Table, Text, Texts, Values
from frostglass.terms.import_map import FieldKind

IMPORT_FORMAT: Final = 1
"""Number of this file format. A change that older versions would misread raises it."""


def _column_as_reading(value: object) -> object:
    return {"from": value} if isinstance(value, str) else value


class BesideTable(Table):
    """A list that runs parallel to a cell's values: the entry whose value is meant (of several, the last), and all
    others that there may be."""

    column: Text
    holds: Text
    among: Texts = ()


class ReadingTable(Table):
    """How columns are read: as what, with which codes, split where."""

    source: Texts = Field(alias="from", min_length=1)
    kind: FieldKind = Field(default="text", alias="as")
    codes: Mapping[Text, str] | Texts | None = None
    split: str = ""
    formats: Texts = ("YYYY-MM-DD", "YYYY-MM", "YYYY")
    missing: Values = ()
    parts: Texts = ()
    many: bool = Field(default=False, strict=True)
    beside: BesideTable | None = None
    most: Annotated[Integer, Field(ge=0)] | None = None
    flag: str = ""


Reading = Annotated[ReadingTable, BeforeValidator(_column_as_reading, json_schema_input_type=str | ReadingTable)]
"""A column that is read as text, or a table that says how it is read."""


class BlockTable(Table):
    """Columns that share a prefix and tell of one child record, and what holds of it by being that block."""

    prefix: str
    given: Mapping[Text, Text] = Field(default_factory=dict, alias="set")


class SpreadTable(ReadingTable):
    """A further answer of the case, which goes to every child record whose entry is one of ``onto``."""

    onto: Texts = Field(min_length=1)


class AnswerTable(Table):
    """The field that holds what a column of ``columns`` answers, and what its codes mean."""

    field: Text
    codes: Mapping[Text, str] | Texts


class ChildTable(Table):
    """Child records: ``blocks`` of columns, rows of a ``sheet`` (or objects at a JSON path), a ``list``, or ``columns``
    of one answer each."""

    blocks: tuple[BlockTable, ...] = ()
    sheet: Text | None = None
    parent: Text | None = None
    order: Text | None = None
    listed: Reading | None = Field(default=None, alias="list")
    columns: Mapping[Text, Text] = Field(default_factory=dict)
    field: Text | None = None
    answer: AnswerTable | None = None
    given: Mapping[Text, Text] = Field(default_factory=dict, alias="set")
    fields: Mapping[Text, Reading] = Field(default_factory=dict)
    first: Mapping[Text, Reading] = Field(default_factory=dict)
    spread: Mapping[Text, SpreadTable] = Field(default_factory=dict)


class ConsentTable(Table):
    """The field that tells of consent, and the columns that it is read from; a system that asked for none has none."""

    field: Text
    given: Reading | None = None
    withdrawn_on: Reading | None = None


class CheckTable(Table):
    """What must hold of a case, or it is quarantined."""

    kind: Literal["order", "age", "member", "since"]
    first: Text
    second: Text | None = None
    most: Integer | None = None
    day: Day | None = None


class MapHead(Table):
    """What the map is for."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    version: Text = "1"
    title: str = ""
    source_system: Text
    format: Literal["table", "json"] = "table"
    sheets: Texts = ("cases",)
    key: Text
    missing: Values = ()
    years: tuple[Integer, Integer] | None = None
    years_of: Text | None = None
    unmapped: Literal["quarantine"] = "quarantine"


class MapDocument(Table):
    """An import map file."""

    format: Literal[1] = IMPORT_FORMAT
    head: MapHead = Field(alias="map")
    never_read: Mapping[Text, Texts] = Field(default_factory=dict)
    codes: Mapping[Text, Mapping[Text, str]] = Field(default_factory=dict)
    fields: Mapping[Text, Reading]
    identity: Mapping[Text, Reading] = Field(default_factory=dict)
    consent: ConsentTable | None = None
    children: Mapping[Text, ChildTable] = Field(default_factory=dict)
    check: tuple[CheckTable, ...] = ()
