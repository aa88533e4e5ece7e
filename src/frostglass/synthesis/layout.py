"""All measured tables as one flat vector, and where each attribute's tables lie in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from frostglass.released.measurement import Measurement
from frostglass.terms.domain import Domain

_WEIGHT_ONE = 2**12
"""Weight of the most precise table; the others are whole numbers below it."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """Flat view of the tables. ``target`` and ``weight`` have one entry a cell.

    For attribute a, rows ``first[a]`` to ``first[a + 1]`` describe the tables that contain it: ``offset`` of the table,
    ``stride`` of a, and the other attributes ``others`` with their ``strides`` (padded with attribute 0, stride 0).
    """

    sizes: Ints
    target: Ints
    weight: Ints
    first: Ints
    offset: Ints
    stride: Ints
    others: Ints
    strides: Ints
    table_weight: Ints


def lay_out(domain: Domain, measurements: Sequence[Measurement], scale: Fraction) -> Layout:
    """Tables in the order given; targets are the answers times ``scale``, rounded to whole records.

    Weights are whole and proportional to 1/sigma**2, from the receipts' exact figures, so that nothing here depends
    on floating-point arithmetic.
    """
    axes = [domain.axes(measurement.attributes) for measurement in measurements]
    sizes = [measurement.answer.size for measurement in measurements]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    weights = _whole_weights([measurement.receipt.sigma for measurement in measurements])
    longest = max(len(each) for each in axes)
    rows: list[tuple[int, int, list[int], list[int], int]] = []
    first = [0]
    for attribute in range(len(domain)):
        for table, table_axes in enumerate(axes):
            if attribute in table_axes:
                rows.append(_row(domain, table_axes, attribute, int(starts[table]), weights[table], longest))
        first.append(len(rows))
    return Layout(
        sizes=np.array(domain.sizes, dtype=np.int64),
        target=np.concatenate([_scaled(each.answer.ravel(), scale) for each in measurements]),
        weight=np.repeat(np.array(weights, dtype=np.int64), sizes),
        first=np.array(first, dtype=np.int64),
        offset=np.array([row[0] for row in rows], dtype=np.int64),
        stride=np.array([row[1] for row in rows], dtype=np.int64),
        others=np.array([row[2] for row in rows], dtype=np.int64).reshape(len(rows), -1),
        strides=np.array([row[3] for row in rows], dtype=np.int64).reshape(len(rows), -1),
        table_weight=np.array([row[4] for row in rows], dtype=np.int64),
    )


def _row(
    domain: Domain, axes: tuple[int, ...], attribute: int, start: int, weight: int, longest: int
) -> tuple[int, int, list[int], list[int], int]:
    stride_of = {}
    stride = 1
    for axis in reversed(axes):
        stride_of[axis] = stride
        stride *= domain.sizes[axis]
    others = [axis for axis in axes if axis != attribute]
    padding = [0] * (longest - 1 - len(others))
    return (
        start,
        stride_of[attribute],
        others + padding,
        [stride_of[axis] for axis in others] + padding,
        weight,
    )


def _whole_weights(sigmas: list[Fraction]) -> list[int]:
    least = min(sigmas)
    return [max(1, round(_WEIGHT_ONE * (least / sigma) ** 2)) for sigma in sigmas]


def _scaled(answer: Ints, scale: Fraction) -> Ints:
    """``answer * scale`` to the nearest whole record, halves up; exact."""
    if scale == 1:
        return answer
    return (2 * answer * scale.numerator + scale.denominator) // (2 * scale.denominator)
