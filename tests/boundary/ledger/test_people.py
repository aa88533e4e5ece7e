"""Approvals that are signed letters: what is a letter, whose it is, and when it is due. Both verifiers agree."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from frostglass.boundary.ledger.entries import Draft, canonical
from frostglass.boundary.ledger.ledger import Entry, Ledger
from frostglass.boundary.ledger.people import LETTER
from frostglass.boundary.ledger.signing_key import SigningKey
from frostglass.errors import LedgerError
from tests.boundary.support import MANIFEST, OTHER_PLAN, SCOPE, new_ledger, published, put_back, sealed, witness_of

VERIFIER = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "verify_ledger.py"))
KEYS = {name: SigningKey.new() for name in ("Ada", "Bea", "Cyd", "Dee")}


def write(ledger: Ledger, kind: str, body: Mapping[str, Any], release_id: str | None = None) -> Entry:
    """An entry that no command of this version writes."""
    with ledger._writing() as turn:
        return turn.write(Draft(kind, dict(body), SCOPE if release_id else "", release_id))


def letter(by: str, said: Mapping[str, Any], /, *, key: SigningKey | None = None, **changes: Any) -> str:
    """A letter in its canonical text, signed; ``changes`` are made before the signature."""
    signer = key or KEYS[by]
    words = {"format": 1, "by": by, "note": "read it all", "on": "2026-12-01", "key": signer.public, **said, **changes}
    return canonical({**words, "signature": signer.sign(LETTER + canonical(words).encode()).hex()})


def person(ledger: Ledger, name: str, *, by: str = "steward", kind: str = "person", **more: str) -> Entry:
    return write(ledger, kind, {"name": name, "key": KEYS[name].public, "by": by, **more})


def vouched(ledger: Ledger, name: str, signer: str, *, kind: str = "person") -> str:
    said = {"kind": kind, "ledger_id": ledger.ledger_id, "person": name, "person_key": KEYS[name].public}
    return letter(signer, said)


def approval(ledger: Ledger, by: str, /, **changes: Any) -> str:
    said = {"kind": "approval", "ledger_id": ledger.ledger_id, "release_id": "R1", "manifest_sha256": MANIFEST}
    return letter(by, said, **changes)


def approve(ledger: Ledger, by: str, text: str | None = None, *, key: str | None = None) -> Entry:
    body = {"manifest_sha256": MANIFEST, "by": by, "note": "read it all", "key": key or KEYS[by].public}
    return write(ledger, "approve", {**body, "letter": text or approval(ledger, by)}, "R1")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger with a sealed release and the keys of two people."""
    made = new_ledger(tmp_path / "l.db")
    sealed(made, "R1")
    person(made, "Ada")
    person(made, "Bea")
    return made


def both_find_nothing(ledger: Ledger) -> bool:
    assert ledger.path is not None
    problems = VERIFIER["examine"](ledger.path, witness_of(ledger.path)).problems
    assert problems == []
    return ledger.verify().ok


def test_two_letters_of_two_people_publish_a_release(ledger: Ledger) -> None:
    approve(ledger, "Ada")
    assert ledger.state("R1") == "sealed"
    approve(ledger, "Bea")
    ledger.publish("R1", manifest_sha256=MANIFEST, to="the website", by="ada")
    assert both_find_nothing(ledger)


def test_without_keys_an_office_goes_on_as_before(tmp_path: Path) -> None:
    made = new_ledger(tmp_path / "l.db")
    person(made, "Ada")
    published(made, "R1")
    assert both_find_nothing(made)


def test_from_two_known_people_on_a_name_alone_approves_nothing_whoever_leaves(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="takes a letter"):
        ledger.approve("R1", manifest_sha256=MANIFEST, by="Ada", note="read it all")
    person(ledger, "Bea", kind="person-left", reason="her stick is lost")
    with pytest.raises(LedgerError, match="takes a letter"):
        ledger.approve("R1", manifest_sha256=MANIFEST, by="Ada", note="read it all")
    assert both_find_nothing(ledger)


ALTERED: dict[str, Callable[[Ledger], str]] = {
    "another ledger": lambda ledger: approval(ledger, "Ada", ledger_id="0" * 32),
    "another release": lambda ledger: approval(ledger, "Ada", release_id="R2"),
    "another manifest": lambda ledger: approval(ledger, "Ada", manifest_sha256=OTHER_PLAN),
    "another kind": lambda ledger: approval(ledger, "Ada", kind="person"),
    "another note": lambda ledger: approval(ledger, "Ada", note="glanced at it"),
    "another name": lambda ledger: approval(ledger, "Ada", by="Bea"),
    "another key named": lambda ledger: approval(ledger, "Ada", key=KEYS["Bea"]),
    "no day": lambda ledger: approval(ledger, "Ada", on="tomorrow"),
    "another format": lambda ledger: approval(ledger, "Ada", format=2),
    "a format that is no number": lambda ledger: approval(ledger, "Ada", format=True),
    "a member more": lambda ledger: approval(ledger, "Ada", place="Bergen"),
    "a text that is none": lambda ledger: approval(ledger, "Ada", on=20261201),
    "spaced": lambda ledger: approval(ledger, "Ada").replace(",", ", "),
    "a byte changed": lambda ledger: approval(ledger, "Ada").replace('"on":"2026-12-01"', '"on":"2026-12-02"'),
    "the signature changed": lambda ledger: _signed_otherwise(approval(ledger, "Ada")),
    "the signature cut": lambda ledger: approval(ledger, "Ada").replace('"signature":"', '"signature":"x', 1),
    "signed without the first line": lambda ledger: _signed_bare(ledger),
    "no JSON": lambda _: "a letter",
    "a list": lambda _: "[]",
    "deep": lambda _: "[" * 5000,
}


def _signed_otherwise(text: str) -> str:
    words = json.loads(text)
    return canonical({**words, "signature": words["signature"][::-1]})


def _signed_bare(ledger: Ledger) -> str:
    words = json.loads(approval(ledger, "Ada"))
    del words["signature"]
    return canonical({**words, "signature": KEYS["Ada"].sign(canonical(words).encode()).hex()})


@pytest.mark.parametrize("altered", ALTERED)
def test_an_altered_letter_approves_nothing_and_both_verifiers_refuse_it(
    ledger: Ledger, altered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ALTERED[altered](ledger)
    with pytest.raises(LedgerError, match=r"FG-LG-01[01]"):
        approve(ledger, "Ada", text)
    monkeypatch.setattr("frostglass.boundary.ledger.people.People.approval_fault", lambda *_: None)
    approve(ledger, "Ada", text)
    monkeypatch.undo()
    assert not ledger.verify().ok
    assert ledger.path is not None
    assert VERIFIER["examine"](ledger.path, None).problems != []


def test_a_letter_by_somebody_unknown_or_gone_approves_nothing(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="nobody whose key is known"):
        approve(ledger, "Cyd")
    person(ledger, "Bea", kind="person-left", letter=vouched(ledger, "Bea", "Ada", kind="person-left"))
    with pytest.raises(LedgerError, match="nobody whose key is known"):
        approve(ledger, "Bea")
    assert both_find_nothing(ledger)


def test_one_key_approves_once_under_whatever_name(ledger: Ledger) -> None:
    """A name is known with one key; another name for it would be another person."""
    approve(ledger, "Ada")
    with pytest.raises(LedgerError, match="another person"):
        approve(ledger, "Ada")
    with pytest.raises(LedgerError, match="nobody whose key is known"):
        approve(ledger, "Cyd", approval(ledger, "Cyd", key=KEYS["Ada"]), key=KEYS["Ada"].public)


def test_a_key_and_a_letter_go_together(ledger: Ledger) -> None:
    body = {"manifest_sha256": MANIFEST, "by": "Ada", "note": "read it all"}
    for half in ({"key": KEYS["Ada"].public}, {"letter": approval(ledger, "Ada")}):
        with pytest.raises(LedgerError, match="go together"):
            write(ledger, "approve", {**body, **half}, "R1")


def test_the_third_person_comes_with_a_letter_of_another_than_who_enters_them(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="letter is due"):
        person(ledger, "Cyd")
    with pytest.raises(LedgerError, match="letter is due"):
        person(ledger, "Cyd", reason="we are in a hurry")
    with pytest.raises(LedgerError, match="very person who enters"):
        person(ledger, "Cyd", by=" ADA", letter=vouched(ledger, "Cyd", "Ada"))
    with pytest.raises(LedgerError, match="about something else"):
        person(ledger, "Cyd", letter=vouched(ledger, "Dee", "Ada"))
    with pytest.raises(LedgerError, match="about something else"):
        person(ledger, "Cyd", letter=vouched(ledger, "Cyd", "Ada", kind="person-left"))
    person(ledger, "Cyd", letter=vouched(ledger, "Cyd", "Ada"))
    assert both_find_nothing(ledger)


def test_nobody_is_entered_twice_and_no_key_serves_two(ledger: Ledger) -> None:
    for name, key in (("ADA", "Cyd"), ("Cyd", "Ada"), ("…", "Cyd")):
        body = {"name": name, "key": KEYS[key].public, "by": "steward", "reason": "a trial"}
        with pytest.raises(LedgerError, match="entered once"):
            write(ledger, "person", body)
    person(ledger, "Bea", kind="person-left", reason="her stick is lost")
    with pytest.raises(LedgerError, match="entered once"):
        person(ledger, "Bea", reason="it was found again")
    with pytest.raises(LedgerError, match="nobody is known"):
        person(ledger, "Bea", kind="person-left", reason="once more")


def test_in_an_office_of_two_a_lost_key_is_replaced_by_a_reason_that_is_told_for_ever(ledger: Ledger) -> None:
    person(ledger, "Bea", kind="person-left", by="Ada", reason="her stick is lost")
    person(ledger, "Dee", by="Ada", reason="Bea's successor")
    assert both_find_nothing(ledger)
    notes = ledger.verify().notes
    assert any("'Bea' left" in each and "by the word of 'Ada' alone: her stick is lost" in each for each in notes)
    assert any("'Dee' was entered" in each and "Bea's successor" in each for each in notes)


def test_of_three_nobody_leaves_by_one_persons_word(ledger: Ledger) -> None:
    person(ledger, "Cyd", letter=vouched(ledger, "Cyd", "Ada"))
    with pytest.raises(LedgerError, match="letter is due"):
        person(ledger, "Bea", kind="person-left", reason="her stick is lost")
    person(ledger, "Bea", kind="person-left", letter=vouched(ledger, "Bea", "Cyd", kind="person-left"))
    assert both_find_nothing(ledger)


def test_people_of_a_lost_branch_are_known_again_with_their_letters(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.path is not None
    ledger.backup(tmp_path / "old.db")
    text = vouched(ledger, "Cyd", "Ada")
    person(ledger, "Cyd", letter=text)
    person(ledger, "Bea", kind="person-left", letter=vouched(ledger, "Bea", "Cyd", kind="person-left"))
    witness = witness_of(ledger.path)
    kept = witness.read_bytes()
    put_back(tmp_path / "old.db", ledger.path)
    witness.unlink()
    Ledger.open(ledger.path).non_private(SCOPE, what="a table of totals", by="ada")
    witness.write_bytes(kept)
    added = Ledger.inspect(ledger.path).reconcile([], by="bea", reason="an old copy was used")
    assert [each.kind for each in added] == ["person", "person-left", "reconcile"]
    assert added[0].text("letter") == text
    assert both_find_nothing(Ledger.open(ledger.path))
    with pytest.raises(LedgerError, match="nobody whose key is known"):
        approve(Ledger.open(ledger.path), "Bea")
    approve(Ledger.open(ledger.path), "Cyd")
