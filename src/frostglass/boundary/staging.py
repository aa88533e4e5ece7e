"""Noisy answers on disk between the draw and the seal, so that a crash never means drawing twice.

All that staging takes is had before the release is paid for, so that a full disk costs nothing.
A staged release is bound to its data by a keyed digest, so that other data do not get its answers. The key lies in a
file of its own beside the ledger, and never with what is staged: whoever takes that alone learns no more than the noisy
answers tell, also if they can guess the whole table. Proof: docs/proofs/ledger.md, "What is staged shows".
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from frostglass.errors import LedgerError
from frostglass.files import PRIVATE, remove_abandoned, unfinished_folder, write_whole
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.custody import Sensitive

_ANSWERS, _NOTE = "measurements.parquet", "stage.json"
_STAGED, _BINDING, _KEY_BYTES = ".staged", ".binding", 32
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_NOTE_SIZE = 4096
_AT_ONCE = 1 << 26


@dataclass(frozen=True)
class Staged:
    """A staged release: its answers as a file's bytes, their SHA-256, and the seed for what comes after the noise."""

    answers: bytes
    sha256: str
    seed: int


def folder_for(ledger: Path, release_id: str) -> Path:
    """Where the release is staged: beside the ledger that paid for it."""
    return ledger.with_name(ledger.name + _STAGED) / release_id


def binding_of(ledger: Path) -> Path:
    """Where the key lies that binds what is staged to its data: beside the ledger, for its owner alone."""
    return ledger.with_name(ledger.name + _BINDING)


@dataclass(frozen=True, repr=False)
class Room:
    """Where a release will be staged, had before it is paid for: disk, names, open files and the key of its digest.

    ``answers`` and ``note`` are open for writing. ``folders`` are open too: the hidden one, which ``folder`` will be,
    and the two that it lies in, whose names must be durable in the end.
    """

    folder: Path
    hidden: Path
    answers: int
    note: int
    folders: tuple[int, ...]
    key: bytes


@contextmanager
def room(folder: Path, size: int) -> Iterator[Room]:
    """Room for answers of about ``size`` bytes; what was not staged in the block is given back.

    OSError when the disk, a quota or a limit of the system does not give it.
    """
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        with unfinished_folder(folder) as hidden, ExitStack() as held:

            def opened(path: Path, flags: int) -> int:
                descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
                held.callback(os.close, descriptor)
                return descriptor

            answers, note = (opened(hidden / name, _NEW) for name in (_ANSWERS, _NOTE))
            folders = tuple(opened(each, os.O_RDONLY) for each in (hidden, folder.parent, folder.parent.parent))
            _take(answers, size)
            _take(note, _NOTE_SIZE)
            yield Room(folder, hidden, answers, note, folders, _key_for(folder, new=True))
    finally:
        with suppress(OSError):  # it holds something: this release, or another one
            folder.parent.rmdir()


def stage(place: Room, *, plan_sha256: str, table: Sensitive[CodedTable], seed: int, answers: bytes) -> Staged:
    """Write the answers and make them durable; complete or not there at all."""
    sha256 = hashlib.sha256(answers).hexdigest()
    note = {"plan_sha256": plan_sha256, "sha256": sha256, "seed": seed, "data": _digest(table, place.key)}
    _fill(place.answers, answers)
    _fill(place.note, json.dumps(note).encode())
    hidden, *above = place.folders
    os.fsync(hidden)
    place.hidden.rename(place.folder)
    for each in above:
        os.fsync(each)
    return Staged(answers, sha256, seed)


def staged(folder: Path, *, plan_sha256: str, table: Sensitive[CodedTable]) -> Staged | None:
    """The staged release, if it was drawn from this very table; ``None`` when it was drawn from another.

    Raises LedgerError when it is damaged, or when the key that binds it to its data is not there.
    """
    if not _binding_for(folder).is_file():
        raise LedgerError(
            "FG-LG-054",
            f"the key that binds the staged answers of release {folder.name} to their data is not beside the ledger: "
            f"put {_binding_for(folder).name} back, or start a new release with `fresh`, which is paid for again",
        )
    try:
        note = json.loads((folder / _NOTE).read_text())
        answers = (folder / _ANSWERS).read_bytes()
        sound = note["plan_sha256"] == plan_sha256 and note["sha256"] == hashlib.sha256(answers).hexdigest()
        same_data = hmac.compare_digest(note["data"], _digest(table, _key_for(folder)))
        seed = int(note["seed"])
    except (OSError, ValueError, KeyError, TypeError):
        sound, same_data, seed, answers = False, False, 0, b""
    if not sound:
        raise LedgerError(
            "FG-LG-050",
            f"the staged answers of release {folder.name} are damaged; what they cost stays spent. "
            "Start a new release with `fresh`",
        )
    return Staged(answers, str(note["sha256"]), seed) if same_data else None


def purge(folder: Path) -> bool:
    """Remove a staged release, and the place for them when it was the last; whether it was there.

    What killed processes left half-written in that place goes too.
    """
    there = folder.is_dir()
    with suppress(FileNotFoundError):
        remove_abandoned(folder.parent)
        shutil.rmtree(folder, ignore_errors=True)
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()
    return there


def _binding_for(folder: Path) -> Path:
    return folder.parent.with_name(folder.parent.name.removesuffix(_STAGED) + _BINDING)


def _key_for(folder: Path, *, new: bool = False) -> bytes:
    """The key for one staged release, from the one beside its ledger, which is made when there is none yet."""
    path = _binding_for(folder)
    if new and not path.exists():
        write_whole(path, secrets.token_bytes(_KEY_BYTES), mode=PRIVATE)
    binding = path.read_bytes()
    if len(binding) != _KEY_BYTES:
        raise ValueError("no key of this ledger")
    return hmac.digest(binding, folder.name.encode(), "sha256")


def _digest(table: Sensitive[CodedTable], key: bytes) -> str:
    """A keyed digest of the weighted rows: the same for the same records, in whatever order they came."""
    rows = table.reveal().rows
    digest = hmac.new(key, f"{rows.codes.shape}".encode(), hashlib.sha256)
    for column in rows.codes.T:
        digest.update(column.tobytes())
    digest.update(rows.weights.tobytes())
    return digest.hexdigest()


def _take(descriptor: int, size: int) -> None:
    """Have ``size`` bytes of disk for a file, where the system can tell them apart for it."""
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
            raise


def _fill(descriptor: int, data: bytes) -> None:
    """Make the file hold just ``data``, durably."""
    written = 0
    while written < len(data):
        written += os.pwrite(descriptor, data[written : written + _AT_ONCE], written)
    os.ftruncate(descriptor, len(data))
    os.fsync(descriptor)
