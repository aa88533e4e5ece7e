"""Files of a bundle: read with suspicion, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from frostglass.arrays.whole_file import PUBLIC, sync_folder, unfinished_folder, write_whole
from frostglass.bundle.places import refuse_in_bundle
from frostglass.errors import BundleError, reason_of

MOST_BYTES = 2 * 1024**3
"""Largest file that a bundle may hold."""

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
    """The bytes of a regular file of at most ``most`` bytes; links, devices and pipes are refused unopened.

    Raises BundleError FG-BN-020 when there is no such file, FG-BN-021 when it is not one, FG-BN-022 when it is larger.
    """
    with open_plain(path, most=most) as (file, size):
        return file.read(size)


def file_digest(path: Path, *, most: int) -> tuple[int, str]:
    """Size and SHA-256 of such a file, of which a megabyte is held at a time; raises as ``read_file`` does."""
    digest, total = hashlib.sha256(), 0
    with open_plain(path, most=most) as (file, size):
        while total < size and (part := file.read(min(_PART, size - total))):
            digest.update(part)
            total += len(part)
    return total, digest.hexdigest()


def size_of(path: Path) -> int:
    """Bytes of such a file; raises as ``read_file`` does."""
    with open_plain(path, most=MOST_BYTES) as (_, size):
        return size


@contextmanager
def open_plain(path: Path, *, most: int) -> Iterator[tuple[BinaryIO, int]]:
    """Such a file, open for reading, and its size; raises as ``read_file`` does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BundleError("FG-BN-020", f"{path.name} is missing") from None
    except OSError:
        raise BundleError("FG-BN-021", f"{path.name} cannot be read: it must be a plain file, not a link") from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise BundleError("FG-BN-021", f"{path.name} cannot be read: it must be a plain file, not a link")
    size = found.st_size
    with os.fdopen(descriptor, "rb") as file:
        if size > min(most, MOST_BYTES):
            raise BundleError(
                "FG-BN-022", f"{path.name} is larger than the {min(most, MOST_BYTES):,} bytes it may have"
            )
        yield file, size


def write_folder(out: Path, files: Mapping[str, bytes], *, on: date) -> None:
    """Write public ``files``, in their order, to a temporary sibling of ``out``, and rename it when all are durable.

    ``out`` must not exist: BundleError FG-BN-001. Whatever goes wrong, nothing half-written stays behind. All carry
    midnight of the day ``on``, so that they do not tell how long the work on the cases took.
    """
    midnight = datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp()
    refuse_existing(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with unfinished_folder(out) as folder:
            for name, data in files.items():
                write_whole(folder / name, data, mode=PUBLIC)
                os.utime(folder / name, (midnight, midnight))
            folder.chmod(0o755)
            os.utime(folder, (midnight, midnight))
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
