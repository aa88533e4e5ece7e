"""Whether the release puts the most frequent combinations in the true order. Private."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from frostglass.review.comparison import Released, compared
from frostglass.sensitive.coding.coded_table import CodedTable

TOP = 10
"""Combinations of a table that are ranked."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ten most frequent recorded combinations of each table of two variables.

    ``shared`` is the mean share of them that are also the ten most frequent in the release; ``agreement`` the mean
    share of their pairs that the release puts in the same order (ties of the truth left out). ``worst`` names the table
    that agrees least, ``worst_agreement``. NaN where no table has two of them.
    """

    tables: int
    shared: float
    agreement: float
    worst: tuple[str, ...]
    worst_agreement: float


def ranking(table: CodedTable, released: Released) -> Ranking:
    """Rank agreement over all tables of two variables, by what a reader sees: stated counts where there are any."""
    shares, agreements = list[float](), list[tuple[float, tuple[str, ...]]]()
    for each in compared(table, released, 2) if len(released.domain) > 1 else ():
        true = each.true[each.recorded].ravel()
        seen = (each.shown if each.counted else each.records)[each.recorded].ravel()
        top = _top(true)
        if len(top) < 2:
            continue
        shares.append(len(set(top) & set(_top(seen))) / len(top))
        agreements.append((same_order(true[top], seen[top]), each.attributes.names))
    known = [each for each in agreements if not np.isnan(each[0])]
    if not known:
        return Ranking(0, float("nan"), float("nan"), (), float("nan"))
    least, worst = min(known)
    return Ranking(len(known), float(np.mean(shares)), float(np.mean([each for each, _ in known])), worst, least)


def same_order(true: npt.NDArray[np.int64], seen: npt.NDArray[np.int64]) -> float:
    """Share of the pairs with different true counts that ``seen`` puts in the same order; a tie there is half a pair.

    NaN when all true counts are the same.
    """
    score = [_agreement(true[one] - true[other], seen[one] - seen[other]) for one, other in _unequal(true)]
    return float(np.mean(score)) if score else float("nan")


def _unequal(true: npt.NDArray[np.int64]) -> Sequence[tuple[int, int]]:
    return [(one, other) for one, other in combinations(range(len(true)), 2) if true[one] != true[other]]


def _agreement(true: np.int64, seen: np.int64) -> float:
    return 0.5 if seen == 0 else float((true > 0) == (seen > 0))


def _top(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Places of the ten largest counts above zero, the largest first."""
    order = np.argsort(-counts, kind="stable")[:TOP]
    return np.asarray(order[counts[order] > 0], dtype=np.int64)
