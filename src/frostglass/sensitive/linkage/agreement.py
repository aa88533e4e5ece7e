"""How well linkage agrees with the truth, where that is known: over pairs of cases."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.linkage.resolving import Resolution


@dataclass(frozen=True)
class Agreement:
    """Pairs of cases that are one person in truth, and what became of them; and pairs merged or queued wrongly.

    ``precision`` and ``recall`` are of the pairs that were merged; ``found`` is the recall of those and the queued.
    """

    true: int
    merged: int
    merged_wrongly: int
    queued: int
    queued_wrongly: int
    missed: int

    @property
    def precision(self) -> float:
        made = self.merged + self.merged_wrongly
        return self.merged / made if made else 1.0

    @property
    def recall(self) -> float:
        return self.merged / self.true if self.true else 1.0

    @property
    def found(self) -> float:
        return (self.merged + self.queued) / self.true if self.true else 1.0


def agreement(resolution: Resolution, truth: npt.NDArray[np.int64]) -> Agreement:
    """``truth`` is the number of the person of each case."""
    true, merged = _pairs(truth), _pairs(resolution.person)
    queued = {(min(one, other), max(one, other)) for one, other in resolution.undecided}
    return Agreement(
        true=len(true),
        merged=len(true & merged),
        merged_wrongly=len(merged - true),
        queued=len(true & queued),
        queued_wrongly=len(queued - true),
        missed=len(true - merged - queued),
    )


def _pairs(person: npt.NDArray[np.integer]) -> set[tuple[int, int]]:
    """Every pair of cases of one person, the lower number first."""
    order = np.argsort(person, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(person[order])) + 1)
    return {pair for group in groups if len(group) > 1 for pair in combinations(group.tolist(), 2)}
