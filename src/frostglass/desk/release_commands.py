"""``release``, ``verify`` and ``demo``."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from frostglass.boundary import accountant as accounting
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.bundle.format.places import refuse_in_bundle
from frostglass.bundle.read import Bundle
from frostglass.desk import demo as demonstration
from frostglass.desk import options as opt
from frostglass.desk.output import Voice, in_options
from frostglass.desk.plan.commands import show_plan
from frostglass.desk.plan.text import plan_text
from frostglass.desk.settings import Settings, settle
from frostglass.errors import BundleError, InputError
from frostglass.sensitive.coding.check import CheckReport
from frostglass.terms.budget import decimal_text
from frostglass.terms.plan import Plan
from frostglass.ways import plan as foresight
from frostglass.ways import verify as bundles
from frostglass.ways.order import Order
from frostglass.ways.release import to_bundle
from frostglass.ways.resuming import standing

Delta = Annotated[str | None, typer.Option("--delta", help="Only to check it: the scope fixes delta.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (demo, release, verify):
        app.command()(command)


def demo(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the demo [frostglass-demo, numbered].")
    ] = None,
    cases: Annotated[int, opt.whole("--cases", help="Number of people registered.")] = 17_500,
    quiet: opt.Quiet = False,
) -> None:
    """The whole way on fictitious data: case files, coded table, ledger, release, verify, count."""
    demonstration.run(out, cases, Voice(quiet=quiet))


def release(
    data: opt.DataFile = None,
    codebook: opt.CodebookRef = None,
    epsilon: opt.Epsilon = None,
    length: opt.Length = None,
    scope: opt.Scope = None,
    ledger: opt.LedgerFile = None,
    out: opt.OutFolder = None,
    tau: opt.Tau = None,
    fit: opt.Fit = None,
    cells: opt.Cells = None,
    person_key: opt.PersonKey = None,
    max_records: opt.MaxRecords = None,
    placeholder_keys: opt.PlaceholderKeys = None,
    unknown: opt.Unknown = None,
    without_constraints: opt.WithoutConstraints = None,
    fictitious: opt.Fictitious = None,
    release_id: opt.ReleaseId = None,
    delta: Delta = None,
    config: opt.Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only plan: open no data and spend nothing.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew, and pay anew, where a crashed release could be resumed.")
    ] = False,
    random_state: opt.Seed = None,
    allow_empty: opt.AllowEmpty = False,
    private_report: Annotated[
        Path | None,
        typer.Option("--private-report", help="Where the table is refused: the values, for your eyes only."),
    ] = None,
    delimiter: opt.DelimiterOverFile = None,
    encoding: opt.EncodingOverFile = None,
    sheet: opt.Sheet = None,
    by: opt.By = None,
    as_json: opt.Json = False,
    verbose: opt.Verbose = False,
    quiet: opt.Quiet = False,
) -> None:
    """Turn a coded table into a sealed bundle of private counts and synthetic records, paid for in the ledger.

    Example: frostglass release table.csv -c ctdc-vp-1 --epsilon 4 --scope programme --ledger budget.db -o out
    """
    settings = settle(
        config,
        data=data,
        codebook=codebook,
        epsilon=epsilon,
        delta=delta,
        length=length,
        tau=tau,
        fit=fit,
        cells=cells,
        scope=scope,
        ledger=ledger,
        out=out,
        release_id=release_id,
        person_key=person_key,
        max_records=max_records,
        placeholder_keys=placeholder_keys,
        unknown=unknown,
        without_constraints=without_constraints,
        fictitious=fictitious,
        delimiter=delimiter,
        encoding=encoding,
        sheet=sheet,
    )
    voice = Voice(as_json, verbose, quiet)
    if dry_run:
        show_plan(settings, "gdp", voice)
        return
    order = settings.order(by=by, random_state=random_state, fresh=fresh, allow_empty=allow_empty)
    if private_report is not None:
        refuse_in_bundle(private_report)
    _release(settings, order, private_report, voice)


def verify(
    bundle: Annotated[Path, typer.Argument(help="A bundle.")],
    ledger: opt.LedgerFile = None,
    key: Annotated[
        str | None,
        typer.Option("--key", help="The publisher's public key: 64 hex digits, or a file.", metavar="KEY|FILE"),
    ] = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Check a bundle: signature, hashes, constraints, agreement, and everything recomputed from the measurements.

    Example: frostglass verify out --ledger budget.db
    """
    voice = Voice(as_json, quiet=quiet)
    report = bundles.verify(bundle, key=key, ledger=ledger)
    voice.say(in_options(report.text()))
    voice.give(report.as_json())
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _release(settings: Settings, order: Order, private_report: Path | None, voice: Voice) -> None:
    book = settings.codebook()
    decided = settings.plan(book)
    out, ledger = settings.out, settings.ledger()
    scope = ledger.scope(order.scope)
    settings.check_delta(scope.delta)
    if voice.verbose:
        foreseen = foresight.foresight(book, decided, accounting.accountant(scope.accountant), scope.delta)
        voice.note(plan_text(decided, foreseen, scope.accountant, decimal_text(scope.delta)))
    with _explained(ledger, order.scope, decided), _reported(private_report, voice):
        done = to_bundle(
            settings.data,
            book,
            decided,
            order,
            out=out,
            ledger=ledger,
            progress=voice.progress,
            warn=lambda said: voice.note(f"note: {said}"),
        )
    if done.contents is None:
        voice.note("this release was complete but for its last step, which is done now; nothing was paid")
    voice.say(summary_text(done.bundle))
    voice.give(json.loads((done.bundle.path / "manifest.json").read_text()))


def summary_text(bundle: Bundle) -> str:
    """What the steward reads when a release is done."""
    manifest = bundle.manifest
    return (
        f"release {manifest.release_id}: {manifest.total:,} synthetic records and "
        f"{bundle.counts.height:,} combinations\n"
        f"bundle: {bundle.path}\n"
        f"spent: epsilon {manifest.guarantee.epsilon} at delta {manifest.guarantee.delta}; "
        f"scope {manifest.ledger.scope} now stands at epsilon {manifest.scope.tight_epsilon:.13g} (tight), "
        f"{manifest.scope.plain_epsilon} (plain sum)"
    )


@contextlib.contextmanager
def _explained(ledger: Ledger, scope: str, decided: Plan) -> Iterator[None]:
    """When the steward stops it half-way: say what was spent and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        known = (*ledger.unfinished(scope, decided.sha256), *ledger.undrawn(scope, decided.sha256))
        said = standing(ledger, known[0].release_id) if known else "nothing was drawn, and nothing is spent"
        raise BundleError("FG-BN-063", f"stopped; {said}") from None


@contextlib.contextmanager
def _reported(private_report: Path | None, voice: Voice) -> Iterator[None]:
    """Where the table is refused, write the values to the private report, if one was asked for."""
    try:
        yield
    except InputError as error:
        if private_report is not None and isinstance(error.detail, CheckReport):
            error.detail.write_private(private_report)
            voice.note(f"values of cases: {private_report} (private; delete it when you are done)")
        raise
