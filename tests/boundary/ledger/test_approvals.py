"""What is published was approved by two different people, and what was withdrawn is never published again."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from audits.ledger.forging import Row, forge, recomputed, rows_of
from frostglass.boundary.ledger.entries import Draft, canonical
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.people import folded
from frostglass.errors import LedgerError, UsageError
from tests.boundary.support import (
    MANIFEST,
    SCOPE,
    STAGED,
    approved,
    cost,
    draw,
    in_memory,
    new_ledger,
    published,
    put_back,
    reserve,
    sealed,
    spent,
    witness_of,
)

VERIFIER = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "verify_ledger.py"))


def approve(ledger: Ledger, by: str, release_id: str = "R1") -> None:
    ledger.approve(release_id, manifest_sha256=MANIFEST, by=by, note="read the review")


def publish(ledger: Ledger, release_id: str = "R1") -> None:
    ledger.publish(release_id, manifest_sha256=MANIFEST, to="the website", by="ada")


def refused(act: Any, *arguments: Any) -> LedgerError:
    with pytest.raises(LedgerError) as caught:
        act(*arguments)
    return caught.value


def sealed_in_memory() -> Ledger:
    ledger = in_memory()
    sealed(ledger, "R1")
    return ledger


# Approvals


def test_publishing_is_refused_with_who_has_approved_and_what_is_missing() -> None:
    ledger = sealed_in_memory()
    nobody = refused(publish, ledger)
    assert nobody.code == "FG-LG-024"
    assert "approved by nobody yet; before it is published, 2 different people have to say" in nobody.message
    approve(ledger, "Ada")
    one = refused(publish, ledger)
    assert f"approved by 'Ada' ({ledger.approvals('R1')[0].at[:10]}); before" in one.message
    assert "another person has to say `frostglass approve" in one.message
    assert ledger.find("R1", "publish") is None
    approve(ledger, "Bea")
    publish(ledger)
    assert ledger.state("R1") == "published"


@pytest.mark.parametrize("again", ["ada", " ADA ", "Ａda", "𝐀da", "aDa", "ada\u00a0", "A da", "A.d-a."], ids=ascii)
def test_one_person_is_not_two_however_the_name_is_written(again: str) -> None:
    ledger = sealed_in_memory()
    approve(ledger, "Ada")
    before = list(ledger.entries())
    assert refused(approve, ledger, again).code == "FG-LG-025"
    assert list(ledger.entries()) == before
    assert refused(publish, ledger).code == "FG-LG-024"


def test_names_are_told_apart_by_letters_and_not_by_how_they_are_written() -> None:
    assert folded("Zoë  Müller") == folded("ZOE\u0308 MÜLLER") == folded(" zoë müller ")
    assert folded("Straße") == folded("STRASSE")
    assert folded("Ada O'Hara-Ng") == folded("ada ohara ng.")
    assert len({folded(each) for each in ("Ada", "Adah", "Áda", "Ada2", "राम", "रम")}) == 6


def test_whoever_released_it_may_be_one_of_the_two() -> None:
    ledger = sealed_in_memory()
    assert ledger.find("R1", "reserve").text("by") == "ada"  # type: ignore[union-attr]
    approved(ledger, "R1")
    assert ledger.state("R1") == "approved"


def test_an_approval_names_what_was_sealed() -> None:
    ledger = sealed_in_memory()
    with pytest.raises(LedgerError, match="the manifest is another one"):
        ledger.approve("R1", manifest_sha256=STAGED, by="ada", note="looked")
    assert ledger.approvals("R1") == ()


def test_an_approval_has_a_name_and_a_note() -> None:
    ledger = sealed_in_memory()
    for by, note in (("", "looked"), ("–.", "looked"), ("ada", " "), ("ada", "two\nlines")):
        with pytest.raises(UsageError):
            ledger.approve("R1", manifest_sha256=MANIFEST, by=by, note=note)
    assert ledger.approvals("R1") == ()


# Withdrawals


@pytest.mark.parametrize("published_before", [False, True])
def test_a_withdrawn_release_is_neither_approved_nor_published_nor_withdrawn_again(published_before: bool) -> None:
    ledger = sealed_in_memory()
    approved(ledger, "R1")
    if published_before:
        publish(ledger)
    ledger.withdraw("R1", by="cyd", reason="a wrong year")
    for act in (
        lambda: publish(ledger),
        lambda: approve(ledger, "dee"),
        lambda: ledger.withdraw("R1", by="cyd", reason="once more"),
    ):
        assert refused(act).code == "FG-LG-026"
    assert spent(ledger) == cost()
    assert refused(reserve, ledger, "R1").code == "FG-LG-019"
    assert ledger.verify().ok


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_what_has_no_bundle_is_not_withdrawn(steps: int) -> None:
    ledger = in_memory()
    reservation = reserve(ledger, "R1")
    if steps > 0:
        ledger.begin_draw(reservation)
    if steps > 1:
        ledger.commit(reservation, staged_sha256=STAGED)
    error = refused(lambda: ledger.withdraw("R1", by="cyd", reason="a wrong year"))
    assert (error.code, "ledger purge" in error.message) == ("FG-LG-027", True)


def test_what_was_withdrawn_on_a_lost_branch_is_withdrawn_when_the_two_are_joined(tmp_path: Path) -> None:
    """An old copy was put back and used; the witness saw that the release had been withdrawn meanwhile."""
    path, copy = tmp_path / "l.db", tmp_path / "copy.db"
    ledger = new_ledger(path)
    published(ledger, "R1")
    draw(ledger, "R2")
    ledger.backup(copy)
    ledger.withdraw("R1", by="cyd", reason="a wrong year")
    put_back(copy, path)
    witness_of(path).rename(tmp_path / "aside")
    Ledger.open(path).non_private(SCOPE, what="a table of totals", by="ada")
    (tmp_path / "aside").replace(witness_of(path))
    joined = Ledger.inspect(path)
    joined.reconcile([], by="bea", reason="an old copy was used")
    joined = Ledger.open(path)
    assert joined.state("R1") == "withdrawn"
    assert joined.find("R1", "withdraw").text("reason") == "a wrong year"  # type: ignore[union-attr]
    assert refused(publish, joined).code == "FG-LG-026"
    assert joined.reconcile([], by="bea", reason="again") == ()
    assert joined.verify().ok
    assert VERIFIER["examine"](path, witness_of(path)).problems == []


def test_a_release_that_a_lost_branch_sealed_and_withdrew_is_never_sealed_here(tmp_path: Path) -> None:
    path, copy = tmp_path / "l.db", tmp_path / "copy.db"
    ledger = new_ledger(path)
    reservation = draw(ledger, "R1")
    ledger.backup(copy)
    ledger.commit(reservation, staged_sha256=STAGED)
    ledger.seal("R1", manifest_sha256=MANIFEST)
    ledger.withdraw("R1", by="cyd", reason="a wrong year")
    put_back(copy, path)
    witness_of(path).rename(tmp_path / "aside")
    Ledger.open(path).non_private(SCOPE, what="a table of totals", by="ada")
    (tmp_path / "aside").replace(witness_of(path))
    Ledger.inspect(path).reconcile([], by="bea", reason="an old copy was used")
    joined = Ledger.open(path)
    assert joined.state("R1") == "withdrawn"
    with pytest.raises(LedgerError, match="is withdrawn"):
        joined.commit(reservation, staged_sha256=STAGED)
    assert VERIFIER["examine"](path, witness_of(path)).problems == []


# Chains, and older ones


def of_format(rows: list[Row], number: object) -> list[Row]:
    """The chain with another format number in its first entry."""
    first = rows[0]
    body = canonical({**json.loads(first[5]), "format": number})
    return recomputed([(*first[:5], body, *first[6:]), *rows[1:]], 0, on=True)


def older(path: Path) -> Ledger:
    """A ledger as an older version left it: format 1, with a release that was published without approvals."""
    ledger = new_ledger(path)
    sealed(ledger, "R1")
    rewrite(path, of_format(rows_of(path), 1))
    ledger = Ledger.open(path)
    unapproved(ledger, "R1")
    return ledger


def unapproved(ledger: Ledger, release_id: str) -> None:
    """A publish entry, without asking who has approved it, as an older version wrote it."""
    with ledger._writing() as turn:
        body: dict[str, Any] = {"manifest_sha256": MANIFEST, "to": "the website", "by": "ada"}
        turn.write(Draft("publish", body, SCOPE, release_id))


def rewrite(path: Path, rows: list[Row]) -> None:
    forge(path, rows)
    witness_of(path).unlink(missing_ok=True)


def both_find(path: Path) -> bool:
    """Whether frostglass and the verifier that stands alone find something wrong; they agree."""
    found = bool(VERIFIER["examine"](path, None).problems)
    assert found == (not Ledger.inspect(path).verify().ok)
    return found


def test_an_older_ledger_keeps_what_it_published_and_publishes_nothing_more_without_approvals(tmp_path: Path) -> None:
    ledger = older(tmp_path / "l.db")
    assert not both_find(tmp_path / "l.db")
    assert ledger.state("R1") == "published"
    assert refused(publish, ledger).code == "FG-LG-024"
    approved(ledger, "R1")
    assert ledger.state("R1") == "published"
    publish(ledger)
    assert not both_find(tmp_path / "l.db")


@pytest.mark.parametrize("first", ["approve", "withdraw"])
def test_an_older_ledger_is_held_to_the_rule_from_its_first_new_entry_on(first: str, tmp_path: Path) -> None:
    ledger = older(tmp_path / "l.db")
    sealed(ledger, "R2")
    if first == "approve":
        approve(ledger, "ada", "R2")
    else:
        ledger.withdraw("R2", by="ada", reason="a wrong year")
    assert not both_find(tmp_path / "l.db")
    with pytest.raises(LedgerError, match="only what 2 different people have approved"):
        unapproved(ledger, "R1")


def test_a_chain_in_which_something_was_published_without_two_people_is_refused_by_both(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    older(path)
    rewrite(path, of_format(rows_of(path), 2))
    assert both_find(path)
    assert "approved by two people" in VERIFIER["examine"](path, None).problems[0]
    with pytest.raises(LedgerError, match="damaged"):
        Ledger.open(path)


@pytest.mark.parametrize("gone", ["ada", "bea"])
def test_a_chain_from_which_an_approval_was_taken_is_refused_by_both(gone: str, tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    published(new_ledger(path), "R1")
    rows = rows_of(path)
    rewrite(path, recomputed(rows, 0, on=True))
    assert not both_find(path)
    kept = [row for row in rows if row[1] != "approve" or json.loads(row[5])["by"] != gone]
    assert len(kept) == len(rows) - 1
    rewrite(path, recomputed(kept, 0, on=True))
    assert both_find(path)


@pytest.mark.parametrize("again", ["ada", "ADA", "a.da"])
def test_a_chain_in_which_one_person_approved_twice_is_refused_by_both(again: str, tmp_path: Path) -> None:
    """Also where it was not the product that wrote it, and the second name is the first in another spelling."""
    path = tmp_path / "l.db"
    published(new_ledger(path), "R1")
    rows = [
        (*row[:5], row[5].replace('"by":"bea"', f'"by":"{again}"'), *row[6:]) if row[1] == "approve" else row
        for row in rows_of(path)
    ]
    assert rows != rows_of(path)
    rewrite(path, recomputed(rows, 0, on=True))
    assert both_find(path)


@pytest.mark.parametrize("number", [0, 4, True, "2"], ids=repr)
def test_another_format_is_refused_by_both(number: object, tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    new_ledger(path)
    rewrite(path, of_format(rows_of(path), number))
    assert both_find(path)
