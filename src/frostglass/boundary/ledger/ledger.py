"""The ledger: what each population has been charged for, kept so that it can never say too little.

Proof: docs/proofs/ledger.md. A reservation is durable before anything is drawn; from the ``draw`` entry on it is
spent, whatever happens. Every step reads the whole chain, checks it, and adds one entry, in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from frostglass.boundary.accountant import accountant as accountant_of
from frostglass.boundary.ledger.approvals import require_another_person, require_approved, require_bundle
from frostglass.boundary.ledger.book import Book, Problem, ReleaseBook
from frostglass.boundary.ledger.entries import Draft, Entry, Json, line_of
from frostglass.boundary.ledger.home import is_at_home, require_home, require_shown, settle
from frostglass.boundary.ledger.money import opening, scope_of, summary
from frostglass.boundary.ledger.place import claimed, missing, new_place, require_local, require_writable
from frostglass.boundary.ledger.reconcile import KnownRelease, continuation, require_known, taken_over
from frostglass.boundary.ledger.requests import (
    Reservation,
    one_line,
    release_name,
    require_held,
    require_payable,
    require_unopened,
    require_unused,
    reservation_of,
    scope_name,
    stated,
    unit_of,
    whole,
)
from frostglass.boundary.ledger.signing_key import SigningKey, key_of
from frostglass.boundary.ledger.store import BUSY_SECONDS, MemoryStore, SqliteStore, Store
from frostglass.boundary.ledger.turn import Clock, Turn, genesis, utc_now
from frostglass.boundary.ledger.verify import LedgerReport, examine
from frostglass.boundary.ledger.witness import DamagedWitnessError, Witness, require_not_older
from frostglass.errors import LedgerError
from frostglass.terms.arguments import path as path_of
from frostglass.terms.arguments import text
from frostglass.terms.arguments import whole as whole_number
from frostglass.terms.budget import Number, decimal_text, parse_delta, parse_epsilon
from frostglass.terms.charge import Charge
from frostglass.terms.guarantee import ScopeSummary

__all__ = ["Entry", "KnownRelease", "Ledger", "LedgerReport", "Problem", "Reservation"]


class Ledger:
    """One ledger. Made by ``create``, ``open``, ``inspect``, ``rebuild`` or ``ephemeral``; holds no connection."""

    def __init__(
        self, store: Store, *, ledger_id: str, path: Path | None, witness: Witness | None, clock: Clock = utc_now
    ) -> None:
        self._store = store
        self._witness = witness
        self._clock = clock
        self.ledger_id = ledger_id
        self.path = path

    # Coming into being

    @classmethod
    def create(cls, path: str | Path, *, witness: str | Path | None = None) -> Ledger:
        """A new ledger file (0600) with its witness, its signing key and its home beside it.

        Refuses a name that is taken.
        """
        place = new_place(path_of(path, "the ledger"))
        beside = _witness_of(place, witness)
        if beside.exists():
            raise LedgerError(
                "FG-LG-002",
                f"the witness {str(beside.path)!r} of an earlier ledger is still there, and a new ledger would forget "
                "what was spent; write the ledger anew with `frostglass ledger reconcile --from WITNESS`, or, if the "
                "witness tells of other people's data altogether, move it away",
            )
        key, key_file = SigningKey.new(), key_of(place)
        if key_file.exists():
            raise LedgerError(
                "FG-LG-002",
                f"the signing key {str(key_file)!r} of an earlier ledger is still there and is never overwritten; move "
                "it away",
            )
        first = genesis(key.public)
        key.write(key_file)
        try:
            store = SqliteStore.create(place, [first])
        except BaseException:
            key_file.unlink(missing_ok=True)
            raise
        settle(place, first.text("ledger_id"))
        beside.catch_up(Book.replay([first]))
        return cls(store, ledger_id=first.text("ledger_id"), path=place, witness=beside)

    @classmethod
    def open(cls, path: str | Path, *, witness: str | Path | None = None, busy_seconds: float = BUSY_SECONDS) -> Ledger:
        """An existing ledger, whole, writable, on a local disk, at home and not older than its witness.

        Raises LedgerError.
        """
        ledger = cls.inspect(path, witness=witness, busy_seconds=busy_seconds)
        assert ledger.path is not None
        assert ledger._witness is not None
        require_local(ledger.path)
        require_writable(ledger.path)
        book = ledger._checked_book()
        require_home(ledger.path, book)
        if ledger._witness.exists():
            ledger._witness.catch_up(book)
        return ledger

    @classmethod
    def inspect(
        cls, path: str | Path, *, witness: str | Path | None = None, busy_seconds: float = BUSY_SECONDS
    ) -> Ledger:
        """An existing ledger as it is, to look at, to verify or to reconcile; each step still checks what it needs."""
        place = path_of(path, "the ledger").resolve()
        beside = _witness_of(place, witness)
        if not place.is_file():
            raise LedgerError("FG-LG-001", missing(place, witnessed=beside.exists()))
        store = SqliteStore(place, busy_seconds=busy_seconds)
        ledger = cls(store, ledger_id="", path=place, witness=beside)
        with suppress(LedgerError):
            ledger.ledger_id = ledger._book().ledger_id
        return ledger

    @classmethod
    def rebuild(cls, path: str | Path, lines: str | Path, *, witness: str | Path | None = None) -> Ledger:
        """A lost ledger written anew, entry for entry, from its witness or an export. Refuses an existing file.

        When a witness beside it has seen more, or breaks off, opening it says so and ``reconcile`` adds the rest. An
        export is written whole: one that breaks off was changed, and is refused. The new file is not the one that was
        last used, so ``reconcile`` or ``moved`` comes before any other step.
        """
        place = new_place(path_of(path, "the ledger"))
        beside, source = _witness_of(place, witness), Witness(path_of(lines, "what the ledger is written from"))
        try:
            entries, tail = source.entries(), source.seen()
        except DamagedWitnessError:
            entries, tail = (), None
        book = Book.replay(entries)
        broken_off = tail is not None and tail.torn and source.path.resolve() != beside.path.resolve()
        if not entries or book.problems or broken_off:
            raise LedgerError(
                "FG-LG-003",
                f"{str(lines)!r} is not the whole chain of a ledger: give its witness or an export. Nothing was "
                "written",
            )
        store = SqliteStore.create(place, entries)
        beside.catch_up(book)
        return cls(store, ledger_id=book.ledger_id, path=place, witness=beside)

    @classmethod
    def ephemeral(cls, *, epsilon: Number, delta: Number, accountant: str = "gdp", scope: str = "ephemeral") -> Ledger:
        """A ledger in memory with one scope. It ends with the process, so what it pays for cannot be sealed."""
        first = genesis(SigningKey.new().public)
        ledger = cls(MemoryStore([first]), ledger_id=first.text("ledger_id"), path=None, witness=None)
        ledger.open_scope(
            scope, epsilon=epsilon, delta=delta, accountant=accountant, reason="ephemeral: nothing can be sealed"
        )
        return ledger

    @property
    def sealable(self) -> bool:
        """Whether what it pays for may be sealed: only when the charge outlives the process."""
        return self.path is not None

    # Scopes

    def open_scope(
        self,
        scope: str,
        *,
        epsilon: Number,
        delta: Number,
        accountant: str = "gdp",
        reason: str = "",
        population: int | None = None,
        by: str = "",
    ) -> Entry:
        """Promise (epsilon, delta) to the people of a scope, once and for all.

        Raises UsageError for figures out of range and for a missing reason, LedgerError when the scope is open.
        """
        if population is not None:
            rule = "the declared population is the number of people who may appear: 1 to 10**12"
            population = whole_number(population, 1, 10**12, "FG-OP-063", rule)
        draft = opening(
            scope_name(scope),
            epsilon=parse_epsilon(epsilon),
            delta=parse_delta(delta),
            name=accountant_of(accountant).name,
            reason=one_line(reason, "the reason"),
            population=population,
            by=one_line(by, "the name"),
        )
        with self._writing() as turn:
            require_unopened(turn.book, scope)
            return turn.write(draft)

    def scopes(self) -> tuple[str, ...]:
        """Names of the open scopes, sorted."""
        return tuple(sorted(self._book().scopes))

    def scope(self, scope: str) -> ScopeSummary:
        """Where a scope stands now: allowance, spending, both sums. Raises LedgerError when it is not open."""
        return summary(self._book(), text(scope, "the scope"))

    # A release

    def afford(self, scope: str, charge: Charge) -> None:
        """Raise BudgetError, with the figures and the ways out, when the scope does not cover a release.

        Raises LedgerError when the scope protects another unit.
        """
        require_payable(self._checked_book(), scope, charge)

    def reserve(self, scope: str, release_id: str, plan_sha256: str, charge: Charge, *, by: str = "") -> Reservation:
        """Charge a scope for one release, durably, before anything is drawn.

        The scope's first release fixes whom it protects, and whether a key tells them apart. Raises BudgetError when
        the scope does not cover it, LedgerError for a release id that is used already and for another unit than the
        scope's.
        """
        name, keyed = unit_of(charge)
        body: dict[str, Json] = {
            "plan_sha256": plan_sha256,
            "nano_rho": charge.nano_rho,
            "sampler_units": charge.sampler_units,
            "epsilon": decimal_text(parse_epsilon(charge.epsilon)),
            "mechanism": charge.mechanism,
            "unit": name,
            "keyed": keyed,
            "max_records": charge.unit.max_records,
            "by": one_line(by, "the name"),
        }
        with self._writing() as turn:
            require_unused(turn.book, release_name(release_id))
            require_payable(turn.book, scope, charge)
            entry = turn.write(Draft("reserve", body, scope, release_id))
            return self._reservation(turn.book, entry)

    def require_unused(self, release_id: str) -> None:
        """Raise LedgerError FG-LG-019 when a release id is taken."""
        require_unused(self._book(), release_name(release_id))

    def begin_draw(self, reservation: Reservation) -> None:
        """Write, durably, that noise is drawn from now on. Raises LedgerError when it was drawn before, or voided.

        A reservation is drawn for at most once: this is the entry that says so.
        """
        with self._writing() as turn:
            require_held(turn.book, reservation, sealable=self.sealable)
            turn.write(Draft("draw", {}, reservation.scope, reservation.release_id))

    def commit(self, reservation: Reservation, *, staged_sha256: str) -> Entry:
        """Fix the staged measurements by their hash."""
        with self._writing() as turn:
            require_held(turn.book, reservation, sealable=self.sealable)
            return turn.write(
                Draft("commit", {"staged_sha256": staged_sha256}, reservation.scope, reservation.release_id)
            )

    def seal(self, release_id: str, *, manifest_sha256: str) -> Entry:
        """Note the bundle that was made of a committed release."""
        return self._step("seal", release_id, {"manifest_sha256": manifest_sha256})

    def approve(self, release_id: str, *, manifest_sha256: str, by: str, note: str) -> Entry:
        """Note that a person has looked at a sealed bundle and would publish it. Each approval is by another person."""
        by, note = stated(by, "the name"), stated(note, "the note")
        return self._step(
            "approve",
            release_id,
            {"manifest_sha256": manifest_sha256, "by": by, "note": note},
            require=lambda release: require_another_person(release, by),
        )

    def require_approved(self, release_id: str) -> None:
        """Raise LedgerError, saying who has approved it and what is missing, unless it may be published."""
        require_approved(_release_in(self._checked_book(), release_id))

    def publish(self, release_id: str, *, manifest_sha256: str, to: str, by: str) -> Entry:
        """Note that a sealed bundle is copied out; as often as it is. LedgerError before two people approved it."""
        return self._step(
            "publish",
            release_id,
            {"manifest_sha256": manifest_sha256, "to": stated(to, "the place"), "by": stated(by, "the name")},
            require=require_approved,
        )

    def withdraw(self, release_id: str, *, by: str, reason: str) -> Entry:
        """Note that a sealed bundle is not, or no longer, to be used. It is never published again; its cost stays."""
        by, reason = stated(by, "the name"), stated(reason, "the reason")
        with self._writing() as turn:
            release = _release_in(turn.book, release_id)
            require_bundle(release)
            body: dict[str, Json] = {"manifest_sha256": release.manifest_sha256, "by": by, "reason": reason}
            return turn.write(Draft("withdraw", body, release.reserve.scope, release_id))

    def void(self, release_id: str, *, by: str, reason: str) -> Entry:
        """Take back a reservation for which nothing was drawn; a second person does it and says why."""
        return self._step("void", release_id, {"by": stated(by, "the name"), "reason": stated(reason, "the reason")})

    def non_private(self, scope: str, *, what: str, by: str) -> Entry:
        """Note something that left without a privacy guarantee; statements of the scope name it."""
        body: dict[str, Json] = {"what": stated(what, "what left"), "by": stated(by, "the name")}
        with self._writing() as turn:
            scope_of(turn.book, scope)
            return turn.write(Draft("non_private", body, scope))

    def unfinished(self, scope: str, plan_sha256: str) -> tuple[Reservation, ...]:
        """Releases with this plan that were drawn and are not sealed, newest first: resumed, never drawn again."""
        return self._in_state(scope, plan_sha256, ("drawn", "committed"))

    def undrawn(self, scope: str, plan_sha256: str) -> tuple[Reservation, ...]:
        """Releases with this plan that are paid for and for which nothing was drawn yet, newest first."""
        return self._in_state(scope, plan_sha256, ("reserved",))

    def _in_state(self, scope: str, plan_sha256: str, states: Sequence[str]) -> tuple[Reservation, ...]:
        book = self._book()
        reserved = [each.reserve for each in book.releases.values() if each.state in states and not each.is_k]
        return tuple(
            self._reservation(book, entry)
            for entry in sorted(reserved, key=lambda each: -each.seq)
            if entry.scope == scope and entry.text("plan_sha256") == plan_sha256
        )

    def state(self, release_id: str) -> str:
        """``reserved``, ``drawn``, ``committed``, ``sealed``, ``approved``, ``published``, ``withdrawn``, ``voided``.

        Or ``reconciled``: a release whose spending was taken over and of which this ledger knows nothing else.
        """
        book = self._book()
        if release_id in book.releases:
            return book.releases[release_id].state
        if release_id in book.taken_over:
            return "reconciled"
        raise LedgerError("FG-LG-016", f"this ledger knows no release {release_id!r}")

    def find(self, release_id: str, kind: str) -> Entry | None:
        """The latest entry of a kind for a release, such as its ``commit``; ``None`` when there is none."""
        release = self._book().releases.get(release_id)
        return release.steps.get(kind) if release else None

    def approvals(self, release_id: str) -> tuple[Entry, ...]:
        """The approvals of a release, each by another person, in order."""
        release = self._book().releases.get(release_id)
        return tuple(release.approvals) if release else ()

    # Signing

    @property
    def public_key(self) -> str:
        """The public half of the key that signs this ledger's bundles now: 32 bytes in hex."""
        return self._book().public_key

    def public_keys(self) -> tuple[str, ...]:
        """All that this ledger ever named, the present one last."""
        return tuple(self._book().public_keys)

    def known_keys(self) -> frozenset[str]:
        """All keys that this ledger or its witness ever named: what one of them signed is this ledger's own.

        A witness that is damaged, or another ledger's, names none.
        """
        book, seen = self._book(), list[Entry]()
        if self._witness and self._witness.exists():
            with suppress(LedgerError):
                seen = list(self._witness.entries())
        ours = seen[:1] == book.entries[:1]
        return frozenset(book.public_keys).union(Book.replay(seen).public_keys if ours else ())

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes, by the ledger's key. Raises LedgerError when it is not there, or another one is."""
        return self._key().sign(message)

    def require_key(self) -> None:
        """Raise LedgerError unless the key that this ledger names is there; an ephemeral ledger needs none."""
        if self.path is not None:
            self._key()

    def new_key(self, *, by: str, reason: str) -> Entry:
        """Make a new signing key in the place of the present one, which is gone then, and name it in the ledger.

        What was signed stays signed by a key that the ledger named.
        """
        by, reason = stated(by, "the name"), stated(reason, "the reason")
        if self.path is None:
            raise LedgerError("FG-LG-017", "an ephemeral ledger has no file, and so no signing key")
        key = SigningKey.new()
        with self._writing() as turn:
            key.write(key_of(self.path))
            return turn.write(Draft("key", {"public_key": key.public, "by": by, "reason": reason}))

    def _key(self) -> SigningKey:
        if self.path is None:
            raise LedgerError("FG-LG-017", "an ephemeral ledger has no file, and so no signing key")
        place = key_of(self.path)
        key = SigningKey.read(place)
        if key.public != self.public_key:
            raise LedgerError(
                "FG-LG-023",
                f"{str(place)!r} is not the key that this ledger names; put the right one in its place, or make a new "
                "one with `frostglass ledger new-key`",
            )
        return key

    # Looking after it

    def entries(self) -> Iterator[Entry]:
        """All entries in order. Raises LedgerError when the ledger is damaged."""
        return iter(self._book().entries)

    def verify(self) -> LedgerReport:
        """Look the ledger through from the first entry to the last; never raises for damage."""
        return examine(self._store, self._witness)

    def export(self, path: Path) -> None:
        """Write all entries as JSON lines to a new file (0600). Raises LedgerError when the ledger is damaged."""
        lines = "".join(line_of(entry) + "\n" for entry in self._book().entries)
        with claimed(path) as temporary:
            temporary.write_bytes(lines.encode())

    def backup(self, path: Path) -> None:
        """Copy the ledger to a new file (0600), even while others write. Raises LedgerError when it is damaged."""
        self._book()
        if not isinstance(self._store, SqliteStore):
            raise LedgerError("FG-LG-017", "an ephemeral ledger has no file to back up")
        self._store.backup(path)

    def check_known(self, known: Sequence[KnownRelease]) -> None:
        """Raise LedgerError when the ledger is older than a release that it paid for."""
        require_known(self._book(), known)

    def reconcile(self, known: Sequence[KnownRelease], *, by: str, reason: str) -> tuple[Entry, ...]:
        """Add all spending that the witness or a known release shows and the ledger lacks; return the new entries.

        Where the ledger is the beginning of what the witness saw, the missing entries come back as they were. A ledger
        that is not at home lives here from now on. Raises LedgerError for a damaged ledger or witness, and FG-LG-030
        where nothing shows what a ledger that is not at home may have forgotten.
        """
        by, reason = stated(by, "the name"), stated(reason, "the reason")
        with self._writing(settled=False) as turn:
            start = len(turn.book.entries)
            tail = self._witness.seen() if self._witness else None
            seen = self._witness.entries() if self._witness and tail else ()
            for entry in continuation(turn.book, seen):
                turn.restore(entry)
            torn = tail is not None and tail.torn_beyond(turn.book)
            for draft in taken_over(turn.book, seen, known, torn=torn, by=by, reason=reason):
                turn.write(draft)
            if self.path and tail is None and len(turn.book.entries) == start:
                require_shown(self.path, turn.book)
            self._move(turn, by=by, reason=reason)
            return tuple(turn.book.entries[start:])

    def moved(self, *, by: str, reason: str) -> Entry | None:
        """Note that the ledger lives here from now on, and that no other copy is used; ``None`` when it was at home.

        Raises LedgerError when it is older than its witness.
        """
        by, reason = stated(by, "the name"), stated(reason, "the reason")
        with self._writing(settled=False) as turn:
            require_not_older(turn.book, self._witness.seen() if self._witness else None)
            return self._move(turn, by=by, reason=reason)

    def _move(self, turn: Turn, *, by: str, reason: str) -> Entry | None:
        if self.path is None or is_at_home(self.path, turn.book):
            return None
        return turn.write(Draft("moved", {"by": by, "reason": reason}))

    # One operation

    def _book(self) -> Book:
        return whole(self._store.read())

    def _checked_book(self) -> Book:
        """The state, provided that the witness has seen no more."""
        seen = self._witness.seen() if self._witness else None
        book = self._book()
        require_not_older(book, seen)
        return book

    @contextmanager
    def _writing(self, *, settled: bool = True) -> Iterator[Turn]:
        """One writer's turn: state checked before, entry durable after, and then on the witness too.

        Unless it is to be ``settled`` by this very turn, the ledger must be at home and not older than its witness.
        """
        with self._store.writing() as transaction:
            seen = self._witness.seen() if self._witness and settled else None
            book = whole(transaction.snapshot())
            require_not_older(book, seen)
            if self.path and settled:
                require_home(self.path, book)
            yield Turn(book, transaction, self._clock)
        if self.path and not settled:
            settle(self.path, book.ledger_id)
        if self._witness:
            self._witness.catch_up(book)

    def _step(
        self,
        kind: str,
        release_id: str,
        body: dict[str, Json],
        *,
        require: Callable[[ReleaseBook], None] | None = None,
    ) -> Entry:
        with self._writing() as turn:
            release = _release_in(turn.book, release_id)
            if require:
                require(release)
            return turn.write(Draft(kind, body, release.reserve.scope, release_id))

    def _reservation(self, book: Book, entry: Entry) -> Reservation:
        return reservation_of(book, entry, sealable=self.sealable)


def _release_in(book: Book, release_id: str) -> ReleaseBook:
    release = book.releases.get(release_id)
    if release is None:
        raise LedgerError("FG-LG-016", f"this ledger knows no release {release_id!r}; nothing was written")
    return release


def _witness_of(place: Path, witness: str | Path | None) -> Witness:
    return Witness(path_of(witness, "the witness").resolve() if witness else place.with_name(f"{place.name}.witness"))
