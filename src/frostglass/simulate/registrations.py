"""Somebody's cases: the first one and, of a few people, later ones, with the identity written down anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from frostglass.simulate.accounts import OTHER_GENDERS
from frostglass.simulate.cases import LAST_YEAR, YEARS, Case, Identity
from frostglass.simulate.chance import Uniform
from frostglass.simulate.figures import BANDS
from frostglass.simulate.forms import HTCDS, LEGACY, WEBFORM_NEW, Form, Row, fit, form_of
from frostglass.simulate.mess import account, spoil_code, spoil_scope
from frostglass.simulate.neighbourhood import Arrival
from frostglass.simulate.people import (
    DAY_MONTH,
    DISTURBANCES,
    HALF,
    IMPRECISE,
    NONE,
    Person,
    carried,
    document,
    phone,
    spelling,
)
from frostglass.simulate.victims import (
    ADULT,
    citizenships,
    exploitation,
    gender_and_sex,
    places,
    registration_day,
    told_age,
)

_SHARE_OTHER_GENDER = 0.003
_LAST_DAY = date(LAST_YEAR, 12, 31)


def cases_of(arrival: Arrival, again: int, rows: Iterator[Row], u: Uniform) -> list[Case]:
    """The cases of somebody who is registered ``again`` so many times, if there is time, in the order of their days."""
    one, row, form, day = arrival
    cases = [_case(one, row, form, day, u, _first_time(one, again, u), precision="day" if again else "")]
    for _ in range(again):
        cases += _again(cases[0], cases[-1], one, next(rows), u)
    return cases


def _first_time(one: Person, again: int, u: Uniform) -> Identity:
    """An identity without its birth date, which depends on the day. A document that is not shown again comes once."""
    names = spelling(one, u)
    documents = one.documents
    if again and not documents and u() < 0.4:
        documents = (document(one.number),)
    return Identity(names.given, names.middle, names.family, "", "", documents, one.phones, one.email, one.address)


def _again(first: Case, before: Case, one: Person, row: Row, u: Uniform) -> list[Case]:
    """The next registration of somebody, later than the one before; none if there is no time left for it."""
    earliest = before.registered + timedelta(days=30 if before.form is not LEGACY else 250)
    if earliest > _LAST_DAY:
        return []
    span = (_LAST_DAY - earliest).days
    day = earliest + timedelta(days=int(u() * (span + 1)))
    form = form_of(day.year, u)
    if not form.precise:
        day = registration_day(day.year, form, u)
    if form is WEBFORM_NEW and u() < 0.15:
        form = HTCDS
    row["gender"], row["majorityStatus"] = first.row["gender"], ADULT
    row["UN_COO_Region"] = one.region
    disturbance = DISTURBANCES.pick(u)
    if LEGACY in (form, first.form) or (disturbance == HALF and "-" not in one.family):
        disturbance = NONE
    names = spelling(one, u, disturbance=disturbance)
    phones = one.phones if u() < 0.5 else ((phone(one.number),) if u() < 0.3 else ())
    documents = carried(one.documents, u)
    identity = Identity(names.given, names.middle, names.family, "", "", documents, phones, one.email, one.address)
    precision = ("month" if u() < 0.6 else "year") if disturbance == IMPRECISE else "day"
    remembered = one
    if disturbance == DAY_MONTH:
        remembered = one._replace(birth=_swapped(one.birth, day))
    return [_case(remembered, row, form, day, u, identity, precision=precision, first=first)]


def _swapped(birth: date, day: date) -> date:
    """Day and month swapped, where that gives a date and leaves no doubt whether somebody is of age."""
    if birth.day > 12 or abs(day.year - birth.year - 18) < 2 or birth.year >= day.year:
        return birth
    return date(birth.year, birth.day, birth.month)


def _case(
    one: Person,
    row: Row,
    form: Form,
    day: date,
    u: Uniform,
    identity: Identity,
    *,
    precision: str,
    first: Case | None = None,
) -> Case:
    """A case of ``row`` as ``form`` holds it; of a person registered before, after the ``first`` one.

    ``precision`` is that of a birth date which must be known.
    """
    other = not form.blocks and (u() < _SHARE_OTHER_GENDER if first is None else first.gender in OTHER_GENDERS[:3])
    if other:
        row["gender"] = None
    row["yearRegister"] = _band(day.year)
    fit(row, form, u)
    told = told_age(one.birth, day, form, u, known=row["majorityStatus"] is not None, precision=precision)
    row["majorityStatus"] = told.status
    persons = account(row, form, u)
    gender, sex = gender_and_sex(row["gender"], form, u, other=other)
    held, primary = citizenships(row, form, u, "" if first is None else _own_country(first, one))
    case = Case(
        form=form,
        person=one.number,
        household=one.household,
        registered=day,
        screened=day - timedelta(days=int(u() * 21)),
        identity=identity._replace(birth=told.birth, stated_age=told.stated_age),
        gender=gender,
        sex=sex,
        citizenships=held,
        primary=primary,
        countries=places(row["UN_COE_Region"], form, u),
        exploitation=exploitation(row, form, u),
        persons=persons,
        row=row,
    )
    spoil_scope(case, u)
    spoil_code(case, u)
    return case


def _own_country(first: Case, one: Person) -> str:
    """The country by which somebody was from ``one.region`` in the first case, if there was one."""
    if first.primary:
        return first.primary
    return first.citizenships[0] if first.citizenships and first.region == one.region else ""


def _band(year: int) -> str:
    """The band of a year; for one before all bands the first, which nobody will see."""
    return next((band for band, (first, last) in YEARS.items() if first <= year <= last), BANDS[0])
