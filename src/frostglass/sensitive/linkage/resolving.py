"""From pairs to people. Groups do not chain: cases are one person only when each pair of them is.

If they chained, a third case could make one person of two that have nothing to do with each other. As it is, a third
case can only keep two apart, when it matches one of them better; then the pair is shown as waiting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.errors import InputError
from frostglass.sensitive.linkage.decisions import Decisions
from frostglass.sensitive.linkage.identities import Identities
from frostglass.sensitive.linkage.pairs import Pairs

Pair = tuple[int, int]
"""Two cases, the one whose ref comes first in front."""


@dataclass(frozen=True, repr=False)
class Resolution:
    """``person`` is the number of the person of each case (int32), and ``merged`` how many cases that makes too many.

    ``undecided`` are pairs that wait for a decision: likely ones, and ``chained`` ones, which only a third case
    connects. ``sure`` counts the pairs that match by rule, ``stale`` the decisions about cases that are not here.
    """

    person: npt.NDArray[np.int32]
    merged: int
    undecided: tuple[Pair, ...]
    chained: tuple[Pair, ...]
    sure: int
    decided_same: int
    decided_different: int
    stale: int

    def __repr__(self) -> str:
        return "<resolved persons: withheld>"


def resolve(pairs: Pairs, decisions: Decisions, identities: Identities) -> Resolution:
    """The person of each case, whatever the order of the cases: pairs match that are sure, or decided to be the same.

    InputError FG-IN-094 when decisions contradict one another, FG-IN-095 when one person alone decided a pair of cases
    of two deliveries.
    """
    refs = identities.refs
    decisions.need_two_people(refs, identities.source)
    decided = _decided(decisions, refs)
    _refuse_contradictions(decisions, decided, refs)
    matched = {pair: np.inf for pair, same in decided.items() if same}
    likely: list[Pair] = []
    sure = 0
    columns = (pairs.first.tolist(), pairs.second.tolist(), pairs.bits.tolist(), pairs.sure.tolist())
    for one, other, bits, is_sure in zip(*columns, strict=True):
        pair = _in_front(one, other, refs)
        if pair in decided:
            continue
        if is_sure:
            matched[pair] = bits
            sure += 1
        else:
            likely.append(pair)
    person, chained = _groups(matched, refs)
    open_chains = tuple(pair for pair in chained if decided.get(pair) is not False)
    waiting = dict.fromkeys((*sorted(likely, key=lambda pair: (refs[pair[0]], refs[pair[1]])), *open_chains))
    return Resolution(
        person=person,
        merged=len(refs) - len(np.unique(person)),
        undecided=tuple(pair for pair in waiting if person[pair[0]] != person[pair[1]]),
        chained=open_chains,
        sure=sure,
        decided_same=sum(decided.values()),
        decided_different=len(decided) - sum(decided.values()),
        stale=decisions.decided - len(decided),
    )


def _refuse_contradictions(decisions: Decisions, decided: Mapping[Pair, bool], refs: Sequence[str]) -> None:
    """InputError FG-IN-094 when a case is decided to be two people's at once."""
    same: dict[int, set[int]] = {}
    for (one, other), verdict in decided.items():
        if verdict:
            same.setdefault(one, set()).add(other)
            same.setdefault(other, set()).add(one)
    for (one, other), verdict in decided.items():
        if not verdict and not same.get(one, set()).isdisjoint(same.get(other, set())):
            line = decisions.of_pair[refs[one], refs[other]].line
            raise InputError(
                "FG-IN-094",
                f"the decision in line {line:,} contradicts two others: a third case is decided to be both people, and "
                "here they are two; change one of the three",
            )


def _in_front(one: int, other: int, refs: Sequence[str]) -> Pair:
    return (one, other) if refs[one] < refs[other] else (other, one)


def _decided(decisions: Decisions, refs: Sequence[str]) -> dict[Pair, bool]:
    """The pairs that are here and decided, and whether they are the same."""
    places = {ref: place for place, ref in enumerate(refs)} if decisions.of_pair else {}
    return {
        (places[one], places[other]): decision.verdict == "same"
        for (one, other), decision in decisions.of_pair.items()
        if decision.verdict and one in places and other in places
    }


def _groups(matched: Mapping[Pair, float], refs: Sequence[str]) -> tuple[npt.NDArray[np.int32], list[Pair]]:
    """The person of each case, and the pairs that would be one person's by a chain alone.

    From the strongest pair on, two groups become one if each case of the one matches each of the other.
    """
    group_of: dict[int, list[int]] = {}
    chained: set[Pair] = set()
    for pair in sorted(matched, key=lambda pair: (-matched[pair], refs[pair[0]], refs[pair[1]])):
        left, right = (group_of.get(case, [case]) for case in pair)
        if left is right:
            continue
        across = {_in_front(one, other, refs) for one in left for other in right}
        if across <= matched.keys():
            whole = [*left, *right]
            group_of.update(dict.fromkeys(whole, whole))
        else:
            chained |= {pair} | (across - matched.keys())
    person = np.arange(len(refs), dtype=np.int32)
    for case, group in group_of.items():
        person[case] = min(group)
    return person, _still_apart(chained, person, refs)


def _still_apart(pairs: Iterable[Pair], person: npt.NDArray[np.int32], refs: Sequence[str]) -> list[Pair]:
    apart = (pair for pair in pairs if person[pair[0]] != person[pair[1]])
    return sorted(apart, key=lambda pair: (refs[pair[0]], refs[pair[1]]))
