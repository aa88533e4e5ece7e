"""The accuracy of a release as a page for everyone: one file, no script, no network, and released values alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from frostglass.bundle.format.manifest import Manifest
from frostglass.bundle.pages.accuracy import (
    BUCKETS,
    Accuracy,
    BucketAccuracy,
    LengthAccuracy,
    Spread,
    VariableAccuracy,
    example,
)
from frostglass.bundle.pages.statement import banner, citation, day, guarantee_sentence, templates
from frostglass.terms import wording
from frostglass.terms.codebook import Codebook
from frostglass.terms.domain import JOIN

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class ExampleLine:
    """A stated count, to be read aloud; ``rounded`` to as many digits as its interval bears."""

    what: str
    count: str
    low: str
    high: str
    rounded: str


@dataclass(frozen=True, slots=True)
class WidthLine:
    """How wide the intervals of one length are, as half widths; bars in percent of the widest one shown."""

    length: int
    stated: str
    typical: str
    range: str
    raw: str
    bar: str
    raw_bar: str


@dataclass(frozen=True, slots=True)
class BucketCell:
    """The typical half width of one length and one bucket, and its share in the count."""

    number: str
    margin: str
    relative: str


@dataclass(frozen=True, slots=True)
class BucketLine:
    """One bucket of counts, with a cell for each length."""

    counts: str
    cells: tuple[BucketCell, ...]


@dataclass(frozen=True, slots=True)
class StatedLine:
    """What became of the combinations of one length; the parts of the bar are percent of those declared."""

    length: int
    declared: str
    stated: str
    withheld: str
    unlisted: str
    stated_bar: str
    withheld_bar: str
    withheld_below: str
    bounds: str


@dataclass(frozen=True, slots=True)
class FitLine:
    """Agreement of one length of measured tables: records with answers, and answers with each other."""

    length: int
    cells: str
    misfit: str
    disagreement: str


@dataclass(frozen=True, slots=True)
class VariableLine:
    """A variable; ``bar`` is the missing share in percent."""

    label: str
    name: str
    share: str
    bar: str
    missing: str
    interval: str
    typical: str
    range: str


@dataclass(frozen=True, slots=True)
class AccuracyPage:
    """All that the template of accuracy.html sees."""

    title: str
    banner: str
    publisher: str
    release_id: str
    day: str
    total: str
    empty: bool
    sentence: str
    unit: str
    tau: str
    longest: int
    examples: tuple[ExampleLine, ...]
    widths: tuple[WidthLine, ...]
    lengths: tuple[int, ...]
    buckets: tuple[BucketLine, ...]
    stated: tuple[StatedLine, ...]
    rows: str
    fits: tuple[FitLine, ...]
    variables: tuple[VariableLine, ...]
    citation: str
    contact: str
    software_version: str


def accuracy_html(manifest: Manifest, codebook: Codebook, counts: pl.DataFrame, found: Accuracy) -> str:
    """The text of accuracy.html; ``found`` are the figures of accuracy.json, ``counts`` the published table."""
    return templates().get_template("accuracy.html").render(page=_page(manifest, codebook, counts, found))


def _page(manifest: Manifest, codebook: Codebook, counts: pl.DataFrame, found: Accuracy) -> AccuracyPage:
    return AccuracyPage(
        title=codebook.title,
        banner=banner(manifest),
        publisher=codebook.publisher,
        release_id=manifest.release_id,
        day=day(manifest),
        total=f"{manifest.total:,}",
        empty=manifest.total == 0,
        sentence=guarantee_sentence(manifest, codebook),
        unit=codebook.unit,
        tau=f"{manifest.tau:,}",
        longest=len(found.lengths),
        examples=tuple(_examples(codebook, counts, len(found.lengths))),
        widths=_widths(found.lengths),
        lengths=tuple(each.length for each in found.lengths),
        buckets=tuple(_bucket(found.lengths, place) for place in range(len(BUCKETS))),
        stated=tuple(map(_stated, found.lengths)),
        rows=f"{counts.height:,}",
        fits=_fits(found),
        variables=tuple(_variable(codebook, each) for each in found.variables),
        citation=citation(manifest, codebook),
        contact=codebook.release.contact,
        software_version=manifest.software.version,
    )


def _examples(codebook: Codebook, counts: pl.DataFrame, longest: int) -> Iterable[ExampleLine]:
    """Of the shortest and of the longest combinations the one in the middle."""
    for length in sorted({1, longest}):
        row = example(counts, length)
        if row is not None:
            yield _example(codebook, row)


def _example(codebook: Codebook, row: dict[str, object]) -> ExampleLine:
    names, values = str(row["variables"]).split(JOIN), str(row["values"]).split(JOIN)
    words = (
        f"{codebook.label(name)}: {codebook.value_label(name, value)}"
        for name, value in zip(names, values, strict=True)
    )
    count, low, high = (int(str(row[column])) for column in ("count", "low", "high"))
    return ExampleLine(
        wording.conditions(words), f"{count:,}", f"{low:,}", f"{high:,}", f"{_rounded(count, high - low):,}"
    )


def _rounded(count: int, width: int) -> int:
    """The count to as many digits as its interval bears: to the largest power of ten not above half its width."""
    step = 1
    while 2 * step * 10 <= width:
        step *= 10
    return (count + step // 2) // step * step


def _widths(lengths: tuple[LengthAccuracy, ...]) -> tuple[WidthLine, ...]:
    shown = [figure for each in lengths for figure in (each.width.median, each.raw_width) if figure]
    most = max(shown, default=1.0)
    return tuple(
        WidthLine(
            length=each.length,
            stated=f"{each.stated:,}",
            typical=_margin(each.width.median),
            range=_range(each.width),
            raw=_margin(each.raw_width),
            bar=_percent(each.width.median, most),
            raw_bar=_percent(each.raw_width, most),
        )
        for each in lengths
    )


def _bucket(lengths: tuple[LengthAccuracy, ...], place: int) -> BucketLine:
    least, most = BUCKETS[place]
    counts = f"{least:,} or more" if most is None else f"{least:,} to {most:,}"
    return BucketLine(counts, tuple(_cell(each.by_count[place]) for each in lengths))


def _cell(found: BucketAccuracy) -> BucketCell:
    return BucketCell(f"{found.stated:,}", _margin(found.width), _share(found.relative))


def _share(relative: float | None) -> str:
    if relative is None:
        return ""
    if relative > 1:
        return "over 100%"
    return f"{relative:.1%}" if relative < 0.1 else f"{relative:.0%}"


def _stated(each: LengthAccuracy) -> StatedLine:
    bounds = each.tables - each.estimated
    return StatedLine(
        length=each.length,
        declared=f"{each.declared:,}",
        stated=f"{each.stated:,}",
        withheld=f"{each.withheld:,}",
        unlisted=f"{each.declared - each.listed:,}",
        stated_bar=_percent(each.stated, each.declared),
        withheld_bar=_percent(each.withheld, each.declared),
        withheld_below=_whole(each.withheld_high.median),
        bounds=f"{bounds:,} of {each.tables:,}" if bounds else "",
    )


def _fits(found: Accuracy) -> tuple[FitLine, ...]:
    disagreements = {each.length: each.per_direction for each in found.disagreement}
    return tuple(
        FitLine(
            length=each.length,
            cells=f"{each.cells:,}",
            misfit=f"{each.per_cell:.2f}",
            disagreement=f"{disagreements[each.length]:.2f}" if each.length in disagreements else NOTHING,
        )
        for each in found.misfit
    )


def _variable(codebook: Codebook, found: VariableAccuracy) -> VariableLine:
    share = found.missing_share
    return VariableLine(
        label=codebook.label(found.name),
        name=found.name,
        share=NOTHING if share is None else f"{share:.1%}",
        bar=f"{100 * (share or 0):.2f}",
        missing="never" if found.missing is None else f"{found.missing:,}",
        interval="" if found.missing is None else f"{found.missing_low:,} – {found.missing_high:,}",
        typical=_margin(found.width.median),
        range=_range(found.width),
    )


def _margin(width: float | None) -> str:
    """Half a width, as people say it."""
    if width is None:
        return NOTHING
    return f"± {width / 2:,.0f}" if width >= 10 else f"± {width / 2:,.1f}"


def _range(width: Spread) -> str:
    return NOTHING if width.least is None else f"{_margin(width.least)} to {_margin(width.most)}"


def _whole(figure: float | None) -> str:
    return NOTHING if figure is None else f"{figure:,.0f}"


def _percent(part: float | None, whole: float) -> str:
    return f"{100 * (part or 0) / whole:.2f}"
