"""The proof of the strip: which columns were read and for what, and that no identifier of the input comes out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

SHORTEST, SHORTEST_NUMBER = 4, 7
"""Identifiers of fewer letters and numbers of fewer digits are not searched for: any report has such by chance."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Search:
    """How many identifiers were looked for in the output, and how many stand in it.

    ``too_short`` were not looked for. ``public`` are also words of the codebook or of the report itself, such as a name
    that is a continent's: that they stand in the output says nothing.
    """

    identifiers: int
    too_short: int
    public: int
    found: int


@dataclass(frozen=True)
class ColumnsRead:
    """Columns of a delivery by what they are read for. ``unread`` columns are known to nobody, and were not read."""

    import_map: str
    recoding: tuple[str, ...]
    linking: tuple[str, ...]
    selecting: tuple[str, ...]
    never: tuple[str, ...]
    unread: int


@dataclass(frozen=True)
class StripProof:
    """Columns read, and what the searches found: for the identifiers of the cases, and for planted texts if any."""

    columns: tuple[ColumnsRead, ...]
    identifiers: Search
    planted: Search | None

    def holds(self) -> bool:
        """Whether nothing was found that must not be there."""
        return not self.identifiers.found and not (self.planted and self.planted.found)

    def as_json(self) -> Mapping[str, object]:
        """The proof as plain JSON values."""
        return {
            "columns": [vars(one) for one in self.columns],
            "identifiers": vars(self.identifiers),
            "planted": None if self.planted is None else vars(self.planted),
            "free_text_columns_read": 0,
            "holds": self.holds(),
        }


def search(identifiers: Iterable[str], output: Iterable[str], public: Iterable[str]) -> Search:
    """Look for each of ``identifiers``, as whole words and without regard to case, in the texts of the output."""
    wanted: set[str] = set()
    short: set[str] = set()
    for one in identifiers:
        plain = _words(one)
        least = SHORTEST_NUMBER if plain.replace(" ", "").isdecimal() else SHORTEST
        (wanted if len(plain) >= least else short).add(plain)
    known = _found(wanted, public)
    found = _found(wanted - known, output)
    return Search(len(wanted), len(short - {""}), len(known), len(found))


def _found(wanted: Collection[str], texts: Iterable[str]) -> set[str]:
    """Which of ``wanted`` stand in the texts."""
    lengths = sorted({one.count(" ") + 1 for one in wanted})
    found: set[str] = set()
    for text in texts:
        words = _words(text).split(" ")
        for length in lengths:
            runs = (" ".join(words[start : start + length]) for start in range(len(words) - length + 1))
            found.update(run for run in runs if run in wanted)
    return found


def _words(text: str) -> str:
    """The letters and digits of a text, without case; whatever stands between them is one space.

    So an identifier is found whatever signs stand around or inside it: +999 123 4567 is found in 999-123-4567.
    """
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", text).casefold()))
