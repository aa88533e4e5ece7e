"""Time and memory of reducing a table to weighted unique rows, and of counting all its tables, by number of records.

``python -m benchmarks.counting --records 1000000,10000000 --kinds parquet,csv``. The table is a simulated one whose
rows are drawn anew, with 3% of the cells replaced by another value of their variable at random; it is written in chunks
to a temporary folder, and read in parts by a process of its own. "Floor" is what that process held before it read; the
columns of tables are processor time.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from frostglass import codebooks
from frostglass.counting.tally import tally
from frostglass.sensitive.coding.check import encode
from frostglass.sensitive.coding.intake import opened
from frostglass.simulate.coded import coded_table
from frostglass.tables.readers import Large
from frostglass.terms.codebook import Codebook
from frostglass.terms.unit import PrivacyUnit

CODEBOOK, SIMULATED_RECORDS, SEED = "ctdc-vp-1", 21_000, 7
REPLACED = 0.03
CHUNK = 1_000_000

IN_PARTS = Large(rows=0, size=0)
"""Whatever the size."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.counting", description=__doc__)
    parser.add_argument("--records", default="1000000,10000000", help="numbers of records, separated by commas")
    parser.add_argument("--kinds", default="parquet,csv", help="parquet, csv or both")
    parser.add_argument("--folder", type=Path, help="where the files are written (default: the temporary folder)")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.measure is not None:
        print(json.dumps(measured(options.measure)))
        return
    print("| records | file | MB | different rows | wall s | processor s | 3-way s | 4-way s | peak MB | floor MB |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for records in map(int, options.records.split(",")):
        for kind in options.kinds.split(","):
            with tempfile.TemporaryDirectory(dir=options.folder) as name:
                path = Path(name) / f"table.{kind}"
                write(path, records)
                _row(records, kind, path)


def write(path: Path, records: int) -> None:
    """Write the table as Parquet, or as CSV where the name says so; the same number gives the same table."""
    texts = _texts()
    if path.suffix == ".csv":
        with path.open("wb") as file:
            for number, chunk in enumerate(_chunks(texts, records)):
                columns = [pl.Series(name, texts[name]).gather(codes) for name, codes in chunk.items()]
                pl.DataFrame(columns).write_csv(file, include_header=number == 0)
        return
    kind = pa.dictionary(pa.uint16(), pa.string())
    schema = pa.schema([(name, kind) for name in texts])
    with pq.ParquetWriter(path, schema, store_schema=False) as writer:  # so that it is read as plain text
        for chunk in _chunks(texts, records):
            columns = [_encoded(codes, texts[name]) for name, codes in chunk.items()]
            writer.write_table(pa.table(columns, schema=schema))


def _encoded(codes: npt.NDArray[np.uint16], texts: list[str | None]) -> pa.DictionaryArray:
    """Missing as null, which Arrow's writer wants beside the positions."""
    missing = codes == 0
    positions = np.where(missing, np.uint16(0), codes - np.uint16(1))
    return pa.DictionaryArray.from_arrays(pa.array(positions, mask=missing), texts[1:])


def _texts() -> dict[str, list[str | None]]:
    """The values of each column, missing first."""
    return {one.name: [None, *one.codes] for one in codebooks.load(CODEBOOK).variables}


def _chunks(texts: Mapping[str, list[str | None]], records: int) -> Iterator[dict[str, npt.NDArray[np.uint16]]]:
    """The positions of each column's cells among its texts."""
    base = coded_table(SIMULATED_RECORDS, SEED)
    codes = {
        name: base[name].replace_strict(values[1:], range(1, len(values)), default=0, return_dtype=pl.UInt16).to_numpy()
        for name, values in texts.items()
    }
    generator = np.random.default_rng(SEED)
    for first in range(0, records, CHUNK):
        number = min(CHUNK, records - first)
        drawn = generator.integers(SIMULATED_RECORDS, size=number)
        chunk = {}
        for name, values in texts.items():
            chunk[name] = codes[name][drawn]
            replaced = generator.integers(number, size=round(REPLACED * number))
            chunk[name][replaced] = generator.integers(len(values), size=len(replaced))
        yield chunk


def measured(path: Path) -> dict[str, float]:
    """Seconds and MB of reducing the file and counting, in this process."""
    book = codebooks.load(CODEBOOK)
    _warm(book)
    floor = _peak()
    began, worked = time.perf_counter(), time.process_time()
    with opened(path, large=IN_PARTS) as table:
        coded = encode(table, book, unit=PrivacyUnit(book.unit), structural=False).reveal()
    seconds = {"wall": time.perf_counter() - began, "processor": time.process_time() - worked}
    sizes = coded.domain.sizes
    for order in (3, 4):
        start = time.process_time()
        for axes in combinations(range(len(sizes)), order):
            tally(coded.rows.codes, axes, tuple(sizes[axis] for axis in axes), coded.rows.weights)
        seconds[f"order_{order}"] = time.process_time() - start
    found = {"records": coded.rows.records, "rows": len(coded.rows)}
    return {**found, **seconds, "peak": _peak(), "floor": floor}


def _warm(book: Codebook) -> None:
    """Compile or load the kernels, so that the figures are those of every run but the first."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "small.csv"
        write(path, 100)
        with opened(path, large=IN_PARTS) as table:
            coded = encode(table, book, unit=PrivacyUnit(book.unit), structural=False).reveal()
    for order in (3, 4):
        tally(coded.rows.codes, tuple(range(order)), coded.domain.sizes[:order], coded.rows.weights)


def _peak() -> float:
    """Most MB that this process held. On Linux the system's own figure counts what started the process in."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return float(line.split()[1]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _row(records: int, kind: str, path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.counting", "--measure", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["records"] == records
    cells = [
        f"{records:,}",
        kind,
        f"{path.stat().st_size / 1e6:,.0f}",
        f"{found['rows']:,}",
        *(f"{found[name]:.2f}" for name in ("wall", "processor", "order_3", "order_4")),
        *(f"{found[name]:,.0f}" for name in ("peak", "floor")),
    ]
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
