"""Synthetic records: rows fitted to released measurements. None of them is anybody's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from frostglass.counting.weighted_rows import RowCounter, WeightedRows
from frostglass.terms.constraint import Clause
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import Domain

Codes: TypeAlias = npt.NDArray[np.uint16]
"""One row a record and one column an attribute in the domain's order."""


_ROWS = 2**18
"""Records that are written down together where one column of all is wanted."""


class Records(Protocol):
    """Synthetic records as whoever counts them wants them: which there are and how often, in no order."""

    @property
    def domain(self) -> Domain: ...

    @property
    def rows(self) -> WeightedRows: ...

    @property
    def receipts(self) -> tuple[Receipt, ...]: ...

    def __len__(self) -> int: ...


def breaking(records: Records, clauses: Sequence[Clause]) -> int:
    """How many records break at least one of the clauses."""
    rows = records.rows
    broken = np.zeros(len(rows), dtype=np.bool_)
    for clause in clauses:
        held = [np.isin(rows.codes[:, each.place], list(records.domain.holding(each))) for each in clause.literals]
        broken |= ~np.logical_or.reduce(held)
    return int(rows.weights[broken].sum())


@dataclass(frozen=True)
class CountedRecords:
    """Records of which nothing is kept but how often each is there, such as those of a file."""

    domain: Domain
    rows: WeightedRows
    receipts: tuple[Receipt, ...] = ()

    def __len__(self) -> int:
        return self.rows.records


@dataclass(frozen=True)
class Repeated:
    """Fitted rows in turn, from the first on and again and again, up to ``total`` records.

    But for the records at ``places`` (int64, ascending), which are ``own``, one row each.
    """

    total: int
    places: npt.NDArray[np.int64]
    own: Codes

    def __post_init__(self) -> None:
        places = self.places
        if places.shape != self.own.shape[:1] or (np.diff(places, prepend=-1, append=self.total) < 1).any():
            raise ValueError("records of their own ascend by their places, each in one of its own")


@dataclass(frozen=True)
class SyntheticRecords:
    """``fitted`` are the records in order; where they are ``repeated``, the rows that the records are made of.

    Memory grows with the fitted rows alone, however many records there are.
    """

    domain: Domain
    fitted: Codes
    receipts: tuple[Receipt, ...]
    repeated: Repeated | None = None

    def __post_init__(self) -> None:
        for codes in (self.fitted, *([self.repeated.own] if self.repeated else [])):
            if codes.dtype != np.uint16 or codes.ndim != 2 or codes.shape[1] != len(self.domain):
                raise ValueError("synthetic records are a uint16 table with one column for each attribute")
            if len(codes) and (codes.max(axis=0) >= np.array(self.domain.sizes)).any():
                raise ValueError("a synthetic record holds a position that its attribute does not have")
            codes.setflags(write=False)
        if self.repeated and not len(self.fitted):
            raise ValueError("nothing can be repeated where nothing was fitted")

    def __len__(self) -> int:
        return self.repeated.total if self.repeated else len(self.fitted)

    @property
    def codes(self) -> Codes:
        """All records, one row each."""
        return self.part(0, len(self))

    def part(self, start: int, stop: int) -> Codes:
        """The records from ``start`` on to before ``stop``."""
        if self.repeated is None:
            return self.fitted[start:stop]
        places = self.repeated.places
        codes = self.fitted[np.arange(start, min(stop, len(self))) % len(self.fitted)]
        first, last = np.searchsorted(places, (start, stop))
        codes[places[first:last] - start] = self.repeated.own[first:last]
        return codes

    def parts(self, rows: int) -> Iterator[Codes]:
        """All records in order, ``rows`` at a time; the last part may have fewer, and of no records there is one."""
        for start in range(0, len(self) or 1, rows):
            yield self.part(start, start + rows)

    def column(self, place: int) -> npt.NDArray[np.uint16]:
        """The records' positions of one attribute."""
        return np.concatenate([part[:, place] for part in self.parts(_ROWS)])

    @cached_property
    def rows(self) -> WeightedRows:
        """The different records with their numbers."""
        counter = RowCounter(self.domain.sizes)
        if self.repeated is None:
            counter.add(self.fitted)
            return counter.rows()
        times = self._times(self.repeated)
        counter.add(self.fitted[times > 0], times[times > 0])
        counter.add(self.repeated.own)
        return counter.rows()

    def _times(self, repeated: Repeated) -> npt.NDArray[np.int64]:
        """How many records each fitted row is."""
        whole, over = divmod(repeated.total, len(self.fitted))
        times = np.full(len(self.fitted), whole, dtype=np.int64)
        times[:over] += 1
        return times - np.bincount(repeated.places % len(self.fitted), minlength=len(self.fitted))
