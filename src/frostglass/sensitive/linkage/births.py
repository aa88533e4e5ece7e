"""How two birth dates compare, each known to the day, the month or the year."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.linkage.weights import Birth

DIGITS = (1, 10, 100, 1_000, 10_000, 100_000)
"""Places of the digits of ``yyyymmdd`` that a slip may change: all but the century's."""

Dates = npt.NDArray[np.int64]


def birth_levels(one: Dates, other: Dates) -> npt.NDArray[np.int8]:
    """One of ``Birth`` for each pair of dates ``yyyymmdd``, with zeros for what is not known."""
    months = one // 100 % 100, other // 100 % 100
    days = one % 100, other % 100
    same_year = one // 10_000 == other // 10_000
    whole = (days[0] > 0) & (days[1] > 0)
    with_month = (months[0] > 0) & (months[1] > 0)
    swapped = same_year & (months[0] == days[1]) & (months[1] == days[0])
    levels = np.full(len(one), Birth.DIFFERENT, dtype=np.int8)
    levels[same_year] = Birth.YEAR_ALONE
    levels[whole & (swapped | _one_digit_off(one, other))] = Birth.SLIP
    levels[same_year & ~with_month] = Birth.WITHIN_YEAR
    levels[same_year & with_month & ~whole & (months[0] == months[1])] = Birth.WITHIN_MONTH
    levels[whole & (one == other)] = Birth.SAME
    levels[(one == 0) | (other == 0)] = Birth.UNKNOWN
    return levels


def swappable(born: Dates) -> Dates:
    """A number that a whole date shares with the one whose day and month are swapped, and with no other."""
    month, day = born // 100 % 100, born % 100
    return np.asarray(born // 10_000 * 10_000 + np.minimum(month, day) * 100 + np.maximum(month, day))


def without_digit(born: Dates, digit: int) -> Dates:
    """The date with a zero for the digit at place ``digit``."""
    return np.asarray(born - born // digit % 10 * digit)


def _one_digit_off(one: Dates, other: Dates) -> npt.NDArray[np.bool_]:
    off = [one // digit % 10 != other // digit % 10 for digit in DIGITS]
    return np.asarray((one // 1_000_000 == other // 1_000_000) & (np.sum(off, axis=0) == 1))
