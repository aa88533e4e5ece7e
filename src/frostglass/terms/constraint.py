"""Structural constraints, compiled: each clause is an OR over "this attribute holds one of these values"."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """True of a record whose value in column ``place`` is at one of ``positions``, as a codebook counts them."""

    place: int
    positions: frozenset[int]


@dataclass(frozen=True, slots=True)
class Clause:
    """Holds for a record when at least one of its literals does; ``rule`` names the constraint it came from.

    Every structural constraint is a set of such clauses: ``not_null`` one literal, ``at_least_one`` one literal a
    variable, ``implies`` and ``forbid`` the negated antecedents beside the consequent, and so on.
    """

    literals: tuple[Literal, ...]
    rule: str
