"""Any order of steps, by any number of handles, with copies put back and reconciled, agrees with a plain model.

Hypothesis chooses the steps. Proof: docs/proofs/ledger.md, "States" and "Sums".
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from audits.figures import Figure, Size
from audits.ground import fast_folder
from frostglass.boundary.accountant import epsilon
from frostglass.boundary.ledger import money as ledger_money
from frostglass.boundary.ledger.book import ScopeBook
from frostglass.boundary.ledger.ledger import Entry, Ledger, Reservation
from frostglass.errors import BudgetError, LedgerError
from tests.boundary.support import DELTA, EPSILON, MANIFEST, PLAN, SCOPE, STAGED, reserve, witness_of

NEXT = {
    "draw": ("reserved",),
    "void": ("reserved",),
    "commit": ("drawn",),
    "seal": ("committed",),
    "publish": ("approved", "published"),
    "withdraw": ("sealed", "approved", "published"),
}
AFTER = {
    "draw": "drawn",
    "void": "voided",
    "commit": "committed",
    "seal": "sealed",
    "publish": "published",
    "withdraw": "withdrawn",
}


class LedgerMachine(RuleBasedStateMachine):
    """The model keeps what each release costs, where it stands, and who has approved it."""

    reservations: Bundle[Reservation] = Bundle("reservations")
    steps: ClassVar[int] = 0

    @initialize()
    def begin(self) -> None:
        self.open = ExitStack()
        self.path = self.open.enter_context(fast_folder()) / "l.db"
        self.ledger = Ledger.create(self.path)
        self.ledger.open_scope(SCOPE, epsilon=EPSILON, delta=DELTA)
        self.most = self.ledger.scope(SCOPE).allowance
        self.costs: dict[str, int] = {}
        self.states: dict[str, str] = {}
        self.approved: dict[str, set[str]] = {}

    def teardown(self) -> None:
        self.open.close()

    def held(self) -> int:
        return sum(self.costs[each] for each, state in self.states.items() if state != "voided")

    @rule(target=reservations, nano_rho=st.integers(1, 60_000_000))
    def reserve(self, nano_rho: int) -> Reservation | MultipleResults[Reservation]:
        release_id = f"R{len(self.costs)}"
        fits = self.held() + nano_rho <= self.most
        try:
            reservation = reserve(self.ledger, release_id, Fraction(20), nano_rho=nano_rho, sampler_units=0)
        except BudgetError:
            assert not fits
            return multiple()
        assert fits
        self.costs[release_id], self.states[release_id] = nano_rho, "reserved"
        return reservation

    @rule(reservation=reservations, step=st.sampled_from(sorted(NEXT)))
    def take(self, reservation: Reservation, step: str) -> None:
        release_id = reservation.release_id
        admitted = self.states[release_id] in NEXT[step]
        try:
            if step == "draw":
                self.ledger.begin_draw(reservation)
            elif step == "commit":
                self.ledger.commit(reservation, staged_sha256=STAGED)
            elif step == "seal":
                self.ledger.seal(release_id, manifest_sha256=MANIFEST)
            elif step == "publish":
                self.ledger.publish(release_id, manifest_sha256=MANIFEST, to="the web", by="ada")
            elif step == "withdraw":
                self.ledger.withdraw(release_id, by="ada", reason="a wrong year")
            else:
                self.ledger.void(release_id, by="bea", reason="stopped")
        except LedgerError:
            assert not admitted
        else:
            assert admitted
            self.states[release_id] = AFTER[step]

    @rule(reservation=reservations, by=st.sampled_from(["ada", " ADA", "bea"]))
    def approve(self, reservation: Reservation, by: str) -> None:
        """Two spellings are one person; both people make what is sealed an approved release."""
        release_id, name = reservation.release_id, by.strip().lower()
        before, state = self.approved.setdefault(release_id, set()), self.states[release_id]
        admitted = state in ("sealed", "approved", "published") and name not in before
        try:
            self.ledger.approve(release_id, manifest_sha256=MANIFEST, by=by, note="looked at it")
        except LedgerError:
            assert not admitted
            return
        assert admitted
        before.add(name)
        self.states[release_id] = "approved" if len(before) == 2 and state == "sealed" else state

    @rule()
    def open_anew(self) -> None:
        self.ledger = Ledger.open(self.path)

    @rule(back=st.integers(1, 6))
    def put_an_old_state_back_and_reconcile(self, back: int) -> None:
        """An old state is a shorter chain; the witness brings the rest back."""
        entries = list(self.ledger.entries())
        lines = self.path.with_name("export.jsonl")
        self.ledger.export(lines)
        kept = lines.read_text().splitlines(keepends=True)[: max(len(entries) - back, 1)]
        lines.write_text("".join(kept))
        self.path.unlink()
        Ledger.rebuild(self.path, lines)
        lines.unlink()
        returned = Ledger.inspect(self.path).reconcile([], by="bea", reason="put back")
        *found, moved = returned
        assert (found, moved.kind) == (entries[len(kept) :], "moved")
        self.ledger = Ledger.open(self.path)

    @rule(length=st.integers(0, 200))
    def tear_the_witness(self, length: int) -> None:
        """Its last bytes are lost, as in a power cut; opening the ledger mends it."""
        witness = witness_of(self.path)
        content = witness.read_bytes()
        witness.write_bytes(content[: len(content) - length])
        self.ledger = Ledger.open(self.path)
        assert witness.read_bytes() == content

    @invariant()
    def agree(self) -> None:
        LedgerMachine.steps += 1
        summary = self.ledger.scope(SCOPE)
        counted = [each for each, state in self.states.items() if state != "voided"]
        assert summary.spent == self.held() <= self.most
        assert (summary.releases, summary.plain_epsilon) == (len(counted), Fraction(20 * len(counted)))
        for release_id, state in self.states.items():
            assert self.ledger.state(release_id) == state
        unfinished = [each for each, state in self.states.items() if state in ("drawn", "committed")]
        found = self.ledger.unfinished(SCOPE, PLAN)
        assert [each.release_id for each in found] == unfinished[::-1]
        report = self.ledger.verify()
        assert (report.problems, report.notes) == ((), ())


_STEPS_OF_ONE_RUN = 50


def audit(size: Size) -> list[Figure]:
    """50,000 steps (250 in the short form), and two ledgers that follow wrong rules."""
    steps, fault = run(size.of(250, 50_000), size.seed)
    return [
        Figure(
            "Steps chosen at random after which ledger and model disagree (states, sums, allowance, witness)",
            "0",
            f"{fault or 'none'}, in {steps:,} steps",
            ok=fault is None,
        ),
        *(_control(name, change, size) for name, change in _BROKEN.items()),
    ]


def _charge_in_thousands(scope: ScopeBook, entry: Entry, sign: int = 1) -> None:
    _CHARGE(scope, entry, sign)
    scope.spent -= scope.spent % 1000


def _cover_a_tenth_more(scope: ScopeBook, nano_rho: int) -> bool:
    return 10 * (scope.spent + nano_rho) <= 11 * scope.allowance


_CHARGE = ScopeBook.charge
_BROKEN: dict[str, tuple[str, Callable[..., object]]] = {
    "that rounds what is spent down to thousands of nano-rho": ("charge", _charge_in_thousands),
    "that grants a tenth more than the allowance": ("covers", _cover_a_tenth_more),
}


def _control(name: str, change: tuple[str, Callable[..., object]], size: Size) -> Figure:
    with patch.object(ScopeBook, *change):
        steps, fault = run(2000, size.seed)
    return Figure(
        f"Control: a ledger {name} must be caught",
        "caught",
        f"caught ({fault}), after {steps:,} steps" if fault else f"not caught, in {steps:,} steps",
        ok=bool(fault),
    )


def run(steps: int, seed: int) -> tuple[int, str | None]:
    """Run the machine for at least so many steps; how many there were, and the first disagreement."""
    LedgerMachine.steps = 0
    how = settings(
        max_examples=3,
        stateful_step_count=_STEPS_OF_ONE_RUN,
        deadline=None,
        database=None,
        verbosity=Verbosity.quiet,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    # A sum is worth the same epsilon each time that it is looked at.
    with patch.object(ledger_money, "tight_epsilon", lru_cache(maxsize=10_000)(epsilon)):
        while LedgerMachine.steps < steps:
            seed += 1
            try:
                run_state_machine_as_test(seeded(seed)(LedgerMachine), settings=how)
            except (AssertionError, LedgerError, BudgetError) as error:
                return LedgerMachine.steps, type(error).__name__
    return LedgerMachine.steps, None
