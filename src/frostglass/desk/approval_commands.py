"""``approve``, ``publish`` and ``withdraw``: what becomes of a sealed bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from frostglass.boundary.ledger.book import APPROVALS
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.desk import options as opt
from frostglass.desk.output import Voice
from frostglass.ways import approve as approval
from frostglass.ways.order import whoever

BundleFolder = Annotated[Path, typer.Argument(help="A sealed bundle.")]
LedgerFile = Annotated[Path, typer.Option("--ledger", help="The ledger that paid for it.", metavar="FILE")]


_LEFT: Mapping[approval.CopyState, str] = {
    "stands": "clear it with the same command and --published",
    "cleared": "a tombstone stands there",
    "not found": "it is not to be seen from here; if it was moved, clear it where it is now",
}


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (approve, publish, withdraw):
        app.command()(command)


def approve(
    bundle: BundleFolder,
    ledger: LedgerFile,
    by: Annotated[str, typer.Option("--by", help="Who approves: a person's name, in full.")],
    note: Annotated[str, typer.Option("--note", help="What was looked at; it stays in the ledger.")],
    as_json: opt.Json = False,
) -> None:
    """Say that a sealed bundle may be published. Two different people must, and it must verify.

    Example: frostglass approve out --by "Ada Njoroge" --note "read the review of 3 May" --ledger budget.db
    """
    voice = Voice(as_json)
    approvals = approval.approve(bundle, ledger=ledger, by=by, note=note, tell=voice.note)
    missing = max(APPROVALS - len(approvals), 0)
    for each in approvals:
        voice.say(f"approved by {each.text('by')} on {each.at[:10]}")
    voice.say("another person has to approve it before it is published" if missing else "it can be published now")
    people = [{"by": each.text("by"), "on": each.at[:10]} for each in approvals]
    voice.give({"release_id": approvals[0].release_id, "approvals": people, "missing": missing})


def publish(
    bundle: BundleFolder,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to publish it; it must not exist.")],
    ledger: LedgerFile,
    by: opt.By = None,
    as_json: opt.Json = False,
) -> None:
    """Copy a sealed bundle out, byte for byte, once two people have approved it, and enter it in the ledger.

    Example: frostglass publish out -o public/2026 --ledger budget.db
    """
    approval.publish(bundle, out, ledger=ledger, by=by or whoever())
    voice = Voice(as_json)
    voice.say(f"published: {out}")
    voice.give({"out": str(out)})


def withdraw(
    what: Annotated[str, typer.Argument(help="A bundle, or the id of its release.", metavar="BUNDLE|RELEASE_ID")],
    ledger: LedgerFile,
    by: Annotated[str, typer.Option("--by", help="Who withdraws it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for everybody to read: never about a case.")],
    published: Annotated[
        Path | None,
        typer.Option("--published", help="A published copy: its files go, and a tombstone stands in their place."),
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Withdraw a release, published or not, for good. What it cost stays spent.

    Example: frostglass withdraw out --by Bea --reason "a wrong year" --published public/2026 --ledger budget.db
    """
    voice, book = Voice(as_json), Ledger.open(ledger)
    done = approval.withdraw(what, ledger=book, by=by, reason=reason, published=published)
    voice.say(done.sentence)
    if published is not None:
        voice.say(f"tombstone: {published}")
    copies = approval.copies(done.release_id, book)
    for place, state in copies.items():
        voice.note(f"it was published to {place}: {_LEFT[state]}")
    if copies:
        voice.note("tell those who have other copies")
    voice.give({**done.model_dump(mode="json"), "copies": copies})
