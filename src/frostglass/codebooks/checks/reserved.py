"""Words that tables and questions use themselves, and that nothing in a codebook may be called.

A codebook that is sealed in a bundle is read without these checks: what was released stays readable when a word is
added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from frostglass.codebooks.checks.known import Known
from frostglass.codebooks.checks.names import complain
from frostglass.codebooks.codes import categories_of
from frostglass.codebooks.document import CategoryTable, VariableTable
from frostglass.codebooks.faults import Found, Path
from frostglass.codebooks.spelling import reserved_complaints
from frostglass.terms.domain import MISSING_LABEL
from frostglass.terms.wording import MEMBERS, is_own_label


def check(known: Known) -> Iterator[Found]:
    """Faults of names, codes and labels that would be taken for something else."""
    for path, variable in known.places():
        yield from complain((*path, "name"), variable.name, reserved_complaints(variable.name))
        if variable.name.endswith("~"):
            yield Found(
                (*path, "name"),
                f"{variable.name!r} ends in '~', which asks for sets that hold a value",
                "choose another name; the heading of the data can be listed as an alias",
            )
        if variable.role != "direct_identifier":
            yield from _labelled((*path, "label"), variable.label)
            yield from _values(path, variable)


def _values(path: Path, variable: VariableTable) -> Iterator[Found]:
    for place, one in _coded(path, variable):
        if one.code.strip().casefold() != MISSING_LABEL:  # of which every codebook complains
            yield from complain((*place, "code"), one.code, reserved_complaints(one.code))
        yield from _labelled((*place, "label"), one.label)
        if variable.type == "set":
            yield from _joining(place, one)
    yield from _shown(path, variable)


def _shown(path: Path, variable: VariableTable) -> Iterator[Found]:
    """No code without a label of its own may read like the label of another."""
    listed = [*_coded(path, variable)]
    languages = {language for _, one in listed for language in one.label}
    for language in languages:
        labels = {one.label[language].strip().casefold(): one for _, one in listed if language in one.label}
        for place, one in listed:
            other = labels.get(one.code.strip().casefold(), one)
            if language not in one.label and other is not one:
                what = f"{one.code!r} reads like the label of {other.code!r} in language {language!r}"
                yield Found((*place, "code"), what, "give it a label of its own, or label the other differently")


def _coded(path: Path, variable: VariableTable) -> Iterator[tuple[Path, CategoryTable]]:
    """Every code with its description and place."""
    key = "atoms" if variable.type == "set" else "categories" if variable.bands is None else "bands"
    for number, one in enumerate(categories_of(variable)):
        yield (*path, key, number), one
    if variable.other is not None:
        yield (*path, "other"), variable.other


def _labelled(path: Path, labels: Mapping[str, str]) -> Iterator[Found]:
    for language, label in labels.items():
        if is_own_label(label):
            yield Found((*path, language), f"{label!r} is what tables show for something else", "choose another label")


def _joining(place: Path, atom: CategoryTable) -> Iterator[Found]:
    """A value of a set may not hold what joins the values of a set in words."""
    for where, text in (("code", atom.code), *(("label", text) for text in atom.label.values())):
        if MEMBERS in text:
            fix = "write it another way, such as with 'and'"
            yield Found(
                (*place, where), f"{text!r} contains {MEMBERS!r}, which joins the values of a set in words", fix
            )
