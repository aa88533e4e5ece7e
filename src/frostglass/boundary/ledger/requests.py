"""What a caller of the ledger may ask for: names and texts checked, reservations recognised, refusals in full."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from frostglass.boundary.ledger.book import Book, ReleaseBook, in_words
from frostglass.boundary.ledger.entries import Entry, Unit
from frostglass.boundary.ledger.money import require_affordable, rho, scope_of
from frostglass.boundary.ledger.store import Snapshot
from frostglass.errors import LedgerError, UsageError
from frostglass.terms.arguments import text
from frostglass.terms.charge import Charge

_SCOPE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Reservation:
    """Proof of one durable reservation: its entry's number and hash, and what may be drawn for it.

    ``sampler_units`` bounds the total variation of all its draws from the ideal, in units of 2**-128.
    """

    ledger_id: str
    scope: str
    release_id: str
    seq: int
    head: str
    nano_rho: int
    sampler_units: int
    mechanism: str
    plan_sha256: str
    accountant: str
    epsilon: Fraction
    delta: Fraction
    sealable: bool


def reservation_of(book: Book, entry: Entry, *, sealable: bool) -> Reservation:
    """The reservation that a ``reserve`` entry stands for."""
    scope = book.scopes[entry.scope]
    assert entry.release_id is not None
    return Reservation(
        ledger_id=book.ledger_id,
        scope=entry.scope,
        release_id=entry.release_id,
        seq=entry.seq,
        head=entry.hash,
        nano_rho=entry.integer("nano_rho"),
        sampler_units=entry.integer("sampler_units"),
        mechanism=entry.text("mechanism"),
        plan_sha256=entry.text("plan_sha256"),
        accountant=scope.accountant,
        epsilon=Fraction(entry.text("epsilon")),
        delta=scope.delta,
        sealable=sealable,
    )


def scope_name(name: str) -> str:
    """The name, if a scope may have it. Raises UsageError."""
    if not _SCOPE.fullmatch(text(name, "the scope")):
        raise UsageError(
            "FG-OP-060",
            "a scope is named with 1 to 64 small letters, digits, dots, hyphens and underscores, beginning with a "
            "letter or a digit",
        )
    return name


def release_name(name: str) -> str:
    """The id, if a release may have it. Raises UsageError."""
    if not _RELEASE.fullmatch(text(name, "a release id")):
        raise UsageError(
            "FG-OP-064",
            "a release id has 1 to 64 letters, digits, dots, hyphens and underscores, beginning with a letter or a "
            "digit",
        )
    return name


def one_line(said: str, what: str) -> str:
    """A text for the record, trimmed; it may be empty. Raises UsageError."""
    trimmed = text(said, what).strip()
    if not trimmed.isprintable():
        raise UsageError("FG-OP-065", f"{what} must be one line of printable characters")
    return trimmed


def stated(said: str, what: str) -> str:
    """A text for the record that may not be empty. Raises UsageError."""
    trimmed = one_line(said, what)
    if not trimmed:
        raise UsageError("FG-OP-065", f"{what} must be given: it goes on record")
    return trimmed


def whole(snapshot: Snapshot) -> Book:
    """The state of a ledger that is whole. Raises LedgerError naming the first thing that is wrong."""
    book = Book.read(snapshot.rows)
    wrong = [f"it {fault}" for fault in snapshot.faults] + [str(problem) for problem in book.problems]
    if wrong:
        raise LedgerError(
            "FG-LG-003",
            f"the ledger is damaged: {wrong[0]}. `frostglass ledger verify` tells all that is wrong; put the latest "
            "backup in its place, then run `frostglass ledger reconcile`, which adds what came after",
        )
    return book


def require_unopened(book: Book, scope: str) -> None:
    """Raise LedgerError, with the stored figures, when the scope is open."""
    found = book.scopes.get(scope)
    if found:
        raise LedgerError(
            "FG-LG-018",
            f"the scope {scope!r} is open since {found.opened.at[:10]}, with epsilon {found.opened.text('epsilon')}, "
            f"delta {found.opened.text('delta')} and the accountant {found.accountant!r}; these never change",
        )


def unit_of(charge: Charge) -> Unit:
    """Whom a release protects, as the ledger notes it. Raises UsageError for a unit without a name."""
    return stated(charge.unit.name, "the unit"), charge.unit.person_key is not None


def require_payable(book: Book, scope: str, charge: Charge) -> None:
    """Raise BudgetError when the scope does not cover the charge, LedgerError when it protects another unit."""
    _require_same_unit(book, scope, unit_of(charge))
    require_affordable(book, scope, charge)


def _require_same_unit(book: Book, scope: str, unit: Unit) -> None:
    """Raise LedgerError when the scope's releases so far protect another unit."""
    fixed = scope_of(book, scope).unit
    if fixed and fixed != unit:
        raise LedgerError(
            "FG-LG-021",
            f"the scope {scope!r} protects {in_words(fixed)}, as its first release fixed it, and this release would "
            f"protect {in_words(unit)}. Sums over different units mean nothing: nobody could say to whom the total "
            "promises what. Release with the unit of the scope, or open another scope; if it is about the same "
            "people, its promise comes on top of this one. Nothing was reserved",
        )


def require_unused(book: Book, release_id: str) -> None:
    """Raise LedgerError when a release id is taken."""
    found = book.releases.get(release_id)
    if found:
        raise LedgerError(
            "FG-LG-019",
            f"the release id {release_id!r} is taken: it is {found.state}, with the plan "
            f"{found.reserve.text('plan_sha256')[:12]}… and {_price(found)}, reserved on {found.reserve.at[:10]}; use "
            "a new id",
        )
    if release_id in book.taken_over:
        raise LedgerError(
            "FG-LG-019", f"the release id {release_id!r} is taken: its spending was reconciled; use a new id"
        )


def _price(release: ReleaseBook) -> str:
    return "no cost, being k-anonymous" if release.is_k else f"{rho(release.reserve.integer('nano_rho'))} rho"


def require_held(book: Book, reservation: Reservation, *, sealable: bool) -> None:
    """Raise LedgerError when the ledger does not hold that very reservation, figure for figure."""
    if book.owns(reservation.seq, reservation.head):
        entry = book.entries[reservation.seq - 1]
        if entry.kind == "reserve" and reservation_of(book, entry, sealable=sealable) == reservation:
            return
    raise LedgerError(
        "FG-LG-020",
        f"this ledger does not hold the reservation of the release {reservation.release_id!r}: the file was "
        "replaced by another or by an old copy, or the reservation was changed; nothing was written",
    )
