"""What a classic k-anonymisation would have cost: the records that it would suppress. Private."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.counting.weighted_rows import RowCounter
from frostglass.sensitive.coding.coded_table import CodedTable

SIZES = (5, 10, 11, 20)
"""The group sizes that are asked for."""


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """``suppressed`` of ``people`` have fewer than ``size`` records like theirs on ``variables``."""

    size: int
    variables: int
    suppressed: int
    people: int

    @property
    def share(self) -> float:
        return self.suppressed / self.people if self.people else float("nan")


def counterfactual(table: CodedTable, quasi: Sequence[int]) -> tuple[Counterfactual, ...]:
    """For each group size, over all variables and, where they are fewer, over the columns ``quasi``."""
    everything = tuple(range(len(table.domain)))
    chosen = dict.fromkeys([everything, tuple(quasi)] if quasi else [everything])
    return tuple(each for columns in chosen for each in _over(table, columns))


def _over(table: CodedTable, columns: Sequence[int]) -> list[Counterfactual]:
    alike = _class_sizes(table, columns)
    people = table.rows.records
    return [Counterfactual(size, len(columns), int(alike[alike < size].sum()), people) for size in SIZES]


def _class_sizes(table: CodedTable, columns: Sequence[int]) -> npt.NDArray[np.int64]:
    """Number of records in each equivalence class over ``columns``."""
    counter = RowCounter([table.domain.sizes[column] for column in columns])
    counter.add(np.asfortranarray(table.rows.codes[:, list(columns)]), table.rows.weights)
    return counter.rows().weights
