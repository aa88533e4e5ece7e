"""``plan --plot``: what a release will cost and be able to say, as one page. No script, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frostglass.desk.plan import tables
from frostglass.pages.blocks import Page, Section, templates
from frostglass.pages.charts import FAINT, INK, SERIES, WARN, WITHOUT, Chart, altair, can_draw, chart, drawn, of
from frostglass.terms.budget import NANO, decimal_text
from frostglass.terms.codebook import Codebook
from frostglass.terms.workload import LENGTHS
from frostglass.ways.plan import Foresight, Outlook

Json = Mapping[str, Any]

WIDE, HIGH = 740, 300
"""Size of a drawing, in points."""

MOST_SHARE = 10
"""Intervals that are wider beside their group than that are not drawn."""

DIFFERENT, OWN = "of the different combinations", "of a record's own combinations"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage(Page):
    """All that the template of plan.html sees."""

    lead: str
    cards: tuple[tuple[str, str, str], ...]
    sections: tuple[Section, ...]
    sha256: str
    without: str


def plan_html(outlook: Outlook, codebook: Codebook) -> str:
    """The text of the page: one file that draws itself."""
    return templates("frostglass.desk.plan").get_template("plan.html").render(page=_page(outlook, codebook))


def _page(outlook: Outlook, codebook: Codebook) -> PlanPage:
    last = _like(outlook) if outlook.earlier else _benchmark(outlook.wanted)
    return PlanPage(
        title=f"Plan: {codebook.title}",
        over=f"The plan of a release · {codebook.id} {codebook.version}",
        heading="What will it cost, and what will it be able to say?",
        facts=(),
        lead=f"{codebook.title}. No data was opened and nothing was spent: all of this is known beforehand.",
        cards=tuple(_facts(outlook)),
        sections=tuple(
            filter(None, (_groups(outlook), _epsilons(outlook), _both(outlook), last, _lengths(outlook.wanted)))
        ),
        sha256=outlook.plan.sha256,
        without="" if can_draw() else WITHOUT,
    )


def _facts(outlook: Outlook) -> list[tuple[str, str, str]]:
    wanted, unit = outlook.wanted, outlook.plan.unit
    facts = [
        (
            "epsilon",
            decimal_text(outlook.plan.epsilon),
            f"at delta {decimal_text(outlook.delta)}, for one {unit.name} with at most {unit.max_records} record(s)",
        ),
        ("counts are stated", f"from {wanted.tau:,} on", "beyond single values; smaller ones are withheld"),
    ]
    if outlook.expect is not None:
        source = "as in the earlier release" if outlook.as_earlier else "a guess; nothing was counted"
        facts.append(("expected records", f"{outlook.expect:,}", source))
    cost = f"{wanted.nano_rho / NANO:.4f} rho"
    if outlook.scope is None or outlook.left is None:
        return [*facts, ("cost", cost, f"in the accountant {outlook.accountant}")]
    share = f"{wanted.nano_rho / outlook.left:.0%}" if outlook.left else "more than all"
    left = f"{share} of what is left in {outlook.scope.scope}, which affords {wanted.affords:,} such releases"
    return [*facts, ("cost", cost, left if wanted.affords else f"NOT affordable: {outlook.scope.scope} has less left")]


def _groups(outlook: Outlook) -> Section:
    wanted = outlook.wanted
    longest = [row for row in wanted.rows if row.told_from is not None][-1]
    assert longest.middle is not None
    return Section(
        title="How well will we see a group?",
        words=(
            f"A combination of length {longest.length} gets an interval of about ± {longest.middle:,.0f} people, "
            f"however many have it. So it is wide beside a small group and narrow beside a large one: from "
            f"{longest.told_from:,} people on a group is told from none in 95 of 100 releases.",
        ),
        charts=drawn(lambda: _drawn_groups(outlook)),
        tables=(tables.group_rows(wanted),),
        notes=(
            "Under each length: the half-width of the 95% interval, as a share of the group. Above zero: the chance "
            "that the interval lies above zero, which tells the group from none. Its count: whether that is stated. "
            "Both at the longest measured length, and for a group of which every part of the condition alone has many "
            "more people: where one of them has hardly more, its lower end is the group's as well.",
            "Intervals hold in 95 of 100 releases, whatever the data are. How far off a stated count usually is, in "
            "people and at each length, is less sure: it is the mean on the benchmark tables with noise of nearly this "
            "size, and your table is another.",
        ),
    )


def _epsilons(outlook: Outlook) -> Section:
    where = "combinations of the earlier release" if outlook.earlier else "true benchmark combinations of 10 or more"
    refused = tuple(f"Epsilon {decimal_text(each)} would be refused: {reason}" for each, reason in outlook.refused)
    return Section(
        title="What would another epsilon buy?",
        words=(
            "A larger epsilon narrows every interval and promises less to each person. What is spent cannot be had "
            "back.",
        ),
        charts=drawn(lambda: _drawn_epsilons(outlook)) if len(outlook.range) > 1 else (),
        tables=(tables.epsilon_rows(outlook),),
        notes=(
            "± at each length: the half-width of the middle table, in people. Told from: the smallest group that is "
            "told from none in 95 of 100 releases, at the longest measured length. Withheld: the share of the "
            f"{where}, at the longest length.",
            *refused,
        ),
    )


def _both(outlook: Outlook) -> Section | None:
    """Groups at all epsilons; None where there is but one."""
    if len(outlook.range) < 2:
        return None
    longest = [row.length for row in outlook.wanted.rows if row.half_width][-1]
    return Section(
        title="And a group, at another epsilon?",
        words=(f"The half-width of the 95% interval at length {longest}, as a share of the group.",),
        tables=(tables.group_rows_by_epsilon(outlook, longest),),
        notes=("Beyond 100%, a group is told from none in less than half of all releases.",),
    )


def _lengths(wanted: Foresight) -> Section:
    return Section(
        title="What is measured?",
        words=("All figures follow from the declared variables and epsilon alone.",),
        tables=(tables.length_rows(wanted),),
        notes=(
            "Noise and errors are standard deviations, in people.",
            tables.what_is_written(wanted),
            *tables.what_is_chosen(wanted),
        ),
    )


def _like(outlook: Outlook) -> Section:
    assert outlook.earlier is not None
    return Section(
        title="How much will be withheld?",
        words=(
            f"An estimate from the synthetic records of release {outlook.earlier.release_id}, scaled to "
            f"{outlook.expect or outlook.earlier.total:,}. Many of the different combinations are rare; what records "
            "have in common is stated.",
        ),
        charts=drawn(lambda: _drawn_like(outlook)),
        tables=(tables.like_rows(outlook.wanted),),
        notes=(
            "A record's own, stated: of any record and any so many variables, how often their combination is stated. "
            "Half-width by count: half of the stated counts have a narrower interval than that, half a wider one.",
        ),
    )


def _benchmark(wanted: Foresight) -> Section | None:
    rows = tables.benchmark_rows(wanted)
    if rows is None:
        return None
    return Section(
        title="What would another threshold cost?",
        words=("Stating smaller counts (--tau) loses fewer true combinations and shows more that noise made up.",),
        tables=(rows,),
        notes=(
            "Of the released, the share that noise fabricated / of the true ones of 10 or more, the share that was "
            "lost. From the benchmark tables (records x variables) with noise of nearly this size. Your table is "
            f"another, and none of your data is in these figures. {tables.benchmark_names(wanted)}.",
        ),
    )


def _drawn_groups(outlook: Outlook) -> Chart:
    """Half-width by people, a line a length; what is withheld lies in the shade."""
    alt, wanted = altair(), outlook.wanted
    sizes = _ladder(max(each.people for each in wanted.groups))
    points = [
        {"people": people, "share": row.middle / people, "length": _length(row.length)}
        for row in wanted.rows
        if row.middle is not None
        for people in sizes
    ]
    last, bottom = sizes[-1], min(row.middle / sizes[-1] for row in wanted.rows if row.middle is not None)
    x = alt.X(
        "people:Q",
        title="people who have the combination",
        scale=alt.Scale(type="log", domain=[1, last], nice=False),
        axis=_axis(format=",d", values=_decades(last)),
    )
    y = alt.Y(
        "share:Q",
        title="half-width by people",
        scale=alt.Scale(type="log", domain=[bottom, MOST_SHARE], nice=False),
        axis=_axis(format="~%", values=[0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, MOST_SHARE]),
    )
    shade = of([{"people": 1, "to": min(wanted.tau, last), "share": bottom, "top": MOST_SHARE}])
    told = {"people": last, "share": 1, "says": "below: told from none in most releases"}
    withheld = of([{"people": 1, "share": bottom, "says": "withheld"}])
    return chart(
        "Half-width of the 95% interval, as a share of the group",
        "Where a line crosses 100%, a group is told from none in half of all releases. Counts in the shade, below "
        f"{wanted.tau:,}, are withheld beyond single values.",
        alt.layer(
            shade.mark_rect(color=FAINT, opacity=0.22).encode(x, y, alt.X2("to"), alt.Y2("top")),
            of([{**told, "people": 1, "to": last}]).mark_rule(strokeDash=[4, 4]).encode(x, y, alt.X2("to")),
            of([told]).mark_text(align="right", dx=-6, dy=-8, fontSize=13).encode(x, y, alt.Text("says:N")),
            withheld.mark_text(align="left", dx=8, dy=-12, fontSize=13).encode(x, y, alt.Text("says:N")),
            of(points).mark_line(strokeWidth=2.5, clip=True).encode(x, y, _colours(points)),
        ).properties(width=WIDE, height=HIGH),
    )


def _drawn_epsilons(outlook: Outlook) -> Chart:
    """Half-width by epsilon, a line a length."""
    alt = altair()
    points = [
        {"epsilon": float(each.epsilon), "people": row.middle, "length": _length(row.length)}
        for each in outlook.range
        for row in each.rows
        if row.middle is not None
    ]
    last = [{**each, "says": f"± {each['people']:,.0f}"} for each in points if each["length"] == points[-1]["length"]]
    x = _epsilon_axis(outlook)
    up = _axis(format=",d", values=_ladder(1_000_000))
    y = alt.Y("people:Q", title="± people", scale=alt.Scale(type="log", nice=True), axis=up)
    planned = of([{"epsilon": float(outlook.plan.epsilon)}])
    return chart(
        "Half-width of the 95% interval, in people, by epsilon",
        f"The planned epsilon, {decimal_text(outlook.plan.epsilon)}, is marked.",
        alt.layer(
            planned.mark_rule(color=WARN, strokeWidth=1.5, strokeDash=[4, 4]).encode(x),
            of(points).mark_line(strokeWidth=2.5, point=_POINT).encode(x, y, _colours(points)),
            of(last).mark_text(dy=-13, dx=14, fontSize=13).encode(x, y, alt.Text("says:N")),
        ).properties(width=WIDE, height=HIGH),
    )


def _drawn_like(outlook: Outlook) -> Chart:
    """Share of a record's own combinations that are stated, by epsilon, a line a length."""
    alt = altair()
    points = [
        {"epsilon": float(each.epsilon), "stated": kind, "share": share, "length": _length(row.length)}
        for each in outlook.range
        for row in each.like
        for kind, share in (
            (DIFFERENT, row.stated / max(row.combinations, 1)),
            (OWN, row.carried),
        )
        if row.length > 1 or len(each.like) == 1
    ]
    y = alt.Y("share:Q", title="stated", scale=alt.Scale(domain=[0, 1]), axis=_axis(format="~%"))
    apart = alt.Facet(
        "stated:N", title=None, sort=[DIFFERENT, OWN], header=alt.Header(labelFontSize=13, labelColor=INK)
    )
    return chart(
        "Share that is stated, by epsilon",
        "Left: of all different combinations, many of which are rare. Right: of the combinations that a record has.",
        of(points)
        .mark_line(strokeWidth=2.5, point=_POINT)
        .encode(_epsilon_axis(outlook), y, _colours(points))
        .properties(width=WIDE // 2 - 40, height=HIGH - 40)
        .facet(apart),
    )


_POINT = {"filled": True, "size": 50}


def _axis(**more: Any) -> Any:
    return altair().Axis(labelFontSize=13, titleFontSize=13, **more)


def _epsilon_axis(outlook: Outlook) -> Any:
    alt, values = altair(), [float(each.epsilon) for each in outlook.range]
    scale = alt.Scale(type="log", nice=False, padding=24)
    return alt.X("epsilon:Q", title="epsilon", scale=scale, axis=_axis(values=values, format="~g"))


def _colours(points: Sequence[Json]) -> Any:
    """A colour for each length, the same in all drawings."""
    alt = altair()
    names = [name for name in map(_length, LENGTHS) if any(each["length"] == name for each in points)]
    colours = dict(zip(map(_length, LENGTHS), SERIES, strict=True))
    legend = alt.Legend(orient="top", labelFontSize=13, columnPadding=24, symbolStrokeWidth=3)
    scale = alt.Scale(domain=names, range=[colours[name] for name in names])
    return alt.Color("length:N", title=None, scale=scale, legend=legend)


def _length(length: int) -> str:
    return "single values" if length == 1 else f"combinations of {length}"


def _ladder(most: int) -> list[int]:
    """1, 2, 5, 10, 20 … and at last one that is not below ``most``."""
    steps = [1]
    while steps[-1] < most:
        steps.append(steps[-1] * 5 // 2 if str(steps[-1])[0] == "2" else steps[-1] * 2)
    return steps


def _decades(most: int) -> list[int]:
    return [10**power for power in range(10) if 10**power <= most]
