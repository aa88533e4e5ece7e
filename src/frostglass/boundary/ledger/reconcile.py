"""Getting a ledger that was put back to an older copy right again: everything missing is added, nothing is taken away.

Proof: docs/proofs/ledger.md, "What the witness shows" and "What a bundle shows". Where it is not certain that noise
was drawn, it is counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from frostglass.boundary.accountant import accountant
from frostglass.boundary.ledger.book import Book, ScopeBook
from frostglass.boundary.ledger.entries import FIRST_PREV, NANO_EPSILON, Draft, Entry, Json, Unit
from frostglass.boundary.ledger.witness import common_length
from frostglass.errors import LedgerError
from frostglass.terms.budget import decimal_text

_AS_THEY_WERE = ("non_private", "looked", "key", "moved")
"""Kinds that are written again, wherever the other branch holds them."""


@dataclass(frozen=True, slots=True)
class KnownRelease:
    """What a bundle says about the ledger that paid for it: the number and hash of an entry, and what was paid.

    Made of a manifest that a key of this ledger has signed, and of no other (``bundles.shown``).
    ``sampler_units`` are units of 2**-128 of total variation, as reserved. ``on`` is the day of the release (ISO);
    ``reserve_seq`` the number of its ``reserve`` entry. The last three figures are the scope's sums after its commit,
    itself included, in nano-rho, in epsilon and in releases. ``unit`` is empty where the privacy unit is not known.
    """

    ledger_id: str
    scope: str
    release_id: str
    seq: int
    head: str
    nano_rho: int
    epsilon: Fraction
    delta: Fraction
    sampler_units: int
    on: str
    reserve_seq: int
    scope_spent: int
    scope_plain_epsilon: Fraction
    scope_releases: int
    unit: str = ""
    keyed: bool = False


def require_known(book: Book, known: Sequence[KnownRelease]) -> None:
    """Raise LedgerError when the ledger does not answer for a release that it paid for."""
    for each in known:
        if each.ledger_id == book.ledger_id and not book.answers_for(each.seq, each.head):
            raise LedgerError(
                "FG-LG-008",
                f"this ledger is older than the release {each.release_id!r} of the scope {each.scope!r}: it lacks the "
                f"entry {each.seq} that the bundle names. Put the newer ledger back, or run `frostglass ledger "
                "reconcile`, which adds the missing spending",
            )


def continuation(book: Book, seen: Sequence[Entry]) -> tuple[Entry, ...]:
    """What the witness has and the ledger lacks, when the ledger is the beginning of the witness's chain."""
    shared = common_length(book.entries, seen)
    if seen and shared == 0:
        raise LedgerError("FG-LG-015", "the witness belongs to another ledger; move it away or name the right one")
    return tuple(seen[shared:]) if shared == len(book.entries) else ()


def taken_over(
    book: Book, seen: Sequence[Entry], known: Sequence[KnownRelease], *, torn: bool, by: str, reason: str
) -> Iterator[Draft]:
    """Drafts that make the ledger answer for the witness's branch and for known releases; ``book`` grows meanwhile."""
    yield from (_torn_line(book, by=by, reason=reason) for _ in range(torn))
    yield from _branch(book, seen, by=by, reason=reason)
    lost = {
        (each.seq, each.head): each
        for each in known
        if each.ledger_id == book.ledger_id and not book.answers_for(each.seq, each.head)
    }
    for scope in sorted({each.scope for each in lost.values()}):
        yield from _of_known(
            book, [lost[key] for key in sorted(lost) if lost[key].scope == scope], by=by, reason=reason
        )


def _draft(
    entries: Iterable[tuple[int, str]],
    cost: Cost,
    *,
    scope: str = "",
    release_id: str | None = None,
    unit: Unit | None = None,
    by: str,
    reason: str,
) -> Draft:
    lost: list[Json] = [[seq, head] for seq, head in entries]
    body: dict[str, Json] = {
        "nano_rho": cost.nano_rho,
        "sampler_units": cost.sampler_units,
        "epsilon": decimal_text(Fraction(math.ceil(cost.epsilon * NANO_EPSILON), NANO_EPSILON)),
        "releases": cost.releases,
        "unit": unit[0] if unit else "",
        "keyed": bool(unit and unit[1]),
        "lost": lost,
        "by": by,
        "reason": reason,
    }
    return Draft("reconcile", body, scope, release_id)


@dataclass(frozen=True, slots=True)
class Cost:
    """What some releases cost, and how many they are."""

    nano_rho: int = 0
    sampler_units: int = 0
    epsilon: Fraction = Fraction(0)
    releases: int = 0

    @classmethod
    def of(cls, entry: Entry) -> Cost:
        """The cost that a ``reserve`` or ``reconcile`` entry carries."""
        epsilon = Fraction(entry.text("epsilon"))
        return cls(entry.integer("nano_rho"), entry.integer("sampler_units"), epsilon, entry.releases)

    @classmethod
    def of_known(cls, known: KnownRelease) -> Cost:
        """The cost that a bundle states for itself."""
        return cls(known.nano_rho, known.sampler_units, known.epsilon, 1)

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.nano_rho + other.nano_rho,
            self.sampler_units + other.sampler_units,
            self.epsilon + other.epsilon,
            self.releases + other.releases,
        )


def _torn_line(book: Book, *, by: str, reason: str) -> Draft:
    """One entry is known to be lost, but not which: its line broke off while it was written."""
    return _draft([(book.last.seq + 1, FIRST_PREV)], Cost(), by=by, reason=reason)


def _of_known(book: Book, known: Sequence[KnownRelease], *, by: str, reason: str) -> Iterator[Draft]:
    """Take over the known releases of one scope, in order, and with the last of them what else their totals show."""
    if known[0].scope not in book.scopes:
        raise LedgerError(
            "FG-LG-009",
            f"the release {known[0].release_id!r} was paid for in the scope {known[0].scope!r}, which this copy of the "
            "ledger does not know; open it first with the figures in the bundle's statement, then reconcile again",
        )
    rest = _unnamed(book, known)
    for each in known:
        cost = Cost.of_known(each) + (rest if each is known[-1] else Cost())
        unit = (each.unit, each.keyed) if each.unit else None
        yield _draft(
            [(each.seq, each.head)], cost, scope=each.scope, release_id=each.release_id, unit=unit, by=by, reason=reason
        )


def _unnamed(book: Book, known: Sequence[KnownRelease]) -> Cost:
    """What the bundles' totals show beyond these releases and beyond what the ledger holds: lost without a bundle."""
    own = sum(map(Cost.of_known, known), Cost())
    rests = []
    for each in known:
        shared = _shared(book, each)
        releases = max(each.scope_releases - shared.releases - own.releases, 0)
        rests.append(
            Cost(
                nano_rho=max(each.scope_spent - shared.nano_rho - own.nano_rho, 0),
                sampler_units=releases * each.sampler_units,
                epsilon=max(each.scope_plain_epsilon - shared.epsilon - own.epsilon, Fraction(0)),
                releases=releases,
            )
        )
    return Cost(
        nano_rho=max(each.nano_rho for each in rests),
        sampler_units=max(each.sampler_units for each in rests),
        epsilon=max(each.epsilon for each in rests),
        releases=max(each.releases for each in rests),
    )


def _shared(book: Book, known: KnownRelease) -> Cost:
    """Spending of this ledger that the bundle's total surely contains.

    What was written on the day of the release or later may belong to another branch. What was reserved and not drawn
    for by then may have been voided on the bundle's branch, or be voided here.
    """

    def surely(entry: Entry) -> bool:
        return entry.scope == known.scope and entry.seq < known.reserve_seq and entry.at[:10] < known.on

    drawn = [each.reserve for each in book.releases.values() if "draw" in each.steps and surely(each.steps["draw"])]
    reconciled = [each for each in book.entries if each.kind == "reconcile" and surely(each)]
    return sum(map(Cost.of, [*drawn, *reconciled]), Cost())


def _branch(book: Book, seen: Sequence[Entry], *, by: str, reason: str) -> Iterator[Draft]:
    """Take over the entries of a branch that the ledger left: first its scopes, then its spending, then the rest."""
    lost = [each for each in seen[common_length(book.entries, seen) :] if not book.answers_for(each.seq, each.hash)]
    there = Book.replay(seen)
    if there.problems:
        raise LedgerError("FG-LG-014", f"the witness is damaged: {there.problems[0]}")
    for each in lost:
        if (each.kind == "open" and each.scope not in book.scopes) or each.kind in _AS_THEY_WERE:
            yield Draft(each.kind, each.body, each.scope)
        if each.kind in ("person", "person-left") and not book.people.fault(each.kind, each.body, book.ledger_id):
            yield Draft(each.kind, each.body)
    for release_id in dict.fromkeys(each.release_id for each in lost if each.kind in ("reserve", "draw")):
        entries = [each for each in lost if each.release_id == release_id]
        yield _release(book, there, entries, by=by, reason=reason)
    for release_id in dict.fromkeys(each.release_id for each in lost if each.kind in ("k_reserve", "k_draw")):
        entries = [each for each in lost if each.release_id == release_id]
        yield from _k_release(book, there, entries, by=by, reason=reason)
    for each in lost:
        yield from _withdrawal(book, there, each)
    for each in lost:
        if each.kind == "reconcile" and not all(book.answers_for(*pair) for pair in each.lost()):
            pairs = [(each.seq, each.hash), *each.lost()]
            yield _draft(
                pairs, Cost.of(each), scope=each.scope, release_id=each.release_id, unit=each.unit, by=by, reason=reason
            )
    rest = [(each.seq, each.hash) for each in lost if not book.answers_for(each.seq, each.hash)]
    if rest:
        yield _draft(rest, Cost(), by=by, reason=reason)


def _release(book: Book, there: Book, entries: Sequence[Entry], *, by: str, reason: str) -> Draft:
    """One release of the other branch. Its cost is missing here unless it is still held here for that very draw."""
    release = there.releases[entries[0].release_id or ""]
    pairs = [(each.seq, each.hash) for each in entries]
    scope, release_id = release.reserve.scope, release.reserve.release_id
    if release.state == "voided":
        return _draft(pairs, Cost(), by=by, reason=reason)
    here = book.releases.get(release_id or "")
    if scope in book.scopes:
        _require_valued(book.scopes[scope], release.reserve)
    held = here is not None and here.reserve.hash == release.reserve.hash and here.state == "reserved"
    cost = Cost() if held else Cost.of(release.reserve)
    unit = release.reserve.unit
    if "trust_cluster" in release.reserve.body:
        reason = f"{reason}; its cluster was trusted, because: {release.reserve.text('trust_cluster')}"
    return _draft(pairs, cost, scope=scope, release_id=release_id, unit=unit, by=by, reason=reason)


def _k_release(book: Book, there: Book, entries: Sequence[Entry], *, by: str, reason: str) -> Iterator[Draft]:
    """A k-anonymous release of the other branch: it costs nothing, and is named, counted and not drawn for here too.

    Where its id stands for another one here, or for one that was voided, it gets a name of its own.
    """
    release = there.releases[entries[0].release_id or ""]
    if release.state == "voided":
        return
    here, name = book.releases.get(release.id), release.id
    if here is None or here.reserve.hash != release.reserve.hash or here.state == "voided":
        name = name if here is None and name not in book.taken_over else f"lost-{release.reserve.hash[:12]}"
        despite = release.reserve.text("despite") or (reason if book.has_k_release(release.reserve.scope) else "")
        yield Draft("k_reserve", {**release.reserve.body, "despite": despite}, release.reserve.scope, name)
    pairs = [(each.seq, each.hash) for each in entries]
    yield _draft(pairs, Cost(), scope=release.reserve.scope, release_id=name, by=by, reason=reason)


def _withdrawal(book: Book, there: Book, entry: Entry) -> Iterator[Draft]:
    """What was withdrawn on the other branch is so here, however far it has come here."""
    here = book.releases.get(entry.release_id or "")
    if entry.kind != "withdraw" or here is None or not here.can_be_withdrawn:
        return
    if here.reserve.hash == there.releases[here.id].reserve.hash:
        manifest = here.manifest_sha256 or entry.body["manifest_sha256"]
        yield Draft("withdraw", {**entry.body, "manifest_sha256": manifest}, entry.scope, here.id)


def _require_valued(scope: ScopeBook, reserve: Entry) -> None:
    """The branches may have opened the scope with different accountants; then not every cost can be carried over."""
    if reserve.text("mechanism") not in accountant(scope.accountant).mechanisms:
        raise LedgerError(
            "FG-LG-015",
            f"the scope {reserve.scope!r} was opened differently in the ledger and in its witness, and its accountant "
            "here cannot value what the witness saw; put the newer ledger back",
        )
