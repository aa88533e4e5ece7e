"""From a source to weighted unique rows: the one step that looks at every record.

``reduce_table`` asks a ``TableInParts`` for its parts, codes their cells and adds like rows up. What it holds grows
with the distinct values and the different rows, never with the records; the parts may come in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.counting.weighted_rows import RowCounter, WeightedRows
from frostglass.errors import InputError
from frostglass.sensitive.coding.cells import CodedColumn, ColumnCoder, doubt
from frostglass.sensitive.coding.departure import Findings
from frostglass.sensitive.coding.headings import Columns
from frostglass.sensitive.coding.rules import check_rules
from frostglass.tables.text_table import TableInParts, TextTable
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import OnUnknown

Choose = Callable[[npt.NDArray[np.uint64]], npt.NDArray[np.bool_]]
"""Which of some packed rows (one column a row) count."""

MOST_VALUES = 1_000_000
"""Most distinct values, over all columns, of a table in parts: some hundred MB. A column of codes has few."""

MOST_DIFFERENT_ROWS = 20_000_000
"""Most different rows of a table in parts: some 2 GB for 16 columns."""


_ALWAYS = (
    "variables with a value in every record: {}. Where that is so by definition, and not by chance, write "
    'null = {{ structural = "never" }} in the codebook: the release then spends nothing on their missing values'
)


@dataclass(frozen=True, repr=False)
class Reduction:
    """The weighted rows of a table, and what its coders saw.

    ``rows`` are of all records, as the coders code them; ``bounded`` of those that count, or None where a column is
    missing or a value was refused.
    """

    codebook: Codebook
    coders: Mapping[str, ColumnCoder]
    records: int
    rows: WeightedRows
    bounded: WeightedRows | None

    def enter(self, findings: Findings, *, structural: bool) -> None:
        """Enter what the cells, and the records that they make up, depart in."""
        for coder in self.coders.values():
            coder.enter(findings)
        if len(self.coders) < len(self.codebook.variables):
            return
        columns = [
            CodedColumn.of(codes, coder.variable)
            for codes, coder in zip(self.rows.codes.T, self.coders.values(), strict=True)
        ]
        empty = np.ones(len(self.rows), dtype=np.bool_)
        for column in columns:
            empty &= column.missing()
        if empty.any():
            count = int(self.rows.weights[empty].sum())
            findings.note("FG-IN-018", "", count, "records without any value; kept, for each may be a person")
        check_rules(columns, self.rows.weights, self.codebook, findings, enforced=structural)
        always = [name for name, coder in self.coders.items() if coder.lacks_none]
        if structural and always:
            findings.note("FG-IN-055", "", len(always), _ALWAYS.format(", ".join(always)))


def reduce_table(
    table: TableInParts,
    columns: Columns,
    codebook: Codebook,
    unknown: OnUnknown,
    choose: Choose | None = None,
) -> Reduction:
    """The weighted rows of the ``columns`` of ``table``. ``choose``, for a table in one part: which of its rows count.

    InputError FG-IN-080 or FG-IN-081 when a table in several parts holds more different things than fit into memory.
    """
    headings = {name: column.name for name, column in columns.of_variable.items()}
    variables = [variable for variable in codebook.variables if variable.name in headings]
    coders = {variable.name: ColumnCoder(variable, codebook, unknown) for variable in variables}
    sizes = [doubt(variable) + 1 for variable in variables]
    counter, bounded = RowCounter(sizes), RowCounter(sizes)
    records = 0
    for number, part in enumerate(table.parts([*headings.values()])):
        codes = _codes(part, headings, coders, before=records)
        words = counter.packed(codes)
        counter.add_packed(words, part.weights)
        if choose is not None:
            bounded.add_packed(np.ascontiguousarray(words[:, choose(words)]))
        records += part.rows if part.weights is None else int(part.weights.sum())
        if number:
            _check_room(coders, counter)
    rows = counter.rows()
    whole = len(coders) == len(codebook.variables) and not any(coder.in_doubt for coder in coders.values())
    kept = rows if choose is None else bounded.rows()
    return Reduction(codebook, coders, records, rows, kept if whole else None)


def _codes(
    part: TextTable, headings: Mapping[str, str], coders: Mapping[str, ColumnCoder], *, before: int
) -> npt.NDArray[np.uint16]:
    """The part's cells as their coders code them, column by column."""
    columns = {column.name: column for column in part.columns}
    codes = np.empty((part.rows, len(coders)), dtype=np.uint16, order="F")
    for place, (name, coder) in enumerate(coders.items()):
        ordered = before if part.weights is None else None
        codes[:, place] = coder.code(columns[headings[name]], weights=part.weights, before=ordered)
    return codes


def _check_room(coders: Mapping[str, ColumnCoder], counter: RowCounter) -> None:
    if sum(len(coder) for coder in coders.values()) > MOST_VALUES:
        widest = max(coders, key=lambda name: len(coders[name]))
        raise InputError(
            "FG-IN-080",
            f"the columns of this large file hold more than {MOST_VALUES:,} different values, most of them in "
            f"{widest!r}: a coded table holds codes; check that this column is the right one, or raise "
            "frostglass.sensitive.coding.reduction.MOST_VALUES",
        )
    if counter.number > MOST_DIFFERENT_ROWS:
        raise InputError(
            "FG-IN-081",
            f"the records of this large file differ in more than {MOST_DIFFERENT_ROWS:,} ways, which may not fit into "
            "memory: release fewer variables or coarser categories, or raise "
            "frostglass.sensitive.coding.reduction.MOST_DIFFERENT_ROWS",
        )


def unfollowed() -> InputError:
    """The error for a person key in a table that is not in memory as a whole."""
    return InputError(
        "FG-IN-082",
        "the rows of one person cannot be told apart in a table that comes in parts: keep the rows that count, one a "
        "person, before you hand it over, and name no person key",
    )
