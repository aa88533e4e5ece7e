"""``simulate`` and ``check``: tables before a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from frostglass import codebooks
from frostglass.bundle.format.places import refuse_in_bundle, require_new
from frostglass.desk import options as opt
from frostglass.desk.output import Voice, in_options
from frostglass.desk.settings import need
from frostglass.errors import UsageError
from frostglass.sensitive.coding import check as checking
from frostglass.sensitive.coding.intake import opened
from frostglass.simulate.casefiles import write_case_files
from frostglass.simulate.coded import write_coded_table
from frostglass.terms.unit import PrivacyUnit, check_placeholder


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(simulate)
    app.command()(check)


def simulate(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The CSV file to write; with --cases, the folder, which must not exist.")
    ],
    cases: Annotated[
        int | None,
        opt.whole("--cases", help="Write case files of so many people, with their truth."),
    ] = None,
    records: Annotated[int | None, opt.whole("--records", help="Write a coded table of so many records.")] = None,
    seed: Annotated[int, opt.whole("--seed", help="Same seed, same files.")] = 7,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Write fictitious case files (--cases) or a fictitious coded table (--records, 17,500 of them by default).

    Example: frostglass simulate --cases 17500 --seed 7 -o case-files
    """
    voice = Voice(as_json, quiet=quiet)
    if cases is not None and records is not None:
        raise UsageError("FG-OP-113", "--cases writes case files and --records a coded table: pass one of the two")
    if cases is not None:
        _simulate_case_files(out, cases, seed, voice)
        return
    number = 17_500 if records is None else records
    require_new(out, force=force)
    write_coded_table(out, number, seed)
    voice.say(f"{number:,} fictitious records, seed {seed}: {out}")
    voice.give({"out": str(out), "records": number, "seed": seed})


def _simulate_case_files(out: Path, cases: int, seed: int, voice: Voice) -> None:
    refuse_in_bundle(out)
    written = write_case_files(out, cases, seed)
    voice.say(f"case files of {cases:,} fictitious people, seed {seed}: {out}")
    for name, rows in written.rows.items():
        voice.say(f"  {rows:>9,} rows  {name}")
    voice.give({"out": str(out), "cases": cases, "seed": seed, "rows": dict(written.rows)})


def check(
    data: Annotated[Path, typer.Argument(help="The coded table: CSV, Parquet or XLSX.", metavar="DATA")],
    codebook: opt.CodebookRef = None,
    person_key: opt.PersonKey = None,
    max_records: opt.MaxRecords = None,
    placeholder_keys: opt.PlaceholderKeys = None,
    unknown: opt.Unknown = None,
    without_constraints: opt.WithoutConstraints = None,
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
    on_placeholder = check_placeholder(placeholder_keys or "refuse")
    if private_report is not None:
        refuse_in_bundle(private_report)
    book = codebooks.load(need(codebook, "a codebook", "-c"))
    unit = PrivacyUnit(book.unit, 1 if max_records is None else max_records, person_key)
    whole = person_key is not None
    with opened(data, delimiter=delimiter, encoding=encoding, sheet=sheet, whole=whole) as table:
        report = checking.check(
            table,
            book,
            unit=unit,
            unknown="missing" if unknown == "missing" else "refuse",
            structural=not without_constraints,
            allow_empty=allow_empty,
            placeholder_keys=on_placeholder,
        )
    voice.say(in_options(report.text()))
    voice.give(report.as_json())
    if private_report is not None:
        report.write_private(private_report)
        voice.note(f"values of cases: {private_report} (private; delete it when you are done)")
    if report.refused():
        raise typer.Exit(1)
