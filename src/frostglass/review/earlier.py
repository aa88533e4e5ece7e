"""A release beside an earlier one of the same scope: released values alone, so nothing here is private."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import polars as pl

from frostglass.reporting.opening import Bundle
from frostglass.terms.codebook import Codebook

MOST_CHANGES = 12
"""Changes that are listed."""

_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Change:
    """A single value or a pair of them, counted in both releases.

    ``deviations`` is the change in units of the noise of both.
    """

    combination: tuple[tuple[str, str], ...]
    before: int
    after: int
    deviations: float

    @property
    def beyond(self) -> bool:
        """Whether the noise of both does not explain the change."""
        return abs(self.deviations) > _Z


@dataclass(frozen=True, slots=True)
class Comparison:
    """``added`` and ``removed`` are variables, or values as "variable: value".

    ``compared`` single values, of which ``beyond`` changed by more than the noise of both explains (5% of them would by
    chance); ``changes`` are the largest.
    """

    release_id: str
    date: str
    epsilon: str
    total_before: int
    total_after: int
    total_margin: float
    same_codebook: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]
    compared: int
    beyond: int
    changes: tuple[Change, ...]


def compare_releases(earlier: Bundle, later: Bundle) -> Comparison:
    """What changed from ``earlier`` to ``later``, and what became of the codebook."""
    joined = _joined(earlier, later)
    single = [each for each in joined if len(each.combination) == 1]
    added, removed = _names(later.codebook, earlier.codebook), _names(earlier.codebook, later.codebook)
    return Comparison(
        release_id=earlier.manifest.release_id,
        date=earlier.manifest.date.isoformat(),
        epsilon=earlier.manifest.guarantee.epsilon,
        total_before=earlier.manifest.total,
        total_after=later.manifest.total,
        total_margin=sqrt(_half_width(earlier) ** 2 + _half_width(later) ** 2),
        same_codebook=earlier.codebook == later.codebook,
        added=added,
        removed=removed,
        compared=len(single),
        beyond=sum(each.beyond for each in single),
        changes=tuple(sorted(joined, key=lambda each: -abs(each.deviations))[:MOST_CHANGES]),
    )


def _half_width(bundle: Bundle) -> float:
    answer = bundle.count()
    return ((answer.high or 0) - (answer.low or 0)) / 2


def _names(these: Codebook, others: Codebook) -> tuple[str, ...]:
    """Variables, and values of common variables, that ``others`` does not have."""
    known = {each.name: set(each.codes) for each in others.domain.attributes}
    found = [each.name for each in these.domain.attributes if each.name not in known]
    found += [
        f"{each.name}: {code}"
        for each in these.domain.attributes
        if each.name in known
        for code in each.codes
        if code not in known[each.name]
    ]
    return tuple(found)


def _joined(earlier: Bundle, later: Bundle) -> list[Change]:
    """Single values and pairs that both releases state."""
    wanted = pl.col("length") <= 2, pl.col("status") == "released", pl.col("sd").is_not_null()
    columns = ("variables", "values", "count", "sd")
    before = earlier.counts.filter(*wanted).select(columns)
    rows = later.counts.filter(*wanted).select(columns).join(before, on=["variables", "values"], suffix="_before")
    return [
        Change(
            tuple(zip(names.split("|"), values.split("|"), strict=True)),
            count_before,
            count,
            (count - count_before) / sqrt(sd**2 + sd_before**2),
        )
        for names, values, count, sd, count_before, sd_before in rows.iter_rows()
    ]
