"""The summary that Synthetic Data Showcase prints, so that its users can compare; and what it would say done right.

As there, an empty cell is no attribute: combinations are of recorded values alone. docs/reference/measures.md says
where the figures of that summary mislead. Private.

Source: ``data_evaluator.rs``, ``preservation_bucket.rs`` and ``preservation_by_count.rs`` of
microsoft/synthetic-data-showcase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from frostglass.review.comparison import Released, Whole, compared
from frostglass.sensitive.coding.coded_table import CodedTable

RESOLUTION = 10
"""Below this a combination is called rare."""

_FIRST_BIN = 10


@dataclass(frozen=True, slots=True)
class SdsLength:
    """One line a length. Shares are from 0 to 1; NaN where there is nothing to take a mean of.

    As Synthetic Data Showcase defines them: ``mean_error`` is over combinations that are on both sides;
    ``preservation`` is the mean of the synthetic by the sensitive count, at most 1, over combinations that are not rare
    or are in the records; ``missed`` and ``fabricated`` are divided by the number of sensitive combinations; ``leaked``
    are rare on both sides.

    Done right: ``mean_error_all`` counts those that are on one side alone; ``kept`` is the part of all true counts that
    the records hold too; ``missed_frequent`` is of the combinations that are not rare; ``fabricated_shown`` is of the
    combinations that the records show.
    """

    length: int
    sensitive: int
    synthetic: int
    rare: float
    mean_count: float
    mean_error: float
    preservation: float
    missed: float
    fabricated: float
    leaked: int
    leaked_share: float
    mean_error_all: float
    kept: float
    missed_frequent: float
    fabricated_shown: float


@dataclass(frozen=True, slots=True)
class SdsBucket:
    """Combinations by synthetic count, up to ``most``: as Synthetic Data Showcase puts them together."""

    most: int
    combinations: int
    mean_count: float
    mean_length: float
    preservation: float


@dataclass(frozen=True)
class Sds:
    lengths: tuple[SdsLength, ...]
    buckets: tuple[SdsBucket, ...]
    combination_loss: float


def sds(table: CodedTable, released: Released) -> Sds:
    """Both sets of figures, up to the release's reporting length, of the records."""
    lengths, pairs = list[SdsLength](), list[tuple[int, Whole, Whole]]()
    for length in range(1, min(released.length, len(released.domain)) + 1):
        one = _Pairs()
        for each in compared(table, released, length):
            one.add(each.true[each.recorded].ravel(), each.records[each.recorded].ravel())
        true, shown = one.both()
        lengths.append(_length(length, true, shown))
        pairs.append((length, true, shown))
    buckets = _buckets(pairs)
    filled = [1 - each.preservation for each in buckets if each.combinations]
    return Sds(tuple(lengths), buckets, sum(filled) / len(buckets) if buckets else float("nan"))


@dataclass
class _Pairs:
    """Counts of the combinations that either side has."""

    true: list[Whole] = field(default_factory=list)
    shown: list[Whole] = field(default_factory=list)

    def add(self, true: Whole, shown: Whole) -> None:
        there = (true > 0) | (shown > 0)
        self.true.append(true[there])
        self.shown.append(shown[there])

    def both(self) -> tuple[Whole, Whole]:
        nothing = np.zeros(0, dtype=np.int64)
        return np.concatenate([nothing, *self.true]), np.concatenate([nothing, *self.shown])


def _length(length: int, true: Whole, shown: Whole) -> SdsLength:
    real, seen = true > 0, shown > 0
    rare, error = real & (true < RESOLUTION), np.abs(true - shown)
    asked = seen | (true >= RESOLUTION)
    leaked = int((rare & seen & (shown < RESOLUTION)).sum())
    frequent = true >= RESOLUTION
    return SdsLength(
        length=length,
        sensitive=int(real.sum()),
        synthetic=int(seen.sum()),
        rare=_share(rare, real),
        mean_count=_mean(true[real]),
        mean_error=_mean(error[real & seen]),
        preservation=_mean(_preserved(true, shown)[asked]),
        missed=_share(real & ~seen, real),
        fabricated=_share(seen & ~real, real),
        leaked=leaked,
        leaked_share=leaked / int(real.sum()) if real.any() else float("nan"),
        mean_error_all=_mean(error),
        kept=float(np.minimum(true, shown).sum() / true.sum()) if real.any() else float("nan"),
        missed_frequent=_share(frequent & ~seen, frequent),
        fabricated_shown=_share(seen & ~real, seen),
    )


def _preserved(true: Whole, shown: Whole) -> npt.NDArray[np.float64]:
    return np.where(true > 0, np.minimum(shown / np.maximum(true, 1), 1.0), 0.0)


def _buckets(pairs: Sequence[tuple[int, Whole, Whole]]) -> tuple[SdsBucket, ...]:
    """By synthetic count: up to 10, 20, 40 and so on."""
    true = np.concatenate([each for _, each, _ in pairs])
    shown = np.concatenate([each for _, _, each in pairs])
    length = np.concatenate([np.full(len(each), one) for one, each, _ in pairs])
    asked = (shown > 0) | (true >= RESOLUTION)
    true, shown, length = true[asked], shown[asked], length[asked]
    ends = [_FIRST_BIN]
    while ends[-1] < shown.max(initial=0):
        ends.append(ends[-1] * 2)
    of, kept = np.searchsorted(ends, shown), _preserved(true, shown)
    return tuple(
        SdsBucket(most, int(here.sum()), _mean(shown[here]), _mean(length[here]), _mean(kept[here]))
        for place, most in enumerate(ends)
        for here in [of == place]
    )


def _mean(values: npt.NDArray[np.int64] | npt.NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _share(part: npt.NDArray[np.bool_], whole: npt.NDArray[np.bool_]) -> float:
    return float(part.sum() / whole.sum()) if whole.any() else float("nan")
