"""The reference of the ledger says what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from frostglass.boundary.ledger.entries import _BODIES, _OPTIONAL, KINDS
from frostglass.boundary.ledger.ledger import Ledger
from tests.boundary.support import new_ledger, sealed

ROOT = Path(__file__).parents[3]
REFERENCE = (ROOT / "docs" / "reference" / "ledger.md").read_text(encoding="utf-8")


def test_the_check_without_frostglass_runs_as_printed_and_can_fail(tmp_path: Path) -> None:
    ledger = new_ledger(tmp_path / "l.db")
    sealed(ledger, "R1")
    lines = tmp_path / "entries.jsonl"
    ledger.export(lines)
    (code,) = re.findall(r"```python\n(.*?)```", REFERENCE, re.DOTALL)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["6", ledger.verify().head], done.stderr
    lines.write_text(lines.read_text().replace("R1", "R2"))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_every_kind_and_every_part_of_its_body_is_described() -> None:
    for kind in KINDS:
        (row,) = re.findall(rf"^\| `{kind}` \| (.*?) \|", REFERENCE, re.MULTILINE)
        assert set(re.findall(r"`(\w+)`", row)) == {*_BODIES[kind], *_OPTIONAL.get(kind, ())}


def test_every_error_code_is_described_and_every_described_code_exists() -> None:
    source = "".join(path.read_text() for path in (ROOT / "src/frostglass/boundary/ledger").glob("*.py"))
    codes = set(re.findall(r"FG-(?:LG|BU)-\d{3}", source))
    assert codes == set(re.findall(r"FG-(?:LG|BU)-\d{3}", REFERENCE))


def test_the_states_are_the_ones_that_the_reference_names(tmp_path: Path) -> None:
    (listed,) = re.findall(r"States of a release: (.*?);", REFERENCE, re.DOTALL)
    assert re.findall(r"`(\w+)`", listed) == [
        *("reserved", "drawn", "committed", "sealed", "approved", "published", "withdrawn", "voided")
    ]
    assert "`reconciled`" in REFERENCE
    assert "reconciled" in (Ledger.state.__doc__ or "")
