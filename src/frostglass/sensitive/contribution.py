"""Whose row each row is, and at most m rows a person.

The bound is what makes a person's influence finite. It looks at one person's rows alone: whether a row stays never
depends on anybody else.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.arrays.text_table import TextColumn, unseen_characters


@dataclass(frozen=True, repr=False)
class Persons:
    """``of_row`` is the number of the person whom each row belongs to; int64, the same number for the same key.

    Keys are compared in Unicode's composed form without the spaces around them; case counts. ``blank`` is the number
    of rows without a key, words for missing included; ``unseen`` that of rows whose key holds characters that cannot
    be seen, which would make two people of one.
    """

    of_row: npt.NDArray[np.int64]
    number: int
    blank: int
    unseen: int

    @classmethod
    def by_key(cls, column: TextColumn, missing: Collection[str] = ("",)) -> Persons:
        """The persons whom the key column tells apart; ``missing`` are the words for a missing key."""
        keys = [unicodedata.normalize("NFC", value).strip() for value in column.values]
        numbers: dict[str, int] = {}
        by_value = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
        counts = column.counts()
        blank = sum(int(count) for key, count in zip(keys, counts, strict=True) if not key or key in missing)
        unseen = sum(int(count) for key, count in zip(keys, counts, strict=True) if unseen_characters(key))
        return cls(by_value[column.index], len(numbers), blank, unseen)

    def with_more_than(self, most: int) -> int:
        """Number of people who have more than ``most`` rows."""
        return int((np.bincount(self.of_row, minlength=1) > most).sum())

    def first(self, most: int) -> npt.NDArray[np.bool_]:
        """Which rows are among the first ``most`` of their person, in the order of the source."""
        within: npt.NDArray[np.bool_] = _number_within(self.of_row) < most
        return within


def _number_within(of_row: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many earlier rows each row's person has."""
    if not len(of_row):
        return of_row
    order = np.argsort(of_row, kind="stable")
    grouped = of_row[order]
    starts = np.flatnonzero(np.r_[True, grouped[1:] != grouped[:-1]])
    sizes = np.diff(np.r_[starts, len(grouped)])
    within = np.empty(len(of_row), dtype=np.int64)
    within[order] = np.arange(len(of_row)) - np.repeat(starts, sizes)
    return within
