"""READ FIRST: one release, in straight-line code.

``release`` is the whole way: plan, afford, read and check, reserve, draw, stage, commit, fit, count. ``seal`` makes
the bundle final. Everything before ``reserve`` may be loud, for the steward's eyes; nothing after it depends on the
data but the noisy answers themselves.
"""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numba
import numpy as np

from frostglass.boundary import accountant as accounting
from frostglass.boundary import staging
from frostglass.boundary.accountant import Accountant
from frostglass.boundary.curator import SAMPLER_UNITS, Curator, sigma_for
from frostglass.boundary.ledger import Entry, KnownRelease, Ledger, Reservation
from frostglass.boundary.noise import NoiseSource, RoundedGaussian
from frostglass.boundary.opendp_noise import DiscreteGaussian
from frostglass.bundle import publish as publishing
from frostglass.bundle.contents import Contents
from frostglass.bundle.files import refuse_existing
from frostglass.bundle.manifest import Manifest, promise, read_manifest
from frostglass.bundle.measurement_file import read_measurements, write_measurements
from frostglass.bundle.read import Bundle, open_bundle
from frostglass.bundle.seal import seal as seal_bundle
from frostglass.bundle.verify import Check, VerifyReport
from frostglass.bundle.verify import verify as verify_bundle
from frostglass.errors import BundleError, FrostglassError, LedgerError, UsageError
from frostglass.released.counts import Counts
from frostglass.released.estimate import Estimate
from frostglass.released.measurement import Measurement
from frostglass.released.synthetic import SyntheticRecords
from frostglass.released.tabulation import least_stated, tabulate
from frostglass.sensitive.check import encode
from frostglass.sensitive.coded_table import CodedTable
from frostglass.sensitive.intake import read
from frostglass.synthesis.least_squares import foresee
from frostglass.synthesis.record_fit import satisfiable
from frostglass.synthesis.rules import compile_rules
from frostglass.synthesis.strategy import Strategy, strategy
from frostglass.terms.budget import NANO
from frostglass.terms.codebook import Codebook
from frostglass.terms.constraint import Clause
from frostglass.terms.custody import Sensitive
from frostglass.terms.guarantee import Guarantee
from frostglass.terms.plan import Plan
from frostglass.terms.workload import check_size, measured_orders, shares

Progress = Callable[[str], None]

GROUPS = (2, 3, 5, 10)
"""Sizes of the groups of people whose joint protection the statement gives."""


def quiet(_stage: str) -> None:
    """Report no progress."""


@dataclass(frozen=True)
class Reading:
    """How to read the file: a public matter of format."""

    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str | None = None


@dataclass(frozen=True)
class Order:
    """What a release is told besides its plan. ``fresh`` starts anew where a staged release would be resumed.

    ``random_state`` seeds what comes after the noise; the noise itself has no seed.
    """

    scope: str
    release_id: str | None = None
    by: str = ""
    random_state: int | None = None
    fresh: bool = False
    allow_empty: bool = False
    reading: Reading = field(default_factory=Reading)


def release(
    source: object,
    codebook: Codebook,
    plan: Plan,
    order: Order,
    *,
    ledger: Ledger,
    noise: NoiseSource | None = None,
    progress: Progress = quiet,
) -> Contents:
    """Everything a bundle holds, measured from ``source`` and paid for in ``ledger``.

    ``source`` is a path or a pandas, polars or Arrow table. Raises a FrostglassError, before anything is spent,
    when the plan does not fit the codebook, the scope does not afford it, or the table departs from the codebook.
    """
    today = datetime.now(UTC).date()
    asking, clauses = check_plan(codebook, plan)
    scope = ledger.scope(order.scope)
    accountant = accounting.accountant(scope.accountant)
    noise = noise or noise_for(accountant)
    nano_rho = accounting.allowance(accountant, plan.epsilon, scope.delta)
    release_id = _release_id(order, today.isoformat())
    pending = None if order.fresh else ledger.unfinished(order.scope, plan.sha256)
    if not (pending and _staged_folder(ledger, pending.release_id)):
        pending = None
        ledger.afford(
            order.scope,
            nano_rho=nano_rho,
            epsilon=plan.epsilon,
            mechanism=noise.mechanism,
            sampler_units=SAMPLER_UNITS,
        )

    progress("reading and checking the table")
    table = _coded(source, codebook, plan, order)

    staged = _staged(ledger, pending, plan, table)
    if pending and staged:
        progress(f"resuming release {pending.release_id}: its answers are staged, nothing is drawn again")
        reservation, seed = pending, staged.seed
        measurements = read_measurements(staged.answers, codebook.domain)
        staged_sha256 = staged.sha256
    else:
        reservation = ledger.reserve(
            order.scope,
            release_id=release_id,
            plan_sha256=plan.sha256,
            nano_rho=nano_rho,
            epsilon=plan.epsilon,
            mechanism=noise.mechanism,
            sampler_units=SAMPLER_UNITS,
            by=order.by,
        )
        curator = Curator(table, codebook.domain, plan.unit, ledger=ledger, reservation=reservation, noise=noise)
        measurements = asking.measure(codebook.domain, plan.length, curator.measure, progress)
        seed = secrets.randbits(53) if order.random_state is None else order.random_state
        staged_sha256 = _stage(ledger, reservation, plan, table, seed, codebook, measurements)
    del table
    entry = _commit(ledger, reservation, staged_sha256)
    scope = ledger.scope(order.scope)

    records, counts = build(asking, codebook, clauses, measurements, plan=plan, seed=seed, progress=progress)
    return Contents(
        release_id=reservation.release_id,
        on=today,
        codebook=codebook,
        plan=plan,
        guarantee=guarantee(plan, scope.delta, accountant, measurements[0].receipt.mechanism, reservation.nano_rho),
        scope=scope,
        seq=entry.seq,
        head=entry.hash,
        reserve_seq=reservation.seq,
        reserve_head=reservation.head,
        measurements=measurements,
        records=records,
        counts=counts,
        sampling_seed=seed,
        engine=engine(asking),
        environment=environment(),
        sealable=reservation.sealable and noise.sealable,
    )


def seal(contents: Contents, out: Path, *, ledger: Ledger, progress: Progress = quiet) -> Bundle:
    """Write the sealed bundle to ``out``, which must not exist, and enter its hash in the ledger."""
    progress("writing and sealing the bundle")
    bundle = seal_bundle(contents, out)
    ledger.seal(contents.release_id, manifest_sha256=bundle.manifest_sha256)
    if ledger.path is not None:
        staging.purge(staging.folder_for(ledger.path, contents.release_id))
    return bundle


def resize(contents: Contents, total: int) -> SyntheticRecords:
    """``total`` records fitted to the same measurements, with their targets scaled. Costs nothing."""
    clauses = contents.codebook.clauses if contents.plan.structural else ()
    return strategy(contents.plan.strategy).fit(
        contents.codebook.domain,
        contents.measurements,
        clauses=clauses,
        total=total,
        seed=contents.sampling_seed,
        progress=quiet,
    )


def refuse_output(out: Path, ledger: Ledger) -> None:
    """Refuse, before anything is read or spent, an output that exists or cannot be written, or whose neighbours
    show that the ledger is older than what it paid for."""
    refuse_existing(out)
    parent = out.absolute().parent
    while not parent.is_dir():
        parent = parent.parent
    if not os.access(parent, os.W_OK):
        raise BundleError("FG-BN-062", f"{parent.name or parent} cannot be written to; choose another folder")
    ledger.check_known(known_releases(out.absolute().parent))


def build(
    asking: Strategy,
    codebook: Codebook,
    clauses: Sequence[Clause],
    measurements: tuple[Measurement, ...],
    *,
    plan: Plan,
    seed: int,
    total: int | None = None,
    progress: Progress = quiet,
) -> tuple[SyntheticRecords, Counts]:
    """Records and counts from the measurements alone: the same for everyone who has them and the seed."""
    domain = codebook.domain
    estimate: Estimate = asking.estimate(domain, measurements)
    records = asking.fit(domain, measurements, clauses=clauses, total=total, seed=seed, progress=progress)
    progress("counting combinations and their intervals")
    counts = tabulate(records, estimate, length=plan.length, tau=_tau(plan, measurements))
    return records, counts


def verify(path: Path) -> VerifyReport:
    """Check a bundle from its files alone; recompute its records and counts, and its guarantee from its noise."""
    report = verify_bundle(path, recompute=recompute, environment=environment())
    if not report.ok:
        return report
    try:
        return report.plus([_check_guarantee(open_bundle(path))])
    except FrostglassError as error:
        return report.plus([Check("guarantee", False, str(error))])


def _check_guarantee(bundle: Bundle) -> Check:
    """Whether the noise that the measurements state really buys what the manifest promises, by the accountant."""
    manifest = bundle.manifest
    accountant = accounting.accountant(manifest.guarantee.accountant)
    receipts = [each.receipt for each in bundle.measurements()]
    spent = sum((Fraction(each.sensitivity**2) / (2 * each.sigma**2) for each in receipts), Fraction(0))
    plan, delta = manifest.to_plan(), Fraction(manifest.guarantee.delta)
    promised = guarantee(plan, delta, accountant, manifest.guarantee.mechanism, manifest.guarantee.nano_rho)
    if spent * NANO > accounting.allowance(accountant, plan.epsilon, delta):
        return Check("guarantee", False, "the noise is smaller than the promised epsilon needs")
    if promise(promised) != manifest.guarantee or manifest.guarantee.mechanism not in accountant.mechanisms:
        return Check("guarantee", False, "the figures of the guarantee are not those that its cost gives")
    return Check("guarantee", True, f"the noise gives epsilon {manifest.guarantee.epsilon} at this delta, or less")


def recompute(
    measurements: tuple[Measurement, ...], codebook: Codebook, manifest: Manifest
) -> tuple[SyntheticRecords, Counts]:
    """What ``build`` made of these measurements when the bundle was sealed."""
    plan = manifest.to_plan()
    asking = strategy(plan.strategy)
    if manifest.engine != engine(asking):
        raise UsageError(
            "FG-BN-060",
            f"the bundle was made by engine {manifest.engine} and this version has {engine(asking)}; "
            f"verify it with frostglass {manifest.software.version}",
        )
    clauses = codebook.clauses if plan.structural else ()
    return build(asking, codebook, clauses, measurements, plan=plan, seed=manifest.sampling_seed)


def publish(path: Path, to: Path, *, ledger: Ledger, by: str) -> Path:
    """Copy a sealed bundle out, beside a detached ``publication.json``, and enter it in the ledger."""
    bundle = open_bundle(path)
    sealed = ledger.find(bundle.manifest.release_id, "seal")
    if sealed is None or sealed.body["manifest_sha256"] != bundle.manifest_sha256:
        raise BundleError("FG-BN-061", "this ledger did not seal this bundle; it is another one, or was changed")
    published = publishing.copy(
        path,
        to,
        {
            "release_id": bundle.manifest.release_id,
            "manifest_sha256": bundle.manifest_sha256,
            "published_on": datetime.now(UTC).date().isoformat(),
        },
    )
    ledger.publish(bundle.manifest.release_id, manifest_sha256=bundle.manifest_sha256, to=str(to.name), by=by)
    return published


@dataclass(frozen=True)
class Foresight:
    """What combinations of one length will get: number of tables and cells, and the width of what can be said.

    ``sd`` and ``half_width`` (of the 95% interval) are least, middle and most over the tables, in records; empty for
    lengths that are read from the records instead of measured.
    """

    length: int
    tables: int
    cells: int
    noise_sd: float | None
    sd: tuple[float, ...]
    half_width: tuple[float, ...]


def foresight(
    codebook: Codebook, plan: Plan, accountant: Accountant, delta: Fraction
) -> tuple[tuple[Foresight, ...], int, int]:
    """Errors by length, tau, and the cost in nano-rho. Opens no data and spends nothing."""
    check_plan(codebook, plan)
    domain = codebook.domain
    nano_rho = accounting.allowance(accountant, plan.epsilon, delta)
    noise = noise_for(accountant)
    share = shares(domain, plan.length)
    sd = {
        order: noise.sd(sigma_for(share[order] * Fraction(nano_rho, NANO), plan.unit.max_records))
        for order in measured_orders(domain, plan.length)
    }
    estimate = foresee(domain, {each: sd[order] for order in sd for each in domain.sets_of_length(order)})
    rows = tuple(
        _foresight_of(codebook, estimate, length, sd.get(length))
        for length in range(1, min(plan.length, len(domain)) + 1)
    )
    return rows, plan.tau or least_stated(sd[max(sd)]), nano_rho


def _foresight_of(codebook: Codebook, estimate: Estimate, length: int, noise_sd: float | None) -> Foresight:
    domain = codebook.domain
    errors = sorted(estimate.sd(each) for each in domain.sets_of_length(length) if estimate.covers(each))
    spread = (errors[0], errors[len(errors) // 2], errors[-1]) if errors else ()
    return Foresight(
        length=length,
        tables=domain.number_of_sets(length),
        cells=domain.cells_of_length(length),
        noise_sd=noise_sd,
        sd=spread,
        half_width=tuple(1.959964 * each for each in spread),
    )


def check_plan(codebook: Codebook, plan: Plan) -> tuple[Strategy, tuple[Clause, ...]]:
    """Refuse, from public facts alone, a plan that cannot be carried out; return its strategy and constraints."""
    codebook.ready_for_release()
    if plan.codebook_sha256 != codebook.sha256:
        raise UsageError("FG-OP-031", "the plan was made for another version of the codebook; plan again")
    check_size(codebook.domain, plan.length)
    clauses = codebook.clauses if plan.structural else ()
    satisfiable(codebook.domain, compile_rules(codebook.domain, clauses))
    return strategy(plan.strategy), clauses


def guarantee(plan: Plan, delta: Fraction, accountant: Accountant, mechanism: str, nano_rho: int) -> Guarantee:
    """The promise of one release, with its figures for groups: k people together cost k squared times as much."""
    return Guarantee(
        epsilon=plan.epsilon,
        delta=delta,
        accountant=accountant.name,
        mechanism=mechanism,
        nano_rho=nano_rho,
        unit=plan.unit,
        groups=tuple((size, accounting.epsilon(accountant, nano_rho * size**2, delta)) for size in GROUPS),
        replace_one=accounting.epsilon(accountant, nano_rho * 2, delta),
    )


def noise_for(accountant: Accountant) -> NoiseSource:
    """The noise that a scope of this accountant is drawn with."""
    return RoundedGaussian() if accountant.name == "gdp" else DiscreteGaussian()


def engine(asking: Strategy) -> str:
    """Name and version of what turned measurements into records."""
    return f"{asking.name}/{asking.version}"


def environment() -> dict[str, str]:
    """What floating-point results may depend on; recorded, so that a difference can be explained."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "numpy": np.__version__,
        "numba": numba.__version__,
    }


def known_releases(folder: Path) -> tuple[KnownRelease, ...]:
    """The bundles that lie in ``folder``, as the ledger wants to know them; what is no bundle is passed over."""
    known = []
    for manifest_path in sorted(folder.glob("*/manifest.json")):
        try:
            known.append(known_release(read_manifest(manifest_path)))
        except FrostglassError:
            continue
    return tuple(known)


def known_release(manifest: Manifest) -> KnownRelease:
    """The ledger stamp of a bundle."""
    return KnownRelease(
        ledger_id=manifest.ledger.id,
        scope=manifest.ledger.scope,
        release_id=manifest.release_id,
        seq=manifest.ledger.seq,
        head=manifest.ledger.head,
        nano_rho=manifest.guarantee.nano_rho,
        epsilon=Fraction(manifest.guarantee.epsilon),
        delta=Fraction(manifest.guarantee.delta),
        sampler_units=SAMPLER_UNITS,
    )


def _commit(ledger: Ledger, reservation: Reservation, staged_sha256: str) -> Entry:
    """Fix the staged answers in the ledger; where that was done before a crash, they must still be the same."""
    done = ledger.find(reservation.release_id, "commit")
    if done is None:
        return ledger.commit(reservation, staged_sha256=staged_sha256)
    if done.body["staged_sha256"] != staged_sha256:
        raise LedgerError(
            "FG-LG-050",
            f"the staged answers of release {reservation.release_id} are not those that the ledger holds; what they "
            "cost stays spent. Start a new release with --fresh",
        )
    return done


def _coded(source: object, codebook: Codebook, plan: Plan, order: Order) -> Sensitive[CodedTable]:
    text = read(
        source,
        delimiter=order.reading.delimiter,
        encoding=order.reading.encoding,
        sheet=order.reading.sheet,
    )
    return encode(
        text,
        codebook,
        unit=plan.unit,
        unknown=plan.unknown,
        structural=plan.structural,
        allow_empty=order.allow_empty,
    )


def _release_id(order: Order, day: str) -> str:
    if order.release_id is None:
        return f"{order.scope[:40]}-{day}-{secrets.token_hex(3)}"
    return order.release_id


def _tau(plan: Plan, measurements: Sequence[Measurement]) -> int:
    """The plan's tau, or the public rule for the noise of the longest tables."""
    longest = max(len(each.attributes) for each in measurements)
    return plan.tau or least_stated(max(each.sd for each in measurements if len(each.attributes) == longest))


def _staged_folder(ledger: Ledger, release_id: str) -> bool:
    return ledger.path is not None and staging.folder_for(ledger.path, release_id).is_dir()


def _staged(
    ledger: Ledger, pending: Reservation | None, plan: Plan, table: Sensitive[CodedTable]
) -> staging.Staged | None:
    if pending is None or ledger.path is None:
        return None
    folder = staging.folder_for(ledger.path, pending.release_id)
    return staging.staged(folder, plan_sha256=plan.sha256, table=table)


def _stage(
    ledger: Ledger,
    reservation: Reservation,
    plan: Plan,
    table: Sensitive[CodedTable],
    seed: int,
    codebook: Codebook,
    measurements: tuple[Measurement, ...],
) -> str:
    """Stage the answers beside the ledger; a ledger without a file has nowhere, and nothing that could be resumed."""
    if ledger.path is None:
        return "0" * 64
    staged = staging.stage(
        staging.folder_for(ledger.path, reservation.release_id),
        plan_sha256=plan.sha256,
        table=table,
        seed=seed,
        write=lambda path: write_measurements(path, measurements, codebook.domain),
    )
    return staged.sha256
