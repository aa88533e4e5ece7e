"""Source records as columns of answers, and the repeated records inside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.recoding.answers import Answers, Indices, no_answers

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, repr=False)
class Records:
    """``number`` records, each with any number of values in each field. ``parent`` is the case of each child record."""

    number: int
    fields: Mapping[str, Answers[str]] = field(default_factory=dict)
    parent: Indices | None = None

    def __repr__(self) -> str:
        return "<records: withheld>"

    def answers(self, name: str) -> Answers[str]:
        """What the field holds; nothing where no record has such a field."""
        return self.fields.get(name) or no_answers()

    def holds(self, name: str, wanted: tuple[str, ...]) -> npt.NDArray[np.bool_]:
        """Which records hold one of ``wanted`` in a field; "" stands for no value at all."""
        answers = self.answers(name)
        held = np.zeros(self.number, dtype=np.bool_)
        held[answers.record[answers.those_in(wanted)]] = True
        return held | ~answers.answered(self.number) if "" in wanted else held

    def subset(self, rows: Rows) -> Records:
        """The records ``rows`` (ascending), numbered anew."""
        parent = None if self.parent is None else self.parent[rows]
        return Records(len(rows), {name: one.subset(rows) for name, one in self.fields.items()}, parent)

    def only(self, names: frozenset[str]) -> Records:
        """The records with no other fields than ``names``."""
        return Records(self.number, {name: one for name, one in self.fields.items() if name in names}, self.parent)

    def of_parents(self, rows: Rows, parents: int) -> Records:
        """The child records of the cases ``rows`` (ascending) out of ``parents``, with the cases numbered anew."""
        assert self.parent is not None  # only child records have parents
        new = np.full(parents, -1, dtype=np.int32)
        new[rows] = np.arange(len(rows), dtype=np.int32)
        kept = np.flatnonzero(new[self.parent] >= 0)
        within = self.subset(kept)
        return Records(within.number, within.fields, new[self.parent[kept]])


@dataclass(frozen=True, repr=False)
class Cases:
    """Cases with their child records, whose ``parent`` arrays ascend."""

    records: Records
    children: Mapping[str, Records] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "<cases: withheld>"

    @property
    def number(self) -> int:
        return self.records.number

    def subset(self, rows: Rows) -> Cases:
        """The cases ``rows`` (ascending) with their child records."""
        children = {name: one.of_parents(rows, self.number) for name, one in self.children.items()}
        return Cases(self.records.subset(rows), children)
