"""How headings and cells are matched to a codebook: by name and code, by alias, and never by guessing."""

from __future__ import annotations

import pytest

from frostglass import codebooks
from frostglass.errors import CodebookError
from frostglass.terms.codebook import Codebook
from tests.codebooks.support import EVERYTHING, book

TABLE = """
missing_in = ["NA", ".", "-99"]

[[variable]]
name = "country"
aliases = ["Land"]
type = "nominal"
categories = ["NA", "ZA", { code = "Côte d'Ivoire", aliases = ["Ivory Coast", "."] }]

[[variable]]
name = "age"
type = "integer"
bands = [[-5, -1, "before birth"], [0, 17, "minor"], [18, 120, "adult"]]

[[variable]]
name = "children"
type = "integer"
range = [0, 12]

[[variable]]
name = "yes"
type = "flag"

[[variable]]
name = "relation"
type = "set"
atoms = [{ code = "friend", aliases = ["Friend", "F"] }, "kin", "stranger"]
admitted_sets = ["friend;kin"]
"""


@pytest.fixture(scope="module")
def table() -> Codebook:
    return book(TABLE)


def said(table: Codebook, name: str, text: str) -> str:
    """What a cell is: its code, or the kind of its match."""
    match = table.match_value(name, text)
    assert (match.position > 0) == (match.kind == "code")
    return table.variable(name).codes[match.position - 1] if match.kind == "code" else match.kind


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("country", "NA", "NA"),  # Namibia: a listed code wins over the missing token
        ("country", " NA ", "NA"),
        ("country", "\u00a0ZA", "ZA"),
        ("country", "za", "unknown"),  # case matters
        ("country", "Ivory Coast", "Côte d'Ivoire"),
        ("country", "Co\u0302te d'Ivoire", "Côte d'Ivoire"),  # decomposed Unicode
        ("country", ".", "Côte d'Ivoire"),  # a listed alias wins, too
        ("country", "-99", "missing"),
        ("country", "", "missing"),
        ("country", "   ", "missing"),
        ("country", "n/a", "unknown"),  # only declared tokens are missing
        ("country", "ZA;NA", "unknown"),
        ("country", "(missing)", "unknown"),
        ("age", "17", "minor"),
        ("age", "18", "adult"),
        ("age", "adult", "adult"),
        ("age", "-3", "before birth"),
        ("age", "-99", "missing"),
        ("age", "NA", "missing"),
        ("age", "121", "unknown"),
        ("age", "17.0", "unknown"),
        ("age", "017", "unknown"),
        ("age", "+17", "unknown"),
        ("age", "1e1", "unknown"),
        ("age", "inf", "unknown"),
        ("age", "١٧", "unknown"),
        ("children", "0", "0"),
        ("children", "12", "12"),
        ("children", "13", "unknown"),
        ("children", "007", "unknown"),
        ("yes", "1", "1"),
        ("yes", "1.0", "unknown"),
        ("yes", "0", "unknown"),
        ("yes", "True", "unknown"),
        ("relation", "friend", "friend"),
        ("relation", "F", "friend"),
        ("relation", "kin ; Friend", "friend;kin"),
        ("relation", "friend;kin;friend", "friend;kin"),
        ("relation", "friend;", "friend"),
        ("relation", "; ;", "missing"),
        ("relation", "friend;stranger", "not_admitted"),
        ("relation", "friend;kin;stranger", "not_admitted"),
        ("relation", "friend;foe", "unknown"),
        ("relation", "friend,kin", "unknown"),
        ("relation", "NA", "missing"),
        ("relation", "friend;NA", "unknown"),
    ],
)
def test_a_cell_is_what_the_codebook_says(table: Codebook, name: str, text: str, expected: str) -> None:
    assert said(table, name, text) == expected


def test_every_code_matches_itself() -> None:
    for identifier in codebooks.shipped():
        shipped = codebooks.load(identifier)
        for variable in shipped.variables:
            for position, code in enumerate(variable.codes, start=1):
                assert shipped.match_value(variable.name, code).position == position


def test_sets_beyond_the_rule_become_the_code_for_others_where_the_codebook_declares_one() -> None:
    everything = codebooks.loads(EVERYTHING, source="test")
    assert said(everything, "languages", "xh/en/af") == "three or more"
    assert said(everything, "languages", "all") == "three or more"
    assert said(everything, "languages", "xh/en") == "en/xh"  # in the codebook's order, not lexical
    assert said(everything, "languages", "xh/zu") == "unknown"


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("country", "country"),
        ("Land", "country"),
        (" COUNTRY ", "country"),
        ("land", "country"),
        ("nation", None),
        ("", None),
    ],
)
def test_a_heading_names_a_variable_exactly_or_caselessly(table: Codebook, heading: str, expected: str | None) -> None:
    assert table.match_name(heading) == expected


def test_an_unknown_variable_is_named_with_the_nearest_one(table: Codebook) -> None:
    with pytest.raises(CodebookError, match=r"FG-CB-006 .*did you mean 'country'"):
        table.match_value("countri", "ZA")


def test_labels_fall_back_from_the_language_asked_to_the_codebooks_own_to_the_code() -> None:
    vp = codebooks.load("ctdc-vp-1")
    assert vp.label("gender", "es") == "Género de la víctima"
    assert vp.label("gender", "de") == vp.label("gender") == "Gender, victim"
    assert vp.value_label("IP_ageBroad", "0--29;30--38", "fr") == "0–29 ans + 30–38 ans"
    assert vp.value_label("IP_ageBroad", "(missing)") == "(missing)"
    assert book(TABLE).value_label("country", "ZA") == "ZA"
    assert book(TABLE).label("country") == "country"
    with pytest.raises(CodebookError, match=r"FG-CB-008 .*did you mean '48\+'"):
        vp.value_label("IP_ageBroad", "48 +")


def test_a_draft_is_refused_for_a_release_until_it_is_confirmed() -> None:
    draft = book('drafted = true\n[[variable]]\nname = "a"\ntype = "flag"\n')
    with pytest.raises(CodebookError, match=r"FG-CB-007 .*confirmed = "):
        draft.ready_for_release()
    confirmed = 'drafted = true\nconfirmed = { by = "R. Steward", on = 2026-01-31 }\n'
    book(confirmed + '[[variable]]\nname = "a"\ntype = "flag"\n').ready_for_release()
    codebooks.load("ctdc-vp-1").ready_for_release()
