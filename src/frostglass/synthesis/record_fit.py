"""Fit whole records to noisy tables: change one value of one record at a time, whenever that brings the tables nearer.

The distance is ``sum over cells of weight * (records in the cell - target)**2``. Everything is whole-number
arithmetic with a generator of its own, so the same measurements and seed give the same records on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from frostglass.errors import CodebookError
from frostglass.synthesis.kernels import count_all, repair_all, shuffle, sweep_all
from frostglass.synthesis.layout import Layout
from frostglass.synthesis.rules import Rules
from frostglass.terms.domain import Domain

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint16]
Progress = Callable[[str], None]

SWEEPS = 3
"""Passes over all records. More passes follow the noise rather than the counts."""

_REPAIR_STEPS = 10_000


def fit_records(
    layout: Layout,
    rules: Rules,
    margins: Sequence[Ints],
    *,
    total: int,
    seed: int,
    progress: Progress,
) -> Codes:
    """``total`` records that satisfy ``rules`` and lie close to the layout's targets.

    ``margins`` holds, for each attribute, non-negative whole weights of its values to start from. Raises
    CodebookError when no record satisfies the rules.
    """
    progress("preparing the fit (the first run on a machine compiles its inner loops)")
    state = np.array([seed], dtype=np.uint64)
    codes = _start(margins, total, state)
    repair(codes, margins, rules, state)
    slope = _slope(layout, codes)
    for sweep in range(SWEEPS):
        progress(f"fitting records, pass {sweep + 1} of {SWEEPS}")
        sweep_all(
            codes, slope, layout.sizes, layout.first, layout.offset, layout.stride, layout.others, layout.strides,
            layout.table_weight, rules.start, rules.place, rules.truth, rules.used, rules.uses, state,
        )  # fmt: skip
    return codes


def repair(codes: Codes, margins: Sequence[Ints], rules: Rules, state: npt.NDArray[np.uint64]) -> None:
    """Change records, in place, until each satisfies the rules; those that will not take another's values."""
    if len(rules.start) == 1 or not len(codes):
        return
    cumulative = np.zeros((len(margins), max(len(each) for each in margins)), dtype=np.int64)
    for place, weights in enumerate(margins):
        cumulative[place, : len(weights)] = weights + 1
    stuck = repair_all(codes, cumulative, rules.start, rules.place, rules.truth, np.int64(_REPAIR_STEPS), state)
    if stuck.all():
        raise CodebookError(
            "FG-CB-090",
            "no record was found that satisfies all structural constraints together; look for two that exclude "
            "each other, or release with --without-constraints",
        )
    good = codes[~stuck]
    codes[stuck] = good[np.arange(int(stuck.sum())) % len(good)]


def satisfiable(domain: Domain, rules: Rules) -> None:
    """Raise CodebookError when no record can be found that satisfies the rules. Looks at no data."""
    margins = [np.ones(size, dtype=np.int64) for size in domain.sizes]
    repair(np.zeros((1, len(domain)), dtype=np.uint16), margins, rules, np.zeros(1, dtype=np.uint64))


def distance(layout: Layout, codes: Codes) -> int:
    """The distance that the fit makes small: weighted squared records."""
    gap = _tables(layout, codes) - layout.target
    return int((layout.weight.astype(object) * gap.astype(object) ** 2).sum())


def _start(margins: Sequence[Ints], total: int, state: npt.NDArray[np.uint64]) -> Codes:
    """Independent columns: each value as often as its share of the weights, in random order."""
    codes = np.zeros((total, len(margins)), dtype=np.uint16)
    for place, weights in enumerate(margins):
        column = np.repeat(np.arange(len(weights), dtype=np.uint16), _apportion(weights, total))
        shuffle(column, state)
        codes[:, place] = column
    return codes


def _apportion(weights: Ints, total: int) -> Ints:
    """Split ``total`` in proportion to ``weights``, by largest remainder; all to the first when none weighs."""
    whole = int(weights.sum())
    if whole == 0:
        weights, whole = np.eye(1, len(weights), dtype=np.int64)[0], 1
    share, rest = np.divmod(weights * total, whole)
    largest = np.argsort(-rest, kind="stable")[: total - int(share.sum())]
    share[largest] += 1
    return share


def _slope(layout: Layout, codes: Codes) -> Ints:
    """``2 * weight * (records - target)`` of every cell."""
    return 2 * layout.weight * (_tables(layout, codes) - layout.target)


def _tables(layout: Layout, codes: Codes) -> Ints:
    counts = np.zeros(len(layout.target), dtype=np.int64)
    count_all(codes, counts, layout.first, layout.offset, layout.stride, layout.others, layout.strides)
    return counts
