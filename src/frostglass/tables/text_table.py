"""A table as it was written: every cell a text, each column a short list of values and an index into it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from frostglass.errors import InputError

MOST_ROWS = 5_000_000
"""Most records that a table may have. To raise it, set ``frostglass.tables.text_table.MOST_ROWS`` before reading."""

MOST_ROWS_IN_PARTS = 2_000_000_000
"""Most records of a file that is read in parts; raised in the same way."""

MOST_COLUMNS = 5_000
"""Most columns that a table may have; raised in the same way."""

MOST_CHARACTERS = 200
"""Most characters of one cell or heading; raised in the same way. A code of a codebook is never longer."""


Only = Callable[[tuple[str, ...]], Collection[str]]
"""Names the columns that are wanted, once the headings of a table are known. The others are never kept."""


@dataclass(frozen=True)
class Note:
    """Something about a table that is worth knowing and no obstacle.

    It is safe to print: ``place`` is a column or empty, and neither it nor ``message`` holds a value of a cell.
    ``count`` is the number of cells or records concerned, 0 where there is nothing to count.
    """

    code: str
    place: str
    count: int
    message: str


@dataclass(frozen=True, repr=False)
class TextColumn:
    """``values`` are the distinct cells as text, and ``index`` (uint32, one entry a row) points into them.

    An empty cell is the value ``""``. ``name`` is the heading as it stands in the table.
    """

    name: str
    values: tuple[str, ...]
    index: npt.NDArray[np.uint32]

    def __post_init__(self) -> None:
        if self.index.dtype != np.uint32 or self.index.ndim != 1:
            raise ValueError("the index of a text column is one row of uint32")
        if len(self.index) and int(self.index.max()) >= len(self.values):
            raise ValueError("the index of a text column points beyond its values")
        self.index.setflags(write=False)

    def counts(self) -> npt.NDArray[np.int64]:
        """Number of rows of each value; int64, in the order of ``values``."""
        return np.bincount(self.index, minlength=len(self.values)).astype(np.int64, copy=False)

    def __repr__(self) -> str:
        return "<text column: withheld>"


@dataclass(frozen=True, repr=False)
class TextTable:
    """Columns of ``rows`` cells each, in the order of the source, and what was noted while reading.

    ``headings`` are those of all columns of the source, also where only some of them were wanted and read. With
    ``weights`` (int64, one a row) a row stands for so many records that are alike, otherwise for one.
    """

    columns: tuple[TextColumn, ...]
    rows: int
    notes: tuple[Note, ...] = ()
    headings: tuple[str, ...] = ()
    weights: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.weights is not None and (self.weights.dtype != np.int64 or self.weights.shape != (self.rows,)):
            raise ValueError("the weights of a text table are int64, one a row")
        if any(len(column.index) != self.rows for column in self.columns):
            raise ValueError("the columns of a text table have one cell a row")
        names = tuple(column.name for column in self.columns)
        if not self.headings:
            object.__setattr__(self, "headings", names)
        remaining = iter(self.headings)
        if not all(name in remaining for name in names):
            raise ValueError("the columns of a text table stand in the order of its headings")

    @property
    def head(self) -> TextTable:
        """The table itself: it is all there."""
        return self

    def parts(self, _wanted: Collection[str]) -> Iterator[TextTable]:
        """The table itself, as the one part that it has."""
        yield self

    def __repr__(self) -> str:
        return "<text table: withheld>"


class TableInParts(Protocol):
    """A source of records. Whoever counts asks it for rows and their weights, and for nothing else.

    A ``TextTable`` is one, in a single part; so are the readers of large files. A distributed engine stands here too:
    it groups the wanted columns by all of them, counts, and hands the groups over as one part with ``weights`` (in
    Spark, ``frame.groupBy(*wanted).count()``).
    """

    @property
    def head(self) -> TextTable:
        """The headings, as the columns of a table; it has rows only where the source is in memory as a whole."""

    def parts(self, wanted: Collection[str]) -> Iterator[TextTable]:
        """The columns of those headings, part by part; each record is in exactly one."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was noted while reading; complete when all parts were taken."""


def wanted_places(headings: Sequence[str], only: Only | None) -> tuple[int, ...]:
    """Positions, from 0, of the columns that ``only`` wants; of all when it is None.

    ValueError when it wants what is no heading: that is a fault of the caller, who was given the headings.
    """
    if only is None:
        return tuple(range(len(headings)))
    wanted = frozenset(only(tuple(headings)))
    if not wanted <= frozenset(headings):
        raise ValueError("only some of the given headings can be wanted, as they stand")
    return tuple(place for place, heading in enumerate(headings) if heading in wanted)


def check_headings(headings: Sequence[str]) -> None:
    """Refuse headings that leave a column without a name of its own; columns are named by position alone.

    What is taken for headings may be somebody's record, if the header row is missing: so none is ever quoted.
    """
    check_number_of_columns(len(headings))
    trimmed = [heading.strip() for heading in headings]
    blank = [place for place, heading in enumerate(trimmed, start=1) if not heading]
    if blank:
        raise InputError(
            "FG-IN-020",
            f"no heading stands above {columns_at(blank)} of {len(headings)}: name it, or delete it if it is empty "
            "(a delimiter at the end of the header row makes one more)",
        )
    by_heading: dict[str, list[int]] = {}
    for place, heading in enumerate(trimmed, start=1):
        by_heading.setdefault(unicodedata.normalize("NFC", heading), []).append(place)
    repeated = [places for places in by_heading.values() if len(places) > 1]
    if repeated:
        raise InputError(
            "FG-IN-019", f"{columns_at(repeated[0])} have the same heading: give each column a name of its own"
        )
    _check_characters(trimmed)


def _check_characters(headings: Sequence[str]) -> None:
    for place, heading in enumerate(headings, start=1):
        if len(heading) > MOST_CHARACTERS:
            raise too_long(f"the heading of column {place}")
        unseen = unseen_characters(heading)
        if unseen:
            raise InputError(
                "FG-IN-037",
                f"the heading of column {place} holds characters that cannot be seen ({', '.join(unseen)}): retype it",
            )


def check_number_of_columns(number: int) -> None:
    """Refuse a table that is wider than ``MOST_COLUMNS``."""
    if number > MOST_COLUMNS:
        raise InputError(
            "FG-IN-025",
            f"the table has {number:,} columns and the limit is {MOST_COLUMNS:,}: delete those that the codebook does "
            "not name, or raise frostglass.tables.text_table.MOST_COLUMNS",
        )


def check_number_in_parts(number: int) -> None:
    """Refuse a file that is longer than ``MOST_ROWS_IN_PARTS``."""
    if number > MOST_ROWS_IN_PARTS:
        raise InputError(
            "FG-IN-025",
            f"the file has more than {MOST_ROWS_IN_PARTS:,} records, which is the limit: split it by release, or raise "
            "frostglass.tables.text_table.MOST_ROWS_IN_PARTS",
        )


def check_number_of_rows(number: int) -> None:
    """Refuse a table that is longer than ``MOST_ROWS``."""
    if number > MOST_ROWS:
        raise InputError(
            "FG-IN-025",
            f"the table has more than {MOST_ROWS:,} records, which is the limit: split it by release, or raise "
            "frostglass.tables.text_table.MOST_ROWS",
        )


def too_long(place: str) -> InputError:
    """The error for a cell or heading of more than ``MOST_CHARACTERS``."""
    return InputError(
        "FG-IN-026",
        f"{place} is longer than {MOST_CHARACTERS} characters: a coded table holds codes, not free text. Leave the "
        "column out, or raise frostglass.tables.text_table.MOST_CHARACTERS",
    )


def columns_at(places: Sequence[int]) -> str:
    """ "column 4", "columns 4 and 7": positions counted from 1, the first eight of them."""
    if len(places) == 1:
        return f"column {places[0]}"
    shown = [str(place) for place in places[:8]]
    if len(places) > 8:
        return f"columns {', '.join(shown)} and {len(places) - 8} more"
    return f"columns {', '.join(shown[:-1])} and {shown[-1]}"


_UNSEEN = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")


def is_unseen(character: str) -> bool:
    """Whether a character shows nothing where it stands: controls, zero-width and bidirectional ones, line breaks.

    Spaces of any width are seen, as gaps. Unassigned and private characters count as unseen: no font agrees on them.
    """
    return character in _UNSEEN or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")


def unseen_characters(text: str) -> tuple[str, ...]:
    """The code points, such as ``U+200B``, of the characters of ``text`` that cannot be seen; each once, in order."""
    if text.isascii() and text.isprintable():
        return ()
    return tuple(dict.fromkeys(f"U+{ord(one):04X}" for one in text if is_unseen(one)))
