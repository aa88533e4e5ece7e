"""Whose row each row is, and at most m rows a person.

The bound is what makes a person's influence finite. It looks at one person's rows alone: whether a row stays never
depends on anybody else, on where it stands, or on what its values mean.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from frostglass.tables.text_table import TextColumn, unseen_characters


@dataclass(frozen=True)
class LeftOut:
    """How many people have more rows than count, and how many of their rows are left out. Private: both are exact."""

    people: int
    records: int


@dataclass(frozen=True, repr=False)
class Persons:
    """``keys`` are the persons' keys, and ``of_row`` (int64) says whose each row is.

    Keys are compared in Unicode's composed form without the spaces around them; case counts. ``blank`` is the number
    of rows without a key, words for missing included; ``unseen`` that of rows whose key holds characters that cannot
    be seen, which would make two people of one.
    """

    keys: tuple[str, ...] = field(repr=False)
    of_row: npt.NDArray[np.int64]
    blank: int
    unseen: int

    @classmethod
    def by_key(cls, column: TextColumn, missing: Collection[str] = ("",)) -> Persons:
        """The persons whom the key column tells apart; ``missing`` are the words for a missing key."""
        keys = [normalised(value) for value in column.values]
        numbers: dict[str, int] = {}
        by_value = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
        counts = column.counts()
        blank = sum(int(count) for key, count in zip(keys, counts, strict=True) if not key or key in missing)
        unseen = sum(int(count) for key, count in zip(keys, counts, strict=True) if unseen_characters(key))
        return cls(tuple(numbers), by_value[column.index], blank, unseen)

    @cached_property
    def records(self) -> npt.NDArray[np.int64]:
        """Number of rows of each person; int64, in the order of ``keys``."""
        return np.bincount(self.of_row, minlength=len(self.keys)).astype(np.int64, copy=False)

    def left_out(self, most: int) -> LeftOut:
        """Who and what is left out when at most ``most`` rows of a person count."""
        over = np.maximum(self.records - most, 0)
        return LeftOut(int(np.count_nonzero(over)), int(over.sum()))

    def chosen(self, words: npt.NDArray[np.uint64], *, most: int, salt: int) -> npt.NDArray[np.bool_]:
        """Which rows count: of each person the ``most`` of least hash, and of equal hashes those of least ``words``.

        ``words`` are the packed rows, one column each. The hash is ``mix(mix(salt ^ H(key)) ^ words) >> 1``, word by
        word, with SplitMix64 as ``mix`` and the first 8 bytes of the key's SHA-256 as ``H``. Alike rows are alike in
        all of it, so which of them stays makes no difference: what is kept depends on the person's rows as a multiset.

        Proof: docs/proofs/measure.md, "Setting".
        """
        chosen = np.ones(len(self.of_row), dtype=np.bool_)
        crowded = np.flatnonzero(self.records[self.of_row] > most)
        if not len(crowded):
            return chosen
        of_row, rows = self.of_row[crowded], np.ascontiguousarray(words[:, crowded])
        order = np.lexsort((*rows[::-1], self._hashes(rows, of_row, salt), of_row))
        chosen[crowded[order]] = _number_within(of_row[order]) < most
        return chosen

    def _hashes(
        self, words: npt.NDArray[np.uint64], of_row: npt.NDArray[np.int64], salt: int
    ) -> npt.NDArray[np.uint64]:
        from frostglass.counting.kernels import mix_rows

        digests = [hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:8] for key in self.keys]
        keys = np.array([int.from_bytes(one) for one in digests], dtype=np.uint64)
        hashes = np.empty(len(of_row), dtype=np.uint64)
        mix_rows(words, keys, of_row, np.uint64(salt), hashes)
        return hashes


def normalised(key: str) -> str:
    """A key as it is compared: in Unicode's composed form, without the spaces around it."""
    return unicodedata.normalize("NFC", key).strip()


def _number_within(of_row: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many rows of its person stand before each row, where every person's rows stand together."""
    starts = np.flatnonzero(np.r_[True, of_row[1:] != of_row[:-1]])
    sizes = np.diff(np.r_[starts, len(of_row)])
    return np.arange(len(of_row)) - np.repeat(starts, sizes)
