"""``publish``: what becomes of a sealed bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from frostglass import bundles, pipeline
from frostglass.boundary.ledger import Ledger
from frostglass.desk import options as opt
from frostglass.desk.output import Voice


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(publish)


def publish(
    bundle: Annotated[Path, typer.Argument(help="A sealed bundle.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to publish it; it must not exist.")],
    ledger: Annotated[Path, typer.Option("--ledger", help="The ledger that paid for it.", metavar="FILE")],
    by: opt.By = None,
    as_json: opt.Json = False,
) -> None:
    """Copy a sealed bundle out, byte for byte, and enter it in the ledger."""
    bundles.publish(bundle, out, ledger=Ledger.open(ledger), by=by or pipeline.whoever())
    voice = Voice(as_json)
    voice.say(f"published: {out}")
    voice.give({"out": str(out)})
