"""``plan``: what a release will be able to say, before anything is opened or spent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from frostglass.boundary import accountant as accounting
from frostglass.bundle.format.places import require_new
from frostglass.desk import options as opt
from frostglass.desk.output import Voice
from frostglass.desk.plan.page import plan_html
from frostglass.desk.plan.text import outlook_text
from frostglass.desk.settings import Settings, need, settle
from frostglass.errors import UsageError
from frostglass.files import PUBLIC, write_whole
from frostglass.ways import plan as foresight


@dataclass(frozen=True)
class Wishes:
    """What ``plan`` is asked to say besides: against how many records, beside which epsilons, like what, and where."""

    expect: int | None = None
    epsilons: str | None = None
    like: Path | None = None
    plot: Path | None = None


NONE = Wishes()


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
    without_constraints: opt.WithoutConstraints = None,
    release_id: opt.ReleaseId = None,
    expect: Annotated[
        int | None,
        opt.whole("--expect", help="Public guess of the number of records; never their count."),
    ] = None,
    epsilons: Annotated[
        str | None, typer.Option("--epsilons", help="Epsilons to show beside it [.5,1,2,4,8,12].", metavar="E,E,…")
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(
            "--like", help="An earlier release of the same variables, to say what is withheld.", metavar="DIR"
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Write it as a page with drawings.", metavar="FILE.html")
    ] = None,
    delta: Annotated[str | None, typer.Option("--delta", help="Needed where no ledger and scope are named.")] = None,
    accountant: Annotated[str, typer.Option("--accountant", help="Where no ledger and scope are named.")] = "gdp",
    config: opt.Config = None,
    as_json: opt.Json = False,
) -> None:
    """Say what error and interval each length and group will get, and what other epsilons would give.

    Opens no data, spends nothing. Example: frostglass plan -c ctdc-vp-1 --epsilon 4 --delta 1e-6 --expect 20000
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
        unknown=unknown,
        without_constraints=without_constraints,
    )
    show_plan(settings, accountant, Voice(as_json), Wishes(expect, epsilons, like, plot))


def show_plan(settings: Settings, accountant: str, voice: Voice, wishes: Wishes = NONE) -> None:
    book = settings.codebook()
    decided = settings.plan(book)
    if wishes.plot is not None:
        _check_plot(wishes.plot)
    delta, scope = settings.delta, None
    if settings.said.ledger is not None:
        scope = settings.ledger().scope(settings.scope)
        settings.check_delta(scope.delta)
        accountant, delta = scope.accountant, scope.delta
    chosen = accounting.accountant(accountant)
    delta = need(delta, "delta (a scope fixes it)", "--ledger and --scope, or --delta")
    outlook = foresight.outlook(
        book,
        decided,
        chosen,
        delta,
        expect=wishes.expect,
        epsilons=foresight.EPSILONS
        if wishes.epsilons is None
        else [each.strip() for each in wishes.epsilons.split(",")],
        earlier=None if wishes.like is None else foresight.earlier_release(wishes.like, book),
        scope=scope,
    )
    if wishes.plot is not None:
        write_whole(wishes.plot, plan_html(outlook, book).encode(), mode=PUBLIC)
    voice.give(outlook.as_json())
    voice.say(outlook_text(outlook))
    if wishes.plot is not None:
        voice.note(f"page: {wishes.plot}")


def _check_plot(path: Path) -> None:
    """Refuse, before anything is computed, a page that could not be written."""
    if path.suffix != ".html":
        raise UsageError("FG-OP-049", "the page (--plot) is an HTML file: give it a name that ends in .html")
    require_new(path)
