"""A bundle that can be asked: what ``frostglass.open_bundle`` gives."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from frostglass.bundle import read
from frostglass.bundle.format.record_files import codes_in_parquet
from frostglass.reporting.questions import Questions
from frostglass.reporting.source import Source


class Bundle(Questions, read.Bundle):
    """A sealed folder, and what may be asked of it."""

    @cached_property
    def _source(self) -> Source:
        return Source(
            manifest=self.manifest,
            codebook=self.codebook,
            counts=lambda: self.counts,
            column=self._column,
            measurements=self.measurements,
        )

    def _column(self, name: str) -> npt.NDArray[np.uint16]:
        """The records' positions of one variable."""
        domain = self.codebook.domain
        with self.records_table() as table:
            parts = list(codes_in_parquet(table, domain, [domain.place(name)]))
        return np.concatenate([np.zeros(0, dtype=np.uint16), *(part[:, 0] for part in parts)])


def open_bundle(path: Path | str) -> Bundle:
    """Open the bundle in the folder ``path``; BundleError FG-BN-020 to FG-BN-025 when there is none to be read."""
    return Bundle.open(path)
