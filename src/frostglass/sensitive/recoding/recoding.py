"""From stripped cases to the coded table: rules, set limits, and the codebook's structural constraints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.errors import InputError
from frostglass.sensitive.coding.cells import CodedColumn
from frostglass.sensitive.coding.rules import broken_rules
from frostglass.sensitive.recoding.answers import Answers
from frostglass.sensitive.recoding.evaluation import (
    GATHERED,
    NOT_ADMITTED,
    NOT_PUBLISHED,
    SEVERAL,
    Evaluation,
    Losses,
    distinct,
    tally,
)
from frostglass.sensitive.recoding.records import Cases
from frostglass.terms.codebook import Codebook, Variable, join_atoms
from frostglass.terms.custody import Sensitive
from frostglass.terms.domain import MISSING

Positions = npt.NDArray[np.uint16]


@dataclass(frozen=True, repr=False)
class Recoded:
    """``positions`` has one column of the codebook for each variable (uint16, one row a case), at the codebook's
    positions.

    ``broken`` says, for each structural constraint that any case breaks, which cases do; they cannot be released.
    """

    positions: Mapping[str, Positions]
    broken: Mapping[str, npt.NDArray[np.bool_]]
    losses: Losses

    def __repr__(self) -> str:
        return "<recoded cases: withheld>"

    def fit(self) -> npt.NDArray[np.bool_]:
        """Which cases break no structural constraint."""
        number = len(next(iter(self.positions.values())))
        fit = np.ones(number, dtype=np.bool_)
        for breaks in self.broken.values():
            fit &= ~breaks
        return fit


def recode(cases: Cases, codebook: Codebook) -> Recoded:
    """The values of all variables of ``codebook`` for stripped cases.

    InputError FG-IN-110: a rule or a variable does not list what some cases hold; FG-IN-111: more child records than
    the codebook admits, or a set that it refuses.
    """
    losses = Losses()
    evaluation = Evaluation(limited(cases, codebook, losses), losses)
    positions = {}
    for variable in codebook.variables:
        rule = codebook.recoding.rules[variable.name]
        flag = variable.codes[0] if variable.type == "flag" else ""
        given = evaluation.of(rule, variable.name, flag)
        coded = _set_codes(given, variable, codebook, losses) if variable.type == "set" else given
        positions[variable.name] = _positions(coded, variable, codebook, cases.number, losses)
    columns = [CodedColumn(positions[name], None) for name in codebook.domain.names]
    broken = {rule: breaks for rule, breaks in broken_rules(columns, codebook.clauses).items() if breaks.any()}
    return Recoded(positions, broken, losses)


def limited(cases: Cases, codebook: Codebook, losses: Losses) -> Cases:
    """The cases with at most as many child records of each kind as the codebook admits, in their order."""
    children = dict(cases.children)
    for limit in codebook.recoding.children:
        records = children.get(limit.name)
        if records is None or limit.most is None or records.parent is None or not records.number:
            continue
        starts = np.flatnonzero(np.r_[True, records.parent[1:] != records.parent[:-1]])
        sizes = np.diff(np.r_[starts, records.number])
        within = np.arange(records.number) - np.repeat(starts, sizes)
        beyond = int((sizes > limit.most).sum())
        if beyond and limit.beyond == "error":
            raise InputError(
                "FG-IN-111",
                f"{beyond:,} cases have more than {limit.most} child records {limit.name!r}, which the codebook "
                'refuses: correct them, or write overflow = "first" to keep the first ones',
            )
        losses.enter(limit.name, f"more than {limit.most} records, of which the first are kept", beyond)
        children[limit.name] = records.subset(np.flatnonzero(within < limit.most))
    return Cases(cases.records, children)


def _set_codes(given: Answers[str], variable: Variable, codebook: Codebook, losses: Losses) -> Answers[str]:
    """Each case's atoms as one text, the code of their set. A set that is not admitted is treated as declared."""
    atoms = {value: variable.by_text.get(value) for value in given.values}
    unknown = given.those_in([value for value, atom in atoms.items() if atom is None])
    if unknown.any():
        raise _unlisted(variable, given.picked(unknown))
    order = [category.code for category in variable.categories]
    sets = _joined(given.changed(atoms.get), order, codebook)
    match_of = {value: codebook.match_value(variable.name, value) for value in sets.values}
    refused = sets.picked(sets.those_in([value for value, match in match_of.items() if match.kind != "code"]))
    if len(refused.record) and variable.overflow == "error":
        raise InputError(
            "FG-IN-111",
            f"{variable.name}: {len(refused.record):,} cases hold {NOT_ADMITTED}, which its overflow refuses: list the "
            'sets, or write overflow = "null"',
            detail=Sensitive(tally(refused), "sets not admitted"),
        )
    losses.enter(variable.name, NOT_ADMITTED, len(refused.record), tally(refused))
    if variable.other is not None:
        other = variable.positions[variable.other.code]
        gathered = [value for value, match in match_of.items() if match.position == other]
        lost = sets.picked(sets.those_in(gathered))
        losses.enter(variable.name, GATHERED, len(lost.record), tally(lost))
    return sets.changed(lambda value: variable.code(match_of[value]))


def _joined(given: Answers[str], order: list[str], codebook: Codebook) -> Answers[str]:
    """The distinct atoms of each record joined to the text of their set."""
    if not len(given.record):
        return given
    place = np.array([order.index(value) for value in given.values], dtype=np.int64)[given.place]
    packed = np.unique(given.record.astype(np.int64) * len(order) + place)
    record, atom = packed // len(order), packed % len(order)
    starts = np.flatnonzero(np.r_[True, record[1:] != record[:-1]])
    ends = np.r_[starts[1:], len(record)]
    numbers: dict[tuple[int, ...], int] = {}
    atoms = atom.tolist()
    of_set = [
        numbers.setdefault(tuple(atoms[start:end]), len(numbers))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    texts = tuple(
        join_atoms([order[one] for one in held], order, separator=codebook.set_separator, set_order=codebook.set_order)
        for held in numbers
    )
    return Answers(record[starts].astype(np.int32), np.array(of_set, dtype=np.int32), texts)


def _positions(given: Answers[str], variable: Variable, codebook: Codebook, number: int, losses: Losses) -> Positions:
    """Positions of the values, of which a case may have one alone, were it said twice."""
    given = distinct(given)
    several = np.bincount(given.record, minlength=number) > 1
    if several.any():
        losses.enter(variable.name, SEVERAL, int(several.sum()), tally(given.where(several)))
        given = given.where(~several)
    matches = [codebook.match_value(variable.name, value) for value in given.values]
    missing = given.those_in([v for v, match in zip(given.values, matches, strict=True) if match.kind == "missing"])
    unlisted = given.those_in(
        [v for v, match in zip(given.values, matches, strict=True) if match.kind not in ("code", "missing")]
    )
    losses.enter(variable.name, NOT_PUBLISHED, int(missing.sum()), tally(given.picked(missing)))
    if unlisted.any():
        raise _unlisted(variable, given.picked(unlisted))
    positions = np.full(number, MISSING, dtype=np.uint16)
    codes = np.array([match.position for match in matches], dtype=np.uint16)
    positions[given.record] = codes[given.place] if len(codes) else MISSING
    return positions


def _unlisted(variable: Variable, lost: Answers[str]) -> InputError:
    values: Counter[str] = Counter(tally(lost))
    return InputError(
        "FG-IN-110",
        f"{variable.name}: {len(np.unique(lost.record)):,} cases hold values that the codebook does not list for it: "
        "list them, or map them to a listed one",
        detail=Sensitive(dict(values), "values that the codebook does not list"),
    )
