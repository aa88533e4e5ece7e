"""``show`` prints a codebook so that a person can read all of it."""

from __future__ import annotations

from frostglass import codebooks
from tests.codebooks.support import EVERYTHING, book


def test_every_variable_code_and_definition_is_on_the_page() -> None:
    for identifier in codebooks.shipped():
        table = codebooks.load(identifier)
        page = " ".join(codebooks.show(table).split())
        assert table.sha256 in page
        for variable in table.variables:
            assert f"{variable.number} {variable.name} · {table.label(variable.name)}" in page
            assert " ".join(variable.definition.split()) in page
            assert " ".join(variable.null.meaning.split()) in page
            for category in variable.categories if variable.type != "integer" else ():
                assert category.code in page
                assert category.definition in page
        for constraint in table.constraints:
            assert f"{constraint.name} ({constraint.basis}): {constraint.sentence}" in page
        for limitation in table.release.limitations:
            assert limitation in page


def test_variables_stand_in_the_order_of_their_numbers() -> None:
    page = codebooks.show(codebooks.load("ctdc-vp-1"))
    names = [line.split()[1] for line in page.splitlines() if line[:3].strip().isdigit() and line[:1] == " "]
    assert names[:3] == ["yearRegister", "gender", "majorityStatus"]
    assert names[7:12] == [
        "IP_RecruiterBroker",
        "IP_TransactionProcess",
        "IP_ControlAbuseKidnap",
        "IP_Exploiter",
        "IP_Relation",
    ]
    assert names[-1] == "IP_PayMoney"


def test_sets_ranges_and_groups_are_summed_up() -> None:
    page = codebooks.show(codebooks.loads(EVERYTHING, source="test"))
    assert "Together: en/af, en/xh, af/xh" in page
    assert "0 to 60" in page
    assert "tenure: owner, tenant." in page
    assert "confirmed as public knowledge by R. Steward on 2024-03-01" in page


def test_a_draft_says_that_it_is_one() -> None:
    page = codebooks.show(book('drafted = true\n[[variable]]\nname = "a"\ntype = "flag"\n'))
    assert "DRAFTED FROM DATA" in page


def test_no_line_is_wider_than_the_page() -> None:
    assert max(map(len, codebooks.show(codebooks.load("ctdc-vp-1")).splitlines())) <= 100
