"""From case files to the coded table, in straight-line code: what ``frostglass recode`` does before any release."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from frostglass.codebooks.import_maps import load_map, shipped_maps
from frostglass.errors import InputError, UsageError, reason_of
from frostglass.files import PRIVATE, write_whole
from frostglass.review.pages.flow_page import flow_html
from frostglass.sensitive.flow import Flow
from frostglass.sensitive.importing.delivery import Delivery, SheetFile, files_in, recognised
from frostglass.sensitive.importing.description import DESCRIPTION, Description, read_description
from frostglass.sensitive.importing.quarantine import WORDINGS
from frostglass.sensitive.importing.values import FAULTS
from frostglass.sensitive.linkage.decisions import Decisions, queue_csv, read_decisions
from frostglass.sensitive.linkage.tokens import read_key, read_tokens, tokens_csv
from frostglass.sensitive.recoding.strip_proof import StripProof, search
from frostglass.sensitive.stage_one import Instructions, StageOne, run
from frostglass.sensitive.truth import compare
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Sensitive
from frostglass.terms.import_map import ImportMap

_MOST_PLANTED = 50_000_000
"""Most bytes of a file of planted texts."""


@dataclass(frozen=True)
class Order:
    """What is to be prepared, and by what: paths, ids of import maps, decisions, tokens of other databases, a truth."""

    paths: tuple[Path, ...]
    maps: tuple[str, ...] = ()
    snapshot: str | None = None
    decisions: Path | None = None
    key: Path | None = None
    elsewhere: tuple[Path, ...] = ()
    truth: Path | None = None


@dataclass(frozen=True, repr=False)
class CaseFiles:
    """The deliveries, the day as of which they are read, and what their description says.

    ``unlisted`` is the number of files in the folder that its description does not name.
    """

    deliveries: tuple[Delivery, ...]
    snapshot: str
    fictitious: bool = False
    planted: tuple[str, ...] = ()
    unlisted: int = 0


@dataclass(frozen=True, repr=False)
class Prepared:
    """What came of an order: the coded table and its flow report, both private, and the pairs of likely duplicates.

    ``table`` has a text column for each variable of the codebook, null for missing, one row a person.
    """

    table: Sensitive[pl.DataFrame]
    flow: Flow
    decisions: Decisions
    unlisted: int
    stage: StageOne = field(repr=False)

    def __repr__(self) -> str:
        return "<prepared cases: withheld>"


def read_from(paths: Sequence[Path], maps: Sequence[str] = ()) -> list[Path]:
    """Every file that case files at ``paths`` are read from: none may be written over."""
    found = [*paths, *(Path(one) for one in maps)]
    for folder in (one for one in paths if one.is_dir()):
        description = read_description(folder)
        if description is None:
            found += folder.iterdir()
            continue
        names = [name for one in description.delivery for name in (one.map, *one.files.values())]
        names += ["truth.csv", DESCRIPTION, *([description.planted] if description.planted else [])]
        found += [SheetFile.named(folder, name).path for name in names]
    return found


def case_files(paths: Sequence[Path], maps: Sequence[str] = (), snapshot: str | None = None) -> CaseFiles:
    """The deliveries at ``paths``: one folder, or files. ``maps`` are ids or files of import maps, by default all that
    ship; ``snapshot`` (YYYY-MM-DD) overrides what the description of the folder says, and both default to today.

    InputError FG-IN-113 to FG-IN-115 where it cannot be told what a file is; UsageError FG-OP-110, FG-OP-111.
    """
    folder = paths[0] if len(paths) == 1 and paths[0].is_dir() else None
    description = read_description(folder) if folder is not None else None
    day = _day(snapshot) or (description.snapshot.isoformat() if description and description.snapshot else None)
    today = datetime.now(UTC).date().isoformat()
    day = day or today
    if day > today:
        raise UsageError("FG-OP-110", "the snapshot is a day to come: name the day as of which the files were exported")
    if folder is not None and description is not None:
        if maps:
            raise UsageError(
                "FG-OP-114",
                f"{folder.name} has a casefiles.toml, which names its maps: change them there, not by `map`",
            )
        return _described(folder, description, day)
    known = [load_map(one) for one in maps or shipped_maps()]
    files = tuple(files_in(folder)) if folder is not None else tuple(paths)
    if not files:
        raise InputError("FG-IN-071", f"there are no case files in {folder}: CSV, XLSX, Parquet or JSON files")
    return CaseFiles(recognised(files, known), day)


def _described(folder: Path, description: Description, day: str) -> CaseFiles:
    today = datetime.now(UTC).date()
    if any(one.legal_basis is not None and one.legal_basis.on > today for one in description.delivery):
        raise InputError("FG-IN-113", "a legal basis in casefiles.toml is of a day to come")
    deliveries = tuple(_delivery(folder, description, number) for number in range(len(description.delivery)))
    listed = [file.path for one in deliveries for file in one.files.values()]
    planted = [] if description.planted is None else [folder / description.planted]
    known = {path.resolve() for path in (*listed, *planted, folder / DESCRIPTION, folder / "truth.csv")}
    unlisted = sum(path.is_file() and path.resolve() not in known for path in folder.iterdir())
    return CaseFiles(deliveries, day, description.fictitious, _planted(folder, description), unlisted)


def _delivery(folder: Path, description: Description, number: int) -> Delivery:
    listed = description.delivery[number]
    beside = folder / listed.map
    if not beside.is_file() and listed.map not in shipped_maps():
        raise InputError(
            "FG-IN-113",
            "casefiles.toml names a map that is neither a file beside it nor one that ships: "
            f"{', '.join(shipped_maps())}",
        )
    import_map: ImportMap = load_map(listed.map if listed.map in shipped_maps() else beside)
    return Delivery(
        import_map,
        {sheet: SheetFile.named(folder, name) for sheet, name in listed.files.items()},
        listed.legal_basis,
        listed.delimiter,
        listed.encoding,
    )


def _day(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        raise UsageError("FG-OP-110", "`snapshot` takes a day such as 2022-11-15") from None


def _planted(folder: Path, description: Description) -> tuple[str, ...]:
    if description.planted is None:
        return ()
    path = folder / description.planted
    try:
        if path.stat().st_size > _MOST_PLANTED:
            raise InputError("FG-IN-113", f"{path.name} is larger than {_MOST_PLANTED // 10**6} MB")
        return tuple(line for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError):
        raise InputError("FG-IN-113", f"{path.name}, which casefiles.toml names, is not a readable text") from None


def prepare(order: Order, codebook: Codebook, progress: Callable[[str], None] = lambda _: None) -> Prepared:
    """The coded table of the case files. Nothing is written; errors say what stands in the way, and the way out."""
    files = case_files(order.paths, order.maps, order.snapshot)
    decisions = read_decisions(order.decisions) if order.decisions is not None else Decisions.none()
    key = read_key(order.key) if order.key is not None else None
    if order.elsewhere and key is None:
        raise UsageError("FG-OP-111", "tokens of another database need the secret that they were made with: pass `key`")
    instructions = Instructions(
        snapshot=files.snapshot,
        decisions=decisions,
        key=key,
        elsewhere=read_tokens(order.elsewhere, key) if order.elsewhere and key is not None else None,
        fictitious=files.fictitious,
    )
    stage = run(files.deliveries, codebook, instructions, progress)
    table = _table(stage, codebook)
    flow = stage.flow
    if order.truth is not None:
        progress("comparing with the truth")
        flow = replace(flow, truth=compare(stage, table, codebook, order.truth))
    progress("looking for identifiers in the output")
    return Prepared(
        Sensitive(table, "coded table"), _proved(flow, stage, table, files, codebook), decisions, files.unlisted, stage
    )


def _table(stage: StageOne, codebook: Codebook) -> pl.DataFrame:
    return pl.DataFrame(
        [
            pl.Series(variable.name, (None, *variable.codes), dtype=pl.String).gather(stage.positions[variable.name])
            for variable in codebook.variables
        ]
    )


def _proved(flow: Flow, stage: StageOne, table: pl.DataFrame, files: CaseFiles, codebook: Codebook) -> Flow:
    """The flow with the proof of the strip: every text that is written out is searched, those of the report too."""
    output = [*table.columns, *(text for name in table.columns for text in table[name].unique().drop_nulls())]
    output += [json.dumps(flow.as_json(), ensure_ascii=False), flow_html(flow)]
    empty = replace(flow, losses=(), households={}, sources=(), stages=(), truth=None)
    public = [codebook.canonical.decode(), flow_html(empty), json.dumps(empty.as_json(), ensure_ascii=False)]
    public += [name for one in stage.columns for names in (one.recoding, one.linking, one.selecting) for name in names]
    said = [one for flows in flow.sources for one in (flows.import_map, flows.source_system, flows.legal_basis or "")]
    said += [flag for one in flow.sources for flag in one.flags]
    public += [*said, *WORDINGS, *FAULTS]  # words of maps, steward and program; reasons as reported are searched
    planted = search(files.planted, output, ()) if files.planted else None
    return replace(flow, proof=StripProof(stage.columns, search(stage.identifiers(), output, public), planted))


def write_table(prepared: Prepared, out: Path) -> None:
    """Write the coded table as Parquet, or as CSV where the name says so: whole or not at all, for its owner alone.

    UsageError FG-OP-072 when the place cannot be written.
    """
    buffer = io.BytesIO()
    if out.suffix.casefold() == ".csv":
        prepared.table.reveal().write_csv(buffer)
    else:
        prepared.table.reveal().write_parquet(buffer)
    write_private(out, buffer.getvalue())


def write_report(prepared: Prepared, out: Path) -> None:
    """Write the flow report: the page, or the same as JSON where the name says so; private in either form."""
    if out.suffix.casefold() == ".json":
        text = json.dumps(prepared.flow.as_json(), ensure_ascii=False, indent=1) + "\n"
    else:
        text = flow_html(prepared.flow)
    write_private(out, text.encode())


def write_queue(prepared: Prepared, out: Path) -> None:
    """Write the pairs of likely duplicates for a data officer, with the decisions that were taken before."""
    stage = prepared.stage
    write_private(out, queue_csv(stage.pairs, stage.resolution, prepared.decisions, stage.refs, stage.source).encode())


def write_tokens(prepared: Prepared, key: Path, database: str, out: Path) -> int:
    """Write the tokens of all cases of the people whom the table holds, made with that key; returns their number."""
    text, number = tokens_csv(prepared.stage.released(), read_key(key), database)
    write_private(out, text.encode())
    return number


def write_detail(error: InputError, out: Path) -> bool:
    """Write the values of cases behind an error, which it must not quote, where it has any; whether it has."""
    if not isinstance(error.detail, Sensitive):
        return False
    content = {"private": True, "code": error.code, "message": error.message, "values": error.detail.reveal()}
    write_private(out, (json.dumps(content, ensure_ascii=True, indent=1, default=str) + "\n").encode())
    return True


def write_private(out: Path, data: bytes) -> None:
    """Write a private file whole; UsageError FG-OP-072 when the place cannot be written."""
    try:
        write_whole(out, data, mode=PRIVATE)
    except OSError as error:
        reason = reason_of(error)
        raise UsageError("FG-OP-072", f"cannot write {out}: {reason}") from None
