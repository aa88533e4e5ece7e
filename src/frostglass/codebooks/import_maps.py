"""Import maps: from a TOML file to the values that the clear side carries out; and those that ship with the package."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from frostglass.codebooks.checks.derivations import DIRECT_IDENTIFIERS
from frostglass.codebooks.complaints import complaint, path_of
from frostglass.codebooks.faults import Fault, listing, written
from frostglass.codebooks.import_document import ChildTable, MapDocument, ReadingTable
from frostglass.codebooks.loading import file_bytes, utf8_text
from frostglass.codebooks.lookups import countries
from frostglass.codebooks.parsing import Raw, SyntaxFault, control_characters, parse_toml
from frostglass.errors import CodebookError
from frostglass.terms import import_map as terms
from frostglass.terms.codebook import nearest

LINKING = DIRECT_IDENTIFIERS | {"match_tokens"}
"""What an import map may list under [identity]: read to find one person's cases, and never handed on."""

_FORMAT = re.compile(r"(?:YYYY|MM|DD|[-/. ])+")


def shipped_maps() -> tuple[str, ...]:
    """Ids of the import maps that ship with the package."""
    folder = files("frostglass.codebooks") / "maps"
    return tuple(sorted(one.name.removesuffix(".toml") for one in folder.iterdir() if one.name.endswith(".toml")))


def load_map(id_or_path: str | Path) -> terms.ImportMap:
    """The shipped import map of that id, or the one in a TOML file.

    CodebookError: FG-CB-010 with every fault of the file, FG-CB-011 when there is neither such an id nor such a file,
    FG-CB-002 when it cannot be read as text.
    """
    if isinstance(id_or_path, str) and id_or_path in shipped_maps():
        text = (files("frostglass.codebooks") / "maps" / f"{id_or_path}.toml").read_text(encoding="utf-8")
        return map_from(text, source=f"import map {id_or_path}")
    path = Path(id_or_path)
    if not path.exists():
        ids = shipped_maps()
        raise CodebookError(
            "FG-CB-011",
            f"there is no import map {str(id_or_path)!r}: neither a file, nor one that ships with frostglass "
            f"({', '.join(ids)}){nearest(str(id_or_path), ids)}",
        )
    return map_from(utf8_text(file_bytes(path), path.name), source=path.name)


def map_from(text: str, *, source: str) -> terms.ImportMap:
    """The import map in a TOML text; ``source`` names it in messages. CodebookError FG-CB-010 lists every fault."""
    try:
        raw = parse_toml(text)
        document = MapDocument.model_validate(raw)
    except SyntaxFault as error:
        raise CodebookError("FG-CB-010", listing(source, [error.fault])) from None
    except ValidationError as error:
        raise CodebookError("FG-CB-010", listing(source, list(_misshapen(raw, error)))) from None
    faults = [*_controls(raw), *_faults(document)]
    if faults:
        raise CodebookError("FG-CB-010", listing(source, faults))
    return _compiled(document)


def _misshapen(raw: Raw, error: ValidationError) -> Iterator[Fault]:
    for one in error.errors(include_url=False):
        path = path_of(raw, one["loc"])
        if one["type"] == "missing":
            yield Fault(written(path), f"{path[-1]!r} is missing", f"add {path[-1]}")
        elif one["type"] == "extra_forbidden":
            yield Fault(written(path), f"unknown key {path[-1]!r}", "see the reference of import maps for its keys")
        else:
            message, fix = complaint(one["type"], one["msg"], one.get("ctx", {}), one.get("input"))
            yield Fault(written(path), message, fix)


def _controls(raw: Raw) -> Iterator[Fault]:
    for one in control_characters(raw):
        yield Fault(written(one.path), one.message, one.fix)


def _faults(document: MapDocument) -> Iterator[Fault]:
    yield from _head_faults(document)
    for name in document.identity:
        if name not in LINKING:
            fix = f"list it under [fields], or name it as one of {', '.join(sorted(LINKING))}"
            yield Fault(f"identity.{name}", f"{name!r} is no field of identities{nearest(name, LINKING)}", fix)
    for name in document.fields:
        if name in LINKING:
            fix = "list it under [identity], where nothing but linking reads it"
            yield Fault(f"fields.{name}", f"{name!r} identifies a person directly", fix)
    for path, reading in _readings(document):
        yield from _reading_faults(document, path, reading)
    for name, child in document.children.items():
        yield from _child_faults(document, f"children.{name}", child)
    yield from _consent_faults(document)
    yield from _date_faults(document)
    for place, check in enumerate(document.check):
        needs = {"order": check.second, "age": check.second, "member": check.second, "since": check.day}[check.kind]
        if needs is None or (check.kind == "age" and check.most is None):
            fix = "order and member need first and second, age also most; since needs first and day"
            yield Fault(f"check[{place}]", f"a check of kind {check.kind!r} is not complete", fix)
        for field in filter(None, [check.first, check.second]):
            if field not in document.fields and field not in document.identity:
                yield Fault(f"check[{place}]", f"there is no field {field!r}", "name one of [fields] or [identity]")


def _consent_faults(document: MapDocument) -> Iterator[Fault]:
    consent = document.consent
    if consent is not None and consent.given is not None:
        meant = set(_codes(document, consent.given.codes).values())
        if consent.given.kind != "code" or not meant <= {"yes", "no", ""} or "no" not in meant:
            fix = 'read it as = "code", with codes that mean "yes", "no", or "" for no answer; one must mean "no"'
            yield Fault("consent.given", "does not tell a given consent from a refused one", fix)
    if consent is not None and consent.withdrawn_on is not None and consent.withdrawn_on.kind != "date":
        yield Fault("consent.withdrawn_on", "is no date", 'read it as = "date"')


def _date_faults(document: MapDocument) -> Iterator[Fault]:
    """Fields that are dates by what is done with them must be read as dates."""
    named = {"birth_date": document.identity.get("birth_date")}
    named |= {name: document.fields.get(name) for name in filter(None, [document.head.years_of])}
    for check in document.check:
        dated = (check.first, check.second) if check.kind in ("order", "age") else (check.first,)
        for name in filter(None, dated if check.kind != "member" else ()):
            named[name] = document.fields.get(name) or document.identity.get(name)
    for name, reading in named.items():
        if reading is not None and reading.kind not in ("date", "year"):
            yield Fault(name, "is used as a date and not read as one", 'read it as = "date" or as = "year"')


def _head_faults(document: MapDocument) -> Iterator[Fault]:
    head = document.head
    if (head.years is not None or head.years_of) and head.years_of not in document.fields:
        yield Fault("map.years_of", "must name the date that years is about", "name one of [fields]")
    if terms.CASES not in head.sheets:
        yield Fault("map.sheets", "the sheet of the cases is called 'cases'", 'list "cases" first')
    inside = {child.sheet for child in document.children.values()} if head.format == "json" else set()
    for sheet in document.never_read:
        if sheet not in head.sheets and sheet not in inside:
            yield Fault(f"never_read.{sheet}", f"there is no sheet {sheet!r}", "name one of map.sheets")


def _readings(document: MapDocument) -> Iterator[tuple[str, ReadingTable]]:
    yield from ((f"fields.{name}", one) for name, one in document.fields.items())
    yield from ((f"identity.{name}", one) for name, one in document.identity.items())
    for name, child in document.children.items():
        for group in ("fields", "first", "spread"):
            yield from ((f"children.{name}.{group}.{key}", one) for key, one in getattr(child, group).items())
        if child.listed is not None:
            yield f"children.{name}.list", child.listed
    if document.consent is not None:
        for key, one in (("given", document.consent.given), ("withdrawn_on", document.consent.withdrawn_on)):
            if one is not None:
                yield f"consent.{key}", one


def _reading_faults(document: MapDocument, path: str, reading: ReadingTable) -> Iterator[Fault]:
    if (reading.kind == "code") != (reading.codes is not None):
        yield Fault(path, 'codes belong to as = "code", and only to that', "give codes, or read it as something else")
    if isinstance(reading.codes, tuple) and len(reading.codes) == 1 and reading.codes[0].startswith("@"):
        name = reading.codes[0][1:]
        if name not in document.codes:
            fix = f"add [codes.{name}]"
            yield Fault(f"{path}.codes", f"there is no table of codes {name!r}{nearest(name, document.codes)}", fix)
    shapes = {"####-##-##": "YYYY-MM-DD"}  # which is always read
    for code, meanings in _meanings(document, reading).items():
        if len(meanings) > 1:
            yield Fault(f"{path}.codes", f"{code!r} means two things when spaces around it do not count", "keep one")
    for form in reading.formats if reading.kind == "date" else ():
        parts = [form.count(part) for part in ("YYYY", "MM", "DD")]
        if not _FORMAT.fullmatch(form) or parts not in ([1, 0, 0], [1, 1, 0], [1, 1, 1]):
            yield Fault(f"{path}.formats", f"{form!r} is no format of a date", "write such as DD/MM/YYYY or YYYY-MM-DD")
        shape = re.sub("[YMD]", "#", form)
        if shapes.setdefault(shape, form) != form:
            yield Fault(
                f"{path}.formats", f"{form!r} and {shapes[shape]!r} cannot be told apart", "keep one of the two"
            )
    if reading.beside is not None and (document.head.format == "json" or len(reading.source) != 1):
        yield Fault(f"{path}.beside", "belongs to one column of a table", "read nested records by their path")


def _nested_faults(document: MapDocument, name: str, child: ChildTable) -> Iterator[Fault]:
    """What nested records cannot be read by."""
    twice = [other for other, one in document.children.items() if one.sheet is not None and one.sheet == child.sheet]
    if child.sheet is not None and twice[0] != name:
        yield Fault(f"children.{name}.sheet", f"{twice[0]!r} reads the list {child.sheet!r} already", "read it once")
    for key, one in child.fields.items():
        if child.sheet is not None and (one.parts or any("." in column for column in one.source)):
            yield Fault(
                f"children.{name}.fields.{key}", "is no plain key of the nested records", "name a key of theirs"
            )


def _child_faults(document: MapDocument, path: str, child: ChildTable) -> Iterator[Fault]:
    if document.head.format == "json":
        yield from _nested_faults(document, path.removeprefix("children."), child)
    ways = [bool(child.blocks), child.sheet is not None, child.listed is not None, bool(child.columns)]
    if sum(ways) != 1:
        yield Fault(path, "needs one of blocks, sheet, list and columns", "say in one way where its records stand")
    if child.sheet is not None and document.head.format == "table":
        if child.sheet not in document.head.sheets:
            yield Fault(f"{path}.sheet", f"there is no sheet {child.sheet!r}", "list it in map.sheets")
        if child.parent is None:
            yield Fault(path, "rows of a sheet need a parent", "name the column that holds the key of the case")
    if (child.listed is not None or child.columns) and child.field is None:
        yield Fault(path, "a list or columns need a field", "name the field of the child record that an entry is for")
    if child.columns and child.answer is None:
        yield Fault(path, "columns need an answer", 'add answer = { field = "…", codes = { … } }')


def _compiled(document: MapDocument) -> terms.ImportMap:
    head = document.head
    canonical = json.dumps(
        document.model_dump(mode="json", by_alias=True, exclude_defaults=True), sort_keys=True, ensure_ascii=False
    )
    consent = document.consent
    return terms.ImportMap(
        id=head.id,
        version=head.version,
        title=head.title or head.id,
        source_system=head.source_system,
        format=head.format,
        sheets=head.sheets,
        key=head.key,
        missing=frozenset(("", *head.missing)),
        countries=countries(),
        fields=_compiled_readings(document, document.fields),
        identity=_compiled_readings(document, document.identity),
        consent=None
        if consent is None
        else terms.Consent(
            consent.field,
            _maybe(document, "given", consent.given),
            _maybe(document, "withdrawn_on", consent.withdrawn_on),
        ),
        children=tuple(_compiled_child(document, name, child) for name, child in document.children.items()),
        checks=tuple(
            terms.Check(one.kind, one.first, one.second or "", one.most or 0, one.day or "") for one in document.check
        ),
        years=head.years,
        years_of=head.years_of or "",
        never_read=dict(document.never_read),
        sha256=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def _compiled_child(document: MapDocument, name: str, child: ChildTable) -> terms.ChildReading:
    readings = _compiled_readings(document, child.fields)
    if child.blocks:
        blocks = tuple(terms.Block(one.prefix, dict(one.given)) for one in child.blocks)
        return terms.Blocks(name, blocks, readings)
    if child.sheet is not None:
        first = _compiled_readings(document, child.first)
        return terms.ChildRows(name, child.sheet, child.parent or "", child.order or "", readings, first)
    field = child.field or ""
    if child.listed is not None:
        spread = tuple((_reading(document, key, one), one.onto) for key, one in child.spread.items())
        return terms.ChildList(name, _reading(document, field, child.listed), dict(child.given), spread)
    assert child.answer is not None  # checked before
    answer = terms.Reading(child.answer.field, (), "code", codes=_codes(document, child.answer.codes))
    return terms.ChildColumns(name, dict(child.columns), field, answer)


def _compiled_readings(document: MapDocument, readings: Mapping[str, ReadingTable]) -> tuple[terms.Reading, ...]:
    return tuple(_reading(document, name, one) for name, one in readings.items())


def _maybe(document: MapDocument, name: str, reading: ReadingTable | None) -> terms.Reading | None:
    return None if reading is None else _reading(document, name, reading)


def _reading(document: MapDocument, name: str, table: ReadingTable) -> terms.Reading:
    return terms.Reading(
        name=name,
        columns=table.source,
        kind=table.kind,
        codes=_codes(document, table.codes),
        split=table.split,
        formats=table.formats,
        missing=table.missing,
        parts=table.parts,
        many=table.many or bool(table.split) or len(table.source) > 1,
        beside=None
        if table.beside is None
        else terms.Beside(
            table.beside.column, table.beside.holds, frozenset((*table.beside.among, table.beside.holds))
        ),
        most=table.most,
        flag=table.flag,
    )


def _meanings(document: MapDocument, reading: ReadingTable) -> Mapping[str, set[str]]:
    """What each code means, in the form in which cells are compared."""
    codes = reading.codes
    if isinstance(codes, tuple):
        codes = document.codes.get(codes[0][1:], {}) if len(codes) == 1 and codes[0].startswith("@") else {}
    found: dict[str, set[str]] = {}
    for code, meant in (codes or {}).items():
        found.setdefault(_as_cell(code), set()).add(meant)
    return found


def _as_cell(code: str) -> str:
    return unicodedata.normalize("NFC", code).strip()


def _codes(document: MapDocument, codes: Mapping[str, str] | tuple[str, ...] | None) -> Mapping[str, str]:
    """What each code means: as the table says; for a list, itself; for "@name", as the table of that name says.

    Codes are compared as cells are: in Unicode's composed form, without spaces around them.
    """
    if isinstance(codes, tuple):
        named = len(codes) == 1 and codes[0].startswith("@")
        codes = document.codes.get(codes[0][1:], {}) if named else {code: code for code in codes}
    return {_as_cell(code): meant for code, meant in (codes or {}).items()}
