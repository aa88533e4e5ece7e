"""Bundles of format 2 stay readable, countable and verifiable.

tests/data/format-2 was made by frostglass 0.1.0, of invented walks: ``release`` at epsilon 1 with seed 1 and fit
"fast"; ``chosen`` with 180 cells at most, so that its triples were chosen. In both the wind is never missing.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

import frostglass
from frostglass.bundle.format.manifest import MANIFEST, parse_manifest, plan_sha256
from frostglass.errors import BundleError
from frostglass.ways import verify as bundles

MADE = Path(__file__).parents[1] / "data" / "format-2"


@pytest.fixture(scope="module", params=["all-measured", "chosen"])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("format-2") / str(request.param)
    with zipfile.ZipFile(MADE / f"{request.param}.zip") as archive:
        archive.extractall(folder)
    return folder


def test_every_check_but_the_words_of_its_pages_is_made_and_passes(bundle: Path) -> None:
    report = bundles.verify(bundle)
    assert not report.failed, report.text()
    assert {each.name for each in report.not_checked} <= {"texts", "data package"}
    assert {each.name for each in report.checks if each.ok} >= {"counts", "recomputed", "guarantee", "pages"}


def test_an_exchange_that_is_counted_too_low_is_named_with_the_right_figure(bundle: Path) -> None:
    """Where triples were chosen, the format's rule says too little; where none were, the two rules agree."""
    (check,) = (each for each in bundles.verify(bundle).checks if each.name == "guarantee")
    stated = parse_manifest((bundle / MANIFEST).read_bytes()).guarantee.replace_one
    said = f"for an exchange, {stated}, is too small, because tables were chosen: it is 1.493716" in check.message
    assert said is (bundle.name == "chosen")


def test_its_manifest_and_its_plan_keep_their_hashes(bundle: Path) -> None:
    data = (bundle / MANIFEST).read_bytes()
    manifest = parse_manifest(data)
    assert manifest.canonical() == data
    assert plan_sha256(manifest.plan) == manifest.plan_sha256
    assert manifest.to_plan().choice == "first"


def test_every_variable_has_a_missing_cell_whatever_its_codebook_says(bundle: Path) -> None:
    opened = frostglass.open_bundle(bundle)
    assert all(each.missing for each in opened.codebook.domain.attributes)
    assert opened.count(wind="(missing)").status == "released"


def test_a_manifest_has_the_fields_of_its_format_and_no_others(bundle: Path) -> None:
    manifest = parse_manifest((bundle / MANIFEST).read_bytes())
    newer = manifest.model_copy(update={"format": 3}).canonical()
    mixed = manifest.model_copy(update={"fictitious": True}).canonical()
    for data in (newer, mixed):
        with pytest.raises(BundleError) as refused:
            parse_manifest(data)
        assert refused.value.code == "FG-BN-025"
