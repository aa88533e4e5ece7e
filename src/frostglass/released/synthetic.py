"""Synthetic records: rows fitted to released measurements. None of them is anybody's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.terms.constraint import Clause
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import Domain


@dataclass(frozen=True)
class SyntheticRecords:
    """``codes`` is uint16, one row a record and one column an attribute in the domain's order."""

    domain: Domain
    codes: npt.NDArray[np.uint16]
    receipts: tuple[Receipt, ...]

    def __post_init__(self) -> None:
        if self.codes.dtype != np.uint16 or self.codes.ndim != 2 or self.codes.shape[1] != len(self.domain):
            raise ValueError("synthetic records are a uint16 table with one column for each attribute")
        if len(self.codes) and (self.codes.max(axis=0) >= np.array(self.domain.sizes)).any():
            raise ValueError("a synthetic record holds a position that its attribute does not have")
        self.codes.setflags(write=False)

    def satisfying(self, clause: Clause) -> npt.NDArray[np.bool_]:
        """Which records satisfy ``clause``."""
        meets = np.zeros(len(self.codes), dtype=np.bool_)
        for literal in clause.literals:
            meets |= np.isin(self.codes[:, literal.place], list(self.domain.holding(literal)))
        return meets

    def __len__(self) -> int:
        return len(self.codes)
