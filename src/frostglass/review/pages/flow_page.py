"""The flow report as one page for the steward: what became of every case, and what recoding could not keep. Private."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from frostglass.review.rendering import templates
from frostglass.sensitive.flow import Flow, Loss, SourceFlow


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the flow: cases that are left, those lost at it, and the length of their bars in percent."""

    name: str
    left: str
    lost: str
    bar: str
    bar_lost: str


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A reason, with the cases of each source that it takes out."""

    reason: str
    numbers: tuple[str, ...]
    total: str
    strong: bool


@dataclass(frozen=True, slots=True)
class LossRow:
    """What recoding lost of a variable, and examples with their numbers."""

    variable: str
    kind: str
    cases: str
    share: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the template shows, as text."""

    codebook: str
    sha256: str
    snapshot: str
    version: str
    fictitious: bool
    registered: str
    released: str
    share: str
    steps: tuple[Step, ...]
    sources: tuple[str, ...]
    systems: tuple[str, ...]
    rows: tuple[SourceRow, ...]
    bases: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str, str], ...]
    missing: tuple[LossRow, ...]
    kept: tuple[LossRow, ...]
    households: tuple[tuple[str, str], ...]
    linked: tuple[tuple[str, str], ...]
    waiting: int
    unfilled: tuple[str, ...]
    columns: tuple[tuple[str, str, str, str, str, str], ...]
    searches: tuple[tuple[str, str, str, str, str], ...]
    proved: bool
    truth: tuple[tuple[str, str], ...]


def flow_html(flow: Flow) -> str:
    """The page: one file, no script, no network."""
    return templates().get_template("flow.html").render(page=_page(flow))


def _page(flow: Flow) -> Page:
    registered = sum(one.registered for one in flow.sources)
    missing = [one for one in flow.losses if not one.keeps_a_value]
    kept = [one for one in flow.losses if one.keeps_a_value]
    return Page(
        codebook=flow.codebook,
        sha256=flow.codebook_sha256,
        snapshot=flow.snapshot,
        version=flow.version,
        fictitious=flow.fictitious,
        registered=f"{registered:,}",
        released=f"{flow.released:,}",
        share=_percent(flow.released, registered),
        steps=tuple(_steps(flow.stages)),
        sources=tuple(one.import_map for one in flow.sources),
        systems=tuple(one.source_system for one in flow.sources),
        rows=tuple(_rows(flow.sources)),
        bases=tuple((one.import_map, one.legal_basis) for one in flow.sources if one.legal_basis is not None),
        notes=tuple(_notes(flow.sources)),
        missing=tuple(_loss(one, flow.recoded) for one in missing),
        kept=tuple(_loss(one, flow.recoded) for one in kept),
        households=tuple((f"{size:,}", f"{number:,}") for size, number in sorted(flow.households.items())),
        linked=_linked(flow),
        waiting=flow.linked.undecided,
        unfilled=flow.unfilled,
        columns=_columns(flow),
        searches=_searches(flow),
        proved=flow.proof is not None and flow.proof.holds(),
        truth=tuple((key, f"{value}") for key, value in (flow.truth or {}).items()),
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "–"


def _steps(stages: Sequence[tuple[str, int]]) -> list[Step]:
    """Each step with what is left after it; what is lost at it is drawn behind."""
    first = stages[0][1] if stages else 0
    steps, before = [], first
    for name, left in stages:
        lost = before - left
        steps.append(
            Step(
                name,
                f"{left:,}",
                f"−{lost:,}" if lost else "",
                f"{100 * left / first:.2f}" if first else "0",
                f"{100 * before / first:.2f}" if first else "0",
            )
        )
        before = left
    return steps


def _rows(sources: Sequence[SourceFlow]) -> list[SourceRow]:
    """Every reason for a loss with its cases by source, from registered to released."""
    rows = [_row("registered", [one.registered for one in sources], strong=True)]
    for title, books in (
        ("quarantined: {}", [one.quarantined for one in sources]),
        ("{}", [one.out_of_scope for one in sources]),
        ("breaks the rule: {}", [one.broken for one in sources]),
    ):
        rows += [
            _row(title.format(reason), [book.get(reason, 0) for book in books], strong=False)
            for reason in dict.fromkeys(reason for book in books for reason in book)
        ]
    return [*rows, _row("released", [one.released for one in sources], strong=True)]


def _row(reason: str, numbers: Sequence[int], *, strong: bool) -> SourceRow:
    return SourceRow(reason, tuple(f"{one:,}" for one in numbers), f"{sum(numbers):,}", strong)


def _notes(sources: Sequence[SourceFlow]) -> list[tuple[str, str, str]]:
    return [
        (one.import_map, what, f"{number:,}")
        for one in sources
        for what, number in (*one.flags.items(), *one.loose.items())
        if number
    ]


def _loss(loss: Loss, recoded: int) -> LossRow:
    values = tuple((value, f"{number:,}") for value, number in loss.values.items())
    return LossRow(loss.variable, loss.kind, f"{loss.cases:,}", _percent(loss.cases, recoded), values)


def _linked(flow: Flow) -> tuple[tuple[str, str], ...]:
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
    return tuple((what, f"{number:,}") for what, number in rows)


def _columns(flow: Flow) -> tuple[tuple[str, str, str, str, str, str], ...]:
    if flow.proof is None:
        return ()
    return tuple(
        (
            one.import_map,
            ", ".join(one.recoding),
            ", ".join(one.linking),
            ", ".join(one.selecting),
            ", ".join(one.never) or "none",
            f"{one.unread:,}",
        )
        for one in flow.proof.columns
    )


def _searches(flow: Flow) -> tuple[tuple[str, str, str, str, str], ...]:
    if flow.proof is None:
        return ()
    pairs = [("identifiers of the cases", flow.proof.identifiers)]
    if flow.proof.planted is not None:
        pairs.append(("planted identifiers", flow.proof.planted))
    return tuple(
        (what, f"{one.identifiers:,}", f"{one.too_short:,}", f"{one.public:,}", f"{one.found:,}") for what, one in pairs
    )
