"""How far tables are from a model: the question, and the noisy answer that has crossed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from frostglass.errors import GlassError
from frostglass.released.synthetic import SyntheticRecords
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Receipt

WHOLE = AttributeSet(())
"""What the receipt of distances is over: no single table."""


@dataclass(frozen=True)
class DistanceQuestion:
    """For each candidate, the sum over its cells of the absolute difference between the table and that of ``records``.

    Each record counts as often as ``weights`` says (int64, one each). ``share`` is the part of the release's budget
    that the answers cost together.
    """

    candidates: tuple[AttributeSet, ...]
    records: SyntheticRecords
    weights: npt.NDArray[np.int64]
    share: Fraction

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise GlassError("FG-GL-005", "a question costs a share of the budget above 0 and at most 1")
        if not self.candidates or any(len(each) == 0 for each in self.candidates):
            raise GlassError("FG-GL-006", "a question names at least one attribute")
        if self.weights.dtype != np.int64 or self.weights.shape != (len(self.records),):
            raise GlassError("FG-GL-017", "each record of a model has a whole weight")


@dataclass(frozen=True)
class Distances:
    """Noisy distances of the candidates, in records: int64, one each; ``sd`` is that of their noise.

    They cannot be built without their receipt.
    """

    candidates: tuple[AttributeSet, ...]
    answer: npt.NDArray[np.int64]
    sd: float
    receipt: Receipt

    def __post_init__(self) -> None:
        if not isinstance(self.receipt, Receipt) or self.receipt.attributes != WHOLE:
            raise GlassError("FG-GL-001", "no receipt for these distances")
        if self.answer.dtype != np.int64:
            raise GlassError("FG-GL-002", "distances are whole numbers (int64)")
        if self.answer.shape != (len(self.candidates),):
            raise GlassError("FG-GL-003", "there is one distance for each candidate")
        if not self.sd > 0:
            raise GlassError("FG-GL-004", "distances state their noise: their sd is above zero")
        self.answer.setflags(write=False)

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        return (self.receipt,)
