"""One writer's turn at the ledger: the state as it is, and the pen that carries it on."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from frostglass.boundary.ledger.book import Book
from frostglass.boundary.ledger.entries import FORMAT, Draft, Entry, Json
from frostglass.boundary.ledger.store import Transaction
from frostglass.errors import LedgerError

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of the host."""
    return datetime.now(UTC)


def genesis(public_key: str) -> Entry:
    """The first entry of a new ledger, with a random 128-bit id and the public half of the key that signs for it."""
    body: dict[str, Json] = {"ledger_id": secrets.token_hex(16), "format": FORMAT, "public_key": public_key}
    return Book().write(Draft("genesis", body), at=_at(utc_now()))


@dataclass(frozen=True, slots=True)
class Turn:
    """State and pen between the beginning and the end of one transaction."""

    book: Book
    transaction: Transaction
    clock: Clock

    def write(self, draft: Draft) -> Entry:
        """Add an entry to the chain. Raises LedgerError when the state does not admit it."""
        entry = self.book.write(draft, at=_at(self.clock()))
        self.transaction.append(entry)
        return entry

    def restore(self, entry: Entry) -> None:
        """Add an entry as the witness saw it. Raises LedgerError when it does not continue the chain."""
        self.book.add(entry)
        if self.book.problems:
            raise LedgerError("FG-LG-014", f"the witness is damaged: {self.book.problems[0]}; nothing was written")
        self.transaction.append(entry)


def _at(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
