"""The drawings of the review page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan
from typing import Any

from frostglass.pages.charts import FAINT, INK, SERIES, WARN, Chart, Drawing, altair, chart, of
from frostglass.review.acceptance import share
from frostglass.review.anonymity import Counterfactual
from frostglass.review.attacks.report import Row
from frostglass.review.fidelity import BUCKETS, Bucket, Fidelity, GroupFidelity

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
    alt = altair()
    values = [
        {"length": f"{length}", "true": max(true, 0.5), "stated": max(stated, 0.5)}
        for length, true, stated in found.points
    ]
    most = max((max(true, stated) for _, true, stated in found.points), default=1)

    def axis(kind: Any, field: str, title: str) -> Any:
        powers = [10**power for power in range(len(str(most)))]
        scale = alt.Scale(type="log", domain=[0.5, most], nice=False)
        return kind(f"{field}:Q", title=title, scale=scale, axis=alt.Axis(format=",", values=powers))

    x, y = axis(alt.X, "true", "true count"), axis(alt.Y, "stated", "stated count")
    exact = of([{"true": 0.5, "stated": 0.5}, {"true": most, "stated": most}])
    points = of(values).mark_point(filled=True, size=14, opacity=0.55)
    return chart(
        "Stated counts beside true ones",
        "Each point is a combination whose count is stated. On the line, the count is exact. Points at the far left "
        "are combinations that nobody has.",
        alt.layer(
            exact.mark_line(color=FAINT, strokeWidth=1).encode(x, y),
            points.encode(x, y, _lengths(length for length, _, _ in found.points)),
        ).properties(width=_WIDTH, height=380),
    )


def errors_by_count(found: Fidelity) -> Chart:
    """How far off a stated count is, by what the true count is."""
    alt = altair()
    drawn = of(
        _by_bucket(
            found,
            lambda bucket: (
                {"mean": round(bucket.errors.mean, 2), "most": round(bucket.errors.percentile_95, 2)}
                if bucket.stated
                else None
            ),
        )
    ).encode(_bucket(), alt.XOffset("length:N"), alt.Y("mean:Q", title="error (people)"), _counted(found))
    return chart(
        "How far off a stated count is",
        "In people. The dot is the mean error of the combinations of that size, the end of the line what 95 of 100 "
        "stay under. Noise does not grow with the count, so large counts are off by a small share.",
        alt.layer(
            drawn.mark_rule(strokeWidth=3, opacity=0.45).encode(alt.Y2("most")), drawn.mark_point(filled=True, size=60)
        ).properties(width=_WIDTH, height=260),
    )


def stated_share(found: Fidelity) -> Chart:
    """What part of the real combinations a reader gets a count for."""
    values = _by_bucket(
        found,
        lambda bucket: {"share": bucket.stated / bucket.combinations} if bucket.least and bucket.combinations else None,
    )
    return chart(
        "Which combinations are stated",
        "Of all combinations that occur, the share that gets a count. Small ones are withheld, because noise makes "
        "them unreliable.",
        of(values)
        .mark_bar()
        .encode(_bucket(), altair().XOffset("length:N"), _share("Y", "share", "stated"), _counted(found))
        .properties(width=_WIDTH, height=220),
    )


def group_errors(groups: Sequence[GroupFidelity]) -> Chart:
    """The relative error of each group, so that nobody is forgotten in a mean."""
    alt = altair()
    known = [each for each in groups if each.people and not isnan(each.relative_counts)]
    values = [
        {
            "group": f"{each.variable}: {each.value} ({each.people:,})",
            "error": each.relative_counts,
            "small": each.people < 100,
        }
        for each in sorted(known, key=lambda each: -each.people)[:MOST_GROUPS]
    ]
    return chart(
        "The error of each group",
        "Of the stated counts of combinations that name the group, weighted by size; the number of people stands in "
        "brackets. Small groups are off by more, because the noise is the same for all; in red, those of fewer than "
        "100 people.",
        of(values)
        .mark_bar(height=9)
        .encode(
            alt.Y("group:N", sort=None, title=None),
            alt.X("error:Q", title="relative error", axis=alt.Axis(format="%", tickCount=8)),
            color=alt.condition("datum.small", alt.value(WARN), alt.value(SERIES[0])),
        )
        .properties(width=_WIDTH - 130),
    )


def coverage(found: Fidelity) -> Chart:
    """How often the intervals hold, by length and count."""
    alt = altair()
    values = _by_bucket(
        found,
        lambda bucket: {"held": share(bucket.held, bucket.intervals)} if bucket.intervals >= FEWEST else None,
    )
    scale = alt.Scale(domain=[min([0.85, *(each["held"] for each in values)]), 1], zero=False)
    held = alt.Y("held:Q", title="intervals that hold", axis=alt.Axis(format="%"), scale=scale)
    return chart(
        "How often the 95% intervals hold the true count",
        "By true count, where there are at least 50 combinations. One release scatters around the promise, which is "
        "the line.",
        alt.layer(
            of([{"promise": 0.95}]).mark_rule(color=INK, strokeDash=[4, 3]).encode(alt.Y("promise:Q", scale=scale)),
            of(values)
            .mark_point(filled=True, size=70)
            .encode(_bucket(), alt.XOffset("length:N"), held, _counted(found)),
        ).properties(width=_WIDTH, height=200),
    )


def suppression(found: Sequence[Counterfactual]) -> Chart:
    """What k-anonymity would have left out."""
    alt = altair()
    values = [{"k": f"k = {each.size}", "over": f"{each.variables} variables", "share": each.share} for each in found]
    return chart(
        "What k-anonymity would have cost",
        "The share of the records that a classic k-anonymisation would suppress: those with fewer than k like them. "
        "This release suppresses no record.",
        of(values)
        .mark_bar()
        .encode(
            alt.X("k:O", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
            alt.XOffset("over:N"),
            _share("Y", "share", "records suppressed"),
            alt.Color("over:N", title="alike on"),
        )
        .properties(width=_WIDTH, height=180),
    )


def attacks(rows: Sequence[Row]) -> Chart:
    """Each attack with its interval, beside chance, bound and control."""
    alt = altair()
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
    base = of(values).encode(alt.Y("attack:N", sort=None, title=None))

    def marked(field: str, name: str) -> Drawing:
        """The marks of one field, in the colour of their meaning."""
        scale = alt.Scale(domain=list(_MEANINGS), range=list(_MEANINGS.values()))
        colour = alt.Color("meaning:N", title=None, scale=scale, legend=alt.Legend(orient="bottom"))
        drawn = base.transform_filter(f"isValid(datum.{field})").transform_calculate(meaning=f"'{name}'")
        return drawn.encode(_right(field), colour)

    return chart(
        "What attacks achieved",
        "The dot with its interval is the attack on releases like this one. Protection works where it stands near "
        "chance and left of the bound; the attack is a real one where the ring stands far to the right.",
        alt.layer(
            marked("chance", "by chance").mark_tick(thickness=2),
            marked("bound", "bound of the guarantee").mark_tick(thickness=3),
            marked("control", "without protection").mark_point(size=70, filled=False),
            base.mark_rule(strokeWidth=2, color=SERIES[0]).encode(_right("low"), alt.X2("high")),
            marked("success", "this release").mark_point(filled=True, size=60),
        ).properties(width=_WIDTH - 170, height=alt.Step(20)),
    )


_MEANINGS = {
    "this release": SERIES[0],
    "by chance": FAINT,
    "bound of the guarantee": INK,
    "without protection": WARN,
}


def _by_bucket(found: Fidelity, figures: Any) -> list[dict[str, Any]]:
    """What ``figures`` gives of each length and size of count; nothing where it gives None."""

    def line(length: int, bucket: Bucket) -> list[dict[str, Any]]:
        said = figures(bucket)
        return [] if said is None else [{"length": f"{length}", "bucket": bucket_name(bucket.least), **said}]

    return [each for at in found.lengths for bucket in at.buckets for each in line(at.length, bucket)]


def _right(field: str) -> Any:
    """The axis of shares of right answers."""
    alt = altair()
    axis = alt.Axis(format="%", tickCount=6)
    return alt.X(f"{field}:Q", title="right, of all attempts", axis=axis, scale=alt.Scale(domain=[0, 1]))


def _share(channel: str, field: str, title: str) -> Any:
    """An axis of shares, from none to all."""
    alt = altair()
    return getattr(alt, channel)(f"{field}:Q", title=title, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))


def _bucket() -> Any:
    """The axis of the buckets of true counts."""
    alt = altair()
    return alt.X("bucket:O", sort=list(_BUCKET_NAMES.values()), title="true count", axis=alt.Axis(labelAngle=0))


def _counted(found: Fidelity) -> Any:
    return _lengths(at.length for at in found.lengths if at.counted)


def _lengths(lengths: Iterable[int]) -> Any:
    """The colour of each combination length, the same in every drawing."""
    alt = altair()
    names = [str(each) for each in sorted(set(lengths))]
    scale = alt.Scale(domain=names, range=[SERIES[int(each) - 1] for each in names])
    return alt.Color("length:N", title="length", scale=scale)
