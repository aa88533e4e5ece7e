"""The walls between the rooms: the contracts in pyproject.toml hold, and refuse each import that they should."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import grimp
import pytest
from importlinter import configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.domain.contract import Contract

ROOT = Path(__file__).parent.parent
KINDS = {"layers": LayersContract, "forbidden": ForbiddenContract}

SEEDS = (
    # the ground knows neither side
    ("terms.plan", "tables.readers"),
    ("errors", "released.counts"),
    ("tables.readers", "sensitive.coding.coded_table"),
    ("terms.codebook", "codebooks.document"),
    # the clear side never sees the frosted one, nor the glass
    ("sensitive.coding.check", "released.counts"),
    ("sensitive.coding.check", "boundary.curator"),
    ("sensitive.coding.check", "codebooks.document"),
    ("released.counts", "sensitive.coding.coded_table"),
    ("released.counts", "boundary.ledger.ledger"),
    ("codebooks.document", "sensitive.coding.coded_table"),
    # what uses the glass is not known to it
    ("boundary.curator", "synthesis.strategy"),
    ("boundary.curator", "bundle.read"),
    ("boundary.curator", "codebooks.document"),
    ("boundary.curator", "ways.release"),
    # what is made of released values reaches no person
    ("bundle.read", "sensitive.coding.coded_table"),
    ("bundle.read", "boundary.ledger.ledger"),
    ("bundle.read", "synthesis.strategy"),
    ("synthesis.strategy", "sensitive.coding.coded_table"),
    ("synthesis.strategy", "boundary.curator"),
    ("synthesis.strategy", "codebooks.document"),
    ("reporting.opening", "sensitive.coding.coded_table"),
    ("reporting.opening", "boundary.curator"),
    ("reporting.opening", "ways.release"),
    ("reporting.source", "verification.report"),
    ("verification.examination", "boundary.ledger.ledger"),
    ("verification.examination", "reporting.counts"),
    ("bundle.read", "reporting.questions"),
    # review has no budget to spend
    ("review.report", "boundary.ledger.ledger"),
    ("review.report", "synthesis.strategy"),
    ("review.report", "ways.release"),
    # doors
    ("showcase", "sensitive.coding.coded_table"),
    ("showcase", "boundary.ledger.ledger"),
    ("showcase", "ways.verify"),
    ("simulate.coded", "sensitive.coding.coded_table"),
    ("simulate.coded", "released.counts"),
    ("simulate.coded", "ways.recode"),
    ("casework", "codebooks.document"),
    ("casework", "boundary.ledger.ledger"),
    ("casework", "bundle.read"),
    ("ways.release", "desk.main"),
    ("ways.release", "simulate.coded"),
    ("ways.verify", "showcase"),
    ("api", "desk.main"),
)


def contracts() -> Iterator[Contract]:
    """The contracts of pyproject.toml; as ``lint-imports`` reads them, a flag is a word."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    for options in declared["contracts"]:
        worded = {name: str(value) if isinstance(value, bool) else value for name, value in options.items()}
        yield KINDS[options["type"]](options["name"], {"root_packages": [declared["root_package"]]}, worded)


def broken(graph: grimp.ImportGraph) -> list[str]:
    """Names of the contracts that the imports of ``graph`` break."""
    return [each.name for each in contracts() if not each.check(deepcopy(graph), verbose=False).kept]


@pytest.fixture(scope="module")
def house() -> grimp.ImportGraph:
    configuration.configure()
    return grimp.build_graph("frostglass", cache_dir=None)


def test_the_house_keeps_its_walls(house: grimp.ImportGraph) -> None:
    assert broken(house) == []


@pytest.mark.parametrize(("importer", "imported"), SEEDS)
def test_an_import_through_a_wall_is_refused(house: grimp.ImportGraph, importer: str, imported: str) -> None:
    seeded = deepcopy(house)
    here, there = f"frostglass.{importer}", f"frostglass.{imported}"
    assert {here, there} <= house.modules, "the seed names modules that are there"
    seeded.add_import(importer=here, imported=there)
    assert broken(seeded)


def test_a_room_that_nobody_placed_is_refused(house: grimp.ImportGraph) -> None:
    seeded = deepcopy(house)
    seeded.add_module("frostglass.attic")
    assert broken(seeded) == ["the floors of the house"]
