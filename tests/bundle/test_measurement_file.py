"""Measurements and their receipts come back from their file exactly, or not at all."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from frostglass.bundle.format import measurement_file
from frostglass.bundle.format.formats import to_parquet
from frostglass.bundle.format.measurement_file import decode, encode
from frostglass.errors import BundleError
from frostglass.released.answers import Answers
from frostglass.released.distances import WHOLE, Distances
from frostglass.released.measurement import Measurement
from frostglass.terms.attribute_set import AttributeSet
from tests.bundle.support import contents, weather

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


def stored(*measurements: Measurement) -> bytes:
    return encode(Answers(measurements, None), DOMAIN)


def test_measurements_come_back_exactly_with_their_receipts() -> None:
    made = contents().answers.measurements
    back = decode(stored(*made), DOMAIN)
    assert len(back.measurements) == len(made) == 14
    assert all(map(same, made, back.measurements))
    assert back.distances is None


def distances(made: Measurement, number: int) -> Distances:
    """Distances of two candidates, as if they had been asked for after ``made``."""
    candidates = (AttributeSet.of(["sky", "rain", "wind"]), AttributeSet.of(["sky", "wind", "heat"]))
    receipt = replace(made.receipt, attributes=WHOLE, number=number)
    return Distances(candidates, np.array([-3, 41], dtype=np.int64), 2.5, receipt)


def test_distances_come_back_exactly_in_their_place() -> None:
    """They were asked for between two tables, and a table of one variable may have a code of any name."""
    first, second, *_ = contents().answers.measurements
    second = replace(second, receipt=replace(second.receipt, number=3))
    made = Answers((first, second), distances(first, 2))
    back = decode(encode(made, DOMAIN), DOMAIN)
    assert back.distances is not None
    assert made.distances is not None
    assert back.distances.candidates == made.distances.candidates
    assert (back.distances.sd, back.distances.receipt) == (made.distances.sd, made.distances.receipt)
    assert np.array_equal(back.distances.answer, made.distances.answer)
    assert all(map(same, made.measurements, back.measurements))
    assert [each.number for each in back.receipts] == [1, 2, 3]


def test_distances_that_are_given_twice_are_refused() -> None:
    first = contents().answers.measurements[0]
    frame, metadata = unpacked(encode(Answers((first,), distances(first, 2)), DOMAIN))
    again = frame.filter(pl.col("receipt") == 2).with_columns(pl.lit(3, pl.Int32).alias("receipt"))
    with pytest.raises(BundleError) as caught:
        decode(to_parquet(pl.concat([frame, again]), metadata), DOMAIN)
    assert caught.value.code == "FG-BN-042"


def test_unsealable_receipts_come_back_unsealable() -> None:
    made = tuple(
        replace(each, receipt=replace(each.receipt, sealable=False)) for each in contents().answers.measurements
    )
    assert not any(each.sealable for each in decode(stored(*made), DOMAIN).receipts)


def test_fractions_are_kept_exactly_however_long_they_are() -> None:
    made = contents().answers.measurements[0]
    odd = replace(made.receipt, sigma=Fraction(10**40 + 1, 3**60), rho=Fraction(1, 7**50))
    assert decode(stored(replace(made, receipt=odd)), DOMAIN).measurements[0].receipt == odd


def test_the_order_of_names_in_a_set_does_not_change_the_axes() -> None:
    """The set (rain, sky) is stored as sky|rain, in the codebook's order, and its axes with it."""
    made = next(each for each in contents().answers.measurements if each.attributes == AttributeSet.of(["rain", "sky"]))
    frame, _ = unpacked(stored(made))
    assert frame["variables"].unique().to_list() == ["sky|rain"]
    row = frame.filter(pl.col("values") == "clear|1")
    assert row["answer"].to_list() == [made.answer[1, 1]]


def test_the_file_tells_who_paid_in_its_metadata() -> None:
    made = contents().answers.measurements
    _, metadata = unpacked(stored(*made))
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


def test_the_same_measurements_give_the_same_bytes() -> None:
    assert encode(contents().answers, DOMAIN) == encode(contents().answers, DOMAIN)


def test_receipts_of_two_reservations_are_not_stored_together() -> None:
    first, *rest = contents().answers.measurements
    foreign = replace(first, receipt=replace(first.receipt, seq=9))
    for measurements in ([foreign, *rest], []):
        with pytest.raises(BundleError) as caught:
            stored(*measurements)
        assert caught.value.code == "FG-BN-040"


def test_an_answer_of_another_shape_is_not_stored() -> None:
    made = contents().answers.measurements[0]
    with pytest.raises(BundleError) as caught:
        stored(replace(made, answer=np.zeros(3, dtype=np.int64)))
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
    frame, metadata = unpacked(encode(contents().answers, DOMAIN))
    with pytest.raises(BundleError) as caught:
        decode(to_parquet(change(frame), metadata), DOMAIN)
    assert caught.value.code == "FG-BN-042"


@pytest.mark.parametrize(
    "change", [{"reserve_seq": "two"}, {"reserve_seq": "02"}, {"sensitivity": "9" * 5000}, {"sealable": "True"}]
)
def test_metadata_that_is_not_a_receipt_is_refused(change: dict[str, str]) -> None:
    frame, metadata = unpacked(encode(contents().answers, DOMAIN))
    with pytest.raises(BundleError):
        decode(to_parquet(frame, {**metadata, **change}), DOMAIN)
    with pytest.raises(BundleError):
        decode(to_parquet(frame, {}), DOMAIN)


def test_a_file_over_another_codebook_is_refused() -> None:
    data = encode(contents().answers, DOMAIN)
    shorter = replace(DOMAIN, attributes=DOMAIN.attributes[:3])
    with pytest.raises(BundleError):
        measurement_file.decode(data, shorter)
