"""What may be counted: records in a box, some with at least one of several marks; and what bounds it where its table
was not measured.

docs/proofs/functionals.md proves the bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import TypeAlias

from frostglass.released.estimate import Estimate
from frostglass.released.functional import ZERO, Box, Functional, Positions
from frostglass.terms.attribute_set import AttributeSet

MOST_ENDS = 16
"""Most functionals that bound one event from one side: more would each get too little of the 5%."""

Mark: TypeAlias = tuple[str, Positions]
"""An attribute, and its values that count as a mark."""


@dataclass(frozen=True)
class Event:
    """The records in ``box`` that bear at least one of ``marks``; of all records in the box where there are none."""

    box: Box
    marks: tuple[Mark, ...] = ()

    @classmethod
    def of(cls, box: Box, marks: Iterable[Mark]) -> Event:
        """The event without the marks that the box decides: one that all its records bear, and those that none does."""
        sides = dict(box.sides)
        open_marks = []
        for name, positions in marks:
            if name in sides and sides[name] <= positions:
                return cls(box)
            if name not in sides or sides[name] & positions:
                open_marks.append((name, positions))
        return cls(box, tuple(open_marks))

    @property
    def attributes(self) -> AttributeSet:
        return AttributeSet.of({*self.box.attributes, *(name for name, _ in self.marks)})

    def wholes(self) -> Iterator[Event]:
        """The event, and all that it surely lies in: its box without marks, and that with fewer conditions but some."""
        yield self
        for attributes in self.box.attributes.subsets():
            if attributes and Event(self.box.within(attributes)) != self:
                yield Event(self.box.within(attributes))


@dataclass(frozen=True)
class Between:
    """Functionals that are at most, and at least, the number sought; one of each where it was measured."""

    lower: tuple[Functional, ...]
    upper: tuple[Functional, ...]

    @property
    def exact(self) -> bool:
        return len(self.lower) == 1 and self.lower == self.upper

    def __sub__(self, other: Between) -> Between:
        return Between(
            tuple(low - high for low, high in product(self.lower, other.upper)),
            tuple(high - low for high, low in product(self.upper, other.lower)),
        )


@dataclass(frozen=True)
class Bounding:
    """Bounds events by the tables that an estimate covers."""

    estimate: Estimate

    def event(self, event: Event) -> Between:
        """The event itself where its tables were estimated, else what surely lies on either side of it."""
        if not event.marks:
            return self.box(event.box)
        if self.estimate.covers(event.attributes):
            whole = self._marked(event.box, event.marks)
            return Between((whole,), (whole,))
        return Between(_some(self._fewest(event)), _some(self._most(event)))

    def box(self, box: Box) -> Between:
        """A box; Fréchet's bounds by its largest estimated parts where its own table was not.

        No more than each part; no fewer than two parts that make up the whole, less what they share.
        """
        whole = Functional.of(box)
        if self.estimate.covers(box.attributes):
            return Between((whole,), (whole,))
        parts = self._largest(box.attributes)
        upper = (Functional.of(box.within(part)) for part in parts)
        lower = (
            Functional.of(box.within(one))
            + Functional.of(box.within(other))
            - Functional.of(box.within(AttributeSet.of(set(one) & set(other))))
            for one, other in combinations(parts, 2)
            if set(one) | set(other) == set(box.attributes)
        )
        return Between(_some((ZERO, *lower)), _some(upper))

    def _fewest(self, event: Event) -> Iterator[Functional]:
        """Those with one of a few of the marks are no more than those with one of all."""
        found = False
        for number in range(len(event.marks), 0, -1):
            for marks in combinations(event.marks, number):
                if self.estimate.covers(Event(event.box, marks).attributes):
                    found = True
                    yield self._marked(event.box, marks)
            if found:
                return
        for mark in event.marks:
            yield from self.box(event.box.and_also(dict([mark]))).lower

    def _most(self, event: Event) -> Iterator[Functional]:
        """Marks added one after the other: each adds no more than it adds to a few of the earlier ones."""
        yield from self.box(event.box).upper
        seen = set()
        for turn in range(len(event.marks)):
            marks = (*event.marks[turn:], *event.marks[:turn])
            steps = [list(self._added(event.box, marks[:place], mark)) for place, mark in enumerate(marks)]
            for chosen in product(*steps):
                total = sum(chosen, start=ZERO)
                if frozenset(total.terms) not in seen:
                    seen.add(frozenset(total.terms))
                    yield total

    def _added(self, box: Box, earlier: Sequence[Mark], mark: Mark) -> Iterator[Functional]:
        """At least the records with ``mark`` and no earlier mark: of these, as many as were measured together."""
        marked = box.and_also(dict([mark]))
        for number in range(len(earlier), -1, -1):
            found = [
                each
                for each in combinations(earlier, number)
                if self.estimate.covers(AttributeSet.of({*marked.attributes, *(name for name, _ in each)}))
            ]
            if found:
                yield from (Functional.of(marked.and_also(self._without(each))) for each in found)
                return
        yield from self.box(marked).upper

    def _marked(self, box: Box, marks: Sequence[Mark]) -> Functional:
        """The records of the box, less those of it with no mark."""
        return Functional.of(box) - Functional.of(box.and_also(self._without(marks)))

    def _without(self, marks: Sequence[Mark]) -> dict[str, Positions]:
        return {
            name: frozenset(range(self.estimate.domain.attribute(name).size)) - positions for name, positions in marks
        }

    def _largest(self, attributes: AttributeSet) -> list[AttributeSet]:
        """The estimated subsets that lie in no other estimated subset."""
        estimated = [each for each in attributes.subsets() if self.estimate.covers(each)]
        return [each for each in estimated if not any(set(each) < set(other) for other in estimated)]


def _some(functionals: Iterable[Functional]) -> tuple[Functional, ...]:
    """The first of them, each once."""
    return tuple(islice(dict.fromkeys(functionals), MOST_ENDS))
