"""The bad inputs of the catalogue, every one; and the reference that lists them."""

from __future__ import annotations

from pathlib import Path

from audits.figures import SHORT
from audits.inputs import inputs

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "bad-input.md"


def test_every_figure_of_the_bad_inputs_is_good() -> None:
    assert [each.line() for each in inputs.audit(SHORT) if not each.ok] == []


def test_every_number_of_the_catalogue_is_tried() -> None:
    assert {each.number for each in inputs.tries()} == set(inputs.NUMBERS)


def test_the_reference_lists_what_is_tried() -> None:
    """When this fails, put the text of ``audits.inputs.inputs.page()`` into the reference."""
    assert inputs.page() in PAGE.read_text(encoding="utf-8")
