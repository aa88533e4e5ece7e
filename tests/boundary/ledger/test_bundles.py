"""Where nothing but bundles is left to tell what was spent, a reconciled ledger counts at least all of it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frostglass.boundary.ledger.ledger import KnownRelease, Ledger
from frostglass.boundary.ledger.requests import whole
from frostglass.boundary.ledger.store import MemoryStore
from frostglass.errors import BudgetError, LedgerError
from frostglass.terms.budget import decimal_text
from frostglass.terms.unit import PrivacyUnit
from tests.boundary.support import (
    DELTA,
    SCOPE,
    SMALL,
    cost,
    days_later,
    draw,
    put_back,
    reserve,
    sealed,
    spent,
    witness_of,
)


def fresh() -> Ledger:
    """A ledger in memory with one scope of epsilon 4."""
    return Ledger.ephemeral(epsilon=Fraction(4), delta=DELTA, scope=SCOPE)


def backup_of(ledger: Ledger) -> Ledger:
    """The same ledger as it is now, on its own from here on."""
    return Ledger(MemoryStore(list(ledger.entries())), ledger_id=ledger.ledger_id, path=None, witness=None)


def sampler_spent(ledger: Ledger) -> int:
    return whole(ledger._store.read()).scopes[SCOPE].sampler_spent


def test_one_bundle_tells_of_the_lost_release_before_it_too(tmp_path: Path) -> None:
    """Backup, releases A and B, disk lost with the witness, and only the bundle of B at hand."""
    path, copy = tmp_path / "l.db", tmp_path / "copy.db"
    ledger = Ledger.create(path)
    ledger.open_scope(SCOPE, epsilon=Fraction(4), delta=DELTA)
    ledger.backup(copy)
    sealed(ledger, "A", Fraction(2))
    known = sealed(ledger, "B", Fraction(3))
    put_back(copy, path)
    witness_of(path).unlink()
    restored = Ledger.open(path)
    (added,) = restored.reconcile([known], by="bea", reason="the disk failed")
    assert (added.release_id, added.integer("releases")) == ("B", 2)
    summary = restored.scope(SCOPE)
    assert summary.spent == cost(Fraction(2)) + cost(Fraction(3))
    assert (summary.plain_epsilon, summary.releases, summary.plain_delta) == (Fraction(5), 2, 2 * DELTA)
    assert sampler_spent(restored) == 2000
    with pytest.raises(BudgetError, match="does not cover"):
        reserve(restored, "C", Fraction(2))
    assert Ledger.open(path).verify().ok


def test_each_bundle_is_charged_for_itself_and_the_last_one_for_the_rest() -> None:
    ledger = fresh()
    restored = backup_of(ledger)
    sealed(ledger, "A", Fraction(1))
    second, third = sealed(ledger, "B", SMALL), sealed(ledger, "C", Fraction(3, 4))
    added = restored.reconcile([third, second, third], by="bea", reason="restored")
    assert [(each.release_id, each.integer("nano_rho"), each.text("epsilon")) for each in added] == [
        ("B", cost(SMALL), "0.5"),
        ("C", cost(Fraction(3, 4)) + cost(Fraction(1)), "1.75"),
    ]
    assert (spent(restored), restored.scope(SCOPE).releases) == (spent(ledger), 3)
    assert restored.reconcile([second, third], by="bea", reason="again") == ()


def test_what_the_ledger_holds_from_earlier_days_is_not_charged_again() -> None:
    """Also what it had taken over before."""
    ledger = fresh()
    behind = backup_of(ledger)
    sealed(ledger, "A")
    behind.reconcile([sealed(ledger, "B")], by="bea", reason="restored")
    sealed(behind, "C")
    restored = backup_of(behind)
    sealed(days_later(behind, 1), "D")
    known = sealed(behind, "E")
    restored.reconcile([known], by="bea", reason="restored again")
    assert spent(restored) == spent(behind) == 5 * cost()
    assert restored.scope(SCOPE).plain_epsilon == Fraction(5, 2)
    assert restored.scope(SCOPE).releases == 5
    assert sampler_spent(restored) == 5000


def test_what_has_a_higher_number_than_the_bundles_reservation_is_not_taken_for_a_part_of_its_total() -> None:
    """As on a copy that was used beside the ledger, days before."""
    ledger = fresh()
    restored = backup_of(ledger)
    sealed(ledger, "A")
    known = sealed(days_later(ledger, 1), "B")
    for number in range(5):
        draw(restored, f"F{number}")
    restored.reconcile([replace(known, reserve_seq=3)], by="bea", reason="restored")
    assert spent(restored) == 7 * cost()


def test_what_was_written_after_the_old_copy_was_put_back_is_not_taken_for_a_part_of_the_lost_total() -> None:
    ledger = fresh()
    restored = backup_of(ledger)
    sealed(ledger, "A")
    known = sealed(ledger, "B")
    draw(restored, "F")
    restored.reconcile([known], by="bea", reason="restored")
    assert spent(restored) == 3 * cost()


def test_a_reservation_that_may_be_voided_is_not_taken_for_a_part_of_the_lost_total() -> None:
    """It was voided on the lost branch, and is voided here once more."""
    ledger = fresh()
    reserve(ledger, "X", Fraction(1))
    restored = backup_of(ledger)
    days_later(ledger, 1).void("X", by="bea", reason="stopped")
    sealed(ledger, "A")
    known = sealed(ledger, "B")
    restored.reconcile([known], by="bea", reason="restored")
    restored.void("X", by="bea", reason="stopped")
    assert spent(restored) == 2 * cost()


def test_a_total_that_is_too_small_never_lowers_what_a_bundle_says_of_itself() -> None:
    ledger = fresh()
    restored = backup_of(ledger)
    known = replace(sealed(ledger, "A"), scope_spent=0, scope_plain_epsilon=Fraction(0), scope_releases=0)
    restored.reconcile([known], by="bea", reason="restored")
    assert (spent(restored), restored.scope(SCOPE).plain_epsilon, sampler_spent(restored)) == (cost(), SMALL, 1000)


def test_an_epsilon_that_cannot_be_summed_exactly_is_taken_over_rounded_up() -> None:
    ledger = fresh()
    restored = backup_of(ledger)
    known = replace(sealed(ledger, "A"), epsilon=Fraction("0.50000000000000000001"))
    restored.reconcile([known], by="bea", reason="restored")
    assert decimal_text(restored.scope(SCOPE).plain_epsilon) == "5.00000001e-1"


def test_scopes_are_made_good_apart() -> None:
    ledger = fresh()
    ledger.open_scope("others", epsilon=Fraction(4), delta=DELTA)
    restored = backup_of(ledger)
    known = sealed(ledger, "A")
    other = replace(known, scope="others", release_id="O", seq=known.seq + 1, scope_spent=2 * known.nano_rho)
    restored.reconcile([other, known], by="bea", reason="restored")
    assert (spent(restored), restored.scope("others").spent) == (cost(), 2 * cost())


def test_a_bundle_fixes_the_unit_of_its_scope_too() -> None:
    ledger = fresh()
    restored, torn = backup_of(ledger), backup_of(ledger)
    known = sealed(ledger, "A")
    restored.reconcile([known], by="bea", reason="restored")
    with pytest.raises(LedgerError, match="protects the unit 'person'"):
        reserve(restored, "B", unit=PrivacyUnit("household"))
    reserve(torn, "F", unit=PrivacyUnit("household"))
    with pytest.raises(LedgerError, match=r"sums over different units mean nothing; nothing was written"):
        torn.reconcile([known], by="bea", reason="restored")
    torn.reconcile([replace(known, unit="")], by="bea", reason="restored")


days = st.lists(st.integers(0, 2), min_size=1, max_size=6)


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(st.data(), days)
def test_whatever_was_lost_before_the_newest_bundle_is_counted(data: st.DataObject, gaps: list[int]) -> None:
    """Releases and voided reservations on any days, a copy from any moment, a branch of its own, any older bundles."""
    ledger, day, known = fresh(), 0, list[KnownRelease]()
    copies = [backup_of(ledger)]
    for number, gap in enumerate(gaps):
        day += gap
        days_later(ledger, day)
        if data.draw(st.booleans()):
            reserve(ledger, f"V{number}", Fraction(1, 10))
            copies.append(backup_of(ledger))
            ledger.void(f"V{number}", by="bea", reason="stopped")
        known.append(sealed(ledger, f"R{number}", Fraction(10 + number, 100)))
        copies.append(backup_of(ledger))
    restored = data.draw(st.sampled_from(copies))
    held = [each for each in restored.entries() if each.kind == "draw"]
    days_later(restored, day)
    branch = data.draw(st.booleans())
    if branch:
        draw(restored, "F", Fraction(1, 10))
    at_hand = [*data.draw(st.lists(st.sampled_from(known))), known[-1]]
    restored.reconcile(at_hand, by="bea", reason="restored")
    for entry in list(restored.entries()):
        if entry.release_id and entry.kind == "reserve" and restored.state(entry.release_id) == "reserved":
            restored.void(entry.release_id, by="bea", reason="stopped")
    summary = restored.scope(SCOPE)
    assert summary.spent >= sum(each.nano_rho for each in known) + branch * cost(Fraction(1, 10))
    assert summary.plain_epsilon >= sum(each.epsilon for each in known) + branch * Fraction(1, 10)
    assert summary.releases >= len(known) + branch
    assert sampler_spent(restored) >= 1000 * (len(known) + branch)
    assert restored.verify().ok
    if not held:
        assert summary.spent == sum(each.nano_rho for each in known) + branch * cost(Fraction(1, 10))
