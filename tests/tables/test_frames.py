"""Tables in memory and Parquet files: each cell is the text that it would be written as, whatever it was stored as."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from frostglass.errors import InputError, UsageError
from frostglass.tables import text_table
from frostglass.tables.readers import from_frame, read_text_table
from frostglass.tables.text_table import TextTable

SECRET = "Xylophonia"


def cells(table: TextTable) -> dict[str, list[str]]:
    return {column.name: [column.values[place] for place in column.index] for column in table.columns}


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def one_column(cells_of_it: object) -> list[str]:
    return cells(from_frame(pd.DataFrame({"a": cells_of_it})))["a"]


def test_029_a_flag_that_was_stored_as_decimals_is_one_or_missing_again() -> None:
    """What pandas makes of a column of 1 and blanks."""
    table = from_frame(pd.DataFrame({"flag": [1.0, np.nan, 1.0]}))
    assert cells(table)["flag"] == ["1", "", "1"]
    assert [(note.code, note.place, note.count) for note in table.notes] == [("FG-IN-029", "flag", 2)]


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pd.array([1, None, 7], dtype="Int64"), ["1", "", "7"]),
        (pd.array([True, None, False], dtype="boolean"), ["true", "", "false"]),
        (pd.array(["007", None, "NA"], dtype="string"), ["007", "", "NA"]),
        (pd.Categorical(["x", None, "y"], categories=["unused", "y", "x"]), ["x", "", "y"]),
        (pd.Categorical([1, None, 2]), ["1", "", "2"]),
        (pd.Categorical([1.0, None, 2.5]), ["1", "", "2.5"]),
        (pd.Series(["2020-01-02", None, "2020-03-04"], dtype="datetime64[ns]"), ["2020-01-02", "", "2020-03-04"]),
        ([0.1, 1e20, float("inf")], ["0.1", "100000000000000000000", "inf"]),
        (np.array([0.1, 2.0, -0.0], dtype=np.float32), ["0.1", "2", "0"]),
        (pd.Series([1, "1", 1.0, True, None], dtype=object), ["1", "1", "1", "true", ""]),
        (pd.Series([float("nan"), pd.NA, pd.NaT, 2.5], dtype=object), ["", "", "", "2.5"]),
        (pd.Series([Decimal("1.50"), Decimal(2), dt.date(2020, 1, 2)], dtype=object), ["1.50", "2", "2020-01-02"]),
        (pd.Series([moment("2020-01-02T03:04"), dt.time(5, 6)], dtype=object), ["2020-01-02T03:04:00", "05:06:00"]),
        (
            pd.Series([np.int64(3), np.float64(3.0), np.bool_(True), np.str_("s")], dtype=object),
            ["3", "3", "true", "s"],
        ),
    ],
)
def test_pandas_columns_of_every_kind_become_their_text(column: object, texts: list[str]) -> None:
    assert one_column(column) == texts


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pl.Series(["a", None, "b"], dtype=pl.Categorical), ["a", "", "b"]),
        (pl.Series(["a", None, "b"], dtype=pl.Enum(["b", "unused", "a"])), ["a", "", "b"]),
        (pl.Series([1, None, 300], dtype=pl.UInt16), ["1", "", "300"]),
        (pl.Series([None, None]), ["", ""]),
        (pl.Series([True, None]), ["true", ""]),
        (pl.Series([dt.date(2020, 1, 2), None]), ["2020-01-02", ""]),
        (pl.Series([moment("2020-01-02"), moment("2020-01-02T03")]), ["2020-01-02", "2020-01-02T03:00:00"]),
        (pl.Series([moment("2020-01-02")], dtype=pl.Datetime("ns")), ["2020-01-02"]),
        (pl.Series([dt.time(1, 2), None]), ["01:02:00", ""]),
        (pl.Series(["1.50", "2.00"]).cast(pl.Decimal(10, 2)), ["1.50", "2"]),
        (pl.Series([0.5, float("nan"), None, 3.0]), ["0.5", "", "", "3"]),
    ],
)
def test_polars_and_arrow_columns_of_every_kind_become_their_text(column: pl.Series, texts: list[str]) -> None:
    frame = pl.DataFrame({"a": column})
    assert cells(from_frame(frame)) == {"a": texts}
    assert cells(from_frame(frame.to_arrow())) == {"a": texts}


def test_arrow_dictionaries_of_several_chunks_and_text_views_are_read() -> None:
    chunks = pa.chunked_array([pa.array(["x", "y"]).dictionary_encode(), pa.array(["y", None]).dictionary_encode()])
    views = pa.array(["p", "q", None, "p"], pa.string_view())
    assert cells(from_frame(pa.table({"a": chunks, "b": views}))) == {
        "a": ["x", "y", "y", ""],
        "b": ["p", "q", "", "p"],
    }


def test_categories_that_no_record_has_are_not_values() -> None:
    frame = pd.DataFrame({"a": pd.Categorical(["x"], categories=["x", SECRET])})
    assert from_frame(frame).columns[0].values == ("x",)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([[SECRET], ["b"]]),
        pl.Series([{"a": SECRET}]),
        pl.Series([SECRET.encode()]),
        pl.Series([dt.timedelta(1)]),
        pl.Series([object()], dtype=pl.Object),
    ],
)
def test_072_columns_without_plain_values_are_refused_by_place(column: pl.Series) -> None:
    with pytest.raises(InputError, match=r"FG-IN-072.*column 1 ") as caught:
        from_frame(pl.DataFrame({"odd": column}))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("cell", [[SECRET], {"a": SECRET}, SECRET.encode(), object(), 1j])
def test_072_objects_without_plain_values_are_refused_by_place(cell: object) -> None:
    with pytest.raises(InputError, match=r"FG-IN-072.*column 1 ") as caught:
        from_frame(pd.DataFrame({"odd": pd.Series(["a", cell], dtype=object)}))
    assert SECRET not in str(caught.value)


def test_009_and_026_cells_that_no_reader_accepts_are_refused_by_column() -> None:
    for code, cell in (("FG-IN-009", f"{SECRET}\0"), ("FG-IN-026", SECRET * 50)):
        with pytest.raises(InputError, match=code) as caught:
            from_frame(pl.DataFrame({"a": [cell]}))
        assert SECRET not in str(caught.value)


def test_019_equal_headings_are_refused() -> None:
    for frame in (pd.DataFrame([[1, 2]], columns=["a", "a"]), pa.table([[1], [2]], names=["a", "a"])):
        with pytest.raises(InputError, match="FG-IN-019"):
            from_frame(frame)


def test_numbers_are_names_of_columns_and_other_objects_are_not() -> None:
    assert list(cells(from_frame(pd.DataFrame([[1, 2]])))) == ["0", "1"]
    with pytest.raises(InputError, match="FG-IN-020"):
        from_frame(pd.DataFrame({("a", "b"): [1]}))


@pytest.mark.parametrize("thing", [[1, 2], {"a": [1]}, None, np.zeros((2, 2)), pl.LazyFrame({"a": [1]})])
def test_anything_else_is_wrong_usage(thing: object) -> None:
    with pytest.raises(UsageError, match="FG-OP-082"):
        from_frame(thing)


def test_025_limits_hold_in_memory_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_table, "MOST_ROWS", 2)
    with pytest.raises(InputError, match="FG-IN-025"):
        from_frame(pl.DataFrame({"a": [1, 2, 3]}))


def test_a_parquet_file_reads_as_the_table_that_was_written(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"a.b": ["x", None, "007"], "n": [1.0, None, 2.0], "c": pl.Series(["p", "p", "q"], dtype=pl.Categorical)}
    )
    frame.write_parquet(tmp_path / "t.parquet")
    table = read_text_table(tmp_path / "t.parquet")
    assert cells(table) == {"a.b": ["x", "", "007"], "n": ["1", "", "2"], "c": ["p", "p", "q"]}
    assert cells(table) == cells(from_frame(frame))


def test_074_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"a": [SECRET] * 100}).write_parquet(tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    for damaged in (content[: len(content) // 2], content[:20] + bytes(20) + content[40:]):
        (tmp_path / "t.parquet").write_bytes(damaged)
        with pytest.raises(InputError, match="FG-IN-074") as caught:
            read_text_table(tmp_path / "t.parquet")
        assert SECRET not in str(caught.value)


def test_072_nested_columns_of_a_parquet_file_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"odd": [{"a": 1, "b": 2}]}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match="FG-IN-072"):
        read_text_table(tmp_path / "t.parquet")


def test_a_day_beyond_every_calendar_is_refused_without_being_quoted() -> None:
    """Python's own message would hold the value of the cell."""
    table = pa.table({"day": pa.array([1_073_741_824], pa.int32()).cast(pa.date32())})
    with pytest.raises(InputError, match="FG-IN-072") as caught:
        from_frame(table)
    assert "1073741824" not in str(caught.value)
