"""``webform-old-cases.csv`` and ``webform-old-persons.csv``: a sheet of cases and one of up to three persons each."""

from __future__ import annotations

from frostglass.simulate.cases import ACTUAL, POSSIBLE, Case
from frostglass.simulate.cells import british, british_day, or_blank, spoilt
from frostglass.simulate.chance import Uniform, one_of

CASES_HEADER = (
    *("CaseNumber", "RegistrationDate", "ScreeningDate", "VictimStatus", "ResearchConsent", "ConsentWithdrawnOn"),
    *("LastName", "FirstName", "MiddleName", "DateOfBirth", "StatedAge", "Gender", "Sex"),
    *("Citizenship1", "Citizenship2", "MainCitizenship", "PassportNumber", "MobilePhone", "HomeTown"),
    *("LastCountryOfExploitation", "CountryOfScreening", "CountryOfRegistration", "MissionCountry", "HouseholdNumber"),
    *("ForcedLabour", "SexualExploitation", "ForcedBegging", "DomesticServitude", "ChildLabour"),
    *("ForcedMarriage", "OrganRemoval", "OtherExploitation", "PaidMoney", "CaseNotes"),
)
PERSONS_HEADER = ("CaseNumber", "PersonNumber", "Roles", "RelationToVictim", "Gender", "Citizenship", "Comments")

_STATUS = {ACTUAL: "VoT", POSSIBLE: "Presumed"}
_GENDER = {
    "": "",
    "Feminine": "Female",
    "Masculine": "Male",
    "TransgenderFeminine": "Transgender F",
    "TransgenderMasculine": "Transgender M",
    "NonConforming": "Non-conforming",
    "NonSpecifiedUnknown": "Unknown",
}
_RELATION = {"OtherRelative": "Other relative", "IntimatePartner": "Partner or spouse"}
_ROLE = {
    "RecruiterOrIntermediary": "REC",
    "BrokerTravelAgent": "BRO",
    "Transporter": "TRA",
    "Exploiter": "EXP",
    "TravellingPartner": "TRP",
    "Other": "OTH",
}
_ASKED = ("ForcedLabour", "SexualExploitation", "ForcedBegging", "Servitude", "ChildLabour", "ForcedMarriage",
          "OrganRemoval")  # fmt: skip
_STRENGTH = {"": 0, "unknown": 1, "no": 2, "yes": 3}


def case_row(case: Case, u: Uniform) -> list[str]:
    """The row of a case, in the order of ``CASES_HEADER``."""
    told = case.identity
    citizenships = (*case.citizenships, "", "")
    cells = [
        *(case.key, british_day(case.registered), british_day(case.screened), _STATUS.get(case.status, "NotVoT")),
        *("Yes" if case.consent else "No", "" if case.withdrawn is None else british_day(case.withdrawn)),
        *(told.family, told.given, told.middle, british(told.birth), or_blank(told.stated_age, u)),
        *(or_blank(_GENDER[case.gender], u), or_blank(case.sex, u)),
        *(citizenships[0], citizenships[1], case.primary),
        *(";".join(told.documents), ";".join(told.phones), told.address.rpartition(", ")[2]),
        *(*(or_blank(place, u) for place in case.countries), case.household),
        *_exploitation(case),
        *(_paid(case, u), case.notes.case),
    ]
    return spoilt(cells, CASES_HEADER, case.fault)


def person_rows(case: Case, u: Uniform) -> list[list[str]]:
    """The rows of a case's persons, in the order of ``PERSONS_HEADER``; the fault of a case is its first person's."""
    rows = [
        [
            *(case.key, str(number), ";".join(_ROLE[role] for role in person.roles)),
            or_blank(_RELATION.get(person.relation, person.relation), u),
            *(or_blank(_GENDER[person.gender], u), ";".join(person.citizenships), ""),
        ]
        for number, person in enumerate(case.persons, start=1)
    ]
    if rows:
        rows[-1][-1] = case.notes.person
    if case.fault is not None and case.fault.column.startswith("persons."):
        if not rows:
            rows.append([case.key, "1", "", "", "", "", ""])
        rows[0][PERSONS_HEADER.index(case.fault.column.partition(".")[2])] = case.fault.text
    return rows


def _exploitation(case: Case) -> list[str]:
    """The answers by column; what the form does not ask for by name is another form."""
    answers = dict.fromkeys((*_ASKED, "Other"), "")
    for form, answer in case.exploitation:
        asked = form if form in answers else "Other"
        if _STRENGTH[answer] > _STRENGTH[answers[asked]]:
            answers[asked] = answer
    return [answer.capitalize() for answer in answers.values()]


def _paid(case: Case, u: Uniform) -> str:
    """Payment as asked once a case; where no person can hold it, it comes to nothing."""
    if any(person.answers() for person in case.persons):
        return next((person.paid.capitalize() for person in case.persons if person.paid), "")
    return one_of(("", "Yes", "No", "Unknown"), u)
