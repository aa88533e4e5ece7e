"""What ought to become of each case, and the table that tells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from frostglass.simulate.accounts import counted
from frostglass.simulate.cases import (
    ACTUAL,
    BROKEN_RULE,
    DUPLICATE,
    FIRST_YEAR,
    LAST_YEAR,
    OUT_OF_SCOPE,
    QUARANTINED,
    RELEASED,
    SNAPSHOT,
    Case,
)
from frostglass.simulate.figures import COLUMNS
from frostglass.simulate.forms import ACCOUNT
from frostglass.simulate.mess import richer
from frostglass.terms.codebook import Codebook

HEADER = ("source", "case", "person", "household", "outcome", "reason", *COLUMNS)


@dataclass(frozen=True, slots=True)
class Reasons:
    """The codebook's words for what leaves a case out, and for the structural rule that a case may break."""

    consent: str
    status: str
    year: str
    persons: str
    nothing_known: str

    @classmethod
    def of(cls, codebook: Codebook) -> Reasons:
        by_subject = {rule.field or rule.children: rule.reason for rule in codebook.recoding.scope}
        return cls(
            by_subject["research_consent"],
            by_subject["trafficking_status"],
            by_subject["registered_on"],
            by_subject["persons"],
            next(clause.rule for clause in codebook.clauses if len(clause.literals) > 1),
        )


def settle(of_one_person: Sequence[Case], reasons: Reasons) -> None:
    """Give the cases of one person their outcomes; at most one is released, and by a clear margin."""
    eligible = [case for case in of_one_person if _in_scope(case, reasons)]
    if len(eligible) > 1:
        _part(eligible)
        best = max(eligible, key=lambda case: (case.answers(), case.registered, f"{case.form.system}:{case.key}"))
        for case in eligible:
            if case is not best:
                case.outcome, case.reason = DUPLICATE, best.ref
        eligible = [best]
    for case in eligible:
        if not any(case.row[name] for name in ACCOUNT):
            case.outcome, case.reason = BROKEN_RULE, reasons.nothing_known


def _in_scope(case: Case, reasons: Reasons) -> bool:
    if case.fault is not None:
        case.outcome = QUARANTINED
        return False
    withdrawn = case.withdrawn is not None and case.withdrawn <= SNAPSHOT
    if not case.consent or withdrawn:
        case.reason = reasons.consent
    elif case.status != ACTUAL:
        case.reason = reasons.status
    elif not FIRST_YEAR <= case.registered.year <= LAST_YEAR:
        case.reason = reasons.year
    elif not counted(case.persons):
        case.reason = reasons.persons
    if case.reason:
        case.outcome = OUT_OF_SCOPE
    return not case.reason


def _part(cases: Sequence[Case]) -> None:
    """Where one answer alone would decide which case stands for the person, give the fuller one another."""
    best = max(cases, key=Case.answers)
    while any(case.answers() == best.answers() - 1 for case in cases):
        if not _enrich(best):
            lesser = next(case for case in cases if case.answers() == best.answers() - 1)
            _enrich(lesser)
            return


def _enrich(case: Case) -> bool:
    """Add an answer that no published variable holds; False if the form has none left."""
    if not case.form.unpublished_roles:
        return False
    for place, person in enumerate(case.persons[:3]):
        more = richer(person) if person.answers() else None
        if more is not None:
            case.persons[place] = more
            return True
    return False


def rows(cases: Iterable[Case]) -> Iterator[Sequence[str]]:
    """The truth about ``cases``; the coded row of those that are released."""
    for case in cases:
        coded = [case.row[name] or "" for name in COLUMNS] if case.outcome == RELEASED else [""] * len(COLUMNS)
        person = f"P-{case.person:07d}"
        yield (case.form.map_id, case.key, person, case.household, case.outcome, case.reason, *coded)
