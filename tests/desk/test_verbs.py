"""The doors are fast: a verb loads what it needs, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from frostglass.desk import main
from frostglass.desk.verbs import VERBS

HEAVY = frozenset(
    {"numpy", "numba", "scipy", "polars", "pyarrow", "pydantic", "jinja2", "vl_convert", "pandas", "altair"}
)
"""What takes a tenth of a second or many megabytes to load."""

PROBE = """
import sys
from frostglass.desk import main
sys.argv = ["frostglass", *sys.argv[1:]]
try:
    main.run()
except SystemExit:
    pass
print("", *sorted({each.partition(".")[0] for each in sys.modules}))
"""


@pytest.mark.parametrize("name", VERBS)
def test_the_help_says_of_a_verb_what_the_verb_says_of_itself(name: str) -> None:
    verb = typer.main.get_command(main.app).get_command(None, name)  # type: ignore[attr-defined]  # a group
    said = " ".join(verb.help.split("\n\n")[0].split())
    assert said == VERBS[name].does or said.startswith(f"{VERBS[name].does} ")


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (("--help",), set()),
        (("ledger", "show", "--ledger", "b.db"), {"pydantic"}),  # which typer brings
        (("count", "bundle", "sex=F"), {"numpy", "polars", "pyarrow", "pydantic"}),
    ],
)
def test_a_verb_loads_nothing_heavy_that_it_does_not_need(
    arguments: tuple[str, ...], needed: set[str], tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert HEAVY & set(ended.stdout.splitlines()[-1].split()) <= needed
