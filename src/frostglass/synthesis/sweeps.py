"""One pass over all records: towards the tables, at a temperature, within the rules. On two cores where that helps.

The energy of a set of records is ``sum over cells of weight * (records in the cell - target)**2 + base * records``.
At temperature T a value is drawn with probability proportional to ``exp(-energy / T)``; at 0 the best one is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.synthesis import kernels
from frostglass.synthesis.layout import Floats, Ints, Layout
from frostglass.synthesis.rules import Rules

Codes = npt.NDArray[np.uint16]
Slopes = npt.NDArray[np.float32]
State = npt.NDArray[np.uint64]

LEAST_SHARED = 150_000
"""From so many records on, two workers share a pass; with fewer, what they don't see of each other would show."""

PARTS = 60
"""Two workers meet so many times in a pass."""

_LOG_OF_LEAST = 16
"""Probabilities below exp(-16) of the likeliest value's count as 0."""

EXPONENTIAL: Slopes = (
    np.rint([2**20 * math.exp(-(step + 0.5) / kernels.STEPS) for step in range(_LOG_OF_LEAST * kernels.STEPS)]) / 2**20
).astype(np.float32)
"""``exp(-x)`` at the middle of each step of x; whole multiples of 2**-20, so that it is the same everywhere."""


@dataclass(frozen=True)
class Aim:
    """What the records are moved towards: ``target`` and ``base`` have one entry a cell, ``weight`` one a table."""

    layout: Layout
    target: Floats
    weight: Floats
    base: Floats

    def slopes(self, counts: Ints) -> Slopes:
        """By how much the energy rises with one record more in a cell, but for its ``weight``; padded for the loops."""
        slopes = np.zeros(self.layout.padded, dtype=np.float32)
        slopes[: len(counts)] = 2 * self.layout.spread(self.weight) * (counts - self.target) + self.base
        return slopes


def count_cells(layout: Layout, codes: Codes) -> Ints:
    """Records in every cell of the layout."""
    counts = np.zeros(layout.cells, dtype=np.int64)
    columns = np.ascontiguousarray(codes.T)
    kernels.count_all(columns, counts, layout.axes, layout.sizes, layout.start)
    return counts


def sweep(codes: Codes, aim: Aim, rules: Rules, *, temperature: float, state: State) -> Slopes:
    """Visit every value of every record once, in place; returns the slopes at the end.

    The result depends on ``state`` alone and not on how many cores there are: the two workers and what each of them
    visits are fixed.
    """
    order = np.arange(len(codes))
    kernels.shuffle(order, state)
    slopes = aim.slopes(count_cells(aim.layout, codes))
    if len(codes) < LEAST_SHARED:
        _visitor(codes, aim, rules, temperature, workers=1)(order, slopes, state)
        return slopes
    visit = _visitor(codes, aim, rules, temperature, workers=2)
    copies = slopes.copy(), slopes.copy()
    states = tuple(np.array([kernels.next_word(state)], dtype=np.uint64) for _ in copies)
    with ThreadPoolExecutor(2) as pool:
        for part in np.array_split(order, PARTS):
            list(pool.map(visit, np.array_split(part, 2), copies, states))
            kernels.merge(slopes, *copies)
    return slopes


def _visitor(
    codes: Codes, aim: Aim, rules: Rules, temperature: float, *, workers: int
) -> Callable[[Ints, Slopes, State], None]:
    """Visits records, and updates slopes as if every one of ``workers`` made the same moves at the same time.

    Without that, each would make up for the whole of a difference, and together they would overshoot.
    """
    layout = aim.layout
    step_up = (2 * workers * aim.weight[layout.table]).astype(np.float32)
    own_step = np.add.reduceat(np.append(step_up, 0).astype(np.float64), layout.first[:-1]).astype(np.float32)
    own_step[np.diff(layout.first) == 0] = 0
    coldness = np.float32(kernels.STEPS / temperature if temperature else 0)

    def visit(order: Ints, slopes: Slopes, state: State) -> None:
        kernels.sweep(
            codes, order, slopes, layout.sizes, layout.first, layout.offset, layout.stride, layout.others,
            layout.strides, step_up, own_step, rules.start, rules.place, rules.truth, rules.used, rules.uses,
            coldness, EXPONENTIAL, state,
        )  # fmt: skip

    return visit
