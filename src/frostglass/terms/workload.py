"""The attribute sets that a release measures, and how its budget is shared among them. All of it is public."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from frostglass.errors import UsageError
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import Domain

LENGTHS = (1, 2, 3, 4)
"""Reporting lengths that can be asked for."""

SHARES = {1: Fraction(1, 100), 2: Fraction(10, 100), 3: Fraction(89, 100)}
"""Budget share of the tables of each order, where no table of four is measured."""

SHARES_WITH_FOURS = {1: Fraction(2, 100), 2: Fraction(12, 100), 3: Fraction(25, 100), 4: Fraction(61, 100)}
"""Budget share of the tables of each order, where all tables of four are measured too."""

SHARES_WITH_CHOICE = {1: Fraction(2, 100), 2: Fraction(25, 100)}
"""Budget share of the singles and the pairs, where triples are chosen."""

LONGEST_CHOSEN = 3
"""Number of variables of the tables among which a release chooses."""

RANKING_SHARE = Fraction(5, 100)
"""Budget share of finding out which triples the pairs explain worst; the rest is for measuring those chosen.

All shares were tuned once on published data and are fixed (docs/explanation/engine-notes.md).
"""

CELL_BUDGET = 20_000_000
"""Most cells that a release measures, unless the plan says otherwise."""

MOST_CELLS = 100_000_000
"""Most cells that a plan can allow."""

MOST_CANDIDATES = 200_000
"""Most triples among which a release can choose."""


@dataclass(frozen=True)
class Workload:
    """What is measured. Shares are exact fractions of the release's budget and add up to one.

    ``fixed`` are the tables that are measured whatever the data say. Where ``candidates`` is not empty, their
    distances from a model of the pairs are asked for ``ranking_share``, and those chosen are measured for
    ``chosen_share`` together, up to ``chosen_cells`` cells.
    """

    fixed: Mapping[AttributeSet, Fraction]
    candidates: tuple[AttributeSet, ...] = ()
    ranking_share: Fraction = Fraction(0)
    chosen_share: Fraction = Fraction(0)
    chosen_cells: int = 0

    @property
    def exchange(self) -> Fraction:
        """How many times the release's cost it costs to exchange one unit for another: docs/proofs/accounting.md.

        A marginal moves by at most the square root of two times as much as when one unit leaves; a distance by twice.
        """
        return 2 * (1 - self.ranking_share) + 4 * self.ranking_share

    @cached_property
    def orders(self) -> tuple[int, ...]:
        """Numbers of attributes of the fixed tables, ascending."""
        return tuple(sorted({len(each) for each in self.fixed}))


def workload(domain: Domain, *, length: int, cells: int = CELL_BUDGET) -> Workload:
    """What a release of reporting ``length`` measures within a budget of ``cells``.

    Raises UsageError FG-OP-003 for no such length, FG-OP-004 when not even the pairs fit the budget.
    """
    if length not in LENGTHS:
        raise UsageError("FG-OP-003", "the reporting length must be 1, 2, 3 or 4")
    if _fits(domain, range(1, min(length, 3, len(domain)) + 1), cells):
        return _all_tables(domain, length, cells)
    shortest = range(1, min(length, 2) + 1)
    if not _fits(domain, shortest, cells):
        needed = sum(domain.cells_of_length(order) for order in shortest)
        what = "values and pairs" if length > 1 else "values"
        raise UsageError(
            "FG-OP-004",
            f"the {what} of these {len(domain)} variables have {needed:,} cells, and this plan measures at most "
            f"{cells:,}: allow more (`cells`), or choose fewer or coarser variables",
        )
    return _with_choice(domain, cells)


def in_proportion(domain: Domain, sets: Iterable[AttributeSet], share: Fraction) -> dict[AttributeSet, Fraction]:
    """``share`` divided among tables by their weight."""
    weights = {each: weight(domain.cells(each)) for each in sets}
    total = sum(weights.values())
    return {each: share * Fraction(one, total) for each, one in weights.items()}


def weight(cells: int) -> int:
    """Weight of a table: its number of cells to the power 3/4, rounded down to a power of two.

    So its precision grows with its cells, which keeps the error of the largest tables near that of the others; and
    few distinct noise parameters occur, each of which needs a table for the sampler.
    """
    return 1 << (((cells**3).bit_length() - 1) // 4)


def _fits(domain: Domain, orders: Iterable[int], cells: int) -> bool:
    return sum(domain.cells_of_length(order) for order in orders) <= cells


def _all_tables(domain: Domain, length: int, cells: int) -> Workload:
    longest = min(length, len(domain))
    fours = longest == 4 and _fits(domain, (1, 2, 3, 4), cells)
    orders = range(1, (longest if fours else min(longest, 3)) + 1)
    shares = SHARES_WITH_FOURS if fours else SHARES
    total = sum(shares[order] for order in orders)
    fixed: dict[AttributeSet, Fraction] = {}
    for order in orders:
        fixed |= in_proportion(domain, domain.sets_of_length(order), shares[order] / total)
    return Workload(fixed)


def _with_choice(domain: Domain, cells: int) -> Workload:
    if domain.number_of_sets(LONGEST_CHOSEN) > MOST_CANDIDATES:
        raise UsageError(
            "FG-OP-004",
            f"these {len(domain)} variables have {domain.number_of_sets(LONGEST_CHOSEN):,} triples to choose from, and "
            f"at most {MOST_CANDIDATES:,} can be: choose fewer variables, or reporting length 2",
        )
    left = cells - sum(domain.cells_of_length(order) for order in (1, 2)) - domain.number_of_sets(LONGEST_CHOSEN)
    candidates = tuple(each for each in domain.sets_of_length(LONGEST_CHOSEN) if domain.cells(each) <= left)
    spent = sum(SHARES_WITH_CHOICE.values())
    fixed: dict[AttributeSet, Fraction] = {}
    for order, share in SHARES_WITH_CHOICE.items():
        fixed |= in_proportion(domain, domain.sets_of_length(order), share if candidates else share / spent)
    if not candidates:
        return Workload(fixed)
    return Workload(fixed, candidates, RANKING_SHARE, 1 - spent - RANKING_SHARE, left)
