"""A file that is read from one end to the other while nobody changes it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from frostglass.errors import InputError


@contextmanager
def steady(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file for reading; when it changes before the end of the block, that is the error.

    Raises InputError FG-IN-001 (no bytes), FG-IN-003 (not a regular file), FG-IN-004 (not readable), FG-IN-005
    (changed), FG-IN-071 (no such file).
    """
    before = _state(path)
    try:
        with _opened(path) as file:
            yield file
    except InputError:
        _unchanged(path, before)
        raise
    _unchanged(path, before)


def _state(path: Path) -> tuple[int, int, int]:
    """Identity, size and time of change; a device or pipe is refused without being opened."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError("FG-IN-071", f"there is no file {path}") from None
    except OSError:
        raise InputError("FG-IN-004", f"cannot look at {path}: check the permissions of its folder") from None
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a device, pipe or socket"
        raise InputError("FG-IN-003", f"{path} is {kind}, not a regular file: save the table to a file and name that")
    if found.st_size == 0:
        raise InputError("FG-IN-001", f"{path.name} is empty (0 bytes): export it again")
    return found.st_ino, found.st_size, found.st_mtime_ns


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError:
        raise InputError("FG-IN-004", f"cannot read {path}: you have no permission to; ask its owner") from None


def _unchanged(path: Path, before: tuple[int, int, int]) -> None:
    try:
        now = _state(path)
    except InputError:
        now = None
    if now != before:
        raise InputError(
            "FG-IN-005",
            f"{path.name} was changed while it was read: wait until whatever writes it is done, and read it again",
        ) from None
