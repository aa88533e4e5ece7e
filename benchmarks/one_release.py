"""One whole release in a process of its own, so that its time and its memory are its own."""

from __future__ import annotations

import json
import multiprocessing
import resource
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import polars as pl

import frostglass
from frostglass import codebooks

DELTA = Fraction(47, 10**7)
"""Delta of every release here: fixed and public, as a delta has to be."""

SCOPE = "benchmark"


@dataclass(frozen=True)
class Job:
    """What to release; ``folder`` is made, and takes the ledger, the bundle and figures.json."""

    data: Path
    codebook: str
    epsilon: str
    seed: int
    structural: bool
    folder: Path

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"


def run(job: Job) -> dict[str, float]:
    """Release in a fresh interpreter; seconds of wall and processor time, and the peak memory in MB."""
    process = multiprocessing.get_context("spawn").Process(target=_release, args=(job,))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise SystemExit(f"the release at epsilon {job.epsilon} did not come through: see above")
    figures: dict[str, float] = json.loads((job.folder / "figures.json").read_text())
    return figures


def _release(job: Job) -> None:
    job.folder.mkdir()
    table = pl.read_csv(job.data, infer_schema=False)
    codebook = codebooks.load(job.codebook)
    ledger = frostglass.Ledger.create(job.folder / "ledger.db")
    ledger.open_scope(SCOPE, epsilon=Fraction(job.epsilon), delta=DELTA, reason="benchmark")
    wall, processor = time.perf_counter(), time.process_time()
    frostglass.release(
        table,
        codebook,
        epsilon=job.epsilon,
        scope=SCOPE,
        ledger=ledger,
        structural=job.structural,
        random_state=job.seed,
        out=job.bundle,
    )
    figures = {
        "seconds": time.perf_counter() - wall,
        "processor_seconds": time.process_time() - processor,
        "peak_mb": _peak_memory(),
    }
    (job.folder / "figures.json").write_text(json.dumps(figures))


def _peak_memory() -> float:
    """Most memory of this process so far, in MB of 10**6 bytes.

    Linux hands getrusage's figure down from the parent, so the kernel's own high-water mark comes first.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
