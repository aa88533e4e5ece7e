"""``frostglass ledger``: what each population has paid, and what is left."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from frostglass.boundary import accountant as accounting
from frostglass.boundary.ledger.ledger import Entry, Ledger
from frostglass.bundle.format.places import refuse_in_bundle, require_new
from frostglass.bundle.format.signature import pem_of
from frostglass.desk import options as opt
from frostglass.desk.output import Voice, table
from frostglass.files import PUBLIC, write_whole
from frostglass.terms.budget import NANO, decimal_text, parse_delta, parse_epsilon
from frostglass.terms.guarantee import ScopeSummary
from frostglass.terms.wording import counted
from frostglass.ways.order import whoever

app = typer.Typer(no_args_is_help=True, help="What each population has paid, and what is left.", rich_markup_mode=None)


def add_to(parent: typer.Typer) -> None:
    """Register the commands."""
    parent.add_typer(app, name="ledger")


LedgerFile = Annotated[Path, typer.Option("--ledger", help="The ledger file.", metavar="FILE")]


@app.command("open")
def open_scope(
    scope: Annotated[str, typer.Argument(help="A name for the people who may appear in the data.")],
    epsilon: Annotated[str, typer.Option("--epsilon", help="Most privacy loss, over all releases.")],
    delta: Annotated[str, typer.Option("--delta", help="Fixed for the scope; at most 1 / (10 x population).")],
    ledger: LedgerFile,
    accountant: Annotated[str, typer.Option("--accountant", help="gdp, or zcdp (needs OpenDP).")] = "gdp",
    population: Annotated[int | None, opt.whole("--population", help="Public bound on the number of people.")] = None,
    reason: opt.Reason = "",
    by: opt.By = None,
    as_json: opt.Json = False,
) -> None:
    """Open a scope: the people that a ledger protects and the most they may lose. Creates the ledger if need be.

    Example: frostglass ledger open programme --epsilon 4 --delta 1e-6 --ledger budget.db
    """
    from frostglass.ways.pricing import noise_for  # here, as it brings the samplers

    voice = Voice(as_json)
    limit, least = parse_epsilon(epsilon), parse_delta(delta)
    noise_for(accounting.accountant(accountant))
    refuse_in_bundle(ledger)
    new = not ledger.exists()
    # A scope that is refused must not leave an empty ledger behind, so it is tried in memory first.
    trial = Ledger.ephemeral(epsilon=limit, delta=least, accountant=accountant, scope=f"not-{scope}"[:64])

    def open_in(book: Ledger) -> Ledger:
        book.open_scope(
            scope,
            epsilon=limit,
            delta=least,
            accountant=accountant,
            reason=reason,
            population=population,
            by=by or whoever(),
        )
        return book

    open_in(trial)
    book = open_in(Ledger.create(ledger) if new else Ledger.open(ledger))
    if new:
        voice.note(
            f"a new ledger: {ledger}, with its witness and its signing key beside it; keep all files of that "
            "name, the witness elsewhere too, and the key secret"
        )
    summary = book.scope(scope)
    voice.say(
        f"scope {scope} is open: epsilon {decimal_text(summary.epsilon)}, delta {decimal_text(summary.delta)}, "
        f"{summary.accountant}, {summary.allowance / NANO:.6f} rho"
    )
    voice.give(_as_json(summary))


@app.command()
def show(
    ledger: LedgerFile,
    scope: opt.Scope = None,
    as_json: opt.Json = False,
) -> None:
    """Print what each scope has spent, with the plain and the tight sum.

    Example: frostglass ledger show --ledger budget.db
    """
    voice = Voice(as_json)
    book = Ledger.inspect(ledger)
    for problem in book.verify().problems:
        voice.note(f"warning: {problem}; the sums may be too low: see `frostglass ledger verify` and `reconcile`")
    summaries = [book.scope(each) for each in ([scope] if scope else book.scopes())]
    voice.give({"ledger": book.ledger_id, "scopes": [_as_json(each) for each in summaries]})
    for summary in summaries:
        voice.say(_text(summary))
        voice.say(_entries(each for each in book.entries() if each.scope == summary.scope))
    own = [each for each in book.entries() if not each.scope and each.kind != "genesis"]
    if own and scope is None:
        voice.say(f"the ledger itself, {book.ledger_id}\n\n{_entries(own)}")


def _entries(entries: Iterable[Entry]) -> str:
    """Entries in a table: what each is, who made it, and what they noted."""
    rows = [
        (str(each.seq), each.at[:10], each.kind, each.release_id or "", str(each.body.get("by", "")), _why(each))
        for each in entries
    ]
    return table(("seq", "date", "entry", "release", "by", "note"), rows, right=(0,)) + "\n"


@app.command()
def verify(ledger: LedgerFile, as_json: opt.Json = False) -> None:
    """Check the chain, the sums and the witness of a ledger."""
    voice = Voice(as_json)
    report = Ledger.inspect(ledger).verify()
    voice.say(report.text())
    voice.give(report.as_json())
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def export(
    ledger: LedgerFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="The JSON-lines file to write.")],
    as_json: opt.Json = False,
) -> None:
    """Write all entries as JSON lines, for an auditor."""
    refuse_in_bundle(out)
    Ledger.inspect(ledger).export(out)
    _tell(as_json, f"entries: {out}", {"out": str(out)})


@app.command()
def backup(
    ledger: LedgerFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="The copy to write.")],
    as_json: opt.Json = False,
) -> None:
    """Copy the ledger safely, also while it is in use."""
    refuse_in_bundle(out)
    Ledger.inspect(ledger).backup(out)
    _tell(as_json, f"backup: {out}", {"out": str(out)})


@app.command()
def key(
    ledger: LedgerFile,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write it there too, as PEM.")] = None,
    as_json: opt.Json = False,
) -> None:
    """Print the public key that readers verify bundles with. Publish it where your bundles are not.

    Example: frostglass ledger key --ledger budget.db -o publisher.pem
    """
    public_key = Ledger.inspect(ledger).public_key
    if out is not None:
        require_new(out)
        write_whole(out, pem_of(public_key).encode(), mode=PUBLIC)
    _tell(as_json, public_key, {"public_key": public_key})


@app.command("new-key")
def new_key(
    ledger: LedgerFile,
    by: Annotated[str, typer.Option("--by", help="Who makes it.")],
    reason: opt.Reason = "",
    as_json: opt.Json = False,
) -> None:
    """Replace the signing key where it was lost or seen by others. Bundles stay signed by the key of their day."""
    public_key = Ledger.open(ledger).new_key(by=by, reason=reason).text("public_key")
    _tell(as_json, f"bundles are signed by {public_key} from now on", {"public_key": public_key})


@app.command()
def moved(
    ledger: LedgerFile,
    by: Annotated[str, typer.Option("--by", help="Who has moved it.")],
    reason: opt.Reason = "",
    as_json: opt.Json = False,
) -> None:
    """Say that the ledger was moved to where it is now, and that no other copy of it is used any more.

    Example: frostglass ledger moved --by "Ada Njoroge" --reason "a new machine" --ledger budget.db
    """
    refuse_in_bundle(ledger)
    entry = Ledger.inspect(ledger).moved(by=by, reason=reason)
    said = (
        "the ledger was at home already; nothing was written" if entry is None else "the ledger lives here from now on"
    )
    _tell(as_json, said, {"moved": entry is not None})


@app.command()
def reconcile(
    ledger: LedgerFile,
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Bundles that this ledger does not know.", metavar="[BUNDLE]...")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Where the ledger is lost: its witness or an export, to write it anew."),
    ] = None,
    reason: opt.Reason = "",
    by: opt.By = None,
    as_json: opt.Json = False,
) -> None:
    """Add the spend that a restored ledger lacks, from its witness and from bundles.

    Example: frostglass ledger reconcile --ledger budget.db --reason "restored the backup of Monday" releases/2026
    """
    refuse_in_bundle(ledger)
    book = Ledger.rebuild(ledger, source) if source is not None else Ledger.inspect(ledger)
    from frostglass.ways.neighbours import shown  # here, so that no other verb waits for what reads bundles

    found = shown(folders or (), book)
    for note in found.notes:
        Voice(as_json).note(note)
    added = book.reconcile(found.known, by=by or whoever(), reason=reason)
    there = sum(1 for _ in book.entries()) - len(added)
    missing = sum(each.kind != "moved" for each in added)
    here = "; the ledger lives here from now on" if any(each.kind == "moved" for each in added) else ""
    anew = f"written anew from {source.name}: {there} entries\n" if source is not None else ""
    _tell(
        as_json,
        f"{anew}{counted(missing, 'entry', 'entries')} added{here}; `frostglass ledger show` gives the sums",
        {"entries_before": there, "entries_added": missing},
    )


@app.command()
def void(
    release_id: Annotated[str, typer.Argument(help="A release that was reserved but never drawn.")],
    ledger: LedgerFile,
    by: Annotated[str, typer.Option("--by", help="A second person, not the one who reserved it.")],
    reason: opt.Reason = "",
    as_json: opt.Json = False,
) -> None:
    """Give back a reservation from which nothing was drawn. Takes a second person."""
    Ledger.open(ledger).void(release_id, by=by, reason=reason)
    _tell(as_json, f"{release_id} is void; what it had reserved is available again", {"void": release_id})


@app.command()
def purge(
    release_id: Annotated[str, typer.Argument(help="A release that was cut short and will not be finished.")],
    ledger: LedgerFile,
    as_json: opt.Json = False,
) -> None:
    """Delete the staged answers of a release that will not be finished. What it cost stays spent."""
    Ledger.inspect(ledger).state(release_id)
    from frostglass.boundary import staging  # here, as it brings numpy

    there = staging.purge(staging.folder_for(ledger.resolve(), release_id))
    what = "its staged answers are deleted" if there else "nothing was staged"
    _tell(as_json, f"{release_id}: {what}", {"release_id": release_id, "deleted": there})


def _why(entry: Entry) -> str:
    """What somebody noted with an entry, and whom or what it is about."""
    if entry.kind == "k_reserve":
        return f"{entry.text('mode')}, k = {entry.integer('k')}; no guarantee that adds up"
    noted = [str(entry.body[name]) for name in ("name", "note", "reason", "what", "to") if entry.body.get(name)]
    return ": ".join(noted)


def _tell(as_json: bool, text: str, value: dict[str, object]) -> None:
    voice = Voice(as_json)
    voice.say(text)
    voice.give(value)


def _as_json(summary: ScopeSummary) -> dict[str, object]:
    return {
        "ledger": summary.ledger_id,
        "scope": summary.scope,
        "accountant": summary.accountant,
        "epsilon": decimal_text(summary.epsilon),
        "delta": decimal_text(summary.delta),
        "population": summary.population,
        "reason": summary.reason,
        "allowance_nano_rho": summary.allowance,
        "spent_nano_rho": summary.spent,
        "releases": summary.releases,
        "plain_sum": {
            "epsilon": decimal_text(summary.plain_epsilon),
            "delta": decimal_text(summary.plain_delta),
        },
        "tight_sum": {"epsilon": summary.tight_epsilon, "delta": decimal_text(summary.delta)},
        "non_private": list(summary.non_private),
        "seq": summary.seq,
        "head": summary.head,
    }


def _text(summary: ScopeSummary) -> str:
    share = summary.spent / summary.allowance
    lines = [
        f"scope {summary.scope} ({summary.accountant}), ledger {summary.ledger_id}",
        f"  allowed      epsilon {decimal_text(summary.epsilon)} at delta {decimal_text(summary.delta)}"
        f"  ({summary.allowance / NANO:.6f} rho)",
        f"  spent        {summary.spent / NANO:.6f} rho, {share:.1%}, by {summary.releases} release(s)",
        f"  plain sum    epsilon {decimal_text(summary.plain_epsilon)}, delta {decimal_text(summary.plain_delta)}",
        f"  tight sum    epsilon {summary.tight_epsilon:.13g} at delta {decimal_text(summary.delta)}  (enforced)",
    ]
    if summary.reason:
        lines.append(f"  reason       {summary.reason}")
    lines += [f"  not private  {each}" for each in summary.non_private]
    return "\n".join(lines) + "\n"
