"""What an audit found: one figure beside its target, and how large the audit was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One claim: its ``target``, what was ``reached``, and whether that is good enough. All are for people to read."""

    what: str
    target: str
    reached: str
    ok: bool

    def line(self) -> str:
        """The figure in one line of text."""
        return f"{'ok    ' if self.ok else 'MISSED'}  {self.what}: {self.reached} (target: {self.target})"

    def as_json(self) -> dict[str, str | bool]:
        """The figure as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Size:
    """How large an audit is: whole, or the part that runs with the tests. ``seed`` serves where chance is ours.

    ``folder`` holds the real tables, where there are any.
    """

    whole: bool
    seed: int = 20261127
    folder: Path | None = None

    def of(self, short: int, whole: int) -> int:
        """The number for this size."""
        return whole if self.whole else short


def examples(wrong: Iterable[str], most: int = 5) -> str:
    """The first of what was found wrong, each once, to stand behind its number; nothing where nothing was."""
    shown = list(dict.fromkeys(wrong))[:most]
    return f" ({'; '.join(shown)})" if shown else ""


SHORT, WHOLE = Size(whole=False), Size(whole=True)
