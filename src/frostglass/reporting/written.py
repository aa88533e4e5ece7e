"""Answers written out: text, CSV, Markdown or JSON, each with where the figures come from and how to use them."""

from __future__ import annotations

import json
from typing import Literal, Protocol, get_args

import polars as pl

from frostglass.bundle.format.formats import to_csv
from frostglass.pages.words import markdown
from frostglass.reporting.cross_table import Table
from frostglass.reporting.rows import Row
from frostglass.terms.codebook import Codebook

Format = Literal["text", "csv", "markdown", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

FORMULA = ("=", "+", "-", "@", "\t", "'")
"""First characters of a text that a spreadsheet would run, or take away."""


class Answered(Protocol):
    """An answer of any kind."""

    def text(self) -> str: ...

    def as_json(self) -> dict[str, object]: ...

    def rows(self) -> list[Row]: ...


def rule(codebook: Codebook) -> str:
    """How to use the figures of a release, in one paragraph."""
    return (
        "Report the counts and explore with the records. Do not add or subtract figures of different releases. "
        f"A record is one {codebook.unit}: do not count anything else by it. "
        "A set of values belongs to each value in it, so such shares may add up to more than 100%."
    )


def written(answer: Answered, form: Format, *, citation: str, codebook: Codebook) -> str:
    """The answer in that format, ending in a line end."""
    if form == "json":
        shape = {**answer.as_json(), "source": citation, "rule": rule(codebook)}
        return json.dumps(shape, ensure_ascii=False, indent=2) + "\n"
    if form == "csv":
        return _csv(answer, citation, rule(codebook))
    if form == "markdown":
        return _markdown(answer, citation, rule(codebook))
    text = answer.text()
    source = [] if citation in text else [f"Source: {citation}"]
    return "\n".join([text, *source, f"Rule: {rule(codebook)}"]) + "\n"


def _csv(answer: Answered, citation: str, told: str) -> str:
    """One line a figure; each says where it comes from, so that it can be moved alone."""
    rows = [{**row, "source": citation, "rule": told} for row in answer.rows()]
    frame = pl.DataFrame(
        [{name: _guarded(value) for name, value in row.items()} for row in rows], infer_schema_length=None
    )
    return to_csv(frame).decode()


def _guarded(value: str | float | None) -> str | float | None:
    """A text with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _markdown(answer: Answered, citation: str, told: str) -> str:
    """A table for a cross-table, sentences for everything else."""
    if isinstance(answer, Table):
        lines = [answer.head(), ["---", *("---:" for _ in answer.head()[1:])], *map(_escaped, answer.lines())]
        lines[0] = _escaped(lines[0])
        body = [markdown(answer.title), "\n".join(f"| {' | '.join(line)} |" for line in lines), markdown(answer.note)]
    else:
        body = [markdown(line) for line in answer.text().splitlines()]
    source = [] if citation in answer.text() else [f"Source: {markdown(citation)}"]
    return "\n\n".join([*body, *source, f"*{markdown(told)}*"]) + "\n"


def _escaped(cells: list[str]) -> list[str]:
    return [markdown(cell) for cell in cells]
