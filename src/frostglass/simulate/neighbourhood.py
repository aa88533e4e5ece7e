"""People one after another, of whom some live together, some are twins and some have the same name."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from frostglass.simulate.cases import FIRST_YEAR, YEARS
from frostglass.simulate.chance import Uniform, one_of
from frostglass.simulate.figures import BANDS
from frostglass.simulate.forms import Form, Row, form_of
from frostglass.simulate.people import Household, Person, document, household, namesake, person
from frostglass.simulate.places import REGIONS
from frostglass.simulate.victims import ADULT, age_on, registration_and_birth

_SHARE_HOUSEHOLDS = 0.053
"""Share of those not yet in a household who begin one of 2 to 4 people, so that 15% of all live in one."""
_SHARE_SAME_YEAR = 0.9
_SHARE_TWINS, _SHARE_EARLY = 0.05, 0.01
_SHARE_NAMESAKES = 0.016
"""Share of those who live alone, after somebody else of their region and of another age who does."""


class Arrival(NamedTuple):
    """Somebody on the day of the first registration, with the coded row that it is to come to."""

    person: Person
    row: Row
    form: Form
    day: date


class Neighbourhood:
    """Makes ``people`` people, each beside the one before."""

    def __init__(self, people: int, u: Uniform) -> None:
        self._left = people
        self._u = u
        self._home: Household | None = None
        self._members_left = 0
        self._year = 0
        self._before: Person | None = None

    def next_person(self, number: int, row: Row, *, again: bool) -> Arrival:
        """Person ``number``. Of somebody who will be registered ``again``, it is known whether they are of age."""
        u = self._u
        region = row["UN_COO_Region"] or one_of(REGIONS, u)
        year = self._at_home(number, row, region, _year(row, u))
        if self._home is not None:
            region = self._home.region
        if again:
            row["majorityStatus"] = row["majorityStatus"] or ADULT
        form = form_of(year, u)
        day, birth = registration_and_birth(year, row["majorityStatus"] or ADULT, form, u)
        one = self._with_neighbours(person(number, region, birth, self._home, u), day)
        if again:
            one = _findable(one, u)
        self._before = one
        return Arrival(one, row, form, day)

    def _at_home(self, number: int, row: Row, region: str, year: int) -> int:
        """Go on with the household, begin one, or leave it; the year in which the person is registered."""
        u = self._u
        self._left -= 1
        if self._members_left and self._home is not None:
            self._members_left -= 1
            row["UN_COO_Region"] = row["UN_COO_Region"] and self._home.region
            return self._year if u() < _SHARE_SAME_YEAR else year
        self._home = None
        if self._left and u() < _SHARE_HOUSEHOLDS:
            self._home, self._year, self._before = household(number, region, u), year, None
            self._members_left = min(self._left, 1 + int(u() * 3))
        return year

    def _with_neighbours(self, one: Person, day: date) -> Person:
        """Now and then the twin of the one before in the household, or a namesake of the one before."""
        u, before = self._u, self._before
        if before is None:
            return one
        if self._home is not None and before.household == one.household:
            twins = u() < _SHARE_TWINS and age_on(before.birth, day) > 0 and before.given != one.given
            return one._replace(birth=before.birth) if twins else one
        unlike = abs(before.birth.year - one.birth.year) >= 4 and before.region == one.region
        if u() < _SHARE_NAMESAKES and unlike and not (before.household or one.household):
            return namesake(one, before)
        return one


def _year(row: Row, u: Uniform) -> int:
    """A year of the row's band; now and then one before all of them."""
    if u() < _SHARE_EARLY:
        return 2002 + int(u() * (FIRST_YEAR - 2002))
    first, last = YEARS[row["yearRegister"] or BANDS[0]]
    return first + int(u() * (last - first + 1))


def _findable(one: Person, u: Uniform) -> Person:
    """Somebody who is registered again; half of them show the same document again."""
    return one._replace(documents=(document(one.number),) if u() < 0.5 else ())
