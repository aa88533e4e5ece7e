"""What could not be accepted, and why: counts that may be printed, and values and keys that may not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

NO_KEY = "rows without a key"
SAME_KEY = "rows whose key stands twice in the file"
UNSEEN_KEY = "rows whose key holds characters that cannot be seen"
ORPHANS = "rows that belong to no case of the file"
NEARLY = "rows that name it by a key in other letters, capital or small"
SAME_NUMBER = "rows of one case with the same number"
NOT_THERE = "records without this key, where null would say that nothing is known"
NO_PLAIN_VALUE = "lists or objects where a plain value is expected"
NO_NUMBER_IN_ORDER = "rows without a number in their case"
OUT_OF_YEARS = "dates outside the years of this system"
AFTER_SNAPSHOT = "dates after the day of the snapshot"
WORDINGS = (
    *(NO_KEY, SAME_KEY, UNSEEN_KEY, ORPHANS, NEARLY, SAME_NUMBER, NOT_THERE, NO_PLAIN_VALUE, NO_NUMBER_IN_ORDER),
    *(OUT_OF_YEARS, AFTER_SNAPSHOT),
)

MOST_VALUES = 50
"""Most different values that the private report shows of one reason."""


@dataclass(frozen=True)
class Reason:
    """Why a case is quarantined: ``what`` is wrong in the field ``field``. Safe to print."""

    field: str
    what: str

    def __str__(self) -> str:
        return f"{self.field}: {self.what}" if self.field else self.what


@dataclass
class Quarantine:
    """Reasons with the cases that they hold back, by row number; a case may have several, and the first one counts.

    ``values`` are the values behind a reason with how often they occur: private. ``loose`` counts child rows that were
    left out because they belong to no case.
    """

    rows: dict[Reason, npt.NDArray[np.bool_]] = field(default_factory=dict)
    values: dict[Reason, Counter[str]] = field(default_factory=dict)
    loose: Counter[Reason] = field(default_factory=Counter)

    def enter(self, reason: Reason, rows: npt.NDArray[np.bool_], values: Mapping[str, int] | None = None) -> None:
        """``rows``, one truth value a case, are held back for ``reason``."""
        if not rows.any():
            return
        self.rows[reason] = self.rows[reason] | rows if reason in self.rows else rows
        if values:
            self.values.setdefault(reason, Counter()).update(values)

    def held(self, number: int) -> npt.NDArray[np.bool_]:
        """Which of ``number`` cases are held back."""
        held = np.zeros(number, dtype=np.bool_)
        for rows in self.rows.values():
            held |= rows
        return held

    def by_first_reason(self, number: int) -> Counter[Reason]:
        """Numbers of cases by the first reason that holds them back, so that they add up."""
        counts: Counter[Reason] = Counter()
        open_cases = np.ones(number, dtype=np.bool_)
        for reason, rows in self.rows.items():
            here = int((rows & open_cases).sum())
            if here:
                counts[reason] = here
            open_cases &= ~rows
        return counts
