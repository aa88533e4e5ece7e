"""Long checks of accuracy, behind ``make audit``: whole releases by the hundred. Those of privacy are in ``audits``."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from audits.answering import Terms, measured
from frostglass import codebooks
from frostglass.released.intervals import Intervals
from frostglass.sensitive.check import encode
from frostglass.sensitive.counts import count
from frostglass.sensitive.intake import read
from frostglass.simulate.coded import coded_table
from frostglass.synthesis.strategy import strategy
from frostglass.terms.unit import PrivacyUnit

pytestmark = pytest.mark.audit


@pytest.mark.parametrize("epsilon", ["0.5", "4"])
def test_intervals_of_200_releases_hold_the_truth_as_often_as_they_say(epsilon: str) -> None:
    """Over all declared cells of a simulated table: 95% within half a point at every length."""
    book = codebooks.load("ctdc-vp-1")
    table = encode(read(coded_table(17_500, 7)), book, unit=PrivacyUnit(book.unit))
    domain, asking = book.domain, strategy("measure-and-fit")
    truth = {each: count(table, each).reveal() for k in (1, 2, 3) for each in domain.sets_of_length(k)}
    held: dict[int, list[float]] = {1: [], 2: [], 3: []}
    terms = Terms(domain, PrivacyUnit(book.unit), Fraction(epsilon))
    for _ in range(200):
        estimate = asking.estimate(domain, measured(table, terms))
        intervals = Intervals(estimate)
        for each, exact in truth.items():
            low, high, _ = intervals.everywhere(each)
            held[len(each)].append(float(((np.ceil(low - 1e-6) <= exact) & (exact <= np.floor(high + 1e-6))).mean()))
    for length, shares in held.items():
        assert 0.945 < float(np.mean(shares)) < 0.985, length
