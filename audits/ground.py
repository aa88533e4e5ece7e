"""What the audits of the ledger share: a scope with room for many small releases, and the steps of one."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path

from frostglass.boundary.ledger.home import settle
from frostglass.boundary.ledger.ledger import Entry, Ledger, Reservation
from frostglass.boundary.ledger.money import allowed
from tests.boundary.support import DELTA, EPSILON, MANIFEST, STAGED, new_ledger, reserve

COST = 1000
"""Nano-rho of one small release: the scope holds many thousands."""

CLAIMED = EPSILON
"""What each release says that it is worth: never too little."""
WORTH = allowed("gdp", CLAIMED, DELTA)
"""Most nano-rho of a release that says so; worked out here, so that children find it where they look for it."""

_MEMORY = Path("/dev/shm")

Drawn = Callable[[str], None]
"""Called with the id of a release at the moment from which its noise may have been seen."""


@contextmanager
def fast_folder() -> Iterator[Path]:
    """A folder that goes away again, in memory where the system has such a place: its disk does not matter here."""
    base = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=base, prefix="audit-") as folder:
        yield Path(folder)


def server(*modules: str) -> ForkServerContext:
    """Starts children that share nothing with this process and have loaded ``modules`` already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    return context


def fresh_ledger(path: Path) -> Ledger:
    """A ledger with one open scope."""
    return new_ledger(path)


def copied(template: Path, folder: Path) -> Path:
    """A copy of a folder with a ledger, which is at home in it; its path."""
    shutil.copytree(template, folder)
    ledger = folder / "l.db"
    settle(ledger, Ledger.inspect(ledger).ledger_id)
    return ledger


def small_reservation(ledger: Ledger, release_id: str, *, nano_rho: int = COST) -> Reservation:
    """Reserve for a small release."""
    return reserve(ledger, release_id, CLAIMED, nano_rho=nano_rho)


def pay_then_draw(ledger: Ledger, release_id: str, drawn: Drawn) -> None:
    """One whole release, as the pipeline makes it: noise is drawn when ``begin_draw`` has returned."""
    reservation = small_reservation(ledger, release_id)
    ledger.begin_draw(reservation)
    drawn(release_id)
    ledger.commit(reservation, staged_sha256=STAGED)
    ledger.seal(release_id, manifest_sha256=MANIFEST)


def draw_then_pay(ledger: Ledger, release_id: str, drawn: Drawn) -> None:
    """The wrong way round, which each audit must catch: what is published first is noted afterwards."""
    drawn(release_id)
    pay_then_draw(ledger, release_id, lambda _release_id: None)


def drawn_in(entries: Iterable[Entry]) -> set[str]:
    """Ids of the releases for which a ledger admits that noise was drawn."""
    return {each.release_id or "" for each in entries if each.kind == "draw"}
