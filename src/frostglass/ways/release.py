"""READ FIRST: one release, in straight-line code.

``to_bundle`` is the way of both doors. ``release`` is most of it: plan, afford, read and check, reserve, draw, stage,
commit, fit, count. ``seal`` makes the bundle final. Everything before ``reserve`` may be loud, for the steward's eyes;
nothing after it depends on the data but the noisy answers themselves.
"""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from frostglass.boundary import accountant as accounting
from frostglass.boundary.curator import Curator
from frostglass.boundary.held_signals import held_back
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.noise.rounded_gaussian import NoiseSource
from frostglass.bundle.contents import Contents
from frostglass.bundle.format.measurement_file import decode
from frostglass.bundle.format.measurement_file import encode as encode_answers
from frostglass.bundle.read import Bundle
from frostglass.bundle.rehearsal import rehearse, with_nobody
from frostglass.bundle.room import refuse_full
from frostglass.bundle.seal import seal as seal_bundle
from frostglass.counting.tally import ready
from frostglass.errors import FrostglassError
from frostglass.released.answers import Answers
from frostglass.released.counts import Counts
from frostglass.released.synthetic import SyntheticRecords
from frostglass.sensitive.coding.check import encode
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.sensitive.coding.counts import judge_size
from frostglass.sensitive.coding.intake import opened
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Sensitive
from frostglass.terms.plan import Plan
from frostglass.terms.progress import Progress, quiet
from frostglass.ways.build import build, engine, environment
from frostglass.ways.finishing import enter, finish, refuse_output
from frostglass.ways.order import Order
from frostglass.ways.pricing import Priced, price, promised
from frostglass.ways.resuming import committed, resumable, room_beside, staged_answers, staged_before, told

_NO_HASH = "0" * 64


@dataclass(frozen=True)
class Sealed:
    """A sealed bundle, and what is in it; ``contents`` is None where a release that had been cut short was finished."""

    bundle: Bundle
    contents: Contents | None


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
    scope = ledger.scope(order.scope)
    priced = price(codebook, plan, accounting.accountant(scope.accountant), scope.delta, noise)
    for sigma in set(priced.sigmas.values()):
        priced.noise.table_error(sigma)  # whatever takes time or memory for this noise is had before anything is spent
    release_id = _release_id(order, today.isoformat())
    rehearsed = _rehearsed(priced, order, ledger, release_id, today)
    candidates = staged_before(ledger, plan, order)
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
        ledger.afford(order.scope, priced.charge)

    progress("reading and checking the table")
    table = _coded(source, codebook, plan, order, warn)

    ready(priced.workload.orders)
    resumed = resumable(ledger, candidates, plan, table)
    if resumed:
        reservation, staged = resumed
        progress(f"resuming release {reservation.release_id}: its answers are staged, nothing is drawn again")
        answers = decode(staged.answers, codebook.domain)
    else:
        with room_beside(ledger, release_id, priced) as room:
            if out is not None:
                judge_size(table, lambda records: refuse_full(out, codebook, plan, records=records))
            reservation = ledger.reserve(order.scope, release_id, plan.sha256, priced.charge, by=order.by)
            with told(ledger, release_id), held_back():
                glass = Curator(
                    table, codebook.domain, plan.unit, ledger=ledger, reservation=reservation, noise=priced.noise
                )
                answers = priced.strategy.measure(codebook.domain, priced.workload, glass, progress)
                del glass
                staged = staged_answers(room, plan, table, order, encode_answers(answers, codebook.domain))
    del table
    with told(ledger, reservation.release_id):
        entry = committed(ledger, reservation, staged.sha256)
        records, counts = build(
            priced.strategy,
            codebook,
            priced.clauses,
            answers.measurements,
            plan=plan,
            seed=staged.seed,
            progress=progress,
        )
        return replace(
            rehearsed,
            release_id=reservation.release_id,
            guarantee=promised(priced, reservation) if resumed else priced.guarantee,
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


def to_bundle(
    source: object,
    codebook: Codebook,
    plan: Plan,
    order: Order,
    *,
    out: Path,
    ledger: Ledger,
    progress: Progress = quiet,
    warn: Progress = quiet,
) -> Sealed:
    """The whole way to a sealed bundle in ``out``: finish what was cut short there, refuse, release, seal.

    ``warn`` is also given what lies beside ``out`` and is not believed.
    """
    done = finish(out, plan, order, ledger)
    if done is not None:
        return Sealed(done, None)
    for note in refuse_output(out, codebook, plan, ledger):
        warn(note)
    contents = release(source, codebook, plan, order, ledger=ledger, out=out, progress=progress, warn=warn)
    return Sealed(seal(contents, out, ledger=ledger, progress=progress), contents)


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


def _rehearsed(priced: Priced, order: Order, ledger: Ledger, release_id: str, today: date) -> Contents:
    """What the bundle will hold, with nobody in it; refused where that could not be sealed."""
    codebook, plan = priced.codebook, priced.plan
    nobody = with_nobody(
        Contents(
            release_id=release_id,
            on=today,
            codebook=codebook,
            plan=plan,
            guarantee=priced.guarantee,
            scope=ledger.scope(order.scope),
            seq=0,
            head=_NO_HASH,
            reserve_seq=0,
            reserve_head=_NO_HASH,
            answers=Answers((), None),
            records=SyntheticRecords(codebook.domain, np.zeros((0, len(codebook.domain)), dtype=np.uint16), ()),
            counts=Counts(codebook.domain, plan.length, 0, 1, (), ()),
            sampling_seed=0,
            engine=engine(priced.strategy),
            environment=environment(),
            public_key=ledger.public_key,
            sealable=ledger.sealable,
            fictitious=order.fictitious,
        )
    )
    if ledger.sealable:
        rehearse(nobody)
    return nobody


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


def _release_id(order: Order, day: str) -> str:
    if order.release_id is None:
        return f"{order.scope[:40]}-{day}-{secrets.token_hex(3)}"
    return order.release_id
