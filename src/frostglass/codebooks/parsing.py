"""From text to plain values, within limits: size, depth, and characters that no codebook may hold."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from frostglass.codebooks.faults import Fault, Found, Path
from frostglass.codebooks.spelling import is_control
from frostglass.terms.json_size import most_values

MOST_BYTES = 10_000_000
"""Largest codebook file, in bytes."""

MOST_VALUES = 100_000
"""Most values in a codebook; those that ship with frostglass have some thousand. Each may be at fault, and is named."""

DEEPEST = 40
"""Most levels of tables and lists inside one another."""

_MARKS = 10
"""Commas and other marks for each value: texts hold some, too."""

BYTE_ORDER_MARK = "\ufeff"

Raw = Mapping[str, object]


class SyntaxFault(Exception):
    """A text that cannot be read as a codebook at all; it has exactly one fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def parse_toml(text: str) -> Raw:
    """The tables of a TOML text, decimals exact; SyntaxFault with line and column when it is not TOML."""
    if len(text) > MOST_BYTES:
        raise too_large()
    try:
        return _shallow(tomllib.loads(text.removeprefix(BYTE_ORDER_MARK), parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).partition(" (at ")
        raise SyntaxFault(
            Fault(place.removesuffix(")") or "the file", f"not TOML: {what[:1].lower()}{what[1:]}", _hint(what))
        ) from None
    except RecursionError:
        raise _too_deep() from None
    except (ArithmeticError, ValueError):
        raise SyntaxFault(Fault("the file", "holds a number that is out of range", "write a smaller one")) from None


def parse_json(text: str) -> Raw:
    """The tables of a JSON text, decimals exact; SyntaxFault with line and column when it is not a JSON object."""
    if len(text) > MOST_BYTES or most_values(text.encode("utf-8", "replace")) > _MARKS * MOST_VALUES:
        raise too_large()
    try:
        content = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise SyntaxFault(Fault(place, "not JSON", "take the file from its bundle again")) from None
    except RecursionError:
        raise _too_deep() from None
    except (ArithmeticError, ValueError):
        raise SyntaxFault(Fault("the file", "holds a number that is out of range", "write a smaller one")) from None
    if not isinstance(content, dict):
        raise SyntaxFault(Fault("the file", "is not a JSON object", "take the file from its bundle again"))
    return _shallow(content)


def too_large() -> SyntaxFault:
    """The fault of a file beyond the size limit."""
    return SyntaxFault(
        Fault(
            "the file",
            f"is larger than {MOST_BYTES // 10**6} MB, or holds more than {MOST_VALUES:,} values",
            "leave out what is not a codebook; most are below 1 MB",
        )
    )


def control_characters(raw: Raw) -> Iterator[Found]:
    """Texts, keys included, with control characters, bidirectional overrides or broken surrogates."""
    for path, text in _texts(raw):
        worst = next((character for character in text if is_control(character)), None)
        if worst is not None:
            yield Found(path, f"holds the control character U+{ord(worst):04X}", "take it out")


def _hint(what: str) -> str:
    if "overwrite" in what or "Cannot declare" in what or "twice" in what:
        return "say it once; the key or table stands in the file already"
    if "Invalid value" in what:
        return "put texts in quotes"
    return "mend the line; https://toml.io shows how TOML is written"


def _too_deep() -> SyntaxFault:
    return SyntaxFault(Fault("the file", f"is nested deeper than {DEEPEST} levels", "use flatter rules and tables"))


def _shallow(raw: Raw) -> Raw:
    level: Sequence[object] = [raw]
    number = 0
    for _ in range(DEEPEST):
        level = [inner for value in level for inner in _inside(value)]
        number += len(level)
        if number > MOST_VALUES:
            raise too_large()
        if not level:
            return raw
    raise _too_deep()


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _texts(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield path, key
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _texts(inner, (*path, place))
