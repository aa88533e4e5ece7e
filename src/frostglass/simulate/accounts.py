"""A coded account of the perpetrators dealt out to the persons that the victim describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from frostglass.simulate.chance import Uniform, Weighted, one_of
from frostglass.simulate.forms import (
    AGE,
    CITIZENSHIP,
    FLAGS,
    GENDER,
    PAID,
    RELATION,
    WEBFORM_NEW,
    Form,
    Row,
    atoms_of,
)
from frostglass.simulate.places import another, country

MOST_COUNTED = 6
"""Persons beyond the sixth do not count."""

OTHER_GENDERS = ("TransgenderFeminine", "TransgenderMasculine", "NonConforming", "NonSpecifiedUnknown")


class Involved(NamedTuple):
    """A person whom the victim describes. ``""`` is no answer, and so is the age "unknown"."""

    roles: tuple[str, ...] = ()
    relation: str = ""
    gender: str = ""
    age: str = ""
    citizenships: tuple[str, ...] = ()
    paid: str = ""

    def answers(self) -> int:
        """How many answers there are, each role and each citizenship counted."""
        single = bool(self.relation) + bool(self.gender) + (self.age not in ("", "unknown")) + bool(self.paid)
        return len(self.roles) + len(self.citizenships) + single


_NUMBERS = Weighted.of({number: 0.58**number for number in range(1, MOST_COUNTED + 1)})

_RELATIONS: Mapping[str, Weighted[str]] = {
    "FamilyIntimatePartner": Weighted.of(
        {"Parent": 20, "Guardian": 8, "Sibling": 10, "OtherRelative": 37, "IntimatePartner": 25}
    ),
    "FriendAcquaintance": Weighted.of({"Friend": 40, "Acquaintance": 60}),
    "StrangerUnknownOther": Weighted.of({"Stranger": 45, "Unknown": 25, "Employer": 20, "Other": 10}),
}
_OF_CASE = {
    "FamilyIntimatePartner": "OtherRelative",
    "FriendAcquaintance": "Acquaintance",
    "StrangerUnknownOther": "Stranger",
}
"""What a form that asks for the relation once a case can say."""

_GENDERS = {"Female": "Feminine", "Male": "Masculine"}
_AGES = {"0--29": (17, 29), "30--38": (30, 38), "39--47": (39, 47), "48+": (48, 74)}
_STRADDLING = ("25-35", "28-30", "35-45", "45-50", "20-60")
_OF_NO_BAND = ("unknown", *_STRADDLING)
_UNTOLD_PAYMENTS = ("unknown", "declined")

_SHARE_ALSO = 0.6
"""Share of persons who have an answer of their own when others of the case already give all values of the set."""


def number_of_persons(row: Mapping[str, Sequence[str]], form: Form, u: Uniform) -> int:
    """How many persons there are, at least as many as the largest of the sets has values."""
    largest = max(len(atoms) for atoms in row.values())
    return min(max(_NUMBERS.pick(u), largest, 1), form.most_persons)


def dealt(
    row: Row, atoms: Mapping[str, tuple[str, ...]], form: Form, u: Uniform, *, persons: int | None = None
) -> list[Involved]:
    """Persons who between them have each value of ``atoms`` and each role of ``row``, and no other published one.

    There are ``persons`` of them, or by default a number that is drawn.
    """
    flags = [flag for flag in FLAGS if row[flag]]
    number = len(flags) if form.blocks else persons or number_of_persons(atoms, form, u)
    roles = [(form.roles[flag][0],) for flag in flags] if form.blocks else _roles(flags, number, form, u)
    relations = _spread(atoms[RELATION], number, u)
    genders = _spread(atoms[GENDER], number, u)
    ages = _spread(atoms[AGE], number, u)
    regions = _citizenship_regions(atoms[CITIZENSHIP], number, form, u)
    paid = [""] * number if PAID in form.once else _spread(atoms[PAID], number, u)
    told = [
        Involved(
            roles[place],
            _relation(relations[place], form, u),
            _gender(genders[place], form, u),
            _age(ages[place], form, u),
            _countries(regions[place], form, u),
            _paid(paid[place], form, u),
        )
        for place in range(number)
    ]
    return with_payment(told, atoms[PAID], u) if PAID in form.once else told


def with_payment(persons: list[Involved], atoms: Sequence[str], u: Uniform) -> list[Involved]:
    """The payment of the case as the first answering person's."""
    answer = atoms[0].lower() if atoms else "unknown" if u() < 0.1 else ""
    for place, person in enumerate(persons):
        if person.answers():
            persons[place] = person._replace(paid=answer)
            break
    return persons


def atoms_by_set(row: Row) -> dict[str, tuple[str, ...]]:
    """The values that each set of ``row`` joins."""
    return {name: atoms_of(row[name]) for name in (RELATION, GENDER, AGE, CITIZENSHIP, PAID)}


def counted(persons: Sequence[Involved]) -> list[Involved]:
    """The persons who count: the first ones of those with any answer."""
    return [person for person in persons if person.answers()][:MOST_COUNTED]


def _roles(flags: Sequence[str], number: int, form: Form, u: Uniform) -> list[tuple[str, ...]]:
    held: list[list[str]] = [[] for _ in range(number)]
    for flag in flags:
        codes = form.roles[flag]
        sure = int(u() * number)
        for place in range(number):
            if place == sure or u() < 0.12:
                held[place].append(one_of(codes, u))
        if len(codes) > 1 and u() < 0.1:
            more = one_of(codes, u)
            if more not in held[sure]:
                held[sure].append(more)
    for codes_of_one in held:
        if u() < 0.03:
            codes_of_one.append(one_of(form.unpublished_roles, u))
    return [tuple(codes_of_one) for codes_of_one in held]


def _spread(atoms: Sequence[str], number: int, u: Uniform) -> list[str]:
    """One value or none a person, so that each of ``atoms`` is somebody's."""
    held = [""] * number
    if not atoms:
        return held
    free = list(range(number))
    for atom in atoms:
        held[free.pop(int(u() * len(free)))] = atom
    for place in free:
        if u() < _SHARE_ALSO:
            held[place] = one_of(atoms, u)
    return held


def _citizenship_regions(atoms: Sequence[str], number: int, form: Form, u: Uniform) -> list[tuple[str, ...]]:
    """Regions of each person; now and then one person has both."""
    if len(atoms) == 2 and form.several_citizenships and (number == 1 or u() < 0.2):
        both = int(u() * number)
        also = _spread(atoms, number, u)
        return [tuple(atoms) if place == both else atoms_of(also[place]) for place in range(number)]
    return [atoms_of(atom) for atom in _spread(atoms, number, u)]


def _countries(regions: Sequence[str], form: Form, u: Uniform) -> tuple[str, ...]:
    held = tuple(country(region, u, old=form.blocks) for region in regions)
    if len(held) == 1 and form.several_citizenships and u() < 0.03:
        return (held[0], another(regions[0], held[0], u))
    return held


def _relation(atom: str, form: Form, u: Uniform) -> str:
    if not atom:
        return ""
    return _OF_CASE[atom] if RELATION in form.once else _RELATIONS[atom].pick(u)


def _gender(atom: str, form: Form, u: Uniform) -> str:
    if atom:
        return _GENDERS[atom]
    if GENDER in form.holds and not form.blocks and u() < 0.02:
        return one_of(OTHER_GENDERS, u)
    return ""


def _age(atom: str, form: Form, u: Uniform) -> str:
    if not atom:
        return one_of(_OF_NO_BAND, u) if form is WEBFORM_NEW and u() < 0.08 else ""
    low, high = _AGES[atom]
    age = low + int(u() * (high - low + 1))
    if u() < 0.7:
        return str(age)
    return f"{max(low, age - 3)}-{min(high, age + 3)}"


def _paid(atom: str, form: Form, u: Uniform) -> str:
    if atom:
        return atom.lower()
    return one_of(_UNTOLD_PAYMENTS, u) if form is WEBFORM_NEW and u() < 0.08 else ""
