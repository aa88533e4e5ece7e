"""Structural constraints become clauses that hold for exactly the records that satisfy them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from frostglass import codebooks
from frostglass.codebooks.constraints import satisfiable
from frostglass.terms.codebook import Codebook
from frostglass.terms.constraint import Clause, Literal
from tests.codebooks.support import book

TABLE = """
[[variable]]
name = "a"
type = "nominal"
categories = ["x", "y"]
[[variable]]
name = "b"
type = "flag"
[[variable]]
name = "c"
type = "set"
atoms = ["p", "q", "r"]
max_atoms = 3
[[constraint]]
"""

Record = dict[str, str]
"""Values of a record by variable; "" is missing."""


def holding(table: Codebook) -> set[tuple[str, ...]]:
    """All records that satisfy every clause, by brute force."""
    values = [("", *variable.codes) for variable in table.variables]
    return {
        tuple(listed[place] for listed, place in zip(values, places, strict=True))
        for places in product(*(range(len(listed)) for listed in values))
        if all(any(places[one.place] in one.positions for one in clause.literals) for clause in table.clauses)
    }


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('kind = "not_null"\nof = ["a", "b"]', lambda r: r["a"] and r["b"]),
        ('kind = "at_least_one"\nof = ["a", "b", "c"]', lambda r: r["a"] or r["b"] or r["c"]),
        (
            'kind = "implies"\nif = { a = "x" }\nthen = { c = ["p", "p;q"] }',
            lambda r: r["a"] != "x" or r["c"] in ("p", "p;q"),
        ),
        (
            'kind = "implies"\nif = { a = ["x", "y"], b = "(missing)" }\nthen = { c = ["(missing)"] }',
            lambda r: not (r["a"] and not r["b"]) or not r["c"],
        ),
        (
            'kind = "implies"\nif = { b = "1" }\nthen = { a = "x", c = "q" }',
            lambda r: not r["b"] or (r["a"] == "x" and r["c"] == "q"),
        ),
        (
            'kind = "forbid"\ncombination = { a = "x", c = ["p", "(missing)"] }',
            lambda r: not (r["a"] == "x" and r["c"] in ("p", "")),
        ),
        (
            'kind = "requires_any"\nif_any = ["a", "c"]\nof = ["b"]',
            lambda r: not (r["a"] or r["c"]) or r["b"],
        ),
        ('kind = "requires_any"\nif_any = ["a"]\nof = ["a", "b"]', lambda r: True),
        ('kind = "max_atoms"\nof = ["c"]\nat_most = 2', lambda r: r["c"].count(";") < 2),
        ('kind = "complete_rate"\nof = ["a"]\nat_least = 0.9', lambda r: True),
        ('kind = "not_null"\nof = ["a"]\nbasis = "empirical"', lambda r: True),
    ],
)
def test_clauses_hold_for_exactly_the_records_that_the_rule_allows(text: str, rule: Callable[[Record], object]) -> None:
    table = book(TABLE + text)
    names = table.domain.names
    values = [("", *attribute.codes) for attribute in table.domain.attributes]
    assert holding(table) == {record for record in product(*values) if rule(dict(zip(names, record, strict=True)))}


def test_every_clause_names_its_constraint_and_lists_a_column_once() -> None:
    for table in (book(TABLE + 'kind = "requires_any"\nif_any = ["a", "c"]\nof = ["a", "b"]'), *_shipped()):
        names = {constraint.name for constraint in table.constraints if constraint.basis == "structural"}
        for clause in table.clauses:
            places = [literal.place for literal in clause.literals]
            assert clause.rule in names
            assert places == sorted(set(places))
            assert all(literal.positions for literal in clause.literals)


def _shipped() -> list[Codebook]:
    return [codebooks.load(identifier) for identifier in codebooks.shipped()]


def test_null_that_is_structurally_never_is_a_not_null_constraint() -> None:
    text = TABLE.replace('type = "flag"\n', 'type = "flag"\nnull = { structural = "never" }\n')
    table = book(text + 'kind = "not_null"\nof = ["a"]')
    assert [clause.rule for clause in table.clauses] == ["not_null(b)", "not_null(a)"]
    assert table.constraints[0].sentence == "b always has a value"


def test_constraints_without_a_name_get_different_ones() -> None:
    text = TABLE + 'kind = "not_null"\nof = ["a"]\n[[constraint]]\nkind = "not_null"\nof = ["a"]'
    assert [one.name for one in book(text).constraints] == ["not_null(a)", "not_null(a) again"]


def test_contradictory_clauses_are_told_from_merely_tight_ones() -> None:
    def clause(*literals: tuple[int, set[int]]) -> Clause:
        return Clause(tuple(Literal(place, frozenset(positions)) for place, positions in literals), "rule")

    either = clause((0, {1}), (1, {1}))
    assert satisfiable([either, clause((0, {0}))], [2, 2])
    assert not satisfiable([either, clause((0, {0})), clause((1, {0}))], [2, 2])
    assert satisfiable([], [2, 2])
