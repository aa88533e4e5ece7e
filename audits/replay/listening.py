"""Ears of a recording: listeners at every place where a release says or asks something, and a stand-in for chance."""

from __future__ import annotations

import builtins
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from audits.noise.scripted_bits import bits_for
from audits.replay.recording import Asked, Given, Ints, Recording, entries
from frostglass.boundary import curator
from frostglass.boundary.curator import Curator
from frostglass.boundary.ledger import turn as ledger_turn
from frostglass.boundary.noise import rounded_gaussian as noise
from frostglass.boundary.noise.discrete_gaussian import DiscreteGaussian
from frostglass.boundary.noise.rounded_gaussian import RoundedGaussian
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.custody import Sensitive
from frostglass.ways import release as pipeline


@contextmanager
def listening(found: Recording, given: Given, place: Path) -> Iterator[None]:
    """Ears at every place where the release says or asks something, and the stand-in for chance."""
    ears = _Ears(found, given, place)
    with ExitStack() as stack:
        for holder, name, heard in (
            (pipeline, "encode", ears.encoding(pipeline.__dict__["encode"])),
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
            ears._found.curator = self
            original(self, table, *arguments, **named)

        ears = self
        return heard

    def encoding(self, original: Callable[..., Sensitive[CodedTable]]) -> Callable[..., Sensitive[CodedTable]]:
        def heard(*arguments: Any, **named: Any) -> Sensitive[CodedTable]:
            table = original(*arguments, **named)
            self._found.table = table.reveal()
            return table

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
        return bits_for(self._wanted(-(-size // 16)), sigma, self._generator)[:size]

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
                wanted[-1] = round(self._given.farthest * sigma)
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
