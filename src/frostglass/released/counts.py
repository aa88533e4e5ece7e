"""The public table of counts: every short combination with its count, interval and status."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import Domain

RELEASED, WITHHELD = "released", "withheld"


@dataclass(frozen=True)
class CountBlock:
    """Rows of one attribute set. All arrays have one entry a row.

    ``positions`` is uint16, one column an attribute in the domain's order. ``count`` is what the records hold; it is
    stated only where ``released``. ``sd`` is the standard deviation of the unbiased estimate in records (NaN beyond
    the measured lengths); ``low`` and ``high`` are the ends of its 95% interval.
    """

    attributes: AttributeSet
    positions: npt.NDArray[np.uint16]
    count: npt.NDArray[np.int64]
    sd: npt.NDArray[np.float64]
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    released: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shares:
    """The shares of one block; all arrays have one entry a row.

    ``out_of`` is the number of records that it is a share of. ``share`` is NaN where that is nobody, and all three are
    NaN where the count is not stated; ``low`` and ``high``, from 0 to 1, are the ends of its 95% interval.
    """

    out_of: npt.NDArray[np.int64]
    share: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """All blocks by length, then in the order of ``Domain.sets_of_length``.

    Length-1 blocks hold every value and are always released. Longer blocks hold the combinations that the records
    hold at least once: ``released`` from ``tau`` on, withheld below. A combination that is not listed is withheld or
    zero. ``total`` is the number of records. ``shares`` are those of each block, where they were worked out.
    """

    domain: Domain
    length: int
    total: int
    tau: int
    blocks: tuple[CountBlock, ...]
    receipts: tuple[Receipt, ...]
    shares: tuple[Shares, ...] = ()
