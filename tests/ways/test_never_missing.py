"""A variable that is never missing by its codebook has no missing value anywhere, and no table that needs one."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import frostglass
from frostglass import codebooks
from frostglass.boundary.accountant import accountant
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.noise.scripted import ScriptedNoise
from frostglass.bundle.contents import Contents
from frostglass.bundle.format.formats import records_frame
from frostglass.errors import BundleError, InputError, UsageError
from frostglass.released.estimate import Estimate
from frostglass.released.least_squares import foresee
from frostglass.sensitive.coding.check import CheckReport, check
from frostglass.sensitive.coding.draft import draft
from frostglass.sensitive.coding.intake import read
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.codebook import Codebook
from frostglass.terms.constraint import Clause, Literal
from frostglass.terms.domain import MISSING_LABEL, Attribute, Domain
from frostglass.terms.plan import OnUnknown, Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways import plan as foresight
from frostglass.ways import release as pipeline
from frostglass.ways import review as reviewing
from frostglass.ways import verify as bundles
from frostglass.ways.order import Order
from tests.bundle.support import positions_of
from tests.conftest import Command

NOTHING = ScriptedNoise(lambda _sigma, size: np.zeros(size, dtype=np.int64))

BODIES = {
    "colour": ("nominal", 'type = "nominal"\ncategories = ["red", "green", "blue"]', ["red", "green", "blue"]),
    "grade": ("ordinal", 'type = "ordinal"\ncategories = ["low", "high"]', ["low", "high"]),
    "member": ("flag", 'type = "flag"', ["1"]),
    "pets": ("set", 'type = "set"\natoms = ["cat", "dog"]\nmax_atoms = 2', ["cat", "cat;dog", "dog"]),
}
"""Type, text and values of the variables that these codebooks are made of."""


def book(never: Sequence[str] = (), more: str = "", names: Sequence[str] = tuple(BODIES)) -> Codebook:
    """A codebook of ``names``, of which those in ``never`` are never missing."""
    text = '[codebook]\nid = "shed"\nunit = "person"\n'
    for name in names:
        text += f'[[variable]]\nname = "{name}"\nrole = "quasi"\n{BODIES[name][1]}\n'
        text += 'null = { structural = "never" }\n' if name in never else ""
    return codebooks.loads(text + more, source="shed.toml")


def plan(codebook: Codebook, **changes: object) -> Plan:
    made = Plan(codebook.id, codebook.sha256, Fraction(4), PrivacyUnit(codebook.unit), fit="fast")
    return replace(made, **changes)  # type: ignore[arg-type]


def table(rows: int, seed: int = 3, lacking: Sequence[str] = ()) -> pl.DataFrame:
    """Random records, in which the variables in ``lacking`` have blanks."""
    chance = np.random.default_rng(seed)
    columns = {}
    for name, (_, _, values) in BODIES.items():
        drawn = chance.integers(0, len(values), rows)
        blank = chance.random(rows) < (0.3 if name in lacking else 0)
        columns[name] = [None if gone else values[one] for one, gone in zip(drawn, blank, strict=True)]
    return pl.DataFrame(columns, schema=dict.fromkeys(BODIES, pl.String))


def exactly(codebook: Codebook, frame: pl.DataFrame, **changes: object) -> Contents:
    """A release without noise, in a ledger that ends with it."""
    ledger = Ledger.ephemeral(epsilon=Fraction(4), delta=Fraction("1e-6"))
    order = Order("ephemeral", random_state=5)
    return pipeline.release(frame, codebook, plan(codebook, **changes), order, ledger=ledger, noise=NOTHING)


def look(frame: pl.DataFrame, codebook: Codebook, *, unknown: OnUnknown = "refuse", **how: Any) -> CheckReport:
    return check(read(frame), codebook, unit=PrivacyUnit(codebook.unit), unknown=unknown, **how)


# ------------------------------------------------------------------------------------------------------ the domain


def test_a_variable_without_a_missing_value_has_its_codes_from_position_0() -> None:
    usual, never = Attribute("a", ("x", "y")), Attribute("a", ("x", "y"), missing=False)
    assert (usual.values, usual.texts, usual.size) == ((MISSING_LABEL, "x", "y"), (None, "x", "y"), 3)
    assert (never.values, never.texts, never.size) == (("x", "y"), ("x", "y"), 2)
    assert (usual.positions["y"], never.positions["y"]) == (2, 1)
    assert (list(usual.recorded), list(never.recorded)) == ([1, 2], [0, 1])


def test_a_literal_holds_at_the_positions_of_the_domain() -> None:
    domain = Domain((Attribute("a", ("x", "y"), missing=False), Attribute("b", ("p",))))
    assert domain.holding(Literal(0, frozenset({0, 2}))) == {1}
    assert domain.holding(Literal(0, frozenset({0}))) == set()
    assert domain.holding(Literal(1, frozenset({0}))) == {0}
    assert domain.satisfies(Clause((Literal(0, frozenset({1, 2})), Literal(1, frozenset({0}))), "a is there"))
    assert not domain.satisfies(Clause((Literal(0, frozenset({0})), Literal(1, frozenset({0}))), "neither"))


@pytest.mark.parametrize(
    "rule",
    [
        'kind = "not_null"\nof = ["grade", "pets"]',
        'kind = "at_least_one"\nof = ["grade"]\n[[constraint]]\nkind = "not_null"\nof = "pets"',
        'kind = "forbid"\ncombination = { grade = "(missing)" }\n'
        '[[constraint]]\nkind = "forbid"\ncombination = { pets = ["(missing)", "cat;dog"] }',
    ],
)
def test_a_rule_on_a_variable_alone_says_the_same_however_it_is_worded(rule: str) -> None:
    found = book(more=f"[[constraint]]\n{rule}\n").domain
    assert [each.name for each in found.attributes if not each.missing] == ["grade", "pets"]
    assert found == book(["grade", "pets"]).domain


def test_an_expectation_and_a_rule_on_two_variables_leave_the_missing_value() -> None:
    rules = '[[constraint]]\nkind = "not_null"\nof = ["grade"]\nbasis = "empirical"\n'
    rules += '[[constraint]]\nkind = "at_least_one"\nof = ["grade", "colour"]\n'
    assert all(each.missing for each in book(more=rules).domain.attributes)


def test_with_a_missing_value_everywhere_it_is_the_same_codebook() -> None:
    never = book(["colour", "member"])
    everywhere = never.with_missing_everywhere()
    assert everywhere.domain == book().domain
    assert (everywhere, everywhere.canonical, everywhere.clauses) == (never, never.canonical, never.clauses)
    assert never.domain.sizes == (3, 3, 1, 4)
    assert codebooks.from_canonical(never.canonical).domain == never.domain


def test_rules_that_contradict_each_other_are_refused_with_a_variable_that_is_never_missing() -> None:
    rule = '[[constraint]]\nkind = "forbid"\ncombination = { grade = ["low", "high"] }\n'
    assert [fault.path for fault in codebooks.faults(book_text(["grade"], rule))] == ["constraint"]
    assert not codebooks.faults(book_text([], rule))


def book_text(never: Sequence[str], more: str) -> str:
    marks = {name: 'null = { structural = "never" }\n' if name in never else "" for name in BODIES}
    variables = "".join(f'[[variable]]\nname = "{name}"\n{BODIES[name][1]}\n{marks[name]}' for name in BODIES)
    return f'[codebook]\nid = "shed"\n{variables}{more}'


# ------------------------------------------------------------------------------------------------------- a release


@pytest.mark.long
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    names=st.lists(st.sampled_from(list(BODIES)), min_size=1, max_size=4, unique=True),
    never=st.sets(st.sampled_from(list(BODIES))),
    structural=st.booleans(),
    rows=st.integers(1, 40),
    seed=st.integers(0, 10**6),
)
def test_a_release_measures_what_counting_by_hand_finds_over_the_cells_that_there_can_be(
    names: list[str], never: set[str], structural: bool, rows: int, seed: int
) -> None:
    """Without noise: every table has one cell for each combination of values that its variables may have."""
    codebook = book(sorted(never & {*names}), names=names)
    frame = table(rows, seed, lacking=[name for name in names if name not in never]).select(names)
    contents = exactly(codebook, frame, structural=structural)
    for each in contents.answers.measurements:
        order = [name for name in names if name in each.attributes.names]
        held = Counter(tuple(one or MISSING_LABEL for one in row) for row in frame.select(order).rows())
        sides = [
            [*([] if structural and name in never else [MISSING_LABEL]), *codebook.variable(name).codes]
            for name in order
        ]
        assert each.answer.shape == tuple(map(len, sides))
        assert each.answer.ravel().tolist() == [held[cell] for cell in product(*sides)]
    shown = records_frame(contents.records)
    assert shown.height == rows
    assert (positions_of(shown, contents.codebook.domain) == contents.records.codes).all()
    if structural:
        assert not any(shown[name].null_count() for name in names if name in never)


def test_without_constraints_the_missing_cell_is_there() -> None:
    codebook, frame = book(["grade"]), table(60, lacking=["grade"])
    contents = exactly(codebook, frame, structural=False)
    assert contents.codebook.domain == book().domain
    (grade,) = [each for each in contents.answers.measurements if each.attributes.names == ("grade",)]
    assert grade.answer[0] == frame["grade"].null_count() > 0
    assert contents.codebook.sha256 == codebook.sha256


def test_every_door_foresees_the_cells_that_will_be_measured() -> None:
    codebook, delta = book(["colour", "grade"]), Fraction("1e-6")
    cells = {
        structural: [
            row.cells
            for row in foresight.foresight(
                codebook, plan(codebook, structural=structural), accountant("gdp"), delta
            ).rows
        ]
        for structural in (True, False)
    }
    assert cells[True] == [codebook.domain.cells_of_length(length) for length in (1, 2, 3)]
    assert cells[False] == [book().domain.cells_of_length(length) for length in (1, 2, 3)]


def test_the_error_of_an_estimate_is_smaller_without_the_missing_cell() -> None:
    """An attribute of size d spreads the noise of a table of others d times."""

    def sd(codebook: Codebook) -> Estimate:
        return foresee(codebook.domain, dict.fromkeys(codebook.domain.sets_of_length(2), 1.0))

    single = AttributeSet.of(["colour"])
    assert sd(book(["colour", "grade", "member"])).sd(single) < 0.9 * sd(book()).sd(single)


# -------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("blank", ["", " ", "NULL"])
def test_a_blank_where_there_always_is_a_value_is_refused_before_anything_is_spent(blank: str, tmp_path: Path) -> None:
    codebook = codebooks.loads(
        book_text(["grade"], "").replace('id = "shed"', 'id = "shed"\nmissing_in = ["NULL"]'), source="s"
    )
    frame = table(30).with_columns(pl.Series("grade", [blank, blank, *["low"] * 28]))
    found = [each for each in look(frame, codebook).departures if each.refused]
    assert [(each.code, each.place, each.count) for each in found] == [("FG-IN-047", "not_null(grade)", 2)]
    assert "grade always has a value" in found[0].message
    ledger = Ledger.create(tmp_path / "budget.db")
    ledger.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ann")
    with pytest.raises(InputError, match="FG-IN-047"):
        pipeline.release(frame, codebook, plan(codebook), Order("s"), ledger=ledger)
    assert ledger.scope("s").spent == 0
    assert not look(frame, codebook, structural=False).refused()


def test_an_unknown_code_is_not_taken_as_missing_where_there_always_is_a_value() -> None:
    frame = table(30).with_columns(
        pl.Series("grade", ["middling", *["low"] * 29]), pl.Series("colour", ["mauve", *["red"] * 29])
    )
    report = look(frame, book(["grade"]), unknown="missing")
    refused = [each for each in report.departures if each.refused]
    assert [(each.place, each.count) for each in refused] == [("grade", 1)]
    assert "never missing, so they cannot be taken as missing" in refused[0].message
    assert ("colour", 1) in [(each.place, each.count) for each in report.departures if not each.refused]
    assert not look(frame, book(["grade"]), unknown="missing", structural=False).refused()


def test_a_bundle_whose_records_lack_such_a_value_is_damaged() -> None:
    with pytest.raises(BundleError, match="lack a value in grade, which is never missing"):
        positions_of(table(50, lacking=["grade"]), book(["grade"]).domain)


# ------------------------------------------------------------------------------------------------- what is proposed


def test_check_names_the_variables_that_lack_no_value() -> None:
    frame = table(50, lacking=["pets"])
    noted = [each for each in look(frame, book(["colour"])).departures if each.code == "FG-IN-055"]
    assert [(each.count, each.refused) for each in noted] == [(1, False)]  # a flag's blank is its no
    assert "in every record: grade." in noted[0].message
    assert "FG-IN-055" not in look(frame, book(["colour", "grade"])).text()
    assert "FG-IN-055" not in look(frame, book(), structural=False).text()
    assert "FG-IN-055" not in look(table(50, lacking=list(BODIES)), book()).text()


def test_a_draft_proposes_it_in_a_comment_that_can_be_uncommented() -> None:
    text = draft(read(table(50, lacking=["pets", "member"])), id="shed")
    mark = '# null = { structural = "never" }'
    assert text.count(mark) == 2
    drafted = codebooks.loads(text, source="draft")
    assert all(each.missing for each in drafted.domain.attributes)
    taken = codebooks.loads(text.replace(mark, mark.removeprefix("# ")), source="draft")
    assert [each.name for each in taken.domain.attributes if not each.missing] == ["colour", "grade"]
    assert tomllib.loads(text.replace(mark, mark.removeprefix("# ")))["variable"][0]["null"] == {"structural": "never"}


# -------------------------------------------------------------------------------------------------------- a bundle


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed release in which three variables are never missing, one of them with a single value."""
    place = tmp_path_factory.mktemp("shed")
    table(400, lacking=["pets"]).write_csv(place / "table.csv")
    (place / "shed.toml").write_text(book_text(["colour", "grade", "member"], ""))
    ledger = Ledger.create(place / "budget.db")
    ledger.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ann")
    codebook = codebooks.load(place / "shed.toml")
    contents = pipeline.release(place / "table.csv", codebook, plan(codebook, accept={}), Order("s"), ledger=ledger)
    pipeline.seal(contents, place / "out", ledger=ledger)
    return place


def test_a_bundle_without_those_cells_verifies_in_every_check(folder: Path) -> None:
    report = bundles.verify(folder / "out", ledger=folder / "budget.db")
    assert report.ok, report
    opened = frostglass.open_bundle(folder / "out")
    singles = opened.counts.filter(pl.col("length") == 1)
    lacking = singles.filter(pl.col("values") == MISSING_LABEL)["variables"].to_list()
    assert lacking == ["pets"]
    assert singles.height == 3 + 2 + 1 + 4
    assert not any(opened.records[name].null_count() for name in ("colour", "grade", "member"))


def test_the_codebook_of_a_bundle_is_read_in_one_place_alone() -> None:
    """There it is known which cells the release has: whoever read it otherwise would look for others."""
    rooms = [Path(frostglass.__file__).parent / room for room in ("bundle", "reporting", "verification", "review")]
    files = [each for room in rooms for each in room.rglob("*.py")]
    readers = [each.name for each in files if "from_canonical" in each.read_text(encoding="utf-8")]
    assert readers == ["manifest.py"]


def test_the_pages_of_a_bundle_say_what_is_never_missing(folder: Path) -> None:
    out = folder / "out"
    told = {each["name"]: each for each in json.loads((out / "accuracy.json").read_text())["variables"]}
    assert told["grade"]["missing"] is None
    assert told["grade"]["missing_share"] is None
    assert told["pets"]["missing"] is not None
    package = json.loads((out / "datapackage.json").read_text())
    (records,) = [each for each in package["resources"] if each["path"] == "synthetic.csv"]
    required = {each["name"]: each["constraints"].get("required") for each in records["schema"]["fields"]}
    assert required == {"colour": True, "grade": True, "member": True, "pets": None}
    assert (out / "codebook.html").read_text().count("never; every record has a value") == 3
    assert "Never missing: every record has a value" in codebooks.show(book(["grade"]))


def test_a_question_for_a_missing_value_that_cannot_be_is_refused(folder: Path) -> None:
    opened = frostglass.open_bundle(folder / "out")
    with pytest.raises(UsageError, match="never missing in this release"):
        opened.count(grade=MISSING_LABEL)
    assert opened.count(pets=MISSING_LABEL).count is not None
    share = opened.share({"grade": "low"})
    assert share.denominator == "all records"
    assert share.out_of == opened.manifest.total
    assert opened.count({"grade": "low|high"}).count == opened.manifest.total


def test_the_review_reads_a_table_by_the_same_cells(folder: Path) -> None:
    order = reviewing.Order(attacks="quick", random_state=1)
    found = reviewing.review(folder / "table.csv", folder / "out", order)
    assert (found.checks.people, found.checks.broken) == (400, 0)
    groups = {(each.variable, each.value) for each in found.fidelity.groups}
    assert {("grade", "low"), ("grade", "high")} <= groups
    assert ("grade", MISSING_LABEL) not in groups
    assert found.sds.lengths[0].sensitive == 3 + 2 + 1 + 3  # recorded values, a lone code among them


@pytest.mark.long
def test_the_commands_take_a_never_missing_variable_from_plan_to_verify(
    frostglass_command: Command, tmp_path: Path, folder: Path
) -> None:
    at = tmp_path / "budget.db"
    Ledger.create(at).open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ann")
    told = ("-c", folder / "shed.toml", "--epsilon", "2", "--without-constraints")
    code, said, _ = frostglass_command("plan", *told, "--delta", "1e-6")
    assert code == 0
    assert f"{book().domain.cells_of_length(2)}" in said
    paid = ("--scope", "s", "--ledger", at, "--fit", "fast", "-o", tmp_path / "out")
    code, _, wrong = frostglass_command("release", folder / "table.csv", *told, *paid)
    assert code == 0, wrong
    assert bundles.verify(tmp_path / "out").ok
    assert frostglass.open_bundle(tmp_path / "out").codebook.domain == book().domain
