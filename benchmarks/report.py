"""What was found, as a document, as Markdown tables, and between the markers of docs/benchmarks.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TypedDict

from benchmarks.judging import Figures


class Row(TypedDict):
    """One method on one table at one epsilon: the mean figures of the runs that finished, and how each run ended."""

    table: str
    method: str
    title: str
    epsilon: str
    ended: list[str]
    figures: Figures


class Grown(TypedDict):
    """One case of the scaling part; ``grows`` is what grows in its series."""

    grows: str
    records: int
    columns: int
    length: int
    title: str
    ended: str
    figures: Figures


class Document(TypedDict):
    setting: dict[str, object]
    tables: dict[str, dict[str, object]]
    accuracy: list[Row]
    scaling: list[Grown]


RESULTS = "results.json"
"""All figures."""

Column = tuple[str, str, str]
"""Heading, name of the figure, and format."""

RECORDS: tuple[Column, ...] = (
    ("TVD 1", "tvd.1", ".4f"),
    ("TVD 2", "tvd.2", ".4f"),
    ("worst", "worst_tvd.2", ".3f"),
    ("TVD 3", "tvd.3", ".4f"),
    ("worst", "worst_tvd.3", ".3f"),
    ("rel. 1", "relative.1", ".3f"),
    ("rel. 2", "relative.2", ".3f"),
    ("rel. 3", "relative.3", ".3f"),
    ("rel. 4", "relative.4", ".3f"),
    ("fabricated 3", "fabricated.3", ".1%"),
    ("lost 3", "lost.3", ".1%"),
    ("wall s", "seconds", ".1f"),
    ("processor s", "processor", ".1f"),
    ("MB", "megabytes", ",.0f"),
)

COUNTS: tuple[Column, ...] = (
    ("rel. 1", "counts_relative.1", ".3f"),
    ("rel. 2", "counts_relative.2", ".3f"),
    ("rel. 3", "counts_relative.3", ".3f"),
    ("rel. 4", "counts_relative.4", ".3f"),
    ("fabricated 2", "counts_fabricated_recorded.2", ".1%"),
    ("fabricated 3", "counts_fabricated_recorded.3", ".1%"),
    ("fabricated 4", "counts_fabricated_recorded.4", ".1%"),
    ("lost 2", "counts_lost_recorded.2", ".1%"),
    ("lost 3", "counts_lost_recorded.3", ".1%"),
    ("lost 4", "counts_lost_recorded.4", ".1%"),
)

INTERVALS: tuple[Column, ...] = tuple(
    (f"{heading} {order}", f"{name}.{order}", form)
    for heading, name, form in (("coverage", "coverage", ".1%"), ("width", "width", ".0f"), ("raw", "raw_width", ".0f"))
    for order in (1, 2, 3, 4)
    if (name, order) != ("raw_width", 4)
)

SCALING: tuple[Column, ...] = (
    ("TVD 3", "tvd.3", ".4f"),
    ("counts rel. 3", "counts_relative.3", ".3f"),
    ("wall s", "seconds", ".1f"),
    ("processor s", "processor", ".1f"),
    ("fit s", "seconds.fit", ".1f"),
    ("sample s", "seconds.sample", ".1f"),
    ("MB", "megabytes", ",.0f"),
)


def mean(runs: Sequence[Figures]) -> Figures:
    """The mean of each figure over the runs that have it."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: fmean(run[name] for run in runs if name in run) for name in names}


def markdown(document: Document) -> str:
    """All tables of a document."""
    parts = []
    for name, about in document["tables"].items():
        rows = [row for row in document["accuracy"] if row["table"] == name]
        parts += [f"### {about['title']}: {about['records']:,} records, {about['columns']} variables"]
        parts += ["Records:", _rows(rows, RECORDS), "Released counts:", _rows(rows, COUNTS)]
        parts += ["Intervals, in records:", _rows(rows, INTERVALS)]
    if document["scaling"]:
        parts += ["### Scaling", _scaling(document["scaling"])]
    return "\n\n".join(part for part in parts if part)


def _rows(rows: Iterable[Row], columns: Sequence[Column]) -> str:
    """The rows with any of the columns, or with a run that came to nothing; those without epsilon first."""
    held = {name for _, name, _ in columns}
    lines = [
        [row["epsilon"] or "—", row["title"], *_cells(row["figures"], columns, _unfinished(row["ended"]))]
        for row in rows
        if held & set(row["figures"]) or (not row["figures"] and columns is RECORDS)
    ]
    return _table(["ε", "method", *(heading for heading, _, _ in columns)], lines)


def _scaling(rows: Iterable[Grown]) -> str:
    lines = [
        [
            row["grows"],
            f"{row['records']:,}",
            str(row["columns"]),
            str(row["length"]),
            row["title"],
            *_cells(row["figures"], SCALING, _unfinished([row["ended"]])),
        ]
        for row in rows
    ]
    headings = ["what grows", "records", "columns", "length", "method", *(heading for heading, _, _ in SCALING)]
    return _table(headings, lines)


def _cells(figures: Mapping[str, float], columns: Sequence[Column], unfinished: str) -> list[str]:
    cells = [format(figures[name], form) if name in figures else "" for _, name, form in columns]
    return cells if figures else [unfinished, *cells[1:]]


def _unfinished(ended: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(each for each in ended if each != "finished"))


def _table(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    if not lines:
        return ""
    rows = [headings, ["---"] * len(headings), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


PLOTS = {
    "benchmark-accuracy.svg": "Error by epsilon: a line for each method, dashed for those without privacy",
    "benchmark-scaling.svg": "Wall time and peak memory by the number of records",
}
"""Files of the plots, and what they show."""

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def between_markers(page: str, figures: str) -> str:
    """The page with ``figures`` in the place of what stood between the markers. ValueError without both markers."""
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError("the page has no single pair of markers for the figures")
    return re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{figures}\n{END}", page, flags=re.DOTALL)


def write(document: Document, folder: Path) -> None:
    """``results.json`` and ``results.md``."""
    (folder / RESULTS).write_text(json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    (folder / "results.md").write_text(markdown(document) + "\n")
