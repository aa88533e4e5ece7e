"""The values of each variable: categories, atoms and sets, ranges and bands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from frostglass.codebooks.checks.known import Known
from frostglass.codebooks.checks.names import complain
from frostglass.codebooks.codes import MOST_CODES, admitted_set, number_of_codes
from frostglass.codebooks.document import CategoryTable, Head, VariableTable
from frostglass.codebooks.faults import Found, Path, words
from frostglass.codebooks.spelling import code_complaints, text_complaints
from frostglass.terms.codebook import INTEGER

KEYS = {
    "nominal": {"categories"},
    "ordinal": {"categories"},
    "flag": {"categories"},
    "integer": {"range", "bands", "categories"},
    "set": {"atoms", "admitted_sets", "max_atoms", "overflow", "other"},
}
"""Keys about values that each type of variable understands."""

VALUE_KEYS = ("categories", "range", "bands", "atoms", "admitted_sets", "max_atoms", "overflow", "other")


def check(known: Known) -> Iterator[Found]:
    """Faults in what variables may hold."""
    head = known.document.codebook
    for path, variable in known.places():
        if variable.role == "direct_identifier":
            yield from _identifier(path, variable)
            continue
        yield from _keys(path, variable)
        if variable.type == "integer":
            yield from _integer(path, variable)
        elif variable.type == "set":
            yield from _set(path, variable, head)
        else:
            yield from _categories(path, variable)
        yield from _missing_codes(path, variable, head)


def _identifier(path: Path, variable: VariableTable) -> Iterator[Found]:
    for key in (*VALUE_KEYS, "derive"):
        if key in variable.model_fields_set:
            yield Found(
                (*path, key),
                "a direct identifier is never released, so it has no values and no rule",
                f"take {key} out; the codebook itself is published",
            )


def _keys(path: Path, variable: VariableTable) -> Iterator[Found]:
    for key in VALUE_KEYS:
        if key in variable.model_fields_set and key not in KEYS[variable.type]:
            wanted = ", ".join(sorted(KEYS[variable.type]))
            yield Found((*path, key), f"{variable.type} variables have no {key}", f"take it out; they have {wanted}")


def _categories(path: Path, variable: VariableTable) -> Iterator[Found]:
    listed = variable.categories
    if listed is None and variable.type != "flag":
        yield Found((*path, "categories"), f"a {variable.type} variable needs categories", "list its codes")
    elif listed is not None:
        yield from _listed(path, "categories", listed, least=1 if variable.type == "flag" else 2)


def _listed(path: Path, key: str, listed: Sequence[CategoryTable], *, least: int) -> Iterator[Found]:
    place = (*path, key)
    if not listed:
        yield Found(place, "the list is empty", f"list at least {least}")
    elif len(listed) < least:
        yield Found(place, "there is only one", "list another, or make the variable a flag")
    if len(listed) > MOST_CODES:
        yield _too_many(place, len(listed))
    yield from _spelled(place, listed)
    yield from _distinct(place, listed)
    yield from _labels(place, listed)


def _too_many(place: Path, number: int) -> Found:
    fix = "use coarser categories or bands; so many cells would each hold next to nothing"
    return Found(place, f"{number:,} codes are more than the {MOST_CODES} that a variable may have", fix)


def _spelled(place: Path, listed: Sequence[CategoryTable]) -> Iterator[Found]:
    for number, category in enumerate(listed):
        yield from complain((*place, number, "code"), category.code, code_complaints(category.code))
        for which, alias in enumerate(category.aliases):
            yield from complain((*place, number, "aliases", which), alias, text_complaints(alias))


def _distinct(place: Path, listed: Sequence[CategoryTable]) -> Iterator[Found]:
    """No text may be read as two categories, not even when spaces and case are overlooked."""
    owners: dict[str, tuple[int, str]] = {}
    texts = [((*place, number, "code"), number, one.code) for number, one in enumerate(listed)]
    for number, one in enumerate(listed):
        texts += [((*place, number, "aliases", which), number, alias) for which, alias in enumerate(one.aliases)]
    for where, number, text in texts:
        owner, first = owners.setdefault(text.strip().casefold(), (number, text))
        if owner != number:
            how = "is listed twice" if text == first else f"cannot be told from {first!r}"
            yield Found(
                where,
                f"{text!r} {how}",
                "list each code and alias once, and make them differ in more than case",
            )


def _labels(place: Path, listed: Sequence[CategoryTable]) -> Iterator[Found]:
    seen: set[tuple[str, str]] = set()
    for number, category in enumerate(listed):
        for language, label in category.label.items():
            if (language, label.strip().casefold()) in seen:
                yield Found(
                    (*place, number, "label", language),
                    f"the label {label!r} is used twice",
                    "label each code differently",
                )
            seen.add((language, label.strip().casefold()))


def _missing_codes(path: Path, variable: VariableTable, head: Head) -> Iterator[Found]:
    """One code may look like a missing token (``NA`` for Namibia); two mean that missing values were listed."""
    key = "atoms" if variable.type == "set" else "categories"
    codes = [category.code for category in getattr(variable, key) or ()]
    tokens = [code for code in codes if code in head.missing_in]
    if len(tokens) > 1:
        yield Found(
            (*path, key),
            f"{words(tokens)} are codes here and missing values in missing_in",
            "missing values need no code: take them out of the list, all but one that means something else",
        )


def _integer(path: Path, variable: VariableTable) -> Iterator[Found]:
    if (variable.range is None) == (variable.bands is None):
        yield Found(path, "an integer variable needs either range or bands", "declare range = [low, high], or bands")
    if variable.range is not None:
        yield from _range(path, variable, *variable.range)
    if variable.bands is not None:
        yield from bands_in_order((*path, "bands"), variable.bands)
        yield from _band_codes(path, variable, variable.bands)


def _range(path: Path, variable: VariableTable, low: int, high: int) -> Iterator[Found]:
    place = (*path, "range")
    if low >= high:
        yield Found(place, "the range does not run from a lower to a higher number", "write [lowest, highest]")
    elif number_of_codes(variable) > MOST_CODES:
        yield _too_many(place, number_of_codes(variable))
    if low < 0:
        fix = "declare bands with codes such as 'below 0': a spreadsheet runs '-1' as a formula"
        yield Found(place, "negative numbers cannot be codes", fix)
    if variable.categories is not None:
        yield Found((*path, "categories"), "a range has no categories", "declare bands, or take them out")


def bands_in_order(place: Path, bands: Sequence[tuple[int, int, str]]) -> Iterator[Found]:
    """Faults of bands that are empty, out of order or overlapping."""
    if not bands:
        yield Found(place, "the list is empty", "list bands as [low, high, code]")
    for number, (low, high, _) in enumerate(bands):
        if low > high:
            yield Found((*place, number), f"runs from {low} down to {high}", "write the lower end first")
        elif number and low <= bands[number - 1][1]:
            yield Found(
                (*place, number),
                "overlaps the band before it, or stands before it",
                "list bands upwards, apart",
            )


def _band_codes(path: Path, variable: VariableTable, bands: Sequence[tuple[int, int, str]]) -> Iterator[Found]:
    place = (*path, "bands")
    described = variable.categories or ()
    listed = [next((one for one in described if one.code == code), CategoryTable(code=code)) for _, _, code in bands]
    if len(bands) == 1:
        yield Found(place, "there is only one", "list another, or make the variable a flag")
    if len(bands) > MOST_CODES:
        yield _too_many(place, len(bands))
    for fault in (*_spelled(place, listed), *_distinct(place, listed)):
        yield Found((*fault.path[:4], 2), fault.message, fault.fix)
    yield from _labels((*path, "categories"), described)
    for number, (low, high, code) in enumerate(bands):
        if INTEGER.fullmatch(code) and not low <= int(code) <= high:
            fix = "a number in the data could mean two bands; use another code"
            yield Found((*place, number, 2), f"{code!r} is itself a number, outside its band", fix)
    codes = {code for _, _, code in bands}
    for number, category in enumerate(described):
        if category.code not in codes:
            fix = "describe the codes of the bands, and no others"
            yield Found((*path, "categories", number, "code"), f"{category.code!r} is not the code of a band", fix)


def _set(path: Path, variable: VariableTable, head: Head) -> Iterator[Found]:
    if variable.atoms is None:
        yield Found((*path, "atoms"), "a set variable needs atoms", "list the values that it may hold together")
        return
    yield from _listed(path, "atoms", variable.atoms, least=2)
    yield from _separators(path, variable, head)
    yield from _admitted(path, variable, head)
    yield from _others(path, variable, head)
    number = number_of_codes(variable)
    if len(variable.atoms) <= MOST_CODES < number:  # too many atoms are a fault of their own
        key = "max_atoms" if variable.max_atoms is not None else "admitted_sets"
        yield _too_many((*path, key), number)


def _separators(path: Path, variable: VariableTable, head: Head) -> Iterator[Found]:
    for number, atom in enumerate(variable.atoms or ()):
        texts = [
            (("code",), atom.code),
            *((("aliases", place), alias) for place, alias in enumerate(atom.aliases)),
        ]
        for where, text in texts:
            if head.set_separator in text:
                yield Found(
                    (*path, "atoms", number, *where),
                    f"{text!r} contains the set separator {head.set_separator!r}",
                    "write it without, or choose another set_separator under [codebook]",
                )


def _admitted(path: Path, variable: VariableTable, head: Head) -> Iterator[Found]:
    if variable.admitted_sets is not None and variable.max_atoms is not None:
        yield Found((*path, "max_atoms"), "admitted_sets and max_atoms exclude each other", "keep one of them")
    seen: set[str] = set()
    for place, text in enumerate(variable.admitted_sets or ()):
        try:
            code = admitted_set(variable, text, head)
        except ValueError as error:
            fix = f"list sets of two or more different atoms, joined by {head.set_separator!r}"
            yield Found((*path, "admitted_sets", place), f"{text!r} is not admitted: {error}", fix)
            continue
        if code in seen:
            yield Found((*path, "admitted_sets", place), f"{text!r} is listed twice", "list each set once")
        seen.add(code)


def _others(path: Path, variable: VariableTable, head: Head) -> Iterator[Found]:
    if (variable.overflow == "other_label") != (variable.other is not None):
        yield Found(
            (*path, "other" if variable.other is None else "overflow"),
            'overflow = "other_label" and other go together',
            'write overflow = "other_label" and other = "the code for sets that are not admitted", or neither',
        )
    if variable.other is None:
        return
    atoms = variable.atoms or ()
    for fault in (
        *_spelled((*path, "atoms"), [*atoms, variable.other]),
        *_distinct((*path, "atoms"), [*atoms, variable.other]),
    ):
        if fault.path[3] == len(atoms):
            yield Found((*path, "other", *fault.path[4:]), fault.message, fault.fix)
    if head.set_separator in variable.other.code:
        yield Found((*path, "other", "code"), "contains the set separator", "write it without")
