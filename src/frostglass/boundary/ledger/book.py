"""The state of a ledger, computed from its entries alone: what is open, what is spent, where each release stands.

Writing and verifying go through the same replay, so nothing can be written that would not verify.
Proof: docs/proofs/ledger.md, "States" and "Sums".
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from frostglass.boundary.ledger.entries import (
    DAY_ALONE,
    Draft,
    Entry,
    IllegalStepError,
    Unit,
    UnreadableEntryError,
    body_fault,
    chain,
    chain_fault,
    entry_of_row,
    is_before,
    moment,
)
from frostglass.boundary.ledger.people import People, folded, keys_of
from frostglass.errors import LedgerError

APPROVALS = 2
"""How many different people approve what is published."""

# The state in which a release must be for each kind of step, and the state in which the step leaves it. An approval
# leaves it sealed until enough people have given theirs. Before the seal, only a reconciliation withdraws.
_STEPS: dict[str, tuple[tuple[str, ...], str]] = {
    "draw": (("reserved",), "drawn"),
    "k_draw": (("reserved",), "drawn"),
    "void": (("reserved",), "voided"),
    "commit": (("drawn",), "committed"),
    "seal": (("committed",), "sealed"),
    "approve": (("sealed", "approved", "published"), "approved"),
    "publish": (("sealed", "approved", "published"), "published"),
    "withdraw": (("drawn", "committed", "sealed", "approved", "published"), "withdrawn"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a ledger: where, and what. Safe to print."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place} {self.message}"


@dataclass
class ScopeBook:
    """One scope: the figures fixed when it was opened, and the running sums.

    ``spent`` is in nano-rho, ``sampler_spent`` in units of 2**-128 of total variation. The first reservation, or the
    first spending taken over whose unit is known, fixes ``unit``.
    """

    opened: Entry
    unit: Unit | None = None
    spent: int = 0
    sampler_spent: int = 0
    plain_epsilon: Fraction = Fraction(0)
    releases: int = 0
    non_private: list[str] = field(default_factory=list)

    @property
    def allowance(self) -> int:
        return self.opened.integer("allowance")

    @property
    def sampler_allowance(self) -> int:
        return self.opened.integer("sampler_allowance")

    @property
    def left(self) -> int:
        return max(self.allowance - self.spent, 0)

    @property
    def accountant(self) -> str:
        return self.opened.text("accountant")

    @property
    def epsilon(self) -> Fraction:
        return Fraction(self.opened.text("epsilon"))

    @property
    def delta(self) -> Fraction:
        return Fraction(self.opened.text("delta"))

    def covers(self, nano_rho: int) -> bool:
        """Whether so much more stays within the allowance. All spending rests on this comparison and the next."""
        return self.spent + nano_rho <= self.allowance

    def covers_error(self, sampler_units: int) -> bool:
        """Whether so much more of the samplers' error stays within its share of delta."""
        return self.sampler_spent + sampler_units <= self.sampler_allowance

    def charge(self, entry: Entry, sign: int = 1) -> None:
        """Add the cost of a ``reserve`` or ``reconcile`` entry; ``sign`` -1 takes a voided one back."""
        self.spent += sign * entry.integer("nano_rho")
        self.sampler_spent += sign * entry.integer("sampler_units")
        self.plain_epsilon += sign * Fraction(entry.text("epsilon"))
        self.releases += sign * entry.releases

    def fix_unit(self, entry: Entry) -> None:
        """Take the unit of the first entry that has one. Raises IllegalStepError for another one later."""
        if self.unit and entry.unit and self.unit != entry.unit:
            raise IllegalStepError(
                f"the scope {entry.scope!r} protects {in_words(self.unit)}, and the {entry.kind} entry is about "
                f"{in_words(entry.unit)}: sums over different units mean nothing"
            )
        self.unit = self.unit or entry.unit


def in_words(unit: Unit) -> str:
    """A privacy unit for messages."""
    name, keyed = unit
    return f"the unit {name!r} ({'told apart by a key' if keyed else 'one for each row'})"


@dataclass
class ReleaseBook:
    """One reservation and where it stands; ``steps`` holds its latest entry of each kind.

    ``approvals`` are entries of different people, in order. A k-anonymous release is reserved by a ``k_reserve`` entry:
    no accountant values it, so it costs nothing.
    """

    reserve: Entry
    state: str = "reserved"
    steps: dict[str, Entry] = field(default_factory=dict)
    approvals: list[Entry] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.reserve.release_id or ""

    @property
    def is_k(self) -> bool:
        """Whether it is k-anonymous, without a guarantee that adds up."""
        return self.reserve.kind == "k_reserve"

    @property
    def manifest_sha256(self) -> str | None:
        """What was sealed; ``None`` before."""
        return self.steps["seal"].text("manifest_sha256") if "seal" in self.steps else None

    @property
    def is_approved(self) -> bool:
        """Whether enough different people have approved it."""
        return len(self.approvals) >= APPROVALS

    @property
    def can_be_withdrawn(self) -> bool:
        """Whether something was drawn for it, and it was not withdrawn yet."""
        return self.state in _STEPS["withdraw"][0]


class Book:
    """The replay of a chain of entries. ``problems`` is empty for a ledger that is whole.

    ``four_eyes`` says that what is published must be approved: from the beginning in a ledger of format 2, and in an
    older one from its first ``approve`` or ``withdraw`` entry on, after which older versions write no more.
    ``ledger_id`` and ``format``, of the first entry, are empty and 0 where there is none. ``was_moved`` says that
    somebody has put it elsewhere, and said so.
    """

    def __init__(self) -> None:
        self.ledger_id = ""
        self.format = 0
        self.entries: list[Entry] = []
        self.problems: list[Problem] = []
        self.scopes: dict[str, ScopeBook] = {}
        self.releases: dict[str, ReleaseBook] = {}
        self.taken_over: set[str] = set()
        self.acknowledged: set[tuple[int, str]] = set()
        self.public_keys: list[str] = []
        self.people = People()
        self.four_eyes = False
        self.was_moved = False

    @classmethod
    def read(cls, rows: Iterable[Sequence[object]]) -> Book:
        """Replay the rows of a table; whatever is wrong with them ends up in ``problems``."""
        book = cls()
        for row in rows:
            try:
                entry = entry_of_row(row)
            except UnreadableEntryError as error:
                book.problems.append(Problem(f"entry {row[0]}", f"cannot be read: {error}"))
            else:
                book.add(entry)
        if not book.entries:
            book.problems.append(Problem("ledger", "holds no entries: not even the first one"))
        return book

    @classmethod
    def replay(cls, entries: Iterable[Entry]) -> Book:
        """Replay entries, as from a witness or an export."""
        book = cls()
        for entry in entries:
            book.add(entry)
        return book

    @property
    def public_key(self) -> str:
        """The public half of the key that signs now: the last one named."""
        return self.public_keys[-1]

    @property
    def last(self) -> Entry:
        return self.entries[-1]

    def owns(self, seq: int, head: str) -> bool:
        """Whether the chain holds that entry with that hash."""
        return 1 <= seq <= len(self.entries) and self.entries[seq - 1].hash == head

    def answers_for(self, seq: int, head: str) -> bool:
        """Whether the chain holds that entry, or a ``reconcile`` entry has taken it over."""
        return self.owns(seq, head) or (seq, head) in self.acknowledged

    def add(self, entry: Entry) -> None:
        """Take in the next entry as it stands; what is wrong with it is noted."""
        after = self.entries[-1] if self.entries else None
        faults = [fault for fault in (chain_fault(entry, after=after), body_fault(entry)) if fault]
        self.entries.append(entry)
        if not faults:
            try:
                self._apply(entry)
            except IllegalStepError as illegal:
                faults.append(f"is out of order: {illegal}")
        self.problems += [Problem(entry.place, fault) for fault in faults]

    def write(self, draft: Draft, *, at: str) -> Entry:
        """Chain a draft to the end. Raises LedgerError, and changes nothing, when the state does not admit it.

        A clock that stands before the last entry is noted in the body; the order is given by ``seq`` alone.
        """
        after = self.entries[-1] if self.entries else None
        body = {**draft.body, "nonce": secrets.token_hex(8)}
        if after and is_before(draft.kind, at, after):
            body["clock_behind"] = True
        entry = chain(Draft(draft.kind, body, draft.scope, draft.release_id), after=after, at=moment(draft.kind, at))
        fault = body_fault(entry)
        if fault:
            raise LedgerError("FG-LG-010", f"the new {entry.kind} entry {fault}; nothing was written")
        try:
            self._apply(entry)
        except IllegalStepError as illegal:
            raise LedgerError("FG-LG-011", f"{illegal}; nothing was written") from None
        self.entries.append(entry)
        return entry

    def _apply(self, entry: Entry) -> None:
        """Change the state, or raise IllegalStepError before anything has changed."""
        if (entry.kind == "genesis") != (entry.seq == 1):
            raise IllegalStepError("a ledger has one genesis entry, its first")
        if entry.kind in DAY_ALONE and self.format > 2 and not entry.has_day_alone:
            raise IllegalStepError(f"a {entry.kind} entry carries its day alone")
        if entry.kind == "genesis":
            self.ledger_id, self.format = entry.text("ledger_id"), entry.integer("format")
            self.four_eyes = self.format > 1
        if entry.kind in ("genesis", "key"):
            self.public_keys.append(entry.text("public_key"))
        elif entry.kind == "open":
            self._open(entry)
        elif entry.kind in ("reserve", "k_reserve"):
            self._reserve(entry)
        elif entry.kind in _STEPS:
            self._step(entry)
        elif entry.kind == "non_private":
            self._scope_of(entry).non_private.append(entry.text("what"))
        elif entry.kind == "looked":
            self._scope_of(entry).non_private.append(_look(entry))
        elif entry.kind in ("person", "person-left"):
            self._person(entry)
        elif entry.kind == "moved":
            self.was_moved = True
        elif entry.kind == "reconcile":
            self._reconcile(entry)

    def _scope_of(self, entry: Entry) -> ScopeBook:
        if entry.scope not in self.scopes:
            raise IllegalStepError(f"the scope {entry.scope!r} is not open in this ledger")
        return self.scopes[entry.scope]

    def _open(self, entry: Entry) -> None:
        if entry.scope in self.scopes:
            raise IllegalStepError(f"the scope {entry.scope!r} is open already")
        self.scopes[entry.scope] = ScopeBook(entry)

    def _reserve(self, entry: Entry) -> None:
        scope = self._scope_of(entry)
        if not entry.release_id:
            raise IllegalStepError("a reservation needs a release id")
        if entry.release_id in self.releases or entry.release_id in self.taken_over:
            raise IllegalStepError(f"the release id {entry.release_id!r} is used already; take a new one")
        if entry.kind == "reserve":
            self._charge(scope, entry)
        elif self.has_k_release(entry.scope) and not entry.text("despite"):
            raise IllegalStepError(f"the scope {entry.scope!r} has a k-anonymous release; a second takes a reason")
        self.releases[entry.release_id] = ReleaseBook(entry, steps={entry.kind: entry})

    def has_k_release(self, scope: str) -> bool:
        """Whether a k-anonymous release of the scope is reserved or was made; a withdrawn one counts."""
        ours = (each for each in self.releases.values() if each.reserve.scope == scope)
        return any(each.is_k and each.state != "voided" for each in ours)

    def _charge(self, scope: ScopeBook, entry: Entry) -> None:
        if not entry.integer("nano_rho"):
            raise IllegalStepError("a reservation must cost something")
        if not (scope.covers(entry.integer("nano_rho")) and scope.covers_error(entry.integer("sampler_units"))):
            raise IllegalStepError(f"the allowance of the scope {entry.scope!r} does not cover the reservation")
        scope.fix_unit(entry)
        scope.charge(entry)

    def _step(self, entry: Entry) -> None:
        release = self.releases.get(entry.release_id or "")
        if release is None or release.reserve.scope != entry.scope or _is_of_another_sort(entry, release):
            raise IllegalStepError(f"no release {entry.release_id!r} is reserved in the scope {entry.scope!r}")
        before, after = _STEPS[entry.kind]
        if release.state not in before:
            raise IllegalStepError(
                f"the release {entry.release_id!r} is {release.state}; "
                f"only one that is {' or '.join(before)} can get a {entry.kind} entry"
            )
        if release.manifest_sha256 and entry.body.get("manifest_sha256") != release.manifest_sha256:
            raise IllegalStepError(f"a {entry.kind} entry is about what was sealed: the manifest is another one")
        if entry.kind == "publish" and self.four_eyes and not release.is_approved:
            raise IllegalStepError(f"only what {APPROVALS} different people have approved can be published")
        if entry.kind == "void":
            self._void(entry, release)
        if entry.kind == "approve":
            after = self._approve(entry, release)
        self.four_eyes |= entry.kind in ("approve", "withdraw")
        self._leave(release, after)
        release.steps[entry.kind] = entry

    def _leave(self, release: ReleaseBook, state: str) -> None:
        """Leave a release in a state; what is drawn without a guarantee is named by the scope from then on."""
        if release.is_k and state == "drawn":
            self.scopes[release.reserve.scope].non_private.append(_k_release(release))
        release.state = state

    def _approve(self, entry: Entry, release: ReleaseBook) -> str:
        """Take the approval in; the state in which it leaves the release."""
        before = {folded(each.text("by")) for each in release.approvals}
        if folded(entry.text("by")) in before | {""}:
            raise IllegalStepError("each approval is by another person, on record by name")
        fault = self.people.approval_fault(entry.body, release.id, self.ledger_id)
        if fault or entry.body.get("key") in keys_of([each.body for each in release.approvals]):
            raise IllegalStepError(fault or "each approval is by another key")
        release.approvals.append(entry)
        return "approved" if release.is_approved and release.state == "sealed" else release.state

    def _void(self, entry: Entry, release: ReleaseBook) -> None:
        first, second = (folded(each.text("by")) for each in (release.reserve, entry))
        if not first or not second or first == second:
            raise IllegalStepError("a reservation is voided by a second person; both must be on record by name")
        if not release.is_k:
            self.scopes[entry.scope].charge(release.reserve, sign=-1)

    def _person(self, entry: Entry) -> None:
        fault = self.people.fault(entry.kind, entry.body, self.ledger_id)
        if fault:
            raise IllegalStepError(fault)
        self.people.take(entry.kind, entry.body)

    def _reconcile(self, entry: Entry) -> None:
        if entry.scope:
            scope = self._scope_of(entry)
            scope.fix_unit(entry)
            scope.charge(entry)
        elif entry.integer("nano_rho") or entry.integer("sampler_units") or entry.integer("releases"):
            raise IllegalStepError("spending that is taken over needs a scope")
        self.acknowledged.update(entry.lost())
        if entry.release_id:
            self._take_over(entry.release_id)

    def _take_over(self, release_id: str) -> None:
        """Noise may have been drawn for it elsewhere: it can be neither voided nor drawn again here."""
        release = self.releases.get(release_id)
        if release is None:
            self.taken_over.add(release_id)
        elif release.state == "reserved":
            self._leave(release, "drawn")


def _is_of_another_sort(entry: Entry, release: ReleaseBook) -> bool:
    """Whether the entry draws in the way of the other sort of release."""
    return entry.kind in ("draw", "k_draw") and (entry.kind == "k_draw") != release.is_k


def _k_release(release: ReleaseBook) -> str:
    """What statements of the scope say of a k-anonymous release."""
    entry = release.reserve
    despite = entry.text("despite")
    again = f"; not the first, because: {despite}" if despite else ""
    return f"the k-anonymous release {release.id!r} ({entry.text('mode')}, k = {entry.integer('k')}){again}"


def _look(entry: Entry) -> str:
    """What statements of the scope say of somebody's look at the data."""
    return (
        f"a look at {entry.text('what')} on {entry.at[:10]} ({entry.text('modes')}): settings may have been chosen "
        "after looking at the data"
    )
