"""How large each file of a bundle can be, told by its manifest and its codebook before any other file is opened.

The number of records bounds every table, and a CSV file of so many records is at least so long: so whoever wants a
bundle to fill the memory has to make its files as large as that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from frostglass.bundle.format.formats import longest_text, longest_value
from frostglass.bundle.format.manifest import (
    CODEBOOK,
    COUNTS_CSV,
    COUNTS_PARQUET,
    MEASUREMENTS,
    RECORDS_CSV,
    RECORDS_PARQUET,
    Manifest,
)
from frostglass.codebooks.parsing import MOST_BYTES
from frostglass.errors import BundleError
from frostglass.terms.codebook import Codebook
from frostglass.terms.domain import Domain

MOST_CODEBOOK = MOST_BYTES
"""Largest codebook.json, in bytes."""

_ANY_FILE, _A_VALUE, _WORDS, _A_NUMBER = 1_000_000, 4_000, 16, 200
"""Bytes of any file, and of a page for every value of the codebook; how often a text may repeat the codebook's words;
bytes of the numbers in a line."""


@dataclass(frozen=True)
class Sizes:
    """Bounds on the rows, the texts and the bytes of the files of one bundle."""

    manifest: Manifest
    codebook: Codebook

    @cached_property
    def _domain(self) -> Domain:
        return self.codebook.domain

    @cached_property
    def _length(self) -> int:
        return min(self.manifest.plan.length, len(self._domain))

    @cached_property
    def counts(self) -> int:
        """Most rows of the counts: every value of each variable, and of longer combinations those of the records."""
        longer = range(2, self._length + 1)
        domain, total = self._domain, self.manifest.total
        held = (min(domain.cells_of_length(each), domain.number_of_sets(each) * total) for each in longer)
        return sum(self._domain.sizes) + sum(held)

    @cached_property
    def measurements(self) -> int:
        """Most rows of the measurements: the cells of all planned tables, and the candidates."""
        wanted = self.manifest.to_plan().workload(self._domain)
        return sum(map(self._domain.cells, wanted.fixed)) + len(wanted.candidates) + wanted.chosen_cells

    def most(self, name: str) -> int:
        """Most bytes that the file ``name`` can have."""
        if name == CODEBOOK:
            return MOST_CODEBOOK
        total, text = self.manifest.total, 2 * longest_text(self._domain) + _A_NUMBER
        record = sum(2 * longest_value(each) + 3 for each in self._domain.attributes)
        bounds = {
            COUNTS_CSV: 2 * self.counts * text,
            COUNTS_PARQUET: 2 * self.counts * text,
            MEASUREMENTS: 2 * self.measurements * text,
            RECORDS_CSV: total * record,
            RECORDS_PARQUET: total * (record + 16 * len(self._domain)),
        }
        words = _WORDS * len(self.codebook.canonical) + _A_VALUE * sum(self._domain.sizes)
        return _ANY_FILE + bounds.get(name, words)

    def require(self, name: str, size: int) -> None:
        """Raise BundleError FG-BN-022 when a file of ``size`` bytes is larger than it can be, or too small."""
        if size > self.most(name):
            raise BundleError("FG-BN-022", f"{name} is larger than the {self.most(name):,} bytes it may have")
        least = self.manifest.total * max(len(self._domain), 2)
        if name == RECORDS_CSV and size < least:
            raise BundleError(
                "FG-BN-022", f"{name} is too small for the {self.manifest.total:,} records it should hold"
            )
