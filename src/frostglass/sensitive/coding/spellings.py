"""Why a value is not one that the codebook lists: the slip that most likely made it so, and how to undo it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from frostglass.terms.codebook import Codebook, Variable


@dataclass(frozen=True)
class Slip:
    """A kind of departure of a value, and what to do about it."""

    code: str
    message: str


UNSEEN = "values with characters that cannot be seen ({}): take them out, two values that look alike must be alike"

NOT_ADMITTED = Slip(
    "FG-IN-073", "several values that the codebook does not admit together: list the set, or correct the records"
)
UNKNOWN = Slip("FG-IN-035", "values that the codebook does not list: correct them, or list them as codes or aliases")

_CASE = Slip("FG-IN-035", "listed values in other letters, capital or small: write them as listed, or list an alias")
_DATE = Slip(
    "FG-IN-034",
    "values that look like dates made by a spreadsheet: restore them from the source, and format the column as text",
)
_DECIMAL = Slip("FG-IN-029", "listed numbers with a point (1.0 for 1): write the column as text or as whole numbers")
_ZEROS = Slip(
    "FG-IN-030", "listed numbers with more or fewer zeros in front (007 and 7 differ): keep the column as text"
)
_EXPONENT = Slip("FG-IN-031", "values in exponent form, as spreadsheets write 1E3: restore them from the source")
_BOOLEAN = Slip("FG-IN-032", "the words true or false: write the codes that the codebook lists, or list an alias")
_INFINITE = Slip("FG-IN-033", "words for an infinite number: leave the cell empty where the value is missing")
_MISSING_WORD = Slip(
    "FG-IN-028",
    "words for missing that the codebook does not list: leave the cells empty, or list the word in missing_in",
)
_WIDE_SPACES = Slip("FG-IN-036", "listed values with unusual spaces inside, such as no-break ones: write plain spaces")
_LOOK_ALIKE = Slip("FG-IN-038", "values with {} letters that look like Latin ones: retype them")
_SEVERAL = Slip(
    "FG-IN-040", "several values in a variable that takes one: choose one, or declare the variable as a set"
)
_SEPARATOR = Slip("FG-IN-041", "listed values joined by another character than {!r}: join them with that")
_FORMULA = Slip(
    "FG-IN-042",
    "values that start like a formula (= + - @): correct them, or list them as aliases of a code that does not",
)

_MONTHS = (
    "jan feb mar apr may jun jul aug sep sept oct nov dec janv fevr mars avr mai juin juil aout okt dez mrz mär ene "
    "abr ago dic mag giu lug set ott out fev"
)
_MONTH = "(" + "|".join(_MONTHS.split()) + r")[a-z]*\.?"
_DATE_LIKE = re.compile(
    rf"\d{{1,4}}[-./ ]{{1,2}}{_MONTH}([-./ ]\d{{2,4}})?|{_MONTH}[-./ ]\d{{1,4}}|\d{{4}}-\d\d-\d\d([T ].*)?"
    r"|\d{1,2}[./]\d{1,2}[./]\d{2,4}( .*)?",
    re.IGNORECASE,
)
_EXPONENT_LIKE = re.compile(r"[+-]?\d+([.,]\d+)?[eE][+-]?\d+")
_MISSING_WORDS = frozenset(
    ["none", "null", "nil", "na", "n/a", "#n/a", "n.a.", "nan", "nat", "<na>", "missing", "n.d.", ".", "-", "--", "?"]
)
_SEPARATORS = ";,|/+&\n\t"

_CYRILLIC_OR_GREEK = "АВЕКМНОРСТХУаеорсухіјѕІЈЅԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧονι"  # each beside the Latin letter below
_LATIN = "ABEKMHOPCTXYaeopcyxijsIJSdqwABEZHIKMNOPTYXovi"
_TO_LATIN = str.maketrans(_CYRILLIC_OR_GREEK, _LATIN)


def slip(text: str, variable: Variable, codebook: Codebook) -> Slip:
    """The likeliest reason why ``text``, trimmed and in composed form, is no value of ``variable``."""
    return next(_slips(text, variable, codebook), UNKNOWN)


def _slips(text: str, variable: Variable, codebook: Codebook) -> Iterator[Slip]:
    def is_listed(other: str) -> bool:
        return codebook.match_value(variable.name, other).kind == "code"

    scripts = foreign_scripts(text)
    if scripts and (is_listed(as_latin(text)) or re.search("[A-Za-z]", text)):
        yield Slip(_LOOK_ALIKE.code, _LOOK_ALIKE.message.format(" and ".join(scripts)))
    if not text.isascii() and is_listed(" ".join(text.split())):
        yield _WIDE_SPACES
    if text.casefold() in _MISSING_WORDS:
        yield _MISSING_WORD
    if text.casefold().lstrip("+-") in ("inf", "infinity", "1.#inf", "∞"):
        yield _INFINITE
    if text.casefold() in ("true", "false"):
        yield _BOOLEAN
    yield from _numbers(text, variable, is_listed)
    if _DATE_LIKE.fullmatch(text):
        yield _DATE
    yield from _joined(text, variable, codebook, is_listed)
    if any(text.casefold() == other.casefold() for other in (*variable.codes, *variable.by_text)):
        yield _CASE
    if text[0] in "=+-@":
        yield _FORMULA


def _numbers(text: str, variable: Variable, is_listed: Callable[[str], bool]) -> Iterator[Slip]:
    if re.fullmatch(r"-?\d+[.,]0+", text) and is_listed(re.split("[.,]", text)[0]):
        yield _DECIMAL
    if text.isascii() and text.isdigit():
        stripped = text.lstrip("0") or "0"
        padded = (code for code in variable.by_text if code.isascii() and code.isdigit())
        if is_listed(stripped) or any((code.lstrip("0") or "0") == stripped for code in padded):
            yield _ZEROS
    if _EXPONENT_LIKE.fullmatch(text):
        yield _EXPONENT


def _joined(text: str, variable: Variable, codebook: Codebook, is_listed: Callable[[str], bool]) -> Iterator[Slip]:
    """Several listed values in one cell, joined by whatever."""
    for separator in _SEPARATORS:
        parts = [part.strip() for part in text.split(separator)]
        if len(parts) < 2 or not all(part and is_listed(part) for part in parts):
            continue
        if variable.type == "set":
            yield Slip(_SEPARATOR.code, _SEPARATOR.message.format(codebook.set_separator))
        else:
            yield _SEVERAL


def as_latin(text: str) -> str:
    """The text with Cyrillic and Greek letters as the Latin ones that they look like."""
    return text.translate(_TO_LATIN)


def foreign_scripts(text: str) -> list[str]:
    """ "Cyrillic" and "Greek" where letters of theirs occur that look like Latin ones."""
    if text.isascii():
        return []
    names = {unicodedata.name(one, "").partition(" ")[0] for one in text if one in _CYRILLIC_OR_GREEK}
    return [script.title() for script in sorted(names & {"CYRILLIC", "GREEK"})]
