"""Tables as one flat vector, and where each attribute's tables lie in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import Domain

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

READ_BEYOND = 4
"""The compiled loops read so many strides past the last cell of a row."""


@dataclass(frozen=True)
class Layout:
    """Flat view of the tables over ``sets``; table t owns the cells ``start[t]`` to ``start[t + 1]``.

    Within a table the attributes are in ascending order of size, so that the values of the widest lie side by side:
    ``axes[t]`` are their columns, padded with -1. For attribute a, rows ``first[a]`` to ``first[a + 1]`` describe the
    tables that contain it: number ``table``, ``offset``, ``stride`` of a, and the other attributes ``others`` with
    their ``strides`` (padded with attribute 0, stride 0; two columns, or three where tables of four are among them).
    """

    domain: Domain
    sets: tuple[AttributeSet, ...]
    sizes: Ints
    axes: Ints
    start: Ints
    first: Ints
    table: Ints
    offset: npt.NDArray[np.uint32]
    stride: npt.NDArray[np.uint32]
    others: npt.NDArray[np.uint16]
    strides: npt.NDArray[np.uint32]

    @property
    def cells(self) -> int:
        """Number of cells of all tables."""
        return int(self.start[-1])

    @property
    def padded(self) -> int:
        """Length of a flat vector that the compiled loops may read."""
        return self.cells + READ_BEYOND * int(self.stride.max(initial=1))

    def flatten(self, tables: Iterable[npt.NDArray[np.float64]]) -> Floats:
        """One flat vector of tables that have an axis for each attribute in the domain's order."""
        flat = np.empty(self.cells)
        for number, table in enumerate(tables):
            flat[self.start[number] : self.start[number + 1]] = table.transpose(self._turned(number)).ravel()
        return flat

    def _turned(self, number: int) -> tuple[int, ...]:
        """The axes of a table in the layout's order, as positions in the domain's order."""
        axes = [int(axis) for axis in self.axes[number] if axis >= 0]
        return tuple(sorted(axes).index(axis) for axis in axes)

    def spread(self, of_table: Sequence[float] | Floats) -> Floats:
        """One entry a cell from one entry a table."""
        return np.repeat(np.asarray(of_table, dtype=np.float64), np.diff(self.start))


def lay_out(domain: Domain, sets: Sequence[AttributeSet]) -> Layout:
    """Tables over ``sets`` of one to four attributes, in the order given."""
    sizes = domain.sizes
    axes = [sorted(domain.axes(each), key=lambda axis: (sizes[axis], axis)) for each in sets]
    cells = [prod(sizes[axis] for axis in each) for each in axes]
    start = np.concatenate([[0], np.cumsum(cells)]).astype(np.int64)
    width = max(2, *(len(each) - 1 for each in axes))
    rows: list[list[tuple[int, int, list[int], list[int]]]] = [[] for _ in sizes]
    for number, order in enumerate(axes):
        stride_of = {axis: prod(sizes[each] for each in order[place + 1 :]) for place, axis in enumerate(order)}
        for axis in order:
            others = [each for each in order if each != axis]
            padding = [0] * (width - len(others))
            strides = [stride_of[each] for each in others]
            rows[axis].append((number, stride_of[axis], others + padding, strides + padding))
    flat = [row for of_attribute in rows for row in of_attribute]
    return Layout(
        domain=domain,
        sets=tuple(sets),
        sizes=np.array(sizes, dtype=np.int64),
        axes=np.array([each + [-1] * (width + 1 - len(each)) for each in axes], dtype=np.int64),
        start=start,
        first=np.cumsum([0, *(len(each) for each in rows)]).astype(np.int64),
        table=np.array([row[0] for row in flat], dtype=np.int64),
        offset=np.array([start[row[0]] for row in flat], dtype=np.uint32),
        stride=np.array([row[1] for row in flat], dtype=np.uint32),
        others=np.array([row[2] for row in flat], dtype=np.uint16).reshape(len(flat), width),
        strides=np.array([row[3] for row in flat], dtype=np.uint32).reshape(len(flat), width),
    )
