"""Chance for everything fictitious: one seeded stream a batch. Nothing that is drawn here protects anybody."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")

Generator = np.random.Generator

Uniform = Callable[[], float]
"""The next number of a stream, uniform in [0, 1)."""

_DRAWN_AT_ONCE = 65_536


def generator_of(seed: int) -> Generator:
    """The generator of one seed."""
    return np.random.default_rng(seed)


def generators(seed: int) -> Iterator[Generator]:
    """Without end, generators that are independent of each other and that the seed alone determines."""
    root = np.random.SeedSequence(seed)
    while True:
        yield np.random.default_rng(root.spawn(1)[0])


def uniforms(generator: Generator) -> Uniform:
    """A stream of numbers, drawn by the thousand because one call for each would cost more than all the rest."""

    def endless() -> Iterator[float]:
        while True:
            yield from generator.random(_DRAWN_AT_ONCE).tolist()

    return endless().__next__


def one_of(values: Sequence[T], u: Uniform) -> T:
    """One of ``values``, each as likely as another."""
    return values[int(u() * len(values))]


@dataclass(frozen=True, slots=True)
class Weighted(Generic[T]):
    """Values that come up by weight. ``bounds`` are the cumulative shares without the last, which is 1."""

    values: tuple[T, ...]
    bounds: tuple[float, ...]

    @classmethod
    def of(cls, weights: Mapping[T, float]) -> Weighted[T]:
        """Each value with its weight; the weights need not add up to anything."""
        cumulative = np.cumsum(np.array(list(weights.values()), dtype=np.float64))
        return cls(tuple(weights), tuple((cumulative[:-1] / cumulative[-1]).tolist()))

    def pick(self, u: Uniform) -> T:
        return self.values[bisect_right(self.bounds, u())]
