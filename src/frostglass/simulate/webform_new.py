"""``webform-new.json``: an array of cases with their persons, one case a line."""

from __future__ import annotations

import json
from typing import Any

from frostglass.simulate.accounts import Involved
from frostglass.simulate.cases import Case, Fault
from frostglass.simulate.chance import Uniform, one_of

_METHODS = (
    *("DebtBondage", "TakesEarnings", "Threats", "UsesChildren", "ThreatOfLawEnforcement", "PsychologicalAbuse"),
    *("PhysicalAbuse", "SexualAbuse", "FalsePromises", "PsychoactiveSubstances", "RestrictsFinancialAccess"),
    *("RestrictsMovement", "RestrictsMedicalCare", "WithholdsNecessities", "ExcessiveWorkingHours"),
    "WithholdsDocuments",
)
_SUBTYPES = ("Prostitution", "Pornography", "RemoteInteractiveServices", "PrivateSexualServices")
_LABOUR = frozenset(("ForcedLabour", "ForcedBegging", "Servitude", "ChildLabour"))
_INDUSTRIES = "AACFGIINST"

_encode = json.JSONEncoder(ensure_ascii=False).encode


def line(case: Case, u: Uniform) -> str:
    """The case as JSON, on one line."""
    told = case.identity
    citizenship = case.citizenships[0] if case.citizenships else None
    record: dict[str, Any] = {
        "case_id": case.key,
        "registered_on": case.registered.isoformat(),
        "screened_on": case.screened.isoformat(),
        "trafficking_status": case.status,
        "consent": {
            "anonymised_research": case.consent,
            "withdrawn_on": None if case.withdrawn is None else case.withdrawn.isoformat(),
        },
        "identity": {
            "given_name": told.given,
            "middle_name": told.middle or None,
            "family_name": told.family,
            "birth_date": told.birth or None,
            "documents": [{"type": "passport", "number": one, "country": citizenship} for one in told.documents],
            "phones": list(told.phones),
            "email": told.email or None,
            "address": told.address,
        },
        "gender": case.gender or one_of(("", None, "NULL"), u),
        "stated_age": int(told.stated_age) if told.stated_age else None,
        "citizenships": list(case.citizenships),
        "primary_citizenship": case.primary or None,
        "last_country_of_exploitation": case.countries[0] or None,
        "country_of_screening": case.countries[1] or None,
        "country_at_registration": case.countries[2] or None,
        "mission_country": case.countries[3] or None,
        "household": case.household or None,
        "entered_on": _month(case, 9 + int(u() * 20)) if u() < 0.4 else None,
        "exited_on": _month(case, int(u() * 9)) if u() < 0.4 else None,
        "exploitation": [_exploitation(form, answer, u) for form, answer in case.exploitation],
        "control": [
            {"method": _METHODS[place], "answer": "yes" if u() < 0.7 else "no"}
            for place in range(int(u() * 4), len(_METHODS), 4 + int(u() * 12))
        ],
        "persons": [_person(slot, person, u) for slot, person in enumerate(case.persons, start=1)],
        "notes": case.notes.case,
    }
    if record["persons"]:
        record["persons"][-1]["note"] = case.notes.person
    if case.fault is not None:
        _spoil(record, case.fault)
    return _encode(record)


def _month(case: Case, months_before: int) -> str:
    """The month that lies so many months before registration."""
    months = case.registered.year * 12 + case.registered.month - 1 - months_before
    return f"{months // 12}-{months % 12 + 1:02d}"


def _exploitation(form: str, answer: str, u: Uniform) -> dict[str, str | None]:
    yes = answer == "yes"
    return {
        "type": form,
        "answer": answer,
        "labour_industry": one_of(_INDUSTRIES, u) if yes and form in _LABOUR and u() < 0.7 else None,
        "sex_subtype": one_of(_SUBTYPES, u) if yes and form == "SexualExploitation" and u() < 0.7 else None,
    }


def _person(slot: int, person: Involved, u: Uniform) -> dict[str, Any]:
    return {
        "slot": slot,
        "roles": list(person.roles),
        "relation": person.relation or None,
        "gender": person.gender or one_of((None, None, ""), u),
        "age": int(person.age) if person.age.isdigit() else person.age or None,
        "citizenships": list(person.citizenships),
        "paid": person.paid or None,
        "note": "",
    }


def _spoil(record: dict[str, Any], fault: Fault) -> None:
    """Put the fault where it belongs, in the first person if it is a person's."""
    inside, _, name = fault.column.rpartition(".")
    if inside and not record["persons"]:
        record["persons"].append({"slot": 1, "roles": [], "note": ""})
    place = record["persons"][0] if inside else record
    place[name] = [fault.text] if name in ("roles", "citizenships") else fault.text
