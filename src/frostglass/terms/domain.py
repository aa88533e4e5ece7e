"""The ordered attributes and their sizes, as the codebook declares them."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import comb, prod

from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.constraint import Clause, Literal

MISSING = 0
"""Position of the missing value as a codebook counts, for which every variable may be missing; the codes follow it."""

MISSING_LABEL = "(missing)"
"""How the missing value is written in counts; no code may equal it."""

JOIN = "|"
"""Joins names, and values, in the counts; no name and no code may contain it."""


@dataclass(frozen=True)
class Attribute:
    """A variable as coded: its values in position order, the missing one first where it is among them.

    ``missing`` is false for a variable that is never missing: no record, and so no cell, lacks a value there.
    """

    name: str
    codes: tuple[str, ...]
    missing: bool = True

    @cached_property
    def values(self) -> tuple[str, ...]:
        """All values in position order, as the counts write them."""
        return (MISSING_LABEL, *self.codes) if self.missing else self.codes

    @property
    def size(self) -> int:
        """Number of values, missing included where it is one."""
        return len(self.values)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Position of each value, by what the counts write."""
        return {value: position for position, value in enumerate(self.values)}

    @property
    def texts(self) -> tuple[str | None, ...]:
        """All values in position order, as records write them: the missing one as none."""
        return (None, *self.codes) if self.missing else self.codes

    @property
    def recorded(self) -> range:
        """Positions of the codes, in their order: all but the missing value's."""
        return range(self.size - len(self.codes), self.size)

    @property
    def shift(self) -> int:
        """How far its positions lie below those that a codebook counts: 1 where missing has none."""
        return int(not self.missing)


@dataclass(frozen=True)
class Domain:
    """Attributes in the codebook's order. A table axis follows this order, whatever order a set was named in."""

    attributes: tuple[Attribute, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in self.attributes)

    def with_never_missing(self, places: Set[int]) -> Domain:
        """The same attributes, of which those in the columns ``places`` are never missing, and all others may be.

        Without any it is the domain in which a codebook counts positions.
        """
        return Domain(tuple(replace(one, missing=place not in places) for place, one in enumerate(self.attributes)))

    def holding(self, literal: Literal) -> frozenset[int]:
        """The positions at which ``literal`` holds here; none where it only holds for a missing value."""
        shift = self.attributes[literal.place].shift
        return frozenset(position - shift for position in literal.positions if position >= shift)

    def satisfies(self, clause: Clause) -> bool:
        """Whether every record satisfies ``clause``, because one of its literals holds at all positions."""
        return any(len(self.holding(one)) == self.sizes[one.place] for one in clause.literals)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Number of values of each attribute, missing included where it is one."""
        return tuple(attribute.size for attribute in self.attributes)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.attributes)

    def place(self, name: str) -> int:
        """Column of the attribute ``name``; KeyError when the domain has none such."""
        return self._places[name]

    def attribute(self, name: str) -> Attribute:
        return self.attributes[self._places[name]]

    def axes(self, attributes: AttributeSet) -> tuple[int, ...]:
        """Columns of ``attributes``, ascending: the axes of their marginal."""
        return tuple(sorted(self._places[name] for name in attributes))

    def shape(self, attributes: AttributeSet) -> tuple[int, ...]:
        """Shape of the marginal over ``attributes``."""
        return tuple(self.sizes[axis] for axis in self.axes(attributes))

    def cells(self, attributes: AttributeSet) -> int:
        """Number of cells of the marginal over ``attributes``."""
        return prod(self.shape(attributes))

    def sets_of_length(self, length: int) -> Iterator[AttributeSet]:
        """All attribute sets of ``length``, in the lexical order of their columns."""
        for names in combinations(self.names, length):
            yield AttributeSet.of(names)

    def number_of_sets(self, length: int) -> int:
        return comb(len(self), length)

    def cells_of_length(self, length: int) -> int:
        """Number of cells of all marginals of ``length``: the elementary symmetric polynomial of the sizes."""
        polynomial = [1] + [0] * length
        for size in self.sizes:
            for degree in range(length, 0, -1):
                polynomial[degree] += polynomial[degree - 1] * size
        return polynomial[length]
