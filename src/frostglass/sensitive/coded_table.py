"""The coded table: the records as positions in the codebook's domain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.terms.domain import Domain


@dataclass(frozen=True, repr=False)
class CodedTable:
    """``codes`` is uint16, one row a record and one column an attribute in the domain's order; 0 is missing.

    One person has at most ``max_records`` of the rows. It travels as ``Sensitive[CodedTable]`` and prints nothing of
    its content.
    """

    domain: Domain
    codes: npt.NDArray[np.uint16]
    max_records: int = 1

    def __post_init__(self) -> None:
        if self.codes.dtype != np.uint16 or self.codes.ndim != 2 or self.codes.shape[1] != len(self.domain):
            raise ValueError("a coded table is uint16 with one column for each attribute")
        if len(self.codes) and (self.codes.max(axis=0) >= np.array(self.domain.sizes)).any():
            raise ValueError("a coded table holds a position that its attribute does not have")
        self.codes.setflags(write=False)

    def __repr__(self) -> str:
        return "<coded table: withheld>"
