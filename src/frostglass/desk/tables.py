"""``simulate`` and ``check``: tables before a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from frostglass import codebooks
from frostglass.desk import options as opt
from frostglass.desk.output import Voice
from frostglass.desk.settings import need
from frostglass.errors import UsageError
from frostglass.sensitive import check as checking
from frostglass.sensitive.intake import read
from frostglass.simulate.coded import write_coded_table
from frostglass.terms.unit import PrivacyUnit


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(simulate)
    app.command()(check)


def simulate(
    out: Annotated[Path, typer.Option("--out", "-o", help="The CSV file to write.")],
    records: Annotated[int, typer.Option("--records", min=1, max=5_000_000, help="Number of records.")] = 17_500,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same table.")] = 7,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Write a fictitious coded table to try things on.

    Example: frostglass simulate --records 17500 --seed 7 -o table.csv
    """
    voice = Voice(as_json, quiet=quiet)
    if out.exists() and not force:
        raise UsageError("FG-OP-050", f"{out.name} exists; choose another name, or --force to overwrite it")
    write_coded_table(out, records, seed)
    voice.say(f"{records:,} fictitious records, seed {seed}: {out}")
    voice.give({"out": str(out), "records": records, "seed": seed})


def check(
    data: Annotated[Path, typer.Argument(help="The coded table: CSV, Parquet or XLSX.", metavar="DATA")],
    codebook: opt.CodebookRef = None,
    person_key: opt.PersonKey = None,
    max_records: opt.MaxRecords = None,
    unknown: opt.Unknown = None,
    without_constraints: opt.WithoutConstraints = False,
    private_report: Annotated[
        Path | None,
        typer.Option(
            "--private-report", help="Write the departures with their values to this file, for your eyes only."
        ),
    ] = None,
    allow_empty: opt.AllowEmpty = False,
    delimiter: opt.Delimiter = ",",
    encoding: opt.Encoding = "utf-8",
    sheet: opt.Sheet = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Report every departure of a table from its codebook. For the steward's eyes only; spends nothing.

    Example: frostglass check table.csv -c ctdc-vp-1
    """
    voice = Voice(as_json, quiet=quiet)
    if unknown not in (None, "refuse", "missing"):
        raise UsageError("FG-OP-006", "--unknown takes refuse or missing")
    book = codebooks.load(need(codebook, "a codebook", "-c"))
    table = read(data, delimiter=delimiter, encoding=encoding, sheet=sheet)
    report = checking.check(
        table,
        book,
        unit=PrivacyUnit(book.unit, 1 if max_records is None else max_records, person_key),
        unknown="missing" if unknown == "missing" else "refuse",
        structural=not without_constraints,
        allow_empty=allow_empty,
    )
    voice.say(report.text())
    voice.give(report.as_json())
    if private_report is not None:
        report.write_private(private_report)
        voice.note(f"values of cases: {private_report} (private; delete it when you are done)")
    if report.refused():
        raise typer.Exit(1)
