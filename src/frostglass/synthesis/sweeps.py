"""One pass over all records: towards the tables, at a temperature, within the rules.

The energy of a set of records is ``sum over cells of weight * (records in the cell - target)**2 + base * records``.
At temperature T a value is drawn with probability proportional to ``exp(-energy / T)``; at 0 the best one is taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.synthesis import kernels
from frostglass.synthesis.layout import Floats, Ints, Layout
from frostglass.synthesis.rules import Rules

Codes = npt.NDArray[np.uint16]
Slopes = npt.NDArray[np.float32]
State = npt.NDArray[np.uint64]

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


def sweep(
    codes: Codes,
    aim: Aim,
    rules: Rules,
    *,
    temperature: float,
    state: State,
    counts: Ints | None = None,
) -> Slopes:
    """Visit every value of every record once, in random order and in place; returns the slopes at the end.

    ``counts`` are the records in every cell, where they are known.
    """
    order = np.arange(len(codes))
    kernels.shuffle(order, state)
    known = count_cells(aim.layout, codes) if counts is None else counts
    return visit(codes, order, aim, rules, temperature=temperature, state=state, counts=known)


def visit(
    codes: Codes, order: Ints, aim: Aim, rules: Rules, *, temperature: float, state: State, counts: Ints
) -> Slopes:
    """Visit every value of the records in ``order`` once, in place; returns the slopes at the end.

    ``counts`` are the records in every cell: of ``codes``, and of any beside them that stay as they are.
    """
    layout = aim.layout
    slopes = aim.slopes(counts)
    step_up = (2 * aim.weight[layout.table]).astype(np.float32)
    own_step = np.add.reduceat(np.append(step_up, 0).astype(np.float64), layout.first[:-1]).astype(np.float32)
    own_step[np.diff(layout.first) == 0] = 0
    coldness = np.float32(kernels.STEPS / temperature if temperature else 0)
    kernels.sweep(
        codes, order, slopes, layout.sizes, layout.first, layout.offset, layout.stride, layout.others,
        layout.strides, step_up, own_step, rules.start, rules.place, rules.truth, rules.used, rules.uses,
        coldness, EXPONENTIAL, state,
    )  # fmt: skip
    return slopes
