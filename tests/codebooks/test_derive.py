"""Derive rules, scope rules, sources and lookups are checked in full before anything runs them."""

from __future__ import annotations

import pytest

from frostglass.codebooks.checks.derivations import DIRECT_IDENTIFIERS
from tests.codebooks.support import faults

SOURCE = """
[[source]]
name = "case"
fields = ["sex", "seen_on", "born_in", "tags"]
direct_identifiers = ["Nickname"]
[[source.children]]
name = "persons"
max = 6
fields = ["kind", "age", "roles"]
[[lookup]]
name = "region"
table = { NA = "south", NO = "north" }
"""


def nominal(rule: str) -> str:
    return f'[[variable]]\nname = "v"\ntype = "nominal"\ncategories = ["north", "south"]\nderive = {rule}\n'


def flag(rule: str) -> str:
    return f'[[variable]]\nname = "v"\ntype = "flag"\nderive = {rule}\n'


def whole(rule: str) -> str:
    return f'[[variable]]\nname = "v"\ntype = "integer"\nrange = [0, 120]\nderive = {rule}\n'


def of_set(rule: str) -> str:
    return f'[[variable]]\nname = "v"\ntype = "set"\natoms = ["north", "south"]\nmax_atoms = 2\nderive = {rule}\n'


@pytest.mark.parametrize(
    "text",
    [
        nominal('"sex"'),
        nominal('{ op = "copy", from = "sex" }'),
        nominal('{ op = "lookup", from = "born_in", table = "region" }'),
        nominal('{ op = "map", from = "sex", table = { M = "north" }, else = "null" }'),
        nominal('{ op = "coalesce", of = ["sex", { op = "lookup", from = "born_in", table = "region" }] }'),
        nominal('{ op = "when", if = { sex = ["M", ""] }, then = "born_in", else = "sex" }'),
        nominal('{ op = "one_of", from = { op = "lookup", from = "tags", table = "region" }, tie = "born_in" }'),
        nominal('{ op = "band", from = { op = "year", from = "seen_on" }, bands = [[1900, 1999, "north"]] }'),
        whole('{ op = "age", birth = "birth_date", at = "seen_on", fallback = "sex" }'),
        whole('{ op = "months_between", from = "seen_on", to = "born_in" }'),
        flag('{ op = "any_in", over = "persons", where = { kind = "adult" }, from = "roles", in = ["x"] }'),
        of_set('{ op = "set_of", over = "persons", each = { op = "map", from = "kind", table = { a = "south" } } }'),
    ],
)
def test_every_operator_is_accepted_in_its_place(text: str) -> None:
    assert faults(SOURCE + text) == ()


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (nominal('{ op = "look", from = "sex" }'), "op", "did you mean 'lookup'"),
        (nominal('{ from = "sex" }'), "op", "is missing"),
        (nominal('{ op = "copy" }'), "from", "'from' is missing"),
        (nominal('{ op = "copy", from = "sex", form = "x" }'), "form", "did you mean 'from'"),
        (
            nominal('{ op = "year", from = { op = "year", from = { op = "yeer", from = "x" } } }'),
            "from.from.op",
            "did you mean 'year'",
        ),
        (nominal('{ op = "copy", from = "sexx" }'), "from", "did you mean 'sex'"),
        (nominal('"sexx"'), "", "did you mean 'sex'"),
        (nominal('{ op = "when", if = { sexx = "M" }, then = "sex" }'), "if.sexx", "no field 'sexx'"),
        (nominal('{ op = "lookup", from = "sex", table = "regions" }'), "table", "did you mean 'region'"),
        (
            nominal('{ op = "map", from = "sex", table = { M = "sooth" } }'),
            "table.M",
            "no code 'sooth'; did you mean 'south'",
        ),
        (nominal('{ op = "map", from = "sex", table = { M = 1 } }'), "table.M", "1 is a number"),
        (nominal('{ op = "map", from = "sex", table = { M = "south" }, else = "drop" }'), "else", "'drop'"),
        (
            nominal('{ op = "coalesce", of = ["sex", { op = "map", from = "sex", table = { M = "x" } }] }'),
            "of[1].table.M",
            "no code 'x'",
        ),
        (nominal('{ op = "band", from = "sex", bands = [[0, 5, "north"], [3, 9, "south"]] }'), "bands[1]", "overlaps"),
        (nominal('{ op = "band", from = "sex", bands = [[0, 5, "west"]] }'), "bands[0][2]", "no code 'west'"),
        (nominal('{ op = "any_in", from = "tags", in = ["x"] }'), "op", "does not give a nominal"),
        (flag('{ op = "year", from = "seen_on" }'), "op", "does not give a flag"),
        (flag('{ op = "set_of", each = "tags" }'), "op", "does not give a flag"),
        (of_set('{ op = "any_in", from = "tags", in = ["x"] }'), "op", "does not give a set"),
        (of_set('{ op = "set_of", over = "person", each = "kind" }'), "over", "did you mean 'persons'"),
        (of_set('{ op = "set_of", over = "persons", each = "sex" }'), "each", "child records 'persons' have no field"),
        (
            of_set('{ op = "set_of", over = "persons", where = { kin = "x" }, each = "kind" }'),
            "where.kin",
            "did you mean 'kind'",
        ),
        (
            of_set('{ op = "set_of", each = { op = "map", from = "tags", table = { a = "north;south" } } }'),
            "each.table.a",
            "no code 'north;south'",
        ),
        (flag('{ op = "any_in", from = "tags", in = [] }'), "in", "at least 1"),
    ],
)
def test_a_fault_in_a_rule_is_named_where_it_stands(text: str, path: str, words: str) -> None:
    found = {fault.path: fault.message for fault in faults(SOURCE + text)}
    assert words in found.get(f"variable[0].derive.{path}".rstrip("."), ""), found


@pytest.mark.parametrize("field", [*sorted(DIRECT_IDENTIFIERS), "Given_Name", "nickname", "mother"])
def test_no_rule_may_name_a_direct_identifier(field: str) -> None:
    identifier = '[[variable]]\nname = "mother"\ntype = "nominal"\nrole = "direct_identifier"\n'
    rules = [
        nominal(f'"{field}"'),
        nominal(f'{{ op = "map", from = {{ op = "copy", from = "{field}" }}, table = {{ a = "north" }} }}'),
        nominal(f'{{ op = "when", if = {{ "{field}" = "x" }}, then = "sex" }}'),
        whole(f'{{ op = "age", birth = "birth_date", at = "{field}" }}'),
        flag(f'{{ op = "any_in", over = "persons", from = "{field}", in = ["x"] }}'),
        flag(f'{{ op = "any_in", over = "persons", where = {{ "{field}" = "x" }}, from = "kind", in = ["x"] }}'),
        nominal('"sex"') + f'[[scope]]\nfield = "{field}"\nin = ["x"]\n',
    ]
    for rule in rules:
        messages = [fault.message for fault in faults(SOURCE + identifier + rule)]
        assert any("is a direct identifier, which no rule may read" in message for message in messages), rule


def test_a_birth_date_is_read_by_an_age_alone() -> None:
    assert faults(SOURCE + whole('{ op = "age", birth = "birth_date", at = "seen_on" }')) == ()
    assert faults(SOURCE + whole('{ op = "age", birth = "given_name", at = "seen_on" }')) != ()
    assert faults(SOURCE + whole('{ op = "year", from = "birth_date" }')) != ()


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ('[[scope]]\nfield = "sex"\n', "scope[0]", "not a rule"),
        ('[[scope]]\nfield = "sex"\nin = ["x"]\nyear_between = [1, 2]\n', "scope[0]", "not a rule"),
        ('[[scope]]\nchildren = "persons"\n', "scope[0]", "not a rule"),
        ('[[scope]]\nchildren = "person"\nat_least = 1\n', "scope[0].children", "did you mean 'persons'"),
        ('[[scope]]\nfield = "seen_on"\nyear_between = [2022, 2005]\n', "scope[0].year_between", "upwards"),
        ('[[scope]]\nfield = "seen"\nin = "x"\n', "scope[0].field", "did you mean 'seen_on'"),
        ('[[lookup]]\nname = "region"\ntable = { a = "b" }\n', "lookup[1].name", "declared twice"),
        ('[[lookup]]\nname = "l"\n', "lookup[1]", "needs one of"),
        ('[[lookup]]\nname = "l"\ntable = { a = "b" }\nshipped = "un-m49-region"\n', "lookup[1]", "needs one of"),
        ('[[lookup]]\nname = "l"\nshipped = "un-m49"\n', "lookup[1].shipped", "did you mean 'un-m49-region'"),
        (
            '[[lookup]]\nname = "l"\nby_value = { a = ["x"], b = ["x"] }\n',
            "lookup[1].by_value.b[0]",
            "stands under 'a'",
        ),
        ('[[lookup]]\nname = "l"\nby_value = { a = [] }\n', "lookup[1].by_value", "no value"),
        (
            '[[source]]\nname = "s"\n[[source.children]]\nname = "persons"\n',
            "source[1].children[0].name",
            "declared twice",
        ),
    ],
)
def test_a_fault_in_scope_lookups_and_sources_is_named_where_it_stands(text: str, path: str, words: str) -> None:
    found = {fault.path: fault.message for fault in faults(SOURCE + nominal('"sex"') + text)}
    assert words in found.get(path, ""), found


def test_without_declared_sources_any_field_may_be_named() -> None:
    assert faults(flag('{ op = "any_in", over = "anyone", from = "anything", in = ["x"] }')) == ()
