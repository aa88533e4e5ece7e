"""Arguments as they were handed over: each is taken for what it is, or refused with a code before it costs anything.

Python, the command line and a release file come here alike, through the frozen values that check themselves. Nothing
is made to fit: a truth value is no number, ``2.0`` is no whole number, and text is no number at all.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterable
from contextlib import suppress
from numbers import Real
from pathlib import Path
from typing import SupportsIndex

from frostglass.errors import UsageError

LONGEST_TEXT = 1000
"""Most characters of a text that goes on record, or into a bundle."""


def index(value: object) -> int | None:
    """The whole number that ``value`` is, of whatever library; ``None`` for truth values and all that is none."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def whole(value: object, least: int, most: int, code: str, rule: str) -> int:
    """A whole number from ``least`` to ``most``. Raises UsageError with ``code`` and ``rule``."""
    number = index(value)
    if number is None or not least <= number <= most:
        raise UsageError(code, rule)
    return number


def seed(value: object) -> int | None:
    """A seed, or ``None`` for one by chance. UsageError FG-OP-035."""
    rule = "the seed (`random_state`) is a whole number from 0 to 2**63 - 1"
    return None if value is None else whole(value, 0, 2**63 - 1, "FG-OP-035", rule)


def finite(value: object, code: str, rule: str) -> float:
    """A finite number. Raises UsageError with ``code`` and ``rule``."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise UsageError(code, rule)
    with suppress(OverflowError):
        if math.isfinite(value):
            return float(value)
    raise UsageError(code, rule)


def text(value: object, what: str) -> str:
    """A text that can be written down. UsageError FG-OP-104."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not _is_unicode(value):
        raise UsageError("FG-OP-104", f"{what} is a text of at most {LONGEST_TEXT:,} characters")
    return str.__str__(value)


def optional_text(value: object, what: str) -> str | None:
    """A text, or ``None``. UsageError FG-OP-104."""
    return None if value is None else text(value, what)


def flag(value: object, what: str) -> bool:
    """A truth value of Python itself. UsageError FG-OP-105."""
    if not isinstance(value, bool):
        raise UsageError("FG-OP-105", f"{what} is True or False")
    return value


def path(value: object, what: str) -> Path:
    """A place on disk. UsageError FG-OP-106."""
    found = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(found, str) or "\0" in found:
        raise UsageError("FG-OP-106", f"{what} is a path: a text, or a Path")
    return Path(found)


def optional_path(value: object, what: str) -> Path | None:
    """A place on disk, or ``None``. UsageError FG-OP-106."""
    return None if value is None else path(value, what)


def one_of(value: object, choices: Iterable[str], code: str, rule: str) -> str:
    """One of a few words. Raises UsageError with ``code`` and ``rule``."""
    if not isinstance(value, str) or value not in choices:
        raise UsageError(code, rule)
    return str.__str__(value)


def texts(value: object, what: str) -> tuple[str, ...]:
    """Several texts. UsageError FG-OP-107 for what is no list, such as a single one."""
    return tuple(text(each, what) for each in _several(value, what))


def paths(value: object, what: str) -> tuple[Path, ...]:
    """Several places on disk, or one. UsageError FG-OP-106, FG-OP-107."""
    if isinstance(value, (str, os.PathLike)):
        return (path(value, what),)
    return tuple(path(each, what) for each in _several(value, what))


def _several(value: object, what: str) -> Iterable[object]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise UsageError("FG-OP-107", f"{what}: a list is wanted, also where there is one only")
    return value


def _is_unicode(value: str) -> bool:
    """Whether it has no half of a surrogate pair, which no file can hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
