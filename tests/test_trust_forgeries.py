"""The short form of the audit of forged bundles; its first figure is the control."""

from __future__ import annotations

from audits import forgeries
from audits.figures import SHORT


def test_every_forgery_is_refused_and_the_genuine_bundle_is_not() -> None:
    figures = forgeries.audit(SHORT)
    assert len(figures) == 8
    assert [each.line() for each in figures if not each.ok] == []
