"""Workbooks read in a process of their own, on a short lead: a hostile one ends that process and nothing else.

A workbook is a zip archive of XML that a stranger wrote. The process that takes it apart has little memory, little
time, no file to write to and no environment; it is handed the open file, and what it answers is believed only as far
as it is checked here.
"""

from __future__ import annotations

import io
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn, cast

from frostglass.errors import InputError, UsageError
from frostglass.files import require_posix
from frostglass.tables import text_table
from frostglass.tables.text_table import Only, TextTable, wanted_places
from frostglass.tables.xlsx import package as xlsx_package
from frostglass.tables.xlsx.messages import (
    NonsenseError,
    check_names,
    expect_end,
    is_code,
    is_message,
    read_message,
    read_table,
    texts,
    write_message,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

MOST_MEMORY = 2 * 1024**3
"""Bytes of address space of the process, and most bytes that it may answer. To raise it, set
``frostglass.tables.xlsx.contained.MOST_MEMORY`` before reading."""

MOST_SECONDS = 120
"""Seconds of computing, raised in the same way."""

MOST_PATIENCE = 600
"""Seconds, by the clock, until the process is ended whatever it does; raised in the same way."""

OUT_OF_MEMORY = 3
"""How the process says that its memory did not suffice."""

_STRETCH = 0.1
"""Seconds of waiting at a time."""

_START = (
    "import sys; sys.path.insert(0, sys.argv[2]); from frostglass.tables.xlsx.process import serve; "
    "serve(int(sys.argv[1]))"
)
"""What the process runs. It finds frostglass where this one found it."""

_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""The only variables that are handed on: some systems need them to start Python at all."""


def read_contained_xlsx(file: BinaryIO, *, sheet: str | None = None, only: Only | None = None) -> TextTable:
    """What ``read_xlsx`` gives, and the errors that it raises, from a process with limits. ``file`` has a descriptor.

    Raises InputError FG-IN-079 when the process was ended by its limits, died, or answered nonsense.
    """
    require_posix("reading a workbook")
    with _process(file) as (process, asking, answering):
        try:
            write_message(asking, _request(sheet, chooses=only is not None))
            table = _answer(asking, answering, only)
            expect_end(answering)
        except (NonsenseError, BrokenPipeError):
            raise _failed(process) from None
    return table


def _request(sheet: str | None, *, chooses: bool) -> dict[str, object]:
    """Everything that the process must know: what to read, its limits, and those that a user may have raised."""
    return {
        "sheet": sheet,
        "chooses": chooses,
        "memory": MOST_MEMORY,
        "seconds": MOST_SECONDS,
        "MOST_ROWS": text_table.MOST_ROWS,
        "MOST_COLUMNS": text_table.MOST_COLUMNS,
        "MOST_CHARACTERS": text_table.MOST_CHARACTERS,
        "MOST_UNPACKED": xlsx_package.MOST_UNPACKED,
    }


def _answer(asking: BinaryIO, answering: BinaryIO, only: Only | None) -> TextTable:
    message = _message(answering)
    if only is None:
        return read_table(answering, message, most=MOST_MEMORY)
    headings = texts(message.get("headings"))
    check_names(headings)
    places = wanted_places(headings, only)
    write_message(asking, {"wanted": places})  # numbers, so that this fits into the pipe whether or not it is read
    table = read_table(answering, _message(answering), most=MOST_MEMORY)
    if table.headings != headings or [column.name for column in table.columns] != [headings[place] for place in places]:
        raise NonsenseError
    return table


def _message(answering: BinaryIO) -> dict[str, object]:
    """The next message; when it is an error, that is raised."""
    longest = 13 * text_table.MOST_COLUMNS * (text_table.MOST_CHARACTERS + 10) + 100_000
    message = read_message(answering, most=longest)
    if "error" in message:
        _raise(texts(message["error"]))
    return message


def _raise(error: tuple[str, ...]) -> NoReturn:
    match error:
        case (code, message) if is_code(code) and is_message(message):
            raise (UsageError if code.startswith("FG-OP") else InputError)(code, message)
    raise NonsenseError


@contextmanager
def _process(file: BinaryIO) -> Iterator[tuple[subprocess.Popen[bytes], BinaryIO, BinaryIO]]:
    """The process and the two pipes to it. However the block is left, afterwards there is no process any more."""
    process = _started(file)
    try:
        yield process, cast(BinaryIO, process.stdin), io.BufferedReader(_Answering(process))
    finally:
        process.kill()
        _close(process)
        process.wait()


class _Answering(io.RawIOBase):
    """What the process writes, for as long as there is patience.

    It is waited for in short stretches: a signal such as Ctrl-C may be taken by another thread, and then a read that
    waits for bytes would not notice.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__()
        self._process = process
        self._pipe = cast(BinaryIO, process.stdout).fileno()
        self._end = time.monotonic() + MOST_PATIENCE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """At least one byte, or none when the process has closed its side or was ended here."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            while not selector.select(timeout=_STRETCH):
                if time.monotonic() > self._end:
                    self._process.kill()
                    return 0
        return os.readv(self._pipe, [buffer])


def _close(process: subprocess.Popen[bytes]) -> None:
    """Close both pipes; what could not be sent any more is of no interest."""
    for pipe in (process.stdin, process.stdout):
        with suppress(BrokenPipeError):
            if pipe is not None:
                pipe.close()


def _started(file: BinaryIO) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    home = str(Path(__file__).absolute().parents[3])  # not sys.path, which may begin with a delivery
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and our own text; nothing comes from the workbook
            [sys.executable, "-I", "-B", "-c", _START, str(file.fileno()), home],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(file.fileno(),),
            cwd="/",
            env={**environment, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
    except OSError:
        raise InputError(
            "FG-IN-079",
            "the process that reads workbooks could not be started (are there too many processes, or too little "
            "memory?): try again later, or save the sheet as CSV",
        ) from None


def _failed(process: subprocess.Popen[bytes]) -> InputError:
    """Why no sound answer came."""
    try:
        status = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        status = 0  # it lives on, so it is what it said that is wrong
    if status == 0:
        return InputError(
            "FG-IN-079",
            "the process that reads workbooks gave an answer that cannot be right, as if the workbook had taken hold "
            "of it: it may be an attack. Get the file from its source again, and save the sheet as CSV",
        )
    cause = {
        OUT_OF_MEMORY: "more memory was needed",
        -signal.SIGXCPU: "more time was needed",
        -signal.SIGKILL: f"the process was ended: {MOST_PATIENCE:,} seconds were over, or the system had no memory",
    }.get(status, f"the process ended {f'by signal {-status}' if status < 0 else f'with status {status}'}")
    return InputError(
        "FG-IN-079",
        f"the workbook could not be read within the limits of {MOST_MEMORY / 1024**2:,.0f} MB of memory and "
        f"{MOST_SECONDS:,} seconds of computing ({cause}): save the sheet as CSV, or raise "
        "frostglass.tables.xlsx.contained.MOST_MEMORY or MOST_SECONDS",
    )
