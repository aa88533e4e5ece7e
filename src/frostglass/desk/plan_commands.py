"""``plan``: what a release will be able to say, before anything is opened or spent."""

from __future__ import annotations

from typing import Annotated

import typer

from frostglass import foresight
from frostglass.boundary import accountant as accounting
from frostglass.desk import options as opt
from frostglass.desk.output import Voice, table
from frostglass.desk.settings import Options, Settings, need, settle
from frostglass.terms.budget import NANO, decimal_text
from frostglass.terms.plan import Plan
from frostglass.terms.workload import LONGEST_CHOSEN
from frostglass.withholding import Withheld


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(plan)


def plan(
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
    unknown: opt.Unknown = None,
    without_constraints: opt.WithoutConstraints = False,
    release_id: opt.ReleaseId = None,
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
    show_plan(settle(options), accountant, Voice(as_json))


def show_plan(settings: Settings, accountant: str, voice: Voice) -> None:
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
    voice.say(plan_text(decided, foreseen, accountant, decimal_text(delta)))
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


def plan_text(decided: Plan, foreseen: foresight.Foresight, accountant: str, delta: str) -> str:
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
