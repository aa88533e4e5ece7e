"""A disk that fails while a release is staged and sealed: nothing is spent, or what is spent is on record.

Each creation, write, sync and renaming that staging and sealing ask of the system is made to fail in turn. SQLite's
own are the business of audits/ledger/faults.py. What is then started again is what the command does.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

from audits.figures import Figure
from audits.ground import fast_folder
from frostglass import codebooks
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.errors import FrostglassError
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways import release as pipeline
from frostglass.ways import verify as bundles
from frostglass.ways.finishing import finish
from frostglass.ways.order import Order
from tests.survey import SMALL, survey

_FULL = ("open", "mkdir", "write")
_FAILING = ("fsync", "rename", "replace", "fchmod", "chmod", "utime")
"""What of ``os`` may fail: for want of room, or for other reasons."""


@dataclass
class Outcome:
    """What came of the faults. ``charged_twice`` paid again, as they said they would."""

    made: int = 0
    told: Counter[str] = field(default_factory=Counter)
    unspent: int = 0
    resumed: int = 0
    charged_twice: int = 0
    unharmed: int = 0
    wrong: list[str] = field(default_factory=list)


def figures(*, step: int) -> list[Figure]:
    """Let every ``step``-th operation of a release fail, and start it again on a mended disk."""
    found = Outcome()
    with fast_folder() as folder:
        book = codebooks.loads(SMALL, source="small.toml")
        operations = _count(folder / "whole", book)
        for number in range(operations - 1, -1, -step):
            _one_fault(found, folder / f"{number}", book, number)
    codes = ", ".join(f"{code} {number}" for code, number in sorted(found.told.items()))
    return [
        Figure(
            "The disk fails at each operation of staging and sealing: half bundles, spending that is not on record, "
            "failures without a code, or releases that could not be finished or made anew afterwards",
            "0",
            f"{len(found.wrong):,}, after {found.made:,} faults ({codes}; {found.unharmed:,} did no harm)"
            + "".join(f"; {each}" for each in found.wrong[:3]),
            ok=not found.wrong and found.made > 0,
        ),
        Figure(
            "… of these: nothing was spent, gone on with at no further cost, or paid again as the message says",
            "all",
            f"{found.unspent:,}, {found.resumed:,}, {found.charged_twice:,}",
            ok=found.unspent + found.resumed + found.charged_twice + found.unharmed == found.made,
        ),
    ]


def _count(folder: Path, book: Codebook) -> int:
    disk = FailingDisk(folder, number=-1)
    ledger = _ledger(folder)
    with disk.attached():
        _release(folder, book, ledger)
    return disk.operations


def _ledger(folder: Path) -> Ledger:
    folder.mkdir()
    ledger = Ledger.create(folder / "budget.db")
    ledger.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ann")
    return ledger


def _release(folder: Path, book: Codebook, ledger: Ledger) -> None:
    """What ``frostglass release`` does, on a table of 60 people: it finishes what is complete, or makes it."""
    plan, order = Plan(book.id, book.sha256, Fraction(1), PrivacyUnit(book.unit)), Order("s", by="ann")
    if finish(folder / "out", plan, order, ledger):
        return
    contents = pipeline.release(survey(60), book, plan, order, ledger=ledger)
    pipeline.seal(contents, folder / "out", ledger=ledger)


def _one_fault(found: Outcome, folder: Path, book: Codebook, number: int) -> None:
    """One fault in a release; then the same release again, on a disk that works."""
    found.made += 1
    ledger, out = _ledger(folder), folder / "out"
    failed = _told(found, number, lambda: _with_fault(folder, book, ledger, number))
    before = ledger.scope("s").releases
    if not Ledger.open(folder / "budget.db").verify().ok:
        found.wrong.append(f"operation {number}: the ledger is damaged")
    if out.exists() and not bundles.verify(out).ok:
        found.wrong.append(f"operation {number}: half a bundle")
    sealed = any(each.kind == "seal" for each in ledger.entries())
    if sealed and not out.exists():
        found.wrong.append(f"operation {number}: sealed, and the bundle is gone")
    if not failed or sealed:
        found.unharmed += 1
        return
    if _told(Outcome(), number, lambda: _release(folder, book, ledger)):
        found.wrong.append(f"operation {number}: cannot be finished")
        return
    after = ledger.scope("s").releases
    found.unspent += before == 0
    found.resumed += before == after == 1
    found.charged_twice += (before, after) == (1, 2)
    if not bundles.verify(out).ok:
        found.wrong.append(f"operation {number}: the second bundle does not verify")


def _with_fault(folder: Path, book: Codebook, ledger: Ledger, number: int) -> None:
    with FailingDisk(folder, number=number).attached():
        _release(folder, book, ledger)


def _told(found: Outcome, number: int, act: Callable[[], None]) -> bool:
    """Whether it failed; with a code of its own, or else that is wrong."""
    try:
        act()
    except FrostglassError as error:
        found.told[error.code] += 1
    except Exception as error:  # noqa: BLE001 - whatever else it is, it is found
        found.wrong.append(f"operation {number}: {type(error).__name__} {error}")
    else:
        return False
    return True


@dataclass
class FailingDisk:
    """Counts what is asked of the system for files in a folder, and lets the one with that number fail."""

    folder: Path
    number: int
    operations: int = 0

    @contextmanager
    def attached(self) -> Iterator[None]:
        """All of this process goes by way of this disk within the block."""
        with ExitStack() as patches:
            for name in (*_FULL[:2], *_FAILING):
                patches.enter_context(patch.object(os, name, self._watched(name, getattr(os, name))))
            patches.enter_context(patch.object(os, "fdopen", self._opened(os.fdopen)))
            yield

    def happens(self, name: str) -> bool:
        """Count an operation, and say whether it is the one to fail."""
        self.operations += 1
        return self.operations - 1 == self.number

    def _watched(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(target: Any, *arguments: Any, **named: Any) -> Any:
            changes = name != "open" or bool(arguments and arguments[0] & os.O_CREAT)
            if changes and self._ours(target) and self.happens(name):
                number = errno.ENOSPC if name in _FULL else errno.EIO
                raise OSError(number, os.strerror(number))
            return original(target, *arguments, **named)

        return call

    def _ours(self, target: Any) -> bool:
        path = Path(f"/proc/self/fd/{target}").readlink() if isinstance(target, int) else Path(target)
        return path.is_relative_to(self.folder)

    def _opened(self, original: Callable[..., IO[bytes]]) -> Callable[..., Any]:
        def call(descriptor: int, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            file = original(descriptor, mode, *arguments, **named)
            return _Writing(file, self) if "w" in mode and self._ours(descriptor) else file

        return call


class _Writing:
    """A file of which one write may stop half-way, for want of room."""

    def __init__(self, file: IO[bytes], disk: FailingDisk) -> None:
        self._file = file
        self._disk = disk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _Writing:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> int:
        if self._disk.happens("write"):
            self._file.write(data[: len(data) // 2])
            self._file.flush()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file.write(data)
