"""Figures and days in words, the same on every page."""

from __future__ import annotations

import re
from datetime import date
from math import isnan

NOTHING = "–"
"""Stands where there is nothing to say."""

# strftime would follow the locale
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def percent(share: float | None) -> str:
    """A share in percent to one decimal, with as many digits as a small one needs."""
    if share is None or isnan(share):
        return NOTHING
    return f"{100 * share:.1f}%" if share >= 0.0005 or share == 0 else f"{100 * share:.2g}%"


def number(figure: float | None, digits: int = 1) -> str:
    """A number with its thousands apart."""
    return NOTHING if figure is None or isnan(figure) else f"{figure:,.{digits}f}"


def in_parts(part: float | None, whole: float) -> float:
    """``part`` in percent of ``whole``, at most 100; 0 where there is no whole."""
    return min(100 * (part or 0) / whole, 100.0) if whole else 0.0


def day_in_words(on: date) -> str:
    """Such as "3 December 2022"."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def variables(length: int) -> str:
    """So many variables, such as "two variables"."""
    return "one variable" if length == 1 else f"{('two', 'three', 'four')[length - 2]} variables"


_ACTIVE = re.compile(r"([\\`*\[\]<>|~]|(?<!\w)_|_(?!\w)|^(?:#+|[-+=])(?=\s))")
_NUMBERED = re.compile(r"^([0-9]+)([.)])(?=\s)")


def markdown(text: str) -> str:
    """``text`` on one line, with what Markdown or HTML would act on escaped."""
    return _NUMBERED.sub(r"\1\\\2", _ACTIVE.sub(r"\\\1", " ".join(text.split())))


def code(text: str) -> str:
    """``text`` set as code in Markdown."""
    return f"`{text.replace('`', chr(39))}`"
