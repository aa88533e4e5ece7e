"""READ FIRST: one release, in straight-line code.

``release`` is the whole way: plan, afford, read and check, reserve, draw, stage, commit, fit, count. ``seal`` makes
the bundle final. Everything before ``reserve`` may be loud, for the steward's eyes; nothing after it depends on the
data but the noisy answers themselves.
"""

from __future__ import annotations

import getpass
import hashlib
import math
import os
import platform
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path

import numba
import numpy as np
from polars.exceptions import PanicException

from frostglass.boundary import accountant as accounting
from frostglass.boundary import staging
from frostglass.boundary.accountant import ROUNDED_GAUSSIAN, SAMPLER_UNITS, Accountant
from frostglass.boundary.curator import Curator, sigma_for
from frostglass.boundary.held_signals import held_back
from frostglass.boundary.ledger.ledger import Entry, Ledger, Reservation
from frostglass.boundary.ledger.money import sampler_allowance
from frostglass.boundary.ledger.requests import one_line, release_name
from frostglass.boundary.noise.discrete_gaussian import DiscreteGaussian
from frostglass.boundary.noise.rounded_gaussian import MOST_SIGMA, NoiseSource, RoundedGaussian
from frostglass.bundle.contents import Contents
from frostglass.bundle.format.measurement_file import decode
from frostglass.bundle.format.measurement_file import encode as encode_answers
from frostglass.bundle.read import Bundle
from frostglass.bundle.rehearsal import rehearse, with_nobody
from frostglass.bundle.room import refuse_full
from frostglass.bundle.seal import seal as seal_bundle
from frostglass.counting.tally import ready
from frostglass.errors import BundleError, FrostglassError, LedgerError, UsageError, fault, reason_of
from frostglass.released.answers import Answers
from frostglass.released.counts import Counts
from frostglass.released.estimate import Estimate
from frostglass.released.intervals import Intervals
from frostglass.released.measurement import Measurement
from frostglass.released.shares import with_shares
from frostglass.released.synthetic import SyntheticRecords
from frostglass.released.tabulation import Rule, least_stated, tabulate, typical_error
from frostglass.sensitive.coding.check import encode
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.sensitive.coding.counts import judge_size
from frostglass.sensitive.coding.intake import opened
from frostglass.synthesis.record_fit import satisfiable
from frostglass.synthesis.rules import compile_rules
from frostglass.synthesis.strategy import Strategy, strategy
from frostglass.terms.arguments import flag, optional_text, seed, text
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.budget import NANO
from frostglass.terms.codebook import RELEASED_KEY, Codebook
from frostglass.terms.constraint import Clause
from frostglass.terms.custody import Sensitive
from frostglass.terms.domain import Domain
from frostglass.terms.guarantee import Guarantee
from frostglass.terms.plan import Plan
from frostglass.terms.unit import OnPlaceholder, check_placeholder
from frostglass.terms.workload import Workload, weight

Progress = Callable[[str], None]

GROUPS = (2, 3, 5, 10)
"""Sizes of the groups of people whose joint protection the statement gives."""

_ROOM_FOR_ANY_ANSWERS, _BYTES_AN_ANSWER = 1_000_000, 16
"""Disk that staged answers take, as long as they have not been compressed."""

_NO_HASH = "0" * 64


def quiet(_stage: str) -> None:
    """Report no progress."""


def whoever() -> str:
    """The operating system's name for who is at work, for the ledger."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


@dataclass(frozen=True)
class Reading:
    """How to read the file: a public matter of format."""

    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "delimiter", text(self.delimiter, "the delimiter"))
        object.__setattr__(self, "encoding", text(self.encoding, "the encoding"))
        object.__setattr__(self, "sheet", optional_text(self.sheet, "the sheet"))


@dataclass(frozen=True)
class Order:
    """What a release is told besides its plan; each is checked by type and range.

    A release that names its ``release_id`` resumes that one alone. ``fresh`` starts anew where a staged release would
    be resumed. ``random_state`` seeds what comes after the noise; the noise itself has no seed. ``fictitious`` says
    that the data are invented, and every page of the bundle says so too.
    """

    scope: str
    release_id: str | None = None
    by: str = field(default_factory=whoever)
    random_state: int | None = None
    fresh: bool = False
    allow_empty: bool = False
    placeholder_keys: OnPlaceholder = "refuse"
    fictitious: bool = False
    reading: Reading = field(default_factory=Reading)

    def __post_init__(self) -> None:
        settle = partial(object.__setattr__, self)
        settle("scope", text(self.scope, "the scope"))
        if self.release_id is not None:
            settle("release_id", release_name(self.release_id))
        settle("by", one_line(self.by, "the name"))
        settle("random_state", seed(self.random_state))
        settle("fresh", flag(self.fresh, "whether to start anew (fresh)"))
        settle("allow_empty", flag(self.allow_empty, "whether a table without records is accepted"))
        settle("placeholder_keys", check_placeholder(self.placeholder_keys))
        settle("fictitious", flag(self.fictitious, "whether the data are fictitious"))


def release(
    source: object,
    codebook: Codebook,
    plan: Plan,
    order: Order,
    *,
    ledger: Ledger,
    noise: NoiseSource | None = None,
    out: Path | None = None,
    progress: Progress = quiet,
    warn: Progress = quiet,
) -> Contents:
    """Everything a bundle holds, measured from ``source`` and paid for in ``ledger``.

    ``source`` is a path or a pandas, polars or Arrow table; ``out`` is where the bundle will be, if that is known, and
    must have room for as many records. ``warn`` is given, before anything is spent, who is left out of the table: exact
    figures, for the steward alone. Raises a FrostglassError, before anything is spent,
    when the plan does not fit the codebook, the scope does not afford it, or the table departs from the codebook.
    """
    today, codebook = datetime.now(UTC).date(), plan.applied_to(codebook)
    ledger.require_key()
    asking, clauses = check_plan(codebook, plan)
    scope = ledger.scope(order.scope)
    accountant = accounting.accountant(scope.accountant)
    noise = noise or noise_for(accountant)
    nano_rho = accounting.allowance(accountant, plan.epsilon, scope.delta)
    wanted, sigmas = planned_noise(codebook, plan, nano_rho, noise)
    for sigma in set(sigmas.values()):
        noise.table_error(sigma)  # whatever takes time or memory for this noise is had before anything is spent
    release_id = _release_id(order, today.isoformat())
    rehearsed = _rehearsed(codebook, plan, order, ledger, noise.mechanism, nano_rho, asking, release_id, today)
    candidates = _staged_releases(ledger, plan, order)
    keyed = plan.unit.person_key is not None
    if not candidates:
        for lost in ledger.unfinished(order.scope, plan.sha256):
            progress(
                f"release {lost.release_id} of this plan was drawn and lost: it stays spent, and a new one is paid"
            )
        for held in ledger.undrawn(order.scope, plan.sha256):
            progress(
                f"release {held.release_id} of this plan is reserved and was not drawn: unless it is under way, a "
                "second person may give it back with `frostglass ledger void`; a new one is paid"
            )
        ledger.afford(
            order.scope,
            nano_rho=nano_rho,
            epsilon=plan.epsilon,
            mechanism=noise.mechanism,
            sampler_units=SAMPLER_UNITS,
            unit=plan.unit.name,
            keyed=keyed,
        )

    progress("reading and checking the table")
    table = _coded(source, codebook, plan, order, warn)

    ready(plan.workload(codebook.domain).orders)
    resumed = _resumed(ledger, candidates, plan, table)
    if resumed:
        reservation, staged = resumed
        progress(f"resuming release {reservation.release_id}: its answers are staged, nothing is drawn again")
        answers = decode(staged.answers, codebook.domain)
    else:
        with _room(ledger, release_id, codebook, plan) as room:
            if out is not None:
                judge_size(table, lambda records: refuse_full(out, codebook, plan, records=records))
            reservation = ledger.reserve(
                order.scope,
                release_id=release_id,
                plan_sha256=plan.sha256,
                nano_rho=nano_rho,
                epsilon=plan.epsilon,
                mechanism=noise.mechanism,
                sampler_units=SAMPLER_UNITS,
                unit=plan.unit.name,
                keyed=keyed,
                max_records=plan.unit.max_records,
                by=order.by,
            )
            with told(ledger, release_id), held_back():
                answers = asking.measure(
                    codebook.domain,
                    wanted,
                    Curator(table, codebook.domain, plan.unit, ledger=ledger, reservation=reservation, noise=noise),
                    progress,
                )
                staged = _stage(room, plan, table, order, encode_answers(answers, codebook.domain))
    del table
    with told(ledger, reservation.release_id):
        entry = _commit(ledger, reservation, staged.sha256)
        records, counts = build(
            asking, codebook, clauses, answers.measurements, plan=plan, seed=staged.seed, progress=progress
        )
        return replace(
            rehearsed,
            release_id=reservation.release_id,
            guarantee=guarantee(plan, wanted, scope.delta, accountant, reservation.mechanism, reservation.nano_rho)
            if resumed
            else rehearsed.guarantee,
            scope=ledger.scope(order.scope),
            seq=entry.seq,
            head=entry.hash,
            reserve_seq=reservation.seq,
            reserve_head=reservation.head,
            answers=answers,
            records=records,
            counts=counts,
            sampling_seed=staged.seed,
            sealable=all(each.sealable for each in answers.receipts),
        )


def seal(contents: Contents, out: Path, *, ledger: Ledger, progress: Progress = quiet) -> Bundle:
    """Write the sealed bundle to ``out``, which must not exist, and enter its hash in the ledger."""
    progress("writing and sealing the bundle")
    with told(ledger, contents.release_id, out.absolute().parent):
        before = ledger.find(contents.release_id, "seal")
        bundle = seal_bundle(contents, out, sign=ledger.sign)
        try:
            enter(bundle, ledger)
        except FrostglassError:
            if ledger.find(contents.release_id, "seal") == before:  # else only its witness failed, and it is final
                shutil.rmtree(out)
            raise
        return bundle


@contextmanager
def told(ledger: Ledger, release_id: str, folder: Path | None = None) -> Iterator[None]:
    """Whatever ends the block early says where the release stands: what is spent, what is staged, what to do now.

    ``folder`` is where the block writes, if not beside the ledger. An error that nobody foresaw shows no value.
    """
    if ledger.path is None:
        yield
        return
    place = staging.folder_for(ledger.path, release_id).parent if folder is None else folder
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.add_note(standing(ledger, release_id))
        raise
    except FrostglassError as error:
        message = f"{error.message}; {standing(ledger, release_id)}"
        raise type(error)(error.code, message, detail=error.detail) from None
    except (OSError, MemoryError) as error:
        message = f"{place.name}: {reason_of(error).lower()}; {standing(ledger, release_id)}"
        raise BundleError("FG-BN-066", message) from None
    except (Exception, PanicException) as error:  # noqa: BLE001 - the way out must be told, whatever it was
        found = fault(error)
        raise FrostglassError(found.code, f"{found.message}; {standing(ledger, release_id)}") from None


def standing(ledger: Ledger, release_id: str) -> str:
    """Where a release stands, in a sentence: what it has cost, and how to go on."""
    if is_staged(ledger, release_id):
        return (
            f"release {release_id} counts as spent and its answers are staged: mend that and run the same command "
            "again, which goes on at no further cost"
        )
    with suppress(FrostglassError, OSError):
        state = ledger.state(release_id)
        if state == "reserved":
            return (
                f"nothing was drawn for release {release_id}, which is reserved: a second person may void it, with "
                "`frostglass ledger void`"
            )
        if state == "drawn":
            return (
                f"release {release_id} counts as spent, and its answers are lost: running the same command again "
                "pays for a new one"
            )
        return f"release {release_id} is {state}"
    return f"`frostglass ledger show` tells whether release {release_id} counts as spent"


def enter(bundle: Bundle, ledger: Ledger) -> None:
    """Tell the ledger that a bundle is final; what was staged for it is no longer needed."""
    ledger.seal(bundle.manifest.release_id, manifest_sha256=bundle.manifest_sha256)
    tidy(bundle, ledger)


def tidy(bundle: Bundle, ledger: Ledger) -> None:
    """Remove what was staged for a sealed bundle."""
    if ledger.path is not None:
        staging.purge(staging.folder_for(ledger.path, bundle.manifest.release_id))


def resize(contents: Contents, total: int) -> SyntheticRecords:
    """``total`` records fitted to the same measurements, with their targets scaled. Costs nothing."""
    clauses = contents.codebook.clauses if contents.plan.structural else ()
    asking, measurements = strategy(contents.plan.strategy), contents.answers.measurements
    return asking.fit(
        contents.codebook.domain,
        measurements,
        asking.estimate(contents.codebook.domain, measurements),
        clauses=clauses,
        total=total,
        seed=contents.sampling_seed,
        fit=contents.plan.fit,
        progress=quiet,
    )


def build(
    asking: Strategy,
    codebook: Codebook,
    clauses: Sequence[Clause],
    measurements: tuple[Measurement, ...],
    *,
    plan: Plan,
    seed: int,
    progress: Progress = quiet,
    rule: Callable[[Estimate], Rule] = Intervals,
) -> tuple[SyntheticRecords, Counts]:
    """Records and counts from the measurements alone: the same for everyone who has them and the seed."""
    domain = codebook.domain
    progress("least squares over all measured tables")
    estimate = asking.estimate(domain, measurements)
    records = asking.fit(
        domain, measurements, estimate, clauses=clauses, total=None, seed=seed, fit=plan.fit, progress=progress
    )
    progress("counting combinations and their intervals")
    tau = plan.tau or least_stated(typical_error(estimate, plan.length))
    counts = tabulate(records, estimate, length=plan.length, tau=tau, rule=rule)
    progress("working out the shares")
    return records, with_shares(counts, records, estimate, codebook)


def check_plan(codebook: Codebook, plan: Plan) -> tuple[Strategy, tuple[Clause, ...]]:
    """Refuse, from public facts alone, a plan that cannot be carried out; return its strategy and constraints."""
    codebook = plan.applied_to(codebook)
    codebook.ready_for_release()
    if plan.codebook_sha256 != codebook.sha256:
        raise UsageError("FG-OP-031", "the plan was made for another version of the codebook; plan again")
    if plan.unit.name != codebook.unit:
        raise UsageError("FG-OP-036", f"a row of this codebook is one {codebook.unit}; the plan names another unit")
    if plan.unit.person_key is not None and codebook.match_name(plan.unit.person_key) is not None:
        raise UsageError("FG-OP-057", f"{codebook.match_name(plan.unit.person_key)}: {RELEASED_KEY}")
    plan.workload(codebook.domain)
    clauses = codebook.clauses if plan.structural else ()
    satisfiable(codebook.domain, compile_rules(codebook.domain, clauses))
    return strategy(plan.strategy), clauses


def guarantee(
    plan: Plan, wanted: Workload, delta: Fraction, accountant: Accountant, mechanism: str, nano_rho: int
) -> Guarantee:
    """The promise of one release that measures what is ``wanted``, with its figures for groups and exchanges.

    Proof: docs/proofs/accounting.md, "Groups and exchanges".
    """

    def jointly(factor: int | Fraction) -> float:
        """Epsilon of ``factor`` times the cost; no figure where the sampler's share of delta does not cover it."""
        joint = accounting.epsilon(accountant, math.ceil(nano_rho * factor), delta)
        exact = mechanism != ROUNDED_GAUSSIAN
        covered = exact or sampler_allowance(Fraction(str(joint)), delta) >= SAMPLER_UNITS
        return joint if covered else math.inf

    return Guarantee(
        epsilon=plan.epsilon,
        delta=delta,
        accountant=accountant.name,
        mechanism=mechanism,
        nano_rho=nano_rho,
        unit=plan.unit,
        groups=tuple((size, jointly(size**2)) for size in GROUPS),
        replace_one=jointly(wanted.exchange),
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


def _rehearsed(
    codebook: Codebook,
    plan: Plan,
    order: Order,
    ledger: Ledger,
    mechanism: str,
    nano_rho: int,
    asking: Strategy,
    release_id: str,
    today: date,
) -> Contents:
    """What the bundle will hold, with nobody in it; refused where that could not be sealed."""
    scope = ledger.scope(order.scope)
    account = accounting.accountant(scope.accountant)
    nobody = with_nobody(
        Contents(
            release_id=release_id,
            on=today,
            codebook=codebook,
            plan=plan,
            guarantee=guarantee(plan, plan.workload(codebook.domain), scope.delta, account, mechanism, nano_rho),
            scope=scope,
            seq=0,
            head=_NO_HASH,
            reserve_seq=0,
            reserve_head=_NO_HASH,
            answers=Answers((), None),
            records=SyntheticRecords(codebook.domain, np.zeros((0, len(codebook.domain)), dtype=np.uint16), ()),
            counts=Counts(codebook.domain, plan.length, 0, 1, (), ()),
            sampling_seed=0,
            engine=engine(asking),
            environment=environment(),
            public_key=ledger.public_key,
            sealable=ledger.sealable,
            fictitious=order.fictitious,
        )
    )
    if ledger.sealable:
        rehearse(nobody)
    return nobody


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


def _coded(source: object, codebook: Codebook, plan: Plan, order: Order, warn: Progress) -> Sensitive[CodedTable]:
    with opened(
        source,
        delimiter=order.reading.delimiter,
        encoding=order.reading.encoding,
        sheet=order.reading.sheet,
        whole=plan.unit.person_key is not None,
    ) as table:
        return encode(
            table,
            codebook,
            unit=plan.unit,
            unknown=plan.unknown,
            structural=plan.structural,
            allow_empty=order.allow_empty,
            placeholder_keys=order.placeholder_keys,
            salt=plan.salt,
            warn=warn,
        )


def planned_noise(
    codebook: Codebook, plan: Plan, nano_rho: int, noise: NoiseSource
) -> tuple[Workload, dict[AttributeSet, Fraction]]:
    """The workload, and the noise parameter of each of its fixed tables.

    Refuses, from public facts alone, noise that cannot be drawn: also for the worst choice of tables, where there is
    a choice.
    """
    domain = plan.applied_to(codebook).domain
    wanted, bound = plan.workload(domain), plan.unit.max_records**2

    def buys(share: Fraction, tables: int = 1) -> Fraction:
        return sigma_for(share * Fraction(nano_rho, NANO), bound * tables)

    sigmas = {each: buys(share) for each, share in wanted.fixed.items()}
    largest = [max(sigmas.values())]
    worst = _worst_choice(domain, wanted, buys) if wanted.candidates else {}
    if wanted.candidates:
        ranking = buys(wanted.ranking_share, len(wanted.candidates))
        largest += [ranking, *worst]
    if max(largest) > MOST_SIGMA:
        raise UsageError(
            "FG-OP-033",
            "this epsilon, spread over so many tables and records a person, leaves nothing but noise: take a larger "
            "epsilon, a shorter length, fewer variables or fewer records a person",
        )
    error = sum(noise.most_table_error(sigma) * domain.cells(each) for each, sigma in sigmas.items())
    if wanted.candidates:
        error += noise.most_table_error(ranking) * len(wanted.candidates)
        error += sum(noise.most_table_error(sigma) * cells for sigma, cells in worst.items())
    if error > SAMPLER_UNITS:
        raise UsageError(
            "FG-OP-034",
            "so many cells with so much noise exceed the sampler's share of delta: take a larger epsilon, a shorter "
            "length or fewer variables",
        )
    return wanted, sigmas


def _worst_choice(domain: Domain, wanted: Workload, buys: Callable[[Fraction], Fraction]) -> dict[Fraction, int]:
    """For each weight that a candidate may have, the most noise that its table can get, and the most cells of it.

    The noise is largest when as much weight as possible is chosen beside it.
    """
    cells = [domain.cells(each) for each in wanted.candidates]
    heaviest = max(Fraction(weight(each), each) for each in cells)
    most = min(Fraction(sum(map(weight, cells))), heaviest * wanted.chosen_cells)
    found: dict[Fraction, int] = {}
    for one in {weight(each) for each in cells}:
        sigma = buys(wanted.chosen_share * min(Fraction(1), one / most))
        found[sigma] = min(wanted.chosen_cells, sum(each for each in cells if weight(each) == one))
    return found


def _release_id(order: Order, day: str) -> str:
    if order.release_id is None:
        return f"{order.scope[:40]}-{day}-{secrets.token_hex(3)}"
    return order.release_id


def _staged_releases(ledger: Ledger, plan: Plan, order: Order) -> tuple[Reservation, ...]:
    """Releases of this very plan that were drawn and staged and never finished, newest first; of a named id, that one.

    Raises LedgerError FG-LG-019 when the named id is taken and cannot be resumed.
    """
    found = () if order.fresh else ledger.unfinished(order.scope, plan.sha256)
    named = order.release_id
    staged = tuple(each for each in found if named in (None, each.release_id) and is_staged(ledger, each.release_id))
    if named is not None and not staged:
        ledger.require_unused(named)
    return staged


def is_staged(ledger: Ledger, release_id: str) -> bool:
    """Whether the answers of a release lie beside its ledger, so that it can be resumed."""
    return ledger.path is not None and staging.folder_for(ledger.path, release_id).is_dir()


def _resumed(
    ledger: Ledger, candidates: Sequence[Reservation], plan: Plan, table: Sensitive[CodedTable]
) -> tuple[Reservation, staging.Staged] | None:
    """The candidate that was drawn from this very table. Raises LedgerError when there are only others."""
    if not candidates or ledger.path is None:
        return None
    for each in candidates:
        staged = staging.staged(staging.folder_for(ledger.path, each.release_id), plan_sha256=plan.sha256, table=table)
        if staged:
            return each, staged
    raise LedgerError(
        "FG-LG-051",
        f"release {candidates[0].release_id} of the same plan was drawn from other data and is not finished: give it "
        "the table that it was drawn from, or start a new release with --fresh, which is paid for again",
    )


@contextmanager
def _room(ledger: Ledger, release_id: str, codebook: Codebook, plan: Plan) -> Iterator[staging.Room | None]:
    """Room for the answers beside the ledger; one without a file has nowhere, and nothing that could be resumed."""
    if ledger.path is None:
        yield None
        return
    folder = staging.folder_for(ledger.path, release_id)
    wanted = plan.workload(codebook.domain)
    cells = sum(codebook.domain.cells(each) for each in wanted.fixed) + len(wanted.candidates) + wanted.chosen_cells
    with ExitStack() as held:
        try:
            room = held.enter_context(staging.room(folder, _ROOM_FOR_ANY_ANSWERS + _BYTES_AN_ANSWER * cells))
        except OSError as error:
            raise LedgerError(
                "FG-LG-053",
                f"there is no room to stage the answers in {folder.parent.name}, beside the ledger: "
                f"{reason_of(error).lower()}; nothing was reserved",
            ) from None
        except ValueError:
            raise LedgerError(
                "FG-LG-054",
                "the key that binds staged answers to their data, beside the ledger, is damaged: put it back, or move "
                "it away, and what is staged cannot be resumed; nothing was reserved",
            ) from None
        yield room


def _stage(
    room: staging.Room | None, plan: Plan, table: Sensitive[CodedTable], order: Order, answers: bytes
) -> staging.Staged:
    seed = secrets.randbits(53) if order.random_state is None else order.random_state
    if room is None:
        return staging.Staged(answers, hashlib.sha256(answers).hexdigest(), seed)
    try:
        return staging.stage(room, plan_sha256=plan.sha256, table=table, seed=seed, answers=answers)
    except OSError as error:
        raise LedgerError(
            "FG-LG-052",
            f"the answers could not be staged in {room.folder.parent.name}, beside the ledger: "
            f"{reason_of(error).lower()}",
        ) from None
