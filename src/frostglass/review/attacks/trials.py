"""The attacks carried out, on shadows of the table or on the control: what each tried and whether it was right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from frostglass.review.attacks import membership, outsiders
from frostglass.review.attacks.crowd import Crowd
from frostglass.review.attacks.shadow import Bools, Codes, Floats, Generator, Ints, Shadow
from frostglass.review.attacks.targets import Targets
from frostglass.terms.domain import Domain

HELD_OUT, HALF = 0.1, 0.5
"""Chance of each person to be held out of a shadow: for guessing and linking, and for singling out."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried: ``targets`` of each kind; shadows by counts alone, with records, with a tenth and with half of
    the people held out; ``people`` inside and outside each of these, and ``predicates`` for each half.
    """

    targets: int
    counted: int
    fitted: int
    tenths: int
    halves: int
    people: int
    predicates: int


class Make(Protocol):
    """Makes a shadow, or a control, of the table of these people."""

    def __call__(self, people: Crowd, *, fitted: bool) -> Shadow: ...


@dataclass(frozen=True, repr=False)
class Scores:
    """One row a shadow, one column a target: whether it was in, and a score, above zero where that was guessed."""

    coins: Bools
    scores: Floats


@dataclass(frozen=True, repr=False)
class Memberships:
    """The scores by all counts, by the records, and by near matches among the records."""

    by_counts: Scores
    by_records: Scores
    by_near_matches: Scores


def memberships(chosen: Targets, make: Make, effort: Effort, generator: Generator) -> Memberships:
    """Every shadow has about half of the targets in it, and about all of them is guessed."""
    coins = generator.random((effort.counted + effort.fitted, len(chosen.codes))) < 0.5
    estimator = membership.Estimator(chosen)
    estimates, records = np.zeros(coins.shape), []
    for place, coin in enumerate(coins):
        shadow = make(chosen.others.joined(chosen.codes[coin]), fitted=place < effort.fitted)
        estimates[place] = estimator.estimate(shadow)
        if shadow.records is not None:
            records.append(shadow.records)
    seen, known = membership.sightings(chosen, records), coins[: len(records)]
    return Memberships(
        by_counts=Scores(coins, estimates),
        by_records=Scores(known, membership.likelihood_scores(seen, known)),
        by_near_matches=Scores(known, membership.near_scores(seen, known)),
    )


@dataclass(frozen=True, repr=False)
class Side:
    """People in the data, or not: which guesses were right, where the truth is a rarer value, and who was linked.

    One row a person; ``right`` and ``rarer`` have one column a variable.
    """

    right: Bools
    rarer: Bools
    linked: Bools


def held_out(crowd: Crowd, make: Make, columns: Ints, effort: Effort, generator: Generator) -> tuple[Side, Side]:
    """Those in the data and those not, over all shadows from which a tenth was held out."""
    sides: tuple[list[Side], list[Side]] = ([], [])
    for _ in range(effort.tenths):
        inside, outside = crowd.parted(HELD_OUT, generator)
        records = _records(make(inside, fitted=True))
        half = generator.permutation(len(crowd.domain)) < len(crowd.domain) // 2
        for side, people in zip(sides, (inside, outside), strict=True):
            side.append(_side(crowd.domain, records, people.some(effort.people, generator), columns, half))
    return _together(sides[0]), _together(sides[1])


def _side(domain: Domain, records: Codes, people: Codes, columns: Ints, half: Bools) -> Side:
    rows, truth = outsiders.released_rows(domain, records), people[:, columns]
    commonest = [np.bincount(records[:, column], minlength=1).argmax() for column in columns]
    return Side(
        right=outsiders.attribute_guesses(domain, rows, people, columns) == truth,
        rarer=truth != np.array(commonest),
        linked=outsiders.links(rows, people, half),
    )


def _together(parts: Sequence[Side]) -> Side:
    return Side(
        np.concatenate([each.right for each in parts]),
        np.concatenate([each.rarer for each in parts]),
        np.concatenate([each.linked for each in parts]),
    )


@dataclass(frozen=True, repr=False)
class Isolated:
    """Of each predicate that one record fits: whether it fits exactly one person in the data, and exactly one not."""

    inside: Bools
    outside: Bools


def singled_out(crowd: Crowd, make: Make, effort: Effort, generator: Generator) -> tuple[Isolated, Isolated]:
    """By single values and by combinations. Half of the people are held out, so that both sides are equally many."""
    values: list[tuple[Bools, Bools]] = []
    longer: list[tuple[Bools, Bools]] = []
    for _ in range(effort.halves):
        inside, outside = crowd.parted(HALF, generator)
        records = _records(make(inside, fitted=True))
        single = outsiders.value_predicates(crowd.domain, records)
        combined = outsiders.combination_predicates(crowd.domain, records, effort.predicates, generator)
        for found, predicates in ((values, single), (longer, combined)):
            found.append((outsiders.isolated(inside, predicates), outsiders.isolated(outside, predicates)))
    one, other = (
        Isolated(np.concatenate([mine for mine, _ in each]), np.concatenate([theirs for _, theirs in each]))
        for each in (values, longer)
    )
    return one, other


def _records(shadow: Shadow) -> Codes:
    if shadow.records is None:
        raise ValueError("a fitted shadow holds records")
    return shadow.records
