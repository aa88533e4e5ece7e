"""Looking a ledger through from the first entry to the last. It reports damage and never stumbles over it."""

from __future__ import annotations

import stat
from dataclasses import dataclass

from frostglass.boundary.ledger.book import Book, Problem, ScopeBook
from frostglass.boundary.ledger.entries import Entry, hash_of
from frostglass.boundary.ledger.home import is_at_home
from frostglass.boundary.ledger.money import allowed, sampler_allowance, summary
from frostglass.boundary.ledger.signing_key import key_of
from frostglass.boundary.ledger.store import SqliteStore, Store
from frostglass.boundary.ledger.witness import Tail, Witness
from frostglass.errors import FrostglassError, LedgerError
from frostglass.terms.budget import parse_delta, parse_epsilon
from frostglass.terms.guarantee import ScopeSummary


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What a look through the ledger found. ``notes`` are worth knowing and no damage.

    ``scopes`` is empty for a damaged ledger, whose sums mean nothing.
    """

    ledger_id: str
    entries: int
    head: str
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    scopes: tuple[ScopeSummary, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    def text(self) -> str:
        """The report in lines, for the desk."""
        verdict = "whole" if self.ok else "DAMAGED"
        lines = [f"ledger {self.ledger_id or '(unknown)'}: {verdict}, {self.entries} entries, head {self.head or '-'}"]
        lines += [f"problem: {problem}" for problem in self.problems]
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """The report as plain JSON values."""
        return {
            "ok": self.ok,
            "ledger_id": self.ledger_id,
            "entries": self.entries,
            "head": self.head,
            "problems": [{"place": each.place, "message": each.message} for each in self.problems],
            "notes": list(self.notes),
            "scopes": [each.scope for each in self.scopes],
        }


def examine(store: Store, witness: Witness | None) -> LedgerReport:
    """Check file, tables, hashes, chain, states, sums, allowances and witness; never raises for damage."""
    tail, lines, witness_problems = _seen(witness)
    try:
        file_faults = store.integrity() if isinstance(store, SqliteStore) else ()
        snapshot = store.read()
    except LedgerError as error:
        return LedgerReport("", 0, "", (Problem("file", error.message),), (), ())
    book = Book.read(snapshot.rows)
    problems = [Problem("file", f"fails SQLite's own check: {fault}") for fault in file_faults]
    problems += [Problem("table", fault) for fault in snapshot.faults]
    problems += book.problems
    if not problems:
        for name, scope in book.scopes.items():
            problems += _allowance_problems(name, scope)
    problems += witness_problems + _unanswered(book, lines) + _broken_off(book, tail)
    whole = not problems
    return LedgerReport(
        ledger_id=book.ledger_id if whole else "",
        entries=len(book.entries),
        head=book.last.hash if book.entries else "",
        problems=tuple(problems),
        notes=(*_file_notes(store, book), *_notes(book, witness), *_people_notes(book)) if whole else (),
        scopes=tuple(summary(book, name) for name in sorted(book.scopes)) if whole else (),
    )


def _seen(witness: Witness | None) -> tuple[Tail | None, list[Entry], list[Problem]]:
    """The witness's end and its lines, read before the ledger is."""
    if witness is None or not witness.exists():
        return None, [], []
    try:
        return witness.seen(), witness.lines(), []
    except LedgerError as error:
        return None, [], [Problem("witness", error.message)]


def _unanswered(book: Book, lines: list[Entry]) -> list[Problem]:
    return [
        Problem(f"witness line {number}", "is not in the ledger: an old copy was put back, or a line was changed")
        for number, line in enumerate(lines, start=1)
        if not book.answers_for(line.seq, line.hash) or hash_of(line) != line.hash
    ]


def _broken_off(book: Book, tail: Tail | None) -> list[Problem]:
    if tail is None or not book.entries or not tail.torn_beyond(book):
        return []
    message = "broke off while it was written, and the ledger does not hold its entry: an old copy was put back"
    return [Problem(f"witness line after entry {tail.seq}", message)]


def _allowance_problems(name: str, scope: ScopeBook) -> list[Problem]:
    """Whether the stored allowances are more than the stored promise allows: a forged chain would still show it."""
    opened = scope.opened
    place = f"entry {opened.seq} (scope {name!r})"
    try:
        epsilon, delta = parse_epsilon(opened.text("epsilon")), parse_delta(opened.text("delta"))
        most = allowed(scope.accountant, epsilon, delta)
    except FrostglassError as error:
        return [Problem(place, f"promises what this version cannot value: {error.message}")]
    problems = []
    if scope.allowance > most or scope.sampler_allowance > sampler_allowance(epsilon, delta):
        problems.append(Problem(place, "allows more than its epsilon and delta"))
    return problems


def _file_notes(store: Store, book: Book) -> list[str]:
    if not isinstance(store, SqliteStore):
        return []
    files = (("file", store.path), ("signing key", key_of(store.path)))
    notes = [
        f"others than its owner may open the {what}; `chmod 600` closes it"
        for what, path in files
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    if not is_at_home(store.path, book):
        notes.append("this is not the file that was last used: a copy, or moved, or put back; its next step will ask")
    return notes


def _people_notes(book: Book) -> list[str]:
    """Who came or left on the word of one person alone, when there was somebody to write a letter."""
    doubtful = [
        each
        for each in book.entries
        if each.kind in ("person", "person-left") and "reason" in each.body and "letter" not in each.body
    ]
    what = {"person": "was entered", "person-left": "left"}
    return [
        f"{each.text('name')!r} {what[each.kind]} (entry {each.seq}) by the word of {each.text('by')!r} alone: "
        f"{each.text('reason')}"
        for each in doubtful
    ]


def _notes(book: Book, witness: Witness | None) -> list[str]:
    behind = [str(each.seq) for each in book.entries if "clock_behind" in each.body]
    notes = []
    if behind:
        notes.append(f"the clock stood before the entry before when entry {', '.join(behind)} was written")
    if witness and not witness.exists() and len(book.entries) > 1:
        notes.append(
            "there is no witness beside the ledger, so an old copy put back can be told from bundles only; the next "
            "step that writes makes a new one"
        )
    seen = witness.seen() if witness else None
    if seen and (seen.seq < book.last.seq and (seen.seq == 0 or book.owns(seen.seq, seen.head))):
        notes.append("the witness is behind; the next step that writes brings it up to date")
    over = [name for name, scope in book.scopes.items() if scope.spent > scope.allowance]
    notes += [f"the scope {name!r} has spent more than its allowance, by taking over what was missing" for name in over]
    return notes
