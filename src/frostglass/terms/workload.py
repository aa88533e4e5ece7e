"""The attribute sets wanted, and how the budget is shared among them."""

from __future__ import annotations

from fractions import Fraction

from frostglass.errors import UsageError
from frostglass.terms.domain import Domain

LENGTHS = (1, 2, 3, 4)
"""Reporting lengths that can be asked for."""

LONGEST_MEASURED = 3
"""Combinations longer than this are counted in the fitted records rather than measured."""

SHARES = {1: Fraction(2, 100), 2: Fraction(17, 100), 3: Fraction(81, 100)}
"""Budget share of the tables of each order (docs/explanation/choices.md): tuned once on published data, then fixed."""

MOST_CELLS = 20_000_000
"""Most cells that one release measures."""


def measured_orders(domain: Domain, length: int) -> tuple[int, ...]:
    """Orders of the tables that a release of reporting ``length`` measures."""
    return tuple(range(1, min(length, LONGEST_MEASURED, len(domain)) + 1))


def shares(domain: Domain, length: int) -> dict[int, Fraction]:
    """Share of the budget for one table of each order; with their numbers of tables they add up to one."""
    orders = measured_orders(domain, length)
    total = sum(SHARES[order] for order in orders)
    return {order: SHARES[order] / total / domain.number_of_sets(order) for order in orders}


def check_size(domain: Domain, length: int) -> None:
    """Refuse a workload that is too large, before anything is read."""
    if length not in LENGTHS:
        raise UsageError("FG-OP-003", "the reporting length must be 1, 2, 3 or 4")
    cells = sum(domain.cells_of_length(order) for order in measured_orders(domain, length))
    if cells > MOST_CELLS:
        raise UsageError(
            "FG-OP-004",
            f"length {length} over these {len(domain)} variables means {cells:,} cells, and a release measures at most "
            f"{MOST_CELLS:,}: choose a shorter length, or fewer or coarser variables",
        )
