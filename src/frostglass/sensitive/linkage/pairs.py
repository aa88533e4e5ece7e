"""Pairs of cases that are, or may be, one person's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

EVIDENCE = (
    "names",
    "like names",
    "birth date",
    "like birth date",
    "document",
    "document number",
    "token",
    "phone",
    "gender",
    "citizenship",
)
"""What two cases may agree or differ in, in the order of the bits of ``agrees`` and ``differs``. No word is a value."""

Places = npt.NDArray[np.int64]


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

    def picked(self, places: Places) -> Pairs:
        """The pairs at ``places``, in that order."""
        return Pairs(
            self.first[places],
            self.second[places],
            self.bits[places],
            self.sure[places],
            self.agrees[places],
            self.differs[places],
        )

    def in_order(self, refs: Sequence[str]) -> Pairs:
        """Each pair once, the case whose ref comes first in front, in the order of the refs."""
        ranks = np.empty(len(refs), dtype=np.int64)
        ranks[sorted(range(len(refs)), key=refs.__getitem__)] = np.arange(len(refs))
        a, b = ranks[self.first], ranks[self.second]
        first = np.where(a < b, self.first, self.second)
        second = np.where(a < b, self.second, self.first)
        turned = Pairs(first, second, self.bits, self.sure, self.agrees, self.differs)
        return turned.picked(np.unique(np.minimum(a, b) * len(refs) + np.maximum(a, b), return_index=True)[1])


def joined(several: Sequence[Pairs]) -> Pairs:
    """The pairs of several lots."""
    return Pairs(
        np.concatenate([np.zeros(0, dtype=np.int32), *(one.first for one in several)]),
        np.concatenate([np.zeros(0, dtype=np.int32), *(one.second for one in several)]),
        np.concatenate([np.zeros(0, dtype=np.float32), *(one.bits for one in several)]),
        np.concatenate([np.zeros(0, dtype=np.bool_), *(one.sure for one in several)]),
        np.concatenate([np.zeros(0, dtype=np.uint16), *(one.agrees for one in several)]),
        np.concatenate([np.zeros(0, dtype=np.uint16), *(one.differs for one in several)]),
    )


def words(mask: int) -> str:
    """The evidence that the bits of ``mask`` stand for."""
    return ", ".join(word for place, word in enumerate(EVIDENCE) if mask >> place & 1)


def bit(word: str) -> np.uint16:
    """The bit of a word of ``EVIDENCE``."""
    return np.uint16(1 << EVIDENCE.index(word))
