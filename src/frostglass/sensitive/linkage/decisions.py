"""What a data officer decides of pairs: a CSV file, the queue, that is written, edited and read again.

Decisions are reversible: whoever changes the row and runs again has changed the outcome. Writing the queue anew loses
nothing of what was decided, not even of cases that are not here today.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from frostglass.errors import InputError, reason_of
from frostglass.sensitive.linkage.pairs import Pairs, words

if TYPE_CHECKING:
    from frostglass.sensitive.linkage.resolving import Resolution

COLUMNS = ("case_a", "case_b", "kind", "bits", "agrees", "differs", "decision", "by", "second_by", "on", "note")
_FILLED_IN = ("by", "second_by", "on", "note")

_MOST_BYTES = 500_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Verdict = Literal["same", "different", ""]


@dataclass(frozen=True, repr=False)
class Decision:
    """What was decided of a pair ("" for nothing yet), by whom, when and why, and in which line that stands."""

    verdict: Verdict
    by: str
    second_by: str
    on: str
    note: str
    line: int


@dataclass(frozen=True, repr=False)
class Decisions:
    """Decisions by pair of refs, the lesser in front."""

    of_pair: Mapping[tuple[str, str], Decision]

    def __repr__(self) -> str:
        return "<decisions on pairs of cases: withheld>"

    @classmethod
    def none(cls) -> Decisions:
        """Nothing was decided yet."""
        return cls({})

    @property
    def decided(self) -> int:
        """Number of pairs that are decided."""
        return sum(bool(decision.verdict) for decision in self.of_pair.values())

    def need_two_people(self, refs: Sequence[str], source: npt.NDArray[np.int32]) -> None:
        """InputError FG-IN-095 when a pair of cases of two deliveries is decided by one person alone."""
        if not self.of_pair:
            return
        delivery = dict(zip(refs, source.tolist(), strict=True))
        for (one, other), decision in self.of_pair.items():
            here = one in delivery and other in delivery
            alone = _plain(decision.second_by) in ("", _plain(decision.by))
            if decision.verdict and here and alone and delivery[one] != delivery[other]:
                raise InputError(
                    "FG-IN-095",
                    f"line {decision.line:,} decides about cases of two deliveries, which takes two people: let "
                    "another person than the one under by look at it too, and sign under second_by",
                )


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


# ---------------------------------------------------------------------------------------------------------- reading


def read_decisions(path: Path) -> Decisions:
    """The decisions in a queue file; what the program itself wrote into it is not read.

    InputError with the line: FG-IN-090 (cannot be read), FG-IN-091 (columns), FG-IN-092 (no such decision), FG-IN-093
    (decided by nobody), FG-IN-094 (one pair, two decisions), FG-IN-096 (like a formula), FG-IN-097 (no pair).
    """
    found: dict[tuple[str, str], Decision] = {}
    for line, row in _rows(path):
        pair, decision = _pair(line, row), _decision(line, row)
        if not decision.verdict and not any(row[name].strip() for name in _FILLED_IN):
            continue
        before = found.setdefault(pair, decision)
        if replace(before, line=line) != decision:
            raise InputError(
                "FG-IN-094", f"lines {before.line:,} and {line:,} tell one pair in two ways: keep the one that holds"
            )
    return Decisions(found)


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows below the header with their lines, the header standing in line 1."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    lines = _lines(reader, path)
    header = next(lines, (1, [""]))[1]
    if len(header) == 1 and ";" in header[0]:  # as spreadsheets write it in many countries
        reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True, delimiter=";")
        lines = islice(_lines(reader, path), 1, None)
        header = header[0].split(";")
    columns = [name.strip().strip('"') for name in header]
    missing = [name for name in ("case_a", "case_b", "decision", *_FILLED_IN) if columns.count(name) != 1]
    if missing:
        raise InputError(
            "FG-IN-091",
            f"{path.name} is no queue of pairs: it lacks the column {missing[0]}, or has it twice; start from the file "
            "that recode writes",
        )
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            raise InputError(
                "FG-IN-091", f"line {line:,} does not have as many cells as the header: put texts with commas in quotes"
            )
        yield line, dict(zip(columns, cells, strict=True))


def _lines(reader: Iterator[list[str]], path: Path) -> Iterator[tuple[int, list[str]]]:
    line = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise InputError(
                "FG-IN-090", f"{path.name} is no CSV file after line {line:,}: a quote opens and does not close"
            ) from None
        line = int(getattr(reader, "line_num", line + 1))
        yield line, cells


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError("FG-IN-090", f"{path.name} is larger than {_MOST_BYTES // 10**6} MB: is it the queue?")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError("FG-IN-090", f"cannot read {path.name}: {reason_of(error)}") from None
    except UnicodeDecodeError:
        raise InputError("FG-IN-090", f"{path.name} is not UTF-8: save it as “CSV UTF-8”") from None


def _pair(line: int, row: Mapping[str, str]) -> tuple[str, str]:
    one, other = sorted(_unguarded(row[name].strip()) for name in ("case_a", "case_b"))
    if not one or one == other:
        raise InputError("FG-IN-097", f"line {line:,} does not name two cases: restore case_a and case_b")
    return one, other


def _decision(line: int, row: Mapping[str, str]) -> Decision:
    if any(cell.startswith(_FORMULA) or cell.strip().startswith(_FORMULA) for cell in row.values()):
        raise InputError(
            "FG-IN-096", f"line {line:,} has a cell that starts like a formula (= + - @): write it another way"
        )
    written = row["decision"].strip().casefold()
    by, second_by, on, note = (_unguarded(row[name].strip()) for name in _FILLED_IN)
    verdict: Verdict = "same" if written == "same" else "different" if written == "different" else ""
    if written and not verdict:
        raise InputError("FG-IN-092", f"line {line:,}: a decision is same or different, or the cell is left empty")
    if verdict and not by:
        raise InputError("FG-IN-093", f"line {line:,} is decided by nobody: write under by who decides")
    return Decision(verdict, by, second_by, on, note, line)


# ---------------------------------------------------------------------------------------------------------- writing


def queue_csv(
    pairs: Pairs, resolution: Resolution, decisions: Decisions, refs: Sequence[str], source: npt.NDArray[np.int32]
) -> str:
    """The queue: what waits on top, the weightiest first, then what is decided, and what is sure.

    No cell says anything of a case but its ref, and what the deciders wrote. A pair of two deliveries "differs" in
    that word, so that the deciders see where two have to sign.
    """
    known = {ref: place for place, ref in enumerate(refs)}
    rows = _found(pairs, refs)
    chained = {(refs[one], refs[other]) for one, other in resolution.chained}
    for pair in chained:
        rows[pair] = ("chain", *rows.get(pair, ("", 0.0, "", ""))[1:])
    for pair in decisions.of_pair:
        here = pair[0] in known and pair[1] in known
        rows.setdefault(pair, ("decided" if here else "stale", 0.0, "", ""))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for pair in sorted(rows, key=lambda pair: _place(pair, rows[pair], decisions)):
        kind, bits, agrees, differs = rows[pair]
        two = pair[0] in known and pair[1] in known and source[known[pair[0]]] != source[known[pair[1]]]
        differing = ", ".join(filter(None, (differs, "delivery" if two else "")))
        decision = decisions.of_pair.get(pair)
        told = (decision.verdict, decision.by, decision.second_by, decision.on, decision.note) if decision else [""] * 5
        shown = f"{max(bits, 0):.1f}" if kind not in ("decided", "stale") else ""
        writer.writerow([*map(_guarded, pair), kind, shown, agrees, differing, *map(_guarded, told)])
    return buffer.getvalue()


_Row = tuple[str, float, str, str]


def _found(pairs: Pairs, refs: Sequence[str]) -> dict[tuple[str, str], _Row]:
    """Kind, bits, and what agrees and differs, by pair."""
    texts = {mask: words(mask) for mask in {*np.unique(pairs.agrees).tolist(), *np.unique(pairs.differs).tolist()}}
    columns = (pairs.first, pairs.second, pairs.sure, pairs.bits, pairs.agrees, pairs.differs)
    found: dict[tuple[str, str], _Row] = {}
    for one, other, sure, bits, agrees, differs in zip(*(column.tolist() for column in columns), strict=True):
        a, b = sorted((refs[one], refs[other]))
        found[a, b] = ("sure" if sure else "likely", bits, texts[agrees], texts[differs])
    return found


def _place(pair: tuple[str, str], row: _Row, decisions: Decisions) -> tuple[int, float, tuple[str, str]]:
    decision = decisions.of_pair.get(pair)
    decided = decision is not None and decision.verdict != ""
    return (1 if decided else 2 if row[0] == "sure" else 0), -row[1], pair


def _guarded(text: str) -> str:
    """``text`` with an apostrophe in front where a spreadsheet would take it for a formula, or for a guarded text."""
    return f"'{text}" if text.startswith((*_FORMULA, "'")) else text


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") else text
