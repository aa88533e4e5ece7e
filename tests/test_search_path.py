"""Nobody else's code runs: a module that lies in the working folder is not imported, whatever its name."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter

from tests.survey import SMALL, survey

ROOT = Path(__file__).parent.parent

OTHERS = {
    "polars",
    "numpy",
    "numba",
    "pyarrow",
    "pydantic",
    "typer",
    "click",
    "jinja2",
    "cryptography",
    "sitecustomize",
}

COMMANDS = {
    "frostglass": [str(Path(sys.executable).parent / "frostglass")],
    "python -P -m frostglass": [sys.executable, "-P", "-m", "frostglass"],
    "python -m frostglass": [sys.executable, "-m", "frostglass"],
}


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    """A folder with a workbook and, beside it, a module for every name that a command could import."""
    with xlsxwriter.Workbook(tmp_path / "table.xlsx") as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate([survey(0).columns, *survey(40).iter_rows()]):
            sheet.write_row(number, 0, [each or "" for each in row])
    (tmp_path / "small.toml").write_text(SMALL)
    for name in set(sys.stdlib_module_names) | OTHERS:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})\n")
    return tmp_path


def before_ours(folder: Path) -> set[str]:
    """What Python itself imports by ``-m`` without ``-P`` before the first line of ours: nothing can prevent that."""
    (folder / "probe.py").write_text("import sys\nprint(*sys.modules)")
    done = subprocess.run([sys.executable, "-m", "probe"], cwd=folder, capture_output=True, text=True, check=True)
    return {each.partition(".")[0] for each in done.stdout.split()} - {"probe"}


@pytest.mark.long
@pytest.mark.parametrize("how", COMMANDS)
def test_no_module_of_the_working_folder_is_imported(
    delivery: Path, how: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nor by the process that takes a workbook apart."""
    if how == "python -m frostglass":
        for name in before_ours(tmp_path_factory.mktemp("probe")):
            (delivery / f"{name}.py").unlink(missing_ok=True)
    command = [*COMMANDS[how], "check", "table.xlsx", "-c", "small.toml"]
    done = subprocess.run(command, cwd=delivery, capture_output=True, text=True, check=False)
    assert not (delivery / "ran").exists()
    assert done.returncode == 0, done.stderr
    assert "fits the codebook" in done.stdout


def test_a_script_beside_a_delivery_does_not_lead_the_process_of_workbooks_to_it(delivery: Path) -> None:
    """There Python looks in the script's own folder first, and what it hands on is not that folder."""
    program = (
        "import sys\nfrom frostglass.tables.readers import read_text_table\nfrom pathlib import Path\n"
        "sys.path.insert(0, str(Path.cwd()))\n"
        "print(len(read_text_table(Path('table.xlsx')).columns))\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=delivery, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().isdigit()
    assert not (delivery / "ran").exists()


def test_every_page_that_runs_a_module_leaves_the_working_folder_out() -> None:
    """Of ours: ``audits`` and ``benchmarks`` lie in the checkout, and are started there."""
    pages = [ROOT / "README.md", ROOT / "Makefile", *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.py")]
    lines = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    ours = [line for line in lines if re.search(r"python3? (?:-\w+ )*-m frostglass", line)]
    assert ours
    allowed = "``python -m frostglass``, which is better said"
    assert [line for line in ours if " -P " not in line and allowed not in line] == []


def test_python_leaves_the_folder_out_by_its_environment_too(delivery: Path) -> None:
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "frostglass", "--version"]
    subprocess.run(command, cwd=delivery, env=environment, check=True, capture_output=True)
    assert not (delivery / "ran").exists()
