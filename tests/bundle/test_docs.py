"""The pages on bundles describe every file, column and field, and their Python runs as printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from frostglass.bundle.format import measurement_file
from frostglass.bundle.format.formats import COUNTS
from frostglass.bundle.format.manifest import MANIFEST, PUBLICATION, SEALED, json_schema
from frostglass.verification.report import verify
from tests.bundle.support import ENVIRONMENT, Recompute, contents, sealed

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "bundle.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*SEALED, MANIFEST, PUBLICATION, *COUNTS, *measurement_file.COLUMNS])
def test_the_reference_describes_every_file_and_column(name: str) -> None:
    assert f"`{name}`" in REFERENCE


def fields() -> set[str]:
    schema = json_schema()
    parts = schema["$defs"]
    assert isinstance(parts, dict)
    return {name for part in (schema, *parts.values()) for name in part["properties"]}


@pytest.mark.parametrize("name", sorted(fields()))
def test_the_reference_describes_every_field_of_the_manifest(name: str) -> None:
    section = REFERENCE[REFERENCE.index("## manifest.json") : REFERENCE.index("## datapackage.json")]
    assert f"`{name}`" in section


def test_the_page_on_verifying_names_every_check(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "verify-a-bundle.md").read_text(encoding="utf-8")
    report = verify(sealed(tmp_path).path, recompute=Recompute(contents()), environment=ENVIRONMENT)
    assert re.findall(r"^\| ([a-z ]+) \|", page, re.MULTILINE) == [
        "exit code",
        "check",
        *(each.name for each in report.checks),
    ]


@pytest.mark.parametrize("page", ["read-a-bundle", "verify-a-bundle"])
def test_the_python_on_the_page_runs_in_the_folder_of_a_bundle(tmp_path: Path, page: str) -> None:
    bundle = sealed(tmp_path)
    text = (DOCS / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    assert code
    by_pandas = next((line for line in code.splitlines() if line.startswith("counts = pd.")), "").removeprefix("counts")
    checks = f"table{by_pandas}\n{READ}" if by_pandas else ""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code + checks],
        cwd=bundle.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert bool(by_pandas) is (page == "read-a-bundle")


READ = """
frame = pd.read_csv("synthetic.csv", dtype=str, keep_default_na=False, na_values=[""])
held = {cell for column in frame for cell in frame[column].dropna()}
assert {"1", "01", "NA"} <= held, held
assert {cell for column in same for cell in same[column].dropna()} == held
assert {cell for column in records.columns for cell in records[column].drop_nulls()} == held
assert frame.isna().sum().sum() == sum(records.null_count().row(0)) == bundle.records.null_count().sum_horizontal()[0]
assert (table["values"] == "NA").any()
assert table["count"].dtype == "int64" and (table["status"] == "released").all()
assert ((table["count"] / table["out_of"] - table["share"]).abs() < 0.0001).all()
"""
