"""Where text leaves: streams of any encoding, closed ones, full ones. The one place that decides what becomes of it.

The words are the same everywhere. Where the encoding lacks a mark, a plainer one takes its place; where it lacks a
letter, the letter's number does. A stream that fails is given up without a word, and the work goes on: what was paid
for is never lost because nobody listens.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

import typer

from frostglass.desk.output import report, wants_json
from frostglass.errors import FrostglassError, reason_of

_MARKS = {
    **dict.fromkeys("–—−‐‑─━", "-"),
    **dict.fromkeys("│┃", "|"),
    **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("\u00a0\u2007\u2009\u202f", " "),
    "…": "...",
    "×": "x",
    "·": ".",
    "•": "*",
    "→": "->",
    "←": "<-",
    "±": "+/-",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "√": "sqrt ",
    "²": "^2",
    "∞": "infinity",
    "⊕": "xor",
}
"""Marks, and what stands in their place where an encoding lacks them."""

_PLAINER = "frostglass-plainer"

PIPE_CLOSED = 141
"""What a shell says of a program that wrote to a pipe which nobody reads any more: 128 and the signal's number, 13."""

_PRINTING = frozenset(
    {("check",), ("count",), ("plan",), ("verify",), ("import", "check"), ("import", "list"), ("codebook", "check")}
    | {("codebook", "list"), ("codebook", "show"), ("ledger", "key"), ("ledger", "show")}
    | {("ledger", "verify"), ()}
)
"""Commands whose output is all that comes of them. Of the others the work stands, whether it can be told or not."""


def _plainer(error: UnicodeError) -> tuple[str, int]:
    """A codec's error handler: each character that it cannot write as a plainer mark, or as its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_MARKS.get(one) or one.encode("ascii", "backslashreplace").decode() for one in lacking), error.end


codecs.register_error(_PLAINER, _plainer)


class Outlet(io.TextIOBase):
    """A stream of text that never fails; ``lost`` is why it did. Without a ``stream`` it goes nowhere."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only here
        return (self._stream.encoding if self._stream is not None else None) or "utf-8"

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        stream = self._open()
        return stream is not None and stream.isatty()

    def fileno(self) -> int:
        if self._stream is None:
            raise io.UnsupportedOperation("nothing is written anywhere")
        return self._stream.fileno()

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError("an outlet takes text")
        if (stream := self._open()) is not None:
            try:
                stream.write(text)
            except OSError as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        if (stream := self._open()) is not None:
            try:
                stream.flush()
            except OSError as error:
                self._lose(error)

    def _open(self) -> TextIO | None:
        """The stream, as long as there is one to write to."""
        return None if self._stream is None or self.lost is not None or self._stream.closed else self._stream

    def _lose(self, error: OSError) -> None:
        """Give the stream up; what it still holds goes nowhere, so that nothing is tried again at the end."""
        self.lost = error
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


@contextmanager
def outlets() -> Iterator[Outlet]:
    """Outlets in the place of stdout and stderr, as long as the block runs; that of stdout is handed over."""
    _fill_descriptors()
    before = sys.stdout, sys.stderr
    with _any_encoding(sys.stdout), _any_encoding(sys.stderr):
        out, err = Outlet(sys.stdout), Outlet(sys.stderr)
        sys.stdout, sys.stderr = out, err
        try:
            yield out
        finally:
            out.flush()
            err.flush()
            sys.stdout, sys.stderr = before


def concluded(code: int, out: Outlet, words: Sequence[str]) -> int:
    """The exit code of a command that ended with ``code``, when it is known what became of stdout.

    ``words`` are the arguments. A command that only prints has failed where its output did not arrive. Of any other the
    work stands, and it is said that this could not be told.
    """
    out.flush()
    if out.lost is None or code:
        return code
    unread = out.lost.errno in (errno.EPIPE, errno.ECONNRESET)
    if not _only_prints(words):
        if not unread:
            typer.echo(f"note: what the command did stands; its output was lost: {reason_of(out.lost)}", err=True)
        return 0
    if unread:
        return PIPE_CLOSED
    message = f"the output could not be written: {reason_of(out.lost).lower()}; write it to a place that has room"
    report(FrostglassError("FG-OP-058", message), as_json=wants_json())
    return 1


def _only_prints(words: Sequence[str]) -> bool:
    named = [word for word in words if not word.startswith("-")]
    return bool({"--help", "--version"} & {*words}) or tuple(named[:1]) in _PRINTING or tuple(named[:2]) in _PRINTING


def _fill_descriptors() -> None:
    """Have 0, 1 and 2 lead somewhere: else the next file that is opened gets the number, and what is meant for a
    terminal is written into it.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        continue
    os.close(number)


@contextmanager
def _any_encoding(stream: TextIO | None) -> Iterator[None]:
    """Let a stream write what its encoding lacks in plainer marks; one whose encoding lacks ASCII writes UTF-8."""
    if not isinstance(stream, io.TextIOWrapper):
        yield
        return
    encoding, errors = stream.encoding, stream.errors
    with suppress(OSError, ValueError):
        stream.reconfigure(encoding=encoding if _has_ascii(encoding) else "utf-8", errors=_PLAINER)
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            stream.reconfigure(encoding=encoding, errors=errors)


def _has_ascii(encoding: str) -> bool:
    plain = "".join(map(chr, range(32, 127))) + "\n"
    try:
        return (2 * plain).encode(encoding).decode(encoding) == 2 * plain
    except (LookupError, UnicodeError):
        return False
