"""Whatever is changed, dropped, added or reordered behind the ledger's back is found, and stops it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from frostglass.boundary.ledger.book import Book
from frostglass.boundary.ledger.entries import (
    FIRST_PREV,
    Draft,
    Entry,
    UnreadableEntryError,
    canonical,
    chain,
    entry_of_line,
    hash_of,
    line_of,
    moment,
    row_of,
)
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.store import SCHEMA, MemoryStore
from frostglass.boundary.ledger.verify import examine
from frostglass.errors import LedgerError
from tests.boundary.support import DELTA, EPSILON, SCOPE, draw, new_ledger, reserve, sealed, tamper, witness_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with two sealed releases and a reservation: entries 1 to 11."""
    path = tmp_path / "l.db"
    ledger = new_ledger(path)
    sealed(ledger, "R1")
    sealed(ledger, "R2")
    reserve(ledger, "R3")
    return path


def test_a_whole_ledger_has_no_problems(path: Path) -> None:
    report = Ledger.inspect(path).verify()
    assert (report.ok, report.entries, report.notes) == (True, 11, ())
    assert report.scopes == (Ledger.open(path).scope(SCOPE),)
    assert report.head == report.scopes[0].head
    assert "whole, 11 entries" in report.text()


def test_the_hash_is_sha256_over_canonical_json_without_the_hash(path: Path) -> None:
    """Recomputed from an export with the standard library alone."""
    export = path.with_name("export.jsonl")
    Ledger.open(path).export(export)
    prev = FIRST_PREV
    for line in export.read_text().splitlines():
        fields = json.loads(line)
        head = fields.pop("hash")
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == head
        assert fields["prev"] == prev
        prev = head


def test_a_golden_entry_keeps_its_hash() -> None:
    """The hash of an entry is fixed for as long as ledgers live. By hand: printf '%s' '{…}' | sha256sum."""
    entry = chain(
        Draft("non_private", {"by": "Zoë", "what": "a table"}, "people"), after=None, at="2026-11-22T10:00:00Z"
    )
    said = (
        '{"at":"2026-11-22T10:00:00Z","body":{"by":"Zoë","what":"a table"},"kind":"non_private","prev":"' + "0" * 64
    ) + '","release_id":null,"scope":"people","seq":1}'
    assert entry.hash == hashlib.sha256(said.encode()).hexdigest()
    assert entry.hash == "833dfe61f87af4f3e2b535c11f018e2d5a25bd8995b681d81fdeeb585fcfbee4"


def test_entries_survive_lines_and_rows(path: Path) -> None:
    for entry in Ledger.open(path).entries():
        assert entry_of_line(line_of(entry).encode()) == entry
        assert hash_of(entry) == entry.hash
    assert Book.read(map(row_of, Ledger.open(path).entries())).problems == []


DAMAGE = {
    "a body edited": (
        "UPDATE entries SET body = replace(body, '\"nano_rho\":', '\"nano_rho\":1') WHERE seq = 3",
        "entry 3 does not match its hash",
    ),
    "a reason added": (
        """UPDATE entries SET body = replace(body, '"reason":""', '"reason":"x"') WHERE seq = 2""",
        "entry 2 does not match its hash",
    ),
    "a scope renamed": ("UPDATE entries SET scope = 'others' WHERE seq = 3", "entry 3 does not match its hash"),
    "a release renamed": ("UPDATE entries SET release_id = 'R9' WHERE seq = 11", "entry 11 does not match its hash"),
    "a time moved": (
        "UPDATE entries SET at = '2020-01-01T00:00:00Z' WHERE seq = 4",
        "entry 4 does not match its hash",
    ),
    "a row from the middle dropped": ("DELETE FROM entries WHERE seq = 7", "entry 8 stands where entry 7 should be"),
    "the first row dropped": ("DELETE FROM entries WHERE seq = 1", "entry 2 stands where entry 1 should be"),
    "all rows dropped": ("DELETE FROM entries", "ledger holds no entries"),
    "two rows swapped": (
        "UPDATE entries SET seq = 911 - seq WHERE seq IN (5, 6); UPDATE entries SET seq = seq - 900 WHERE seq > 900",
        "entry 5 does not continue the entry before it",
    ),
    "a body that is no JSON": ("UPDATE entries SET body = '{no}' WHERE seq = 5", "entry 5 cannot be read"),
    "a body that names a thing twice": (
        """UPDATE entries SET body = replace(body, '{', '{"by":"eve",') WHERE seq = 3""",
        "entry 3 cannot be read: its body names a thing twice",
    ),
    "a number that is not whole": (
        """UPDATE entries SET body = replace(body, '"nano_rho":', '"nano_rho":0.') WHERE seq = 3""",
        "entry 3 cannot be read: its body holds a number that is not whole",
    ),
    "a deep body": (
        "UPDATE entries SET body = '{\"a\":' || replace(hex(zeroblob(50000)), '00', '[') || '}' WHERE seq = 5",
        "entry 5 cannot be read",
    ),
    "bytes that are no text": (
        "UPDATE entries SET release_id = CAST(x'ff' AS TEXT) WHERE seq = 11",
        "entry 11 does not match its hash",
    ),
    "a number where a text belongs": (
        "PRAGMA ignore_check_constraints = ON; UPDATE entries SET prev = x'00' WHERE seq = 5",
        "entry 5 cannot be read: a column holds the wrong type",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_with_its_place_and_stops_every_step(path: Path, damage: str) -> None:
    statements, message = DAMAGE[damage]
    tamper(path, *statements.split("; "))
    report = Ledger.inspect(path).verify()
    assert not report.ok
    assert any(str(problem).startswith(message) for problem in report.problems), report.problems
    assert report.scopes == ()
    with pytest.raises(LedgerError, match="the ledger is damaged") as refused:
        Ledger.open(path)
    assert refused.value.code == "FG-LG-003"
    damaged = Ledger.inspect(path)
    for act in (
        lambda: reserve(damaged, "R4"),
        lambda: damaged.scope(SCOPE),
        lambda: damaged.backup(path.with_name("copy.db")),
        lambda: damaged.export(path.with_name("export.jsonl")),
        lambda: damaged.reconcile([], by="bea", reason="damage"),
    ):
        with pytest.raises(LedgerError, match="the ledger is damaged"):
            act()
    assert sorted(each.name for each in path.parent.iterdir()) == ["l.db", "l.db.home", "l.db.key", "l.db.witness"]


def rechained(drafts: list[Draft]) -> list[Entry]:
    """A chain whose hashes all fit, as somebody would forge it who can run this code."""
    entries: list[Entry] = []
    for draft in drafts:
        at = moment(draft.kind, "2026-11-22T10:00:00Z")
        entries.append(chain(draft, after=entries[-1] if entries else None, at=at))
    return entries


def as_drafts(entries: list[Entry]) -> list[Draft]:
    return [Draft(each.kind, each.body, each.scope, each.release_id) for each in entries]


FORGERIES: dict[str, tuple[Callable[[list[Entry]], list[Draft]], str]] = {
    "an allowance raised": (
        lambda entries: [
            Draft(each.kind, {**each.body, "allowance": 10**12}, each.scope) if each.kind == "open" else each
            for each in as_drafts(entries)
        ],
        "allows more than its epsilon and delta",
    ),
    "a sampler allowance raised": (
        lambda entries: [
            Draft(each.kind, {**each.body, "sampler_allowance": 2**100}, each.scope) if each.kind == "open" else each
            for each in as_drafts(entries)
        ],
        "allows more than its epsilon and delta",
    ),
    "a cost above the allowance": (
        lambda entries: [
            Draft(each.kind, {**each.body, "nano_rho": 10**12}, each.scope, each.release_id)
            if each.kind == "reserve"
            else each
            for each in as_drafts(entries)
        ],
        "does not cover the reservation",
    ),
    "a draw left out": (
        lambda entries: [each for each in as_drafts(entries) if each.kind != "draw"],
        "'R1' is reserved; only one that is drawn can get a commit entry",
    ),
    "a void after a draw": (
        lambda entries: [
            *as_drafts(entries),
            Draft("void", {"by": "eve", "reason": "money back", "nonce": "0" * 16}, SCOPE, "R2"),
        ],
        "'R2' is sealed",
    ),
    "a second reservation of one id": (
        lambda entries: [*as_drafts(entries), as_drafts(entries)[2]],
        "'R1' is used already",
    ),
    "an id used that was taken over": (
        lambda entries: [
            *as_drafts(entries),
            Draft(
                "reconcile",
                {
                    "nano_rho": 5,
                    "sampler_units": 0,
                    "epsilon": "0.01",
                    "releases": 1,
                    "unit": "",
                    "keyed": False,
                    "lost": [[9, "f" * 64]],
                    "by": "bea",
                    "reason": "x",
                    "nonce": "0" * 16,
                },
                SCOPE,
                "R9",
            ),
            Draft("reserve", as_drafts(entries)[2].body, SCOPE, "R9"),
        ],
        "'R9' is used already",
    ),
    "a reservation for another unit": (
        lambda entries: [
            Draft(each.kind, {**each.body, "unit": "household"}, each.scope, each.release_id)
            if each.kind == "reserve" and each.release_id == "R2"
            else each
            for each in as_drafts(entries)
        ],
        "sums over different units mean nothing",
    ),
    "a reservation with another key": (
        lambda entries: [
            Draft(each.kind, {**each.body, "keyed": True}, each.scope, each.release_id)
            if each.kind == "reserve" and each.release_id == "R3"
            else each
            for each in as_drafts(entries)
        ],
        "sums over different units mean nothing",
    ),
    "an epsilon that cannot be summed exactly": (
        lambda entries: [
            Draft(each.kind, {**each.body, "epsilon": "0.0000000001"}, each.scope, each.release_id)
            if each.kind == "reserve"
            else each
            for each in as_drafts(entries)
        ],
        "holds a malformed epsilon",
    ),
    "an epsilon too large to be summed exactly": (
        lambda entries: [
            Draft(each.kind, {**each.body, "epsilon": "1000000000"}, each.scope, each.release_id)
            if each.kind == "reserve"
            else each
            for each in as_drafts(entries)
        ],
        "holds a malformed epsilon",
    ),
    "a scope opened twice": (
        lambda entries: [*as_drafts(entries), as_drafts(entries)[1]],
        "is open already",
    ),
    "a second genesis": (
        lambda entries: [*as_drafts(entries), as_drafts(entries)[0]],
        "one genesis entry, its first",
    ),
    "a kind from the future": (
        lambda entries: [*as_drafts(entries), Draft("refund", {"nano_rho": 5}, SCOPE, "R1")],
        "is of a kind that this version of frostglass does not know",
    ),
    "a body with more than belongs there": (
        lambda entries: [
            Draft(each.kind, {**each.body, "extra": 1}, each.scope, each.release_id) for each in as_drafts(entries)
        ],
        "does not hold what its kind should hold",
    ),
    "a negative cost": (
        lambda entries: [
            Draft(each.kind, {**each.body, "nano_rho": -5}, each.scope, each.release_id)
            if each.kind == "reserve"
            else each
            for each in as_drafts(entries)
        ],
        "holds a malformed nano_rho",
    ),
    "a cost that is no number": (
        lambda entries: [
            Draft(each.kind, {**each.body, "nano_rho": True}, each.scope, each.release_id)
            if each.kind == "reserve"
            else each
            for each in as_drafts(entries)
        ],
        "holds a malformed nano_rho",
    ),
}


def test_the_forger_leaves_a_chain_that_hashes_well(path: Path) -> None:
    """So the tests below fail for their rule and for nothing else."""
    entries = rechained(as_drafts(list(Ledger.open(path).entries())))
    assert examine(MemoryStore(entries), None).ok


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_chain_that_hashes_well_but_breaks_a_rule_is_found(path: Path, forgery: str) -> None:
    change, message = FORGERIES[forgery]
    entries = rechained(change(list(Ledger.open(path).entries())))
    report = examine(MemoryStore(entries), None)
    assert any(message in str(problem) for problem in report.problems), report.problems


SCHEMA_DAMAGE = {
    "a trigger dropped": "DROP TRIGGER entries_never_go",
    "an index dropped": "DROP INDEX drawn_or_voided",
    "a trigger added": "CREATE TRIGGER extra AFTER INSERT ON entries BEGIN SELECT 1; END",
    "a table added": "CREATE TABLE notes (text)",
}


@pytest.mark.parametrize("damage", SCHEMA_DAMAGE)
def test_changed_tables_and_triggers_stop_the_ledger(path: Path, damage: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(SCHEMA_DAMAGE[damage])
        connection.commit()
    assert not Ledger.inspect(path).verify().ok
    with pytest.raises(LedgerError, match=r"the ledger is damaged: it (lacks its|holds)"):
        Ledger.open(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET scope = 'others'",
        "DELETE FROM entries WHERE seq = 11",
        "INSERT INTO entries SELECT 13, 'draw', scope, release_id, at, '{}', prev, hash FROM entries WHERE seq = 11",
        "INSERT OR REPLACE INTO entries SELECT seq, kind, scope, release_id, at, '{}', prev, hash FROM entries "
        "WHERE seq = 11",
    ],
)
def test_the_file_itself_refuses_changes_by_any_program(path: Path, statement: str) -> None:
    before = list(Ledger.inspect(path).entries())
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    assert list(Ledger.inspect(path).entries()) == before


def test_the_file_itself_refuses_to_draw_and_void_one_release(path: Path) -> None:
    ledger = Ledger.open(path)
    draw(ledger, "R4")
    last = list(ledger.entries())[-1]
    forged = chain(Draft("void", {"by": "eve", "reason": "x"}, SCOPE, "R4"), after=last, at=last.at)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row_of(forged))


@pytest.mark.long
def test_every_flipped_byte_is_found_or_changes_no_entry(path: Path) -> None:
    """Every 101st byte of the file; unused space in a page may change unseen, an entry may not."""
    content, entries = path.read_bytes(), list(Ledger.inspect(path).entries())
    witness_of(path).unlink()
    for position in range(0, len(content), 101):
        changed = bytearray(content)
        changed[position] ^= 0xFF
        path.write_bytes(changed)
        ledger = Ledger.inspect(path)
        if ledger.verify().ok:
            assert list(ledger.entries()) == entries


@pytest.mark.parametrize(
    "content", [b"", b"seq,kind\n", b"SQLite format 3\x00" + b"\x00" * 1000], ids=["empty", "csv", "zeros"]
)
def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "l.db"
    path.write_bytes(content)
    with pytest.raises(LedgerError) as refused:
        Ledger.open(path)
    assert refused.value.code == "FG-LG-003"
    assert not Ledger.inspect(path).verify().ok
    assert path.read_bytes() == content


def test_another_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE people (name)")
        connection.commit()
    with pytest.raises(LedgerError, match="has no table of entries"):
        Ledger.open(path)


@pytest.mark.parametrize(
    "line",
    [b"", b"[]", b"{}", b"\xff", b'{"seq":1}', b"{" * 100_000],
    ids=["empty", "list", "no fields", "no text", "few fields", "deep"],
)
def test_lines_that_are_no_entries_are_refused(line: bytes) -> None:
    with pytest.raises(UnreadableEntryError):
        entry_of_line(line)


def test_canonical_json_refuses_what_would_not_read_back() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})


def test_the_schema_is_what_the_reference_says(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        stored = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    assert stored == set(SCHEMA)


def test_verify_reports_and_never_raises_on_a_stale_ledger_too(path: Path) -> None:
    copy = path.read_bytes()
    ledger = Ledger.open(path)
    draw(ledger, "R5")
    path.write_bytes(copy)
    report = Ledger.inspect(path).verify()
    assert [problem.place for problem in report.problems] == ["witness line 12", "witness line 13"]
    assert report.as_json()["ok"] is False
    assert "DAMAGED" in report.text()


def test_two_scopes_are_charged_apart(path: Path) -> None:
    ledger = Ledger.open(path)
    before = ledger.scope(SCOPE)
    ledger.open_scope("others", epsilon=EPSILON, delta=DELTA)
    assert ledger.scope("others").spent == 0
    assert ledger.scope(SCOPE).spent == before.spent
