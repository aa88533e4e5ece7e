"""Whole fictitious case files of four source systems, with names, with all that goes wrong, and with their truth."""

from __future__ import annotations

import csv
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from frostglass import codebooks
from frostglass.errors import UsageError, reason_of
from frostglass.simulate import htcds, legacy, truth, webform_new, webform_old
from frostglass.simulate.batches import batch
from frostglass.simulate.cases import SNAPSHOT, Case
from frostglass.simulate.chance import Uniform, generators, uniforms
from frostglass.simulate.forms import HTCDS, LEGACY, WEBFORM_NEW, WEBFORM_OLD, Form
from frostglass.simulate.free_text import Planter

MOST_CASES = 5_000_000
BATCH = 10_000
"""People whose cases are held in memory at a time."""

CODEBOOK = "ctdc-vp-1"
TRUTH, PLANTED, DESCRIPTION = "truth.csv", "planted.txt", "casefiles.toml"

_SHEETS: Mapping[str, Mapping[str, str]] = {
    LEGACY.map_id: {"cases": "legacy.csv"},
    WEBFORM_OLD.map_id: {"cases": "webform-old-cases.csv", "persons": "webform-old-persons.csv"},
    WEBFORM_NEW.map_id: {"cases": "webform-new.json"},
    HTCDS.map_id: {"cases": "htcds.csv"},
}
_HEADERS: Mapping[str, Sequence[str]] = {
    "legacy.csv": legacy.HEADER,
    "webform-old-cases.csv": webform_old.CASES_HEADER,
    "webform-old-persons.csv": webform_old.PERSONS_HEADER,
    "htcds.csv": htcds.HEADER,
    TRUTH: truth.HEADER,
}
_JSON = "webform-new.json"
_LEGAL_BASIS = (
    'legal_basis = { basis = "Fictitious: nobody in these files exists", by = "simulator", on = 2022-11-01 }\n'
)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: people, their cases, and the rows of each file without its header."""

    people: int
    cases: int
    rows: Mapping[str, int]


def write_case_files(folder: Path, cases: int, seed: int) -> Written:
    """Write the files of ``cases`` fictitious people into ``folder``, with truth.csv, planted.txt and casefiles.toml.

    Some people are registered again, so there are about 2% more cases. The same number and seed give the same files.
    They are made in a hidden folder beside it, which takes its place at the end. A system without a single case is
    left out. UsageError: FG-OP-073 for a number of cases and FG-OP-074 for a seed that makes no sense, FG-OP-075 for a
    folder that holds something, FG-OP-076 when the place cannot be written; then nothing is left behind.
    """
    if not 1 <= cases <= MOST_CASES:
        raise UsageError("FG-OP-073", f"the number of cases must be between 1 and {MOST_CASES:,}")
    if seed < 0:
        raise UsageError("FG-OP-074", "the seed must be a whole number of 0 or more")
    _refuse_taken(folder)
    folder = folder.absolute()
    hidden = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    try:
        hidden.mkdir(mode=0o700)
        rows = _write(hidden, cases, seed)
        hidden.replace(folder)
    except OSError as error:
        reason = reason_of(error)
        raise UsageError("FG-OP-076", f"cannot write {folder}: {reason}; choose another place") from None
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return Written(cases, rows[TRUTH], rows)


def _refuse_taken(folder: Path) -> None:
    try:
        taken = folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir())))
    except OSError as error:
        reason = reason_of(error)
        raise UsageError("FG-OP-076", f"cannot write {folder}: {reason}; choose another place") from None
    if taken:
        raise UsageError("FG-OP-075", f"{folder} exists and is not an empty folder; choose another name")


def _write(folder: Path, people: int, seed: int) -> Mapping[str, int]:
    """Write all files into the empty ``folder``; how many rows each has."""
    with ExitStack() as stack:
        files = _Files(folder, stack)
        for cases, planted, u in _batches(people, seed):
            files.add(cases, planted, u)
        files.end()
    kept = {name: rows for name, rows in files.rows.items() if name not in _unused(files.rows)}
    for name in _unused(files.rows):
        (folder / name).unlink()
    with _private(folder / DESCRIPTION) as description:
        description.write(_description(kept))
    return kept


def _batches(people: int, seed: int) -> Iterator[tuple[list[Case], list[str], Uniform]]:
    """The cases batch by batch, what was planted in them, and chance for how they are written."""
    reasons = truth.Reasons.of(codebooks.load(CODEBOOK))
    planter = Planter()
    for first, generator in zip(range(1, people + 1, BATCH), generators(seed), strict=False):
        cases = batch(min(BATCH, people + 1 - first), first, generator, reasons, planter)
        yield cases, planter.planted(), uniforms(generator)


class _Files:
    """The open files of a folder; cases are added to them and not kept."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.rows: Counter[str] = Counter(dict.fromkeys((*_HEADERS, _JSON, PLANTED), 0))
        self._texts = {name: stack.enter_context(_private(folder / name)) for name in self.rows}
        self._texts["htcds.csv"].write("\ufeff")
        self._tables = {
            name: csv.writer(self._texts[name], lineterminator="\r\n" if name == "htcds.csv" else "\n")
            for name in _HEADERS
        }
        for name, header in _HEADERS.items():
            self._tables[name].writerow(header)
        self._texts[_JSON].write("[")

    def add(self, cases: Sequence[Case], planted: Sequence[str], u: Uniform) -> None:
        old = _of(cases, WEBFORM_OLD)
        self._tabulate("legacy.csv", (legacy.row(case, u) for case in _of(cases, LEGACY)))
        self._tabulate("webform-old-cases.csv", (webform_old.case_row(case, u) for case in old))
        self._tabulate("webform-old-persons.csv", (row for case in old for row in webform_old.person_rows(case, u)))
        self._tabulate("htcds.csv", (htcds.row(case, u) for case in _of(cases, HTCDS)))
        self._tabulate(TRUTH, truth.rows(cases))
        for case in _of(cases, WEBFORM_NEW):
            self._texts[_JSON].write(f"{',' if self.rows[_JSON] else ''}\n{webform_new.line(case, u)}")
            self.rows[_JSON] += 1
        self._texts[PLANTED].writelines(f"{text}\n" for text in planted)
        self.rows[PLANTED] += len(planted)

    def end(self) -> None:
        self._texts[_JSON].write("\n]\n")

    def _tabulate(self, name: str, rows: Iterable[Sequence[str]]) -> None:
        table = self._tables[name]
        for row in rows:
            table.writerow(row)
            self.rows[name] += 1


def _of(cases: Sequence[Case], form: Form) -> list[Case]:
    return [case for case in cases if case.form is form]


def _private(path: Path) -> TextIO:
    """A new text file that its owner alone can read."""
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(opened, "w", encoding="utf-8", newline="")


def _unused(rows: Mapping[str, int]) -> list[str]:
    """Files of systems without a case."""
    return [name for sheets in _SHEETS.values() if not rows[sheets["cases"]] for name in sheets.values()]


def _description(rows: Mapping[str, int]) -> str:
    parts = [f'snapshot = {SNAPSHOT}\nfictitious = true\nplanted = "{PLANTED}"\n']
    for map_id, sheets in _SHEETS.items():
        if sheets["cases"] in rows:
            files = ", ".join(f'{sheet} = "{name}"' for sheet, name in sheets.items())
            basis = _LEGAL_BASIS if map_id == LEGACY.map_id else ""
            parts.append(f'[[delivery]]\nmap = "{map_id}"\nfiles = {{ {files} }}\n{basis}')
    return "\n".join(parts)
