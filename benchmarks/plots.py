"""``python -m benchmarks.plots results.json FOLDER``: the plots as SVG, by Altair in an environment of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import altair

WIDTH, HEIGHT = 300, 260
ACCURACY = (
    ("tvd.3", "Total variation of 3-way tables (records)"),
    ("relative.3", "Relative error, length 3 (records)"),
)
SCALING = (("seconds", "Wall time, seconds"), ("megabytes", "Peak memory, MB"))


def main(results: Path, folder: Path) -> None:
    document = json.loads(results.read_text())
    if document["accuracy"]:
        accuracy_plot(document).save(folder / "benchmark-accuracy.svg")
    if any(row["grows"] == "records" and row["figures"] for row in document["scaling"]):
        scaling_plot(document).save(folder / "benchmark-scaling.svg")


def accuracy_plot(document: dict[str, Any]) -> Any:
    """A row of panels a table: error by epsilon, a line a method; what has no epsilon is a dashed level."""
    return altair.vconcat(
        *(
            altair.hconcat(*(_error_panel(document, table, name, title) for name, title in ACCURACY))
            for table in document["tables"]
        )
    )


def _error_panel(document: dict[str, Any], table: str, name: str, title: str) -> Any:
    rows = [row for row in document["accuracy"] if row["table"] == table and name in row["figures"]]
    methods = list(dict.fromkeys(row["title"] for row in rows))
    held = [_point(row["title"], float(row["epsilon"]), row["figures"][name]) for row in rows if row["epsilon"]]
    epsilons = [float(row["epsilon"]) for row in rows if row["epsilon"]]
    levels = list(_levels([row for row in rows if not row["epsilon"]], name, epsilons))
    x = altair.X("x:Q", title="ε", scale=altair.Scale(type="log"), axis=altair.Axis(values=[0.5, 1, 4, 12]))
    y = altair.Y("y:Q", title=None, scale=altair.Scale(type="log"))
    color = altair.Color("method:N", title=None, sort=methods, scale=altair.Scale(domain=methods))
    lines = altair.Chart(altair.InlineData(values=held)).mark_line(point=True).encode(x=x, y=y, color=color)
    dashed = altair.Chart(altair.InlineData(values=levels)).mark_line(strokeDash=[5, 4]).encode(x=x, y=y, color=color)
    heading = f"{title}, {table}"
    return altair.layer(lines, dashed).properties(width=WIDTH, height=HEIGHT, title=heading)


def _levels(rows: Sequence[dict[str, Any]], name: str, places: Sequence[float]) -> Iterator[dict[str, object]]:
    for row in rows:
        for x in (min(places, default=0.5), max(places, default=12)):
            yield _point(row["title"], x, row["figures"][name])


def scaling_plot(document: dict[str, Any]) -> Any:
    """Time and memory by the number of records, a line a method."""
    rows = [row for row in document["scaling"] if row["grows"] == "records" and row["figures"]]
    return altair.hconcat(*(_cost_panel(rows, name, title) for name, title in SCALING))


def _cost_panel(rows: Sequence[dict[str, Any]], name: str, title: str) -> Any:
    held = [_point(row["title"], row["records"], row["figures"][name]) for row in rows]
    x = altair.X("x:Q", title="records", scale=altair.Scale(type="log"), axis=altair.Axis(format="~s", tickCount=4))
    y = altair.Y("y:Q", title=None, scale=altair.Scale(type="log"), axis=altair.Axis(format="~s", tickCount=5))
    color = altair.Color("method:N", title=None, sort=[row["title"] for row in rows])
    lines = altair.Chart(altair.InlineData(values=held)).mark_line(point=True).encode(x=x, y=y, color=color)
    return lines.properties(width=WIDTH, height=HEIGHT, title=title)


def _point(method: str, x: float, y: float) -> dict[str, object]:
    return {"method": method, "x": x, "y": y}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
