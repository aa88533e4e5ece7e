"""Names, documents and telephone numbers in the form in which they are compared. Each looks at one value alone."""

from __future__ import annotations

import re

from anyascii import anyascii

_SHORTEST_DOCUMENT, _SHORTEST_PHONE = 5, 7
_NO_DOCUMENT = re.compile(r"(\w)\1*|[A-Z]*")
"""What people write who have no document: one sign over and over, or words without a digit; or digits in a row."""
_DIGITS_IN_A_ROW = "01234567890"

_PARTICLES = frozenset(
    [
        "al",
        "el",
        "ul",
        "ad",
        "as",
        "bin",
        "bint",
        "ibn",
        "ben",
        "abu",
        "de",
        "del",
        "della",
        "di",
        "da",
        "do",
        "dos",
        "das",
        "du",
        "la",
        "le",
        "los",
        "las",
        "van",
        "von",
        "der",
        "den",
        "ter",
        "zu",
    ]
)
"""Parts of a name that are written or left out as it happens; they count only where a name has nothing else."""

_SPELLINGS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("tsch|tch|tsh|cz|ch", "C"),
        ("dzh|dj|dz", "J"),
        ("sch|sh|zh|sz", "S"),
        ("kh|gh|ck|q", "k"),
        ("ph", "f"),
        ("th", "t"),
        ("x", "ks"),
        ("c(?=[eiy])", "s"),
        ("c", "k"),
        ("w", "v"),
        ("z", "s"),
        ("(?<=.)h", ""),
        ("j|J", "y"),
        ("^[aeiou]+y?|^y(?![aeiou])", "A"),
        ("(?<!^)[aeiouy]", ""),
        (r"(.)\1+", r"\1"),
    )
)
"""Letters that stand for one sound when a name goes from one script or language to another, in the order of use."""


def name_tokens(text: str) -> tuple[str, ...]:
    """The parts of a name in Latin letters, without case, diacritics and particles: "Зорбан-аль Куил" is
    ("zorban", "kuil").

    An apostrophe joins, everything else that is no letter parts. A single letter is an initial, and counts for nothing.
    """
    latin = text if text.isascii() else anyascii(text)
    latin = re.sub("['`]", "", latin.casefold())
    parts = tuple(dict.fromkeys(part for part in re.split("[^a-z]+", latin) if len(part) > 1))
    return tuple(part for part in parts if part not in _PARTICLES) or parts


def sound(token: str) -> str:
    """How a part of a name sounds, roughly: its consonants, with those alike that scripts and languages exchange.

    It is written out here, and not a library's, because two databases must agree on it for years.
    """
    for pattern, heard in _SPELLINGS:
        token = pattern.sub(heard, token)
    return token


def document(text: str) -> tuple[str, str, str] | None:
    """Type, country and number of a document, as far as they are said; None for what identifies nobody.

    Of a number, letters and digits count. A short one, a word, and what is only typed to fill the field are none.
    """
    kind, country, number = text.split(":") if text.count(":") == 2 else ("", "", text)
    number = re.sub("[^0-9A-Z]", "", (number if number.isascii() else anyascii(number)).upper())
    if len(number) < _SHORTEST_DOCUMENT or _NO_DOCUMENT.fullmatch(number) or number in _DIGITS_IN_A_ROW:
        return None
    return kind.strip().casefold(), country.strip().upper(), number


def phone(text: str) -> str | None:
    """A telephone number as its digits, with a plus where it is international ("00" in front is one); None for none."""
    plain = text if text.isascii() else anyascii(text)
    digits = re.sub("[^0-9]", "", plain)
    international = plain.lstrip().startswith("+") or digits.startswith("00")
    digits = digits.removeprefix("00") if international else digits
    if len(digits) < _SHORTEST_PHONE or len(set(digits)) == 1:
        return None
    return f"+{digits}" if international else digits
