"""The codes that a variable of the file releases, written out in position order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from math import comb

from frostglass.codebooks.document import CategoryTable, Head, VariableTable
from frostglass.terms.codebook import join_atoms

MOST_CODES = 200
"""Most codes of one variable."""


def categories_of(variable: VariableTable) -> tuple[CategoryTable, ...]:
    """The categories of a variable, one a code in the order of the codes; for a set, its atoms.

    Of a range that is too wide, which no codebook keeps, only as many as show that it is.
    """
    if variable.type == "set":
        return variable.atoms or ()
    if variable.type == "flag":
        return (CategoryTable(code="1"),) if variable.categories is None else variable.categories
    if variable.bands is not None:
        described = {category.code: category for category in variable.categories or ()}
        return tuple(described.get(code, CategoryTable(code=code)) for _, _, code in variable.bands)
    if variable.range is not None:
        low, high = variable.range
        return tuple(CategoryTable(code=str(number)) for number in range(low, min(high, low + MOST_CODES) + 1))
    return variable.categories or ()


def number_of_codes(variable: VariableTable) -> int:
    """How many codes the variable has, without writing them out."""
    others = 1 if variable.other is not None else 0
    if variable.type == "set":
        atoms = len(variable.atoms or ())
        most = min(variable.max_atoms or 1, atoms) if atoms <= MOST_CODES else 1
        return sum(comb(atoms, size) for size in range(1, most + 1)) + len(variable.admitted_sets or ()) + others
    if variable.bands is None and variable.range is not None:
        return max(0, variable.range[1] - variable.range[0] + 1)
    return len(categories_of(variable))


def by_text(categories: Iterable[CategoryTable]) -> Mapping[str, str]:
    """Each text that is read as a category, by code or alias, with the code of that category."""
    return {text: one.code for one in categories for text in (*one.aliases, one.code)}


def admitted_set(variable: VariableTable, text: str, head: Head) -> str:
    """One entry of ``admitted_sets`` as it will be released; ValueError says why it is not a set of atoms."""
    atoms = by_text(variable.atoms or ())
    parts = [part.strip() for part in text.split(head.set_separator)]
    unknown = [part for part in parts if part not in atoms]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not an atom of this variable")
    named = [atoms[part] for part in parts]
    if len(set(named)) != len(named):
        raise ValueError("it names an atom twice")
    if len(named) == 1:
        raise ValueError("it is a single atom, and those are admitted anyway")
    return _joined(variable, named, head)


def codes_of(variable: VariableTable, head: Head) -> tuple[str, ...]:
    """All released codes in position order: for a set its atoms, then the larger sets, then the code for others."""
    if variable.type != "set":
        return tuple(category.code for category in categories_of(variable))
    atoms = [atom.code for atom in variable.atoms or ()]
    codes = [*atoms, *(admitted_set(variable, text, head) for text in variable.admitted_sets or ())]
    for size in range(2, min(variable.max_atoms or 1, len(atoms)) + 1):
        codes += [_joined(variable, chosen, head) for chosen in combinations(atoms, size)]
    return (*codes, *([variable.other.code] if variable.other is not None else []))


def _joined(variable: VariableTable, atoms: Iterable[str], head: Head) -> str:
    order = [atom.code for atom in variable.atoms or ()]
    return join_atoms(atoms, order, separator=head.set_separator, set_order=head.set_order)
