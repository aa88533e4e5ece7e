"""Fictitious people: who they are, who lives with whom, and how their identity is written down a second time."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from frostglass.simulate.chance import Uniform, Weighted, one_of
from frostglass.simulate.names import STOCKS, in_cyrillic, marked, misspelt

_SHARE_DOCUMENT, _SHARE_PHONE, _SHARE_EMAIL = 0.45, 0.55, 0.2
_SHARE_CYRILLIC = {"Europe": 0.4, "Asia": 0.12, "Africa": 0.0, "Americas/Oceania": 0.0}
_SHARE_MARKED = {"Europe": 0.25, "Asia": 0.2, "Africa": 0.2, "Americas/Oceania": 0.45}

PLAIN, MARKED, CYRILLIC = "plain", "marked", "cyrillic"


class Person(NamedTuple):
    """Somebody who does not exist. Names are in plain spelling; ``style`` is how they are properly written."""

    number: int
    region: str
    given: str
    middle: str
    family: str
    style: str
    birth: date
    documents: tuple[str, ...]
    phones: tuple[str, ...]
    email: str
    address: str
    household: str


class Household(NamedTuple):
    """What its members share."""

    number: str
    region: str
    family: str
    style: str
    phone: str
    address: str


class Spelling(NamedTuple):
    """Names as one caseworker wrote them down."""

    given: str
    middle: str
    family: str


def document(number: int) -> str:
    """The travel document of person ``number``; no state issues such numbers, and no check digit is an X."""
    return f"ZZ{number * 48_271 % 99_999_989:08d}X"


def phone(number: int) -> str:
    """The telephone of person ``number``, in a range that is not assigned; it never begins as planted ones do."""
    return f"+999{100_000_000 + number * 48_271 % 899_999_963}"


def household(number: int, region: str, u: Uniform) -> Household:
    """A household whose first member is person ``number``."""
    family = one_of(STOCKS[region].family, u)
    shared = phone(number) if u() < 0.6 else ""
    return Household(f"H-{number:07d}", region, family, _style(region, u), shared, _address(u) if u() < 0.5 else "")


def person(number: int, region: str, birth: date, home: Household | None, u: Uniform) -> Person:
    """Person ``number``, who lives in ``home`` or alone."""
    stock = STOCKS[region]
    family = one_of(stock.family, u) if home is None else home.family
    if home is None and u() < 0.03:
        family = f"{family}-{one_of(stock.family, u)}"
    given = one_of(stock.given, u)
    phones = (phone(number),) if u() < _SHARE_PHONE else ()
    if home is not None and home.phone:
        phones = (home.phone,)
    return Person(
        number=number,
        region=region,
        given=given,
        middle=one_of(stock.given, u) if u() < 0.3 else "",
        family=family,
        style=_style(region, u) if home is None else home.style,
        birth=birth,
        documents=(document(number),) if u() < _SHARE_DOCUMENT else (),
        phones=phones,
        email=f"p{number}.{given.lower()}@example.org" if u() < _SHARE_EMAIL else "",
        address=home.address if home is not None and home.address else _address(u),
        household="" if home is None else home.number,
    )


def namesake(one: Person, other: Person) -> Person:
    """``one`` with the names of ``other``."""
    return one._replace(given=other.given, middle="", family=other.family, style=other.style)


def _style(region: str, u: Uniform) -> str:
    drawn = u()
    if drawn < _SHARE_CYRILLIC[region]:
        return CYRILLIC
    return MARKED if drawn < _SHARE_CYRILLIC[region] + _SHARE_MARKED[region] else PLAIN


def _address(u: Uniform) -> str:
    return f"Teststreet {1 + int(u() * 250)}, Testville {1 + int(u() * 90)}"


# ---------------------------------------------------------------------------------------- how it is written down

NONE: Final = "none"
TYPO, SWAPPED, SCRIPT, HALF = "a letter mistyped", "given and family name swapped", "another script", "half a name"
IMPRECISE, DAY_MONTH = "birth date without its day", "day and month swapped"

DISTURBANCES = Weighted.of({NONE: 28, TYPO: 16, SWAPPED: 12, SCRIPT: 18, IMPRECISE: 13, DAY_MONTH: 8, HALF: 5})
"""What is strongly different about a second registration: one thing at most."""


def spelling(one: Person, u: Uniform, *, disturbance: str = NONE) -> Spelling:
    """The names of a person as written down, with one disturbance at most."""
    style = one.style
    if disturbance == SCRIPT:
        style = PLAIN if style != PLAIN else MARKED
    family = one.family
    if disturbance == HALF:
        family = family.partition("-")[0]
    elif disturbance == TYPO:
        family = misspelt(family, u)
    middle = one.middle if u() < 0.8 else ""
    given, middle, family = (_written(name, style, one.region) for name in (one.given, middle, family))
    if disturbance == SWAPPED:
        given, family = family, given
    return Spelling(given, middle, family)


def _written(name: str, style: str, region: str) -> str:
    if style == CYRILLIC:
        return in_cyrillic(name)
    return "-".join(marked(part, region) for part in name.split("-")) if style == MARKED and name else name


def carried(documents: tuple[str, ...], u: Uniform) -> tuple[str, ...]:
    """The documents as written down again, sometimes with spaces."""
    if documents and u() < 0.15:
        return tuple(f"{one[:2]} {one[2:6]} {one[6:]}" for one in documents)
    return documents
