"""Where a ledger may lie, and how its files come into being whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from frostglass.errors import LedgerError
from frostglass.files import require_posix

NETWORK_FILE_SYSTEMS = frozenset(
    {
        "9p",
        "afpfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fuse.ceph",
        "fuse.davfs",
        "fuse.davfs2",
        "fuse.glusterfs",
        "fuse.gvfsd-fuse",
        "fuse.juicefs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.smbnetfs",
        "fuse.sshfs",
        "fuse.vmhgfs-fuse",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "orangefs",
        "prl_fs",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
    }
)
"""File systems on which SQLite's locks or syncs cannot be relied on: https://www.sqlite.org/howtocorrupt.html, 2.1."""

_MOUNTINFO = Path("/proc/self/mountinfo")
_ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def file_system_of(path: Path, mountinfo: str) -> str:
    """Type of the file system that holds an absolute path, from the text of ``/proc/self/mountinfo``.

    The longest mount point wins, and of two equal ones the later, which hides the earlier. Empty when none fits.
    """
    longest, found = -1, ""
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5 or not after:
            continue
        point = Path(_unescape(fields[4]))
        if path.is_relative_to(point) and len(point.parts) >= longest:
            longest, found = len(point.parts), after.split(" ")[0]
    return found


def _unescape(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), field)


def require_local(path: Path) -> None:
    """Refuse a path on a network file system. Raises LedgerError; where the system does not tell, it passes.

    UsageError FG-OP-123 on a system on which no ledger can be kept.
    """
    require_posix("a ledger")
    try:
        mountinfo = _MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    file_system = file_system_of(path.resolve(), mountinfo)
    if file_system in NETWORK_FILE_SYSTEMS:
        raise LedgerError(
            "FG-LG-006",
            f"the ledger lies on a network or shared file system ({file_system}), where locks and syncs cannot be "
            "relied on; keep it on a local disk, and its backups and its witness wherever you like",
        )


def require_writable(path: Path) -> None:
    """Refuse a ledger file or folder that cannot be written. Raises LedgerError."""
    for place, what in ((path, "file"), (path.parent, "folder")):
        if not place.exists():
            continue
        if not os.access(place, os.W_OK) or not place.stat().st_mode & _ANY_WRITE:
            raise LedgerError(
                "FG-LG-005",
                f"the {what} {str(place)!r} is read-only, and a ledger needs to write its file and a journal beside "
                "it; nothing was written",
            )


def new_place(path: Path) -> Path:
    """Where a new ledger may be made, as an absolute path. Raises LedgerError."""
    place = path.resolve()
    require_local(place)
    if not place.parent.is_dir():
        raise LedgerError("FG-LG-001", f"the folder {str(place.parent)!r} for the new ledger does not exist")
    require_writable(place)
    return place


def missing(place: Path, *, witnessed: bool) -> str:
    """What to do about a ledger that is not there."""
    if witnessed:
        return (
            f"the ledger {str(place)!r} is gone, and its witness is there: do not start a new one, which would forget "
            "what was spent; put a backup in its place, or write it anew with `frostglass ledger reconcile "
            "--from WITNESS`"
        )
    return (
        f"there is no ledger {str(place)!r}; if this is the first release about these people, make one with "
        "`frostglass ledger open SCOPE --epsilon E --delta D --ledger FILE`"
    )


@contextmanager
def claimed(path: Path) -> Iterator[Path]:
    """Claim a new file name, yield a temporary sibling (0600) to fill, and put it in place when all went well.

    Raises LedgerError if the name is taken: nothing is ever overwritten. Only the temporary file is ever half written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise LedgerError("FG-LG-002", f"{str(path)!r} exists already and is never overwritten") from None
    except OSError as error:
        raise _unwritten(path, error) from None
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield temporary
        _sync(temporary)
        temporary.replace(path)
    except OSError as error:
        _remove(path, temporary)
        raise _unwritten(path, error) from None
    except BaseException:
        _remove(path, temporary)
        raise
    try:
        sync_folder(path)
    except OSError as error:
        raise _unwritten(path, error) from None


def _unwritten(path: Path, error: OSError) -> LedgerError:
    return LedgerError("FG-LG-012", f"{str(path)!r} could not be written: {os.strerror(error.errno or 0)}")


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sync_folder(path: Path) -> None:
    """Make the name of a new file durable, where the file system can: some that hold backups cannot sync a folder."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(folder)
