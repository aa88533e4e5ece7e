"""One bad input: the files that it takes, the command that meets it, and what the steward must see."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.boundary.support import SCOPE, at_home, new_ledger
from tests.survey import SMALL, survey

CELL = "Cellzqx"
"""Stands in cells, and must never be seen again outside of a private file."""

HEADER = "sex,age,works,langs,note"

GOOD = f"F,18-59,1,en,{CELL}"
"""A row that fits the small codebook, beside a column that it does not name."""

CHECK = ("check", "t.csv", "-c", "small.toml")
RELEASE = (
    *("release", "survey.csv", "-c", "small.toml", "--epsilon", "1", "--length", "2", "--fit", "fast"),
    *("--scope", SCOPE, "--ledger", "l.db", "-o", "out"),
)


@dataclass(frozen=True)
class Try:
    """``code`` must be among what the command says, and ``exit_code`` how it ends; 0 where the input is accepted.

    ``write`` makes the files in a folder that holds a table, a codebook and a ledger with a scope. ``change`` is what
    happens in the process before the command, ``unspent`` whether the ledger must show that nothing was spent, and
    ``then`` a second command, which may say the code as well.
    """

    number: int
    what: str
    code: str
    write: Callable[[Path], None]
    arguments: tuple[str, ...] = CHECK
    exit_code: int = 1
    change: tuple[object, ...] = ()
    unspent: bool = True
    then: tuple[str, ...] = ()


def text(*rows: str, header: str = HEADER, name: str = "t.csv") -> Callable[[Path], None]:
    """Writes a CSV file of these rows."""
    return raw(("\n".join([header, *rows]) + "\n").encode(), name)


def raw(content: bytes, name: str = "t.csv") -> Callable[[Path], None]:
    """Writes a file."""

    def write(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return write


def book(*changes: tuple[str, str]) -> str:
    """The small codebook with texts replaced."""
    changed = SMALL
    for old, new in changes:
        if old not in changed:
            raise ValueError(f"the small codebook does not say {old!r}")
        changed = changed.replace(old, new, 1)
    return changed


def with_book(write: Callable[[Path], None], *changes: tuple[str, str]) -> Callable[[Path], None]:
    """Writes the small codebook with texts replaced too."""

    def both(folder: Path) -> None:
        (folder / "small.toml").write_text(book(*changes))
        write(folder)

    return both


def nothing(_folder: Path) -> None:
    """Writes nothing: the files that are there will do."""


def make_ground(folder: Path) -> None:
    """The files that every try begins with."""
    folder.mkdir()
    survey(60).write_csv(folder / "survey.csv")
    (folder / "small.toml").write_text(SMALL)
    new_ledger(folder / "l.db")


def copied(ground: Path, folder: Path) -> Path:
    """A fresh copy of those files."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ground, folder)
    at_home(folder / "l.db")
    return folder
