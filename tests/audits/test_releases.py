"""The short form of the killed releases."""

from __future__ import annotations

from audits.figures import SHORT
from audits.ledger import releases


def test_every_figure_of_killed_releases_is_good() -> None:
    """40 kills: at each named step, and at moments spread over a whole release."""
    assert [each.line() for each in releases.audit(SHORT) if not each.ok] == []
