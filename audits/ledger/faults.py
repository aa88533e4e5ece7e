"""Disks that are full, fail or may not be written to, and clocks that go back: a step says so, or it is durable.

Each write, sync, truncation, creation and deletion of a release is made to fail in turn, once or from then on, first
those of the ledger and its witness, then those of staging and sealing (audits/ledger/faulty_releases.py). Proof:
docs/proofs/ledger.md, "Durability".
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from unittest.mock import patch

from audits.figures import Figure, Size
from audits.ground import COST, Drawn, copied, draw_then_pay, drawn_in, fast_folder, fresh_ledger, pay_then_draw
from audits.ledger import faulty_releases
from audits.ledger.power_vfs import Operation, Recorder, watched
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.errors import FrostglassError, LedgerError
from tests.boundary.support import SCOPE

_WAYS: dict[str, Callable[[Ledger, str, Drawn], None]] = {"pay": pay_then_draw, "draw": draw_then_pay}


@dataclass
class Faults:
    """What came of the faults: refusals by their code, and what should not have been."""

    made: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    uncounted: int = 0
    wrong: list[str] = field(default_factory=list)


def audit(size: Size) -> list[Figure]:
    """Every operation of the ledger, and every one of a whole release (some of them in the short form)."""
    ledger = ledger_faults(step=size.of(4, 1))
    return [
        *_figures(ledger),
        _control(ledger_faults(step=size.of(12, 3), first="draw")),
        *_read_only(),
        _clock_back(),
        *faulty_releases.figures(step=size.of(7, 1)),
    ]


def _figures(found: Faults) -> list[Figure]:
    codes = ", ".join(f"{code} {number}" for code, number in sorted(found.refused.items()))
    return [
        Figure(
            "The disk of the ledger is full or fails, at each of its operations: draws that are not counted",
            "0",
            f"{found.uncounted:,}, after {found.made:,} faults",
            ok=found.uncounted == 0 and found.made > 0,
        ),
        Figure(
            "… faults after which a step had returned and was not durable, failed in another way than with a code of "
            "its own, or the ledger could not go on",
            "0",
            f"{len(found.wrong):,}, after {found.made:,} faults ({codes})",
            ok=not found.wrong and sum(found.refused.values()) > 0,
        ),
    ]


def _control(found: Faults) -> Figure:
    return Figure(
        "Control: the same where noise is drawn before it is paid for must show uncounted draws",
        "more than 0",
        f"{found.uncounted:,}, after {found.made:,} faults",
        ok=found.uncounted > 0,
    )


# The disk of the ledger


def ledger_faults(*, step: int, first: str = "pay") -> Faults:
    """Let every ``step``-th operation of one release fail, once, and from then on."""
    found = Faults()
    with fast_folder() as folder:
        (folder / "template").mkdir()
        fresh_ledger(folder / "template" / "l.db")
        asked: list[Operation] = []
        with watched(Recorder(refuse=asked.append)):
            pay_then_draw(Ledger.open(_copy(folder, "whole")), "R1", lambda _release_id: None)
        for number in range(0, len(asked), step):
            for lasting in (False, True):
                _one_fault(found, _copy(folder, f"{number}-{lasting}"), number, first, lasting=lasting)
    return found


def _copy(folder: Path, name: str) -> Path:
    return copied(folder / "template", folder / name)


def _one_fault(found: Faults, path: Path, number: int, first: str, *, lasting: bool) -> None:
    """Let one operation fail; then mend the disk, and compare the ledger with what had been drawn."""
    found.made += 1
    drawn: set[str] = set()
    recorder = Recorder(refuse=_refusal(number, lasting=lasting))
    with watched(recorder), _no_unraisable():
        try:
            _WAYS[first](Ledger.open(path), "R1", drawn.add)
        except LedgerError as error:
            found.refused[error.code] += 1
        except Exception as error:  # noqa: BLE001 - whatever else it is, it is found
            found.wrong.append(f"operation {number}: {type(error).__name__}")
        else:
            found.wrong.append(f"operation {number}: passed over in silence")
    try:
        ledger = Ledger.open(path)
        found.uncounted += not drawn <= drawn_in(ledger.entries())
        pay_then_draw(ledger, "R2", lambda _release_id: None)
        report = ledger.verify()
        spent = report.scopes[0].spent if report.ok else -1
        if report.notes or spent not in (COST, 2 * COST) or (spent == COST and drawn and first == "pay"):
            found.wrong.append(f"operation {number}: the ledger does not say what happened")
    except LedgerError as error:
        found.wrong.append(f"operation {number}: {error.code} after the disk was mended")
    shutil.rmtree(path.parent)


def _refusal(number: int, *, lasting: bool) -> Callable[[Operation], None]:
    """Raises for the operation with that number, or also for all that follow."""
    numbers = count()

    def refuse(operation: Operation) -> None:
        current = next(numbers)
        if current == number or (lasting and current > number):
            full = operation.kind in ("write", "create")
            raise OSError(errno.ENOSPC if full else errno.EIO, os.strerror(errno.ENOSPC if full else errno.EIO))

    return refuse


def _no_unraisable() -> AbstractContextManager[object]:
    """While SQLite tidies up after a fault, further faults have nobody to be raised to."""
    return patch.object(sys, "unraisablehook", lambda _unraisable: None)


# Places that may not be written to, and clocks


def _read_only() -> list[Figure]:
    """A ledger whose folder or file is read-only is refused with the reason, and stays as it was."""
    tries = refused = 0
    with fast_folder() as folder:
        for name, mode in (("folder", 0o500), ("file", 0o400)):
            path = folder / name / "l.db"
            path.parent.mkdir()
            ledger, place = fresh_ledger(path), path if name == "file" else path.parent
            before = path.read_bytes()
            place.chmod(mode)
            for act in (lambda: Ledger.open(path), lambda: pay_then_draw(ledger, "R1", lambda _release_id: None)):  # noqa: B023
                tries += 1
                try:
                    act()
                except FrostglassError as error:
                    refused += error.code == "FG-LG-005" and path.read_bytes() == before
            place.chmod(0o700)
    return [
        Figure(
            "A ledger whose file or folder is read-only: steps that are refused and change nothing",
            "all",
            f"{refused} of {tries}",
            ok=refused == tries,
        )
    ]


def _clock_back() -> Figure:
    """A clock that goes back between all steps: the order is that of the numbers, and it is noted."""
    clocks = (datetime(2026, 11, 27, tzinfo=UTC) - timedelta(days=number) for number in count())
    with fast_folder() as folder:
        ledger = fresh_ledger(folder / "l.db")
        ledger._clock = lambda: next(clocks)
        for number in range(5):
            pay_then_draw(ledger, f"R{number}", lambda _release_id: None)
        entries, report = list(Ledger.open(folder / "l.db").entries()), ledger.verify()
        spent = ledger.scope(SCOPE).spent
    noted = sum("clock_behind" in each.body for each in entries)
    right = report.ok and spent == 5 * COST and [each.seq for each in entries] == list(range(1, len(entries) + 1))
    return Figure(
        "The clock goes back before each step: entries that note it, in a ledger that is whole and in order",
        "all but the first of them",
        f"{noted} of {5 * 4}, {'whole' if right else 'NOT WHOLE'}",
        ok=right and noted >= 19 and len(report.notes) == 1,
    )
