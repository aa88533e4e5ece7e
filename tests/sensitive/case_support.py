"""Cases built in memory, and the worked cases of the specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from frostglass.sensitive.recoding.answers import Taking, answers_of
from frostglass.sensitive.recoding.evaluation import age_key, ages_of
from frostglass.sensitive.recoding.records import Cases, Records
from frostglass.terms.codebook import Codebook
from frostglass.terms.recoding import BIRTH_DATE, Copy


def listed(value: object) -> list[str]:
    """A field as a list of texts: nothing, one, or several."""
    if value is None or value == "":
        return []
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]


def spelled(case: Mapping[str, Any]) -> dict[str, Any]:
    """A case whose fields are lists of texts, and whose child records are lists of such dicts."""
    return {
        name: [spelled(one) for one in value] if value and isinstance(value, list) and isinstance(value[0], dict)
        else listed(value)
        for name, value in case.items()
    }  # fmt: skip


def records_of(rows: Sequence[Mapping[str, Any]], parents: Sequence[int] | None = None) -> Records:
    """Records from spelled rows."""
    names = dict.fromkeys(name for row in rows for name in row)
    fields = {name: answers_of([row.get(name, []) for row in rows]) for name in names}
    return Records(len(rows), fields, None if parents is None else np.array(parents, dtype=np.int32))


def cases_of(cases: Sequence[Mapping[str, Any]], codebook: Codebook) -> Cases:
    """Stripped cases from dicts: child records apart, and of birth dates nothing but the ages that rules ask for."""
    rows = [spelled(case) for case in cases]
    child_names = {name for row in rows for name, held in row.items() if held and isinstance(held[0], dict)}
    child_names |= {one.name for one in codebook.recoding.children}
    children = {}
    for name in sorted(child_names):
        pairs = [(number, child) for number, row in enumerate(rows) for child in row.get(name, [])]
        children[name] = records_of([child for _, child in pairs], [number for number, _ in pairs])
    own = [{key: value for key, value in row.items() if key not in child_names} for row in rows]
    records = records_of([{k: v for k, v in row.items() if k != BIRTH_DATE} for row in own])
    births = answers_of([row.get(BIRTH_DATE, []) for row in own])
    ages = {}
    for rule in codebook.recoding.ages():
        assert isinstance(rule.at, Copy)
        ages[age_key(rule)] = ages_of(births, records.answers(rule.at.field))
    return Cases(Records(records.number, {**records.fields, **ages}), children)


def person(roles: str = "", relation: str = "", gender: str = "", age: object = "", citizenships: str = "",
           paid: str = "") -> dict[str, Any]:  # fmt: skip
    """A person whom a case tells of."""
    return {
        "roles": roles.split(), "relation": relation, "gender": gender, "age": age,
        "citizenships": citizenships.split(), "paid": paid,
    }  # fmt: skip


def yes(*types: str) -> list[dict[str, Any]]:
    """Forms of exploitation answered with yes."""
    return [{"type": one, "answer": "yes"} for one in types]


SHARED = {
    "trafficking_status": "ActualVictimOfTrafficking", "research_consent": "given", "canonical_case": "yes",
    "source_system": "mimosa_new",
}  # fmt: skip

WORKED: dict[str, dict[str, Any]] = {
    "A": {
        "registered_on": "2021-03-14", "gender": "Feminine", "birth_date": "1994-06-02",
        "exploitation": yes("SexualExploitation"), "citizenships": "NG", "last_country_of_exploitation": "IT",
        "persons": [
            person("RecruiterOrIntermediary", "Acquaintance", "Feminine", 41, "NG", "no"),
            person("Transporter Smuggler", "Stranger", "Masculine", 35, "LY", "yes"),
            person("Exploiter ControlledIndividual", "Stranger", "Feminine", 44, "NG", "yes"),
        ],
    },
    "B": {
        "registered_on": "2020-05-01", "gender": "Masculine", "birth_date": "2002-05-01",
        "exploitation": yes("ForcedLabour"), "citizenships": "KH", "last_country_of_exploitation": "TH",
        "persons": [person("BrokerTravelAgent", "OtherRelative", "Masculine", 50, "KH", "yes")],
    },
    "C": {
        "registered_on": "2020-04-30", "gender": "Masculine", "birth_date": "2002-05-01",
        "exploitation": yes("ForcedBegging"), "citizenships": "KH", "last_country_of_exploitation": "TH",
        "persons": [person("Exploiter", "Parent", "Feminine", 29, "KH", "no")],
    },
    "D": {
        "registered_on": "2019-12-31", "gender": "Feminine", "age_at_registration": 22,
        "exploitation": yes("ForcedLabour", "SexualExploitation"), "citizenships": "UA",
        "last_country_of_exploitation": "RU",
        "persons": [
            person("RecruiterOrIntermediary Transporter", "IntimatePartner", "Masculine", 28, "UA", "no"),
            person("HarbouredIndividual", "Friend", "Masculine", 33, "RU"),
            person("Abuser Exploiter", "Employer", "Masculine", 52, "RU", "no"),
        ],
    },
    "E": {
        "registered_on": "2022-08-09", "gender": "TransgenderFeminine", "birth_date": "1990",
        "exploitation": yes("SexualExploitation"), "citizenships": "FJ", "last_country_of_exploitation": "AU",
        "persons": [
            person("BoughtIndividual", "Unknown", "Masculine", "", "GH", "no"),
            person("ReceivedIndividual", "", "", "", "DE"),
        ],
    },
    "F": {
        "source_system": "legacy", "registered_on": "2008-06-30", "sex": "F", "age_at_registration": 17,
        "exploitation": yes("SexualExploitation"), "citizenships": "MD", "country_of_screening": "MK",
        "persons": [person("RecruiterOrIntermediary", "Friend", "Feminine", "", "MD")],
    },
    "G": {"registered_on": "2004-11-02", "persons": [person("Exploiter")]},
    "H": {"registered_on": "2021-03-14", "research_consent": "refused", "persons": [person("Exploiter")]},
    "I": {
        "source_system": "mimosa_old", "registered_on": "2016-06-30", "gender": "Masculine", "birth_date": "1998",
        "exploitation": yes("OrganRemoval"), "citizenships": ["IN", "US"], "last_country_of_exploitation": "IN",
        "persons": [
            person("TravellingPartner", "Friend", "Masculine", 38, "IN", "no"),
            person("Other", "Friend", "Masculine", 39, "IN", "yes"),
        ],
    },
    "J": {
        "registered_on": "2019-07-01", "gender": "Masculine", "birth_date": "1985-01-01",
        "exploitation": yes("ForcedLabour"), "citizenships": "Y1", "last_country_of_exploitation": "AE",
        "persons": [
            *[person("Transporter", "Stranger", "Masculine", 33, "AE", "yes") for _ in range(6)],
            person("Kidnapper", "Parent", "Feminine", 60, "XK", "no"),
        ],
    },
    "K": {"registered_on": "2021-03-14", "persons": []},
    "L": {
        "registered_on": "2021-03-14", "gender": "Feminine", "birth_date": "1994-06-02",
        "exploitation": yes("ForcedLabour"), "citizenships": "KE", "last_country_of_exploitation": "SA",
        "persons": [
            person("RecruiterOrIntermediary", "Friend", "Feminine", 25, "KE", "no"),
            person("Exploiter", "Employer", "Masculine", 48, "SA", "yes"),
        ],
    },
}  # fmt: skip
"""Cases A to L of the specification, where it leaves an answer open with one that suits."""

EXPECTED: dict[str, tuple[str, ...]] = {
    "A": ("2021-2022", "Female", "Adult", "", "1", "Africa", "Europe", "1", "1", "1", "1",
          "FriendAcquaintance;StrangerUnknownOther", "Female;Male", "30--38;39--47", "Africa", "No;Yes"),
    "B": ("2020", "Male", "Adult", "1", "", "Asia", "Asia", "1", "", "", "",
          "FamilyIntimatePartner", "Male", "48+", "Asia", "Yes"),
    "C": ("2020", "Male", "Minor", "1", "", "Asia", "Asia", "", "", "", "1",
          "FamilyIntimatePartner", "Female", "0--29", "Asia", "No"),
    "D": ("2019", "Female", "Adult", "1", "1", "Europe", "Europe", "1", "1", "1", "1",
          "", "Male", "", "Europe", "No"),
    "E": ("2021-2022", "", "Adult", "", "1", "Americas/Oceania", "Americas/Oceania", "", "1", "", "",
          "StrangerUnknownOther", "Male", "", "", "No"),
    "F": ("2005-2013", "Female", "Minor", "", "1", "Europe", "Europe", "1", "", "", "",
          "FriendAcquaintance", "Female", "", "Europe", ""),
    "I": ("2014-2018", "Male", "", "", "", "", "Asia", "", "", "", "",
          "FriendAcquaintance", "Male", "30--38;39--47", "Asia", "No;Yes"),
    "J": ("2019", "Male", "Adult", "1", "", "Europe", "Asia", "", "1", "", "",
          "StrangerUnknownOther", "Male", "30--38", "Asia", "Yes"),
    "L": ("2021-2022", "Female", "Adult", "1", "", "Africa", "Asia", "1", "", "", "1",
          "FriendAcquaintance;StrangerUnknownOther", "Female;Male", "", "Africa;Asia", "No;Yes"),
}  # fmt: skip
"""What they come to, in the order of ``NUMBERED``; the others are out of scope."""

NUMBERED = (
    "yearRegister", "gender", "majorityStatus", "isForcedLabour", "isSexualExploit", "UN_COO_Region", "UN_COE_Region",
    "IP_RecruiterBroker", "IP_TransactionProcess", "IP_ControlAbuseKidnap", "IP_Exploiter", "IP_Relation", "IP_Gender",
    "IP_ageBroad", "IP_citizen_UNRegion", "IP_PayMoney",
)  # fmt: skip


def worked(name: str) -> dict[str, Any]:
    """A worked case with what all of them share."""
    return {**SHARED, **WORKED[name]}


def taking(values: Sequence[str]) -> Taking[str]:
    """One answer a record."""
    taken = Taking[str]()
    for record, value in enumerate(values):
        taken.add(record, value)
    return taken
