"""Answers as a Parquet file: every noisy figure with its noise, and what paid for it.

One row a cell, or a candidate's distance. A release stages this file before it commits, and the bundle publishes
it; from it all else can be computed again. Receipts come back exactly as they were.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from frostglass.bundle.format.formats import Labels, PackedTable, Schema, joined_names, longest_text, to_parquet
from frostglass.errors import BundleError, FrostglassError
from frostglass.released.answers import Answers
from frostglass.released.distances import WHOLE, Distances
from frostglass.released.measurement import Measurement
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import JOIN, Domain
from frostglass.terms.workload import MOST_CANDIDATES, MOST_CELLS

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

_FRACTION = re.compile(r"[0-9]{1,99}/[1-9][0-9]{0,99}")

_DAMAGED = "measurements.parquet does not hold whole tables of the codebook with their receipts"


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


def decode(data: bytes, domain: Domain, *, most: int = MOST_CELLS + MOST_CANDIDATES) -> Answers:
    """The answers in the bytes of measurements.parquet; BundleError FG-BN-042 when they are not whole.

    Raises FG-BN-031 or FG-BN-032 when it is no such file, or has more than ``most`` rows.
    """
    packed = open_packed(data, domain, most=most)
    try:
        answers = _answers(packed.batches(), packed.metadata, domain)
        whole = _metadata(answers.receipts[0]) == packed.metadata
    except BundleError:
        raise
    except (KeyError, IndexError, ValueError, ArithmeticError, FrostglassError):
        raise BundleError("FG-BN-042", _DAMAGED) from None
    if not whole:
        raise BundleError("FG-BN-042", _DAMAGED)
    return answers


def open_packed(data: bytes, domain: Domain, *, most: int) -> PackedTable:
    """measurements.parquet with its size judged, and nothing of it decoded."""
    return PackedTable(io.BytesIO(data), COLUMNS, name="measurements.parquet", most=most, longest=longest_text(domain))


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


def _answers(frames: Iterable[pl.DataFrame], metadata: dict[str, str], domain: Domain) -> Answers:
    """One answer for each run of rows with the same receipt and table; of distances, with the same receipt.

    Each row is compared with the one that should stand there, so nothing is kept of them but the answers.
    """
    labels, begun = Labels(domain), list[_Run]()
    for frame in frames:
        _require(not any(frame.null_count().row(0)))
        for rows in _runs(frame):
            if not begun or not begun[-1].goes_on_with(rows):
                begun.append(_run(rows, domain, labels))
            begun[-1].take(rows)
    numbers = [each.number for each in begun]
    _require(numbers == sorted(numbers))
    distances = [each.distances(metadata) for each in begun if isinstance(each, _Candidates)]
    _require(len(distances) <= 1)
    measurements = tuple(each.measurement(metadata) for each in begun if isinstance(each, _Table))
    return Answers(measurements, distances[0] if distances else None)


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError(_DAMAGED)


def _runs(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The rows of one answer after those of another."""
    table = pl.when(pl.col("values") == DISTANCE).then(pl.lit("")).otherwise("variables")
    run = frame.select(pl.struct(table.alias("table"), "receipt").rle_id()).to_series().to_numpy()
    starts = np.flatnonzero(np.diff(run, prepend=-1))
    for start, end in pairwise([*starts.tolist(), frame.height]):
        yield frame[start:end]


def _run(rows: pl.DataFrame, domain: Domain, labels: Labels) -> _Run:
    """The answer that begins with ``rows``."""
    if rows["values"][0] == DISTANCE:
        return _Candidates(rows, domain)
    return _Table(rows, domain, labels)


class _Run:
    """An answer that is being read: its rows come in parts, and all state the same noise and the same receipt."""

    def __init__(self, rows: pl.DataFrame) -> None:
        self.first = rows[:1]
        self.number: int = rows["receipt"][0]
        self._same = {name: rows[name][0] for name in ("sd", "sigma", "rho", "receipt")}
        self._answers: list[npt.NDArray[np.int64]] = []
        self._filled = 0

    def goes_on_with(self, rows: pl.DataFrame) -> bool:
        """Whether ``rows`` belong to the same answer."""
        raise NotImplementedError

    def take(self, rows: pl.DataFrame) -> None:
        """Keep the answers of the next ``rows``; ValueError when these are not the rows that should come next."""
        _require(all((rows[name] == value).all() for name, value in self._same.items()))
        self._answers.append(rows["answer"].to_numpy())
        self._filled += rows.height

    def _all(self) -> npt.NDArray[np.int64]:
        return np.concatenate(self._answers)


class _Table(_Run):
    """A table: the cells in the order in which they lie in memory."""

    def __init__(self, rows: pl.DataFrame, domain: Domain, labels: Labels) -> None:
        super().__init__(rows)
        self._attributes = AttributeSet.of(rows["variables"][0].split(JOIN))
        self._names = joined_names(domain, self._attributes)
        self._shape, self._labels = domain.shape(self._attributes), labels
        self._axes = np.array(domain.axes(self._attributes), dtype=np.int64)

    def goes_on_with(self, rows: pl.DataFrame) -> bool:
        same = rows["variables"][0] == self.first["variables"][0] and rows["receipt"][0] == self.number
        return bool(same) and rows["values"][0] != DISTANCE

    def take(self, rows: pl.DataFrame) -> None:
        cells = np.arange(self._filled, self._filled + rows.height)
        positions = np.stack(np.unravel_index(cells, self._shape), axis=1).astype(np.uint16)
        expected = self._labels.joined(np.broadcast_to(self._axes, positions.shape), positions)
        _require(bool((rows["variables"] == self._names).all() and (rows["values"] == expected).all()))
        super().take(rows)

    def measurement(self, metadata: dict[str, str]) -> Measurement:
        receipt = _receipt(self.first, self._attributes, metadata)
        return Measurement(self._attributes, self._all().reshape(self._shape), self.first["sd"][0], receipt)


class _Candidates(_Run):
    """The distances of all candidates from a model."""

    def __init__(self, rows: pl.DataFrame, domain: Domain) -> None:
        super().__init__(rows)
        self._domain, self._candidates = domain, list[AttributeSet]()

    def goes_on_with(self, rows: pl.DataFrame) -> bool:
        return bool(rows["values"][0] == DISTANCE and rows["receipt"][0] == self.number)

    def take(self, rows: pl.DataFrame) -> None:
        found = [AttributeSet.of(names.split(JOIN)) for names in rows["variables"]]
        _require([joined_names(self._domain, each) for each in found] == rows["variables"].to_list())
        self._candidates += found
        super().take(rows)

    def distances(self, metadata: dict[str, str]) -> Distances:
        receipt = _receipt(self.first, WHOLE, metadata)
        return Distances(tuple(self._candidates), self._all(), self.first["sd"][0], receipt)


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
    if not _FRACTION.fullmatch(text) or _exact(Fraction(text)) != text:
        raise ValueError("not an exact fraction in its lowest terms")
    return Fraction(text)


def _exact(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
