"""The walls between the rooms, and that import-linter really holds them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import frostglass

ROOT = Path(__file__).parent.parent
ROOMS = {
    "terms", "sensitive", "boundary", "released", "synthesis", "bundle", "review", "arrays", "codebooks", "simulate",
    "desk", "showcase", "casework",
}  # fmt: skip
MAY_IMPORT = {
    "terms": set(),
    "arrays": {"terms"},
    "codebooks": {"terms", "arrays"},
    "sensitive": {"terms", "arrays"},
    "released": {"terms", "arrays"},
    "boundary": {"terms", "arrays", "sensitive", "released"},
    "synthesis": {"terms", "arrays", "released"},
    "bundle": {"terms", "arrays", "released", "codebooks"},
    "review": {"terms", "arrays", "sensitive", "released", "bundle", "codebooks"},
    "showcase": {"terms", "arrays", "bundle", "released"},
    "simulate": {"terms", "arrays", "codebooks"},
    "casework": {"terms", "arrays", "sensitive"},
}


def imports(path: Path) -> set[str]:
    """Rooms and top modules of ours that a file imports."""
    return set(re.findall(r"^\s*(?:from|import) frostglass\.(\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_rooms_are_those_of_the_architecture() -> None:
    package = Path(frostglass.__file__).parent
    assert {path.name for path in package.iterdir() if (path / "__init__.py").exists()} == ROOMS


def test_no_room_imports_beyond_its_walls() -> None:
    package = Path(frostglass.__file__).parent
    for room, allowed in MAY_IMPORT.items():
        for path in (package / room).rglob("*.py"):
            beyond = imports(path) - allowed - {room, "errors", "version"}
            assert not beyond, f"{path.relative_to(package)} imports {beyond}"


def test_import_linter_forbids_every_room_beyond_the_walls() -> None:
    """The contracts in pyproject.toml cover every pair that the architecture does not allow."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    forbidden: dict[str, set[str]] = {}
    for contract in contracts:
        for source in contract["source_modules"]:
            forbidden.setdefault(source.split(".")[1], set()).update(
                each.split(".")[1] for each in contract["forbidden_modules"]
            )
    for room, allowed in MAY_IMPORT.items():
        beyond = (
            (ROOMS | {"pipeline", "bundles", "foresight", "preparation", "api"}) - allowed - {room, "terms", "arrays"}
        )
        if room in ("review", "showcase"):
            beyond -= {"codebooks"}
        assert beyond <= forbidden[room], f"{room}: {beyond - forbidden[room]} is not forbidden"
