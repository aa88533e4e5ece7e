"""Invented names: syllables that were made up, put together. No list of names of people was used.

The plain spelling of the names of Europe and of Asia uses only letters that have one Cyrillic
counterpart each, so that either script can be told from the other.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from frostglass.simulate.chance import Uniform, one_of

_EUROPE = "bri dra vel zor tam lud mor nev pol rad sev tro ust vor zel gor dub kra lom mel"
_AFRICA = "adu bek chi dao emb fal gan ide juma kel lun mba nyo oba rul sen tum uwe yal zub"
_ASIA = "ang bat dur erk gul tem ilm dos kir lob min nur orz pan rus sar tul ulm vish zar"
_AMERICAS = "alv bal cor del ern fer gal hur ines jov lar mag nil orv pal quin ros sal tev urb"
_GIVEN = {
    "Europe": "azin edra ilek omur uska avel emin itar odan ubor anva erva ilda okra ulin atir eznik inek opar urka",
    "Africa": "ari embe iku ola undi aye esha ibo omi uru anta ele imba oru uza ade eko ifu onde ula",
    "Asia": "amin ebek idar okan udur asil erim inur obek ulan avar eldi ishan orik uzin adal enur ikan omar upek",
    "Americas/Oceania": "ando elia isco oria umo aldo eta inu ojo ura asco enio ira olde upe arvo ello ivo onta una",
}
_MIDDLE = "al en ir os ut ab ed il or un"
_FAMILY_END = {
    "Europe": "kan dek mir gul sko vets tal bron",
    "Africa": "bwe kodi mefu ndala seka tiro wanu zembi",
    "Asia": "bakul dorin gasan kemir lopal nazur shirin tavan",
    "Americas/Oceania": "bedo cara dinez lgado mora ntes quez rbal",
}
_FIRST = {"Europe": _EUROPE, "Africa": _AFRICA, "Asia": _ASIA, "Americas/Oceania": _AMERICAS}

_MARKS: Mapping[str, Mapping[str, str]] = {
    "Europe": {"z": "ž", "s": "š", "o": "ö", "e": "ě", "a": "á"},
    "Africa": {"e": "é", "o": "ò", "i": "ï", "u": "ù"},
    "Asia": {"u": "ü", "a": "â", "i": "í", "o": "ô"},
    "Americas/Oceania": {"n": "ñ", "a": "á", "e": "é", "o": "ó", "i": "í"},
}

_CYRILLIC = str.maketrans(
    dict(zip("abvgdeziklmnoprstuf", "абвгдезиклмнопрстуф", strict=True))
    | dict(zip("ABVGDEZIKLMNOPRSTUF", "АБВГДЕЗИКЛМНОПРСТУФ", strict=True))
)

_TYPOS = "aeioumnrtsl"


@dataclass(frozen=True, slots=True)
class Stock:
    """Given and family names of a region, in plain spelling."""

    given: tuple[str, ...]
    family: tuple[str, ...]


def _stock(region: str) -> Stock:
    first = _FIRST[region].split()
    given = tuple((start + end).capitalize() for start, end in product(first, _GIVEN[region].split()))
    ends = _FAMILY_END[region].split()
    family = tuple("".join(parts).capitalize() for parts in product(first, _MIDDLE.split(), ends))
    return Stock(given, family)


STOCKS: Mapping[str, Stock] = {region: _stock(region) for region in _FIRST}
"""By the region that somebody is from: 400 given and 1,600 family names."""


def marked(name: str, region: str) -> str:
    """``name`` with a diacritic on one of its letters, if it has one that takes it."""
    marks = _MARKS[region]
    for place, letter in enumerate(name[1:], start=1):
        if letter in marks:
            return f"{name[:place]}{marks[letter]}{name[place + 1 :]}"
    return name


def unmarked(name: str) -> str:
    """``name`` without its diacritics."""
    return "".join(one for one in unicodedata.normalize("NFD", name) if not unicodedata.combining(one))


def in_cyrillic(name: str) -> str:
    """``name``, in plain spelling, as it is written in Cyrillic letters."""
    return name.replace("sh", "ш").translate(_CYRILLIC)


def misspelt(name: str, u: Uniform) -> str:
    """``name`` with one letter after the second left out, doubled or replaced."""
    place = 2 + int(u() * (len(name) - 2))
    kind = u()
    if kind < 0.3:
        return name[:place] + name[place + 1 :]
    if kind < 0.5:
        return name[: place + 1] + name[place:]
    letter = one_of(_TYPOS, u)
    if letter == name[place]:
        letter = _TYPOS[_TYPOS.index(letter) - 1]
    return name[:place] + letter + name[place + 1 :]
