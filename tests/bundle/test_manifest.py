"""The manifest says everything once, in one form, and refuses what it does not know."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from frostglass.bundle.format.manifest import (
    MANIFEST,
    Manifest,
    canonical_json,
    json_schema,
    parse_manifest,
    plan_sha256,
    read_manifest,
)
from frostglass.errors import BundleError
from tests.bundle.support import contents, sealed


@pytest.fixture
def words(tmp_path: Path) -> dict[str, object]:
    """A manifest as JSON values."""
    found: dict[str, object] = json.loads((sealed(tmp_path).path / MANIFEST).read_bytes())
    return found


def test_the_shipped_schema_is_the_one_that_the_model_generates() -> None:
    shipped = (files("frostglass.bundle.format") / "manifest.schema.json").read_text(encoding="utf-8")
    assert json.loads(shipped) == json_schema(), "run make schemas"


def test_a_manifest_satisfies_the_shipped_schema_and_a_changed_one_does_not(words: dict[str, object]) -> None:
    jsonschema.validate(words, json_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**words, "total": -1}, json_schema())


def test_the_manifest_holds_the_plan_that_was_made_and_its_hash(tmp_path: Path) -> None:
    made = contents()
    manifest = sealed(tmp_path, made).manifest
    assert manifest.to_plan() == made.plan
    assert plan_sha256(manifest.plan) == made.plan.sha256 == manifest.plan_sha256


def test_amounts_are_exact_decimals_and_figures_without_bound_are_null(tmp_path: Path) -> None:
    promise = sealed(tmp_path).manifest.guarantee
    assert (promise.epsilon, promise.delta) == ("4", "1e-6")
    assert [(each.size, each.epsilon) for each in promise.groups] == [(2, 8.761234), (3, 13.5), (5, 27.25), (10, None)]


def test_a_seed_fits_into_63_bits(words: dict[str, object]) -> None:
    assert parse_manifest(canonical_json({**words, "sampling_seed": 2**63 - 1})).sampling_seed == 2**63 - 1
    with pytest.raises(BundleError, match="sampling_seed"):
        parse_manifest(canonical_json({**words, "sampling_seed": 2**63}))


def test_only_the_day_is_stated_never_the_time(words: dict[str, object]) -> None:
    assert words["date"] == "2024-05-01"
    with pytest.raises(BundleError, match="date"):
        parse_manifest(canonical_json({**words, "date": "2024-05-01T12:30:00"}))


def test_a_manifest_reads_back_as_the_same_bytes(tmp_path: Path) -> None:
    path = sealed(tmp_path).path / MANIFEST
    assert read_manifest(path).canonical() == path.read_bytes()


def test_a_newer_format_is_refused_with_both_versions(words: dict[str, object]) -> None:
    with pytest.raises(BundleError, match=r"format 4, and frostglass .* reads formats 2 to 3") as caught:
        parse_manifest(canonical_json({**words, "format": 4, "surprise": True}))
    assert caught.value.code == "FG-BN-024"


def test_an_older_format_is_refused_with_the_way_to_the_version_that_reads_it(words: dict[str, object]) -> None:
    with pytest.raises(BundleError, match=r"format 1, and .* reads formats 2 to 3: .* manifest names it") as caught:
        parse_manifest(canonical_json({**words, "format": 1, "anything": True}))
    assert caught.value.code == "FG-BN-024"


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"format": "2"},
        {"format": 0},
        {"format": True},
        {"total": 1.5},
        {"release_id": "../../etc/passwd"},
        {"plan_sha256": "A" * 64},
        {"files": [{"path": "../counts.csv", "bytes": 1, "sha256": "a" * 64}]},
        {"files": [{"path": "counts.csv", "bytes": -1, "sha256": "a" * 64}]},
        {"guarantee": None},
    ],
)
def test_a_manifest_with_a_fault_is_refused_by_its_place(words: dict[str, object], change: dict[str, object]) -> None:
    with pytest.raises(BundleError, match=next(iter(change))) as caught:
        parse_manifest(canonical_json({**words, **change}))
    assert caught.value.code == "FG-BN-025"


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[" * 200_000, b"[]", b"null", b'{"format": NaN}', b"1" * 10_000])
def test_what_is_no_manifest_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(BundleError) as caught:
        parse_manifest(data)
    assert caught.value.code == "FG-BN-025"


def test_the_manifest_is_a_value() -> None:
    assert Manifest.model_config["frozen"] is True
    assert Manifest.model_config["extra"] == "forbid"
