"""What was paid for outlives a power cut, which keeps only what was synced."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from audits.ledger.synced import SyncedDisk
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.files import sync_folder
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways import approve as approval
from frostglass.ways import release as pipeline
from frostglass.ways import verify as bundles
from frostglass.ways.finishing import finish
from frostglass.ways.order import Order
from tests.boundary.support import at_home
from tests.survey import survey


class Cut(BaseException):
    """The power is gone."""


def cut_after(step: str, patch: pytest.MonkeyPatch) -> None:
    """The power goes when a step of the ledger has returned."""
    whole = getattr(Ledger, step)

    def last(*arguments: Any, **named: Any) -> None:
        whole(*arguments, **named)
        raise Cut

    patch.setattr(Ledger, step, last)


def work(folder: Path, book: Codebook) -> None:
    """One release, from the table to the published copy."""
    ledger = Ledger.open(folder / "l.db")
    plan = Plan(book.id, book.sha256, Fraction(1), PrivacyUnit(book.unit), length=2, fit="fast")
    order = Order("s", by="ann")
    if finish(folder / "out", plan, order, ledger) is None:
        contents = pipeline.release(survey(60), book, plan, order, ledger=ledger)
        pipeline.seal(contents, folder / "out", ledger=ledger)
    for by in ("ann", "bea"):
        approval.approve(folder / "out", ledger=folder / "l.db", by=by, note="read it")
    approval.publish(folder / "out", "public", ledger=folder / "l.db", by="ann")


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SyncedDisk:
    """A folder with a ledger, where commands run."""
    here = tmp_path / "here"
    here.mkdir()
    ledger = Ledger.create(here / "l.db")
    ledger.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ann")
    monkeypatch.chdir(here)
    return SyncedDisk(here)


def left_after(step: str, disk: SyncedDisk, book: Codebook, patch: pytest.MonkeyPatch) -> Path:
    """The folder after the power went at this step; SQLite's files and the witness are another audit's: power.py."""
    with disk.watched(), patch.context() as patched:
        cut_after(step, patched)
        with pytest.raises(Cut):
            work(disk.root, book)
    left = disk.root.with_name("left")
    disk.leave(left)
    for name in ("l.db", "l.db.witness"):
        shutil.copy2(disk.root / name, left)
    at_home(left / "l.db")
    return left


def test_answers_that_were_committed_outlive_a_power_cut(
    disk: SyncedDisk, small: Codebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command goes on with the same answers, at no further cost."""
    left = left_after("commit", disk, small, monkeypatch)
    paid = Ledger.open(left / "l.db").scope("s").spent
    (staged,) = (left / "l.db.staged").glob("*/measurements.parquet")
    answers = staged.read_bytes()
    assert answers
    monkeypatch.chdir(left)
    work(left, small)
    assert Ledger.open(left / "l.db").scope("s").spent == paid
    assert (left / "out" / "measurements.parquet").read_bytes() == answers


def test_a_bundle_that_the_ledger_calls_sealed_outlives_a_power_cut(
    disk: SyncedDisk, small: Codebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = left_after("seal", disk, small, monkeypatch)
    report = bundles.verify(left / "out", ledger=left / "l.db")
    assert report.ok, report.text()


def test_the_signing_key_outlives_a_power_cut_before_anything_is_signed(tmp_path: Path) -> None:
    """Without it, nobody could seal what its ledger has paid for."""
    here = tmp_path / "here"
    here.mkdir()
    disk = SyncedDisk(here)
    with disk.watched():
        Ledger.create(here / "l.db")
    disk.leave(tmp_path / "left")
    assert (tmp_path / "left" / "l.db.key").read_bytes() == (here / "l.db.key").read_bytes()


def test_a_backup_and_an_export_outlive_a_power_cut(disk: SyncedDisk) -> None:
    """Once the command is done: whoever relies on them does so when the disk of the ledger is lost."""
    ledger = Ledger.open("l.db")
    with disk.watched():
        ledger.backup(disk.root / "copy.db")
        ledger.export(disk.root / "entries.jsonl")
    left = disk.root.with_name("left")
    disk.leave(left)
    for name in ("copy.db", "entries.jsonl"):
        assert (left / name).read_bytes() == (disk.root / name).read_bytes() != b""
    assert Ledger.inspect(left / "copy.db").verify().ok


def test_a_withdrawn_copy_stays_withdrawn_after_a_power_cut(
    disk: SyncedDisk, small: Codebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the withdrawal is done, no count of it comes back."""
    work(disk.root, small)
    with disk.watched():
        approval.withdraw("public", ledger="l.db", by="ann", reason="a wrong year", published="public")
    left = disk.root.with_name("left")
    disk.leave(left)
    now, then = ({each.name: each.read_bytes() for each in (at / "public").iterdir()} for at in (disk.root, left))
    assert then == now
    assert not any("counts" in name for name in then)


def test_what_is_not_synced_is_lost(tmp_path: Path) -> None:
    """The control: names and contents that nobody synced are not there."""
    here = tmp_path / "here"
    here.mkdir()
    disk = SyncedDisk(here)
    with disk.watched():
        (here / "a").write_bytes(b"1")
        sync_folder(here)
        (here / "b").write_bytes(b"2")
    disk.leave(tmp_path / "left")
    assert {each.name: each.read_bytes() for each in (tmp_path / "left").iterdir()} == {"a": b""}
