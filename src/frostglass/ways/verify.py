"""Bundles once they are there: verified, known to the ledger, and finished where a release was cut short."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from frostglass.boundary import accountant as accounting
from frostglass.boundary.accountant import SAMPLER_UNITS, Accountant
from frostglass.boundary.ledger.ledger import KnownRelease, Ledger
from frostglass.bundle.format.files import read_file, refuse_existing
from frostglass.bundle.format.manifest import (
    MANIFEST,
    MOST_MANIFEST_BYTES,
    OLDEST,
    Manifest,
    Promise,
    parse_manifest,
    promise,
)
from frostglass.bundle.format.signature import SIGNATURE, SIGNATURE_BYTES, public_key_of
from frostglass.bundle.read import Bundle
from frostglass.bundle.room import refuse_full
from frostglass.errors import BundleError, FrostglassError, UsageError
from frostglass.released.answers import Answers
from frostglass.released.counts import Counts
from frostglass.released.former_intervals import FormerIntervals
from frostglass.released.intervals import Intervals
from frostglass.released.synthetic import SyntheticRecords
from frostglass.signed import is_signed
from frostglass.synthesis.strategy import strategy
from frostglass.terms.arguments import path as path_of
from frostglass.terms.budget import NANO
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Receipt
from frostglass.terms.plan import Plan
from frostglass.terms.workload import Workload
from frostglass.verification.report import Check, VerifyReport, against_key, against_ledger, check, not_made
from frostglass.verification.report import verify as verify_bundle
from frostglass.ways.release import Order, build, engine, enter, environment, guarantee, is_staged, tidy

_MOST_NAMES = 5

_NO_BUNDLE = "passed over: no manifest of a bundle that this version reads lies there"
_NOT_SIGNED = (
    "passed over: this names the ledger, and no key that the ledger or its witness ever named has signed it, so "
    "nothing that it says is believed"
)
_ANOTHER_VERSION = (
    "passed over: the ledger's key signed this, and this version cannot read it; reconcile with the version that wrote "
    "it, if the ledger does not know it"
)
_ELSEWHERE = (
    "another ledger is named there, with a scope of the same name as one of this ledger; if it is about the same "
    "people, what they were promised there comes on top"
)


def verify(
    path: str | Path, *, key: str | Path | None = None, ledger: Ledger | str | Path | None = None
) -> VerifyReport:
    """Check a bundle from its files alone; recompute its records and counts, and its guarantee from its noise.

    ``key`` is the public key of whoever should have signed it: 64 hexadecimal digits, or a file with them or with PEM.
    Raises UsageError FG-OP-077 when it is none. ``ledger`` is the one that should have paid for it.
    """
    path, wanted = path_of(path, "the bundle"), None if key is None else public_key_of(key)
    report = verify_bundle(path, recompute=recompute, environment=environment())
    if report.failed:
        asked = {"guarantee": True, "key": wanted is not None, "ledger": ledger is not None}
        return report.plus(not_made(*(name for name, wished in asked.items() if wished)))
    bundle = Bundle.open(path)
    report = report.plus([check("guarantee", lambda: _check_guarantee(bundle))])
    if wanted is not None:
        report = report.plus([against_key(bundle.manifest, wanted)])
    return report if ledger is None else report.plus(_check_ledger(bundle, ledger))


def _check_ledger(bundle: Bundle, ledger: Ledger | str | Path) -> tuple[Check, ...]:
    """What the ledger says of the bundle. Raises LedgerError when it cannot be asked."""
    asked = ledger if isinstance(ledger, Ledger) else Ledger.inspect(ledger)
    entries = [
        {"seq": e.seq, "kind": e.kind, "scope": e.scope, "release_id": e.release_id, "body": e.body, "hash": e.hash}
        for e in asked.entries()
    ]
    return against_ledger(bundle.manifest_sha256, bundle.manifest, entries)


def _check_guarantee(bundle: Bundle) -> str:
    """Whether the noise that the measurements state really buys what the manifest promises, by the accountant."""
    manifest = bundle.manifest
    accountant = accounting.accountant(manifest.guarantee.accountant)
    answers = bundle.answers()
    spent = sum((_cost(each.receipt) for each in answers.measurements), Fraction(0))
    if answers.distances:
        spent += len(answers.distances.candidates) * _cost(answers.distances.receipt)
    plan, stated = manifest.to_plan(), manifest.guarantee
    if spent * NANO > accounting.allowance(accountant, plan.epsilon, Fraction(stated.delta)):
        raise BundleError("FG-BN-070", "the noise is smaller than the promised epsilon needs")
    if stated.mechanism not in accountant.mechanisms:
        raise BundleError("FG-BN-070", "the accountant of the guarantee cannot value its mechanism")
    return f"the noise gives epsilon {stated.epsilon} at this delta, or less{_check_figures(bundle, accountant)}"


def _check_figures(bundle: Bundle, accountant: Accountant) -> str:
    """What is to be said of the figures of a guarantee that are those that its cost gives; most often nothing.

    A bundle of format 2 may count an exchange as if nothing had been chosen: then both figures are named.
    """
    manifest, plan, stated = bundle.manifest, bundle.manifest.to_plan(), bundle.manifest.guarantee

    def due(wanted: Workload) -> Promise:
        return promise(guarantee(plan, wanted, Fraction(stated.delta), accountant, stated.mechanism, stated.nano_rho))

    wanted = plan.workload(bundle.codebook.domain)
    if stated == due(wanted):
        return ""
    if manifest.format == OLDEST and stated == due(Workload(wanted.fixed)):
        return (
            f"; but the epsilon that it states for an exchange, {stated.replace_one}, is too small, because tables "
            f"were chosen: it is {due(wanted).replace_one or 'beyond any useful bound'}"
        )
    raise BundleError("FG-BN-070", "the figures of the guarantee are not those that its cost gives")


def _cost(receipt: Receipt) -> Fraction:
    """In rho, of one table with this receipt's noise."""
    return Fraction(receipt.sensitivity**2) / (2 * receipt.sigma**2)


def recompute(answers: Answers, codebook: Codebook, manifest: Manifest) -> tuple[SyntheticRecords, Counts]:
    """What ``build`` made of these answers when the bundle was sealed; BundleError where it chose other tables."""
    plan = manifest.to_plan()
    asking = strategy(plan.strategy)
    if manifest.engine != engine(asking):
        raise UsageError(
            "FG-BN-060",
            f"the bundle was made by engine {manifest.engine} and this version has {engine(asking)}; "
            f"verify it with frostglass {manifest.software.version}",
        )
    clauses = codebook.clauses if plan.structural else ()
    expected = asking.expected(codebook.domain, plan.workload(codebook.domain), answers)
    if expected != {each.attributes for each in answers.measurements}:
        raise BundleError("FG-BN-070", "other tables were measured than the distances call for")
    rule = FormerIntervals if manifest.format == OLDEST else Intervals
    return build(asking, codebook, clauses, answers.measurements, plan=plan, seed=manifest.sampling_seed, rule=rule)


def refuse_output(out: Path, codebook: Codebook, plan: Plan, ledger: Ledger) -> tuple[str, ...]:
    """Refuse, before anything is read or spent, an output that exists, cannot be written or has no room for any bundle.

    Also when the bundles beside it show that the ledger is older than what it paid for. Returns notes on those that
    are not believed, or that another ledger paid for.
    """
    if not ledger.sealable:
        raise BundleError("FG-BN-003", "what an ephemeral ledger pays for is for trying out, and is never sealed")
    refuse_existing(out)
    parent = out.absolute().parent
    while not parent.is_dir():
        parent = parent.parent
    if not os.access(parent, os.W_OK):
        raise BundleError("FG-BN-062", f"{parent.name or parent} cannot be written to; choose another folder")
    refuse_full(out, codebook, plan)
    found = shown(sorted(each.parent for each in out.absolute().parent.glob(f"*/{MANIFEST}")), ledger)
    ledger.check_known(found.known)
    return found.notes


def finish(out: Path, plan: Plan, order: Order, ledger: Ledger) -> Bundle | None:
    """Do what is left for a bundle that was complete when its release was cut short: its entry, and tidying up.

    ``None`` when there is nothing of that kind at ``out``, or the bundle is of another release than is ordered.
    """
    try:
        bundle = Bundle.open(out)
        state = ledger.state(bundle.manifest.release_id)
    except FrostglassError:
        return None
    if not _is_of(bundle.manifest, plan, order):
        return None
    if state == "committed" and _is_whole(bundle, ledger):
        enter(bundle, ledger)
        return bundle
    if (
        state in ("sealed", "approved", "published")
        and is_staged(ledger, bundle.manifest.release_id)
        and is_sealed(bundle, ledger)
    ):
        tidy(bundle, ledger)
        return bundle
    return None


def _is_of(manifest: Manifest, plan: Plan, order: Order) -> bool:
    """Whether the same command made it, as far as a manifest tells."""
    named = order.release_id in (None, manifest.release_id)
    return named and (manifest.ledger.scope, manifest.plan_sha256) == (order.scope, plan.sha256)


def _is_whole(bundle: Bundle, ledger: Ledger) -> bool:
    """Whether it was made from the entry that committed its release, and verifies."""
    entry = ledger.find(bundle.manifest.release_id, "commit")
    stamp = (bundle.manifest.ledger.seq, bundle.manifest.ledger.head)
    signed = bundle.manifest.public_key in ledger.public_keys()
    return entry is not None and (entry.seq, entry.hash) == stamp and signed and not verify(bundle.path).failed


def is_sealed(bundle: Bundle, ledger: Ledger) -> bool:
    """Whether the ledger sealed this very bundle."""
    sealed = ledger.find(bundle.manifest.release_id, "seal")
    return sealed is not None and sealed.body["manifest_sha256"] == bundle.manifest_sha256


@dataclass(frozen=True)
class Shown:
    """What folders show to a ledger: the releases that its key signed, and notes on folders that were passed over."""

    known: tuple[KnownRelease, ...]
    notes: tuple[str, ...]


def shown(folders: Iterable[Path], ledger: Ledger) -> Shown:
    """What is to be believed of the bundles in these folders, and what is not.

    Whoever can write into a folder can write any manifest. So none of its figures counts before a key that the ledger
    or its witness ever named has signed it: a folder that does not verify is noted, blocks nothing and costs nothing.
    """
    keys, scopes = ledger.known_keys(), ledger.scopes()
    known, passed = list[KnownRelease](), dict[str, list[str]]()
    for folder in folders:
        found = _shown_by(folder, ledger.ledger_id, keys, scopes)
        if isinstance(found, KnownRelease):
            known.append(found)
        elif found is not None:
            passed.setdefault(found, []).append(repr(folder.name))
    return Shown(tuple(known), tuple(f"{_listed(names)}: {why}" for why, names in passed.items()))


def _shown_by(
    folder: Path, ledger_id: str, keys: Collection[str], scopes: Collection[str]
) -> KnownRelease | str | None:
    """The release that a folder shows, or why it is passed over; ``None`` where that concerns nobody."""
    try:
        data = read_file(folder / MANIFEST, most=MOST_MANIFEST_BYTES)
    except FrostglassError:
        return _NO_BUNDLE
    signed = _is_signed(data, folder, keys)
    try:
        manifest = parse_manifest(data)
    except FrostglassError:
        return _ANOTHER_VERSION if signed else _NO_BUNDLE
    if manifest.ledger.id == ledger_id:
        return _known_release(manifest) if signed else _NOT_SIGNED
    return _ELSEWHERE if manifest.ledger.scope in scopes else None


def _is_signed(manifest: bytes, folder: Path, keys: Collection[str]) -> bool:
    """Whether the holder of one of these keys signed those very bytes."""
    try:
        signature = read_file(folder / SIGNATURE, most=SIGNATURE_BYTES)
    except FrostglassError:
        return False
    return any(is_signed(manifest, signature, each) for each in keys)


def _listed(names: Sequence[str]) -> str:
    """Some names of many: whoever makes folders does not fill the screen."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _known_release(manifest: Manifest) -> KnownRelease:
    """The ledger stamp of a bundle whose manifest the ledger's key signed."""
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
        on=manifest.date.isoformat(),
        reserve_seq=manifest.ledger.reserve_seq,
        scope_spent=manifest.scope.spent,
        scope_plain_epsilon=Fraction(manifest.scope.plain_epsilon),
        scope_releases=manifest.scope.releases,
        unit=manifest.guarantee.unit.name,
        keyed=manifest.guarantee.unit.person_key is not None,
    )
