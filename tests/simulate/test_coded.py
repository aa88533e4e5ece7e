"""The fictitious coded table: what it promises to the demo, the tests and the benchmark."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from frostglass.errors import UsageError
from frostglass.simulate.coded import coded_table, write_coded_table
from frostglass.simulate.figures import ACCOUNT, BANDS, COLUMNS, RECORDED, VICTIM, Draw

RECORDS = 40_000

ACCOUNT_COLUMNS = tuple(draw.name for draw in RECORDED)


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return coded_table(RECORDS, seed=3)


def csv(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_csv(buffer)
    return buffer.getvalue()


def share(column: pl.Series, value: str) -> float:
    """Share of ``value`` among the recorded ones."""
    recorded = column.drop_nulls()
    return int((recorded == value).sum()) / len(recorded)


def test_columns_are_text_in_the_order_of_the_codebook(table: pl.DataFrame) -> None:
    assert tuple(table.columns) == COLUMNS
    assert set(table.dtypes) == {pl.String}
    assert table.height == RECORDS


def test_the_same_seed_gives_the_same_table_and_another_seed_another() -> None:
    assert csv(coded_table(1000, seed=7)) == csv(coded_table(1000, seed=7))
    assert csv(coded_table(1000, seed=7)) != csv(coded_table(1000, seed=8))


def test_the_table_of_a_thousand_records_has_not_changed() -> None:
    """Golden value made by ``coded_table(1000, seed=1)`` itself: a change of the figures changes it on purpose."""
    digest = hashlib.sha256(csv(coded_table(1000, seed=1))).hexdigest()
    assert digest == "d7f92728bfbdbb3d88d20598ee43cc7f5adcae28093ec19f9d14c61ed92771d7"


def test_the_year_is_always_stated_and_so_is_some_part_of_the_account(table: pl.DataFrame) -> None:
    assert table["yearRegister"].null_count() == 0
    assert table.select(pl.any_horizontal(pl.col(ACCOUNT_COLUMNS).is_not_null()).all()).item()


def test_the_smallest_table_has_one_record() -> None:
    assert coded_table(1, seed=0).height == 1


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("yearRegister", "2014-2018", 0.358),
        ("yearRegister", "2021-2022", 0.247),
        ("gender", "Female", 0.545),
        ("majorityStatus", "Minor", 0.069),
        ("UN_COO_Region", "Asia", 0.349),
        ("UN_COO_Region", "Africa", 0.300),
        ("UN_COO_Region", "Americas/Oceania", 0.016),
        ("UN_COE_Region", "Europe", 0.374),
        ("IP_Gender", "Female;Male", 0.155),
        ("IP_Relation", "FamilyIntimatePartner", 0.066),
        ("IP_PayMoney", "Yes", 0.207),
        ("IP_ageBroad", "39--47", 0.404),
    ],
)
def test_shares_are_near_the_published_ones(table: pl.DataFrame, column: str, value: str, expected: float) -> None:
    assert share(table[column], value) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("draw", RECORDED, ids=lambda draw: draw.name)
def test_each_band_records_as_much_of_the_account_as_its_form_asked_for(table: pl.DataFrame, draw: Draw) -> None:
    for band in BANDS:
        drawn = table.filter(yearRegister=band)[draw.name].is_not_null().mean()
        assert drawn == pytest.approx(draw.shares[band][0] / 100, abs=0.08), band


def test_most_are_exploited_in_the_region_that_they_are_from(table: pl.DataFrame) -> None:
    known = table.drop_nulls(["UN_COO_Region", "UN_COE_Region"])
    same = (known["UN_COO_Region"] == known["UN_COE_Region"]).mean()
    assert same == pytest.approx(0.826, abs=0.02)


def test_variables_depend_on_each_other(table: pl.DataFrame) -> None:
    women, men = table.filter(gender="Female"), table.filter(gender="Male")
    assert women["isSexualExploit"].count() / len(women) > 10 * men["isSexualExploit"].count() / len(men)
    assert share(men["IP_Gender"], "Male") > share(women["IP_Gender"], "Male") + 0.3

    minors, adults = table.filter(majorityStatus="Minor"), table.filter(majorityStatus="Adult")
    family = "FamilyIntimatePartner"
    assert share(minors["IP_Relation"], family) > 2 * share(adults["IP_Relation"], family)

    africa = table.filter(UN_COO_Region="Africa")
    assert share(africa["IP_citizen_UNRegion"], "Africa") > 0.7
    assert share(table["IP_citizen_UNRegion"], "Africa") < 0.35


def test_parts_of_one_account_are_recorded_together(table: pl.DataFrame) -> None:
    band = table.filter(yearRegister="2021-2022")
    recorded = band.select(pl.col("IP_Relation", "IP_PayMoney").is_not_null().cast(pl.Int8)).to_numpy()
    assert np.corrcoef(recorded.T)[0, 1] > 0.15


def test_every_line_of_figures_has_a_weight_for_each_value() -> None:
    for draw in (*VICTIM, *ACCOUNT, *RECORDED):
        for line in draw.shares.values():
            assert len(line) == len(draw.values), draw.name
        for tilt in draw.tilts:
            assert set(tilt.towards) <= set(draw.values), draw.name


def test_every_value_in_the_figures_is_a_value_of_its_parent() -> None:
    values = {draw.name: set(draw.values) for draw in (*RECORDED, *VICTIM, *ACCOUNT)}
    for draw in (*VICTIM, *ACCOUNT, *RECORDED):
        if draw.given:
            assert set(draw.shares) == values[draw.given], draw.name
        for tilt in draw.tilts:
            assert set(tilt.holds) <= values[tilt.parent], draw.name


@pytest.mark.parametrize(("records", "seed", "code"), [(0, 1, "070"), (10**9, 1, "070"), (5, -1, "071")])
def test_a_senseless_wish_is_refused(records: int, seed: int, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        coded_table(records, seed)
    assert refused.value.code == f"FG-OP-{code}"


def test_the_file_is_utf8_with_lf_and_missing_empty(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    write_coded_table(path, 200, seed=5)
    content = path.read_bytes()
    assert content.startswith(",".join(COLUMNS).encode() + b"\n")
    assert b"\r" not in content
    assert b'"' not in content
    assert pl.read_csv(path, infer_schema=False).equals(coded_table(200, seed=5))
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    for path in (tmp_path / "nowhere" / "cases.csv", tmp_path / "taken"):
        with pytest.raises(UsageError, match="cannot write") as refused:
            write_coded_table(path, 5, seed=5)
        assert refused.value.code == "FG-OP-072"
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
