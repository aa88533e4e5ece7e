"""The audits of the ledger in their short form: nothing is under-counted or over-granted, and tampering is found.

Each has a control, a variant that is broken on purpose, and fails when it does not catch it.
"""

from __future__ import annotations

from importlib import import_module

import pytest

from audits.figures import SHORT, Figure


@pytest.mark.parametrize("part", ["kills", "race", "machine", "tampering", "power", "faults"])
def test_every_figure_of_the_audit_is_as_it_should_be(part: str) -> None:
    figures: list[Figure] = import_module(f"audits.ledger.{part}").audit(SHORT)
    assert [each.line() for each in figures if not each.ok] == []
    assert any(each.what.startswith("Control") for each in figures)
