"""Options that several commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say what is planned before it is done.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say only the result.")]

OutFolder = Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the bundle; it must not exist.")]
DataFile = Annotated[Path | None, typer.Argument(help="The coded table: CSV, Parquet or XLSX.", metavar="[DATA]")]
ReleaseId = Annotated[str | None, typer.Option("--release-id", help="Name of the release [made from the scope].")]

CodebookRef = Annotated[
    str | None,
    typer.Option("--codebook", "-c", help="Id of a shipped codebook, or a codebook file.", metavar="ID|FILE"),
]
LedgerFile = Annotated[Path | None, typer.Option("--ledger", help="The ledger file.", metavar="FILE")]
Scope = Annotated[str | None, typer.Option("--scope", help="The population scope that pays.")]
Epsilon = Annotated[str | None, typer.Option("--epsilon", help="Privacy loss of this release, such as 4.")]
Length = Annotated[
    int | None,
    typer.Option("--length", "--reporting-length", help="Longest combination that is counted: 1 to 4 [3]."),
]
Tau = Annotated[int | None, typer.Option("--tau", help="Least count that is stated [from the noise].")]
Fit = Annotated[
    str | None, typer.Option("--fit", help="How long the fit takes: fast for a quick look, default, or long [default].")
]
Cells = Annotated[
    int | None,
    typer.Option("--cells", help="Most cells that are measured; beyond it triples are chosen privately [20000000]."),
]
PersonKey = Annotated[str | None, typer.Option("--person-key", help="Column that tells persons apart.")]
MaxRecords = Annotated[int | None, typer.Option("--max-records", help="Most records of one person that count [1].")]
Unknown = Annotated[
    str | None,
    typer.Option("--unknown", help="Codes that the codebook does not list: refuse, or take as missing [refuse]."),
]
WithoutConstraints = Annotated[
    bool, typer.Option("--without-constraints", help="Leave the codebook's structural constraints unenforced.")
]
Config = Annotated[Path | None, typer.Option("--config", help="A release.toml with any of these settings.")]
Delimiter = Annotated[str, typer.Option("--delimiter", help="Delimiter of a CSV file.")]
Encoding = Annotated[str, typer.Option("--encoding", help="Encoding of a CSV file.")]
Sheet = Annotated[str | None, typer.Option("--sheet", help="Sheet of an XLSX file.")]
AllowEmpty = Annotated[bool, typer.Option("--allow-empty", help="Accept a table without records.")]
By = Annotated[str | None, typer.Option("--by", help="Who does this [the operating system's user].")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the ledger.")]
