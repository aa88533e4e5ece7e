"""A process that is killed at any step of a release leaves a ledger that counts at least what was drawn.

The children are forked from a clean server process, so that nothing of the test runner is shared with them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.requests import reservation_of, whole
from frostglass.boundary.ledger.store import _SqliteTransaction
from frostglass.boundary.ledger.witness import Witness
from frostglass.errors import BudgetError, LedgerError
from tests.boundary.support import MANIFEST, PLAN, SCOPE, STAGED, cost, new_ledger, reserve, spent

SMALLEST = Fraction(1, 100)


@pytest.fixture(scope="module")
def server() -> ForkServerContext:
    """Starts children that have loaded the ledger already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_after(original: Callable[..., object], at: int) -> Callable[..., object]:
    """The function, until its call number ``at``, which kills the process when it is done."""
    calls = [0]

    def call(*arguments: object) -> object:
        result = original(*arguments)
        calls[0] += 1
        if calls[0] == at:
            die()
        return result

    return call


def dying_before(original: Callable[..., object], at: int) -> Callable[..., object]:
    """The function, until its call number ``at``, which kills the process before it does anything."""
    calls = [0]

    def call(*arguments: object) -> object:
        calls[0] += 1
        if calls[0] == at:
            die()
        return original(*arguments)

    return call


# Where the process dies, and the state that the release must then be in. "insert" is before SQLite commits, "witness"
# between the commit and the line on the witness, "call" when the step has returned.
STEPS = ("reserve", "draw", "commit", "seal", "one approval", "the other", "publish", "withdraw")
STATES = (None, "reserved", "drawn", "committed", "sealed", "sealed", "approved", "published", "withdrawn")
PLACES = [(kind, number) for kind in ("insert", "witness", "call") for number in range(1, len(STATES))]


def release_and_die(path: Path, kind: str, number: int) -> None:
    """One release in straight-line code; what would be drawn is a file beside the ledger."""
    if kind == "insert":
        _SqliteTransaction.append = dying_after(_SqliteTransaction.append, number)  # type: ignore[method-assign, assignment]
    ledger = Ledger.open(path)
    if kind == "witness":
        Witness.catch_up = dying_before(Witness.catch_up, number)  # type: ignore[method-assign, assignment]
    step = dying_after(lambda result: result, number if kind == "call" else -1)
    reservation = reserve(ledger, "R1")
    step(None)
    ledger.begin_draw(reservation)
    path.with_name("drawn").touch()
    step(None)
    ledger.commit(reservation, staged_sha256=STAGED)
    step(None)
    ledger.seal("R1", manifest_sha256=MANIFEST)
    step(None)
    for person in ("ada", "bea"):
        ledger.approve("R1", manifest_sha256=MANIFEST, by=person, note="looked at it")
        step(None)
    ledger.publish("R1", manifest_sha256=MANIFEST, to="the website", by="ada")
    step(None)
    ledger.withdraw("R1", by="ada", reason="a wrong year")
    step(None)


@pytest.mark.parametrize(("kind", "number"), PLACES, ids=[f"{kind} of {STEPS[n - 1]}" for kind, n in PLACES])
def test_a_kill_at_any_step_never_leaves_a_draw_uncounted(
    tmp_path: Path, server: ForkServerContext, kind: str, number: int
) -> None:
    path = tmp_path / "l.db"
    new_ledger(path)
    child = server.Process(target=release_and_die, args=(path, kind, number))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    ledger = Ledger.open(path)
    report = ledger.verify()
    assert (report.ok, report.notes) == (True, ())
    state = STATES[number - 1] if kind == "insert" else STATES[number]
    if state is None:
        with pytest.raises(LedgerError):
            ledger.state("R1")
    else:
        assert ledger.state("R1") == state
    assert spent(ledger) == (cost() if state else 0)
    drawn = path.with_name("drawn").exists()
    if drawn:
        with pytest.raises(LedgerError):
            ledger.void("R1", by="bea", reason="nothing was drawn")
        assert spent(ledger) == cost()
    found = ledger.unfinished(SCOPE, PLAN)
    assert bool(found) == (state in ("drawn", "committed"))


def draw_many(path: Path, name: str, tries: int) -> None:
    """Reserve and draw until the scope is used up; every draw leaves a file."""
    ledger = Ledger.open(path)
    for number in range(tries):
        with suppress(BudgetError):
            reservation = reserve(ledger, f"{name}-{number}", SMALLEST, by=name)
            ledger.begin_draw(reservation)
            path.with_name(f"drawn-{name}-{number}").touch()


def test_four_processes_get_exactly_what_the_scope_holds(tmp_path: Path, server: ForkServerContext) -> None:
    path = tmp_path / "l.db"
    ledger = Ledger.create(path)
    ledger.open_scope(SCOPE, epsilon=Fraction(6, 100), delta=Fraction(1, 10**6))
    room = ledger.scope(SCOPE).allowance // cost(SMALLEST)
    assert 10 < room < 80
    children = [server.Process(target=draw_many, args=(path, name, 20)) for name in "abcd"]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
        assert child.exitcode == 0
    assert len(list(tmp_path.glob("drawn-*"))) == room
    assert spent(ledger) == room * cost(SMALLEST)
    report = ledger.verify()
    assert (report.ok, report.notes) == (True, ())


def take(path: Path, name: str, act: str) -> None:
    """Draw for one reservation, or void it; a file says who managed."""
    ledger = Ledger.open(path)
    reserved = next(each for each in ledger.entries() if each.kind == "reserve")
    with suppress(LedgerError):
        if act == "void":
            ledger.void("R1", by=name, reason="it seems to hang")
        else:
            ledger.begin_draw(reservation_of(whole(ledger._store.read()), reserved, sealable=True))
        path.with_name(f"managed-{name}").touch()


def test_of_many_who_draw_or_void_one_reservation_one_alone_manages(tmp_path: Path, server: ForkServerContext) -> None:
    path = tmp_path / "l.db"
    reserve(new_ledger(path), "R1")
    children = [
        server.Process(target=take, args=(path, f"{act}{number}", act))
        for number in range(2)
        for act in ("draw", "void")
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    (managed,) = (each.name for each in tmp_path.glob("managed-*"))
    ledger = Ledger.open(path)
    assert ledger.state("R1") == ("drawn" if "draw" in managed else "voided")
    assert spent(ledger) == (cost() if "draw" in managed else 0)
    assert ledger.verify().ok
