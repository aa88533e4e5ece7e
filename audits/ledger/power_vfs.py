"""A stand-in for SQLite's way to the disk, and for the witness's, that writes down or refuses what they do.

``apsw`` lets a virtual file system be written in Python. ``watched`` puts one under the ledger's store, in the place of
``sqlite3``, and a stand-in for ``os`` under the witness. Each write, truncation, sync, creation and deletion goes
through a ``Recorder``, in the order in which they happen.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apsw

from frostglass.boundary.ledger import place as ledger_place
from frostglass.boundary.ledger import store as ledger_store
from frostglass.boundary.ledger import witness as ledger_witness

_VFS = "watched"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that was done to a file.

    ``kind`` is write, truncate (to ``offset``), sync, create, delete or, for a folder's names, sync_folder; or one of
    the audit's own notes: returned, drawn.
    """

    kind: str
    name: str = ""
    offset: int = 0
    data: bytes = b""


@dataclass
class Recorder:
    """What was done, in order. ``refuse`` is asked before each operation and may raise an OSError instead."""

    operations: list[Operation] = field(default_factory=list)
    refuse: Callable[[Operation], None] | None = None

    def ask(self, operation: Operation) -> None:
        """Raise what the disk answers instead, if it refuses."""
        if self.refuse:
            self.refuse(operation)

    def note(self, operation: Operation) -> None:
        """Write down what was done."""
        self.operations.append(operation)


@contextmanager
def watched(recorder: Recorder) -> Iterator[None]:
    """Within the block, all ledgers of this process keep their files by way of the recorder."""
    vfs, system = _Watching(recorder), _System(recorder)
    with ExitStack() as open_patches:
        open_patches.callback(vfs.unregister)
        open_patches.enter_context(patch.object(ledger_store, "sqlite3", _StandIn()))
        for module in (ledger_witness, ledger_place):
            open_patches.enter_context(patch.object(module, "os", system))
        yield


# SQLite's files


class _Watching(apsw.VFS):
    """The file system of SQLite, with a recorder between."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(_VFS, "")
        self.recorder = recorder

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> Any:  # noqa: N802 - SQLite's name
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        fresh = path is not None and not Path(path).exists()
        if path is not None and fresh:
            _asked(self.recorder, Operation("create", path))
        file = _WatchedFile(self.recorder, path or "", name, flags, fresh=fresh)
        if path is not None and fresh:
            self.recorder.note(Operation("create", path))
        return file

    def xDelete(self, name: str, syncdir: bool) -> None:  # noqa: N802
        _asked(self.recorder, Operation("delete", name))
        super().xDelete(name, syncdir)
        self.recorder.note(Operation("delete", name))
        if syncdir:
            self.recorder.note(Operation("sync_folder"))


class _WatchedFile(apsw.VFSFile):
    def __init__(
        self, recorder: Recorder, path: str, name: str | apsw.URIFilename | None, flags: list[int], *, fresh: bool
    ) -> None:
        super().__init__("", name, flags)
        self.recorder, self.path = recorder, path
        self.syncs_folder = fresh and path.endswith("-journal")

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        operation = Operation("write", self.path, offset, bytes(data))
        _asked(self.recorder, operation)
        super().xWrite(data, offset)
        self.recorder.note(operation)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        operation = Operation("truncate", self.path, newsize)
        _asked(self.recorder, operation)
        super().xTruncate(newsize)
        self.recorder.note(operation)

    def xSync(self, flags: int) -> None:  # noqa: N802
        """With the first sync of a new journal, SQLite syncs its folder too (os_unix.c, UNIXFILE_DIRSYNC)."""
        operation = Operation("sync", self.path)
        _asked(self.recorder, operation)
        super().xSync(flags)
        self.recorder.note(operation)
        if self.syncs_folder:
            self.syncs_folder = False
            self.recorder.note(Operation("sync_folder"))


def _asked(recorder: Recorder, operation: Operation) -> None:
    """Ask the recorder, and give SQLite its own error when the disk refuses."""
    try:
        recorder.ask(operation)
    except OSError as error:
        as_told = {"write": apsw.FullError, "create": apsw.CantOpenError}.get(operation.kind, apsw.IOError)
        raise as_told(os.strerror(error.errno or 0)) from None


# The module sqlite3


class _StandIn:
    """What the store uses of ``sqlite3``, by way of apsw."""

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)

    def connect(self, target: object, *, timeout: float = 5.0, **_named: object) -> Any:
        if target == ":memory:":
            return sqlite3.connect(":memory:", isolation_level=None)
        return _Connection(str(target), timeout)


class _Connection:
    """A connection that answers at once with all rows, and raises the errors of ``sqlite3``."""

    text_factory: object = None

    def __init__(self, target: str, timeout: float) -> None:
        flags = apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        with _errors_of_sqlite3():
            self._connection = apsw.Connection(target, flags=flags, vfs=_VFS)
            self._connection.set_busy_timeout(round(timeout * 1000))

    def execute(self, statement: str, values: Sequence[Any] = ()) -> _Rows:
        with _errors_of_sqlite3():
            return _Rows(self._connection.execute(statement, tuple(values)).fetchall())

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self.execute(statement, row)

    def close(self) -> None:
        with _errors_of_sqlite3():
            self._connection.close()


class _Rows(list[tuple[Any, ...]]):
    def fetchall(self) -> list[tuple[Any, ...]]:
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        return self[0] if self else None


@contextmanager
def _errors_of_sqlite3() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        named = {apsw.FullError: sqlite3.SQLITE_FULL, apsw.CantOpenError: sqlite3.SQLITE_CANTOPEN}
        told = sqlite3.OperationalError(str(error))
        told.sqlite_errorcode = getattr(error, "result", 0) or named.get(type(error), sqlite3.SQLITE_IOERR)
        raise told from None


# The witness's file


class _System:
    """What the witness and the place of a ledger use of ``os``."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._names: dict[int, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: str | Path, flags: int, mode: int = 0o777) -> int:
        fresh = not Path(path).exists()
        if fresh:
            self._recorder.ask(Operation("create", str(path)))
        file = os.open(path, flags, mode)
        self._names[file] = str(path)
        if fresh:
            self._recorder.note(Operation("create", str(path)))
        return file

    def pwrite(self, file: int, data: bytes, offset: int) -> int:
        operation = Operation("write", self._names[file], offset, bytes(data))
        self._recorder.ask(operation)
        written = os.pwrite(file, data, offset)
        self._recorder.note(Operation("write", self._names[file], offset, bytes(data[:written])))
        return written

    def ftruncate(self, file: int, size: int) -> None:
        operation = Operation("truncate", self._names[file], size)
        self._recorder.ask(operation)
        os.ftruncate(file, size)
        self._recorder.note(operation)

    def fsync(self, file: int) -> None:
        folder = stat.S_ISDIR(os.fstat(file).st_mode)
        operation = Operation("sync_folder") if folder else Operation("sync", self._names[file])
        self._recorder.ask(operation)
        os.fsync(file)
        self._recorder.note(operation)
