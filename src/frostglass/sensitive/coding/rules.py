"""Records that break a constraint of the codebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.coding.cells import CodedColumn
from frostglass.sensitive.coding.departure import Findings
from frostglass.terms.codebook import Codebook
from frostglass.terms.constraint import Clause


def check_rules(
    columns: Sequence[CodedColumn],
    weights: npt.NDArray[np.int64],
    codebook: Codebook,
    findings: Findings,
    *,
    enforced: bool,
) -> None:
    """Enter how many records break each structural constraint, and what is known of the expectations.

    ``columns`` run with the domain; each of their rows stands for so many records as ``weights`` says. A record with a
    refused value in a column of a rule is not said to break it.
    """
    sentences = {one.name: one.sentence for one in codebook.constraints}
    for rule, broken in broken_rules(columns, codebook.clauses).items():
        count = int(weights[broken].sum())
        sentence = sentences.get(rule, "")
        if count and enforced:
            way_out = "correct the records, or leave constraints unenforced with `structural=False`"
            findings.refuse("FG-IN-047", rule, count, f"records that break the rule ({sentence}): {way_out}")
        elif count:
            findings.note(
                "FG-IN-047", rule, count, f"records that break the rule ({sentence}), which is left unenforced"
            )
    _enter_expectations(columns, weights, codebook, findings)


def broken_rules(columns: Sequence[CodedColumn], clauses: Sequence[Clause]) -> Mapping[str, npt.NDArray[np.bool_]]:
    """By rule, which rows break any of its clauses."""
    broken: dict[str, npt.NDArray[np.bool_]] = {}
    for clause in clauses:
        breaks = ~_holds(columns, clause)
        broken[clause.rule] = broken[clause.rule] | breaks if clause.rule in broken else breaks
    return broken


def _holds(columns: Sequence[CodedColumn], clause: Clause) -> npt.NDArray[np.bool_]:
    """Which rows satisfy the clause, or may: a value in doubt is given the benefit of it."""
    holds = np.zeros(len(columns[0].positions), dtype=np.bool_)
    for literal in clause.literals:
        column = columns[literal.place]
        allowed = np.zeros(2**16, dtype=np.bool_)
        allowed[list(literal.positions)] = True
        holds |= allowed[column.positions]
        if column.in_doubt is not None:
            holds |= column.in_doubt
    return holds


def _enter_expectations(
    columns: Sequence[CodedColumn], weights: npt.NDArray[np.int64], codebook: Codebook, findings: Findings
) -> None:
    """Note, for each expected rate of recorded values, how many records have none. Never refused: it is about data."""
    for constraint in codebook.constraints:
        for name in constraint.variables if constraint.kind == "complete_rate" else ():
            missing = int(weights[columns[codebook.domain.place(name)].missing()].sum())
            if missing:
                findings.note(
                    "FG-IN-076",
                    name,
                    missing,
                    f"records without a value here; expected: {constraint.sentence}",
                )
