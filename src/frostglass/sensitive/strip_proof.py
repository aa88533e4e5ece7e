"""The proof of the strip: which columns were read and for what, and that no identifier of the input comes out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

SHORTEST, SHORTEST_NUMBER = 4, 7
"""Identifiers of fewer letters and numbers of fewer digits are not searched for: any report has such by chance."""

_LONGEST_RUN = 12
"""Most words of the output that are compared with an identifier at a time."""

_WORD = re.compile(r"\w+")


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
        folded = _folded(one)
        least = SHORTEST_NUMBER if folded.isdecimal() else SHORTEST
        (wanted if len(folded) >= least else short).add(folded)
    known = _found(wanted, public)
    found = _found(wanted - known, output)
    return Search(len(wanted), len(short - {""}), len(known), len(found))


def _found(wanted: Collection[str], texts: Iterable[str]) -> set[str]:
    """Which of ``wanted`` stand in the texts, bounded by what is no letter and no digit."""
    return {run for text in texts for run in _runs(_folded(text)) if run in wanted}


def _runs(text: str) -> Iterator[str]:
    """Every stretch of the text from the beginning of a word to the end of one, of at most a dozen words.

    A sign before or after, such as the plus of a telephone number, also counts.
    """
    words = [(found.start(), found.end()) for found in _WORD.finditer(text)]
    for number, (start, _) in enumerate(words):
        for _, end in words[number : number + _LONGEST_RUN]:
            yield text[start:end]
            if start and not text[start - 1].isspace():
                yield text[start - 1 : end]


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
