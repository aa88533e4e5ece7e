"""Reads fictitious case files back, simply and on its own: neither the simulator nor the import has a hand in it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = Mapping[str, str]

SYSTEMS = {
    "legacy-flat": "legacy",
    "webform-old": "mimosa_old",
    "webform-new": "mimosa_new",
    "htcds-2": "other:htcds",
}

FREE_TEXT = {
    "legacy.csv": {"remarks"},
    "webform-old-cases.csv": {"CaseNotes"},
    "webform-old-persons.csv": {"Comments"},
    "htcds.csv": {"per_RoleDetails"},
}

_FAMILY, _FRIEND, _STRANGER = "FamilyIntimatePartner", "FriendAcquaintance", "StrangerUnknownOther"
_RELATIONS = {
    _FAMILY: "parent guardian sibling relative otherrelative partner partnerorspouse intimatepartner familial",
    _FRIEND: "friend acquaintance acquainted",
    _STRANGER: "stranger employer other unknown unaquainted unacquainted",
}
RELATION = {word: atom for atom, words in _RELATIONS.items() for word in words.split()}
_GENDERS = {"m": "Male", "male": "Male", "masculine": "Male", "f": "Female", "female": "Female", "feminine": "Female"}
_RECRUITER, _TRANSACTION, _CONTROL = "IP_RecruiterBroker", "IP_TransactionProcess", "IP_ControlAbuseKidnap"
_ROLES = {
    _RECRUITER: "recruiter REC BRO RecruiterOrIntermediary BrokerTravelAgent",
    _TRANSACTION: "transporter TRA Transporter TransferredIndividual HarbouredIndividual Smuggler SoldIndividual "
    "BoughtIndividual ReceivedIndividual",
    _CONTROL: "ControlledIndividual Abuser Kidnapper",
    "IP_Exploiter": "exploiter EXP Exploiter",
}
FLAG = {word: flag for flag, words in _ROLES.items() for word in words.split()}
_BANDS = ((0, 29, "0--29"), (30, 38, "30--38"), (39, 47, "39--47"), (48, 120, "48+"))
_MISSING = ("", "NULL", "N/A", ".", "-99")


@dataclass(frozen=True)
class Told:
    """One person of a case as it was written down; empty is no answer."""

    roles: tuple[str, ...]
    relation: str
    gender: str
    age: str
    citizenships: tuple[str, ...]
    paid: str

    def answers(self) -> int:
        single = (self.relation, self.gender, "" if self.age == "unknown" else self.age, self.paid)
        return len(self.roles) + len(self.citizenships) + sum(bool(answer) for answer in single)

    def ages(self) -> Iterator[str]:
        if self.age and self.age != "unknown":
            low, _, high = self.age.partition("-")
            yield from (code for first, last, code in _BANDS if first <= int(low) and int(high or low) <= last)


@dataclass(frozen=True)
class ReadCase:
    """What the tests ask of a case. ``day`` is ISO; ``birth`` as ``YYYY[-MM[-DD]]``."""

    ref: str
    system: str
    day: str
    names: tuple[str, str]
    birth: str
    documents: tuple[str, ...]
    persons: tuple[Told, ...]

    def counted(self) -> tuple[Told, ...]:
        return tuple(person for person in self.persons if person.answers())[:6]

    def fullness(self) -> int:
        return sum(person.answers() for person in self.counted())

    def account(self, regions: Mapping[str, str]) -> dict[str, set[str]]:
        """The atoms of each set variable, whether they are admitted or not, and {"1"} for a flag."""
        atoms: dict[str, set[str]] = {}
        for person in self.counted():
            found = [(FLAG[role], "1") for role in person.roles if role in FLAG]
            found += [("IP_Relation", RELATION[person.relation.replace(" ", "").lower()])] if person.relation else []
            found += [("IP_Gender", _GENDERS[person.gender.lower()])] if person.gender.lower() in _GENDERS else []
            found += [("IP_ageBroad", code) for code in person.ages()]
            found += [("IP_citizen_UNRegion", regions[code]) for code in person.citizenships]
            found += [("IP_PayMoney", person.paid.capitalize())] if person.paid.lower() in ("yes", "no") else []
            for name, atom in found:
                atoms.setdefault(name, set()).add(atom)
        return atoms


def table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def records(folder: Path) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads((folder / "webform-new.json").read_text(encoding="utf-8"))
    return read


def truth_of(folder: Path) -> dict[str, Row]:
    return {f"{row['source']}:{row['case']}": row for row in table(folder / "truth.csv")}


def read_cases(folder: Path) -> dict[str, ReadCase]:
    """All cases by "map:key"; the faulty ones too, as far as they can be read."""
    cases = [*_legacy(folder), *_old(folder), *_new(folder), *_htcds(folder)]
    return {case.ref: case for case in cases}


def _answer(cell: object) -> str:
    return "" if cell is None or str(cell) in _MISSING else str(cell)


def _split(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.replace(";", " ").split() if part)


def _iso(british: str) -> str:
    return "-".join(reversed(british.split("/"))) if british else ""


def _legacy(folder: Path) -> Iterator[ReadCase]:
    for row in table(folder / "legacy.csv"):
        persons = []
        for block in ("recruiter", "transporter", "exploiter"):
            cells = {part: _answer(row[f"{block}_{part}"]) for part in ("involved", "sex", "nationality", "relation")}
            if cells["involved"] == "Y" or cells["sex"] or cells["nationality"] or cells["relation"]:
                citizenships = (cells["nationality"],) if cells["nationality"] else ()
                persons.append(Told((block,), cells["relation"], cells["sex"], "", citizenships, ""))
        yield ReadCase(
            f"legacy-flat:{row['case_no']}",
            "legacy",
            f"{row['reg_year']}-06-30",
            (row["given_names"], row["family_name"]),
            row["year_of_birth"],
            tuple(filter(None, row["passport_no"].split(";"))),
            tuple(persons),
        )


def _old(folder: Path) -> Iterator[ReadCase]:
    persons: dict[str, list[Told]] = {}
    for row in table(folder / "webform-old-persons.csv"):
        relation, gender = _answer(row["RelationToVictim"]), _answer(row["Gender"])
        told = Told(_split(row["Roles"]), relation, gender, "", _split(row["Citizenship"]), "")
        persons.setdefault(row["CaseNumber"], []).append(told)
    for row in table(folder / "webform-old-cases.csv"):
        own = [one for one in persons.get(row["CaseNumber"], []) if one.answers()]
        if own:
            first = own[0]
            paid = _answer(row["PaidMoney"]).lower()
            own[0] = Told(first.roles, first.relation, first.gender, "", first.citizenships, paid)
        yield ReadCase(
            f"webform-old:{row['CaseNumber']}",
            "mimosa_old",
            _iso(row["RegistrationDate"]),
            (row["FirstName"], row["LastName"]),
            _iso(row["DateOfBirth"]),
            tuple(filter(None, row["PassportNumber"].split(";"))),
            tuple(own),
        )


def _new(folder: Path) -> Iterator[ReadCase]:
    for row in records(folder):
        identity = row["identity"]
        persons = (
            Told(
                tuple(one["roles"]),
                _answer(one.get("relation")),
                _answer(one.get("gender")),
                _answer(one.get("age")),
                tuple(one.get("citizenships", ())),
                _answer(one.get("paid")),
            )
            for one in sorted(row["persons"], key=lambda one: int(one["slot"]))
        )
        yield ReadCase(
            f"webform-new:{row['case_id']}",
            "mimosa_new",
            row["registered_on"],
            (identity["given_name"], identity["family_name"]),
            identity["birth_date"] or "",
            tuple(one["number"] for one in identity["documents"]),
            tuple(persons),
        )


def _htcds(folder: Path) -> Iterator[ReadCase]:
    for row in table(folder / "htcds.csv"):
        person = Told(_split(row["per_RoleInProcess"]), row["vic_RelationshipToTrafficker"], "", "", (), "")
        yield ReadCase(
            f"htcds-2:{row['cas_Id']}",
            "other:htcds",
            row["cas_IncomingReferralDate"],
            (row["prs_FirstName"], row["prs_SecondName"]),
            row["prs_Birthdate"],
            tuple(filter(None, row["prs_IdentityNumber"].split(";"))),
            (person,),
        )


def free_texts(folder: Path) -> Iterator[str]:
    for name, columns in FREE_TEXT.items():
        yield from (row[column] for row in table(folder / name) for column in columns)
    for record in records(folder):
        yield record["notes"]
        yield from (person["note"] for person in record["persons"])


def other_texts(folder: Path) -> Iterator[str]:
    """Every cell and every value that is no free text."""
    for name, columns in FREE_TEXT.items():
        yield from (cell for row in table(folder / name) for column, cell in row.items() if column not in columns)
    for record in records(folder):
        persons = [{**person, "note": ""} for person in record["persons"]]
        yield json.dumps({**record, "notes": "", "persons": persons}, ensure_ascii=False)
    yield from (",".join(row.values()) for row in table(folder / "truth.csv"))


def by_person(truth: Mapping[str, Row]) -> dict[str, list[str]]:
    """The cases of each person."""
    cases: dict[str, list[str]] = {}
    for ref, row in truth.items():
        cases.setdefault(row["person"], []).append(ref)
    return cases


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def share(rows: Sequence[Row], column: str, values: Iterable[str]) -> float:
    """Share of ``values`` among the rows that hold any."""
    held = [row[column] for row in rows if row[column]]
    return sum(value in set(values) for value in held) / len(held)
