"""Each claim that the replay cannot see has a test that finds a fault in it; two of them are tried here."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from audits.figures import SHORT
from audits.replay import claims
from audits.replay.mutation import Mutant, claimed, mutants, put_into

ROOT = Path(__file__).parents[2]


def test_a_sample_of_the_faults_is_found_and_the_same_tests_pass_without_them() -> None:
    assert [each.line() for each in claims.audit(SHORT) if not each.ok] == []


def test_there_are_many_faults_in_all() -> None:
    assert len(mutants()) + len(claimed()) >= 300


@pytest.mark.parametrize("mutant", claimed(), ids=lambda mutant: mutant.name)
def test_each_fault_can_be_put_in_and_names_a_test_that_is_there(mutant: Mutant) -> None:
    """Without importing what it names: its text stands once in the source, and what comes of it is Python."""
    spec = find_spec(f"frostglass.{mutant.module}")
    assert spec is not None
    assert spec.origin is not None
    honest = Path(spec.origin).read_text()
    assert ast.dump(ast.parse(put_into(mutant, honest))) != ast.dump(ast.parse(honest))
    file, _, name = mutant.found_by.partition("::")
    functions = {each.name for each in ast.parse((ROOT / file).read_text()).body if isinstance(each, ast.FunctionDef)}
    assert name in functions
    assert mutant.why


def test_a_fault_that_its_test_does_not_see_is_missed() -> None:
    """The control: a test of something else passes, and one that is not there shows nothing."""
    (fault,) = (each for each in claimed() if each.name == "a seed that is true")
    other = "tests/bundle/test_seal.py::test_an_existing_place_is_never_overwritten"
    with claims.copy_of_the_source() as copy:
        assert claims.ended_with(Mutant(fault.name, fault.module, fault.old, fault.new, "", found_by=other), copy) == 0
        assert claims.run(copy, ["tests/bundle/test_seal.py::test_that_is_not_there"]) not in (0, 1)
