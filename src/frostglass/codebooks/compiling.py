"""From a checked document to the codebook that everyone reads, and to its canonical JSON."""

from __future__ import annotations

import hashlib
import json
import unicodedata

from frostglass.codebooks import constraints
from frostglass.codebooks.codes import admitted_set, categories_of, codes_of
from frostglass.codebooks.document import FORMAT, CategoryTable, Document, LookupTable, VariableTable
from frostglass.codebooks.lookups import entries
from frostglass.codebooks.recoding import compiled_recoding
from frostglass.terms.codebook import (
    Band,
    Category,
    Codebook,
    Confirmation,
    Group,
    Null,
    ReleaseTexts,
    Variable,
)
from frostglass.terms.domain import Attribute, Domain


def normalised(document: Document) -> Document:
    """The same codebook with everything said in one way: numbers filled in, sets spelled out, lookups in full."""
    groups = {name: group.name for group in document.group for name in group.of}
    released = [one.name for one in document.variable if one.role != "direct_identifier"]
    numbers = {name: place for place, name in enumerate(released, start=1)}
    variables = [
        _normalised_variable(one, document, one.number or numbers.get(one.name), groups.get(one.name))
        for one in document.variable
    ]
    return document.model_copy(
        update={
            "codebook": document.codebook.model_copy(
                update={"missing_in": missing_tokens(document.codebook.missing_in)}
            ),
            "variable": tuple(variables),
            "lookup": tuple(LookupTable(name=one.name, table=entries(one)) for one in document.lookup),
            "group": tuple(group.model_copy(update={"of": ()}) for group in document.group),
        }
    )


def missing_tokens(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """What reads as missing: an empty cell always, and the declared tokens, trimmed and in Unicode's composed form."""
    return tuple(dict.fromkeys(["", *(unicodedata.normalize("NFC", token).strip() for token in tokens)]))


def _normalised_variable(
    variable: VariableTable, document: Document, number: int | None, group: str | None
) -> VariableTable:
    update: dict[str, object] = {"number": number, "denominator_group": variable.denominator_group or group}
    if variable.type == "flag" and variable.role != "direct_identifier":
        update["categories"] = categories_of(variable)
    if variable.admitted_sets is not None:
        head = document.codebook
        update["admitted_sets"] = tuple(admitted_set(variable, text, head) for text in variable.admitted_sets)
    return variable.model_copy(update=update)


def canonical_json(document: Document) -> bytes:
    """Canonical JSON of a normalised document: sorted keys, UTF-8, no spaces, nothing that is at its default."""
    content = document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    text = json.dumps({**content, "format": FORMAT}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def compiled(document: Document) -> Codebook:
    """The codebook that a checked document describes."""
    document = normalised(document)
    head, canonical = document.codebook, canonical_json(document)
    variables = tuple(_variable(table, document) for table in document.variable if table.role != "direct_identifier")
    everywhere = Domain(tuple(Attribute(variable.name, variable.codes) for variable in variables))
    declared = constraints.declared(document)
    clauses = constraints.clauses(everywhere, variables, head.set_separator, declared)
    return Codebook(
        id=head.id,
        version=head.version,
        title=head.title or head.id,
        date=head.date or "",
        language=head.language,
        publisher=head.publisher,
        unit=head.unit,
        privacy_unit=head.privacy_unit,
        set_separator=head.set_separator,
        set_order=head.set_order,
        missing_in=head.missing_in,
        variables=variables,
        identifiers=tuple(
            text for one in document.variable if one.role == "direct_identifier" for text in (one.name, *one.aliases)
        ),
        domain=everywhere.with_never_missing(constraints.never_missing(clauses)),
        constraints=tuple(described for _, described in declared),
        clauses=clauses,
        groups=_groups(document),
        recoding=compiled_recoding(document),
        release=ReleaseTexts(**dict(document.release)),
        related=dict(document.related),
        drafted=head.drafted,
        confirmed=Confirmation(head.confirmed.by, head.confirmed.on) if head.confirmed is not None else None,
        canonical=canonical,
        sha256=hashlib.sha256(canonical).hexdigest(),
    )


def _variable(table: VariableTable, document: Document) -> Variable:
    return Variable(
        name=table.name,
        number=table.number or 0,
        aliases=table.aliases,
        label=dict(table.label),
        type=table.type,
        role=table.role,
        definition=table.definition,
        categories=tuple(_category(one) for one in categories_of(table)),
        codes=codes_of(table, document.codebook),
        bands=tuple(Band(low, high, code) for low, high, code in table.bands or ()),
        overflow=table.overflow,
        other=_category(table.other) if table.other is not None else None,
        null=Null(table.null.meaning, table.null.structural, table.null.count_as_value),
        sensitive_zeros=table.sensitive_zeros,
        denominator_group=table.denominator_group,
        recall=table.recall,
    )


def _category(table: CategoryTable) -> Category:
    return Category(table.code, dict(table.label), table.definition, table.aliases, table.color)


def _groups(document: Document) -> dict[str, Group]:
    members = {
        group.name: tuple(one.name for one in document.variable if one.denominator_group == group.name)
        for group in document.group
    }
    return {
        group.name: Group(group.name, dict(group.label), group.definition, group.color, group.page, members[group.name])
        for group in document.group
    }
