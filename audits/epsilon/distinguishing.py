"""The white-box game: two tables that differ in one person, and an attacker who knows both and sees all answers.

The attacker adds up the answers of the cells that the person is in, each weighted by its precision: the likelihood
ratio of two Gaussians, so no test is better. What counts as a high score is fixed before a single answer is drawn.
Every run is a release of its own, with a reservation, a curator and all its counting: nothing is kept between runs.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from audits.epsilon.answering import Terms, answers, cells_of, noise_times
from frostglass import codebooks
from frostglass.sensitive.coding.check import encode
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.sensitive.coding.counts import count
from frostglass.sensitive.coding.intake import read
from frostglass.simulate.coded import coded_table
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Sensitive
from frostglass.terms.domain import Attribute, Domain
from frostglass.terms.unit import PrivacyUnit
from tests.survey import SMALL, survey

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint16]

_CHUNKS = 8
"""Tasks that each process gets, so that none waits long for another."""


@dataclass(frozen=True)
class Game:
    """Two neighbouring tables, and where and how much the person moves the ``answers``."""

    without: Sensitive[CodedTable]
    joined: Sensitive[CodedTable]
    terms: Terms
    cells: npt.NDArray[np.int64]
    weights: Floats
    usual: float
    mu: float

    def score(self, seen: npt.NDArray[np.int64]) -> float:
        """In standard units: about N(0, 1) without the person, N(mu, 1) with them."""
        return (float(self.weights @ seen[self.cells]) - self.usual) / self.mu


@dataclass(frozen=True)
class Scores:
    """The scores of the runs without the person and with them, equally many."""

    without: Floats
    joined: Floats

    @property
    def runs(self) -> int:
        return len(self.without)

    def errors(self, cut: float) -> tuple[int, int]:
        """False alarms and misses of whoever says "the person is in it" above ``cut``."""
        return int((self.without > cut).sum()), int((self.joined <= cut).sum())


def game(without: Sensitive[CodedTable], joined: Sensitive[CodedTable], person: Codes, terms: Terms) -> Game:
    """The game about ``person``, whose records (one a line) are what ``joined`` holds more than ``without``."""
    cells, times = np.unique(cells_of(person, terms), return_counts=True)
    lengths = [terms.domain.cells(each) for each in terms.tables]
    precision = np.repeat([1 / float(sigma) ** 2 for sigma in terms.sigmas], lengths)[cells]
    exact = np.concatenate([count(without, each).reveal().ravel() for each in terms.tables])
    weights = times * precision
    return Game(without, joined, terms, cells, weights, float(weights @ exact[cells]), float(np.sqrt(weights @ times)))


def empty(epsilon: Fraction) -> Game:
    """Nobody, against one person; three tables."""
    domain = Domain((Attribute("a", ("1",)), Attribute("b", ("1", "2"))))
    nobody, person = np.zeros((0, 2), dtype=np.uint16), np.array([[1, 2]], dtype=np.uint16)
    return _beside(nobody, person, Terms(domain, PrivacyUnit("person"), epsilon))


def small(epsilon: Fraction) -> Game:
    """200 people and four variables, against one more who has the rarest code of each."""
    book = codebooks.loads(SMALL, source="small.toml")
    return _with_the_rarest(survey(200), book, epsilon)


def keyed(epsilon: Fraction) -> Game:
    """The same 200 people by a key, against one more who brings three records, of which two count."""
    book = codebooks.loads(SMALL, source="small.toml")
    unit = PrivacyUnit(book.unit, 2, "key")
    others = survey(200).with_columns(pl.Series("key", [f"k{i}" for i in range(200)]))
    theirs = others[7:8].with_columns(pl.lit("one more").alias("key"))
    without, joined = _coded(others, book, unit), _coded(pl.concat([others, theirs, theirs, theirs]), book, unit)
    record = _coded(theirs, book, unit).reveal().rows.codes
    return game(without, joined, np.repeat(record, 2, axis=0), Terms(book.domain, unit, epsilon))


def full(epsilon: Fraction) -> Game:
    """21,195 simulated people and 16 variables, against one more who has the rarest code of each."""
    book = codebooks.load("ctdc-vp-1")
    return _with_the_rarest(coded_table(21_195, 7), book, epsilon)


GAMES: Mapping[str, Callable[[Fraction], Game]] = {"empty": empty, "small": small, "keyed": keyed, "full": full}


def play(name: str, epsilon: Fraction, runs: int, *, factor: Fraction = Fraction(1), processes: int = 1) -> Scores:
    """``runs`` releases of each table, every one through a curator of its own; ``factor`` times the noise."""
    if processes == 1:
        return _play(name, epsilon, factor, runs)
    parts = np.diff(np.linspace(0, runs, processes * _CHUNKS + 1).astype(int))
    with multiprocessing.get_context("forkserver").Pool(processes) as pool:
        tasks = [(name, epsilon, factor, int(part)) for part in parts if part]
        found = pool.starmap(_play, tasks, chunksize=1)
    return Scores(np.concatenate([each.without for each in found]), np.concatenate([each.joined for each in found]))


def _play(name: str, epsilon: Fraction, factor: Fraction, runs: int) -> Scores:
    playing = _game(name, epsilon)
    with noise_times(factor):
        without = [playing.score(answers(playing.without, playing.terms)) for _ in range(runs)]
        joined = [playing.score(answers(playing.joined, playing.terms)) for _ in range(runs)]
    return Scores(np.array(without), np.array(joined))


@lru_cache(maxsize=4)
def _game(name: str, epsilon: Fraction) -> Game:
    return GAMES[name](epsilon)


def _coded(table: pl.DataFrame, book: Codebook, unit: PrivacyUnit) -> Sensitive[CodedTable]:
    return encode(read(table), book, unit=unit)


def _with_the_rarest(others: pl.DataFrame, book: Codebook, epsilon: Fraction) -> Game:
    """The game about a person who has, of each attribute, the value that fewest people have."""
    unit, domain = PrivacyUnit(book.unit), book.domain
    rows = _coded(others, book, unit).reveal().rows
    numbers = [
        np.bincount(rows.codes[:, place], weights=rows.weights, minlength=size)
        for place, size in enumerate(domain.sizes)
    ]
    person = np.array([[int(each.argmin()) for each in numbers]], dtype=np.uint16)
    return _beside(np.repeat(rows.codes, rows.weights, axis=0), person, Terms(domain, unit, epsilon))


def _beside(others: Codes, person: Codes, terms: Terms) -> Game:
    without, joined = (
        Sensitive(CodedTable.of(terms.domain, codes), "coded table") for codes in (others, np.vstack([others, person]))
    )
    return game(without, joined, person, terms)
