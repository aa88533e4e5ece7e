"""Staged answers: for their own data only, private, complete or absent."""

from __future__ import annotations

import hmac
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from frostglass.boundary import staging
from frostglass.errors import LedgerError
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.custody import Sensitive
from frostglass.terms.domain import Attribute, Domain

DOMAIN = Domain((Attribute("a", ("x", "y")),))


def table(*codes: int) -> Sensitive[CodedTable]:
    return Sensitive(CodedTable.of(DOMAIN, np.array(codes, dtype=np.uint16).reshape(-1, 1)), "coded table")


def stage(folder: Path) -> staging.Staged:
    with staging.room(folder, 100) as room:
        return staging.stage(room, plan_sha256="p", table=table(0, 1, 2), seed=41, answers=b"answers")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return staging.folder_for(tmp_path / "ledger.db", "r1")


def test_the_same_plan_and_data_get_their_answers_back(folder: Path) -> None:
    done = stage(folder)
    found = staging.staged(folder, plan_sha256="p", table=table(0, 1, 2))
    assert found is not None
    assert found == done
    assert found.answers == b"answers"
    assert found.seed == 41


@pytest.mark.parametrize("codes", [(0, 1, 1), (0, 1), (0, 1, 2, 2), ()])
def test_other_data_do_not_get_the_answers(folder: Path, codes: tuple[int, ...]) -> None:
    """One record changed, one less, one like another more, none at all."""
    stage(folder)
    assert staging.staged(folder, plan_sha256="p", table=table(*codes)) is None


def test_the_order_of_the_records_is_no_matter(folder: Path) -> None:
    """Nothing that is released depends on it."""
    stage(folder)
    assert staging.staged(folder, plan_sha256="p", table=table(2, 0, 1)) is not None


def test_changed_answers_or_another_plan_are_refused(folder: Path) -> None:
    stage(folder)
    with pytest.raises(LedgerError, match="FG-LG-050"):
        staging.staged(folder, plan_sha256="q", table=table(0, 1, 2))
    (folder / "measurements.parquet").write_bytes(b"answerz")
    with pytest.raises(LedgerError, match="FG-LG-050"):
        staging.staged(folder, plan_sha256="p", table=table(0, 1, 2))


@pytest.mark.parametrize("note", ["", "{", "[]", '{"plan_sha256": "p"}'])
def test_a_damaged_note_is_one_clear_refusal(folder: Path, note: str) -> None:
    stage(folder)
    (folder / "stage.json").write_text(note)
    with pytest.raises(LedgerError, match="FG-LG-050"):
        staging.staged(folder, plan_sha256="p", table=table(0, 1, 2))


def test_what_is_staged_is_for_the_steward_alone(folder: Path) -> None:
    stage(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "measurements.parquet": 0o600,
        "stage.json": 0o600,
    }


def note_of(folder: Path) -> dict[str, object]:
    said: dict[str, object] = json.loads((folder / "stage.json").read_text())
    return said


def test_the_digest_is_keyed_afresh_for_each_release_and_ledger(tmp_path: Path) -> None:
    """So that two releases of one table cannot be linked by it."""
    folders = [staging.folder_for(tmp_path / ledger, name) for ledger in ("a.db", "b.db") for name in ("r1", "r2")]
    for each in folders:
        stage(each)
    assert len({str(note_of(each)["data"]) for each in folders}) == len(folders)


def test_what_is_staged_tells_nothing_of_a_guessed_table(folder: Path, tmp_path: Path) -> None:
    """No word or file of it, alone or put together, is the key of its digest."""
    stage(folder)
    shutil.copytree(folder.parent, tmp_path / "taken")
    taken = tmp_path / "taken" / "r1"
    found = [each.read_bytes() for each in taken.iterdir()]
    words = [str(each) for each in note_of(taken).values()]
    keys = [*found, *(each.encode() for each in words), *(bytes.fromhex(each) for each in words if len(each) == 64)]
    wanted = note_of(taken)["data"]
    for key in [*keys, *(hmac.digest(each, b"r1", "sha256") for each in keys)]:
        assert staging._digest(table(0, 1, 2), key) != wanted
    with pytest.raises(LedgerError, match="FG-LG-054"):
        staging.staged(taken, plan_sha256="p", table=table(0, 1, 2))


def test_the_key_lies_beside_the_ledger_for_its_owner_alone(folder: Path, tmp_path: Path) -> None:
    stage(folder)
    key = staging.binding_of(tmp_path / "ledger.db")
    assert key.parent == tmp_path
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    stage(staging.folder_for(tmp_path / "ledger.db", "r2"))
    assert key.read_bytes() == before


def test_a_lost_or_damaged_key_is_one_clear_refusal(folder: Path, tmp_path: Path) -> None:
    stage(folder)
    key = staging.binding_of(tmp_path / "ledger.db")
    key.write_bytes(b"short")
    with pytest.raises(LedgerError, match="FG-LG-050"):
        staging.staged(folder, plan_sha256="p", table=table(0, 1, 2))
    key.unlink()
    with pytest.raises(LedgerError, match=r"FG-LG-054.* put ledger\.db\.binding back"):
        staging.staged(folder, plan_sha256="p", table=table(0, 1, 2))


def test_a_failed_write_leaves_nothing_that_could_be_resumed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(staging, "_fill", fail)
        with pytest.raises(OSError, match="No space"):
            stage(folder)
    assert not folder.exists()
    stage(folder)
    assert folder.exists()


def test_staging_one_release_leaves_every_other_alone(tmp_path: Path) -> None:
    """Whatever the ids are: the names of half-written folders are none that a release can have."""
    names = ["r1", "r1.partial", "r1-partial"]
    for name in names:
        stage(staging.folder_for(tmp_path / "ledger.db", name))
    assert sorted(path.name for path in (tmp_path / "ledger.db.staged").iterdir()) == sorted(names)


def test_purging_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    stage(folder)
    staging.purge(folder)
    assert list(tmp_path.iterdir()) == [staging.binding_of(tmp_path / "ledger.db")]
