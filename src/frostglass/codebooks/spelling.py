"""How names, codes and aliases may be written, so that they survive CSV, spreadsheets and joined counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from frostglass.terms.domain import JOIN, MISSING_LABEL
from frostglass.terms.wording import is_own_word

Complaint = tuple[str, str]
"""What is wrong with a text, and how to mend it."""

LONGEST = 200
"""Most characters of a name, code or alias."""

FORMULA = "=+-@"
"""First characters that a spreadsheet takes for the start of a formula."""

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")


def is_control(character: str) -> bool:
    """Control, bidirectional-override and surrogate characters: refused in every text, line breaks and tabs aside."""
    return character in _BIDI or (unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t")


def _is_unseen(character: str) -> bool:
    if character in _UNSEEN or character in "\n\t":
        return True
    return character != " " and unicodedata.category(character) in ("Cf", "Zs", "Zl", "Zp")


def text_complaints(text: str) -> Iterator[Complaint]:
    """What is wrong with a name, code or alias as a piece of text."""
    if not text:
        yield "is empty", "write at least one character"
    if text != text.strip():
        yield "starts or ends with a space", "take the space out"
    if len(text) > LONGEST:
        yield (
            f"is longer than {LONGEST} characters",
            "shorten it, and put the rest into a label or definition",
        )
    unseen = next((one for one in text.strip() if _is_unseen(one) and not is_control(one)), None)
    if unseen is not None:
        yield (
            f"holds a character that cannot be seen (U+{ord(unseen):04X})",
            "take it out; two values that look alike must be alike",
        )
    if text != unicodedata.normalize("NFC", text):
        yield "is not in Unicode's composed form (NFC)", "retype it, or normalise the file to NFC"


def code_complaints(code: str) -> Iterator[Complaint]:
    """What is wrong with a code that will be released."""
    yield from text_complaints(code)
    yield from _written_out(code)
    if code.strip().casefold() == MISSING_LABEL:
        yield (
            f"is the word that counts use for a missing value, {MISSING_LABEL!r}",
            "choose another code; missing values need none",
        )


def name_complaints(name: str) -> Iterator[Complaint]:
    """What is wrong with the name of a variable."""
    yield from text_complaints(name)
    yield from _written_out(name)
    if "=" in name[1:]:
        yield "contains '=', which stands between name and value in a question", "choose another name"


def reserved_complaints(text: str) -> Iterator[Complaint]:
    """What is wrong with a code or name that is, or looks like, a word of the tables and questions themselves."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if is_own_word(text):
        yield (
            "is kept for the tables' own words: a star, or words in round brackets such as (missing) and (all)",
            "write it without the brackets, or in square ones; what the data hold can be listed as an alias",
        )
    if plain[:1] in FORMULA and text[:1] not in FORMULA:
        yield (
            f"starts with {text[:1]!r}, which some spreadsheets run as a formula when a released file is opened",
            "choose another spelling; what the data hold can be listed as an alias",
        )


def _written_out(text: str) -> Iterator[Complaint]:
    if JOIN in text:
        yield f"contains {JOIN!r}, which joins the names and values in counts", "write it without"
    if text[:1] and text[:1] in FORMULA:
        yield (
            f"starts with {text[0]!r}, which spreadsheets run as a formula when a released file is opened",
            "choose another spelling; what the data hold can be listed as an alias",
        )
