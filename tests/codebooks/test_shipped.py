"""The shipped codebooks hold what was published, in the published spelling, and nothing is lost in them."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files

import pytest

from frostglass import codebooks
from frostglass.codebooks.lookups import shipped_lookup, shipped_lookups
from frostglass.terms.codebook import Codebook

VP_COLUMNS = (
    "yearRegister", "gender", "majorityStatus", "isForcedLabour", "isSexualExploit", "UN_COO_Region", "UN_COE_Region",
    "IP_Exploiter", "IP_Gender", "IP_ageBroad", "IP_citizen_UNRegion", "IP_Relation", "IP_PayMoney",
    "IP_RecruiterBroker", "IP_TransactionProcess", "IP_ControlAbuseKidnap",
)  # fmt: skip
VP_NUMBERS = (1, 2, 3, 4, 5, 6, 7, 11, 13, 14, 15, 12, 16, 8, 9, 10)
REGIONS = ("Africa", "Americas/Oceania", "Asia", "Europe")
VP_CODES = {
    "yearRegister": ("2005-2013", "2014-2018", "2019", "2020", "2021-2022"),
    "gender": ("Male", "Female"),
    "majorityStatus": ("Adult", "Minor"),
    "UN_COO_Region": REGIONS,
    "UN_COE_Region": REGIONS,
    "IP_Gender": ("Female", "Male", "Female;Male"),
    "IP_ageBroad": (
        "0--29", "30--38", "39--47", "48+",
        "0--29;30--38", "0--29;39--47", "30--38;39--47", "30--38;48+", "39--47;48+",
    ),
    "IP_citizen_UNRegion": (
        *REGIONS,
        "Africa;Americas/Oceania", "Africa;Asia", "Americas/Oceania;Asia", "Americas/Oceania;Europe", "Asia;Europe",
    ),
    "IP_Relation": (
        "FamilyIntimatePartner", "FriendAcquaintance", "StrangerUnknownOther",
        "FamilyIntimatePartner;FriendAcquaintance", "FamilyIntimatePartner;StrangerUnknownOther",
        "FriendAcquaintance;StrangerUnknownOther",
    ),
    "IP_PayMoney": ("No", "Yes", "No;Yes"),
}  # fmt: skip


@pytest.fixture(scope="module")
def vp() -> Codebook:
    return codebooks.load("ctdc-vp-1")


def raw(identifier: str) -> dict[str, object]:
    text = (files("frostglass.codebooks") / "shipped" / f"{identifier}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def test_three_codebooks_ship_without_a_fault() -> None:
    assert codebooks.shipped() == ("ctdc-global", "ctdc-vp-1", "ctdc-vp-next")
    for identifier in codebooks.shipped():
        text = (files("frostglass.codebooks") / "shipped" / f"{identifier}.toml").read_text(encoding="utf-8")
        assert codebooks.faults(text) == ()
        assert codebooks.load(identifier).id == identifier


def test_vp_has_the_published_columns_numbers_and_codes(vp: Codebook) -> None:
    assert vp.domain.names == VP_COLUMNS
    assert tuple(variable.number for variable in vp.variables) == VP_NUMBERS
    for variable in vp.variables:
        assert variable.codes == VP_CODES.get(variable.name, ("1",))
        assert variable.type == ("flag" if variable.name not in VP_CODES else variable.type)


@pytest.mark.parametrize("identifier", codebooks.shipped())
def test_everything_shipped_is_labelled_in_three_languages_and_defined(identifier: str) -> None:
    table = codebooks.load(identifier)
    for variable in table.variables:
        assert set(variable.label) == {"en", "es", "fr"}
        assert variable.definition
        assert variable.null.meaning
        if variable.name not in ("citizenship", "CountryOfExploitation", "yearOfRegistration"):
            assert all(set(category.label) == {"en", "es", "fr"} for category in variable.categories)
    for group in table.groups.values():
        assert set(group.label) == {"en", "es", "fr"}
        assert len(group.members) > 1


def test_every_value_of_vp_is_defined_and_every_variable_on_perpetrators_reminds_of_its_unit(vp: Codebook) -> None:
    for variable in vp.variables:
        assert all(category.definition for category in variable.categories)
        assert bool(variable.recall) == variable.name.startswith("IP_")


@pytest.mark.parametrize(
    ("name", "printed", "code"),
    [
        ("yearRegister", "2005 2013", "2005-2013"),
        ("yearRegister", "2014–2018", "2014-2018"),
        ("yearRegister", "2021 – 2022", "2021-2022"),
        ("IP_ageBroad", "0-29", "0--29"),
        ("IP_ageBroad", "39 - 47", "39--47"),
        ("IP_ageBroad", "48 +", "48+"),
        ("IP_ageBroad", "30-38;48 +", "30--38;48+"),
        ("IP_ageBroad", "39 47;48 +", "39--47;48+"),
        ("IP_Gender", "Female; Male", "Female;Male"),
        ("IP_Gender", "Male;Female", "Female;Male"),
        ("IP_citizen_UNRegion", "Oceania", "Americas/Oceania"),
        ("IP_citizen_UNRegion", "Asia;Oceania", "Americas/Oceania;Asia"),
        ("UN_COO_Region", "Oceania", "Americas/Oceania"),
    ],
)
def test_every_printed_spelling_is_read(vp: Codebook, name: str, printed: str, code: str) -> None:
    match = vp.match_value(name, printed)
    assert match.kind == "code"
    assert vp.variable(name).codes[match.position - 1] == code


def test_the_second_printed_name_of_a_variable_is_read(vp: Codebook) -> None:
    assert vp.match_name("IP_RecruitBroker") == "IP_RecruiterBroker"


@pytest.mark.parametrize("text", ["NULL", "NA", "N/A", ".", "-99", ""])
def test_missing_tokens_of_the_publisher_are_read_as_missing(vp: Codebook, text: str) -> None:
    assert all(vp.match_value(name, text).kind == "missing" for name in VP_COLUMNS)


def test_sets_that_were_never_published_are_not_admitted(vp: Codebook) -> None:
    assert vp.match_value("IP_ageBroad", "0--29;48+").kind == "not_admitted"
    assert vp.match_value("IP_citizen_UNRegion", "Africa;Europe").kind == "not_admitted"
    assert vp.match_value("IP_Relation", ";".join(VP_CODES["IP_Relation"][:3])).kind == "not_admitted"


def test_vp_declares_its_structural_rules_and_denominators(vp: Codebook) -> None:
    assert [clause.rule for clause in vp.clauses] == [
        "year of registration is known",
        "something is known of a perpetrator",
    ]
    year, known = vp.clauses
    assert [(one.place, sorted(one.positions)) for one in year.literals] == [(0, [1, 2, 3, 4, 5])]
    assert {vp.domain.names[one.place] for one in known.literals} == set(VP_COLUMNS[7:])
    assert {one.name: one.basis for one in vp.constraints}["core of the intake is complete"] == "empirical"
    assert vp.groups["exploitation"].members == ("isForcedLabour", "isSexualExploit")
    assert set(vp.groups["role"].members) == {name for name in VP_COLUMNS[7:] if vp.variable(name).type == "flag"}


def test_vp_has_a_rule_for_every_variable_and_five_rules_of_scope() -> None:
    content = raw("ctdc-vp-1")
    variables, scopes = content["variable"], content["scope"]
    assert isinstance(variables, list)
    assert isinstance(scopes, list)
    assert all("derive" in variable for variable in variables)
    assert len(scopes) == 5
    assert all(scope["reason"] for scope in scopes)


def test_roles_and_relations_are_grouped_as_the_intake_vocabulary_is(vp: Codebook) -> None:
    rules = {one["name"]: one["derive"] for one in json.loads(vp.canonical)["variable"]}
    assert rules["IP_Exploiter"]["in"] == ["Exploiter"]
    assert rules["IP_RecruiterBroker"]["in"] == ["RecruiterOrIntermediary", "BrokerTravelAgent"]
    assert len(rules["IP_TransactionProcess"]["in"]) == 7
    assert len(rules["IP_ControlAbuseKidnap"]["in"]) == 3
    assert rules["isForcedLabour"]["in"] == ["ForcedLabour", "ForcedBegging", "Servitude", "ChildLabour"]
    table = rules["IP_Relation"]["each"]["table"]
    assert len(table) == 11
    assert table["IntimatePartner"] == "FamilyIntimatePartner"
    assert table["Unknown"] == "StrangerUnknownOther"


def test_vp_next_differs_from_vp_by_its_sets_alone() -> None:
    one, other = raw("ctdc-vp-1"), raw("ctdc-vp-next")
    variables, others = one.pop("variable"), other.pop("variable")
    assert isinstance(variables, list)
    assert isinstance(others, list)
    for before, after in zip(variables, others, strict=True):
        if "admitted_sets" in before:
            del before["admitted_sets"]
            assert after.pop("max_atoms") == 2
        assert before == after
    assert {key for key in one if one[key] != other[key]} == {"codebook", "related"}
    assert codebooks.load("ctdc-vp-next").match_value("IP_ageBroad", "0--29;48+").kind == "code"
    assert codebooks.load("ctdc-vp-next").variable("IP_Relation").codes == VP_CODES["IP_Relation"]


def test_the_global_codebook_has_its_27_variables() -> None:
    table = codebooks.load("ctdc-global")
    assert len(table.variables) == 27
    assert table.variable("ageBroad").codes[:2] == ("0--8", "09--17")
    assert table.match_value("ageBroad", "9--17").position == 2
    assert table.variable("traffickMonths").codes == ("0--12 (0-1 yr)", "13--24 (1-2 yrs)", "25+ (2+ yrs)")
    assert table.variable("gender").codes == ("Man", "Woman", "Trans/Transgender/NonConforming")
    assert table.variable("yearOfRegistration").codes == tuple(str(year) for year in range(2002, 2023))
    assert len(table.variable("citizenship").codes) == 195
    assert table.variable("citizenship").codes == table.variable("CountryOfExploitation").codes
    assert table.match_name("sectorOfSexPornography") == "typeOfSexPornography"
    assert [len(group.members) for group in table.groups.values()] == [3, 8, 4, 4, 2]


def test_an_industry_without_forced_labour_breaks_a_rule_of_the_global_codebook() -> None:
    table = codebooks.load("ctdc-global")
    names = table.domain.names

    def holds(**values: int) -> bool:
        record = [values.get(name, 0) for name in names]
        return all(any(record[one.place] in one.positions for one in clause.literals) for clause in table.clauses)

    assert holds()
    assert holds(typeOfLabourAgriculture=1, isForcedLabour=1)
    assert not holds(typeOfLabourAgriculture=1, isSexualExploit=1)
    assert not holds(typeOfSexProstitution=1)


def test_lookup_tables_cover_the_countries_and_the_codes_of_older_records() -> None:
    assert shipped_lookups() == ("un-m49-region", "un-states-alpha-3")
    regions, states = shipped_lookup("un-m49-region"), shipped_lookup("un-states-alpha-3")
    old = {"AN", "TB", "TP", "XK", "Y1", "Y2", "Y3", "YU", "ZR"}
    assert len(regions.keys() - old) == 248  # ISO 3166-1 without Antarctica
    assert [list(regions.values()).count(one) for one in ("Africa", "Americas", "Asia", "Europe", "Oceania")] == [
        60 + 1, 57 + 1, 51 + 2, 51 + 5, 29,
    ]  # fmt: skip
    for code, region in {
        "TR": "Asia", "CY": "Asia", "GE": "Asia", "AM": "Asia", "AZ": "Asia", "KZ": "Asia", "RU": "Europe",
        "JE": "Europe", "TW": "Asia", "GS": "Americas", "UM": "Oceania", "TF": "Africa", "NA": "Africa", "Y1": "Europe",
    }.items():  # fmt: skip
        assert regions[code] == region
    assert states.keys() - old <= regions.keys()
    assert (states["XK"], states["TB"], states["NA"]) == ("SRB", "CHN", "NAM")


def test_shipped_texts_state_limits_and_no_figures_of_a_release(vp: Codebook) -> None:
    assert any("not a random sample" in text for text in vp.release.limitations)
    assert any("own account" in text for text in vp.release.limitations)
    assert "only source" in vp.release.provenance
    assert "Accessed Day Month Year" in vp.release.citation
    assert vp.release.file_stem == "CTDC_VPsynthetic"
    assert not any(figure in vp.canonical.decode() for figure in ("17,000", "37,000", "40%", "14,000"))
