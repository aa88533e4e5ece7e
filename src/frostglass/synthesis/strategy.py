"""What a strategy is: it asks, it estimates, it fits. It holds no accounting and never sees a table.

A new strategy goes into ``STRATEGIES`` and nowhere else; neither the clear side nor the glass knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from frostglass.errors import UsageError
from frostglass.released.answers import Answers, Glass
from frostglass.released.estimate import Estimate
from frostglass.released.measurement import Measurement
from frostglass.released.synthetic import SyntheticRecords
from frostglass.synthesis.measure_and_fit import MeasureAndFit
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.constraint import Clause
from frostglass.terms.domain import Domain
from frostglass.terms.plan import Fit
from frostglass.terms.workload import Workload

Progress = Callable[[str], None]


class Strategy(Protocol):
    """Decides what to ask next, and makes records of the answers. ``version`` changes when its output would."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int: ...

    def measure(self, domain: Domain, workload: Workload, glass: Glass, progress: Progress) -> Answers:
        """Ask until the picture is complete; later questions may depend on earlier answers."""
        ...

    def expected(self, domain: Domain, workload: Workload, answers: Answers) -> frozenset[AttributeSet]:
        """The attribute sets that it would have measured, given these answers: for whoever checks a bundle."""
        ...

    def estimate(self, domain: Domain, measurements: Sequence[Measurement]) -> Estimate:
        """Unbiased estimates with their noise, for the intervals and the number of records."""
        ...

    def fit(
        self,
        domain: Domain,
        measurements: Sequence[Measurement],
        estimate: Estimate,
        *,
        clauses: Sequence[Clause],
        total: int | None,
        seed: int,
        fit: Fit,
        progress: Progress,
    ) -> SyntheticRecords:
        """Records that agree with the measurements and satisfy ``clauses``; ``None``: as many as were measured."""
        ...


STRATEGIES: dict[str, Strategy] = {each.name: each for each in (MeasureAndFit(),)}


def strategy(name: str) -> Strategy:
    """The strategy of that name."""
    if name not in STRATEGIES:
        raise UsageError("FG-OP-030", f"no such strategy; choose one of {', '.join(sorted(STRATEGIES))}")
    return STRATEGIES[name]
