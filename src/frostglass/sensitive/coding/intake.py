"""Where cases come in: a file or a table in memory, as text, on the clear side from here on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from frostglass.tables.readers import Large, from_frame, open_in_parts, read_text_table
from frostglass.tables.text_table import TableInParts, TextTable
from frostglass.terms.arguments import path
from frostglass.terms.custody import Sensitive

LARGE = Large(rows=1_000_000, size=100_000_000)
"""From how many records (Parquet), or bytes (CSV), a file is read in parts.

Both are about a million records: until then a table is read whole in seconds and a few hundred MB, and what its other
columns hold is looked at too.
"""


def read(
    source: object, *, delimiter: str = ",", encoding: str = "utf-8", sheet: str | None = None
) -> Sensitive[TextTable]:
    """The table at a path (CSV, Parquet, XLSX), or in a pandas, polars or pyarrow table; every cell as its text.

    Raises InputError with the place and the way out, never with a value; UsageError for options that are none.
    """
    if isinstance(source, (str, os.PathLike)):
        table = read_text_table(path(source, "the table"), delimiter=delimiter, encoding=encoding, sheet=sheet)
    else:
        table = from_frame(source)
    return Sensitive(table, "table of cases")


@contextmanager
def opened(
    source: object,
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    sheet: str | None = None,
    whole: bool = False,
    large: Large = LARGE,
) -> Iterator[Sensitive[TableInParts]]:
    """Like ``read``, but a large CSV or Parquet file stays open and is read in parts.

    ``whole``: read any file as a whole, because the rows of one person have to be told apart. The limit for a table in
    memory holds then.
    """
    if whole or not isinstance(source, (str, os.PathLike)):
        yield read(source, delimiter=delimiter, encoding=encoding, sheet=sheet)
        return
    with open_in_parts(path(source, "the table"), large, delimiter=delimiter, encoding=encoding, sheet=sheet) as table:
        if table is not None:
            yield Sensitive(table, "table of cases")
            return
    yield read(source, delimiter=delimiter, encoding=encoding, sheet=sheet)
