"""Measurements as a Parquet file: every noisy answer with its noise, and what paid for it.

One row a cell. The pipeline stages this file before it commits, and the bundle publishes it; from it all else can be
computed again. Receipts come back exactly as they were.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from frostglass.arrays.whole_file import PRIVATE, write_whole
from frostglass.bundle.files import read_file
from frostglass.bundle.formats import Labels, Schema, from_parquet, joined_names, to_parquet
from frostglass.errors import BundleError, FrostglassError
from frostglass.released.measurement import Measurement
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import JOIN, Domain
from frostglass.terms.workload import MOST_CELLS

COLUMNS: Schema = {
    "variables": pl.String(),
    "values": pl.String(),
    "answer": pl.Int64(),
    "sd": pl.Float64(),
    "sigma": pl.String(),
    "rho": pl.String(),
    "receipt": pl.Int32(),
}
"""Columns of measurements.parquet; ``sigma`` and ``rho`` are exact fractions such as "12345/65536"."""

_FRACTION = re.compile(r"[0-9]{1,99}/[1-9][0-9]{0,99}")

_DAMAGED = "measurements.parquet does not hold whole tables of the codebook with their receipts"


def write_measurements(path: Path, measurements: Sequence[Measurement], domain: Domain) -> None:
    """Write ``measurements`` to ``path``, whole or not at all, readable by its owner alone."""
    write_whole(path, encode(measurements, domain), mode=PRIVATE)


def read_measurements(path: Path, domain: Domain) -> tuple[Measurement, ...]:
    """The measurements in the file ``path``; BundleError when it does not hold whole tables over ``domain``."""
    return decode(read_file(path), domain)


def encode(measurements: Sequence[Measurement], domain: Domain) -> bytes:
    """The bytes of measurements.parquet.

    All receipts must belong to one reservation: BundleError FG-BN-040. Every answer must have the shape that
    ``domain`` declares: FG-BN-041.
    """
    metadata = [_metadata(each.receipt) for each in measurements]
    if not metadata or any(each != metadata[0] for each in metadata):
        raise BundleError("FG-BN-040", "measurements are stored together only when one reservation paid for all")
    if not all(each.fits(domain) for each in measurements):
        raise BundleError("FG-BN-041", "a measurement does not have the shape that the codebook declares")
    return to_parquet(_frame(measurements, domain), metadata[0])


def decode(data: bytes, domain: Domain) -> tuple[Measurement, ...]:
    """The measurements in the bytes of measurements.parquet; BundleError FG-BN-042 when they are not whole."""
    frame, metadata = from_parquet(data, COLUMNS, name="measurements.parquet")
    if not 0 < frame.height <= MOST_CELLS or any(frame.null_count().row(0)):
        raise BundleError("FG-BN-042", _DAMAGED)
    try:
        measurements = _measurements(frame, metadata, domain)
    except (KeyError, ValueError, ArithmeticError, FrostglassError):
        raise BundleError("FG-BN-042", _DAMAGED) from None
    if not (_frame(measurements, domain).equals(frame) and _metadata(measurements[0].receipt) == metadata):
        raise BundleError("FG-BN-042", _DAMAGED)
    return measurements


def _metadata(receipt: Receipt) -> dict[str, str]:
    return {
        "ledger_id": receipt.ledger_id,
        "scope": receipt.scope,
        "release_id": receipt.release_id,
        "reserve_seq": str(receipt.seq),
        "reserve_head": receipt.head,
        "mechanism": receipt.mechanism,
        "sensitivity": str(receipt.sensitivity),
        "sealable": "true" if receipt.sealable else "false",
    }


def _frame(measurements: Sequence[Measurement], domain: Domain) -> pl.DataFrame:
    labels = Labels(domain)
    cells = [each.answer.size for each in measurements]
    of = np.repeat(np.arange(len(measurements)), cells)
    receipts = [each.receipt for each in measurements]
    return pl.DataFrame(
        {
            "variables": pl.Series([joined_names(domain, each.attributes) for each in measurements]).gather(of),
            "values": pl.concat([_values(each, labels, domain) for each in measurements]),
            "answer": np.concatenate([each.answer.reshape(-1) for each in measurements]),
            "sd": np.array([each.sd for each in measurements], dtype=np.float64)[of],
            "sigma": pl.Series([_exact(each.sigma) for each in receipts]).gather(of),
            "rho": pl.Series([_exact(each.rho) for each in receipts]).gather(of),
            "receipt": np.array([each.number for each in receipts], dtype=np.int32)[of],
        }
    )


def _values(measurement: Measurement, labels: Labels, domain: Domain) -> pl.Series:
    """The values of every cell, in the order in which the answer lies in memory: the last axis runs fastest."""
    shape = measurement.answer.shape
    positions = np.indices(shape, dtype=np.uint16).reshape(len(shape), -1).T
    axes = np.array(domain.axes(measurement.attributes), dtype=np.int64)
    return labels.joined(np.broadcast_to(axes, positions.shape), positions)


def _measurements(frame: pl.DataFrame, metadata: dict[str, str], domain: Domain) -> tuple[Measurement, ...]:
    """One measurement for each run of rows that share names and receipt number."""
    run = frame.select(pl.struct("variables", "receipt").rle_id()).to_series().to_numpy()
    starts = np.flatnonzero(np.diff(run, prepend=run[0] + 1))
    return tuple(
        _measurement(frame[start:end], metadata, domain) for start, end in pairwise([*starts.tolist(), frame.height])
    )


def _measurement(rows: pl.DataFrame, metadata: dict[str, str], domain: Domain) -> Measurement:
    names, _, _, sd, sigma, rho, number = rows.row(0)
    attributes = AttributeSet.of(names.split(JOIN))
    receipt = Receipt(
        ledger_id=metadata["ledger_id"],
        scope=metadata["scope"],
        release_id=metadata["release_id"],
        seq=int(metadata["reserve_seq"]),
        head=metadata["reserve_head"],
        number=number,
        attributes=attributes,
        mechanism=metadata["mechanism"],
        sigma=_fraction(sigma),
        sensitivity=int(metadata["sensitivity"]),
        rho=_fraction(rho),
        sealable=metadata["sealable"] == "true",
    )
    return Measurement(attributes, rows["answer"].to_numpy().reshape(domain.shape(attributes)), sd, receipt)


def _fraction(text: str) -> Fraction:
    if not _FRACTION.fullmatch(text):
        raise ValueError("not an exact fraction")
    return Fraction(text)


def _exact(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
