"""The audit in one run: 1,000 made-up people, each in the table by the toss of a coin, guessed from one full release.

Whoever sees all answers and knows everybody else estimates by least squares which canaries are in, and guesses about
those of whom they are most sure; how many they guess about is fixed beforehand. Under differential privacy few such
guesses can be right, whatever the method. Source: Steinke, Nasr & Jagielski (2023), "Privacy auditing with one (1)
training run", arXiv 2305.08846. Several releases, each with coins of its own, are pooled: their canaries together are
those of one release, since a coin touches one release alone.
"""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import linalg

from audits.epsilon.answering import DELTA, Terms, answers, cells_of, noise_times
from audits.epsilon.bounds import epsilon_from_guesses, gaussian_epsilon, gaussian_mu, guessing_p_value
from audits.figures import Figure, Size
from frostglass import codebooks
from frostglass.sensitive.coding.check import encode
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.sensitive.coding.counts import count
from frostglass.sensitive.coding.intake import read
from frostglass.simulate.coded import coded_table
from frostglass.terms.custody import Sensitive
from frostglass.terms.unit import PrivacyUnit

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint16]

CANARIES = 1_000
GUESSES = 100
"""About so many canaries of each release a guess is made: of whom the estimate is furthest from one half."""

FALSE_ALARM = 1e-7
"""Chance that a right release is found above its claim."""

STATED = 0.05
"""Chance that a bound that is reported is too high."""

_OTHERS = 21_195
_CLAIMS = tuple(map(Fraction, ("0.5", "1", "2", "4", "8")))
_COIN_VARIANCE = 1 / 4

_SMALL_DELTA = 1e-13
"""At a scope's delta the bound cannot be surer than ``2 * canaries * delta``. So the gate takes the claim where it says
the same with a smaller delta and a larger epsilon."""


def audit(size: Size) -> list[Figure]:
    cores = size.of(1, os.cpu_count() or 1)
    claims = _CLAIMS if size.whole else (Fraction(1), Fraction(8))
    runs, faulty_runs = size.of(1, 20), size.of(5, 20)
    return [
        *(stays_below(epsilon, runs, size.seed, cores) for epsilon in claims),
        is_noticed(Fraction(1), Fraction(1, 4), faulty_runs, size.seed, cores),
        is_caught(Fraction(1), Fraction(1, 20), faulty_runs, size.seed, cores),
    ]


def stays_below(epsilon: Fraction, runs: int, seed: int, cores: int = 1, *, factor: Fraction = Fraction(1)) -> Figure:
    """What the guesses prove of a release, which must not be more than it claims."""
    right = pooled(epsilon, runs, seed, factor=factor, cores=cores)
    chance = _refusal(right, runs, epsilon)
    return Figure(
        f"One-run audit, claimed {float(epsilon):g}: {_what(runs)}",
        f"not above {float(epsilon):g}, refused at a false-alarm rate of {FALSE_ALARM:g}",
        f"at least {_proved(right, runs):.2f} (95%): {right:,} of {runs * GUESSES:,} guesses right; "
        f"under the claim as many have a chance of {chance:.1g}",
        chance > FALSE_ALARM,
    )


def is_noticed(epsilon: Fraction, factor: Fraction, runs: int, seed: int, cores: int = 1) -> Figure:
    """A fault that the reported bound shows."""
    right = pooled(epsilon, runs, seed, factor=factor, cores=cores)
    proved = _proved(right, runs)
    return Figure(
        f"Control: noise {1 / factor} times too small is noticed, claimed {float(epsilon):g}: {_what(runs)}",
        f"above {float(epsilon):g} (95%)",
        f"at least {proved:.2f}: {right:,} of {runs * GUESSES:,} guesses right",
        proved > float(epsilon),
    )


def is_caught(epsilon: Fraction, factor: Fraction, runs: int, seed: int, cores: int = 1) -> Figure:
    """A fault that the gate refuses, which a right release passes but once in ten million."""
    right = pooled(epsilon, runs, seed, factor=factor, cores=cores)
    chance = _refusal(right, runs, epsilon)
    return Figure(
        f"Control: noise {1 / factor} times too small is refused, claimed {float(epsilon):g}: {_what(runs)}",
        f"so many right guesses have a chance below {FALSE_ALARM:g} under the claim",
        f"{chance:.0e}: {right:,} of {runs * GUESSES:,} guesses right",
        chance <= FALSE_ALARM,
    )


def _what(runs: int) -> str:
    return f"{runs} full release{'s' * (runs > 1)} with {CANARIES:,} canaries among {_OTHERS:,} people"


def _proved(right: int, runs: int) -> float:
    """Lower bound on epsilon at a scope's delta."""
    return epsilon_from_guesses(right, runs * GUESSES, runs * CANARIES, float(DELTA), STATED)


def _refusal(right: int, runs: int, epsilon: Fraction) -> float:
    """Chance of so many right guesses under a claim of ``epsilon``."""
    claimed = gaussian_epsilon(gaussian_mu(float(epsilon), float(DELTA)), _SMALL_DELTA)
    return guessing_p_value(right, runs * GUESSES, runs * CANARIES, claimed, _SMALL_DELTA)


@dataclass(frozen=True)
class Prepared:
    """The table of everybody else, the canaries, and what an attacker works out before the release."""

    terms: Terms
    others: Codes
    canaries: Codes
    cells: npt.NDArray[np.int64]
    precisions: Floats
    usual: npt.NDArray[np.int64]
    solver: tuple[Floats, bool]

    def joined(self, coins: npt.NDArray[np.bool_]) -> Sensitive[CodedTable]:
        """The table with the canaries whose coin says so."""
        codes = np.vstack([self.others, self.canaries[coins]])
        return Sensitive(CodedTable.of(self.terms.domain, codes), "coded table")

    def estimate(self, seen: npt.NDArray[np.int64]) -> Floats:
        """Least squares with the coins' variance as prior: for each canary how likely it is in, less one half.

        The answers less everybody else's counts and half of every canary, against the cells that each canary is in.
        """
        excess = seen - self.usual - 0.5 * np.bincount(self.cells.ravel(), minlength=len(seen))
        return np.asarray(linalg.cho_solve(self.solver, (excess * self.precisions)[self.cells].sum(axis=1)))


def prepared(epsilon: Fraction, seed: int, canaries: int = CANARIES) -> Prepared:
    """Simulated people, and canaries whose every value is drawn from all that the codebook lists, evenly."""
    book = codebooks.load("ctdc-vp-1")
    table = encode(read(coded_table(_OTHERS, 7)), book, unit=PrivacyUnit(book.unit))
    terms = Terms(book.domain, PrivacyUnit(book.unit), epsilon)
    chance = np.random.default_rng(seed)
    planted = np.stack([chance.integers(0, size, canaries) for size in book.domain.sizes], axis=1).astype(np.uint16)
    rows = table.reveal().rows
    precisions = [1 / float(sigma) ** 2 for sigma in terms.sigmas]
    return Prepared(
        terms=terms,
        others=np.repeat(rows.codes, rows.weights, axis=0),
        canaries=planted,
        cells=cells_of(planted, terms),
        precisions=np.repeat(precisions, [terms.domain.cells(each) for each in terms.tables]),
        usual=np.concatenate([count(table, each).reveal().ravel() for each in terms.tables]),
        solver=linalg.cho_factor(_shared(planted, terms, precisions) + np.eye(canaries) / _COIN_VARIANCE),
    )


def _shared(canaries: Codes, terms: Terms, precisions: list[float]) -> Floats:
    """For each two canaries the precision of all cells that both are in: what makes one look like the other."""
    alike = [codes[:, None] == codes[None, :] for codes in canaries.T]
    total = np.zeros((len(canaries), len(canaries)))
    for each, precision in zip(terms.tables, precisions, strict=True):
        total += precision * np.logical_and.reduce([alike[axis] for axis in terms.domain.axes(each)])
    return total


def right_guesses(attack: Prepared, coins: npt.NDArray[np.bool_]) -> int:
    """How many of the guesses about one release with these coins are right."""
    estimate = attack.estimate(answers(attack.joined(coins), attack.terms))
    surest = np.argsort(-np.abs(estimate), kind="stable")[:GUESSES]
    return int(((estimate > 0) == coins)[surest].sum())


def pooled(epsilon: Fraction, runs: int, seed: int, *, factor: Fraction = Fraction(1), cores: int = 1) -> int:
    """Right guesses over ``runs`` releases with coins of their own, ``factor`` times the noise."""
    numbers = list(range(runs))
    if cores == 1:
        return _guessed(epsilon, seed, factor, numbers)
    with multiprocessing.get_context("forkserver").Pool(cores) as pool:
        tasks = [(epsilon, seed, factor, numbers[core::cores]) for core in range(cores)]
        return sum(pool.starmap(_guessed, tasks, chunksize=1))


def _guessed(epsilon: Fraction, seed: int, factor: Fraction, numbers: list[int]) -> int:
    attack = _prepared(epsilon, seed)
    with noise_times(factor):
        return sum(right_guesses(attack, _coins(seed, number)) for number in numbers)


@lru_cache(maxsize=2)
def _prepared(epsilon: Fraction, seed: int) -> Prepared:
    return prepared(epsilon, seed)


def _coins(seed: int, number: int) -> npt.NDArray[np.bool_]:
    """The coins of the release of that number: heads is in."""
    return np.random.default_rng([seed, number]).random(CANARIES) < 0.5
