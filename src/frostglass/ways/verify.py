"""Bundles once they are there: verified, known to the ledger, and finished where a release was cut short."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from frostglass.boundary import accountant as accounting
from frostglass.boundary.accountant import Accountant
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.bundle.format.manifest import (
    OLDEST,
    Manifest,
    Promise,
    promise,
)
from frostglass.bundle.format.signature import public_key_of
from frostglass.bundle.read import Bundle
from frostglass.errors import BundleError, UsageError
from frostglass.released.answers import Answers
from frostglass.released.counts import Counts
from frostglass.released.former_intervals import FormerIntervals
from frostglass.released.intervals import Intervals
from frostglass.released.synthetic import SyntheticRecords
from frostglass.synthesis.strategy import strategy
from frostglass.terms.arguments import path as path_of
from frostglass.terms.budget import NANO
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Receipt
from frostglass.terms.workload import Workload
from frostglass.verification.report import Check, VerifyReport, against_key, against_ledger, check, not_made
from frostglass.verification.report import verify as verify_bundle
from frostglass.ways.build import build, engine, environment
from frostglass.ways.pricing import guarantee


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
