"""The short form of the interrupted releases."""

from __future__ import annotations

from audits.figures import SHORT
from audits.ledger import signals


def test_every_figure_of_interrupted_releases_is_good() -> None:
    """Each signal at every step from the draw to the stage, and at moments spread over a whole release."""
    assert [each.line() for each in signals.audit(SHORT) if not each.ok] == []
