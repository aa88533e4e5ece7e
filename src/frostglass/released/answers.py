"""All that a release was told, and whom it may ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from frostglass.released.distances import DistanceQuestion, Distances
from frostglass.released.measurement import Measurement
from frostglass.terms.custody import Receipt
from frostglass.terms.question import Question


class Glass(Protocol):
    """Answers questions with noise. A strategy sees no more of the clear side than this."""

    def measure(self, question: Question) -> Measurement: ...

    def distances(self, question: DistanceQuestion) -> Distances: ...


@dataclass(frozen=True)
class Answers:
    """The measurements, in the order in which they were asked for, and the distances where tables were chosen."""

    measurements: tuple[Measurement, ...]
    distances: Distances | None

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """All receipts, by number."""
        others = self.distances.receipts if self.distances else ()
        return tuple(sorted((*(each.receipt for each in self.measurements), *others), key=lambda each: each.number))
