"""Canaries in every column, heading, sheet and file name: none may be seen where others than the steward look.

Cells and headings that the codebook does not name may be in private files alone, not on a terminal. The name of a file
is the steward's own word on the command line, and the visible sheets of a workbook are listed where one must be chosen;
both stay on the terminal, and must not get into a bundle, a ledger or what is staged.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from audits.figures import Figure, Size, examples
from audits.ground import copied, fast_folder
from audits.inputs import tables as input_tables
from audits.inputs.tries import RELEASE, make_ground, text
from audits.leaks.inputs import BAD_HEADINGS, BROKEN_JSON, FILE, SHEET, write_planted_case_files, write_survey
from audits.leaks.watch import PLACES, SEEN, STEM, TEMPORARY
from audits.ledger.warm_commands import Ended, WarmCommands
from tests.survey import survey

_PRIVATE = {"private.json", "draft.toml", "coded.csv", "flow.html", "flow.json", "queue.csv", "tokens.csv", SEEN}
_ERRORS = ("error", "system", "panic", "memory")
_DAY = 86_400
_TIME = re.compile(r"\b[0-2]\d:[0-5]\d(:[0-5]\d)?\b")


@dataclass
class Seen:
    """What was run, and where a canary or a temporary file was seen that should not have been."""

    commands: int = 0
    on_terminal: list[str] = field(default_factory=list)
    in_files: list[str] = field(default_factory=list)
    temporary: list[str] = field(default_factory=list)
    exits: list[str] = field(default_factory=list)
    noted: int = 0


class Ground:
    """A folder whose name is a canary; each command in it is looked through, with all that it leaves."""

    def __init__(self, commands: WarmCommands, folder: Path) -> None:
        self._commands, self.folder = commands, folder / FILE
        make_ground(folder / "ground")
        self._ground = folder / "ground"
        self.renew()

    def renew(self) -> None:
        """Begin anew with a table, a codebook and a ledger."""
        shutil.rmtree(self.folder, ignore_errors=True)
        copied(self._ground, self.folder)
        self.inputs: set[Path] = set()

    def given(self) -> None:
        """What lies in the folder now is input."""
        self.inputs = {path for path in self.folder.rglob("*") if not path.name.startswith("l.db")}

    def run(self, seen: Seen, *arguments: str, change: Sequence[object] = ()) -> Ended:
        """Run one command and look at everything that can be seen of it."""
        for leaving in (self.folder / SEEN, self.folder / "private.json"):
            leaving.unlink(missing_ok=True)
        shutil.rmtree(self.folder / TEMPORARY, ignore_errors=True)
        watching = ("audits.leaks.watch:watch", str(self.folder), list(change))
        ended = self._commands.run(self.folder, arguments, change=watching)
        self._look(seen, " ".join(arguments[:2]), ended)
        return ended

    def _look(self, seen: Seen, name: str, ended: Ended) -> None:
        seen.commands += 1
        said = (ended.out + ended.err).replace(FILE, "").replace(SHEET, "")
        if STEM in said.casefold() or "Traceback" in said:
            at = said.casefold().find(STEM)
            seen.on_terminal.append(f"{name}: {said[max(at - 80, 0) : at + 40]!r}")
        if ended.code not in (0, 1, 2):
            seen.exits.append(f"{name}: {ended.code}")
        seen.in_files += [f"{name}: {path.name}" for path in self._others() if holds_canary(path)]
        seen.temporary += [f"{name}: {path.name} is left" for path in (self.folder / TEMPORARY).iterdir()]
        seen.temporary += [f"{name}: {each.name} is left" for each in self.folder.glob(".*")]
        for line in (self.folder / SEEN).read_text().splitlines():
            note = json.loads(line)
            seen.noted += note["canary"]
            if note["canary"] and note["mode"] & 0o077:
                seen.temporary.append(f"{name}: {note['name']} had mode {note['mode']:o}")

    def _others(self) -> list[Path]:
        """Files that came about and are not private."""
        return [
            path
            for path in self.folder.rglob("*")
            if path.is_file() and path not in self.inputs and path.name not in _PRIVATE
        ]


def holds_canary(path: Path) -> bool:
    """Whether a canary is in a file, whatever way its text is stored."""
    content = path.read_bytes().lower()
    if path.suffix == ".parquet":
        content += pl.read_parquet(path).write_csv().lower().encode()
    return any(STEM.encode(encoding) in content for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


def audit(size: Size) -> list[Figure]:
    """Whole releases, every bad table of the catalogue, case files, and errors that nobody foresaw."""
    with WarmCommands() as commands, fast_folder() as folder:
        ground, seen = Ground(commands, folder), Seen()
        for ending in ("csv", "xlsx", "parquet")[: size.of(2, 3)]:
            _release(ground, seen, ending)
        published = _times(ground)
        _bad_tables(ground, seen, every=size.of(3, 1))
        _errors(ground, seen, size)
        _case_files(ground, seen, size)
        dumps = _dumps(ground, seen)
        after = _after_the_reservation(ground)
        return [*_figures(seen), published, dumps, after, *_controls(ground)]


def _release(ground: Ground, seen: Seen, ending: str) -> None:
    """The whole way of a table that fits."""
    ground.renew()
    table = write_survey(ground.folder, ending).name
    ground.given()
    book, ledger = ("-c", "book.toml", "--person-key", "case"), ("--ledger", "l.db")
    paid = ("--epsilon", "1", "--length", "2", "--fit", "fast", "--scope", "people", *ledger, "-o", "out")
    ended = [
        ground.run(seen, *arguments)
        for arguments in (
            ("check", table, *book, "--private-report", "private.json"),
            ("check", table, *book, "--json"),
            ("codebook", "draft", table, "-o", "draft.toml", "--id", "drafted"),
            ("plan", table, *book, *paid),
            ("release", table, *book, *paid, "-v"),
            ("verify", "out", *ledger),
            ("verify", "out", "--json"),
            ("count", "out", "sex=F"),
            ("approve", "out", "--by", "Ada", "--note", "read it", *ledger),
            ("approve", "out", "--by", "Bea", "--note", "read it", *ledger),
            ("publish", "out", "-o", "public", *ledger),
            ("publish", "out", "-o", "gone", *ledger),
            ("withdraw", "out", "--by", "Cyd", "--reason", "a trial", "--published", "gone", *ledger),
            ("ledger", "show", *ledger),
            ("ledger", "verify", *ledger, "--json"),
            ("ledger", "export", *ledger, "-o", "export.jsonl"),
        )
    ]
    if any(each.code for each in (*ended[:2], *ended[3:])):
        raise RuntimeError(f"a table that fits is refused: {[each.err for each in ended if each.code]}")


def _bad_tables(ground: Ground, seen: Seen, *, every: int) -> None:
    """Each bad table of the catalogue, and each whose headings are bad, met by the commands that read tables."""
    tables = [(one.arguments[1], one.write, one.change) for one in input_tables.tries()[::every]]
    for name, write, change in (*tables, *((*each, ()) for each in BAD_HEADINGS)):
        for command in (
            ("check", name, "-c", "small.toml", "--private-report", "private.json"),
            ("check", name, "-c", "small.toml", "--json"),
            ("release", name, *RELEASE[2:], "--private-report", "private.json"),
            ("codebook", "draft", name, "-o", "draft.toml", "--id", "drafted"),
        ):
            ground.renew()
            write(ground.folder)
            ground.given()
            ground.run(seen, *command, change=change)


def _errors(ground: Ground, seen: Seen, size: Size) -> None:
    for where in PLACES:
        for kind in _ERRORS[: size.of(2, len(_ERRORS))]:
            ground.renew()
            ground.given()
            ended = ground.run(seen, *RELEASE, change=("audits.leaks.watch:fail", where, kind))
            if ended.code != 1:
                seen.exits.append(f"an error {where}: {ended.code}")


def _case_files(ground: Ground, seen: Seen, size: Size) -> None:
    """Case files, sound and broken, met by the commands that read them."""
    recode = ("recode", "cases", "-c", "ctdc-vp-1", "-o", "coded.csv", "--report", "flow.html", "--queue", "queue.csv")
    for change in (None, *BROKEN_JSON[: size.of(2, len(BROKEN_JSON))]):
        ground.renew()
        write_planted_case_files(ground.folder / "cases")
        if change is not None:
            path = ground.folder / "cases" / "webform-new.json"
            path.write_text(change(path.read_text()))
        ground.given()
        ground.run(seen, "import", "check", "cases", "--private-report", "private.json")
        ground.run(seen, "import", "check", "cases", "--json")
        if change is None or size.whole:
            ground.run(seen, "duplicates", "key", "-o", "token.key")
            ground.run(seen, *recode, "--private-report", "private.json")
            tokens = ("--key", "token.key", "-c", "ctdc-vp-1", "-o", "tokens.csv")
            ground.run(seen, "duplicates", "tokens", "cases", *tokens)


def _times(ground: Ground) -> Figure:
    """Of the last bundle, its publication, and the tombstone of another."""
    wrong = []
    folders = [ground.folder / name for name in ("out", "public", "gone")]
    files = [path for folder in folders for path in (folder, *folder.iterdir())]
    for path in files:
        if path.stat().st_mtime % _DAY:
            wrong.append(f"{path.name} is of {path.stat().st_mtime}")
        if path.suffix in (".json", ".md", ".html", ".csv") and _TIME.search(path.read_text()):
            wrong.append(f"{path.name} tells a time of day")
    return Figure(
        "Times in public files that are finer than a day: of change, and in texts",
        "0",
        f"{len(wrong)} in {len(files)} files and folders" + examples(wrong),
        ok=not wrong and len(files) > 20,
    )


def _dumps(ground: Ground, seen: Seen) -> Figure:
    ground.renew()
    ground.given()
    ground.run(seen, *RELEASE, change=("audits.leaks.watch:note_limits",))
    found = (ground.folder / "limits").read_text()
    return Figure(
        "Most bytes of a core dump while cases are in memory, and whether Linux may dump or trace the process",
        "(0, 0) 0",
        found,
        ok=found == "(0, 0) 0",
    )


def _after_the_reservation(ground: Ground) -> Figure:
    """What is said from the first measurement on, for tables that differ in everything."""
    tables = (survey(60), survey(61), survey(400), survey(60).with_columns(sex=pl.lit("F"), works=pl.lit(None)))
    said = set()
    for table in tables:
        ground.renew()
        table.cast(pl.String).write_csv(ground.folder / "survey.csv")
        ground.given()
        ended = ground.run(Seen(), *RELEASE)
        said.add((ended.code, ended.err[ended.err.index("measuring") :]))
    return Figure(
        "Different messages and exit codes after the reservation, for tables of other sizes and values",
        "1",
        f"{len(said)}, for {len(tables)} tables",
        ok=len(said) == 1,
    )


def _figures(seen: Seen) -> list[Figure]:
    ran = f"in {seen.commands:,} commands"
    return [
        Figure(
            "Canaries in cells and headings that show on the terminal, as text or JSON; or tracebacks",
            "0",
            f"{len(seen.on_terminal)} {ran}" + examples(seen.on_terminal),
            ok=not seen.on_terminal,
        ),
        Figure(
            "Files that hold a canary, be it the name of a file or sheet, and are neither the input nor private",
            "0",
            f"{len(seen.in_files)} {ran}" + examples(seen.in_files),
            ok=not seen.in_files,
        ),
        Figure(
            "Temporary files that stay, after success or failure, or that hold a canary and are open to others",
            "0",
            f"{len(seen.temporary)} {ran}; {seen.noted:,} held a canary" + examples(seen.temporary),
            ok=not seen.temporary and seen.noted > 0,
        ),
        Figure(
            "Exit codes other than 0, 1 and 2", "0", f"{len(seen.exits)} {ran}{examples(seen.exits)}", not seen.exits
        ),
    ]


def _controls(ground: Ground) -> list[Figure]:
    """Leaks that are there on purpose, each of which must be seen."""
    telling, copying, opening = Seen(), Seen(), Seen()
    ground.renew()
    text("Cellzqx,18-59,1,en,x")(ground.folder)
    ground.given()
    check = ("check", "t.csv", "-c", "small.toml", "--private-report", "private.json")
    ground.run(telling, *RELEASE, change=("audits.leaks.watch:tell_the_error", "while the file is read", "error"))
    ground.run(copying, *check, change=("audits.leaks.watch:leave_a_copy",))
    ground.run(opening, *check, change=("audits.leaks.watch:open_temporaries",))
    found = {
        "an error that is printed as it is": telling.on_terminal,
        "a copy that stays in the temporary folder": copying.temporary,
        "a temporary file that others may read": opening.temporary,
    }
    return [
        Figure(f"Control: {name} must be seen", "seen", "; ".join(each) or "not seen", ok=bool(each))
        for name, each in found.items()
    ]
