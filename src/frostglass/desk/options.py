"""Options that several commands share, each described once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from frostglass.errors import UsageError


def whole(*names: str, help: str) -> Any:  # noqa: A002 - as typer.Option has it
    """An option that takes a whole number. Its range is checked by whoever takes it, as for every other door."""

    def parse(text: str | int) -> int:
        """UsageError FG-OP-108 for other digits, blanks, underscores and what is no number."""
        if not re.fullmatch(r"-?[0-9]{1,30}", str(text)):
            raise UsageError("FG-OP-108", f"{names[0]} takes a whole number, in the digits 0 to 9")
        return int(text)

    return typer.Option(*names, parser=parse, metavar="N", help=help)


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
    whole("--length", "--reporting-length", help="Longest combination that is counted: 1 to 4 [3]."),
]
Tau = Annotated[int | None, whole("--tau", help="Least count that is stated [from the noise].")]
Fit = Annotated[
    str | None, typer.Option("--fit", help="How long the fit takes: fast for a quick look, default, or long [default].")
]
Cells = Annotated[
    int | None,
    whole(
        "--cells",
        help="Most cells that are measured; beyond it triples are chosen privately [20000000].",
    ),
]
PersonKey = Annotated[str | None, typer.Option("--person-key", help="Column that tells persons apart.")]
PlaceholderKeys = Annotated[
    str | None,
    typer.Option(
        "--placeholder-keys", help="Keys that may be no person's, such as “unknown”: refuse, or allow [refuse]."
    ),
]
MaxRecords = Annotated[int | None, whole("--max-records", help="Most records of one person that count [1].")]
Unknown = Annotated[
    str | None,
    typer.Option("--unknown", help="Codes that the codebook does not list: refuse, or take as missing [refuse]."),
]
WithoutConstraints = Annotated[
    bool | None,
    typer.Option(
        "--without-constraints/--with-constraints",
        help="Leave the codebook's structural constraints unenforced [with].",
        show_default=False,
    ),
]
Fictitious = Annotated[
    bool | None,
    typer.Option(
        "--fictitious/--not-fictitious",
        help="The data are invented, and every page says so [not-fictitious].",
        show_default=False,
    ),
]
Config = Annotated[Path | None, typer.Option("--config", help="A release.toml with any of these settings.")]
_DELIMITER = typer.Option("--delimiter", help="Delimiter of a CSV file [,].", show_default=False)
_ENCODING = typer.Option("--encoding", help="Encoding of a CSV file [utf-8].", show_default=False)
Delimiter = Annotated[str, _DELIMITER]
Encoding = Annotated[str, _ENCODING]
DelimiterOverFile = Annotated[str | None, _DELIMITER]
EncodingOverFile = Annotated[str | None, _ENCODING]
Sheet = Annotated[str | None, typer.Option("--sheet", help="Sheet of an XLSX file.")]
AllowEmpty = Annotated[bool, typer.Option("--allow-empty", help="Accept a table without records.")]
Seed = Annotated[int | None, whole("--random-state", help="Seed for what comes after the noise.")]
By = Annotated[str | None, typer.Option("--by", help="Who does this [the operating system's user].")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the ledger.")]
