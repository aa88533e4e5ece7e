"""The tables of ``plan``, as text: what each length, each group and each other epsilon gets, and what is withheld."""

from __future__ import annotations

from string import ascii_uppercase

from frostglass.pages.blocks import Table
from frostglass.released.counts_size import SPREADSHEET_ROWS
from frostglass.terms.budget import NANO, decimal_text
from frostglass.terms.workload import LONGEST_CHOSEN
from frostglass.ways.benchmark_curves import Withheld
from frostglass.ways.plan import REACH, Foresight, GroupForesight, LengthForesight, Outlook

SAID = {"always": "always stated", "stated": "stated", "either": "unsure", "withheld": "withheld"}
"""What becomes of a count, in words."""


def length_rows(foreseen: Foresight) -> Table:
    """What each length gets."""
    rows = [
        (
            str(row.length),
            f"{row.tables:,}",
            f"{row.cells:,}",
            _measured(row, foreseen),
            f"{row.noise_sd:.1f}" if row.noise_sd else "–",
            f"{row.sd[1]:.1f}" if row.sd else "–",
            ", ".join(f"{each:,.0f}" for each in row.half_width) if row.half_width else "bounds from shorter ones",
        )
        for row in foreseen.rows
    ]
    head = ("length", "tables", "cells", "measured", "noise sd", "error sd", "95% interval: ± least, middle, most")
    return Table("What each length gets", head, tuple(rows), (0, 1, 2, 4, 5))


def group_rows(foreseen: Foresight) -> Table:
    """What a group gets: the half-width as a share of it, and what is said of it."""
    measured = [row.length for row in foreseen.rows if row.half_width]
    head = (
        "people",
        *(f"length {length}" for length in measured),
        "above zero",
        "its count",
        "usually off by",
    )
    rows = []
    for people in dict.fromkeys(each.people for each in foreseen.groups):
        ours = [each for each in foreseen.groups if each.people == people and each.length in measured]
        longest = ours[-1]
        rows.append(
            (
                _size(longest),
                *(_share(each.relative) for each in ours),
                _chance(longest.told),
                SAID[_longest_statement(foreseen, people)],
                ", ".join(_off_by(each) for each in ours),
            )
        )
    return Table("What a group gets", head, tuple(rows), tuple(range(len(measured) + 2)))


def group_rows_by_epsilon(outlook: Outlook, length: int) -> Table:
    """The half-width at one length as a share of each group, for each epsilon."""
    head = ("people", *(f"epsilon {decimal_text(each.epsilon)}" for each in outlook.range))
    columns = [[each for each in foreseen.groups if each.length == length] for foreseen in outlook.range]
    rows = [(_size(ours[0]), *(_share(each.relative) for each in ours)) for ours in zip(*columns, strict=True)]
    return Table("What a group gets, at each epsilon", head, tuple(rows), tuple(range(len(head))))


def epsilon_rows(outlook: Outlook) -> Table:
    """What other epsilons would give and cost."""
    measured = [row.length for row in outlook.wanted.rows if row.half_width]
    head = (
        "epsilon",
        "rho",
        *(f"± at {length}" for length in measured),
        "told from",
        "stated from",
        "withheld",
        *(("affords",) if outlook.scope else ()),
    )
    rows = tuple(
        (
            decimal_text(each.epsilon),
            f"{each.nano_rho / NANO:.4f}",
            *(f"{row.middle:,.0f}" for row in each.rows if row.middle is not None),
            f"{_told_from(each):,}",
            f"{each.tau:,}",
            _withheld(each),
            *((f"{each.affords:,}",) if each.affords is not None else ()),
        )
        for each in outlook.range
    )
    strong = [each.epsilon for each in outlook.range].index(outlook.plan.epsilon)
    return Table("What each epsilon gives and costs", head, rows, tuple(range(len(head))), (strong,))


def like_rows(foreseen: Foresight) -> Table:
    """What would be stated and withheld if the records were like those of the earlier release."""
    head = ("length", "combinations", "stated", "withheld", "a record's own, stated", "half-width by count")
    rows = tuple(
        (
            str(each.length),
            f"{each.combinations:,}",
            f"{each.stated:,}",
            f"{each.withheld:,} ({each.withheld / max(each.combinations, 1):.1%})",
            f"{each.carried:.1%}",
            _share(None if each.relative_sd is None else REACH * each.relative_sd),
        )
        for each in foreseen.like
    )
    return Table("What would be stated and withheld", head, rows, tuple(range(len(head))))


def benchmark_rows(foreseen: Foresight) -> Table | None:
    """What thresholds near tau gave on the benchmark tables; None where no longer combination is shown."""
    points = [each for each in foreseen.withholding if foreseen.tau <= 4 * each.tau <= 16 * foreseen.tau]
    if not points:
        return None
    columns = list(dict.fromkeys((each.table, each.length) for each in points))
    found = {(each.table, each.length, each.tau): each for each in points}
    taus = sorted({each.tau for each in points})
    letters = benchmark_letters(foreseen)
    head = ("from", *(f"{letters[name]}, length {length}" for name, length in columns))
    rows = [(f"{tau:,}", *(_shares(found.get((*column, tau))) for column in columns)) for tau in taus]
    return Table("What other thresholds cost on the benchmark tables", head, tuple(rows), tuple(range(len(head))))


def what_is_chosen(foreseen: Foresight) -> tuple[str, ...]:
    """A word on the triples where the data decide which of them are measured."""
    if not foreseen.candidates:
        return ()
    return (
        f"Of triples, up to {foreseen.chosen_cells:,} cells are measured. Which, is chosen privately from the data, so "
        "what triples get is not known beforehand.",
    )


def what_is_written(foreseen: Foresight) -> str:
    """How large counts.csv can become, and what opens it."""
    most = foreseen.counts
    of = "whatever the number of records" if most.records is None else f"with {most.records:,} records"
    size = f"counts.csv has at most {most.rows:,} rows, some {most.bytes / 1e6:,.1f} MB, {of}"
    if most.opens:
        return f"{size}."
    return (
        f"{size}. No spreadsheet opens more than {SPREADSHEET_ROWS:,} rows: a shorter length has fewer, and "
        "`frostglass count` answers from a bundle of any size."
    )


def benchmark_letters(foreseen: Foresight) -> dict[str, str]:
    """A letter for each benchmark table, by its size."""
    return dict(zip(dict.fromkeys(each.table for each in foreseen.withholding), ascii_uppercase, strict=False))


def benchmark_names(foreseen: Foresight) -> str:
    """What the letters stand for."""
    return "; ".join(f"{letter}: {table}" for table, letter in benchmark_letters(foreseen).items())


def _share(value: float | None) -> str:
    """A share in percent with two or three figures; beyond ten times the whole, only that."""
    if value is None:
        return "–"
    if value >= 10:
        return ">999%"
    return f"{value:.0%}" if value >= 0.0995 else f"{value:.1%}" if value >= 0.00995 else f"{value:.2%}"


def _chance(value: float | None) -> str:
    if value is None:
        return "–"
    return ">99%" if value > 0.99 else f"{value:.0%}"


def _size(group: GroupForesight) -> str:
    return f"{group.people:,}" + ("" if group.share is None else f" ({group.share:.0%})")


def _off_by(group: GroupForesight) -> str:
    if group.usual_error is None:
        return "–"
    return f"{group.usual_error:.1f}" if group.usual_error < 9.95 else f"{group.usual_error:,.0f}"


def _longest_statement(foreseen: Foresight, people: int) -> str:
    """What becomes of counts of the longest combinations."""
    return [each.count for each in foreseen.groups if each.people == people][-1]


def _told_from(foreseen: Foresight) -> int:
    """The smallest group that the longest measured tables tell from none."""
    return [row.told_from for row in foreseen.rows if row.told_from is not None][-1]


def _withheld(foreseen: Foresight) -> str:
    """Share withheld at the longest length: of the earlier release's, or of the benchmark tables' true ones."""
    if foreseen.like:
        last = foreseen.like[-1]
        return f"{last.withheld / max(last.combinations, 1):.1%}"
    lost = [each.lost for each in foreseen.at_tau if each.length == foreseen.rows[-1].length]
    return f"{min(lost):.1%} to {max(lost):.1%}" if lost else "–"


def _shares(point: Withheld | None) -> str:
    if point is None:
        return ""
    return f"{'–' if point.fabricated is None else format(point.fabricated, '.1%')} / {point.lost:.1%}"


def _measured(row: LengthForesight, foreseen: Foresight) -> str:
    """Which tables of one length are measured."""
    if row.measured:
        return "all" if row.measured == row.tables else f"{row.measured:,}"
    if row.length == LONGEST_CHOSEN and foreseen.candidates:
        return "chosen"
    return "none: counted in the records"
