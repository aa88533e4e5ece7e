"""A bundle that is final stays, whatever fails while that is written down."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from frostglass.boundary.ledger.book import Book
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.witness import Witness
from frostglass.errors import LedgerError
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways import release as pipeline
from frostglass.ways import verify as bundles
from frostglass.ways.finishing import finish
from frostglass.ways.order import Order
from tests.survey import survey


def test_a_bundle_whose_seal_the_ledger_holds_is_kept_when_the_witness_fails(
    small: Codebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger calls it sealed, so it could never be made again; what is left to do is done the next time."""
    ledger = Ledger.create(tmp_path / "budget.db")
    ledger.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ann")
    plan = Plan(small.id, small.sha256, Fraction(1), PrivacyUnit(small.unit))
    contents = pipeline.release(survey(60), small, plan, Order("s", by="ann"), ledger=ledger)

    def fail(_witness: Witness, _book: Book) -> None:
        raise LedgerError("FG-LG-014", "the witness could not be written")

    with monkeypatch.context() as patch:
        patch.setattr(Witness, "catch_up", fail)
        with pytest.raises(LedgerError, match="FG-LG-014"):
            pipeline.seal(contents, tmp_path / "out", ledger=ledger)
    assert ledger.state(contents.release_id) == "sealed"
    assert bundles.verify(tmp_path / "out").ok
    assert finish(tmp_path / "out", plan, Order("s"), ledger) is not None
    assert not (tmp_path / "budget.db.staged").exists()
    Ledger.open(tmp_path / "budget.db")
    assert ledger.verify().notes == ()
