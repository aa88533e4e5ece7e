"""One release as far as its answers go: a reservation, a curator, and every question of the strategy.

The ledger is in memory; all else is what a release runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from unittest import mock

import numpy as np
import numpy.typing as npt

from frostglass.boundary import curator as curator_module
from frostglass.boundary.accountant import ROUNDED_GAUSSIAN, SAMPLER_UNITS, accountant, allowance
from frostglass.boundary.curator import Curator, sigma_for
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.noise.rounded_gaussian import RoundedGaussian
from frostglass.released.measurement import Measurement
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.synthesis.strategy import strategy
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.budget import NANO
from frostglass.terms.charge import Charge
from frostglass.terms.custody import Sensitive
from frostglass.terms.domain import Domain
from frostglass.terms.progress import quiet
from frostglass.terms.unit import PrivacyUnit
from frostglass.terms.workload import CELL_BUDGET, Workload, workload

DELTA = Fraction("1e-6")
_SCOPE = "audit"


@dataclass(frozen=True)
class Terms:
    """What a release is told beforehand: all that an attacker may know of it."""

    domain: Domain
    unit: PrivacyUnit
    epsilon: Fraction
    length: int = 3
    cells: int = CELL_BUDGET

    @cached_property
    def workload(self) -> Workload:
        return workload(self.domain, length=self.length, cells=self.cells)

    @cached_property
    def nano_rho(self) -> int:
        return allowance(accountant("gdp"), self.epsilon, DELTA)

    @cached_property
    def tables(self) -> tuple[AttributeSet, ...]:
        """The tables in the order in which they are asked for."""
        return tuple(sorted(self.workload.fixed, key=len))

    @cached_property
    def sigmas(self) -> tuple[Fraction, ...]:
        """The noise that each of them is promised."""
        paid = Fraction(self.nano_rho, NANO)
        return tuple(sigma_for(self.workload.fixed[each] * paid, self.unit.max_records**2) for each in self.tables)


def measured(table: Sensitive[CodedTable], terms: Terms) -> tuple[Measurement, ...]:
    """What one release measures, paid for in a ledger of its own."""
    ledger = Ledger.ephemeral(epsilon=terms.epsilon, delta=DELTA, scope=_SCOPE)
    charge = Charge(terms.nano_rho, terms.epsilon, ROUNDED_GAUSSIAN, SAMPLER_UNITS, terms.unit)
    reservation = ledger.reserve(_SCOPE, "release", "0" * 64, charge)
    glass = Curator(table, terms.domain, terms.unit, ledger=ledger, reservation=reservation, noise=RoundedGaussian())
    return strategy("measure-and-fit").measure(terms.domain, terms.workload, glass, quiet).measurements


def answers(table: Sensitive[CodedTable], terms: Terms) -> npt.NDArray[np.int64]:
    """Every noisy count of one release: the tables in the order of ``terms``, each cell by cell."""
    measurements = measured(table, terms)
    if tuple(each.attributes for each in measurements) != terms.tables:
        raise AssertionError("the strategy asks in another order than the attack reads the answers in")
    return np.concatenate([each.answer.ravel() for each in measurements])


def cells_of(codes: npt.NDArray[np.uint16], terms: Terms) -> npt.NDArray[np.int64]:
    """Where each record lies among the ``answers``: one line a record, one column a table."""
    columns, begin = [], 0
    for each in terms.tables:
        places, shape = terms.domain.axes(each), terms.domain.shape(each)
        columns.append(begin + np.ravel_multi_index(tuple(codes[:, place] for place in places), shape))
        begin += terms.domain.cells(each)
    return np.stack(columns, axis=1)


@contextmanager
def noise_times(factor: Fraction) -> Iterator[None]:
    """A curator with a fault: it draws noise of ``factor`` times the sigma that was paid for."""

    def wrong(rho: Fraction, squared_sensitivity: int) -> Fraction:
        return sigma_for(rho, squared_sensitivity) * factor

    with mock.patch.object(curator_module, "sigma_for", wrong):
        yield
