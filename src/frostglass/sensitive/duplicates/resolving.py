"""From pairs to people. Groups do not chain: cases are one person only when each pair of them is.

If they chained, a third case could make one person of two that have nothing to do with each other, and whether two
cases are merged would depend on everybody's data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.duplicates.decisions import Decisions
from frostglass.sensitive.duplicates.pairs import Pairs


@dataclass(frozen=True, repr=False)
class Resolution:
    """``person`` is the number of the person of each case (int32).

    ``undecided`` are pairs, as numbers of cases, that wait for a decision: likely ones, and ``chained`` ones, which
    only a third case connects. The other numbers count pairs; ``stale`` are decisions about cases that are not here.
    """

    person: npt.NDArray[np.int32]
    undecided: tuple[tuple[int, int], ...]
    chained: tuple[tuple[int, int], ...]
    sure: int
    decided_same: int
    decided_different: int
    stale: int

    def __repr__(self) -> str:
        return "<resolved persons: withheld>"


def resolve(pairs: Pairs, decisions: Decisions, refs: tuple[str, ...]) -> Resolution:
    """The person of each case: sure pairs and pairs decided to be the same, the strongest first, each group complete.

    The outcome does not depend on the order of the cases.
    """
    number_of = {ref: number for number, ref in enumerate(refs)}
    decided = {
        (number_of[one], number_of[other]): decision.verdict
        for (one, other), decision in decisions.of_pair.items()
        if one in number_of and other in number_of
    }
    verdicts = {frozenset(pair): verdict for pair, verdict in decided.items()}
    matched: dict[frozenset[int], float] = {pair: np.inf for pair, verdict in verdicts.items() if verdict == "same"}
    waiting, sure = [], 0
    for one, other, is_sure, bits in zip(
        pairs.first.tolist(), pairs.second.tolist(), pairs.sure.tolist(), pairs.bits.tolist(), strict=True
    ):
        pair = frozenset((one, other))
        if pair in verdicts:
            continue
        if is_sure:
            matched[pair] = bits
            sure += 1
        else:
            waiting.append((one, other))
    groups, chained = _complete_groups(matched, refs)
    person = np.arange(len(refs), dtype=np.int32)
    for group in groups:
        person[group] = min(group)
    return Resolution(
        person=person,
        undecided=tuple(waiting) + tuple(pair for pair in chained if frozenset(pair) not in verdicts),
        chained=tuple(chained),
        sure=sure,
        decided_same=sum(verdict == "same" for verdict in decided.values()),
        decided_different=sum(verdict == "different" for verdict in decided.values()),
        stale=len(decisions.of_pair) - len(decided),
    )


def _complete_groups(
    matched: dict[frozenset[int], float], refs: tuple[str, ...]
) -> tuple[list[list[int]], list[tuple[int, int]]]:
    """Groups of cases in which every pair is matched, strongest pairs first; and the pairs that stand in the way."""
    groups: dict[int, list[int]] = {}
    missing: set[tuple[int, int]] = set()
    by_strength = sorted(matched, key=lambda pair: (-matched[pair], *sorted(refs[case] for case in pair)))
    for pair in by_strength:
        one, other = sorted(pair, key=refs.__getitem__)
        left, right = groups.get(one, [one]), groups.get(other, [other])
        if left is right:
            continue
        apart = {(a, b) for a in left for b in right if frozenset((a, b)) not in matched}
        if apart:
            missing |= {(a, b) if refs[a] < refs[b] else (b, a) for a, b in apart}
            continue
        merged = [*left, *right]
        groups.update(dict.fromkeys(merged, merged))
    whole = {id(group): group for group in groups.values()}
    of_case = {case: id(group) for case, group in groups.items()}
    chained = [pair for pair in missing if of_case.get(pair[0]) is None or of_case.get(pair[0]) != of_case.get(pair[1])]
    return list(whole.values()), sorted(chained, key=lambda pair: (refs[pair[0]], refs[pair[1]]))
