"""Which case stands for its person: the one that tells most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.linkage.resolving import Resolution


def canonical(
    resolution: Resolution,
    fullness: npt.NDArray[np.int64],
    registered_on: Sequence[str] | npt.NDArray[np.int64],
    refs: Sequence[str],
) -> npt.NDArray[np.bool_]:
    """Which cases stand for their persons: the fullest of each, of those the latest, of those the last by ref.

    ``registered_on`` are ISO dates ("" for none, which comes first) or numbers of days.
    """
    person = resolution.person
    stands = np.ones(len(person), dtype=np.bool_)
    several = np.flatnonzero(np.bincount(person, minlength=1)[person] > 1)
    best: dict[int, int] = {}

    def rank(case: int) -> tuple[int, object, str]:
        return int(fullness[case]), registered_on[case], refs[case]

    for case in several.tolist():
        of_person = int(person[case])
        best[of_person] = max(best.get(of_person, case), case, key=rank)
    stands[several] = False
    stands[list(best.values())] = True
    return stands
