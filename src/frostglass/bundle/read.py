"""A bundle, opened: its files are checked against the manifest as they are read, and read only when asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from frostglass import codebooks
from frostglass.bundle import formats, measurement_file
from frostglass.bundle.files import read_file, sha256
from frostglass.bundle.manifest import (
    CODEBOOK,
    COUNTS_PARQUET,
    MANIFEST,
    MEASUREMENTS,
    MOST_MANIFEST_BYTES,
    RECORDS_PARQUET,
    STATEMENT,
    Manifest,
    parse_manifest,
)
from frostglass.bundle.questions import Questions
from frostglass.bundle.source import Estimating, Source
from frostglass.bundle.withdrawal import refuse_withdrawn
from frostglass.errors import BundleError
from frostglass.released.answers import Answers
from frostglass.released.measurement import Measurement
from frostglass.terms.arguments import path as path_of
from frostglass.terms.codebook import Codebook
from frostglass.terms.domain import Domain


@dataclass(frozen=True, repr=False)
class Bundle(Questions):
    """A sealed folder. Whatever is read from it has the size and hash that the manifest states.

    Every property but ``path``, ``manifest`` and ``manifest_sha256`` raises BundleError when its file is missing,
    changed or not what it should be. ``estimating`` makes estimates of the noisy tables, for what the counts do not
    list; it is handed in by whoever opens the bundle.
    """

    path: Path
    manifest: Manifest
    manifest_sha256: str
    estimating: Estimating | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return (
            f"<bundle {self.manifest.release_id}: {self.manifest.total:,} records, "
            f"counts up to length {self.manifest.plan.length}, epsilon {self.manifest.guarantee.epsilon}>"
        )

    def data(self, name: str) -> bytes:
        """The bytes of one sealed file."""
        entry = self.manifest.file(name)
        data = read_file(self.path / entry.path, most=entry.bytes)
        if len(data) != entry.bytes or sha256(data) != entry.sha256:
            raise BundleError("FG-BN-026", f"{name} is not the file that was sealed: its size or hash differs")
        return data

    @cached_property
    def codebook(self) -> Codebook:
        data = self.data(CODEBOOK)
        if sha256(data) != self.manifest.codebook.sha256:
            raise BundleError("FG-BN-027", "codebook.json is not the codebook that the manifest names")
        return self.manifest.applied_to(codebooks.from_canonical(data, sealed=True))

    @cached_property
    def counts(self) -> pl.DataFrame:
        """The table of counts: length, variables, values, count, sd, low, high, status; names and values are text."""
        return formats.from_parquet(self.data(COUNTS_PARQUET), formats.COUNTS, name=COUNTS_PARQUET)[0]

    @cached_property
    def records(self) -> pl.DataFrame:
        """The synthetic records: one text column a variable, missing is null."""
        schema = formats.records_schema(self.codebook.domain)
        data = self.data(RECORDS_PARQUET)
        return formats.from_parquet(data, schema, name=RECORDS_PARQUET, rows=self.manifest.total)[0]

    @cached_property
    def statement(self) -> str:
        """The text of statement.md."""
        return self.data(STATEMENT).decode()

    def answers(self) -> Answers:
        """Everything that the release was told."""
        return measurement_file.decode(self.data(MEASUREMENTS), self.codebook.domain)

    def measurements(self) -> tuple[Measurement, ...]:
        """Every noisy table with its receipt."""
        return self.answers().measurements

    @cached_property
    def _source(self) -> Source:
        return Source(
            manifest=self.manifest,
            codebook=self.codebook,
            counts=lambda: self.counts,
            column=self._column,
            measurements=self.measurements,
            estimating=self.estimating,
        )

    def _column(self, name: str) -> npt.NDArray[np.uint16]:
        """The records' positions of one variable."""
        alone = Domain((self.codebook.domain.attribute(name),))
        return np.asarray(formats.positions_of(self.records.select(name), alone)[:, 0])


def open_bundle(path: Path | str, *, estimating: Estimating | None = None) -> Bundle:
    """Open the bundle in the folder ``path``.

    Raises BundleError FG-BN-020 to FG-BN-025 when there is none to be read, FG-BN-051 when it was withdrawn.
    """
    folder = path_of(path, "a bundle")
    if not folder.is_dir():
        raise BundleError("FG-BN-020", f"{folder} is not a folder, and a bundle is one")
    refuse_withdrawn(folder)
    data = read_file(folder / MANIFEST, most=MOST_MANIFEST_BYTES)
    return Bundle(folder, parse_manifest(data), sha256(data), estimating)
