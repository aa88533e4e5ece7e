"""What goes wrong around a command, called in the child that runs it."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from audits.ledger.release_steps import STEPS
from frostglass.boundary.ledger import place as ledger_place
from frostglass.boundary.ledger import turn as ledger_turn
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.sensitive.coding.check import CheckReport
from frostglass.tables import readers

_KEPT: list[object] = []


def forbid_reading() -> None:
    """The table belongs to somebody else; root may read it all the same, so it is the call that is refused."""
    opened = Path.open

    def asked(path: Path, *arguments: Any, **named: Any) -> Any:
        if path.name == "t.csv":
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **named)

    patch.object(Path, "open", asked).start()


def change_file() -> None:
    """Somebody appends to the table while it is read."""
    read = vars(readers)["read_csv"]

    def changing(*arguments: Any, **named: Any) -> object:
        with Path("t.csv").open("a") as file:
            file.write("F,18-59,1,en,x\n")
        return read(*arguments, **named)

    vars(readers)["read_csv"] = changing


def network_disk() -> None:
    """The ledger lies on a network file system."""
    Path("mountinfo").write_text("1 0 0:1 / / rw - nfs4 server:/ rw\n")
    vars(ledger_place)["_MOUNTINFO"] = Path("mountinfo")


def no_permission_to_write() -> None:
    """Folders are read-only."""
    access = os.access
    vars(os)["access"] = lambda path, mode, **named: mode != os.W_OK and access(path, mode, **named)


def full_disk() -> None:
    """A disk with one megabyte left."""

    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    vars(shutil)["disk_usage"] = lambda _: Usage(10**9, 10**9 - 10**6, 10**6)


def clock_of_2001() -> None:
    """The clock of the host stands far behind the last entry."""
    written = ledger_turn._at
    vars(ledger_turn)["_at"] = lambda _when: written(datetime(2001, 1, 1, tzinfo=UTC))


def interrupt(step: str) -> None:
    """Ctrl-C at a named step."""
    place, name, number, first = STEPS[step]
    original, calls = getattr(place, name), 0

    def call(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if first and calls == number:
            signal.raise_signal(signal.SIGINT)
        result = original(*arguments, **named)
        if calls == number:
            signal.raise_signal(signal.SIGINT)
        return result

    setattr(place, name, call)


def locked() -> None:
    """Another program writes to the ledger, and does not come to an end."""
    for way in (Ledger.open, Ledger.inspect):
        defaults = way.__func__.__kwdefaults__  # type: ignore[attr-defined]
        defaults["busy_seconds"] = 0.2
    other = sqlite3.connect("l.db")
    other.execute("BEGIN EXCLUSIVE")
    _KEPT.append(other)


def quote_values() -> None:
    """Wrong on purpose: what is refused is printed with the values of the cases."""
    told = CheckReport.text

    def quoting(report: CheckReport) -> str:
        return f"{told(report)} {[each.value for each in report.values.reveal()]}"

    patch.object(CheckReport, "text", quoting).start()
