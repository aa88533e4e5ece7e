"""What a child notes of its temporary files, what goes wrong in it, and leaks that are there on purpose."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl

from frostglass import files as whole_file
from frostglass.boundary import curator, staging
from frostglass.bundle import seal
from frostglass.desk import main
from frostglass.errors import FrostglassError
from frostglass.sensitive.coding import reduction
from frostglass.tables import readers
from frostglass.ways import release as pipeline

STEM = "zqx"
"""Part of every canary, and of no other word."""

CELL = f"Cell{STEM}"
"""Stands in cells."""

TEMPORARY = "tmp"
SEEN = "seen.jsonl"
"""Where temporary files go, and what is noted of them as they leave: name, mode, whether a canary is in it."""

_PR_GET_DUMPABLE = 3

PLACES: dict[str, tuple[object, str]] = {
    "while the file is read": (readers, "read_csv"),
    "while cells are coded": (reduction, "CodedColumn"),
    "while a table is measured": (curator, "_add_noise"),
    "while answers are staged": (staging, "_fill"),
    "while records are fitted": (pipeline, "build"),
    "while the bundle is rendered": (seal, "render"),
    "while the bundle is written": (seal, "write_folder"),
}


def watch(folder: str, change: list[Any]) -> None:
    """Note each temporary file that is renamed or removed; then do what ``change`` names."""
    temporary = Path(folder) / TEMPORARY
    temporary.mkdir(mode=0o700)
    os.environ["TMPDIR"] = str(temporary)
    tempfile.tempdir = None
    notes = os.open(Path(folder) / SEEN, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("os.rename", "os.remove"):
            path = Path(os.fsdecode(arguments[0]))
            if path.is_file():
                os.write(notes, f"{json.dumps(_noted(path))}\n".encode())

    sys.addaudithook(note)
    if change:
        module, _, function = str(change[0]).partition(":")
        getattr(import_module(module), function)(*change[1:])


def _noted(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {"name": path.name, "mode": path.stat().st_mode & 0o777, "canary": STEM.encode() in content.lower()}


def fail(where: str, kind: str) -> None:
    """Something that nobody foresaw happens, and what it says quotes a cell."""
    place, name = PLACES[where]
    error: BaseException = {
        "error": RuntimeError(CELL),
        "panic": pl.exceptions.PanicException(CELL),
        "memory": MemoryError(CELL),
        "system": OSError(5, CELL),
    }[kind]

    def failing(*_arguments: object, **_named: object) -> None:
        raise error

    setattr(place, name, failing)


def note_limits() -> None:
    """Write down, while cells are in memory, whether this process may be dumped."""
    _before(curator, "_add_noise", _write_limits)


def _write_limits() -> None:
    dumpable = ctypes.CDLL(None).prctl(_PR_GET_DUMPABLE)
    Path("limits").write_text(f"{resource.getrlimit(resource.RLIMIT_CORE)} {dumpable}")


def tell_the_error(where: str, kind: str) -> None:
    """Wrong on purpose: an error that nobody foresaw is printed as it is."""
    fail(where, kind)

    patch.object(main, "fault", lambda error: FrostglassError("FG-XX-999", str(error))).start()


def leave_a_copy() -> None:
    """Wrong on purpose: whatever is written whole also stays in the folder for temporary files."""
    write = whole_file.write_whole

    def copying(path: Path, data: bytes, *, mode: int) -> None:
        write(path, data, mode=mode)
        (Path(tempfile.gettempdir()) / path.name).write_bytes(data)

    for module in ("frostglass.sensitive.coding.check", "frostglass.ways.recode"):
        patch(f"{module}.write_whole", copying).start()


def open_temporaries() -> None:
    """Wrong on purpose: files are open to everybody before they have their name."""
    made = tempfile.mkstemp

    def opened(*arguments: Any, **named: Any) -> tuple[int, str]:
        descriptor, name = made(*arguments, **named)
        os.fchmod(descriptor, 0o644)
        return descriptor, name

    patch("tempfile.mkstemp", opened).start()
    patch("frostglass.sensitive.coding.check.PRIVATE", 0o644).start()


def _before(place: object, name: str, act: Callable[[], None]) -> None:
    original = getattr(place, name)

    def call(*arguments: Any, **named: Any) -> Any:
        act()
        return original(*arguments, **named)

    setattr(place, name, call)
