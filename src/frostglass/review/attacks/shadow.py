"""A shadow: what a release of another table would have held. Made for attacks, by ``frostglass.ways.shadows``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, Protocol

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Sensitive
from frostglass.terms.domain import Domain

Generator = np.random.Generator
"""Chance for shadows, seeded or not: it protects nobody, since no shadow is ever published."""

Codes = npt.NDArray[np.uint16]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Shadow:
    """Counts and records of a release that never was. It has no receipts, so nothing that is ``Released`` takes it.

    ``answers`` are the counts over ``sets`` (int64, one axis an attribute in the domain's order), each with noise of
    ``sds`` records; ``records`` (uint16, one row a record) are those fitted to them, or None where none were fitted.
    """

    domain: Domain
    sets: tuple[AttributeSet, ...]
    answers: tuple[Ints, ...]
    sds: tuple[float, ...]
    records: Codes | None

    def __repr__(self) -> str:
        return "<shadow release: withheld>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a shadow release stays where it was made: it cannot be copied or pickled")


class ShadowMaker(Protocol):
    """Makes a shadow of a table. Without ``fitted`` it has no records, which saves most of the time."""

    def __call__(self, table: Sensitive[CodedTable], generator: Generator, *, fitted: bool) -> Shadow: ...
