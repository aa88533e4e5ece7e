"""Eight processes race for the allowance of one scope: exactly as many releases are granted as it holds.

Proof: docs/proofs/ledger.md, "Sums": the comparison and the entry are in one write transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

from audits.figures import Figure, Size
from audits.ground import CLAIMED, fast_folder, fresh_ledger, server, small_reservation
from frostglass.boundary.accountant import epsilon
from frostglass.boundary.ledger import money as ledger_money
from frostglass.boundary.ledger.book import ScopeBook
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.errors import BudgetError, LedgerError
from tests.boundary.support import SCOPE, charge

PROCESSES = 8


@dataclass
class Race:
    """What came of some races. ``wrong`` counts those whose ledger or sums were not as they should be."""

    attempts: int = 0
    room: int = 0
    granted: int = 0
    refused: int = 0
    wrong: int = 0


def audit(size: Size) -> list[Figure]:
    """64,000 attempts in 160 races (800 in 4), and a control that looks at the allowance before its turn."""
    found = races(size.of(4, 160), attempts=size.of(200, 400), room=size.of(20, 50))
    control = races(size.of(2, 10), attempts=80, room=10, careful=False)
    return [
        Figure(
            f"{PROCESSES} processes race for the allowance: releases that were granted, of those that it holds",
            "all, and not one more",
            f"{found.granted:,} of {found.room:,}, in {found.attempts:,} attempts",
            ok=found.granted == found.room and found.attempts == found.granted + found.refused,
        ),
        Figure(
            "… races after which the ledger was not whole, or its sums were not those of the releases",
            "0",
            f"{found.wrong:,} of {size.of(4, 160)} races",
            ok=found.wrong == 0,
        ),
        Figure(
            "Control: the same where the allowance is looked at before the turn to write must grant too much",
            f"more than {control.room:,}",
            f"{control.granted:,}, in {control.attempts:,} attempts",
            ok=control.granted > control.room,
        ),
    ]


def races(number: int, *, attempts: int, room: int, careful: bool = True) -> Race:
    """So many races, each on a new ledger whose scope holds exactly ``room`` releases."""
    race, context = Race(), server(__name__)
    with fast_folder() as folder:
        for each in range(number):
            path = folder / f"{each}" / "l.db"
            path.parent.mkdir()
            nano_rho = fresh_ledger(path).scope(SCOPE).allowance // room
            children = [
                context.Process(target=_try, args=(path, f"P{name}", attempts // PROCESSES, nano_rho, careful))
                for name in range(PROCESSES)
            ]
            for child in children:
                child.start()
            for child in children:
                child.join()
            race.attempts += attempts
            race.room += room
            _count(race, path, nano_rho, ended_well=all(child.exitcode == 0 for child in children))
    return race


def _count(race: Race, path: Path, nano_rho: int, *, ended_well: bool) -> None:
    """Add up what each process was told, and compare it with the ledger."""
    told = [line for each in path.parent.glob("told-*") for line in each.read_text().split()]
    granted = told.count("granted")
    race.granted += granted
    race.refused += told.count("refused")
    report = Ledger.inspect(path).verify()
    right = report.ok and report.scopes[0].spent == granted * nano_rho and report.scopes[0].releases == granted
    race.wrong += not (right and ended_well)


def _try(path: Path, name: str, attempts: int, nano_rho: int, careful: bool) -> None:
    """Try to reserve and draw, in a child; write down what came of each attempt."""
    # What is left of an allowance is worth the same epsilon each time that it is refused.
    ledger = Ledger.open(path, busy_seconds=600)
    remembered = patch.object(ledger_money, "tight_epsilon", lru_cache(maxsize=None)(epsilon))
    with remembered, path.with_name(f"told-{name}").open("w") as told:
        for number in range(attempts):
            try:
                if not careful:
                    _look(ledger, nano_rho)
                with _unguarded(not careful):
                    ledger.begin_draw(small_reservation(ledger, f"{name}-{number}", nano_rho=nano_rho))
            except BudgetError:
                told.write("refused\n")
            except LedgerError as error:
                told.write(f"{error.code}\n")
            else:
                told.write("granted\n")


def _look(ledger: Ledger, nano_rho: int) -> None:
    ledger.afford(SCOPE, charge(CLAIMED, nano_rho=nano_rho))


@contextmanager
def _unguarded(wanted: bool) -> Iterator[None]:
    """A ledger that does not compare again when its turn has come."""
    if not wanted:
        yield
        return
    with patch.object(ScopeBook, "covers", lambda _self, _nano_rho: True):
        yield
