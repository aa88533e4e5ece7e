"""What a peer is asked to do, and what it answers. The standard library alone: every environment runs this.

The table is a CSV of whole numbers with a heading: a recorded value is its position in the codebook, from 1, and a
missing one is empty. So no peer has to know a codebook, and none meets a text that means something to it.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.meter import Cost

JOIN = "|"
Options = Mapping[str, str | int | float | bool]


@dataclass(frozen=True)
class Task:
    """``sizes``: how many recorded values each column may have. ``epsilon`` is a decimal number.

    ``folder`` takes the answer."""

    data: Path
    sizes: Mapping[str, int]
    epsilon: str
    delta: float
    seed: int
    options: Options
    folder: Path

    @property
    def records(self) -> Path:
        return self.folder / "records.csv"

    @property
    def counts(self) -> Path:
        """One row a released combination: its columns and values joined with ``|``, and the count."""
        return self.folder / "counts.csv"

    @property
    def costs(self) -> Path:
        return self.folder / "costs.json"

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), default=str))


def read_task(path: Path) -> Task:
    held = json.loads(path.read_text())
    return Task(**held | {"data": Path(held["data"]), "folder": Path(held["folder"])})


def answer(run: Callable[[Task], Mapping[str, Cost]]) -> None:
    """Do the task that the command line names, and write what its parts cost."""
    task = read_task(Path(sys.argv[1]))
    costs = run(task)
    task.costs.write_text(json.dumps({part: cost.as_json() for part, cost in costs.items()}))


def write_rows(path: Path, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([heading, *rows])
