"""A noisy marginal that has crossed, with its noise and its receipt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.errors import GlassError
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import Domain


@dataclass(frozen=True)
class Measurement:
    """Noisy counts over ``attributes``: int64, one axis an attribute in the domain's order, missing at 0.

    ``sd`` is the standard deviation of the noise of each cell, in records. A measurement cannot be built without the
    receipt for exactly these attributes.
    """

    attributes: AttributeSet
    answer: npt.NDArray[np.int64]
    sd: float
    receipt: Receipt

    def __post_init__(self) -> None:
        if not isinstance(self.receipt, Receipt) or self.receipt.attributes != self.attributes:
            raise GlassError("FG-GL-001", f"no receipt for a measurement over {self.attributes}")
        if self.answer.dtype != np.int64:
            raise GlassError("FG-GL-002", "a measurement holds whole numbers (int64)")
        if self.answer.ndim != len(self.attributes):
            raise GlassError("FG-GL-003", "a measurement has one axis for each attribute")
        if not self.sd > 0:
            raise GlassError("FG-GL-004", "a measurement states its noise: its sd is above zero")
        self.answer.setflags(write=False)

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        return (self.receipt,)

    def fits(self, domain: Domain) -> bool:
        """Whether the answer has the shape that the domain declares."""
        return self.answer.shape == domain.shape(self.attributes)
