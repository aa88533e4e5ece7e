"""A table against its codebook: every departure is named with rule, place and count, and none is passed over."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from frostglass import codebooks
from frostglass.errors import InputError
from frostglass.sensitive.coding.check import CheckReport, Departure, check, encode
from frostglass.sensitive.coding.identifiers import heading_like_identifier
from frostglass.sensitive.coding.intake import read
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import OnUnknown
from frostglass.terms.unit import PrivacyUnit

SECRET = "Xylophonia"
UNIT = PrivacyUnit("person")

BOOK = codebooks.loads(
    """
[codebook]
id = "book"
missing_in = ["", "-99", "NULL"]

[[variable]]
name = "Sex"
aliases = ["gender"]
type = "nominal"
categories = ["Female", "Male", { code = "Other", aliases = ["X", "Diverse"] }]

[[variable]]
name = "country"
type = "nominal"
categories = ["NA", "ZA", "Côte"]

[[variable]]
name = "works"
type = "flag"

[[variable]]
name = "band"
type = "ordinal"
categories = ["1-2", "3-5", "007"]

[[variable]]
name = "age"
type = "integer"
bands = [[0, 17, "0--17"], [18, 99, "18--99"]]

[[variable]]
name = "langs"
type = "set"
atoms = ["ar", { code = "en", aliases = ["English"] }, "fr"]
admitted_sets = ["ar;en"]

[[variable]]
name = "passport_no"
type = "nominal"
role = "direct_identifier"

[[constraint]]
name = "adults work"
kind = "implies"
if = { works = "1" }
then = { age = ["18--99"] }

[[constraint]]
name = "something known"
kind = "at_least_one"
of = ["Sex", "country", "works"]

[[constraint]]
kind = "complete_rate"
of = ["Sex"]
at_least = 0.9
""",
    source="book.toml",
)

GOOD: Mapping[str, str] = {"Sex": "Female", "country": "ZA", "works": "", "band": "1-2", "age": "30", "langs": "ar;en"}


def frame(*records: Mapping[str, str], **columns: Sequence[str]) -> pl.DataFrame:
    """A table of records that are good but for what is given, or of columns beside a good one."""
    rows = list(records) or [{} for _ in next(iter(columns.values()), ["one"])]
    table = pl.DataFrame([{**GOOD, **row} for row in rows])
    return table.with_columns(**{name: pl.Series(values) for name, values in columns.items()})


def look(
    table: pl.DataFrame,
    *,
    book: Codebook = BOOK,
    unit: PrivacyUnit = UNIT,
    unknown: OnUnknown = "refuse",
    structural: bool = True,
) -> CheckReport:
    report = check(read(table), book, unit=unit, unknown=unknown, structural=structural)
    for text in (report.text(), repr(report), json.dumps(report.as_json())):
        assert SECRET not in text
    return report


def found(report: CheckReport, *, refused: bool) -> list[tuple[str, str, int]]:
    """Code, place and count of what is refused or noted; that a small table holds one value or no blank is no news."""
    of_small = ("FG-IN-046", "FG-IN-055")
    departures = [one for one in report.departures if one.refused is refused and one.code not in of_small]
    return [(one.code, one.place, one.count) for one in departures]


def only_refusal(table: pl.DataFrame, **options: object) -> Departure:
    (refusal,) = [one for one in look(table, **options).departures if one.refused]  # type: ignore[arg-type]
    return refusal


def codes(table: pl.DataFrame, **options: object) -> list[list[int]]:
    """The coded records, one by one: a coded table keeps no order, and holds these together."""
    alone = [_coded(table.slice(place, 1), **options) for place in range(table.height)]
    assert _coded(table, **options) == sorted(row for rows in alone for row in rows)
    return [row for (row,) in alone]


def _coded(table: pl.DataFrame, **options: object) -> list[list[int]]:
    rows = encode(read(table), BOOK, unit=UNIT, **options).reveal().rows  # type: ignore[arg-type]
    return [[int(code) for code in row] for row in np.repeat(rows.codes, rows.weights, axis=0)]


# ------------------------------------------------------------------------------------------------- a table that fits


def test_a_table_that_fits_has_nothing_refused_and_is_encoded() -> None:
    report = look(frame({}, {"Sex": "Male", "works": "1"}))
    assert not report.refused()
    assert codes(frame({}, {"Sex": "Male", "works": "1"})) == [[1, 2, 0, 1, 2, 4], [2, 2, 1, 1, 2, 4]]


def test_columns_may_stand_in_any_order() -> None:
    shuffled = frame({}).select("langs", "works", "age", "Sex", "band", "country")
    assert codes(shuffled) == codes(frame({}))


def test_002_a_table_without_records_is_refused_unless_asked_for() -> None:
    empty = frame({}).head(0)
    assert found(look(empty), refused=True) == [("FG-IN-002", "", 0)]
    with pytest.raises(InputError, match="FG-IN-002"):
        encode(read(empty), BOOK, unit=UNIT)
    assert encode(read(empty), BOOK, unit=UNIT, allow_empty=True).reveal().rows.codes.shape == (0, 6)
    assert not check(read(empty), BOOK, unit=UNIT, allow_empty=True).refused()


def test_018_a_record_without_any_value_is_kept_and_noted() -> None:
    table = frame({}, dict.fromkeys(GOOD, ""))
    report = look(table, structural=False)
    assert ("FG-IN-018", "", 1) in found(report, refused=False)
    assert codes(table, structural=False)[1] == [0] * 6


# -------------------------------------------------------------------------------------------------------- columns


def test_019_two_columns_of_one_variable_are_refused() -> None:
    assert only_refusal(frame(gender=["Male"])).code == "FG-IN-019"


def test_021_a_heading_is_matched_without_spaces_and_case_if_that_is_unique() -> None:
    report = look(frame({}).rename({"Sex": " SEX ", "country": "Country"}))
    assert not report.refused()
    assert [one[:2] for one in found(report, refused=False)] == [("FG-IN-021", "Sex"), ("FG-IN-021", "country")]


def test_021_an_exact_heading_wins_over_a_similar_one_only_by_being_alone() -> None:
    assert only_refusal(frame({}).with_columns(SEX=pl.lit("Male"))).code == "FG-IN-019"


def test_075_an_alias_of_a_column_is_read_and_noted() -> None:
    assert ("FG-IN-075", "Sex", 0) in found(look(frame({}).rename({"Sex": "gender"})), refused=False)


def test_022_missing_columns_are_all_named_with_the_nearest_heading() -> None:
    report = look(frame({}).rename({"country": "cuntry"}).drop("works"))
    assert found(report, refused=True) == [("FG-IN-022", "country", 0), ("FG-IN-022", "works", 0)]
    assert "did you mean column 2?" in report.departures[0].message
    assert "cuntry" not in report.text()


def test_022_a_table_with_no_column_of_the_codebook_quotes_no_heading() -> None:
    report = look(pl.DataFrame({SECRET: ["a"], "other": ["b"]}))
    assert found(report, refused=True) == [("FG-IN-022", "", 2)]


def test_023_columns_that_the_codebook_does_not_name_are_ignored_and_noted() -> None:
    table = frame(remark=["x"])
    report = look(table)
    place = f"column {len(table.columns)}"
    assert found(report, refused=False)[0] == ("FG-IN-023", place, 0)
    assert "remark" not in report.text()
    assert [(one.place, one.value) for one in report.values.reveal()] == [(place, "remark")]
    assert codes(table) == codes(frame({}))


@pytest.mark.parametrize(
    "heading",
    [
        "Name", "family_name", "lastName", "PHONE", "tel.", "E-Mail", "Geburtsdatum", "fecha nacimiento", "Prénom",
        "имя", "姓名", "اسم", "home address", "PassportNumber", "case id", "CaseID", "dob", "national-id",
    ],
)  # fmt: skip
def test_023_columns_whose_heading_identifies_people_are_refused(heading: str) -> None:
    refusal = only_refusal(frame({}).with_columns(pl.lit(SECRET).alias(heading)))
    assert (refusal.code, refusal.place) == ("FG-IN-023", f"column {len(frame({}).columns) + 1}")
    assert heading not in refusal.message


@pytest.mark.parametrize("heading", ["remark", "region", "telling", "emaciated", "year", "wave", "weight", "addressed"])
def test_023_harmless_headings_are_not_taken_for_identifiers(heading: str) -> None:
    assert heading_like_identifier(heading) is None


@pytest.mark.parametrize("cell", ["ana.{}@example.org", "+41 79 555 12 3{}", "(079) 555-123{}", "AB123456{}"])
def test_023_columns_whose_cells_identify_people_are_refused(cell: str) -> None:
    few = [cell.format(place) if place < 3 else SECRET for place in range(9)]
    many = [cell.format(place) if place < 4 else SECRET for place in range(9)]
    assert not look(frame(remark=few)).refused()
    assert only_refusal(frame(remark=many)).code == "FG-IN-023"


def test_023_a_declared_identifier_is_left_out_by_design() -> None:
    report = look(frame(Passport_No=["AB1234567"] * 5))
    assert found(report, refused=True) == []
    assert ("FG-IN-023", "passport_no", 0) in found(report, refused=False)


@pytest.mark.parametrize("row", [["Female", "ZA", SECRET], [SECRET, "7", "8"]])
def test_024_a_missing_header_row_is_recognised_and_quotes_nothing(row: list[str]) -> None:
    """Its first record stands where the headings should be: a code, or a value that comes again below."""
    assert only_refusal(pl.DataFrame([row, row], schema=row, orient="row")).code == "FG-IN-024"


# --------------------------------------------------------------------------------------------------------- values


def test_027_a_listed_code_wins_over_any_idea_of_missing() -> None:
    assert codes(frame({"country": "NA"}))[0][1] == 1


def test_028_only_listed_words_are_missing() -> None:
    report = look(frame({"country": "-99"}, {"country": "NULL"}))
    assert not report.refused()
    assert ("FG-IN-028", "country", 2) in found(report, refused=False)


def test_029_and_030_flags_and_zeros_stay_what_they_are() -> None:
    assert codes(frame({"works": "1"}, {"works": ""}, {"band": "007"})) == [
        [1, 2, 1, 1, 2, 4], [1, 2, 0, 1, 2, 4], [1, 2, 0, 3, 2, 4],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("country", "n/a", "FG-IN-028"), ("country", "None", "FG-IN-028"), ("works", "#N/A", "FG-IN-028"),
        ("works", "1.0", "FG-IN-029"), ("works", "1,00", "FG-IN-029"),
        ("band", "7", "FG-IN-030"), ("works", "01", "FG-IN-030"), ("age", "018", "FG-IN-030"),
        ("age", "1E3", "FG-IN-031"), ("works", "1e+01", "FG-IN-031"),
        ("works", "TRUE", "FG-IN-032"), ("works", "true", "FG-IN-032"),
        ("age", "inf", "FG-IN-033"), ("age", "-Infinity", "FG-IN-033"),
        ("band", "02-Jan", "FG-IN-034"), ("band", "Mar-5", "FG-IN-034"), ("band", "2024-02-01", "FG-IN-034"),
        ("band", "01/02/2024", "FG-IN-034"), ("band", "2024-02-01T00:00:00", "FG-IN-034"),
        ("band", "3. März 2024", "FG-IN-034"),
        ("Sex", SECRET, "FG-IN-035"), ("Sex", "female", "FG-IN-035"), ("age", "150", "FG-IN-035"),
        ("age", "-1", "FG-IN-042"), ("langs", "ar;xx", "FG-IN-035"),
        ("country", "C\u00f4te\u00a0", "noted"), ("Sex", "Fe male", "FG-IN-035"),
        ("Sex", "\u041cale", "FG-IN-038"), ("country", "\u0396\u0391", "FG-IN-038"),
        ("langs", "\u0430r;en", "FG-IN-038"),
        ("Sex", "Female;Male", "FG-IN-040"), ("Sex", "Male / Female", "FG-IN-040"), ("country", "NA, ZA", "FG-IN-040"),
        ("langs", "ar,en", "FG-IN-041"), ("langs", "ar|fr", "FG-IN-041"),
        ("Sex", "=1+1", "FG-IN-042"), ("Sex", "@x", "FG-IN-042"), ("Sex", "+x", "FG-IN-042"),
        ("Sex", "<script>alert(1)</script>", "FG-IN-035"),
        ("langs", "en;fr", "FG-IN-073"), ("langs", "ar;en;fr", "FG-IN-073"),
    ],
)  # fmt: skip
def test_a_value_that_is_no_code_is_counted_under_the_slip_that_made_it(column: str, value: str, code: str) -> None:
    report = look(frame({}, {column: value}, {column: value}))
    expected = [] if code == "noted" else [(code, column, 2)]
    assert found(report, refused=True) == expected


def test_035_kinds_of_slips_in_one_column_are_told_apart_and_counted() -> None:
    report = look(frame(Sex=["female", SECRET, "x1", "Male;Female", "Male", ""]))
    assert sorted(one[::2] for one in found(report, refused=True)) == [
        ("FG-IN-035", 1),
        ("FG-IN-035", 2),
        ("FG-IN-040", 1),
    ]


def test_036_spaces_around_values_are_trimmed_and_counted() -> None:
    table = frame(Sex=[" Male", "Male\u00a0", "Male", "  "])
    assert found(look(table), refused=False)[0] == ("FG-IN-036", "Sex", 2)
    assert [row[0] for row in codes(table)] == [2, 2, 2, 0]


def test_036_unusual_spaces_inside_a_value_are_refused_as_such() -> None:
    book = codebooks.loads(
        '[codebook]\nid = "b"\n[[variable]]\nname = "v"\ntype = "nominal"\ncategories = ["a b", "c"]', source="b.toml"
    )
    assert only_refusal(pl.DataFrame({"v": ["a\u00a0b", "c"]}), book=book).code == "FG-IN-036"


@pytest.mark.parametrize(
    ("value", "point"),
    [
        ("Ma\u200ble", "U+200B"), ("\ufeffMale", "U+FEFF"), ("\u202eelaM", "U+202E"), ("Male\t", "U+0009"),
        ("Ma\nle", "U+000A"), ("Ma\u00adle", "U+00AD"), ("Male\x7f", "U+007F"), ("Ma\u2028le", "U+2028"),
    ],
)  # fmt: skip
def test_037_characters_that_cannot_be_seen_are_refused_by_code_point(value: str, point: str) -> None:
    for unknown in ("refuse", "missing"):
        refusal = only_refusal(frame({}, {"Sex": value}), unknown=unknown)
        assert (refusal.code, refusal.count) == ("FG-IN-037", 1)
        assert point in refusal.message


def test_038_the_script_of_look_alike_letters_is_named() -> None:
    assert "Cyrillic" in only_refusal(frame({"Sex": "\u041cale"}, {})).message
    assert "Greek" in only_refusal(frame({"country": "\u0396\u0391"}, {})).message


def test_039_decomposed_letters_are_composed_and_noted() -> None:
    table = frame({"country": "Co\u0302te"}, {})
    assert found(look(table), refused=False)[0] == ("FG-IN-039", "country", 1)
    assert codes(table)[0][1] == 3


def test_041_sets_are_normalised_and_noted() -> None:
    table = frame(langs=["en;ar", "ar; en", "ar;ar;en", "ar;en", "fr;fr"])
    assert found(look(table), refused=False)[0] == ("FG-IN-041", "langs", 3)
    assert [row[5] for row in codes(table)] == [4, 4, 4, 4, 3]


def test_075_aliases_of_values_and_atoms_are_read_and_noted() -> None:
    table = frame(Sex=["X", "Diverse", "Other"], langs=["English", "ar;English", "en"])
    report = look(table)
    assert ("FG-IN-075", "Sex", 2) in found(report, refused=False)
    assert ("FG-IN-075", "langs", 2) in found(report, refused=False)
    assert [(row[0], row[5]) for row in codes(table)] == [(3, 2), (3, 4), (3, 2)]


def test_073_sets_gathered_under_a_code_for_others_are_noted_by_number() -> None:
    book = codebooks.loads(
        '[codebook]\nid = "b"\n[[variable]]\nname = "v"\ntype = "set"\natoms = ["a", "b"]\n'
        'overflow = "other_label"\nother = { code = "several", aliases = ["many"] }',
        source="b.toml",
    )
    report = look(pl.DataFrame({"v": ["b;a", "a", "many", "several"]}), book=book)
    assert found(report, refused=True) == []
    assert found(report, refused=False) == [("FG-IN-073", "v", 1), ("FG-IN-075", "v", 1)]


def test_046_and_018_a_refused_value_is_not_called_missing() -> None:
    report = look(frame(dict.fromkeys(GOOD, SECRET)))
    assert {one.code for one in report.departures} == {"FG-IN-035"}


def test_035_a_column_of_countless_other_values_is_told_in_a_moment() -> None:
    """Only the first 2,000 different values are looked into; all are counted."""
    report = look(frame(Sex=[f"Male{place};Female" for place in range(20_000)]))
    assert found(report, refused=True) == [("FG-IN-035", "Sex", 20_000)]


def test_046_columns_without_any_value_or_with_one_are_noted() -> None:
    report = look(frame(Sex=["", ""], country=["ZA", "NA"], works=["1", "1"]))
    noted = [(one.place, one.count) for one in report.departures if one.code == "FG-IN-046"]
    assert noted == [(name, 2) for name in ("Sex", "works", "band", "age", "langs")]


def test_unknown_values_become_missing_when_asked_for() -> None:
    table = frame(Sex=[SECRET, "Male;Female", "Male"], langs=["en;fr", "xx", "ar"])
    report = look(table, unknown="missing")
    assert not report.refused()
    assert [one[:2] for one in found(report, refused=False)] == [
        ("FG-IN-035", "Sex"), ("FG-IN-040", "Sex"), ("FG-IN-073", "langs"), ("FG-IN-035", "langs"),
        ("FG-IN-076", "Sex"),
    ]  # fmt: skip
    assert [(row[0], row[5]) for row in codes(table, unknown="missing")] == [(0, 0), (0, 0), (2, 1)]


# ---------------------------------------------------------------------------------------------------- constraints


def test_047_records_that_break_a_rule_are_counted_by_rule() -> None:
    broken = frame({"works": "1", "age": "5"}, {"works": "1", "age": ""}, {"Sex": "", "country": ""}, {})
    report = look(broken)
    assert found(report, refused=True) == [("FG-IN-047", "adults work", 2), ("FG-IN-047", "something known", 1)]
    assert not look(broken, structural=False).refused()
    assert len(codes(broken, structural=False)) == 4


def test_047_counts_agree_with_going_through_the_records() -> None:
    chance = np.random.default_rng(5)
    columns = {
        "Sex": chance.choice(["", "Male"], 400).tolist(),
        "country": chance.choice(["", "ZA"], 400).tolist(),
        "works": chance.choice(["", "1"], 400).tolist(),
        "age": chance.choice(["", "5", "50"], 400).tolist(),
    }
    report = look(frame(**columns))
    rows = list(zip(*columns.values(), strict=True))
    adults = sum(works == "1" and age != "50" for _, _, works, age in rows)
    known = sum(not (sex or country or works) for sex, country, works, _ in rows)
    assert found(report, refused=True) == [
        ("FG-IN-047", "adults work", adults), ("FG-IN-047", "something known", known),
    ]  # fmt: skip


def test_047_a_refused_value_is_not_said_to_break_a_rule_as_well() -> None:
    doubtful = frame({"works": "1", "age": SECRET}, {})
    assert found(look(doubtful), refused=True) == [("FG-IN-035", "age", 1)]
    assert ("FG-IN-047", "adults work", 1) in found(look(doubtful, unknown="missing"), refused=True)


def test_076_expected_rates_are_reported_and_never_refused() -> None:
    report = look(frame(Sex=["", "Male"]))
    assert ("FG-IN-076", "Sex", 1) in found(report, refused=False)
    assert not report.refused()


# --------------------------------------------------------------------------------------------- what is told where


def test_a_refusal_names_all_departures_and_carries_the_report() -> None:
    bad = frame({"Sex": SECRET, "works": "1", "age": "5"}, {})
    with pytest.raises(InputError) as caught:
        encode(read(bad), BOOK, unit=UNIT)
    error = caught.value
    assert error.code == "FG-IN-035"
    assert "FG-IN-047" in str(error)
    assert SECRET not in str(error)
    assert isinstance(error.detail, CheckReport)
    assert SECRET not in repr(error.detail)


def test_values_go_to_the_private_report_alone(tmp_path: Path) -> None:
    """Readable by its owner only, whole or not at all, escaped, cut, and in place of an older one."""
    path = tmp_path / "private.json"
    path.write_text("old")
    path.chmod(0o644)
    look(frame(Sex=["Mail", "Mail", "<b>\u200b" + "y" * 60, "Male"])).write_private(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["private.json"]
    values = json.loads(path.read_text())["values"]
    first = {"code": "FG-IN-035", "place": "Sex", "value": "Mail", "records": 2, "first_record": 1, "nearest": "Male"}
    assert values[0] == first
    assert values[1]["value"].startswith(r"\u003cb\u003e\u200byyy")
    assert values[1]["value"].endswith("…")
    assert values[1]["first_record"] == 3


def test_the_private_report_shows_twenty_values_of_a_departure(tmp_path: Path) -> None:
    look(frame(Sex=[f"v{place}" for place in range(50)])).write_private(tmp_path / "private.json")
    assert len(json.loads((tmp_path / "private.json").read_text())["values"]) == 20


def test_a_private_report_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError

    (tmp_path / "private.json").write_text("old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="FG-IN-077"):
        look(frame({})).write_private(tmp_path / "private.json")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("private.json", "old")]


def test_077_a_private_report_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="FG-IN-077"):
        look(frame({})).write_private(tmp_path / "nowhere" / "private.json")


def test_the_report_reads_well() -> None:
    text = look(frame({"Sex": SECRET}, {"Sex": " Male"})).text()
    assert text.splitlines()[0] == "2 records against codebook book"
    assert "  FG-IN-035 Sex: 1 × values that the codebook does not list" in text
    assert text.endswith("the table is refused")
    assert look(frame({})).text().endswith("the table fits the codebook")


def test_what_was_noted_while_reading_is_in_the_report(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbf" + frame({}).write_csv().encode() + b"\n")
    report = check(read(path), BOOK, unit=UNIT)
    assert [one.code for one in report.departures][:2] == ["FG-IN-008", "FG-IN-017"]
