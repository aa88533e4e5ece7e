"""How long a reservation takes, and a look through a long ledger. Figures to know: no time is a promise."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from audits.figures import Figure, Size
from audits.ground import COST, fast_folder, fresh_ledger, small_reservation
from frostglass.boundary.ledger.book import Book
from frostglass.boundary.ledger.entries import Draft, Entry, Json
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.store import SqliteStore
from tests.boundary.support import MANIFEST, PLAN, SCOPE, STAGED

_AT = "2026-11-27T12:00:00Z"


def figures(size: Size, examine: Callable[[Path, Path | None], Any]) -> Iterator[Figure]:
    """Time of a reservation on the disk for temporary files; lines of code and speed of both verifiers."""
    yield _reservations(size.of(20, 200))
    with fast_folder() as folder:
        entries = long_chain(folder / "start.db", size.of(400, 25_000))
        path = folder / "long.db"
        SqliteStore.create(path, entries)
        alone = _seconds(lambda: examine(path, None), time.process_time)
        whole = not examine(path, None).problems and Ledger.inspect(path).verify().ok
        ours = _seconds(lambda: Ledger.inspect(path).verify(), time.process_time)
    lines = (Path(__file__).parents[2] / "tools" / "verify_ledger.py").read_text().count("\n")
    yield Figure(
        "Verifier that stands alone, on a long ledger",
        "fewer than 200 lines; about a second for 100,000 entries",
        f"{lines} lines; {len(entries):,} entries in {alone:.1f} s of one core, frostglass itself in {ours:.1f} s",
        ok=lines < 200 and whole,
    )


def _reservations(number: int) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        ledger = fresh_ledger(Path(folder) / "l.db")
        taken = [_seconds(lambda each=each: small_reservation(ledger, f"R{each}")) for each in range(number)]  # type: ignore[misc]
    return Figure(
        "A reservation, durable on disk and on the witness: median time",
        "at most 25 ms",
        f"{statistics.median(taken) * 1000:.0f} ms of {number}",
        ok=True,
    )


def long_chain(path: Path, releases: int) -> list[Entry]:
    """The entries of so many whole releases: four for each."""
    book = Book.replay(fresh_ledger(path).entries())
    (scope,) = book.scopes.values()
    for number in range(releases):
        body: dict[str, Json] = {
            "plan_sha256": PLAN,
            "nano_rho": COST,
            "sampler_units": 1,
            "epsilon": "0.5",
            "mechanism": "gaussian",
        }
        unit: dict[str, Json] = {"unit": "person", "keyed": False, "max_records": 1, "by": "ada"}
        steps: tuple[tuple[str, dict[str, Json]], ...] = (
            ("reserve", {**body, **unit}),
            ("draw", {}),
            ("commit", {"staged_sha256": STAGED}),
            ("seal", {"manifest_sha256": MANIFEST}),
        )
        for kind, says in steps:
            book.write(Draft(kind, says, SCOPE, f"R{number}"), at=_AT)
    assert scope.spent == releases * COST
    return book.entries


def _seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    begun = clock()
    work()
    return clock() - begun
