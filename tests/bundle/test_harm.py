"""Bundles that are built to harm: they are refused before anything large is decoded, in little memory."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from audits.inputs.built_files import LIES, Built, build
from frostglass.bundle import read
from frostglass.bundle.format import formats
from frostglass.bundle.format.manifest import (
    ACCURACY,
    CODEBOOK,
    COUNTS_CSV,
    COUNTS_PARQUET,
    MANIFEST,
    MEASUREMENTS,
    MOST_VALUES,
    PACKAGE,
    PAGE,
    RECORDS_CSV,
    RECORDS_PARQUET,
    STATEMENT,
    canonical_json,
    parse_manifest,
)
from frostglass.bundle.format.measurement_file import COLUMNS
from frostglass.bundle.format.parquet_pages import PageError, packed
from frostglass.bundle.format.sizes import Sizes
from frostglass.bundle.read import Bundle
from frostglass.codebooks import from_canonical
from frostglass.errors import BundleError, CodebookError
from frostglass.verification.report import Outcome
from tests.bundle.support import outcomes, reseal, sealed, verified, weather

MOST_MEGABYTES = 300
"""What docs/how-to/verify-a-bundle.md says that refusing takes, in all."""

HARMLESS = {"many small pages"}
"""This only looks as if it were to harm."""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return sealed(tmp_path_factory.mktemp("pristine"))


@pytest.fixture
def bundle(pristine: Bundle, tmp_path: Path) -> Path:
    shutil.copytree(pristine.path, tmp_path / "bundle")
    return tmp_path / "bundle"


def schemas() -> dict[str, tuple[formats.Schema, int]]:
    records = formats.records_schema(weather().domain)
    return {COUNTS_PARQUET: (formats.COUNTS, 248), RECORDS_PARQUET: (records, 387), MEASUREMENTS: (COLUMNS, 289)}


@pytest.mark.parametrize("name", schemas())
@pytest.mark.parametrize("lie", LIES)
def test_a_parquet_file_that_lies_is_refused_before_it_is_decoded(name: str, lie: str) -> None:
    schema, rows = schemas()[name]
    sound = Built(schema, rows)
    whole = io.BytesIO(build(sound))
    assert formats.PackedTable(whole, schema, name=name, rows=rows, longest=200).whole().height == rows
    data = build(LIES[lie](sound))
    if lie in HARMLESS:
        assert formats.PackedTable(io.BytesIO(data), schema, name=name, most=rows, longest=200).whole().height <= rows
        return
    with pytest.raises(BundleError, match=r"FG-BN-03[12]"):
        formats.PackedTable(io.BytesIO(data), schema, name=name, most=rows, longest=200).whole()


@pytest.mark.parametrize("most", [0, 1, 100])
def test_a_footer_is_not_read_beyond_the_length_that_it_may_have(most: int) -> None:
    schema, rows = schemas()[COUNTS_PARQUET]
    data = build(Built(schema, rows))
    assert packed(io.BytesIO(data), columns=len(schema), most_footer=10_000).rows == rows
    with pytest.raises(PageError):
        packed(io.BytesIO(data), columns=len(schema), most_footer=most)


@pytest.mark.parametrize("name", schemas())
def test_verify_stops_at_a_size_that_cannot_be(bundle: Path, name: str) -> None:
    """And makes no check that would decode something: not made is not passed."""
    schema, rows = schemas()[name]
    reseal(bundle, {name: build(LIES["many rows"](Built(schema, rows)))})
    found = outcomes(bundle)
    later = list(found)[list(found).index("sizes") + 1 :]
    assert found["sizes"] is Outcome.FAILED
    assert name in verified(bundle)["sizes"]
    assert {found[each] for each in later} == {Outcome.NOT_CHECKED}
    assert len(later) == 9


PROBE = """
import json, sys
from pathlib import Path
import frostglass
from frostglass.ways import verify as bundles
from frostglass.errors import FrostglassError
said = []
for path in sys.argv[1:]:
    report = bundles.verify(path)
    said.append([each.name for each in report.failed])
    opened = frostglass.open_bundle(path)
    for look in (lambda: opened.counts, lambda: opened.records, opened.answers, lambda: opened.count(sky="clear")):
        try:
            look()
        except FrostglassError as error:
            said[-1].append(error.code)
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps([said, int(peak.split()[1]) // 1024]))
"""


@pytest.mark.long
def test_files_built_to_harm_are_refused_within_the_stated_memory(pristine: Bundle, tmp_path: Path) -> None:
    """In a process of its own, which says what it took at most; most of these would take gigabytes."""
    lies = ("many rows", "many rows in many groups", "a long text for every row", "a large page")
    places = []
    for name, (schema, rows) in schemas().items():
        for number, lie in enumerate(lies):
            place = tmp_path / f"{name}-{number}"
            shutil.copytree(pristine.path, place)
            reseal(place, {name: build(LIES[lie](Built(schema, rows)))})
            places.append(str(place))
    done = subprocess.run([sys.executable, "-P", "-c", PROBE, *places], capture_output=True, text=True, check=True)
    said, megabytes = json.loads(done.stdout)
    assert all("sizes" in each and any(code.startswith("FG-BN-03") for code in each) for each in said)
    assert megabytes <= MOST_MEGABYTES


@pytest.mark.parametrize("name", [COUNTS_CSV, RECORDS_CSV, STATEMENT, PAGE, ACCURACY, PACKAGE, CODEBOOK])
def test_a_file_larger_than_its_records_and_codebook_allow_is_not_read(bundle: Path, name: str) -> None:
    """A line of any length, or holes that take no room on the disk: no more is read than such a file can have."""
    reseal(bundle, {name: bytes(64 * 2**20)})
    found = outcomes(bundle)
    assert {found["sizes"], found["hashes"]} == {Outcome.FAILED, Outcome.OK}
    assert {each for check, each in found.items() if check in ("tables", "texts", "counts")} == {Outcome.NOT_CHECKED}


def test_more_records_than_the_csv_file_can_hold_are_not_believed(bundle: Path) -> None:
    """A number alone makes nothing large: somebody has to hand over a file of so many lines."""
    total = 40_000_000
    schema = formats.records_schema(weather().domain)
    reseal(bundle, {RECORDS_PARQUET: build(Built(schema, total, text=b"clear"))}, {"total": total})
    assert "too small for the 40,000,000 records" in verified(bundle)["sizes"]
    with pytest.raises(BundleError, match="FG-BN-022"):
        _ = Bundle.open(bundle).records


def test_the_bounds_hold_what_a_release_writes(pristine: Bundle) -> None:
    sizes = Sizes(pristine.manifest, pristine.codebook)
    for entry in pristine.manifest.files:
        sizes.require(entry.path, entry.bytes)
    assert pristine.counts.height <= sizes.counts
    assert sizes.measurements == sum(each.answer.size for each in pristine.measurements())


def test_the_rows_of_the_counts_are_bounded_by_cells_and_by_records(pristine: Bundle) -> None:
    """Sizes are 4, 2, 5 and 4: 15 values, 82 pairs and 192 triples of values, in 6 and 4 tables."""
    manifest, codebook = pristine.manifest, pristine.codebook
    assert Sizes(manifest, codebook).counts == 15 + 82 + 192
    assert Sizes(manifest.model_copy(update={"total": 5}), codebook).counts == 15 + 6 * 5 + 4 * 5


def test_many_counts_are_compared_with_the_records_before_they_are_decoded(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many rows as there can be, all alike: the first that no record has ends it."""
    monkeypatch.setattr(read, "MANY_ROWS", 100)
    whole = Bundle.open(bundle).counts
    reseal(bundle, {COUNTS_PARQUET: formats.to_parquet(pl.concat([whole[:1]] * whole.height))})
    with pytest.raises(BundleError, match="not what the records say"):
        _ = Bundle.open(bundle).counts
    assert "not what the records say" in verified(bundle)["counts"]


def test_a_manifest_of_many_small_things_is_not_parsed() -> None:
    """Each of them would be a fault, and each fault a message."""
    for data in (b'{"files":[' + b"{}," * 300_000 + b"{}]}", b'{"format":3,' + b'"a":0,' * 150_000 + b'"b":0}'):
        with pytest.raises(BundleError, match=f"more than the {MOST_VALUES:,} values"):
            parse_manifest(data)


def test_a_codebook_of_many_small_things_is_refused_in_few_words() -> None:
    for many in (90_000, 300_000):
        for key in (b"variable", b"constraint"):
            with pytest.raises(CodebookError, match="FG-CB-004") as caught:
                from_canonical(b'{"%s":[' % key + b"{}," * many + b"{}]}")
            assert len(caught.value.message) < 500


def test_a_description_by_another_version_is_no_larger_than_ours(bundle: Path) -> None:
    words = json.loads((bundle / PACKAGE).read_bytes())
    software = {"software": {"name": "frostglass", "version": "0.0.9"}}
    reseal(bundle, {PACKAGE: canonical_json({**words, "name": "other"})}, software)
    assert outcomes(bundle)["data package"] is Outcome.NOT_CHECKED
    reseal(bundle, {PACKAGE: json.dumps({**words, "more": [[]] * 100_000}).encode()}, software)
    assert "larger than such a description" in verified(bundle)["data package"]


@pytest.mark.long
@pytest.mark.parametrize("name", schemas())
def test_a_changed_footer_ends_in_a_word_and_not_in_the_process(pristine: Bundle, name: str) -> None:
    """A reader of any Parquet file may end the process over a kind that it does not know."""
    data = bytearray(pristine.data(name))
    begin = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    schema, rows = schemas()[name]
    for place in range(begin, len(data)):
        changed = bytes(data[:place]) + bytes([data[place] ^ 0x15]) + bytes(data[place + 1 :])
        try:
            found = formats.PackedTable(io.BytesIO(changed), schema, name=name, most=rows, longest=220).whole()
        except BundleError:
            continue
        assert found.height in (0, rows)


def test_answers_are_read_in_parts_as_they_are_at_once(pristine: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, records = pristine.answers(), pristine.records
    monkeypatch.setattr(formats, "BATCH_ROWS", 7)
    again = Bundle.open(pristine.path)
    for one, other in zip(whole.measurements, again.answers().measurements, strict=True):
        assert (one.attributes, one.sd, one.receipt) == (other.attributes, other.sd, other.receipt)
        assert np.array_equal(one.answer, other.answer)
    assert again.records.equals(records)
    assert again.counts.equals(pristine.counts)


def test_the_manifest_of_a_bundle_is_far_below_its_bounds(pristine: Bundle) -> None:
    assert len((pristine.path / MANIFEST).read_bytes()) < 10_000
