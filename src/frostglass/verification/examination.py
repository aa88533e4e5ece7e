"""A bundle under examination: what each check of ``verify`` looks at. Its files are taken for hostile."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property
from math import ceil, erfc, exp, log, sqrt
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from frostglass.bundle.format import measurement_file
from frostglass.bundle.format.datapackage import data_package
from frostglass.bundle.format.files import Stored, beside, digest, open_plain, read_file, sha256, size_of, state
from frostglass.bundle.format.formats import (
    BATCH_ROWS,
    COUNTS,
    PackedTable,
    counts_frame,
    counts_in_csv,
    from_csv,
    longest_text,
    stated_frame,
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
    MOST_MANIFEST_BYTES,
    OLDEST,
    PACKAGE,
    PAGE,
    PAGES,
    PUBLICATION,
    RECORDS_CSV,
    RECORDS_PARQUET,
    SEALED,
    STATEMENT,
    Manifest,
    canonical_json,
    parse_manifest,
    plan_sha256,
)
from frostglass.bundle.format.record_files import codes_in_csv, codes_in_parquet, counted, records_table, same_records
from frostglass.bundle.format.recount import misfit, require_counted, restated
from frostglass.bundle.format.signature import SIGNATURE, SIGNATURE_BYTES
from frostglass.bundle.format.sizes import MOST_CODEBOOK, Sizes
from frostglass.bundle.pages.accuracy import accuracy
from frostglass.bundle.pages.accuracy_page import accuracy_html
from frostglass.bundle.pages.codebook import codebook_html
from frostglass.bundle.pages.statement import statement
from frostglass.errors import BundleError, FrostglassError
from frostglass.released.answers import Answers
from frostglass.released.counts import RELEASED, Counts
from frostglass.released.disagreement import disagreement
from frostglass.released.measurement import Measurement
from frostglass.released.synthetic import CountedRecords, SyntheticRecords, breaking
from frostglass.signed import is_signed
from frostglass.terms.budget import EPSILON_WITHOUT_REASON, NANO
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Receipt
from frostglass.terms.json_size import most_values
from frostglass.verification.inert import require_inert
from frostglass.version import __version__

Recompute: TypeAlias = Callable[[Answers, Codebook, Manifest], tuple[SyntheticRecords, Counts]]
"""Makes records and counts from the answers, as the engine did that the manifest names.

It refuses answers about other tables than that engine would have asked for.
"""

FIT_TOLERANCE = 0.01
"""How far the fit may differ when records are recomputed in another environment than the bundle's."""

END_TOLERANCE, SD_TOLERANCE, SHARE_TOLERANCE = 1, 0.01 + 1e-9, 0.0001 + 1e-9
"""How far the ends of an interval, an sd and the ends of a share may differ there: in records, and by one in the last
place."""

LEAST_DISAGREEMENT, MOST_DISAGREEMENT = 0.6, 1.6
LEAST_FREE, LEAST_SD = 500, 0.5
"""Tables that can differ in so many directions, with noise so large, are at 1 with an sd of at most 0.08 where noise is
honest, at 0.25 with half as much noise as stated, and at 0 with none. Where directions are fewer, chance is reckoned
with; smaller noise is no longer near a normal one."""

CHANCE = 1e-9
"""Most often that honest noise may be found to be of another size."""

DELTA_WITHOUT_REASON = Fraction(1, 100_000)
"""Largest delta of a scope that states neither a reason nor a population."""

MOST_ANSWER = 2**48
"""Beyond any number of people, and any noise."""


class NotChecked(Exception):
    """Why a check was not made, in words for the report. What was not checked has neither passed nor failed."""


def _refuse(unless: bool, message: str) -> None:
    if not unless:
        raise BundleError("FG-BN-070", message)


class Examined:
    """The bundle in one folder. What is read once is kept; what fails to read fails every check that needs it.

    Every ``check_…`` returns a word on what it found, or raises: BundleError when something is not as it should be,
    NotChecked when it cannot tell.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data: dict[str, bytes] = {}
        self._states: dict[str, tuple[int, ...]] = {}
        self._stored: dict[str, Stored] = {}

    @cached_property
    def _manifest_data(self) -> bytes:
        return read_file(self._path / MANIFEST, most=MOST_MANIFEST_BYTES)

    @cached_property
    def manifest(self) -> Manifest:
        return parse_manifest(self._manifest_data)

    @property
    def manifest_sha256(self) -> str:
        return sha256(self._manifest_data)

    def data(self, name: str) -> bytes:
        """The bytes of a sealed file, which may be changed ones; no more of them than it can have."""
        if name not in self._data:
            self._data[name] = read_file(self._path / name, most=self._most(name))
        return self._data[name]

    def _most(self, name: str) -> int:
        stated = self.manifest.file(name).bytes
        return min(stated, MOST_CODEBOOK if name == CODEBOOK else self.sizes.most(name))

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """A sealed file, to be read in parts: the same each time, though it may be a changed one."""
        with open_plain(self._path / name, most=self.manifest.file(name).bytes) as (file, _):
            before = self._states.setdefault(name, state(file))
            yield file
            _refuse(state(file) == before, f"{name} was changed while it was looked at")

    def stored(self, name: str) -> Stored:
        """Size and hash of a sealed file, as it is."""
        if name not in self._stored:
            with self.opened(name) as file:
                self._stored[name] = digest(file)
        return self._stored[name]

    @cached_property
    def codebook(self) -> Codebook:
        return self.manifest.codebook_in(self.data(CODEBOOK))

    @cached_property
    def sizes(self) -> Sizes:
        """How large each file can be."""
        return Sizes(self.manifest, self.codebook)

    @cached_property
    def _packed_counts(self) -> PackedTable:
        domain, data = self.codebook.domain, self.data(COUNTS_PARQUET)
        most, longest = self.sizes.counts, longest_text(domain)
        return PackedTable(io.BytesIO(data), COUNTS, name=COUNTS_PARQUET, most=most, longest=longest)

    @contextmanager
    def _packed_records(self) -> Iterator[PackedTable]:
        with self.opened(RECORDS_PARQUET) as file:
            yield records_table(file, self.codebook.domain, rows=self.manifest.total)

    @cached_property
    def counts(self) -> pl.DataFrame:
        """Decoded whole only where they are row by row what the records call for, and so no larger than they can be."""
        plan = self.manifest.plan
        require_counted(self._packed_counts.batches(), self.records, plan.length, self.manifest.tau)
        return self._packed_counts.whole()

    @cached_property
    def records(self) -> CountedRecords:
        domain = self.codebook.domain
        with self._packed_records() as table:
            return counted(codes_in_parquet(table, domain), domain)

    @cached_property
    def answers(self) -> Answers:
        data, domain = self.data(MEASUREMENTS), self.codebook.domain
        return measurement_file.decode(data, domain, most=self.sizes.measurements)

    def check_manifest(self) -> str:
        manifest = self.manifest
        plan, promise, scope = manifest.plan, manifest.guarantee, manifest.scope
        _refuse(manifest.canonical() == self._manifest_data, "manifest.json is not written the one way it can be")
        _refuse(plan_sha256(plan) == manifest.plan_sha256, "the plan does not have the hash that the manifest states")
        _refuse(plan.codebook.sha256 == manifest.codebook.sha256, "the plan was made for another codebook")
        _refuse((plan.epsilon, plan.unit) == (promise.epsilon, promise.unit), "the guarantee is not the planned one")
        kept = (promise.delta, promise.accountant) == (scope.delta, scope.accountant)
        _refuse(kept, "the guarantee has another delta or accountant than its scope")
        noted = self._check_scope()
        _refuse(plan.structural == manifest.structural, "the plan and the manifest differ on the structural rules")
        _refuse(plan.tau in (None, manifest.tau), "the least count stated is not the planned one")
        return f"format {manifest.format}, release {manifest.release_id}, frostglass {manifest.software.version}{noted}"

    def _check_scope(self) -> str:
        """Whether the scope's figures hold this release at least; what they amount to is the accountant's to say."""
        promise, scope = self.manifest.guarantee, self.manifest.scope
        held = scope.releases >= 1 and promise.nano_rho <= min(scope.spent, scope.allowance)
        _refuse(held, "the figures of the scope leave no room for this release")
        plain = (Fraction(scope.plain_epsilon), Fraction(scope.plain_delta))
        summed = plain[0] >= Fraction(promise.epsilon) and plain[1] >= Fraction(promise.delta)
        _refuse(summed, "the plain sums of the scope are smaller than this release alone")
        most = Fraction(1, 10 * scope.population) if scope.population else DELTA_WITHOUT_REASON
        strong = Fraction(scope.epsilon) <= EPSILON_WITHOUT_REASON and Fraction(scope.delta) <= most
        _refuse(
            strong or bool(scope.reason.strip()), "the scope promises so little that it needs a reason, and has none"
        )
        if scope.spent <= scope.allowance:
            return ""
        return "; the scope has spent more than it allows, which can only come from a ledger that was reconciled"

    def check_files(self) -> str:
        listed = sorted(each.path for each in self.manifest.files)
        _refuse(listed == sorted(SEALED), "the manifest does not list exactly the files of a bundle")
        missing = {*SEALED, MANIFEST, SIGNATURE} - {each.name for each in self._path.iterdir()}
        _refuse(not missing, f"missing: {', '.join(sorted(missing))}")
        return f"{len(SEALED) + 2} files, none missing"

    def check_nothing_else(self) -> str:
        """What else lies in the folder: no seal covers it, so nothing can be said of it."""
        found = beside(self._path, {*SEALED, MANIFEST, SIGNATURE})
        if PUBLICATION in found.others:
            word = json.loads(read_file(self._path / PUBLICATION, most=MOST_MANIFEST_BYTES))
            _refuse(word["manifest_sha256"] == self.manifest_sha256, "publication.json speaks of another bundle")
        others = [name for name in found.others if name != PUBLICATION]
        _refuse(not others, f"beside the sealed files lies what no seal covers: {_listed(others)}; take it out")
        if found.litter:
            raise NotChecked(
                "the sealed files are one thing; something else lies here, which no seal covers: "
                f"{_listed(found.litter)}; a file manager leaves such files, and you can delete them"
            )
        return f"beside the sealed files lies {PUBLICATION if found.others else 'nothing'}"

    def check_signature(self) -> str:
        key = self.manifest.public_key
        signature = read_file(self._path / SIGNATURE, most=SIGNATURE_BYTES)
        _refuse(is_signed(self._manifest_data, signature, key), "manifest.sig is not a signature by the stated key")
        return f"by the key {key}"

    def check_hashes(self) -> str:
        """File by file, without holding one."""
        for entry in self.manifest.files:
            same = self.stored(entry.path) == entry.stored
            _refuse(same, f"{entry.path} is not the file that was sealed: its size or hash differs")
        return f"{sum(entry.bytes for entry in self.manifest.files):,} bytes are the ones that were sealed"

    def check_sizes(self) -> str:
        """Before anything else is decoded: whether each file is as large as it can be, also when it is unpacked."""
        for name in SEALED:
            self.sizes.require(name, size_of(self._path / name))
        domain, most = self.codebook.domain, self.sizes.measurements
        measured = measurement_file.open_packed(self.data(MEASUREMENTS), domain, most=most)
        with self._packed_records() as records:
            rows = records.rows + self._packed_counts.rows + measured.rows
        return f"{rows:,} rows in packed tables, and no file larger than its records and its codebook allow"

    def check_codebook(self) -> str:
        named = self.manifest.codebook
        found = (self.codebook.id, self.codebook.version, self.codebook.sha256, sha256(self.data(CODEBOOK)))
        wanted = (named.id, named.version, named.sha256, named.sha256)
        _refuse(found == wanted, "codebook.json is not the codebook that the manifest names")
        self.codebook.ready_for_release()
        self.manifest.to_plan().workload(self.codebook.domain)
        unit = self.manifest.guarantee.unit.name
        _refuse(unit == self.codebook.unit, "the guarantee names another unit than the codebook")
        return f"{named.id} {named.version}, {len(self.codebook.variables)} variables"

    def check_data_package(self) -> str:
        others = {name: self.stored(name) for name in SEALED if name != PACKAGE}
        again = canonical_json(data_package(self.manifest, self.codebook, others))
        if self.data(PACKAGE) != again:
            _refuse(not self._ours(), "datapackage.json is not what the other files of this release give")
            self._check_description(self.data(PACKAGE), most=2 * most_values(again))
        self._same_words(PACKAGE, again, "it describes every file, column and value as it is")
        return "describes every file, column and value as it is"

    def _check_description(self, data: bytes, *, most: int) -> None:
        """Whether a description in other words gives the right sizes, columns and values."""
        _refuse(most_values(data) <= most, "datapackage.json is larger than such a description can be")
        resources = {each["path"]: each for each in json.loads(data)["resources"]}
        for entry in self.manifest.files:
            if entry.path != PACKAGE:
                found = resources.pop(entry.path)
                stated = (found["bytes"], found["hash"]) == (entry.bytes, f"sha256:{entry.sha256}")
                _refuse(stated, f"datapackage.json states another size or hash for {entry.path}")
                if entry.path == COUNTS_CSV:
                    columns = counts_in_csv(self.manifest.format)
                    _refuse(_names(found) == list(columns), "datapackage.json describes other columns of the counts")
                if entry.path == RECORDS_CSV:
                    _refuse(_values(found) == self._codes(), "datapackage.json describes other variables or values")
        _refuse(not resources, "datapackage.json describes files that the bundle does not have")

    def _ours(self) -> bool:
        """Whether this version wrote the bundle, so that it writes the same texts again."""
        return (self.manifest.format, self.manifest.software.version) == (FORMAT, __version__)

    def _same_words(self, name: str, again: bytes, so_far: str) -> None:
        """Compare a file with what this version writes. Words that do not belong to the format only its own knows."""
        if self.data(name) == again:
            return
        version = self.manifest.software.version
        _refuse(not self._ours(), f"{name} is not what the other files of this release give")
        raise NotChecked(f"{so_far}; every word of {name} is for frostglass {version} to check, which wrote it")

    def check_pages(self) -> str:
        """Of every version: a page is a text and a look, and nothing in it acts."""
        for name in PAGES:
            require_inert(self.data(name), name=name)
        return "no script, no form, nothing from elsewhere, and a policy that forbids it"

    def check_texts(self) -> str:
        """The statement and the figures on accuracy belong to the format, whatever version wrote them."""
        manifest, codebook = self.manifest, self.codebook
        same = self.data(STATEMENT) == statement(manifest, codebook).encode()
        _refuse(same, "statement.md is not what the manifest and the codebook give")
        found = accuracy(manifest, codebook, self.counts, self.records, self.answers.measurements)
        same = self.data(ACCURACY) == canonical_json(found.as_json())
        _refuse(same, "accuracy.json is not what the counts, the records and the measurements give")
        so_far = "statement.md and accuracy.json say what the other files give"
        self._same_words(PAGE, codebook_html(manifest, codebook, self.counts).encode(), so_far)
        self._same_words(ACCURACY_PAGE, accuracy_html(manifest, codebook, self.counts, found).encode(), so_far)
        return "statement.md, codebook.html and both files on accuracy say what the other files give"

    def _codes(self) -> list[tuple[str, list[str]]]:
        return [(each.name, list(each.codes)) for each in self.codebook.domain.attributes]

    def check_tables(self) -> str:
        former = self.manifest.format == OLDEST
        there = self.counts if former else self.counts.filter(pl.col("status") == RELEASED)
        _refuse(self.counts_csv.select(*COUNTS).equals(there), "counts.csv and counts.parquet differ")
        domain = self.codebook.domain
        with self.opened(RECORDS_CSV) as csv, self._packed_records() as table:
            same = same_records(codes_in_csv(csv, domain), codes_in_parquet(table, domain))
        _refuse(same, "synthetic.csv and synthetic.parquet differ")
        return "CSV and Parquet hold the same records, and of the counts the same that are stated"

    @cached_property
    def counts_csv(self) -> pl.DataFrame:
        return from_csv(self.data(COUNTS_CSV), counts_in_csv(self.manifest.format), name=COUNTS_CSV)

    def check_records(self) -> str:
        if not self.manifest.structural:
            return f"{len(self.records):,} records of declared values; the structural rules were not enforced"
        for clause in self.codebook.clauses:
            met = breaking(self.records, [clause]) == 0
            _refuse(met, f"records break the structural rule {clause.rule!r}")
        return f"{len(self.records):,} records of declared values, true to every structural rule"

    def check_counts(self) -> str:
        """Row by row what the records say: so nothing is missing, and no combination has more than its parts."""
        odd = self.counts.filter(
            (pl.col("low") < 0)
            | (pl.col("high") < pl.col("low"))
            | pl.any_horizontal(pl.col("low", "high").is_null())
            | ~(pl.col("sd").is_null() | (pl.col("sd").is_finite() & (pl.col("sd") >= 0)))
        )
        _refuse(odd.is_empty(), f"{odd.height:,} rows of the counts have an impossible interval or sd")
        stated = int((self.counts["status"] == RELEASED).sum())
        if self.manifest.format != OLDEST:
            self._check_shares()
        return f"{self.counts.height:,} combinations, {stated:,} of them stated: each exactly what the records hold"

    def _check_shares(self) -> None:
        """Row by row what the records say of part and whole."""
        called_for = restated(self.records, self.codebook, self.manifest.plan.length, self.manifest.tau)
        same = self.counts_csv.select(called_for.columns).equals(called_for)
        _refuse(same, "the shares in counts.csv are not what the records say")
        share, low, high = (pl.col(name) for name in ("share", "share_low", "share_high"))
        sound = (low >= 0) & (low <= high) & (high <= 1) & (share.is_null() | share.is_between(low, high))
        odd = self.counts_csv.filter(~sound.fill_null(value=False)).height
        _refuse(odd == 0, f"{odd:,} rows of counts.csv have an impossible interval of a share")

    def check_measurements(self) -> str:
        manifest, answers = self.manifest, self.answers
        wanted = manifest.to_plan().workload(self.codebook.domain)
        measured = [each.attributes for each in answers.measurements]
        _refuse(len(set(measured)) == len(measured), "a table was measured twice")
        _refuse(set(wanted.fixed) <= set(measured), "a table that should be measured is missing")
        _refuse(set(measured) <= {*wanted.fixed, *wanted.candidates}, "a table was measured that was not planned")
        ranked = answers.distances.candidates if answers.distances else ()
        _refuse(ranked == wanted.candidates, "the distances are not those of the planned candidates")
        numbers = [each.number for each in answers.receipts]
        _refuse(numbers == list(range(1, len(numbers) + 1)), "the receipts are not numbered without gaps")
        for each in answers.measurements:
            self._check_receipt(each.receipt, each.sd, each.answer, tables=1)
        if answers.distances:
            self._check_receipt(
                answers.distances.receipt, answers.distances.sd, answers.distances.answer, tables=len(ranked)
            )
        spent = sum((each.rho for each in answers.receipts), Fraction(0))
        reserved = Fraction(manifest.guarantee.nano_rho, NANO)
        _refuse(spent <= reserved, "the measurements cost more than the release reserved")
        return f"{len(numbers)} answers, paid for with {float(spent / reserved):.1%} of what was reserved"

    def _check_receipt(self, receipt: Receipt, sd: float, answer: npt.NDArray[np.int64], *, tables: int) -> None:
        """One person moves each of ``tables`` figures by at most the receipt's sensitivity."""
        place, promise = self.manifest.ledger, self.manifest.guarantee
        ours = (place.id, place.scope, self.manifest.release_id, place.reserve_seq, place.reserve_head)
        theirs = (receipt.ledger_id, receipt.scope, receipt.release_id, receipt.seq, receipt.head)
        _refuse(theirs == ours and receipt.sealable, "a measurement was not paid for by this release's reservation")
        _refuse(receipt.sensitivity == promise.unit.max_records, "a measurement assumes another number of records")
        _refuse(receipt.mechanism == promise.mechanism, "a measurement was made with another mechanism than promised")
        costs = Fraction(receipt.sensitivity**2 * tables) / (2 * receipt.sigma**2) if receipt.sigma > 0 else None
        _refuse(costs is not None and costs <= receipt.rho, "a measurement has less noise than its receipt paid for")
        noise = noise_sd(receipt.mechanism, float(receipt.sigma))
        _refuse(abs(sd - noise) <= 1e-9 * noise, "a measurement states another sd than its noise has")
        # not by abs, which leaves the least int64 negative
        bounded = answer.min() > -MOST_ANSWER and answer.max() < MOST_ANSWER
        _refuse(bool(bounded), "a measured answer is beyond all bounds")

    def check_noise(self) -> str:
        """Whether tables disagree as much as their noise makes them, and no more: all together, and those of a length.

        It asks nothing of the records: they may follow noise closely where they are many.
        """
        measurements = self.answers.measurements
        lengths = sorted({len(each.attributes) for each in measurements})
        ratio = self._disagreement(measurements, "tables")
        if ratio is None:
            raise NotChecked("the tables have too little in common to tell noise of one size from another")
        alike = [[each for each in measurements if len(each.attributes) == length] for length in lengths]
        found = [self._disagreement(each, f"tables of length {len(each[0].attributes)}") for each in alike]
        told = [f"{one:.2f} at length {length}" for length, one in zip(lengths, found, strict=True) if one is not None]
        return f"tables disagree as their noise makes them: {', '.join([f'{ratio:.2f}', *told])} (1 is expected)"

    def _disagreement(self, measurements: Sequence[Measurement], which: str) -> float | None:
        """Squared differences of what these tables share, a direction, in units of the noise variance.

        ``None`` where not even tables without noise would stand out.
        """
        found, sd = disagreement(self.codebook.domain, measurements), min(each.sd for each in measurements)
        if sd < LEAST_SD or not is_strange(0, found.free, sd):
            return None
        ratio = found.squares / found.free
        strange = is_strange(ratio, found.free, sd)
        _refuse(not strange or ratio >= 1, f"{which} agree better than their noise lets them")
        _refuse(not strange or ratio <= 1, f"{which} differ by more than their noise")
        return ratio

    def check_recomputed(self, recompute: Recompute, environment: Mapping[str, str]) -> str:
        """Only the very records and counts pass. The environment is the bundle's own word: it excuses no difference."""
        records, counts = self._recomputed(recompute)
        with self._packed_records() as table:
            same = same_records(records.parts(BATCH_ROWS), codes_in_parquet(table, records.domain))
        if same and counts_frame(counts).equals(self.counts) and self._same_shares(counts):
            return "the measurements give exactly these records and counts"
        stated = self.manifest.environment
        _refuse(dict(environment) != stated, "the measurements give other records or counts")
        self._check_nearly(records, counts)
        versions = ", ".join(f"{name} {stated[name]}" for name in sorted(stated))
        raise NotChecked(
            f"the measurements give records that fit as well to within {FIT_TOLERANCE:.0%}, but not these very ones: "
            f"whether they give those can only be told where the bundle says it was made ({versions})"
        )

    def _same_shares(self, counts: Counts) -> bool:
        return self.manifest.format == OLDEST or stated_frame(counts).equals(self.counts_csv)

    def _recomputed(self, recompute: Recompute) -> tuple[SyntheticRecords, Counts]:
        try:
            return recompute(self.answers, self.codebook, self.manifest)
        except FrostglassError as error:
            if error.code == "FG-BN-060":  # made by another engine
                raise NotChecked(error.message) from None
            raise

    def _check_nearly(self, records: SyntheticRecords, counts: Counts) -> None:
        """Whether what was recomputed elsewhere is as near to what is stated as another arithmetic leaves it."""
        _refuse(len(records) == self.manifest.total, "the measurements give another number of records")
        strange = _strange_intervals(self.counts, counts_frame(counts))
        if self.manifest.format != OLDEST:
            strange += _strange_shares(self.counts_csv, stated_frame(counts))
        _refuse(strange == 0, f"{strange:,} rows of the counts have another interval or sd than the measurements give")
        measurements = self.answers.measurements
        stated, found = misfit(self.records, measurements), misfit(records, measurements)
        close = abs(stated - found) <= FIT_TOLERANCE * found
        _refuse(close, "the measurements give records that fit by more than 1% better or worse")


def is_strange(ratio: float, free: int, sd: float) -> bool:
    """Whether honest noise of ``sd``, at least half a record, makes the mean square of ``free`` directions ``ratio``
    more rarely than ``CHANCE``, and by more than the band that is always allowed.

    Noise is a whole number, so where directions are few the root of the mean square is taken to be nearer to 1 by half
    a record. Source: Dasgupta & Gupta (2003), Lemma 2.2, for the tails of a chi-square.
    """
    if free == 0 or LEAST_DISAGREEMENT <= ratio <= MOST_DISAGREEMENT:
        return False
    if free >= LEAST_FREE:
        return True
    step, root = 0.5 / sd, sqrt(max(ratio, 0))  # of exact counts it may come out as a little below 0
    nearer = min(root + step, 1.0) if root < 1 else max(root - step, 1.0)
    if nearer == 0:
        return True
    return free / 2 * (2 * log(nearer) + 1 - nearer**2) < log(CHANCE)


def noise_sd(mechanism: str, sigma: float) -> float:
    """Standard deviation of whole-number noise, in records.

    ``E X**2`` is the sum over k of ``(2k + 1) P(|X| > k)`` for the rounded normal, and comes from the masses
    ``exp(-k**2 / (2 sigma**2))`` for the discrete Gaussian; from sigma 2 on both are as below to 30 digits.
    """
    rounded = mechanism == "rounded-gaussian"
    if sigma >= 2:
        return sqrt(sigma**2 + (1 / 12 if rounded else 0))
    ks = range(40 * ceil(sigma))
    if rounded:
        return sqrt(sum((2 * k + 1) * erfc((k + 0.5) / (sigma * sqrt(2))) for k in ks))
    masses = [exp(-0.5 * (k / sigma) ** 2) for k in ks]
    square = 2 * sum(k * k * mass for k, mass in enumerate(masses))
    return sqrt(square / (2 * sum(masses) - 1))


def _strange_intervals(stated: pl.DataFrame, computed: pl.DataFrame) -> int:
    """Rows of ``stated`` whose sd, or where the count is the same whose interval, is not nearly the computed one."""
    both = stated.join(computed, on=["variables", "values"], suffix="_again")
    same = pl.col("count").eq_missing(pl.col("count_again")) & (pl.col("status") == pl.col("status_again"))
    ends = pl.max_horizontal((pl.col(end) - pl.col(f"{end}_again")).abs() for end in ("low", "high"))
    sd_differs = (pl.col("sd") - pl.col("sd_again")).abs() > SD_TOLERANCE
    null_differs = pl.col("sd").is_null() != pl.col("sd_again").is_null()
    return both.filter((same & (ends > END_TOLERANCE)) | null_differs | sd_differs.fill_null(value=False)).height


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")


def _strange_shares(stated: pl.DataFrame, computed: pl.DataFrame) -> int:
    """Rows of ``stated`` whose share, where it is the same, has not nearly the computed interval."""
    both = stated.join(computed, on=["variables", "values"], suffix="_again")
    same = pl.col("share").eq_missing(pl.col("share_again"))
    ends = [(pl.col(end) - pl.col(f"{end}_again")).abs() for end in ("share_low", "share_high")]
    return both.filter(same & (pl.max_horizontal(ends) > SHARE_TOLERANCE)).height


def _names(resource: Mapping[str, Mapping[str, list[Mapping[str, str]]]]) -> list[str]:
    return [field["name"] for field in resource["schema"]["fields"]]


def _values(resource: Mapping[str, Mapping[str, list[dict[str, dict[str, list[str]]]]]]) -> list[tuple[object, object]]:
    return [(field["name"], field["constraints"]["enum"]) for field in resource["schema"]["fields"]]
