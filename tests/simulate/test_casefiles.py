"""Fictitious case files: what they promise to the demo, to the tests of the import and to those of the linkage."""

from __future__ import annotations

import re
import stat
import tomllib
import tracemalloc
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import pytest

from frostglass import codebooks
from frostglass.codebooks.lookups import shipped_lookup
from frostglass.errors import UsageError
from frostglass.simulate import batches, casefiles
from frostglass.simulate.accounts import Involved, counted
from frostglass.simulate.casefiles import write_case_files
from frostglass.simulate.cases import Case
from frostglass.simulate.chance import generator_of, uniforms
from frostglass.simulate.figures import COLUMNS
from frostglass.simulate.forms import FORMS
from frostglass.simulate.mess import FAULTS
from frostglass.simulate.names import STOCKS, in_cyrillic, marked, misspelt, unmarked
from frostglass.simulate.people import document, phone
from frostglass.simulate.places import countries_by_region
from frostglass.simulate.victims import age_on, birth_at, told_age
from tests.simulate.support import (
    FREE_TEXT,
    SYSTEMS,
    ReadCase,
    Row,
    by_person,
    free_texts,
    other_texts,
    read_cases,
    records,
    share,
    table,
    tree,
    truth_of,
)

CASES, SEED = 17_500, 7

ACCOUNT = tuple(name for name in COLUMNS if name.startswith("IP_"))

REGIONS = {
    country: "Americas/Oceania" if region in ("Americas", "Oceania") else region
    for country, region in shipped_lookup("un-m49-region").items()
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("simulated") / "case-files"
    write_case_files(path, CASES, SEED)
    return path


@pytest.fixture(scope="module")
def truth(folder: Path) -> dict[str, Row]:
    return truth_of(folder)


@pytest.fixture(scope="module")
def cases(folder: Path) -> dict[str, ReadCase]:
    return read_cases(folder)


@pytest.fixture(scope="module")
def released(truth: Mapping[str, Row]) -> list[Row]:
    return [row for row in truth.values() if row["outcome"] == "released"]


# ----------------------------------------------------------------------------------------------- how it is written


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_case_files(tmp_path / name, 500, seed)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert tree(tmp_path / "a")["truth.csv"] != tree(tmp_path / "c")["truth.csv"]


def test_a_batch_is_made_alone_and_the_first_does_not_depend_on_how_many_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[int, int]] = []
    real = batches.batch

    def watched(people: int, first: int, *rest: Any) -> list[Case]:
        made.append((people, first))
        return real(people, first, *rest)

    monkeypatch.setattr(casefiles, "BATCH", 200)
    monkeypatch.setattr(casefiles, "batch", watched)
    write_case_files(tmp_path / "some", 200, 3)
    write_case_files(tmp_path / "more", 500, 3)
    assert made == [(200, 1), (200, 1), (200, 201), (100, 401)]
    for name in ("truth.csv", "legacy.csv", "planted.txt"):
        assert tree(tmp_path / "more")[name].startswith(tree(tmp_path / "some")[name])


@pytest.mark.long
def test_memory_does_not_grow_with_the_number_of_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(casefiles, "BATCH", 250)

    def peak(cases: int) -> int:
        tracemalloc.start()
        write_case_files(tmp_path / str(cases), cases, 3)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(250)
    assert peak(2000) < 1.2 * peak(500)


def test_files_are_private_and_written_as_their_systems_write_them(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    content = tree(folder)
    assert content["htcds.csv"].startswith(b"\xef\xbb\xbf")
    assert content["htcds.csv"].count(b"\r\n") == sum(1 for _ in table(folder / "htcds.csv")) + 1
    for name, text in content.items():
        assert name == "htcds.csv" or b"\r" not in text
        text.decode("utf-8")
    lines = content["webform-new.json"].decode().splitlines()
    assert (lines[0], lines[-1]) == ("[", "]")
    assert len(lines) == len(records(folder)) + 2


def test_the_description_lists_every_file(folder: Path) -> None:
    description = tomllib.loads((folder / "casefiles.toml").read_text(encoding="utf-8"))
    listed = [name for one in description["delivery"] for name in one["files"].values()]
    assert [one["map"] for one in description["delivery"]] == list(SYSTEMS)
    assert {*listed, "truth.csv", "planted.txt", "casefiles.toml"} == {path.name for path in folder.iterdir()}
    assert description["snapshot"] == date(2023, 1, 31)
    assert description["fictitious"] is True
    assert "legal_basis" in description["delivery"][0]


def test_what_is_said_to_be_written_is_written(tmp_path: Path) -> None:
    written = write_case_files(tmp_path / "files", 3000, 1)
    assert written.people == 3000
    assert written.cases == written.rows["truth.csv"] == len(truth_of(tmp_path / "files"))
    assert written.rows["webform-new.json"] == len(records(tmp_path / "files"))
    assert written.rows["legacy.csv"] == sum(1 for _ in table(tmp_path / "files" / "legacy.csv"))
    with pytest.raises(AttributeError):
        written.people = 1  # type: ignore[misc]


def test_a_system_without_a_case_is_left_out(tmp_path: Path) -> None:
    write_case_files(tmp_path / "one", 1, 4)
    description = tomllib.loads((tmp_path / "one" / "casefiles.toml").read_text(encoding="utf-8"))
    listed = {name for one in description["delivery"] for name in one["files"].values()}
    assert len(description["delivery"]) == 1
    assert listed | {"truth.csv", "planted.txt", "casefiles.toml"} == set(tree(tmp_path / "one"))


# ------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(("number", "seed", "code"), [(0, 1, "073"), (5_000_001, 1, "073"), (5, -1, "074")])
def test_a_senseless_wish_is_refused(tmp_path: Path, number: int, seed: int, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        write_case_files(tmp_path / "files", number, seed)
    assert refused.value.code == f"FG-OP-{code}"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_refused_and_an_empty_one_is_filled(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_case_files(tmp_path / "empty", 20, 1)
    with pytest.raises(UsageError) as refused:
        write_case_files(tmp_path / "empty", 20, 1)
    assert refused.value.code == "FG-OP-075"
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="not an empty folder"):
        write_case_files(tmp_path / "file", 20, 1)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_nothing_is_left_behind_by_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError) as refused:
        write_case_files(tmp_path / "nowhere" / "files", 20, 1)
    assert refused.value.code == "FG-OP-076"

    real = batches.batch

    def breaks(people: int, first: int, *rest: Any) -> list[Case]:
        if first > 1:
            raise OSError(28, "No space left on device")
        return real(people, first, *rest)

    monkeypatch.setattr(casefiles, "BATCH", 50)
    monkeypatch.setattr(casefiles, "batch", breaks)
    with pytest.raises(UsageError, match="No space left"):
        write_case_files(tmp_path / "files", 200, 1)
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------------------ the truth


def test_the_truth_has_each_case_once_and_no_other(truth: Mapping[str, Row], cases: Mapping[str, ReadCase]) -> None:
    assert set(truth) == set(cases)


def test_every_released_row_fits_the_codebook_and_no_other_row_holds_anything(truth: Mapping[str, Row]) -> None:
    book = codebooks.load("ctdc-vp-1")
    assert book.domain.names == COLUMNS
    distinct = {(row["outcome"], tuple(row[name] for name in COLUMNS)) for row in truth.values()}
    for outcome, values in distinct:
        if outcome != "released":
            assert not any(values)
            continue
        for name, value in zip(COLUMNS, values, strict=True):
            assert book.match_value(name, value).kind == ("code" if value else "missing"), (name, value)
        held = dict(zip(COLUMNS, values, strict=True))
        assert held["yearRegister"]
        assert any(held[name] for name in ACCOUNT)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("yearRegister", "2014-2018", 0.358),
        ("yearRegister", "2021-2022", 0.247),
        ("gender", "Female", 0.545),
        ("majorityStatus", "Minor", 0.069),
        ("UN_COO_Region", "Asia", 0.349),
        ("UN_COO_Region", "Africa", 0.300),
        ("UN_COE_Region", "Europe", 0.374),
        ("IP_Gender", "Female;Male", 0.155),
        ("IP_Relation", "FamilyIntimatePartner", 0.066),
        ("IP_ageBroad", "39--47", 0.404),
    ],
)
def test_shares_are_near_the_published_ones(released: Sequence[Row], column: str, value: str, expected: float) -> None:
    assert share(released, column, [value]) == pytest.approx(expected, abs=0.03)


def test_what_a_system_cannot_hold_is_not_in_its_truth(released: Sequence[Row]) -> None:
    cannot = {
        "legacy-flat": ("IP_ageBroad", "IP_PayMoney", "IP_ControlAbuseKidnap"),
        "webform-old": ("IP_ageBroad", "IP_ControlAbuseKidnap"),
        "webform-new": (),
        "htcds-2": ("IP_Gender", "IP_ageBroad", "IP_citizen_UNRegion", "IP_PayMoney"),
    }
    held = {(row["source"], name) for row in released for name in ACCOUNT if row[name]}
    assert not held & {(source, name) for source, names in cannot.items() for name in names}
    assert held >= {("webform-new", name) for name in ACCOUNT}


def test_the_persons_in_the_files_have_the_account_of_the_truth_between_them(
    truth: Mapping[str, Row], cases: Mapping[str, ReadCase]
) -> None:
    book = codebooks.load("ctdc-vp-1")
    overfull: Counter[str] = Counter()
    for ref, row in truth.items():
        if row["outcome"] != "released":
            continue
        for name, atoms in cases[ref].account(REGIONS).items():
            joined = ";".join(sorted(atoms))
            admitted = book.match_value(name, joined).kind == "code"
            overfull[name] += not admitted
            assert row[name] == (joined if admitted else ""), (ref, name)
        told = {name for name in ACCOUNT if row[name]}
        assert told <= set(cases[ref].account(REGIONS))
    assert set(+overfull) == {"IP_Relation", "IP_ageBroad", "IP_citizen_UNRegion"}
    assert sum(overfull.values()) / len(truth) == pytest.approx(0.02, abs=0.005)


def test_outcomes_and_reasons_have_the_shares_that_they_should(truth: Mapping[str, Row]) -> None:
    book = codebooks.load("ctdc-vp-1")
    consent, status, year, persons = (
        next(rule.reason for rule in book.recoding.scope if subject in (rule.field, rule.children))
        for subject in ("research_consent", "trafficking_status", "registered_on", "persons")
    )
    found = Counter(row["reason"] if row["outcome"] == "out of scope" else row["outcome"] for row in truth.values())
    expected = {consent: 0.035, status: 0.02, year: 0.01, persons: 0.015, "quarantined": 0.005, "duplicate": 0.018}
    for what, part in expected.items():
        assert found.pop(what) / len(truth) == pytest.approx(part, rel=0.35), what
    assert 20 < found.pop("broken rule") < 120
    assert set(found) == {"released"}
    broken = {row["reason"] for row in truth.values() if row["outcome"] == "broken rule"}
    assert broken == {"something is known of a perpetrator"}
    assert all(not row["reason"] for row in truth.values() if row["outcome"] in ("released", "quarantined"))


# --------------------------------------------------------------------------------------------------- people, twice


def test_of_the_cases_of_one_person_the_fullest_stands_and_the_latest_of_the_full(
    truth: Mapping[str, Row], cases: Mapping[str, ReadCase]
) -> None:
    compared = 0
    for refs in by_person(truth).values():
        eligible = [ref for ref in refs if truth[ref]["outcome"] in ("released", "duplicate", "broken rule")]
        if len(eligible) < 2:
            assert all(truth[ref]["outcome"] != "duplicate" for ref in refs)
            continue
        compared += 1
        best = max(eligible, key=lambda ref: _rank(cases[ref]))
        for ref in eligible:
            stands = truth[ref]["outcome"] in ("released", "broken rule")
            assert stands == (ref == best), ref
            assert stands or truth[ref]["reason"] == best
        others = sorted(cases[ref].fullness() for ref in eligible if ref != best)
        assert cases[best].fullness() - others[-1] != 1 or cases[best].system == "legacy"
    assert compared > 200


def _rank(case: ReadCase) -> tuple[int, str, str]:
    return case.fullness(), case.day, f"{case.system}:{case.ref.partition(':')[2]}"


def test_how_full_a_case_is_depends_on_its_first_six_persons_with_answers() -> None:
    one = Involved(("Exploiter",), "Unknown", "NonSpecifiedUnknown", "unknown", ("NA", "GH"), "declined")
    assert one.answers() == 6
    assert [person.answers() for person in counted([Involved(), *[one] * 4, Involved(age="unknown"), *[one] * 4])] == [
        6
    ] * 6


def test_two_in_a_hundred_are_registered_again_and_some_a_third_time(truth: Mapping[str, Row]) -> None:
    times = Counter(len(refs) for refs in by_person(truth).values())
    assert sum(times.values()) == CASES
    assert times[2] + times[3] == pytest.approx(0.02 * CASES, rel=0.2)
    assert times[3] > 0
    assert max(times) == 3


def test_no_two_people_have_the_same_document_and_half_of_those_registered_again_show_theirs(
    truth: Mapping[str, Row], cases: Mapping[str, ReadCase]
) -> None:
    holders: dict[str, set[str]] = {}
    for ref, case in cases.items():
        for one in case.documents:
            holders.setdefault(one.replace(" ", ""), set()).add(truth[ref]["person"])
    assert all(len(people) == 1 for people in holders.values())
    assert all(re.fullmatch(r"ZZ[0-9]{8}X", one) for one in holders)
    again = [refs for refs in by_person(truth).values() if len(refs) > 1]
    shown = [refs for refs in again if all(cases[ref].documents for ref in refs)]
    assert len(shown) / len(again) == pytest.approx(0.5, abs=0.1)


def test_somebody_without_a_document_can_still_be_found(
    truth: Mapping[str, Row], cases: Mapping[str, ReadCase]
) -> None:
    """Birth dates agree as far as they are known, or names do to the letter; and names never differ altogether."""
    kinds: Counter[str] = Counter()
    for refs in by_person(truth).values():
        first, *later = sorted((cases[ref] for ref in refs), key=lambda case: case.day)
        for second in later:
            same_birth = first.birth.startswith(second.birth) or second.birth.startswith(first.birth)
            same_names = _plain(first) == _plain(second)
            assert first.birth
            assert second.birth
            assert same_birth or same_names
            kinds["birth"] += not same_birth
            kinds["swapped"] += not same_names and _plain(first) == _plain(second)[::-1]
            kinds["names"] += not same_names
            assert len(set(first.names) & set(second.names)) > 0 or same_names or _another_script(first, second)
    assert min(kinds["birth"], kinds["swapped"], kinds["names"]) > 5


def _plain(case: ReadCase) -> tuple[str, str]:
    given, family = (unmarked(name) for name in case.names)
    return given.partition(" ")[0], family


def _another_script(first: ReadCase, second: ReadCase) -> bool:
    return any(
        tuple(in_cyrillic(name) for name in _plain(one)) == _plain(other)
        for one, other in ((first, second), (second, first))
    )


def test_households_have_two_to_four_people_of_one_name_and_some_are_twins(
    truth: Mapping[str, Row], cases: Mapping[str, ReadCase]
) -> None:
    homes: dict[str, dict[str, ReadCase]] = {}
    for ref, row in truth.items():
        if row["household"]:
            homes.setdefault(row["household"], {}).setdefault(row["person"], cases[ref])
    sizes = Counter(len(members) for members in homes.values())
    assert set(sizes) == {2, 3, 4}
    assert sum(size * number for size, number in sizes.items()) / CASES == pytest.approx(0.15, abs=0.015)
    twins = 0
    for members in homes.values():
        births = Counter(case.birth for case in members.values() if len(case.birth) == 10)
        twins += any(number > 1 for number in births.values())
    assert twins > 10


def test_there_are_namesakes_who_are_not_the_same(truth: Mapping[str, Row], cases: Mapping[str, ReadCase]) -> None:
    named: dict[tuple[str, ...], set[tuple[str, str]]] = {}
    for ref, case in cases.items():
        if case.birth and not truth[ref]["household"]:
            named.setdefault(_plain(case), set()).add((truth[ref]["person"], case.birth[:4]))
    namesakes = [people for people in named.values() if len({number for number, _ in people}) > 1]
    assert len(namesakes) > 10


# ---------------------------------------------------------------------------------------------------------- planted


def test_planted_texts_stand_in_free_text_alone_and_all_of_them_are_listed(folder: Path) -> None:
    planted = (folder / "planted.txt").read_text(encoding="utf-8").splitlines()
    assert len(planted) == len(set(planted)) > 1000
    free = "\n".join(free_texts(folder))
    marks = set(re.findall(r"\w+ Qx\w+|\+9990\d+", free))
    assert marks == set(planted)
    others = "\n".join(other_texts(folder))
    assert not re.search(r"Qx|\+9990|Xandrevo|Xilbura|Xomirel|Xaltuno|Xevindra|Xurkasi", others)


def test_free_text_is_long_and_awkward_at_times(folder: Path) -> None:
    long = [text for text in free_texts(folder) if len(text) > 200]
    assert len(long) > 100
    assert all("," in text and '"' in text and "\n" in text for text in long)
    assert set(FREE_TEXT) | {"webform-new.json"} == {
        path.name for path in folder.iterdir() if b"Qx" in path.read_bytes() and path.name != "planted.txt"
    }


# ------------------------------------------------------------------------------------------------- awkward answers


def test_the_new_form_has_what_a_reader_must_cope_with(folder: Path, truth: Mapping[str, Row]) -> None:
    found: Counter[str] = Counter()
    for record in records(folder):
        persons, withdrawn = record["persons"], record["consent"]["withdrawn_on"]
        released = truth[f"webform-new:{record['case_id']}"]["outcome"] == "released"
        found["withdrawn"] += withdrawn is not None and withdrawn <= "2023-01-31" and not released
        found["withdrawn later"] += withdrawn is not None and withdrawn > "2023-01-31" and released
        found["more than six"] += len(persons) > 6
        found["empty person"] += any(not person["roles"] and not person.get("relation") for person in persons)
        found["range"] += any("-" in str(person.get("age")) for person in persons)
        found["unknown age"] += any(person.get("age") == "unknown" for person in persons)
        found["declined"] += any(person.get("paid") == "declined" for person in persons)
        found["unknown relation"] += any(person.get("relation") == "Unknown" for person in persons)
        found["two citizenships"] += any(len(person.get("citizenships", ())) > 1 for person in persons)
        found["other gender"] += "Trans" in str(record["gender"]) or record["gender"] == "NonConforming"
        found["no citizenship"] += not record["citizenships"]
        found["Namibia"] += "NA" in record["citizenships"]
        found["two regions"] += len({REGIONS[code] for code in record["citizenships"] if code in REGIONS}) > 1
        found["stand-in"] += not record["last_country_of_exploitation"]
        found["stated age alone"] += record["stated_age"] is not None and not record["identity"]["birth_date"]
        assert record["screened_on"] <= record["registered_on"] or record["registered_on"] == "2021-02-30"
        assert withdrawn is None or withdrawn >= record["registered_on"]
        assert [person["slot"] for person in persons] == list(range(1, len(persons) + 1))
    assert {what for what, times in found.items() if times < 3} == set()
    assert found["more than six"] / len(truth) == pytest.approx(0.002, abs=0.001)
    assert found["stand-in"] / len(records(folder)) == pytest.approx(0.4, abs=0.03)


def test_ages_stand_on_the_very_edge(folder: Path, truth: Mapping[str, Row]) -> None:
    edges: Counter[str] = Counter()
    for record in records(folder):
        birth, row = record["identity"]["birth_date"] or "", truth[f"webform-new:{record['case_id']}"]
        if row["outcome"] != "released":
            continue
        if len(birth) == 10:
            born, day = date.fromisoformat(birth), date.fromisoformat(record["registered_on"])
            assert row["majorityStatus"] == ("Adult" if age_on(born, day) >= 18 else "Minor")
            edges["birthday"] += birth[4:] == record["registered_on"][4:] and day.year - born.year == 18
        elif birth and int(record["registered_on"][:4]) - int(birth[:4]) == 18:
            edges["open"] += not row["majorityStatus"]
            edges["stated"] += bool(row["majorityStatus"])
        edges[f"precision {len(birth)}"] += 1
    assert min(edges["birthday"], edges["open"], edges["stated"]) >= 2
    with_birth = edges["precision 10"] + edges["precision 7"] + edges["precision 4"]
    assert edges["precision 10"] / with_birth == pytest.approx(0.9, abs=0.02)


def test_the_eighteenth_birthday_is_of_age_and_the_day_before_is_not() -> None:
    assert age_on(date(2002, 5, 1), date(2020, 5, 1)) == 18
    assert age_on(date(2002, 5, 1), date(2020, 4, 30)) == 17


def test_leap_birthdays_are_reached_on_the_first_of_march(folder: Path, truth: Mapping[str, Row]) -> None:
    assert age_on(date(2004, 2, 29), date(2022, 2, 28)) == 17
    assert age_on(date(2004, 2, 29), date(2022, 3, 1)) == 18
    leap = {
        (row["RegistrationDate"][:5], truth[f"webform-old:{row['CaseNumber']}"]["majorityStatus"])
        for row in table(folder / "webform-old-cases.csv")
        if row["DateOfBirth"][:5] == "29/02"
    }
    assert ("01/03", "Adult") in leap


def test_the_old_sheets_have_what_a_reader_must_cope_with(folder: Path, truth: Mapping[str, Row]) -> None:
    legacy, old = list(table(folder / "legacy.csv")), list(table(folder / "webform-old-cases.csv"))
    nationalities = Counter(row["nationality"] for row in legacy)
    assert {"YU", "ZR", "Y1"} <= set(nationalities)
    assert {row["age"] for row in legacy} >= {"09--17", "18--20", "30--38", "17"}
    assert any(not row["age"] and row["year_of_birth"] for row in legacy)
    assert any(row["age"] and not row["year_of_birth"] for row in legacy)
    assert {int(row["reg_year"]) for row in legacy if row["reg_year"].isdigit()} == set(range(2002, 2012))
    fallback = [row for row in old if row["Gender"] in ("", "NULL", ".", "N/A", "-99") and row["Sex"] in ("M", "F")]
    kept = [row for row in old if row["Gender"].startswith(("Trans", "Unknown")) and row["Sex"] in ("M", "F")]
    genders = [[truth[f"webform-old:{row['CaseNumber']}"]["gender"] for row in rows] for rows in (fallback, kept)]
    assert {"Female", "Male"} <= set(genders[0])
    assert set(genders[1]) == {""}
    assert {row["PaidMoney"] for row in old} == {"", "Yes", "No", "Unknown"}
    assert {re.sub("[0-9]", "9", row["DateOfBirth"]) for row in old} == {"", "99/99/9999", "99/9999", "9999"}


def test_the_standard_sheet_has_its_known_defects(folder: Path) -> None:
    rows = list(table(folder / "htcds.csv"))
    roles = [row["per_RoleInProcess"] for row in rows]
    for pattern in ("; ", ";$", "[a-z] [A-Z]", "[a-z];[A-Z]"):
        assert any(re.search(pattern, text) for text in roles), pattern
    assert {"Familial", "Acquainted", "Unaquainted", "Unacquainted"} <= {
        row["vic_RelationshipToTrafficker"] for row in rows
    }
    for row in rows:
        kinds, countries = (re.findall(r"\w+", row[name]) for name in ("hte_Type", "hte_Country"))
        assert len(kinds) == len(countries)


# -------------------------------------------------------------------------------------------------- what it is made of


@pytest.mark.parametrize("region", STOCKS)
def test_invented_names_are_many_and_no_word_of_a_codebook(region: str) -> None:
    shipped = resources("frostglass.codebooks") / "shipped"
    text = "".join(one.read_text(encoding="utf-8") for one in shipped.iterdir() if one.name.endswith(".toml"))
    words = {word.casefold() for word in re.findall(r"\w+", text)}
    given, family = STOCKS[region].given, STOCKS[region].family
    assert len(set(given)) == len(given) >= 300
    assert len(set(family)) == len(family) >= 300
    assert not words & {name.casefold() for name in (*given, *family)}
    assert not set(given) & set(family)


@pytest.mark.parametrize("region", ["Europe", "Asia"])
def test_names_are_wholly_cyrillic_or_not_at_all(region: str) -> None:
    for name in (*STOCKS[region].given, *STOCKS[region].family):
        assert not re.search("[A-Za-z]", in_cyrillic(name)), name
        assert unmarked(marked(name, region)) == name


def test_a_misspelt_name_differs_by_one_letter_after_the_second() -> None:
    u = uniforms(generator_of(1))
    for name in STOCKS["Africa"].family:
        wrong = misspelt(name, u)
        assert wrong[:2] == name[:2]
        assert abs(len(wrong) - len(name)) <= 1
        assert wrong != name or re.search(r"(.)\1", name)


def test_documents_and_phones_are_one_persons_own() -> None:
    people = range(1, 200_000)
    assert len({document(number) for number in people}) == len(people)
    assert len({phone(number) for number in people}) == len(people)
    assert not any(phone(number).startswith("+9990") for number in people)


def test_every_country_lies_in_its_region() -> None:
    for region, countries in countries_by_region().items():
        assert {REGIONS[code] for code in countries} == {region}


@pytest.mark.parametrize("age", [0, 5, 17, 18, 40])
def test_a_birth_date_gives_the_age_that_it_was_made_for(age: int) -> None:
    u = uniforms(generator_of(age))
    for day in (date(2020, 2, 29), date(2021, 3, 1), date(2021, 2, 28), date(2022, 12, 31), date(2019, 1, 1)):
        assert {age_on(birth_at(age, day, u), day) for _ in range(300)} == {age}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.map_id)
def test_an_age_told_openly_is_told_by_a_stated_age_or_not_at_all(form: Any) -> None:
    u = uniforms(generator_of(3))
    for _ in range(400):
        told = told_age(date(2002, 5, 20), date(2020, 5, 10), form, u, known=True)
        open_ = told.birth in ("2002", "2002-05")
        assert told.status == (None if open_ and not told.stated_age else "Minor")


def test_unmapped_codes_come_up_in_every_system_and_are_quarantined(folder: Path, truth: Mapping[str, Row]) -> None:
    assert {row["source"] for row in truth.values() if row["outcome"] == "quarantined"} == set(FAULTS)
    text = b"".join(tree(folder).values()).decode()
    for fault in ("freind", "Femenine", "31/02/2016", "RECR", "2021-02-30", "Femal,"):
        assert fault in text
