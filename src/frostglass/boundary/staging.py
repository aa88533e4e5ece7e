"""Noisy answers on disk between the draw and the seal, so that a crash never means drawing twice.

A staged release is bound to its data by a digest under a key of its own; both lie beside it, readable by the steward
alone, and leave with it. Other data do not get its answers.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from frostglass.errors import LedgerError
from frostglass.sensitive.coded_table import CodedTable
from frostglass.terms.custody import Sensitive

_ANSWERS, _NOTE = "measurements.parquet", "stage.json"


@dataclass(frozen=True)
class Staged:
    """A staged release: its answers, their SHA-256, and the seed for what comes after the noise."""

    answers: Path
    sha256: str
    seed: int


def folder_for(ledger: Path, release_id: str) -> Path:
    """Where the release is staged: beside the ledger that paid for it."""
    return ledger.with_name(ledger.name + ".staged") / release_id


def stage(
    folder: Path,
    *,
    plan_sha256: str,
    table: Sensitive[CodedTable],
    seed: int,
    write: Callable[[Path], None],
) -> Staged:
    """Write the answers with ``write`` and make them durable; complete or not there at all."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700, parents=True)
    write(partial / _ANSWERS)
    key = secrets.token_bytes(32)
    note = {
        "plan_sha256": plan_sha256,
        "sha256": _sha256(partial / _ANSWERS),
        "seed": seed,
        "key": key.hex(),
        "data": _digest(table, key),
    }
    (partial / _NOTE).touch(mode=0o600)
    (partial / _NOTE).write_text(json.dumps(note))
    for each in (partial / _ANSWERS, partial / _NOTE, partial):
        _sync(each)
    (partial / _ANSWERS).chmod(0o600)
    partial.rename(folder)
    _sync(folder.parent)
    return Staged(folder / _ANSWERS, str(note["sha256"]), seed)


def staged(folder: Path, *, plan_sha256: str, table: Sensitive[CodedTable]) -> Staged | None:
    """The staged release, if it is there. Raises LedgerError when it is damaged or was drawn from other data."""
    if not folder.is_dir():
        return None
    try:
        note = json.loads((folder / _NOTE).read_text())
        sound = note["plan_sha256"] == plan_sha256 and note["sha256"] == _sha256(folder / _ANSWERS)
        same_data = hmac.compare_digest(note["data"], _digest(table, bytes.fromhex(note["key"])))
        seed = int(note["seed"])
    except (OSError, ValueError, KeyError, TypeError):
        sound, same_data, seed = False, False, 0
    if not sound:
        raise LedgerError(
            "FG-LG-050",
            f"the staged answers of release {folder.name} are damaged; what they cost stays spent. "
            "Start a new release with --fresh",
        )
    if not same_data:
        raise LedgerError(
            "FG-LG-051",
            f"release {folder.name} was drawn from other data and is not finished: give it the table that it was "
            "drawn from, or start a new release with --fresh, which is paid for again",
        )
    return Staged(folder / _ANSWERS, str(note["sha256"]), seed)


def purge(folder: Path) -> None:
    """Remove a staged release, and the place for staged releases when it was the last."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.parent.is_dir() and not any(folder.parent.iterdir()):
        folder.parent.rmdir()


def _digest(table: Sensitive[CodedTable], key: bytes) -> str:
    coded = table.reveal()
    shape = f"{coded.codes.shape}".encode()
    return hmac.new(key, shape + coded.codes.tobytes(), hashlib.sha256).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
