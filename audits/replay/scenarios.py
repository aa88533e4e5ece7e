"""What is released and replayed: plans of every kind, each over a small table and its neighbours.

A neighbour has one person more or less, with all of that person's rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Literal

import polars as pl

from audits.replay.recording import Case
from frostglass import codebooks
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from tests.survey import SMALL

TINY = """
[codebook]
id = "tiny"
version = "1"
title = "A tiny survey"
unit = "person"

[[variable]]
name = "sex"
type = "nominal"
role = "quasi"
categories = ["F", "M"]

[[variable]]
name = "works"
type = "flag"
role = "sensitive"
"""

SURVEY = SMALL

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class Scenario:
    """A plan over ``table``, and tables that are one person away from it.

    ``way``: whether a release gets a table in memory or a CSV file, or is made from one by the command line.
    """

    name: str
    case: Case
    table: pl.DataFrame
    neighbours: Mapping[str, pl.DataFrame]
    way: Literal["frame", "file", "command"] = "frame"


@cache
def book(text: str) -> Codebook:
    """The codebook that ``text`` declares."""
    return codebooks.loads(text, source="audit.toml")


def planned(text: str, epsilon: str = "4", /, **changes: object) -> Plan:
    """A quick plan for the codebook, with changes."""
    codebook = book(text)
    plan = Plan(codebook.id, codebook.sha256, Fraction(epsilon), PrivacyUnit(codebook.unit), fit="fast")
    return replace(plan, **changes)  # type: ignore[arg-type]


def case_of(text: str, plan: Plan, **changes: object) -> Case:
    """The plan in a scope that allows just what it costs, unless the changes say otherwise."""
    return replace(Case(book(text), plan, plan.epsilon), **changes)  # type: ignore[arg-type]


def frame(rows: Sequence[Row], names: Sequence[str]) -> pl.DataFrame:
    """The rows as a table of text."""
    return pl.DataFrame(
        [[row.get(name) for name in names] for row in rows], schema=dict.fromkeys(names, pl.String), orient="row"
    )


def tiny_rows(number: int) -> list[Row]:
    """Rows of the tiny survey, most of them of one kind."""
    return [{"sex": ("F", "F", None, "M", "F")[i % 5], "works": "1" if i % 3 == 0 else None} for i in range(number)]


def survey_rows(number: int) -> list[Row]:
    """Rows of the survey, which keep its rules."""
    ages = ("18-59", "0-17", "60+", "18-59", "18-59")
    return [
        {
            "sex": ("F", "M", None, "F")[i % 4],
            "age": ages[i % 5],
            "works": "1" if i % 3 == 0 and i % 5 != 1 else None,
            "langs": ("en", "ar;fr", None, "fr", "ar;en", "en")[i % 6],
        }
        for i in range(number)
    ]


def beside(rows: Sequence[Row], names: Sequence[str], **others: Row) -> dict[str, pl.DataFrame]:
    """Neighbours of a table whose rows are persons: one less, one more of a kind that is there, and ``others`` more."""
    more = {"one more like the first": rows[0], **{name.replace("_", " "): row for name, row in others.items()}}
    found = {name: frame([*rows, row], names) for name, row in more.items()}
    return {"one less": frame(rows[1:], names), **found}


_TINY_NAMES, _SURVEY_NAMES = ("sex", "works"), ("sex", "age", "works", "langs")


def _tiny(
    name: str, rows: Sequence[Row], *, epsilon: str = "4", plan: Mapping[str, object] | None = None, **changes: object
) -> Scenario:
    case = case_of(TINY, planned(TINY, epsilon, **{"length": 2, **(plan or {})}), **changes)
    others: dict[str, Row] = {"one_more_of_a_rare_kind": {"sex": "M", "works": "1"}, "one_more_who_said_nothing": {}}
    return Scenario(name, case, frame(rows, _TINY_NAMES), beside(rows, _TINY_NAMES, **others))


def _survey(name: str, **plan: object) -> Scenario:
    rows = survey_rows(60)
    rare: Row = {"sex": "M", "age": "60+", "works": "1", "langs": "ar;en"}
    missing: Row = {"age": "0-17"}
    return Scenario(
        name,
        case_of(SURVEY, planned(SURVEY, "4", **plan)),
        frame(rows, _SURVEY_NAMES),
        beside(rows, _SURVEY_NAMES, one_more_of_a_rare_kind=rare, one_more_who_said_nothing=missing),
    )


def _choice() -> Scenario:
    """Two of the four triples are chosen; with one person more, others would have the most combinations."""
    seen = (("F", "18-59", "en"), ("F", "18-59", "fr"), ("F", "60+", "ar"), ("F", "60+", "en"), ("M", "18-59", "en"))
    rows: list[Row] = [{"sex": sex, "age": age, "langs": langs} for sex, age, langs in (*seen, ("F", "18-59", "ar"))]
    tipping: Row = {"sex": "M", "age": "60+", "langs": "en"}
    names = _SURVEY_NAMES
    others = beside(rows, names, one_more_who_tips_the_scales=tipping)
    return Scenario("choice", case_of(SURVEY, planned(SURVEY, cells=209)), frame(rows, names), others)


def _unruled() -> Scenario:
    """Rules are not enforced, and unknown values count as missing: a neighbour may break both."""
    rows = survey_rows(9)
    never: Row = {"sex": "never seen", "works": "1", "age": "0-17", "langs": "xx"}
    plan = planned(SURVEY, length=2, structural=False, unknown="missing")
    others: dict[str, Row] = {"one_more_with_values_never_seen": never, "one_more_who_said_nothing": {}}
    return Scenario("unruled", case_of(SURVEY, plan), frame(rows, _SURVEY_NAMES), beside(rows, _SURVEY_NAMES, **others))


def _empty() -> Scenario:
    """Nobody, against one person of each of a few kinds."""
    base = _tiny("empty", tiny_rows(1), allow_empty=True)
    kinds: dict[str, Row] = {
        "one of the usual kind": {"sex": "F"},
        "one of a rare kind": {"sex": "M", "works": "1"},
        "one who said nothing": {},
    }
    return replace(
        base,
        table=frame([], _TINY_NAMES),
        neighbours={name: frame([row], _TINY_NAMES) for name, row in kinds.items()},
    )


def _constant() -> Scenario:
    """Nobody works; a neighbour ends that."""
    return _tiny("constant", [{"sex": "F"}] * 5 + [{"sex": "M"}])


def _persons() -> Scenario:
    """Persons with up to four rows, in the middle of each other's; two of them count."""
    names = ("person", "sex", "works")

    def rows_of(person: str, *kinds: str) -> list[Row]:
        return [{"person": person, "sex": kind[0], "works": "1" if kind[1:] else None} for kind in kinds]

    ann, bea = rows_of("ann", "F", "F1", "M1", "F"), rows_of("bea", "F", "F", "F")
    eve, cid = rows_of("eve", "M", "M1"), rows_of("cid", "M")
    base = [*ann[:1], *bea[:2], *ann[1:], *cid, *bea[2:]]
    more = {
        "a person with two rows more": [*base[:2], *eve, *base[2:]],
        "a person with three like rows more": [*rows_of("dan", "M1", "M1", "M1"), *base],
        "a person with three unlike rows more": [*base, *rows_of("dan", "F", "M", "M1")],
        "a person with four rows less": [row for row in base if row["person"] != "ann"],
        "a person with three rows less": [row for row in base if row["person"] != "bea"],
        "a person with one row less": [row for row in base if row["person"] != "cid"],
    }
    plan = planned(TINY, length=2, unit=PrivacyUnit("person", 2, "person"))
    return Scenario(
        "persons", case_of(TINY, plan), frame(base, names), {name: frame(rows, names) for name, rows in more.items()}
    )


SCENARIOS: Mapping[str, Callable[[], Scenario]] = {
    "tiny": lambda: _tiny("tiny", tiny_rows(12)),
    "constant": _constant,
    "empty": _empty,
    "file": lambda: replace(_tiny("file", tiny_rows(12)), way="file"),
    "command": lambda: replace(_tiny("command", tiny_rows(12)), way="command"),
    "zcdp": lambda: _tiny("zcdp", tiny_rows(12), accountant="zcdp"),
    "persons": _persons,
    "unruled": _unruled,
    "choice": _choice,
    "usual": lambda: _survey("usual"),
    "fours": lambda: _survey("fours", length=4),
    "long": lambda: _survey("long", fit="long"),
}
"""All scenarios by name, the quick ones first."""
