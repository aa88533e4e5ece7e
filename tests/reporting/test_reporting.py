"""Counts for reporting: unions, shares, differences and tables say what the records and the noisy tables say."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from frostglass import codebooks
from frostglass.desk.main import app
from frostglass.errors import UsageError
from frostglass.released.events import Event
from frostglass.released.least_squares import estimate
from frostglass.released.shares import with_shares
from frostglass.released.tabulation import tabulate
from frostglass.reporting.conditions import Condition, Value, box_of, split_condition
from frostglass.reporting.opening import Bundle
from frostglass.reporting.written import FORMATS, Format, rule, written
from tests.bundle.support import TAU, contents, sealed

READERS = """
[codebook]
id = "readers"
version = "1"
title = "Who reads what"
date = "2024-05-01"
language = "en"
publisher = "A library"
unit = "reader"
set_separator = ";"
missing_in = [""]

[[group]]
name = "reads"
label = "Kind of book"
definition = "Other kinds have no column here."

[[variable]]
name = "sex"
label = "Sex"
type = "nominal"
role = "quasi"
categories = [{ code = "F", label = "women" }, { code = "M", label = "men" }]

[[variable]]
name = "age"
label = "Age"
type = "ordinal"
role = "quasi"
categories = ["9-17", "18-29", "30+"]

[[variable]]
name = "langs"
label = "Languages"
type = "set"
role = "quasi"
atoms = [{ code = "ar" }, { code = "en", label = "English" }, { code = "fr" }]
max_atoms = 2

[[variable]]
name = "new"
label = "New"
type = "flag"
role = "quasi"

[[variable]]
name = "a~b"
label = "Oddly named"
type = "flag"
role = "quasi"

[[variable]]
name = "novels"
label = "Novels"
type = "flag"
role = "quasi"
denominator_group = "reads"

[[variable]]
name = "poems"
label = "Poems"
type = "flag"
role = "quasi"
denominator_group = "reads"

[[variable]]
name = "plays"
label = "Plays"
type = "flag"
role = "quasi"
denominator_group = "reads"

[[variable]]
name = "maps"
label = "Maps"
type = "flag"
role = "quasi"
denominator_group = "reads"
"""

KINDS = ("novels", "poems", "plays", "maps")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A sealed bundle with the intervals that its measurements give."""
    book = codebooks.loads(READERS, source="readers")
    rng = np.random.default_rng(4)
    codes = np.stack(
        [np.where(rng.random(900) < 0.7, rng.integers(1, size, 900), 0) for size in book.domain.sizes], axis=1
    ).astype(np.uint16)
    codes[:, 4] = rng.random(900) < 0.004
    made = contents(book, codes=codes)
    found = estimate(book.domain, made.answers.measurements)
    counts = with_shares(tabulate(made.records, found, length=3, tau=TAU), made.records, found, book)
    folder = tmp_path_factory.mktemp("reporting")
    return Bundle.open(sealed(folder, replace(made, counts=counts)).path)


def among(bundle: Bundle, *wanted: pl.Expr) -> int:
    return bundle.records.filter(pl.all_horizontal(*wanted)).height if wanted else bundle.records.height


def any_kind() -> pl.Expr:
    return pl.any_horizontal(pl.col(kind) == "1" for kind in KINDS)


WOMEN = pl.col("sex") == "F"


def test_what_is_computed_for_a_cell_is_what_the_counts_list(bundle: Bundle) -> None:
    """The interval of any sum of cells, asked for one cell, is the published one."""
    source = bundle._source
    rng = np.random.default_rng(1)
    rows = bundle.counts.filter(pl.col("length") < 4)[rng.choice(bundle.counts.height, 60, replace=False).tolist()]

    for row in rows.iter_rows(named=True):
        pairs = zip(row["variables"].split("|"), row["values"].split("|"), strict=True)
        box = box_of([Condition(name, (value,)) for name, value in pairs], bundle.codebook)
        figure = source.figure(Event(box))
        assert (figure.status, figure.count, figure.low, figure.high) == (
            row["status"],
            row["count"],
            row["low"],
            row["high"],
        )


def test_any_of_several_values_adds_up(bundle: Bundle) -> None:
    young = bundle.count({"age": ["9-17", "18-29"], "sex": "F"})
    parts = [bundle.count(age=age, sex="F").count or 0 for age in ("9-17", "18-29")]
    assert young.count == sum(parts)
    assert young.low is not None
    assert young.high is not None
    assert young.low <= sum(parts) <= young.high
    assert young.conditions == (("sex", "F"), ("age", "9-17|18-29"))
    assert "Age: 9-17 or 18-29" in young.sentence
    assert young == bundle.count(["age=18-29|9-17", "sex=F"]) == bundle.count(sex="F", age="9-17|18-29")


def test_the_interval_of_a_union_is_narrower_than_adding_up_intervals(bundle: Bundle) -> None:
    """Parts of one table share their noise: adding up widths gives width away."""
    union = bundle.count({"age": ["9-17", "18-29", "30+"], "sex": "F", "new": "1"})
    parts = [bundle.count(age=age, sex="F", new="1") for age in ("9-17", "18-29", "30+")]
    assert (union.high or 0) - (union.low or 0) < sum((each.high or 0) - (each.low or 0) for each in parts)


def test_any_set_with_a_value_counts_every_set_that_holds_it(bundle: Bundle) -> None:
    answer = bundle.count({"langs~": "en"})
    held = pl.col("langs").str.split(";").list.contains("en")
    assert answer.count == among(bundle, held)
    assert answer.conditions == (("langs~", "en"),)
    assert "Languages: any set with English" in answer.sentence
    assert answer == bundle.count("langs~en")
    either = bundle.count({"langs~": ["en", "fr"]})
    assert either.count == among(bundle, held | pl.col("langs").str.split(";").list.contains("fr"))
    exactly = bundle.count(langs="en")
    assert exactly.count == among(bundle, pl.col("langs") == "en")
    assert "and no other" in exactly.sentence


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("size=a~b", ("size", "a~b")),
        ("langs~en", ("langs~", "en")),
        ("langs~e=n", ("langs~", "e=n")),
        ("a~b=1", ("a~b", "1")),
    ],
)
def test_a_condition_is_parted_where_the_codebook_knows_the_name(
    bundle: Bundle, text: str, parts: tuple[str, str]
) -> None:
    assert split_condition(text, bundle.codebook) == parts


def test_a_share_of_a_flag_is_among_records_with_any_flag_of_its_group(bundle: Bundle) -> None:
    answer = bundle.share(novels="1", sex="F")
    part, whole = among(bundle, WOMEN, pl.col("novels") == "1"), among(bundle, WOMEN, any_kind())
    assert (answer.count, answer.out_of) == (part, whole)
    assert answer.share == round(part / whole, 4)
    assert answer.denominator == "reader records with Sex: women; any flag of “Kind of book”"
    assert answer.sentence.startswith(f"{100 * part / whole:.1f}% of reader records with Sex: women; any flag")
    assert "novels, poems, plays, maps. Other kinds have no column here." in answer.note
    assert "rests on bounds" in answer.note


def test_a_share_is_else_among_recorded_values(bundle: Bundle) -> None:
    answer = bundle.share(age="9-17", sex="F")
    part, whole = among(bundle, WOMEN, pl.col("age") == "9-17"), among(bundle, WOMEN, pl.col("age").is_not_null())
    assert (answer.count, answer.out_of) == (part, whole)
    assert answer.denominator == "reader records with Sex: women; a recorded value of Age"
    assert answer.low is not None
    assert answer.high is not None
    assert 0 <= answer.low <= part / whole <= answer.high <= 1
    assert "bounds" not in answer.note


def test_missing_values_and_flags_without_a_group_are_shares_of_everyone(bundle: Bundle) -> None:
    for asked in ({"age": "(missing)"}, {"age": "(missing)|30+"}, {"new": "1"}):
        answer = bundle.share(asked)
        assert answer.out_of == 900
        assert answer.denominator == "all reader records"


def test_of_names_the_denominator(bundle: Bundle) -> None:
    by_all = bundle.share(sex="F", of="all")
    assert (by_all.count, by_all.out_of) == (among(bundle, WOMEN), 900)
    named = bundle.share(novels="1", of=["sex=F", "age=30+|18-29"])
    whole = (WOMEN, pl.col("age").is_in(["18-29", "30+"]))
    assert (named.count, named.out_of) == (among(bundle, *whole, pl.col("novels") == "1"), among(bundle, *whole))
    narrower = bundle.share(age="30+", of={"age": ["18-29", "30+"]})
    assert (narrower.count, narrower.out_of) == (bundle.count(age="30+").count, among(bundle, whole[1]))


def test_nothing_is_stated_of_a_part_that_is_withheld(bundle: Bundle) -> None:
    few = {"a~b": "1", "sex": "F"}
    assert bundle.count(few).count is None
    share = bundle.share(few)
    assert (share.status, share.share, share.count) == ("withheld", None, None)
    assert share.low == 0
    assert share.high is not None
    assert share.high < 0.2
    gap = bundle.difference(few, versus={"a~b": "(missing)"})
    assert (gap.status, gap.difference, gap.one) == ("withheld", None, None)
    assert gap.other == bundle.count({"a~b": "(missing)", "sex": "F"}).count
    assert "both counts" in gap.note


def test_a_difference_of_counts_is_that_of_the_counts(bundle: Bundle) -> None:
    gap = bundle.difference(age="9-17", sex="F", versus={"sex": "M"})
    one, other = bundle.count(age="9-17", sex="F"), bundle.count(age="9-17", sex="M")
    assert (gap.one, gap.other) == (one.count, other.count)
    assert gap.difference == (one.count or 0) - (other.count or 0)
    assert gap.versus == (("sex", "M"), ("age", "9-17"))
    assert gap.low is not None
    assert gap.low <= gap.difference <= (gap.high or 0)
    assert ("holds zero" in gap.note) == (gap.low <= 0 <= (gap.high or 0))


def test_a_difference_of_shares_changes_what_is_compared_in_part_and_whole(bundle: Bundle) -> None:
    gap = bundle.difference(new="1", sex="F", versus={"sex": "M"}, share=True)
    one, other = bundle.share(new="1", sex="F"), bundle.share(new="1", sex="M")
    assert (gap.one, gap.other) == (one.share, other.share)
    assert gap.difference == pytest.approx((one.share or 0) - (other.share or 0), abs=1e-9)
    assert gap.denominators == ("reader records with Sex: women", "reader records with Sex: men")
    assert gap.sentence.startswith(
        f"{100 * (one.share or 0):.1f}% of reader records with Sex: women and {100 * (other.share or 0):.1f}% of "
        "reader records with Sex: men have New: 1: a difference of"
    )
    assert "percentage points" in gap.sentence
    named = bundle.difference(new="1", of="sex=F", versus={"sex": "M"}, share=True)
    assert named.difference == gap.difference


def test_beyond_the_reporting_length_nothing_is_guessed(bundle: Bundle) -> None:
    asked: dict[str, Value] = {"novels": "1", "sex": "F", "age": "30+", "new": "1"}
    assert bundle.count(asked).status == "too_long"
    share = bundle.share(asked)
    assert (share.status, share.share, share.low) == ("too_long", None, None)
    assert share.nearest
    assert "4 were asked for" in share.text()
    assert bundle.difference(asked, versus={"sex": "M"}).status == "too_long"
    assert bundle.difference(asked, versus={"sex": "M"}, share=True).status == "too_long"
    asked["age"] = ["30+", "18-29"]
    near = bundle.count(asked).nearest
    assert all(len(each.conditions) <= 3 for each in near)


def test_a_table_adds_up_to_its_margins(bundle: Bundle) -> None:
    table = bundle.table("sex", "age")
    assert table.rows_of == ("(missing)", "F", "M")
    assert table.total.value == 900
    for column in table.columns:
        assert table.margin(column=column).value == bundle.count(age=column).count
    for row in table.rows_of:
        assert sum(table.cell(row, column).value or 0 for column in table.columns) == table.margin(row=row).value
        assert table.margin(row=row).value == bundle.count(sex=row).count
        for column in table.columns:
            said = bundle.count(sex=row, age=column)
            cell = table.cell(row, column)
            assert (cell.value, cell.low, cell.high) == (said.count, said.low, said.high)
    assert "Reader records by Sex (rows) and Age (columns)." in table.text()


def test_margins_are_no_rows_or_columns_in_any_format(bundle: Bundle) -> None:
    """So that no value of a variable can be taken for one, nor one for a value."""
    table = bundle.table("sex", "age")
    shape = table.as_json()
    assert shape["rows"] == ["(missing)", "F", "M"]
    assert [len(line) for line in table.cells] == [len(table.columns)] * 3
    margins = shape["margins"]
    assert isinstance(margins, dict)
    assert [len(margins["rows"]), len(margins["columns"])] == [3, 4]
    assert margins["total"]["value"] == 900
    last = table.text().splitlines()[-3]
    assert last.startswith("(all)")
    assert table.head()[-1] == "(all)"
    assert bundle.table("sex", "novels", share=True).head()[-1] == "(out of)"


def test_values_of_a_set_and_conditions_are_joined_by_marks_of_their_own(bundle: Bundle) -> None:
    said = bundle.count({"langs": "ar;fr", "sex": "F"}).sentence
    label = bundle.codebook.value_label("langs", "ar;fr")
    assert label == " + ".join(bundle.codebook.value_label("langs", each) for each in ("ar", "fr"))
    assert label in said
    assert f"Sex: {bundle.codebook.value_label('sex', 'F')}; " in said or "; Sex: " in said
    assert bundle.codebook.value_label("sex", "(missing)") == "(missing)"


def test_a_cell_that_is_not_stated_still_has_its_interval(bundle: Bundle) -> None:
    table = bundle.table("a~b", "langs", sex="F")
    cell = table.cell("1", "ar;fr")
    assert cell.value is None
    assert cell.status in ("withheld", "not_listed")
    assert cell.text() == f"{cell.status.replace('_', ' ')} ({cell.low} to {cell.high})"


def test_a_count_that_is_not_listed_has_the_interval_that_a_table_gives_it(bundle: Bundle) -> None:
    table = bundle.table("a~b", "langs", sex="F")
    cells = [(row, column) for row in table.rows_of for column in table.columns]
    unlisted = [each for each in cells if bundle.count({"a~b": each[0], "langs": each[1], "sex": "F"}).count is None]
    answers = [bundle.count({"a~b": row, "langs": column, "sex": "F"}) for row, column in unlisted]
    assert "not_listed" in {each.status for each in answers}
    assert all(f"(95% interval {each.low} to {each.high})" in each.sentence for each in answers)
    ends = [(table.cell(*each).low, table.cell(*each).high) for each in unlisted]
    assert [(each.low, each.high) for each in answers] == ends


def test_what_is_withheld_never_reads_0_to_0_and_stands_apart_from_what_is_not_listed(bundle: Bundle) -> None:
    names = [each.name for each in bundle.codebook.domain.attributes]
    tables = [bundle.table(one, other) for one in names for other in names if one < other]
    cells = [cell for table in tables for line in table.cells for cell in line if cell.value is None]
    assert {each.status for each in cells} == {"withheld", "not_listed"}
    assert all(each.high >= 1 for each in cells if each.status == "withheld" and each.high is not None)
    for each in cells:
        assert each.text().startswith("withheld" if each.status == "withheld" else "not listed")


def test_shares_of_unlike_wholes_are_compared_with_a_warning(bundle: Bundle) -> None:
    unlike = bundle.difference(novels="1", sex="F", versus={"novels": "(missing)"}, share=True)
    assert "unlike wholes: say with `of`" in unlike.note
    alike = bundle.difference(novels="1", of="sex=F", versus={"novels": "(missing)"}, share=True)
    usual = bundle.difference(novels="1", sex="F", versus={"sex": "M"}, share=True)
    assert not any("unlike" in each.note for each in (alike, usual))


def test_a_table_of_shares_has_the_shares_of_its_rows(bundle: Bundle) -> None:
    table = bundle.table("sex", "novels", share=True)
    for row in ("F", "M"):
        assert table.cell(row, "1").value == bundle.share(novels="1", sex=row).share
        assert table.margin(row=row).value == bundle.share(novels="1", sex=row).out_of
    assert table.margin(column="1").value == bundle.share(novels="1").share
    assert table.total.value == bundle.share(novels="1").out_of
    by_age = bundle.table("sex", "age", new="1", share=True)
    assert "(missing)" not in by_age.columns
    assert sum(by_age.cell("F", age).value or 0 for age in by_age.columns) == pytest.approx(1, abs=2e-4)
    assert "a recorded value of Age" in by_age.note


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda each: each.count({"sex~": "F"}), "FG-OP-095"),
        (lambda each: each.count({"langs~": "de"}), "FG-OP-094"),
        (lambda each: each.share(), "FG-OP-096"),
        (lambda each: each.share(sex="F", of="sex=M"), "FG-OP-097"),
        (lambda each: each.difference(sex="F", versus={"age": "30+"}), "FG-OP-098"),
        (lambda each: each.difference(sex="F", versus={"sex": "F"}), "FG-OP-098"),
        (lambda each: each.difference(sex="F", versus={"sex": "M"}, of="all"), "FG-OP-121"),
        (lambda each: each.table("sex", "sex"), "FG-OP-119"),
        (lambda each: each.table("sex", "age", new="1", novels="1"), "FG-OP-119"),
        (lambda each: each.count({"age": [1]}), "FG-OP-091"),
        (lambda each: each.count("age="), "FG-OP-094"),
        (lambda each: each.count("age=|"), "FG-OP-094"),
        (lambda each: each.count("age= | "), "FG-OP-094"),
        (lambda each: each.count("age=30+|"), "FG-OP-094"),
        (lambda each: each.count("langs~="), "FG-OP-094"),
        (lambda each: each.count("langs~"), "FG-OP-094"),
        (lambda each: each.count({"age": []}), "FG-OP-094"),
        (lambda each: each.count({"langs~": []}), "FG-OP-094"),
        (lambda each: each.share("age=30+", of={"sex": ""}), "FG-OP-094"),
        (lambda each: each.table("sex", "age", "new=|"), "FG-OP-094"),
        (lambda each: each.table("sex", "age").cell("(all)", "30+"), "FG-OP-122"),
        (lambda each: each.table("sex", "age").cell("F", "(all)"), "FG-OP-122"),
        (lambda each: each.table("sex", "age").margin(), "FG-OP-122"),
        (lambda each: each.table("sex", "age").margin(row="F", column="30+"), "FG-OP-122"),
        (lambda each: each.table("sex", "age").margin(row="(all)"), "FG-OP-122"),
    ],
)
def test_a_question_without_sense_is_answered_with_the_way_out(
    bundle: Bundle, ask: Callable[[Bundle], object], code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        ask(bundle)
    assert caught.value.code == code


def answers(bundle: Bundle) -> list[object]:
    return [
        bundle.count(sex="F"),
        bundle.count({"a~b": "1", "sex": "F"}),
        bundle.share(novels="1", sex="F"),
        bundle.difference(sex="F", versus={"sex": "M"}),
        bundle.difference(novels="1", sex="F", versus={"sex": "M"}, share=True),
        bundle.table("sex", "age"),
        bundle.table("sex", "novels", share=True),
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_says_where_the_figures_come_from_and_how_to_use_them(bundle: Bundle, form: Format) -> None:
    for answer in answers(bundle):
        text = written(answer, form, citation=bundle.citation, codebook=bundle.codebook)  # type: ignore[arg-type]
        assert bundle.manifest.release_id in text
        assert rule(bundle.codebook).split(".")[0] in text
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


def test_csv_has_a_line_for_each_figure(bundle: Bundle) -> None:
    text = written(bundle.table("sex", "age"), "csv", citation=bundle.citation, codebook=bundle.codebook)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 4 * 5
    assert {row["status"] for row in rows} == {"released"}
    assert rows[0]["source"] == bundle.citation
    assert {row["margin"] for row in rows if row["row"] and row["column"]} == {""}
    assert Counter(row["margin"] for row in rows) == {"": 3 * 4, "row": 3, "column": 4, "total": 1}
    assert all(bool(row["row"]) == (row["margin"] == "row") for row in rows if row["margin"])
    assert all(bool(row["column"]) == (row["margin"] == "column") for row in rows if row["margin"])
    assert rows[-1] == {
        **rows[0],
        "margin": "total",
        "row": "",
        "column": "",
        "value": "900",
        "low": rows[-1]["low"],
        "high": rows[-1]["high"],
    }


def test_a_cell_that_a_spreadsheet_would_run_is_guarded(bundle: Bundle) -> None:
    text = written(bundle.count(sex="F"), "csv", citation="=HYPERLINK(1)", codebook=bundle.codebook)
    assert next(csv.DictReader(io.StringIO(text)))["source"] == "'=HYPERLINK(1)"


def test_markdown_escapes_what_it_would_act_on(bundle: Bundle) -> None:
    text = written(bundle.count(sex="F"), "markdown", citation="A | <b>*x*</b>", codebook=bundle.codebook)
    assert "<b>" not in text


def test_the_command_gives_the_same(bundle: Bundle, tmp_path: Path) -> None:
    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["count", str(bundle.path), *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    assert json.loads(run("novels=1", "sex=F", "--share", "--json"))["share"] == bundle.share(novels="1", sex="F").share
    gap = json.loads(run("sex=F", "--versus", "sex=M", "--format", "json"))
    assert gap["difference"] == bundle.difference(sex="F", versus={"sex": "M"}).difference
    assert json.loads(run("sex=F", "--share", "--of", "all", "--json"))["out_of"] == 900
    assert bundle.table("sex", "age", "new=1").text() in run("--table", "sex", "age", "new=1")
    assert run("langs~en", "age=9-17|30+", "-o", str(tmp_path / "a.md"), "--format", "markdown") == ""
    assert "any set with English" in (tmp_path / "a.md").read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--format", "yaml"], "FG-OP-120"),
        (["sex=F", "--of", "all"], "FG-OP-121"),
        (["--table", "sex", "age", "--versus", "sex=F"], "FG-OP-121"),
        (["--table", "sex", "age", "--of", "all"], "FG-OP-121"),
        (["sex=F", "--json", "--format", "csv"], "FG-OP-120"),
        (["sex=F", "--share", "--of", "all", "--of", "age=30+"], "FG-OP-121"),
        (["sex=F|"], "FG-OP-094"),
        (["langs~en|"], "FG-OP-094"),
        (["sex=F", "-o", "new.csv"], "FG-OP-018"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    bundle: Bundle, words: list[str], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bundle.path)
    with pytest.raises(UsageError) as caught:
        CliRunner().invoke(app, ["count", str(bundle.path), *words], catch_exceptions=False)
    assert caught.value.code == code


@pytest.mark.long
def test_the_page_on_reporting_runs_as_printed(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bundle").symlink_to(bundle.path)
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "counts-for-reporting.md").read_text(encoding="utf-8")
    commands = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    assert len(commands) >= 10
    for line in commands:
        done = CliRunner().invoke(app, shlex.split(line)[1:], catch_exceptions=False)
        assert done.exit_code == 0, line
    assert (tmp_path / "by-age.csv").read_text().startswith("figure,row_variable,row,")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(code, "counts-for-reporting.md", "exec"), {})
    assert bundle.citation in capsys.readouterr().out


def test_reading_a_bundle_loads_neither_its_fit_nor_its_ledger() -> None:
    code = (
        "import sys, frostglass; frostglass.open_bundle; "
        "assert not {'numba', 'frostglass.boundary', 'frostglass.sensitive', 'frostglass.ways'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
