"""The drawings of the review page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

from frostglass.pages.charts import FAINT, INK, SERIES, WARN, Chart, chart
from frostglass.review.acceptance import share
from frostglass.review.anonymity import Counterfactual
from frostglass.review.attacks.report import Row
from frostglass.review.fidelity import BUCKETS, Fidelity, GroupFidelity

_WIDTH = 560
_BUCKET_NAMES = dict(zip(BUCKETS, ("0", "1–9", "10–99", "100–999", "1,000 and more"), strict=True))
FEWEST = 50
"""Intervals of one length and bucket; of fewer the share that holds says little."""

MOST_GROUPS = 40
"""Groups that are drawn, those of most people."""


def bucket_name(least: int) -> str:
    """How a bucket of true counts is called."""
    return _BUCKET_NAMES[least]


def stated_beside_true(found: Fidelity) -> Chart:
    """Every point is a combination; exact ones lie on the line."""
    values = [
        {"length": f"{length}", "true": max(true, 0.5), "stated": max(stated, 0.5)}
        for length, true, stated in found.points
    ]
    most = max((max(true, stated) for _, true, stated in found.points), default=1)
    scale = {"type": "log", "domain": [0.5, most], "nice": False}
    axis = {"format": ",", "values": [10**power for power in range(len(str(most)))]}
    return chart(
        "Stated counts beside true ones",
        "Each point is a combination whose count is stated. On the line, the count is exact. Points at the far left "
        "are combinations that nobody has.",
        {
            "width": _WIDTH,
            "height": 380,
            "layer": [
                {
                    "data": {"values": [{"a": 0.5, "b": 0.5}, {"a": most, "b": most}]},
                    "mark": {"type": "line", "color": FAINT, "strokeWidth": 1},
                    "encoding": {
                        "x": {"field": "a", "type": "quantitative", "scale": scale},
                        "y": {"field": "b", "type": "quantitative", "scale": scale},
                    },
                },
                {
                    "data": {"values": values},
                    "mark": {"type": "point", "filled": True, "size": 14, "opacity": 0.55},
                    "encoding": {
                        "x": {
                            "field": "true",
                            "type": "quantitative",
                            "title": "true count",
                            "scale": scale,
                            "axis": axis,
                        },
                        "y": {
                            "field": "stated",
                            "type": "quantitative",
                            "title": "stated count",
                            "scale": scale,
                            "axis": axis,
                        },
                        "color": _lengths([length for length, _, _ in found.points]),
                    },
                },
            ],
        },
    )


def errors_by_count(found: Fidelity) -> Chart:
    """How far off a stated count is, by what the true count is."""
    values = [
        {
            "length": f"{at.length}",
            "bucket": bucket_name(bucket.least),
            "mean": round(bucket.errors.mean, 2),
            "most": round(bucket.errors.percentile_95, 2),
        }
        for at in found.lengths
        for bucket in at.buckets
        if bucket.stated
    ]
    x = _by_count()
    spot = {"field": "length", "type": "nominal"}
    colour = _lengths([at.length for at in found.lengths if at.counted])
    return chart(
        "How far off a stated count is",
        "In people. The dot is the mean error of the combinations of that size, the end of the line what 95 of 100 "
        "stay under. Noise does not grow with the count, so large counts are off by a small share.",
        {
            "width": _WIDTH,
            "height": 260,
            "data": {"values": values},
            "layer": [
                {
                    "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.45},
                    "encoding": {
                        "x": x,
                        "xOffset": spot,
                        "y": {"field": "mean", "type": "quantitative", "title": "error (people)"},
                        "y2": {"field": "most"},
                        "color": colour,
                    },
                },
                {
                    "mark": {"type": "point", "filled": True, "size": 60},
                    "encoding": {
                        "x": x,
                        "xOffset": spot,
                        "y": {"field": "mean", "type": "quantitative"},
                        "color": colour,
                    },
                },
            ],
        },
    )


def stated_share(found: Fidelity) -> Chart:
    """What part of the real combinations a reader gets a count for."""
    values = [
        {
            "length": f"{at.length}",
            "bucket": bucket_name(bucket.least),
            "share": bucket.stated / bucket.combinations,
        }
        for at in found.lengths
        for bucket in at.buckets
        if bucket.least and bucket.combinations
    ]
    return chart(
        "Which combinations are stated",
        "Of all combinations that occur, the share that gets a count. Small ones are withheld, because noise makes "
        "them unreliable.",
        {
            "width": _WIDTH,
            "height": 220,
            "data": {"values": values},
            "mark": {"type": "bar"},
            "encoding": {
                "x": _by_count(),
                "xOffset": {"field": "length", "type": "nominal"},
                "y": {
                    "field": "share",
                    "type": "quantitative",
                    "title": "stated",
                    "axis": {"format": "%"},
                    "scale": {"domain": [0, 1]},
                },
                "color": _lengths([at.length for at in found.lengths if at.counted]),
            },
        },
    )


def group_errors(groups: Sequence[GroupFidelity]) -> Chart:
    """The relative error of each group, so that nobody is forgotten in a mean."""
    known = [each for each in groups if each.people and not isnan(each.relative_counts)]
    drawn = sorted(known, key=lambda each: -each.people)[:MOST_GROUPS]
    values = [
        {
            "group": f"{each.variable}: {each.value} ({each.people:,})",
            "error": each.relative_counts,
            "small": each.people < 100,
        }
        for each in drawn
    ]
    return chart(
        "The error of each group",
        "Of the stated counts of combinations that name the group, weighted by size; the number of people stands in "
        "brackets. Small groups are off by more, because the noise is the same for all; in red, those of fewer than "
        "100 people.",
        {
            "width": _WIDTH - 130,
            "data": {"values": values},
            "mark": {"type": "bar", "height": 9},
            "encoding": {
                "y": {"field": "group", "type": "nominal", "sort": None, "title": None},
                "x": {
                    "field": "error",
                    "type": "quantitative",
                    "title": "relative error",
                    "axis": {"format": "%", "tickCount": 8},
                },
                "color": {
                    "condition": {"test": "datum.small", "value": WARN},
                    "value": SERIES[0],
                },
            },
        },
    )


def coverage(found: Fidelity) -> Chart:
    """How often the intervals hold, by length and count."""
    asked = [(at, bucket) for at in found.lengths for bucket in at.buckets if bucket.intervals >= FEWEST]
    held = [share(bucket.held, bucket.intervals) for _, bucket in asked]
    values = [
        {"length": f"{at.length}", "bucket": bucket_name(bucket.least), "held": each}
        for (at, bucket), each in zip(asked, held, strict=True)
    ]
    scale = {"domain": [min([0.85, *held]), 1], "zero": False}
    return chart(
        "How often the 95% intervals hold the true count",
        "By true count, where there are at least 50 combinations. One release scatters around the promise, which is "
        "the line.",
        {
            "width": _WIDTH,
            "height": 200,
            "layer": [
                {
                    "data": {"values": [{"promise": 0.95}]},
                    "mark": {"type": "rule", "color": INK, "strokeDash": [4, 3]},
                    "encoding": {"y": {"field": "promise", "type": "quantitative", "scale": scale}},
                },
                {
                    "data": {"values": values},
                    "mark": {"type": "point", "filled": True, "size": 70},
                    "encoding": {
                        "x": _by_count(),
                        "xOffset": {"field": "length", "type": "nominal"},
                        "y": {
                            "field": "held",
                            "type": "quantitative",
                            "title": "intervals that hold",
                            "axis": {"format": "%"},
                            "scale": scale,
                        },
                        "color": _lengths([at.length for at in found.lengths if at.counted]),
                    },
                },
            ],
        },
    )


def suppression(found: Sequence[Counterfactual]) -> Chart:
    """What k-anonymity would have left out."""
    values = [{"k": f"k = {each.size}", "over": f"{each.variables} variables", "share": each.share} for each in found]
    return chart(
        "What k-anonymity would have cost",
        "The share of the records that a classic k-anonymisation would suppress: those with fewer than k like them. "
        "This release suppresses no record.",
        {
            "width": _WIDTH,
            "height": 180,
            "data": {"values": values},
            "mark": {"type": "bar"},
            "encoding": {
                "x": {"field": "k", "type": "ordinal", "sort": None, "title": None, "axis": {"labelAngle": 0}},
                "xOffset": {"field": "over", "type": "nominal"},
                "y": {
                    "field": "share",
                    "type": "quantitative",
                    "title": "records suppressed",
                    "axis": {"format": "%"},
                    "scale": {"domain": [0, 1]},
                },
                "color": {"field": "over", "type": "nominal", "title": "alike on"},
            },
        },
    )


def attacks(rows: Sequence[Row]) -> Chart:
    """Each attack with its interval, beside chance, bound and control."""
    values = [
        {
            "attack": f"{each.attack}: {each.target}",
            "success": each.success,
            "low": each.low,
            "high": each.high,
            "chance": each.baseline,
            "bound": each.bound,
            "control": each.control,
        }
        for each in rows
        if not isnan(each.success)
    ]
    y = {"field": "attack", "type": "nominal", "sort": None, "title": None}

    def marks(field: str, mark: Mapping[str, object], name: str) -> dict[str, object]:
        return {
            "transform": [{"filter": f"isValid(datum.{field})"}],
            "mark": mark,
            "encoding": {"y": y, "x": _share_axis(field), "color": _meaning(name)},
        }

    return chart(
        "What attacks achieved",
        "The dot with its interval is the attack on releases like this one. Protection works where it stands near "
        "chance and left of the bound; the attack is a real one where the ring stands far to the right.",
        {
            "width": _WIDTH - 170,
            "height": {"step": 20},
            "data": {"values": values},
            "layer": [
                marks("chance", {"type": "tick", "thickness": 2}, "by chance"),
                marks("bound", {"type": "tick", "thickness": 3}, "bound of the guarantee"),
                marks("control", {"type": "point", "size": 70, "filled": False}, "without protection"),
                {
                    "mark": {"type": "rule", "strokeWidth": 2, "color": SERIES[0]},
                    "encoding": {"y": y, "x": _share_axis("low"), "x2": {"field": "high"}},
                },
                marks("success", {"type": "point", "filled": True, "size": 60}, "this release"),
            ],
        },
    )


_MEANINGS = {
    "this release": SERIES[0],
    "by chance": FAINT,
    "bound of the guarantee": INK,
    "without protection": WARN,
}


def _meaning(name: str) -> dict[str, object]:
    """The colour of one kind of mark, in a legend that names all."""
    scale = {"domain": list(_MEANINGS), "range": list(_MEANINGS.values())}
    return {"datum": name, "type": "nominal", "title": None, "scale": scale, "legend": {"orient": "bottom"}}


def _share_axis(field: str) -> dict[str, object]:
    return {
        "field": field,
        "type": "quantitative",
        "title": "right, of all attempts",
        "axis": {"format": "%", "tickCount": 6},
        "scale": {"domain": [0, 1]},
    }


def _by_count() -> dict[str, object]:
    """The axis of the buckets of true counts."""
    return {
        "field": "bucket",
        "type": "ordinal",
        "sort": list(_BUCKET_NAMES.values()),
        "title": "true count",
        "axis": {"labelAngle": 0},
    }


def _lengths(lengths: Sequence[int]) -> dict[str, object]:
    """The colour of each combination length, the same in every drawing."""
    names = [str(each) for each in sorted(set(lengths))]
    colours = [SERIES[int(each) - 1] for each in names]
    return {
        "field": "length",
        "type": "nominal",
        "title": "length",
        "scale": {"domain": names, "range": colours},
    }
