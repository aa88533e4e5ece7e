"""``htcds.csv``: the sheet of the Human Trafficking Case Data Standard 2.0, with the defects that such sheets have."""

from __future__ import annotations

from collections.abc import Sequence

from frostglass.simulate.accounts import Involved
from frostglass.simulate.cases import Case
from frostglass.simulate.cells import spoilt
from frostglass.simulate.chance import Uniform, Weighted, one_of
from frostglass.simulate.places import REGIONS, country

HEADER = (
    *("cas_Id", "con_Consent", "cas_IncomingReferralDate", "cas_Status", "prs_FirstName", "prs_SecondName"),
    *("prs_Title", "prs_Birthdate", "prs_Gender", "prs_Citizenship", "prs_IdentityNumber", "prs_Email"),
    *("prs_MobilePhone", "prs_MailingStreet", "prs_MailingCity", "prs_MailingCountry", "vic_TraffickingStatus"),
    *("vic_TypeOfExploitation", "vic_ForcedLabourIndustry", "vic_TypeOfSexExploitation", "vic_MethodsOfControl"),
    *("vic_RelationshipToTrafficker", "hte_Type", "hte_Country", "per_RoleInProcess", "per_RoleDetails"),
)

_STATUSES = ("Active", "FollowUp", "Closed", "ClosedReferred")
_INDUSTRIES = ("A_AgricultureForestryAndFishing", "C_Manufacturing", "F_Construction",
               "I_AccommodationAndFoodServiceActivities", "T_ActivitiesOfHouseholdsAsEmployers")  # fmt: skip
_SUBTYPES = ("Prostitution", "Pornography", "RemoteInteractiveServices", "PrivateSexualServices")
_METHODS = ("PhysicalThreats", "DebtBondage", "FalsePromises", "TakesEarnings", "RestrictsMovement",
            "WithholdsDocuments", "ExcessiveWorkingHours", "Other")  # fmt: skip
_LABOUR = frozenset(("ForcedLabour", "ForcedBegging", "Servitude", "ChildLabour"))
_RELATIONS = {
    "": ("",),
    "OtherRelative": ("Familial",),
    "Acquaintance": ("Acquainted",),
    "Stranger": ("Unaquainted", "Unaquainted", "Unacquainted"),
}
_JOINS = Weighted.of({";": 58, "; ": 20, ";;": 14, " ": 8})
"""How a row joins several values; ";;" stands for a semicolon between and another one at the end."""


def row(case: Case, u: Uniform) -> list[str]:
    """The row of a case, in the order of ``HEADER``."""
    told = case.identity
    join = _JOINS.pick(u)
    yes = [form for form, answer in case.exploitation if answer == "yes"]
    labour = [one_of(_INDUSTRIES, u)] if _LABOUR & set(yes) and u() < 0.7 else []
    subtype = [one_of(_SUBTYPES, u)] if "SexualExploitation" in yes and u() < 0.7 else []
    methods = [method for method in _METHODS if u() < 0.2]
    kinds, countries = _events(case, u)
    person = case.persons[0] if case.persons else Involved()
    street, _, city = told.address.partition(", ")
    cells = [
        *(case.key, "TRUE" if case.consent else "FALSE", case.registered.isoformat(), one_of(_STATUSES, u)),
        *(told.given, told.family, one_of(("", "Ms", "Mr"), u), told.birth, case.gender),
        *("".join(case.citizenships[:1]), ";".join(told.documents), told.email, ";".join(told.phones)),
        *(street, city, "", case.status),
        *(_joined(yes, join), _joined(labour, join), _joined(subtype, join), _joined(methods, join)),
        *(one_of(_RELATIONS[person.relation], u), _joined(kinds, join), _joined(countries, join)),
        *(_joined(person.roles, join), "\n".join(note for note in case.notes if note)),
    ]
    return spoilt(cells, HEADER, case.fault)


def _joined(values: Sequence[str], join: str) -> str:
    if join == ";;":
        return ";".join(values) + ";" if values else ""
    return join.join(values)


def _events(case: Case, u: Uniform) -> tuple[list[str], list[str]]:
    """Kinds and countries of what happened; the last exploitation tells the country, and an earlier one does not."""
    kinds, places = [], []
    if case.citizenships and u() < 0.6:
        kinds.append("Recruitment")
        places.append(case.citizenships[0])
    if u() < 0.4:
        kinds.append("Transit")
        places.append(country(one_of(REGIONS, u), u))
    if case.countries[0]:
        if u() < 0.1:
            kinds.append("Exploitation")
            places.append(country(one_of(REGIONS, u), u))
        kinds.append("Exploitation")
        places.append(case.countries[0])
        if u() < 0.1:
            kinds.append("Transit")
            places.append(country(one_of(REGIONS, u), u))
    return kinds, places
