"""The tables that methods run on: as frostglass reads them, and as positions for everybody else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import frames
from benchmarks.measures import Codes
from frostglass import codebooks
from frostglass.simulate.coded import write_coded_table
from frostglass.terms.codebook import Codebook

SIMULATED_RECORDS, SIMULATED_SEED = 17_500, 7
ADULT_CODEBOOK = Path(__file__).parent / "adult.toml"


@dataclass(frozen=True)
class Table:
    """A coded table in a file, its codebook by id or path, and whether structural constraints are enforced."""

    name: str
    title: str
    data: Path
    source: str
    structural: bool

    @cached_property
    def codebook(self) -> Codebook:
        """Every variable may be missing in it, as in what others release; a release of ours reads the codebook anew."""
        return codebooks.load(self.source).with_missing_everywhere()

    @cached_property
    def truth(self) -> Codes:
        """One row a record, one column a variable: positions in the codebook, missing at 0."""
        if self.positions.exists():
            made: Codes = np.load(self.positions).astype(np.uint16)
            return made
        frame = pl.read_parquet(self.data) if self.data.suffix == ".parquet" else read_texts(self.data)
        return frames.codes(frame, self.codebook)

    @property
    def positions(self) -> Path:
        """Where the positions of a table lie that was made with them."""
        return self.data.with_suffix(".npy")

    @property
    def sizes(self) -> tuple[int, ...]:
        return self.codebook.domain.sizes

    @cached_property
    def digest(self) -> str:
        """Of the data and the codebook: whatever was found out about another table does not count."""
        with self.data.open("rb") as stream:
            return hashlib.sha256(
                hashlib.file_digest(stream, "sha256").digest() + self.codebook.sha256.encode()
            ).hexdigest()

    def write_positions(self, path: Path) -> None:
        """Write the records as ``peers.task`` describes; missing is empty."""
        columns = {name: self.truth[:, place] for place, name in enumerate(self.codebook.domain.names)}
        pl.DataFrame(columns).with_columns(pl.all().replace(0, None)).write_csv(path)


def read_texts(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


def vp(folder: Path) -> Table:
    """The published table breaks three of its codebook's constraints, so they are left unenforced."""
    path = folder / "vp_published.csv"
    return Table("vp", "The published victim-perpetrator table", path, "ctdc-vp-1", structural=False)


def adult(folder: Path) -> Table:
    path = folder / "adult.csv"
    return Table("adult", "The Adult census extract, wide columns in 16 bins", path, str(ADULT_CODEBOOK), True)


def simulated(work: Path) -> Table:
    """A table in the place of the published one, from the model in ``frostglass.simulate``."""
    path = work / "simulated.csv"
    if not path.exists():
        write_coded_table(path, SIMULATED_RECORDS, SIMULATED_SEED)
    return Table("simulated", "A simulated victim-perpetrator table", path, "ctdc-vp-1", structural=True)


IN_FOLDER: dict[str, Callable[[Path], Table]] = {"vp": vp, "adult": adult}


def all_tables(folder: Path | None, work: Path) -> list[Table]:
    """The tables that are there: those of the data folder, and a simulated one for lack of the published one."""
    held = [make(folder) for make in IN_FOLDER.values()] if folder else []
    there = [table for table in held if table.data.exists()]
    return there if any(table.name == "vp" for table in there) else [simulated(work), *there]
