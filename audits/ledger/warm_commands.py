"""The command line in children of one process that has loaded and compiled everything, and has released nothing.

Starting Python and compiling takes seconds; a release of a small table takes a fraction of one. So a server is warmed
once, and each command runs in a fork of it: as it is, or changed by a function that is named, such as one that kills it
at a given step.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Self
from unittest.mock import patch

from typer.main import get_command

from frostglass import codebooks
from frostglass.boundary import accountant
from frostglass.boundary.held_signals import HELD
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.desk import main
from frostglass.pages.blocks import templates
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways import release as pipeline
from frostglass.ways.order import Order
from tests.survey import SMALL

_OUT, _ERR = ".stdout", ".stderr"


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, or minus the signal that ended it; what it said, and its seconds."""

    code: int
    out: str
    err: str
    seconds: float


class WarmCommands:
    """The server, for a ``with`` block."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._answer()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def run(
        self,
        folder: Path,
        arguments: Sequence[str],
        *,
        after: float | None = None,
        number: int = signal.SIGKILL,
        change: Sequence[object] = (),
    ) -> Ended:
        """Run ``frostglass`` with ``arguments`` in ``folder``; with ``after``, send it a signal after so many seconds.

        ``change`` names a function as ``module:function``, followed by its arguments; the child calls it first.
        """
        assert self._process.stdin is not None
        order = {
            "folder": str(folder),
            "arguments": list(arguments),
            "after": after,
            "number": int(number),
            "change": list(change),
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        answer = self._answer()
        out, err = folder / _OUT, folder / _ERR
        return Ended(int(answer["code"]), _taken(out), _taken(err), float(answer["seconds"]))

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout is not None
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer


def _taken(path: Path) -> str:
    """What a command said there, and the file is gone; nothing where it was killed before it could say anything."""
    text = path.read_text() if path.exists() else ""
    path.unlink(missing_ok=True)
    return text


def remember() -> None:
    """Keep what is the same for every release here: figures of the accountant, templates, the parts of the command."""
    patch.object(accountant.GaussianDP, "delta", cache(accountant.GaussianDP.delta)).start()
    for name in ("accuracy.html", "codebook.html", "statement.md"):
        templates("frostglass.bundle.pages").get_template(name)
    vars(main)["app"] = get_command(main.app)


def warm() -> None:
    """Load and compile what a release runs. What starts threads (polars) is left out: threads do not survive a fork."""
    remember()
    book = codebooks.loads(SMALL, source="small.toml")
    plan = Plan(book.id, book.sha256, Fraction(1), PrivacyUnit(book.unit), length=2, fit="fast")
    ledger = Ledger.ephemeral(epsilon=Fraction(1), delta=Fraction(1, 10**6))
    with tempfile.TemporaryDirectory() as folder, patch.object(pipeline, "encode_answers", lambda *_: b""):
        table = Path(folder) / "survey.csv"
        table.write_text("\n".join(["sex,age,works,langs", *("F,18-59,1,en", "M,0-17,,ar;fr") * 60]) + "\n")
        pipeline.release(table, book, plan, Order("ephemeral"), ledger=ledger)


def _serve() -> None:
    warm()
    print(json.dumps({"ready": 1}), flush=True)
    for line in sys.stdin:
        print(json.dumps(_fork(json.loads(line))), flush=True)


def _fork(order: dict[str, object]) -> dict[str, float]:
    begun = time.monotonic()
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD)  # until the child is a command of its own
    child = os.fork()
    if child == 0:
        _become(order)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
    after, number = order["after"], order["number"]
    if isinstance(after, float):
        assert isinstance(number, int)
        time.sleep(after)
        os.kill(child, number)  # not reaped yet, so this is still the child
    _, status = os.waitpid(child, 0)
    return {"code": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - begun}


def _become(order: dict[str, object]) -> None:
    """Be the command; never returns."""
    code = 1
    try:
        os.chdir(str(order["folder"]))
        for place, name in ((0, os.devnull), (1, _OUT), (2, _ERR)):
            file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(file, place)
        arguments, change = order["arguments"], order["change"]
        assert isinstance(arguments, list)
        assert isinstance(change, list)
        if change:
            module, _, function = str(change[0]).partition(":")
            getattr(import_module(module), function)(*change[1:])
        for each in HELD:  # as at a terminal, whoever started this
            signal.signal(each, signal.default_int_handler if each == signal.SIGINT else signal.SIG_DFL)
        sys.argv = ["frostglass", *arguments]
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
        main.run()
        code = 0
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
