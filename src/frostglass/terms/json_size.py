"""How many values a JSON text can hold, told before it is parsed: many small ones fill the memory."""

from __future__ import annotations


def most_values(text: bytes) -> int:
    """At least the number of values and keys in ``text``: each follows a comma, a colon or an opening bracket."""
    return 1 + sum(text.count(mark) for mark in (b",", b":", b"[", b"{"))
