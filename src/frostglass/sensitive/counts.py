"""Exact counts. They stay on the clear side; only the glass reads them."""

from __future__ import annotations

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
