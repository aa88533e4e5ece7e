"""Answers as a Parquet file: every noisy figure with its noise, and what paid for it.

One row a cell, or a candidate's distance. The pipeline stages this file before it commits, and the bundle publishes
it; from it all else can be computed again. Receipts come back exactly as they were.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby, pairwise

import numpy as np
import polars as pl

from frostglass.bundle.formats import MOST_ROWS, MOST_UNPACKED, Labels, Schema, from_parquet, joined_names, to_parquet
from frostglass.errors import BundleError, FrostglassError, UsageError
from frostglass.released.answers import Answers
from frostglass.released.distances import WHOLE, Distances
from frostglass.released.measurement import Measurement
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import JOIN, Domain
from frostglass.terms.workload import MOST_CELLS, Workload

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

DISTANCE = ""
"""Stands for the values where a row is a candidate's distance from a model; no cell of a table has empty values."""

_MOST_FRACTIONS = 96
"""Most bytes of sigma and rho, which are fractions, in a row."""

_FRACTION = re.compile(r"[0-9]{1,99}/[1-9][0-9]{0,99}")

_DAMAGED = "measurements.parquet does not hold whole tables of the codebook with their receipts"


def check_size(domain: Domain, wanted: Workload) -> None:
    """Refuse, from public facts alone, answers whose file nobody could read back. UsageError FG-OP-037."""
    text = {each.name: sum(map(len_in_bytes, each.values)) / each.size for each in domain.attributes}

    def row(attributes: AttributeSet) -> float:
        """Bytes of text of one cell of a table, on the average of its cells."""
        names = len_in_bytes(joined_names(domain, attributes))
        return _MOST_FRACTIONS + names + sum(text[name] for name in attributes) + len(attributes) - 1

    rows = sum(domain.cells(each) for each in wanted.fixed) + len(wanted.candidates) + wanted.chosen_cells
    size = sum(row(each) * domain.cells(each) for each in wanted.fixed)
    size += sum(map(row, wanted.candidates)) + max(map(row, wanted.candidates), default=0) * wanted.chosen_cells
    if rows > MOST_ROWS or size > MOST_UNPACKED:
        raise UsageError(
            "FG-OP-037",
            f"the noisy tables of this plan would be {rows:,} rows with {size / 10**9:.1f} GB of text, and a reader "
            f"takes {MOST_ROWS:,} rows and {MOST_UNPACKED / 10**9:.1f} GB: allow fewer cells (--cells), or give "
            "variables and values shorter names",
        )


def len_in_bytes(text: str) -> int:
    """How many bytes of UTF-8."""
    return len(text.encode())


def encode(answers: Answers, domain: Domain) -> bytes:
    """The bytes of measurements.parquet.

    All receipts must belong to one reservation: BundleError FG-BN-040. Every answer must have the shape that
    ``domain`` declares: FG-BN-041.
    """
    metadata = [_metadata(each) for each in answers.receipts]
    if not metadata or any(each != metadata[0] for each in metadata):
        raise BundleError("FG-BN-040", "measurements are stored together only when one reservation paid for all")
    if not all(each.fits(domain) for each in answers.measurements):
        raise BundleError("FG-BN-041", "a measurement does not have the shape that the codebook declares")
    return to_parquet(_frame(answers, domain), metadata[0])


def decode(data: bytes, domain: Domain) -> Answers:
    """The answers in the bytes of measurements.parquet; BundleError FG-BN-042 when they are not whole."""
    frame, metadata = from_parquet(data, COLUMNS, name="measurements.parquet")
    if not 0 < frame.height <= MOST_CELLS or any(frame.null_count().row(0)):
        raise BundleError("FG-BN-042", _DAMAGED)
    try:
        answers = _answers(frame, metadata, domain)
        whole = _frame(answers, domain).equals(frame) and _metadata(answers.receipts[0]) == metadata
    except (KeyError, ValueError, ArithmeticError, FrostglassError):
        raise BundleError("FG-BN-042", _DAMAGED) from None
    if not whole:
        raise BundleError("FG-BN-042", _DAMAGED)
    return answers


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


def _frame(answers: Answers, domain: Domain) -> pl.DataFrame:
    """One row a cell, or a candidate where distances are given; in the order of the receipts."""
    parts = [_cells(list(alike), domain) for _, alike in groupby(answers.measurements, key=lambda one: one.answer.ndim)]
    if answers.distances is not None:
        parts.append(_candidates(answers.distances, domain))
    receipts = {receipt.number: (_exact(receipt.sigma), _exact(receipt.rho)) for receipt in answers.receipts}
    frame = pl.concat(parts).sort("receipt", maintain_order=True)
    of = frame["receipt"].rle_id()
    paid = [receipts[number] for number in frame["receipt"].unique(maintain_order=True)]
    return frame.with_columns(
        pl.Series("sigma", [sigma for sigma, _ in paid], dtype=pl.String).gather(of),
        pl.Series("rho", [rho for _, rho in paid], dtype=pl.String).gather(of),
    ).select(*COLUMNS)


def _cells(measurements: Sequence[Measurement], domain: Domain) -> pl.DataFrame:
    """The cells of tables of as many attributes each, in the order in which the answers lie in memory."""
    sizes = [each.answer.size for each in measurements]
    of = np.repeat(np.arange(len(measurements)), sizes)
    axes = np.array([domain.axes(each.attributes) for each in measurements], dtype=np.int64)
    positions = [np.indices(each.answer.shape, dtype=np.uint16).reshape(axes.shape[1], -1).T for each in measurements]
    names = pl.Series([joined_names(domain, each.attributes) for each in measurements], dtype=pl.String)
    return pl.DataFrame(
        {
            "variables": names.gather(of),
            "values": Labels(domain).joined(axes[of], np.concatenate(positions)),
            "answer": np.concatenate([each.answer.reshape(-1) for each in measurements]),
            "sd": np.repeat([each.sd for each in measurements], sizes),
            "receipt": np.repeat(np.array([each.receipt.number for each in measurements], dtype=np.int32), sizes),
        }
    )


def _candidates(distances: Distances, domain: Domain) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "variables": pl.Series([joined_names(domain, each) for each in distances.candidates], dtype=pl.String),
            "values": pl.repeat(DISTANCE, len(distances.candidates), eager=True),
            "answer": distances.answer,
            "sd": np.full(len(distances.answer), distances.sd),
            "receipt": np.full(len(distances.answer), distances.receipt.number, dtype=np.int32),
        }
    )


def _answers(frame: pl.DataFrame, metadata: dict[str, str], domain: Domain) -> Answers:
    """One answer for each run of rows with the same receipt and table; of distances, with the same receipt."""
    table = pl.when(pl.col("values") == DISTANCE).then(pl.lit("")).otherwise("variables")
    run = frame.select(pl.struct(table.alias("table"), "receipt").rle_id()).to_series().to_numpy()
    starts = np.flatnonzero(np.diff(run, prepend=run[0] + 1))
    measurements: list[Measurement] = []
    distances = None
    for start, end in pairwise([*starts.tolist(), frame.height]):
        rows = frame[start:end]
        if rows["values"][0] != DISTANCE:
            measurements.append(_measurement(rows, metadata, domain))
        elif distances is None:
            distances = _distances(rows, metadata)
        else:
            raise ValueError("distances are given once")
    return Answers(tuple(measurements), distances)


def _measurement(rows: pl.DataFrame, metadata: dict[str, str], domain: Domain) -> Measurement:
    attributes = AttributeSet.of(rows["variables"][0].split(JOIN))
    receipt = _receipt(rows, attributes, metadata)
    return Measurement(attributes, rows["answer"].to_numpy().reshape(domain.shape(attributes)), rows["sd"][0], receipt)


def _distances(rows: pl.DataFrame, metadata: dict[str, str]) -> Distances:
    candidates = tuple(AttributeSet.of(names.split(JOIN)) for names in rows["variables"])
    return Distances(candidates, rows["answer"].to_numpy(), rows["sd"][0], _receipt(rows, WHOLE, metadata))


def _receipt(rows: pl.DataFrame, attributes: AttributeSet, metadata: dict[str, str]) -> Receipt:
    return Receipt(
        ledger_id=metadata["ledger_id"],
        scope=metadata["scope"],
        release_id=metadata["release_id"],
        seq=int(metadata["reserve_seq"]),
        head=metadata["reserve_head"],
        number=rows["receipt"][0],
        attributes=attributes,
        mechanism=metadata["mechanism"],
        sigma=_fraction(rows["sigma"][0]),
        sensitivity=int(metadata["sensitivity"]),
        rho=_fraction(rows["rho"][0]),
        sealable=metadata["sealable"] == "true",
    )


def _fraction(text: str) -> Fraction:
    if not _FRACTION.fullmatch(text):
        raise ValueError("not an exact fraction")
    return Fraction(text)


def _exact(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
