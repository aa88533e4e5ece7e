"""Somebody changes a ledger, its witness or an export behind its back: it is always noticed.

Every kind of change is made to a small ledger, and three questions are asked: does ``verify`` report it; does the
verifier that stands alone (tools/verify_ledger.py) say the same; and where a change goes unreported, are the entries
still exactly those of before. Proof: docs/proofs/ledger.md, "What the chain shows" and "What the witness shows".
"""

from __future__ import annotations

import random
import runpy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from audits.figures import Figure, Size
from audits.ground import fast_folder
from audits.ledger import pace
from audits.ledger.forging import Row, dropped, forge, recomputed, rows_of, swapped, with_field
from frostglass.boundary.ledger import book as ledger_book
from frostglass.boundary.ledger.entries import COLUMNS, Entry, chain_fault, hash_of, line_of
from frostglass.boundary.ledger.ledger import KnownRelease, Ledger
from frostglass.errors import LedgerError
from tests.boundary.support import SCOPE, draw, new_ledger, published, reserve, witness_of

_VERIFIER = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "verify_ledger.py"))


@dataclass
class Found:
    """How many changes were made and reported; how many left all entries as they were; which slipped through.

    ``disagreed`` are changes of which the two verifiers did not say the same.
    """

    made: int = 0
    reported: int = 0
    harmless: int = 0
    missed: list[str] = field(default_factory=list)
    disagreed: list[str] = field(default_factory=list)

    def __add__(self, other: Found) -> Found:
        return Found(
            self.made + other.made,
            self.reported + other.reported,
            self.harmless + other.harmless,
            self.missed + other.missed,
            self.disagreed + other.disagreed,
        )


@dataclass(frozen=True)
class Ground:
    """A small ledger with all kinds of entries, its export, and what a bundle of its release says."""

    path: Path
    rows: list[Row]
    export: Path
    bundle: KnownRelease

    @classmethod
    def lay(cls, folder: Path) -> Ground:
        path, export = folder / "l.db", folder / "export.jsonl"
        ledger = new_ledger(path)
        bundle = published(ledger, "R1")
        ledger.withdraw("R1", by="cyd", reason="a wrong year")
        reserve(ledger, "R2")
        ledger.void("R2", by="bea", reason="the machine was switched off")
        ledger.non_private(SCOPE, what="a table of totals", by="ada")
        ledger.new_key(by="ada", reason="the old machine is given away")
        draw(ledger, "R3")
        ledger.export(export)
        return cls(path, rows_of(path), export, bundle)

    @property
    def witness(self) -> Path:
        return witness_of(self.path)


def audit(size: Size) -> list[Figure]:
    """All changes of one ledger (in the short form, some bytes), and random ones, more than 10,000 in all."""
    with fast_folder() as folder:
        ground = Ground.lay(folder)
        file = bytes_of_the_ledger(ground, size.seed, step=size.of(97, 1))
        lines = bytes_of_lines(ground, size.seed, step=size.of(41, 1))
        alone = rows_without_witness(ground)
        beside = rows_with_witness(ground, size.seed, random_ones=size.of(60, 4000))
        return [
            _figure("One bit of a byte of the ledger file is flipped, and there is no witness", file),
            _figure("One bit of a byte of the witness or of an export is flipped", lines),
            _figure("An entry is dropped, swapped, or changed with its hash made anew, and there is no witness", alone),
            _figure(
                "Entries are dropped, swapped, cut off or changed at random, or an old copy is put back; with the "
                "witness beside it",
                beside,
            ),
            _agreement(file + lines + alone + beside),
            _control(ground),
            *_limits(ground),
            *pace.figures(size, _VERIFIER["examine"]),
        ]


def _figure(what: str, found: Found) -> Figure:
    harmless = f", {found.harmless:,} changed no entry (free space, or mended)" if found.harmless else ""
    return Figure(
        f"{what}: changes that are reported",
        "all that change an entry",
        f"{found.reported:,} of {found.made:,}{harmless}, {len(found.missed):,} missed",
        ok=not found.missed and found.reported > 0,
    )


def _agreement(found: Found) -> Figure:
    return Figure(
        "… of all of these: those of which the verifier that stands alone does not say the same",
        "0",
        f"{len(found.disagreed):,} of {found.made:,}",
        ok=not found.disagreed,
    )


def _control(ground: Ground) -> Figure:
    with patch.object(ledger_book, "chain_fault", _fault_but_for_the_hash):
        found = rows_without_witness(ground)
    return Figure(
        "Control: a ledger that follows numbers and links and looks at no hash must miss changes",
        "more than 0",
        f"{len(found.missed):,} of {found.made:,} missed",
        ok=len(found.missed) > 0,
    )


def _fault_but_for_the_hash(entry: Entry, *, after: Entry | None) -> str | None:
    rehashed = replace(entry, hash=hash_of(entry))
    return chain_fault(rehashed, after=after)


# What is changed


def bytes_of_the_ledger(ground: Ground, seed: int, *, step: int) -> Found:
    """Flip a random bit of every ``step``-th byte of the file."""
    found, chance, content = Found(), random.Random(seed), ground.path.read_bytes()
    aside = ground.witness.rename(ground.witness.with_suffix(".aside"))
    for place in range(chance.randrange(step), len(content), step):
        _write(ground.path, _flipped(content, place, chance))
        _judge(found, ground, f"byte {place}")
    _write(ground.path, content)
    aside.rename(ground.witness)
    return found


def bytes_of_lines(ground: Ground, seed: int, *, step: int) -> Found:
    """Flip a random bit of every ``step``-th byte of the witness, and of an export, and of the last one of each."""
    found, chance, content = Found(), random.Random(seed), ground.witness.read_bytes()
    for place in {*range(chance.randrange(step), len(content), step), len(content) - 1}:
        ground.witness.write_bytes(_flipped(content, place, chance))
        _judge(found, ground, f"byte {place} of the witness")
    ground.witness.write_bytes(content)
    content = ground.export.read_bytes()
    for place in {*range(chance.randrange(step), len(content), step), len(content) - 1}:
        ground.export.write_bytes(_flipped(content, place, chance))
        _judge_export(found, ground, f"byte {place} of the export")
    ground.export.write_bytes(content)
    return found


def rows_without_witness(ground: Ground) -> Found:
    """Changes that the chain alone shows: of any entry that another one follows."""
    found, rows = Found(), ground.rows
    aside = ground.witness.rename(ground.witness.with_suffix(".aside"))
    for number in range(len(rows) - 1):
        _try(found, ground, dropped(rows, number), f"row {number} dropped")
        _try(found, ground, swapped(rows, number), f"rows {number} and {number + 1} swapped")
        for column in COLUMNS:
            changed = with_field(rows, number, column, random.Random(number))
            _try(found, ground, changed, f"{column} of row {number}")
            _try(found, ground, recomputed(changed, number), f"{column} of row {number} with its hash")
    forge(ground.path, rows)
    aside.rename(ground.witness)
    return found


def rows_with_witness(ground: Ground, seed: int, *, random_ones: int) -> Found:
    """Changes that the witness shows too: of the last entry, at the end, of everything after a place."""
    found, rows, chance = Found(), ground.rows, random.Random(seed)
    lines = ground.witness.read_bytes().splitlines(keepends=True)
    for length in range(1, len(rows)):
        _try(found, ground, rows[:length], f"cut to {length}")
        ground.witness.write_bytes(b"".join(lines[:length]) + lines[length][:-2])
        _try(found, ground, rows[:length], f"cut to {length}, where the witness breaks off too")
        ground.witness.write_bytes(b"".join(lines))
    for number in range(len(rows)):
        for column in COLUMNS:
            changed = with_field(rows, number, column, chance)
            _try(found, ground, recomputed(changed, number), f"{column} of row {number} with its hash")
            _try(found, ground, recomputed(changed, number, on=True), f"{column} of row {number}, chained anew")
    for number in range(random_ones):
        _try(found, ground, _at_random(rows, chance), f"random change {number}")
    forge(ground.path, rows)
    return found


def _at_random(rows: list[Row], chance: random.Random) -> list[Row]:
    """One to three changes in a row, and sometimes the chain made anew from the first of them on."""
    changed, first = rows, len(rows)
    for _ in range(chance.randint(1, 3)):
        number = chance.randrange(len(changed) - 1)
        first = min(first, number)
        how = chance.randrange(4)
        if how == 0:
            changed = dropped(changed, number)
        elif how == 1:
            changed = swapped(changed, number)
        else:
            changed = with_field(changed, number, chance.choice(COLUMNS), chance)
    return recomputed(changed, first, on=True) if chance.random() < 0.5 else changed


def _try(found: Found, ground: Ground, rows: list[Row], what: str) -> None:
    """Put other rows into the ledger; some changes undo one another, and are none."""
    if rows == ground.rows:
        return
    forge(ground.path, rows)
    _judge(found, ground, what)


# What is said of it


def _judge(found: Found, ground: Ground, what: str) -> None:
    """Ask both verifiers about the ledger as it now is."""
    found.made += 1
    ledger = Ledger.inspect(ground.path)
    reported = not ledger.verify().ok
    found.reported += reported
    if not reported:
        same = [line_of(each) for each in ledger.entries()] == [_line(row) for row in ground.rows]
        found.harmless += same
        found.missed += [] if same else [what]
    witness = ground.witness if ground.witness.exists() else None
    if bool(_VERIFIER["examine"](ground.path, witness).problems) != reported:
        found.disagreed.append(what)
    _remove_journals(ground.path)


def _judge_export(found: Found, ground: Ground, what: str) -> None:
    """An export that was changed cannot become a ledger, and does not verify."""
    found.made += 1
    copy = ground.path.with_name("rebuilt.db")
    try:
        Ledger.rebuild(copy, ground.export)
    except LedgerError:
        found.reported += 1
    else:
        found.missed.append(what)
        for each in (copy, witness_of(copy)):
            each.unlink()
    if not _VERIFIER["examine"](ground.export, None).problems:
        found.disagreed.append(what)


def _line(row: Row) -> str:
    return str(_VERIFIER["canonical"]({**dict(zip(COLUMNS, row, strict=True)), "body": _body(row)}))


def _body(row: Row) -> Any:
    return _VERIFIER["json"].loads(row[5])


def _flipped(content: bytes, place: int, chance: random.Random) -> bytes:
    return content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]


def _write(path: Path, content: bytes) -> None:
    _remove_journals(path)
    path.write_bytes(content)


def _remove_journals(path: Path) -> None:
    """A flipped bit of the header may make SQLite keep another journal."""
    for ending in ("-journal", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


# What cannot be found in the files alone


def _limits(ground: Ground) -> Iterator[Figure]:
    """A ledger that was put back with its witness, and another legal history: only what lies elsewhere tells."""
    stories = {
        "An old copy is put back together with its witness": ground.rows[:3],
        "Another legal history replaces ledger and witness together": _another_story(ground.rows),
    }
    lines = ground.witness.read_bytes()
    for what, rows in stories.items():
        forge(ground.path, rows)
        ground.witness.write_text("".join(_line(row) + "\n" for row in rows))
        in_files, by_bundle = not Ledger.inspect(ground.path).verify().ok, _refused_by_bundle(ground)
        yield Figure(
            f"{what}: found",
            "by a published bundle; the files alone cannot tell (a limit)",
            f"by the files: {'yes' if in_files else 'no'}, by the bundle: {'yes' if by_bundle else 'no'}",
            ok=by_bundle and not in_files,
        )
    forge(ground.path, ground.rows)
    ground.witness.write_bytes(lines)


def _another_story(rows: Iterable[Row]) -> list[Row]:
    """The same steps with a tenth of the cost, every hash made anew."""
    cheaper = [_cheaper(row) for row in rows]
    return recomputed(cheaper, 0, on=True)


def _cheaper(row: Row) -> Row:
    body = _body(row)
    if "nano_rho" in body:
        body["nano_rho"] //= 10
    return (*row[:5], _VERIFIER["canonical"](body), *row[6:])


def _refused_by_bundle(ground: Ground) -> bool:
    try:
        Ledger.inspect(ground.path).check_known([ground.bundle])
    except LedgerError as refused:
        return refused.code == "FG-LG-008"
    return False
