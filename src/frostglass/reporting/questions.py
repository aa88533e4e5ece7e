"""What may be asked of a release, be it sealed or still in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod

from frostglass.reporting import counts as query
from frostglass.reporting import cross_table as reporting_table
from frostglass.reporting import differences as reporting_differences
from frostglass.reporting import shares as reporting_shares
from frostglass.reporting.conditions import Asked, Value, asked_for
from frostglass.reporting.source import Source


class Questions(ABC):
    """Counts for reporting. UsageError when a name or value is not in the codebook, or a variable is named twice.

    Conditions are values by variable: a mapping, pairs, texts such as ``"gender=Female"``, or keywords. Several values,
    as a list or joined with ``|``, ask for any of them; a name that ends in ``~`` for sets that hold a value;
    ``"(missing)"`` for missing values.
    """

    @property
    @abstractmethod
    def _source(self) -> Source: ...

    def count(self, conditions: Asked = None, **by_name: Value) -> query.Answer:
        """The released count of records that meet all ``conditions``; without any, the number of records."""
        return query.count(asked_for(conditions, by_name), self._source)

    def share(self, conditions: Asked = None, *, of: Asked = None, **by_name: Value) -> reporting_shares.Share:
        """The share of records that meet the first condition, among those that meet the others.

        Among these, only records with any flag of the variable's denominator group, or else with a recorded value,
        are counted. ``of`` names other conditions to take the share of; ``"all"`` is all records.
        """
        return reporting_shares.share(asked_for(conditions, by_name), self._source, of=of)

    def difference(
        self,
        conditions: Asked = None,
        *,
        versus: Asked,
        share: bool = False,
        of: Asked = None,
        **by_name: Value,
    ) -> reporting_differences.Difference:
        """The count (or with ``share`` the share) for ``conditions``, less that with ``versus`` in their place."""
        asked = asked_for(conditions, by_name)
        return reporting_differences.difference(asked, self._source, versus=asked_for(versus), shares=share, of=of)

    def table(
        self, row: str, column: str, conditions: Asked = None, *, share: bool = False, **by_name: Value
    ) -> reporting_table.Table:
        """The cross-table of two variables within ``conditions``, with margins; with ``share``, shares of each row."""
        return reporting_table.table(row, column, asked_for(conditions, by_name), self._source, shares=share)

    @property
    def citation(self) -> str:
        """How to cite any figure of the release."""
        return self._source.citation
