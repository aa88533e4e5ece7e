"""The people of a table, from whom shadows take some out or to whom they add some. It never leaves the clear side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frostglass.counting.weighted_rows import RowCounter, WeightedRows
from frostglass.review.attacks.shadow import Bools, Codes, Generator, Ints
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.custody import Sensitive
from frostglass.terms.domain import Domain


@dataclass(frozen=True, repr=False)
class Crowd:
    """``rows`` are the different records of some people, with their numbers."""

    domain: Domain
    rows: WeightedRows
    max_records: int

    @classmethod
    def of(cls, table: Sensitive[CodedTable]) -> Crowd:
        coded = table.reveal()
        return cls(coded.domain, coded.rows, coded.max_records)

    def __repr__(self) -> str:
        return "<crowd: withheld>"

    def table(self) -> Sensitive[CodedTable]:
        """The table of these people, for a shadow of it."""
        return Sensitive(CodedTable(self.domain, self.rows, self.max_records), "coded table")

    def joined(self, codes: Codes) -> Crowd:
        """These people and one more for each line of ``codes``."""
        counter = RowCounter(self.domain.sizes)
        counter.add(self.rows.codes, self.rows.weights)
        counter.add(codes)
        return Crowd(self.domain, counter.rows(), self.max_records)

    def without(self, places: Ints) -> Crowd:
        """One person fewer for each of the rows at ``places``."""
        taken = np.bincount(places, minlength=len(self.rows)).astype(np.int64)
        return self._with_weights(self.rows.weights - taken)

    def parted(self, chance: float, generator: Generator) -> tuple[Crowd, Crowd]:
        """Those who stay and those who are held out, which is everybody's own coin: ``chance`` to be held out."""
        out = generator.binomial(self.rows.weights, chance).astype(np.int64)
        return self._with_weights(self.rows.weights - out), self._with_weights(out)

    def some(self, number: int, generator: Generator) -> Codes:
        """The records of so many people, or of all where there are not as many, each taken once at most."""
        weights = self.rows.weights
        taken = generator.choice(int(weights.sum()), size=min(number, int(weights.sum())), replace=False)
        return np.asarray(self.rows.codes[np.searchsorted(np.cumsum(weights), taken, side="right")])

    def matching(self, columns: Ints, values: Codes) -> int:
        """How many people have ``values`` in ``columns``."""
        return int(self.rows.weights[alike(self.rows.codes, columns, values)].sum())

    def _with_weights(self, weights: Ints) -> Crowd:
        kept = weights > 0
        return Crowd(self.domain, WeightedRows(self.rows.codes[kept], weights[kept]), self.max_records)


def alike(codes: Codes, columns: Ints, values: Codes) -> Bools:
    """Which lines of ``codes`` have ``values`` in ``columns``."""
    found = np.ones(len(codes), dtype=np.bool_)
    for column, value in zip(columns, values, strict=True):
        found &= codes[:, column] == value
    return found
