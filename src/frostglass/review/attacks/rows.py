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
    outside = int((~found.coins[:, there]).sum())
    if outside < FEWEST_OUT:
        return
    hits, bound = _sure(found, there), limit.given(FALSE_ALARMS)
    alarms = Share(FALSE_ALARMS, FALSE_ALARMS, FALSE_ALARMS, outside)
    meaning = (
        f"Guessing only where it is surest, so that {percent(FALSE_ALARMS)} of those who are not in the data are taken "
        f"to be, the same attack finds {percent(hits.value)} of those who are; the guarantee allows {percent(bound)}."
    )
    control = (_sure(shown, there), alarms)
    yield compared("membership, sure guesses", kind, (hits, alarms), control, (bound, bound), meaning)


def _sure(guessed: Scores, there: Bools) -> Share:
    """Hits above the score that one percent of those outside exceed.

    That score is uncertain too. So the interval reaches from the hits above a score that surely no more than so many
    exceed, to those above one that surely as many do.
    """
    coins, scores = guessed.coins[:, there], guessed.scores[:, there]
    outside = np.sort(scores[~coins])[::-1]

    def beyond(place: int, who: Bools) -> Share:
        return share(((scores > outside[place]) & who).sum(axis=1), who.sum(axis=1))

    usual = strict = lax = int(FALSE_ALARMS * len(outside))
    while strict > 0 and beyond(strict, ~coins).high > FALSE_ALARMS:
        strict -= 1
    while lax < len(outside) - 1 and beyond(lax, ~coins).low < FALSE_ALARMS:
        lax += 1
    value = beyond(usual, coins)
    return Share(value.value, beyond(strict, coins).low, beyond(lax, coins).high, value.trials)


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
