"""A first codebook for an unknown table, to be completed and confirmed by a steward.

Its categories are those found in the data: unlike everything else that leaves this room, a draft holds values of cases.
Whoever writes it to a file keeps that file private (0600) until a steward has confirmed that every category in it is
public knowledge. Until then ``drafted`` without ``confirmed`` bars it from a release.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from math import comb

import numpy as np

from frostglass.errors import InputError, UsageError
from frostglass.sensitive.coding.departure import shown
from frostglass.sensitive.coding.identifiers import cells_like_identifiers, heading_like_identifier
from frostglass.tables.text_table import TextColumn, TextTable, unseen_characters
from frostglass.terms.codebook import INTEGER
from frostglass.terms.custody import Sensitive
from frostglass.terms.domain import JOIN
from frostglass.terms.wording import MEMBERS, is_own_label, is_own_word

MOST_BINS = 16
"""Most bins that are proposed for a range of whole numbers."""

MOST_LISTED_NUMBERS = 20
"""A column of at most so many different whole numbers is proposed as categories, a longer one as bins."""

MOST_CODES = 200
"""Most codes of one variable, as codebooks have it."""

_MOST_ATOMS = 12
_MOST_ON_A_LINE = 6
_SEPARATOR = ";"

_HEAD = """\
# A first codebook, drafted from data on purpose and for your eyes only.
#
# Its categories were found in cases, so the list itself may give somebody away: a rare country, a rare occupation. Keep
# this file private. For each category ask whether it is public knowledge that the category exists, such as in a
# published classification or an empty form; delete, merge or replace the others. Then
#   1. fill in labels, definitions and roles (direct_identifier, quasi, sensitive or public);
#   2. add what may be missing from a complete list;
#   3. say where a variable is never missing by definition: no blank in the data is a hint and no definition;
#   4. check the file with `frostglass codebook check`;
#   5. confirm it by taking the mark from the line `confirmed` below. Until then it is refused for a release.
"""

_NEVER = (
    '# null = { structural = "never" }  # no blank was seen: take the mark away if there never is one by definition\n'
)

_CONFIRMED = '# confirmed = { by = "your name", on = "YYYY-MM-DD" }\n'


def draft(table: Sensitive[TextTable], *, id: str, ranges: Mapping[str, tuple[int, int]] | None = None) -> str:  # noqa: A002
    """A codebook file (TOML) named ``id`` that describes ``table``; private, see above.

    ``ranges`` gives the public lowest and highest number of columns of whole numbers: those are binned over that range,
    never over what the data hold. Columns that look as if they identified people are declared as such, without values;
    columns without any value are left out.

    Raises InputError FG-IN-024 (no header row), FG-IN-078 (columns that cannot be described, all named at once);
    UsageError FG-OP-084 (the id), FG-OP-085 (a range of no column, or one that does not run upwards).
    """
    text, declared = table.reveal(), dict(ranges or {})
    _check_arguments(text, id, declared)
    pieces: list[str] = []
    refused: list[str] = []
    names = _names([column.name.strip() for column in text.columns])
    for place, (column, name) in enumerate(zip(text.columns, names, strict=True), start=1):
        try:
            pieces.append(_variable(column, name, declared.get(column.name.strip())))
        except _UndraftableError as error:
            refused.append(f"\n  column {place}: {error}")
    if refused:
        raise InputError(
            "FG-IN-078",
            f"no codebook can be drafted while these columns stay as they are:{''.join(refused)}\n"
            "a column that only numbers or names the records does not belong in a coded table: take it out",
        )
    return "\n".join([_HEAD, "[codebook]\n" + _lines(_codebook(id)) + _CONFIRMED, *pieces])


class _UndraftableError(ValueError):
    """Why a column cannot be described; never with a value."""


def _check_arguments(table: TextTable, name: str, ranges: Mapping[str, tuple[int, int]]) -> None:
    if not re.fullmatch("[a-z0-9][a-z0-9._-]{0,63}", name):
        raise UsageError(
            "FG-OP-084",
            "a codebook's id is 1 to 64 lower-case letters, digits, points, hyphens and underscores; give `id`",
        )
    headings = {column.name.strip() for column in table.columns}
    for heading, (low, high) in ranges.items():
        if heading not in headings:
            raise UsageError("FG-OP-085", f"`range` names {heading!r}, and the table has no such column")
        if low >= high:
            raise UsageError("FG-OP-085", f"the range of {heading!r} must run from a lower to a higher number")
    if not table.rows:
        raise InputError("FG-IN-002", "the table has no records to draft a codebook from")
    alike = sum(column.name.strip() in {value.strip() for value in column.values} for column in table.columns)
    if 2 * alike >= len(table.columns):
        raise InputError("FG-IN-024", "the first row looks like data: put a header row above it")


def _codebook(name: str) -> dict[str, object]:
    return {
        "id": name,
        "version": "1",
        "title": name,
        "language": "en",
        "unit": "record",
        "privacy_unit": "person",
        "set_separator": _SEPARATOR,
        "missing_in": [""],
        "drafted": True,
    }


def _names(headings: Sequence[str]) -> list[str]:
    """A name for each heading: the heading, less what a name may not hold, and apart from all others."""
    taken = {heading.casefold() for heading in headings}
    names = []
    for heading in headings:
        name = _unreserved(re.sub("[|=]", "_", heading).lstrip("=+-@＝＋－＠_").rstrip("~") or "column")
        while name != heading and name.casefold() in taken:
            name += "_"
        taken.add(name.casefold())
        names.append(name)
    return names


def _variable(column: TextColumn, name: str, span: tuple[int, int] | None) -> str:
    """The part of the file that describes one column."""
    heading = column.name.strip()
    identifying = heading_like_identifier(heading) or next(iter(cells_like_identifiers(column) or ()), None)
    if identifying is not None:
        what = f"# It looks as if it held {identifying}: known, never released, and so without values.\n"
        return what + _table({**_named(heading, name), "type": "nominal", "role": "direct_identifier"})
    values = _values(column)
    if not values and span is None:
        return f"# The column {_comment(heading)} holds no value and is left out. Describe it by hand if it may.\n"
    described = _binned(values, span) if span is not None else _listed(values)
    label = {} if is_own_label(heading) else {"label": heading}
    variable = _table({**_named(heading, name), **label, **described, "role": "quasi", "definition": ""})
    return variable if described["type"] == "flag" or _has_blank(column) else variable + _NEVER


def _has_blank(column: TextColumn) -> bool:
    return any(not column.values[number].strip() for number in np.flatnonzero(column.counts()).tolist())


def _table(content: Mapping[str, object]) -> str:
    return "[[variable]]\n" + _lines(content)


def _lines(content: Mapping[str, object]) -> str:
    """The keys of a TOML table, one a line; a long list takes a line for each entry, so that it is easy to edit."""
    return "".join(f"{key} = {_toml(value, wide=True)}\n" for key, value in content.items())


def _toml(value: object, *, wide: bool = False) -> str:
    """A value in TOML: what JSON has in common with it (texts without control characters are checked before)."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        entries = [_toml(entry) for entry in value]
        if wide and len(entries) > _MOST_ON_A_LINE:
            return "[\n" + "".join(f"  {entry},\n" for entry in entries) + "]"
        return f"[{', '.join(entries)}]"
    return json.dumps(value, ensure_ascii=False)


def _comment(text: str) -> str:
    return repr(shown(text))


def _named(heading: str, name: str) -> dict[str, object]:
    """The name of the variable; where it is not the heading, that is an alias."""
    return {"name": name} if name == heading else {"name": name, "aliases": [heading]}


def _values(column: TextColumn) -> list[str]:
    """The different values, trimmed and in composed form, in order; blanks left out."""
    found = [column.values[number] for number in np.flatnonzero(column.counts()).tolist()]
    values = {unicodedata.normalize("NFC", value).strip() for value in found} - {""}
    strange = sum(bool(unseen_characters(value)) or _has_odd_space(value.strip()) for value in found)
    if strange:
        raise _UndraftableError(
            f"{strange} of its values hold characters that cannot be seen or odd spaces; clean them"
        )
    if len({value.casefold() for value in values}) < len(values):
        raise _UndraftableError("some values differ in nothing but capital and small letters; write each in one way")
    return sorted(values)


def _has_odd_space(value: str) -> bool:
    return any(one != " " and unicodedata.category(one) == "Zs" for one in value)


def _binned(values: list[str], span: tuple[int, int]) -> dict[str, object]:
    """Whole numbers over a declared range: each by itself while they are few, else in bins of equal width."""
    low, high = span
    outside = [value for value in values if not INTEGER.fullmatch(value) or not low <= int(value) <= high]
    if outside:
        raise _UndraftableError(f"{len(outside)} of its values lie outside the declared range or are no whole numbers")
    width = -(-(high - low + 1) // MOST_BINS)
    if width == 1 and low >= 0:
        return {"type": "integer", "range": [low, high]}
    starts = range(low, high + 1, width)
    bands = [[start, min(start + width - 1, high)] for start in starts]
    return {"type": "integer", "bands": [[first, last, _band_code(first, last)] for first, last in bands]}


def _band_code(first: int, last: int) -> str:
    """Such as 18--23: two hyphens, because a spreadsheet makes a date of 1-2; negative numbers in brackets."""
    ends = [str(end) if end >= 0 else f"({end})" for end in (first, last)]
    return ends[0] if first == last else "--".join(ends)


def _listed(values: list[str]) -> dict[str, object]:
    """A flag, a set, or categories, as the different values suggest."""
    if len(values) == 1:
        return {"type": "flag"} if values == ["1"] else {"type": "flag", "categories": _categories(values)}
    if all(map(INTEGER.fullmatch, values)):
        if len(values) > MOST_LISTED_NUMBERS:
            raise _UndraftableError(
                f"{len(values)} different whole numbers: declare the range that is public knowledge (not the least and "
                "the most found) with `range=HEADING=LOW:HIGH`"
            )
        return {"type": "nominal", "categories": _categories(sorted(values, key=int))}
    described = _as_set(values)
    if described is not None:
        return described
    if len(values) > MOST_CODES:
        raise _UndraftableError(
            f"{len(values):,} different texts, and a variable has at most {MOST_CODES} codes: group them first, or "
            "take the column out of the file"
        )
    return {"type": "nominal", "categories": _categories(values)}


def _as_set(values: list[str]) -> dict[str, object] | None:
    """Sets of a few atoms joined by the separator; None when the values do not look like that."""
    sets = [[part.strip() for part in value.split(_SEPARATOR)] for value in values]
    atoms = sorted({part for parts in sets for part in parts})
    largest = max(map(len, sets))
    if largest < 2 or "" in atoms or len(atoms) > _MOST_ATOMS or any(len(set(parts)) < len(parts) for parts in sets):
        return None
    described: dict[str, object] = {"type": "set", "atoms": _categories(atoms, replaced=MEMBERS)}
    if sum(comb(len(atoms), size) for size in range(1, largest + 1)) <= MOST_CODES:
        return {**described, "max_atoms": largest}
    found = sorted({_SEPARATOR.join(sorted(parts)) for parts in sets if len(parts) > 1})
    return {**described, "admitted_sets": found}


def _categories(values: list[str], replaced: str = JOIN) -> list[object]:
    """The values as categories; one that may not stand in a released file gets a harmless code and is its alias.

    ``replaced`` is what a code may not hold beside what joins codes in the counts.
    """
    codes = [_harmless(value.replace(replaced, "/")) for value in values]
    owners: dict[str, str] = {}
    for value, text in (*zip(values, values, strict=True), *zip(values, codes, strict=True)):
        if owners.setdefault(text.casefold(), value) != value:
            raise _UndraftableError("some values differ too little from others; rename them")
    return [
        value if code == value else {"code": code, "aliases": [value]}
        for value, code in zip(values, codes, strict=True)
    ]


def _harmless(value: str) -> str:
    """The value without what joins codes in the counts, and in brackets where a spreadsheet would run it."""
    code = value.replace(JOIN, "/")
    return _unreserved(f"({code})" if unicodedata.normalize("NFKC", code)[0] in "=+-@" else code)


def _unreserved(text: str) -> str:
    """The text in square brackets where it is a word of the tables' own: those stand in round ones, or are a star."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return f"[{plain.strip('()').strip()}]" if is_own_word(plain) else text
