"""``count``: what a bundle says of a combination: counts, shares, differences and tables, ready to report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from frostglass.bundle.format.places import require_new
from frostglass.desk import options as opt
from frostglass.desk.output import say_json
from frostglass.errors import UsageError
from frostglass.files import PUBLIC, write_whole
from frostglass.reporting.opening import Bundle
from frostglass.reporting.written import FORMATS, Answered, Format, written

Shares = Annotated[bool, typer.Option("--share", help="A share: of the first condition, within the others.")]
Of = Annotated[
    list[str] | None,
    typer.Option("--of", help="Take the share of these instead; all is all records.", metavar="VARIABLE=VALUE"),
]
Versus = Annotated[
    list[str] | None,
    typer.Option("--versus", help="Less the same with this condition instead.", metavar="VARIABLE=VALUE"),
]
Axes = Annotated[
    tuple[str, str] | None, typer.Option("--table", help="A cross-table of two variables.", metavar="ROW COLUMN")
]
Form = Annotated[str, typer.Option("--format", help="text, csv, markdown or json.")]
OutFile = Annotated[Path | None, typer.Option("--out", "-o", help="Write to a file; it must not exist.")]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(count)


def count(
    bundle: Annotated[Path, typer.Argument(help="A bundle.")],
    conditions: Annotated[
        list[str] | None,
        typer.Argument(
            help="Conditions: gender=Female, 'age=9-17|18-29' for any of two, languages~French for sets with it.",
            metavar="[VARIABLE=VALUE]...",
        ),
    ] = None,
    share: Shares = False,
    of: Of = None,
    versus: Versus = None,
    axes: Axes = None,
    form: Form = "text",
    out: OutFile = None,
    as_json: opt.Json = False,
) -> None:
    """Print a count, share, difference or table with its interval and a sentence ready to cite.

    Example: frostglass count out gender=Female age=18-29
    """
    if as_json and form not in ("text", "json"):
        raise UsageError("FG-OP-120", "--json and --format ask for two things: pass one of them")
    wanted = _format("json" if as_json else form)
    if out is not None:
        require_new(out)
    _check(share=share, of=of, versus=versus, axes=axes)
    opened = Bundle.open(bundle)
    answer = _answer(opened, conditions or [], share=share, of=of or None, versus=versus or [], axes=axes)
    text = written(answer, wanted, citation=opened.citation, codebook=opened.codebook)
    if out is None:
        (say_json if wanted == "json" else typer.echo)(text.removesuffix("\n"))
    else:
        write_whole(out, text.encode(), mode=PUBLIC)


def _format(text: str) -> Format:
    for known in FORMATS:
        if text == known:
            return known
    raise UsageError("FG-OP-120", "--format takes text, csv, markdown or json")


def _check(*, share: bool, of: Sequence[str] | None, versus: Sequence[str] | None, axes: object) -> None:
    """Refuse options that go with others, before anything is read."""
    if axes is not None and (of or versus):
        raise UsageError("FG-OP-121", "--table takes conditions and --share, but neither --of nor --versus")
    if of and not share:
        raise UsageError("FG-OP-121", "--of says what a share is of: add --share")


def _answer(
    opened: Bundle,
    conditions: Sequence[str],
    *,
    share: bool,
    of: Sequence[str] | None,
    versus: Sequence[str],
    axes: tuple[str, str] | None,
) -> Answered:
    if axes is not None:
        return opened.table(*axes, conditions, share=share)
    if versus:
        return opened.difference(conditions, versus=versus, share=share, of=of)
    return opened.share(conditions, of=of) if share else opened.count(conditions)
