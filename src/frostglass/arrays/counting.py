"""Counting rows by the values that they hold together."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt


def tally(codes: npt.NDArray[np.uint16], axes: tuple[int, ...], shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Number of rows of ``codes`` in each cell of the table over columns ``axes``; int64 of ``shape``."""
    cell = np.zeros(len(codes), dtype=np.int64)
    for axis, size in zip(axes, shape, strict=True):
        cell *= size
        cell += codes[:, axis]
    return np.bincount(cell, minlength=prod(shape)).astype(np.int64, copy=False).reshape(shape)
