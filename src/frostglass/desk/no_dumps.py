"""No core dumps: one would hold every cell that was in memory."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from importlib import import_module

_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """Let no crash of this process write its memory to a file, nor hand it to a collector of crashes.

    The limit keeps files from being written; on Linux a collector is not bound by it, so the process is marked as one
    that may not be dumped, which also keeps other programs of the same user from looking into its memory.
    """
    with suppress(ImportError):  # a system without limits writes no core either
        resource = import_module("resource")
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
