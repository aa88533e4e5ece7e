"""From pairs to people, and to the case that stands for each; and how well that agrees with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frostglass.errors import InputError
from frostglass.sensitive.linkage.agreement import agreement
from frostglass.sensitive.linkage.canonical import canonical
from frostglass.sensitive.linkage.decisions import Decision, Decisions, Verdict
from frostglass.sensitive.linkage.identities import Identities
from frostglass.sensitive.linkage.matching import find_pairs
from frostglass.sensitive.linkage.pairs import Pairs
from frostglass.sensitive.linkage.resolving import Resolution, resolve
from tests.sensitive.linkage_support import Case, case, identities

Edge = tuple[int, int]


def pairs_of(sure: Sequence[Edge], likely: Sequence[Edge] = (), bits: Sequence[float] = ()) -> Pairs:
    both = [*sure, *likely]
    none = np.zeros(len(both), dtype=np.uint16)
    return Pairs(
        np.array([one for one, _ in both], dtype=np.int32),
        np.array([other for _, other in both], dtype=np.int32),
        np.array(bits or [20.0] * len(both), dtype=np.float32),
        np.array([True] * len(sure) + [False] * len(likely), dtype=np.bool_),
        none,
        none,
    )


def cases(number: int, source: Sequence[int] = ()) -> Identities:
    return identities([case() for _ in range(number)], source=source)


def decided(verdicts: dict[tuple[str, str], Verdict], second_by: str = "") -> Decisions:
    return Decisions({pair: Decision(verdict, "Ola", second_by, "", "", 2) for pair, verdict in verdicts.items()})


def groups(resolution: Resolution) -> set[frozenset[int]]:
    """Cases of one person, where there are several."""
    of: dict[int, list[int]] = {}
    for number, person in enumerate(resolution.person.tolist()):
        of.setdefault(person, []).append(number)
    return {frozenset(group) for group in of.values() if len(group) > 1}


def test_sure_pairs_become_one_person_and_likely_ones_wait() -> None:
    resolution = resolve(pairs_of([(0, 1)], [(2, 3)]), Decisions.none(), cases(4))
    assert groups(resolution) == {frozenset({0, 1})}
    assert (resolution.merged, resolution.sure, resolution.undecided, resolution.chained) == (1, 1, ((2, 3),), ())


def test_three_cases_of_which_each_pair_is_sure_are_one_person() -> None:
    resolution = resolve(pairs_of([(0, 1), (1, 2), (0, 2)]), Decisions.none(), cases(3))
    assert groups(resolution) == {frozenset({0, 1, 2})}
    assert resolution.undecided == ()


def test_a_chain_joins_nobody_but_the_strongest_pair_and_is_reported() -> None:
    chain = pairs_of([(0, 1), (1, 2)], bits=[20, 30])
    resolution = resolve(chain, Decisions.none(), cases(3))
    assert groups(resolution) == {frozenset({1, 2})}
    assert resolution.chained == resolution.undecided == ((0, 1), (0, 2))


def test_a_chain_of_real_cases_is_not_joined() -> None:
    """A and B show one document, B and C another, A and C have different birth dates."""
    a = case("Zorana", "Kuilmar", "1990-03-07", id_documents="A1234567")
    b = case("Zorana", "Kuilmar", "", id_documents="A1234567|B7654321")
    c = case("Zorana", "Kuilmar", "1961-12-30", id_documents="B7654321")
    whole = identities([a, b, c])
    resolution = resolve(find_pairs(whole)[0], Decisions.none(), whole)
    assert len(groups(resolution)) == 1
    assert (0, 2) in resolution.chained
    assert len(set(resolution.person.tolist())) == 2


def test_deciding_the_missing_pair_closes_the_chain() -> None:
    resolution = resolve(pairs_of([(0, 1), (1, 2)]), decided({("a:0000", "a:0002"): "same"}), cases(3))
    assert groups(resolution) == {frozenset({0, 1, 2})}
    assert (resolution.undecided, resolution.decided_same) == ((), 1)


def test_a_decision_undoes_a_sure_pair_and_makes_a_likely_one() -> None:
    decisions = decided({("a:0000", "a:0001"): "different", ("a:0002", "a:0003"): "same"})
    resolution = resolve(pairs_of([(0, 1)], [(2, 3)]), decisions, cases(4))
    assert groups(resolution) == {frozenset({2, 3})}
    assert (resolution.sure, resolution.decided_same, resolution.decided_different) == (0, 1, 1)
    assert resolution.undecided == ()


def test_a_pair_that_nobody_found_can_be_decided_to_be_the_same() -> None:
    resolution = resolve(pairs_of([]), decided({("a:0000", "a:0001"): "same"}), cases(2))
    assert groups(resolution) == {frozenset({0, 1})}


def test_decisions_about_cases_that_are_not_here_are_counted_and_no_error() -> None:
    resolution = resolve(pairs_of([]), decided({("a:0000", "a:9999"): "same", ("x:1", "x:2"): "different"}), cases(2))
    assert (resolution.stale, resolution.decided_same, resolution.decided_different) == (2, 0, 0)


@pytest.mark.parametrize(("second_by", "refused"), [("", True), ("Ola", True), (" OLA ", True), ("Emin", False)])
def test_two_people_decide_about_cases_of_two_deliveries(second_by: str, refused: bool) -> None:
    decisions = decided({("a:0000", "a:0001"): "same"}, second_by)
    assert resolve(pairs_of([]), decisions, cases(2, [4, 4])).decided_same == 1, "one delivery needs but one person"
    if refused:
        with pytest.raises(InputError, match=r"FG-IN-095 line 2 .* second_by"):
            resolve(pairs_of([]), decisions, cases(2, [0, 1]))
    else:
        assert resolve(pairs_of([]), decisions, cases(2, [0, 1])).decided_same == 1


edges = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda edge: edge[0] < edge[1]), unique=True)


@given(sure=edges, same=edges, different=edges, order=st.permutations(range(9)))
def test_in_every_group_each_pair_is_matched_whatever_the_order_of_the_cases(
    sure: list[Edge], same: list[Edge], different: list[Edge], order: list[int]
) -> None:
    whole = cases(9)
    verdicts: dict[tuple[str, str], Verdict] = {}
    for verdict, those in (("different", different), ("same", same)):
        verdicts |= {(whole.refs[one], whole.refs[other]): verdict for one, other in those}  # type: ignore[misc]
    decisions = decided(verdicts)
    bits = [16.0 + number % 3 for number in range(len(sure))]
    joined = {frozenset(edge) for edge in same}
    if any(
        frozenset((one, third)) in joined and frozenset((other, third)) in joined
        for one, other in set(different) - set(same)
        for third in range(9)
    ):
        with pytest.raises(InputError, match="FG-IN-094"):
            resolve(pairs_of(sure, bits=bits), decisions, whole)
        return
    resolution = resolve(pairs_of(sure, bits=bits), decisions, whole)
    matched = {*same, *(set(sure) - set(different))}
    for group in groups(resolution):
        assert set(combinations(sorted(group), 2)) <= matched
    apart = {edge for edge in matched if resolution.person[edge[0]] != resolution.person[edge[1]]}
    assert apart <= set(resolution.chained)
    assert resolution.merged == 9 - len(set(resolution.person.tolist()))

    turned = Identities(9, {}, whole.source, tuple(whole.refs[place] for place in order))
    moved = [(order.index(one), order.index(other)) for one, other in sure]
    other_way = resolve(pairs_of(moved, bits=bits), decisions, turned)
    assert {frozenset(order[place] for place in group) for group in groups(other_way)} == groups(resolution)


@given(sure=edges, placed=st.integers(0, 9))
def test_a_case_that_shares_nothing_never_changes_who_is_merged_among_the_others(sure: list[Edge], placed: int) -> None:
    """What the guarantee needs: one person more or less moves that person's record, and no other."""
    people: list[Case] = [case(id_documents="|".join(f"D{a}X{b}Y77" for a, b in sure if n in (a, b))) for n in range(9)]
    refs = [f"a:{number}" for number in range(9)]
    stranger = case("Temilo", "Brantek", "1961-12-30", id_documents="Z9999998")
    with_stranger = identities([*people[:placed], stranger, *people[placed:]], [*refs[:placed], "A:0", *refs[placed:]])
    without = identities(people, refs)
    told = []
    for whole in (without, with_stranger):
        resolution = resolve(find_pairs(whole)[0], Decisions.none(), whole)
        told.append({frozenset(whole.refs[number] for number in group) for group in groups(resolution)})
    assert told[0] == told[1]


def test_the_fullest_case_stands_for_its_person_then_the_latest_then_the_last_by_ref() -> None:
    resolution = resolve(pairs_of([(0, 1), (2, 3), (4, 5)]), Decisions.none(), cases(7))
    fullness = np.array([3, 2, 5, 5, 1, 1, 0], dtype=np.int64)
    dates = ["2019-01-01", "2020-01-01", "2019-05-02", "", "2018-01-01", "2018-01-01", ""]
    stands = canonical(resolution, fullness, dates, cases(7).refs)
    assert stands.tolist() == [True, False, True, False, False, True, True]
    days = np.array([9, 8, 1, 2, 0, 0, 0], dtype=np.int64)
    assert canonical(resolution, fullness, days, cases(7).refs).tolist() == [
        True,
        False,
        False,
        True,
        False,
        True,
        True,
    ]


def test_agreement_counts_pairs_merged_queued_and_missed() -> None:
    resolution = resolve(pairs_of([(0, 1), (2, 3)], [(4, 5), (6, 7)]), Decisions.none(), cases(10))
    measured = agreement(resolution, np.array([0, 0, 1, 2, 3, 3, 4, 5, 6, 6]))
    assert (measured.true, measured.merged, measured.merged_wrongly) == (3, 1, 1)
    assert (measured.queued, measured.queued_wrongly, measured.missed) == (1, 1, 1)
    assert (measured.precision, measured.recall, measured.found) == (1 / 2, 1 / 3, 2 / 3)


def test_agreement_of_nothing_with_nothing_is_whole() -> None:
    measured = agreement(resolve(pairs_of([]), Decisions.none(), cases(2)), np.array([0, 1]))
    assert (measured.precision, measured.recall, measured.found) == (1.0, 1.0, 1.0)


def test_a_resolution_prints_nothing() -> None:
    assert "withheld" in repr(resolve(pairs_of([(0, 1)]), Decisions.none(), cases(2)))
