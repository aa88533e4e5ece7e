"""Stage one against the known truth of fictitious case files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from frostglass.errors import InputError
from frostglass.sensitive.linkage.agreement import agreement
from frostglass.sensitive.stage_one import Outcome, StageOne
from frostglass.tables.readers import read_text_table
from frostglass.terms.codebook import Codebook

_COLUMNS = ("source", "case", "person", "outcome", "reason")


def compare(stage: StageOne, table: pl.DataFrame, codebook: Codebook, path: Path) -> Mapping[str, object]:
    """How the outcome of every case, the coded records and the merged pairs agree with the truth in ``path``.

    Cases of a person of whom a true pair waits for a decision are counted apart: of them nothing else can be expected.
    InputError FG-IN-117 when the file is no truth of these case files.
    """
    truth = _read(path, codebook)
    outcomes = stage.outcomes()
    if truth.keys() != outcomes.keys():
        raise InputError("FG-IN-117", f"{path.name} is not the truth of these case files: it is about other cases")
    persons = {ref: number for number, ref in enumerate(dict.fromkeys(row["person"] for row in truth.values()))}
    person = np.array([persons[truth[ref]["person"]] for ref in stage.refs], dtype=np.int64)
    waiting = {person[one] for one, other in stage.resolution.undecided if person[one] == person[other]}
    rows = table.rows()
    counted = Counter(
        _judged(row, outcomes[ref], rows, codebook, excused=persons[row["person"]] in waiting)
        for ref, row in truth.items()
    )
    linked = agreement(stage.resolution, person)
    return {
        "cases": len(truth),
        "cases as in the truth": counted["same"],
        "cases whose duplicate is undecided": counted["excused"],
        "cases otherwise": counted["outcome"] + counted["record"],
        "of these, other records": counted["record"],
        "true pairs of duplicates": linked.true,
        "merged": linked.merged,
        "merged wrongly": linked.merged_wrongly,
        "left undecided": linked.queued,
        "undecided, and two people in truth": linked.queued_wrongly,
        "missed": linked.missed,
        "precision of merging": round(linked.precision, 4),
        "recall of merging": round(linked.recall, 4),
        "recall with those undecided": round(linked.found, 4),
    }


def _read(path: Path, codebook: Codebook) -> Mapping[str, Mapping[str, str]]:
    names = (*_COLUMNS, *codebook.domain.names)
    table = read_text_table(path, only=lambda headings: [one for one in headings if one in names])
    if not set(names) <= set(table.headings):
        raise InputError("FG-IN-117", f"{path.name} is no truth of case files: name the truth.csv beside them")
    columns = {one.name: [one.values[place] for place in one.index.tolist()] for one in table.columns}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return {f"{row['source']}:{row['case']}": row for row in rows}


def _judged(
    row: Mapping[str, str],
    outcome: Outcome,
    records: list[tuple[str | None, ...]],
    codebook: Codebook,
    *,
    excused: bool,
) -> str:
    """Whether a case came out as it should: the same fate for the same reason, and the same record."""
    same_reason = row["outcome"] not in ("out of scope", "broken rule") or row["reason"] == outcome.reason
    if row["outcome"] != outcome.what or not same_reason:
        return "excused" if excused else "outcome"
    if outcome.row is None:
        return "same"
    expected = tuple(row[name] or None for name in codebook.domain.names)
    return "same" if records[outcome.row] == expected else "record"
