"""Only what was paid for is sealed, and a bundle is there whole or not at all."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from frostglass import codebooks
from frostglass.bundle import seal
from frostglass.bundle.contents import Contents
from frostglass.bundle.format import files
from frostglass.bundle.format.manifest import MANIFEST, SEALED
from frostglass.bundle.format.signature import SIGNATURE
from frostglass.bundle.read import Bundle
from frostglass.errors import BundleError, FrostglassError
from frostglass.released.answers import Answers
from frostglass.released.synthetic import SyntheticRecords
from frostglass.terms.unit import PrivacyUnit
from tests.bundle.support import CODEBOOK_TOML, KEY, contents, recounted, sealed, verified, with_receipts


def code_of(made: Contents, out: Path) -> str:
    """The code of the refusal to seal ``made``; nothing may stay behind."""
    with pytest.raises(FrostglassError) as caught:
        seal.seal(made, out, sign=KEY.sign)
    assert not out.exists()
    assert list(out.parent.iterdir()) == []
    return caught.value.code


def test_a_bundle_holds_exactly_the_documented_files_for_its_owner_alone(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    assert {each.name for each in bundle.path.iterdir()} == {*SEALED, MANIFEST, SIGNATURE}
    assert {stat.S_IMODE(each.stat().st_mode) for each in bundle.path.iterdir()} == {0o600}
    assert stat.S_IMODE(bundle.path.stat().st_mode) == 0o700
    assert [each.name for each in tmp_path.iterdir()] == ["bundle"]


def test_no_file_tells_the_time_of_day(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    times = {each.stat().st_mtime for each in (bundle.path, *bundle.path.iterdir())}
    assert times == {datetime(2024, 5, 1, tzinfo=UTC).timestamp()}


def test_sealing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = sealed(tmp_path / "one"), sealed(tmp_path / "two")
    assert one.manifest_sha256 == two.manifest_sha256


def test_what_is_read_back_is_what_was_sealed(tmp_path: Path) -> None:
    made = contents()
    bundle = sealed(tmp_path, made)
    assert bundle.codebook == made.codebook
    assert bundle.records.height == bundle.manifest.total == len(made.records)
    assert bundle.counts.height > 100
    assert len(bundle.measurements()) == len(made.answers.measurements)
    assert "Privacy statement" in bundle.statement


def test_no_repr_shows_a_row(tmp_path: Path) -> None:
    made = contents()
    assert repr(sealed(tmp_path, made)) == f"<bundle {made.release_id}: 387 records, counts up to length 3, epsilon 4>"
    assert repr(made) == f"<contents of release {made.release_id}: 387 records>"


@pytest.mark.parametrize("what", ["file", "folder", "dangling link"])
def test_an_existing_place_is_never_overwritten(tmp_path: Path, what: str) -> None:
    out = tmp_path / "bundle"
    if what == "file":
        out.write_text("mine")
    elif what == "folder":
        out.mkdir()
    else:
        out.symlink_to(tmp_path / "nowhere")
    with pytest.raises(BundleError) as caught:
        seal.seal(contents(), out, sign=KEY.sign)
    assert caught.value.code == "FG-BN-001"
    assert [each.name for each in tmp_path.iterdir()] == ["bundle"]


def test_the_folder_above_is_made_when_it_is_missing(tmp_path: Path) -> None:
    assert seal.seal(contents(), tmp_path / "a" / "b" / "bundle", sign=KEY.sign).manifest.total == 387


def test_an_ephemeral_ledger_or_scripted_noise_cannot_be_sealed(tmp_path: Path) -> None:
    made = contents()
    assert code_of(replace(made, sealable=False), tmp_path / "out") == "FG-BN-003"
    scripted = with_receipts(made, lambda receipt: replace(receipt, sealable=False))
    assert code_of(scripted, tmp_path / "out") == "FG-BN-003"


@pytest.mark.parametrize(
    "change",
    [
        {"ledger_id": "f" * 32},
        {"scope": "others"},
        {"release_id": "another"},
        {"seq": 3},
        {"head": "c" * 64},
        {"mechanism": "discrete-gaussian"},
        {"sensitivity": 2},
        {"number": 1},
        {"rho": Fraction(1)},
    ],
)
def test_a_measurement_that_this_reservation_did_not_pay_for_cannot_be_sealed(
    tmp_path: Path, change: dict[str, object]
) -> None:
    made = with_receipts(contents(), lambda receipt: replace(receipt, **change))  # type: ignore[arg-type]  # the field is a parameter
    assert code_of(made, tmp_path / "out") == "FG-BN-007"


def test_one_foreign_receipt_among_many_is_enough_to_refuse(tmp_path: Path) -> None:
    made = with_receipts(contents(), lambda receipt: replace(receipt, seq=3) if receipt.number == 5 else receipt)
    assert code_of(made, tmp_path / "out") == "FG-BN-007"


def test_counts_and_records_must_show_every_receipt_and_no_other(tmp_path: Path) -> None:
    made = contents()
    receipts = made.counts.receipts
    for other in ((), receipts[1:], (*receipts, receipts[0]), (replace(receipts[0], number=99), *receipts[1:])):
        counts = replace(made, counts=replace(made.counts, receipts=other))
        records = replace(made, records=replace(made.records, receipts=other))
        assert code_of(counts, tmp_path / "out") == "FG-BN-007"
        assert code_of(records, tmp_path / "out") == "FG-BN-007"


def test_a_measurement_left_out_is_noticed_by_its_number(tmp_path: Path) -> None:
    made = contents()
    fewer = tuple(made.answers.measurements[1:])
    receipts = tuple(each.receipt for each in fewer)
    short = replace(
        made,
        answers=Answers(fewer, None),
        records=replace(made.records, receipts=receipts),
        counts=replace(made.counts, receipts=receipts),
    )
    assert code_of(short, tmp_path / "out") == "FG-BN-007"


def test_counts_of_another_number_of_records_cannot_be_sealed(tmp_path: Path) -> None:
    made = contents()
    assert code_of(replace(made, counts=replace(made.counts, total=386)), tmp_path / "out") == "FG-BN-006"


def test_parts_of_different_releases_cannot_be_sealed(tmp_path: Path) -> None:
    made = contents()
    other = codebooks.loads(CODEBOOK_TOML.replace('version = "2"', 'version = "3"'), source="weather")
    unit = PrivacyUnit("day", 2, "watcher")
    later = replace(made.guarantee, delta=Fraction(1, 100))
    assert code_of(replace(made, codebook=other), tmp_path / "out") == "FG-BN-004"
    assert code_of(replace(made, plan=replace(made.plan, length=2)), tmp_path / "out") == "FG-BN-005"
    assert code_of(replace(made, plan=replace(made.plan, epsilon=Fraction(3))), tmp_path / "out") == "FG-BN-005"
    assert code_of(replace(made, plan=replace(made.plan, unit=unit)), tmp_path / "out") == "FG-BN-005"
    assert code_of(replace(made, guarantee=later), tmp_path / "out") == "FG-BN-005"


def test_a_codebook_drafted_from_data_and_not_confirmed_cannot_be_sealed(tmp_path: Path) -> None:
    drafted = codebooks.loads(CODEBOOK_TOML.replace('unit = "day"\n', 'unit = "day"\ndrafted = true\n', 1), source="w")
    assert code_of(contents(drafted), tmp_path / "out") == "FG-CB-007"


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4, 5, 9, 10, 20, 40])
def test_nothing_half_written_stays_behind_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    """Whatever writes it: text, a CSV or a Parquet file, at its beginning or in its midst."""
    written = 0
    write = files.HashedFile.write

    def failing(file: files.HashedFile, data: bytes, /) -> None:
        nonlocal written
        written += 1
        if written == fails_at:
            write(file, data[:10])
            raise OSError(28, "No space left on device")
        write(file, data)

    monkeypatch.setattr(files.HashedFile, "write", failing)
    assert code_of(contents(), tmp_path / "out") == "FG-BN-002"
    assert written >= fails_at


def test_an_interrupted_seal_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "write_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sealed(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_bundle_is_valid(tmp_path: Path) -> None:
    made = contents()
    records = SyntheticRecords(made.codebook.domain, np.zeros((0, 4), dtype=np.uint16), made.records.receipts)
    empty = recounted(made, records)
    bundle = sealed(tmp_path, empty)
    assert (bundle.manifest.total, bundle.records.height) == (0, 0)
    assert verified(bundle.path, empty) == {}
    assert "This bundle is empty" in bundle.statement


def test_a_person_with_several_records_is_stated(tmp_path: Path) -> None:
    made = contents(max_records=3)
    bundle = sealed(tmp_path, made)
    assert verified(bundle.path, made) == {}
    assert "at most 3 records" in bundle.statement


@pytest.mark.parametrize("name", [*SEALED, MANIFEST])
def test_a_changed_file_is_not_read(tmp_path: Path, name: str) -> None:
    bundle = sealed(tmp_path)
    path = bundle.path / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(BundleError):
        Bundle.open(bundle.path).data(name)


def test_what_is_no_bundle_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not a folder"):
        Bundle.open(tmp_path / "nothing")
    with pytest.raises(BundleError, match=r"manifest\.json is missing"):
        Bundle.open(tmp_path)
