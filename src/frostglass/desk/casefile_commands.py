"""``import check``, ``recode`` and ``duplicates``: from case files to the coded table."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from frostglass import codebooks
from frostglass.bundle.format.places import require_new
from frostglass.codebooks.import_maps import load_map, shipped_maps
from frostglass.desk import options as opt
from frostglass.desk.output import Voice, table
from frostglass.desk.settings import need
from frostglass.errors import InputError, UsageError
from frostglass.sensitive.coding.departure import shown
from frostglass.sensitive.flow import Flow
from frostglass.sensitive.importing.cases import Imported
from frostglass.sensitive.importing.quarantine import MOST_VALUES
from frostglass.sensitive.linkage.decisions import read_decisions
from frostglass.sensitive.linkage.tokens import new_key
from frostglass.terms.wording import counted
from frostglass.ways import recode as preparation
from frostglass.ways.recode import Order, Prepared

CaseFiles = Annotated[list[Path], typer.Argument(help="A folder of case files, or the files.", metavar="FILES")]
Maps = Annotated[
    list[str] | None,
    typer.Option("--map", "-m", help="Id or file of an import map; may be given more than once [all that ship]."),
]
Snapshot = Annotated[
    str | None,
    typer.Option("--snapshot", help="Day as of which consent counts and cases exist [casefiles.toml's, or today]."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")]

imports = typer.Typer(no_args_is_help=True, help="Case files: what an import would accept, and the maps there are.")
duplicates = typer.Typer(no_args_is_help=True, help="Cases of one person: keys and tokens between databases.")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(recode)
    app.add_typer(imports, name="import")
    app.add_typer(duplicates, name="duplicates")


@imports.command("list")
def import_list(as_json: opt.Json = False) -> None:
    """List the import maps that come with frostglass."""
    voice = Voice(as_json)
    maps = [load_map(one) for one in shipped_maps()]
    voice.say(table(("import map", "reads", "version"), [(one.id, one.title, one.version) for one in maps]))
    voice.give({"maps": [{"id": one.id, "title": one.title, "version": one.version} for one in maps]})


@imports.command("check")
def import_check(
    files: CaseFiles,
    maps: Maps = None,
    snapshot: Snapshot = None,
    force: Force = False,
    private_report: Annotated[
        Path | None,
        typer.Option(
            "--private-report", help="Write the unmapped values and the keys of quarantined cases here (0600)."
        ),
    ] = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """A dry run of an import: what would be accepted, what quarantined and why. Writes nothing but the private report.

    Example: frostglass import check case-files --private-report unmapped.json
    """
    voice = Voice(as_json, quiet=quiet)
    _check_places([one for one in (private_report,) if one is not None], _inputs(files, maps), force)
    found = preparation.case_files(files, maps or (), snapshot)
    lots = [delivery.read(found.snapshot) for delivery in found.deliveries]
    voice.say("\n\n".join(_dry_run(lot) for lot in lots))
    voice.give({"snapshot": found.snapshot, "deliveries": [_dry_run_json(lot) for lot in lots]})
    if private_report is not None:
        content = {"private": True, "deliveries": [_private_json(lot) for lot in lots]}
        preparation.write_private(private_report, (json.dumps(content, ensure_ascii=True, indent=1) + "\n").encode())
        voice.note(f"unmapped values: {private_report} (private; delete it when you are done)")
    elif any(lot.quarantine.values for lot in lots):
        voice.note("the values themselves are private: pass --private-report FILE to have them written")


def _dry_run(lot: Imported) -> str:
    quarantine, accepted = lot.quarantine, lot.cases.number
    lines = [
        f"{lot.import_map.id}: {lot.import_map.title}",
        f"  {counted(lot.registered, 'case')}: {accepted:,} accepted, {lot.registered - accepted:,} quarantined",
    ]
    for reason, number in quarantine.by_first_reason(lot.registered).items():
        different = len(quarantine.values.get(reason, ()))
        listed = f" ({different:,} different)" if different else ""
        lines.append(f"    {number:,} × {reason}{listed}")
    lines += [f"  {number:,} × {reason}, left out" for reason, number in quarantine.loose.items()]
    lines += [f"  {number:,} × {flag}" for flag, number in lot.flags.items() if number]
    if lot.unread:
        lines.append(f"  {lot.unread:,} columns that the map does not name, not read")
    return "\n".join(lines)


def _dry_run_json(lot: Imported) -> dict[str, object]:
    quarantine = lot.quarantine
    return {
        "map": lot.import_map.id,
        "sha256": lot.import_map.sha256,
        "registered": lot.registered,
        "accepted": lot.cases.number,
        "quarantined": lot.registered - lot.cases.number,
        "reasons": [
            {
                "field": reason.field,
                "reason": reason.what,
                "cases": number,
                "different_values": len(quarantine.values.get(reason, ())),
            }
            for reason, number in quarantine.by_first_reason(lot.registered).items()
        ],
        "left_out": {str(reason): number for reason, number in quarantine.loose.items()},
        "flags": dict(lot.flags),
        "columns_not_read": lot.unread,
    }


def _private_json(lot: Imported) -> dict[str, object]:
    return {
        "map": lot.import_map.id,
        "unmapped": [
            {
                "field": reason.field,
                "reason": reason.what,
                "values": {shown(value): number for value, number in values.most_common(MOST_VALUES)},
                "different_values": len(values),
            }
            for reason, values in lot.quarantine.values.items()
        ],
        "quarantined": [{"case": shown(ref), "reason": str(reason)} for ref, reason in lot.held_refs],
    }


def recode(
    files: CaseFiles,
    codebook: opt.CodebookRef = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The coded table: .parquet or .csv.")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="The private flow report: .html or .json.", metavar="FILE")
    ] = None,
    maps: Maps = None,
    snapshot: Snapshot = None,
    queue: Annotated[
        Path | None,
        typer.Option("--queue", help="Write the pairs that may be one person here, for a data officer (CSV)."),
    ] = None,
    decisions: Annotated[
        Path | None, typer.Option("--decisions", help="Read a data officer's decisions from this queue file.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="The secret key that tokens are made with.")] = None,
    elsewhere: Annotated[
        list[Path] | None,
        typer.Option("--released-elsewhere", help="Tokens of another database: it releases these people, not we."),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", help="The truth of fictitious case files, to compare with.")
    ] = None,
    private_report: Annotated[
        Path | None,
        typer.Option("--private-report", help="Where a rule refuses values of cases: the values, for your eyes only."),
    ] = None,
    force: Force = False,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Turn case files into the coded table: import, scope, strip, duplicates, recode. Everything written is private.

    Example: frostglass recode case-files -c ctdc-vp-1 -o coded.parquet --report flow.html
    """
    voice = Voice(as_json, quiet=quiet)
    book = codebooks.load(need(codebook, "a codebook", "-c", in_file=False))
    target = need(out, "a place for the coded table", "-o", in_file=False)
    if target.suffix.casefold() not in (".parquet", ".csv"):
        raise UsageError("FG-OP-112", "-o takes a name that ends in .parquet or .csv")
    if report is not None and report.suffix.casefold() not in (".html", ".json"):
        raise UsageError("FG-OP-112", "--report takes a name that ends in .html or .json")
    places = [one for one in (target, report, private_report) if one is not None]
    kept = queue is not None and queue == decisions
    inputs = _inputs(files, maps, codebook, key, truth, *(elsewhere or ()), None if kept else decisions)
    _check_places([*places, *([queue] if queue is not None else [])], inputs, force)
    _check_queue(queue, decisions)
    order = Order(tuple(files), tuple(maps or ()), snapshot, decisions, key, tuple(elsewhere or ()), truth)
    try:
        prepared = preparation.prepare(order, book, voice.progress)
    except InputError as error:
        if private_report is not None and preparation.write_detail(error, private_report):
            voice.note(f"the values: {private_report} (private; delete it when you are done)")
        raise
    flow = prepared.flow
    if report is not None:
        preparation.write_report(prepared, report)
    if flow.proof is not None and not flow.proof.holds():
        raise InputError(
            "FG-IN-118", "identifiers of the input stand in the output, which is not written; see the flow report"
        )
    if not flow.released:
        raise InputError(
            "FG-IN-119", f"no case is left, so there is no table: {_where_lost(flow)}; see the flow report"
        )
    preparation.write_table(prepared, target)
    if queue is not None:
        preparation.write_queue(prepared, queue)
    voice.say(_told(prepared, target, report, queue))
    voice.give(_summary(flow))
    if prepared.unlisted:
        voice.note(f"not listed in casefiles.toml, and not read: {counted(prepared.unlisted, 'file')} in the folder")
    for note in _notes(flow, key_unused=key is not None and not elsewhere):
        voice.note(note)


def _check_places(places: Sequence[Path], inputs: Sequence[Path], force: bool) -> None:
    """Refuse, before any work, places that cannot be written, that hold something, or that are read from."""
    if len({place.resolve() for place in places}) < len(places):
        raise UsageError("FG-OP-116", "everything that is written needs a name of its own")
    read = {path.resolve() for path in inputs}
    for path in places:
        if path.resolve() in read:
            raise UsageError("FG-OP-117", f"{path.name} is read by this command: write to another place")
        if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            raise UsageError("FG-OP-072", f"cannot write {path}: name a file in a folder that exists and is yours")
        require_new(path, force=force)


def _check_queue(queue: Path | None, decisions: Path | None) -> None:
    """Refuse to overwrite decisions that are not read."""
    if queue is None or queue == decisions or not queue.exists():
        return
    try:
        decided = read_decisions(queue).decided
    except InputError as error:
        raise UsageError(
            "FG-OP-118",
            f"{queue.name} cannot be read as a queue, and decisions in it would be lost: give --queue another name, or "
            f"mend the file: {error.message}",
        ) from None
    if decided:
        raise UsageError(
            "FG-OP-118",
            f"{queue.name} holds {counted(decided, 'decision')}, which would be lost: pass it as --decisions too",
        )


def _inputs(files: Sequence[Path], maps: Sequence[str] | None, *others: Path | str | None) -> list[Path]:
    """Every file that a command reads: case files and what describes them, maps, codebook, keys, decisions and more."""
    return [*preparation.read_from(files, maps or ()), *(Path(one) for one in others if one is not None)]


def _where_lost(flow: Flow) -> str:
    """The step that takes most cases out, in words."""
    numbers = [left for _, left in flow.stages]
    steps = zip(flow.stages[1:], numbers, strict=False)
    (name, _), lost = max(((stage, before - stage[1]) for stage, before in steps), key=lambda step: step[1])
    return f"{lost:,} of {numbers[0]:,} are lost at “{name}”"


def _notes(flow: Flow, *, key_unused: bool) -> Iterator[str]:
    """What a data officer should not have to look for in the report."""
    linked = flow.linked
    if flow.unfilled:
        yield f"no delivery fills what the codebook reads as {', '.join(flow.unfilled)}"
    if linked.unnamed:
        cases = counted(linked.unnamed, "case")
        yield f"{cases} without name and document: nobody can tell whose second case that may be"
    if linked.stale:
        yield f"{counted(linked.stale, 'decision')} about cases that are not here"
    if linked.maybe_elsewhere:
        cases = counted(linked.maybe_elsewhere, "case")
        yield f"{cases} of people whom another database may release, by name and birth date"
    if key_unused:
        yield "the key was used for tokens in the files alone: --released-elsewhere leaves out whom others release"


def _told(prepared: Prepared, out: Path, report: Path | None, queue: Path | None) -> str:
    flow = prepared.flow
    rows = [(name, f"{left:,}") for name, left in flow.stages]
    lines = [
        table(("step", "cases left"), rows, right=(1,)),
        "",
        f"{counted(flow.released, 'record')}, one a person: {out} (private)",
    ]
    waiting = flow.linked.undecided
    if waiting:
        where = str(queue) if queue is not None else "pass --queue FILE to have them written"
        lines.append(f"{counted(waiting, 'pair')} that may be one person, for a data officer to decide: {where}")
    if flow.proof is not None and flow.proof.holds():
        lines.append(f"none of {flow.proof.identifiers.identifiers:,} identifiers stands in the table or the report")
    if report is not None:
        lines.append(f"flow report: {report} (private)")
    if flow.truth is not None:
        lines += ["", table(("against the truth", "figure"), [(k, str(v)) for k, v in flow.truth.items()], right=(1,))]
    return "\n".join(lines)


def _summary(flow: Flow) -> dict[str, object]:
    """What a program is told: counts, and no value of a case."""
    content = flow.as_json()
    losses: Counter[tuple[str, str]] = Counter({(one.variable, one.kind): one.cases for one in flow.losses})
    content["recoding"] = [
        {"variable": variable, "kind": kind, "cases": cases} for (variable, kind), cases in losses.items()
    ]
    return content


@duplicates.command("key")
def duplicates_key(
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")],
    as_json: opt.Json = False,
) -> None:
    """Make a secret key for tokens. Hand it to the other database's data officer by a safe way, and to nobody else.

    Example: frostglass duplicates key -o token.key
    """
    require_new(out)
    preparation.write_private(out, new_key())
    voice = Voice(as_json)
    voice.say(f"a new key: {out} (secret)")
    voice.give({"out": str(out)})


@duplicates.command("tokens")
def duplicates_tokens(
    files: CaseFiles,
    key: Annotated[Path | None, typer.Option("--key", help="The secret key that both databases hold.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file of tokens to write (CSV).")] = None,
    codebook: opt.CodebookRef = None,
    maps: Maps = None,
    snapshot: Snapshot = None,
    decisions: Annotated[
        Path | None, typer.Option("--decisions", help="Read a data officer's decisions from this queue file.")
    ] = None,
    database: Annotated[str, typer.Option("--database", help="A name for this database.")] = "this",
    force: Force = False,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Write keyed-hash tokens of the people whom the table holds, for another database to find. No name leaves.

    Example: frostglass duplicates tokens case-files -c ctdc-vp-1 --key token.key -o tokens.csv
    """
    voice = Voice(as_json, quiet=quiet)
    book = codebooks.load(need(codebook, "a codebook", "-c", in_file=False))
    secret = need(key, "a key", "--key", in_file=False)
    target = need(out, "a place for the tokens", "-o", in_file=False)
    _check_places([target], _inputs(files, maps, codebook, secret, decisions), force)
    order = Order(tuple(files), tuple(maps or ()), snapshot, decisions)
    number = preparation.write_tokens(preparation.prepare(order, book, voice.progress), secret, database, target)
    voice.say(f"{counted(number, 'token')}: {target} (private: whoever holds the key can test names against them)")
    voice.give({"out": str(target), "tokens": number})
