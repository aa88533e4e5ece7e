"""The rules of a codebook are carried out exactly: the worked cases, a slow reference, and every operator's edges."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frostglass import codebooks
from frostglass.errors import InputError
from frostglass.sensitive.recoding.answers import answers_of
from frostglass.sensitive.recoding.evaluation import (
    FALLBACK,
    NOT_ADMITTED,
    NOT_PUBLISHED,
    SEVERAL,
    STAND_IN,
    STRADDLING,
    Evaluation,
    Losses,
    ages_of,
)
from frostglass.sensitive.recoding.recoding import Recoded, recode
from frostglass.sensitive.recoding.records import Cases
from frostglass.sensitive.recoding.scope import outside
from frostglass.sensitive.recoding.spans import completed_months, completed_years, date_span, number_span
from frostglass.sensitive.recoding.strip import strip
from frostglass.terms.codebook import Codebook
from frostglass.terms.recoding import BIRTH_DATE, Bands, Copy, Map, MonthsBetween
from tests.sensitive.case_support import EXPECTED, NUMBERED, WORKED, cases_of, person, records_of, spelled, worked
from tests.sensitive.reference_recoding import reference

VP = codebooks.load("ctdc-vp-1")
NEXT = codebooks.load("ctdc-vp-next")
GLOBAL = codebooks.load("ctdc-global")


def rows(recoded: Recoded, codebook: Codebook) -> list[dict[str, str]]:
    """The coded records as dicts, "" for missing."""
    columns = {
        variable.name: [("", *variable.codes)[place] for place in recoded.positions[variable.name].tolist()]
        for variable in codebook.variables
    }
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def coded(case: dict[str, Any], codebook: Codebook = VP) -> dict[str, str]:
    """One case recoded on its own."""
    return rows(recode(cases_of([case], codebook), codebook), codebook)[0]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_worked_case_comes_out_as_written(name: str) -> None:
    row = coded(worked(name))
    assert tuple(row[variable] for variable in NUMBERED) == EXPECTED[name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("G", "registered outside 2005 to 2022"), ("H", "no consent"), ("K", "no involved person with any answer")],
)
def test_a_worked_case_is_left_out_for_its_reason_and_no_other(name: str, reason: str) -> None:
    cases = cases_of([worked(name)], VP)
    left_out = [rule.reason for rule in VP.recoding.scope if outside(cases, rule)[0]]
    assert len(left_out) == 1
    assert reason in left_out[0]


def test_the_worked_cases_in_scope_are_left_out_by_no_rule() -> None:
    cases = cases_of([worked(name) for name in EXPECTED], VP)
    assert not any(outside(cases, rule).any() for rule in VP.recoding.scope)


def test_what_the_worked_cases_lose_is_counted_by_variable_and_kind() -> None:
    losses = recode(cases_of([worked(name) for name in EXPECTED], VP), VP).losses
    assert losses.cases == {
        ("gender", NOT_PUBLISHED): 1,  # E
        ("gender", STAND_IN.format("sex")): 1,  # F, from sex
        ("majorityStatus", FALLBACK): 2,  # D and F
        ("majorityStatus", STRADDLING): 1,  # I
        ("UN_COO_Region", SEVERAL): 1,  # I
        ("UN_COE_Region", STAND_IN.format("country_of_screening")): 1,  # F
        ("IP_Relation", NOT_ADMITTED): 1,  # D
        ("IP_ageBroad", NOT_ADMITTED): 2,  # D and L
        ("IP_citizen_UNRegion", NOT_ADMITTED): 1,  # E
        ("persons", "more than 6 records, of which the first are kept"): 1,  # J
    }
    assert losses.values["IP_ageBroad", NOT_ADMITTED] == {"0--29;30--38;48+": 1, "0--29;48+": 1}


def test_the_later_codebook_admits_any_two_values() -> None:
    assert coded(worked("L"), NEXT)["IP_ageBroad"] == "0--29;48+"
    assert coded(worked("E"), NEXT)["IP_citizen_UNRegion"] == "Africa;Europe"
    assert coded(worked("D"), NEXT)["IP_Relation"] == ""


def test_the_seventh_person_counts_for_nothing() -> None:
    row = coded(worked("J"))
    assert row["IP_ControlAbuseKidnap"] == ""
    assert row["IP_Relation"] == "StrangerUnknownOther"


# ------------------------------------------------------------------------------------------- against the reference

COUNTRIES = ["NG", "NA", "IT", "UA", "KH", "TH", "US", "FJ", "AU", "Y1", "AQ", "TW"]
GENDERS = ["Feminine", "Masculine", "TransgenderFeminine", "NonSpecifiedUnknown"]
DATES = ["2019", "2019-03", "2020-02-29", "2021-03-01", "2005-12-31", "2022-12-31", "2012-06-30"]
BIRTHS = ["1990", "2001-03", "2002", "2002-02-28", "2002-03-01", "2004-02-29", "2030-01-01", "1950-12-31"]
ROLES = [
    "RecruiterOrIntermediary", "BrokerTravelAgent", "Transporter", "Smuggler", "Abuser", "Exploiter", "Other",
]  # fmt: skip
METHODS = [
    "DebtBondage", "Threats", "SexualAbuse", "FalsePromises", "PsychoactiveSubstances", "RestrictsMovement",
    "ExcessiveWorkingHours", "WithholdsDocuments",
]  # fmt: skip
RELATIONS = ["Parent", "IntimatePartner", "Friend", "Stranger", "Unknown", "Employer"]


def some(chance: Random, values: list[str], most: int = 1) -> list[str]:
    """Up to ``most`` different values, often none."""
    return chance.sample(values, chance.randint(0, most))


def any_person(chance: Random) -> dict[str, Any]:
    return {
        "roles": some(chance, ROLES, 3),
        "relation": some(chance, RELATIONS),
        "gender": some(chance, GENDERS),
        "age": some(chance, ["12", "29", "30", "38", "48", "25-28", "29-30", "47-120"]),
        "citizenships": some(chance, COUNTRIES, 2),
        "paid": some(chance, ["yes", "no", "unknown", "declined"]),
    }


def any_exploitation(chance: Random) -> dict[str, Any]:
    return {
        "type": some(chance, ["ForcedLabour", "SexualExploitation", "ForcedBegging", "OrganRemoval"]),
        "answer": some(chance, ["yes", "no", "unknown"]),
        "labour_industry": some(chance, ["A", "F", "I", "T"], 2),
        "sex_subtype": some(chance, ["Prostitution", "Pornography"], 2),
    }


def any_case(chance: Random) -> dict[str, Any]:
    countries = (
        "primary_citizenship", "last_country_of_exploitation", "country_of_screening", "country_at_registration",
        "mission_country",
    )  # fmt: skip
    return {
        "registered_on": some(chance, DATES),
        "source_system": some(chance, ["legacy", "mimosa_old", "mimosa_new"]),
        "gender": some(chance, GENDERS),
        "sex": some(chance, ["M", "F", "X"]),
        "birth_date": some(chance, BIRTHS),
        "age_at_registration": some(chance, ["17", "18", "16-17", "17-19", "120"]),
        "citizenships": some(chance, COUNTRIES, 3),
        **{name: some(chance, COUNTRIES) for name in countries},
        "entered_traffick_on": some(chance, DATES),
        "exited_on": some(chance, DATES),
        "exploitation": [any_exploitation(chance) for _ in range(chance.randint(0, 3))],
        "control": [
            {"method": some(chance, METHODS), "answer": some(chance, ["yes", "no"])}
            for _ in range(chance.randint(0, 2))
        ],
        "persons": [any_person(chance) for _ in range(chance.randint(0, 8))],
    }


@pytest.mark.parametrize("codebook", [VP, NEXT, GLOBAL], ids=lambda book: book.id)
def test_whole_columns_come_out_as_the_slow_reference_says(codebook: Codebook) -> None:
    chance = Random(7)
    cases = [any_case(chance) for _ in range(1_500)]
    found = rows(recode(cases_of(cases, codebook), codebook), codebook)
    wanted = [reference(one, codebook) for one in cases]
    differing = [(case, row, want) for case, row, want in zip(cases, found, wanted, strict=True) if row != want]
    assert not differing, differing[0]
    held = {(name, value) for row in found for name, value in row.items() if value}
    assert {name for name, _ in held} == set(codebook.domain.names), "every variable is put to the test"


# ------------------------------------------------------------------------------------------------ single operators


@pytest.mark.parametrize(
    ("birth", "day", "years"),
    [
        ("2002-05-01", "2020-05-01", "18"),
        ("2002-05-01", "2020-04-30", "17"),
        ("2004-02-29", "2022-02-28", "17"),
        ("2004-02-29", "2022-03-01", "18"),
        ("2004-02-29", "2024-02-29", "20"),
        ("1998", "2016-06-30", "17-18"),
        ("1998-06", "2016-06-30", "18"),
        ("1998-07", "2016-06-30", "17"),
        ("1998-06-30", "2016", "17-18"),
        ("2016-06-30", "2016-06-30", "0"),
    ],
)
def test_an_age_is_completed_years_or_the_two_that_it_may_be(birth: str, day: str, years: str) -> None:
    assert ages_of(answers_of([[birth]]), answers_of([[day]])).by_record(1) == [[years]]


def test_somebody_born_after_the_day_has_no_age() -> None:
    assert ages_of(answers_of([["2020-01-02"]]), answers_of([["2020-01-01"]])).by_record(1) == [[]]


def test_an_interval_within_one_band_is_decided_by_the_dates_and_not_by_what_is_stated() -> None:
    case = {**worked("D"), "birth_date": "1999", "registered_on": "2019-06-01", "age_at_registration": "17"}
    assert coded(case)["majorityStatus"] == "Adult"


@pytest.mark.parametrize(
    ("birth", "stated", "status"), [("2001", "18", "Adult"), ("2001", "17", "Minor"), ("2001", "", "")]
)
def test_a_straddling_interval_is_decided_by_what_is_stated(birth: str, stated: str, status: str) -> None:
    case = {**worked("D"), "birth_date": birth, "registered_on": "2019-06-01", "age_at_registration": stated}
    assert coded(case)["majorityStatus"] == status


@pytest.mark.parametrize(
    ("system", "gender", "sex", "published"),
    [
        ("legacy", "", "F", "Female"),
        ("mimosa_old", "", "M", "Male"),
        ("mimosa_new", "", "M", ""),
        ("legacy", "NonSpecifiedUnknown", "M", ""),
        ("mimosa_old", "TransgenderMasculine", "F", ""),
        ("mimosa_old", "", "X", ""),
    ],
)
def test_sex_stands_in_for_an_empty_gender_of_old_systems_alone(
    system: str, gender: str, sex: str, published: str
) -> None:
    assert coded({**worked("B"), "source_system": system, "gender": gender, "sex": sex})["gender"] == published


@pytest.mark.parametrize(
    ("citizenships", "primary", "region"),
    [
        (["NG", "GH"], "", "Africa"),
        (["NG", "IT"], "IT", "Europe"),
        (["NG", "IT"], "", ""),
        (["US", "FJ"], "", "Americas/Oceania"),
        (["AQ"], "", ""),
        ([], "NG", ""),
    ],
)
def test_several_citizenships_come_to_their_common_region_or_that_of_the_primary_one(
    citizenships: list[str], primary: str, region: str
) -> None:
    case = {**worked("B"), "citizenships": citizenships, "primary_citizenship": primary}
    assert coded(case)["UN_COO_Region"] == region


def test_the_first_recorded_country_counts_even_if_it_has_no_region() -> None:
    case = {**worked("B"), "last_country_of_exploitation": "AQ", "country_of_screening": "IT"}
    assert coded(case)["UN_COE_Region"] == ""


def test_a_field_that_could_stand_in_is_counted_only_where_it_does() -> None:
    both = {**worked("B"), "country_of_screening": "IT", "mission_country": "IT"}
    proxy = {**both, "last_country_of_exploitation": ""}
    losses = recode(cases_of([both, proxy, proxy], VP), VP).losses
    assert losses.cases == {("UN_COE_Region", STAND_IN.format("country_of_screening")): 2}


def test_an_answer_of_no_is_no_flag() -> None:
    case = {**worked("B"), "exploitation": [{"type": "ForcedLabour", "answer": "no"}]}
    assert coded(case)["isForcedLabour"] == ""


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [("2020-01-31", "2020-02-29", 0), ("2020-01-15", "2020-02-15", 1), ("2020-03-15", "2021-03-14", 11)],
)
def test_months_are_counted_when_they_are_completed(start: str, end: str, months: int) -> None:
    first, last = date_span(start), date_span(end)
    assert first is not None
    assert last is not None
    assert completed_months(np.array([first[0]]), np.array([last[0]])).tolist() == [months]


def test_months_between_are_an_interval_where_a_date_is_not_exact() -> None:
    cases = Cases(records_of([{"a": ["2020-01"], "b": ["2020-03-15"]}]))
    found = Evaluation(cases, Losses()).of(MonthsBetween(Copy("a"), Copy("b")), "v")
    assert found.by_record(1) == [["1-2"]]


def test_a_strict_rule_refuses_what_it_does_not_list_and_says_no_value() -> None:
    cases = Cases(records_of([{"a": ["x"]}, {"a": ["Secret"]}]))
    for rule in (Map(Copy("a"), {"x": "X"}, strict=True), Bands(Copy("a"), ((0, 9, "low"),), strict=True)):
        with pytest.raises(InputError, match="FG-IN-110") as raised:
            Evaluation(cases, Losses()).of(rule, "v")
        assert "Secret" not in str(raised.value)
        assert raised.value.detail is not None


def test_a_lenient_rule_makes_it_missing_and_counts_it() -> None:
    losses = Losses()
    cases = Cases(records_of([{"a": ["x"]}, {"a": ["y"]}]))
    found = Evaluation(cases, losses).of(Map(Copy("a"), {"x": "X"}, strict=False), "v")
    assert found.by_record(2) == [["X"], []]
    assert losses.cases == {("v", NOT_PUBLISHED): 1}
    assert losses.values["v", NOT_PUBLISHED] == {"y": 1}


def test_a_set_that_the_codebook_refuses_stops_the_recoding() -> None:
    text = "\n".join(
        [
            '[codebook]\nid = "s"',
            '[[source]]\nname = "c"\n[[source.children]]\nname = "kids"\nmax = 1\noverflow = "error"',
            '[[variable]]\nname = "v"\ntype = "set"\natoms = ["a", "b"]\nadmitted_sets = []\noverflow = "error"',
            'derive = { op = "set_of", each = "letters" }',
        ]
    )
    book = codebooks.loads(text, source="s.toml")
    with pytest.raises(InputError, match="FG-IN-111"):
        recode(Cases(records_of([{"letters": ["a", "b"]}])), book)
    assert recode(Cases(records_of([{"letters": ["a"]}])), book).positions["v"].tolist() == [1]
    kids = records_of([{}, {}], [0, 0])
    with pytest.raises(InputError, match="FG-IN-111"):
        recode(Cases(records_of([{"letters": ["a"]}]), {"kids": kids}), book)


def test_a_case_that_breaks_a_structural_rule_is_told_apart() -> None:
    silent = {**worked("B"), "persons": [person("TravellingPartner")]}
    recoded = recode(cases_of([worked("B"), silent], VP), VP)
    assert {name: breaks.tolist() for name, breaks in recoded.broken.items()} == {
        "something is known of a perpetrator": [False, True]
    }
    assert recoded.fit().tolist() == [True, False]


# ------------------------------------------------------------------------------------------------------- the strip


def test_the_strip_leaves_nothing_but_what_rules_read_and_the_age() -> None:
    case = {name: values for name, values in spelled(worked("A")).items() if isinstance(values, list)}
    own = {**{k: v for k, v in case.items() if k not in ("persons", "exploitation")}, "notes": ["a secret"]}
    persons = records_of([{**one, "note": ["a secret"]} for one in case["persons"]], [0, 0, 0])
    births = answers_of([case[BIRTH_DATE]])
    stripped = strip(Cases(records_of([own]), {"persons": persons, "stay": persons}), births, VP.recoding)
    (age,) = [name for name in stripped.records.fields if name.startswith("age by")]
    assert stripped.records.fields[age].by_record(1) == [["26"]]
    assert set(stripped.records.fields) - {age} <= VP.recoding.reads()[None]
    assert BIRTH_DATE not in VP.recoding.reads()[None]
    assert set(stripped.children) == {"persons"}
    assert set(stripped.children["persons"].fields) == VP.recoding.reads()["persons"]


def test_every_shipped_codebook_reads_no_identifier() -> None:
    named = {name for book in (VP, NEXT, GLOBAL) for names in book.recoding.reads().values() for name in names}
    assert not named & codebooks.checks.derivations.DIRECT_IDENTIFIERS


# --------------------------------------------------------------------------------------------------- dates, numbers


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2019", (20190101, 20191231)),
        ("2020-02", (20200201, 20200229)),
        ("2019-02", (20190201, 20190228)),
        ("2019-03-14", (20190314, 20190314)),
        ("2019-02-29", None),
        ("2019-13", None),
        ("2019-1-1", None),
        ("0000", None),
        ("14/03/2019", None),
    ],
)
def test_a_date_is_the_days_that_it_may_be(text: str, span: tuple[int, int] | None) -> None:
    assert date_span(text) == span


@pytest.mark.parametrize(
    ("text", "span"),
    [("41", (41, 41)), ("30-38", (30, 38)), ("0--8", (0, 8)), ("9–17", (9, 17)), ("38-30", None), ("about 40", None),
     ("041", None), ("-5", None), ("4.5", None), ("", None)],
)  # fmt: skip
def test_a_number_is_itself_or_a_range(text: str, span: tuple[int, int] | None) -> None:
    assert number_span(text) == span


@settings(max_examples=200, derandomize=True)
@given(born=st.dates(), day=st.dates())
def test_completed_years_never_fall_and_rise_on_birthdays(born: Any, day: Any) -> None:
    if day < born:
        born, day = day, born

    def packed(one: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.array([one.year * 10_000 + one.month * 100 + one.day])

    had = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    assert completed_years(packed(born), packed(day)).tolist() == [had]


def test_worked_cases_are_all_there() -> None:
    assert sorted(WORKED) == list("ABCDEFGHIJKL")
