"""Stage one in straight-line code: case files → accepted cases → scope → strip → one case a person → coded table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from frostglass.errors import InputError
from frostglass.sensitive.flow import Flow, Linked, Loss, SourceFlow
from frostglass.sensitive.importing.cases import Imported
from frostglass.sensitive.importing.delivery import Delivery
from frostglass.sensitive.importing.quarantine import NO_KEY, SAME_KEY
from frostglass.sensitive.linkage.canonical import canonical
from frostglass.sensitive.linkage.decisions import Decisions
from frostglass.sensitive.linkage.identities import Identities
from frostglass.sensitive.linkage.matching import find_pairs
from frostglass.sensitive.linkage.pairs import Pairs
from frostglass.sensitive.linkage.resolving import Resolution, resolve
from frostglass.sensitive.linkage.tokens import Tokens, held_elsewhere, tokens
from frostglass.sensitive.recoding.answers import Answers, stacked, together
from frostglass.sensitive.recoding.evaluation import KEEPS_A_VALUE, STANDS_IN, Losses
from frostglass.sensitive.recoding.recoding import Recoded, limited, recode
from frostglass.sensitive.recoding.records import Cases, Records
from frostglass.sensitive.recoding.scope import outside
from frostglass.sensitive.recoding.strip import strip
from frostglass.sensitive.recoding.strip_proof import ColumnsRead
from frostglass.terms.codebook import Codebook
from frostglass.terms.recoding import BIRTH_DATE, CANONICAL_CASE
from frostglass.version import __version__

HOUSEHOLD = "household"
"""The field that says which cases live together; it is counted, and never recoded."""

ELSEWHERE = "another database releases this person"

_COMPARED = ("gender", "citizenships")
"""Fields that help to compare people, beside their identities."""


@dataclass(frozen=True)
class Instructions:
    """What the data officer and the steward say beforehand.

    ``decisions`` are those on likely duplicates; ``elsewhere`` are tokens of people whom another database releases, and
    ``key`` the secret that they were made with.
    """

    snapshot: str
    decisions: Decisions
    key: bytes | None = None
    elsewhere: Tokens | None = None
    fictitious: bool = False


@dataclass(frozen=True, repr=False)
class Outcome:
    """What became of one case: "released", "quarantined", "out of scope", "duplicate" or "broken rule", and why."""

    what: str
    reason: str
    row: int | None = None


@dataclass(frozen=True, repr=False)
class StageOne:
    """The coded table with everything that is told of how it came about.

    ``positions`` is the released table, a uint16 column a variable. ``refs`` are the cases that were compared with
    one another, in the order of ``pairs``. ``released`` are the identities of all cases of the persons whom the table
    holds, for tokens. ``identifiers`` are all texts of the input that must not come out.
    """

    positions: Mapping[str, npt.NDArray[np.uint16]]
    flow: Flow
    columns: tuple[ColumnsRead, ...]
    pairs: Pairs
    resolution: Resolution
    refs: tuple[str, ...]
    source: npt.NDArray[np.int32]
    released: Callable[[], Identities]
    outcomes: Callable[[], Mapping[str, Outcome]]
    identifiers: Callable[[], Iterator[str]]

    def __repr__(self) -> str:
        return "<stage one: withheld>"


def run(
    deliveries: Sequence[Delivery],
    codebook: Codebook,
    instructions: Instructions,
    progress: Callable[[str], None] = lambda _: None,
) -> StageOne:
    """The whole of stage one. InputError when a file cannot be read, or a rule meets what it does not list."""
    progress("reading the case files")
    lots = [delivery.read(instructions.snapshot) for delivery in deliveries]
    lot = _joined(lots)

    progress("scope and strip")
    fate = _in_scope(lot, codebook)
    inside = fate.rows()
    births = lot.identities.answers(BIRTH_DATE).subset(inside)
    stripped = strip(lot.cases.subset(inside), births, codebook.recoding)

    progress("finding cases of the same person")
    identities = _with_tokens(lot.identities_of(inside), instructions.key)
    pairs, uncompared = find_pairs(identities)
    resolution = resolve(pairs, instructions.decisions, identities)
    fullness, dates = _fullness(stripped, codebook), _dates(stripped, codebook)
    stands = canonical(resolution, fullness, dates, identities.refs)
    reason = next(
        (rule.reason for rule in codebook.recoding.scope if rule.field == CANONICAL_CASE),
        "another case of the same person is in the table",
    )
    fate.leave_out(reason, ~stands, inside)
    elsewhere, maybe = (_of_person(resolution, one) for one in _elsewhere(identities, instructions))
    if instructions.elsewhere is not None:
        fate.leave_out(ELSEWHERE, elsewhere, inside)

    progress("recoding")
    kept = np.flatnonzero(fate.open[inside])
    recoded = recode(stripped.subset(kept), codebook)
    for rule_name, breaks in recoded.broken.items():
        fate.break_rule(rule_name, breaks, inside[kept])
    fit = recoded.fit()
    positions = {name: column[fit] for name, column in recoded.positions.items()}

    linked = _linked(resolution, instructions, ~stands, uncompared, _unnamed(identities), elsewhere, maybe)
    flow = _flow(lots, deliveries, lot, fate, recoded, codebook, linked, instructions)
    return StageOne(
        positions=positions,
        flow=flow,
        columns=tuple(_columns_read(one, codebook) for one in lots),
        pairs=pairs,
        resolution=resolution,
        refs=identities.refs,
        source=identities.source,
        released=lambda: lot.identities_of(inside[_of_person(resolution, fate.open[inside])]),
        outcomes=lambda: _outcomes(lots, lot, fate, reason),
        identifiers=lambda: _identifiers(lots),
    )


# ------------------------------------------------------------------------------------------- all deliveries as one


@dataclass(frozen=True, repr=False)
class _Lot:
    """The accepted cases of all deliveries, numbered through."""

    cases: Cases
    identities: Records
    refs: tuple[str, ...]
    source: npt.NDArray[np.int32]

    def identities_of(self, rows: npt.NDArray[np.int64]) -> Identities:
        """What the cases ``rows`` are compared by."""
        compared = {name: self.cases.records.answers(name) for name in _COMPARED}
        fields = {name: one.subset(rows) for name, one in {**self.identities.fields, **compared}.items()}
        refs = tuple(self.refs[row] for row in rows.tolist())
        return Identities(len(rows), fields, self.source[rows], refs)


def _joined(lots: Sequence[Imported]) -> _Lot:
    numbers = [lot.cases.number for lot in lots]
    children = {}
    for name in dict.fromkeys(name for lot in lots for name in lot.cases.children):
        with_starts = zip(lots, np.cumsum([0, *numbers]).tolist(), strict=False)
        each = [(lot.cases.children[name], start) for lot, start in with_starts if name in lot.cases.children]
        parents = [one.parent + np.int32(start) for one, start in each if one.parent is not None]
        records = _stacked_records([one for one, _ in each])
        children[name] = Records(records.number, records.fields, np.concatenate(parents))
    refs = tuple(ref for lot in lots for ref in lot.refs)
    held = [ref for lot in lots for ref, reason in lot.held_refs if reason.what not in (NO_KEY, SAME_KEY)]
    if len({*refs, *held}) < len(refs) + len(held):
        raise InputError(
            "FG-IN-116",
            "two deliveries of one import map hold cases with the same key: hand each case over once",
        )
    return _Lot(
        Cases(_stacked_records([lot.cases.records for lot in lots]), children),
        _stacked_records([lot.identities for lot in lots]),
        refs,
        np.repeat(np.arange(len(lots), dtype=np.int32), numbers),
    )


def _stacked_records(several: Sequence[Records]) -> Records:
    names = dict.fromkeys(name for one in several for name in one.fields)
    fields: dict[str, Answers[str]] = {
        name: stacked([(one.answers(name), one.number) for one in several]) for name in names
    }
    return Records(sum(one.number for one in several), fields)


class _Fate:
    """Which cases are still in, and why the others are not; each case is left out once."""

    def __init__(self, number: int) -> None:
        self.open = np.ones(number, dtype=np.bool_)
        self.left_out: dict[str, npt.NDArray[np.bool_]] = {}
        self.broken: dict[str, npt.NDArray[np.bool_]] = {}

    def rows(self) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self.open)

    def leave_out(self, reason: str, out: npt.NDArray[np.bool_], rows: npt.NDArray[np.int64] | None = None) -> None:
        """Leave out those of the cases ``rows`` (default: all) that ``out`` selects, unless they are out already."""
        self._close(self.left_out, reason, out, rows)

    def break_rule(self, rule: str, breaks: npt.NDArray[np.bool_], rows: npt.NDArray[np.int64]) -> None:
        """The cases ``rows`` that ``breaks`` selects break a structural rule."""
        self._close(self.broken, rule, breaks, rows)

    def _close(
        self,
        book: dict[str, npt.NDArray[np.bool_]],
        reason: str,
        out: npt.NDArray[np.bool_],
        rows: npt.NDArray[np.int64] | None,
    ) -> None:
        chosen = np.zeros(len(self.open), dtype=np.bool_)
        chosen[np.flatnonzero(out) if rows is None else rows[out]] = True
        chosen &= self.open
        book[reason] = book[reason] | chosen if reason in book else chosen
        self.open &= ~chosen


def _in_scope(lot: _Lot, codebook: Codebook) -> _Fate:
    """The scope rules carried out, all but the one that linkage decides."""
    fate = _Fate(lot.cases.number)
    for rule in codebook.recoding.scope:
        if rule.field != CANONICAL_CASE:
            fate.leave_out(rule.reason, outside(lot.cases, rule))
    return fate


# -------------------------------------------------------------------------------------------------- one case a person


def _with_tokens(identities: Identities, key: bytes | None) -> Identities:
    """The identities with their own tokens beside those that other databases computed with the same key.

    Without such tokens there is nothing to compare the own ones with: documents say more when they are seen themselves.
    """
    if key is None or not len(identities.answers("match_tokens").record):
        return identities
    match_tokens = together([identities.answers("match_tokens"), tokens(identities, key)])
    return replace(identities, fields={**identities.fields, "match_tokens": match_tokens})


def _fullness(stripped: Cases, codebook: Codebook) -> npt.NDArray[np.int64]:
    """How many answers each case has in the child records that the codebook asks for, or else in all of them."""
    asked = {rule.children for rule in codebook.recoding.scope if rule.children is not None}
    children = limited(stripped, codebook, Losses()).children
    number = np.zeros(stripped.number, dtype=np.int64)
    for name, records in children.items():
        if (asked and name not in asked) or records.parent is None:
            continue
        for answers in records.fields.values():
            number += np.bincount(records.parent[answers.record], minlength=stripped.number)
    return number


def _dates(stripped: Cases, codebook: Codebook) -> list[str]:
    """The date of each case by which the latest is told: the one that the scope rules or ages go by; "" without one."""
    dated = [rule.field for rule in codebook.recoding.scope if rule.years is not None and rule.field is not None]
    dates = [""] * stripped.number
    for name in dated[:1]:
        answers = stripped.records.answers(name)
        for record, place in zip(answers.record.tolist(), answers.place.tolist(), strict=True):
            dates[record] = answers.values[place]
    return dates


def _elsewhere(
    identities: Identities, instructions: Instructions
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    none = np.zeros(identities.number, dtype=np.bool_)
    if instructions.elsewhere is None or instructions.key is None:
        return none, none
    return held_elsewhere(identities, instructions.key, instructions.elsewhere)


def _unnamed(identities: Identities) -> int:
    """Number of cases with neither name, document nor token: nobody can tell whose second case they may be."""
    known = np.zeros(identities.number, dtype=np.bool_)
    for name in ("given_name", "family_name", "id_documents", "match_tokens"):
        known |= identities.answers(name).answered(identities.number)
    return int((~known).sum())


def _of_person(resolution: Resolution, cases: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """All cases of the persons of whom any case is among ``cases``."""
    person = np.zeros(len(resolution.person), dtype=np.bool_)
    person[resolution.person[cases]] = True
    return person[resolution.person]


def _linked(
    resolution: Resolution,
    instructions: Instructions,
    left_out: npt.NDArray[np.bool_],
    uncompared: int,
    unnamed: int,
    elsewhere: npt.NDArray[np.bool_],
    maybe: npt.NDArray[np.bool_],
) -> Linked:
    return Linked(
        cases=len(left_out),
        merged=int(left_out.sum()),
        people=len(np.unique(resolution.person[left_out])),
        sure=resolution.sure,
        decided_same=resolution.decided_same,
        decided_different=resolution.decided_different,
        undecided=len(resolution.undecided),
        chains=len(resolution.chained),
        uncompared=uncompared,
        stale=resolution.stale,
        unnamed=unnamed,
        held_elsewhere=int(elsewhere.sum()),
        maybe_elsewhere=int(maybe.sum()),
    )


# ---------------------------------------------------------------------------------------------------------- the flow


def _flow(
    lots: Sequence[Imported],
    deliveries: Sequence[Delivery],
    lot: _Lot,
    fate: _Fate,
    recoded: Recoded,
    codebook: Codebook,
    linked: Linked,
    instructions: Instructions,
) -> Flow:
    sources = tuple(
        _source_flow(imported, delivery, lot.source == number, fate)
        for number, (imported, delivery) in enumerate(zip(lots, deliveries, strict=True))
    )
    return Flow(
        codebook=codebook.id,
        codebook_sha256=codebook.sha256,
        snapshot=instructions.snapshot,
        version=__version__,
        fictitious=instructions.fictitious,
        sources=sources,
        stages=_stages(sources),
        losses=_losses(recoded.losses),
        households=_households(lot, fate),
        linked=linked,
        recoded=int(fate.open.sum() + sum(out.sum() for out in fate.broken.values())),
        unfilled=_unfilled(lots, codebook),
    )


def _unfilled(lots: Sequence[Imported], codebook: Codebook) -> tuple[str, ...]:
    """Fields that the codebook's rules read and that no import map of the deliveries fills."""
    unfilled = []
    for place, names in codebook.recoding.reads().items():
        where = [lot.cases.records if place is None else lot.cases.children.get(place) for lot in lots]
        filled = {name for records in where if records is not None for name in records.fields}
        unfilled += [name if place is None else f"{place}.{name}" for name in sorted(names - filled)]
    scoped = {rule.field for rule in codebook.recoding.scope if rule.field not in (None, CANONICAL_CASE)}
    filled = {name for lot in lots for name in lot.cases.records.fields}
    return (*unfilled, *sorted(name for name in scoped if name is not None and name not in filled))


def _source_flow(imported: Imported, delivery: Delivery, here: npt.NDArray[np.bool_], fate: _Fate) -> SourceFlow:
    quarantined = imported.quarantine.by_first_reason(imported.registered)
    return SourceFlow(
        import_map=imported.import_map.id,
        source_system=imported.import_map.source_system,
        registered=imported.registered,
        quarantined={str(reason): number for reason, number in quarantined.items()},
        out_of_scope={reason: int((out & here).sum()) for reason, out in fate.left_out.items()},
        broken={rule: int((out & here).sum()) for rule, out in fate.broken.items()},
        released=int((fate.open & here).sum()),
        flags=imported.flags,
        loose={str(reason): number for reason, number in imported.quarantine.loose.items()},
        legal_basis=None if delivery.legal_basis is None else delivery.legal_basis.basis,
    )


def _stages(sources: Sequence[SourceFlow]) -> tuple[tuple[str, int], ...]:
    """How many cases are left after each step, from all that are registered to those that are released."""
    left = sum(one.registered for one in sources)
    stages = [("registered", left)]
    left -= sum(sum(one.quarantined.values()) for one in sources)
    stages.append(("accepted", left))
    for reason in dict.fromkeys(reason for one in sources for reason in one.out_of_scope):
        left -= sum(one.out_of_scope.get(reason, 0) for one in sources)
        stages.append((f"without: {reason}", left))
    for rule in dict.fromkeys(rule for one in sources for rule in one.broken):
        left -= sum(one.broken.get(rule, 0) for one in sources)
        stages.append((f"without those that break the rule: {rule}", left))
    return (*stages, ("released", left))


def _losses(losses: Losses) -> tuple[Loss, ...]:
    return tuple(
        Loss(
            variable=variable,
            kind=kind,
            cases=cases,
            keeps_a_value=kind in KEEPS_A_VALUE or kind.endswith(STANDS_IN),
            values=dict(losses.values.get((variable, kind), Counter()).most_common(20)),
        )
        for (variable, kind), cases in losses.cases.items()
    )


def _households(lot: _Lot, fate: _Fate) -> Mapping[int, int]:
    """How many households have how many of the released cases; a case without a household is one of its own.

    A household is told within its delivery: another system's numbers are other households.
    """
    answers = lot.cases.records.answers(HOUSEHOLD).where(fate.open)
    household = lot.source[answers.record].astype(np.int64) * max(len(answers.values), 1) + answers.place
    sizes = Counter(np.unique(household, return_counts=True)[1].tolist())
    alone = int(fate.open.sum()) - len(np.unique(answers.record))
    sizes[1] += alone
    return {size: number for size, number in sorted(sizes.items()) if number}


def _columns_read(imported: Imported, codebook: Codebook) -> ColumnsRead:
    """The columns of a delivery by what they are read for: what the codebook's rules read, identities, and the rest."""
    import_map, reads = imported.import_map, codebook.recoding.reads()
    linking = tuple(column for reading in import_map.identity for column in reading.columns)
    recoding = [column for reading in import_map.fields if reading.name in reads[None] for column in reading.columns]
    every = [column for sheet in import_map.all_sheets() for column in import_map.columns(sheet)]
    recoding += [column for column in every if column in import_map.child_columns(set(reads) - {None})]
    rest = tuple(column for column in dict.fromkeys(every) if column not in linking and column not in recoding)
    never = tuple(column for columns in import_map.never_read.values() for column in columns)
    return ColumnsRead(import_map.id, tuple(dict.fromkeys(recoding)), linking, rest, never, imported.unread)


def _outcomes(lots: Sequence[Imported], lot: _Lot, fate: _Fate, duplicate: str) -> Mapping[str, Outcome]:
    """What became of each case, by its ref; a released one with its row in the table."""
    outcomes = {ref: Outcome("quarantined", str(reason)) for one in lots for ref, reason in one.held_refs}
    row_of = np.cumsum(fate.open) - 1
    for row in fate.rows().tolist():
        outcomes[lot.refs[row]] = Outcome("released", "", int(row_of[row]))
    for reason, out in fate.left_out.items():
        what = "duplicate" if reason == duplicate else "out of scope"
        for row in np.flatnonzero(out).tolist():
            outcomes[lot.refs[row]] = Outcome(what, reason)
    for rule, out in fate.broken.items():
        for row in np.flatnonzero(out).tolist():
            outcomes[lot.refs[row]] = Outcome("broken rule", rule)
    return outcomes


def _identifiers(lots: Sequence[Imported]) -> Iterator[str]:
    """Every text of the input that identifies somebody: all of the identities, also of cases that were held back, the
    parts of documents, the keys of the cases and of their households. A birth date counts when it is a whole one."""
    for lot in lots:
        for name, answers in lot.identities.fields.items():
            for value in answers.values:
                if name == BIRTH_DATE and len(value) < len("YYYY-MM-DD"):
                    continue
                yield value
                yield from value.split(":")[-1:]
        yield from lot.cases.records.answers(HOUSEHOLD).values
        yield from (ref.partition(":")[2] for ref in lot.refs)
        yield from (ref.partition(":")[2] for ref, _ in lot.held_refs)
