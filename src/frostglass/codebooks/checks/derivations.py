"""Sources, scope rules, lookup tables and derive rules: what they name, and what they give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from frostglass.codebooks.checks.known import Known
from frostglass.codebooks.checks.values import bands_in_order
from frostglass.codebooks.derive import (
    Age,
    AnyIn,
    Band,
    Coalesce,
    Copy,
    Lookup,
    Map,
    MonthsBetween,
    OneOf,
    Rule,
    SetOf,
    When,
    Year,
)
from frostglass.codebooks.document import LookupTable, ScopeTable, VariableTable
from frostglass.codebooks.faults import Found, Path
from frostglass.codebooks.lookups import entries, shipped_lookups
from frostglass.terms.codebook import nearest

DIRECT_IDENTIFIERS = frozenset(
    {
        "person_id",
        "salutation",
        "given_name",
        "middle_name",
        "family_name",
        "aliases",
        "birth_date",
        "id_documents",
        "phones",
        "email",
        "address_lines",
        "next_of_kin",
        "photo_ref",
    }
)
"""Fields of the vault of identities. No rule may name one, but for ``birth_date`` as the birth of an ``age``."""


@dataclass(frozen=True)
class Reader:
    """What a rule may name at its place: fields of the case, or of the child records that it goes over."""

    known: Known
    identifiers: frozenset[str]
    fields: frozenset[str]
    inside: str | None = None

    def field(self, path: Path, name: str) -> Iterator[Found]:
        """The fault of naming a field that identifies a person, or that the source does not have."""
        if name.strip().casefold() in self.identifiers:
            yield Found(
                path,
                f"{name!r} is a direct identifier, which no rule may read",
                'leave it out; of identities only an age is derived, with op = "age" and birth = "birth_date"',
            )
        elif self.fields and name not in self.fields:
            where = f"child records {self.inside!r} have" if self.inside else "the source has"
            yield Found(
                path,
                f"{where} no field {name!r}{nearest(name, self.fields)}",
                "name a field that [[source]] lists",
            )

    def over(self, path: Path, name: str | None) -> tuple[Reader, list[Found]]:
        """The reader inside the child records ``name``, and the fault of there being none such."""
        children = {one.name: one for source in self.known.document.source for one in source.children}
        if name is None:
            return self, []
        if name in children:
            return replace(self, fields=frozenset(children[name].fields), inside=name), []
        inside = replace(self, fields=frozenset(), inside=name)
        if not self.known.document.source:
            return inside, []
        fault = Found(
            (*path, "over"),
            f"there are no child records {name!r}{nearest(name, children)}",
            "declare them under [[source.children]]",
        )
        return inside, [fault]


def check(known: Known) -> Iterator[Found]:
    """Faults of everything that says how records become coded values."""
    reader = _reader(known)
    yield from _sources(known)
    for place, lookup in enumerate(known.document.lookup):
        yield from _lookup(known, place, lookup)
    for place, scope in enumerate(known.document.scope):
        yield from _scope(reader, ("scope", place), scope)
    for path, variable in known.places():
        if variable.derive is not None and variable.role != "direct_identifier":
            yield from _rule(reader, (*path, "derive"), variable.derive)
            yield from _fits(known, path, variable, variable.derive)


def _reader(known: Known) -> Reader:
    sources = known.document.source
    declared = {name for source in sources for name in source.direct_identifiers}
    identifiers = {name.casefold() for name in (*DIRECT_IDENTIFIERS, *declared, *known.identifiers)}
    whole = all(source.fields for source in sources)
    return Reader(
        known,
        frozenset(identifiers),
        frozenset(name for source in sources if whole for name in source.fields),
    )


def _sources(known: Known) -> Iterator[Found]:
    names: set[str] = set()
    for place, source in enumerate(known.document.source):
        for which, child in enumerate(source.children):
            if child.name in names:
                path: Path = ("source", place, "children", which, "name")
                yield Found(path, f"child records {child.name!r} are declared twice", "name them differently")
            names.add(child.name)


def _lookup(known: Known, place: int, lookup: LookupTable) -> Iterator[Found]:
    path: Path = ("lookup", place)
    if lookup.name in [other.name for other in known.document.lookup[:place]]:
        yield Found((*path, "name"), f"lookup {lookup.name!r} is declared twice", "name each one differently")
    if sum([bool(lookup.table), bool(lookup.by_value), lookup.shipped is not None]) != 1:
        yield Found(path, "needs one of table, by_value and shipped", "say what it holds, in one way")
    elif lookup.by_value and not entries(lookup):
        yield Found((*path, "by_value"), "lists no value at all", "list at least one")
    if lookup.shipped is not None and lookup.shipped not in shipped_lookups():
        names = shipped_lookups()
        yield Found(
            (*path, "shipped"),
            f"no lookup {lookup.shipped!r} ships{nearest(lookup.shipped, names)}",
            f"use one of {', '.join(names)}",
        )
    owners: dict[str, str] = {}
    for value, keys in lookup.by_value.items():
        for which, key in enumerate(keys):
            if key in owners:
                yield Found(
                    (*path, "by_value", value, which),
                    f"{key!r} stands under {owners[key]!r} already",
                    "list it once",
                )
            owners.setdefault(key, value)


def _scope(reader: Reader, path: Path, scope: ScopeTable) -> Iterator[Found]:
    by_field = scope.field is not None and (scope.among is None) != (scope.year_between is None)
    by_children = scope.children is not None and scope.at_least is not None
    given = {
        key for key in ("field", "among", "year_between", "children", "at_least") if getattr(scope, key) is not None
    }
    if not (by_field or by_children) or len(given) != 2:
        fix = "write field with in or year_between, or children with at_least"
        yield Found(path, "is not a rule on a field, nor one on child records", fix)
    if scope.field is not None:
        yield from reader.field((*path, "field"), scope.field)
    if scope.children is not None:
        yield from (replace(fault, path=(*path, "children")) for fault in reader.over(path, scope.children)[1])
    if scope.year_between is not None and scope.year_between[0] > scope.year_between[1]:
        yield Found((*path, "year_between"), "the years do not run upwards", "write [first, last]")


def _rule(reader: Reader, path: Path, rule: Rule) -> Iterator[Found]:
    """Faults of what a rule reads, and of its own content, through all nested rules."""
    match rule:
        case Copy():
            yield from reader.field((*path, "from"), rule.source)
        case Age():
            if rule.birth != "birth_date":
                yield from reader.field((*path, "birth"), rule.birth)
            elif reader.inside is not None:
                yield Found(
                    (*path, "birth"),
                    "the birth date is that of the case, not of its child records",
                    "take it outside over",
                )
            yield from _rule(reader, (*path, "at"), rule.at)
            if rule.fallback is not None:
                yield from _rule(reader, (*path, "fallback"), rule.fallback)
        case Band():
            yield from bands_in_order((*path, "bands"), rule.bands)
            yield from _rule(reader, (*path, "from"), rule.source)
        case Lookup():
            yield from _table(reader.known, (*path, "table"), rule.table)
            yield from _rule(reader, (*path, "from"), rule.source)
        case Year() | Map():
            yield from _rule(reader, (*path, "from"), rule.source)
        case MonthsBetween():
            yield from _rule(reader, (*path, "from"), rule.source)
            yield from _rule(reader, (*path, "to"), rule.to)
        case Coalesce():
            for place, inner in enumerate(rule.of):
                yield from _rule(reader, (*path, "of", place), inner)
        case _:
            yield from _choosing(reader, path, rule)


def _choosing(reader: Reader, path: Path, rule: When | AnyIn | OneOf | SetOf) -> Iterator[Found]:
    match rule:
        case When():
            for name in rule.condition:
                yield from reader.field((*path, "if", name), name)
            yield from _rule(reader, (*path, "then"), rule.then)
            if rule.otherwise is not None:
                yield from _rule(reader, (*path, "else"), rule.otherwise)
        case OneOf():
            yield from _rule(reader, (*path, "from"), rule.source)
            if rule.tie is not None:
                yield from _rule(reader, (*path, "tie"), rule.tie)
        case AnyIn() | SetOf():
            inside, faults = reader.over(path, rule.over)
            yield from faults
            for name in rule.where:
                yield from inside.field((*path, "where", name), name)
            key, inner = ("from", rule.source) if isinstance(rule, AnyIn) else ("each", rule.each)
            yield from _rule(inside, (*path, key), inner)


def _table(known: Known, path: Path, name: str) -> Iterator[Found]:
    names = [lookup.name for lookup in known.document.lookup]
    if name not in names:
        yield Found(path, f"there is no lookup {name!r}{nearest(name, names)}", f'add [[lookup]] name = "{name}"')


def _fits(known: Known, path: Path, variable: VariableTable, rule: Rule) -> Iterator[Found]:
    """Faults between what a rule gives and what its variable may hold."""
    place = (*path, "derive")
    if not _suits(variable, rule):
        wanted = {"set": "set_of", "flag": "any_in"}.get(variable.type, "band, map, lookup or one_of")
        fix = f"use {wanted}, or change the type of the variable"
        yield Found((*place, "op"), f"{rule.op} does not give a {variable.type}", fix)
    codes = known.codes(variable.name)
    if codes is None:
        return
    if isinstance(rule, SetOf):  # each child record gives one value of the set
        codes = tuple(atom.code for atom in variable.atoms or ())
    for where, code in _given(known, place, rule):
        if code not in codes:
            fix = f"give one of its codes: {', '.join(codes[:8])}{' …' if len(codes) > 8 else ''}"
            yield Found(where, f"{variable.name!r} has no code {code!r}{nearest(code, codes)}", fix)


def _suits(variable: VariableTable, rule: Rule) -> bool:
    match rule:
        case AnyIn():
            return variable.type == "flag"
        case SetOf():
            return variable.type == "set"
        case Year() | Age() | MonthsBetween():
            return variable.type not in ("flag", "set")
        case _:
            return True


def _given(known: Known, path: Path, rule: Rule) -> Iterator[tuple[Path, str]]:
    """The codes that a rule can give, as far as it tells them itself, each with the place where it says so."""
    match rule:
        case Band():
            yield from (((*path, "bands", place, 2), code) for place, (_, _, code) in enumerate(rule.bands))
        case Map():
            yield from (((*path, "table", key), code) for key, code in rule.table.items())
        case Lookup():
            tables = [entries(lookup) for lookup in known.document.lookup if lookup.name == rule.table]
            yield from (((*path, "table"), code) for code in sorted({code for one in tables for code in one.values()}))
        case Coalesce():
            yield from _given_by(known, [((*path, "of", place), inner) for place, inner in enumerate(rule.of)])
        case When():
            yield from _given_by(known, [((*path, "then"), rule.then), ((*path, "else"), rule.otherwise)])
        case OneOf():
            yield from _given_by(known, [((*path, "from"), rule.source), ((*path, "tie"), rule.tie)])
        case SetOf():
            yield from _given(known, (*path, "each"), rule.each)
        case Copy() | Year() | Age() | AnyIn() | MonthsBetween():
            return


def _given_by(known: Known, rules: Sequence[tuple[Path, Rule | None]]) -> Iterator[tuple[Path, str]]:
    for path, rule in rules:
        if rule is not None:
            yield from _given(known, path, rule)
