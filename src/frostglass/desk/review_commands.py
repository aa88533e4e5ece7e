"""``review``: what the steward must see before signing. Private."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from frostglass.boundary.ledger.ledger import Ledger
from frostglass.bundle.read import Bundle
from frostglass.desk import options as opt
from frostglass.desk.output import Voice
from frostglass.errors import UsageError
from frostglass.review.attacks.attacking import Attacks
from frostglass.review.report import Review
from frostglass.ways import review as reviewing
from frostglass.ways.order import Reading, whoever


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(review)


def review(
    data: Annotated[Path, typer.Argument(help="The coded table that was released.")],
    bundle: Annotated[Path, typer.Argument(help="Its bundle.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The page; the same as JSON is written beside it.")] = Path(
        "review.html"
    ),
    flow: Annotated[
        Path | None, typer.Option("--flow", help="The flow report of the table, as .json.", metavar="FILE")
    ] = None,
    earlier: Annotated[
        Path | None,
        typer.Option("--earlier", help="What to compare with [the last of the scope beside it].", metavar="BUNDLE"),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", help="Variable whose values are groups; may be repeated [those of few values]."),
    ] = None,
    attacks: Annotated[
        Attacks, typer.Option("--attacks", help="none, quick (a minute or two), or full.", metavar="EFFORT")
    ] = "quick",
    ledger: opt.LedgerFile = None,
    exported_to: Annotated[
        str | None,
        typer.Option("--exported-to", help="Who else sees it: kept in the ledger as a release without protection."),
    ] = None,
    by: opt.By = None,
    random_state: Annotated[int | None, opt.whole("--random-state", help="Seed of the attacks.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
    delimiter: opt.Delimiter = ",",
    encoding: opt.Encoding = "utf-8",
    sheet: opt.Sheet = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Compare a release with the truth, for the steward's eyes only: errors, intervals, groups, attacks, thresholds.

    Example: frostglass review table.csv out -o review.html --ledger budget.db
    """
    voice = Voice(as_json, quiet=quiet)
    reviewing.places(out, bundle, force=force)
    paid = None if ledger is None else Ledger.open(ledger)
    if exported_to is not None and paid is None:
        raise UsageError("FG-OP-017", "--exported-to is noted in the ledger: give --ledger too")
    manifest = Bundle.open(bundle).manifest
    scope = None if paid is None else paid.scope(manifest.ledger.scope)
    order = reviewing.Order(
        flow=flow,
        earlier=earlier,
        groups=tuple(groups or ()),
        attacks=attacks,
        random_state=random_state,
        reading=Reading(delimiter, encoding, sheet),
    )
    if paid is not None and paid.find(manifest.release_id, "withdraw"):
        voice.note(f"the release {manifest.release_id} is withdrawn: nobody can approve or publish it")
    found = reviewing.review(data, bundle, order, scope=scope, progress=voice.progress)
    if paid is not None and exported_to is not None:
        what = f"review of release {manifest.release_id}, handed to {exported_to}"
        paid.non_private(manifest.ledger.scope, what=what, by=by or whoever())
    other = reviewing.write(found, out)
    voice.say(_said(found, out, other))
    voice.give({"page": str(out), "json": str(other), "passed": found.passed, "thresholds": len(found.verdicts)})


def _said(found: Review, out: Path, other: Path) -> str:
    """Only what is no figure of the truth."""
    lines = [f"review: {out} and {other} (private: they compare with the truth)"]
    if found.strange:
        lines.append("the table has another number of records than this release was made from: is it the right one?")
    lines += [f"  {'passed' if each.passed else 'FAILED'}  {each.criterion.name}" for each in found.verdicts]
    if not found.verdicts:
        lines.append("the plan fixed no thresholds ([accept] in a release file)")
    return "\n".join(lines)
