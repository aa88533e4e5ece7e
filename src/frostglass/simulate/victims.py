"""What is known of the victim, turned back into answers: dates, ages, countries, gender, forms of exploitation."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import NamedTuple

from frostglass.simulate.accounts import OTHER_GENDERS
from frostglass.simulate.chance import Uniform, Weighted, one_of
from frostglass.simulate.figures import Value
from frostglass.simulate.forms import LEGACY, WEBFORM_NEW, WEBFORM_OLD, Form, Row
from frostglass.simulate.places import REGIONS, another, country

OF_AGE = 18
ADULT, MINOR = "Adult", "Minor"

_LEAP_BIRTHS = (2014, 2018, 2022)
"""Years in which somebody born on 29 February turns 18 with no such day in the calendar."""

_ADULT_AGES = Weighted.of({age: (age - 17) ** 1.2 * 2.0 ** (-(age - 17) / 3.7) for age in range(18, 71)})
_MINOR_AGES = Weighted.of({age: 1.0 if age < 9 else (age - 8) * 1.5 for age in range(OF_AGE)})

_AGE_BANDS = ((0, 8, "0--8"), (9, 17, "09--17"), (18, 20, "18--20"), (21, 23, "21--23"), (24, 26, "24--26"),
              (27, 29, "27--29"), (30, 38, "30--38"), (39, 47, "39--47"))  # fmt: skip


def age_on(born: date, day: date) -> int:
    """Completed years; somebody born on 29 February reaches a birthday on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def majority(born: date, day: date) -> str:
    return ADULT if age_on(born, day) >= OF_AGE else MINOR


def registration_day(year: int, form: Form, u: Uniform) -> date:
    """A day of ``year``; where the system knows years alone, the middle of the year, by which ages are told."""
    if not form.precise:
        return date(year, 6, 30)
    month = 1 + int(u() * 12)
    return date(year, month, 1 + int(u() * monthrange(year, month)[1]))


def registration_and_birth(year: int, wanted: Value, form: Form, u: Uniform) -> tuple[date, date]:
    """A day of registration and a birth date of somebody who is then ``wanted``; now and then on the very edge."""
    if form.precise and year in _LEAP_BIRTHS and u() < 0.004:
        return date(year, 2, 28) if wanted == MINOR else date(year, 3, 1), date(year - OF_AGE, 2, 29)
    day = registration_day(year, form, u)
    if form.precise and u() < 0.008 and day.day < 28:
        shift = 1 if wanted == MINOR else 0
        return day, date(day.year - OF_AGE, day.month, day.day + shift)
    return day, birth_at(_MINOR_AGES.pick(u) if wanted == MINOR else _ADULT_AGES.pick(u), day, u)


def birth_at(age: int, day: date, u: Uniform) -> date:
    """The birth date of somebody who is ``age`` on ``day``."""
    anniversary = date(day.year - age, day.month, min(day.day, monthrange(day.year - age, day.month)[1]))
    return anniversary - timedelta(days=1 + int(u() * 363))


class Told(NamedTuple):
    """What a case says of an age, and whether that tells majority: birth date, stated age, the status that follows."""

    birth: str
    stated_age: str
    status: Value


def told_age(born: date, day: date, form: Form, u: Uniform, *, known: bool, precision: str = "") -> Told:
    """How age is written down; where it is not ``known``, nothing tells.

    ``precision`` of the birth date ("day", "month", "year") is drawn unless it is given. If it is given, the birth date
    is known and always written down.
    """
    age = age_on(born, day)
    if form is LEGACY:
        return _told_in_years(born, day, age, u, known=known, sure=bool(precision))
    if not known and u() < 0.5:
        return Told("", "", None)
    if not precision:
        drawn = u()
        precision = "day" if drawn < 0.9 else "month" if drawn < 0.97 else "year"
        if form.states_age and known and u() < 0.04:
            return Told("", str(age), majority(born, day))
    if not known:
        return Told(str(day.year - OF_AGE), "", None) if (day.month, day.day) != (12, 31) else Told("", "", None)
    return _told_by_birth(born, day, age, form, precision, u)


def _told_by_birth(born: date, day: date, age: int, form: Form, precision: str, u: Uniform) -> Told:
    status = ADULT if age >= OF_AGE else MINOR
    near = day.year - born.year == OF_AGE
    open_ = near and (precision == "year" or (precision == "month" and day.month == born.month))
    certainly = open_ and day.day < 28
    if open_ and not form.states_age and not certainly:
        precision, open_ = "day", False
    birth = born.isoformat()[: {"day": 10, "month": 7, "year": 4}[precision]]
    if not form.states_age:
        return Told(birth, "", None if open_ else status)
    if certainly and u() < 0.3:
        return Told(birth, "", None)
    if open_:
        return Told(birth, str(age), status)
    if u() < 0.3:
        return Told(birth, str(max(0, age + (u() < 0.05) - (u() < 0.05))), status)
    return Told(birth, "", status)


def _told_in_years(born: date, day: date, age: int, u: Uniform, *, known: bool, sure: bool) -> Told:
    """The year of birth, a stated age as a number or a band, or both; where the year leaves it open, the age tells."""
    if not known:
        return Told("", "", None)
    drawn = u()
    with_year = sure or drawn < 0.72
    open_ = with_year and day.year - born.year == OF_AGE
    if open_ and u() < 0.15:
        return Told(str(born.year), "", None)
    stated = str(age) if u() < 0.8 else _age_band(age)
    if with_year and not open_ and drawn < 0.25:
        stated = ""
    return Told(str(born.year) if with_year else "", stated, ADULT if age >= OF_AGE else MINOR)


def _age_band(age: int) -> str:
    return next((code for low, high, code in _AGE_BANDS if low <= age <= high), "48+")


# --------------------------------------------------------------------------------------------------- citizenship


def citizenships(row: Row, form: Form, u: Uniform, own: str = "") -> tuple[tuple[str, ...], str]:
    """Citizenships and the primary one, ``own`` if it is given. Where the row knows no region there is none, or there
    are two of two regions and nothing to decide; now and then the row loses its region in this way."""
    region = row["UN_COO_Region"]
    one_alone = form is not LEGACY and not form.several_citizenships
    if region is None:
        return ((), "") if one_alone or u() < 0.6 else (_of_two_regions(one_of(REGIONS, u), u, form), "")
    first = own or country(region, u, old=form is LEGACY)
    drawn = u()
    if one_alone or drawn > 0.075 or own:
        return (first,), first if form is not LEGACY and not one_alone and u() < 0.3 else ""
    if drawn < 0.003:
        row["UN_COO_Region"] = None
        return _of_two_regions(region, u, form), ""
    if drawn < 0.015 and form is not LEGACY:
        both = (first, country(_other_region(region, u), u))
        return both if u() < 0.5 else both[::-1], first
    return (first, another(region, first, u)), ""


def _of_two_regions(region: str, u: Uniform, form: Form) -> tuple[str, ...]:
    return country(region, u, old=form is LEGACY), country(_other_region(region, u), u)


def _other_region(region: str, u: Uniform) -> str:
    return one_of([one for one in REGIONS if one != region], u)


# ----------------------------------------------------------------------------------------- country of exploitation


def places(region: Value, form: Form, u: Uniform) -> tuple[str, str, str, str]:
    """Last country of exploitation, and those of screening, registration and mission: the first that is known tells the
    region, and is a stand-in in two cases of five. The later ones may lie anywhere."""
    if region is None:
        return "", "", "", ""
    tells = country(region, u, old=form is LEGACY)
    if not form.states_age or u() < 0.6:
        first = 0
    else:
        drawn = u()
        first = 1 if drawn < 0.5 else 2 if drawn < 0.8 else 3
    held = [""] * first + [tells]
    held += ["" if u() < 0.4 else country(one_of(REGIONS, u), u) for _ in range(3 - first)]
    return held[0], held[1], held[2], held[3]


# ---------------------------------------------------------------------------------------------------------- gender

_FULL = {"Female": "Feminine", "Male": "Masculine"}
_SEX = {"Female": "F", "Male": "M"}


def gender_and_sex(value: Value, form: Form, u: Uniform, *, other: bool) -> tuple[str, str]:
    """Gender and sex as asked. Sex stands in where old systems left gender empty, and never for another gender."""
    if form is LEGACY:
        return "", _SEX.get(value or "", "")
    if other:
        return one_of(OTHER_GENDERS[:3], u), one_of(("F", "M", "X"), u) if form is WEBFORM_OLD else ""
    if value is None:
        if form is WEBFORM_OLD:
            return one_of((("NonSpecifiedUnknown", "F"), ("NonSpecifiedUnknown", "M"), ("", ""), ("", "X")), u)
        return one_of(("", "NonSpecifiedUnknown"), u), ""
    if form is not WEBFORM_OLD:
        return _FULL[value], ""
    if u() < 0.06:
        return "", _SEX[value]
    return _FULL[value], _SEX[value] if u() < 0.9 else ""


# ---------------------------------------------------------------------------------------------------- exploitation

_LABOUR = Weighted.of({"ForcedLabour": 70, "Servitude": 13, "ForcedBegging": 10, "ChildLabour": 7})
_LABOUR_FORMS = _LABOUR.values
_OTHER_FORMS = ("ForcedMarriage", "OrganRemoval", "ForcedMilitaryByNonStateActors", "ForcedAdoption", "Other")
_NEW_FORMS = (*_OTHER_FORMS, "Surrogacy")


def exploitation(row: Row, form: Form, u: Uniform) -> list[tuple[str, str]]:
    """Forms of exploitation with their answers: yes, no or unknown; a form without an answer is left out."""
    answers: dict[str, str] = {}
    if row["isForcedLabour"]:
        answers[_LABOUR.pick(u)] = "yes"
        if u() < 0.1:
            answers[one_of(_LABOUR_FORMS, u)] = "yes"
    if row["isSexualExploit"]:
        answers["SexualExploitation"] = "yes"
    others = _NEW_FORMS if form is WEBFORM_NEW else _OTHER_FORMS
    if u() < (0.06 if answers else 0.8):
        answers[one_of(others, u)] = "yes"
    for name in ("ForcedLabour", "SexualExploitation", *one_of((_LABOUR_FORMS, others), u)):
        if name not in answers and u() < 0.5:
            answers[name] = "no" if u() < 0.8 else "unknown"
    return list(answers.items())
