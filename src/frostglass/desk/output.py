"""How the command line speaks: text for people, ``--json`` for programs, progress on stderr, one error in one shape."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import typer

from frostglass.errors import FrostglassError

SETTINGS = frozenset(
    {
        "allow_empty",
        "attacks",
        "cells",
        "delimiter",
        "earlier",
        "encoding",
        "epsilons",
        "expect",
        "fit",
        "force",
        "fresh",
    }
    | {"group", "id", "key", "ledger", "like", "map", "of", "person_key", "placeholder_keys", "random_state", "range"}
    | {"reason", "sheet", "snapshot", "structural", "unknown"}
)
"""Settings that messages name, in backticks, as Python has them; each is an option here."""

_SETTING = re.compile(r"`([a-z_]+)(?:=([^`]+))?`")


def in_options(text: str) -> str:
    """A message with settings named as options: `fit` is --fit, and `structural=False` is --without-constraints.

    For messages of ours alone: in a result, what stands in backticks may be somebody's label.
    """

    def option(found: re.Match[str]) -> str:
        name, value = found.groups()
        if name not in SETTINGS:
            return found[0]
        if name == "structural":
            return "--without-constraints"
        return f"--{name.replace('_', '-')}{f' {value}' if value else ''}"

    return _SETTING.sub(option, text)


@dataclass(frozen=True)
class Voice:
    """What the flags ``--json``, ``-v`` and ``-q`` ask for."""

    as_json: bool = False
    verbose: bool = False
    quiet: bool = False

    def say(self, text: str) -> None:
        """A result for people."""
        if not self.as_json:
            typer.echo(text)

    def give(self, value: Mapping[str, object]) -> None:
        """The same result for programs."""
        if self.as_json:
            say_json(json.dumps(value, ensure_ascii=False, indent=2, default=str))

    def progress(self, stage: str) -> None:
        """One line a stage, with nothing in it that depends on a case; none for programs."""
        if not self.quiet and not self.as_json:
            typer.echo(f"  … {stage}", err=True)

    def note(self, text: str) -> None:
        """Something good to know, on stderr."""
        if not self.quiet:
            typer.echo(in_options(text), err=True)


def say_json(text: str, *, err: bool = False) -> None:
    """JSON, with every other character than ASCII as an escape of JSON's own where the stream may lack it."""
    stream = sys.stderr if err else sys.stdout
    if not (stream.encoding or "").lower().startswith("utf"):
        text = "".join(one if one.isascii() else json.dumps(one)[1:-1] for one in text)
    typer.echo(text, err=err)


def report(error: FrostglassError, *, as_json: bool) -> None:
    """One error in one shape, on stderr."""
    if as_json:
        shape = {"error": {"code": error.code, "message": in_options(error.message)}}
        say_json(json.dumps(shape, ensure_ascii=False), err=True)
    else:
        typer.echo(f"{error.code}: {in_options(error.message)}", err=True)


def table(head: Sequence[object], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> str:
    """Aligned columns of texts; those numbered in ``right`` to the right."""
    texts = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[place]) for row in texts) for place in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return "\n".join([line(texts[0]), "  ".join("─" * width for width in widths), *map(line, texts[1:])])


def wants_json() -> bool:
    """Whether ``--json`` is among the arguments: known even when they could not be parsed."""
    return "--json" in sys.argv[1:]
