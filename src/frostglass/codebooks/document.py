"""The codebook file as typed tables: the shape that TOML and canonical JSON share.

Where a file may spell one thing in two ways (a category as a text or a table, a label as a text or one a language), the
tables hold the fuller way. Whether the content makes sense is checked in ``frostglass.codebooks.checks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from frostglass.codebooks.derive import Derivation
from frostglass.codebooks.tables import Day, Integer, Labels, Language, Number, Table, Text, Texts, Values
from frostglass.terms.codebook import Basis, Overflow, Role, SetOrder, VariableType

FORMAT: Final = 1
"""Number of this file format. A change that older versions would misread raises it."""

Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


def _code_as_category(value: object) -> object:
    return {"code": value} if isinstance(value, str) else value


def _never_structural(basis: Basis) -> Basis:
    if basis == "structural":
        raise ValueError("must be empirical: how complete a column is must be learned from data")
    return basis


class ConfirmedTable(Table):
    """Who confirmed a drafted codebook as public knowledge, and when."""

    by: Text
    on: Day


class Head(Table):
    """What the codebook is and what one row of its table is."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    version: Text = "1"
    title: str = ""
    date: Day | None = None
    language: Language = "en"
    publisher: str = ""
    unit: Text = "record"
    privacy_unit: Text = "person"
    set_separator: Annotated[str, Field(min_length=1, max_length=1)] = ";"
    set_order: SetOrder = "lexical"
    null_out: Literal[""] = ""
    missing_in: Values = ("",)
    drafted: bool = Field(default=False, strict=True)
    confirmed: ConfirmedTable | None = None


class ReleaseTable(Table):
    """Texts that go with every release."""

    citation: str = ""
    provenance: str = ""
    limitations: Texts = ()
    terms: str = ""
    contact: str = ""
    file_stem: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$")] = ""
    accessed_note: str = ""


class ChildrenTable(Table):
    """Repeated records inside a case, such as the persons that it names; beyond ``max`` the first are kept."""

    name: Text
    max: Annotated[Integer, Field(ge=1)] | None = None
    overflow: Literal["first", "error"] = "first"
    fields: Texts = ()


class SourceTable(Table):
    """A source of records: its fields, those that identify a person directly, and its repeated records."""

    name: Text
    key: Text | None = None
    fields: Texts = ()
    direct_identifiers: Texts = ()
    children: tuple[ChildrenTable, ...] = ()


class ScopeTable(Table):
    """Which cases belong to the table; the others are left out with ``reason`` and counted, never blanked."""

    field: Text | None = None
    among: Values | None = Field(default=None, alias="in")
    year_between: tuple[Integer, Integer] | None = None
    children: Text | None = None
    at_least: Annotated[Integer, Field(ge=1)] | None = None
    reason: str = ""


class LookupTable(Table):
    """A named table from value to code: given as such, or as the values of each code, or by a shipped table's name."""

    name: Text
    table: Mapping[Text, Text] = Field(default_factory=dict)
    by_value: Mapping[Text, Texts] = Field(default_factory=dict)
    shipped: Text | None = None


class CategoryTable(Table):
    """A permitted value, or an atom of a set."""

    code: str
    label: Labels = Field(default_factory=dict)
    definition: str = ""
    aliases: Texts = ()
    color: Color | None = None


CategoryEntry = Annotated[CategoryTable, BeforeValidator(_code_as_category, json_schema_input_type=str | CategoryTable)]


class NullTable(Table):
    """What a missing value means."""

    meaning: str = ""
    structural: Literal["allowed", "never"] = "allowed"
    count_as_value: bool = Field(default=True, strict=True)


class VariableTable(Table):
    """A column: its name, its type, the values that it may hold, and how it is made from a source record."""

    name: str
    number: Annotated[Integer, Field(ge=1, le=9999)] | None = None
    aliases: Texts = ()
    label: Labels = Field(default_factory=dict)
    type: VariableType
    role: Role = "sensitive"
    definition: str = ""
    recall: str | None = None
    categories: tuple[CategoryEntry, ...] | None = None
    range: tuple[Integer, Integer] | None = None
    bands: tuple[tuple[Integer, Integer, str], ...] | None = None
    atoms: tuple[CategoryEntry, ...] | None = None
    admitted_sets: Texts | None = None
    max_atoms: Annotated[Integer, Field(ge=1)] | None = None
    overflow: Overflow = "null"
    other: CategoryEntry | None = None
    null: NullTable = NullTable()
    sensitive_zeros: bool = Field(default=False, strict=True)
    denominator_group: Text | None = None
    derive: Derivation | None = None


class GroupTable(Table):
    """A denominator group; its members are listed here or name it as their ``denominator_group``."""

    name: Text
    label: Labels = Field(default_factory=dict)
    definition: str = ""
    color: Color | None = None
    page: str | None = None
    of: Texts = ()


class _ConstraintTable(Table):
    name: Text | None = None
    basis: Basis = "structural"


class NotNull(_ConstraintTable):
    """Every variable of ``of`` has a value."""

    kind: Literal["not_null"]
    of: Texts = Field(min_length=1)


class AtLeastOne(_ConstraintTable):
    """One variable of ``of``, or more, has a value."""

    kind: Literal["at_least_one"]
    of: Texts = Field(min_length=1)


class Implies(_ConstraintTable):
    """Where every variable of ``if`` holds one of its codes, every variable of ``then`` holds one of its own."""

    kind: Literal["implies"]
    condition: Mapping[str, Texts] = Field(alias="if", min_length=1)
    then: Mapping[str, Texts] = Field(min_length=1)


class Forbid(_ConstraintTable):
    """No record holds the listed codes all together."""

    kind: Literal["forbid"]
    combination: Mapping[str, Texts] = Field(min_length=1)


class RequiresAny(_ConstraintTable):
    """Where any variable of ``if_any`` has a value, one variable of ``of``, or more, has one."""

    kind: Literal["requires_any"]
    if_any: Texts = Field(min_length=1)
    of: Texts = Field(min_length=1)


class MaxAtoms(_ConstraintTable):
    """No set variable of ``of`` holds more than ``at_most`` atoms."""

    kind: Literal["max_atoms"]
    of: Texts = Field(min_length=1)
    at_most: Annotated[Integer, Field(ge=1)]


class CompleteRate(_ConstraintTable):
    """At least this share of records has a value: an expectation about data, so always empirical."""

    kind: Literal["complete_rate"]
    basis: Annotated[Basis, AfterValidator(_never_structural)] = "empirical"
    of: Texts = Field(min_length=1)
    at_least: Annotated[Number, Field(gt=0, le=1)]


ConstraintTable = Annotated[
    NotNull | AtLeastOne | Implies | Forbid | RequiresAny | MaxAtoms | CompleteRate,
    Field(discriminator="kind"),
]


class SynthesisTable(Table):
    """Settings that the publisher of the codebook proposes; whoever makes a release still states epsilon and delta."""

    mode: Literal["dp", "k"] = "dp"
    epsilon: Number | None = None
    delta: Number | None = None
    k: Annotated[Integer, Field(ge=2, le=10_000)] | None = None
    reporting_length: Annotated[Integer, Field(ge=1, le=4)] | None = None
    record_count: Literal["dp"] = "dp"


class ChartTable(Table):
    """A chart that a showcase draws from the released counts."""

    title: Labels
    kind: Literal["bars", "matrix", "flows", "trend"]
    variables: Texts = Field(min_length=1, max_length=4)
    note: str = ""


class Document(Table):
    """A codebook file."""

    format: Literal[1] = FORMAT
    codebook: Head
    related: Mapping[Text, Text] = Field(default_factory=dict)
    release: ReleaseTable = ReleaseTable()
    source: tuple[SourceTable, ...] = ()
    scope: tuple[ScopeTable, ...] = ()
    lookup: tuple[LookupTable, ...] = ()
    variable: tuple[VariableTable, ...]
    group: tuple[GroupTable, ...] = ()
    constraint: tuple[ConstraintTable, ...] = ()
    synthesis: SynthesisTable = SynthesisTable()
    chart: tuple[ChartTable, ...] = ()
