"""Counts and records as tables, and tables as CSV and Parquet bytes. CSV and Parquet hold the same content."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, groupby
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from frostglass.bundle.format.files import Sink
from frostglass.bundle.format.manifest import OLDEST
from frostglass.bundle.format.parquet_pages import MOST_PAGES, ROWS_A_PAGE, PageError, packed
from frostglass.errors import BundleError
from frostglass.released.counts import RELEASED, WITHHELD, CountBlock, Counts, Shares
from frostglass.released.synthetic import SyntheticRecords
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import JOIN, Attribute, Domain
from frostglass.terms.workload import LENGTHS

Schema: TypeAlias = Mapping[str, pl.DataType]
"""Columns of a table, in order, with their types."""

COUNTS: Schema = {
    "length": pl.Int64(),
    "variables": pl.String(),
    "values": pl.String(),
    "count": pl.Int64(),
    "sd": pl.Float64(),
    "low": pl.Int64(),
    "high": pl.Int64(),
    "status": pl.String(),
}
"""Columns of counts.parquet."""

SHARES: Schema = {"share": pl.Float64(), "share_low": pl.Float64(), "share_high": pl.Float64(), "out_of": pl.Int64()}
"""Further columns of counts.csv, which holds what is stated and nothing else."""

STATED: Schema = {**COUNTS, **SHARES}
"""Columns of counts.csv."""


def counts_in_csv(number: int) -> Schema:
    """Columns of counts.csv in a bundle of this format: format 2 had what is withheld as well, and no shares."""
    return COUNTS if number == OLDEST else STATED


Columns: TypeAlias = Mapping[str, npt.NDArray[np.generic]]
"""Further columns of the rows of one block."""

SD_DECIMALS = 2

MOST_ROWS, LONGEST_TEXT = 50_000_000, 4_000
"""Most rows of a Parquet file, and most bytes of a text in it, where nothing more is known of it."""

BATCH_ROWS, _PART = 65_536, 2**20
"""Rows that are decoded at a time, and bytes of a file, or of one of its columns, that are read at a time."""

CELLS_AT_A_TIME = 2**22
"""Cells of a table that are in memory at a time while it is written, where it is not very wide: some 150 MB as text."""

_A_COLUMN, _LEAST_GROUP, _LONGEST_STATISTIC = 65_536, 20_000, 4_096
"""Bytes that a column may take whatever its rows; fewest rows of a group but the last, and the longest text that
Arrow's writer keeps of each."""

_MOST_JOINED, _LONGEST_FRACTION = max(LENGTHS), 220
"""Most names, or values, in one text, and the longest text of an exact fraction in the measurements."""

_ARROW = {pl.String(): "string", pl.Int64(): "int64", pl.Int32(): "int32", pl.Float64(): "double"}
"""Arrow's names of the types of columns."""


def records_schema(domain: Domain) -> Schema:
    """Columns of synthetic.csv and synthetic.parquet: text, in the codebook's order."""
    return dict.fromkeys(domain.names, pl.String())


def joined_names(domain: Domain, attributes: AttributeSet) -> str:
    """The names of ``attributes`` as the counts write them, in the domain's order."""
    return JOIN.join(domain.names[axis] for axis in domain.axes(attributes))


class Labels:
    """Writes many combinations of values at once, as the counts write them."""

    def __init__(self, domain: Domain) -> None:
        self._texts = pl.Series(
            [value for attribute in domain.attributes for value in attribute.values], dtype=pl.String
        )
        self._first = np.concatenate([[0], np.cumsum(domain.sizes)[:-1]]).astype(np.int64)

    def joined(self, axes: npt.NDArray[np.int64], positions: npt.NDArray[np.uint16]) -> pl.Series:
        """One text a row of ``positions``, whose columns belong to the domain's columns ``axes`` (same shape)."""
        places = self._first[axes] + positions
        columns = [self._texts.gather(places[:, each]).alias(str(each)) for each in range(places.shape[1])]
        return pl.DataFrame(columns).select(pl.concat_str(pl.all(), separator=JOIN)).to_series()


def longest_text(domain: Domain) -> int:
    """Bytes of the longest text that the counts or the measurements can hold: names, values, or an exact fraction."""
    names = sorted((len(each.encode()) for each in domain.names), reverse=True)
    values = sorted(map(longest_value, domain.attributes), reverse=True)
    return max(sum(names[:_MOST_JOINED]) + _MOST_JOINED, sum(values[:_MOST_JOINED]) + _MOST_JOINED, _LONGEST_FRACTION)


def longest_value(attribute: Attribute) -> int:
    """Bytes of the longest value of one variable, as the counts write it."""
    return max(len(value.encode()) for value in attribute.values)


def counts_frame(counts: Counts) -> pl.DataFrame:
    """The published table of counts: withheld rows have no count, and ``sd`` has two decimals."""
    return _all_rows(counts, [{} for _ in counts.blocks], COUNTS)


def stated_frame(counts: Counts) -> pl.DataFrame:
    """The counts that are stated, in the same order, with their shares, which ``counts`` come with."""
    shares = [_share_columns(each) for each in counts.shares]
    return _all_rows(counts, shares, STATED).filter(pl.col("status") == RELEASED)


def _share_columns(shares: Shares) -> Columns:
    return {"share": shares.share, "share_low": shares.low, "share_high": shares.high, "out_of": shares.out_of}


def _all_rows(counts: Counts, further: Sequence[Columns], schema: Schema) -> pl.DataFrame:
    labels, parts = Labels(counts.domain), [pl.DataFrame(schema=schema)]
    by_length = groupby(zip(counts.blocks, further, strict=True), key=lambda each: len(each[0].attributes))
    parts += [_rows(counts.domain, labels, length, list(blocks)) for length, blocks in by_length]
    return pl.concat([part.select(*schema).cast(pl.Schema(schema)) for part in parts])


def _rows(domain: Domain, labels: Labels, length: int, listed: list[tuple[CountBlock, Columns]]) -> pl.DataFrame:
    blocks, further = [block for block, _ in listed], [columns for _, columns in listed]
    heights = [len(block.count) for block in blocks]
    block_of = np.repeat(np.arange(len(blocks)), heights)
    axes = np.array([domain.axes(block.attributes) for block in blocks], dtype=np.int64)
    positions = np.concatenate([block.positions for block in blocks])
    released = pl.Series(np.concatenate([block.released for block in blocks]))
    order = np.lexsort((*reversed(positions.T), block_of))
    frame = pl.DataFrame(
        {
            "length": np.full(len(block_of), length, dtype=np.int64),
            "variables": pl.Series([joined_names(domain, each.attributes) for each in blocks]).gather(block_of),
            "values": labels.joined(axes[block_of], positions),
            "count": np.concatenate([block.count for block in blocks]),
            "sd": np.round(np.concatenate([block.sd for block in blocks]), SD_DECIMALS),
            "low": np.concatenate([block.low for block in blocks]),
            "high": np.concatenate([block.high for block in blocks]),
            **{name: np.concatenate([columns[name] for columns in further]) for name in further[0]},
        }
    )
    return frame.with_columns(
        pl.when(released).then(pl.col("count")).alias("count"),
        pl.col(pl.Float64).fill_nan(None),
        pl.when(released).then(pl.lit(RELEASED)).otherwise(pl.lit(WITHHELD)).alias("status"),
    )[order]


def records_frame(records: SyntheticRecords) -> pl.DataFrame:
    """The records as codes; missing is null."""
    return _codes_frame(records.codes, records.domain)


def record_parts(records: SyntheticRecords) -> Iterator[pl.DataFrame]:
    """The same in parts, in order: as many rows at a time as ``rows_at_a_time`` says."""
    return (_codes_frame(codes, records.domain) for codes in records.parts(rows_at_a_time(len(records.domain))))


def _codes_frame(codes: npt.NDArray[np.uint16], domain: Domain) -> pl.DataFrame:
    texts = [pl.Series(each.name, each.texts, dtype=pl.String) for each in domain.attributes]
    return pl.DataFrame([each.gather(codes[:, place]) for place, each in enumerate(texts)])


def rows_at_a_time(columns: int) -> int:
    """How many rows of a table are in memory at a time when it is written or read: so many cells. Nothing else decides
    it, so that a table is always written as the same bytes."""
    return max(CELLS_AT_A_TIME // columns, _LEAST_GROUP)


def in_parts(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The rows of ``frame`` in order, so many at a time; of none there is one part."""
    rows = rows_at_a_time(frame.width)
    return (frame[start : start + rows] for start in range(0, frame.height or 1, rows))


def write_csv(parts: Iterable[pl.DataFrame], file: Sink) -> None:
    """Write the table that the ``parts`` are in order, at least one: the same bytes whatever the parts."""
    for number, part in enumerate(parts):
        file.write(to_csv(part, header=number == 0))


def to_csv(frame: pl.DataFrame, *, header: bool = True) -> bytes:
    """CSV in UTF-8 with LF, quoted only where needed; null is empty.

    In a table of one column an empty line would be skipped by readers, so there a null is written as ``""``.
    """
    if frame.width == 1:
        frame = frame.select(pl.all().fill_null(""))
    return frame.write_csv(line_terminator="\n", quote_style="necessary", include_header=header).encode()


def from_csv(data: bytes, schema: Schema, *, name: str) -> pl.DataFrame:
    """The table in ``data``; empty text is null. BundleError FG-BN-030 when it is not a table of ``schema``."""
    batches = csv_batches(io.BytesIO(data), schema, name=name)
    return pl.concat([pl.DataFrame(schema=schema), *(_frame_of(batch, schema) for batch in batches)])


def csv_batches(file: BinaryIO, schema: Schema, *, name: str) -> Iterator[pa.RecordBatch]:
    """The rows of an open CSV file in order, some thousands at a time, each text with its place among the different
    ones; empty text is null. BundleError FG-BN-030 when it is not a table of ``schema``."""
    header = to_csv(pl.DataFrame(schema=schema))
    if file.read(len(header)) != header or (len(schema) > 1 and _has_empty_line(file)):
        raise BundleError(
            "FG-BN-030", f"{name} does not begin with the columns {', '.join(schema)}, or has empty lines"
        )
    file.seek(0)
    listed = pa.dictionary(pa.int32(), pa.string())
    convert = pa_csv.ConvertOptions(
        column_types={column: listed if kind == pl.String else _ARROW[kind] for column, kind in schema.items()},
        null_values=[""],
        strings_can_be_null=True,
    )
    parse = pa_csv.ParseOptions(ignore_empty_lines=False)
    read = pa_csv.ReadOptions(use_threads=False)
    try:
        with pa_csv.open_csv(file, read_options=read, parse_options=parse, convert_options=convert) as reader:
            yield from reader
    except (pa.ArrowException, ValueError):
        raise BundleError("FG-BN-030", f"{name} is not a table of the columns {', '.join(schema)}") from None


def _has_empty_line(file: BinaryIO) -> bool:
    """Whether there is one in what follows a line's end."""
    last = b"\n"
    while part := file.read(_PART):
        if b"\n\n" in last + part:
            return True
        last = part[-1:]
    return False


def _frame_of(batch: pa.RecordBatch, schema: Schema) -> pl.DataFrame:
    return pl.DataFrame(batch).cast(pl.Schema(schema))


def to_parquet(frame: pl.DataFrame, metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of ``write_parquet``."""
    buffer = io.BytesIO()
    write_parquet(in_parts(frame), buffer, metadata)
    return buffer.getvalue()


def write_parquet(parts: Iterator[pl.DataFrame], file: Sink, metadata: Mapping[str, str] | None = None) -> None:
    """Write the table that the ``parts`` are in order, at least one, as Parquet with zstd, a row group each.

    ``metadata`` are the file's own key-value pairs.
    """
    tables = (part.to_arrow(compat_level=pl.CompatLevel.oldest()) for part in parts)
    first = next(tables)
    with pq.ParquetWriter(file, first.schema, compression="zstd", store_schema=False) as writer:
        for table in chain([first], tables):
            writer.write_table(table)
        writer.add_key_value_metadata(dict(metadata or {}))


class PackedTable:
    """A Parquet file of a bundle whose size is judged, and of which nothing is decoded before it is asked for.

    Arrow reads it, whose reader is made for files of unknown origin. Raises BundleError FG-BN-031 when it is not a
    table of ``schema`` or has other than ``rows`` rows, FG-BN-032 when it has more than ``most`` rows or would come to
    more, decoded, than so many rows with texts of ``longest`` bytes can.
    """

    def __init__(
        self,
        file: BinaryIO,
        schema: Schema,
        *,
        name: str,
        rows: int | None = None,
        most: int = MOST_ROWS,
        longest: int = LONGEST_TEXT,
    ) -> None:
        self._file, self._schema, self._name, self._longest = file, schema, name, longest
        most = most if rows is None else rows
        with self._damaged():
            found = packed(
                file,
                columns=len(schema),
                most_footer=_most_footer(schema, most, longest),
                most_pages=MOST_PAGES + len(schema) * (most // ROWS_A_PAGE),
            )
            self.rows, footer = found.rows, pq.ParquetFile(file).metadata
            self.metadata = {key.decode(): value.decode() for key, value in (footer.metadata or {}).items()}
            self._check_columns(footer)
        if rows is not None and self.rows != rows:
            raise BundleError("FG-BN-031", f"{name} has {self.rows:,} rows and should have {rows:,}")
        if self.rows > most or found.unpacked > _most_unpacked(schema, self.rows, longest):
            raise self._too_large()

    def batches(self) -> Iterator[pl.DataFrame]:
        """The rows in order, some tens of thousands at a time."""
        for batch in self.packed_batches(list(self._schema)):
            with self._damaged():
                yield _frame_of(batch, self._schema)

    def packed_batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The same of some columns alone, each text with its place among the different ones."""
        if not self.rows:
            return
        texts = [column for column in columns if self._schema[column] == pl.String]
        with self._damaged():
            file = pq.ParquetFile(self._file, read_dictionary=texts, buffer_size=_PART)
            # without threads: a failure must leave none at work, which would abort at the end
            for batch in file.iter_batches(BATCH_ROWS, columns=list(columns), use_threads=False):
                batch.validate(full=True)  # texts that are no UTF-8, and positions beyond them, must not get further
                if any(_longest_of(batch.column(text)) > self._longest for text in texts):
                    raise self._too_large()
                yield batch

    def whole(self) -> pl.DataFrame:
        """All rows."""
        return pl.concat([pl.DataFrame(schema=self._schema), *self.batches()])

    def _check_columns(self, footer: pq.FileMetaData) -> None:
        flat = all(footer.schema.column(place).max_repetition_level == 0 for place in range(footer.num_columns))
        found = footer.schema.to_arrow_schema()
        kinds = [(field.name, str(getattr(field.type, "value_type", field.type))) for field in found]
        if not flat or kinds != [(column, _ARROW[kind]) for column, kind in self._schema.items()]:
            raise PageError

    @contextmanager
    def _damaged(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError, ValueError, PageError, pl.exceptions.PolarsError):
            names = ", ".join(self._schema)
            raise BundleError(
                "FG-BN-031", f"{self._name} is damaged, or not a Parquet file of a bundle with the columns {names}"
            ) from None

    def _too_large(self) -> BundleError:
        return BundleError("FG-BN-032", f"{self._name} is larger than such a file can be")


def from_parquet(
    data: bytes, schema: Schema, *, name: str, rows: int | None = None, most: int = MOST_ROWS
) -> tuple[pl.DataFrame, dict[str, str]]:
    """The table in ``data`` and its metadata, with the limits and the errors of ``PackedTable``."""
    packed = PackedTable(io.BytesIO(data), schema, name=name, rows=rows, most=most)
    return packed.whole(), packed.metadata


def _most_unpacked(schema: Schema, rows: int, longest: int) -> int:
    """Bytes that the pages of so many rows can come to: each value by itself, with its place and the page's own."""
    texts = sum(kind == pl.String for kind in schema.values())
    return len(schema) * (_A_COLUMN + 16 * rows) + texts * longest * rows


def _most_footer(schema: Schema, rows: int, longest: int) -> int:
    """Bytes of a footer with a group for every few rows, and in each for every column its least and greatest text."""
    groups = 1 + rows // _LEAST_GROUP
    return _A_COLUMN + groups * len(schema) * (1_000 + 4 * min(longest, _LONGEST_STATISTIC))


def _longest_of(column: pa.DictionaryArray) -> int:
    longest: int | None = pc.max(pc.binary_length(column.dictionary)).as_py()
    return longest or 0
