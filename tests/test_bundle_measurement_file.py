"""Measurements and their receipts come back from their file exactly, or not at all."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from frostglass.bundle import measurement_file
from frostglass.bundle.formats import to_parquet
from frostglass.bundle.measurement_file import decode, encode, read_measurements, write_measurements
from frostglass.errors import BundleError
from frostglass.released.measurement import Measurement
from frostglass.terms.attribute_set import AttributeSet
from tests.bundle_support import contents, weather

DOMAIN = weather().domain


def same(one: Measurement, other: Measurement) -> bool:
    return (
        (one.attributes, one.sd, one.receipt) == (other.attributes, other.sd, other.receipt)
        and np.array_equal(one.answer, other.answer)
        and other.answer.dtype == np.int64
    )


def unpacked(data: bytes) -> tuple[pl.DataFrame, dict[str, str]]:
    metadata = pq.ParquetFile(io.BytesIO(data)).metadata.metadata or {}
    return pl.read_parquet(io.BytesIO(data)), {key.decode(): value.decode() for key, value in metadata.items()}


def test_measurements_come_back_exactly_with_their_receipts(tmp_path: Path) -> None:
    made = contents().measurements
    write_measurements(tmp_path / "m.parquet", made, DOMAIN)
    back = read_measurements(tmp_path / "m.parquet", DOMAIN)
    assert len(back) == len(made) == 14
    assert all(map(same, made, back))


def test_unsealable_receipts_come_back_unsealable() -> None:
    made = tuple(replace(each, receipt=replace(each.receipt, sealable=False)) for each in contents().measurements)
    assert not any(each.receipt.sealable for each in decode(encode(made, DOMAIN), DOMAIN))


def test_fractions_are_kept_exactly_however_long_they_are() -> None:
    made = contents().measurements[0]
    odd = replace(made.receipt, sigma=Fraction(10**40 + 1, 3**60), rho=Fraction(1, 7**50))
    assert decode(encode([replace(made, receipt=odd)], DOMAIN), DOMAIN)[0].receipt == odd


def test_the_order_of_names_in_a_set_does_not_change_the_axes() -> None:
    """The set (rain, sky) is stored as sky|rain, in the codebook's order, and its axes with it."""
    made = next(each for each in contents().measurements if each.attributes == AttributeSet.of(["rain", "sky"]))
    frame, _ = unpacked(encode([made], DOMAIN))
    assert frame["variables"].unique().to_list() == ["sky|rain"]
    row = frame.filter(pl.col("values") == "clear|1")
    assert row["answer"].to_list() == [made.answer[1, 1]]


def test_the_file_tells_who_paid_in_its_metadata() -> None:
    made = contents().measurements
    _, metadata = unpacked(encode(made, DOMAIN))
    assert metadata == {
        "ledger_id": made[0].receipt.ledger_id,
        "scope": "sky-watchers",
        "release_id": "weather-2024-05-01-abc",
        "reserve_seq": "2",
        "reserve_head": "a" * 64,
        "mechanism": "rounded-gaussian",
        "sensitivity": "1",
        "sealable": "true",
    }


def test_the_file_is_private_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_measurements(tmp_path / "m.parquet", contents().measurements, DOMAIN)
    assert [each.name for each in tmp_path.iterdir()] == ["m.parquet"]
    assert (tmp_path / "m.parquet").stat().st_mode & 0o777 == 0o600


def test_the_same_measurements_give_the_same_bytes() -> None:
    assert encode(contents().measurements, DOMAIN) == encode(contents().measurements, DOMAIN)


def test_receipts_of_two_reservations_are_not_stored_together() -> None:
    first, *rest = contents().measurements
    foreign = replace(first, receipt=replace(first.receipt, seq=9))
    for measurements in ([foreign, *rest], []):
        with pytest.raises(BundleError) as caught:
            encode(measurements, DOMAIN)
        assert caught.value.code == "FG-BN-040"


def test_an_answer_of_another_shape_is_not_stored() -> None:
    made = contents().measurements[0]
    with pytest.raises(BundleError) as caught:
        encode([replace(made, answer=np.zeros(3, dtype=np.int64))], DOMAIN)
    assert caught.value.code == "FG-BN-041"


CHANGES: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "a row is missing": lambda frame: frame[1:],
    "a row is there twice": lambda frame: pl.concat([frame[:1], frame]),
    "no rows": lambda frame: frame.clear(),
    "rows are swapped": lambda frame: pl.concat([frame[1:2], frame[:1], frame[2:]]),
    "an unknown variable": lambda frame: frame.with_columns(pl.col("variables").str.replace("sky", "sea")),
    "a variable twice": lambda frame: frame.with_columns(pl.lit("sky|sky").alias("variables")),
    "an unknown value": lambda frame: frame.with_columns(pl.col("values").str.replace("clear", "dim")),
    "a missing answer": lambda frame: frame.with_columns(pl.when(pl.col("answer") > 5).then(pl.col("answer"))),
    "two sds in one table": lambda frame: frame.with_columns(pl.int_range(pl.len()).cast(pl.Float64).alias("sd") + 1),
    "no noise": lambda frame: frame.with_columns(pl.lit(0.0).alias("sd")),
    "sd is not a number": lambda frame: frame.with_columns(pl.lit(float("nan")).alias("sd")),
    "rho without denominator": lambda frame: frame.with_columns(pl.lit("1/0").alias("rho")),
    "rho as a huge power": lambda frame: frame.with_columns(pl.lit("1e999999999").alias("rho")),
    "an unreduced fraction": lambda frame: frame.with_columns(pl.lit("2/4").alias("sigma")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_does_not_hold_whole_tables_is_refused(change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    frame, metadata = unpacked(encode(contents().measurements, DOMAIN))
    with pytest.raises(BundleError) as caught:
        decode(to_parquet(change(frame), metadata), DOMAIN)
    assert caught.value.code == "FG-BN-042"


@pytest.mark.parametrize(
    "change", [{"reserve_seq": "two"}, {"reserve_seq": "02"}, {"sensitivity": "9" * 5000}, {"sealable": "True"}]
)
def test_metadata_that_is_not_a_receipt_is_refused(change: dict[str, str]) -> None:
    frame, metadata = unpacked(encode(contents().measurements, DOMAIN))
    with pytest.raises(BundleError):
        decode(to_parquet(frame, {**metadata, **change}), DOMAIN)
    with pytest.raises(BundleError):
        decode(to_parquet(frame, {}), DOMAIN)


def test_a_missing_file_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"m\.parquet is missing"):
        read_measurements(tmp_path / "m.parquet", DOMAIN)


def test_a_file_over_another_codebook_is_refused() -> None:
    data = encode(contents().measurements, DOMAIN)
    shorter = replace(DOMAIN, attributes=DOMAIN.attributes[:3])
    with pytest.raises(BundleError):
        measurement_file.decode(data, shorter)
