"""Fit whole records to noisy tables: a maximum-entropy fit whose model is the records themselves.

The steps are those of docs/explanation/engine-notes.md: records from independent columns; a log-linear model of the
singles and pairs; all measured tables at a low temperature, with that model as base measure; and a last pass at
temperature 0 towards the mean tables. Everything here is post-processing of measurements, with a seed of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.errors import CodebookError
from frostglass.released.estimate import Estimate
from frostglass.synthesis.kernels import next_word, repair_all, shuffle
from frostglass.synthesis.layout import Floats, Layout, lay_out
from frostglass.synthesis.rules import Rules
from frostglass.synthesis.sweeps import Aim, Codes, State, count_cells, sweep
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import Domain

Ints = npt.NDArray[np.int64]
Progress = Callable[[str], None]

PAIRS_TEMPERATURE = 0.1
"""Of the model of singles and pairs; it is approached in the steps of ``COOLING``."""

COOLING = (3.0, 2.0, 1.5, 1.0)
"""Temperatures of the first passes of that model, in units of its own."""

LEAST_SHARE = 0.5
"""An estimated count of a single value is taken for at least so many records, so that its logarithm exists."""

_GRID = 2.0**-12
"""Targets and base measures are rounded to multiples of this, so that they are the same on every machine."""

_REPAIR_STEPS = 10_000


@dataclass(frozen=True)
class Effort:
    """Passes: kept ones of the pairs' model; settling and kept ones of each of the chains; polishing ones."""

    pairs: int
    settling: int
    kept: int
    polishing: int
    chains: int = 2


@dataclass(frozen=True)
class Wanted:
    """Noisy tables as the fit wants them, for ``total`` records: ``answers`` and their ``sd`` are in these records.

    ``estimate`` is of as many records as were measured; ``scale`` is the wanted number divided by the measured one.
    """

    domain: Domain
    estimate: Estimate
    sets: tuple[AttributeSet, ...]
    answers: tuple[npt.NDArray[np.float64], ...]
    sd: tuple[float, ...]
    total: int
    scale: float


@dataclass(frozen=True)
class Start:
    """Records of the model of singles and pairs, and its potentials ``theta`` for each cell of ``layout``."""

    layout: Layout
    codes: Codes
    theta: Floats


def pairs_model(wanted: Wanted, rules: Rules, effort: Effort, *, state: State) -> Start:
    """A log-linear model of the singles and pairs, by least squares in the estimated tables of these.

    Its potentials are the mean over the kept passes of minus the slope, in units of the temperature.
    """
    domain, estimate = wanted.domain, wanted.estimate
    sets = [each for order in (1, 2) for each in domain.sets_of_length(order) if estimate.covers(each)]
    layout = lay_out(domain, sets)
    tables = [estimate.marginal(each) * wanted.scale for each in sets]
    codes = independent_columns(tables[: len(domain)], wanted.total, state)
    repair(codes, tables[: len(domain)], rules, state)
    logs = [_log_shares(each) if each.ndim == 1 else np.zeros(each.shape) for each in tables]
    aim = Aim(
        layout,
        target=_on_grid(layout.flatten(tables)),
        weight=np.array([1 / (estimate.sd(each) * wanted.scale) ** 2 for each in sets]),
        base=-PAIRS_TEMPERATURE * layout.flatten(logs),
    )
    for heat in COOLING:
        sweep(codes, aim, rules, temperature=PAIRS_TEMPERATURE * heat, state=state)
    theta = np.zeros(layout.cells)
    for _ in range(effort.pairs):
        slopes = sweep(codes, aim, rules, temperature=PAIRS_TEMPERATURE, state=state)
        theta -= slopes[: layout.cells].astype(np.float64)
    return Start(layout, codes, _on_grid(theta / (PAIRS_TEMPERATURE * effort.pairs)))


def whole_aim(wanted: Wanted, start: Start, temperature: float) -> Aim:
    """All measured tables, with the model of singles and pairs as base measure at this temperature."""
    base_sets = list(start.layout.sets)
    sets = base_sets + [each for each in wanted.sets if each not in set(base_sets)]
    answers = dict(zip(wanted.sets, zip(wanted.answers, wanted.sd, strict=True), strict=True))
    layout = lay_out(wanted.domain, sets)
    nothing = {each: np.zeros(wanted.domain.shape(each)) for each in base_sets if each not in answers}
    base = np.zeros(layout.cells)
    base[: start.layout.cells] = -temperature * start.theta
    return Aim(
        layout,
        target=_on_grid(layout.flatten(answers[each][0] if each in answers else nothing[each] for each in sets)),
        weight=np.array([1 / answers[each][1] ** 2 if each in answers else 0.0 for each in sets]),
        base=base,
    )


def mean_tables(codes: Codes, aim: Aim, rules: Rules, effort: Effort, *, temperature: float, state: State) -> Floats:
    """Mean counts of the kept passes at this temperature, one a cell; ``codes`` is moved in place.

    The chains start from the same records, each on a core of its own where there are as many; ``codes`` is the first.
    """
    chains = [codes, *(codes.copy() for _ in range(effort.chains - 1))]
    states = [np.array([next_word(state)], dtype=np.uint64) for _ in chains]

    def run(chain: Codes, own: State) -> Floats:
        for _ in range(effort.settling):
            sweep(chain, aim, rules, temperature=temperature, state=own)
        total, counts = np.zeros(aim.layout.cells), None
        for _ in range(effort.kept):
            sweep(chain, aim, rules, temperature=temperature, state=own, counts=counts)
            counts = count_cells(aim.layout, chain)
            total += counts
        return total

    with ThreadPoolExecutor(len(chains)) as pool:
        totals = list(pool.map(run, chains, states))
    return np.asarray(sum(totals) / (len(chains) * effort.kept))


def independent_columns(margins: Sequence[Floats], total: int, state: State) -> Codes:
    """Each value as often as its share of the margin, in random order."""
    codes = np.zeros((total, len(margins)), dtype=np.uint16)
    for place, margin in enumerate(margins):
        weights = np.rint(np.maximum(margin, LEAST_SHARE) / LEAST_SHARE).astype(np.int64)
        column = np.repeat(np.arange(len(weights), dtype=np.uint16), _apportion(weights, total))
        shuffle(column, state)
        codes[:, place] = column
    return codes


def repair(codes: Codes, margins: Sequence[Floats], rules: Rules, state: State) -> None:
    """Change records, in place, until each satisfies the rules; those that will not take another's values.

    Raises CodebookError when none does.
    """
    if len(rules.start) == 1 or not len(codes):
        return
    weights = np.zeros((len(margins), max(len(each) for each in margins)), dtype=np.int64)
    for place, margin in enumerate(margins):
        weights[place, : len(margin)] = np.rint(np.maximum(margin, 0)) + 1
    stuck = repair_all(codes, weights, rules.start, rules.place, rules.truth, np.int64(_REPAIR_STEPS), state)
    if stuck.all():
        raise CodebookError(
            "FG-CB-090",
            "no record was found that satisfies all structural constraints together; look for two that exclude "
            "each other, or release with `structural=False`",
        )
    good = codes[~stuck]
    codes[stuck] = good[np.arange(int(stuck.sum())) % len(good)]


def satisfiable(domain: Domain, rules: Rules) -> None:
    """Raise CodebookError when no record can be found that satisfies the rules. Looks at no data."""
    margins = [np.ones(size) for size in domain.sizes]
    repair(np.zeros((1, len(domain)), dtype=np.uint16), margins, rules, np.zeros(1, dtype=np.uint64))


def _log_shares(margin: Floats) -> Floats:
    counts = np.maximum(margin, LEAST_SHARE)
    return np.asarray(np.log(counts / counts.sum()))


def _on_grid(values: Floats) -> Floats:
    return np.asarray(np.rint(values / _GRID) * _GRID)


def _apportion(weights: Ints, total: int) -> Ints:
    """Split ``total`` in proportion to ``weights``, by largest remainder."""
    share, rest = np.divmod(weights * total, int(weights.sum()))
    largest = np.argsort(-rest, kind="stable")[: total - int(share.sum())]
    share[largest] += 1
    return share
