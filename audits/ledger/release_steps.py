"""Steps of a release at which a process can be killed, and releases that are wrong on purpose.

All of it is called in a child, which it changes for good.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from frostglass.boundary import curator, staging
from frostglass.boundary.curator import Curator
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.bundle import seal
from frostglass.bundle.format import files, formats
from frostglass.ways import finishing
from frostglass.ways import release as pipeline

DRAWN = "drawn"
"""This file says that noise was drawn: it is there from just before the first draw."""

Step = tuple[object, str, int, bool]
"""The function of an object or module, which call of it, counted from 1, and whether the kill comes before it."""

STEPS: dict[str, Step] = {
    "before the reservation": (Ledger, "reserve", 1, True),
    "after the reservation": (Ledger, "reserve", 1, False),
    "when the draw is entered": (Ledger, "begin_draw", 1, False),
    "after the first table": (Curator, "measure", 1, False),
    "after the fifth table": (Curator, "measure", 5, False),
    "when all is measured": (pipeline, "encode_answers", 1, False),
    "half-staged": (staging, "_fill", 2, True),
    "when staged": (staging, "stage", 1, False),
    "when committed": (Ledger, "commit", 1, False),
    "when fitted": (pipeline, "build", 1, False),
    "before the first file of the bundle": (files, "write_file", 1, True),
    "half-way through a table": (formats, "to_csv", 2, False),
    "after its fifth file": (files, "write_file", 5, False),
    "after its last file": (files, "write_file", 13, False),
    "when the bundle is there": (seal, "write_folder", 1, False),
    "before the entry of the seal": (Ledger, "seal", 1, True),
    "after the entry of the seal": (Ledger, "seal", 1, False),
    "half-purged": (staging, "remove_abandoned", 1, True),
    "when all is done": (finishing, "tidy", 1, False),
}


def marked(step: str = "", signal_number: int = signal.SIGKILL) -> None:
    """Note draws in a file; with ``step``, get a signal there."""
    _before(curator, "_add_noise", 1, lambda: Path(DRAWN).touch())
    if step:
        place, name, number, first = STEPS[step]
        (_before if first else _after)(place, name, number, lambda: os.kill(os.getpid(), signal_number))


def holds_nothing_back(step: str, signal_number: int) -> None:
    """Wrong on purpose: a signal is obeyed at once, whatever it costs."""
    vars(pipeline)["held_back"] = nullcontext
    marked(step, signal_number)


def draws_first(step: str = "") -> None:
    """Wrong on purpose: noise is drawn before it is reserved."""
    marked(step)
    _before(Ledger, "reserve", 1, lambda: Path(DRAWN).touch())


def writes_in_place(step: str = "") -> None:
    """Wrong on purpose: the bundle is written where it will be."""
    seen: list[Path] = []

    @contextmanager
    def folder(path: Path) -> Iterator[Path]:
        path.mkdir()
        seen.append(path)
        yield path

    refuse = files.refuse_existing
    vars(files)["unfinished_folder"] = folder
    vars(files)["refuse_existing"] = lambda out: None if seen else refuse(out)
    marked(step)


def _before(place: object, name: str, number: int, act: Callable[[], None]) -> None:
    _around(place, name, number, before=act, after=lambda: None)


def _after(place: object, name: str, number: int, act: Callable[[], None]) -> None:
    _around(place, name, number, before=lambda: None, after=act)


def _around(place: object, name: str, number: int, *, before: Callable[[], None], after: Callable[[], None]) -> None:
    """Act before or after call ``number`` of a function."""
    original, calls = getattr(place, name), 0

    def call(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            before()
        result = original(*arguments, **named)
        if calls == number:
            after()
        return result

    setattr(place, name, call)
