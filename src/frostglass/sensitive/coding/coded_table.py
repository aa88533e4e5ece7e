"""The coded table: the records as positions in the codebook's domain, those that are alike together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.counting.weighted_rows import WeightedRows, reduce_rows
from frostglass.terms.domain import Domain


@dataclass(frozen=True, repr=False)
class CodedTable:
    """``rows`` are the different records with their numbers: one column an attribute in the domain's order.

    One person has at most ``max_records`` of the records. It travels as ``Sensitive[CodedTable]`` and prints nothing of
    its content.
    """

    domain: Domain
    rows: WeightedRows
    max_records: int = 1

    def __post_init__(self) -> None:
        codes = self.rows.codes
        if codes.shape[1] != len(self.domain):
            raise ValueError("a coded table has one column for each attribute")
        if len(codes) and (codes.max(axis=0) >= np.array(self.domain.sizes)).any():
            raise ValueError("a coded table holds a position that its attribute does not have")

    @classmethod
    def of(cls, domain: Domain, codes: npt.NDArray[np.uint16], max_records: int = 1) -> CodedTable:
        """The table of records, one line of ``codes`` (uint16) each. Their order is lost."""
        return cls(domain, reduce_rows(codes, domain.sizes), max_records)

    @classmethod
    def placed(cls, domain: Domain, rows: WeightedRows, max_records: int) -> CodedTable:
        """The table of ``rows`` at a codebook's positions, in which every attribute may be missing."""
        shifts = np.array([attribute.shift for attribute in domain.attributes], dtype=np.uint16)
        return cls(domain, WeightedRows(rows.codes - shifts, rows.weights) if shifts.any() else rows, max_records)

    def __repr__(self) -> str:
        return "<coded table: withheld>"
