"""Releases without a guarantee that adds up, looks at real data, and what else a ledger of format 3 may hold."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audits.ledger.forging import forge, recomputed, rows_of
from frostglass.boundary.ledger.entries import Draft
from frostglass.boundary.ledger.ledger import Entry, Ledger
from frostglass.errors import LedgerError
from tests.boundary.support import (
    MANIFEST,
    OTHER_PLAN,
    PLAN,
    SCOPE,
    STAGED,
    approved,
    cost,
    draw,
    new_ledger,
    put_back,
    reserve,
    sealed,
    spent,
    witness_of,
)

VERIFIER = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "verify_ledger.py"))
K = {"plan_sha256": OTHER_PLAN, "mode": "k-counts", "k": 10, "unit": "person", "keyed": False, "max_records": 1}
NAMED = "the k-anonymous release 'K1' (k-counts, k = 10)"


def write(ledger: Ledger, kind: str, body: Mapping[str, Any], release_id: str | None = None) -> Entry:
    """An entry that no command of this version writes."""
    with ledger._writing() as turn:
        return turn.write(Draft(kind, dict(body), SCOPE, release_id))


def k_reserve(ledger: Ledger, release_id: str, despite: str = "") -> Entry:
    return write(ledger, "k_reserve", {**K, "despite": despite, "by": "ada"}, release_id)


def k_sealed(ledger: Ledger, release_id: str, despite: str = "") -> None:
    k_reserve(ledger, release_id, despite)
    write(ledger, "k_draw", {}, release_id)
    write(ledger, "commit", {"staged_sha256": STAGED}, release_id)
    ledger.seal(release_id, manifest_sha256=MANIFEST)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return new_ledger(tmp_path / "l.db")


def both_find_nothing(ledger: Ledger) -> bool:
    assert ledger.path is not None
    assert VERIFIER["examine"](ledger.path, witness_of(ledger.path)).problems == []
    return ledger.verify().ok


# k-anonymous releases


def test_a_k_anonymous_release_goes_its_way_at_no_cost_and_is_named_from_its_draw_on(ledger: Ledger) -> None:
    sealed(ledger, "R1")
    k_reserve(ledger, "K1")
    assert ledger.scope(SCOPE).non_private == ()
    write(ledger, "k_draw", {}, "K1")
    assert ledger.scope(SCOPE).non_private == (NAMED,)
    write(ledger, "commit", {"staged_sha256": STAGED}, "K1")
    ledger.seal("K1", manifest_sha256=MANIFEST)
    approved(ledger, "K1")
    ledger.publish("K1", manifest_sha256=MANIFEST, to="the website", by="ada")
    ledger.withdraw("K1", by="ada", reason="it is not safe enough")
    summary = ledger.scope(SCOPE)
    assert (summary.spent, summary.releases, summary.non_private) == (cost(), 1, (NAMED,))
    assert both_find_nothing(ledger)


def test_each_sort_of_release_is_drawn_in_its_own_way(ledger: Ledger) -> None:
    """What adds noise was charged; what was not charged adds none."""
    reserve(ledger, "R1")
    k_reserve(ledger, "K1")
    for kind, release_id in (("draw", "K1"), ("k_draw", "R1")):
        with pytest.raises(LedgerError, match="no release"):
            write(ledger, kind, {}, release_id)
    assert ledger.undrawn(SCOPE, OTHER_PLAN) == ()
    assert [each.release_id for each in ledger.undrawn(SCOPE, PLAN)] == ["R1"]


def test_it_is_voided_before_its_draw_alone_and_gives_nothing_back(ledger: Ledger) -> None:
    k_reserve(ledger, "K1")
    ledger.void("K1", by="bea", reason="the machine was switched off")
    assert (spent(ledger), ledger.scope(SCOPE).non_private) == (0, ())
    k_sealed(ledger, "K2")
    with pytest.raises(LedgerError, match="only one that is reserved"):
        ledger.void("K2", by="bea", reason="too late")
    assert both_find_nothing(ledger)


def test_a_second_one_of_a_scope_takes_a_reason_which_statements_give(ledger: Ledger) -> None:
    k_sealed(ledger, "K1")
    ledger.withdraw("K1", by="ada", reason="a wrong year")
    with pytest.raises(LedgerError, match="a second takes a reason"):
        k_reserve(ledger, "K2")
    k_sealed(ledger, "K2", despite="a new year")
    assert ledger.scope(SCOPE).non_private[1].endswith("; not the first, because: a new year")
    assert both_find_nothing(ledger)


def test_ids_are_taken_by_both_sorts(ledger: Ledger) -> None:
    k_reserve(ledger, "K1")
    with pytest.raises(LedgerError, match=r"FG-LG-019.*no cost, being k-anonymous"):
        reserve(ledger, "K1")
    reserve(ledger, "R1")
    with pytest.raises(LedgerError, match="is used already"):
        k_reserve(ledger, "R1", despite="a trial")


@pytest.mark.parametrize(
    "body",
    [
        {**K, "mode": "k-map"},
        {**K, "k": 1},
        {**K, "k": 1001},
        {**K, "k": True},
        {**K, "unit": ""},
        {**K, "max_records": 0},
        {**K, "nano_rho": 5},
    ],
)
def test_what_is_no_k_reservation_is_refused(ledger: Ledger, body: dict[str, Any]) -> None:
    with pytest.raises(LedgerError, match="FG-LG-010"):
        write(ledger, "k_reserve", {**body, "despite": "", "by": "ada"}, "K1")


def test_a_look_at_real_data_is_told_of_in_every_later_statement(ledger: Ledger) -> None:
    write(ledger, "looked", {"what": "the table of 2025", "modes": "dp:epsilon=1,k-counts:k=10", "by": "ada"})
    (told,) = ledger.scope(SCOPE).non_private
    assert told.startswith("a look at the table of 2025 on ")
    assert told.endswith("(dp:epsilon=1,k-counts:k=10): settings may have been chosen after looking at the data")
    assert both_find_nothing(ledger)


# Branches


def forked(ledger: Ledger, before: Path, lost: Any, here: Any) -> tuple[Entry, ...]:
    """Do ``lost``, put the copy back, do ``here`` without the witness, then reconcile with it."""
    assert ledger.path is not None
    path, witness = ledger.path, witness_of(ledger.path)
    ledger.backup(before)
    lost(ledger)
    kept = witness.read_bytes()
    put_back(before, path)
    witness.unlink()
    here(Ledger.open(path))
    witness.write_bytes(kept)
    return Ledger.inspect(path).reconcile([], by="bea", reason="an old copy was used")


def test_a_lost_k_release_is_named_and_counted_and_never_drawn_here(ledger: Ledger, tmp_path: Path) -> None:
    forked(ledger, tmp_path / "b.db", lambda one: k_sealed(one, "K1"), lambda one: draw(one, "R1"))
    assert ledger.scope(SCOPE).non_private == (NAMED,)
    assert (ledger.state("K1"), spent(ledger)) == ("drawn", cost())
    with pytest.raises(LedgerError, match="a second takes a reason"):
        k_reserve(ledger, "K2")
    assert both_find_nothing(Ledger.open(tmp_path / "l.db"))
    assert ledger.reconcile([], by="bea", reason="again") == ()


def test_a_k_release_that_was_drawn_for_elsewhere_is_not_voided_here(ledger: Ledger, tmp_path: Path) -> None:
    k_reserve(ledger, "K1")
    forked(ledger, tmp_path / "b.db", lambda one: write(one, "k_draw", {}, "K1"), lambda one: draw(one, "R1"))
    assert (ledger.state("K1"), ledger.scope(SCOPE).non_private) == ("drawn", (NAMED,))
    assert both_find_nothing(ledger)


def test_a_lost_k_release_is_named_beside_another_one_of_its_id(ledger: Ledger, tmp_path: Path) -> None:
    forked(ledger, tmp_path / "b.db", lambda one: k_sealed(one, "K1"), lambda one: k_sealed(one, "K1"))
    first, second = ledger.scope(SCOPE).non_private
    assert first == NAMED
    assert "'lost-" in second
    assert second.endswith("because: an old copy was used")
    assert both_find_nothing(ledger)


def test_a_k_release_that_was_voided_here_and_drawn_there_is_named(ledger: Ledger, tmp_path: Path) -> None:
    k_reserve(ledger, "K1")

    def void(one: Ledger) -> None:
        one.void("K1", by="bea", reason="stopped")

    forked(ledger, tmp_path / "b.db", lambda one: write(one, "k_draw", {}, "K1"), void)
    assert len(ledger.scope(SCOPE).non_private) == 1
    assert both_find_nothing(ledger)


def test_looks_and_moves_of_a_lost_branch_come_back(ledger: Ledger, tmp_path: Path) -> None:
    def lost(one: Ledger) -> None:
        write(one, "looked", {"what": "the table of 2025", "modes": "k-counts:k=10", "by": "ada"})
        with one._writing() as turn:
            turn.write(Draft("moved", {"by": "ada", "reason": "a new disk"}))

    added = forked(ledger, tmp_path / "b.db", lost, lambda one: draw(one, "R1"))
    assert [each.kind for each in added] == ["looked", "moved", "reconcile"]
    assert "the table of 2025" in ledger.scope(SCOPE).non_private[0]
    assert both_find_nothing(ledger)


def test_why_a_cluster_was_trusted_outlives_a_lost_branch(ledger: Ledger, tmp_path: Path) -> None:
    def lost(one: Ledger) -> None:
        reservation = reserve(one, "R2")
        entry = next(each for each in one.entries() if each.seq == reservation.seq)
        body = {name: value for name, value in entry.body.items() if name != "nonce"}
        write(one, "reserve", {**body, "trust_cluster": "it is ours, behind the door"}, "R3")

    added = forked(ledger, tmp_path / "b.db", lost, lambda one: draw(one, "R1"))
    assert [each.text("reason") for each in added] == [
        "an old copy was used",
        "an old copy was used; its cluster was trusted, because: it is ours, behind the door",
    ]
    assert both_find_nothing(ledger)


# The day alone


def test_draw_and_commit_carry_the_day_and_tell_no_time(ledger: Ledger) -> None:
    ledger._clock = lambda: datetime(2026, 12, 1, 15, 4, 5, tzinfo=UTC)
    sealed(ledger, "R1")
    k_sealed(ledger, "K1")
    times = {each.kind: each.at for each in ledger.entries() if each.release_id}
    assert {times[kind] for kind in ("draw", "k_draw", "commit")} == {"2026-12-01T00:00:00Z"}
    assert {times[kind] for kind in ("reserve", "k_reserve", "seal")} == {"2026-12-01T15:04:05Z"}
    assert not any("clock_behind" in each.body for each in ledger.entries() if each.release_id == "K1")
    assert both_find_nothing(ledger)


def test_a_clock_that_goes_back_by_a_day_is_noted_there_too(ledger: Ledger) -> None:
    reservation = reserve(ledger, "R1")
    ledger._clock = lambda: datetime(2026, 1, 1, tzinfo=UTC)
    ledger.begin_draw(reservation)
    drawn = ledger.find("R1", "draw")
    assert drawn is not None
    assert drawn.body["clock_behind"] is True


@pytest.mark.parametrize("kind", ["draw", "commit"])
@pytest.mark.parametrize("number", [2, 3])
def test_a_time_in_a_draw_is_refused_from_format_3_on(ledger: Ledger, number: int, kind: str) -> None:
    sealed(ledger, "R1")
    assert ledger.path is not None
    rows = [
        (*row[:4], row[4].replace("T00:00:00Z", "T10:00:00Z"), *row[5:]) if row[1] == kind else row
        for row in rows_of(ledger.path)
    ]
    first = (*rows[0][:5], rows[0][5].replace('"format":3', f'"format":{number}'), *rows[0][6:])
    forge(ledger.path, recomputed([first, *rows[1:]], 0, on=True))
    found = VERIFIER["examine"](ledger.path, None).problems
    witness_of(ledger.path).unlink()
    assert (found == []) is Ledger.inspect(ledger.path).verify().ok is (number == 2)


def test_an_older_ledger_goes_on_with_days_and_new_kinds(ledger: Ledger) -> None:
    assert ledger.path is not None
    rows = rows_of(ledger.path)
    first = (*rows[0][:5], rows[0][5].replace('"format":3', '"format":1'), *rows[0][6:])
    forge(ledger.path, recomputed([first, *rows[1:]], 0, on=True))
    witness_of(ledger.path).unlink()
    older = Ledger.open(ledger.path)
    sealed(older, "R1")
    k_sealed(older, "K1")
    assert both_find_nothing(older)
