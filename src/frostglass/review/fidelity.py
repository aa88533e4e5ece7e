"""How near a release is to the truth, by combination length, by count, and by group. Private.

The measures are those of docs/reference/measures.md. Missing is a value like any other, but for the weighted relative
error, which looks at recorded values alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from frostglass.review.comparison import Bools, Compared, Released, Whole, compared, lengths
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import MISSING, Domain

BUCKETS = (0, 1, 10, 100, 1000)
"""Least true count of each bucket."""

FREQUENT = 10
"""Least true count of a combination whose absence counts as a loss."""

MOST_EXAMPLES = 5
"""Examples of each kind and length."""

SAMPLED = 600
"""Points of each length in the drawing of stated counts beside true ones."""

Kind: TypeAlias = Literal["error", "suppressed", "fabricated"]
Combination: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A combination with its true count and what the records hold; ``stated`` says whether that is published."""

    combination: Combination
    true: int
    records: int
    stated: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """Absolute errors in records: how many, their mean, 95th percentile and largest; NaN where there are none."""

    number: int
    mean: float
    percentile_95: float
    largest: float

    @classmethod
    def of(cls, errors: npt.NDArray[np.int64]) -> Spread:
        if not len(errors):
            return cls(0, float("nan"), float("nan"), float("nan"))
        return cls(len(errors), float(errors.mean()), float(np.percentile(errors, 95)), float(errors.max()))


@dataclass(frozen=True, slots=True)
class Bucket:
    """Combinations of one length whose true count is at least ``least`` and below the next bucket.

    ``combinations`` of them, all that are declared; ``stated`` have a published count, whose errors are ``errors``.
    ``held`` of ``intervals`` hold the true count.
    """

    least: int
    combinations: int
    stated: int
    errors: Spread
    intervals: int
    held: int


@dataclass(frozen=True, slots=True)
class LengthFidelity:
    """All combinations of one length.

    ``real`` occur in the truth, ``frequent`` at least 10 times. What is real and stated as 0, as a single value may be,
    is ``suppressed`` too. ``counted`` says whether the release counts this length; where it does not, what is said of
    counts is 0 or NaN. ``total_variation`` is that of the records' tables.
    """

    length: int
    tables: int
    counted: bool
    real: int
    frequent: int
    stated: int
    fabricated: int
    suppressed: int
    lost: int
    errors: Spread
    relative_counts: float
    relative_records: float
    total_variation: float
    worst_total_variation: float
    worst_table: tuple[str, ...]
    record_combinations: int
    record_fabricated: int
    record_lost: int
    intervals: int
    held: int
    width: float
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class GroupFidelity:
    """Combinations that hold ``value`` of ``variable``, of two and three variables in all.

    ``people`` is the true number. ``relative_counts`` is over the recorded values of the other variables.
    """

    variable: str
    value: str
    people: int
    shown: int
    relative_counts: float
    relative_records: float
    frequent: int
    lost: int
    stated: int
    fabricated: int
    intervals: int
    held: int


@dataclass(frozen=True)
class Fidelity:
    """``examples`` are the largest of each kind, by length; ``points`` are (length, true, stated) of some counts."""

    lengths: tuple[LengthFidelity, ...]
    groups: tuple[GroupFidelity, ...]
    examples: Mapping[tuple[Kind, int], tuple[Example, ...]]
    points: tuple[tuple[int, int, int], ...]

    def at(self, length: int) -> LengthFidelity | None:
        """What was found at one length; None where it was not compared."""
        return next((each for each in self.lengths if each.length == length), None)


def fidelity(table: CodedTable, released: Released, groups: Sequence[str], *, seed: int = 0) -> Fidelity:
    """Compare every table of up to four attributes; ``groups`` names the variables of which each value is a group.

    ``seed`` chooses the points that are drawn.
    """
    domain = released.domain
    grouped = Groups(domain, groups, released.length)
    found, examples, points = [], dict[tuple[Kind, int], tuple[Example, ...]](), list[tuple[int, int, int]]()
    generator = np.random.default_rng(seed)
    for length in lengths(domain):
        sums, best = _Length(length), _Examples(domain)
        for each in compared(table, released, length):
            sums.add(each)
            if each.counted:
                best.add(each)
                grouped.add(each)
        found.append(sums.found())
        examples |= {(kind, length): largest for kind, largest in best.largest().items()}
        points += [(length, *point) for point in sums.sample(generator)]
    return Fidelity(tuple(found), grouped.found(), examples, tuple(points))


@dataclass
class _Length:
    """Sums over the tables of one length."""

    length: int
    tables: int = 0
    counted: bool = False
    numbers: dict[str, int] = field(default_factory=dict)
    difference: dict[str, float] = field(default_factory=lambda: {"counts": 0.0, "records": 0.0})
    recorded: int = 0
    distances: list[tuple[float, AttributeSet]] = field(default_factory=list)
    width: float = 0.0
    true: list[Whole] = field(default_factory=list)
    shown: list[Whole] = field(default_factory=list)
    cells: Whole = field(default_factory=lambda: np.zeros(len(BUCKETS), dtype=np.int64))
    held: Whole = field(default_factory=lambda: np.zeros(len(BUCKETS), dtype=np.int64))

    def add(self, one: Compared) -> None:
        self.tables += 1
        self.counted = one.counted
        frequent, real = one.true >= FREQUENT, one.true > 0
        self._count(
            real=real,
            frequent=frequent,
            stated=one.stated,
            fabricated=one.stated & (one.records > 0) & ~real,
            suppressed=real & ~(one.stated & (one.records > 0)),
            lost=frequent & ~(one.stated & (one.records > 0)),
            record_combinations=one.records > 0,
            record_fabricated=(one.records > 0) & ~real,
            record_lost=frequent & (one.records == 0),
        )
        self.recorded += int(one.true[one.recorded].sum())
        self.difference["counts"] += float(np.abs(one.true - one.shown)[one.recorded].sum())
        self.difference["records"] += float(np.abs(one.true - one.records)[one.recorded].sum())
        people = max(int(one.true.sum()), 1)
        self.distances.append((float(np.abs(one.true - one.records).sum()) / (2 * people), one.attributes))
        if one.counted:
            self.true.append(one.true[one.stated])
            self.shown.append(one.records[one.stated])
            bucket = np.searchsorted(BUCKETS, one.true.ravel(), side="right") - 1
            self.cells += np.bincount(bucket, minlength=len(BUCKETS))
            self.held += np.bincount(bucket[one.held.ravel()], minlength=len(BUCKETS))
            low, high = one.ends
            self.width += float((high - low).sum())

    def _count(self, **masks: Bools) -> None:
        for name, mask in masks.items():
            self.numbers[name] = self.numbers.get(name, 0) + int(mask.sum())

    def found(self) -> LengthFidelity:
        worst, at = max(self.distances, key=lambda each: each[0], default=(float("nan"), AttributeSet(())))
        true, shown = _flat(self.true), _flat(self.shown)
        of = np.searchsorted(BUCKETS, true, side="right") - 1
        errors = np.abs(true - shown)
        cells = int(self.cells.sum())
        return LengthFidelity(
            length=self.length,
            tables=self.tables,
            counted=self.counted,
            errors=Spread.of(errors),
            relative_counts=self._relative("counts") if self.counted else float("nan"),
            relative_records=self._relative("records"),
            total_variation=float(np.mean([each for each, _ in self.distances])),
            worst_total_variation=worst,
            worst_table=at.names,
            intervals=cells,
            held=int(self.held.sum()),
            width=self.width / cells if cells else float("nan"),
            buckets=tuple(
                Bucket(
                    least,
                    int(self.cells[place]),
                    int((of == place).sum()),
                    Spread.of(errors[of == place]),
                    int(self.cells[place]),
                    int(self.held[place]),
                )
                for place, least in enumerate(BUCKETS)
            ),
            **self.numbers,
        )

    def _relative(self, side: str) -> float:
        return self.difference[side] / self.recorded if self.recorded else float("nan")

    def sample(self, generator: np.random.Generator) -> list[tuple[int, int]]:
        """Some of the stated counts with their true ones: spread evenly over their sizes, so that large ones show."""
        true, shown = _flat(self.true), _flat(self.shown)
        if len(true) <= SAMPLED:
            chosen = np.arange(len(true))
        else:
            chosen = np.argsort(shown + generator.random(len(shown)))[:: -(-len(true) // SAMPLED)]
        return [(int(true[place]), int(shown[place])) for place in chosen]


class _Examples:
    """The largest of each kind over the tables of one length."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.kept: dict[Kind, list[tuple[int, Example]]] = {"error": [], "suppressed": [], "fabricated": []}

    def add(self, one: Compared) -> None:
        self._keep("error", one, np.where(one.stated, np.abs(one.true - one.records), 0))
        self._keep("suppressed", one, np.where(one.stated, 0, one.true))
        self._keep("fabricated", one, np.where(one.stated & (one.true == 0), one.records, 0))

    def _keep(self, kind: Kind, one: Compared, size: Whole) -> None:
        kept = self.kept[kind]
        least = kept[-1][0] if len(kept) == MOST_EXAMPLES else 0
        flat = size.ravel()
        if flat.max(initial=0) <= least:
            return
        for place in np.argsort(flat)[::-1][:MOST_EXAMPLES]:
            if flat[place] > least:
                kept.append((int(flat[place]), self._example(one, int(place))))
        kept.sort(key=lambda each: -each[0])
        del kept[MOST_EXAMPLES:]

    def _example(self, one: Compared, place: int) -> Example:
        at = np.unravel_index(place, one.true.shape)
        attributes = [self.domain.attributes[axis] for axis in one.axes]
        pairs = tuple((each.name, each.values[int(position)]) for each, position in zip(attributes, at, strict=True))
        return Example(pairs, int(one.true[at]), int(one.records[at]), bool(one.stated[at]))

    def largest(self) -> dict[Kind, tuple[Example, ...]]:
        return {kind: tuple(each for _, each in kept) for kind, kept in self.kept.items()}


_SUMS = ("true", "counts", "records", "frequent", "lost", "stated", "fabricated", "cells", "held")


class Groups:
    """Sums over the tables of two and three attributes in which a grouping variable takes part, for each of its values.

    A release that counts single variables only has no such table, and then no groups.
    """

    def __init__(self, domain: Domain, names: Iterable[str], length: int) -> None:
        self.domain = domain
        self.places = tuple(domain.place(name) for name in names) if length > 1 else ()
        self.people = {place: np.zeros(domain.sizes[place], dtype=np.int64) for place in self.places}
        self.shown = {place: np.zeros(domain.sizes[place], dtype=np.int64) for place in self.places}
        self.sums = {place: {one: np.zeros(domain.sizes[place]) for one in _SUMS} for place in self.places}

    def add(self, one: Compared) -> None:
        for axis, place in enumerate(one.axes):
            if place not in self.sums:
                continue
            if len(one.axes) == 1:
                self.people[place], self.shown[place] = one.true, one.records
            elif len(one.axes) <= 3:
                self._add(one, axis, self.sums[place])

    def _add(self, one: Compared, axis: int, sums: dict[str, npt.NDArray[np.float64]]) -> None:
        others = tuple(each for each in range(len(one.axes)) if each != axis)
        recorded = tuple(slice(None) if each == axis else kept for each, kept in enumerate(one.recorded))
        published, frequent = one.stated & (one.records > 0), one.true >= FREQUENT
        for name, values in (
            ("true", one.true[recorded]),
            ("counts", np.abs(one.true - one.shown)[recorded]),
            ("records", np.abs(one.true - one.records)[recorded]),
            ("frequent", frequent),
            ("lost", frequent & ~published),
            ("stated", one.stated),
            ("fabricated", published & (one.true == 0)),
            ("cells", np.ones(one.true.shape, dtype=np.int64)),
            ("held", one.held),
        ):
            sums[name] += values.sum(axis=others)

    def found(self) -> tuple[GroupFidelity, ...]:
        return tuple(self._found(place, position) for place in self.places for position in self._positions(place))

    def _positions(self, place: int) -> list[int]:
        """Every code, and missing where anybody lacks the value."""
        attribute = self.domain.attributes[place]
        lacking = [MISSING] if attribute.missing and self.people[place][MISSING] else []
        return [*attribute.recorded, *lacking]

    def _found(self, place: int, position: int) -> GroupFidelity:
        attribute, sums = self.domain.attributes[place], self.sums[place]
        at = {name: float(sums[name][position]) for name in _SUMS}
        return GroupFidelity(
            variable=attribute.name,
            value=attribute.values[position],
            people=int(self.people[place][position]),
            shown=int(self.shown[place][position]),
            relative_counts=at["counts"] / at["true"] if at["true"] else float("nan"),
            relative_records=at["records"] / at["true"] if at["true"] else float("nan"),
            frequent=int(at["frequent"]),
            lost=int(at["lost"]),
            stated=int(at["stated"]),
            fabricated=int(at["fabricated"]),
            intervals=int(at["cells"]),
            held=int(at["held"]),
        )


def _flat(parts: Sequence[Whole]) -> Whole:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])
