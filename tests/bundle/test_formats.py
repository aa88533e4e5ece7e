"""Counts and records as tables: the same content in CSV and Parquet, and every code still the text that it was."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from frostglass import codebooks
from frostglass.bundle.format import formats
from frostglass.bundle.format.recount import COUNTED, recount
from frostglass.errors import BundleError
from frostglass.released.synthetic import SyntheticRecords
from frostglass.terms.domain import Attribute, Domain
from tests.bundle.support import TAU, contents, count_records, random_codes, weather

SCHEMA = formats.records_schema(weather().domain)


def by_hand(records: SyntheticRecords, length: int) -> list[dict[str, object]]:
    """What counts.csv must hold, record by record."""
    domain = records.domain
    values = [[domain.attributes[place].values[code] for place, code in enumerate(row)] for row in records.codes]
    lines: list[dict[str, object]] = []
    for order in range(1, length + 1):
        for axes in combinations(range(len(domain)), order):
            held: dict[tuple[int, ...], int] = {}
            if order == 1:
                held = {(code,): 0 for code in range(domain.sizes[axes[0]])}
            for row in records.codes:
                key = tuple(int(row[axis]) for axis in axes)
                held[key] = held.get(key, 0) + 1
            for key in sorted(held):
                stated = order == 1 or held[key] >= TAU
                lines.append(
                    {
                        "length": order,
                        "variables": "|".join(domain.names[axis] for axis in axes),
                        "values": "|".join(
                            domain.attributes[axis].values[code] for axis, code in zip(axes, key, strict=True)
                        ),
                        "count": held[key] if stated else None,
                        "status": "released" if stated else "withheld",
                    }
                )
    assert len(values) == len(records)
    return lines


def test_the_counts_are_those_of_the_records_in_order_of_length_set_and_value() -> None:
    made = contents(rows=120)
    frame = formats.counts_frame(made.counts)
    assert frame.select(COUNTED).rows(named=True) == by_hand(made.records, 3)


def test_the_recount_finds_the_same_as_counting_by_hand() -> None:
    made = contents(rows=120)
    assert recount(made.records, 3, TAU).rows(named=True) == by_hand(made.records, 3)


def test_the_recount_of_wide_tables_is_the_same_as_that_of_narrow_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    records = contents(rows=120).records
    narrow = recount(records, 3, TAU)
    monkeypatch.setattr("frostglass.bundle.format.recount.DENSE_CELLS", 10)
    assert recount(records, 3, TAU).equals(narrow)


def test_rows_come_in_order_even_when_the_blocks_hold_them_otherwise() -> None:
    counts = contents().counts
    backwards = tuple(
        replace(
            block,
            positions=block.positions[::-1],
            count=block.count[::-1],
            sd=block.sd[::-1],
            low=block.low[::-1],
            high=block.high[::-1],
            released=block.released[::-1],
        )
        for block in counts.blocks
    )
    assert formats.counts_frame(replace(counts, blocks=backwards)).equals(formats.counts_frame(counts))


def test_withheld_rows_have_no_count_but_keep_sd_and_interval() -> None:
    withheld = formats.counts_frame(contents().counts).filter(pl.col("status") == "withheld")
    assert withheld.height > 10
    assert withheld["count"].null_count() == withheld.height
    assert withheld.select("sd", "low", "high").null_count().row(0) == (0, 0, 0)


def test_sd_has_two_decimals_and_is_empty_beyond_the_measured_lengths() -> None:
    frame = formats.counts_frame(contents(length=4).counts)
    assert frame.filter(pl.col("length") < 4)["sd"].unique().sort().to_list() == [1.33, 2.33, 3.33]
    assert frame.filter(pl.col("length") == 4)["sd"].null_count() > 0
    assert frame.filter(pl.col("length") == 4)["sd"].drop_nulls().is_empty()


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_counts_in_csv_and_parquet_hold_the_same(length: int) -> None:
    frame = formats.counts_frame(contents(length=length).counts)
    text = formats.from_csv(formats.to_csv(frame), formats.COUNTS, name="counts.csv")
    packed, _ = formats.from_parquet(formats.to_parquet(frame), formats.COUNTS, name="counts.parquet")
    assert text.equals(frame)
    assert packed.equals(frame)


def test_the_counts_of_no_records_are_all_zeros() -> None:
    codebook = weather()
    records = SyntheticRecords(codebook.domain, np.zeros((0, 4), dtype=np.uint16), ())
    frame = formats.counts_frame(count_records(records, 3))
    assert frame.height == sum(codebook.domain.sizes)
    assert frame["count"].to_list() == [0] * frame.height


def test_the_csv_is_utf8_with_line_feeds_quoted_only_where_needed() -> None:
    data = formats.to_csv(formats.counts_frame(contents().counts))
    assert b"\r" not in data
    assert data.startswith(b"length,variables,values,count,sd,low,high,status\n1,sky,(missing),")
    assert b'1,sky,"grey, ""dull""",' in data
    assert data.count(b'"') == sum(line.count(b'"') for line in data.splitlines() if b"grey" in line)


def test_python_reads_the_csv_as_polars_does() -> None:
    frame = formats.records_frame(contents().records)
    rows = list(csv.reader(io.StringIO(formats.to_csv(frame).decode())))
    assert rows[0] == list(SCHEMA)
    assert [[cell or None for cell in row] for row in rows[1:]] == [list(row) for row in frame.rows()]


def test_codes_stay_text_in_both_formats() -> None:
    """`1`, `01` and `NA` are neither numbers nor missing."""
    frame = formats.records_frame(contents().records)
    assert {"1", "01", "NA"} <= {cell for row in frame.rows() for cell in row}
    assert formats.from_csv(formats.to_csv(frame), SCHEMA, name="synthetic.csv").equals(frame)
    assert formats.from_parquet(formats.to_parquet(frame), SCHEMA, name="synthetic.parquet")[0].equals(frame)


def test_a_record_that_is_all_missing_survives_in_a_table_of_one_column() -> None:
    domain = Domain((Attribute("sky", ("clear", "grey")),))
    records = SyntheticRecords(domain, np.array([[1], [0], [0], [2], [0]], dtype=np.uint16), ())
    frame = formats.records_frame(records)
    data = formats.to_csv(frame)
    assert data == b'sky\nclear\n""\n""\ngrey\n""\n'
    assert formats.from_csv(data, formats.records_schema(domain), name="synthetic.csv").equals(frame)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"sky,rain,wind\n",
        b"heat,rain,wind,sky\n",
        b"sky,rain,wind,heat\nclear,1\n",
        b"sky,rain,wind,heat\nclear,1,N,01,extra\n",
        b'sky,rain,wind,heat\n"clear,1,N,01\n',
        b"sky,rain,wind,heat\n\xff\xfe,1,N,01\n",
        b"sky,rain,wind,heat\nclear,1,N,01\n\nclear,1,N,01\n",
    ],
)
def test_what_is_no_table_of_the_columns_is_refused(data: bytes) -> None:
    with pytest.raises(BundleError) as caught:
        formats.from_csv(data, SCHEMA, name="synthetic.csv")
    assert caught.value.code == "FG-BN-030"


def test_a_cut_parquet_file_is_refused_wherever_it_is_cut() -> None:
    data = formats.to_parquet(formats.records_frame(contents().records))
    for end in [*range(0, len(data), max(len(data) // 50, 1)), len(data) - 1]:
        with pytest.raises(BundleError):
            formats.from_parquet(data[:end], SCHEMA, name="synthetic.parquet")


def test_a_parquet_file_with_a_flipped_byte_is_refused_or_read_without_a_crash() -> None:
    data = formats.to_parquet(formats.records_frame(contents(rows=40).records))
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 0x55
        try:
            frame, _ = formats.from_parquet(bytes(changed), SCHEMA, name="synthetic.parquet")
        except BundleError:
            continue
        assert frame.width == len(SCHEMA)


def test_parquet_columns_of_other_names_types_or_length_are_refused() -> None:
    frame = formats.records_frame(contents().records)
    for other in (frame.rename({"sky": "Sky"}), frame.drop("sky"), frame.with_columns(pl.lit(1).alias("rain"))):
        with pytest.raises(BundleError, match="columns"):
            formats.from_parquet(formats.to_parquet(other), SCHEMA, name="synthetic.parquet")
    with pytest.raises(BundleError, match="should have 7"):
        formats.from_parquet(formats.to_parquet(frame), SCHEMA, name="synthetic.parquet", rows=7)


def test_a_small_parquet_file_that_would_fill_the_memory_is_refused() -> None:
    """One long text named by many rows packs into a few bytes."""
    table = pa.table({name: pa.array(["x" * 20_000] * 2_000).dictionary_encode() for name in SCHEMA})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, store_schema=False, compression="zstd")
    assert len(buffer.getvalue()) < 1_000_000
    with pytest.raises(BundleError) as caught:
        formats.from_parquet(buffer.getvalue(), SCHEMA, name="synthetic.parquet")
    assert caught.value.code == "FG-BN-032"


def test_the_parquet_columns_are_plain_types_that_every_reader_knows() -> None:
    file = pq.ParquetFile(io.BytesIO(formats.to_parquet(formats.counts_frame(contents().counts))))
    kinds = {field.name: str(field.type) for field in file.schema_arrow}
    assert kinds["values"] == "string"
    assert kinds["count"] == "int64"
    assert not any(b"ARROW" in key for key in (file.metadata.metadata or {}))


def test_codes_with_many_values_keep_their_order_of_positions() -> None:
    """Code 10 comes after code 9, although its text sorts before."""
    listed = ", ".join(f'"{code}"' for code in range(1, 13))
    text = (
        '[codebook]\nid = "t"\nversion = "1"\ntitle = "T"\ndate = "2024-01-01"\nunit = "row"\nprivacy_unit = "row"\n'
        f'[[variable]]\nname = "v"\nlabel = "V"\ntype = "nominal"\nrole = "quasi"\ncategories = [{listed}]\n'
    )
    codebook = codebooks.loads(text, source="t")
    records = SyntheticRecords(codebook.domain, random_codes(codebook, 50), ())
    values = formats.counts_frame(count_records(records, 1))["values"].to_list()
    assert values == ["(missing)", *map(str, range(1, 13))]
