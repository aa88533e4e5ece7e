"""Whom the guarantee protects, with the most records they may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from frostglass.errors import UsageError
from frostglass.terms.arguments import one_of, optional_text, whole

OnPlaceholder = Literal["refuse", "allow"]
"""What becomes of a table with keys that look as if they stood for no one person."""


def check_placeholder(said: str) -> OnPlaceholder:
    """What was said, if it is one of the two words; UsageError FG-OP-056 otherwise."""
    word = one_of(said, get_args(OnPlaceholder), "FG-OP-056", "`placeholder_keys` takes refuse or allow")
    return "allow" if word == "allow" else "refuse"


@dataclass(frozen=True, slots=True)
class PrivacyUnit:
    """One person, added or removed with all their records, of which at most ``max_records`` count.

    ``person_key`` names the column that tells persons apart; without one each row is one person.
    """

    name: str
    max_records: int = 1
    person_key: str | None = None

    def __post_init__(self) -> None:
        rule = "the most records a person may have must be a whole number from 1 to 1000"
        object.__setattr__(self, "max_records", whole(self.max_records, 1, 1000, "FG-OP-010", rule))
        key = optional_text(self.person_key, "the column that tells persons apart (`person_key`)")
        object.__setattr__(self, "person_key", key)
        if self.max_records > 1 and self.person_key is None:
            raise UsageError(
                "FG-OP-011",
                "more than one record a person needs `person_key`, the column that tells persons apart",
            )
