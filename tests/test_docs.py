"""The README's tour and the tutorial run as printed; every link inside the documentation leads somewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import frostglass
from tests.commands import every_command
from tools import schemas

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"(<!-- fails -->\n)?```(sh|python)\n(.*?)```", re.DOTALL)


def blocks(path: Path, start: str) -> list[tuple[bool, str, str]]:
    """(is meant to fail, language, text) of every code block after the heading ``start``."""
    text = path.read_text(encoding="utf-8")
    return [(bool(fails), language, code) for fails, language, code in FENCE.findall(text[text.index(start) :])]


@pytest.mark.long
@pytest.mark.parametrize(
    ("page", "start"),
    [
        ("README.md", "## A five-minute tour"),
        ("docs/tutorial/first-release.md", "# Your first"),
        ("docs/how-to/import-case-files.md", "# Import"),
    ],
)
def test_the_commands_run_as_printed(page: str, start: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    steps = blocks(ROOT / page, start)
    assert len(steps) >= 4
    for fails, language, code in steps:
        command = ["sh", "-e", "-c", code] if language == "sh" else [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode == 1) if fails else (done.returncode == 0), f"{code}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_every_page_is_reached_from_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").as_posix()
        if name != "index.md" and not name.startswith("proofs/"):
            assert name in index, f"docs/index.md does not list {name}"


def test_every_command_and_option_is_documented() -> None:
    """Asked of the program itself, so that a new one cannot be forgotten."""
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    for name, command in every_command():
        if hasattr(command, "commands"):
            continue
        assert f"`frostglass {' '.join(name)}`" in page
        if name in (("release",), ("recode",)):
            for parameter in command.params:
                for option in parameter.opts:
                    assert not option.startswith("-") or f"`{option}`" in page, option


def test_the_page_of_errors_is_made_from_the_source() -> None:
    spec = importlib.util.spec_from_file_location("errors_page", ROOT / "tools" / "errors_page.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run make schemas"


def test_the_shipped_schemas_are_those_of_the_models() -> None:
    package = Path(frostglass.__file__).parent
    for path, text in schemas.generated().items():
        assert (package / path).read_text(encoding="utf-8") == text, f"{path}: run make schemas"


@pytest.mark.long
def test_the_python_page_runs_as_printed(tmp_path: Path) -> None:
    codes = [
        code for _, language, code in blocks(ROOT / "docs/reference/python.md", "# Python") if language == "python"
    ]
    assert codes
    for code in codes:
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
