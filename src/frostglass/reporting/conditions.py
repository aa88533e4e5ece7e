"""Conditions of a question, matched to the codebook: one value of a variable, any of several, or sets that hold some.

Written ``gender=Female``, ``age=9-17|18-29`` and ``languages~French``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from frostglass.errors import UsageError
from frostglass.released.functional import Box
from frostglass.terms.codebook import Codebook, Variable, nearest
from frostglass.terms.domain import JOIN, MISSING_LABEL, Attribute

Value: TypeAlias = str | Sequence[str]
"""A value, or several of which any will do."""

Pair: TypeAlias = tuple[str, Value]
Asked: TypeAlias = Mapping[str, Value] | Iterable[str | Pair] | None
"""Conditions as people give them: values by name, pairs, or texts such as ``gender=Female``."""

Conditions: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of variable and value in the codebook's spelling, as answers give them back."""

HOLDS = "~"
"""Stands between a set variable and values that the set must hold one of."""


@dataclass(frozen=True, slots=True)
class Condition:
    """``values`` are those of the variable that meet it, in the codebook's order; ``atoms`` are what sets must hold."""

    name: str
    values: tuple[str, ...]
    atoms: tuple[str, ...] = ()

    @property
    def single(self) -> bool:
        """Whether one value alone meets it, and was asked for itself."""
        return len(self.values) == 1 and not self.atoms

    @property
    def pair(self) -> tuple[str, str]:
        """How it is written back."""
        return (f"{self.name}{HOLDS}", JOIN.join(self.atoms)) if self.atoms else (self.name, JOIN.join(self.values))

    def words(self, codebook: Codebook) -> str:
        """The condition in words, such as "Age: 9-17 or 18-29"."""
        label = codebook.label(self.name)
        if self.atoms:
            return f"{label}: any set with {_either([codebook.value_label(self.name, atom) for atom in self.atoms])}"
        exactly = codebook.variable(self.name).type == "set" and self.single and self.values[0] != MISSING_LABEL
        values = _either([codebook.value_label(self.name, value) for value in self.values])
        return f"{label}: {values}{' and no other' if exactly else ''}"


def _either(words: Sequence[str]) -> str:
    return " or ".join(words)


def asked_for(asked: Asked, by_name: Mapping[str, Value] | None = None) -> list[str | Pair]:
    """The single conditions of ``asked``, then those ``by_name``, as they were given."""
    listed = asked.items() if isinstance(asked, Mapping) else [asked] if isinstance(asked, str) else asked or ()
    return [*listed, *(by_name or {}).items()]


def matched(asked: Iterable[str | Pair], codebook: Codebook) -> tuple[Condition, ...]:
    """The conditions in the codebook's spelling, in the order in which they were given.

    UsageError when a name or value is not in the codebook, or a variable is given twice.
    """
    found: dict[str, Condition] = {}
    for one in asked:
        condition = _condition(*(split_condition(one, codebook) if isinstance(one, str) else one), codebook)
        if condition.name in found:
            raise UsageError(
                "FG-OP-092",
                f"{condition.name} is given twice; a record has one value of each variable: for either of two values, "
                "join them with | (in quotes); a set that holds several is a value of its own",
            )
        found[condition.name] = condition
    return tuple(found.values())


def in_order(conditions: Iterable[Condition], codebook: Codebook) -> tuple[Condition, ...]:
    """The conditions in the codebook's order."""
    return tuple(sorted(conditions, key=lambda one: codebook.domain.place(one.name)))


def box_of(conditions: Iterable[Condition], codebook: Codebook) -> Box:
    """The records that meet all the conditions."""
    box = Box(())
    for one in conditions:
        positions = codebook.domain.attribute(one.name).positions
        box = box.and_also({one.name: [positions[value] for value in one.values]})
    return box


def split_condition(text: str, codebook: Codebook | None = None) -> tuple[str, str]:
    """Name and value of a condition such as ``gender=Female`` or ``languages~French``; the name then ends in ``~``.

    The first ``=`` or ``~`` parts them, or the other where the codebook knows only the name before that. UsageError
    without either.
    """
    places = sorted(place for mark in ("=", HOLDS) if (place := text.find(mark, 1)) > 0)
    if not places:
        raise UsageError("FG-OP-090", f"{text!r} is not a condition: write variable=value, such as gender=Female")
    known = [place for place in places if codebook is not None and codebook.match_name(text[:place]) is not None]
    place = (known or places)[0]
    return text[:place] + (HOLDS if text[place] == HOLDS else ""), text[place + 1 :]


def _condition(name_text: object, value: object, codebook: Codebook) -> Condition:
    texts = value.split(JOIN) if isinstance(value, str) else value
    if (
        not isinstance(name_text, str)
        or not isinstance(texts, Sequence)
        or not all(isinstance(text, str) for text in texts)
    ):
        raise UsageError("FG-OP-091", "names and values of conditions are text: write '1' rather than 1")
    if not texts or not all(text.strip() for text in texts):
        raise UsageError(
            "FG-OP-094", f"a value of {name_text!r} is empty; write {MISSING_LABEL} for records without one"
        )
    if name_text.endswith(HOLDS) and name_text not in codebook.domain.names:
        return _holding(matched_name(name_text[: -len(HOLDS)], codebook), texts, codebook)
    name = matched_name(name_text, codebook)
    wanted = {_value(name, text, codebook) for text in texts}
    return Condition(name, _ordered(name, wanted, codebook))


def matched_name(text: str, codebook: Codebook) -> str:
    """The variable that ``text`` names; UsageError FG-OP-093 when there is none."""
    name = codebook.match_name(text)
    if name is None:
        names = codebook.domain.names
        hint = nearest(text, names) or f"; its variables are {', '.join(names)}"
        raise UsageError("FG-OP-093", f"codebook {codebook.id} has no variable {text!r}{hint}")
    return name


def _holding(name: str, texts: Sequence[str], codebook: Codebook) -> Condition:
    """The sets that hold at least one of the atoms ``texts``."""
    variable = codebook.variable(name)
    if variable.type != "set":
        raise UsageError("FG-OP-095", f"{name} has no sets, so no value holds another; write {name}=… instead")
    atoms = [_atom(variable, text) for text in texts]
    codes = {code for code in variable.codes if {*_atoms_of(variable, code, codebook)} & {*atoms}}
    listed = tuple(one.code for one in variable.categories if one.code in atoms)
    return Condition(name, _ordered(name, codes, codebook), listed)


def _atom(variable: Variable, text: str) -> str:
    atom = variable.by_text.get(text.strip())
    if atom is None:
        codes = [one.code for one in variable.categories]
        hint = nearest(text, codes) or f"; these are {_some(codes)}"
        raise UsageError("FG-OP-094", f"no set of {variable.name} holds {text!r}{hint}")
    return atom


def _atoms_of(variable: Variable, code: str, codebook: Codebook) -> list[str]:
    """The atoms of a set; none of the code that stands for other sets."""
    if variable.other is not None and code == variable.other.code:
        return []
    known = {one.code for one in variable.categories}
    return [code] if code in known else code.split(codebook.set_separator)


def _value(name: str, text: str, codebook: Codebook) -> str:
    attribute, match = codebook.domain.attribute(name), codebook.match_value(name, text)
    code = codebook.variable(name).code(match)
    if code is not None:
        return code
    if text.strip() == MISSING_LABEL or match.kind == "missing":
        return _missing(attribute)
    hint = nearest(text, attribute.values) or f"; its values are {_some(attribute.values)}"
    raise UsageError("FG-OP-094", f"{name} has no value {text!r}{hint}")


def _missing(attribute: Attribute) -> str:
    if not attribute.missing:
        raise UsageError(
            "FG-OP-094", f"{attribute.name} is never missing in this release: every record has one of its values"
        )
    return MISSING_LABEL


def _ordered(name: str, values: Iterable[str], codebook: Codebook) -> tuple[str, ...]:
    return tuple(sorted(values, key=codebook.domain.attribute(name).positions.__getitem__))


def _some(values: Sequence[str]) -> str:
    shown = ", ".join(values[:12])
    return shown if len(values) <= 12 else f"{shown} and {len(values) - 12} more"
