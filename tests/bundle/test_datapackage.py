"""The data package is what the standard's own validator accepts, and describes the bundle truly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import frictionless
import polars as pl

from frostglass import codebooks
from frostglass.bundle.format.manifest import COUNTS_CSV, PACKAGE, RECORDS_CSV, SEALED
from frostglass.bundle.read import Bundle
from tests.bundle.support import CODEBOOK_TOML, contents, sealed


def package_of(bundle: Bundle) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bundle.data(PACKAGE))
    return found


def faults_of(bundle: Bundle) -> list[tuple[str, str]]:
    """What frictionless finds, as ``frictionless validate datapackage.json --skip-errors blank-row`` would."""
    checklist = frictionless.Checklist(skip_errors=["blank-row"])
    report = frictionless.Package(str(bundle.path / PACKAGE)).validate(checklist)
    return [(task.name, error.type) for task in report.tasks for error in task.errors] + [
        ("package", error.type) for error in report.errors
    ]


def test_frictionless_accepts_the_bundle(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    assert bundle.records.filter(pl.all_horizontal(pl.all().is_null())).height > 0, "blank rows are among them"
    assert faults_of(bundle) == []


def test_frictionless_needs_no_option_where_no_record_is_all_missing(tmp_path: Path) -> None:
    never = 'definition = "How warm it was."\nnull = { meaning = "always read", structural = "never" }\n'
    text = CODEBOOK_TOML.replace('definition = "How warm it was."\n', never)
    bundle = sealed(tmp_path, contents(codebooks.loads(text, source="weather")))
    report = frictionless.Package(str(bundle.path / PACKAGE)).validate()
    assert report.valid, report.flatten(["name", "type"])


def test_frictionless_accepts_a_table_of_one_column(tmp_path: Path) -> None:
    text = CODEBOOK_TOML[: CODEBOOK_TOML.index('[[variable]]\nname = "rain"')]
    assert faults_of(sealed(tmp_path, contents(codebooks.loads(text, source="sky")))) == []


def test_frictionless_refuses_an_undeclared_value_and_a_changed_file(tmp_path: Path) -> None:
    """The control: the validator does look at values, sizes and hashes."""
    bundle = sealed(tmp_path)
    data = bundle.data(RECORDS_CSV)
    (bundle.path / RECORDS_CSV).write_bytes(data.replace(b"clear", b"sandy", 1))
    kinds = {kind for name, kind in faults_of(bundle) if name == "synthetic-csv"}
    assert {"constraint-error", "hash-count"} <= kinds
    (bundle.path / "measurements.parquet").write_bytes(b"PAR1")
    assert {kind for name, kind in faults_of(bundle) if name == "measurements-parquet"} == {"hash-count", "byte-count"}


def test_every_file_but_the_manifest_and_itself_is_a_resource_with_size_and_hash(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    package = package_of(bundle)
    assert [each["path"] for each in package["resources"]] == [name for name in SEALED if name != PACKAGE]
    for each in package["resources"]:
        entry = bundle.manifest.file(each["path"])
        assert (each["bytes"], each["hash"]) == (entry.bytes, f"sha256:{entry.sha256}")
        assert each["mediatype"].count("/") == 1


def test_fields_state_all_values_with_labels_and_sets_as_whole_texts(tmp_path: Path) -> None:
    package = package_of(sealed(tmp_path))
    schema = next(each for each in package["resources"] if each["path"] == RECORDS_CSV)["schema"]
    fields = {each["name"]: each for each in schema["fields"]}
    assert list(fields) == ["sky", "rain", "wind", "heat"]
    assert {each["type"] for each in schema["fields"]} == {"string"}
    assert fields["wind"]["constraints"]["enum"] == ["N", "NA", "S", "N;S"]
    assert fields["sky"]["categories"][0] == {"value": "clear", "label": "Clear, no cloud"}
    assert fields["heat"]["categoriesOrdered"] is True
    assert schema["fieldsMatch"] == "equal"
    assert schema["missingValues"] == [{"value": "", "label": "missing"}]


def test_the_counts_are_described_column_by_column(tmp_path: Path) -> None:
    package = package_of(sealed(tmp_path))
    schema = next(each for each in package["resources"] if each["path"] == COUNTS_CSV)["schema"]
    assert [(each["name"], each["type"]) for each in schema["fields"]] == [
        ("length", "integer"),
        ("variables", "string"),
        ("values", "string"),
        ("count", "integer"),
        ("sd", "number"),
        ("low", "integer"),
        ("high", "integer"),
        ("status", "string"),
        ("share", "number"),
        ("share_low", "number"),
        ("share_high", "number"),
        ("out_of", "integer"),
    ]


def test_the_package_says_the_day_the_terms_and_the_publisher(tmp_path: Path) -> None:
    package = package_of(sealed(tmp_path))
    assert package["created"] == "2024-05-01T00:00:00Z"
    assert package["licenses"] == [
        {"title": "Free to use, see https://example.org/terms.", "path": "https://example.org/terms"}
    ]
    assert package["contributors"] == [{"title": "A weather house", "roles": ["publisher"]}]
