"""95% intervals of counts, shares and differences, from functionals that lie on either side of what is sought.

They rest on the unbiased estimate and not on the fitted records. docs/proofs/functionals.md proves that they hold;
docs/explanation/intervals.md says it in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import sqrt
from statistics import NormalDist
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from frostglass.released.events import Between, Bounding, Event
from frostglass.released.functional import Figures, Functional

MISS = 0.05
"""Share of intervals that may miss the true figure."""

TINY = 1e-6
"""Ends are compared with whole numbers up to this."""

LEAST_HIGH = 1
"""The lowest high end of a withheld combination: a synthetic record holds it, so it never reads "0 to 0"."""

WELL_KNOWN = 4
"""Standard deviations from zero at which the number that a share is taken of counts as well known."""

Range = tuple[float, float]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Real = TypeVar("Real", float, Floats)
"""A number, or an array of them."""


def ends(figures: Figures, event: Event) -> Range:
    """The ends of the number of records in ``event``: the least of its own and of those of every whole of it.

    So no part reaches above a whole of it, and the interval is never empty.
    """
    bounding = Bounding(figures.estimate)
    return least_of(own_ends(bounding.event(each), figures.value, figures.sd) for each in event.wholes())


def own_ends(
    between: Between, value: Callable[[Functional], Real], sd: Callable[[Functional], float]
) -> tuple[Real, Real]:
    """The ends that the bounds alone give, in records and at least zero, for one number or an array of them."""
    low, high = _between(between, value, sd)
    return np.maximum(low, 0.0), np.maximum(high, 0.0)


def least_of(all_ends: Iterable[tuple[Real, Real]]) -> tuple[Real, Real]:
    """Of the lower ends the least, and of the upper ones."""
    low, high = zip(*all_ends, strict=True)
    return _fold(np.minimum, low), _fold(np.minimum, high)


def whole(low: Floats, high: Floats) -> tuple[Ints, Ints]:
    """The least and the most of the whole numbers between both ends; the next above where there is none."""
    least = np.ceil(low - TINY).astype(np.int64)
    return least, np.maximum(np.floor(high + TINY).astype(np.int64), least)


def difference_range(figures: Figures, between: Between) -> Range:
    """The ends of a difference of numbers of records."""
    return _between(between, figures.value, figures.sd)


def _between(
    between: Between, value: Callable[[Functional], Real], sd: Callable[[Functional], float]
) -> tuple[Real, Real]:
    """Each end used takes an equal part of its side's 2.5%; exchanged where they cross."""
    down, up = (_z(MISS / 2 / len(side)) for side in (between.lower, between.upper))
    low = _fold(np.maximum, [value(each) - down * sd(each) for each in between.lower])
    high = _fold(np.minimum, [value(each) + up * sd(each) for each in between.upper])
    return np.minimum(low, high), np.maximum(low, high)


def _fold(choose: np.ufunc, values: Sequence[Real]) -> Real:
    folded: Real = reduce(choose, values)
    return folded


def _z(miss: float) -> float:
    return NormalDist().inv_cdf(1 - miss)


@dataclass(frozen=True)
class Share:
    """The ends of a share, from 0 to 1. ``vague``: the number that it is of cannot be told from zero."""

    low: float
    high: float
    vague: bool


def share_range(figures: Figures, part: Between, whole: Between, *, miss: float = MISS) -> Share:
    """The ends of one share."""
    tests = share_tests(part, whole, lambda each: np.array([figures.value(each)]), figures, miss=miss)
    low, high, vague = share_ends(tests)
    return Share(float(low[0]), float(high[0]), vague=bool(vague[0]))


def share_tests(
    part: Between, whole: Between, value: Callable[[Functional], Floats], figures: Figures, *, miss: float = MISS
) -> list[ShareTest]:
    """What shares of ``part`` in ``whole`` must pass: one test for each pair of ends, those of shares too high first.

    ``value`` gives the functionals' estimates for many shares whose functionals vary alike, an array each. With bounds,
    ``part`` is at most p times ``whole`` at every lower end of it, and at least at every upper one.
    """
    every = list(dict.fromkeys((*part.lower, *part.upper, *whole.lower, *whole.upper)))
    values, covariances = [value(each) for each in every], figures.covariances(every)
    tests = []
    for over, pairs in ((True, product(part.upper, whole.lower)), (False, product(part.lower, whole.upper))):
        ends = [(every.index(one), every.index(other)) for one, other in pairs]
        sign, z = 1 if over else -1, _z(miss / 2 / len(ends))
        for i, j in ends:
            variances = (covariances[i, i], covariances[i, j], covariances[j, j])
            tests.append(ShareTest(over, sign * values[i], sign * values[j], *variances, z))
    return tests


def share_ends(tests: Sequence[ShareTest]) -> tuple[Floats, Floats, Bools]:
    """All shares p at which ``part - p whole`` may be zero (Fieller): the least and the greatest, and whether vague.

    Source: Fieller (1954), Some problems in interval estimation.
    """
    known = np.logical_or.reduce([test.whole > test.z * test.whole_sd for test in tests if test.over])
    low, high, passed = _from_least_to_greatest(tests)
    alone = np.clip(tests[0].part / np.maximum(tests[0].whole, TINY), 0.0, 1.0)
    low, high = np.where(passed, low, alone), np.where(passed, high, alone)
    return np.where(known, low, 0.0), np.where(known, high, 1.0), ~known


def _from_least_to_greatest(tests: Sequence[ShareTest]) -> tuple[Floats, Floats, Bools]:
    """The least and the greatest share from 0 to 1 that passes all tests, and whether one does.

    Between two roots all shares pass or none; 0 and 1 are looked at by themselves, for what is all of its whole.
    """
    roots = np.clip(np.concatenate([test.roots() for test in tests]), 0.0, 1.0)
    none, all_ = np.zeros_like(roots[:1]), np.ones_like(roots[:1])
    places = np.sort(np.vstack([none, none, np.nan_to_num(roots), all_, all_]), axis=0)
    middles, kept = (places[1:] + places[:-1]) / 2, places[1:] > places[:-1]
    kept[[0, -1]] = True
    for test in tests:
        kept &= test.passes(middles)
    first, last = kept.argmax(axis=0), kept.shape[0] - kept[::-1].argmax(axis=0)
    line = np.arange(places.shape[1])
    return places[first, line], places[last, line], np.asarray(kept.any(axis=0))


@dataclass(frozen=True)
class ShareTest:
    """Whether ``part - p whole`` is no further below zero than ``z`` standard deviations, for many shares.

    ``over`` says which side it is on: whether it refuses a share that is too high, or one that is too low. Variances
    are numbers where all shares have the same, else arrays.
    """

    over: bool
    part: Floats
    whole: Floats
    part_variance: Floats
    covariance: Floats
    whole_variance: Floats
    z: float | Floats

    @classmethod
    def joined(cls, tests: Sequence[ShareTest]) -> ShareTest:
        """Tests on one side, of some shares each, as one test of all of them."""

        def all_of(one: Callable[[ShareTest], float | Floats]) -> Floats:
            return np.concatenate([np.full(len(each.part), one(each)) for each in tests])

        return cls(
            tests[0].over,
            all_of(lambda each: each.part),
            all_of(lambda each: each.whole),
            all_of(lambda each: each.part_variance),
            all_of(lambda each: each.covariance),
            all_of(lambda each: each.whole_variance),
            all_of(lambda each: each.z),
        )

    @property
    def whole_sd(self) -> Floats:
        return np.sqrt(np.maximum(self.whole_variance, 0.0))

    def passes(self, shares: Floats) -> Bools:
        variance = self.part_variance - 2 * shares * self.covariance + shares**2 * self.whole_variance
        return np.asarray(self.part - shares * self.whole >= -self.z * np.sqrt(np.maximum(variance, 0.0)))

    def roots(self) -> Floats:
        """Where ``part - p whole`` is exactly ``z`` sds from zero: two lines, ascending, NaN for none."""
        a = self.whole**2 - self.z**2 * self.whole_variance
        half = self.part * self.whole - self.z**2 * self.covariance
        c = self.part**2 - self.z**2 * self.part_variance
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.sqrt(half**2 - a * c)
            two = np.sort([(half - reach) / a, (half + reach) / a], axis=0)
            return np.where(np.abs(a) < TINY, c / (2 * half), two)


def share_difference_range(
    figures: Figures, one: tuple[Between, Between], other: tuple[Between, Between], *, miss: float = MISS
) -> Share:
    """The ends of one share less the other, each given by its part and its whole; missed with probability ``miss``.

    Where all was measured and both wholes are well known, the ends of both shares are put together with their
    correlation; else the difference lies between the ends of both, each of which may be missed half as often.

    Source: Zou (2007), Toward using confidence intervals to compare correlations, equation 15.
    """
    if not all(_well_known(figures, *each) for each in (one, other)):
        first, second = (share_range(figures, *each, miss=miss / 2) for each in (one, other))
        return Share(first.low - second.high, first.high - second.low, vague=first.vague or second.vague)
    (p, low, high, errors), (q, below, above, others) = (_alone(figures, *each, miss=miss) for each in (one, other))
    spread = figures.sd(errors) * figures.sd(others)
    alike = figures.covariance(errors, others) / spread if spread else 0.0
    down, up = _together(p - low, above - q, alike), _together(high - p, q - below, alike)
    return Share(max(p - q - down, -1.0), min(p - q + up, 1.0), vague=False)


def _well_known(figures: Figures, part: Between, whole: Between) -> bool:
    sought = whole.lower[0]
    return part.exact and whole.exact and figures.value(sought) > WELL_KNOWN * figures.sd(sought)


def _alone(figures: Figures, part: Between, whole: Between, *, miss: float) -> tuple[float, float, float, Functional]:
    """The estimated share, its own ends, and what its error is in proportion to."""
    share = figures.value(part.lower[0]) / figures.value(whole.lower[0])
    test = share_tests(part, whole, lambda each: np.array([figures.value(each)]), figures, miss=miss)[0]
    low, high = (share if np.isnan(root) else float(root) for root in test.roots()[:, 0])
    return share, low, high, part.lower[0] - whole.lower[0] * share


def _together(one: float, other: float, alike: float) -> float:
    return sqrt(max(one**2 + other**2 - 2 * alike * one * other, 0.0))
