"""The reading side works where the locks and limits of POSIX are absent; what needs them says so in a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter

from tests.bundle.support import sealed
from tests.survey import SMALL

HIDDEN = """
import os, sys
for name in ("fcntl", "resource", "pwd", "grp"):
    sys.modules[name] = None
for name in ("fchmod", "getuid", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"):
    if hasattr(os, name):
        delattr(os, name)
from frostglass.desk import main
sys.argv = ["frostglass", *sys.argv[1:]]
main.run()
"""
"""The command, on a system that has none of them."""


def there(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", HIDDEN, *arguments], capture_output=True, text=True, check=False, cwd=folder
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("anywhere")
    sealed(made)
    (made / "small.toml").write_text(SMALL)
    (made / "table.csv").write_text("sex,age,works,langs\nF,18-59,1,en\n")
    book = xlsxwriter.Workbook(str(made / "table.xlsx"))
    book.add_worksheet().write_row(0, 0, ["sex"])
    book.close()
    return made


@pytest.mark.parametrize(
    "asked",
    [
        "codebook list",
        "codebook check small.toml",
        "codebook show ctdc-vp-1",
        "plan -c small.toml --epsilon 1 --delta 1e-6 --plot plan.html",
        "count bundle sky=clear",
        "count bundle sky=clear --format csv -o answer.csv",
    ],
)
def test_what_readers_use_works(folder: Path, asked: str) -> None:
    code, out, err = there(folder, *asked.split())
    assert code == 0, out + err
    assert "FG-" not in err


@pytest.mark.parametrize(
    "asked",
    [
        "ledger open people --epsilon 1 --delta 1e-6 --ledger b.db",
        "release table.csv -c small.toml --epsilon 1 --scope people --ledger b.db -o out",
        "check table.xlsx -c small.toml",
    ],
)
def test_what_needs_locks_and_limits_names_the_way(folder: Path, asked: str) -> None:
    code, _, err = there(folder, *asked.split())
    assert code != 0
    assert "FG-OP-123" in err or ("release" in asked and "FG-LG-001" in err)
    assert "Traceback" not in err
    assert not (folder / "b.db").exists()


def test_verify_makes_every_check_that_it_makes_elsewhere(folder: Path) -> None:
    here = subprocess.run(
        [sys.executable, "-P", "-m", "frostglass", "verify", "bundle"], capture_output=True, text=True, cwd=folder
    )
    assert there(folder, "verify", "bundle") == (here.returncode, here.stdout, here.stderr)


def test_a_bundle_opens_in_python(folder: Path) -> None:
    code = HIDDEN.partition("from frostglass")[0] + (
        "import frostglass\nopened = frostglass.open_bundle('bundle')\n"
        "print(opened.count(sky='clear').count, opened.records.height)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder)
    assert done.stdout.split()[-1] == "387"
