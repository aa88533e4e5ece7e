"""Recording a release: the real one, from the table to the sealed bundle, with known bits for chance and ears all over.

Nothing of the product is replaced but the operating system's randomness as the sampler sees it (OpenDP's whole draw,
where that is the sampler), the ledger's nonces, the key of what is staged, and the clock. All else is listened to and
left as it is.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from fractions import Fraction
from itertools import count
from pathlib import Path
from types import SimpleNamespace, TracebackType
from unittest.mock import patch

from audits.replay.listening import listening
from audits.replay.recording import SCOPE, Case, Given, Recording, entries
from frostglass.boundary import accountant, staging
from frostglass.boundary.ledger import book as ledger_book
from frostglass.boundary.ledger import turn as ledger_turn
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.desk import main
from frostglass.ways import release as pipeline
from frostglass.ways import resuming
from frostglass.ways.order import Order
from tests.boundary.support import at_home

NOON = datetime(2026, 11, 27, 12, 34, 56, tzinfo=UTC)

BY_CHANCE = Given()


class StoppedError(Exception):
    """What an interrupted release raises, and a command that fails."""


class Recorder:
    """Runs releases in one folder of its own, each beside a fresh ledger, and listens."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        self._folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.place = self._folder / "run"
        self._fresh: dict[tuple[Fraction, Fraction, str], dict[str, bytes]] = {}
        self._numbers = count(1)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def forget(self, module: str) -> None:
        """Make ledgers anew, and do sums anew, where the code of this module has a part in it: it has changed."""
        if module.startswith("boundary."):
            self._fresh.clear()
        if module == "boundary.accountant":
            _DELTAS.clear()

    def clear(self, case: Case) -> Ledger:
        """The folder as it is before a release: a fresh ledger with its scope, and nothing else."""
        key = (case.epsilon, case.delta, case.accountant)
        if key not in self._fresh:
            self._fresh[key] = self._made(case)
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        self._numbers = count(1)
        for name, data in self._fresh[key].items():
            (self.place / name).write_bytes(data)
            (self.place / name).chmod(0o600)
        at_home(self.place / "budget.db")
        return self.ledger()

    def ledger(self) -> Ledger:
        """The ledger in the folder, with a clock that stands."""
        found = Ledger.open(self.place / "budget.db")
        found._clock = lambda: NOON
        return found

    def _made(self, case: Case) -> dict[str, bytes]:
        place = self._folder / "fresh"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        self._numbers = count(10**6)
        with self._steady():
            made = Ledger.create(place / "budget.db")
            made._clock = lambda: NOON
            made.open_scope(
                SCOPE, epsilon=case.epsilon, delta=case.delta, accountant=case.accountant, by="ann", reason="an audit"
            )
        return {each.name: each.read_bytes() for each in place.iterdir()}

    def release(
        self,
        case: Case,
        source: object,
        given: Given = BY_CHANCE,
        *,
        ledger: Ledger | None = None,
        out: str = "out",
        stop_at: str = "",
        before_commit: bool = False,
    ) -> Recording:
        """Release and seal, and say all that was seen. ``ledger``: go on with this one instead of a fresh one.

        The release is interrupted when its progress begins with ``stop_at``, or ``before_commit``.
        """
        found = Recording()
        ledger = ledger or self.clear(case)

        def says(stage: str) -> None:
            found.events.append(("says", stage))
            if stop_at and stage.startswith(stop_at):
                raise StoppedError

        def interrupted(*_: object, **__: object) -> None:
            raise StoppedError

        def act() -> None:
            order = Order(SCOPE, by="ann", allow_empty=case.allow_empty)
            contents = pipeline.release(source, case.codebook, case.plan, order, ledger=ledger, progress=says)
            pipeline.seal(contents, self.place / out, ledger=ledger, progress=says)

        with patch.object(Ledger, "commit", interrupted) if before_commit else nullcontext():
            self._run(act, found, given)
        self._look(found, out)
        return found

    def command(self, case: Case, codebook: Path, data: Path, given: Given) -> Recording:
        """The same by the command line, with the plan of the case; what it prints is heard too."""
        found, plan = Recording(), case.plan
        self.clear(case)
        paths = {"-c": codebook, "--ledger": self.place / "budget.db", "-o": self.place / "out"}
        words = {"--epsilon": plan.epsilon, "--length": plan.length, "--fit": plan.fit, "--scope": SCOPE, "--by": "ann"}
        said = [str(word) for pair in (paths | words).items() for word in pair]
        with patch.object(sys, "argv", ["frostglass", "release", str(data), *said]):
            self._run(_command_line, found, given)
        self._look(found, "out")
        return found

    def _run(self, act: Callable[[], None], found: Recording, given: Given) -> None:
        with self._steady(), listening(found, given, self.place):
            try:
                act()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what the release did
                found.error = error
                found.events.append(("raises", type(error).__name__, getattr(error, "code", ""), str(error)))

    def _look(self, found: Recording, out: str) -> None:
        """What lies in the folder afterwards."""
        found.entries = entries(self.place)
        found.witness = (self.place / "budget.db.witness").read_bytes()
        there = sorted(self.place.rglob("*"))
        found.left = tuple((str(each.relative_to(self.place)), each.stat().st_mode, _content(each)) for each in there)
        folder = self.place / out
        for each in (folder, *sorted(folder.iterdir())) if folder.is_dir() else ():
            state = each.stat()
            data = each.read_bytes() if each.is_file() else b""
            found.bundle[each.name] = (data, state.st_mode, state.st_mtime_ns)

    @contextmanager
    def _steady(self) -> Iterator[None]:
        """Clock, ids and nonces that are the same in every release; arithmetic that is done once."""

        def token(size: int) -> str:
            return f"{next(self._numbers):0{2 * size}x}"

        steady = SimpleNamespace(token_hex=token, randbits=lambda bits: 2 ** (bits - 1) + 1)
        nonce = SimpleNamespace(token_hex=token)
        key = SimpleNamespace(token_bytes=lambda size: next(self._numbers).to_bytes(size))
        day = SimpleNamespace(now=lambda _zone: NOON)
        with ExitStack() as stack:
            for module, name, stand_in in (
                (ledger_book, "secrets", nonce),
                (ledger_turn, "secrets", nonce),
                (ledger_turn, "utc_now", lambda: NOON),
                (pipeline, "secrets", steady),
                (resuming, "secrets", steady),
                (staging, "secrets", key),
                (pipeline, "datetime", day),
            ):
                stack.enter_context(patch.object(module, name, stand_in))
            stack.enter_context(patch.dict(Ledger.__init__.__kwdefaults__, clock=lambda: NOON))
            for kind in (accountant.GaussianDP, accountant.ZeroConcentratedDP):
                stack.enter_context(patch.object(kind, "delta", _remembering(kind.delta)))
            yield


def _command_line() -> None:
    """Run the command line. Raises StoppedError when it does not end well."""
    try:
        main.run()
    except SystemExit as done:
        if done.code:
            raise StoppedError(f"exit code {done.code}") from None


def _content(path: Path) -> bytes:
    """The bytes of a file; not of the database, whose entries are compared, nor of the note of which file that is."""
    return path.read_bytes() if path.is_file() and path.suffix not in (".db", ".home") else b""


_DELTAS: dict[object, object] = {}


def _remembering(delta: Callable[..., object]) -> Callable[..., object]:
    """The accountant's delta, each computed once: a pure function of public figures, and most of a small release."""
    code = delta.__code__

    def of(self: object, nano_rho: int, epsilon: Fraction) -> object:
        key = (code, nano_rho, epsilon)
        if key not in _DELTAS:
            _DELTAS[key] = delta(self, nano_rho, epsilon)
        return _DELTAS[key]

    of.__code__ = of.__code__.replace(co_name="delta")
    return of
