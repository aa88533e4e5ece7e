"""How far a release can be trusted, from what it releases alone: no look at a case goes into it, so it costs nothing.

It is written as accuracy.json, of which accuracy.html is the page for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist

import polars as pl

from frostglass.bundle.format.formats import joined_names
from frostglass.bundle.format.manifest import Manifest
from frostglass.bundle.format.recount import misfits
from frostglass.released.counts import RELEASED
from frostglass.released.disagreement import disagreement
from frostglass.released.measurement import Measurement
from frostglass.released.synthetic import Records
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.codebook import Codebook
from frostglass.terms.domain import JOIN, MISSING_LABEL, Domain

BUCKETS = ((0, 9), (10, 99), (100, 999), (1000, None))
"""Counts that are looked at together: the least and the most of each bucket."""

_RAW_WIDTH = 2 * NormalDist().inv_cdf(0.975)
"""Width of the 95% interval of a count with noise of sd 1 and nothing else."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Of some figures the least, the median and the most; null where there are none."""

    least: float | None
    median: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class BucketAccuracy:
    """Stated counts from ``least`` to ``most``: their number, and medians of their widths and of half a width's share
    in its count (null where that is 0)."""

    least: int
    most: int | None
    stated: int
    width: float | None
    relative: float | None


@dataclass(frozen=True, slots=True)
class LengthAccuracy:
    """Combinations of one length.

    Of ``tables`` sets of variables, ``measured`` were measured and ``estimated`` are measured or part of one that was;
    the intervals of the others are bounds. Of ``declared`` combinations, ``listed`` are in the counts: ``stated`` with
    a count, ``withheld`` without. ``width`` is of the intervals of stated counts, ``raw_width`` the median that the
    noisy counts of the same tables have by themselves (null where none was measured), ``withheld_high`` the upper ends
    of what is withheld.
    """

    length: int
    tables: int
    measured: int
    estimated: int
    declared: int
    listed: int
    stated: int
    withheld: int
    width: Spread
    raw_width: float | None
    withheld_high: Spread
    by_count: tuple[BucketAccuracy, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """Squared distance of the records from the noisy answers of one length, per measured cell and in units of the
    noise variance: true records would come to about 1."""

    length: int
    cells: int
    per_cell: float


@dataclass(frozen=True, slots=True)
class TablesDisagreement:
    """Squared differences among the noisy answers of one length where they speak of the same, per direction in which
    they could differ and in units of the noise variance: honest noise comes to about 1."""

    length: int
    free: int
    per_direction: float


@dataclass(frozen=True, slots=True)
class VariableAccuracy:
    """A variable: its missing values with their interval and share of all records, and the widths of all its values'
    intervals. There is no figure for missing values where there can be none."""

    name: str
    missing: int | None
    missing_low: int | None
    missing_high: int | None
    missing_share: float | None
    width: Spread


@dataclass(frozen=True, slots=True)
class Accuracy:
    """All of accuracy.json. Widths and ends are in records."""

    release_id: str
    records: int
    tau: int
    lengths: tuple[LengthAccuracy, ...]
    misfit: tuple[Misfit, ...]
    disagreement: tuple[TablesDisagreement, ...]
    variables: tuple[VariableAccuracy, ...]

    def as_json(self) -> dict[str, object]:
        """The figures as plain JSON values."""
        return asdict(self)


def accuracy(
    manifest: Manifest,
    codebook: Codebook,
    counts: pl.DataFrame,
    records: Records,
    measurements: Sequence[Measurement],
) -> Accuracy:
    """The figures of a release; ``counts`` is its published table."""
    domain = codebook.domain
    lengths = range(1, min(manifest.plan.length, len(domain)) + 1)
    return Accuracy(
        release_id=manifest.release_id,
        records=manifest.total,
        tau=manifest.tau,
        lengths=tuple(_length(domain, counts, measurements, length) for length in lengths),
        misfit=tuple(
            Misfit(length, cells, round(squares / cells, 3))
            for length, (squares, cells) in misfits(records, measurements).items()
        ),
        disagreement=tuple(_disagreements(domain, measurements)),
        variables=tuple(_variable(name, counts, manifest.total) for name in domain.names),
    )


def _length(domain: Domain, counts: pl.DataFrame, measurements: Sequence[Measurement], length: int) -> LengthAccuracy:
    rows = counts.filter(pl.col("length") == length).with_columns((pl.col("high") - pl.col("low")).alias("width"))
    stated = rows.filter(pl.col("status") == RELEASED)
    withheld = rows.filter(pl.col("status") != RELEASED)
    measured = {each.attributes: each.sd for each in measurements}
    estimated = {part for each in measured for part in each.subsets() if len(part) == length}
    return LengthAccuracy(
        length=length,
        tables=domain.number_of_sets(length),
        measured=sum(len(each) == length for each in measured),
        estimated=len(estimated),
        declared=domain.cells_of_length(length),
        listed=rows.height,
        stated=stated.height,
        withheld=withheld.height,
        width=_spread(stated["width"]),
        raw_width=_raw_width(domain, stated, measured),
        withheld_high=_spread(withheld["high"]),
        by_count=tuple(_bucket(stated, least, most) for least, most in BUCKETS),
    )


def _spread(figures: pl.Series) -> Spread:
    if figures.is_empty():
        return Spread(None, None, None)
    least, most = figures.min(), figures.max()
    return Spread(_number(least), _median(figures), _number(most))


def _median(figures: pl.Series, decimals: int = 1) -> float | None:
    median = figures.median()
    return None if median is None else round(_number(median), decimals)


def _number(figure: object) -> float:
    if not isinstance(figure, int | float):
        raise TypeError("a column of numbers holds something else")
    return float(figure)


def _raw_width(domain: Domain, stated: pl.DataFrame, measured: dict[AttributeSet, float]) -> float | None:
    """Median, over stated counts of measured tables, of the width that their noise alone leaves."""
    sds = {joined_names(domain, each): sd for each, sd in measured.items()}
    names, texts = list(sds), stated["variables"]
    own = texts.replace_strict(names, list(sds.values()), default=None, return_dtype=pl.Float64)
    return _median(own.drop_nulls() * _RAW_WIDTH)


def _bucket(stated: pl.DataFrame, least: int, most: int | None) -> BucketAccuracy:
    within = pl.col("count") >= least
    rows = stated.filter(within if most is None else within & (pl.col("count") <= most))
    positive = rows.filter(pl.col("count") > 0)
    relative = positive["width"] / (2 * positive["count"])
    return BucketAccuracy(least, most, rows.height, _median(rows["width"]), _median(relative, decimals=4))


def _disagreements(domain: Domain, measurements: Sequence[Measurement]) -> list[TablesDisagreement]:
    found = []
    for length in sorted({len(each.attributes) for each in measurements}):
        among = disagreement(domain, [each for each in measurements if len(each.attributes) == length])
        if among.free:
            found.append(TablesDisagreement(length, among.free, round(among.squares / among.free, 3)))
    return found


def _variable(name: str, counts: pl.DataFrame, total: int) -> VariableAccuracy:
    rows = counts.filter((pl.col("length") == 1) & (pl.col("variables") == name))
    found = rows.filter(pl.col("values") == MISSING_LABEL).select("count", "low", "high").rows()
    missing, low, high = found[0] if found else (None, None, None)
    return VariableAccuracy(
        name=name,
        missing=missing,
        missing_low=low,
        missing_high=high,
        missing_share=None if missing is None or not total else round(missing / total, 4),
        width=_spread(rows["high"] - rows["low"]),
    )


def example(counts: pl.DataFrame, length: int) -> dict[str, object] | None:
    """The stated combination of recorded values whose count is the middle one of its length: as good as any to show.

    The first of those that are alike; None where nothing is stated.
    """
    recorded = ~(JOIN + pl.col("values") + JOIN).str.contains(JOIN + MISSING_LABEL + JOIN, literal=True)
    rows = counts.filter(
        (pl.col("length") == length) & (pl.col("status") == RELEASED) & recorded & (pl.col("count") > 0)
    )
    if rows.is_empty():
        return None
    return rows.sort("count", maintain_order=True).row((rows.height - 1) // 2, named=True)
