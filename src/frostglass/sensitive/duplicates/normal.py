"""Names, documents and telephone numbers in the form in which they are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable

import jellyfish
from anyascii import anyascii

_SHORTEST_DOCUMENT, _SHORTEST_PHONE = 5, 7
_NO_DOCUMENT = frozenset({"UNKNOWN", "NONE", "NODOCUMENT", "NOTKNOWN", "LOST", "PENDING"})


def name_tokens(text: str) -> tuple[str, ...]:
    """The parts of a name in Latin letters, without case and diacritics: "Ζορβάν-Κουίλ" is ("zorban", "koyil").

    An apostrophe joins, everything else that is no letter parts.
    """
    latin = anyascii(text).casefold().replace("'", "").replace("`", "")
    return tuple(dict.fromkeys(part for part in re.split("[^a-z]+", latin) if len(part) > 1))


def sound(token: str) -> str:
    """How a part of a name sounds, roughly: what is spelled a little otherwise often sounds the same."""
    return jellyfish.metaphone(token) or token


def document(text: str) -> tuple[str, str, str] | None:
    """Type, country and number of a document, as far as they are said; None for what identifies nobody.

    Only letters and digits count. A number of one repeated character, or a short one, is none.
    """
    kind, country, number = ["", "", text] if text.count(":") != 2 else text.split(":")
    number = re.sub("[^0-9A-Z]", "", anyascii(number).upper())
    if len(number) < _SHORTEST_DOCUMENT or number in _NO_DOCUMENT or len(set(number)) == 1:
        return None
    return kind.strip().casefold(), country.strip().upper(), number


def phone(text: str) -> str | None:
    """The digits of a telephone number without the zeros or the plus of an international one; None for what is none."""
    digits = re.sub("[^0-9]", "", anyascii(text)).lstrip("0")
    return digits if len(digits) >= _SHORTEST_PHONE and len(set(digits)) > 1 else None


def same_documents(one: Iterable[tuple[str, str, str]], other: Iterable[tuple[str, str, str]]) -> bool:
    """Whether two people hold a document in common: one number, and no contradiction in type or country."""
    return any(
        a[2] == b[2] and (not a[0] or not b[0] or a[0] == b[0]) and (not a[1] or not b[1] or a[1] == b[1])
        for a in one
        for b in other
    )
