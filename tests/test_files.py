"""Files and folders come into being whole; what a killed process left half-written goes, and nothing else does."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from frostglass import files as whole_file
from frostglass.files import PRIVATE, UNFINISHED, remove_abandoned, unfinished_folder, write_whole


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_what_nobody_holds_any_more_is_removed_by_the_next_writer(tmp_path: Path) -> None:
    """A killed process is one that neither unlinks nor holds: so are these."""
    (tmp_path / f".report.json.abcdefgh{UNFINISHED}").write_text("values of cases")
    (tmp_path / f".out.12345_78{UNFINISHED}").mkdir()
    (tmp_path / f".out.12345_78{UNFINISHED}" / "counts.csv").write_text("half")
    write_whole(tmp_path / "other.json", b"x", mode=PRIVATE)
    assert hidden(tmp_path) == []


def test_what_another_still_writes_is_left_alone(tmp_path: Path) -> None:
    with unfinished_folder(tmp_path / "out") as held:
        (held / "counts.csv").write_text("half")
        remove_abandoned(tmp_path)
        write_whole(tmp_path / "other.json", b"x", mode=PRIVATE)
        assert (held / "counts.csv").read_text() == "half"
        assert stat.S_IMODE(held.stat().st_mode) == 0o700
    assert hidden(tmp_path) == []


@pytest.mark.parametrize(
    "name", [".out.abcdefgh", f".out.abc{UNFINISHED}", f"out.abcdefgh{UNFINISHED}", f".out.abcdefgh{UNFINISHED}.bak"]
)
def test_hidden_files_of_other_making_are_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    remove_abandoned(tmp_path)
    assert (tmp_path / name).exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    (tmp_path / f".out.abcdefgh{UNFINISHED}").symlink_to(tmp_path / "mine")
    remove_abandoned(tmp_path)
    assert (tmp_path / "mine" / "file").exists()


def test_what_is_taken_away_just_before_it_is_held_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = iter(["taken", "mine", "taken", "mine"])

    def lock(descriptor: int, _operation: int) -> None:
        if next(locks) == "taken":
            path = Path(f"/proc/self/fd/{descriptor}").resolve()
            path.rmdir() if path.is_dir() else path.unlink()

    monkeypatch.setattr("fcntl.flock", lock)
    monkeypatch.setattr(whole_file, "remove_abandoned", lambda _folder: None)
    with unfinished_folder(tmp_path / "out") as folder:
        folder.rename(tmp_path / "out")
    write_whole(tmp_path / "report.json", b"x", mode=PRIVATE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "report.json"]


def test_where_the_file_system_has_no_locks_nothing_is_taken_for_abandoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refuse)
    (tmp_path / f".out.abcdefgh{UNFINISHED}").mkdir()
    write_whole(tmp_path / "report.json", b"x", mode=PRIVATE)
    assert hidden(tmp_path) == [f".out.abcdefgh{UNFINISHED}"]
    assert (tmp_path / "report.json").read_bytes() == b"x"


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "report.json", b"x", mode=PRIVATE)
    assert list(tmp_path.iterdir()) == []


def test_the_mode_is_set_on_the_open_file_and_not_on_whatever_has_its_name_by_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.write_text("somebody else's")
    other.chmod(0o600)
    change = os.chmod

    def swapped(path: Any, mode: int) -> None:
        (sibling,) = tmp_path.glob(".new*")
        sibling.unlink()
        sibling.symlink_to(other)
        change(path, mode)

    monkeypatch.setattr(os, "chmod", swapped)
    monkeypatch.setattr(os, "supports_fd", {swapped})
    write_whole(tmp_path / "new", b"x", mode=0o644)
    assert other.stat().st_mode & 0o777 == 0o600
