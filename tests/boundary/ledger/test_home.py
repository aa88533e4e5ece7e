"""A copy of a ledger that is used beside it is noticed at its next step, and so is one that was moved or put back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audits.ledger.forging import forge, recomputed, rows_of
from frostglass.boundary.ledger import home as ledger_home
from frostglass.boundary.ledger.home import home_of
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.desk.main import app
from frostglass.errors import LedgerError
from tests.boundary.support import MANIFEST, SCOPE, cost, draw, new_ledger, sealed, spent, witness_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with one sealed release, in a folder of its own."""
    (tmp_path / "office").mkdir()
    sealed(new_ledger(tmp_path / "office" / "l.db"), "R1")
    return tmp_path / "office" / "l.db"


def refused(path: Path) -> LedgerError:
    """Opening it for a step is refused, and nothing in its folder changes."""
    before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    with pytest.raises(LedgerError) as caught:
        Ledger.open(path)
    assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == before
    return caught.value


def _folder_copied(path: Path) -> Path:
    return Path(shutil.copytree(path.parent, path.parent.with_name("copy"))) / path.name


def _ledger_copied_alone(path: Path) -> Path:
    return Path(shutil.copy2(path, path.with_name("copy.db")))


def _ledger_copied_with_its_witness_and_key(path: Path) -> Path:
    for each in path.parent.glob("l.db*"):
        if each != home_of(path):
            shutil.copy2(each, each.with_name(each.name.replace("l.db", "copy.db")))
    return path.with_name("copy.db")


def _backed_up(path: Path) -> Path:
    Ledger.open(path).backup(path.with_name("copy.db"))
    return path.with_name("copy.db")


def _backup_renamed_into_its_place(path: Path) -> Path:
    _backed_up(path).replace(path)
    return path


def _copied_back_from_elsewhere(path: Path) -> Path:
    """As a synchronising program does it: the file goes and comes again."""
    content = path.read_bytes()
    path.rename(path.with_name("aside"))
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "copied",
    [
        _folder_copied,
        _ledger_copied_alone,
        _ledger_copied_with_its_witness_and_key,
        _backed_up,
        _backup_renamed_into_its_place,
        _copied_back_from_elsewhere,
    ],
)
def test_a_copy_is_noticed_at_its_next_step_and_goes_on_only_by_somebodys_word(
    path: Path, copied: Callable[[Path], Path]
) -> None:
    copy = copied(path)
    found = refused(copy)
    assert found.code == "FG-LG-029"
    assert "`frostglass ledger moved --by NAME --reason TEXT" in found.message.replace("\n", " ")
    entry = Ledger.inspect(copy).moved(by="ada", reason="a new disk")
    assert entry is not None
    assert (entry.kind, entry.text("by"), entry.text("reason")) == ("moved", "ada", "a new disk")
    draw(Ledger.open(copy), "R2")
    assert Ledger.open(copy).verify().ok
    assert Ledger.open(copy).moved(by="ada", reason="once more") is None


def test_where_it_lay_the_ledger_goes_on_as_before(path: Path) -> None:
    _folder_copied(path)
    draw(Ledger.open(path), "R2")


def test_renaming_a_ledger_with_its_files_changes_nothing(path: Path) -> None:
    for each in path.parent.glob("l.db*"):
        each.rename(each.with_name(each.name.replace("l.db", "budget.db")))
    draw(Ledger.open(path.with_name("budget.db")), "R2")
    assert {each.kind for each in Ledger.open(path.with_name("budget.db")).entries()} & {"moved"} == set()


def test_a_step_that_is_under_way_notices_it_too(path: Path) -> None:
    """Not only whoever opens it: the file may be exchanged between two steps of one release."""
    ledger = Ledger.open(path)
    _copied_back_from_elsewhere(path)
    with pytest.raises(LedgerError, match="FG-LG-029"):
        ledger.non_private(SCOPE, what="a table of totals", by="ada")


def test_another_machine_and_another_file_system_are_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = home_of(path).read_text()
    for name, other in (("machine", "f" * 64), ("file_system", 7), ("inode", 7)):
        home_of(path).write_text(json.dumps({**json.loads(noted), name: other}))
        if name != "machine" or json.loads(noted)["machine"]:
            assert refused(path).code == "FG-LG-029"
    home_of(path).write_text(noted)
    Ledger.open(path)
    monkeypatch.setattr(ledger_home, "_MACHINE_IDS", (path.with_name("no-machine-id"),))
    Ledger.open(path)  # a machine without an id is told by the file alone


def test_two_machines_are_told_apart_by_their_ids(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a whole disk was copied, numbers of files and all."""
    for number in ("one", "two"):
        path.with_name(number).write_text(number)
    monkeypatch.setattr(ledger_home, "_MACHINE_IDS", (path.with_name("one"),))
    Ledger.inspect(path).moved(by="ada", reason="a machine of its own")
    ledger_home.settle(path, Ledger.inspect(path).ledger_id)
    Ledger.open(path)
    monkeypatch.setattr(ledger_home, "_MACHINE_IDS", (path.with_name("two"),))
    assert refused(path).code == "FG-LG-029"


def test_the_note_is_private_and_names_neither_machine_nor_place(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.with_name("id").write_text("0123456789abcdef")
    monkeypatch.setattr(ledger_home, "_MACHINE_IDS", (path.with_name("id"),))
    ledger_home.settle(path, Ledger.inspect(path).ledger_id)
    note = home_of(path).read_text()
    assert home_of(path).stat().st_mode & 0o777 == 0o600
    assert json.loads(note).keys() == {"file_system", "inode", "machine"}
    for word in (os.uname().nodename, str(path.parent), "0123456789abcdef"):
        assert word not in note
    ledger_home.settle(path, "another ledger")
    assert json.loads(home_of(path).read_text())["machine"] != json.loads(note)["machine"]


def test_nothing_of_the_note_gets_into_entries_and_exports(path: Path) -> None:
    note = json.loads(home_of(path).read_text())
    Ledger.inspect(path).export(path.with_name("export.jsonl"))
    text = path.with_name("export.jsonl").read_text()
    assert not [each for each in (note["machine"], str(note["inode"])) if each and f'"{each}"' in text]
    assert os.uname().nodename not in text


def test_a_ledger_that_is_older_than_its_witness_is_reconciled_and_not_moved(path: Path) -> None:
    Ledger.open(path).backup(path.with_name("old.db"))
    draw(Ledger.open(path), "R2")
    path.with_name("old.db").replace(path)
    assert refused(path).code == "FG-LG-007"
    with pytest.raises(LedgerError, match="FG-LG-007"):
        Ledger.inspect(path).moved(by="ada", reason="a new disk")
    added = Ledger.inspect(path).reconcile([], by="bea", reason="the backup of Monday")
    assert [each.kind for each in added] == ["reserve", "draw", "moved"]
    assert spent(Ledger.open(path)) == 2 * cost()


def test_a_ledger_that_was_put_back_without_its_witness_does_not_go_on_because_nothing_was_found(path: Path) -> None:
    """Once a `reconcile` that had learnt nothing entered a move, and a whole allowance was there a second time."""
    Ledger.open(path).backup(path.with_name("old.db"))
    draw(Ledger.open(path), "R2")
    path.with_name("old.db").replace(path)
    for each in (witness_of(path), home_of(path)):
        each.unlink()
    before = path.read_bytes()
    asked = ["ledger", "reconcile", "--ledger", str(path), "--by", "bea", "--reason", "the backup of Monday"]
    for named in ([], [str(path.parent)]):
        told = CliRunner().invoke(app, [*asked, *named])
        assert told.exit_code != 0
        assert isinstance(told.exception, LedgerError)
        assert told.exception.code == "FG-LG-030"
        assert refused(path).code == "FG-LG-029"
    assert path.read_bytes() == before
    assert not home_of(path).exists()
    assert not witness_of(path).exists()
    assert Ledger.inspect(path).moved(by="bea", reason="nothing was released since") is not None


def test_a_ledger_that_is_written_anew_asks_for_somebodys_word(path: Path) -> None:
    path.unlink()
    Ledger.rebuild(path, witness_of(path))
    assert refused(path).code == "FG-LG-029"
    Ledger.inspect(path).reconcile([], by="bea", reason="the disk failed")
    draw(Ledger.open(path), "R2")


def test_a_damaged_note_fits_nothing(path: Path) -> None:
    for content in (b"", b"[]", b"{", b'{"inode": 1}', b"\xff" * 5000):
        home_of(path).write_bytes(content)
        assert refused(path).code == "FG-LG-029"


def test_an_older_ledger_gets_its_note_at_its_first_step_here(path: Path) -> None:
    """It was begun before there were notes; once it has been moved, it needs one like any other."""
    rows = rows_of(path)
    first = (*rows[0][:5], rows[0][5].replace('"format":3', '"format":2'), *rows[0][6:])
    forge(path, recomputed([first, *rows[1:]], 0, on=True))
    witness_of(path).unlink()
    home_of(path).unlink()
    Ledger.open(path)
    assert home_of(path).exists()
    copy = _folder_copied(path)
    assert refused(copy).code == "FG-LG-029"
    Ledger.inspect(copy).moved(by="ada", reason="a new disk")
    home_of(copy).unlink()
    assert refused(copy).code == "FG-LG-029"


def test_a_ledger_whose_making_was_cut_short_before_the_note_goes_on(tmp_path: Path) -> None:
    Ledger.create(tmp_path / "l.db")
    home_of(tmp_path / "l.db").unlink()
    Ledger.open(tmp_path / "l.db")
    assert home_of(tmp_path / "l.db").exists()


def test_looking_at_a_copy_is_allowed_and_says_that_it_is_one(path: Path) -> None:
    report = Ledger.inspect(_folder_copied(path)).verify()
    assert report.ok
    assert any("not the file that was last used" in each for each in report.notes)
    assert not any("last used" in each for each in Ledger.inspect(path).verify().notes)


def test_the_command_says_that_it_was_moved_and_who_says_so(path: Path) -> None:
    copy = str(_folder_copied(path))
    desk = CliRunner()
    asked = ["ledger", "moved", "--ledger", copy, "--by", "ada", "--reason", "the old machine is given away"]
    assert "lives here from now on" in desk.invoke(app, asked).stdout
    assert "at home already" in desk.invoke(app, asked).stdout
    shown = desk.invoke(app, ["ledger", "show", "--ledger", copy]).stdout
    assert "the old machine is given away" in shown
    assert desk.invoke(app, ["ledger", "moved", "--ledger", copy, "--by", "ada"]).exit_code != 0


def test_a_release_under_way_is_not_lost_by_a_move(path: Path) -> None:
    """What was drawn for is committed and sealed after the word was given."""
    ledger = Ledger.open(path)
    reservation = draw(ledger, "R2")
    _copied_back_from_elsewhere(path)
    with pytest.raises(LedgerError, match="FG-LG-029"):
        ledger.commit(reservation, staged_sha256=MANIFEST)
    ledger.moved(by="ada", reason="the folder was synchronised")
    ledger.commit(reservation, staged_sha256=MANIFEST)
    ledger.seal("R2", manifest_sha256=MANIFEST)
    assert spent(ledger) == 2 * cost()
