"""The accuracy of a release as a page for everyone: one file, no script, no network, and released values alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from frostglass.bundle.format.manifest import Manifest
from frostglass.bundle.pages.accuracy import BUCKETS, Accuracy, BucketAccuracy, LengthAccuracy, Spread, example
from frostglass.bundle.words import banner, citation, day, guarantee_sentence
from frostglass.pages.blocks import Cell, Page, Part, Table, templates
from frostglass.pages.words import NOTHING, in_parts, number
from frostglass.terms import wording
from frostglass.terms.codebook import Codebook
from frostglass.terms.domain import JOIN

TOGETHER = "Variables together"


@dataclass(frozen=True, slots=True)
class ExampleLine:
    """A stated count, to be read aloud; ``rounded`` to as many digits as its interval bears."""

    what: str
    count: str
    low: str
    high: str
    rounded: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyPage(Page):
    """All that the template of accuracy.html sees."""

    publisher: str
    empty: bool
    sentence: str
    tau: str
    examples: tuple[ExampleLine, ...]
    widths: Table
    buckets: Table
    stated: Table
    bounds: tuple[tuple[int, str], ...]
    rows: str
    fits: Table
    variables: Table
    citation: str
    contact: str
    software_version: str


def accuracy_html(manifest: Manifest, codebook: Codebook, counts: pl.DataFrame, found: Accuracy) -> str:
    """The text of accuracy.html; ``found`` are the figures of accuracy.json, ``counts`` the published table."""
    page = _page(manifest, codebook, counts, found)
    return templates("frostglass.bundle.pages").get_template("accuracy.html").render(page=page)


def _page(manifest: Manifest, codebook: Codebook, counts: pl.DataFrame, found: Accuracy) -> AccuracyPage:
    tau = f"{manifest.tau:,}"
    return AccuracyPage(
        title=f"Accuracy: {codebook.title}",
        over="Accuracy",
        heading=f"How far to trust the numbers: {codebook.title}",
        banner=banner(manifest),
        facts=(
            ("Release", manifest.release_id),
            ("Day", day(manifest)),
            ("Records, measured with noise", f"{manifest.total:,}"),
            ("Longer combinations are stated from", f"{tau} records on"),
        ),
        publisher=codebook.publisher,
        empty=manifest.total == 0,
        sentence=guarantee_sentence(manifest, codebook),
        tau=tau,
        examples=tuple(_examples(codebook, counts, len(found.lengths))),
        widths=_widths(found.lengths),
        buckets=_buckets(found.lengths),
        stated=_stated(found.lengths),
        bounds=tuple(
            (each.length, f"{each.tables - each.estimated:,} of {each.tables:,}")
            for each in found.lengths
            if each.tables > each.estimated
        ),
        rows=f"{counts.height:,}",
        fits=_fits(found),
        variables=_variables(codebook, found),
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


def _widths(lengths: tuple[LengthAccuracy, ...]) -> Table:
    shown = [figure for each in lengths for figure in (each.width.median, each.raw_width) if figure]
    most = max(shown, default=1.0)

    def bars(each: LengthAccuracy) -> Cell:
        ours, raw = (in_parts(width, most) for width in (each.width.median, each.raw_width))
        return Cell("", strips=((Part(0, ours),), (Part(0, raw, "other"),)))

    return Table(
        "Widths of the intervals of stated counts, by the number of variables in a combination",
        (TOGETHER, Cell("Give or take", "least to most"), "A noisy count by itself", "Typical widths compared"),
        tuple(
            (
                Cell(str(each.length), f"{each.stated:,} stated counts"),
                Cell(_margin(each.width.median), _range(each.width)),
                _margin(each.raw_width),
                bars(each),
            )
            for each in lengths
        ),
        right=(1, 2),
    )


def _buckets(lengths: tuple[LengthAccuracy, ...]) -> Table:
    return Table(
        "Typical half widths by size of the count and number of variables",
        ("Count", *(f"{each.length} variable{'s' if each.length > 1 else ''}" for each in lengths)),
        tuple(
            (
                f"{least:,} or more" if most is None else f"{least:,} to {most:,}",
                *(_bucket(each.by_count[place]) for each in lengths),
            )
            for place, (least, most) in enumerate(BUCKETS)
        ),
        right=tuple(range(1, len(lengths) + 1)),
    )


def _bucket(found: BucketAccuracy) -> Cell:
    share = "" if found.relative is None else f" ({_share(found.relative)})"
    return Cell(f"{_margin(found.width)}{share}", f"{found.stated:,} counts")


def _share(relative: float) -> str:
    if relative > 1:
        return "over 100%"
    return f"{relative:.1%}" if relative < 0.1 else f"{relative:.0%}"


def _stated(lengths: tuple[LengthAccuracy, ...]) -> Table:
    def bars(each: LengthAccuracy) -> Cell:
        stated, listed = (in_parts(part, each.declared) for part in (each.stated, each.listed))
        return Cell("", strips=((Part(0, stated, "strong"), Part(stated, listed - stated, "other")),))

    return Table(
        "Combinations by what became of them",
        (TOGETHER, "Stated", "Withheld", "Not listed", "Of all declared"),
        tuple(
            (
                Cell(str(each.length), f"{each.declared:,} declared"),
                f"{each.stated:,}",
                Cell(
                    f"{each.withheld:,}",
                    f"half of them: at most {number(each.withheld_high.median, 0)}" if each.withheld else "",
                ),
                f"{each.declared - each.listed:,}",
                bars(each),
            )
            for each in lengths
        ),
        right=(1, 2, 3),
    )


def _fits(found: Accuracy) -> Table:
    disagreements = {each.length: each.per_direction for each in found.disagreement}
    return Table(
        "Agreement by the number of variables of the measured tables",
        (TOGETHER, "Measured cells", "Records and answers", "Answers among themselves"),
        tuple(
            (
                str(each.length),
                f"{each.cells:,}",
                f"{each.per_cell:.2f}",
                number(disagreements.get(each.length), 2),
            )
            for each in found.misfit
        ),
        right=(1, 2, 3),
    )


def _variables(codebook: Codebook, found: Accuracy) -> Table:
    return Table(
        "Missing values and typical half widths of each variable",
        ("Variable", Cell("Give or take", "least to most"), Cell("Missing", "95% interval"), "Share missing"),
        tuple(
            (
                Cell(codebook.label(each.name), code=each.name),
                Cell(_margin(each.width.median), _range(each.width)),
                Cell("never")
                if each.missing is None
                else Cell(f"{each.missing:,}", f"{each.missing_low:,} – {each.missing_high:,}"),
                Cell(
                    NOTHING if each.missing_share is None else f"{each.missing_share:.1%}",
                    strips=((Part(0, in_parts(each.missing_share, 1), "other"),),),
                ),
            )
            for each in found.variables
        ),
        right=(1, 2),
    )


def _margin(width: float | None) -> str:
    """Half a width, as people say it."""
    return NOTHING if width is None else f"± {number(width / 2, 0 if width >= 10 else 1)}"


def _range(width: Spread) -> str:
    return NOTHING if width.least is None else f"{_margin(width.least)} to {_margin(width.most)}"
