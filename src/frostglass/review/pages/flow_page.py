"""The flow report as one page for the steward: what became of every case, and what recoding could not keep. Private."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from frostglass.pages.blocks import Cell, Page, Part, Row, Table, templates
from frostglass.pages.words import in_parts, percent
from frostglass.sensitive.flow import Flow, Loss, SourceFlow

PRIVATE = "PRIVATE. For the steward alone: exact counts of cases, without noise. Do not publish, do not pass on."


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPage(Page):
    """Everything that the template shows."""

    version: str
    fictitious: bool
    steps: Table
    reasons: Table
    bases: tuple[tuple[str, str], ...]
    notes: Table
    linked: Table
    waiting: int
    unfilled: tuple[str, ...]
    missing: Table
    kept: Table
    households: Table
    proof: tuple[Table, ...]
    proved: bool
    truth: Table


def flow_html(flow: Flow) -> str:
    """The page: one file, no script, no network."""
    return templates("frostglass.review.pages").get_template("flow.html").render(page=_page(flow))


def _page(flow: Flow) -> FlowPage:
    registered = sum(one.registered for one in flow.sources)
    return FlowPage(
        title=f"PRIVATE · flow report: {flow.codebook}",
        private=PRIVATE,
        over="Flow report",
        heading=f"From {registered:,} registered cases to {flow.released:,} records",
        facts=(
            ("Codebook", flow.codebook),
            ("Snapshot", flow.snapshot),
            ("Released of registered", _share(flow.released, registered)),
            ("frostglass", flow.version),
            ("SHA-256 of the codebook", f"{flow.codebook_sha256[:16]}…"),
        ),
        version=flow.version,
        fictitious=flow.fictitious,
        steps=_steps(flow.stages),
        reasons=_reasons(flow.sources),
        bases=tuple((one.import_map, one.legal_basis) for one in flow.sources if one.legal_basis is not None),
        notes=_notes(flow.sources),
        linked=_linked(flow),
        waiting=flow.linked.undecided,
        unfilled=flow.unfilled,
        missing=_losses("What became missing or was left out", flow, kept=False),
        kept=_losses("Values read from elsewhere", flow, kept=True),
        households=Table(
            "Households by the number of their released members",
            ("released members", "households"),
            tuple((f"{size:,}", f"{number:,}") for size, number in sorted(flow.households.items())),
            right=(1,),
        ),
        proof=_proof(flow),
        proved=flow.proof is not None and flow.proof.holds(),
        truth=Table(
            "Comparison with the truth",
            ("what", "figure"),
            tuple((key, f"{value}") for key, value in (flow.truth or {}).items()),
            right=(1,),
        ),
    )


def _share(part: int, whole: int) -> str:
    return percent(part / whole if whole else None)


def _steps(stages: Sequence[tuple[str, int]]) -> Table:
    """Each step with what is left after it; what is lost at it is drawn behind."""
    before = first = stages[0][1] if stages else 0
    rows = list[Row]()
    for name, left in stages:
        drawn = Cell("", strips=((Part(0, in_parts(before, first), "other"), Part(0, in_parts(left, first))),))
        rows.append((name, f"{left:,}", f"−{before - left:,}" if before > left else "", drawn))
        before = left
    return Table(
        "Cases left after each step", ("step", "left", "lost here", "of all registered"), tuple(rows), right=(1, 2)
    )


def _reasons(sources: Sequence[SourceFlow]) -> Table:
    """Every reason for a loss with its cases by source, from registered to released."""
    rows = [_row("registered", [one.registered for one in sources])]
    for title, books in (
        ("quarantined: {}", [one.quarantined for one in sources]),
        ("{}", [one.out_of_scope for one in sources]),
        ("breaks the rule: {}", [one.broken for one in sources]),
    ):
        rows += [
            _row(title.format(reason), [book.get(reason, 0) for book in books])
            for reason in dict.fromkeys(reason for book in books for reason in book)
        ]
    rows.append(_row("released", [one.released for one in sources]))
    return Table(
        "Losses by reason and source",
        ("reason", *(Cell(one.import_map, one.source_system) for one in sources), "all"),
        tuple(rows),
        right=tuple(range(1, len(sources) + 2)),
        strong=(0, len(rows) - 1),
    )


def _row(reason: str, numbers: Sequence[int]) -> Row:
    return reason, *(f"{one:,}" for one in numbers), f"{sum(numbers):,}"


def _notes(sources: Sequence[SourceFlow]) -> Table:
    rows = tuple(
        (one.import_map, what, f"{number:,}")
        for one in sources
        for what, number in (*one.flags.items(), *one.loose.items())
        if number
    )
    return Table("What was flagged at import", ("source", "what", "cases or rows"), rows, right=(2,))


def _losses(caption: str, flow: Flow, *, kept: bool) -> Table:
    """What recoding lost of each variable, with examples of what was lost."""
    losses = [one for one in flow.losses if one.keeps_a_value == kept]
    head = ("variable", "what" if kept else "why", "records", "share", *(() if kept else ("values",)))
    return Table(caption, head, tuple(_loss(one, flow.recoded, kept=kept) for one in losses), right=(2, 3))


def _loss(loss: Loss, recoded: int, *, kept: bool) -> Row:
    values = " · ".join(f"{value} {number:,}" for value, number in loss.values.items())
    figures = loss.variable, loss.kind, f"{loss.cases:,}", _share(loss.cases, recoded)
    return figures if kept else (*figures, Cell(values, quiet=True))


def _linked(flow: Flow) -> Table:
    linked = flow.linked
    rows = (
        ("cases compared with one another", linked.cases),
        ("left out, because another case stands for the person", linked.merged),
        ("people of whom cases are left out so", linked.people),
        ("pairs that are one person by rule", linked.sure),
        ("pairs decided to be one person", linked.decided_same),
        ("pairs decided to be two people", linked.decided_different),
        ("pairs that wait for a decision", linked.undecided),
        ("of these, pairs whose two cases each match a third case, and not each other", linked.chains),
        ("candidate pairs that were not compared", linked.uncompared),
        ("decisions about cases that are not here", linked.stale),
        ("cases with neither name nor document, which cannot be compared", linked.unnamed),
        ("people whom another database releases", linked.held_elsewhere),
        ("people whom another database may hold, by name and birth date", linked.maybe_elsewhere),
    )
    shown = tuple((what, f"{number:,}") for what, number in rows)
    return Table("Duplicates", ("what", "number"), shown, right=(1,))


def _proof(flow: Flow) -> tuple[Table, ...]:
    """What was searched for in the output, and which columns were read; nothing where nothing was stripped."""
    if flow.proof is None:
        return ()
    found = [("identifiers of the cases", flow.proof.identifiers)]
    if flow.proof.planted is not None:
        found.append(("planted identifiers", flow.proof.planted))
    searches = tuple(
        (what, f"{one.identifiers:,}", f"{one.too_short:,}", f"{one.public:,}", f"{one.found:,}") for what, one in found
    )
    columns = tuple(
        (
            one.import_map,
            Cell(", ".join(one.recoding), quiet=True),
            Cell(", ".join(one.linking), quiet=True),
            Cell(", ".join(one.selecting), quiet=True),
            Cell(", ".join(one.never) or "none", quiet=True),
            f"{one.unread:,}",
        )
        for one in flow.proof.columns
    )
    return (
        Table(
            "Identifiers searched for in the output",
            ("searched for", "different ones", "too short to search", "also public words", "found"),
            searches,
            right=(1, 2, 3, 4),
        ),
        Table(
            "Columns read",
            (
                *("source", "read for recoding", "read for linking alone", "read to select, check and count"),
                *("known, never read", "unknown, not read"),
            ),
            columns,
            right=(5,),
        ),
    )
