"""Case files by their import maps: what is read, what is quarantined and why, and that nothing is guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from frostglass.codebooks.import_maps import load_map, map_from, shipped_maps
from frostglass.errors import CodebookError, InputError
from frostglass.sensitive.importing.cases import Imported
from frostglass.sensitive.importing.delivery import Delivery, SheetFile, recognised
from frostglass.sensitive.importing.description import read_description
from tests.sensitive.casefile_support import (
    HEADINGS,
    HTCDS,
    LEGACY,
    NEW,
    OLD,
    OLD_PERSON,
    imported,
    legal_basis,
    write_json,
    write_rows,
)

SECRET = "Xylophonia"


def case(lot: Imported, row: int = 0) -> dict[str, list[str]]:
    """The fields of one accepted case."""
    fields = lot.cases.records.fields
    return {name: values for name, one in fields.items() if (values := one.by_record(lot.cases.number)[row])}


def children(lot: Imported, name: str) -> list[dict[str, list[str]]]:
    """The child records of all accepted cases."""
    records = lot.cases.children[name]
    columns = {key: one.by_record(records.number) for key, one in records.fields.items()}
    return [{key: values[row] for key, values in columns.items() if values[row]} for row in range(records.number)]


def identity(lot: Imported) -> dict[str, list[str]]:
    return {name: one.by_record(1)[0] for name, one in lot.identities.fields.items() if len(one.record)}


def reasons(lot: Imported) -> dict[str, int]:
    return {str(reason): number for reason, number in lot.quarantine.by_first_reason(lot.registered).items()}


# ------------------------------------------------------------------------------------------------- the four shapes


def test_a_legacy_row_is_read_with_a_person_a_block(tmp_path: Path) -> None:
    lot = imported(tmp_path, "legacy-flat", [{**LEGACY, "exploiter_sex": "M", "transporter_involved": "N"}])
    assert case(lot) == {
        "registered_on": ["2008"], "trafficking_status": ["ActualVictimOfTrafficking"], "sex": ["F"],
        "age_at_registration": ["17"], "citizenships": ["MD"], "country_of_screening": ["MK"],
        "source_system": ["legacy"], "research_consent": ["no_evidence"],
    }  # fmt: skip
    assert children(lot, "exploitation") == [{"type": ["SexualExploitation"], "answer": ["yes"]}]
    assert children(lot, "persons") == [
        {"roles": ["RecruiterOrIntermediary"], "involved": ["yes"], "gender": ["Feminine"], "citizenships": ["MD"],
         "relation": ["Friend"]},
        {"roles": ["Exploiter"], "gender": ["Masculine"]},
    ]  # fmt: skip
    assert identity(lot) == {"family_name": ["Zorvan"], "given_name": ["Quilla"]}
    assert lot.refs == ("legacy-flat:L-1",)


def test_an_old_web_form_is_read_from_its_two_sheets(tmp_path: Path) -> None:
    second = {**OLD_PERSON, "PersonNumber": "2", "Roles": "TRP", "RelationToVictim": "", "Citizenship": ""}
    empty = {"CaseNumber": "7", "PersonNumber": "3"}
    lot = imported(tmp_path, "webform-old", [OLD], [second, empty, OLD_PERSON])
    assert case(lot) == {
        "registered_on": ["2016-06-30"], "screened_on": ["2016-06-29"], "gender": ["Masculine"],
        "trafficking_status": ["ActualVictimOfTrafficking"], "citizenships": ["NA"],
        "last_country_of_exploitation": ["IN"], "source_system": ["mimosa_old"], "research_consent": ["given"],
    }  # fmt: skip
    assert children(lot, "persons") == [
        {"roles": ["RecruiterOrIntermediary", "Exploiter"], "relation": ["Friend"], "gender": ["Feminine"],
         "citizenships": ["IN", "PK"], "paid": ["yes"]},
        {"roles": ["TravellingPartner"], "gender": ["Feminine"]},
    ]  # fmt: skip
    assert children(lot, "exploitation") == [
        {"type": ["ForcedLabour"], "answer": ["yes"]},
        {"type": ["SexualExploitation"], "answer": ["no"]},
    ]
    assert identity(lot)["birth_date"] == ["1990-06"]
    assert lot.flags == {"payment answered for the case, taken as the first person's": 1}


def test_payment_at_case_level_goes_nowhere_without_a_person(tmp_path: Path) -> None:
    lot = imported(tmp_path, "webform-old", [OLD])
    assert children(lot, "persons") == []
    assert not any(lot.flags.values())


def test_the_present_web_form_is_read_with_all_that_is_nested(tmp_path: Path) -> None:
    second = {"slot": 0, "roles": [], "relation": None, "gender": "", "age": "30-38", "citizenships": [], "paid": None}
    lot = imported(tmp_path, "webform-new", [{**NEW, "persons": [*NEW["persons"], second, {"slot": 3}]}])
    assert case(lot) == {
        "registered_on": ["2021-03-14"], "screened_on": ["2021-03-13"], "gender": ["Feminine"],
        "trafficking_status": ["ActualVictimOfTrafficking"], "age_at_registration": ["26"], "citizenships": ["NG"],
        "last_country_of_exploitation": ["IT"], "household": ["H-1"], "source_system": ["mimosa_new"],
        "research_consent": ["given"],
    }  # fmt: skip
    assert children(lot, "persons") == [
        {"age": ["30-38"]},
        {"roles": ["RecruiterOrIntermediary"], "relation": ["Acquaintance"], "gender": ["Feminine"], "age": ["41"],
         "citizenships": ["NG"], "paid": ["no"]},
    ]  # fmt: skip
    assert children(lot, "control") == [{"method": ["DebtBondage"], "answer": ["yes"]}]
    assert identity(lot) == {
        "given_name": ["Quilla"], "family_name": ["Zorvan"], "birth_date": ["1994-06-02"],
        "id_documents": ["passport:NG:ZZ12345X"], "phones": ["+99912345678"], "email": ["q@example.org"],
    }  # fmt: skip


@pytest.mark.parametrize("separator", [";", "; ", " "])
@pytest.mark.parametrize("relation", ["Unaquainted", "Unacquainted"])
def test_the_htcds_sheet_is_read_with_its_defects(tmp_path: Path, separator: str, relation: str) -> None:
    roles = separator.join(["RecruiterOrIntermediary", "Exploiter"]) + (separator.strip() or "")
    row = {**HTCDS, "per_RoleInProcess": roles, "vic_RelationshipToTrafficker": relation}
    lot = imported(tmp_path, "htcds-2", [row])
    assert case(lot)["last_country_of_exploitation"] == ["DE"]
    assert case(lot)["research_consent"] == ["given"]
    assert children(lot, "persons") == [{"roles": ["RecruiterOrIntermediary", "Exploiter"], "relation": ["Stranger"]}]
    assert children(lot, "exploitation") == [
        {"type": ["ForcedLabour"], "answer": ["yes"], "labour_industry": ["F"]},
        {"type": ["SexualExploitation"], "answer": ["yes"]},
    ]
    assert lot.flags == {"relation answered for the case, taken as the only person's": 1}


def test_an_htcds_sheet_as_a_spreadsheet_writes_it_is_read_alike(tmp_path: Path) -> None:
    plain = imported(tmp_path, "htcds-2", [HTCDS])
    path = tmp_path / "htcds-2.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    again = Delivery(load_map("htcds-2"), {"cases": SheetFile(path)}).read("2023-01-31")
    assert case(again) == case(plain)


def test_a_workbook_is_read_sheet_by_sheet(tmp_path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "old.xlsx") as book:
        for name, headings, row in (
            ("Cases", HEADINGS["webform-old"].split(","), OLD),
            ("Persons", HEADINGS["webform-old-persons"].split(","), OLD_PERSON),
        ):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, headings)
            sheet.write_row(1, 0, [row.get(heading, "") for heading in headings])
    files = {one.casefold(): SheetFile.named(tmp_path, f"old.xlsx#{one}") for one in ("Cases", "Persons")}
    lot = Delivery(load_map("webform-old"), files).read("2023-01-31")
    assert (lot.cases.number, len(children(lot, "persons"))) == (1, 1)


# ------------------------------------------------------------------------------------------------------- consent


@pytest.mark.parametrize(
    ("given", "withdrawn", "consent"),
    [
        (True, None, "given"),
        (False, None, "refused"),
        (None, None, "no_evidence"),
        (True, "2023-01-31", "withdrawn"),
        (True, "2022-05-01", "withdrawn"),
        (True, "2023-02-01", "given"),
    ],
)
def test_consent_counts_as_of_the_snapshot(tmp_path: Path, given: object, withdrawn: object, consent: str) -> None:
    new = {**NEW, "consent": {"anonymised_research": given, "withdrawn_on": withdrawn}}
    assert case(imported(tmp_path, "webform-new", [new]))["research_consent"] == [consent]


def test_a_recorded_legal_basis_stands_in_for_consent_that_nothing_shows(tmp_path: Path) -> None:
    assert case(imported(tmp_path, "legacy-flat", [LEGACY]))["research_consent"] == ["no_evidence"]
    with_basis = imported(tmp_path, "legacy-flat", [LEGACY], basis=legal_basis())
    assert case(with_basis)["research_consent"] == ["legal_basis"]


def test_a_legal_basis_does_not_overrule_a_refusal(tmp_path: Path) -> None:
    refused = {**NEW, "consent": {"anonymised_research": False, "withdrawn_on": None}}
    lot = imported(tmp_path, "webform-new", [refused], basis=legal_basis())
    assert case(lot)["research_consent"] == ["refused"]


# ---------------------------------------------------------------------------------------------------- quarantine

NOT_LISTED = "codes that the map does not list"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Gender": SECRET}, f"gender: {NOT_LISTED}"),
        ({"Gender": "male"}, "gender: listed codes in other letters, capital or small"),
        ({"Gender": "Mаle"}, "gender: codes with Cyrillic letters that look like Latin ones"),
        ({"Gender": "Ma\u200ble"}, "gender: characters that cannot be seen (U+200B)"),
        ({"VictimStatus": "=VoT"}, f"trafficking_status: {NOT_LISTED}"),
        ({"Citizenship1": "UK"}, "citizenships: codes of no country"),
        ({"Citizenship2": "ma"}, "citizenships: listed codes in other letters, capital or small"),
        (
            {"RegistrationDate": "31/02/2016"},
            "registered_on: dates in another format than DD/MM/YYYY, or that do not exist",
        ),
        (
            {"RegistrationDate": "06/30/2016"},
            "registered_on: dates in another format than DD/MM/YYYY, or that do not exist",
        ),
        ({"RegistrationDate": "30/06/2011"}, "registered_on: dates outside the years of this system"),
        ({"StatedAge": "about 40"}, "age_at_registration: neither a whole number nor a range"),
        ({"StatedAge": "121"}, "age_at_registration: numbers beyond 120"),
        ({"ScreeningDate": "01/07/2016"}, "screened_on: dates after registered_on"),
        ({"DateOfBirth": "01/07/2016"}, "birth_date: dates after registered_on"),
        ({"DateOfBirth": "1890"}, "birth_date: ages beyond 120 at registered_on"),
        ({"MainCitizenship": "IN"}, "primary_citizenship: values that are not among citizenships"),
        ({"ForcedLabour": "maybe"}, f"exploitation.ForcedLabour: {NOT_LISTED}"),
        ({"PaidMoney": "some"}, f"persons.paid: {NOT_LISTED}"),
        ({"CaseNumber": ""}, "rows without a key"),
    ],
)
def test_what_a_map_does_not_cover_is_quarantined_with_its_reason(
    tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    good = {**OLD, "CaseNumber": "8"}
    lot = imported(tmp_path, "webform-old", [{**OLD, **change}, good], [OLD_PERSON])
    assert reasons(lot) == {reason: 1}
    assert lot.refs == ("webform-old:8",)
    assert SECRET not in json.dumps(reasons(lot))


@pytest.mark.parametrize("written", ["", "NULL", "NA", "N/A", ".", "-99", "  "])
def test_words_for_missing_are_no_answer(tmp_path: Path, written: str) -> None:
    lot = imported(tmp_path, "webform-old", [{**OLD, "Gender": written, "StatedAge": written}], [OLD_PERSON])
    assert reasons(lot) == {}
    assert "gender" not in case(lot)


def test_na_is_namibia_where_a_country_is_asked(tmp_path: Path) -> None:
    lot = imported(tmp_path, "legacy-flat", [{**LEGACY, "nationality": "NA", "second_nationality": "NULL"}])
    assert case(lot)["citizenships"] == ["NA"]


def test_a_fault_in_a_person_holds_back_the_case(tmp_path: Path) -> None:
    lot = imported(tmp_path, "webform-old", [OLD], [OLD_PERSON, {**OLD_PERSON, "PersonNumber": "2", "Roles": "REC;XX"}])
    assert reasons(lot) == {f"persons.roles: {NOT_LISTED}": 1}
    assert lot.quarantine.values[next(iter(lot.quarantine.values))] == {"REC;XX": 1}


def test_a_person_without_a_number_holds_back_the_case(tmp_path: Path) -> None:
    lot = imported(tmp_path, "webform-old", [OLD], [{**OLD_PERSON, "PersonNumber": "first"}])
    assert reasons(lot) == {"persons: rows without a number in their case": 1}


def test_a_person_of_no_case_is_counted(tmp_path: Path) -> None:
    lot = imported(tmp_path, "webform-old", [OLD], [OLD_PERSON, {**OLD_PERSON, "CaseNumber": "9"}])
    assert lot.cases.number == 1
    assert {str(one): n for one, n in lot.quarantine.loose.items()} == {
        "persons: rows that belong to no case of the file": 1
    }


def test_a_key_that_stands_twice_holds_back_both(tmp_path: Path) -> None:
    lot = imported(tmp_path, "webform-old", [OLD, OLD, {**OLD, "CaseNumber": "8"}])
    assert reasons(lot) == {"rows whose key stands twice in the file": 2}
    assert lot.cases.number == 1


@pytest.mark.parametrize(
    "change",
    [
        {"gender": {"a": SECRET}},
        {"citizenships": [["NG"]]},
        {"persons": {"slot": 1}},
        {"persons": ["x"]},
        {"exploitation": [{"type": {"x": 1}}]},
        {"identity": {**NEW["identity"], "documents": [{"number": ["1"]}]}},
        {"identity": SECRET},
        {"consent": "refused"},
        {"consent": [{"anonymised_research": False}]},
        {"trafficking_status": ["NotAVictimOfTrafficking", "ActualVictimOfTrafficking"]},
        {"registered_on": ["2021-01-01", "2021-01-02"]},
        {"exploitation": [{"type": "ForcedLabour", "answer": ["yes", "no"]}]},
        {"persons": [{"slot": ["1", "2"], "roles": ["Exploiter"]}]},
    ],
)
def test_what_is_nested_where_a_plain_value_belongs_holds_back_the_case(tmp_path: Path, change: dict[str, Any]) -> None:
    lot = imported(tmp_path, "webform-new", [{**NEW, **change}, {**NEW, "case_id": "a-2"}])
    assert lot.refs == ("webform-new:a-2",)
    assert all("lists or objects" in reason for reason in reasons(lot))


def test_a_case_after_the_snapshot_does_not_exist_yet(tmp_path: Path) -> None:
    lot = imported(tmp_path, "webform-new", [NEW], snapshot="2021-03-13")
    assert reasons(lot) == {"registered_on: dates after the day of the snapshot": 1}


def test_each_quarantined_case_is_counted_once_by_its_first_reason(tmp_path: Path) -> None:
    lot = imported(tmp_path, "webform-old", [{**OLD, "Gender": "x", "Citizenship1": "UK"}, {**OLD, "CaseNumber": "8"}])
    assert sum(reasons(lot).values()) == lot.registered - lot.cases.number == 1
    assert len(lot.quarantine.rows) == 2


@pytest.mark.parametrize(
    ("types", "countries", "what"),
    [
        ("Recruitment;Exploitation;Exploitation", "UA;PL", "lists that should be equally long and are not"),
        ("Recruitment;Exploitation;", "UA;;DE;IT", "lists that should be equally long and are not"),
        ("", "IT", "lists that should be equally long and are not"),
        ("exploitation", "IT", "codes that the map does not list"),
    ],
)
def test_parallel_lists_that_do_not_fit_hold_back_the_case(
    tmp_path: Path, types: str, countries: str, what: str
) -> None:
    lot = imported(tmp_path, "htcds-2", [{**HTCDS, "hte_Type": types, "hte_Country": countries}])
    assert reasons(lot) == {f"last_country_of_exploitation: {what}": 1}


@pytest.mark.parametrize(
    ("types", "countries", "country"),
    [
        ("Recruitment; Exploitation", "UA; PL", ["PL"]),
        ("Recruitment Exploitation", "UA PL", ["PL"]),
        ("Exploitation;Transit;", "UA;PL;", ["UA"]),
        ("Exploitation;Transit", "UA;", ["UA"]),
        ("Exploitation;Transit", ";PL", None),
        ("Exploitation", "NA", ["NA"]),
        ("Exploitation", "NULL", None),
        ("Exploitation", "", None),
        ("Transit", "PL", None),
        ("", "", None),
    ],
)
def test_parallel_lists_give_what_stands_beside(
    tmp_path: Path, types: str, countries: str, country: list[str] | None
) -> None:
    lot = imported(tmp_path, "htcds-2", [{**HTCDS, "hte_Type": types, "hte_Country": countries}])
    assert case(lot).get("last_country_of_exploitation") == country


def test_two_persons_with_one_number_hold_back_the_case(tmp_path: Path) -> None:
    lot = imported(tmp_path, "webform-old", [OLD], [OLD_PERSON, OLD_PERSON])
    assert reasons(lot) == {"persons: rows of one case with the same number": 1}


def test_a_person_whose_key_differs_in_letters_alone_holds_back_the_case(tmp_path: Path) -> None:
    lot = imported(tmp_path, "webform-old", [{**OLD, "CaseNumber": "A7"}], [{**OLD_PERSON, "CaseNumber": "a7"}])
    assert reasons(lot) == {"persons: rows that name it by a key in other letters, capital or small": 1}


def test_an_answer_that_is_misnamed_throughout_is_not_taken_for_none(tmp_path: Path) -> None:
    consent = {"anonymised_research": True, "withdrawnOn": "2020-01-01"}
    with pytest.raises(InputError, match=r"no record of .* has consent\.withdrawn_on"):
        imported(tmp_path, "webform-new", [{**NEW, "consent": consent}])


def test_nothing_is_changed_by_the_order_of_the_columns_or_by_spaces_around_headings(tmp_path: Path) -> None:
    plain = imported(tmp_path, "webform-old", [OLD], [OLD_PERSON])
    headings = ",".join(f" {one.upper()} " for one in reversed(HEADINGS["webform-old"].split(",")))
    rows = [{f" {key.upper()} ": value for key, value in OLD.items()}]
    path = write_rows(tmp_path / "other.csv", headings, rows)
    files = {"cases": SheetFile(path), "persons": SheetFile(tmp_path / "webform-old-persons.csv")}
    again = Delivery(load_map("webform-old"), files).read("2023-01-31")
    assert (case(again), children(again, "persons")) == (case(plain), children(plain, "persons"))


# -------------------------------------------------------------------------------------------- files and their maps


def test_files_are_recognised_by_their_columns(tmp_path: Path) -> None:
    maps = [load_map(one) for one in shipped_maps()]
    paths = [
        write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"], [LEGACY]),
        write_rows(tmp_path / "b.csv", HEADINGS["webform-old-persons"], [OLD_PERSON]),
        write_rows(tmp_path / "c.csv", HEADINGS["webform-old"], [OLD]),
        write_json(tmp_path / "d.json", [NEW]),
        write_rows(tmp_path / "e.csv", HEADINGS["htcds-2"], [HTCDS]),
    ]
    found = {
        one.import_map.id: {name: file.path.name for name, file in one.files.items()} for one in recognised(paths, maps)
    }
    assert found == {
        "legacy-flat": {"cases": "a.csv"},
        "webform-old": {"persons": "b.csv", "cases": "c.csv"},
        "webform-new": {"cases": "d.json"},
        "htcds-2": {"cases": "e.csv"},
    }


def test_a_file_that_fits_no_map_is_refused_and_not_guessed(tmp_path: Path) -> None:
    maps = [load_map(one) for one in shipped_maps()]
    path = write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"].replace("sex,", "sexx,", 1), [])
    with pytest.raises(InputError, match="FG-IN-115"):
        recognised([path], maps)
    with pytest.raises(InputError, match="FG-IN-115"):
        recognised([write_json(tmp_path / "b.json", [{"id": 1}])], maps)


@pytest.mark.parametrize(("old", "new"), [("persons", "people"), ("relation", "relations"), ("methods", "control")])
def test_a_list_or_field_that_no_record_has_is_refused_and_not_read_as_empty(
    tmp_path: Path, old: str, new: str
) -> None:
    text = json.dumps([NEW]).replace(f'"{old}":', f'"{new}":')
    if old == "methods":
        text = text.replace('"control":', '"methods":', 1)
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match="FG-IN-112"):
        Delivery(load_map("webform-new"), {"cases": SheetFile(path)}).read("2023-01-31")


def test_a_case_that_does_not_say_whether_consent_was_withdrawn_is_held_back(tmp_path: Path) -> None:
    silent = {**NEW, "case_id": "a-2", "consent": {"anonymised_research": True}}
    lot = imported(tmp_path, "webform-new", [NEW, silent])
    assert lot.refs == ("webform-new:a-1",)
    assert sum(reasons(lot).values()) == 1


def test_two_headings_that_read_alike_are_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"].replace("remarks", "Sex"), [LEGACY])
    with pytest.raises(InputError, match="FG-IN-019"):
        Delivery(load_map("legacy-flat"), {"cases": SheetFile(path)}).read("2023-01-31")


def test_two_files_for_one_sheet_are_refused(tmp_path: Path) -> None:
    maps = [load_map(one) for one in shipped_maps()]
    paths = [write_rows(tmp_path / f"{name}.csv", HEADINGS["legacy-flat"], [LEGACY]) for name in "ab"]
    with pytest.raises(InputError, match="both sheet 'cases'"):
        recognised(paths, maps)


def test_a_sheet_that_is_not_handed_over_is_asked_for(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", HEADINGS["webform-old"], [OLD])
    with pytest.raises(InputError, match="no file for persons"):
        recognised([path], [load_map("webform-old")])
    with pytest.raises(InputError, match="has no sheet 'people'"):
        Delivery(load_map("webform-old"), {"cases": SheetFile(path), "people": SheetFile(path)})


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"].replace(",mission,", ","), [])
    with pytest.raises(InputError, match=r"FG-IN-112 .*a\.csv lacks 1 of the columns .*\(mission\)"):
        Delivery(load_map("legacy-flat"), {"cases": SheetFile(path)}).read("2023-01-31")


def test_columns_that_nobody_knows_are_counted_and_not_read(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"] + ",diary", [{**LEGACY, "diary": SECRET * 100}])
    lot = Delivery(load_map("legacy-flat"), {"cases": SheetFile(path)}).read("2023-01-31")
    assert lot.unread == 1
    held = [
        value for one in (*lot.cases.records.fields.values(), *lot.identities.fields.values()) for value in one.values
    ]
    assert not any(SECRET in value for value in held)


def test_free_text_is_never_read_however_long(tmp_path: Path) -> None:
    text = f'{SECRET}, "quoted"\nand long ' * 100
    lots = [
        imported(tmp_path, "legacy-flat", [{**LEGACY, "remarks": text, "village": text}]),
        imported(tmp_path, "webform-old", [{**OLD, "CaseNotes": text}], [{**OLD_PERSON, "Comments": text}]),
        imported(tmp_path, "webform-new", [{**NEW, "notes": text, "identity": {**NEW["identity"], "address": text}}]),
        imported(tmp_path, "htcds-2", [{**HTCDS, "per_RoleDetails": text}]),
    ]
    for lot in lots:
        records = [lot.cases.records, lot.identities, *lot.cases.children.values()]
        assert not any(SECRET in value for one in records for field in one.fields.values() for value in field.values)


def test_a_description_names_each_fault_and_no_value(tmp_path: Path) -> None:
    (tmp_path / "casefiles.toml").write_text(
        'snapshot = "soon"\n[[delivery]]\nmap = "x"\nfiles = { cases = 3 }\nextra = 1\n'
    )
    with pytest.raises(InputError, match="FG-IN-113") as raised:
        read_description(tmp_path)
    for fault in (
        "snapshot must be a day, such as 2022-11-15",
        "delivery[0].files.cases must be a text, in quotes",
        "delivery[0].extra is no key that is known here",
    ):
        assert fault in str(raised.value)
    assert "soon" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("snapshot = 2022-01-01", "delivery is missing"),
        ('[delivery]\nmap = "x"', "begin each with [[delivery]], in double brackets"),
        ('[[delivery]]\nmap = "x"\nfiles = {}', "delivery[0].files must not be empty"),
        ('[[delivery]]\nmap = "x"\nfiles = "a.csv"', "delivery[0].files must be a table"),
        (
            '[[delivery]]\nmap = "x"\nfiles = { a = "b" }\nlegal_basis = "yes"',
            "delivery[0].legal_basis must be a table",
        ),
        ('[[delivery]]\nmap = "x"\nfiles = { a = "b" }\n[[deliveries]]', "deliveries is no key that is known here"),
    ],
)
def test_what_is_wrong_in_a_description_is_said_in_plain_words(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "casefiles.toml").write_text(text)
    with pytest.raises(InputError, match="FG-IN-113") as raised:
        read_description(tmp_path)
    assert fault in str(raised.value)


@pytest.mark.parametrize("text", ["a =", "", "[[delivery]]\nmap = 'x'\n", "\ud800"])
def test_an_unusable_description_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "casefiles.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match="FG-IN-113"):
        read_description(tmp_path)


def test_a_folder_without_a_description_has_none(tmp_path: Path) -> None:
    assert read_description(tmp_path) is None


# ------------------------------------------------------------------------------------------------------ map files

MAP = """
[map]
id = "m"
source_system = "s"
key = "no"
[fields]
seen_on = { from = "seen", as = "date" }
kind = { from = "kind", as = "code", codes = "@kinds" }
[codes.kinds]
A = "a"
"""


def test_a_small_map_is_read() -> None:
    found = map_from(MAP, source="m.toml")
    assert found.columns() == ("no", "seen", "kind")
    assert found.fields[1].codes == {"A": "a"}


def test_the_hash_of_a_map_changes_with_its_meaning_and_not_with_its_spelling() -> None:
    first = map_from(MAP, source="m").sha256
    assert map_from(MAP.replace("\n", "\n\n") + "# a comment", source="m").sha256 == first
    assert map_from(MAP.replace('A = "a"', 'A = "b"'), source="m").sha256 != first


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("key = ", "keys = "), "'key' is missing"),
        (('as = "date"', 'as = "day"'), "is not known here"),
        (("@kinds", "@kind"), "did you mean 'kinds'"),
        (('as = "code", ', ""), 'codes belong to as = "code"'),
        (("[fields]", "[identity]\nnick = 'n'\n[fields]"), "is no field of identities"),
        (("[fields]", "[fields]\nfamily_name = 'n'"), "identifies a person directly"),
        (("[fields]", "[children.x]\n[fields]"), "needs one of blocks, sheet, list and columns"),
        (("[fields]", "[children.x]\nsheet = 'x'\n[fields]"), "there is no sheet 'x'"),
        (("[fields]", "[[check]]\nkind = 'order'\nfirst = 'seen_on'\n[fields]"), "is not complete"),
        (("[fields]", "[[check]]\nkind = 'since'\nfirst = 'x'\nday = 2002-01-01\n[fields]"), "there is no field 'x'"),
        (("[fields]", "[never_read]\nother = ['x']\n[fields]"), "there is no sheet 'other'"),
        (('as = "date"', 'as = "date", formats = ["D/M/Y"]'), "is no format of a date"),
        (('key = "no"', 'key = "no"\nyears = [2000, 2001]'), "must name the date"),
        (("[map]", "[map"), "not TOML"),
        (("[fields]", "[consent]\nfield = 'c'\ngiven = 'c'\n[fields]"), "does not tell a given consent"),
        (
            (
                "[fields]",
                "[consent]\nfield = 'c'\ngiven = { from = 'c', as = 'code', codes = { n = 'refused' } }\n[fields]",
            ),
            "does not tell a given consent",
        ),
        (("[fields]", "[consent]\nfield = 'c'\nwithdrawn_on = 'w'\n[fields]"), "is no date"),
        (('as = "date"', 'as = "date", formats = ["DD/MM/YYYY", "MM/DD/YYYY"]'), "cannot be told apart"),
        (('as = "date"', 'as = "date", formats = ["YYYY-MM-DD", "YYYY-DD-MM"]'), "cannot be told apart"),
        (('as = "date"', 'as = "date", formats = ["YYYY-DD"]'), "is no format of a date"),
        (('key = "no"', 'key = "no"\nyears = [2000, 2001]\nyears_of = "sen_on"'), "Name one of [fields]"),
        (('A = "a"', 'A = "a"\n"A " = "b"'), "means two things when spaces"),
        (('key = "no"', 'key = "no"\nyears_of = "kind"'), "is used as a date"),
    ],
)
def test_every_fault_of_a_map_is_named_with_the_fix(change: tuple[str, str], words: str) -> None:
    with pytest.raises(CodebookError, match="FG-CB-010") as raised:
        map_from(MAP.replace(*change, 1), source="m.toml")
    assert words in str(raised.value)


def test_an_unknown_map_is_answered_with_those_there_are() -> None:
    with pytest.raises(CodebookError, match=r"FG-CB-011 .*did you mean 'webform-old'"):
        load_map("webform_old")


def test_keys_are_compared_composed_and_without_spaces_around_them(tmp_path: Path) -> None:
    key, composed = "caf\u0065\u0301 ", "caf\u00e9"
    lot = imported(tmp_path, "webform-old", [{**OLD, "CaseNumber": key}], [{**OLD_PERSON, "CaseNumber": composed}])
    assert lot.refs == (f"webform-old:{composed}",)
    assert len(children(lot, "persons")) == 1
    lot = imported(tmp_path, "webform-old", [{**OLD, "CaseNumber": key}, {**OLD, "CaseNumber": composed}])
    assert reasons(lot) == {"rows whose key stands twice in the file": 2}
    lot = imported(tmp_path, "webform-old", [{**OLD, "CaseNumber": "7\u200b"}])
    assert reasons(lot) == {"rows whose key holds characters that cannot be seen": 1}


def test_no_report_echoes_what_identifies_somebody_not_even_the_private_one(tmp_path: Path) -> None:
    lot = imported(tmp_path, "webform-old", [{**OLD, "DateOfBirth": "31/02/1990"}])
    (reason,) = lot.quarantine.rows
    assert reason.field == "birth_date"
    assert not lot.quarantine.values
    text = MAP.replace("[fields]", "[identity]\nbirth_date = { from = 'born', as = 'date' }\n[fields]")
    check = '[[check]]\nkind = "since"\nfirst = "birth_date"\nday = 1900-01-01\n'
    path = write_rows(tmp_path / "m.csv", "no,seen,kind,born", [{"no": "1", "seen": "2001", "born": "1850-01-02"}])
    lot = Delivery(map_from(text + check, source="m.toml"), {"cases": SheetFile(path)}).read("2023-01-31")
    assert sum(reasons(lot).values()) == 1
    assert not lot.quarantine.values


def test_a_map_that_is_named_says_itself_what_is_missing(tmp_path: Path) -> None:
    path = write_json(tmp_path / "a.json", [{"case_id": "1", "registered_on": "2021-01-01"}])
    (delivery,) = recognised([path], [load_map("webform-new")])
    with pytest.raises(InputError, match=r"FG-IN-112 no record of a\.json has screened_on"):
        delivery.read("2023-01-31")
    path = write_rows(tmp_path / "a.csv", HEADINGS["legacy-flat"].replace(",mission,", ","), [])
    (delivery,) = recognised([path], [load_map("legacy-flat")])
    with pytest.raises(InputError, match="FG-IN-112"):
        delivery.read("2023-01-31")


def test_a_check_since_a_day_holds_back_what_is_older(tmp_path: Path) -> None:
    found = map_from(MAP + '[[check]]\nkind = "since"\nfirst = "seen_on"\nday = 2002-01-01\n', source="m.toml")
    path = write_rows(
        tmp_path / "m.csv", "no,seen,kind", [{"no": "1", "seen": "2001-12-31"}, {"no": "2", "seen": "2002"}]
    )
    lot = Delivery(found, {"cases": SheetFile(path)}).read("2023-01-31")
    assert reasons(lot) == {"seen_on: dates before 2002-01-01": 1}
