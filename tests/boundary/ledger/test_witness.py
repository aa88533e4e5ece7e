"""An old copy of the ledger cannot pass for the present one, and reconciling adds what it forgot."""

from __future__ import annotations

import fcntl
import stat
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from frostglass.boundary.ledger.entries import line_of
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.store import Snapshot, SqliteStore
from frostglass.boundary.ledger.witness import Witness
from frostglass.errors import BudgetError, LedgerError
from frostglass.terms.unit import PrivacyUnit
from tests.boundary.support import (
    DELTA,
    EPSILON,
    MANIFEST,
    OTHER_PLAN,
    PLAN,
    SCOPE,
    STAGED,
    charge,
    cost,
    days_later,
    draw,
    new_ledger,
    put_back,
    reserve,
    sealed,
    spent,
    witness_of,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with one sealed release (entries 1 to 6) and, as ``old.db``, a copy of that moment."""
    path = tmp_path / "l.db"
    sealed(new_ledger(path), "R1")
    Ledger.open(path).backup(tmp_path / "old.db")
    return path


def old(path: Path) -> Path:
    return path.with_name("old.db")


def fork(path: Path) -> None:
    """Put the old copy back and go on with it while the witness is away; then put the witness back."""
    witness = witness_of(path)
    kept = witness.read_bytes()
    put_back(old(path), path)
    witness.unlink()
    draw(Ledger.open(path), "F1")
    witness.write_bytes(kept)


# The witness itself


def test_the_witness_holds_every_entry_in_a_file_for_the_owner_alone(path: Path) -> None:
    lines = witness_of(path).read_text().splitlines()
    assert lines == [line_of(entry) for entry in Ledger.open(path).entries()]
    assert stat.S_IMODE(witness_of(path).stat().st_mode) == 0o600


def test_the_witness_may_lie_elsewhere(tmp_path: Path) -> None:
    place = tmp_path / "stick" / "w.jsonl"
    place.parent.mkdir()
    ledger = Ledger.create(tmp_path / "l.db", witness=place)
    ledger.open_scope(SCOPE, epsilon=EPSILON, delta=DELTA)
    assert len(Witness(place).entries()) == 2
    assert not witness_of(tmp_path / "l.db").exists()
    assert Ledger.open(tmp_path / "l.db", witness=place).verify().notes == ()


def test_a_witness_that_is_behind_is_brought_up_to_date_on_opening(path: Path) -> None:
    witness = witness_of(path)
    whole = witness.read_bytes()
    witness.write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    assert Ledger.inspect(path).verify().notes == (
        "the witness is behind; the next step that writes brings it up to date",
    )
    Ledger.open(path)
    assert witness.read_bytes() == whole


def test_a_line_that_broke_off_is_written_again(path: Path) -> None:
    """As after a power cut in the middle of the line."""
    witness = witness_of(path)
    whole = witness.read_bytes()
    witness.write_bytes(whole[:-20])
    Ledger.open(path)
    assert witness.read_bytes() == whole


def test_a_missing_witness_is_reported_and_made_anew_by_the_next_step(path: Path) -> None:
    witness_of(path).unlink()
    ledger = Ledger.open(path)
    report = ledger.verify()
    assert report.ok
    assert "there is no witness" in report.notes[0]
    assert not witness_of(path).exists()
    reserve(ledger, "R2")
    assert Witness(witness_of(path)).entries() == tuple(ledger.entries())
    assert ledger.verify().notes == ()


def test_a_new_ledger_is_not_started_over_the_witness_of_a_lost_one(path: Path) -> None:
    path.unlink()
    with pytest.raises(LedgerError, match="would forget what was spent") as refused:
        Ledger.create(path)
    assert refused.value.code == "FG-LG-002"
    with pytest.raises(LedgerError, match="is gone, and its witness is there"):
        Ledger.open(path)
    assert not path.exists()


def test_a_witness_that_cannot_be_written_is_told_and_the_spending_stands(path: Path) -> None:
    ledger = Ledger.open(path)
    witness_of(path).unlink()
    witness_of(path).mkdir()
    with pytest.raises(LedgerError) as refused:
        reserve(ledger, "R2")
    assert refused.value.code == "FG-LG-014"
    witness_of(path).rmdir()
    assert Ledger.open(path).verify().ok


def test_a_damaged_witness_stops_the_ledger(path: Path) -> None:
    with witness_of(path).open("a") as file:
        file.write("scribble\n")
    with pytest.raises(LedgerError, match="is damaged; compare"):
        Ledger.open(path)
    assert not Ledger.inspect(path).verify().ok


def test_a_witness_line_that_was_changed_is_found(path: Path) -> None:
    lines = witness_of(path).read_text().splitlines(keepends=True)
    lines[2] = lines[2].replace("R1", "R9")
    witness_of(path).write_text("".join(lines))
    assert not Ledger.inspect(path).verify().ok


def test_a_step_that_another_process_takes_meanwhile_does_not_look_like_an_old_copy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process reserves just after the ledger was read here, and before anything else happens."""
    ledger, other = Ledger.open(path), Ledger.open(path)
    plain, releases = SqliteStore.read, iter(range(100))

    def read_and_be_overtaken(store: SqliteStore) -> Snapshot:
        snapshot = plain(store)
        reserve(other, f"O{next(releases)}", Fraction(1, 100))
        return snapshot

    monkeypatch.setattr(SqliteStore, "read", read_and_be_overtaken)
    Ledger.open(path)
    ledger.afford(SCOPE, charge(nano_rho=1))
    assert ledger.verify().ok
    assert next(releases) >= 3


def test_processes_write_the_witness_one_after_another(path: Path) -> None:
    """While one holds it, the other waits, and the ledger is not locked meanwhile."""
    ledger = Ledger.open(path)
    with witness_of(path).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = threading.Thread(target=reserve, args=(ledger, "R2"))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        assert Ledger.inspect(path).state("R2") == "reserved"
        assert len(Witness(witness_of(path)).lines()) == 6
    waiting.join(10)
    assert not waiting.is_alive()
    assert len(Witness(witness_of(path)).lines()) == 7


def test_rubbish_after_the_last_whole_line_is_cut_off(path: Path) -> None:
    """Some file systems leave a block of zeros after a power cut."""
    witness = witness_of(path)
    lines = witness.read_bytes().splitlines(keepends=True)
    witness.write_bytes(b"".join(lines[:-1]) + b"\0" * 4096)
    Ledger.open(path)
    assert witness.read_bytes() == b"".join(lines)


# An old copy put back


def test_an_old_copy_is_refused_for_every_step_that_counts(path: Path) -> None:
    """Catalogue case 64."""
    ledger = Ledger.open(path)
    draw(ledger, "R2")
    put_back(old(path), path)
    with pytest.raises(LedgerError, match=r"is older than its witness.*an entry 8.*ends at entry 6") as refused:
        Ledger.open(path)
    assert refused.value.code == "FG-LG-007"
    for stale in (ledger, Ledger.inspect(path)):
        with pytest.raises(LedgerError, match="older than its witness"):
            reserve(stale, "R3")
        with pytest.raises(LedgerError, match="older than its witness"):
            stale.afford(SCOPE, charge(nano_rho=1))
    assert Ledger.inspect(path).scope(SCOPE).spent == cost()


def test_a_torn_line_beyond_the_ledger_shows_an_old_copy_too(path: Path) -> None:
    """The line of entry 7 broke off, and then the copy that ends at entry 6 was put back."""
    reserve(Ledger.open(path), "R2")
    witness_of(path).write_bytes(witness_of(path).read_bytes()[:-20])
    put_back(old(path), path)
    with pytest.raises(LedgerError, match="has seen an entry 7"):
        Ledger.open(path)
    Ledger.inspect(path).reconcile([], by="bea", reason="copy put back after a power cut")
    assert Ledger.open(path).verify().ok


def test_reconciling_an_old_copy_brings_the_very_entries_back(path: Path) -> None:
    ledger = Ledger.open(path)
    sealed(ledger, "R2")
    reserve(ledger, "R3")
    ledger.void("R3", by="bea", reason="stopped")
    before, content = list(ledger.entries()), witness_of(path).read_bytes()
    put_back(old(path), path)
    returned = Ledger.inspect(path).reconcile([], by="bea", reason="the disk was restored")
    assert list(returned) == before[6:]
    assert list(Ledger.open(path).entries()) == before
    assert witness_of(path).read_bytes() == content
    assert Ledger.open(path).verify().notes == ()


def test_reconciling_twice_adds_nothing(path: Path) -> None:
    fork(path)
    ledger = Ledger.inspect(path)
    ledger.reconcile([], by="bea", reason="restored")
    assert ledger.reconcile([], by="bea", reason="again") == ()


def test_reconciling_what_is_whole_adds_nothing(path: Path) -> None:
    assert Ledger.open(path).reconcile([], by="bea", reason="to be sure") == ()


# A fork


def test_a_fork_is_refused_and_reconciling_adds_what_the_other_branch_spent(path: Path) -> None:
    known = sealed(Ledger.open(path), "R2")
    fork(path)
    with pytest.raises(LedgerError, match="is older than its witness"):
        Ledger.open(path)
    forked = Ledger.inspect(path)
    assert spent(forked) == 2 * cost()
    added = forked.reconcile([], by="bea", reason="a backup was put back by mistake")
    assert {each.kind for each in added} == {"reconcile"}
    assert all((each.text("by"), each.text("reason")) == ("bea", "a backup was put back by mistake") for each in added)
    ledger = Ledger.open(path)
    assert spent(ledger) == 3 * cost()
    assert ledger.scope(SCOPE).plain_epsilon == Fraction(3, 2)
    ledger.check_known([known])
    assert ledger.verify().ok
    assert ledger.verify().notes == ()
    assert ledger.state("R2") == "reconciled"


def test_a_fork_that_is_longer_than_the_witness_is_refused_too(path: Path) -> None:
    reserve(Ledger.open(path), "R2")
    fork(path)
    with pytest.raises(LedgerError, match=r"have gone different ways.*an entry 7"):
        Ledger.open(path)


def test_after_a_fork_was_reconciled_the_witness_follows_the_ledger(path: Path) -> None:
    sealed(Ledger.open(path), "R2")
    fork(path)
    before = witness_of(path).read_bytes()
    Ledger.inspect(path).reconcile([], by="bea", reason="restored")
    ledger = Ledger.open(path)
    reserve(ledger, "R3", Fraction(1, 100))
    assert witness_of(path).read_bytes().startswith(before)
    assert Witness(witness_of(path)).entries() == tuple(ledger.entries())
    ledger.backup(path.with_name("older.db"))
    draw(ledger, "R4", Fraction(1, 100))
    put_back(path.with_name("older.db"), path)
    with pytest.raises(LedgerError, match="older than its witness"):
        Ledger.open(path)
    Ledger.inspect(path).reconcile([], by="bea", reason="restored again")
    assert Ledger.open(path).state("R4") == "drawn"


def test_a_crash_between_reconciling_and_the_witness_is_made_good(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed(Ledger.open(path), "R2")
    fork(path)
    with monkeypatch.context() as patched:
        patched.setattr(Witness, "catch_up", lambda self, book: None)
        Ledger.inspect(path).reconcile([], by="bea", reason="restored")
    ledger = Ledger.open(path)
    assert Witness(witness_of(path)).entries() == tuple(ledger.entries())
    assert spent(ledger) == 3 * cost()


def test_a_release_voided_here_and_drawn_there_is_charged_again(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    reservation = reserve(new_ledger(path), "R1")
    Ledger.open(path).backup(old(path))
    Ledger.open(path).begin_draw(reservation)
    kept = witness_of(path).read_bytes()
    put_back(old(path), path)
    witness_of(path).unlink()
    Ledger.open(path).void("R1", by="bea", reason="nothing was drawn, as it seems")
    witness_of(path).write_bytes(kept)
    Ledger.inspect(path).reconcile([], by="bea", reason="it was drawn")
    assert spent(Ledger.open(path)) == cost()


def test_one_reservation_drawn_for_on_both_branches_is_charged_twice(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    reservation = reserve(new_ledger(path), "R1")
    Ledger.open(path).backup(old(path))
    Ledger.open(path).begin_draw(reservation)
    kept = witness_of(path).read_bytes()
    put_back(old(path), path)
    witness_of(path).unlink()
    Ledger.open(path).begin_draw(reservation)
    witness_of(path).write_bytes(kept)
    Ledger.inspect(path).reconcile([], by="bea", reason="both were drawn")
    assert spent(Ledger.open(path)) == 2 * cost()


def test_a_reservation_drawn_for_on_the_other_branch_alone_is_charged_once_and_barred(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    reservation = reserve(new_ledger(path), "R1")
    Ledger.open(path).backup(old(path))
    Ledger.open(path).begin_draw(reservation)
    kept = witness_of(path).read_bytes()
    put_back(old(path), path)
    witness_of(path).unlink()
    reserve(Ledger.open(path), "F1")
    witness_of(path).write_bytes(kept)
    Ledger.inspect(path).reconcile([], by="bea", reason="restored")
    ledger = Ledger.open(path)
    assert spent(ledger) == 2 * cost()
    with pytest.raises(LedgerError, match="'R1' is drawn"):
        ledger.void("R1", by="bea", reason="nothing was drawn")
    with pytest.raises(LedgerError, match="'R1' is drawn"):
        ledger.begin_draw(reservation)


def test_the_same_release_id_on_both_branches_counts_twice(path: Path) -> None:
    sealed(Ledger.open(path), "F1")
    fork(path)
    Ledger.inspect(path).reconcile([], by="bea", reason="restored")
    assert spent(Ledger.open(path)) == 3 * cost()


def test_the_same_release_id_reserved_here_and_drawn_there_counts_twice(path: Path) -> None:
    sealed(Ledger.open(path), "F2")
    fork(path)
    kept = witness_of(path).read_bytes()
    witness_of(path).unlink()
    reserve(Ledger.open(path), "F2")
    witness_of(path).write_bytes(kept)
    Ledger.inspect(path).reconcile([], by="bea", reason="restored")
    assert spent(Ledger.open(path)) == 4 * cost()


def test_what_was_voided_on_the_other_branch_costs_nothing(path: Path) -> None:
    ledger = Ledger.open(path)
    reserve(ledger, "R2")
    ledger.void("R2", by="bea", reason="stopped")
    fork(path)
    Ledger.inspect(path).reconcile([], by="bea", reason="restored")
    assert spent(Ledger.open(path)) == 2 * cost()
    assert Ledger.open(path).verify().ok


def test_scopes_and_notes_of_the_other_branch_come_along(path: Path) -> None:
    ledger = Ledger.open(path)
    ledger.open_scope("others", epsilon=Fraction(6), delta=DELTA, reason="a pilot")
    ledger.reserve("others", "R2", PLAN, charge(sampler_units=7))
    ledger.non_private(SCOPE, what="a table with k = 10", by="ada")
    fork(path)
    Ledger.inspect(path).reconcile([], by="bea", reason="restored")
    restored = Ledger.open(path)
    assert (restored.scope("others").reason, restored.scope("others").spent) == ("a pilot", cost())
    assert restored.scope(SCOPE).non_private == ("a table with k = 10",)
    assert restored.verify().ok


def test_the_unit_of_the_other_branch_comes_along(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    new_ledger(path).backup(old(path))
    draw(Ledger.open(path), "R1")
    kept = witness_of(path).read_bytes()
    put_back(old(path), path)
    witness_of(path).unlink()
    Ledger.open(path).non_private(SCOPE, what="a table with k = 10", by="ada")
    witness_of(path).write_bytes(kept)
    Ledger.inspect(path).reconcile([], by="bea", reason="restored")
    with pytest.raises(LedgerError, match="protects the unit 'person'"):
        reserve(Ledger.open(path), "R2", unit=PrivacyUnit("household"))


def test_a_branch_that_was_itself_reconciled_can_be_taken_over(path: Path) -> None:
    sealed(Ledger.open(path), "R2")
    fork(path)
    Ledger.inspect(path).reconcile([], by="bea", reason="first time")
    most = spent(Ledger.open(path))
    kept = witness_of(path).read_bytes()
    put_back(old(path), path)
    witness_of(path).unlink()
    reserve(Ledger.open(path), "G1", Fraction(1, 100))
    witness_of(path).write_bytes(kept)
    Ledger.inspect(path).reconcile([], by="bea", reason="second time")
    ledger = Ledger.open(path)
    assert spent(ledger) == most + cost(Fraction(1, 100))
    assert ledger.verify().ok


def test_reconciling_may_go_beyond_the_allowance_and_then_nothing_more_is_granted(path: Path) -> None:
    sealed(Ledger.open(path), "R2", Fraction(19, 10))
    fork(path)
    Ledger.inspect(path).reconcile([], by="bea", reason="restored")
    ledger = Ledger.open(path)
    summary = ledger.scope(SCOPE)
    assert summary.spent > summary.allowance
    assert summary.tight_epsilon > EPSILON
    assert ledger.verify().ok
    assert "spent more than its allowance" in ledger.verify().notes[0]
    with pytest.raises(BudgetError, match=r"0\.000000000 of"):
        reserve(ledger, "R9", Fraction(1, 100))


def test_the_witness_of_another_ledger_is_not_taken_over(path: Path, tmp_path: Path) -> None:
    new_ledger(tmp_path / "other.db")
    witness_of(path).write_bytes(witness_of(tmp_path / "other.db").read_bytes())
    with pytest.raises(LedgerError, match="gone different ways"):
        Ledger.open(path)
    with pytest.raises(LedgerError, match="belongs to another ledger"):
        Ledger.inspect(path).reconcile([], by="bea", reason="mixed up")


# Known releases


def test_a_ledger_older_than_a_known_release_is_refused(path: Path) -> None:
    """Catalogue case 64: nothing but the bundle tells, because the witness went back with the ledger."""
    kept = witness_of(path).read_bytes()
    known = sealed(days_later(Ledger.open(path), 1), "R2")
    put_back(old(path), path)
    witness_of(path).write_bytes(kept)
    ledger = Ledger.open(path)
    with pytest.raises(LedgerError, match=r"older than the release 'R2' of the scope 'people'.*the entry 9") as refused:
        ledger.check_known([known])
    assert refused.value.code == "FG-LG-008"
    (added,) = ledger.reconcile([known, known], by="bea", reason="the folder was restored")
    assert (added.kind, added.release_id, added.lost()) == ("reconcile", "R2", ((known.seq, known.head),))
    assert spent(ledger) == 2 * cost()
    ledger.check_known([known])
    assert ledger.reconcile([known], by="bea", reason="again") == ()
    with pytest.raises(LedgerError, match="its spending was reconciled"):
        reserve(ledger, "R2", plan=OTHER_PLAN)


def test_a_known_release_that_is_there_passes(path: Path) -> None:
    ledger = Ledger.open(path)
    ledger.check_known([sealed(ledger, "R2")])


def test_a_release_of_another_ledger_concerns_nobody_here(path: Path, tmp_path: Path) -> None:
    foreign = sealed(new_ledger(tmp_path / "other.db"), "R9")
    ledger = Ledger.open(path)
    ledger.check_known([foreign])
    assert ledger.reconcile([foreign], by="bea", reason="to be sure") == ()


def test_a_known_release_of_a_scope_that_is_not_open_asks_for_the_scope_first(path: Path) -> None:
    ledger = Ledger.open(path)
    known = replace(sealed(ledger, "R2"), scope="others", head=STAGED)
    with pytest.raises(LedgerError, match="open it first"):
        ledger.reconcile([known], by="bea", reason="restored")
    assert ledger.verify().ok


# A ledger that is gone


@pytest.mark.parametrize("source", ["witness", "export"])
def test_a_lost_ledger_is_written_anew_from_its_witness_or_an_export(path: Path, source: str) -> None:
    ledger = Ledger.open(path)
    lines = witness_of(path)
    if source == "export":
        lines = path.with_name("export.jsonl")
        ledger.export(lines)
    before = list(ledger.entries())
    path.unlink()
    rebuilt = Ledger.rebuild(path, lines)
    assert list(rebuilt.entries()) == before
    assert rebuilt.ledger_id == ledger.ledger_id
    rebuilt.moved(by="bea", reason="the disk broke")
    reserve(Ledger.open(path), "R2")
    assert Ledger.open(path).verify().notes == ()


def test_a_ledger_is_not_rebuilt_over_one_that_is_there(path: Path) -> None:
    content = path.read_bytes()
    with pytest.raises(LedgerError, match="never overwritten"):
        Ledger.rebuild(path, witness_of(path))
    assert path.read_bytes() == content


def test_an_older_export_does_not_make_a_ledger_that_forgets(path: Path) -> None:
    ledger = Ledger.open(path)
    lines = path.with_name("export.jsonl")
    ledger.export(lines)
    reservation = draw(ledger, "R2")
    ledger.commit(reservation, staged_sha256=STAGED)
    ledger.seal("R2", manifest_sha256=MANIFEST)
    path.unlink()
    rebuilt = Ledger.rebuild(path, lines)
    with pytest.raises(LedgerError, match="older than its witness"):
        reserve(rebuilt, "R3")
    rebuilt.reconcile([], by="bea", reason="rebuilt from an export")
    assert Ledger.open(path).state("R2") == "sealed"


@pytest.mark.parametrize("ending", [b"", b"*", b"\x0b", b"\x8a"])
def test_an_export_that_breaks_off_does_not_make_a_ledger_that_forgets_its_last_entry(
    path: Path, ending: bytes
) -> None:
    """Only a witness may break off, where the power went: the entry of that line had let nothing happen yet."""
    lines = path.with_name("export.jsonl")
    Ledger.open(path).export(lines)
    lines.write_bytes(lines.read_bytes()[:-1] + ending)
    path.unlink()
    with pytest.raises(LedgerError, match="not the whole chain"):
        Ledger.rebuild(path, lines)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"name,age\nJane Example,7\n", b"", b"\xff\n", b"{}\n"])
def test_what_is_no_chain_is_named_as_that(path: Path, content: bytes) -> None:
    other = path.with_name("other.csv")
    other.write_bytes(content)
    path.unlink()
    with pytest.raises(LedgerError, match="FG-LG-003") as refused:
        Ledger.rebuild(path, other)
    assert "Jane" not in str(refused.value)
    with pytest.raises(LedgerError, match="cannot be read"):
        Ledger.rebuild(path, path.with_name("nowhere"))
    assert not path.exists()


def test_a_witness_that_breaks_off_makes_a_ledger_that_says_so(path: Path) -> None:
    """The broken line stays in the witness until a reconciliation answers for it."""
    beside = witness_of(path)
    beside.write_bytes(beside.read_bytes()[:-1])
    path.unlink()
    rebuilt = Ledger.rebuild(path, beside)
    with pytest.raises(LedgerError):
        reserve(rebuilt, "R2")
    assert [each.kind for each in rebuilt.reconcile([], by="bea", reason="the disk broke")] == ["reconcile", "moved"]
    reserve(rebuilt, "R2")
    assert rebuilt.verify().ok


def test_a_broken_export_makes_no_ledger(path: Path) -> None:
    lines = path.with_name("export.jsonl")
    Ledger.open(path).export(lines)
    lines.write_text("".join(lines.read_text().splitlines(keepends=True)[1:]))
    path.unlink()
    with pytest.raises(LedgerError):
        Ledger.rebuild(path, lines)
    assert not path.exists()
