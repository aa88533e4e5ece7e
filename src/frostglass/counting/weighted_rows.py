"""Rows that are alike, kept once with their number: all that counting needs of a table.

Counting commutes with sums, so a table may be reduced in parts, in any order and in any place, and the parts merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.counting.tally import contiguous

_WORD = 2**64
_FIRST_SLOTS = 2**12
_ONE = np.ones(1, dtype=np.int64)


@dataclass(frozen=True, repr=False)
class WeightedRows:
    """``codes`` is uint16, one different row each, ascending, stored column by column; ``weights`` how often (int64).

    The same records give the same weighted rows, in whatever order and in how many parts they came.
    """

    codes: npt.NDArray[np.uint16]
    weights: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        from frostglass.counting.kernels import ascends

        if self.codes.dtype != np.uint16 or self.codes.ndim != 2:
            raise ValueError("the codes of weighted rows are uint16, one line a row")
        if self.weights.dtype != np.int64 or self.weights.shape != self.codes.shape[:1]:
            raise ValueError("the weights of weighted rows are int64, one a row")
        if len(self.weights) and self.weights.min() < 1:
            raise ValueError("a weighted row stands for one record or more")
        object.__setattr__(self, "codes", contiguous(self.codes))
        object.__setattr__(self, "weights", contiguous(self.weights))
        if not ascends(self.codes):
            raise ValueError("weighted rows ascend, and each is there once")

    @property
    def records(self) -> int:
        """Number of records that the rows stand for."""
        return int(self.weights.sum())

    def __len__(self) -> int:
        """Number of different rows."""
        return len(self.codes)

    def __repr__(self) -> str:
        return "<weighted rows: withheld>"


class RowCounter:
    """Takes records in, part by part, and hands their weighted rows out. Memory grows with the different rows alone.

    A row is looked up by its packed code: the mixed-radix number that it makes, in as many 64-bit words as it needs.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        """``sizes`` are the numbers of values of the columns, at most 65,536 each."""
        if not all(0 < size <= 2**16 for size in sizes):
            raise ValueError("a column has from one to 65,536 values")
        self._sizes = np.array(sizes, dtype=np.int64)
        self._word_of = _words(sizes)
        self._keys, self._held = self._empty(_FIRST_SLOTS)
        self._number = 0

    @property
    def number(self) -> int:
        """Number of different rows so far."""
        return self._number

    def add(self, codes: npt.NDArray[np.uint16], weights: npt.NDArray[np.int64] | None = None) -> None:
        """Enter records, one line each; with ``weights`` (int64, all positive) a line stands for so many records.

        ValueError for a code that its column does not have.
        """
        self.add_packed(self.packed(codes), weights)

    def packed(self, codes: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint64]:
        """The rows as ``add_packed`` takes them: uint64, one column a row, one line a word. ValueError as ``add``."""
        from frostglass.counting.kernels import pack

        if codes.dtype != np.uint16 or codes.ndim != 2 or codes.shape[1] != len(self._sizes):
            raise ValueError("rows are uint16, with one code a column")
        words = np.empty((self._keys.shape[1], len(codes)), dtype=np.uint64)
        if not pack(contiguous(codes), self._sizes, self._word_of, words):
            raise ValueError("a row holds a position that its attribute does not have")
        return words

    def add_packed(self, words: npt.NDArray[np.uint64], weights: npt.NDArray[np.int64] | None = None) -> None:
        """Enter rows that this counter, or one of the same sizes, packed."""
        if weights is not None and (weights.dtype != np.int64 or weights.shape != words.shape[1:]):
            raise ValueError("the weights are int64, one a row")
        if weights is not None and len(weights) and weights.min() < 1:
            raise ValueError("a row stands for one record or more")
        self._enter(words, weights)

    def rows(self) -> WeightedRows:
        """Everything that was entered. The counter is empty afterwards, so that its memory can be used."""
        from frostglass.counting.kernels import unpack

        held = self._held > 0
        words, weights = np.ascontiguousarray(self._keys[held].T), self._held[held]
        self._keys, self._held = self._empty(_FIRST_SLOTS)
        self._number = 0
        order = np.argsort(words[0]) if len(words) == 1 else np.lexsort(words[::-1])
        words, weights = words[:, order], weights[order]
        codes = np.empty((words.shape[1], len(self._sizes)), dtype=np.uint16, order="F")
        unpack(words, self._sizes, self._word_of, codes)
        return WeightedRows(codes, weights)

    def _enter(self, words: npt.NDArray[np.uint64], weights: npt.NDArray[np.int64] | None) -> None:
        from frostglass.counting.kernels import add_rows

        by_row, row = contiguous(_ONE if weights is None else weights), 0
        while True:
            row, self._number = add_rows(words, by_row, row, self._keys, self._held, self._number)
            if row == words.shape[1]:
                return
            self._grow()

    def _grow(self) -> None:
        """Twice as many slots."""
        taken = self._held > 0
        words, weights = np.ascontiguousarray(self._keys[taken].T), self._held[taken]
        slots = 2 * len(self._held)
        del self._keys, self._held  # before the larger ones are there
        self._keys, self._held = self._empty(slots)
        self._number = 0
        self._enter(words, weights)

    def _empty(self, slots: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        number = int(self._word_of[-1]) + 1 if len(self._word_of) else 1
        return np.zeros((slots, number), dtype=np.uint64), np.zeros(slots, dtype=np.int64)


def reduce_rows(
    codes: npt.NDArray[np.uint16], sizes: Sequence[int], weights: npt.NDArray[np.int64] | None = None
) -> WeightedRows:
    """The weighted rows of records, one line of ``codes`` each, or as many as ``weights`` says.

    ValueError for a code that its column does not have.
    """
    counter = RowCounter(sizes)
    counter.add(codes, weights)
    return counter.rows()


def merge_rows(parts: Iterable[WeightedRows], sizes: Sequence[int]) -> WeightedRows:
    """The weighted rows of all parts together, such as the partitions of a table that other machines reduced."""
    counter = RowCounter(sizes)
    for part in parts:
        counter.add(part.codes, part.weights)
    return counter.rows()


def _words(sizes: Sequence[int]) -> npt.NDArray[np.int64]:
    """The word of each column: as many columns to a word as it can tell apart."""
    place, cells = 0, 1
    word_of = []
    for size in sizes:
        if cells * size > _WORD:
            place, cells = place + 1, 1
        cells *= size
        word_of.append(place)
    return np.array(word_of, dtype=np.int64)
