"""The codebook as a page: every variable with its meaning and its released counts. One file, no script, no network."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from frostglass.bundle.format.manifest import Manifest
from frostglass.bundle.words import banner, citation, day, guarantee_sentence
from frostglass.pages.blocks import Cell, Page, Part, Row, Table, templates
from frostglass.pages.words import in_parts
from frostglass.terms.codebook import Codebook, Variable
from frostglass.terms.domain import MISSING_LABEL

_SAFE = re.compile(r"[A-Za-z0-9_.-]+")

_TYPES = {
    "nominal": "one of several",
    "ordinal": "one of several, in order",
    "integer": "whole number, in bands",
    "flag": "flag: marked or missing",
    "set": "set: one or more together",
}

_ROLES = {
    "direct_identifier": "direct identifier",
    "quasi": "could be known to an outsider",
    "sensitive": "sensitive",
    "public": "public",
}

_BASES = {"structural": "true by definition", "empirical": "expected, not enforced"}


@dataclass(frozen=True, slots=True)
class SetPart:
    """A part of which sets are made, with what it means."""

    label: str
    definition: str


@dataclass(frozen=True, slots=True)
class Section:
    """One variable."""

    anchor: str
    number: int
    name: str
    label: str
    translations: tuple[tuple[str, str], ...]
    type: str
    role: str
    definition: str
    missing: str
    recall: str
    group: str
    aliases: tuple[str, ...]
    parts: tuple[SetPart, ...]
    values: Table


@dataclass(frozen=True, slots=True)
class Rule:
    """A constraint that the codebook declares."""

    sentence: str
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodebookPage(Page):
    """All that the template of codebook.html sees."""

    codebook: str
    publisher: str
    provenance: str
    sentence: str
    sections: tuple[Section, ...]
    rules: tuple[Rule, ...]
    rules_enforced: bool
    limitations: tuple[str, ...]
    related: tuple[tuple[str, str], ...]
    citation: str
    accessed_note: str
    terms: str
    contact: str
    codebook_sha256: str
    software_version: str


def codebook_html(manifest: Manifest, codebook: Codebook, counts: pl.DataFrame) -> str:
    """The text of codebook.html; ``counts`` is the published table, of which the length-1 rows are shown."""
    page = _page(manifest, codebook, counts)
    return templates("frostglass.bundle.pages").get_template("codebook.html").render(page=page)


def _page(manifest: Manifest, codebook: Codebook, counts: pl.DataFrame) -> CodebookPage:
    singles = counts.filter(pl.col("length") == 1)
    rows = {(row["variables"], row["values"]): row for row in singles.iter_rows(named=True)}
    return CodebookPage(
        language=codebook.language,
        title=f"Codebook: {codebook.title}",
        over="Codebook",
        heading=codebook.title,
        banner=banner(manifest),
        facts=(
            ("Release", manifest.release_id),
            ("Day", day(manifest)),
            ("Records, measured with noise", f"{manifest.total:,}"),
            ("One row is one", codebook.unit),
        ),
        codebook=f"{codebook.id}, version {codebook.version}, {codebook.date}",
        publisher=codebook.publisher,
        provenance=codebook.release.provenance,
        sentence=guarantee_sentence(manifest, codebook),
        sections=tuple(
            _section(each, codebook, rows, manifest.total)
            for each in sorted(codebook.variables, key=lambda each: each.number)
        ),
        rules=tuple(Rule(each.sentence, _BASES[each.basis]) for each in codebook.constraints),
        rules_enforced=manifest.structural,
        limitations=codebook.release.limitations,
        related=tuple(codebook.related.items()),
        citation=citation(manifest, codebook),
        accessed_note=codebook.release.accessed_note,
        terms=codebook.release.terms,
        contact=codebook.release.contact,
        codebook_sha256=codebook.sha256,
        software_version=manifest.software.version,
    )


def _section(
    variable: Variable, codebook: Codebook, rows: dict[tuple[str, str], dict[str, int]], total: int
) -> Section:
    parts = _parts(variable, codebook) if variable.type == "set" else ()
    said = {each.code: each.definition for each in variable.categories if not parts}
    values = codebook.domain.attribute(variable.name).values
    return Section(
        anchor=f"v-{variable.name}" if _SAFE.fullmatch(variable.name) else f"n-{variable.number}",
        number=variable.number,
        name=variable.name,
        label=codebook.label(variable.name),
        translations=_translations(variable, codebook),
        type=_TYPES[variable.type],
        role=_ROLES[variable.role],
        definition=variable.definition,
        missing=variable.null.meaning if values[0] == MISSING_LABEL else "never; every record has a value",
        recall=variable.recall or "",
        group=_group(variable, codebook),
        aliases=variable.aliases,
        parts=parts,
        values=Table(
            f"Values of {codebook.label(variable.name)}, with released counts",
            ("Value", Cell("Count", "95% interval"), "Share of all records"),
            tuple(
                _row(codebook, variable.name, value, said.get(value, ""), rows[variable.name, value], total)
                for value in values
            ),
            right=(1,),
        ),
    )


def _translations(variable: Variable, codebook: Codebook) -> tuple[tuple[str, str], ...]:
    return tuple(
        (language, variable.label[language])
        for language in codebook.languages
        if language != codebook.language and language in variable.label
    )


def _group(variable: Variable, codebook: Codebook) -> str:
    if variable.denominator_group is None:
        return ""
    group = codebook.groups[variable.denominator_group]
    return group.label.get(codebook.language) or group.name


def _parts(variable: Variable, codebook: Codebook) -> tuple[SetPart, ...]:
    return tuple(
        SetPart(each.label.get(codebook.language) or each.code, each.definition)
        for each in variable.categories
        if each.definition
    )


def _row(codebook: Codebook, name: str, value: str, definition: str, row: dict[str, int], total: int) -> Row:
    """A value, its released count and interval, and both as shares of all records, drawn."""
    label, missing = codebook.value_label(name, value), value == MISSING_LABEL
    count, low, high = (in_parts(row[each], total) for each in ("count", "low", "high"))
    return (
        Cell(label, definition, code="" if missing or value == label else value, quiet=missing),
        Cell(f"{row['count']:,}", f"{row['low']:,} – {row['high']:,}"),
        Cell(f"{count:.1f}%", strips=((Part(0, count), Part(low, high - low, "strong")),)),
    )
