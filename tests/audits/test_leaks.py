"""The short form of the canaries."""

from __future__ import annotations

from audits.figures import SHORT
from audits.leaks import leaks


def test_every_figure_of_the_canaries_is_good() -> None:
    assert [each.line() for each in leaks.audit(SHORT) if not each.ok] == []
