"""Shares in counts.csv: whom each is a share of, and that it is what ``count --share`` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from pathlib import Path
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from frostglass import codebooks
from frostglass.bundle.format import formats
from frostglass.bundle.format.manifest import COUNTS_CSV
from frostglass.bundle.seal import manifest_of
from frostglass.released.counts import Counts
from frostglass.released.events import Between, Event
from frostglass.released.functional import Box, Figures, Functional
from frostglass.released.least_squares import estimate
from frostglass.released.ranges import share_range
from frostglass.released.shares import rounded_share, with_shares
from frostglass.released.tabulation import tabulate
from frostglass.reporting.conditions import box_of, matched
from frostglass.reporting.shares import share
from frostglass.reporting.source import Figure, Source
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.codebook import Codebook
from frostglass.terms.domain import JOIN, MISSING_LABEL
from tests.bundle.support import TAU, contents, sealed

GARDEN = """
[codebook]
id = "garden"
version = "1"
title = "Visits to a garden"
unit = "visit"

[release]
citation = "A garden."

[[group]]
name = "seen"
label = "What was seen"

[[variable]]
name = "weather"
type = "nominal"
role = "quasi"
categories = ["dry", "wet", "snow"]

[[variable]]
name = "birds"
type = "flag"
role = "quasi"
denominator_group = "seen"

[[variable]]
name = "bees"
type = "flag"
role = "quasi"
denominator_group = "seen"

[[variable]]
name = "gate"
type = "nominal"
role = "quasi"
categories = ["north", "south"]
null = { meaning = "cannot be", structural = "never" }

[[variable]]
name = "frogs"
type = "flag"
role = "quasi"
denominator_group = "seen"

[[variable]]
name = "alone"
type = "flag"
role = "quasi"
"""

SEEN = ("birds", "bees", "frogs")

ROWS = 700


def garden() -> Codebook:
    return codebooks.loads(GARDEN, source="garden")


def visits(book: Codebook) -> npt.NDArray[np.uint16]:
    rng = np.random.default_rng(3)
    columns = []
    for attribute in book.domain.attributes:
        recorded = rng.integers(attribute.recorded.start, attribute.size, ROWS)
        columns.append(np.where(attribute.missing & (rng.random(ROWS) < 0.5), 0, recorded))
    return np.stack(columns, axis=1).astype(np.uint16)


MEASURED: dict[str, tuple[int, Callable[[int, AttributeSet], bool]]] = {
    "every table": (3, lambda _, each: len(each) <= 3),
    "chosen triples": (3, lambda number, each: len(each) < 3 or (len(each) == 3 and number % 3 == 0)),
    "fours from triples": (4, lambda _, each: len(each) <= 3),
}
"""The length of a release, and which of its tables were measured."""


@pytest.fixture(scope="module", params=MEASURED)
def release(request: pytest.FixtureRequest) -> Release:
    """A release of the garden with as many tables as ``MEASURED`` says."""
    book, (length, measured) = garden(), MEASURED[str(request.param)]
    made = contents(book, codes=visits(book), length=4, nano_rho=400_000_000)
    kept = tuple(each for number, each in enumerate(made.answers.measurements) if measured(number, each.attributes))
    found = estimate(book.domain, kept)
    counts = tabulate(made.records, found, length=length, tau=TAU)
    counts = with_shares(counts, made.records, found, book)
    places = {name: book.domain.place(name) for name in book.domain.names}
    source = Source(
        manifest=manifest_of(replace(made, plan=replace(made.plan, length=length))),
        codebook=book,
        counts=lambda: formats.counts_frame(counts),
        column=lambda name: made.records.codes[:, places[name]],
        measurements=lambda: kept,
    )
    return Release(counts, source)


@dataclass(frozen=True)
class Release:
    counts: Counts
    source: Source

    @property
    def stated(self) -> pl.DataFrame:
        """What counts.csv holds."""
        return formats.stated_frame(self.counts)


def conditions(row: Mapping[str, str]) -> list[tuple[str, str]]:
    return list(zip(row["variables"].split(JOIN), row["values"].split(JOIN), strict=True))


@pytest.mark.long
def test_a_row_has_the_share_that_is_answered_for_its_conditions_in_order(release: Release) -> None:
    for row in release.stated[::15].iter_rows(named=True):
        told = share(conditions(row), release.source)
        assert (told.count, told.out_of) == (row["count"], row["out_of"]), row
        assert (told.share, told.low, told.high) == (row["share"], row["share_low"], row["share_high"]), row


@pytest.mark.long
def test_every_row_has_the_count_and_the_ends_that_are_answered_without_looking_it_up(release: Release) -> None:
    for row in formats.counts_frame(release.counts)[::4].iter_rows(named=True):
        event = Event(box_of(matched(conditions(row), release.source.codebook), release.source.codebook))
        assert release.source.figure(event) == Figure(row["status"], row["count"], row["low"], row["high"]), row


def test_a_share_is_of_whom_the_rule_says_record_by_record(release: Release) -> None:
    """The rule of docs/how-to/counts-for-reporting.md, in plain Python."""
    domain = garden().domain
    columns = [[each.values[at] for at in release.source.column(each.name)] for each in domain.attributes]
    records = [dict(zip(domain.names, values, strict=True)) for values in zip(*columns, strict=True)]
    for row in release.stated[::5].iter_rows(named=True):
        (name, value), *others = conditions(row)
        within = [each for each in records if all(each[other] == code for other, code in others)]
        if value != MISSING_LABEL and name in SEEN:
            within = [each for each in within if any(each[one] != MISSING_LABEL for one in SEEN)]
        if value != MISSING_LABEL and name == "weather":
            within = [each for each in within if each[name] != MISSING_LABEL]
        assert row["out_of"] == len(within), row
        assert row["count"] == sum(each[name] == value for each in within), row


def test_shares_say_nothing_of_what_is_withheld_and_hold_their_figure(release: Release) -> None:
    for block, shares in zip(release.counts.blocks, release.counts.shares, strict=True):
        for column in (shares.share, shares.low, shares.high):
            assert np.isnan(column[~block.released]).all()
        kept = block.released & (shares.out_of > 0)
        assert (shares.low[kept] <= shares.share[kept]).all()
        assert (shares.share[kept] <= shares.high[kept]).all()


def test_counts_in_csv_are_those_that_are_stated_in_parquet(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    found = formats.from_csv((bundle.path / COUNTS_CSV).read_bytes(), formats.STATED, name=COUNTS_CSV)
    assert found.select(*formats.COUNTS).equals(bundle.counts.filter(pl.col("status") == "released"))
    assert 0 < found.height < bundle.counts.height
    assert found["count"].null_count() == found["share"].null_count() == 0


@given(st.integers(0, 10**7), st.integers(1, 10**7))
@example(1, 800)
@example(1, 32)
@example(1, 20_000)
def test_a_share_is_rounded_as_by_hand(count: int, more: int) -> None:
    by_hand = (Decimal(count) / Decimal(count + more)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    assert rounded_share(np.array(count), np.array(count + more)) == float(by_hand)


def test_a_share_of_nobody_is_none() -> None:
    assert np.isnan(rounded_share(np.array([0]), np.array([0]))).all()


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
@example(27370)  # where 1 alone is not refused
def test_the_ends_are_the_first_and_the_last_share_that_no_test_refuses(seed: int) -> None:
    """On a grid, with sums of boxes, from either side as bounds give them."""
    figures, grid = Figures(FOUND), np.linspace(0, 1, 2001)
    rng = np.random.default_rng(seed)
    part, whole = between(rng), between(rng)
    found = share_range(figures, part, whole)
    if found.vague:
        return
    fits = np.ones(len(grid), dtype=np.bool_)
    for one, other, sign in (
        *((one, other, 1) for one, other in product(part.upper, whole.lower)),
        *((one, other, -1) for one, other in product(part.lower, whole.upper)),
    ):
        ends = len(part.upper) * len(whole.lower) if sign == 1 else len(part.lower) * len(whole.upper)
        reach = NormalDist().inv_cdf(1 - 0.025 / ends)
        left = [(one - other * float(p)) * float(sign) for p in grid[::50]]
        fits[::50] &= [figures.value(each) >= -reach * figures.sd(each) for each in left]
    kept = grid[::50][fits[::50]]
    if len(kept):
        assert found.low <= kept[0] + 1e-9
        assert found.high >= kept[-1] - 1e-9
        assert found.low > kept[0] - 0.025 - 1e-9
        assert found.high < kept[-1] + 0.025 + 1e-9


BOOK = garden()
FOUND = estimate(BOOK.domain, contents(BOOK, codes=visits(BOOK), nano_rho=400_000_000).answers.measurements)


def between(rng: np.random.Generator) -> Between:
    """One or two boxes of one or two variables on either side."""

    def some() -> tuple[Functional, ...]:
        found = []
        for _ in range(int(rng.integers(1, 3))):
            names = rng.choice(BOOK.domain.names, int(rng.integers(1, 3)), replace=False)
            found.append(Functional.of(Box.of({str(name): [int(rng.integers(0, 2))] for name in names})))
        return tuple(dict.fromkeys(found))

    return Between(some(), some())
