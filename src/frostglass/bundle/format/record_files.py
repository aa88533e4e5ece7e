"""The records' files, read in parts: as positions, of which few are in memory at a time, however many there are.

A file is taken for hostile. Its texts are looked up where it lists them, and never spread out over its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from frostglass.bundle.format.formats import PackedTable, csv_batches, longest_value, records_schema
from frostglass.bundle.format.manifest import RECORDS_CSV, RECORDS_PARQUET
from frostglass.counting.weighted_rows import RowCounter
from frostglass.errors import BundleError
from frostglass.released.synthetic import Codes, CountedRecords
from frostglass.terms.domain import Attribute, Domain

MOST_DIFFERENT = 5_000_000
"""Most different records of a file that is counted: some 500 MB for 16 variables. A release has far fewer, because it
repeats those that it fitted."""

_UNDECLARED, _ABSENT = 2**16, 2**16 + 1


def records_table(file: BinaryIO, domain: Domain, *, rows: int) -> PackedTable:
    """An open Parquet file of so many records of ``domain``, its size judged, and nothing of it decoded."""
    longest = max(map(longest_value, domain.attributes))
    return PackedTable(file, records_schema(domain), name=RECORDS_PARQUET, rows=rows, longest=longest)


def codes_in_parquet(table: PackedTable, domain: Domain, places: Sequence[int] | None = None) -> Iterator[Codes]:
    """The records in ``records_table``, in order and in parts: their columns at ``places``, or all.

    Raises BundleError FG-BN-031 when it is damaged, FG-BN-033 when a column holds a code that the domain does not
    declare, or none where it says that there always is one.
    """
    wanted = [domain.attributes[place] for place in (range(len(domain)) if places is None else places)]
    for batch in table.packed_batches([each.name for each in wanted]):
        yield _codes(batch, wanted)


def codes_in_csv(file: BinaryIO, domain: Domain) -> Iterator[Codes]:
    """The records in an open CSV file, in order and in parts.

    Raises BundleError FG-BN-030 when it is not a table of the domain's columns, FG-BN-033 like ``codes_in_parquet``.
    """
    for batch in csv_batches(file, records_schema(domain), name=RECORDS_CSV):
        yield _codes(batch, domain.attributes)


def counted(parts: Iterable[Codes], domain: Domain) -> CountedRecords:
    """Records that come in parts, with no order. BundleError FG-BN-032 when they are too different to be kept."""
    counter = RowCounter(domain.sizes)
    for part in parts:
        counter.add(part)
        if counter.number > MOST_DIFFERENT:
            raise BundleError("FG-BN-032", f"the records differ in more than {MOST_DIFFERENT:,} ways")
    return CountedRecords(domain, counter.rows())


def same_records(these: Iterable[Codes], those: Iterable[Codes]) -> bool:
    """Whether both are the same records in the same order, however they are cut into parts."""
    left, right = filter(len, these), filter(len, those)
    one, other = next(left, None), next(right, None)
    while one is not None and other is not None:
        rows = min(len(one), len(other))
        if not np.array_equal(one[:rows], other[:rows]):
            return False
        one = one[rows:] if len(one) > rows else next(left, None)
        other = other[rows:] if len(other) > rows else next(right, None)
    return one is other


def _codes(batch: pa.RecordBatch, attributes: Sequence[Attribute]) -> Codes:
    codes = np.empty((batch.num_rows, len(attributes)), dtype=np.uint16, order="F")
    for place, attribute in enumerate(attributes):
        codes[:, place] = _positions(batch.column(place), attribute)
    return codes


def _positions(cells: pa.DictionaryArray, attribute: Attribute) -> Codes:
    """The position of each cell, by that of its text in the column's own list."""
    declared = {text: position for position, text in enumerate(attribute.texts)}
    missing, texts = declared.pop(None, _ABSENT), cells.dictionary.to_pylist()
    of_entry = np.array([*(declared.get(text, _UNDECLARED) for text in texts), missing], dtype=np.int64)
    found = of_entry[cells.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)]
    if (found == _UNDECLARED).any():
        raise BundleError(
            "FG-BN-033", f"the records hold a code in {attribute.name} that the codebook does not declare"
        )
    if (found == _ABSENT).any():
        raise BundleError("FG-BN-033", f"the records lack a value in {attribute.name}, which is never missing")
    return np.asarray(found, dtype=np.uint16)
