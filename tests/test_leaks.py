"""Passing a sensitive value to the public side is a type error."""

from __future__ import annotations

from pathlib import Path

import pytest
from mypy import api

LEAKS = Path(__file__).parent / "leaks" / "leaks.py"


@pytest.mark.long
def test_every_marked_leak_is_refused_by_the_type_checker_and_nothing_else_is(tmp_path: Path) -> None:
    marked = {number for number, line in enumerate(LEAKS.read_text().splitlines(), 1) if "# leak:" in line}
    out, _, _ = api.run([str(LEAKS), "--strict", "--no-error-summary", f"--cache-dir={tmp_path}", "--no-pretty"])
    refused = {int(line.split(":")[1]) for line in out.splitlines() if "leaks.py:" in line and ": error:" in line}
    assert len(marked) == 14
    assert refused == marked, out
