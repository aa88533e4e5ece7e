"""The process that ``contained_xlsx`` starts: it takes one workbook apart under limits and answers once."""

from __future__ import annotations

import encodings.cp437  # noqa: F401 - names in archives need it, and later nothing more is to be loaded
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import BinaryIO

from frostglass.errors import FrostglassError
from frostglass.tables import text_table
from frostglass.tables.xlsx import package as xlsx_package
from frostglass.tables.xlsx.contained import OUT_OF_MEMORY
from frostglass.tables.xlsx.messages import read_message, write_message, write_table
from frostglass.tables.xlsx.reader import read_xlsx

_LONGEST_REQUEST = 100_000_000
"""The other side is trusted; this only keeps the length in bounds."""


def serve(descriptor: int) -> None:
    """Read the workbook behind ``descriptor`` as the request on standard input says; answer on standard output.

    Ends with status 0 after an answer, be it a table or an error of input; with ``OUT_OF_MEMORY`` or 1 without one.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    asked, answering = sys.stdin.buffer, sys.stdout.buffer
    try:
        request = read_message(asked, most=_LONGEST_REQUEST)
        _take_limits_over(request)
        with os.fdopen(descriptor, "rb") as file:
            _limit(_number(request, "memory"), _number(request, "seconds"))
            _serve(file, request, asked, answering)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except Exception:  # noqa: BLE001 - whatever it is, the other side is told that this process failed, and no more
        os._exit(1)


def _serve(file: BinaryIO, request: dict[str, object], asked: BinaryIO, answering: BinaryIO) -> None:
    def wanted(headings: tuple[str, ...]) -> tuple[str, ...]:
        write_message(answering, {"headings": headings})
        places = read_message(asked, most=_LONGEST_REQUEST)["wanted"]
        chosen = frozenset(places if isinstance(places, list) else ())
        return tuple(heading for place, heading in enumerate(headings) if place in chosen)

    sheet = request["sheet"]
    try:
        table = read_xlsx(
            file, sheet=sheet if isinstance(sheet, str) else None, only=wanted if request["chooses"] else None
        )
    except FrostglassError as error:
        write_message(answering, {"error": [error.code, error.message]})
    else:
        write_table(answering, table)


def _take_limits_over(request: dict[str, object]) -> None:
    """The limits of tables as they stand in the process that asks, where a user may have raised them."""
    text_table.MOST_ROWS = _number(request, "MOST_ROWS")
    text_table.MOST_COLUMNS = _number(request, "MOST_COLUMNS")
    text_table.MOST_CHARACTERS = _number(request, "MOST_CHARACTERS")
    xlsx_package.MOST_UNPACKED = _number(request, "MOST_UNPACKED")


def _limit(memory: int, seconds: int) -> None:
    """No more than this from here on, for good: no larger memory, no more time, no file, no process, no core dump."""
    _lower(resource.RLIMIT_CPU, seconds, seconds + 1)
    _lower(resource.RLIMIT_FSIZE, 0, 0)
    _lower(resource.RLIMIT_CORE, 0, 0)
    _lower(resource.RLIMIT_NPROC, 0, 0)
    with suppress(ValueError, OSError):  # macOS knows this limit and does not let it be set
        _lower(resource.RLIMIT_AS, memory, memory)


def _lower(limit: int, soft: int, hard: int) -> None:
    """Set a limit, but never above what holds already."""
    _, holds = resource.getrlimit(limit)
    if holds != resource.RLIM_INFINITY:
        soft, hard = min(soft, holds), min(hard, holds)
    resource.setrlimit(limit, (soft, hard))


def _number(request: dict[str, object], name: str) -> int:
    value = request[name]
    if not isinstance(value, int):
        raise TypeError
    return value
