"""Small case files of every shape, written by hand, for the tests of the import."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from frostglass.codebooks.import_maps import load_map
from frostglass.sensitive.importing.cases import Imported
from frostglass.sensitive.importing.delivery import Delivery, SheetFile
from frostglass.sensitive.importing.description import LegalBasis
from frostglass.terms.import_map import ImportMap

SNAPSHOT = "2023-01-31"

HEADINGS = {
    "legacy-flat": (
        "case_no,reg_year,case_status,family_name,given_names,sex,age,year_of_birth,nationality,second_nationality,"
        "passport_no,phone,village,last_country,screened_in,registered_in,mission,household_no,exploitation,"
        "recruiter_involved,recruiter_sex,recruiter_nationality,recruiter_relation,transporter_involved,"
        "transporter_sex,transporter_nationality,transporter_relation,exploiter_involved,exploiter_sex,"
        "exploiter_nationality,exploiter_relation,remarks"
    ),
    "webform-old": (
        "CaseNumber,RegistrationDate,ScreeningDate,VictimStatus,ResearchConsent,ConsentWithdrawnOn,LastName,FirstName,"
        "MiddleName,DateOfBirth,StatedAge,Gender,Sex,Citizenship1,Citizenship2,MainCitizenship,PassportNumber,"
        "MobilePhone,HomeTown,LastCountryOfExploitation,CountryOfScreening,CountryOfRegistration,MissionCountry,"
        "HouseholdNumber,ForcedLabour,SexualExploitation,ForcedBegging,DomesticServitude,ChildLabour,ForcedMarriage,"
        "OrganRemoval,OtherExploitation,PaidMoney,CaseNotes"
    ),
    "webform-old-persons": "CaseNumber,PersonNumber,Roles,RelationToVictim,Gender,Citizenship,Comments",
    "htcds-2": (
        "cas_Id,con_Consent,cas_IncomingReferralDate,cas_Status,prs_FirstName,prs_SecondName,prs_Title,prs_Birthdate,"
        "prs_Gender,prs_Citizenship,prs_IdentityNumber,prs_Email,prs_MobilePhone,prs_MailingStreet,prs_MailingCity,"
        "prs_MailingCountry,vic_TraffickingStatus,vic_TypeOfExploitation,vic_ForcedLabourIndustry,"
        "vic_TypeOfSexExploitation,vic_MethodsOfControl,vic_RelationshipToTrafficker,hte_Type,hte_Country,"
        "per_RoleInProcess,per_RoleDetails"
    ),
}

LEGACY = {
    "case_no": "L-1", "reg_year": "2008", "case_status": "V", "family_name": "Zorvan", "given_names": "Quilla",
    "sex": "F", "age": "17", "nationality": "MD", "screened_in": "MK", "exploitation": "SEX",
    "recruiter_involved": "Y", "recruiter_sex": "F", "recruiter_nationality": "MD", "recruiter_relation": "friend",
}  # fmt: skip
OLD = {
    "CaseNumber": "7", "RegistrationDate": "30/06/2016", "ScreeningDate": "29/06/2016", "VictimStatus": "VoT",
    "ResearchConsent": "Yes", "LastName": "Zorvan", "FirstName": "Quill", "DateOfBirth": "06/1990", "Gender": "Male",
    "Citizenship1": "NA", "LastCountryOfExploitation": "IN", "ForcedLabour": "Yes", "SexualExploitation": "No",
    "PaidMoney": "Yes",
}  # fmt: skip
OLD_PERSON = {
    "CaseNumber": "7", "PersonNumber": "1", "Roles": "REC;EXP", "RelationToVictim": "Friend", "Gender": "Female",
    "Citizenship": "IN;PK",
}  # fmt: skip
NEW: dict[str, Any] = {
    "case_id": "a-1", "registered_on": "2021-03-14", "screened_on": "2021-03-13",
    "trafficking_status": "ActualVictimOfTrafficking",
    "consent": {"anonymised_research": True, "withdrawn_on": None},
    "identity": {
        "given_name": "Quilla", "middle_name": None, "family_name": "Zorvan", "birth_date": "1994-06-02",
        "documents": [{"type": "passport", "number": "ZZ12345X", "country": "NG"}], "phones": ["+99912345678"],
        "email": "q@example.org", "address": "Teststreet 1",
    },
    "gender": "Feminine", "stated_age": 26, "citizenships": ["NG"], "primary_citizenship": None,
    "last_country_of_exploitation": "IT", "country_of_screening": None, "country_at_registration": None,
    "mission_country": None, "household": "H-1", "entered_on": None, "exited_on": None,
    "exploitation": [{"type": "SexualExploitation", "answer": "yes", "labour_industry": None, "sex_subtype": None}],
    "control": [{"method": "DebtBondage", "answer": "yes"}],
    "persons": [
        {"slot": 1, "roles": ["RecruiterOrIntermediary"], "relation": "Acquaintance", "gender": "Feminine", "age": 41,
         "citizenships": ["NG"], "paid": "no", "note": "a note"},
    ],
    "notes": "free text",
}  # fmt: skip
HTCDS = {
    "cas_Id": "h1", "con_Consent": "TRUE", "cas_IncomingReferralDate": "2021-07-01", "prs_FirstName": "Quill",
    "prs_SecondName": "Zorvan", "prs_Birthdate": "1990", "prs_Gender": "Masculine", "prs_Citizenship": "UA",
    "vic_TraffickingStatus": "ActualVictimOfTrafficking", "vic_TypeOfExploitation": "ForcedLabour; SexualExploitation",
    "vic_ForcedLabourIndustry": "F_Construction", "vic_RelationshipToTrafficker": "Unaquainted",
    "hte_Type": "Recruitment;Exploitation;Exploitation", "hte_Country": "UA;PL;DE",
    "per_RoleInProcess": "RecruiterOrIntermediary Exploiter",
}  # fmt: skip


def write_rows(path: Path, headings: str, rows: Sequence[Mapping[str, str]]) -> Path:
    """A CSV file with these headings; what a row does not say is blank."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, headings.split(","), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_json(path: Path, cases: Sequence[Mapping[str, Any]]) -> Path:
    """A JSON file, one case a line."""
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    return path


def legal_basis() -> LegalBasis:
    from datetime import date

    return LegalBasis(basis="for the tests", by="somebody", on=date(2022, 11, 1))


def imported(
    folder: Path,
    which: str,
    cases: Sequence[Mapping[str, Any]],
    persons: Sequence[Mapping[str, str]] = (),
    *,
    snapshot: str = SNAPSHOT,
    basis: LegalBasis | None = None,
    import_map: ImportMap | None = None,
) -> Imported:
    """What the shipped map ``which`` makes of cases."""
    used = import_map or load_map(which)
    if which == "webform-new":
        files = {"cases": SheetFile(write_json(folder / f"{which}.json", cases))}
    else:
        files = {"cases": SheetFile(write_rows(folder / f"{which}.csv", HEADINGS[which], cases))}
    if which == "webform-old":
        path = write_rows(folder / f"{which}-persons.csv", HEADINGS["webform-old-persons"], persons)
        files["persons"] = SheetFile(path)
    return Delivery(used, files, basis).read(snapshot)
