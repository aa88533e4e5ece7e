"""``njit`` for our kernels, whose compiled code is kept where nobody else can put any.

numba reads compiled code back from files, and whoever writes such a file writes what runs here. So it is kept beside
the kernels only where nobody but the user and the system's owner may write; else in a private folder of the user's, or
in one of this process alone. What a ``.numba_config.yaml`` in the working folder says of it is overridden.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numba
from numba import njit

__all__ = ["njit"]

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def is_ours(folder: Path) -> bool:
    """Whether nobody but the user and the system's owner may write in ``folder``, or put another one in its place."""
    here = folder.absolute()
    return all(_is_safe(each, last=each == here) for each in (here, *here.parents) if each.exists())


def _is_safe(folder: Path, *, last: bool) -> bool:
    """Above the last folder, one like /tmp, in which all may write but not rename what is others', is safe too."""
    found = folder.stat()
    shared = found.st_mode & _OTHERS and (last or not found.st_mode & stat.S_ISVTX)
    return not hasattr(os, "getuid") or (found.st_uid in (0, os.getuid()) and not shared)


def place_for(package: Path, wanted: str | None, private: Path) -> str:
    """Where compiled code is kept: "" for beside the kernels in ``package``; ``wanted`` is what the user asks for."""
    if wanted and is_ours(Path(wanted)):
        return wanted
    if not wanted and _beside(package):
        return ""
    try:
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_ours(private) and os.access(private, os.W_OK):
            return str(private)
    except OSError:
        pass
    return tempfile.mkdtemp(prefix="frostglass-compiled-")


def _beside(package: Path) -> bool:
    kept: Iterable[Path] = package.rglob("__pycache__")
    return os.access(package, os.W_OK) and all(map(is_ours, (package, *kept)))


vars(numba.config)["CACHE_DIR"] = place_for(
    Path(__file__).parent.parent,
    os.environ.get("NUMBA_CACHE_DIR"),
    Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "frostglass",
)
