"""Seal: write every file, hash it, write the manifest last. A bundle is there whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from frostglass.bundle.contents import Contents
from frostglass.bundle.format import measurement_file
from frostglass.bundle.format.datapackage import data_package
from frostglass.bundle.format.files import NewFolder, refuse_existing, write_folder
from frostglass.bundle.format.formats import (
    counts_frame,
    in_parts,
    record_parts,
    stated_frame,
    write_csv,
    write_parquet,
)
from frostglass.bundle.format.manifest import (
    ACCURACY,
    ACCURACY_PAGE,
    CODEBOOK,
    COUNTS_CSV,
    COUNTS_PARQUET,
    FORMAT,
    MANIFEST,
    MEASUREMENTS,
    PACKAGE,
    PAGE,
    RECORDS_CSV,
    RECORDS_PARQUET,
    SEALED,
    STATEMENT,
    CodebookName,
    LedgerPlace,
    Manifest,
    SealedFile,
    Software,
    canonical_json,
    plan_words,
    promise,
    scope_figures,
)
from frostglass.bundle.format.signature import SIGNATURE
from frostglass.bundle.pages.accuracy import accuracy
from frostglass.bundle.pages.accuracy_page import accuracy_html
from frostglass.bundle.pages.codebook import codebook_html
from frostglass.bundle.pages.statement import statement
from frostglass.bundle.read import Bundle
from frostglass.errors import BundleError
from frostglass.signed import is_signed
from frostglass.terms.budget import NANO
from frostglass.version import __version__

Sign = Callable[[bytes], bytes]
"""Signs a message with the key that the contents name."""


def seal(contents: Contents, out: Path, *, sign: Sign) -> Bundle:
    """Write ``contents`` as a sealed and signed bundle to ``out`` and open it.

    Raises BundleError FG-BN-001 when ``out`` exists, FG-BN-003 when the contents may not be sealed, FG-BN-004 to
    FG-BN-007 when they do not belong together or were not all paid for, FG-BN-009 when another key signs.
    """
    refuse_existing(out)
    check(contents)
    write_folder(out, lambda folder: fill(folder, contents, sign), on=contents.on)
    return Bundle.open(out)


def fill(folder: NewFolder, contents: Contents, sign: Sign) -> None:
    """Write every file of the bundle; BundleError FG-BN-009 when another key signs."""
    manifest = render(contents, folder)
    signature = sign(manifest)
    if not is_signed(manifest, signature, contents.public_key):
        raise BundleError("FG-BN-009", "the signature is not by the key that the contents name")
    folder.write(SIGNATURE, signature)


def check(contents: Contents) -> None:
    """Refuse contents that may not leave: unsealable, unpaid, or not of one release."""
    contents.codebook.ready_for_release()
    check_parts(contents)
    _check_receipts(contents)


def check_parts(contents: Contents) -> None:
    """Refuse contents of which the parts were not made for one another. BundleError FG-BN-004 to FG-BN-006."""
    plan, codebook, counts, records = contents.plan, contents.codebook, contents.counts, contents.records
    if plan.codebook_sha256 != codebook.sha256 or not counts.domain == records.domain == codebook.domain:
        raise BundleError("FG-BN-004", "the plan, the counts and the records were not made with this codebook")
    if (counts.length, contents.guarantee.epsilon, contents.guarantee.unit) != (plan.length, plan.epsilon, plan.unit):
        raise BundleError("FG-BN-005", "the counts and the guarantee are not those that were planned")
    guarantee, scope = contents.guarantee, contents.scope
    if plan.unit.name != codebook.unit:
        raise BundleError("FG-BN-005", "the guarantee names another unit than the codebook")
    if (guarantee.delta, guarantee.accountant) != (scope.delta, scope.accountant):
        raise BundleError("FG-BN-005", "the guarantee has another delta or accountant than its scope")
    if counts.total != len(records):
        raise BundleError("FG-BN-006", f"the counts speak of {counts.total:,} records, and there are {len(records):,}")


def _check_receipts(contents: Contents) -> None:
    """Every measurement was paid for by this release's reservation, and nothing else went into the rest."""
    receipts = contents.answers.receipts
    if not contents.sealable or not all(each.sealable for each in receipts):
        raise BundleError(
            "FG-BN-003",
            "this release was made with an ephemeral ledger or scripted noise, which is for trying out: "
            "release again with a ledger file",
        )
    scope, guarantee = contents.scope, contents.guarantee
    ours = (scope.ledger_id, scope.scope, contents.release_id, contents.reserve_seq, contents.reserve_head)
    terms = (guarantee.mechanism, contents.plan.unit.max_records)
    for each in receipts:
        if (each.ledger_id, each.scope, each.release_id, each.seq, each.head) != ours:
            raise BundleError("FG-BN-007", "a measurement was paid for by another reservation than this release's")
        if (each.mechanism, each.sensitivity) != terms:
            raise BundleError("FG-BN-007", "a measurement was made with another mechanism or sensitivity than promised")
    if sorted(each.number for each in receipts) != list(range(1, len(receipts) + 1)):
        raise BundleError("FG-BN-007", "a measurement of this release is missing or there twice")
    if sum((each.rho for each in receipts), Fraction(0)) > Fraction(guarantee.nano_rho, NANO):
        raise BundleError("FG-BN-007", "the measurements cost more than the release reserved")
    paid = Counter(each.receipt for each in contents.answers.measurements)
    if Counter(contents.counts.receipts) != paid or Counter(contents.records.receipts) != paid:
        raise BundleError("FG-BN-007", "the counts or the records were not made from exactly these measurements")


def render(contents: Contents, folder: NewFolder) -> bytes:
    """Write every file of the bundle but the signature, the manifest last; returns the bytes of that.

    Tables are written in parts: memory does not grow with the number of records.
    """
    # as a reader will have it: canonical JSON does not keep the order of names in a rule
    manifest = manifest_of(contents)
    codebook = manifest.codebook_in(contents.codebook.canonical)
    counts, records = counts_frame(contents.counts), contents.records
    found = accuracy(manifest, codebook, counts, records, contents.answers.measurements)
    folder.write(STATEMENT, statement(manifest, codebook).encode())
    folder.fill(COUNTS_CSV, lambda file: write_csv(in_parts(stated_frame(contents.counts)), file))
    folder.fill(COUNTS_PARQUET, lambda file: write_parquet(in_parts(counts), file))
    folder.fill(RECORDS_CSV, lambda file: write_csv(record_parts(records), file))
    folder.fill(RECORDS_PARQUET, lambda file: write_parquet(record_parts(records), file))
    folder.write(MEASUREMENTS, measurement_file.encode(contents.answers, codebook.domain))
    folder.write(CODEBOOK, codebook.canonical)
    folder.write(PAGE, codebook_html(manifest, codebook, counts).encode())
    folder.write(ACCURACY, canonical_json(found.as_json()))
    folder.write(ACCURACY_PAGE, accuracy_html(manifest, codebook, counts, found).encode())
    folder.write(PACKAGE, canonical_json(data_package(manifest, codebook, folder.written)))
    entries = tuple(SealedFile(path=name, **folder.written[name]._asdict()) for name in SEALED)
    last = manifest.model_copy(update={"files": entries}).canonical()
    folder.write(MANIFEST, last)
    return last


def manifest_of(contents: Contents) -> Manifest:
    """What the bundle will say about itself, its files left out."""
    codebook, scope = contents.codebook, contents.scope
    return Manifest(
        format=FORMAT,
        release_id=contents.release_id,
        date=contents.on,
        software=Software(name="frostglass", version=__version__),
        codebook=CodebookName(id=codebook.id, version=codebook.version, sha256=codebook.sha256),
        plan=plan_words(contents.plan),
        plan_sha256=contents.plan.sha256,
        guarantee=promise(contents.guarantee),
        ledger=LedgerPlace(
            id=scope.ledger_id,
            scope=scope.scope,
            reserve_seq=contents.reserve_seq,
            reserve_head=contents.reserve_head,
            seq=contents.seq,
            head=contents.head,
        ),
        scope=scope_figures(scope),
        tau=contents.counts.tau,
        total=contents.counts.total,
        structural=contents.plan.structural,
        engine=contents.engine,
        sampling_seed=contents.sampling_seed,
        environment=dict(contents.environment),
        public_key=contents.public_key,
        files=(),
        fictitious=contents.fictitious,
    )
