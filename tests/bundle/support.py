"""What the tests of the bundle share: a small codebook of public weather, records, counts and measurements by hand."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from fractions import Fraction
from math import sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from frostglass import codebooks
from frostglass.boundary.ledger.signing_key import SigningKey
from frostglass.boundary.noise.rounded_gaussian import RoundedGaussian
from frostglass.bundle import read
from frostglass.bundle import seal as sealing
from frostglass.bundle.contents import Contents
from frostglass.bundle.format.datapackage import data_package
from frostglass.bundle.format.files import NewFolder, Stored, Write, sha256
from frostglass.bundle.format.formats import to_csv
from frostglass.bundle.format.manifest import (
    ACCURACY,
    ACCURACY_PAGE,
    MANIFEST,
    PACKAGE,
    PAGE,
    SEALED,
    STATEMENT,
    Manifest,
    canonical_json,
)
from frostglass.bundle.format.record_files import codes_in_csv
from frostglass.bundle.format.signature import SIGNATURE
from frostglass.bundle.pages.accuracy import accuracy
from frostglass.bundle.pages.accuracy_page import accuracy_html
from frostglass.bundle.pages.codebook import codebook_html
from frostglass.bundle.pages.statement import statement
from frostglass.bundle.seal import seal
from frostglass.counting.tally import tally
from frostglass.errors import BundleError
from frostglass.released.answers import Answers
from frostglass.released.counts import CountBlock, Counts
from frostglass.released.least_squares import estimate
from frostglass.released.measurement import Measurement
from frostglass.released.shares import with_shares
from frostglass.released.synthetic import SyntheticRecords
from frostglass.reporting.opening import Bundle
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.budget import NANO
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import Domain
from frostglass.terms.guarantee import Guarantee, ScopeSummary
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.verification.report import Outcome, VerifyReport, verify

CODEBOOK_TOML = """
[codebook]
id = "weather"
version = "2"
title = "Days & weather"
date = "2024-05-01"
language = "en"
publisher = "A weather house"
unit = "day"
privacy_unit = "day"
set_separator = ";"
set_order = "lexical"
missing_in = ["", "n/a"]

[release]
citation = "A weather house. 2024. Days & weather."
limitations = ["Only days on which someone looked up."]
terms = "Free to use, see https://example.org/terms."
contact = "weather@example.org"
file_stem = "weather"

[[variable]]
name = "sky"
label = { en = "Sky", fr = "Ciel" }
type = "nominal"
role = "quasi"
definition = "What most of the sky looked like."
categories = [
  { code = "clear", label = "Clear, no cloud", aliases = ["blue"], definition = "no cloud in <sight>" },
  { code = "grey, \\"dull\\"", label = "Grey" },
  { code = "mixed" },
]

[[variable]]
name = "rain"
label = "Rain"
type = "flag"
role = "quasi"
definition = "It rained."
categories = [{ code = "1", label = "yes" }]

[[variable]]
name = "wind"
aliases = ["gale"]
label = "Wind from"
type = "set"
role = "quasi"
definition = "Where the wind came from."
atoms = ["N", "NA", "S"]
admitted_sets = ["N;S"]
overflow = "null"

[[variable]]
name = "heat"
label = "Heat"
type = "ordinal"
role = "sensitive"
definition = "How warm it was."
categories = ["01", "02", "10+"]

[[constraint]]
name = "clear skies are dry"
kind = "forbid"
combination = { sky = "clear", rain = "1" }
basis = "structural"
"""

RESERVE_HEAD, HEAD, LEDGER = "a" * 64, "b" * 64, "0123456789abcdef" * 2
TAU = 6
NANO_RHO = 700_000_000
ENVIRONMENT = {"python": "3.11.0", "machine": "test"}
KEY = SigningKey.new()
"""Signs every bundle of these tests."""


def weather() -> Codebook:
    """Four variables of 4, 2, 5 and 4 values, missing included, and one structural rule."""
    return codebooks.loads(CODEBOOK_TOML, source="weather")


def random_codes(codebook: Codebook, rows: int, seed: int = 1) -> npt.NDArray[np.uint16]:
    """Uneven random records that satisfy the structural rules."""
    rng = np.random.default_rng(seed)
    codes = np.stack(
        [rng.integers(0, size, rows) * rng.integers(0, 2, rows) for size in codebook.domain.sizes], axis=1
    ).astype(np.uint16)
    for clause in codebook.clauses:
        keeps = [np.isin(codes[:, each.place], list(codebook.domain.holding(each))) for each in clause.literals]
        codes = codes[np.logical_or.reduce(keeps)]
    return np.ascontiguousarray(codes)


def receipts_for(codebook: Codebook, plan: Plan, nano_rho: int = NANO_RHO) -> tuple[Receipt, ...]:
    """One receipt a table, at the fixed shares of the budget."""
    shares = plan.workload(codebook.domain).fixed
    return tuple(
        Receipt(
            ledger_id=LEDGER,
            scope="sky-watchers",
            release_id="weather-2024-05-01-abc",
            seq=2,
            head=RESERVE_HEAD,
            number=number,
            attributes=each,
            mechanism="rounded-gaussian",
            sigma=_sigma(share * Fraction(nano_rho, NANO), plan.unit.max_records),
            sensitivity=plan.unit.max_records,
            rho=share * Fraction(nano_rho, NANO),
            sealable=True,
        )
        for number, (each, share) in enumerate(shares.items(), start=1)
    )


def _sigma(rho: Fraction, sensitivity: int) -> Fraction:
    """Slightly more noise than ``rho`` buys, as an exact multiple of 2**-16."""
    return Fraction(int(sensitivity / sqrt(2 * rho) * 2**16) + 1, 2**16)


def measure(
    codebook: Codebook, codes: npt.NDArray[np.uint16], receipts: tuple[Receipt, ...]
) -> tuple[Measurement, ...]:
    """Tallies of ``codes`` plus seeded noise: these tests need no privacy."""
    rng = np.random.default_rng(7)
    domain = codebook.domain
    return tuple(
        Measurement(
            receipt.attributes,
            tally(codes, domain.axes(receipt.attributes), domain.shape(receipt.attributes))
            + np.rint(rng.normal(0, float(receipt.sigma), domain.shape(receipt.attributes))).astype(np.int64),
            RoundedGaussian().sd(receipt.sigma),
            receipt,
        )
        for receipt in receipts
    )


def count_records(records: SyntheticRecords, length: int, tau: int = TAU) -> Counts:
    """Counts of the records with made-up intervals, record by record and set by set."""
    domain = records.domain
    orders = range(1, min(length, len(domain)) + 1)
    blocks = tuple(_block(records, each, tau) for order in orders for each in domain.sets_of_length(order))
    return Counts(domain, length, len(records), tau, blocks, records.receipts)


def _block(records: SyntheticRecords, attributes: AttributeSet, tau: int) -> CountBlock:
    domain = records.domain
    table = tally(records.codes, domain.axes(attributes), domain.shape(attributes))
    listed = (table >= 0) if len(attributes) == 1 else (table > 0)
    count = table[listed]
    return CountBlock(
        attributes=attributes,
        positions=np.argwhere(listed).astype(np.uint16),
        count=count,
        sd=np.full(len(count), np.nan if len(attributes) > 3 else len(attributes) + 1 / 3),
        low=np.maximum(count - 5, 0),
        high=count + 5,
        released=(count >= 0) if len(attributes) == 1 else (count >= tau),
    )


def contents(
    codebook: Codebook | None = None,
    *,
    codes: npt.NDArray[np.uint16] | None = None,
    rows: int = 400,
    length: int = 3,
    structural: bool = True,
    max_records: int = 1,
    nano_rho: int = NANO_RHO,
) -> Contents:
    """Contents of a release that may be sealed."""
    codebook = codebook or weather()
    codes = random_codes(codebook, rows) if codes is None else codes
    unit = PrivacyUnit(codebook.unit, max_records, None if max_records == 1 else "watcher")
    plan = Plan(codebook.id, codebook.sha256, Fraction(4), unit, length=length, structural=structural)
    receipts = receipts_for(codebook, plan, nano_rho)
    records = SyntheticRecords(codebook.domain, codes, receipts)
    measurements = measure(codebook, codes, receipts)
    return Contents(
        release_id="weather-2024-05-01-abc",
        on=date(2024, 5, 1),
        codebook=codebook,
        plan=plan,
        guarantee=replace(guarantee(unit), nano_rho=nano_rho),
        scope=replace(scope(), spent=2 * nano_rho, allowance=3 * nano_rho),
        seq=4,
        head=HEAD,
        reserve_seq=2,
        reserve_head=RESERVE_HEAD,
        answers=Answers(measurements, None),
        records=records,
        counts=with_shares(count_records(records, length), records, estimate(codebook.domain, measurements), codebook),
        sampling_seed=2**62 + 1,
        engine="measure-and-fit/1",
        environment=ENVIRONMENT,
        public_key=KEY.public,
        sealable=True,
    )


def guarantee(unit: PrivacyUnit) -> Guarantee:
    """A guarantee with figures that are easy to find again."""
    return Guarantee(
        epsilon=Fraction(4),
        delta=Fraction(1, 10**6),
        accountant="gdp",
        mechanism="rounded-gaussian",
        nano_rho=NANO_RHO,
        unit=unit,
        groups=((2, 8.761234), (3, 13.5), (5, 27.25), (10, float("inf"))),
        replace_one=5.873001,
    )


def scope() -> ScopeSummary:
    """The scope after two releases, one event without differential privacy, and a reason."""
    return ScopeSummary(
        ledger_id=LEDGER,
        scope="sky-watchers",
        accountant="gdp",
        epsilon=Fraction(9),
        delta=Fraction(1, 10**6),
        population=100_000,
        reason="the <reference> release",
        allowance=2_000_000_000,
        spent=1_400_000_000,
        releases=2,
        plain_epsilon=Fraction(8),
        plain_delta=Fraction(2, 10**6),
        tight_epsilon=5.873002,
        non_private=("k-anonymous table of 2020",),
        seq=4,
        head=HEAD,
    )


def recounted(made: Contents, records: SyntheticRecords) -> Contents:
    """The same contents with other records, their counts and their shares."""
    found = estimate(made.codebook.domain, made.answers.measurements)
    counts = with_shares(count_records(records, made.plan.length), records, found, made.codebook)
    return replace(made, records=records, counts=counts)


class Recompute:
    """Returns the records and counts of ``made``, whatever it is asked."""

    def __init__(self, made: Contents) -> None:
        self._made = made

    def __call__(self, answers: Answers, codebook: Codebook, manifest: Manifest) -> tuple[SyntheticRecords, Counts]:
        return self._made.records, self._made.counts


def reseal(folder: Path, changes: Mapping[str, bytes], manifest: Mapping[str, object] | None = None) -> None:
    """Change files of a sealed bundle as a forger with the key would: hashes, manifest and signature made to fit."""
    words = json.loads((folder / MANIFEST).read_bytes())
    words.update(manifest or {})
    for name, data in changes.items():
        (folder / name).write_bytes(data)
    for entry in words["files"]:
        if entry["path"] in changes:
            data = changes[entry["path"]]
            entry.update(bytes=len(data), sha256=sha256(data))
    (folder / MANIFEST).write_bytes(canonical_json(words))
    (folder / SIGNATURE).write_bytes(KEY.sign((folder / MANIFEST).read_bytes()))


def forge(bundle: read.Bundle, changes: Mapping[str, bytes], manifest: Mapping[str, object] | None = None) -> None:
    """Reseal, with the texts and the data package made to fit the changed files and manifest as well."""
    reseal(bundle.path, changes, manifest)
    forged = Bundle.open(bundle.path)
    with suppress(KeyError, TypeError, ArithmeticError, BundleError):
        texts = {
            STATEMENT: statement(forged.manifest, forged.codebook).encode(),
            PAGE: codebook_html(forged.manifest, forged.codebook, forged.counts).encode(),
            **accuracy_texts(forged),
        }
        reseal(bundle.path, {name: data for name, data in texts.items() if name not in changes}, manifest)
    contents = {name: (bundle.path / name).read_bytes() for name in SEALED if name != PACKAGE}
    files = {name: Stored(len(data), sha256(data)) for name, data in contents.items()}
    package = data_package(forged.manifest, bundle.codebook, files)
    reseal(bundle.path, {PACKAGE: canonical_json(package)}, manifest)


def accuracy_texts(bundle: read.Bundle) -> dict[str, bytes]:
    """Both files on accuracy, as the other files of the bundle call for."""
    found = accuracy(bundle.manifest, bundle.codebook, bundle.counts, bundle.counted_records(), bundle.measurements())
    return {
        ACCURACY: canonical_json(found.as_json()),
        ACCURACY_PAGE: accuracy_html(bundle.manifest, bundle.codebook, bundle.counts, found).encode(),
    }


def with_receipts(made: Contents, change: Callable[[Receipt], Receipt]) -> Contents:
    """The same contents with every receipt changed alike."""
    measurements = tuple(replace(each, receipt=change(each.receipt)) for each in made.answers.measurements)
    receipts = tuple(each.receipt for each in measurements)
    return replace(
        made,
        answers=Answers(measurements, None),
        records=replace(made.records, receipts=receipts),
        counts=replace(made.counts, receipts=receipts),
    )


def positions_of(frame: pl.DataFrame, domain: Domain) -> npt.NDArray[np.uint16]:
    """The records of a table as positions, as they are read from a file of it."""
    parts = codes_in_csv(io.BytesIO(to_csv(frame)), domain)
    return np.concatenate([np.zeros((0, len(domain)), dtype=np.uint16), *parts])


def render(made: Contents) -> dict[str, bytes]:
    """Every file of the bundle of ``made`` but the signature, by name."""
    files: dict[str, bytes] = {}

    def keep(name: str, write: Write) -> Stored:
        file = io.BytesIO()
        write(file)
        files[name] = file.getvalue()
        return Stored(len(files[name]), sha256(files[name]))

    sealing.render(made, NewFolder(keep))
    return files


def sealed(folder: Path, made: Contents | None = None) -> Bundle:
    """A sealed bundle in ``folder / "bundle"``."""
    return Bundle.open(seal(made or contents(), folder / "bundle", sign=KEY.sign).path)


def verified(folder: Path, made: Contents | None = None, **changes: str) -> dict[str, str]:
    """The checks that the bundle in ``folder`` does not pass, by name; ``changes`` alter the environment."""
    return {each.name: each.message for each in _report(folder, made, changes).checks if not each.ok}


def outcomes(folder: Path, made: Contents | None = None, **changes: str) -> dict[str, Outcome]:
    """How every check of the bundle in ``folder`` comes out."""
    return {each.name: each.outcome for each in _report(folder, made, changes).checks}


def _report(folder: Path, made: Contents | None, changes: Mapping[str, str]) -> VerifyReport:
    return verify(folder, recompute=Recompute(made or contents()), environment={**ENVIRONMENT, **changes})
