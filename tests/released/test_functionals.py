"""Sums of cells are estimated without bias and with their exact covariance, and the intervals made of them hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt
import pytest

from frostglass.released.events import Between, Bounding, Event
from frostglass.released.functional import EVERYBODY, ZERO, Box, Figures, Functional
from frostglass.released.least_squares import estimate
from frostglass.released.measurement import Measurement
from frostglass.released.ranges import (
    Range,
    Share,
    difference_range,
    ends,
    own_ends,
    share_difference_range,
    share_range,
)
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import Attribute, Domain
from tests.released.test_least_squares import DOMAIN, SD, design, measured, receipt

DRAWS = 600
FLAGS = Domain((Attribute("sex", ("F", "M")), *(Attribute(name, ("1",)) for name in "pqrs")))
MARKS = tuple((name, frozenset({1})) for name in "pqrs")


def some_boxes(rng: np.random.Generator, number: int) -> list[Box]:
    """Boxes over one to three attributes, with any values of each."""
    boxes = []
    for _ in range(number):
        names = rng.permutation(DOMAIN.names)[: rng.integers(1, 4)]
        sizes = {str(name): DOMAIN.attribute(str(name)).size for name in names}
        boxes.append(
            Box.of({name: rng.choice(size, rng.integers(1, size + 1), replace=False) for name, size in sizes.items()})
        )
    return boxes


def of_cells(functional: Functional, domain: Domain) -> npt.NDArray[np.float64]:
    """Its weight on each cell of the full table."""
    cells = np.array(list(np.ndindex(*domain.sizes)))
    weights = np.zeros(len(cells))
    for weight, box in functional.terms:
        inside = [np.isin(cells[:, domain.place(name)], sorted(side)) for name, side in box.sides]
        weights += weight * np.logical_and.reduce([np.ones(len(cells), dtype=bool), *inside])
    return weights


@pytest.mark.parametrize("orders", [(1, 2, 3), (3,)])
def test_value_and_covariance_are_those_of_the_textbook_solution(orders: tuple[int, ...]) -> None:
    """Against numpy's solver on the full design matrix, for sums of overlapping boxes."""
    sets, matrix, sd = design(orders)
    rng = np.random.default_rng(2)
    answers = rng.integers(-20, 60, len(matrix)).astype(float)
    full, *_ = np.linalg.lstsq(matrix / sd[:, None], answers / sd, rcond=None)
    covariance = np.linalg.pinv((matrix / sd[:, None]).T @ (matrix / sd[:, None]))
    figures = Figures(estimate(DOMAIN, measured(sets, answers)))
    boxes = [*some_boxes(rng, 24), EVERYBODY]
    sums = [Functional.of(one) - Functional.of(other) * 0.7 for one, other in pairwise(boxes)]
    for one, other in zip(sums, reversed(sums), strict=True):
        w, v = of_cells(one, DOMAIN), of_cells(other, DOMAIN)
        assert figures.value(one) == pytest.approx(w @ full, abs=1e-8)
        assert figures.covariance(one, other) == pytest.approx(w @ covariance @ v, abs=1e-8)
        assert figures.sd(one) == pytest.approx(np.sqrt(w @ covariance @ w), abs=1e-8)


def test_of_a_single_cell_they_are_those_of_the_estimate() -> None:
    sets, matrix, _ = design((1, 2, 3))
    figures = Figures(estimate(DOMAIN, measured(sets, np.arange(len(matrix), dtype=np.float64))))
    for each in sets:
        for cell in np.ndindex(*DOMAIN.shape(each)):
            names = [DOMAIN.names[axis] for axis in DOMAIN.axes(each)]
            one = Functional.of(Box.of({name: [at] for name, at in zip(names, cell, strict=True)}))
            assert figures.value(one) == pytest.approx(figures.estimate.marginal(each)[cell], abs=1e-9)
            assert figures.sd(one) == pytest.approx(figures.estimate.sd(each), rel=1e-9)


def test_terms_of_one_box_are_put_together() -> None:
    box = Functional.of(Box.of({"a": [1]}))
    assert box - box == ZERO
    assert (box + box).terms == ((2.0, Box.of({"a": [1]})),)


TRUTH = np.random.default_rng(8).integers(0, 40, DOMAIN.sizes)


@cache
def draws() -> tuple[Figures, ...]:
    """Estimates of the same small table under fresh noise, from a fixed stream."""
    rng = np.random.default_rng(11)
    sets = [AttributeSet.of(names) for order in (1, 2, 3) for names in combinations(DOMAIN.names, order)]
    exact = [TRUTH.sum(axis=tuple(set(range(3)) - set(DOMAIN.axes(each)))) for each in sets]
    return tuple(
        Figures(
            estimate(
                DOMAIN,
                [
                    Measurement(
                        each,
                        np.rint(table + rng.normal(0, SD[len(each)], table.shape)).astype(np.int64),
                        SD[len(each)],
                        receipt(each),
                    )
                    for each, table in zip(sets, exact, strict=True)
                ],
            )
        )
        for _ in range(DRAWS)
    )


def truth(box: Box) -> float:
    return float(of_cells(Functional.of(box), DOMAIN) @ TRUTH.reshape(-1))


def sought(box: Box) -> Between:
    return Between((Functional.of(box),), (Functional.of(box),))


def coverage(ends: Callable[[Figures], Range | Share], value: float) -> float:
    """Share of the draws whose interval holds ``value``."""
    found = [ends(figures) for figures in draws()]
    pairs = [(one.low, one.high) if isinstance(one, Share) else one for one in found]
    return sum(low - 1e-9 <= value <= high + 1e-9 for low, high in pairs) / DRAWS


ONE, OTHER = Box.of({"a": [1], "b": [0, 2]}), Box.of({"b": [0, 1], "c": [1, 2]})
PART, WHOLE = Box.of({"a": [1], "b": [1, 2], "c": [0, 3]}), Box.of({"b": [1, 2], "c": [0, 1, 3]})
PART_B, WHOLE_B = Box.of({"a": [1], "b": [1, 0], "c": [0, 3]}), Box.of({"b": [1, 0], "c": [0, 1, 3]})


def test_intervals_of_counts_and_differences_hold_as_often_as_they_say() -> None:
    between = sought(ONE) - sought(OTHER)
    assert 0.93 < coverage(lambda each: ends(each, Event(ONE)), truth(ONE)) < 0.97
    assert 0.93 < coverage(lambda each: difference_range(each, between), truth(ONE) - truth(OTHER)) < 0.97


def test_an_interval_that_forgets_the_correlation_would_not() -> None:
    """Variances added up as if both counts were independent: far from 95%."""

    def forgetful(figures: Figures) -> Range:
        one, other = Functional.of(PART), Functional.of(WHOLE)
        reach = 1.96 * np.hypot(figures.sd(one), figures.sd(other))
        gap = figures.value(one) - figures.value(other)
        return gap - reach, gap + reach

    assert coverage(forgetful, truth(PART) - truth(WHOLE)) > 0.98


def test_intervals_of_shares_hold_as_often_as_they_say() -> None:
    share = truth(PART) / truth(WHOLE)
    assert 0.93 < coverage(lambda each: share_range(each, sought(PART), sought(WHOLE)), share) < 0.97


def test_intervals_of_differences_of_shares_hold() -> None:
    gap = truth(PART) / truth(WHOLE) - truth(PART_B) / truth(WHOLE_B)
    one, other = (sought(PART), sought(WHOLE)), (sought(PART_B), sought(WHOLE_B))
    assert 0.93 <= coverage(lambda each: share_difference_range(each, one, other), gap) < 0.97


def test_the_share_of_a_number_that_may_be_zero_may_be_anything() -> None:
    sets, matrix, _ = design((1, 2, 3))
    nobody = Figures(estimate(DOMAIN, measured(sets, np.zeros(len(matrix)))))
    assert share_range(nobody, sought(PART), sought(WHOLE)) == Share(0.0, 1.0, vague=True)
    bounded = Between((ZERO,), (Functional.of(WHOLE),))
    assert share_range(draws()[0], sought(PART), bounded) == Share(0.0, 1.0, vague=True)
    pair = (sought(PART), sought(WHOLE))
    assert share_difference_range(nobody, pair, pair) == Share(-1.0, 1.0, vague=True)


def test_shares_lie_between_nothing_and_everything() -> None:
    for figures in draws()[:50]:
        for part, whole in ((PART, WHOLE), (WHOLE, WHOLE), (Box.of({"a": [0], "b": [1], "c": [2]}), EVERYBODY)):
            ends = share_range(figures, sought(part), sought(whole))
            assert 0 <= ends.low <= ends.high <= 1


def test_everything_is_all_of_itself() -> None:
    """Part and whole alike: noise cancels, and the share is exactly one."""
    ends = share_range(draws()[0], sought(WHOLE), sought(WHOLE))
    assert ends.low == pytest.approx(1, abs=1e-6)
    assert ends.high == 1.0


def flags(
    rng: np.random.Generator, *, sd: float, orders: tuple[int, ...] = (1, 2, 3)
) -> tuple[Figures, npt.NDArray[np.int64]]:
    """A sparse table of five attributes of which no table of more than three was measured."""
    table = np.rint(rng.gamma(0.3, 30, FLAGS.sizes)).astype(np.int64)
    measurements = []
    for order in orders:
        for each in FLAGS.sets_of_length(order):
            exact = table.sum(axis=tuple(set(range(5)) - set(FLAGS.axes(each))))
            noisy = np.rint(exact + rng.normal(0, sd, exact.shape)).astype(np.int64)
            measurements.append(Measurement(each, noisy, sd or 1e-6, receipt(each)))
    return Figures(estimate(FLAGS, measurements)), table


EVENTS = [
    Event(EVERYBODY, MARKS),
    Event(Box.of({"sex": [1]}), MARKS),
    Event(Box.of({"sex": [0, 2]}), MARKS[:3]),
    Event(Box.of({"sex": [1], "p": [1]}), MARKS[1:]),
    Event(Box.of({"sex": [1], "p": [1], "q": [0]}), MARKS[2:]),
    Event(Box.of({"sex": [1], "p": [1], "q": [0], "r": [1]})),
    Event(Box.of({"sex": [0, 1], "p": [0], "q": [0], "r": [1], "s": [0]})),
]


def number(event: Event, table: npt.NDArray[np.int64]) -> int:
    cells = np.array(list(np.ndindex(*FLAGS.sizes)))
    inside = of_cells(Functional.of(event.box), FLAGS) > 0
    if event.marks:
        inside &= np.logical_or.reduce([np.isin(cells[:, FLAGS.place(n)], sorted(side)) for n, side in event.marks])
    return int(table.reshape(-1)[inside].sum())


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("orders", [(1, 2, 3), (1, 2), (1,)])
def test_what_was_not_measured_lies_between_its_bounds(event: Event, orders: tuple[int, ...]) -> None:
    """Without noise the bounds themselves are tried, on tables of all kinds."""
    rng = np.random.default_rng(5)
    for _ in range(5):
        figures, table = flags(rng, sd=0, orders=orders)
        between = Bounding(figures.estimate).event(event)
        assert not between.exact
        assert all(figures.value(each) <= number(event, table) + 1e-3 for each in between.lower)
        assert all(figures.value(each) >= number(event, table) - 1e-3 for each in between.upper)


def test_the_intervals_of_bounds_hold() -> None:
    rng = np.random.default_rng(6)
    held = []
    for _ in range(15):
        figures, table = flags(rng, sd=4)
        bounding = Bounding(figures.estimate)
        for event in EVENTS:
            low, high = ends(figures, event)
            held.append(low <= number(event, table) <= high)
        whole = Event(Box.of({"sex": [1]}), MARKS)
        part = Event(Box.of({"sex": [1], "p": [1]}))
        if number(whole, table):
            share = share_range(figures, bounding.event(part), bounding.event(whole))
            held.append(share.low <= number(part, table) / number(whole, table) <= share.high)
    assert np.mean(held) >= 0.95


def test_each_end_that_is_used_takes_an_equal_part_of_what_may_be_missed() -> None:
    """Four ends on one side and one on the other, each off by noise of its own: each side misses in 2.5% of all cases.

    Four ends that may each be missed in 2.5% would be missed in 9.6%. From a fixed stream.
    """
    rng, true, tries = np.random.default_rng(12), 1_000.0, 200_000
    lower = tuple(Functional.of(Box.of({"a": [at]})) for at in range(4))
    values = {each: true + rng.normal(0, 1, tries) for each in (*lower, ZERO)}
    low, high = own_ends(Between(lower, (ZERO,)), values.__getitem__, lambda _: 1.0)
    for missed in (np.mean(low > true), np.mean(high < true)):
        assert missed == pytest.approx(0.025, abs=0.003)


def test_bounds_are_close_where_pairs_tell_nearly_all() -> None:
    """Any of four flags, when triples were measured and the four hardly ever occur together."""
    rng = np.random.default_rng(7)
    figures, table = flags(rng, sd=0)
    low, high = ends(figures, EVENTS[0])
    assert high - low < 0.1 * number(EVENTS[0], table)


def test_marks_that_the_box_decides_are_left_out() -> None:
    box = Box.of({"p": [1], "q": [0]})
    assert Event.of(box, MARKS) == Event(box)
    assert Event.of(Box.of({"q": [0]}), MARKS) == Event(Box.of({"q": [0]}), (MARKS[0], MARKS[2], MARKS[3]))
    assert Event.of(EVERYBODY, MARKS) == Event(EVERYBODY, MARKS)
