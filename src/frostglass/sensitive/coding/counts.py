"""Exact counts. They stay on the clear side; only the glass reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from frostglass.counting.tally import tally
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Sensitive


def judge_size(table: Sensitive[CodedTable], judge: Callable[[int], None]) -> None:
    """Let ``judge``, which may refuse for want of room and keeps nothing, see the number of records."""
    judge(table.reveal().rows.records)


def count(table: Sensitive[CodedTable], attributes: AttributeSet) -> Sensitive[npt.NDArray[np.int64]]:
    """The exact marginal over ``attributes``: int64, one axis an attribute in the domain's order, all cells.

    One record more or less moves exactly one cell, by one.
    """
    coded = table.reveal()
    domain, rows = coded.domain, coded.rows
    exact = tally(rows.codes, domain.axes(attributes), domain.shape(attributes), rows.weights)
    return Sensitive(exact, "exact marginal")


def distances(
    table: Sensitive[CodedTable],
    candidates: Sequence[AttributeSet],
    records: npt.NDArray[np.uint16],
    weights: npt.NDArray[np.int64],
) -> Sensitive[npt.NDArray[np.int64]]:
    """How far each candidate's marginal is from that of ``records``: the sum of the absolute differences of its cells.

    Each of ``records`` counts as often as ``weights`` says. int64, one each. One record more or less of the table
    moves each of them by at most one.
    """
    domain, model = table.reveal().domain, np.asfortranarray(records)
    found = np.zeros(len(candidates), dtype=np.int64)
    for place, each in enumerate(candidates):
        difference = count(table, each).reveal() - tally(model, domain.axes(each), domain.shape(each), weights)
        found[place] = np.abs(difference, out=difference).sum()
    return Sensitive(found, "exact distances")
