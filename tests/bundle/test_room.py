"""Disk for a bundle is asked for before anything is paid, at every door, and what is asked for suffices."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import frostglass
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.bundle.format.manifest import RECORDS_CSV, RECORDS_PARQUET
from frostglass.bundle.room import most_bytes, refuse_full
from frostglass.errors import BundleError
from frostglass.terms.codebook import Codebook
from tests.bundle.support import contents, random_codes, render, weather
from tests.conftest import Command
from tests.survey import SMALL, survey
from tests.ways.test_release import plan_for

Door = Callable[[], str]
"""Asks for a release in the folder at work; what was refused."""

ROWS = 600


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a table, a codebook and a ledger of one scope."""
    monkeypatch.chdir(tmp_path)
    survey(ROWS).write_csv("table.csv")
    Path("small.toml").write_text(SMALL)
    Ledger.create(Path("b.db")).open_scope("s", epsilon=Fraction(2), delta=Fraction("1e-6"), by="ann")
    return tmp_path


@pytest.fixture(params=["command", "python", "python, a frame"])
def door(request: pytest.FixtureRequest, frostglass_command: Command) -> Door:
    def command() -> str:
        said = "release table.csv -c small.toml --epsilon 1.5 --scope s --ledger b.db -o new/out"
        return frostglass_command(*said.split())[2]

    def python(table: object) -> str:
        with pytest.raises(BundleError) as caught:
            frostglass.release(table, "small.toml", epsilon="1.5", scope="s", ledger="b.db", out="new/out")
        return str(caught.value)

    doors: dict[str, Door] = {
        "command": command,
        "python": lambda: python("table.csv"),
        "python, a frame": lambda: python(survey(ROWS)),
    }
    return doors[request.param]


def test_a_disk_without_room_for_the_records_is_told_before_anything_is_paid(
    shop: Path, door: Door, small: Codebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has room for what is in every bundle, so only the number of records can tell."""
    free = most_bytes(small, plan_for(small, "1.5"), records=ROWS - 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=free))
    before = [each.kind for each in Ledger.open(shop / "b.db").entries()]
    said = door()
    assert "FG-BN-065" in said
    assert f"and {free // 10**6:,} MB are free there; nothing was paid" in said
    assert [each.kind for each in Ledger.open(shop / "b.db").entries()] == before
    assert not (shop / "b.db.staged").exists()
    assert not (shop / "new").exists()


def test_a_disk_with_just_the_room_is_enough(small: Codebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_for(small)
    free = most_bytes(small, plan, records=10**9)
    assert free > 10**9 * (len("F,18-59,1,ar;en") + 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=free))
    refuse_full(tmp_path / "out", small, plan, records=10**9)
    with pytest.raises(BundleError, match="make room, or choose a folder on another disk"):
        refuse_full(tmp_path / "out", small, plan, records=10**9 + 1)


@pytest.mark.parametrize("longest", [True, False])
def test_the_records_never_take_more_than_was_asked_for(longest: bool) -> None:
    """Neither where all have the longest codes, one of which is quoted, nor where they differ as much as they can."""
    book = weather()
    longest_codes = [each.values.index(max(each.codes, key=len)) for each in book.domain.attributes]
    codes = np.tile(np.array(longest_codes, dtype=np.uint16), (20_000, 1)) if longest else random_codes(book, 30_000)
    made = contents(structural=False, codes=codes)
    files = render(made)
    asked = [most_bytes(book, made.plan, records=each) for each in (0, len(codes))]
    taken = len(files[RECORDS_CSV]) + len(files[RECORDS_PARQUET])
    assert taken <= asked[1] - asked[0] <= (1.5 if longest else 4) * taken
    assert sum(map(len, files.values())) <= asked[1]
