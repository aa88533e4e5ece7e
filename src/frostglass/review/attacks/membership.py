"""Membership: is this person in the data? Guessed by somebody who knows everybody else.

Every target is in a shadow, or not, by a coin of its own; so one shadow serves all targets at once, and for each of
them those with it and those without differ, on the mean, in nothing else. The other targets' coins are unknown to the
attacker, who takes them for even chances: that makes the guess no better, so the limit holds for each target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from frostglass.counting.tally import tally
from frostglass.review.attacks.shadow import Bools, Codes, Floats, Ints, Shadow
from frostglass.review.attacks.targets import Targets, counts_at, short_sets
from frostglass.terms.attribute_set import AttributeSet

_COIN_VARIANCE = 1 / 4
_FOLDS = 4
_RIDGE = 1e-3

Tables = tuple[tuple[AttributeSet, float], ...]


@dataclass(frozen=True, repr=False)
class _Design:
    """What an attacker works out before the release: for each target where it is counted and what is there anyway.

    One column a table: ``usual`` are the counts of everybody else, with half of every target that is in the same cell.
    ``solved`` is the inverse of what each two targets share: the precision of all cells that both are in.
    """

    cells: Ints
    usual: Floats
    precisions: Floats
    solved: Floats


@dataclass(repr=False)
class Estimator:
    """From all counts of a shadow, by least squares, how likely each target is in it: the strongest attack there is.

    The counts have independent Gaussian noise of a known size, so the precision-weighted sum of the cells that a
    target is in, less what is there without it, says all that they say of it. See ``audits.epsilon.canaries``.
    """

    targets: Targets
    _last: tuple[Tables, _Design] | None = None

    def estimate(self, shadow: Shadow) -> Floats:
        """For each target how likely it is in, less one half."""
        design = self._design(tuple(zip(shadow.sets, shadow.sds, strict=True)))
        seen = np.stack([each.ravel()[cells] for each, cells in zip(shadow.answers, design.cells.T, strict=True)])
        excess = (seen.T - design.usual) @ design.precisions
        return np.asarray(design.solved @ excess)

    def _design(self, tables: Tables) -> _Design:
        """Shadows mostly have the same tables; where these are chosen anew each time, one design is kept."""
        if self._last is None or self._last[0] != tables:
            self._last = tables, _design(self.targets, tables)
        return self._last[1]


def _design(targets: Targets, tables: Tables) -> _Design:
    domain, codes = targets.others.domain, targets.codes
    equal = [column[:, None] == column[None, :] for column in codes.T]
    precisions = np.array([1 / sd**2 for _, sd in tables])
    cells = np.zeros((len(codes), len(tables)), dtype=np.int64)
    usual = np.zeros((len(codes), len(tables)))
    shared = np.eye(len(codes)) / _COIN_VARIANCE
    for place, (attributes, _) in enumerate(tables):
        axes = domain.axes(attributes)
        cells[:, place] = np.ravel_multi_index(tuple(codes[:, axis] for axis in axes), domain.shape(attributes))
        same = np.logical_and.reduce([equal[axis] for axis in axes])
        usual[:, place] = counts_at(targets.others, attributes, codes) + same.sum(axis=1) / 2
        shared += precisions[place] * same
    return _Design(cells, usual, precisions, np.asarray(np.linalg.inv(shared), dtype=np.float64))


@dataclass(frozen=True, repr=False)
class Sightings:
    """What the records of several shadows hold of each target: one entry a shadow, one a target.

    ``counts`` has a further axis, the combinations of up to three values, which belong to ``orders``; ``exact`` are the
    records that agree in everything, ``near`` those that agree in all variables but one.
    """

    orders: Ints
    counts: Ints
    exact: Ints
    near: Ints


def sightings(targets: Targets, records: Sequence[Codes]) -> Sightings:
    """Look for the targets in the records of each shadow."""
    sets = short_sets(targets.others.domain)
    agreeing = [_agreeing(targets.codes, each) for each in records]
    return Sightings(
        orders=np.array([len(each) for each in sets]),
        counts=np.stack([_counts(targets, sets, each) for each in records]),
        exact=np.stack([exact for exact, _ in agreeing]),
        near=np.stack([near for _, near in agreeing]),
    )


def _counts(targets: Targets, sets: Sequence[AttributeSet], records: Codes) -> Ints:
    domain, columns = targets.others.domain, np.asfortranarray(records)
    found = np.zeros((len(targets.codes), len(sets)), dtype=np.int64)
    for place, each in enumerate(sets):
        axes = domain.axes(each)
        table = tally(columns, axes, domain.shape(each))
        found[:, place] = table[tuple(targets.codes[:, axis] for axis in axes)]
    return found


def _agreeing(targets: Codes, records: Codes) -> tuple[Ints, Ints]:
    variables = targets.shape[1]
    exact, near = np.zeros(len(targets), dtype=np.int64), np.zeros(len(targets), dtype=np.int64)
    for place, target in enumerate(targets):
        agree = (records == target).sum(axis=1)
        exact[place], near[place] = (agree == variables).sum(), (agree >= variables - 1).sum()
    return exact, near


def likelihood_scores(seen: Sightings, coins: Bools) -> Floats:
    """The query-based likelihood ratio: above zero where a shadow looks as if the target were in it.

    A shadow is judged by what the others taught. Queries are the counts of the target's combinations, summed up for
    each length, its exact matches and its near ones, each less its mean; both worlds are taken for normal with the
    same covariance, as Gaussian noise has it.

    Source: Houssiau et al. (2022), TAPAS; Annamalai, Ganev & De Cristofaro (2024).
    """
    return _cross_fitted(coins, lambda taught: _queries(seen, taught))


def near_scores(seen: Sightings, coins: Bools) -> Floats:
    """The same from the number of near matches alone: the simplest attack, for comparison."""
    return _cross_fitted(coins, lambda taught: _centred(seen.near, taught)[..., None])


def _queries(seen: Sightings, taught: Bools) -> Floats:
    """One entry a shadow, a target and a query, centred by the mean of the shadows ``taught``."""
    excess = _centred(seen.counts, taught) / (seen.counts[taught].var(axis=0) + 1)
    sums = [excess[..., seen.orders == order].sum(axis=-1) for order in np.unique(seen.orders)]
    return np.stack([*sums, _centred(seen.exact, taught), _centred(seen.near, taught)], axis=-1)


def _centred(counts: Ints, taught: Bools) -> Floats:
    return np.asarray(counts - counts[taught].mean(axis=0))


def _cross_fitted(coins: Bools, queries: Callable[[Bools], Floats]) -> Floats:
    scores = np.zeros(coins.shape)
    for fold in range(_FOLDS):
        judged = np.arange(len(coins)) % _FOLDS == fold
        asked = queries(~judged)
        scores[judged] = _discriminant(asked[~judged], coins[~judged], asked[judged])
    return scores


def _discriminant(known: Floats, coins: Bools, asked: Floats) -> Floats:
    """Fisher's linear discriminant, from queries whose coins are known, of those that are asked about."""
    scale = known.std(axis=(0, 1)) + _RIDGE
    inside, outside = known[coins] / scale, known[~coins] / scale
    if not len(inside) or not len(outside):
        return np.zeros(asked.shape[:-1])
    middle = (inside.mean(axis=0) + outside.mean(axis=0)) / 2
    residual = np.vstack([inside - inside.mean(axis=0), outside - outside.mean(axis=0)])
    spread = residual.T @ residual / len(residual) + _RIDGE * np.eye(len(scale))
    direction = np.linalg.solve(spread, inside.mean(axis=0) - outside.mean(axis=0))
    return np.asarray((asked / scale - middle) @ direction)
