"""What the writers of the source systems have in common: cells that are empty, dates, and codes that are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from frostglass.simulate.cases import Fault
from frostglass.simulate.chance import Uniform, Weighted

_TOKENS = Weighted.of({"": 96, "NULL": 1, "N/A": 1, ".": 1, "-99": 1})


def or_blank(text: str, u: Uniform) -> str:
    """``text``, or one of the ways to leave a cell empty. NA is none of them: it may be Namibia."""
    return text or _TOKENS.pick(u)


def british(iso: str) -> str:
    """``YYYY[-MM[-DD]]`` as ``[[DD/]MM/]YYYY``."""
    return "/".join(reversed(iso.split("-"))) if iso else ""


def british_day(day: date) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year}"


def spoilt(row: list[str], header: Sequence[str], fault: Fault | None) -> list[str]:
    """``row`` with the fault in its column, if it has one here."""
    if fault is not None and fault.column in header:
        row[header.index(fault.column)] = fault.text
    return row
