"""A bundle, opened: its files are checked against the manifest as they are read, and read only when asked for."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Self

import polars as pl

from frostglass.bundle.format import formats, measurement_file
from frostglass.bundle.format.files import digest, open_plain, read_file, sha256, size_of, state
from frostglass.bundle.format.manifest import (
    CODEBOOK,
    COUNTS_PARQUET,
    MANIFEST,
    MEASUREMENTS,
    MOST_MANIFEST_BYTES,
    RECORDS_CSV,
    RECORDS_PARQUET,
    STATEMENT,
    Manifest,
    parse_manifest,
)
from frostglass.bundle.format.record_files import codes_in_parquet, counted, records_table
from frostglass.bundle.format.recount import require_counted
from frostglass.bundle.format.sizes import MOST_CODEBOOK, Sizes
from frostglass.bundle.withdrawal import refuse_withdrawn
from frostglass.errors import BundleError
from frostglass.released.answers import Answers
from frostglass.released.measurement import Measurement
from frostglass.released.synthetic import CountedRecords
from frostglass.terms.arguments import path as path_of
from frostglass.terms.codebook import Codebook

MANY_ROWS = 1_000_000
"""So many rows are compared with what the records call for before they are all decoded."""


@dataclass(frozen=True, repr=False)
class Bundle:
    """A sealed folder. Whatever is read from it has the size and hash that the manifest states.

    Every property but ``path``, ``manifest`` and ``manifest_sha256`` raises BundleError when its file is missing,
    changed or not what it should be.
    """

    path: Path
    manifest: Manifest
    manifest_sha256: str

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open the bundle in the folder ``path``.

        Raises BundleError FG-BN-020 to FG-BN-025 when there is none to be read, FG-BN-051 when it was withdrawn.
        """
        folder = path_of(path, "a bundle")
        if not folder.is_dir():
            raise BundleError("FG-BN-020", f"{folder} is not a folder, and a bundle is one")
        refuse_withdrawn(folder)
        data = read_file(folder / MANIFEST, most=MOST_MANIFEST_BYTES)
        return cls(folder, parse_manifest(data), sha256(data))

    def __repr__(self) -> str:
        return (
            f"<bundle {self.manifest.release_id}: {self.manifest.total:,} records, "
            f"counts up to length {self.manifest.plan.length}, epsilon {self.manifest.guarantee.epsilon}>"
        )

    def data(self, name: str) -> bytes:
        """The bytes of one sealed file."""
        entry = self.manifest.file(name)
        data = read_file(self.path / entry.path, most=min(entry.bytes, self._most(name)))
        if len(data) != entry.bytes or sha256(data) != entry.sha256:
            raise BundleError("FG-BN-026", f"{name} is not the file that was sealed: its size or hash differs")
        return data

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """One sealed file, to be read in parts: it is the right one at the beginning, and did not change by the end."""
        entry = self.manifest.file(name)
        with open_plain(self.path / entry.path, most=entry.bytes) as (file, _):
            before = state(file)
            if digest(file) != entry.stored:
                raise BundleError("FG-BN-026", f"{name} is not the file that was sealed: its size or hash differs")
            yield file
            if state(file) != before:
                raise BundleError("FG-BN-026", f"{name} changed while it was read")

    @cached_property
    def codebook(self) -> Codebook:
        data = self.data(CODEBOOK)
        if sha256(data) != self.manifest.codebook.sha256:
            raise BundleError("FG-BN-027", "codebook.json is not the codebook that the manifest names")
        return self.manifest.codebook_in(data)

    @cached_property
    def _sizes(self) -> Sizes:
        return Sizes(self.manifest, self.codebook)

    def _most(self, name: str) -> int:
        return MOST_CODEBOOK if name == CODEBOOK else self._sizes.most(name)

    @cached_property
    def counts(self) -> pl.DataFrame:
        """The table of counts: length, variables, values, count, sd, low, high, status; names and values are text."""
        domain, data, most = self.codebook.domain, self.data(COUNTS_PARQUET), self._sizes.counts
        longest = formats.longest_text(domain)
        packed = formats.PackedTable(io.BytesIO(data), formats.COUNTS, name=COUNTS_PARQUET, most=most, longest=longest)
        if packed.rows > MANY_ROWS:
            require_counted(packed.batches(), self.counted_records(), self.manifest.plan.length, self.manifest.tau)
        return packed.whole()

    @cached_property
    def records(self) -> pl.DataFrame:
        """The synthetic records: one text column a variable, missing is null."""
        with self.records_table() as table:
            return table.whole()

    def counted_records(self) -> CountedRecords:
        """The synthetic records as positions, the different ones with their numbers, in no order."""
        domain = self.codebook.domain
        with self.records_table() as table:
            return counted(codes_in_parquet(table, domain), domain)

    @contextmanager
    def records_table(self) -> Iterator[formats.PackedTable]:
        """The synthetic records, to be read in parts."""
        self._sizes.require(RECORDS_CSV, size_of(self.path / RECORDS_CSV))
        with self.opened(RECORDS_PARQUET) as file:
            yield records_table(file, self.codebook.domain, rows=self.manifest.total)

    @cached_property
    def statement(self) -> str:
        """The text of statement.md."""
        return self.data(STATEMENT).decode()

    def answers(self) -> Answers:
        """Everything that the release was told."""
        return measurement_file.decode(self.data(MEASUREMENTS), self.codebook.domain, most=self._sizes.measurements)

    def measurements(self) -> tuple[Measurement, ...]:
        """Every noisy table with its receipt."""
        return self.answers().measurements
