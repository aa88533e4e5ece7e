"""The queue of pairs that a data officer decides, and the decisions read back: one CSV file, edited and read again.

Decisions are reversible: change the row, and run again. Nothing that was decided is lost when the queue is written.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from frostglass.arrays.readers import read_text_table
from frostglass.arrays.text_table import TextTable
from frostglass.errors import InputError
from frostglass.sensitive.duplicates.pairs import Pairs, words

if TYPE_CHECKING:
    from frostglass.sensitive.duplicates.resolving import Resolution

COLUMNS = (
    "case_a", "case_b", "kind", "bits", "agrees", "differs", "decision", "by", "second_by", "on", "note",
)  # fmt: skip
_READ = ("case_a", "case_b", "decision", "by", "second_by", "on", "note")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Verdict = Literal["same", "different"]


@dataclass(frozen=True)
class Decision:
    """What was decided of a pair, by whom, and for pairs of two deliveries by whom else."""

    verdict: Verdict
    by: str
    second_by: str
    on: str
    note: str


@dataclass(frozen=True, repr=False)
class Decisions:
    """Decisions by pair of refs, the lesser first."""

    of_pair: Mapping[tuple[str, str], Decision]

    def __repr__(self) -> str:
        return "<decisions on pairs of cases: withheld>"

    @classmethod
    def none(cls) -> Decisions:
        """Nothing was decided yet."""
        return cls({})


def read_decisions(path: Path) -> Decisions:
    """The decisions in a queue file.

    InputError: what a table may suffer from, and FG-IN-090 (a column is missing), FG-IN-091 (no such decision),
    FG-IN-092 (decided by nobody), FG-IN-093 (a second person is needed), FG-IN-094 (a cell that starts like a formula),
    FG-IN-095 (one pair decided in two ways), FG-IN-096 (a pair of one case with itself, or half a pair).
    """
    table = read_text_table(path, only=lambda headings: [one for one in headings if one in _READ])
    missing = [name for name in _READ if name not in table.headings]
    if missing:
        raise InputError(
            "FG-IN-090", f"{path.name} is no queue of likely duplicates: it has no column {', '.join(missing)}"
        )
    found: dict[tuple[str, str], Decision] = {}
    for line, row in _rows(table):
        decided = _decision(line, row)
        if decided is None:
            continue
        pair, decision = decided
        if found.setdefault(pair, decision).verdict != decision.verdict:
            raise InputError(
                "FG-IN-095", f"row {line:,} decides a pair otherwise than a row before it: keep one of the two rows"
            )
    return Decisions(found)


def _rows(table: TextTable) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows with their numbers, the header being row 1."""
    cells = {one.name: [one.values[place].strip() for place in one.index.tolist()] for one in table.columns}
    for number in range(table.rows):
        yield number + 2, {name: column[number] for name, column in cells.items()}


def _decision(line: int, row: Mapping[str, str]) -> tuple[tuple[str, str], Decision] | None:
    if any(value.startswith(_FORMULA) for value in row.values()):
        raise InputError("FG-IN-094", f"row {line:,} has a cell that starts like a formula (= + - @): take that out")
    verdict = row["decision"].casefold()
    if not verdict:
        return None
    if verdict not in ("same", "different"):
        raise InputError("FG-IN-091", f"row {line:,}: a decision is same, different or nothing")
    one, other = sorted((row["case_a"], row["case_b"]))
    if not one or one == other:
        raise InputError("FG-IN-096", f"row {line:,} names no pair of two cases: restore case_a and case_b")
    by, second = row["by"], row["second_by"]
    if not by:
        raise InputError("FG-IN-092", f"row {line:,} is decided by nobody: write who decides under by")
    if _delivery(one) != _delivery(other) and (not second or second.casefold() == by.casefold()):
        raise InputError(
            "FG-IN-093",
            f"row {line:,} is a pair of cases from two deliveries, which two people decide: write another person under "
            "second_by",
        )
    kind: Verdict = "same" if verdict == "same" else "different"
    return (one, other), Decision(kind, by, second, row["on"], row["note"])


def _delivery(ref: str) -> str:
    return ref.partition(":")[0]


def queue_csv(pairs: Pairs, resolution: Resolution, decisions: Decisions, refs: Sequence[str]) -> str:
    """The queue as CSV: what waits first, the weightiest on top; then what is decided, and what is sure.

    Nothing that was decided is left out, and no cell but the refs and what the deciders wrote says anything of a case.
    """
    rows: list[tuple[tuple[int, float, str, str], list[str]]] = []
    written: set[tuple[str, str]] = set()
    chains = {(refs[one], refs[other]) for one, other in resolution.chained}
    entries = [
        (refs[one], refs[other], "sure" if sure else "likely", float(bits), words(agrees), words(differs))
        for one, other, sure, bits, agrees, differs in zip(
            pairs.first.tolist(), pairs.second.tolist(), pairs.sure.tolist(), pairs.bits.tolist(),
            pairs.agrees.tolist(), pairs.differs.tolist(), strict=True,
        )
    ]  # fmt: skip
    held = {(one, other) for one, other, *_ in entries}
    entries += [(*pair, "chain", 0.0, "", "") for pair in sorted(chains - held)]
    entries += [(*pair, "decided", 0.0, "", "") for pair in sorted(set(decisions.of_pair) - held - chains)]
    for one, other, kind, bits, agrees, differs in entries:
        pair = (one, other) if one < other else (other, one)
        if pair in written:
            continue
        written.add(pair)
        decision = decisions.of_pair.get(pair)
        told = ["", "", "", "", ""]
        if decision is not None:
            told = [decision.verdict, decision.by, decision.second_by, decision.on, decision.note]
        waits = decision is None and kind in ("likely", "chain")
        place = (0 if waits else 1 if decision is not None else 2, -bits, *pair)
        rows.append((place, [*pair, kind, f"{bits:.1f}" if bits else "", agrees, differs, *told]))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row for _, row in sorted(rows))
    return buffer.getvalue()
