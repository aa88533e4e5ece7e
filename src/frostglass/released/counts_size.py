"""How large counts.csv can become, known before anything is measured."""

from __future__ import annotations

from dataclasses import dataclass

from frostglass.terms.domain import Domain

SPREADSHEET_ROWS = 1_048_576
"""Most rows that a spreadsheet opens, the heading among them."""

_NUMBERS = 45
"""Bytes of a row beside the names and values of its variables, in the middle."""


@dataclass(frozen=True)
class CountsSize:
    """Most ``rows`` of counts, and about how many ``bytes`` they take, of a table of ``records``, or of any table."""

    rows: int
    bytes: int
    records: int | None

    @property
    def opens(self) -> bool:
        """Whether a spreadsheet opens so many rows and their heading."""
        return self.rows + 1 <= SPREADSHEET_ROWS


def counts_size(domain: Domain, *, length: int, tau: int, records: int | None) -> CountsSize:
    """Of a release up to ``length``: every value, and of longer combinations those that ``tau`` records hold.

    A table of ``records`` holds no more of these than go into that number; if it is None every declared cell may be.
    """
    names = sum(len(each.name.encode()) + 1 for each in domain.attributes) / len(domain)
    cells = sum(domain.sizes)
    values = sum(len(value.encode()) + 1 for each in domain.attributes for value in each.values) / cells
    rows = size = 0
    for order in range(1, min(length, len(domain)) + 1):
        most = domain.cells_of_length(order)
        if order > 1 and records is not None:
            most = min(most, domain.number_of_sets(order) * (records // tau))
        rows, size = rows + most, size + round(most * (_NUMBERS + order * (names + values)))
    return CountsSize(rows, size, records)
