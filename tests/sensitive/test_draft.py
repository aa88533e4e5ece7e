"""A drafted codebook: it describes the table that it was drafted from, and is barred from a release until confirmed."""

from __future__ import annotations

import contextlib

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from frostglass import codebooks
from frostglass.errors import CodebookError, InputError, UsageError
from frostglass.sensitive.coding.check import check
from frostglass.sensitive.coding.draft import MOST_BINS, draft
from frostglass.sensitive.coding.intake import read
from frostglass.terms.codebook import Codebook, Variable
from frostglass.terms.unit import PrivacyUnit

UNIT = PrivacyUnit("person")
CONFIRMED = 'confirmed = { by = "A. Steward", on = "2026-01-31" }'


def drafted(table: pl.DataFrame, **ranges: tuple[int, int]) -> Codebook:
    """The codebook drafted from a table, after a check that it is without faults and fits the table."""
    text = draft(read(table), id="drafted", ranges=ranges)
    assert codebooks.faults(text) == ()
    book = codebooks.loads(text, source="draft")
    report = check(read(table), book, unit=UNIT)
    assert not report.refused(), report.text()
    return book


def variable(values: list[str | None], span: tuple[int, int] | None = None) -> Variable:
    """The variable drafted from one column, beside another that never matters."""
    table = pl.DataFrame({"v": values, "w": ["p", "q"] * (len(values) // 2) + ["p"] * (len(values) % 2)})
    return drafted(table, **({} if span is None else {"v": span})).variable("v")


def test_a_draft_is_refused_for_a_release_until_it_is_confirmed() -> None:
    text = draft(read(pl.DataFrame({"v": ["a", "b"]})), id="drafted")
    book = codebooks.loads(text, source="draft")
    assert book.drafted
    with pytest.raises(CodebookError, match="FG-CB-007"):
        book.ready_for_release()
    mark = '# confirmed = { by = "your name", on = "YYYY-MM-DD" }'
    assert text.count(mark) == 1
    codebooks.loads(text.replace(mark, CONFIRMED), source="draft").ready_for_release()


def test_the_file_says_what_must_be_done_before_a_release() -> None:
    head = draft(read(pl.DataFrame({"v": ["a", "b"]})), id="drafted").partition("[codebook]")[0]
    assert all(line.startswith("#") or not line for line in head.splitlines())
    for word in ("private", "public knowledge", "confirm"):
        assert word in head


@pytest.mark.parametrize(
    ("values", "kind", "codes"),
    [
        (["1", "", "1", None], "flag", ("1",)),
        (["Yes", ""], "flag", ("Yes",)),
        (["b", "a", "", "NA"], "nominal", ("NA", "a", "b")),
        (["10", "9", "2", ""], "nominal", ("2", "9", "10")),
        (["007", "7"], "nominal", ("007", "7")),
        (["1.5", "2"], "nominal", ("1.5", "2")),
        (["-1", "5"], "nominal", ("(-1)", "5")),
        (["a|b", "=c", "d"], "nominal", ("(=c)", "a/b", "d")),
        ([" a ", "a", "e\u0301"], "nominal", ("a", "\u00e9")),
        (["fr;en", "en", "ar; fr"], "set", ("ar", "en", "fr", "ar;en", "ar;fr", "en;fr")),
        (["b;a;c", "a", "b"], "set", ("a", "b", "c", "a;b", "a;c", "b;c", "a;b;c")),
    ],
)
def test_types_follow_the_different_values(values: list[str | None], kind: str, codes: tuple[str, ...]) -> None:
    found = variable(values)
    assert (found.type, found.codes) == (kind, codes)


def test_wide_sets_admit_those_that_were_found() -> None:
    """All sets of up to five of ten atoms are more than 200 codes; the found ones are few."""
    found = variable(["a;b;c;d;e", *"abcdefghij", "a;c"])
    assert found.codes[10:] == ("a;b;c;d;e", "a;c")


def test_whole_numbers_over_a_declared_range_are_binned_evenly() -> None:
    found = variable([str(age) for age in range(20, 60)], (0, 84))
    assert found.type == "integer"
    assert [band.code for band in found.bands[:3]] == ["0--5", "6--11", "12--17"]
    assert found.codes[-1] == "84"
    assert len(found.bands) <= MOST_BINS


@given(low=st.integers(-50, 50), width=st.integers(1, 2_000))
@settings(max_examples=60)
def test_bins_cover_the_declared_range_and_nothing_else(low: int, width: int) -> None:
    """At most 16, of equal width but for the last, or every number by itself; whatever the data hold."""
    found = variable([str(low), str(low + width)], (low, low + width))
    if found.bands:
        covered = [number for band in found.bands for number in range(band.low, band.high + 1)]
        assert covered == list(range(low, low + width + 1))
        widths = {band.high - band.low + 1 for band in found.bands[:-1]}
        assert len(widths) == 1
    else:
        assert found.codes == tuple(str(number) for number in range(low, low + width + 1))
    assert len(found.codes) <= MOST_BINS


def test_the_bins_do_not_depend_on_the_data() -> None:
    first, second = (variable([str(one), str(one + 3)], (0, 99)).codes for one in (0, 90))
    assert first == second


def test_a_narrow_declared_range_keeps_every_number() -> None:
    assert variable(["3", "5"], (0, 9)).codes == tuple("0123456789")


def test_078_columns_that_cannot_be_described_are_all_named_at_once() -> None:
    rows = 300
    table = pl.DataFrame(
        {
            "age": [str(place % 40) for place in range(rows)],
            "note": [f"Xylophonia {place}" for place in range(rows)],
            "size": ["S", "s", *["M"] * (rows - 2)],
            "odd": ["a\u200b", *["b"] * (rows - 1)],
            "mark": ["a|b", *["a/b"] * (rows - 1)],
            "grade": ["5", *["7"] * (rows - 1)],
            "fine": ["a", "b"] * (rows // 2),
        }
    )
    with pytest.raises(InputError) as caught:
        draft(read(table), id="drafted", ranges={"grade": (1, 6)})
    message = str(caught.value)
    assert caught.value.code == "FG-IN-078"
    for place in (
        "column 1: 40 different",
        "column 2: 300 different",
        "column 3: some values",
        "column 4: 1 of",
        "column 5: some values",
        "column 6: 1 of",
    ):
        assert f"\n  {place}" in message
    assert "`range=HEADING=LOW:HIGH`" in message
    assert "fine" not in message
    assert "Xylophonia" not in message


def test_columns_that_identify_people_are_declared_as_such_without_values() -> None:
    table = pl.DataFrame({"Family name": ["Xylophonia", "b"], "contact": ["a@b.org"] * 2, "v": ["x", "y"]})
    table = pl.concat([table] * 3)
    text = draft(read(table), id="drafted")
    assert "Xylophonia" not in text
    book = codebooks.loads(text, source="draft")
    assert [one.name for one in book.variables] == ["v"]
    assert set(book.identifiers) == {"Family name", "contact"}
    assert not check(read(table), book, unit=UNIT).refused()


def test_a_column_without_any_value_is_left_out_and_said_so() -> None:
    text = draft(read(pl.DataFrame({"v": ["x", "y"], "blank": ["", None]})), id="drafted")
    assert "'blank' holds no value" in text
    assert [one.name for one in codebooks.loads(text, source="draft").variables] == ["v"]


def test_headings_that_cannot_be_names_become_aliases() -> None:
    book = drafted(pl.DataFrame({"a|b": ["x", "y"], "c=d": ["x", "y"], "+e": ["x", "y"], "income>50K": ["0", "1"]}))
    assert [one.name for one in book.variables] == ["a_b", "c_d", "e", "income>50K"]
    assert [one.aliases for one in book.variables] == [("a|b",), ("c=d",), ("+e",), ()]


def test_quotes_and_backslashes_survive_in_the_file() -> None:
    assert variable(['say "so"', "back\\slash", "é"]).codes == ("back\\slash", 'say "so"', "é")


def test_024_a_table_without_a_header_row_is_not_described() -> None:
    table = pl.DataFrame({"Xylophonia": ["Xylophonia", "b"], "7": ["7", "8"]})
    with pytest.raises(InputError, match="FG-IN-024") as caught:
        draft(read(table), id="drafted")
    assert "Xylophonia" not in str(caught.value)


def test_002_a_table_without_records_is_not_described() -> None:
    with pytest.raises(InputError, match="FG-IN-002"):
        draft(read(pl.DataFrame({"v": []})), id="drafted")


@pytest.mark.parametrize(
    ("name", "ranges", "code"),
    [
        ("Not An Id", {}, "FG-OP-084"),
        ("fine", {"nowhere": (0, 9)}, "FG-OP-085"),
        ("fine", {"v": (9, 9)}, "FG-OP-085"),
    ],
)
def test_wrong_arguments_are_wrong_usage(name: str, ranges: dict[str, tuple[int, int]], code: str) -> None:
    with pytest.raises(UsageError, match=code):
        draft(read(pl.DataFrame({"v": ["1", "2"]})), id=name, ranges=ranges)


values = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("=|;(-/ "), min_size=1, max_size=6)


@given(st.lists(values, min_size=2, max_size=10, unique_by=str.casefold))
@settings(max_examples=100)
def test_whatever_the_values_the_draft_is_whole_or_refused(listed: list[str]) -> None:
    with contextlib.suppress(InputError):
        drafted(pl.DataFrame({"v": listed, "w": ["p", "q"] * (len(listed) // 2) + ["p"] * (len(listed) % 2)}))


@pytest.mark.parametrize("value", ["(all)", "(missing)", "*", "（all）", "( total )", "=x", "＝x", "-1x", "a|b"])
def test_values_that_may_not_be_codes_get_valid_ones(value: str) -> None:
    found = variable([value, "other", value, "third"])
    (category,) = [one for one in found.categories if value in one.aliases]
    assert category.code != value
    assert variable([f"{value};b", "c", f"{value};c", "b"]).type == "set"


def test_headings_that_may_not_be_names_get_valid_ones_apart_from_each_other() -> None:
    headings = ["(all)", "*", "langs~", "langs", "a|", "a=", "a_", "=", "@", "(missing)", "＝b"]
    book = drafted(pl.DataFrame({heading: ["x", "y", "z"] for heading in headings}))
    assert [book.match_name(heading) for heading in headings] == [one.name for one in book.variables]
    assert not {"(all)", "*", "langs~", "(missing)"} & {*book.domain.names}


def test_a_set_whose_values_hold_the_joining_mark_gets_other_codes() -> None:
    found = variable(["a + b;c", "c;d", "d", "a + b"])
    assert found.type == "set"
    assert not any(" + " in code for code in found.codes)
