"""What a release is told besides its plan."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass, field
from functools import partial

from frostglass.boundary.ledger.requests import one_line, release_name
from frostglass.terms.arguments import flag, optional_text, seed, text
from frostglass.terms.unit import OnPlaceholder, check_placeholder


def whoever() -> str:
    """The operating system's name for who is at work, for the ledger."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


@dataclass(frozen=True)
class Reading:
    """How to read the file: a public matter of format."""

    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "delimiter", text(self.delimiter, "the delimiter"))
        object.__setattr__(self, "encoding", text(self.encoding, "the encoding"))
        object.__setattr__(self, "sheet", optional_text(self.sheet, "the sheet"))


@dataclass(frozen=True)
class Order:
    """What a release is told besides its plan; each is checked by type and range.

    A release that names its ``release_id`` resumes that one alone. ``fresh`` starts anew where a staged release would
    be resumed. ``random_state`` seeds what comes after the noise; the noise itself has no seed. ``fictitious`` says
    that the data are invented, and every page of the bundle says so too.
    """

    scope: str
    release_id: str | None = None
    by: str = field(default_factory=whoever)
    random_state: int | None = None
    fresh: bool = False
    allow_empty: bool = False
    placeholder_keys: OnPlaceholder = "refuse"
    fictitious: bool = False
    reading: Reading = field(default_factory=Reading)

    def __post_init__(self) -> None:
        settle = partial(object.__setattr__, self)
        settle("scope", text(self.scope, "the scope"))
        if self.release_id is not None:
            settle("release_id", release_name(self.release_id))
        settle("by", one_line(self.by, "the name"))
        settle("random_state", seed(self.random_state))
        settle("fresh", flag(self.fresh, "whether to start anew (fresh)"))
        settle("allow_empty", flag(self.allow_empty, "whether a table without records is accepted"))
        settle("placeholder_keys", check_placeholder(self.placeholder_keys))
        settle("fictitious", flag(self.fictitious, "whether the data are fictitious"))
