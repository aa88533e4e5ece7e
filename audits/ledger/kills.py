"""Processes that are killed while they release: nothing that was drawn may go uncounted.

A child releases as fast as it can and writes down every draw the moment it may begin, right after ``begin_draw``
has returned. It is killed with SIGKILL, at a random moment or at a given line of the ledger's code; then the ledger is
opened and compared with what the child wrote down. Proof: docs/proofs/ledger.md, "Durability".
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import FrameType
from typing import Any

from audits.figures import Figure, Size
from audits.ground import COST, copied, draw_then_pay, drawn_in, fast_folder, fresh_ledger, pay_then_draw, server
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.place import __file__ as _ledger_file
from frostglass.errors import LedgerError

KILLS_OF_ONE_LEDGER = 40
LONGEST_SECONDS = 0.05
"""A kill comes at most so long after the child is ready: some two releases."""

_LEDGER_CODE = str(Path(_ledger_file).with_name("ledger"))
_WAYS = {"pay first": pay_then_draw, "draw first": draw_then_pay}


@dataclass
class Damage:
    """What the kills have done. ``overcharged`` counts reservations beyond one for each kill and draw."""

    kills: int = 0
    drawn: set[str] = field(default_factory=set)
    uncounted: set[str] = field(default_factory=set)
    overcharged: int = 0
    broken: list[str] = field(default_factory=list)

    def note(self, path: Path, *, kills: int) -> None:
        """Compare a ledger that has seen so many kills with what was written down beside it."""
        self.kills += 1
        marks = set(_marks(path).read_text().split()) if _marks(path).exists() else set()
        self.drawn |= marks
        try:
            ledger = Ledger.open(path)
            report = ledger.verify()
            counted = drawn_in(ledger.entries())
        except LedgerError as error:
            self.broken.append(str(error))
            return
        self.broken += [str(each) for each in (*report.problems, *report.notes)]
        self.uncounted |= marks - counted
        spent = report.scopes[0].spent if report.ok else 0
        self.overcharged += max(spent // COST - len(marks) - kills, 0)


def audit(size: Size) -> list[Figure]:
    """10,000 kills at random moments and one at every line (200 and 40 in the short form), and a control."""
    return [
        *_figures(random_kills(size.of(200, 10_000), size.seed), "a random moment"),
        *_figures(kills_at_lines(size.of(40, 10**6)), "a given line of the ledger's code"),
        _control(random_kills(size.of(25, 300), size.seed, way="draw first")),
    ]


def _figures(found: Damage, when: str) -> list[Figure]:
    return [
        Figure(
            f"A process is killed at {when} during a release: draws that the ledger does not count",
            "0",
            f"{len(found.uncounted):,} of {len(found.drawn):,} draws, in {found.kills:,} kills",
            ok=not found.uncounted and bool(found.drawn),
        ),
        Figure(
            f"… at {when}: ledgers that were not whole afterwards, or charged more than one release that was under way",
            "0",
            f"{len(found.broken) + found.overcharged:,} in {found.kills:,} kills",
            ok=not found.broken and not found.overcharged,
        ),
    ]


def _control(found: Damage) -> Figure:
    return Figure(
        "Control: the same where noise is drawn before it is paid for must show uncounted draws",
        "more than 0",
        f"{len(found.uncounted):,} of {len(found.drawn):,} draws, in {found.kills:,} kills",
        ok=bool(found.uncounted),
    )


# At random moments


def random_kills(kills: int, seed: int, *, way: str = "pay first") -> Damage:
    """Kill so many children at random moments, some dozens on one ledger."""
    chance, context, damage = random.Random(seed), server(__name__), Damage()
    with fast_folder() as folder:
        for first in range(0, kills, KILLS_OF_ONE_LEDGER):
            path = folder / f"{first}" / "l.db"
            path.parent.mkdir()
            fresh_ledger(path)
            for number in range(first, min(first + KILLS_OF_ONE_LEDGER, kills)):
                _kill_one(context, path, f"R{number}", way, after=chance.uniform(0, LONGEST_SECONDS))
                damage.note(path, kills=number - first + 1)
            shutil.rmtree(path.parent)
    return damage


def _kill_one(context: ForkServerContext, path: Path, name: str, way: str, *, after: float) -> None:
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_release_on_and_on, args=(path, name, way, there))
    child.start()
    there.close()
    here.recv_bytes()
    time.sleep(after)
    child.kill()
    child.join()
    here.close()
    if child.exitcode != -signal.SIGKILL:
        raise RuntimeError("the child ended before it was killed")


def _release_on_and_on(path: Path, name: str, way: str, ready: Connection) -> None:
    """Release until the end, in a child."""
    ledger = Ledger.open(path)
    drawn = _marker(path)
    ready.send_bytes(b"ready")
    for number in count():
        _WAYS[way](ledger, f"{name}-{number}", drawn)


def _marks(path: Path) -> Path:
    return path.with_name("marks")


def _marker(path: Path) -> Callable[[str], None]:
    """Writes ids of releases down beside the ledger, where they outlive the process."""
    file = os.open(_marks(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def mark(release_id: str) -> None:
        os.write(file, f"{release_id}\n".encode())

    return mark


# At every line


def kills_at_lines(most: int) -> Damage:
    """Kill one child at each line that a release runs through in the ledger's code, or at ``most`` of them."""
    context, damage = server(__name__), Damage()
    with fast_folder() as folder:
        template = folder / "template"
        template.mkdir()
        fresh_ledger(template / "l.db")
        lines = _run_to_line(context, copied(template, folder / "whole"), -1)
        step = max(lines // most, 1)
        for line in range(1, lines + 1, step):
            path = copied(template, folder / f"{line}")
            _run_to_line(context, path, line)
            damage.note(path, kills=1)
            shutil.rmtree(path.parent)
    return damage


def _run_to_line(context: ForkServerContext, path: Path, line: int) -> int:
    """Run one release in a child that dies at the line with that number; how many there were when it does not."""
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_release_to_line, args=(path, line, there))
    child.start()
    there.close()
    try:
        lines = int(here.recv_bytes())
    except EOFError:
        lines = 0
    child.join()
    here.close()
    if child.exitcode not in (0, -signal.SIGKILL):
        raise RuntimeError("the child failed")
    return lines


def _release_to_line(path: Path, line: int, whole: Connection) -> None:
    ledger, drawn, lines = Ledger.open(path), _marker(path), 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        if not frame.f_code.co_filename.startswith(_LEDGER_CODE):
            return None
        if event == "line":
            lines += 1
            if lines == line:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    pay_then_draw(ledger, f"R{line}", drawn)
    sys.settrace(None)
    whole.send_bytes(f"{lines}".encode())
