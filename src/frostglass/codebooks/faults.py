"""A fault of a codebook file: where it is, what is wrong, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""A place in a codebook file, as keys and list positions counted from 0."""

MOST_SHOWN = 50


@dataclass(frozen=True)
class Fault:
    """One fault; ``path`` is such as ``variable[3].categories[1].code``, positions counted from 0."""

    path: str
    message: str
    fix: str

    def __str__(self) -> str:
        stop = "" if self.message.endswith("?") else "."
        return f"{self.path}: {self.message}{stop} {self.fix[:1].upper()}{self.fix[1:]}."


@dataclass(frozen=True)
class Found:
    """A fault whose place is still a path; ``reading`` turns it into the writer's own positions."""

    path: Path
    message: str
    fix: str


def written(path: Sequence[str | int]) -> str:
    """The path as the file's reader knows it; keys that are not bare TOML keys are quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            key = step if re.fullmatch(r"[A-Za-z0-9_-]+", step) else f'"{step}"'
            text += f".{key}" if text else key
    return text or "the file"


def listing(source: str, faults: Sequence[Fault]) -> str:
    """All faults in one message, at most 50 of them spelled out."""
    number = len(faults)
    lines = [f"{source} has {number} fault{'s' if number != 1 else ''}:"]
    lines += [f"  {fault}" for fault in faults[:MOST_SHOWN]]
    if number > MOST_SHOWN:
        lines.append(f"  … and {number - MOST_SHOWN} more")
    return "\n".join(lines)


def words(items: Iterable[str]) -> str:
    """A short enumeration of quoted words."""
    return ", ".join(repr(item) for item in items)
