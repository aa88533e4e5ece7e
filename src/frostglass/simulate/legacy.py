"""``legacy.csv``: one flat row a case, with a block of columns each for a recruiter, a transporter and an exploiter."""

from __future__ import annotations

from frostglass.simulate.accounts import Involved
from frostglass.simulate.cases import ACTUAL, POSSIBLE, Case
from frostglass.simulate.cells import or_blank, spoilt
from frostglass.simulate.chance import Uniform

_BLOCKS = {"RecruiterOrIntermediary": "recruiter", "Transporter": "transporter", "Exploiter": "exploiter"}

HEADER = (
    *("case_no", "reg_year", "case_status", "family_name", "given_names", "sex", "age", "year_of_birth"),
    *("nationality", "second_nationality", "passport_no", "phone", "village", "last_country", "screened_in"),
    *("registered_in", "mission", "household_no", "exploitation"),
    *(f"{block}_{part}" for block in _BLOCKS.values() for part in ("involved", "sex", "nationality", "relation")),
    "remarks",
)

_STATUS = {ACTUAL: "V", POSSIBLE: "P"}
_EXPLOITATION = {
    "ForcedLabour": "LAB",
    "SexualExploitation": "SEX",
    "ForcedBegging": "BEG",
    "Servitude": "SRV",
    "ChildLabour": "CHL",
    "ForcedMarriage": "MAR",
    "ForcedMilitaryByNonStateActors": "MIL",
    "OrganRemoval": "ORG",
    "ForcedAdoption": "ADO",
    "Other": "OTH",
}
_RELATION = {"OtherRelative": "relative", "IntimatePartner": "partner"}
_SEX = {"Masculine": "M", "Feminine": "F", "": ""}
_NOBODY = Involved()


def row(case: Case, u: Uniform) -> list[str]:
    """The row of a case, in the order of ``HEADER``."""
    told = case.identity
    citizenships = (*case.citizenships, "", "")
    given = f"{told.given} {told.middle}" if told.middle and u() < 0.6 else told.given
    blocks = {person.roles[0]: person for person in case.persons}
    cells = [
        *(case.key, str(case.registered.year), _STATUS.get(case.status, "N"), told.family, given),
        *(or_blank(case.sex, u), or_blank(told.stated_age, u), told.birth, citizenships[0], citizenships[1]),
        *(";".join(told.documents), ";".join(told.phones), told.address.rpartition(", ")[2]),
        *(or_blank(place, u) for place in case.countries),
        case.household,
        ";".join(_EXPLOITATION[form] for form, answer in case.exploitation if answer == "yes"),
    ]
    for role in _BLOCKS:
        cells += _block(blocks.get(role, _NOBODY), u)
    cells.append("\n".join(note for note in case.notes if note))
    return spoilt(cells, HEADER, case.fault)


def _block(person: Involved, u: Uniform) -> list[str]:
    """Involved, sex, nationality, relation. Whether somebody was involved is now and then left to be understood."""
    if not person.roles:
        return ["N" if u() < 0.4 else "", *(or_blank("", u) for _ in range(3))]
    answers = [_SEX[person.gender], "".join(person.citizenships), _relation(person.relation)]
    understood = any(answers) and u() < 0.1
    return ["" if understood else "Y", *answers]


def _relation(relation: str) -> str:
    return _RELATION.get(relation, relation.lower())
