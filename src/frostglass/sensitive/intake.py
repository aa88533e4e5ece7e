"""Where cases come in: a file or a table in memory, as text, on the clear side from here on."""

from __future__ import annotations

import os
from pathlib import Path

from frostglass.arrays.readers import from_frame, read_text_table
from frostglass.arrays.text_table import TextTable
from frostglass.terms.custody import Sensitive


def read(
    source: object, *, delimiter: str = ",", encoding: str = "utf-8", sheet: str | None = None
) -> Sensitive[TextTable]:
    """The table at a path (CSV, Parquet, XLSX), or in a pandas, polars or pyarrow table; every cell as its text.

    Raises InputError with the place and the way out, never with a value; UsageError for options that are none.
    """
    if isinstance(source, (str, os.PathLike)):
        table = read_text_table(Path(source), delimiter=delimiter, encoding=encoding, sheet=sheet)
    else:
        table = from_frame(source)
    return Sensitive(table, "table of cases")
