"""The short form of the audit of forged bundles; its first figure is the control."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from audits.figures import SHORT
from audits.inputs import forgeries
from audits.inputs.forgeries import NOT_WORTH_THE_PROMISE, Genuine, genuine, refused_of, too_small_an_epsilon
from frostglass.bundle.contents import Contents
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways.verify import verify
from tests.survey import FEW_CELLS


def test_every_forgery_is_refused_and_the_genuine_bundle_is_not() -> None:
    figures = forgeries.audit(SHORT)
    assert len(figures) == 9
    assert [each.line() for each in figures if not each.ok] == []


@pytest.fixture(scope="module")
def chosen() -> Iterator[Genuine]:
    with genuine(cells=FEW_CELLS) as true:
        yield true


@pytest.mark.parametrize("change", NOT_WORTH_THE_PROMISE.values(), ids=NOT_WORTH_THE_PROMISE)
def test_noise_that_is_not_worth_the_promise_is_found_by_the_guarantee_alone(
    change: Callable[[Contents], Contents], chosen: Genuine
) -> None:
    """Everything else agrees with itself, and the key is the true one."""
    assert verify(chosen.bundle).ok
    assert refused_of(chosen, change) == ["guarantee"]


def test_noise_for_fewer_records_is_not_worth_the_promise_to_people_of_three() -> None:
    """What three records of a person cost is nine times what one costs, and not three times."""
    with genuine(unit=PrivacyUnit("person", 3, "key")) as persons:
        assert verify(persons.bundle).ok
        assert refused_of(persons, too_small_an_epsilon) == ["guarantee"]
