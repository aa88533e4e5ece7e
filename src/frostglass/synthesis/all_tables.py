"""The first strategy: measure every table up to the reporting length once, then fit records to all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from frostglass.released.estimate import Estimate
from frostglass.released.measurement import Measurement
from frostglass.released.synthetic import SyntheticRecords
from frostglass.synthesis import least_squares
from frostglass.synthesis.layout import lay_out
from frostglass.synthesis.record_fit import fit_records
from frostglass.synthesis.rules import compile_rules
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.constraint import Clause
from frostglass.terms.domain import Domain
from frostglass.terms.question import Question
from frostglass.terms.workload import measured_orders, shares


class AllTables:
    """Nothing is selected, so nothing is spent on selecting; the fit removes most of the noise."""

    name = "all-tables"
    version = 1

    def measure(
        self,
        domain: Domain,
        length: int,
        ask: Callable[[Question], Measurement],
        progress: Callable[[str], None],
    ) -> tuple[Measurement, ...]:
        """Every table of every measured order, at the fixed shares of the budget."""
        share = shares(domain, length)
        answers: list[Measurement] = []
        for order in measured_orders(domain, length):
            progress(f"measuring tables of {order} variable{'s' if order > 1 else ''}")
            answers += [ask(Question(each, share[order])) for each in domain.sets_of_length(order)]
        return tuple(answers)

    def estimate(self, domain: Domain, measurements: Sequence[Measurement]) -> Estimate:
        """Least squares over all tables."""
        return least_squares.estimate(domain, measurements)

    def fit(
        self,
        domain: Domain,
        measurements: Sequence[Measurement],
        *,
        clauses: Sequence[Clause],
        total: int | None,
        seed: int,
        progress: Callable[[str], None],
    ) -> SyntheticRecords:
        """Records of the estimated number, or of ``total`` with the targets scaled to it."""
        estimate = self.estimate(domain, measurements)
        estimated = max(round(estimate.total), 0)
        wanted = estimated if total is None else total
        receipts = estimate.receipts
        if estimated == 0 or wanted == 0:
            return SyntheticRecords(domain, np.zeros((0, len(domain)), dtype=np.uint16), receipts)
        margins = [
            np.rint(np.maximum(estimate.marginal(AttributeSet((name,))), 0)).astype(np.int64) for name in domain.names
        ]
        codes = fit_records(
            lay_out(domain, measurements, Fraction(wanted, estimated)),
            compile_rules(domain, clauses),
            margins,
            total=wanted,
            seed=seed,
            progress=progress,
        )
        return SyntheticRecords(domain, codes, receipts)
