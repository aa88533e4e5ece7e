"""How numbers, sets and conditions are said: once, so that every sentence says them alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from frostglass.terms.domain import MISSING_LABEL

ALL, OUT_OF = "(all)", "(out of)"
"""What heads the margins of a table."""

MEMBERS = " + "
"""Stands between the values of a set, in words."""

CONDITIONS = "; "
"""Stands between the conditions of a combination, in words."""


def counted(number: int, one: str, more: str = "") -> str:
    """ "1 record", "2,000 records": the number with its noun; ``more`` is a plural that is not made with an s."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def members(words: Iterable[str]) -> str:
    """The values of a set, such as "French + Arabic"."""
    return MEMBERS.join(words)


def conditions(words: Iterable[str]) -> str:
    """The conditions of a combination, such as "Age: 9-17; Gender: Female"."""
    return CONDITIONS.join(words)


def is_own_word(text: str) -> bool:
    """Whether a text is kept for the tables and questions themselves: a star, or words in round brackets."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return plain == "*" or re.fullmatch(r"\(\s*[^\W\d_]+(\s+[^\W\d_]+)*\s*\)", plain) is not None


def is_own_label(label: str) -> bool:
    """Whether a label is what tables show for something else: a missing value, or a margin."""
    return unicodedata.normalize("NFKC", label).strip().casefold() in (MISSING_LABEL, ALL, OUT_OF)
