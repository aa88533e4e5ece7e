"""Sensitive values stay where they are: they print nothing, copy nowhere, and few places open them."""

from __future__ import annotations

import ast
import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import frostglass
from frostglass.errors import GlassError
from frostglass.released.measurement import Measurement
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Sensitive
from frostglass.terms.domain import Attribute, Domain

SOURCES = Path(frostglass.__file__).parent

MAY_REVEAL = {
    "api.py",
    "boundary/curator.py",
    "boundary/staging.py",
    "ways/recode.py",
    "review/attacks/crowd.py",
    "review/report.py",
    "sensitive/coding/check.py",
    "sensitive/coding/counts.py",
    "sensitive/coding/draft.py",
    "ways/shadows.py",
}
MAY_WRITE_RECEIPTS = {"boundary/curator.py", "bundle/format/measurement_file.py", "bundle/rehearsal.py"}


def calls(name: str) -> set[str]:
    """Files of the package that call a function or method of that name."""
    found = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (
                (isinstance(node.func, ast.Attribute) and node.func.attr == name)
                or (isinstance(node.func, ast.Name) and node.func.id == name)
            ):
                found.add(path.relative_to(SOURCES).as_posix())
    return found


SECRET = Sensitive(["Jane Example"], "list of names")


def test_a_sensitive_value_prints_as_withheld() -> None:
    for text in (repr(SECRET), str(SECRET), f"{SECRET}", f"{SECRET:>40}", f"{SECRET!r}", "%s" % SECRET):  # noqa: UP031
        assert "Jane" not in text
        assert "withheld" in text


def test_a_sensitive_value_has_no_length_no_iteration_no_truth_and_no_copy() -> None:
    uses: tuple[Callable[..., object], ...] = (len, iter, bool, copy.copy, copy.deepcopy, pickle.dumps, list)
    for use in uses:
        with pytest.raises(TypeError):
            use(SECRET)


def test_a_sensitive_value_equals_only_itself() -> None:
    assert Sensitive(["Jane Example"], "list of names") != SECRET


def test_a_coded_table_prints_nothing_of_its_content() -> None:
    table = CodedTable.of(Domain((Attribute("a", ("x",)),)), np.zeros((321, 1), dtype=np.uint16))
    assert "321" not in repr(table)


def test_only_the_listed_places_open_a_sensitive_value() -> None:
    assert calls("reveal") == MAY_REVEAL


def test_only_the_curator_issues_receipts_and_only_the_bundle_reads_them_back() -> None:
    """Besides, a rehearsal writes some for nobody, which are never sealed (tests/ways/test_paid.py)."""
    assert calls("Receipt") == MAY_WRITE_RECEIPTS


def test_a_measurement_needs_the_receipt_for_its_own_attributes() -> None:
    with pytest.raises(GlassError, match="FG-GL-001"):
        Measurement(AttributeSet.of(["a"]), np.zeros(2, dtype=np.int64), 1.0, None)  # type: ignore[arg-type]


def test_no_module_draws_noise_or_chance_but_the_samplers() -> None:
    """Global or float randomness on the way to a release would be a privacy bug. Fission comes after the noise; a
    review chooses whom it looks at, and what its shadows hold is never released."""
    banned = ("np.random", "numpy.random", "import random", "random.gauss", "default_rng")
    found = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in banned)
    }
    reviewed = {"review/attacks/shadow.py", "review/fidelity.py", "ways/review.py"}
    assert found <= {*reviewed, "simulate/chance.py", "synthesis/temperature.py"}


@pytest.mark.parametrize("room", ["showcase", "released", "bundle.read", "codebooks"])
def test_importing_a_public_room_loads_nothing_of_the_clear_side_or_the_glass(room: str) -> None:
    code = (
        f"import sys, frostglass.{room}; "
        "print([m for m in sys.modules if m.startswith(('frostglass.sensitive', 'frostglass.boundary'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
