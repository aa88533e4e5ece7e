"""What goes wrong in real case files, on purpose and by share: each has one expected end, which the truth tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from frostglass.simulate.accounts import OTHER_GENDERS, Involved, atoms_by_set, dealt, with_payment
from frostglass.simulate.cases import NOT, POSSIBLE, SNAPSHOT, Case, Fault
from frostglass.simulate.chance import Uniform, Weighted, one_of
from frostglass.simulate.forms import (
    ACCOUNT,
    AGE,
    CITIZENSHIP,
    HTCDS,
    LEGACY,
    PAID,
    RELATION,
    WEBFORM_NEW,
    WEBFORM_OLD,
    Form,
    Row,
)

_NOBODY, _UNPUBLISHED, _TOO_MANY, _OVERFULL, _PLAIN = "nobody", "unpublished", "too many", "overfull", "plain"
_SHARES: Mapping[str, Weighted[str]] = {
    LEGACY.map_id: Weighted.of({_NOBODY: 1.5, _PLAIN: 98.5}),
    WEBFORM_OLD.map_id: Weighted.of({_NOBODY: 1.5, _UNPUBLISHED: 0.25, _OVERFULL: 2.4, _PLAIN: 95.85}),
    WEBFORM_NEW.map_id: Weighted.of({_NOBODY: 1.5, _UNPUBLISHED: 0.25, _TOO_MANY: 0.45, _OVERFULL: 2.4, _PLAIN: 95.4}),
    HTCDS.map_id: Weighted.of({_NOBODY: 1.5, _UNPUBLISHED: 0.25, _PLAIN: 98.25}),
}
"""Percentages of cases whose block of persons is out of the ordinary."""

_THREE_RELATIONS = ("FamilyIntimatePartner", "FriendAcquaintance", "StrangerUnknownOther")
_OVERFULL_OLD = ((RELATION, _THREE_RELATIONS), (CITIZENSHIP, ("Africa", "Europe")))
_OVERFULL_NEW = (
    *_OVERFULL_OLD,
    (RELATION, _THREE_RELATIONS),
    (AGE, ("0--29", "30--38", "39--47")),
    (AGE, ("0--29", "30--38", "48+")),
    (AGE, ("0--29", "48+")),
    (CITIZENSHIP, ("Africa", "Asia", "Europe")),
)
"""Sets that codebook ctdc-vp-1 does not admit, of those that the form can hold."""

_BEYOND = (
    Involved(("Kidnapper", "Exploiter"), "Parent", "Feminine", "60", ("FJ",), "yes"),
    Involved(("BrokerTravelAgent", "SoldIndividual"), "Friend", "Masculine", "22", ("BR",), "no"),
)
"""The seventh and the eighth person, of whom nothing must count."""


def account(row: Row, form: Form, u: Uniform) -> list[Involved]:
    """The persons of a case. ``row`` loses what its persons, if they are out of the ordinary, do not tell."""
    kind = _SHARES[form.map_id].pick(u)
    if kind in (_NOBODY, _UNPUBLISHED):
        row.update(dict.fromkeys(ACCOUNT))
        return _nobody(form, u) if kind == _NOBODY else _unpublished(form, u)
    atoms = atoms_by_set(row)
    if kind == _OVERFULL:
        name, values = one_of(_OVERFULL_NEW if form is WEBFORM_NEW else _OVERFULL_OLD, u)
        row[name], atoms[name] = None, values
    persons = dealt(row, atoms, form, u, persons=6 if kind == _TOO_MANY else None)
    if kind == _TOO_MANY:
        filled = [person if person.answers() else Involved(("TravellingPartner",)) for person in persons]
        return [*filled, *_BEYOND[: 1 + int(u() * 2)]]
    return persons


def _nobody(form: Form, u: Uniform) -> list[Involved]:
    """No person, or only such as nothing is known of."""
    empty = 0 if form.blocks or form is HTCDS else int(u() * 3)
    unknown = Involved(age="unknown") if form is WEBFORM_NEW and u() < 0.5 else Involved()
    return [unknown] * empty


def _unpublished(form: Form, u: Uniform) -> list[Involved]:
    """A person of whom something is known that no published variable holds."""
    persons = [Involved(roles=(one_of(form.unpublished_roles, u),))]
    if form is WEBFORM_NEW and u() < 0.5:
        persons = [persons[0]._replace(gender=OTHER_GENDERS[-1], paid="declined", age="unknown")]
    return with_payment(persons, (), u) if PAID in form.once else persons


# ------------------------------------------------------------------------------------------------------- scope

_SHARE_STATUS, _SHARE_REFUSED, _SHARE_WITHDRAWN, _SHARE_WITHDRAWN_LATER = 0.02, 0.03, 0.012, 0.004


def spoil_scope(case: Case, u: Uniform) -> None:
    """Now and then somebody is no victim, refuses consent or takes it back, before the snapshot or after it."""
    if u() < _SHARE_STATUS:
        case.status = POSSIBLE if u() < 0.6 else NOT
    if not case.form.consent:
        return
    drawn = u()
    if drawn < _SHARE_REFUSED:
        case.consent = False
    elif case.form is HTCDS:
        return
    elif drawn < _SHARE_REFUSED + _SHARE_WITHDRAWN:
        case.withdrawn = _between(case.registered, SNAPSHOT, u)
    elif drawn < _SHARE_REFUSED + _SHARE_WITHDRAWN + _SHARE_WITHDRAWN_LATER:
        case.withdrawn = SNAPSHOT + timedelta(days=1 + int(u() * 150))


def _between(first: date, last: date, u: Uniform) -> date:
    return first + timedelta(days=int(u() * ((last - first).days + 1)))


# ---------------------------------------------------------------------------------------------- unmapped codes

_SHARE_FAULTS = 0.005

FAULTS: Mapping[str, tuple[Fault, ...]] = {
    LEGACY.map_id: (
        Fault("sex", "W"),
        Fault("case_status", "VICTIM"),
        Fault("recruiter_relation", "freind"),
        Fault("exploiter_sex", "Male"),
        Fault("nationality", "ZZ"),
        Fault("last_country", "UK"),
        Fault("exploitation", "LAB;FARM"),
        Fault("reg_year", "20O8"),
        Fault("age", "about 30"),
    ),
    WEBFORM_OLD.map_id: (
        Fault("Gender", "Femal"),
        Fault("VictimStatus", "VOT"),
        Fault("Citizenship1", "ZZ"),
        Fault("LastCountryOfExploitation", "UK"),
        Fault("RegistrationDate", "31/02/2016"),
        Fault("SexualExploitation", "Y"),
        Fault("persons.Roles", "RECR"),
        Fault("persons.RelationToVictim", "Cousin"),
        Fault("persons.Citizenship", "UK"),
    ),
    WEBFORM_NEW.map_id: (
        Fault("gender", "Femenine"),
        Fault("trafficking_status", "ActualVictim"),
        Fault("citizenships", "ZZ"),
        Fault("last_country_of_exploitation", "UK"),
        Fault("registered_on", "2021-02-30"),
        Fault("persons.roles", "Recruiter"),
        Fault("persons.relation", "Freind"),
        Fault("persons.gender", "Man"),
        Fault("persons.age", "in his forties"),
    ),
    HTCDS.map_id: (
        Fault("prs_Gender", "Female"),
        Fault("vic_TraffickingStatus", "Victim"),
        Fault("prs_Citizenship", "ZZ"),
        Fault("cas_IncomingReferralDate", "2021-06-31"),
        Fault("vic_RelationshipToTrafficker", "Aquainted"),
        Fault("per_RoleInProcess", "Recruiter"),
    ),
}
"""Texts that no import map covers, each in a column that is read for recoding."""


def spoil_code(case: Case, u: Uniform) -> None:
    """Now and then one code is misspelt or unknown, or a date does not exist."""
    if u() < _SHARE_FAULTS:
        case.fault = one_of(FAULTS[case.form.map_id], u)


def richer(person: Involved) -> Involved | None:
    """The same person with one more answer that no published variable holds; None if there is none left."""
    for role in ("TravellingPartner", "Other"):
        if role not in person.roles:
            return person._replace(roles=(*person.roles, role))
    return None
