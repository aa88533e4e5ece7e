"""Compiled code is kept where nobody else can put any."""

from __future__ import annotations

import os
from pathlib import Path

import numba
import pytest

from frostglass.counting.compiling import is_ours, place_for


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with a folder of compiled code."""
    folder = tmp_path / "package"
    (folder / "room" / "__pycache__").mkdir(mode=0o755, parents=True)
    tmp_path.chmod(0o755)
    return folder


def test_code_is_kept_beside_the_kernels_where_only_its_owner_writes(package: Path, tmp_path: Path) -> None:
    assert place_for(package, None, tmp_path / "private") == ""


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
@pytest.mark.parametrize("which", ["", "room/__pycache__"])
def test_a_folder_that_others_can_write_in_is_replaced_by_a_private_one(
    package: Path, tmp_path: Path, which: str, mode: int
) -> None:
    (package / which).chmod(mode)
    private = tmp_path / "cache" / "private"
    assert place_for(package, None, private) == str(private)
    assert private.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_a_folder_in_one_that_others_can_write_in_is_not_ours(package: Path, tmp_path: Path, mode: int) -> None:
    """They could put another one in its place; where only owners rename, as in /tmp, they could not."""
    assert is_ours(package)
    tmp_path.chmod(mode)
    assert not is_ours(package)
    tmp_path.chmod(mode | 0o1000)
    assert is_ours(package)


def test_what_the_user_asks_for_counts_only_where_it_is_safe(package: Path, tmp_path: Path) -> None:
    wanted, private = tmp_path / "wanted", tmp_path / "private"
    wanted.mkdir(mode=0o700)
    assert place_for(package, str(wanted), private) == str(wanted)
    wanted.chmod(0o777)
    assert place_for(package, str(wanted), private) == str(private)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_folder_of_somebody_else_is_not_ours(package: Path) -> None:
    os.chown(package, 12345, 12345)
    assert not is_ours(package)


def test_without_any_private_place_the_process_has_one_of_its_own(package: Path, tmp_path: Path) -> None:
    package.chmod(0o777)
    (tmp_path / "file").touch()
    found = Path(place_for(package, None, tmp_path / "file" / "private"))
    assert found.stat().st_mode & 0o777 == 0o700
    found.rmdir()


def test_the_place_is_settled_before_anything_is_compiled() -> None:
    chosen = vars(numba.config)["CACHE_DIR"]
    assert chosen == "" or is_ours(Path(chosen))
