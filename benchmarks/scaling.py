"""How time, memory and error grow with the records, the columns and the reporting length.

The tables are grown from a base: its rows drawn anew with one cell in 33 replaced by any value of its column, so that
there are new combinations, as in a larger table; and a second half of columns that are disturbed copies of the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.jobs import Job
from benchmarks.measures import Codes
from benchmarks.methods import FROSTGLASS, PAC_SYNTH, Method
from benchmarks.tables import Table

EPSILON = "1"
RECORDS = (21_000, 100_000, 500_000, 1_000_000, 10_000_000)
COLUMNS = (16, 32)
LENGTHS = (1, 2, 3, 4)
PEER = PAC_SYNTH
PEER_RECORDS = 500_000
"""Up to so many records the peer is asked as well."""

PEER_SAMPLE = 20_000
"""So many records are drawn from the peer's model, whatever the size: its time grows with what is drawn."""

WIDE_CODEBOOK, WIDE_RECORDS, CLASSES = "ctdc-global", 200_000, 40
"""Of the table with many categories: 27 variables, two of them with 196 values."""

REPLACED = 0.03
COPY_DISTURBED = 0.2
_CHUNK = 500_000


@dataclass(frozen=True)
class Case:
    """One job, and what grows in its series."""

    grows: str
    records: int
    columns: int
    length: int
    job: Job


def cases(base: Table, work: Path, *, with_peer: bool, most_records: int, time_limit: int) -> Iterator[Case]:
    """Smallest first; the tables are made when their turn comes."""
    for number in (number for number in RECORDS if number <= most_records):
        table = grown(base, number, len(base.sizes), work)
        methods = [FROSTGLASS.with_options(length=3)]
        if with_peer and number <= PEER_RECORDS:
            methods.append(PEER.with_options(records=PEER_SAMPLE))
        for method in methods:
            yield Case("records", number, len(base.sizes), 3, _job(table, method, 3, work, time_limit))
    for columns in COLUMNS:
        table = grown(base, RECORDS[0], columns, work)
        yield Case("columns", RECORDS[0], columns, 3, _job(table, FROSTGLASS, 3, work, time_limit))
    if most_records >= WIDE_RECORDS:
        table = wide(work)
        job = _job(table, FROSTGLASS, 3, work, time_limit)
        yield Case("categories", WIDE_RECORDS, len(table.sizes), 3, job)
    table = grown(base, RECORDS[0], len(base.sizes), work)
    for length in LENGTHS:
        yield Case("length", RECORDS[0], len(base.sizes), length, _job(table, FROSTGLASS, length, work, time_limit))


def _job(table: Table, method: Method, length: int, work: Path, time_limit: int) -> Job:
    """The job in a place of its own for each length."""
    asked = method.with_options(length=length)
    named = Method(f"{asked.name}-{length}", asked.title, asked.module, asked.environment, asked.options)
    return Job(table, named, EPSILON, 0, work, time_limit)


def grown(base: Table, records: int, columns: int, work: Path) -> Table:
    """A table of ``records`` and ``columns`` grown from ``base``, with a codebook of its own; written if not there."""
    name = f"{base.name}-{records}x{columns}"
    folder = work / "tables"
    table = Table(name, name, folder / f"{name}.parquet", str(folder / f"{name}.toml"), structural=False)
    sizes, names = _repeated(base.sizes, columns), _names(base, columns)
    if not table.data.exists():
        folder.mkdir(parents=True, exist_ok=True)
        Path(table.source).write_text(codebook_text(name, dict(zip(names, sizes, strict=True))))
        _write(table, sizes, names, base.truth, records)
    return table


def wide(work: Path) -> Table:
    """A table for the widest codebook that is shipped, drawn from a model of latent classes; written if not there.

    Each class has its own shares of the values of each variable, most of them on few values.
    """
    name, folder = f"{WIDE_CODEBOOK}-{WIDE_RECORDS}", work / "tables"
    table = Table(name, name, folder / f"{name}.parquet", WIDE_CODEBOOK, structural=False)
    if not table.data.exists():
        folder.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(1)
        of_class = generator.choice(CLASSES, WIDE_RECORDS, p=generator.dirichlet(np.full(CLASSES, 0.5)))
        columns = [_by_class(of_class, size, generator) for size in table.sizes]
        labels = [pa.array(each.texts, pa.string()) for each in table.codebook.domain.attributes]
        texts = [values.take(pa.array(column)) for values, column in zip(labels, columns, strict=True)]
        pq.write_table(pa.table(texts, names=list(table.codebook.domain.names)), table.data)
        np.save(table.positions, np.stack(columns, axis=1))
    return table


def _by_class(of_class: npt.NDArray[np.int64], size: int, generator: np.random.Generator) -> npt.NDArray[np.uint16]:
    rarer = size * 0.15 / np.arange(1, size + 1) ** 1.2 + 1e-3
    edges = np.cumsum([generator.dirichlet(rarer) for _ in range(CLASSES)], axis=1)
    mark = generator.random(len(of_class))
    column = np.empty(len(of_class), dtype=np.uint16)
    for number in range(CLASSES):
        mine = of_class == number
        column[mine] = np.minimum(np.searchsorted(edges[number], mark[mine]), size - 1)
    return column


def _repeated(sizes: tuple[int, ...], columns: int) -> tuple[int, ...]:
    return tuple(sizes[place % len(sizes)] for place in range(columns))


def _names(base: Table, columns: int) -> tuple[str, ...]:
    own = base.codebook.domain.names
    return tuple(
        own[place % len(own)] + (f"_{place // len(own) + 1}" * (place >= len(own))) for place in range(columns)
    )


def _write(table: Table, sizes: tuple[int, ...], names: tuple[str, ...], truth: Codes, records: int) -> None:
    """Write the Parquet file in chunks, and the positions beside it; the former last, under its name when whole."""
    beside = table.data.with_suffix(".new")
    generator = np.random.default_rng(records + len(sizes))
    kept = np.empty((records, len(sizes)), dtype=np.uint8)
    with pq.ParquetWriter(beside, pa.schema([(name, pa.string()) for name in names])) as writer:
        for start in range(0, records, _CHUNK):
            chunk = grown_rows(truth, sizes, min(_CHUNK, records - start), generator)
            kept[start : start + len(chunk)] = chunk
            columns = [_texts(chunk[:, place], size) for place, size in enumerate(sizes)]
            writer.write_table(pa.table(columns, names=list(names)))
    np.save(table.positions, kept)
    beside.replace(table.data)


def grown_rows(truth: Codes, sizes: tuple[int, ...], records: int, generator: np.random.Generator) -> Codes:
    """Rows of ``truth`` drawn anew, widened with disturbed copies to as many columns as there are sizes."""
    drawn = truth[generator.integers(len(truth), size=records)]
    parts = [drawn]
    while sum(part.shape[1] for part in parts) < len(sizes):
        other = truth[generator.integers(len(truth), size=records)]
        parts.append(np.where(generator.random(drawn.shape) < COPY_DISTURBED, other, drawn))
    rows: Codes = np.concatenate(parts, axis=1)[:, : len(sizes)]
    anything = (generator.random(rows.shape) * np.array(sizes)).astype(np.uint16)
    return np.where(generator.random(rows.shape) < REPLACED, anything, rows).astype(np.uint16)


def _texts(positions: npt.NDArray[np.uint16], size: int) -> pa.Array:
    labels = pa.array([None, *(str(value) for value in range(1, size))], pa.string())
    return labels.take(pa.array(positions))


def codebook_text(name: str, sizes: dict[str, int]) -> str:
    """A codebook in which values are numbers from 1, and a variable with one value is a flag; sizes include missing."""
    head = [
        "[codebook]",
        f'id = "{name}"',
        'version = "1"',
        f'title = "{name}"',
        'date = "2025-01-01"',
        'language = "en"',
        'publisher = "benchmark"',
        'unit = "person"',
        'privacy_unit = "person (one record per person)"',
        'set_separator = ";"',
        'missing_in = [""]',
    ]
    for variable, size in sizes.items():
        head += ["", "[[variable]]", f'name = "{variable}"', f'label = "{variable}"']
        values = ", ".join(f'"{value}"' for value in range(1, size))
        head += ['type = "flag"'] if size == 2 else ['type = "nominal"', f"categories = [{values}]"]
    return "\n".join(head) + "\n"
