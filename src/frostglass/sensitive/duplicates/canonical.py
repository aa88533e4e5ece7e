"""Which case stands for a person: the one that tells most; of equals the latest, and then the last by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def canonical(
    person: npt.NDArray[np.int32], fullness: npt.NDArray[np.int64], dates: Sequence[str], refs: Sequence[str]
) -> npt.NDArray[np.bool_]:
    """Which cases stand for their persons, one each.

    ``fullness`` is the number of answers that count, ``dates`` are ISO 8601 texts ("" for none), both one a case.
    """
    stands = np.ones(len(person), dtype=np.bool_)
    cases, counts = np.unique(person, return_counts=True)
    shared = np.flatnonzero(np.isin(person, cases[counts > 1]))
    best: dict[int, int] = {}
    for case in shared.tolist():
        held = best.get(int(person[case]))
        if held is None or _rank(case, fullness, dates, refs) > _rank(held, fullness, dates, refs):
            best[int(person[case])] = case
    stands[shared] = False
    stands[list(best.values())] = True
    return stands


def _rank(
    case: int, fullness: npt.NDArray[np.int64], dates: Sequence[str], refs: Sequence[str]
) -> tuple[int, str, str]:
    return int(fullness[case]), dates[case], refs[case]
