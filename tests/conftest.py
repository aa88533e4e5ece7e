"""Small things that many tests need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from frostglass import codebooks
from frostglass.desk import main
from frostglass.terms.codebook import Codebook
from tests.survey import SMALL, survey

Command = Callable[..., tuple[int, str, str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The short forms of the audits are long tests."""
    for each in items:
        if each.path.parent.name == "audits":
            each.add_marker(pytest.mark.long)


@pytest.fixture
def frostglass_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command line in this process: exit code, what is said on stdout and what on stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["frostglass", *map(str, arguments)])
        try:
            main.run()
        except SystemExit as done:
            code = done.code if isinstance(done.code, int) else 0
        else:
            code = 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture(scope="session")
def small() -> Codebook:
    """A codebook with every kind of variable but integer, and two structural constraints."""
    return codebooks.loads(SMALL, source="small.toml")


@pytest.fixture
def survey_csv(tmp_path: Path) -> Path:
    """The survey of 600 people as a CSV file."""
    path = tmp_path / "survey.csv"
    survey(600).write_csv(path)
    return path
