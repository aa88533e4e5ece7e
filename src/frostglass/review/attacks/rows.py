"""From what was tried to the rows of the report, each with what it means in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from frostglass.review.attacks.limit import Limit
from frostglass.review.attacks.report import Row, compared, even, percent
from frostglass.review.attacks.shadow import Bools, Ints
from frostglass.review.attacks.share import Share, share
from frostglass.review.attacks.targets import KINDS, Targets
from frostglass.review.attacks.trials import Isolated, Memberships, Scores, Side
from frostglass.terms.domain import Domain

FALSE_ALARMS = 0.01
"""Share of those who are not in the data whom a sure guess may wrongly put there."""

FEWEST_OUT = 1_000
"""Fewer targets that are not in the data do not tell what one percent of them is."""

_Sides = tuple[Side, Side]


def membership_rows(chosen: Targets, found: Memberships, shown: Memberships, limit: Limit) -> Iterator[Row]:
    """One for each kind of target and each way to guess; ``shown`` is the control."""
    ways = (
        ("by all counts", "knows everybody else and weighs every published count", found.by_counts, shown.by_counts),
        ("by the records", "compares the records with shadow releases", found.by_records, shown.by_records),
        ("by near matches", "looks for records like the person's", found.by_near_matches, shown.by_near_matches),
    )
    for name, who, mine, theirs in ways:
        for kind in KINDS:
            there = chosen.kinds == kind
            right = _right(mine, there)
            meaning = (
                f"Whoever {who} is right in {percent(right.value)} of cases about whether one of these people is in "
                f"the data; tossing a coin is in 50%, and the guarantee allows {percent(limit.guess)}."
            )
            yield even(f"membership, {name}", kind, right, _right(theirs, there), limit.guess, meaning)
    for kind in KINDS:
        yield from _sure_row(kind, chosen.kinds == kind, found.by_counts, shown.by_counts, limit)


def _right(guessed: Scores, there: Bools) -> Share:
    """How often the sign of the score is the coin; the guesses about one shadow go together."""
    right = ((guessed.scores > 0) == guessed.coins)[:, there]
    return share(right.sum(axis=1), np.full(len(right), right.shape[1]))


def _sure_row(kind: str, there: Bools, found: Scores, shown: Scores, limit: Limit) -> Iterator[Row]:
    """How many are found at few false alarms; none where too few were out to tell."""
    hits, alarms = _sure(found, there)
    if alarms.trials < FEWEST_OUT:
        return
    bound = limit.given(FALSE_ALARMS)
    meaning = (
        f"Guessing only where it is surest, so that {percent(alarms.value)} of those who are not in the data are taken "
        f"to be, the same attack finds {percent(hits.value)} of those who are; the guarantee allows {percent(bound)}."
    )
    yield compared(
        "membership, sure guesses",
        kind,
        (hits, alarms),
        _sure(shown, there),
        (bound, limit.given(alarms.high)),
        meaning,
    )


def _sure(guessed: Scores, there: Bools) -> tuple[Share, Share]:
    """Hits and false alarms above the score that one percent of those outside exceed."""
    coins, scores = guessed.coins[:, there], guessed.scores[:, there]
    outside = np.sort(scores[~coins])
    least = outside[len(outside) - 1 - int(FALSE_ALARMS * len(outside))]
    hits = share(((scores > least) & coins).sum(axis=1), coins.sum(axis=1))
    return hits, share(((scores > least) & ~coins).sum(axis=1), (~coins).sum(axis=1))


def attribute_rows(domain: Domain, columns: Ints, found: _Sides, shown: _Sides, limit: Limit) -> Iterator[Row]:
    """For all guessed variables together, for their rarer values alone, and for each of them."""
    yield _attribute_row("all variables", "a value", _all_values, found, shown, limit)
    yield _attribute_row("rarer values", "a value that is not the commonest", _rarer_values, found, shown, limit)
    if len(columns) > 1:
        for place, column in enumerate(columns):
            yield _attribute_row(domain.names[column], "this variable", _variable(place), found, shown, limit)


def _attribute_row(
    target: str, what: str, shares: Callable[[Side], Share], found: _Sides, shown: _Sides, limit: Limit
) -> Row:
    inside, outside = shares(found[0]), shares(found[1])
    meaning = (
        f"Guessed with the records from their other values, {what} is right for {percent(inside.value)} of the people "
        f"in the data and {percent(outside.value)} of those who are not: the difference is what being in it adds."
    )
    control = shares(shown[0]), shares(shown[1])
    return compared("attribute", target, (inside, outside), control, _bounds(outside, limit), meaning)


def _all_values(side: Side) -> Share:
    """The guesses about one person go together."""
    return share(side.right.sum(axis=1), np.full(len(side.right), side.right.shape[1]))


def _rarer_values(side: Side) -> Share:
    """Of the values that are not the commonest: an attack that always guesses the commonest finds none of them."""
    return share((side.right & side.rarer).sum(axis=1), side.rarer.sum(axis=1))


def _variable(place: int) -> Callable[[Side], Share]:
    return lambda side: _each(side.right[:, place])


def link_row(found: _Sides, shown: _Sides, limit: Limit) -> Row:
    """Whether two halves of a person's values are linked by one record."""
    inside, outside = (_each(side.linked) for side in found)
    meaning = (
        "Of two halves of a person's values, a single record is nearest to one and to the other for "
        f"{percent(inside.value)} of the people in the data and {percent(outside.value)} of those who are not."
    )
    control = _each(shown[0].linked), _each(shown[1].linked)
    return compared("linkability", "random people", (inside, outside), control, _bounds(outside, limit), meaning)


def singling_out_rows(found: tuple[Isolated, Isolated], shown: tuple[Isolated, Isolated]) -> Iterator[Row]:
    """The guarantee is about one person's data and has no bound for whether a predicate fits just one."""
    for kind, mine, theirs in zip(("single values", "combinations"), found, shown, strict=True):
        inside, outside = _each(mine.inside), _each(mine.outside)
        meaning = (
            f"Of the {kind} that only one record has, {percent(inside.value)} fit exactly one person in the data, and "
            f"{percent(outside.value)} exactly one of as many who are not in it."
        )
        control = _each(theirs.inside), _each(theirs.outside)
        yield compared("singling out", kind, (inside, outside), control, None, meaning)


def _each(right: Bools) -> Share:
    """The share, everybody being a trial apart."""
    return share(right, np.ones(len(right)))


def _bounds(outside: Share, limit: Limit) -> tuple[float, float] | None:
    """What the guarantee allows where those outside have this share, and where they have its upper end."""
    return (limit.given(outside.value), limit.given(outside.high)) if outside.trials else None
