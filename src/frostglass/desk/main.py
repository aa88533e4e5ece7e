"""``frostglass``: one command with verbs. Exit codes: 0 done, 1 refused or failed, 2 wrong usage."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from frostglass.desk.no_dumps import forbid_core_dumps
from frostglass.desk.outlet import concluded, outlets
from frostglass.desk.output import report, wants_json
from frostglass.desk.verbs import Verbs
from frostglass.errors import FrostglassError, fault, reason_of
from frostglass.version import __version__

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Publish the pattern, never the person: private counts and synthetic records from sensitive case data.",
    epilog="Start with: frostglass demo",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"frostglass {__version__}")
        raise typer.Exit


@app.callback()
def frostglass(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Publish the pattern, never the person: private counts and synthetic records from sensitive case data."""


def run() -> None:
    """Run the command line: no traceback reaches the terminal and no crash a file, because either could hold a case."""
    forbid_core_dumps()
    with outlets() as out:
        code = concluded(_ended(), out, sys.argv[1:])
    sys.exit(code)


def _ended() -> int:
    """The exit code that the command ended with; what went wrong has been said."""
    try:
        app()
    except FrostglassError as error:
        report(error, as_json=wants_json())
        return error.exit_code
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        raise
    except OSError as error:
        name = Path(error.filename).name if isinstance(error.filename, str) else "a file"
        message = f"{name}: {reason_of(error).lower()}; choose a place that exists and is yours to use"
        report(FrostglassError("FG-OP-055", message), as_json=wants_json())
        return 1
    except BaseException as error:  # noqa: BLE001 - the last line before the terminal; polars panics are no Exception
        report(fault(error), as_json=wants_json())
        return 1
    return 0
