"""Where the entries are kept: durably in one SQLite file, or in memory for what can never be sealed.

Proof: docs/proofs/ledger.md, "Durability". A connection lives for one operation, so that nothing is shared across
a fork and nothing stays locked. The database file is never opened by other means while it is in use: closing such
a descriptor would drop SQLite's locks.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from frostglass.boundary.ledger.entries import Entry, row_of
from frostglass.boundary.ledger.place import claimed, require_local, require_writable
from frostglass.errors import LedgerError

BUSY_SECONDS = 30.0

# The same rules stand in ledger_book.py; here they hold against any other program too.
SCHEMA = (
    """CREATE TABLE entries (
  seq INTEGER PRIMARY KEY CHECK (seq >= 1),
  kind TEXT NOT NULL CHECK (typeof(kind) = 'text' AND kind <> ''),
  scope TEXT NOT NULL CHECK (typeof(scope) = 'text'),
  release_id TEXT CHECK (release_id IS NULL OR typeof(release_id) = 'text'),
  at TEXT NOT NULL CHECK (typeof(at) = 'text' AND length(at) = 20),
  body TEXT NOT NULL CHECK (typeof(body) = 'text' AND body LIKE '{%}'),
  prev TEXT NOT NULL CHECK (typeof(prev) = 'text' AND length(prev) = 64),
  hash TEXT NOT NULL UNIQUE CHECK (typeof(hash) = 'text' AND length(hash) = 64)
)""",
    "CREATE UNIQUE INDEX one_of_each_kind ON entries (release_id, kind) "
    "WHERE kind IN ('reserve', 'draw', 'commit', 'seal', 'void')",
    "CREATE UNIQUE INDEX drawn_or_voided ON entries (release_id) WHERE kind IN ('draw', 'void')",
    "CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries "
    "BEGIN SELECT RAISE(ABORT, 'ledger entries never change'); END",
    "CREATE TRIGGER entries_never_go BEFORE DELETE ON entries "
    "BEGIN SELECT RAISE(ABORT, 'ledger entries are never deleted'); END",
    """CREATE TRIGGER entries_follow BEFORE INSERT ON entries
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM entries)
  OR NEW.prev <> coalesce((SELECT hash FROM entries ORDER BY seq DESC LIMIT 1),
    '0000000000000000000000000000000000000000000000000000000000000000')
BEGIN SELECT RAISE(ABORT, 'ledger entries follow one another'); END""",
)

_INSERT = "INSERT INTO entries (seq, kind, scope, release_id, at, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_SELECT = "SELECT seq, kind, scope, release_id, at, body, prev, hash FROM entries ORDER BY seq"

# FULL would leave a deleted journal that a power cut brings back, and with it the entry undone: EXTRA syncs the folder.
_PRAGMAS = (
    "PRAGMA synchronous = EXTRA",
    "PRAGMA fullfsync = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)
_DURABLE = ("delete", 3)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All rows at one moment, and what is wrong with the tables and triggers around them."""

    rows: Sequence[Sequence[object]]
    faults: tuple[str, ...] = ()


class Transaction(Protocol):
    """One writer's turn: nobody else writes before it is over."""

    def snapshot(self) -> Snapshot: ...

    def append(self, entry: Entry) -> None: ...


class Store(Protocol):
    """Keeps entries. ``writing`` yields one writer's turn; when it ends well, what was appended is durable."""

    def read(self) -> Snapshot: ...

    def writing(self) -> AbstractContextManager[Transaction]: ...


class SqliteStore:
    """A ledger file. Every error of SQLite becomes a LedgerError that says what to do."""

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._busy_seconds = busy_seconds

    @classmethod
    def create(cls, path: Path, entries: Iterable[Entry], *, busy_seconds: float = BUSY_SECONDS) -> SqliteStore:
        """A new file that holds ``entries``; an existing one is refused."""
        with claimed(path) as temporary:
            fresh = cls(temporary, busy_seconds=busy_seconds)
            with fresh._turn() as connection:
                for statement in SCHEMA:
                    connection.execute(statement)
                connection.executemany(_INSERT, map(row_of, entries))
        return cls(path, busy_seconds=busy_seconds)

    def read(self) -> Snapshot:
        with self._connected() as connection:
            connection.execute("BEGIN")
            return _snapshot(connection)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        with self._turn() as connection:
            yield _SqliteTransaction(connection)

    def integrity(self) -> tuple[str, ...]:
        """What SQLite finds wrong with the file itself; empty when nothing is."""
        with self._connected() as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
        return () if found == ["ok"] else tuple(found)

    def backup(self, path: Path) -> None:
        """A copy of one moment, even while others write; an existing file is refused."""
        with (
            claimed(path) as temporary,
            self._connected() as source,
            closing(sqlite3.connect(temporary)) as copy,
        ):
            source.backup(copy)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """A connection for one operation. Closing it rolls back whatever was not committed."""
        try:
            with closing(
                sqlite3.connect(
                    f"{self.path.as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=self._busy_seconds
                )
            ) as connection:
                connection.text_factory = _text
                for pragma in _PRAGMAS:
                    connection.execute(pragma)
                yield connection
        except sqlite3.Error as error:
            raise self._told(error) from None
        except UnicodeDecodeError:
            # SQLite's own message quoted bytes of a damaged file.
            raise self._told(sqlite3.DatabaseError()) from None

    @contextmanager
    def _turn(self) -> Iterator[sqlite3.Connection]:
        require_local(self.path)
        require_writable(self.path)
        with self._connected() as connection:
            (journal,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
            (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
            if (journal, synchronous) != _DURABLE:
                raise LedgerError("FG-LG-013", "SQLite does not accept the settings that make the ledger durable")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def _told(self, error: sqlite3.Error) -> LedgerError:
        """SQLite's error as ours. Whatever it was, the caller is not told that an entry is durable."""
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        code, message = _TOLD.get(primary, _TOLD[sqlite3.SQLITE_CORRUPT])
        return LedgerError(code, message.format(path=str(self.path), seconds=f"{self._busy_seconds:g}"))


_TOLD: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_BUSY: (
        "FG-LG-004",
        "the ledger {path!r} has been locked by another process for {seconds} seconds; wait until that one is done, or "
        "end it if it hangs, and try again",
    ),
    sqlite3.SQLITE_READONLY: ("FG-LG-005", "the ledger {path!r} is read-only; nothing was written"),
    sqlite3.SQLITE_CANTOPEN: ("FG-LG-001", "the ledger {path!r} cannot be opened: is it there, and is it yours?"),
    sqlite3.SQLITE_FULL: ("FG-LG-012", "the disk of the ledger {path!r} is full; nothing was written"),
    sqlite3.SQLITE_IOERR: (
        "FG-LG-012",
        "the disk of the ledger {path!r} reports an error, and whether the last entry was kept is not known; look at "
        "the disk, then run `frostglass ledger verify`",
    ),
    sqlite3.SQLITE_CONSTRAINT: (
        "FG-LG-011",
        "the rules inside the ledger {path!r} refused the entry; nothing was written; run `frostglass ledger verify`",
    ),
    sqlite3.SQLITE_NOTADB: ("FG-LG-003", "{path!r} is not a ledger"),
    sqlite3.SQLITE_CORRUPT: (
        "FG-LG-003",
        "the ledger {path!r} is damaged; run `frostglass ledger verify`, restore the latest backup, and then run "
        "`frostglass ledger reconcile`",
    ),
}


class _SqliteTransaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def snapshot(self) -> Snapshot:
        return _snapshot(self._connection)

    def append(self, entry: Entry) -> None:
        self._connection.execute(_INSERT, row_of(entry))


def _snapshot(connection: sqlite3.Connection) -> Snapshot:
    found = _schema(connection)
    if not any(name == "entries" for name, _ in found):
        raise LedgerError("FG-LG-003", "the file is not a ledger: it has no table of entries")
    expected = _expected_schema()
    faults = [f"lacks its {name}, or has another" for name, sql in expected if (name, sql) not in found]
    faults += [f"holds {name!r}, which does not belong there" for name, sql in found - expected]
    return Snapshot(connection.execute(_SELECT).fetchall(), tuple(sorted(faults)))


def _schema(connection: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    return frozenset(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


@lru_cache(maxsize=1)
def _expected_schema() -> frozenset[tuple[str, str]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for statement in SCHEMA:
            connection.execute(statement)
        return _schema(connection)


def _text(raw: bytes) -> str:
    """Bytes that are no text must not stop the replay: they fail their entry's hash."""
    return raw.decode("utf-8", "replace")


class MemoryStore:
    """Entries that end with the process; what they paid for cannot be sealed."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._rows = [row_of(entry) for entry in entries]
        self._lock = threading.Lock()

    def read(self) -> Snapshot:
        with self._lock:
            return Snapshot(tuple(self._rows))

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        with self._lock:
            turn = _MemoryTransaction(tuple(self._rows))
            yield turn
            self._rows += turn.appended


class _MemoryTransaction:
    def __init__(self, rows: Sequence[Sequence[object]]) -> None:
        self._seen = rows
        self.appended: list[tuple[int | str | None, ...]] = []

    def snapshot(self) -> Snapshot:
        return Snapshot((*self._seen, *self.appended))

    def append(self, entry: Entry) -> None:
        self.appended.append(row_of(entry))
