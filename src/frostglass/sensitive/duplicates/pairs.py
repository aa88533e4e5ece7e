"""Pairs of cases that are, or may be, one person's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

EVIDENCE = (
    "names",
    "like names",
    "birth date",
    "like birth date",
    "document",
    "token",
    "phone",
    "gender",
    "citizenship",
)
"""What two cases may agree or differ in, in the order of the bits of ``agrees`` and ``differs``. No word is a value."""


@dataclass(frozen=True, repr=False)
class Pairs:
    """Cases ``first`` and ``second`` (int32), the weight of the evidence in ``bits`` (float32), and what it is.

    ``sure`` pairs are one person by rule; the others are likely. ``agrees`` and ``differs`` have a bit for each word of
    ``EVIDENCE`` (uint16).
    """

    first: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]
    bits: npt.NDArray[np.float32]
    sure: npt.NDArray[np.bool_]
    agrees: npt.NDArray[np.uint16]
    differs: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.first)

    def __repr__(self) -> str:
        return "<pairs of cases: withheld>"


def words(mask: int) -> str:
    """The evidence that the bits of ``mask`` stand for."""
    return ", ".join(word for place, word in enumerate(EVIDENCE) if mask >> place & 1)


def bit(word: str) -> int:
    """The bit of a word of ``EVIDENCE``."""
    return 1 << EVIDENCE.index(word)
