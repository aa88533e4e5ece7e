"""Ways to let a sensitive value out. Each marked line must be refused by mypy; tests/test_leaks.py counts them."""

import numpy as np
import numpy.typing as npt

from frostglass.boundary.curator import Curator
from frostglass.released.counts import Counts
from frostglass.released.estimate import Estimate
from frostglass.released.least_squares import estimate
from frostglass.released.measurement import Measurement
from frostglass.released.synthetic import SyntheticRecords
from frostglass.released.tabulation import tabulate
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.sensitive.coding.counts import count
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Receipt, Released, Sensitive
from frostglass.terms.domain import Domain


def publish(value: Released) -> None:
    """Stands for everything that leaves the building."""


def leaks(
    table: Sensitive[CodedTable],
    coded: CodedTable,
    domain: Domain,
    attributes: AttributeSet,
    receipt: Receipt,
    curator: Curator,
    fitted: Estimate,
    records: SyntheticRecords,
) -> None:
    exact = count(table, attributes)
    publish(table)  # leak: a sensitive table is not a released value
    publish(coded)  # leak: nor is it when it was opened
    publish(exact)  # leak: nor is an exact count
    len(table)  # leak: the number of records is not free
    list(exact)  # leak: exact counts cannot be gone through
    Measurement(attributes, exact, 1.0, receipt)  # leak: an exact count is no measurement
    Measurement(attributes, np.zeros(2, dtype=np.int64), 1.0)  # leak: no receipt, no measurement
    estimate(domain, [exact])  # leak: estimates are made of measurements
    tabulate(coded, fitted, length=3, tau=5)  # leak: the public table is counted in synthetic records
    curator.measure(attributes)  # leak: a question says what it pays
    count(coded, attributes)  # leak: the table travels wrapped
    total: int = exact.sum()  # leak: no arithmetic on what is withheld
    cells: npt.NDArray[np.int64] = exact  # leak: the wrapper is not the array
    publish(total)  # leak: a bare number has no receipt


def fine(measurement: Measurement, records: SyntheticRecords, counts: Counts, fitted: Estimate) -> None:
    publish(measurement)
    publish(records)
    publish(counts)
    publish(fitted)
