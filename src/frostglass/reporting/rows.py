"""Answers as lines of a table, one a figure."""

from __future__ import annotations

from typing import TypeAlias

from frostglass.reporting.conditions import HOLDS, Conditions
from frostglass.terms import wording

Row: TypeAlias = dict[str, str | int | float | None]
"""One line, by column."""


def written_back(conditions: Conditions) -> str:
    """The conditions as they are asked, such as ``gender=Female; languages~French``."""
    return wording.conditions(f"{name}{'' if name.endswith(HOLDS) else '='}{value}" for name, value in conditions)


def figure_row(
    figure: str,
    conditions: Conditions,
    ends: tuple[float | None, float | None, float | None],
    status: str,
    *,
    out_of: str = "",
    versus: Conditions = (),
) -> Row:
    """The line of one figure; ``ends`` are its value, low and high."""
    named: Row = {"figure": figure, "conditions": written_back(conditions), "out_of": out_of}
    value, low, high = ends
    return {**named, "versus": written_back(versus), "value": value, "low": low, "high": high, "status": status}
