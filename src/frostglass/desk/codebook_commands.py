"""``frostglass codebook``: check, show and draft codebooks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from frostglass import codebooks
from frostglass.bundle.format.places import require_new
from frostglass.desk import options as opt
from frostglass.desk.output import Voice, say_json
from frostglass.errors import CodebookError, UsageError
from frostglass.sensitive.coding.draft import draft as draft_codebook
from frostglass.sensitive.coding.intake import read
from frostglass.terms.wording import counted

app = typer.Typer(no_args_is_help=True, help="Check, show and draft codebooks.", rich_markup_mode=None)


def add_to(parent: typer.Typer) -> None:
    """Register the commands."""
    parent.add_typer(app, name="codebook")


@app.command("list")
def list_shipped(as_json: opt.Json = False) -> None:
    """List the codebooks that come with frostglass."""
    voice = Voice(as_json)
    books = [codebooks.load(each) for each in codebooks.shipped()]
    voice.say("\n".join(f"{book.id:<14} {book.title} ({counted(len(book.variables), 'variable')})" for book in books))
    voice.give({"codebooks": [{"id": book.id, "title": book.title, "sha256": book.sha256} for book in books]})


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A codebook file (TOML).")],
    as_json: opt.Json = False,
) -> None:
    """Name every fault of a codebook file, with its place and the fix.

    Example: frostglass codebook check mine.toml
    """
    voice = Voice(as_json)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CodebookError("FG-CB-001", f"cannot read {file.name} as a UTF-8 text file") from None
    faults = codebooks.faults(text)
    voice.give({"faults": [{"path": each.path, "message": each.message, "fix": each.fix} for each in faults]})
    for fault in faults:
        voice.say(f"{fault.path}: {fault.message}\n    {fault.fix}")
    if faults:
        voice.say(counted(len(faults), "fault"))
        raise typer.Exit(1)
    book = codebooks.load(file)
    voice.say(f"no faults: {book.id}, {counted(len(book.variables), 'variable')}, sha256 {book.sha256}")
    if book.drafted and book.confirmed is None:
        voice.say(
            "drafted from data: before a release, confirm that its categories are public knowledge with\n"
            '    confirmed = {by = "your name", on = "YYYY-MM-DD"}   under [codebook]'
        )


@app.command()
def show(
    reference: Annotated[str, typer.Argument(help="Id of a shipped codebook, or a codebook file.", metavar="ID|FILE")],
    canonical: Annotated[bool, typer.Option("--json", help="Print the canonical JSON.")] = False,
) -> None:
    """Print a codebook as a readable table.

    Example: frostglass codebook show ctdc-vp-1
    """
    book = codebooks.load(reference)
    if canonical:
        say_json(book.canonical.decode())
    else:
        typer.echo(codebooks.show(book))


@app.command()
def draft(
    data: Annotated[Path, typer.Argument(help="The table: CSV, Parquet or XLSX.", metavar="DATA")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The codebook file to write.")],
    identifier: Annotated[str | None, typer.Option("--id", help="Id of the codebook [from the file's name].")] = None,
    ranges: Annotated[
        list[str] | None,
        typer.Option("--range", help="Public range of a numeric column, such as age=0:84; may be repeated."),
    ] = None,
    delimiter: opt.Delimiter = ",",
    encoding: opt.Encoding = "utf-8",
    sheet: opt.Sheet = None,
    as_json: opt.Json = False,
) -> None:
    """Write a first codebook for an unknown table, to be completed and confirmed.

    Its categories come from the data: the file is private until you have confirmed that they are public knowledge.

    Example: frostglass codebook draft births.csv --range mother_age=12:60 -o births.toml
    """
    require_new(out)
    table = read(data, delimiter=delimiter, encoding=encoding, sheet=sheet)
    text = draft_codebook(table, id=identifier or out.stem, ranges=dict(_range(each) for each in ranges or ()))
    _write_private(out, text)
    voice = Voice(as_json)
    voice.give({"out": str(out)})
    voice.say(f"first draft: {out} (readable by you alone)")
    voice.say("next: fill in labels, definitions and roles; check it with `frostglass codebook check`; then confirm it")


def _range(text: str) -> tuple[str, tuple[int, int]]:
    name, found, span = text.rpartition("=")
    low, _, high = span.partition(":")
    try:
        if found:
            return name, (int(low), int(high))
    except ValueError:
        pass
    raise UsageError("FG-OP-051", "--range takes COLUMN=LOW:HIGH with whole numbers, such as age=0:84") from None


def _write_private(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)
