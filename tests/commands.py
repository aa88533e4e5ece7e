"""Every command that there is, loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from frostglass.desk import main
from frostglass.desk.verbs import VERBS

Path = tuple[str, ...]


def every_command() -> Iterator[tuple[Path, Any]]:
    """Groups and commands with their names."""
    root: Any = typer.main.get_command(main.app)
    for name in VERBS:
        yield from _below((name,), root.get_command(None, name))


def _below(path: Path, command: Any) -> Iterator[tuple[Path, Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _below((*path, name), child)
