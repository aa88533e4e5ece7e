"""Recording a release: the real one, from the table to the sealed bundle, with known bits for chance and ears all over.

Nothing of the product is replaced but the operating system's randomness as the sampler sees it (OpenDP's whole draw,
where that is the sampler), the ledger's nonces and the clock. All else is listened to and left as it is.
"""

from __future__ import annotations

import builtins
import io
import logging
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from audits.scripted_bits import bits_for
from frostglass import pipeline
from frostglass.boundary import accountant, curator, ledger_book, ledger_turn, noise
from frostglass.boundary.curator import Curator
from frostglass.boundary.ledger import Ledger
from frostglass.boundary.noise import RoundedGaussian
from frostglass.boundary.opendp_noise import DiscreteGaussian
from frostglass.sensitive.coded_table import CodedTable
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Sensitive
from frostglass.terms.plan import Plan

Ints = npt.NDArray[np.int64]
Event = tuple[object, ...]

NOON = datetime(2026, 11, 27, 12, 34, 56, tzinfo=UTC)
SCOPE = "people"
FARTHEST = 9
"""One draw of the first question lies so many standard deviations out, so that cut noise shows."""


@dataclass(frozen=True)
class Case:
    """What is released: everything but the table. The scope of the ledger allows (epsilon, delta)."""

    codebook: Codebook
    plan: Plan
    epsilon: Fraction
    delta: Fraction = Fraction("1e-6")
    accountant: str = "gdp"
    allow_empty: bool = False


@dataclass
class Asked:
    """One question to the curator, and what was seen of the way to its answer."""

    kind: str
    attributes: tuple[str, ...]
    share: Fraction
    tables: int
    exact: Ints | None = None
    counted: int = 0
    sigmas: list[Fraction] = field(default_factory=list)
    offered: Ints | None = None
    answer: Ints | None = None
    receipt: Any = None


@dataclass
class Recording:
    """Everything that one release did. ``events`` are in order, with the rest of a message cut away where none is."""

    events: list[Event] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    durable: tuple[str, ...] = ()
    entries: list[tuple[object, ...]] = field(default_factory=list)
    witness: bytes = b""
    left: tuple[tuple[str, int], ...] = ()
    bundle: dict[str, tuple[bytes, int, int]] = field(default_factory=dict)
    table: CodedTable | None = None
    curator: Curator | None = None
    error: BaseException | None = None

    @property
    def answers(self) -> list[Ints]:
        """The answers in the order of the questions."""
        return [each.answer for each in self.asked if each.answer is not None]

    def since_reserve(self) -> list[Event]:
        """The events from the reservation on; all of them where a staged release was resumed."""
        place = next((at for at, each in enumerate(self.events) if each == ("enters", "reserve")), 0)
        return self.events[place:]

    def kinds(self) -> list[str]:
        """The kinds of the ledger's entries, in order."""
        return [str(each[1]) for each in self.entries]


class InterruptedError(Exception):  # noqa: A001 - the plain word; nothing here waits for a system call
    """What an interrupted release raises."""


@dataclass(frozen=True)
class Given:
    """What chance shall be: ``answers`` come out where they are given; all other noise comes from ``seed``."""

    seed: int = 0
    answers: tuple[Ints, ...] = ()


class Recorder:
    """Runs releases in one folder of its own, each beside a fresh ledger, and listens."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        self._folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.place = self._folder / "run"
        self._fresh: dict[tuple[Fraction, Fraction, str], dict[str, bytes]] = {}

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def forget(self) -> None:
        """Make ledgers anew: the code that makes them has changed."""
        self._fresh.clear()

    def clear(self, case: Case) -> Ledger:
        """The folder as it is before a release: a fresh ledger with its scope, and nothing else."""
        key = (case.epsilon, case.delta, case.accountant)
        if key not in self._fresh:
            self._fresh[key] = self._made(case)
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        for name, data in self._fresh[key].items():
            (self.place / name).write_bytes(data)
            (self.place / name).chmod(0o600)
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
        given: Given = Given(),
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
                raise InterruptedError

        def interrupted(*_: object, **__: object) -> None:
            raise InterruptedError

        with self._steady(), _listening(found, given, self.place), ExitStack() as stack:
            if before_commit:
                stack.enter_context(patch.object(Ledger, "commit", interrupted))
            try:
                order = pipeline.Order(SCOPE, by="ann", allow_empty=case.allow_empty)
                contents = pipeline.release(source, case.codebook, case.plan, order, ledger=ledger, progress=says)
                pipeline.seal(contents, self.place / out, ledger=ledger, progress=says)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what the release did
                found.error = error
                found.events.append(("raises", type(error).__name__, getattr(error, "code", ""), str(error)))
        self._look(found, out)
        return found

    def _look(self, found: Recording, out: str) -> None:
        """What lies in the folder afterwards."""
        found.entries = entries(self.place)
        found.witness = (self.place / "budget.db.witness").read_bytes()
        there = sorted(self.place.rglob("*"))
        found.left = tuple((str(each.relative_to(self.place)), each.stat().st_mode) for each in there)
        folder = self.place / out
        for each in (folder, *sorted(folder.iterdir())) if folder.is_dir() else ():
            state = each.stat()
            data = each.read_bytes() if each.is_file() else b""
            found.bundle[each.name] = (data, state.st_mode, state.st_mtime_ns)

    @contextmanager
    def _steady(self) -> Iterator[None]:
        """Clock, ids and nonces that are the same in every release; arithmetic that is done once."""
        number = iter(range(10**9))

        def token(size: int) -> str:
            return f"{next(number) + 1:0{2 * size}x}"

        steady = SimpleNamespace(token_hex=token, randbits=lambda bits: 2 ** (bits - 1) + 1)
        nonce = SimpleNamespace(token_hex=token)
        day = SimpleNamespace(now=lambda _zone: NOON)
        with ExitStack() as stack:
            for module, name, stand_in in (
                (ledger_book, "secrets", nonce),
                (ledger_turn, "secrets", nonce),
                (ledger_turn, "utc_now", lambda: NOON),
                (pipeline, "secrets", steady),
                (pipeline, "datetime", day),
            ):
                stack.enter_context(patch.object(module, name, stand_in))
            for kind in (accountant.GaussianDP, accountant.ZeroConcentratedDP):
                stack.enter_context(patch.object(kind, "delta", _remembering(kind.delta)))
            yield


def entries(place: Path) -> list[tuple[object, ...]]:
    """The rows of the ledger in the folder, read without the product."""
    with closing(sqlite3.connect(f"{(place / 'budget.db').as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT * FROM entries ORDER BY seq").fetchall()


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


@contextmanager
def _listening(found: Recording, given: Given, place: Path) -> Iterator[None]:
    """Ears at every place where the release says or asks something, and the stand-in for chance."""
    ears = _Ears(found, given, place)
    with ExitStack() as stack:
        for holder, name, heard in (
            (Curator, "__init__", ears.building(Curator.__init__)),
            (Curator, "measure", ears.asking("table", Curator.measure)),
            (Curator, "distances", ears.asking("distances", Curator.distances)),
            (curator, "count", ears.counting(curator.__dict__["count"])),
            (curator, "distances", ears.counting(curator.__dict__["distances"])),
            (RoundedGaussian, "draw", ears.drawing(RoundedGaussian.draw)),
            (DiscreteGaussian, "draw", ears.drawn_exactly()),
            (noise, "os", SimpleNamespace(urandom=ears.urandom)),
            (ledger_turn.Turn, "write", ears.entering(ledger_turn.Turn.write)),
        ):
            stack.enter_context(patch.object(holder, name, heard))
        stack.enter_context(redirect_stdout(_Lines(found, "stdout")))
        stack.enter_context(redirect_stderr(_Lines(found, "stderr")))
        warned = stack.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("always")
        stack.enter_context(_logged(found))
        stack.enter_context(_peeking(found))
        yield
    found.events += [("warns", str(each.message)) for each in warned]


class _Ears:
    """Listeners of one release; each calls what it listens to and changes nothing."""

    def __init__(self, found: Recording, given: Given, place: Path) -> None:
        self._found = found
        self._given = given
        self._place = place
        self._generator = np.random.default_rng(given.seed)

    @property
    def _now(self) -> Asked:
        """The question that is being answered; noise without a question gets one of no kind."""
        if not self._found.asked or self._found.asked[-1].answer is not None:
            self._found.asked.append(Asked("none", (), Fraction(1), 1))
        return self._found.asked[-1]

    def building(self, original: Callable[..., None]) -> Callable[..., None]:
        def heard(self: Curator, table: Sensitive[CodedTable], *arguments: Any, **named: Any) -> None:
            ears._found.table, ears._found.curator = table.reveal(), self
            original(self, table, *arguments, **named)

        ears = self
        return heard

    def asking(self, kind: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def heard(self: Curator, question: Any) -> Any:
            if not found.asked:
                found.durable = tuple(str(row[1]) for row in entries(ears._place))
            if kind == "table":
                names, tables, model = question.attributes.names, 1, b""
            else:
                names, tables = tuple(map(str, question.candidates)), len(question.candidates)
                model = question.records.codes.tobytes() + question.weights.tobytes()
            found.asked.append(Asked(kind, names, question.share, tables))
            found.events.append(("asks", kind, names, question.share, model))
            answered = original(self, question)
            found.asked[-1].answer, found.asked[-1].receipt = answered.answer.copy(), answered.receipt
            found.events.append(("answers", answered.answer.shape, answered.sd, answered.receipt))
            return answered

        ears, found = self, self._found
        return heard

    def counting(self, original: Callable[..., Sensitive[Ints]]) -> Callable[..., Sensitive[Ints]]:
        def heard(table: Sensitive[CodedTable], what: Any, *rest: Any) -> Sensitive[Ints]:
            exact = original(table, what, *rest)
            self._now.exact, self._now.counted = exact.reveal().copy(), self._now.counted + 1
            self._found.events.append(("counts", str(what), exact.reveal().shape, str(exact.reveal().dtype)))
            return exact

        return heard

    def drawing(self, original: Callable[..., Ints]) -> Callable[..., Ints]:
        def heard(source: RoundedGaussian, sigma: Fraction, size: int) -> Ints:
            self._now.sigmas.append(sigma)
            self._found.events.append(("draws", sigma, size))
            return original(source, sigma, size)

        return heard

    def drawn_exactly(self) -> Callable[..., Ints]:
        """Stands in for OpenDP's draw, which cannot be given bits."""

        def drawn(_source: DiscreteGaussian, sigma: Fraction, size: int) -> Ints:
            self._now.sigmas.append(sigma)
            self._found.events.append(("draws", sigma, size))
            return self._wanted(size)

        return drawn

    def urandom(self, size: int) -> bytes:
        """Stands in for the operating system: bits that make the wanted noise at the sigma that was asked for."""
        self._found.events.append(("random bytes", size))
        sigma = float(self._now.sigmas[-1]) if self._now.sigmas else 1.0
        return bits_for(self._wanted(size // 16), sigma, self._generator)

    def _wanted(self, size: int) -> Ints:
        """The noise of the present question: what makes the answers that are given, or else normal chance."""
        now, place = self._now, len(self._found.asked) - 1
        if place < len(self._given.answers) and now.exact is not None:
            target = self._given.answers[place]
            fits = target.shape == now.exact.shape
            wanted = (target - now.exact).ravel() if fits else np.zeros(now.exact.size, dtype=np.int64)
        else:
            sigma = float(now.sigmas[-1]) if now.sigmas else 1.0
            wanted = np.rint(self._generator.normal(0, sigma, now.exact.size if now.exact is not None else size))
            wanted = wanted.astype(np.int64)
            if place == 0:
                wanted[-1] = round(FARTHEST * sigma)
        now.offered = wanted if now.exact is None else wanted.reshape(now.exact.shape)
        return np.resize(wanted, size)

    def entering(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def heard(turn: Any, draft: Any) -> Any:
            entry = original(turn, draft)
            self._found.events.append(("enters", entry.kind))
            return entry

        return heard


class _Lines(io.TextIOBase):
    """A stream whose every piece is an event."""

    def __init__(self, found: Recording, name: str) -> None:
        self._found, self._name = found, name

    def write(self, text: str) -> int:
        self._found.events.append((self._name, text))
        return len(text)


@contextmanager
def _logged(found: Recording) -> Iterator[None]:
    """What goes to the log as events; the compiler's own lines are left out."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name == "root" or record.name.startswith("frostglass"):
                found.events.append(("logs", record.name, record.levelname, record.getMessage()))

    root, compiler, handler = logging.getLogger(), logging.getLogger("numba"), Handler()
    levels = root.level, compiler.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    compiler.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(levels[0])
        compiler.setLevel(levels[1])


@contextmanager
def _peeking(found: Recording) -> Iterator[None]:
    """A builtin ``peek()`` with the coded table of this release: the way to the data that a mutant has kept."""
    builtins.peek = lambda: found.table  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del builtins.peek  # type: ignore[attr-defined]
