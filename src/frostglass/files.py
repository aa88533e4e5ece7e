"""Files and folders that are written whole or not at all.

They come into being under a hidden name beside their own, which a lock holds for as long as the process lives. What a
killed process left there is therefore told from what another one is still writing, and the next writer removes it.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from frostglass.errors import UsageError

PUBLIC, PRIVATE = 0o644, 0o600
"""Who may read a file: everybody, or its owner alone."""

UNFINISHED = ".frostglass-unfinished"
"""How the hidden names end."""

PLAIN = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
"""How a file is opened that may be anything: neither through a link nor waiting for it, where the system knows how."""

_POSIX = os.name == "posix"

_HIDDEN = re.compile(rf"\..+\.[a-z0-9_]{{8}}{re.escape(UNFINISHED)}", re.DOTALL)


def reached(act: Callable[..., None], descriptor: int, path: Path) -> int | Path:
    """The open file itself, where ``act`` takes one: its name could stand for another by now."""
    return descriptor if act in os.supports_fd else path


def require_posix(what: str) -> None:
    """Raise UsageError FG-OP-123 where the system has not the locks and limits that ``what`` takes."""
    if find_spec("fcntl") is None or find_spec("resource") is None:
        raise UsageError(
            "FG-OP-123",
            f"{what} takes locks and limits that this system does not have: run it on Linux or macOS; on Windows, in "
            "WSL2. Bundles can be read, counted and verified here",
        )


def write_whole(path: Path, data: bytes, *, mode: int) -> None:
    """Write ``data`` to a temporary sibling, make it durable, and rename it. OSError leaves nothing behind."""
    remove_abandoned(path.parent)
    descriptor, sibling = _held_file(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.chmod(reached(os.chmod, descriptor, sibling), mode)  # noqa: PTH101 - of the file that is open
            file.flush()
            os.fsync(descriptor)
            if _POSIX:  # while the lock is held; elsewhere an open file is not renamed
                sibling.replace(path)
        if not _POSIX:
            sibling.replace(path)
    except BaseException:
        sibling.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def unfinished_folder(path: Path) -> Iterator[Path]:
    """A hidden sibling (0700) of ``path`` to fill and to rename in the block; what was not renamed is removed."""
    remove_abandoned(path.parent)
    descriptor, sibling = _held_folder(path)
    try:
        yield sibling
    finally:
        shutil.rmtree(sibling, ignore_errors=True)
        os.close(descriptor)


def remove_abandoned(folder: Path) -> None:
    """Remove what killed processes left half-written in ``folder``, and nothing that another process still writes."""
    for name in os.listdir(folder):  # noqa: PTH208 - names alone, also of thousands
        if _HIDDEN.fullmatch(name):
            with suppress(OSError):
                _remove_unless_held(folder / name)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable, where a folder can be synced."""
    if not _POSIX:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_unless_held(path: Path) -> None:
    """OSError where it is held, is somebody else's, or where the file system has no locks."""
    descriptor = os.open(path, PLAIN)
    try:
        lock(descriptor, wait=False)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    finally:
        os.close(descriptor)


def lock(descriptor: int, *, wait: bool) -> None:
    """Lock an open file for this process alone; OSError where another holds it, or where there are no locks."""
    try:
        fcntl = import_module("fcntl")
    except ImportError:
        raise OSError("no locks") from None
    fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _held_file(path: Path) -> tuple[int, Path]:
    """A new hidden file (0600), open and locked."""
    while True:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED)
        if _is_held(descriptor, Path(name)):
            return descriptor, Path(name)
        os.close(descriptor)


def _held_folder(path: Path) -> tuple[int, Path]:
    """A new hidden folder (0700), open and locked."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED))
        with suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY)
            if _is_held(descriptor, folder):
                return descriptor, folder
            os.close(descriptor)


def _is_held(descriptor: int, path: Path) -> bool:
    """Lock it; False when another process took it for abandoned, just before it was locked, and removed it."""
    with suppress(OSError):  # no locks on this file system: then nothing there is ever taken for abandoned
        lock(descriptor, wait=True)
    return path.exists()
