"""Verify passes what was sealed, and finds every change: with the hashes left as they were, or made to fit."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from frostglass import codebooks
from frostglass.boundary.noise.discrete_gaussian import DiscreteGaussian
from frostglass.boundary.noise.rounded_gaussian import RoundedGaussian
from frostglass.bundle.contents import Contents
from frostglass.bundle.format import formats, measurement_file
from frostglass.bundle.format.files import sha256
from frostglass.bundle.format.manifest import (
    ACCURACY,
    CODEBOOK,
    COUNTS_CSV,
    COUNTS_PARQUET,
    MANIFEST,
    MEASUREMENTS,
    PACKAGE,
    PAGE,
    PAGES,
    PUBLICATION,
    RECORDS_CSV,
    RECORDS_PARQUET,
    SEALED,
    STATEMENT,
    canonical_json,
    parse_manifest,
    plan_sha256,
)
from frostglass.bundle.read import Bundle
from frostglass.counting.tally import tally
from frostglass.errors import BundleError, UsageError
from frostglass.released.answers import Answers
from frostglass.released.disagreement import disagreement
from frostglass.released.measurement import Measurement
from frostglass.released.synthetic import SyntheticRecords
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import Attribute, Domain
from frostglass.verification import examination
from frostglass.verification.examination import Examined, is_strange, noise_sd
from frostglass.verification.inert import require_inert
from frostglass.verification.report import (
    CONFIRMED,
    FORGERY,
    INCOMPLETE,
    UNUSABLE,
    Check,
    Outcome,
    VerifyReport,
    against_ledger,
    verify,
)
from frostglass.version import __version__
from tests.bundle.support import (
    ENVIRONMENT,
    HEAD,
    KEY,
    NANO_RHO,
    RESERVE_HEAD,
    Recompute,
    contents,
    forge,
    outcomes,
    recounted,
    reseal,
    sealed,
    verified,
    with_receipts,
)

CHECKS = (
    "manifest",
    "signature",
    "files",
    "nothing else",
    "hashes",
    "codebook",
    "sizes",
    "data package",
    "pages",
    "texts",
    "tables",
    "records",
    "counts",
    "measurements",
    "noise",
    "recomputed",
)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return sealed(tmp_path_factory.mktemp("pristine"))


@pytest.fixture
def bundle(pristine: Bundle, tmp_path: Path) -> Bundle:
    """A copy to be tampered with."""
    shutil.copytree(pristine.path, tmp_path / "bundle")
    return Bundle(tmp_path / "bundle", pristine.manifest, pristine.manifest_sha256)


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_a_sealed_bundle_passes_every_check(tmp_path: Path, length: int) -> None:
    made = contents(length=length)
    bundle = sealed(tmp_path, made)
    report = verify(bundle.path, recompute=Recompute(made), environment=ENVIRONMENT)
    singles_share_too_little = ("noise",) if length == 1 else ()
    assert not report.failed, report.text()
    assert tuple(each.name for each in report.not_checked) == singles_share_too_little
    assert tuple(each.name for each in report.checks) == CHECKS
    assert report.manifest_sha256 == bundle.manifest_sha256


def test_the_report_says_what_cannot_be_told_from_the_bundle(bundle: Bundle) -> None:
    report = verify(bundle.path, recompute=Recompute(contents()), environment=ENVIRONMENT)
    assert report.text().endswith(FORGERY)
    assert "All 16 checks passed." in report.text()
    assert json.loads(json.dumps(report.as_json()))["ok"] is True


def test_text_from_a_hostile_bundle_cannot_steer_the_terminal() -> None:
    report = VerifyReport((Check("manifest", Outcome.FAILED, "release \x1b[2J\u202e\n"),), None)
    assert "\x1b" not in report.text()
    assert "\u202e" not in report.text()
    assert "0 of 1 checks passed; failed: manifest." in report.text()


@pytest.mark.parametrize("name", SEALED)
def test_a_changed_byte_in_any_file_is_found(bundle: Bundle, name: str) -> None:
    data = bytearray((bundle.path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (bundle.path / name).write_bytes(data)
    failed = verified(bundle.path)
    assert name in failed["hashes"]
    assert "recomputed" in failed


@pytest.mark.parametrize("name", [*SEALED, MANIFEST])
def test_a_missing_cut_or_empty_file_is_found(bundle: Bundle, name: str) -> None:
    data = (bundle.path / name).read_bytes()
    for cut in (data[: len(data) // 2], b""):
        (bundle.path / name).write_bytes(cut)
        assert set(verified(bundle.path)) & {"manifest", "hashes"}
    (bundle.path / name).unlink()
    assert set(verified(bundle.path)) & {"manifest", "hashes"}


def test_what_the_manifest_does_not_list_is_found(bundle: Bundle) -> None:
    (bundle.path / "notes.txt").write_text("hello")
    assert list(verified(bundle.path)) == ["nothing else", "recomputed"]


def test_a_detached_publication_is_allowed_when_it_speaks_of_this_bundle(bundle: Bundle) -> None:
    word = {"manifest_sha256": bundle.manifest_sha256}
    (bundle.path / PUBLICATION).write_bytes(canonical_json(word))
    assert verified(bundle.path) == {}
    (bundle.path / PUBLICATION).write_bytes(canonical_json({"manifest_sha256": "0" * 64}))
    assert "another bundle" in verified(bundle.path)["nothing else"]
    for data in (b"[" * 100_000, b"[]", b"{}", b"\xff"):
        (bundle.path / PUBLICATION).write_bytes(data)
        assert "nothing else" in verified(bundle.path)


def test_the_manifest_is_written_one_way_only(bundle: Bundle) -> None:
    words = json.loads((bundle.path / MANIFEST).read_bytes())
    for data in (
        json.dumps(words).encode(),
        canonical_json(words)[:-2] + b', "total": 387}\n',
        canonical_json(words) + b" ",
    ):
        (bundle.path / MANIFEST).write_bytes(data)
        assert list(verified(bundle.path)) == ["manifest"]


def planned(words: dict[str, Any], **changes: object) -> dict[str, object]:
    """Another plan, with the hash that it has."""
    plan = {**words["plan"], **changes}
    return {"plan": plan, "plan_sha256": plan_sha256(parse_manifest(canonical_json({**words, "plan": plan})).plan)}


MANIFEST_CHANGES: dict[str, tuple[Callable[[dict[str, Any]], dict[str, object]], str, str]] = {
    "another hash of the plan": (lambda _: {"plan_sha256": "0" * 64}, "manifest", "does not have the hash"),
    "another codebook of the plan": (
        lambda words: planned(words, codebook={**words["plan"]["codebook"], "sha256": "0" * 64}),
        "manifest",
        "made for another codebook",
    ),
    "another epsilon of the plan": (lambda words: planned(words, epsilon="1"), "manifest", "not the planned one"),
    "another unit of the plan": (
        lambda words: planned(words, unit={**words["plan"]["unit"], "max_records": 9, "person_key": "k"}),
        "manifest",
        "not the planned one",
    ),
    "rules that were planned": (lambda _: {"structural": False}, "manifest", "differ on the structural rules"),
    "another least count than planned": (
        lambda words: planned(words, tau=words["tau"] + 1),
        "manifest",
        "not the planned one",
    ),
    "another least count": (lambda words: {"tau": words["tau"] + 1}, "counts", "not what the records say"),
    "another length": (lambda words: planned(words, length=2), "sizes", "larger than such a file can be"),
    "another total": (lambda words: {"total": words["total"] - 1}, "sizes", "rows and should have"),
    "another release": (lambda _: {"release_id": "another"}, "measurements", "reservation"),
    "another reservation": (
        lambda words: {"ledger": {**words["ledger"], "reserve_head": "0" * 64}},
        "measurements",
        "reservation",
    ),
    "another codebook": (
        lambda words: {"codebook": {**words["codebook"], "version": "3"}},
        "codebook",
        "not the codebook that the manifest names",
    ),
}


@pytest.mark.parametrize(("change", "name", "message"), MANIFEST_CHANGES.values(), ids=MANIFEST_CHANGES)
def test_each_figure_of_a_manifest_is_held_against_the_others_though_all_texts_and_hashes_fit(
    bundle: Bundle, change: Callable[[dict[str, Any]], dict[str, object]], name: str, message: str
) -> None:
    """By the check that says what is wrong: none of them rests on a text that was not made to fit."""
    words = json.loads((bundle.path / MANIFEST).read_bytes())
    forge(bundle, {}, change(words))
    assert message in verified(bundle.path)[name]


def test_a_list_of_files_that_is_short_long_or_doubled_is_found(bundle: Bundle) -> None:
    files = json.loads((bundle.path / MANIFEST).read_bytes())["files"]
    extra = {"path": "extra.csv", "bytes": 0, "sha256": "0" * 64}
    for listed in (files[1:], [*files, extra], [*files, files[0]], []):
        reseal(bundle.path, {}, {"files": listed})
        assert "files" in verified(bundle.path)


def both(name: str, frame: pl.DataFrame) -> dict[str, bytes]:
    """The CSV and the Parquet file of one table."""
    return {f"{name}.csv": formats.to_csv(frame), f"{name}.parquet": formats.to_parquet(frame)}


def counts_files(bundle: Bundle, frame: pl.DataFrame) -> dict[str, bytes]:
    """The CSV and the Parquet file of the counts: of what is stated the CSV has the shares as well, as they were."""
    shares = shares_of(bundle).select("variables", "values", *formats.SHARES)
    stated = frame.filter(pl.col("status") == "released")
    stated = stated.join(shares.unique(), on=["variables", "values"], how="left", maintain_order="left")
    return {COUNTS_CSV: formats.to_csv(stated), COUNTS_PARQUET: formats.to_parquet(frame)}


def shares_of(bundle: Bundle) -> pl.DataFrame:
    """The counts that are stated, with their shares."""
    return formats.from_csv((bundle.path / COUNTS_CSV).read_bytes(), formats.STATED, name=COUNTS_CSV)


def row(place: int, **values: object) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Set values in one row."""
    return lambda frame: (
        frame.with_row_index()
        .with_columns(
            pl.when(pl.col("index") == place)
            .then(pl.lit(value, frame.schema[name]))
            .otherwise(pl.col(name))
            .alias(name)
            for name, value in values.items()
        )
        .drop("index")
    )


COUNT_CHANGES: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "a count one higher": row(2, count=10_000),
    "a count withheld that should be stated": row(0, count=None, status="withheld"),
    "a combination left out": lambda frame: frame[:-1],
    "a combination added": lambda frame: pl.concat([frame, frame[-1:]]),
    "two combinations swapped": lambda frame: pl.concat([frame[1:2], frame[:1], frame[2:]]),
    "an unknown status": row(0, status="maybe"),
    "a combination that no record has": row(-1 % 248, values="clear|1|N"),
    "an interval upside down": row(0, low=50, high=40),
    "a negative interval": row(0, low=-5),
    "no interval": row(0, low=None),
    "a negative sd": row(0, sd=-1.0),
    "an infinite sd": row(0, sd=float("inf")),
}


@pytest.mark.parametrize("change", COUNT_CHANGES.values(), ids=COUNT_CHANGES)
def test_forged_counts_are_found_though_all_hashes_fit(
    bundle: Bundle, change: Callable[[pl.DataFrame], pl.DataFrame]
) -> None:
    forge(bundle, counts_files(bundle, change(bundle.counts)))
    failed = verified(bundle.path)
    others = {"texts", "pages", "tables"}  # counts that the records do not call for are read no further
    assert set(failed) - others == {"counts", "recomputed"}


def test_a_count_above_its_parts_is_found(bundle: Bundle) -> None:
    """Rain and grey sky together cannot be more than rain."""
    longer = bundle.counts.with_row_index().filter(pl.col("length") == 2).row(0, named=True)["index"]
    forge(bundle, counts_files(bundle, row(longer, count=400, status="released")(bundle.counts)))
    assert "1 rows of the counts are not what the records say" in verified(bundle.path)["counts"]


def test_a_forged_interval_is_found_by_computing_it_again(bundle: Bundle) -> None:
    forge(bundle, counts_files(bundle, row(0, low=0, high=400)(bundle.counts)))
    assert list(verified(bundle.path)) == ["recomputed"]


def test_forged_records_are_found_by_the_counts(bundle: Bundle) -> None:
    forge(bundle, both("synthetic", row(3, sky="mixed", heat="10+")(bundle.records)))
    assert list(verified(bundle.path)) == ["texts", "tables", "counts", "recomputed"]


def test_records_and_counts_forged_together_are_found_by_computing_them_again(bundle: Bundle, tmp_path: Path) -> None:
    made = contents()
    codes = made.records.codes.copy()
    codes[:, 3] = np.roll(codes[:, 3], 1)
    records = replace(made.records, fitted=codes)
    forged = sealed(tmp_path / "forged", recounted(made, records))
    assert list(verified(forged.path)) == ["recomputed"]


def test_a_record_more_or_less_or_undeclared_is_found(bundle: Bundle) -> None:
    for frame in (bundle.records[1:], pl.concat([bundle.records, bundle.records[:1]]), row(0, sky="x")(bundle.records)):
        forge(bundle, both("synthetic", frame))
        assert {"tables", "records", "counts", "recomputed"} <= set(verified(bundle.path))


def test_records_that_break_a_structural_rule_are_found_unless_it_was_not_enforced(tmp_path: Path) -> None:
    for structural in (True, False):
        made = contents(structural=structural)
        codes = made.records.codes.copy()
        codes[0] = (1, 1, 0, 0)
        records = replace(made.records, fitted=codes)
        made = recounted(made, records)
        failed = verified(sealed(tmp_path / str(structural), made).path, made)
        assert list(failed) == (["records", "recomputed"] if structural else [])
        assert structural is ("clear skies are dry" in failed.get("records", ""))


def test_csv_and_parquet_that_differ_are_found(bundle: Bundle) -> None:
    forge(bundle, {RECORDS_CSV: formats.to_csv(bundle.records[::-1])})
    assert list(verified(bundle.path)) == ["tables", "recomputed"]


SHARE_CHANGES: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "another number to be a share of": row(7, out_of=9_999),
    "another share": row(7, share=0.7),
    "no share where there is one": row(7, share=None),
    "shares of other rows": lambda frame: frame.with_columns(pl.col(*formats.SHARES).reverse()),
    "ends upside down": row(7, share_low=0.9, share_high=0.1),
    "an end beyond all": row(7, share_high=1.01),
    "an end that is no number": row(7, share_low=float("nan")),
    "no ends": row(7, share_low=None, share_high=None),
}


@pytest.mark.parametrize("change", SHARE_CHANGES.values(), ids=SHARE_CHANGES)
def test_forged_shares_are_found_though_all_hashes_fit(
    bundle: Bundle, change: Callable[[pl.DataFrame], pl.DataFrame]
) -> None:
    forge(bundle, {COUNTS_CSV: formats.to_csv(change(shares_of(bundle)))})
    assert list(verified(bundle.path)) == ["counts", "recomputed"]


def test_a_forged_interval_of_a_share_is_found_by_computing_it_again(bundle: Bundle) -> None:
    wide = row(7, share_low=0.0, share_high=1.0)(shares_of(bundle))
    forge(bundle, {COUNTS_CSV: formats.to_csv(wide)})
    assert list(verified(bundle.path)) == ["recomputed"]
    assert "another interval or sd" in verified(bundle.path, python="3.12.0")["recomputed"]


@pytest.mark.parametrize("left", ["withheld rows as well", "rows turned about"])
def test_counts_in_csv_that_are_not_those_stated_in_parquet_are_found(bundle: Bundle, left: str) -> None:
    there = shares_of(bundle)
    withheld = bundle.counts.filter(pl.col("status") == "withheld")
    changed = pl.concat([there, withheld], how="diagonal") if left == "withheld rows as well" else there[::-1]
    forge(bundle, {COUNTS_CSV: formats.to_csv(changed)})
    assert list(verified(bundle.path)) == ["tables", "counts", "recomputed"]


@pytest.mark.parametrize("change", [{"resources": []}, {"resources": None}, {}])
def test_a_data_package_of_another_shape_is_found(bundle: Bundle, change: dict[str, object]) -> None:
    package = {**json.loads((bundle.path / PACKAGE).read_bytes()), **change} if change else []
    reseal(bundle.path, {PACKAGE: canonical_json(package)})
    assert list(verified(bundle.path)) == ["data package", "recomputed"]


@pytest.mark.parametrize("part", ["bytes", "hash", "enum", "name"])
def test_a_data_package_that_describes_something_else_is_found(bundle: Bundle, part: str) -> None:
    package = json.loads((bundle.path / PACKAGE).read_bytes())
    resource = next(each for each in package["resources"] if each["path"] == RECORDS_CSV)
    if part == "enum":
        resource["schema"]["fields"][0]["constraints"]["enum"].append("dim")
    elif part == "name":
        resource["schema"]["fields"][0]["name"] = "sea"
    else:
        resource[part] = 1 if part == "bytes" else "sha256:" + "0" * 64
    reseal(bundle.path, {PACKAGE: canonical_json(package)})
    assert list(verified(bundle.path)) == ["data package", "recomputed"]


def test_another_codebook_is_found(bundle: Bundle) -> None:
    data = bundle.data(CODEBOOK).replace(b"Sky", b"Sea")
    reseal(bundle.path, {CODEBOOK: data})
    assert "codebook" in verified(bundle.path)


def remeasure(bundle: Bundle, change: Callable[[Measurement], Measurement]) -> None:
    changed = Answers(tuple(change(each) for each in bundle.measurements()), None)
    forge(bundle, {MEASUREMENTS: measurement_file.encode(changed, bundle.codebook.domain)})


def receipt(**changes: object) -> Callable[[Measurement], Measurement]:
    return lambda each: replace(each, receipt=replace(each.receipt, **changes))  # type: ignore[arg-type]  # the field is a parameter


MEASUREMENT_CHANGES: dict[str, tuple[Callable[[Measurement], Measurement], str]] = {
    "another ledger": (receipt(ledger_id="f" * 32), "reservation"),
    "another reservation": (receipt(head="c" * 64), "reservation"),
    "another release": (receipt(release_id="other"), "reservation"),
    "an unsealable receipt": (receipt(sealable=False), "reservation"),
    "another sensitivity": (receipt(sensitivity=2), "number of records"),
    "another mechanism": (receipt(mechanism="discrete-gaussian"), "mechanism"),
    "one number for all": (receipt(number=1), "numbered"),
    "more cost than reserved": (receipt(rho=Fraction(1)), "cost more"),
    "less noise than paid for": (receipt(sigma=Fraction(1)), "less noise"),
    "no noise": (receipt(sigma=Fraction(0)), "less noise"),
    "another sd than the noise's": (lambda each: replace(each, sd=each.sd * 1.1), "another sd"),
    "an infinite sd": (lambda each: replace(each, sd=float("inf")), "another sd"),
    "an answer beyond all bounds": (
        lambda each: replace(each, answer=np.full_like(each.answer, np.iinfo(np.int64).min)),
        "beyond all bounds",
    ),
}


@pytest.mark.parametrize(("change", "words"), MEASUREMENT_CHANGES.values(), ids=MEASUREMENT_CHANGES)
def test_measurements_that_were_not_paid_for_are_found(
    bundle: Bundle, change: Callable[[Measurement], Measurement], words: str
) -> None:
    remeasure(bundle, change)
    failed = verified(bundle.path)
    assert words in failed["measurements"]
    assert set(failed) - {"noise", "texts"} == {"measurements", "recomputed"}, (
        "a page on infinite noise cannot be written"
    )


def test_a_table_that_was_not_measured_is_found(bundle: Bundle) -> None:
    kept = Answers(
        tuple(
            replace(each, receipt=replace(each.receipt, number=place))
            for place, each in enumerate(bundle.measurements()[1:], 1)
        ),
        None,
    )
    forge(bundle, {MEASUREMENTS: measurement_file.encode(kept, bundle.codebook.domain)})
    assert "missing" in verified(bundle.path)["measurements"]


@pytest.mark.parametrize(("length", "why"), [(3, "measured twice"), (2, "was not planned")])
def test_a_table_more_than_was_planned_is_found(tmp_path: Path, length: int, why: str) -> None:
    """The same one again, which would show twice as much of it; or one that the plan does not measure.

    The file is larger than it can be, and where that could be hidden, the tables themselves tell.
    """
    longest = contents().answers.measurements[-1]
    bundle = sealed(tmp_path, contents(length=length))
    answers = bundle.answers()
    more = replace(longest, receipt=replace(longest.receipt, number=len(answers.measurements) + 1))
    changed = Answers((*answers.measurements, more), None)
    forge(bundle, {MEASUREMENTS: measurement_file.encode(changed, bundle.codebook.domain)})
    assert "larger than such a file can be" in verified(bundle.path)["sizes"]
    examined = Examined(bundle.path)
    vars(examined)["answers"] = changed
    with pytest.raises(BundleError, match=why):
        examined.check_measurements()


def test_exactly_the_reserved_cost_passes(tmp_path: Path) -> None:
    """The control for the refusals above: costs that add up to the reservation, to the last fraction."""
    assert sum(each.receipt.rho for each in contents().answers.measurements) == Fraction(NANO_RHO, 10**9)


def noisier(made: Receipt) -> Receipt:
    return replace(made, sigma=made.sigma * Fraction(11, 10))


def test_more_noise_than_was_paid_for_is_allowed(tmp_path: Path) -> None:
    made = with_receipts(contents(), noisier)
    measurements = tuple(
        replace(each, sd=RoundedGaussian().sd(each.receipt.sigma)) for each in made.answers.measurements
    )
    made = replace(made, answers=Answers(measurements, None))
    assert verified(sealed(tmp_path, made).path, made) == {}


def test_elsewhere_a_fit_within_one_percent_is_not_checked_and_another_fails(tmp_path: Path) -> None:
    """Whoever forges a bundle also writes what its environment was, so that word excuses nothing."""
    made = contents()
    bundle = sealed(tmp_path, made)
    swapped = made.records.codes.copy()
    swapped[[0, 1]] = swapped[[1, 0]]
    shuffled = made.records.codes.copy()
    for place in range(4):
        shuffled[:, place] = np.random.default_rng(place).permutation(shuffled[:, place])
    other_order = replace(made, records=SyntheticRecords(made.codebook.domain, swapped, made.records.receipts))
    other_fit = replace(made, records=SyntheticRecords(made.codebook.domain, shuffled, made.records.receipts))
    fewer = replace(made, records=SyntheticRecords(made.codebook.domain, swapped[1:], made.records.receipts))
    assert list(verified(bundle.path, other_order)) == ["recomputed"], "in the same environment"
    assert outcomes(bundle.path, other_order, python="3.12.0")["recomputed"] is Outcome.NOT_CHECKED
    assert "machine test, python 3.11.0" in verified(bundle.path, other_order, python="3.12.0")["recomputed"]
    assert verified(bundle.path, python="3.12.0") == {}, "the very records are the very records anywhere"
    assert outcomes(bundle.path, other_fit, python="3.12.0")["recomputed"] is Outcome.FAILED
    assert "more than 1%" in verified(bundle.path, other_fit, python="3.12.0")["recomputed"]
    assert "another number" in verified(bundle.path, fewer, python="3.12.0")["recomputed"]


def test_a_recomputation_that_fails_is_a_failed_check(bundle: Bundle) -> None:
    def refuses(*_: object) -> tuple[SyntheticRecords, object]:
        raise UsageError("FG-OP-099", "made by another engine")

    def breaks(*_: object) -> tuple[SyntheticRecords, object]:
        raise ZeroDivisionError("secret")

    for recompute, words in ((refuses, "made by another engine"), (breaks, "ZeroDivisionError")):
        report = verify(bundle.path, recompute=recompute, environment=ENVIRONMENT)  # type: ignore[arg-type]  # it never returns
        assert [each.name for each in report.checks if not each.ok] == ["recomputed"]
        assert words in report.checks[-1].message
        assert "secret" not in report.text()


def test_links_folders_pipes_and_sockets_are_not_followed(bundle: Bundle, tmp_path: Path) -> None:
    path = bundle.path / COUNTS_CSV
    original = tmp_path / "outside.csv"
    path.rename(original)
    path.symlink_to(original)
    assert "must be a plain file" in verified(bundle.path)["hashes"]
    path.unlink()
    path.mkdir()
    assert "hashes" in verified(bundle.path)
    path.rmdir()
    os.mkfifo(path)
    assert "must be a plain file" in verified(bundle.path)["hashes"]
    path.unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert "hashes" in verified(bundle.path)


def test_a_manifest_that_is_a_link_or_no_manifest_is_one_failed_check(bundle: Bundle, tmp_path: Path) -> None:
    path = bundle.path / MANIFEST
    for data in (b"", b"{}", b"[" * 500_000, b"\x00" * 100, b"null"):
        path.write_bytes(data)
        assert list(verified(bundle.path)) == ["manifest"]
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    assert list(verified(bundle.path)) == ["manifest"]
    assert list(verified(tmp_path / "nowhere")) == ["manifest"]


def test_a_huge_file_is_refused_before_it_is_read(bundle: Bundle) -> None:
    for name in (COUNTS_PARQUET, CODEBOOK):
        with (bundle.path / name).open("r+b") as file:
            file.truncate(2**40)
    with (bundle.path / MANIFEST).open("r+b") as file:
        words = json.loads(file.read())
    failed = verified(bundle.path)
    assert "larger" in failed["hashes"]
    for entry in words["files"]:
        entry["bytes"] = 2**50
    (bundle.path / MANIFEST).write_bytes(canonical_json(words))
    failed = verified(bundle.path)
    assert {"codebook", "counts"} <= set(failed)


def test_a_deep_or_wide_codebook_is_a_failed_check(bundle: Bundle) -> None:
    for data in (b"[" * 300_000, b"{}", b'{"codebook": 1}', b"\xff"):
        words = json.loads((bundle.path / MANIFEST).read_bytes())
        reseal(bundle.path, {CODEBOOK: data}, {"codebook": {**words["codebook"], "sha256": sha256(data)}})
        assert verified(bundle.path)


@pytest.mark.parametrize("name", [COUNTS_PARQUET, RECORDS_PARQUET, MEASUREMENTS])
def test_a_damaged_parquet_file_with_fitting_hashes_is_a_failed_check(bundle: Bundle, name: str) -> None:
    whole = (bundle.path / name).read_bytes()
    generator = np.random.default_rng(3)
    for _ in range(12):
        data = bytearray(whole)
        for place in generator.integers(0, len(data), 3):
            data[place] = generator.integers(0, 256)
        forge(bundle, {name: bytes(data)})
        report = verify(bundle.path, recompute=Recompute(contents()), environment=ENVIRONMENT)
        assert all("Traceback" not in each.message for each in report.checks)


def test_a_text_that_says_something_else_is_found(bundle: Bundle) -> None:
    said = {name: bundle.data(name) for name in (STATEMENT, PAGE)}
    for name, before, after in (
        (STATEMENT, b"with epsilon 4 and", b"with epsilon 0.01 and"),
        (STATEMENT, b"| 2 | 8.77 |", b"| 2 | 4.10 |"),
        (PAGE, b"</main>", b"<p>Exact counts.</p></main>"),
    ):
        assert before in said[name]
        forge(bundle, {**said, name: said[name].replace(before, after)})
        failed = verified(bundle.path)
        assert name in failed["texts"]
        assert list(failed) == ["texts", "recomputed"]


def test_a_data_package_with_another_description_is_found(bundle: Bundle) -> None:
    package = json.loads(bundle.data(PACKAGE))
    reseal(bundle.path, {PACKAGE: canonical_json({**package, "description": "Exact counts."})})
    assert list(verified(bundle.path)) == ["data package", "recomputed"]


OLDER = {"software": {"name": "frostglass", "version": "0.0.9"}}


def test_of_another_version_the_statement_and_the_figures_are_made_again(bundle: Bundle) -> None:
    """Their words belong to the format: a sentence more is a promise that nobody made."""
    forge(bundle, {}, OLDER)
    assert verified(bundle.path) == {}
    statement, figures = bundle.path / STATEMENT, bundle.path / ACCURACY
    for name, changed in (
        (STATEMENT, statement.read_bytes() + b"\nA hundred people together are protected at epsilon 0.01.\n"),
        (STATEMENT, statement.read_bytes().replace(b"epsilon 4 and", b"epsilon 0.01 and")),
        (ACCURACY, canonical_json({**json.loads(figures.read_bytes()), "people": 100})),
        (ACCURACY, b'{"people": 100}'),
    ):
        forge(bundle, {name: changed}, OLDER)
        failed = verified(bundle.path)
        assert list(failed) == ["texts", "recomputed"]
        assert name in failed["texts"]
        forge(bundle, {}, OLDER)


def test_of_another_version_other_words_of_a_page_are_not_checked_and_that_is_said(bundle: Bundle) -> None:
    forge(bundle, {}, OLDER)
    for name in PAGES:
        page = (bundle.path / name).read_bytes()
        forge(bundle, {name: page.replace(b"</main>", b"<p>All counts are exact.</p></main>")}, OLDER)
        report = verify(bundle.path, recompute=Recompute(contents()), environment=ENVIRONMENT)
        assert [each.name for each in report.not_checked] == ["texts"]
        assert f"every word of {name} is for frostglass 0.0.9 to check" in report.text()
        assert not report.ok
        assert not report.failed
        assert report.exit_code == 3
        assert "15 of 16 checks passed; not checked: texts." in report.text()
        assert "All" not in report.verdict
        assert INCOMPLETE in report.note
        forge(bundle, {name: page}, OLDER)
    package = json.loads((bundle.path / PACKAGE).read_bytes())
    reseal(bundle.path, {PACKAGE: canonical_json({**package, "description": "Exact counts."})}, OLDER)
    assert outcomes(bundle.path)["data package"] is Outcome.NOT_CHECKED


ACTS = {
    "a script": b"<script>document.title='ran'</script>",
    "a script in capitals": b"<SCRIPT>1</SCRIPT>",
    "a handler": b'<p onclick="f()">x</p>',
    "a handler behind a slash": b'<p/onclick="f()">x</p>',
    "a handler without quotes": b"<p onclick=f()>x</p>",
    "an address that runs": b'<a href="javascript:f()">x</a>',
    "an address that runs, in entities": b'<a href="java&#115;cript:f()">x</a>',
    "an address elsewhere": b'<a href="https://example.org/">x</a>',
    "an address beside": b'<a href="other.html">x</a>',
    "an image": b'<img src="https://example.org/x.png">',
    "an image that fails": b"<img src=x onerror=f()>",
    "a frame": b'<iframe srcdoc="x"></iframe>',
    "an object": b'<object data="x"></object>',
    "a plug-in": b'<embed src="x">',
    "a drawing with a script": b"<svg><script>1</script></svg>",
    "a formula": b"<math><mtext></mtext></math>",
    "a form": b'<form action="https://example.org/"><p>x</p></form>',
    "another base": b'<base href="https://example.org/">',
    "a link to a look": b'<link rel="stylesheet" href="x.css">',
    "another look": b"<style>@import 'x.css';</style>",
    "a refresh": b'<meta http-equiv="refresh" content="0;url=https://example.org/">',
    "a look from elsewhere": b'<p style="background:url(https://example.org/x)">x</p>',
    "a comment": b"<!-- --!><script>1</script> -->",
    "a template": b"<template><p>x</p></template>",
    "an instruction": b"<?xml-stylesheet href='x'?>",
    "an open mark": b"<p",
}


@pytest.mark.parametrize("version", ["0.0.9", "9.9.9", __version__])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_any_version_that_acts_is_found(bundle: Bundle, version: str, name: str) -> None:
    changed = bundle.data(name).replace(b"</main>", ACTS["a script"] + b"</main>", 1)
    forge(bundle, {name: changed}, {"software": {"name": "frostglass", "version": version}})
    assert outcomes(bundle.path)["pages"] is Outcome.FAILED
    assert "do not open it" in verified(bundle.path)["pages"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("addition", ACTS.values(), ids=ACTS)
def test_nothing_that_acts_may_stand_in_a_page(pristine: Bundle, name: str, addition: bytes) -> None:
    page = pristine.data(name)
    require_inert(page, name=name)
    with pytest.raises(BundleError, match="FG-BN-071"):
        require_inert(page.replace(b"</main>", addition + b"</main>", 1), name=name)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<head>", b"<head><script>1</script>"),
        (b"default-src 'none'", b"default-src *"),
        (b'<meta http-equiv="Content-Security-Policy"', b'<meta name="policy"'),
        (b"<style>", b"<style>@import 'x.css';"),
        (b"<style>", b"<style>p{background:u\\72l(x)}"),
        (b"<style>", b"<style>p{background:URL (x)}"),
        (b"</style>", b"</style><style>p{color:red}</style>"),
        (b"<!doctype html>", b"<!doctype html><script>1</script>"),
        (b"<!doctype html>", b"\xff\xfe"),
        (b"<title>", b"<title></title><title>"),
    ],
)
def test_a_page_has_the_one_head_that_forbids_all(pristine: Bundle, before: bytes, after: bytes) -> None:
    for name in PAGES:
        page = pristine.data(name)
        assert before in page
        with pytest.raises(BundleError, match="FG-BN-071"):
            require_inert(page.replace(before, after, 1), name=name)


def test_what_a_file_manager_left_is_named_and_the_seal_still_holds(bundle: Bundle) -> None:
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._statement.md"):
        (bundle.path / name).write_bytes(b"left by the system")
    report = verify(bundle.path, recompute=Recompute(contents()), environment=ENVIRONMENT)
    assert [each.name for each in report.not_checked] == ["nothing else"]
    assert not report.failed
    assert "the sealed files are one thing; something else lies here" in report.text()
    assert all(name in report.text() for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._statement.md"))


def test_what_only_bears_the_name_of_litter_is_not_passed_over(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "exact.csv").write_text("1")
    (bundle.path / ".DS_Store").symlink_to(tmp_path / "exact.csv")
    assert outcomes(bundle.path)["nothing else"] is Outcome.FAILED
    (bundle.path / ".DS_Store").unlink()
    (bundle.path / "Thumbs.db").mkdir()
    assert outcomes(bundle.path)["nothing else"] is Outcome.FAILED


def test_a_bundle_of_another_engine_is_not_checked_rather_than_passed(bundle: Bundle) -> None:
    def other(*_: object) -> tuple[SyntheticRecords, object]:
        raise UsageError("FG-BN-060", "made by another engine")

    report = verify(bundle.path, recompute=other, environment=ENVIRONMENT)  # type: ignore[arg-type]  # it never returns
    assert [(each.name, each.message) for each in report.not_checked] == [("recomputed", "made by another engine")]
    assert report.exit_code == 3


def test_the_report_counts_and_names_each_outcome() -> None:
    checks = [Check("a", Outcome.OK, ""), Check("b", Outcome.NOT_CHECKED, "x"), Check("c", Outcome.FAILED, "y")]
    report = VerifyReport(tuple(checks), None)
    assert report.verdict == "1 of 3 checks passed; failed: c; not checked: b."
    words = json.loads(json.dumps(report.as_json()))
    assert (words["ok"], words["outcome"], words["failed"], words["not_checked"]) == (False, "failed", ["c"], ["b"])
    assert [each["outcome"] for each in words["checks"]] == ["ok", "not checked", "failed"]
    assert (report.exit_code, VerifyReport(tuple(checks[:2]), None).exit_code) == (1, 3)
    assert VerifyReport(tuple(checks[:1]), None).exit_code == 0


def test_a_report_with_a_check_that_was_not_made_is_not_ok_and_never_says_that_all_passed() -> None:
    """In no form of it: to Python, as JSON, to a shell, in words."""
    checks = (Check("a", Outcome.OK, ""), Check("b", Outcome.NOT_CHECKED, "x"))
    report = VerifyReport(checks, None)
    assert not report.ok
    assert (report.outcome, report.failed) == (Outcome.NOT_CHECKED, ())
    assert (report.as_json()["ok"], report.as_json()["outcome"]) == (False, "not checked")
    assert report.exit_code not in (0, 1)
    assert report.verdict == "1 of 2 checks passed; not checked: b."
    assert "All" not in report.text()
    assert report.note.startswith(INCOMPLETE)
    assert VerifyReport(checks[:1], None).verdict == "All 1 checks passed."


def scope_words(bundle: Bundle, **changes: object) -> dict[str, object]:
    return {"scope": {**json.loads((bundle.path / MANIFEST).read_bytes())["scope"], **changes}}


SCOPE_CHANGES: dict[str, tuple[dict[str, object], str]] = {
    "nothing spent": ({"spent": 1}, "no room"),
    "nothing allowed": ({"allowance": 1}, "no room"),
    "no release": ({"releases": 0}, "no room"),
    "a plain epsilon below this release's": ({"plain_epsilon": "3.99"}, "plain sums"),
    "a plain delta below this release's": ({"plain_delta": "9e-7"}, "plain sums"),
    "no reason for an epsilon above 5": ({"reason": " "}, "reason"),
    "no reason for a delta above the population's": (
        {"reason": "", "epsilon": "5", "population": 200_000},
        "reason",
    ),
    "another delta": ({"delta": "1e-7"}, "another delta"),
    "another accountant": ({"accountant": "zcdp"}, "another delta or accountant"),
}


@pytest.mark.parametrize(("changes", "words"), SCOPE_CHANGES.values(), ids=SCOPE_CHANGES)
def test_a_scope_that_cannot_have_paid_for_this_release_is_found(
    bundle: Bundle, changes: dict[str, object], words: str
) -> None:
    forge(bundle, {}, scope_words(bundle, **changes))
    failed = verified(bundle.path)
    assert list(failed) == ["manifest"]
    assert words in failed["manifest"]


@pytest.mark.parametrize("population", [None, 100_000])
def test_a_strong_promise_needs_no_reason(bundle: Bundle, population: int | None) -> None:
    forge(bundle, {}, scope_words(bundle, reason="", epsilon="5", population=population))
    assert verified(bundle.path) == {}


def test_a_scope_spent_beyond_its_allowance_is_noted(bundle: Bundle) -> None:
    """A ledger that was reconciled answers for more than it ever allowed."""
    forge(bundle, {}, scope_words(bundle, spent=10 * NANO_RHO))
    report = verify(bundle.path, recompute=Recompute(contents()), environment=ENVIRONMENT)
    assert report.ok, report.text()
    assert "has spent more than it allows" in report.checks[0].message


def test_another_unit_than_the_codebook_s_is_found(bundle: Bundle) -> None:
    words = json.loads((bundle.path / MANIFEST).read_bytes())
    for part in ("plan", "guarantee"):
        words[part]["unit"]["name"] = "week"
    words["plan_sha256"] = plan_sha256(parse_manifest(canonical_json(words)).plan)
    forge(bundle, {}, words)
    failed = verified(bundle.path)
    assert list(failed) == ["codebook", "recomputed"]
    assert "another unit" in failed["codebook"]


def test_intervals_are_compared_in_every_environment(bundle: Bundle) -> None:
    counts = bundle.counts
    for forged in (
        counts.with_columns(low=pl.lit(0, pl.Int64), high=pl.col("high") * 2),
        counts.with_columns(sd=pl.lit(0.1)),
        counts.with_columns(sd=pl.lit(None, pl.Float64)),
    ):
        forge(bundle, counts_files(bundle, forged))
        failed = verified(bundle.path, python="3.12.0")
        assert list(failed) == ["recomputed"]
        assert "another interval or sd" in failed["recomputed"]
    forge(bundle, counts_files(bundle, counts.with_columns(pl.col("high") + 1, pl.col("sd") + 0.01)))
    assert outcomes(bundle.path, python="3.12.0")["recomputed"] is Outcome.NOT_CHECKED
    assert "recomputed" in verified(bundle.path)


@pytest.mark.parametrize("sigma", ["1/4", "1/3", "1/2", "7/10", "1", "3/2", "131071/65536", "2", "3", "200"])
def test_the_sd_of_whole_number_noise_is_the_samplers_own(sigma: str) -> None:
    exact = Fraction(sigma)
    discrete = DiscreteGaussian.__new__(DiscreteGaussian)  # its sd needs none of OpenDP
    assert noise_sd("rounded-gaussian", float(exact)) == pytest.approx(RoundedGaussian().sd(exact), rel=1e-12)
    assert noise_sd("discrete-gaussian", float(exact)) == pytest.approx(discrete.sd(exact), rel=1e-12)


def test_an_honest_bundle_with_very_little_noise_passes(tmp_path: Path) -> None:
    """Sigma is 0.32 there, and the sd 0.34 rather than 0.43."""
    made = contents(length=1, nano_rho=20 * 10**9)
    assert list(verified(sealed(tmp_path, made).path, made)) == ["noise"]


def wide(noise: float) -> Contents:
    """Ten variables of eight values at length 2, of which the noise is ``noise`` times what is stated."""
    head = '[codebook]\nid = "w"\nversion = "1"\ntitle = "W"\ndate = "2024-01-01"\nunit = "day"\n'
    variable = '[[variable]]\nname = "v{}"\nlabel = "V"\ntype = "nominal"\nrole = "public"\ncategories = {}\n'
    text = head + "".join(variable.format(each, json.dumps(list("1234567"))) for each in range(10))
    made = contents(codebooks.loads(text, source="wide"), length=2)
    domain, codes = made.codebook.domain, made.records.codes
    scaled = []
    for each in made.answers.measurements:
        exact = tally(codes, domain.axes(each.attributes), domain.shape(each.attributes))
        scaled.append(replace(each, answer=exact + np.rint(noise * (each.answer - exact)).astype(np.int64)))
    return replace(made, answers=Answers(tuple(scaled), None))


@pytest.mark.parametrize(
    ("noise", "words"), [(0, "better"), (0.5, "better"), (0.7, "better"), (1.5, "by more"), (1, "")]
)
def test_noise_of_another_size_than_stated_is_found(tmp_path: Path, noise: float, words: str) -> None:
    """Exact counts, too: tables that agree about what they share were never noisy."""
    made = wide(noise)
    failed = verified(sealed(tmp_path, made).path, made)
    assert list(failed) == (["noise", "recomputed"] if words else [])
    assert words in failed.get("noise", "")


def test_noise_is_not_checked_where_tables_share_too_little(tmp_path: Path) -> None:
    made = contents(length=1)
    path = sealed(tmp_path, made).path
    assert outcomes(path, made)["noise"] is Outcome.NOT_CHECKED
    assert "too little in common" in verified(path, made)["noise"]


def test_exact_counts_are_found_in_small_tables_too(tmp_path: Path) -> None:
    """Four variables leave their tables 165 directions to differ in: enough to tell noise from none."""
    made = contents()
    domain, codes = made.codebook.domain, made.records.codes
    exact = [
        replace(each, answer=tally(codes, domain.axes(each.attributes), domain.shape(each.attributes)))
        for each in made.answers.measurements
    ]
    bare = replace(made, answers=Answers(tuple(exact), None))
    assert "better" in verified(sealed(tmp_path / "bare", bare).path, bare)["noise"]
    assert "noise" not in verified(sealed(tmp_path / "noisy", made).path, made)


@pytest.mark.parametrize(("variables", "sd"), [(2, 30.0), (3, 2.0), (4, 10.0)])
def test_honest_noise_is_found_strange_no_more_often_than_stated(
    monkeypatch: pytest.MonkeyPatch, variables: int, sd: float
) -> None:
    """At one in a hundred, so that it can be counted; and noise twice as small or large is found where it can be."""
    monkeypatch.setattr(examination, "CHANCE", 0.01)
    domain = Domain(tuple(Attribute(f"v{each}", ("1", "2")) for each in range(variables)))
    sets = [each for length in (1, 2) for each in domain.sets_of_length(length)]
    generator = np.random.default_rng(11)
    given = contents().answers.measurements[0].receipt
    strange = 0
    for _ in range(1_000):
        noisy = [
            Measurement(
                each,
                np.rint(generator.normal(0, sd, domain.shape(each))).astype(np.int64),
                sd,
                replace(given, attributes=each),
            )
            for each in sets
        ]
        found = disagreement(domain, noisy)
        strange += is_strange(found.squares / found.free, found.free, sd)
    assert strange <= 20
    assert is_strange(4, 100, sd)
    assert is_strange(0.1, 100, max(sd, 10))


def entries() -> list[dict[str, object]]:
    """What a ledger exports, as far as it concerns the release."""
    common = {"scope": "sky-watchers", "release_id": "weather-2024-05-01-abc"}
    named = {"public_key": KEY.public}
    return [
        {"seq": 1, "kind": "genesis", "scope": "", "release_id": None, "body": named, "hash": "9" * 64},
        {"seq": 2, "kind": "reserve", **common, "body": {}, "hash": RESERVE_HEAD},
        {"seq": 3, "kind": "draw", **common, "body": {}, "hash": "8" * 64},
        {"seq": 4, "kind": "commit", **common, "body": {}, "hash": HEAD},
    ]


def test_a_ledger_that_sealed_this_manifest_confirms_the_bundle(pristine: Bundle) -> None:
    seal = {**entries()[3], "seq": 5, "kind": "seal", "body": {"manifest_sha256": pristine.manifest_sha256}}
    checks = against_ledger(pristine.manifest_sha256, pristine.manifest, [*entries(), seal])
    assert all(each.ok for each in checks)
    report = verify(pristine.path, recompute=Recompute(contents()), environment=ENVIRONMENT).plus(checks)
    assert report.ok
    assert len(report.checks) == 21
    assert report.text().endswith(CONFIRMED)


def test_a_ledger_that_withdrew_the_release_says_so(pristine: Bundle) -> None:
    seal = {**entries()[3], "seq": 5, "kind": "seal", "body": {"manifest_sha256": pristine.manifest_sha256}}
    checks = against_ledger(
        pristine.manifest_sha256, pristine.manifest, [*entries(), seal, {**seal, "kind": "withdraw"}]
    )
    assert [each.name for each in checks if not each.ok] == ["ledger: not withdrawn"]
    assert checks[-1].message == "entry 5 withdrew this release"


def test_a_consistent_forgery_is_found_against_the_ledger(pristine: Bundle) -> None:
    seal = {**entries()[3], "seq": 5, "kind": "seal", "body": {"manifest_sha256": "0" * 64}}
    checks = against_ledger(pristine.manifest_sha256, pristine.manifest, [*entries(), seal])
    report = verify(pristine.path, recompute=Recompute(contents()), environment=ENVIRONMENT).plus(checks)
    assert not report.ok
    assert report.text().endswith(UNUSABLE)
    assert [(each.name, each.ok) for each in checks] == [
        ("ledger: signed", True),
        ("ledger: reserved", True),
        ("ledger: committed", True),
        ("ledger: sealed", False),
    ]


@pytest.mark.parametrize("place", [1, 3])
def test_a_ledger_that_lacks_or_differs_in_an_entry_does_not_confirm(pristine: Bundle, place: int) -> None:
    for change in ({"hash": "0" * 64}, {"seq": 77}, {"release_id": "other"}, {"scope": "other"}, {"kind": "void"}):
        held = entries()
        held[place] = {**held[place], **change}
        assert not all(each.ok for each in against_ledger(pristine.manifest_sha256, pristine.manifest, held)[:3])
    assert not any(each.ok for each in against_ledger(pristine.manifest_sha256, pristine.manifest, []))
    assert not any(each.ok for each in against_ledger(pristine.manifest_sha256, pristine.manifest, [{"body": None}]))
