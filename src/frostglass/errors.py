"""Every error that frostglass raises on purpose: a stable code, the rule, and the way out.

A message never quotes a value from a case. What the steward needs to see in order to mend the input travels in
``detail``, which prints as withheld and goes to a private report alone.
"""

from __future__ import annotations

import errno
import os
import traceback
from pathlib import Path
from typing import ClassVar


class FrostglassError(Exception):
    """Base of all errors; ``code`` is stable across versions, ``exit_code`` is what the command line returns."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, message: str, *, detail: object | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


class UsageError(FrostglassError):
    """The command or call was put wrongly: an option, a range, a setting (FG-OP-…)."""

    exit_code = 2


class CodebookError(FrostglassError):
    """A codebook that cannot be used as it stands (FG-CB-…)."""


class InputError(FrostglassError):
    """A table that cannot be read or does not fit its codebook (FG-IN-…)."""


class BudgetError(FrostglassError):
    """The allowance of a scope does not cover what was asked (FG-BU-…)."""


class LedgerError(FrostglassError):
    """A ledger that is missing, damaged, older than what it paid for, or asked for the impossible (FG-LG-…)."""


class BundleError(FrostglassError):
    """A bundle that cannot be sealed, read or verified (FG-BN-…)."""


class GlassError(FrostglassError):
    """A question that the glass does not answer: unpaid, unknown, or beyond its bounds (FG-GL-…)."""


def reason_of(error: OSError | MemoryError) -> str:
    """What the system says of an error, by its number: words that a library gave it may quote what was being read."""
    if isinstance(error, MemoryError):
        return os.strerror(errno.ENOMEM)
    return os.strerror(error.errno) if error.errno else "the system refused"


def fault(error: BaseException) -> FrostglassError:
    """An error that nobody foresaw: where it arose, and nothing of what it held."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "frostglass" in frame.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "outside frostglass"
    return FrostglassError(
        "FG-XX-999",
        f"this is a fault in frostglass ({type(error).__name__} at {place}); no detail is shown, because it might "
        "hold a value from a case. Please report the command and this line",
    )
