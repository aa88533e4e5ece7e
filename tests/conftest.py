"""Small things that many tests need."""

from __future__ import annotations

from pathlib import Path

import pytest

from frostglass import codebooks
from frostglass.terms.codebook import Codebook
from tests.survey_support import SMALL, survey


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
