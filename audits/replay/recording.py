"""What one release did, as a recording, and what is said of it beforehand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from frostglass.boundary.curator import Curator
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Receipt
from frostglass.terms.plan import Plan

Ints = npt.NDArray[np.int64]
Event = tuple[object, ...]

SCOPE = "people"


@dataclass(frozen=True)
class Case:
    """What is released: everything but the table. The scope of the ledger allows (epsilon, delta)."""

    codebook: Codebook
    plan: Plan
    epsilon: Fraction
    delta: Fraction = Fraction("1e-6")
    accountant: str = "gdp"
    allow_empty: bool = False


@dataclass
class Asked:
    """One question to the curator, and what was seen of the way to its answer."""

    kind: str
    attributes: tuple[str, ...]
    share: Fraction
    tables: int
    exact: Ints | None = None
    counted: int = 0
    sigmas: list[Fraction] = field(default_factory=list)
    offered: Ints | None = None
    answer: Ints | None = None
    receipt: Receipt | None = None


@dataclass
class Recording:
    """Everything that one release did. ``events`` are in order, with the rest of a message cut away where none is."""

    events: list[Event] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    durable: tuple[str, ...] = ()
    entries: list[tuple[object, ...]] = field(default_factory=list)
    witness: bytes = b""
    left: tuple[tuple[str, int, bytes], ...] = ()
    bundle: dict[str, tuple[bytes, int, int]] = field(default_factory=dict)
    table: CodedTable | None = None
    curator: Curator | None = None
    error: BaseException | None = None

    @property
    def answers(self) -> list[Ints]:
        """The answers in the order of the questions."""
        return [each.answer for each in self.asked if each.answer is not None]

    def since_reserve(self) -> list[Event]:
        """The events from the reservation on; all of them where a staged release was resumed."""
        place = next((at for at, each in enumerate(self.events) if each == ("enters", "reserve")), 0)
        return self.events[place:]

    def kinds(self) -> list[str]:
        """The kinds of the ledger's entries, in order."""
        return [str(each[1]) for each in self.entries]


@dataclass(frozen=True)
class Given:
    """What chance shall be: ``answers`` come out where they are given; all other noise comes from ``seed``.

    One draw of the first question lies ``farthest`` standard deviations out, so that cut noise shows.
    """

    seed: int = 0
    answers: tuple[Ints, ...] = ()
    farthest: float = 9


def entries(place: Path) -> list[tuple[object, ...]]:
    """The rows of the ledger in the folder, read without the product."""
    with closing(sqlite3.connect(f"{(place / 'budget.db').as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT * FROM entries ORDER BY seq").fetchall()
