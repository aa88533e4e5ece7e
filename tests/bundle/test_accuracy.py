"""The accuracy of a release is told from what it releases alone, rightly, and in words that hold."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import fields, replace
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl
import pytest

from frostglass import codebooks
from frostglass.bundle.contents import Contents
from frostglass.bundle.format.formats import counts_frame
from frostglass.bundle.format.manifest import ACCURACY, ACCURACY_PAGE, COUNTS_CSV, COUNTS_PARQUET, PACKAGE
from frostglass.bundle.format.recount import misfit, misfits
from frostglass.bundle.pages import accuracy as module
from frostglass.bundle.pages.accuracy import example
from frostglass.bundle.pages.accuracy_page import _rounded
from frostglass.counting.tally import tally
from frostglass.released.synthetic import SyntheticRecords
from tests.bundle.support import CODEBOOK_TOML, TAU, contents, forge, recounted, render, reseal, sealed, verified
from tests.bundle.test_pages import read

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "bundle.md").read_text(encoding="utf-8")


def page_of(made: Contents) -> str:
    return re.sub(r"\s+", " ", render(made)[ACCURACY_PAGE].decode())


@pytest.fixture(scope="module")
def made() -> Contents:
    return contents()


@pytest.fixture(scope="module")
def files(made: Contents) -> dict[str, bytes]:
    return render(made)


def test_every_figure_of_a_length_is_what_the_published_counts_say(made: Contents, files: dict[str, bytes]) -> None:
    """Row by row in plain Python, from counts.parquet, counts.csv and the codebook."""
    rows = [[str(cell) for cell in row] for row in pl.read_parquet(files[COUNTS_PARQUET]).iter_rows()]
    in_csv = [row[:4] for row in csv.reader(files[COUNTS_CSV].decode().splitlines())][1:]
    assert in_csv == [row[:4] for row in rows if row[7] == "released"]
    found = json.loads(files[ACCURACY])
    sizes = made.codebook.domain.sizes
    for length, told in enumerate(found["lengths"], start=1):
        ours = [row for row in rows if row[0] == str(length)]
        stated = [row for row in ours if row[7] == "released"]
        widths = [int(row[6]) - int(row[5]) for row in stated]
        assert (told["length"], told["listed"], told["stated"]) == (length, len(ours), len(stated))
        assert told["withheld"] == len(ours) - len(stated)
        assert told["width"] == {"least": min(widths), "median": median(widths), "most": max(widths)}
        declared = {1: sum(sizes), 2: (sum(sizes) ** 2 - sum(size**2 for size in sizes)) // 2}
        assert told["declared"] == declared.get(length, told["declared"])
        for bucket in told["by_count"]:
            most = bucket["most"] if bucket["most"] is not None else 10**9
            within = [row for row in stated if bucket["least"] <= int(row[3]) <= most]
            assert bucket["stated"] == len(within)
            if within:
                assert bucket["width"] == median(int(row[6]) - int(row[5]) for row in within)
                shares = [(int(row[6]) - int(row[5])) / (2 * int(row[3])) for row in within if row[3] != "0"]
                assert bucket["relative"] == pytest.approx(median(shares), abs=1e-4)
    assert found["lengths"][2]["withheld"] > 0
    assert (found["tau"], found["records"]) == (TAU, len(made.records))


def test_the_width_of_a_raw_noisy_count_is_that_of_its_own_noise(made: Contents, files: dict[str, bytes]) -> None:
    """Of the four tables of one variable each by its sd, weighted by stated values."""
    widths = [
        2 * 1.959964 * each.sd
        for each in made.answers.measurements
        if len(each.attributes) == 1
        for _ in range(each.answer.size)
    ]
    assert json.loads(files[ACCURACY])["lengths"][0]["raw_width"] == pytest.approx(median(widths), abs=0.06)


def test_the_misfit_is_the_mean_square_of_what_parts_records_and_answers(
    made: Contents, files: dict[str, bytes]
) -> None:
    found, domain = json.loads(files[ACCURACY])["misfit"], made.codebook.domain
    for told in found:
        alike = [each for each in made.answers.measurements if len(each.attributes) == told["length"]]
        squares = [
            ((tally(made.records.codes, domain.axes(each.attributes), each.answer.shape) - each.answer) / each.sd) ** 2
            for each in alike
        ]
        assert told["cells"] == sum(each.size for each in squares)
        assert told["per_cell"] == pytest.approx(np.mean(np.concatenate([each.ravel() for each in squares])), abs=1e-3)
    assert [told["length"] for told in found] == [1, 2, 3]
    whole = sum(squares for squares, _ in misfits(made.records, made.answers.measurements).values())
    assert misfit(made.records, made.answers.measurements) == pytest.approx(whole)


def test_each_variable_has_its_missing_share_and_widths(made: Contents, files: dict[str, bytes]) -> None:
    for place, told in enumerate(json.loads(files[ACCURACY])["variables"]):
        missing = int((made.records.codes[:, place] == 0).sum())
        assert told["name"] == made.codebook.domain.names[place]
        assert (told["missing"], told["missing_low"], told["missing_high"]) == (
            missing,
            max(missing - 5, 0),
            missing + 5,
        )
        assert told["missing_share"] == pytest.approx(missing / len(made.records), abs=1e-4)
        assert told["width"]["most"] == 10


def test_what_was_not_measured_is_told_and_explained() -> None:
    """The same plan at length 4, with no table of four: all combinations of four are bounds."""
    made = contents(length=4)
    shorter = tuple(each for each in made.answers.measurements if len(each.attributes) < 4)
    with_bounds = replace(made, answers=replace(made.answers, measurements=shorter))
    longest = json.loads(render(with_bounds)[ACCURACY])["lengths"][3]
    assert (longest["tables"], longest["measured"], longest["estimated"], longest["raw_width"]) == (1, 0, 0, None)
    assert "Of 4 variables together, 1 of 1 tables were not measured" in page_of(with_bounds)
    assert "were not measured" not in page_of(made)


def test_the_page_is_one_file_without_script_link_or_network(made: Contents) -> None:
    page = render(made)[ACCURACY_PAGE].decode()
    tags = read(page).tags
    assert {tag for tag, _ in tags}.isdisjoint({"script", "link", "img", "iframe", "object", "form", "a", "svg"})
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import|https?://(?!example\.org)", page)
    for _, attributes in tags:
        assert not {"src", "href", "onclick", "srcset"} & attributes.keys()


def test_the_page_says_what_people_ask(made: Contents, files: dict[str, bytes]) -> None:
    found, page = json.loads(files[ACCURACY]), page_of(made)
    for words in (
        f"<dd>{len(made.records):,}</dd>",
        f"<dd>{TAU} records on</dd>",
        "in about 95 of 100 cases",
        "never mean zero",
        "it is not what protects people",
        "Records and counts agree exactly",
        "some fifty lie outside",
        "Days &amp; weather",
        f"{found['lengths'][2]['withheld']:,}",
        f"Each of the {counts_frame(made.counts).height:,} rows",
    ):
        assert words in page, words


def test_every_text_of_the_codebook_is_escaped() -> None:
    book = codebooks.loads(CODEBOOK_TOML.replace('"Wind from"', '"Wind <b>from</b>"'), source="weather")
    page = page_of(contents(book))
    assert "Wind &lt;b&gt;from&lt;/b&gt;" in page
    assert "<b>from" not in page


def test_an_empty_release_has_a_page_too() -> None:
    made = contents(codes=np.zeros((0, 4), dtype=np.uint16))
    page = page_of(made)
    assert "This release is empty" in page
    assert "read aloud" not in page
    assert json.loads(render(made)[ACCURACY])["variables"][0]["missing_share"] is None


def test_one_variable_is_one_example() -> None:
    book = codebooks.loads(
        '[codebook]\nid = "x"\nversion = "1"\ntitle = "X"\nunit = "day"\n'
        '[[variable]]\nname = "a"\ntype = "flag"\nrole = "quasi"\n',
        source="x",
    )
    assert "A number, read aloud" in page_of(contents(book, length=1))


def test_the_example_is_the_middle_one_of_recorded_values(made: Contents) -> None:
    table = counts_frame(made.counts)
    rows = [
        row
        for row in table.filter(length=2, status="released").iter_rows(named=True)
        if "(missing)" not in row["values"].split("|")
    ]
    shown = example(table, 2)
    assert shown in rows
    assert sum(row["count"] < shown["count"] for row in rows) <= (len(rows) - 1) // 2
    assert sum(row["count"] > shown["count"] for row in rows) <= len(rows) // 2
    assert example(table, 4) is None


@pytest.mark.parametrize(
    ("count", "width", "said"),
    [(171, 266, 200), (2562, 97, 2560), (2562, 19, 2562), (7, 12, 7), (44_949, 20_000, 40_000)],
)
def test_a_number_is_said_to_as_many_digits_as_its_interval_bears(count: int, width: int, said: int) -> None:
    assert _rounded(count, width) == said


def test_another_order_of_the_measurements_gives_the_same_bytes(made: Contents) -> None:
    """What cannot matter does not: all sums are rounded."""
    turned = replace(made, answers=replace(made.answers, measurements=made.answers.measurements[::-1]))
    for name in (ACCURACY, ACCURACY_PAGE):
        assert render(turned)[name] == render(made)[name]


def test_more_records_than_are_different_are_counted_once_each(made: Contents) -> None:
    """Reducing the records first changes nothing."""
    twice = SyntheticRecords(made.records.domain, np.repeat(made.records.codes, 2, axis=0), made.records.receipts)
    again = recounted(made, twice)
    found = json.loads(render(again)[ACCURACY])
    assert found["records"] == 2 * len(made.records)
    squares = [
        (
            (2 * tally(made.records.codes, made.codebook.domain.axes(each.attributes), each.answer.shape) - each.answer)
            / each.sd
        )
        ** 2
        for each in made.answers.measurements
        if len(each.attributes) == 1
    ]
    assert found["misfit"][0]["per_cell"] == pytest.approx(np.concatenate(squares).mean(), abs=1e-3)


def test_a_page_or_figures_that_say_something_else_are_found(tmp_path: Path, made: Contents) -> None:
    bundle = sealed(tmp_path, made)
    for name, before, after in (
        (ACCURACY, b'"tau": 6', b'"tau": 5'),
        (ACCURACY_PAGE, b"</main>", b"<p>Exact counts.</p></main>"),
    ):
        said = {each: bundle.data(each) for each in (ACCURACY, ACCURACY_PAGE)}
        assert before in said[name]
        forge(bundle, {**said, name: said[name].replace(before, after)})
        failed = verified(bundle.path)
        assert list(failed) == ["texts", "recomputed"]
        assert failed["texts"].startswith(name)
        forge(bundle, said)
        assert verified(bundle.path) == {}


def test_a_bundle_without_its_accuracy_is_none(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    (bundle.path / ACCURACY_PAGE).unlink()
    assert "hashes" in verified(bundle.path)
    package = json.loads((bundle.path / PACKAGE).read_bytes())
    assert {ACCURACY, ACCURACY_PAGE} <= {each["path"] for each in package["resources"]}
    reseal(bundle.path, {})


def test_the_reference_describes_every_figure() -> None:
    section = REFERENCE[REFERENCE.index("## accuracy.json") :]
    for kind in (
        module.Accuracy,
        module.LengthAccuracy,
        module.BucketAccuracy,
        module.Spread,
        module.Misfit,
        module.TablesDisagreement,
        module.VariableAccuracy,
    ):
        for field in fields(kind):
            assert f"`{field.name}`" in section, field.name
