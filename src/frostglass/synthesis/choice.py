"""Which triples to measure where not all can be: a function of noisy distances and public sizes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from frostglass.released.distances import Distances
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import Domain
from frostglass.terms.workload import Workload, in_proportion


def choose(domain: Domain, workload: Workload, distances: Distances) -> dict[AttributeSet, Fraction]:
    """The triples that the pairs explain worst for their size, as many as the cells allow, with their shares.

    They are taken in the order of distance by the square root of cells, which is how the noise of a whole table
    grows; the shares follow the rule of all tables. No candidate is larger than all cells, so one is always taken.
    """
    cells = np.array([domain.cells(each) for each in distances.candidates], dtype=np.float64)
    order = np.argsort(-distances.answer / np.sqrt(cells), kind="stable")
    left, chosen = workload.chosen_cells, []
    for place in order:
        needed = domain.cells(distances.candidates[place])
        if needed <= left:
            chosen.append(distances.candidates[place])
            left -= needed
    taken = set(chosen)
    in_domain_order = [each for each in distances.candidates if each in taken]
    return in_proportion(domain, in_domain_order, workload.chosen_share)
