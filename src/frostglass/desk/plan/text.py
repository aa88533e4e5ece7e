"""What ``plan`` says on a terminal: at most 100 columns, and one screen or two."""

from __future__ import annotations

from dataclasses import replace
from textwrap import fill

from frostglass.desk.output import table
from frostglass.desk.plan import tables
from frostglass.pages.blocks import Table
from frostglass.terms.budget import NANO, decimal_text
from frostglass.terms.plan import Plan
from frostglass.ways.plan import Foresight, Outlook

WIDTH = 100
"""Columns that a terminal is taken to have."""


def plan_text(plan: Plan, foreseen: Foresight, accountant: str, delta: str) -> str:
    """The planned release alone: its cost, and what each length gets."""
    rows, cost = tables.length_rows(foreseen), f"{foreseen.nano_rho / NANO:.6f}"
    return "\n".join(
        [
            f"epsilon {decimal_text(plan.epsilon)} at delta {delta} ({accountant}) costs {cost} rho",
            f"one {plan.unit.name} has at most {plan.unit.max_records} record(s)",
            "",
            table(rows.head, rows.rows, right=rows.right),
            "",
            f"combinations below {foreseen.tau:,} are withheld, as they cannot be told from noise: for reliability",
            "errors are in records, and the same however many records there are",
            *map(_filled, (tables.what_is_written(foreseen), *tables.what_is_chosen(foreseen))),
        ]
    )


def outlook_text(outlook: Outlook) -> str:
    """The planned release, what groups get, what other epsilons give, and what is withheld."""
    parts = [
        plan_text(outlook.plan, outlook.wanted, outlook.accountant, decimal_text(outlook.delta)),
        _groups(outlook),
        _epsilons(outlook),
        _like(outlook) if outlook.earlier else _benchmark(outlook.wanted),
        "\n".join([f"plan {outlook.plan.sha256[:16]}; no data was opened and nothing was spent", *_scope(outlook)]),
    ]
    return "\n\n".join(filter(None, parts))


def _groups(outlook: Outlook) -> str:
    return _part(
        "WHAT A GROUP GETS: the half-width of its interval, at each length, as a share of the group; the chance that "
        "the interval lies above zero, which tells it from none; whether its count is stated (the last two at the "
        f"longest measured length).{_expected(outlook)}",
        tables.group_rows(outlook.wanted),
        "Intervals hold in 95 of 100 releases whatever the data are. How far off a stated count usually is, in records "
        "and at each length, is less sure: it is the mean on the benchmark tables with noise of nearly this size. Your "
        "table is another.",
    )


def _expected(outlook: Outlook) -> str:
    if outlook.expect is None:
        return ""
    source = ", as in the earlier release" if outlook.as_earlier else ""
    return f" In brackets: the share of {outlook.expect:,} expected records{source}."


def _epsilons(outlook: Outlook) -> str:
    where = (
        "the earlier release's combinations"
        if outlook.earlier
        else "the true ones of 10 or more on the benchmark tables"
    )
    rows = tables.epsilon_rows(outlook)
    marked = tuple((f"{'> ' if place in rows.strong else ''}{row[0]}", *row[1:]) for place, row in enumerate(rows.rows))
    refused = [f"Epsilon {decimal_text(epsilon)} would be refused: {reason}." for epsilon, reason in outlook.refused]
    return _part(
        "WHAT OTHER EPSILONS GIVE: half-width of the middle table at each length; told from: the smallest group whose "
        "interval lies above zero in 95 of 100 releases, at the longest measured length; withheld: the share of "
        f"{where}, at the longest length.",
        replace(rows, rows=marked),
        "\n".join(refused),
    )


def _like(outlook: Outlook) -> str:
    assert outlook.earlier is not None
    return _part(
        f"IF THE RECORDS ARE LIKE THOSE of release {outlook.earlier.release_id}: the different combinations, and how "
        "many are stated. An estimate, from its synthetic records, scaled to "
        f"{outlook.expect or outlook.earlier.total:,}.",
        tables.like_rows(outlook.wanted),
        "A record's own, stated: of any record and any so many variables, how often their combination is stated. "
        "Half-width by count: half of the stated counts have a narrower interval than that, half a wider one.",
    )


def _benchmark(foreseen: Foresight) -> str:
    """What other thresholds gave on the benchmark tables; nothing where no longer combination is shown."""
    rows = tables.benchmark_rows(foreseen)
    if rows is None:
        return ""
    return _part(
        "WHAT OTHER THRESHOLDS (--tau) COST: the share of the released that noise fabricated / the share of the true "
        "ones of 10 or more that was lost, on the benchmark tables (records x variables), with noise of nearly this "
        f"size. Your table is another, and none of your data is in these figures. {tables.benchmark_names(foreseen)}.",
        rows,
        "",
    )


def _part(before: str, rows: Table, after: str) -> str:
    """A table with words about it, none wider than the terminal is taken to be."""
    parts = [_filled(before), table(rows.head, rows.rows, right=rows.right), *([_filled(after)] if after else [])]
    return "\n\n".join(parts)


def _filled(text: str) -> str:
    return "\n".join(fill(line, WIDTH, break_long_words=False) for line in text.split("\n"))


def _scope(outlook: Outlook) -> list[str]:
    if outlook.scope is None or outlook.left is None:
        return []
    left, cost = outlook.left, outlook.wanted.nano_rho
    head = f"scope {outlook.scope.scope} has {left / NANO:.6f} rho left: "
    if not outlook.wanted.affords:
        return [head + "NOT enough for this release; it would be refused"]
    return [
        f"{head}enough for this release; {(left - cost) / NANO:.6f} after it",
        f"it affords {_times(outlook.wanted.affords)}",
    ]


def _times(number: int) -> str:
    return "one such release" if number == 1 else f"{number:,} such releases"
