"""What is told while something is under way."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]


def quiet(_stage: str) -> None:
    """Report no progress."""
