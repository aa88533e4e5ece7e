"""Dates and numbers that are known more or less exactly, as the interval that they may lie in."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.int64]
"""Days as whole numbers ``yyyymmdd``, so that completed years are a difference divided by 10,000."""

_NUMBER = re.compile(r"(0|[1-9][0-9]{0,8})")
_RANGE = re.compile(r"([0-9]{1,9})\s?(?:--|-|–)\s?([0-9]{1,9})")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


def number_span(text: str) -> tuple[int, int] | None:
    """The interval of "41", "30-38" or "30--38", both ends included; None for anything else."""
    if _NUMBER.fullmatch(text):
        return int(text), int(text)
    found = _RANGE.fullmatch(text)
    if found and int(found[1]) <= int(found[2]):
        return int(found[1]), int(found[2])
    return None


def span_text(low: int, high: int) -> str:
    """The interval as ``number_span`` reads it."""
    return str(low) if low == high else f"{low}-{high}"


def date_span(text: str) -> tuple[int, int] | None:
    """First and last day (``yyyymmdd``) of "2019", "2019-03" or "2019-03-14"; None when it is no date."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    if year == 0 or (found[2] and not 1 <= month <= 12):
        return None
    if found[3]:
        known = 1 <= day <= calendar.monthrange(year, month)[1]
        return (_day(year, month, day), _day(year, month, day)) if known else None
    if found[2]:
        return _day(year, month, 1), _day(year, month, calendar.monthrange(year, month)[1])
    return _day(year, 1, 1), _day(year, 12, 31)


def _day(year: int, month: int, day: int) -> int:
    return year * 10_000 + month * 100 + day


def date_spans(texts: Sequence[str]) -> tuple[Days, Days]:
    """First and last days of dates; 0 where a text is none."""
    spans = [date_span(text) or (0, 0) for text in texts]
    both = np.array(spans, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def completed_years(start: Days, end: Days) -> Days:
    """Birthdays reached from ``start`` to ``end``; somebody born on 29 February reaches one on 1 March."""
    return (end - start) // 10_000


def completed_months(start: Days, end: Days) -> Days:
    """Months completed from ``start`` to ``end``."""
    months = (end // 10_000 - start // 10_000) * 12 + (end // 100 % 100 - start // 100 % 100)
    return months - (end % 100 < start % 100)
