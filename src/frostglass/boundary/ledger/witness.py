"""The witness: a second copy of every entry, so that an old copy of the ledger cannot pass for the present one.

Proof: docs/proofs/ledger.md, "What the witness shows". A line is appended only after its entry is durable in the
ledger, so the witness never runs ahead of it: a last line that the ledger lacks means that the ledger was put back.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from frostglass.boundary.ledger.book import Book
from frostglass.boundary.ledger.entries import Entry, UnreadableEntryError, chain_fault, entry_of_line, line_of
from frostglass.boundary.ledger.place import sync_folder
from frostglass.errors import LedgerError
from frostglass.files import lock


class DamagedWitnessError(LedgerError):
    """A line is no entry, or breaks the chain."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The last whole line (``seq`` 0 when there is none), where it ends, and whether a torn one follows it."""

    seq: int
    head: str
    end: int
    torn: bool

    def torn_beyond(self, book: Book) -> bool:
        """Whether the torn line tells of an entry that came after everything the ledger holds."""
        return self.torn and self.seq >= book.last.seq


@dataclass(frozen=True, slots=True)
class Witness:
    """An append-only file of JSON lines, one per entry.

    After a fork was reconciled the file goes on with the ledger's own branch: a line whose number is not above the
    one before it starts the story again from there.
    """

    path: Path

    def exists(self) -> bool:
        return self.path.exists()

    def seen(self) -> Tail | None:
        """What it saw last; ``None`` when there is no witness. Raises LedgerError when its last whole line is no entry.

        Look here first and at the ledger afterwards: in the other order, a step that somebody else takes in between
        would look like one that the ledger has lost.
        """
        return self._tail_of(self._bytes()) if self.exists() else None

    def entries(self) -> tuple[Entry, ...]:
        """The chain that the witness saw last. Raises LedgerError when a line is no entry or breaks the chain."""
        branch: list[Entry] = []
        for entry in self.lines():
            del branch[max(entry.seq - 1, 0) :]
            if chain_fault(entry, after=branch[-1] if branch else None):
                raise self._damaged()
            branch.append(entry)
        return tuple(branch)

    def catch_up(self, book: Book) -> None:
        """Append what the ledger holds and the witness lacks. Raises LedgerError when that cannot be made durable."""
        try:
            with self._locked() as file:
                tail = self._tail_of(_content(file))
                lines = self._missing(book, tail)
                if lines:
                    _append(file, tail, lines)
        except OSError as error:
            raise LedgerError(
                "FG-LG-014",
                f"the ledger holds its new entry, but its witness {str(self.path)!r} could not be written "
                f"({os.strerror(error.errno or 0)}); mend that, and the next step brings the witness up to date",
            ) from None

    def _missing(self, book: Book, tail: Tail) -> list[Entry]:
        if tail.seq == 0 or book.owns(tail.seq, tail.head):
            return book.entries[tail.seq :]
        if (tail.seq, tail.head) in book.acknowledged:
            return book.entries[common_length(book.entries, self.entries()) :]
        # Another process has gone further and was checked against this witness when it did.
        return []

    def lines(self) -> list[Entry]:
        """All whole lines, also of branches that were left. Raises LedgerError when one is no entry."""
        try:
            return [entry_of_line(line) for line in self._bytes().split(b"\n")[:-1]]
        except UnreadableEntryError:
            raise self._damaged() from None

    def _bytes(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise LedgerError(
                "FG-LG-014", f"the witness {str(self.path)!r} cannot be read: {os.strerror(error.errno or 0)}"
            ) from None

    def _tail_of(self, content: bytes) -> Tail:
        end = content.rfind(b"\n") + 1
        torn = end < len(content)
        if end == 0:
            return Tail(0, "", 0, torn)
        try:
            last = entry_of_line(content[content.rfind(b"\n", 0, end - 1) + 1 : end - 1])
        except UnreadableEntryError:
            raise self._damaged() from None
        return Tail(last.seq, last.hash, end, torn)

    def _damaged(self) -> DamagedWitnessError:
        return DamagedWitnessError(
            "FG-LG-014",
            f"the witness {str(self.path)!r} is damaged; compare the ledger with an export, a backup or the published "
            "bundles, then move the witness away: the next step writes a new one",
        )

    @contextmanager
    def _locked(self) -> Iterator[int]:
        fresh = not self.exists()
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            lock(file, wait=True)
            yield file
            if fresh:
                sync_folder(self.path)
        finally:
            os.close(file)


def require_not_older(book: Book, seen: Tail | None) -> None:
    """Raise LedgerError when the witness has seen an entry that the ledger does not answer for."""
    if seen is None:
        return
    known = seen.seq == 0 or book.answers_for(seen.seq, seen.head)
    if known and not seen.torn_beyond(book):
        return
    missing, last = seen.seq + 1 if known else seen.seq, book.last.seq
    what = "is older than its witness" if missing > last else "and its witness have gone different ways"
    raise LedgerError(
        "FG-LG-007",
        f"this ledger {what}: the witness has seen an entry {missing} that the ledger, which ends at entry {last}, "
        "does not hold. An old copy was put back, and spending would be forgotten. Put the newer ledger back, or "
        "run `frostglass ledger reconcile`, which adds the missing spending",
    )


def common_length(ours: list[Entry], theirs: Iterable[Entry]) -> int:
    """How many entries two chains share at their beginning."""
    shared = 0
    for own, other in zip(ours, theirs, strict=False):
        if own.hash != other.hash:
            break
        shared += 1
    return shared


def _content(file: int) -> bytes:
    size = os.fstat(file).st_size
    return os.pread(file, size, 0) if size else b""


def _append(file: int, tail: Tail, entries: list[Entry]) -> None:
    """Write the lines where the last whole one ends; a torn line was never a witness to anything that is not there."""
    content = "".join(line_of(entry) + "\n" for entry in entries).encode()
    try:
        os.ftruncate(file, tail.end)
        _write_all(file, content, tail.end)
        os.fsync(file)
    except OSError:
        os.ftruncate(file, tail.end)
        raise


def _write_all(file: int, content: bytes, at: int) -> None:
    while content:
        written = os.pwrite(file, content, at)
        content, at = content[written:], at + written
