"""The share of every count among those whom ``denominators`` names: what a row is a share of is its first variable.

So the share of a row is what ``count --share`` says of its conditions in the codebook's order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import prod

import numpy as np
import numpy.typing as npt

from frostglass.counting.weighted_rows import WeightedRows
from frostglass.released.counts import CountBlock, Counts, Shares
from frostglass.released.denominators import Denominator, denominator
from frostglass.released.estimate import Estimate
from frostglass.released.events import Bounding, Mark
from frostglass.released.functional import Box, Figures, Functional
from frostglass.released.ranges import TINY, Floats, Ints, ShareTest, share_ends, share_tests
from frostglass.released.synthetic import Records
from frostglass.released.tabulation import MOST_DENSE
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.codebook import Codebook

DECIMALS = 4
"""Of a share; its interval is rounded outward."""

MOST_TABLES = 4096
"""So many tables are kept at a time."""

MOST_WAITING = 1 << 18
"""So many shares, times their tests, wait for each other at a time."""

_SCALE = 10**DECIMALS

Positions = npt.NDArray[np.uint16]
"""Of cells, a line each."""


def with_shares(counts: Counts, records: Records, estimate: Estimate, codebook: Codebook) -> Counts:
    """``counts`` of these records, with the share of each that is stated."""
    denominators, ends = Denominators(records, codebook), Ends(estimate)
    shares = []
    for block in counts.blocks:
        kinds = list(denominators.kinds(block))
        out_of = denominators.out_of_kinds(block, kinds)
        share = np.where(block.released, rounded_share(block.count, out_of), np.nan)
        shares.append(Shares(out_of, share, *ends.of(block, kinds)))
    ends.finish()
    return replace(counts, shares=tuple(map(_outward, shares)))


def _outward(shares: Shares) -> Shares:
    low, high = outward(shares.low, shares.high, shares.share)
    return replace(shares, low=low, high=high)


def rounded_share(count: Ints, out_of: Ints) -> Floats:
    """The share, to ``DECIMALS``: worked out in whole numbers, halves rounded up; NaN where it is of nobody."""
    scaled = (2 * _SCALE * count + out_of) // np.maximum(2 * out_of, 1)
    return np.where(out_of > 0, scaled / _SCALE, np.nan)


def outward(low: Floats, high: Floats, stated: Floats) -> tuple[Floats, Floats]:
    """The ends, rounded outward, and stretched to hold what is stated, which is rounded already; NaN is not held."""
    low, high = np.floor(low * _SCALE + TINY) / _SCALE, np.ceil(high * _SCALE - TINY) / _SCALE
    return np.fmin(low, stated), np.fmax(high, stated)


@dataclass(frozen=True)
class Kind:
    """Those ``rows`` of a block that have one ``denominator``, and the same bounds of their own values.

    ``cell`` is one of them: its positions by attribute, the first of which is what the share is of.
    """

    rows: npt.NDArray[np.intp]
    cell: dict[str, int]
    denominator: Denominator

    @property
    def part(self) -> Box:
        """The records of the cell."""
        return Box.of({name: [position] for name, position in self.cell.items()})

    @property
    def others(self) -> Box:
        """The records that meet all its conditions but the first."""
        return self.part.within(AttributeSet.of(list(self.cell)[1:]))


@dataclass(frozen=True)
class Denominators:
    """How many records the shares of any block are of."""

    records: Records
    codebook: Codebook

    def kinds(self, block: CountBlock) -> Iterator[Kind]:
        """The rows by whether their first variable, and which others of its group, have a recorded value."""
        domain = self.codebook.domain
        attributes = [domain.attributes[axis] for axis in domain.axes(block.attributes)]
        first = self.codebook.variable(attributes[0].name)
        group = self.codebook.groups.get(first.denominator_group or "")
        members = group.members if group else (first.name,)
        recorded = [each.recorded.start if each.name in members else 0 for each in attributes]
        bits = (block.positions >= recorded) @ (1 << np.arange(len(recorded)))
        _, starts, kind = np.unique(bits, return_index=True, return_inverse=True)
        for number, start in enumerate(starts):
            cell = dict(zip((each.name for each in attributes), map(int, block.positions[start]), strict=True))
            found = denominator(self.codebook, first.name, frozenset([cell[first.name]]))
            yield Kind(np.flatnonzero(kind == number), cell, found)

    def out_of(self, block: CountBlock) -> Ints:
        """Number of records that the share of each row is of."""
        return self.out_of_kinds(block, self.kinds(block))

    def out_of_kinds(self, block: CountBlock, kinds: Iterable[Kind]) -> Ints:
        """The same, where the kinds of the block are known."""
        others = self.codebook.domain.axes(block.attributes)[1:]
        sizes = [self.codebook.domain.sizes[axis] for axis in others]
        wanted, found = _numbered(block.positions[:, 1:], sizes), np.zeros(len(block.count), dtype=np.int64)
        for kind in kinds:
            rows = self._marked(kind.denominator.marks)
            held = _numbered(rows.codes[:, others], sizes)
            found[kind.rows] = _sums(held, rows.weights, wanted[kind.rows], most=prod(sizes))
        return found

    @cached_property
    def _with_marks(self) -> dict[tuple[Mark, ...], WeightedRows]:
        return {}

    def _marked(self, marks: tuple[Mark, ...]) -> WeightedRows:
        """The records with any of ``marks``; all of them where there are none."""
        if marks not in self._with_marks:
            columns = [(self.records.rows.codes[:, self.codebook.domain.place(name)], at) for name, at in marks]
            bears = [np.isin(column, list(positions)) for column, positions in columns]
            chosen = np.logical_or.reduce(bears) if marks else slice(None)
            self._with_marks[marks] = WeightedRows(self.records.rows.codes[chosen], self.records.rows.weights[chosen])
        return self._with_marks[marks]


def _numbered(positions: Positions, sizes: list[int]) -> Ints:
    """One number a line of ``positions``, the same for the same line."""
    numbers = np.zeros(len(positions), dtype=np.int64)
    for column, size in zip(positions.T, sizes, strict=True):
        numbers = numbers * size + column
    return numbers


def _sums(held: Ints, weights: Ints, wanted: Ints, *, most: int) -> Ints:
    """The weight of each number that is wanted; all are below ``most``."""
    if most > MOST_DENSE:
        every, places = np.unique(np.concatenate([wanted, held]), return_inverse=True)
        wanted, held, most = places[: len(wanted)], places[len(wanted) :], len(every)
    return np.bincount(held, weights=weights, minlength=most)[wanted].astype(np.int64)


@dataclass(frozen=True)
class Waiting:
    """Where the ends of some rows belong, and what their shares must pass."""

    ends: Floats
    rows: npt.NDArray[np.intp]
    tests: list[ShareTest]


class Ends:
    """The ends of the shares of many blocks. Those that pass alike tests wait for each other, and are found at once."""

    def __init__(self, estimate: Estimate) -> None:
        self._domain, self._figures, self._bounding = estimate.domain, Figures(estimate), Bounding(estimate)
        self._marginal = lru_cache(maxsize=MOST_TABLES)(estimate.marginal)
        self._waiting: dict[tuple[bool, ...], list[Waiting]] = {}
        self._number_waiting = 0

    def of(self, block: CountBlock, kinds: Iterable[Kind]) -> Floats:
        """Two lines, the low and the high ends of the rows that are stated: they are there once all is finished."""
        ends = np.full((2, len(block.count)), np.nan)
        for kind in kinds:
            rows = kind.rows[block.released[kind.rows]]
            if len(rows):
                tests = self._tests(kind, block.positions[rows])
                self._waiting.setdefault(tuple(test.over for test in tests), []).append(Waiting(ends, rows, tests))
                self._number_waiting += len(rows) * len(tests)
        if self._number_waiting > MOST_WAITING:
            self.finish()
        return ends

    def finish(self) -> None:
        """Find all that wait."""
        for waiting in self._waiting.values():
            tests = [ShareTest.joined(each) for each in zip(*(one.tests for one in waiting), strict=True)]
            low, high, _ = share_ends(tests)
            last = 0
            for one in waiting:
                first, last = last, last + len(one.rows)
                one.ends[:, one.rows] = low[first:last], high[first:last]
        self._waiting.clear()
        self._number_waiting = 0

    def _tests(self, kind: Kind, positions: Positions) -> list[ShareTest]:
        """What the shares of the rows at ``positions`` must pass: all are of one kind, so their bounds are alike."""
        columns = dict(zip(kind.cell, positions.T, strict=True))

        def value(functional: Functional) -> Floats:
            none = np.zeros(len(positions))
            return sum((weight * self._number(box, kind.cell, columns) for weight, box in functional.terms), none)

        part, whole = self._bounding.box(kind.part), self._bounding.event(kind.denominator.among(kind.others))
        return share_tests(part, whole, value, self._figures)

    def _number(self, box: Box, cell: Mapping[str, int], columns: Mapping[str, Positions]) -> Floats:
        """The estimated records in ``box``, in which each side that is the cell's own goes through its column."""
        sides, table, at = dict(box.sides), self._marginal(box.attributes), list[Positions]()
        for name in (self._domain.names[axis] for axis in self._domain.axes(box.attributes)):
            if sides[name] == {cell.get(name)}:
                at.append(columns[name])
            else:
                table = np.take(table, sorted(sides[name]), axis=len(at)).sum(axis=len(at))
        return np.asarray(table[tuple(at)])
