"""The one interval rule: for all cells of a table at once and for any event, nested and never empty."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frostglass.released.estimate import Estimate
from frostglass.released.events import Between, Event, Mark
from frostglass.released.functional import Box, Figures, Functional
from frostglass.released.intervals import Intervals
from frostglass.released.least_squares import estimate
from frostglass.released.measurement import Measurement
from frostglass.released.ranges import LEAST_HIGH, TINY, ends, own_ends, whole
from frostglass.released.synthetic import SyntheticRecords
from frostglass.released.tabulation import tabulate
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import Attribute, Domain
from tests.released.test_least_squares import receipt

FLAGS = ("p", "q")
DOMAIN = Domain(
    (Attribute("a", ("1", "2")), Attribute("b", ("1",), missing=False), *(Attribute(name, ("1",)) for name in FLAGS))
)
SETS = tuple(each for length in (1, 2, 3, 4) for each in DOMAIN.sets_of_length(length))


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    """Of some tables, with single values always among them, and with noise of any size, which may exceed all counts."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    sd = draw(st.sampled_from([0.6, 5.0, 200.0]))
    longer = draw(st.sets(st.sampled_from(SETS[len(DOMAIN) :]), max_size=6))
    table = rng.poisson(draw(st.sampled_from([0.2, 6.0])), DOMAIN.sizes)
    measurements = []
    for each in (*SETS[: len(DOMAIN)], *sorted(longer)):
        left = tuple(axis for axis in range(len(DOMAIN)) if axis not in DOMAIN.axes(each))
        answer = np.rint(table.sum(axis=left) + rng.normal(0, sd, DOMAIN.shape(each))).astype(np.int64)
        measurements.append(Measurement(each, answer, sd, receipt(each)))
    return estimate(DOMAIN, measurements)


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Unions of values in any number of attributes, and marks or none."""
    names = draw(st.sets(st.sampled_from(DOMAIN.names), min_size=1, max_size=4))
    sides = {name: draw(st.sets(st.integers(0, DOMAIN.attribute(name).size - 1), min_size=1)) for name in sorted(names)}
    marks: list[Mark] = [(name, frozenset({1})) for name in FLAGS] if draw(st.booleans()) else []
    return Event.of(Box.of(sides), marks)


@settings(max_examples=60, deadline=None)
@given(estimates(), events())
def test_no_part_reaches_above_a_whole_of_it_and_none_is_empty(found: Estimate, event: Event) -> None:
    figures = Figures(found)
    low, high = ends(figures, event)
    assert 0 <= low <= high
    for larger in event.wholes():
        least, most = ends(figures, larger)
        assert low <= least
        assert high <= most


@pytest.mark.long
@settings(max_examples=40, deadline=None)
@given(estimates())
def test_all_cells_at_once_have_the_ends_of_each_alone(found: Estimate) -> None:
    figures, intervals = Figures(found), Intervals(found)
    for each in SETS:
        low, high, sd = intervals.everywhere(each)
        assert np.isnan(sd) == (not found.covers(each))
        names = [DOMAIN.names[axis] for axis in DOMAIN.axes(each)]
        for cell in np.ndindex(*low.shape):
            alone = ends(figures, Event(Box.of({name: [at] for name, at in zip(names, cell, strict=True)})))
            assert (low[cell], high[cell]) == pytest.approx(alone, abs=TINY / 10)


@settings(max_examples=40, deadline=None)
@given(estimates())
def test_whole_ends_of_a_part_stay_within_those_of_its_wholes(found: Estimate) -> None:
    """Also where the noise is far larger than any count: no high end above that of a whole, as whole numbers."""
    intervals = Intervals(found)
    for each in SETS:
        low, high, _ = intervals.everywhere(each)
        least, most = whole(low, high)
        assert (least <= most).all()
        for names in combinations(each.names, len(each) - 1):
            if not names:
                continue
            part = AttributeSet(names)
            axis = DOMAIN.axes(each).index(next(iter(set(DOMAIN.axes(each)) - set(DOMAIN.axes(part)))))
            within = whole(*intervals.everywhere(part)[:2])
            assert (np.ceil(low - TINY) <= np.expand_dims(within[0], axis)).all()
            assert (np.floor(high + TINY) <= np.expand_dims(within[1], axis)).all()


@given(st.floats(-3, 3), st.floats(0, 2), st.floats(-3, 3), st.floats(0, 2))
def test_bounds_that_noise_has_moved_past_each_other_still_enclose_something(
    least: float, sd: float, most: float, other: float
) -> None:
    """The ends are in order and not below nobody, whichever bound is the higher."""
    lower, upper = (Functional.of(Box.of({"a": [at]})) for at in (0, 1))
    values, sds = {lower: least, upper: most}, {lower: sd, upper: other}
    low, high = own_ends(Between((lower,), (upper,)), values.__getitem__, sds.__getitem__)
    assert 0 <= low <= high


@given(st.floats(0, 50), st.floats(0, 3))
def test_between_whole_ends_there_is_always_a_number_of_people(low: float, width: float) -> None:
    """Also where both ends lie between two neighbouring whole numbers; and nothing is cut off that is enclosed."""
    least, most = (int(one[0]) for one in whole(np.array([low]), np.array([low + width])))
    assert least <= most
    enclosed = [number for number in range(60) if low <= number <= low + width]
    assert set(enclosed) <= set(range(least, most + 1))
    assert most - least <= max(len(enclosed) - 1, 0) + 1


@settings(max_examples=40, deadline=None)
@given(estimates(), st.integers(0, 2**32))
def test_no_row_that_is_stated_reaches_above_that_of_a_whole(found: Estimate, seed: int) -> None:
    """Nor above all records with any of its values, however far records and noisy tables are apart."""
    codes = np.random.default_rng(seed).integers(0, DOMAIN.sizes, (60, len(DOMAIN))).astype(np.uint16)
    counts = tabulate(SyntheticRecords(DOMAIN, codes, ()), found, length=4, tau=2)
    highs = {
        frozenset(zip(DOMAIN.axes(block.attributes), cell, strict=True)): high
        for block in counts.blocks
        for cell, high, stated in zip(block.positions.tolist(), block.high, block.released, strict=True)
        if stated
    }
    for cell, high in highs.items():
        assert all(high <= highs[cell - {side}] for side in cell if len(cell) > 1)


def test_a_withheld_combination_never_reads_none_to_none() -> None:
    """Where the noisy tables say nobody, and a record says somebody."""
    answers = {1: 0, 2: 0}
    measurements = [
        Measurement(each, np.full(DOMAIN.shape(each), answers[len(each)], dtype=np.int64), 0.6, receipt(each))
        for each in SETS[:10]
    ]
    records = SyntheticRecords(DOMAIN, np.zeros((1, len(DOMAIN)), dtype=np.uint16), ())
    counts = tabulate(records, estimate(DOMAIN, measurements), length=2, tau=5)
    withheld = [block for block in counts.blocks if len(block.attributes) == 2]
    assert all(not block.released.any() for block in withheld)
    assert {int(high) for block in withheld for high in block.high} == {LEAST_HIGH}
