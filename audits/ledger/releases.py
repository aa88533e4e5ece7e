"""Releases that are killed: no bundle or a whole one, all that was drawn is paid for, and the same command goes on.

A child runs ``frostglass release`` and is killed with SIGKILL, at a random moment or at a named step. Then everything
that it left is looked at, the same command runs again, and everything is looked at once more.
"""

from __future__ import annotations

import random
import shutil
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from unittest.mock import patch

from audits.figures import Figure, Size, examples
from audits.ground import copied, fast_folder
from audits.ledger.release_steps import DRAWN, STEPS
from audits.ledger.warm_commands import Ended, WarmCommands
from frostglass.boundary.accountant import GaussianDP
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.bundle.read import Bundle
from frostglass.verification.report import against_ledger
from frostglass.ways import verify as bundles
from frostglass.ways.resuming import is_staged
from tests.survey import SMALL, survey

RELEASE = ("release", "survey.csv", "-c", "small.toml", "--epsilon", "1", "--length", "2", "--fit", "fast")
COMMAND = (*RELEASE, "--scope", "s", "--ledger", "l.db", "-o", "out")

SAYS = {
    "nothing": "",
    "reserved": "is reserved and was not drawn",
    "lost": "was drawn and lost",
    "staged": "resuming release",
    "whole": "complete but for its last step",
    "untidied": "complete but for its last step",
    "done": "FG-BN-001",
}
"""What the same command says, by what a killed release had come to."""

PAYS_AGAIN = ("reserved", "lost")

_KNOWN = {"survey.csv", "small.toml", "out", DRAWN}
_LEDGER = {"l.db", "l.db.witness", "l.db.key", "l.db.staged", "l.db.binding", "l.db.home", "l.db-journal"}


@dataclass(frozen=True)
class Found:
    """What a killed release left: how far it had come (see ``SAYS``), and the answers that were staged."""

    came_to: str
    answers: bytes


@dataclass
class Tally:
    """What was found wrong, by what it is; and how often a release had come how far."""

    kills: int = 0
    killed: int = 0
    came_to: Counter[str] = field(default_factory=Counter)
    half_bundles: list[str] = field(default_factory=list)
    uncounted: list[str] = field(default_factory=list)
    not_resumed: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)


def audit(size: Size) -> list[Figure]:
    """1,000 kills (22 in the short form), with one at each named step."""
    remembered = patch.object(GaussianDP, "delta", cache(GaussianDP.delta))
    with remembered, WarmCommands() as commands, fast_folder() as folder:
        ground = Ground(commands, folder)
        tally = Tally()
        for step in STEPS:
            ground.kill(tally, step, change=("audits.ledger.release_steps:marked", step))
        for number, after in enumerate(moments(ground, size)):
            ground.kill(tally, f"kill {number}", change=("audits.ledger.release_steps:marked",), after=after)
        return [*_figures(tally), *_controls(ground)]


def moments(ground: Ground, size: Size) -> list[float]:
    """Random moments over the whole of a release, in seconds."""
    chance = random.Random(size.seed)
    return [chance.uniform(0, ground.seconds) for _ in range(size.of(22, 1000) - (len(STEPS) if size.whole else 0))]


class Ground:
    """A folder with a table, a codebook and a ledger, copied for each kill."""

    def __init__(self, commands: WarmCommands, folder: Path) -> None:
        self._commands, self._folder, self._template = commands, folder, folder / "template"
        self._template.mkdir()
        survey(120).write_csv(self._template / "survey.csv")
        (self._template / "small.toml").write_text(SMALL)
        ledger = Ledger.create(self._template / "l.db")
        ledger.open_scope("s", epsilon=Fraction(4), delta=Fraction(1, 10**6))
        whole = self._copy()
        ended = commands.run(whole, COMMAND)
        if ended.code != 0:
            raise RuntimeError(f"a release that nobody kills fails: {ended.err}")
        self.seconds = ended.seconds
        self.cost = Ledger.open(whole / "l.db").scope("s").spent
        shutil.rmtree(whole)

    def kill(
        self,
        tally: Tally,
        name: str,
        *,
        change: Sequence[object],
        after: float | None = None,
        number: int = signal.SIGKILL,
    ) -> None:
        """Send one release a signal, look, run the same command again, and look again."""
        folder = self._copy()
        killed = self._commands.run(folder, COMMAND, change=change, after=after, number=number)
        ends = (0, 1, 130, -number) if number == signal.SIGINT else (0, -number)
        if killed.code not in ends or (after is None and killed.code == 0):
            raise RuntimeError(f"{name}: the child was not killed, and ended with {killed.code}: {killed.err}")
        tally.kills += 1
        tally.killed += killed.code != 0
        found = self._look(folder, name, tally)
        tally.came_to[found.came_to] += 1
        again = self._commands.run(folder, COMMAND)
        self._look_again(folder, name, found, again, tally)
        shutil.rmtree(folder)

    def _copy(self) -> Path:
        folder = self._folder / "release"
        copied(self._template, folder)
        return folder

    def _look(self, folder: Path, name: str, tally: Tally) -> Found:
        ledger = Ledger.open(folder / "l.db")
        report = ledger.verify()
        reserved = [each.release_id or "" for each in ledger.entries() if each.kind == "reserve"]
        spent = ledger.scope("s").spent
        if not report.ok or spent != self.cost * len(reserved) or ((folder / DRAWN).exists() and not spent):
            tally.uncounted.append(name)
        tally.left_over += [f"{name}: {each}" for each in _visible(folder) - _KNOWN - _LEDGER]
        whole = (folder / "out").exists()
        if whole and not bundles.verify(folder / "out").ok:
            tally.half_bundles.append(name)
        return _how_far(folder, ledger, reserved, whole=whole)

    def _look_again(self, folder: Path, name: str, found: Found, again: Ended, tally: Tally) -> None:
        """What holds after the same command ran again, whatever was before."""
        ledger = Ledger.open(folder / "l.db")
        out = folder / "out"
        expected = (2 if found.came_to in PAYS_AGAIN else 1) * self.cost
        done = 1 if found.came_to == "done" else 0
        if (
            again.code != done
            or SAYS[found.came_to] not in again.err
            or ledger.scope("s").spent != expected
            or (found.answers and (out / "measurements.parquet").read_bytes() != found.answers)
        ):
            tally.not_resumed.append(f"{name}, {found.came_to}: {again.code} {again.err[-200:]}")
        if not ledger.verify().ok or not verifies(out, ledger):
            tally.half_bundles.append(f"{name}, again")
        left = {path.name for path in folder.iterdir()} - _KNOWN - _LEDGER
        staged = folder / "l.db.staged"
        left |= {path.name for path in staged.iterdir()} if staged.exists() else set()
        tally.left_over += [f"{name}, again: {each}" for each in sorted(left)]


def _how_far(folder: Path, ledger: Ledger, reserved: Sequence[str], *, whole: bool) -> Found:
    if not reserved:
        return Found("nothing", b"")
    state, staged = ledger.state(reserved[0]), is_staged(ledger, reserved[0])
    if state == "sealed":
        return Found("untidied" if staged else "done", b"")
    place = folder / "l.db.staged" / reserved[0] / "measurements.parquet"
    answers = place.read_bytes() if staged else b""
    if whole:
        return Found("whole", answers)
    return Found("reserved" if state == "reserved" else "staged" if staged else "lost", answers)


def verifies(out: Path, ledger: Ledger) -> bool:
    """Whether there is a bundle that ``verify --ledger`` accepts."""
    if not out.exists() or not bundles.verify(out).ok:
        return False
    bundle = Bundle.open(out)
    entries = [
        {"seq": e.seq, "kind": e.kind, "scope": e.scope, "release_id": e.release_id, "body": e.body, "hash": e.hash}
        for e in ledger.entries()
    ]
    return all(each.ok for each in against_ledger(bundle.manifest_sha256, bundle.manifest, entries))


def _visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def _figures(tally: Tally) -> list[Figure]:
    kills = f"{tally.kills:,} releases, {tally.killed:,} of them killed in time"
    reached = ", ".join(f"{tally.came_to[each]:,} {each}" for each in SAYS)
    resumed = sum(tally.came_to[each] for each in ("staged", "whole", "untidied"))
    return [
        Figure(
            "A release is killed at a random moment or a named step: bundles that are not whole, or do not verify",
            "0",
            f"{len(tally.half_bundles):,} in {kills}" + examples(tally.half_bundles),
            ok=not tally.half_bundles,
        ),
        Figure(
            "… draws that the ledger does not count, or ledgers that are not whole",
            "0",
            f"{len(tally.uncounted):,}" + examples(tally.uncounted),
            ok=not tally.uncounted,
        ),
        Figure(
            "… the same command goes on at no further cost with the same answers where they were staged, or says that "
            "it pays again: exceptions",
            "0",
            f"{len(tally.not_resumed):,}; {resumed:,} went on at no cost" + examples(tally.not_resumed),
            ok=not tally.not_resumed and resumed > 0,
        ),
        Figure(
            "… files that nobody asked for, visible after the kill or hidden after the same command ran again",
            "0",
            f"{len(tally.left_over):,}" + examples(tally.left_over),
            ok=not tally.left_over,
        ),
        Figure(
            "… every outcome that a kill can have is among them",
            f"each of {len(SAYS)}",
            reached,
            ok=all(tally.came_to[each] for each in SAYS),
        ),
    ]


def _controls(ground: Ground) -> list[Figure]:
    early, in_place = Tally(), Tally()
    ground.kill(early, "control", change=("audits.ledger.release_steps:draws_first", "before the reservation"))
    ground.kill(in_place, "control", change=("audits.ledger.release_steps:writes_in_place", "after its fifth file"))
    return [
        Figure(
            "Control: a release that draws before it reserves must show a draw that is not counted",
            "1",
            f"{len(early.uncounted)}",
            ok=len(early.uncounted) == 1,
        ),
        Figure(
            "Control: a release that writes its bundle in place must show one that is not whole",
            "1 or more",
            f"{len(in_place.half_bundles)}",
            ok=bool(in_place.half_bundles),
        ),
    ]
