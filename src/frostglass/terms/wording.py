"""How numbers, sets and conditions are said: once, so that every sentence says them alike."""

from __future__ import annotations


def counted(number: int, one: str, more: str = "") -> str:
    """ "1 record", "2,000 records": the number with its noun; ``more`` is a plural that is not made with an s."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"
