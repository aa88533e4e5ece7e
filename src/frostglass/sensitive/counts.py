"""Exact counts. They stay on the clear side; only the glass reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from frostglass.arrays.counting import tally
from frostglass.sensitive.coded_table import CodedTable
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Sensitive


def count(table: Sensitive[CodedTable], attributes: AttributeSet) -> Sensitive[npt.NDArray[np.int64]]:
    """The exact marginal over ``attributes``: int64, one axis an attribute in the domain's order, all cells.

    One record more or less moves exactly one cell, by one.
    """
    coded = table.reveal()
    domain, rows = coded.domain, coded.rows
    exact = tally(rows.codes, domain.axes(attributes), domain.shape(attributes), rows.weights)
    return Sensitive(exact, "exact marginal")


def distances(
    table: Sensitive[CodedTable], candidates: Sequence[AttributeSet], records: npt.NDArray[np.uint16]
) -> Sensitive[npt.NDArray[np.int64]]:
    """How far each candidate's marginal is from that of ``records``: the sum of the absolute differences of its cells.

    int64, one each. One record more or less of the table moves each of them by at most one.
    """
    domain = table.reveal().domain
    found = np.zeros(len(candidates), dtype=np.int64)
    for place, each in enumerate(candidates):
        exact = count(table, each).reveal()
        found[place] = np.abs(exact - tally(records, domain.axes(each), domain.shape(each))).sum()
    return Sensitive(found, "exact distances")
