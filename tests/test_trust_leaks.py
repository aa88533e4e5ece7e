"""The short form of the canaries."""

from __future__ import annotations

from audits import leaks
from audits.figures import SHORT


def test_every_figure_of_the_canaries_is_good() -> None:
    assert [each.line() for each in leaks.audit(SHORT) if not each.ok] == []
