"""``plan``, ``release``, ``count``, ``verify``, ``publish`` and ``demo``."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from frostglass import bundles, foresight, pipeline
from frostglass.boundary import accountant as accounting
from frostglass.boundary.ledger import Ledger
from frostglass.bundle.query import split_condition
from frostglass.bundle.read import Bundle, open_bundle
from frostglass.desk import demo as demonstration
from frostglass.desk import options as opt
from frostglass.desk.output import Voice, table
from frostglass.desk.settings import Options, Settings, need, settle
from frostglass.errors import BundleError, InputError
from frostglass.sensitive.check import CheckReport
from frostglass.terms.budget import NANO, decimal_text
from frostglass.terms.plan import Plan
from frostglass.terms.workload import LONGEST_CHOSEN
from frostglass.withholding import Withheld

OutFolder = Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the bundle; it must not exist.")]
DataFile = Annotated[Path | None, typer.Argument(help="The coded table: CSV, Parquet or XLSX.", metavar="[DATA]")]
ReleaseId = Annotated[str | None, typer.Option("--release-id", help="Name of the release [made from the scope].")]
Delta = Annotated[str | None, typer.Option("--delta", help="Only to check it: the scope fixes delta.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (demo, plan, release, count, verify, publish):
        app.command()(command)


def demo(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the demo [frostglass-demo, numbered].")
    ] = None,
    cases: Annotated[
        int, typer.Option("--cases", min=200, max=1_000_000, help="Number of people registered.")
    ] = 17_500,
    quiet: opt.Quiet = False,
) -> None:
    """The whole way on fictitious data: case files, coded table, ledger, release, verify, count."""
    demonstration.run(out, cases, Voice(quiet=quiet))


def plan(
    data: DataFile = None,
    codebook: opt.CodebookRef = None,
    epsilon: opt.Epsilon = None,
    length: opt.Length = None,
    scope: opt.Scope = None,
    ledger: opt.LedgerFile = None,
    out: OutFolder = None,
    tau: opt.Tau = None,
    fit: opt.Fit = None,
    cells: opt.Cells = None,
    person_key: opt.PersonKey = None,
    max_records: opt.MaxRecords = None,
    unknown: opt.Unknown = None,
    without_constraints: opt.WithoutConstraints = False,
    release_id: ReleaseId = None,
    delta: Annotated[str | None, typer.Option("--delta", help="Needed where no ledger and scope are named.")] = None,
    accountant: Annotated[str, typer.Option("--accountant", help="Where no ledger and scope are named.")] = "gdp",
    config: opt.Config = None,
    as_json: opt.Json = False,
) -> None:
    """Say what error and interval each combination length will get. Opens no data, spends nothing.

    Example: frostglass plan -c ctdc-vp-1 --epsilon 4 --delta 1e-6
    """
    options = Options(
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
        unknown=unknown,
        without_constraints=without_constraints,
        config=config,
    )
    _show_plan(settle(options), accountant, Voice(as_json))


def release(
    data: DataFile = None,
    codebook: opt.CodebookRef = None,
    epsilon: opt.Epsilon = None,
    length: opt.Length = None,
    scope: opt.Scope = None,
    ledger: opt.LedgerFile = None,
    out: OutFolder = None,
    tau: opt.Tau = None,
    fit: opt.Fit = None,
    cells: opt.Cells = None,
    person_key: opt.PersonKey = None,
    max_records: opt.MaxRecords = None,
    unknown: opt.Unknown = None,
    without_constraints: opt.WithoutConstraints = False,
    release_id: ReleaseId = None,
    delta: Delta = None,
    config: opt.Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only plan: open no data and spend nothing.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew, and pay anew, where a crashed release could be resumed.")
    ] = False,
    random_state: Annotated[
        int | None, typer.Option("--random-state", min=0, help="Seed for what comes after the noise.")
    ] = None,
    allow_empty: opt.AllowEmpty = False,
    private_report: Annotated[
        Path | None,
        typer.Option("--private-report", help="Where the table is refused: the values, for your eyes only."),
    ] = None,
    delimiter: opt.Delimiter = ",",
    encoding: opt.Encoding = "utf-8",
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
        Options(
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
            unknown=unknown,
            without_constraints=without_constraints,
            delimiter=delimiter,
            encoding=encoding,
            sheet=sheet,
            config=config,
        )
    )
    voice = Voice(as_json, verbose, quiet)
    if dry_run:
        _show_plan(settings, "gdp", voice)
        return
    order = pipeline.Order(
        scope=settings.scope,
        release_id=settings.release_id,
        by=by or pipeline.whoever(),
        random_state=random_state,
        fresh=fresh,
        allow_empty=allow_empty,
        reading=settings.reading,
    )
    _release(settings, order, private_report, voice)


def count(
    bundle: Annotated[Path, typer.Argument(help="A bundle.")],
    conditions: Annotated[
        list[str] | None, typer.Argument(help="Conditions such as gender=Female.", metavar="[VARIABLE=VALUE]...")
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Print a count with its interval and a sentence ready to cite.

    Example: frostglass count out gender=Female age=18-29
    """
    voice = Voice(as_json)
    answer = open_bundle(bundle).count([split_condition(each) for each in conditions or ()])
    voice.say(answer.text())
    voice.give(answer.as_json())


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
    voice.say(report.text())
    voice.give(report.as_json())
    if not report.ok:
        raise typer.Exit(1)


def publish(
    bundle: Annotated[Path, typer.Argument(help="A sealed bundle.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to publish it; it must not exist.")],
    ledger: Annotated[Path, typer.Option("--ledger", help="The ledger that paid for it.", metavar="FILE")],
    by: opt.By = None,
    as_json: opt.Json = False,
) -> None:
    """Copy a sealed bundle out, byte for byte, and enter it in the ledger."""
    bundles.publish(bundle, out, ledger=Ledger.open(ledger), by=by or pipeline.whoever())
    voice = Voice(as_json)
    voice.say(f"published: {out}")
    voice.give({"out": str(out)})


def _show_plan(settings: Settings, accountant: str, voice: Voice) -> None:
    book = settings.codebook()
    decided = settings.plan(book)
    delta = settings.delta
    if settings.ledger_path is not None:
        summary = settings.ledger().scope(settings.scope)
        settings.check_delta(summary.delta)
        accountant, delta = summary.accountant, summary.delta
    chosen = accounting.accountant(accountant)
    delta = need(delta, "delta (a scope fixes it)", "--ledger and --scope, or --delta")
    foreseen = foresight.foresight(book, decided, chosen, delta)
    voice.give(
        {
            "plan": decided.as_json(),
            "sha256": decided.sha256,
            "accountant": accountant,
            "delta": decimal_text(delta),
            "nano_rho": foreseen.nano_rho,
            "tau": foreseen.tau,
            "candidates": foreseen.candidates,
            "chosen_cells": foreseen.chosen_cells,
            "lengths": [row.__dict__ for row in foreseen.rows],
            "withholding_on_benchmark_tables": [
                {"table": each.table, **each.__dict__} for each in foreseen.withholding
            ],
        }
    )
    voice.say(_plan_text(decided, foreseen, accountant, decimal_text(delta)))
    if settings.ledger_path is not None:
        left = summary.allowance - summary.spent
        voice.say(
            f"scope {summary.scope} has {left / NANO:.6f} rho left: "
            + (
                "enough for this release"
                if left >= foreseen.nano_rho
                else "NOT enough for this release; it would be refused"
            )
        )


def _plan_text(decided: Plan, foreseen: foresight.Foresight, accountant: str, delta: str) -> str:
    head = ("length", "tables", "cells", "measured", "noise sd", "error sd", "95% interval: ± least, middle, most")
    lines = [
        (
            str(row.length),
            f"{row.tables:,}",
            f"{row.cells:,}",
            _measured(row, foreseen),
            f"{row.noise_sd:.1f}" if row.noise_sd else "–",
            f"{row.sd[1]:.1f}" if row.sd else "–",
            ", ".join(f"{each:.0f}" for each in row.half_width) if row.half_width else "bounds from shorter ones",
        )
        for row in foreseen.rows
    ]
    cost = foreseen.nano_rho / NANO
    return "\n".join(
        [
            f"epsilon {decimal_text(decided.epsilon)} at delta {delta} ({accountant}) costs {cost:.6f} rho",
            f"one {decided.unit.name} has at most {decided.unit.max_records} record(s)",
            "",
            table(head, lines, right=(0, 1, 2, 4, 5)),
            "",
            f"combinations below {foreseen.tau} are withheld, as they cannot be told from noise: for reliability",
            "errors are in records, and the same however many records there are; counts of the fitted records are",
            "usually nearer to the truth than these errors say",
            *_withholding(foreseen),
            f"plan {decided.sha256[:16]}; no data was opened and nothing was spent",
        ]
    )


def _withholding(foreseen: foresight.Foresight) -> list[str]:
    """What other thresholds gave on the benchmark tables, as lines; nothing where no longer combination is shown."""
    points = foreseen.withholding
    if not points:
        return []
    columns = list(dict.fromkeys((each.table, each.length) for each in points))
    found = {(each.table, each.length, each.tau): each for each in points}
    taus = sorted({each.tau for each in points if each.tau <= 4 * foreseen.tau})
    head = ("from", *(f"{name}, length {length}" for name, length in columns))
    lines = [(f"{tau:,}", *(_shares(found.get((*column, tau))) for column in columns)) for tau in taus]
    return [
        "",
        "what releasing from other counts on (--tau) costs: the share of the released that noise fabricated, and the",
        "share of the true ones, of 10 or more, that was lost; on the benchmark tables (records x variables), with",
        "noise of nearly this size. Your table is another, and none of your data is in these figures:",
        "",
        table(head, lines, right=tuple(range(len(head)))),
        "",
    ]


def _shares(point: Withheld | None) -> str:
    if point is None:
        return ""
    return f"{'–' if point.fabricated is None else format(point.fabricated, '.1%')} / {point.lost:.1%}"


def _measured(row: foresight.LengthForesight, foreseen: foresight.Foresight) -> str:
    """Which tables of one length are measured."""
    if row.measured:
        return "all" if row.measured == row.tables else f"{row.measured:,}"
    if row.length == LONGEST_CHOSEN and foreseen.candidates:
        return f"up to {foreseen.chosen_cells:,} cells, chosen"
    return "none: counted in the records"


def _release(settings: Settings, order: pipeline.Order, private_report: Path | None, voice: Voice) -> None:
    book = settings.codebook()
    decided = settings.plan(book)
    out, ledger = settings.out, settings.ledger()
    scope = ledger.scope(order.scope)
    settings.check_delta(scope.delta)
    done = bundles.finish(out, ledger)
    if done is not None:
        voice.note("this release was complete but for its last step, which is done now; nothing was paid")
        _tell(done, voice)
        return
    for note in bundles.refuse_output(out, book, decided, ledger):
        voice.note(f"note: {note}")
    if voice.verbose:
        foreseen = foresight.foresight(book, decided, accounting.accountant(scope.accountant), scope.delta)
        voice.note(_plan_text(decided, foreseen, scope.accountant, decimal_text(scope.delta)))
    with _explained(ledger, order.scope, decided), _reported(private_report, voice):
        contents = pipeline.release(settings.data, book, decided, order, ledger=ledger, progress=voice.progress)
        bundle = pipeline.seal(contents, out, ledger=ledger, progress=voice.progress)
    _tell(bundle, voice)


def _tell(bundle: Bundle, voice: Voice) -> None:
    voice.say(summary_text(bundle))
    voice.give(json.loads((bundle.path / "manifest.json").read_text()))


def summary_text(bundle: Bundle) -> str:
    """What the steward reads when a release is done."""
    manifest = bundle.manifest
    return (
        f"release {manifest.release_id}: {manifest.total:,} synthetic records and "
        f"{bundle.counts.height:,} combinations\n"
        f"bundle: {bundle.path}\n"
        f"spent: epsilon {manifest.guarantee.epsilon} at delta {manifest.guarantee.delta}; "
        f"scope {manifest.ledger.scope} now stands at epsilon {manifest.scope.tight_epsilon:g} (tight), "
        f"{manifest.scope.plain_epsilon} (plain sum)"
    )


@contextlib.contextmanager
def _explained(ledger: Ledger, scope: str, decided: Plan) -> Iterator[None]:
    """When the steward stops it half-way: say what was spent and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        pending = ledger.unfinished(scope, decided.sha256)
        if not pending:
            message = "stopped; nothing was drawn. If `ledger show` lists a reservation, a second person may void it"
        elif pipeline.is_staged(ledger, pending[0].release_id):
            message = (
                f"stopped; release {pending[0].release_id} counts as spent and its answers are staged: run the same "
                "command again, which goes on at no further cost"
            )
        else:
            message = (
                f"stopped; release {pending[0].release_id} counts as spent, and its answers are lost: running the same "
                "command again pays for a new one"
            )
        raise BundleError("FG-BN-063", message) from None


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
