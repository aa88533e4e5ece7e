"""Files of a bundle: read with suspicion, written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import sys
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, TypeAlias

from frostglass.bundle.format.places import refuse_in_bundle
from frostglass.errors import BundleError, reason_of
from frostglass.files import PLAIN, PRIVATE, PUBLIC, reached, sync_folder, unfinished_folder

MOST_BYTES = 2 * 1024**3
"""Most of a file that is read into memory at once."""

_PART = 1024**2


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256 of ``data``."""
    return hashlib.sha256(data).hexdigest()


_LITTER = frozenset({".ds_store", ".localized", ".directory", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
_DOUBLE = "._"
"""Names of the files that file managers leave in folders (macOS, Windows, KDE), and how macOS begins its doubles."""


class Beside(NamedTuple):
    """Names of what lies in a folder beside what belongs there: what file managers leave, and all else."""

    litter: tuple[str, ...]
    others: tuple[str, ...]


def beside(folder: Path, known: Container[str]) -> Beside:
    """What lies in ``folder`` beside the ``known`` names; a folder, a link or a device is never litter."""
    found = sorted(each for each in folder.iterdir() if each.name not in known)
    litter = [each for each in found if _is_litter(each)]
    return Beside(tuple(each.name for each in litter), tuple(each.name for each in found if each not in litter))


def _is_litter(path: Path) -> bool:
    name = path.name.casefold()
    return (name in _LITTER or name.startswith(_DOUBLE)) and stat.S_ISREG(path.lstat().st_mode)


def read_file(path: Path, *, most: int = MOST_BYTES) -> bytes:
    """The bytes of a regular file of at most ``most`` bytes. Raises like ``open_plain``."""
    with open_plain(path, most=min(most, MOST_BYTES)) as (file, size):
        return file.read(size)


def size_of(path: Path) -> int:
    """Bytes of such a file; raises as ``open_plain`` does."""
    with open_plain(path, most=sys.maxsize) as (_, size):
        return size


@contextmanager
def open_plain(path: Path, *, most: int) -> Iterator[tuple[BinaryIO, int]]:
    """A regular file of at most ``most`` bytes, open for reading, and its size; links, devices and pipes are refused
    unopened.

    Raises BundleError FG-BN-020 when there is no such file, FG-BN-021 when it is not one, FG-BN-022 when it is larger.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | PLAIN)
    except FileNotFoundError:
        raise BundleError("FG-BN-020", f"{path.name} is missing") from None
    except OSError:
        raise BundleError("FG-BN-021", f"{path.name} cannot be read: it must be a plain file, not a link") from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or path.is_symlink():
        os.close(descriptor)
        raise BundleError("FG-BN-021", f"{path.name} cannot be read: it must be a plain file, not a link")
    with os.fdopen(descriptor, "rb") as file:
        if found.st_size > most:
            raise BundleError("FG-BN-022", f"{path.name} is larger than the {most:,} bytes it may have")
        yield file, found.st_size


class Stored(NamedTuple):
    """Size and SHA-256 of a file."""

    bytes: int
    sha256: str


def digest(file: BinaryIO) -> Stored:
    """Size and hash of an open file, of which a megabyte is held at a time; it stands at its beginning afterwards."""
    found, size = hashlib.sha256(), 0
    file.seek(0)
    while part := file.read(_PART):
        found.update(part)
        size += len(part)
    file.seek(0)
    return Stored(size, found.hexdigest())


def state(file: BinaryIO) -> tuple[int, ...]:
    """What tells that an open file was not written to meanwhile: its size and times of change."""
    found = os.fstat(file.fileno())
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


class Sink(Protocol):
    """What a file's content is written to, part by part."""

    def write(self, data: bytes, /) -> object: ...


Write: TypeAlias = Callable[[Sink], object]
"""Writes a file's content."""


class HashedFile:
    """An open file that is hashed while it is written, from its beginning to its end."""

    closed = False
    """For Arrow, which asks, as it does for what follows."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest, self._size = file, hashlib.sha256(), 0

    def write(self, data: bytes, /) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._size += len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        self._file.flush()

    @property
    def stored(self) -> Stored:
        """Size and hash of what was written so far."""
        return Stored(self._size, self._digest.hexdigest())


def write_nowhere(_name: str, write: Write) -> Stored:
    """Have a file's content made and forgotten."""
    hashed = HashedFile(io.BytesIO())
    write(hashed)
    return hashed.stored


def write_file(path: Path, write: Write, *, mode: int, time: float) -> Stored:
    """Have a new file written, hashed in the same pass, with that mode and time, and durable but for its name."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        hashed = HashedFile(file)
        write(hashed)
        file.flush()
        os.chmod(reached(os.chmod, descriptor, path), mode)  # noqa: PTH101 - of the file that is open
        os.utime(reached(os.utime, descriptor, path), (time, time))
        os.fsync(descriptor)
    return hashed.stored


class NewFolder:
    """A folder that is being filled. ``written`` says what its files hold, by name and in order.

    ``put`` has the file of a name written, and is all that knows where.
    """

    def __init__(self, put: Callable[[str, Write], Stored]) -> None:
        self._put = put
        self.written: dict[str, Stored] = {}

    def fill(self, name: str, write: Write) -> None:
        """A file of which no more is in memory at a time than ``write`` has there."""
        self.written[name] = self._put(name, write)

    def write(self, name: str, data: bytes) -> None:
        """A small file."""
        self.fill(name, lambda file: file.write(data))


def write_folder(out: Path, fill: Callable[[NewFolder], None], *, on: date, public: bool = False) -> None:
    """Have a temporary sibling of ``out`` filled, and rename it when all its files are durable.

    It is for its owner alone (0700, files 0600) unless it is ``public``.

    ``out`` must not exist: BundleError FG-BN-001. Whatever goes wrong, nothing half-written stays behind. All files
    carry midnight of the day ``on``, so that they do not tell how long the work on the cases took.
    """
    mode, folder_mode = (PUBLIC, 0o755) if public else (PRIVATE, 0o700)
    midnight = datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp()
    refuse_existing(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with unfinished_folder(out) as folder:
            fill(NewFolder(lambda name, write: write_file(folder / name, write, mode=mode, time=midnight)))
            folder.chmod(folder_mode)
            os.utime(folder, (midnight, midnight))
            sync_folder(folder)
            refuse_existing(out)
            folder.rename(out)
    except OSError as error:
        folder_name = out.absolute().parent.name or "/"
        raise BundleError(
            "FG-BN-002", f"writing to {folder_name} failed: {reason_of(error).lower()}; nothing was left there"
        ) from None
    sync_folder(out.parent)


def refuse_existing(out: Path) -> None:
    """Raise BundleError FG-BN-001 when something is at ``out`` already, UsageError FG-OP-018 in another bundle."""
    refuse_in_bundle(out)
    if out.exists() or out.is_symlink():
        raise BundleError("FG-BN-001", f"{out} exists already; a bundle is never overwritten: choose another name")
