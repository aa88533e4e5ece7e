"""What a number in a sheet stands for: a plain number, a day, a time, or digits padded with zeros."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_BUILT_IN_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
"""Numbers of the date and time formats that need not be written out. Source: ECMA-376, part 1, section 18.8.30."""

_NOT_LETTERS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
"""Quoted and escaped text, padding, and colours or conditions in brackets (but elapsed time, such as [h], stays)."""


@dataclass(frozen=True)
class NumberFormat:
    """``is_date`` for days and times; ``digits`` is the width that a code of digits such as 00000 pads to, else 0."""

    is_date: bool = False
    digits: int = 0


def number_format(number: int, code: str | None) -> NumberFormat:
    """The format of that number, spelled out by ``code`` where it is not built in."""
    if code is None:
        return NumberFormat(is_date=number in _BUILT_IN_DATES)
    if re.fullmatch("0{2,}", code):
        return NumberFormat(digits=len(code))
    return NumberFormat(is_date=bool(re.search("[ymdhs]", _NOT_LETTERS.sub("", code), re.IGNORECASE)))


def number_text(stored: str, style: NumberFormat, *, from_1904: bool) -> str:
    """A stored number as text: whole numbers without a point, others with at most 15 digits, days as 2024-03-05.

    ValueError when ``stored`` is no finite number.
    """
    number = float(stored)
    if not math.isfinite(number):
        raise ValueError
    if style.is_date:
        return _moment_text(number, from_1904=from_1904) or _plain(stored, number)
    return _plain(stored, number).zfill(style.digits)


def _plain(stored: str, number: float) -> str:
    if re.fullmatch("0|-?[1-9][0-9]{0,14}", stored):
        return stored
    if number == int(number) and abs(number) <= 1e15:
        return str(int(number))
    return format(number, ".15g")


def _moment_text(serial: float, *, from_1904: bool) -> str:
    """A count of days since 1900 (or 1904) as ISO 8601; empty when it is beyond the calendar."""
    days, seconds = divmod(round(serial * 86_400), 86_400)
    if not from_1904 and days == 60:
        return "1900-02-29"  # a day that spreadsheets believe in
    start = date(1904, 1, 1) if from_1904 else date(1899, 12, 30 if days > 60 else 31)
    try:
        moment = datetime.combine(start, datetime.min.time()) + timedelta(days=days, seconds=seconds)
    except OverflowError:
        return ""
    if 0 <= serial < 1 and seconds:
        return moment.time().isoformat()
    return moment.isoformat() if seconds else moment.date().isoformat()
