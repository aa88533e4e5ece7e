"""Structural constraints as arrays that the compiled fit can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.terms.constraint import Clause
from frostglass.terms.domain import Domain


@dataclass(frozen=True)
class Rules:
    """Clause c owns literals ``start[c]`` to ``start[c + 1]``; literal l is true of value v of attribute ``place[l]``
    when ``truth[l, v]``. Attribute a takes part in the clauses ``uses[used[a]]`` to ``uses[used[a + 1] - 1]``.
    """

    start: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    truth: npt.NDArray[np.bool_]
    used: npt.NDArray[np.int64]
    uses: npt.NDArray[np.int64]


def compile_rules(domain: Domain, clauses: Sequence[Clause]) -> Rules:
    """The clauses as arrays, but for those that every record of ``domain`` satisfies.

    Each clause names an attribute at most once.
    """
    clauses = [clause for clause in clauses if not domain.satisfies(clause)]
    literals = [literal for clause in clauses for literal in clause.literals]
    truth = np.zeros((max(len(literals), 1), max(domain.sizes)), dtype=np.bool_)
    for row, literal in enumerate(literals):
        truth[row, sorted(domain.holding(literal))] = True
    uses = [
        [number for number, clause in enumerate(clauses) if any(each.place == place for each in clause.literals)]
        for place in range(len(domain))
    ]
    return Rules(
        start=np.cumsum([0, *(len(clause.literals) for clause in clauses)]).astype(np.int64),
        place=np.array([literal.place for literal in literals], dtype=np.int64),
        truth=truth,
        used=np.cumsum([0, *(len(each) for each in uses)]).astype(np.int64),
        uses=np.array([number for each in uses for number in each], dtype=np.int64),
    )
