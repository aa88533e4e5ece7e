"""Whom the guarantee protects, with the most records they may have."""

from __future__ import annotations

from dataclasses import dataclass

from frostglass.errors import UsageError


@dataclass(frozen=True, slots=True)
class PrivacyUnit:
    """One person, added or removed with all their records, of which at most ``max_records`` count.

    ``person_key`` names the column that tells persons apart; without one each row is one person.
    """

    name: str
    max_records: int = 1
    person_key: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.max_records <= 1000:
            raise UsageError("FG-OP-010", "the most records a person may have must be between 1 and 1000")
        if self.max_records > 1 and self.person_key is None:
            raise UsageError(
                "FG-OP-011",
                "more than one record a person needs --person-key, the column that tells persons apart",
            )
