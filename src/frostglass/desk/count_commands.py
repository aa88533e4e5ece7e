"""``count``: what a bundle says of a combination."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from frostglass.bundle.query import split_condition
from frostglass.bundle.read import open_bundle
from frostglass.desk import options as opt
from frostglass.desk.output import Voice


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(count)


def count(
    bundle: Annotated[Path, typer.Argument(help="A bundle.")],
    conditions: Annotated[
        list[str] | None, typer.Argument(help="Conditions such as gender=Female.", metavar="[VARIABLE=VALUE]...")
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Print a count with its interval and a sentence ready to cite.

    Example: frostglass count out gender=Female age=18-29
    """
    voice = Voice(as_json)
    answer = open_bundle(bundle).count([split_condition(each) for each in conditions or ()])
    voice.say(answer.text())
    voice.give(answer.as_json())
