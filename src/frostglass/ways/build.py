"""From measurements to records and counts: the same for everyone who has them and the seed."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence

import numba
import numpy as np

from frostglass.bundle.contents import Contents
from frostglass.released.counts import Counts
from frostglass.released.estimate import Estimate
from frostglass.released.intervals import Intervals
from frostglass.released.measurement import Measurement
from frostglass.released.shares import with_shares
from frostglass.released.synthetic import SyntheticRecords
from frostglass.released.tabulation import Rule, least_stated, tabulate, typical_error
from frostglass.synthesis.strategy import Strategy, strategy
from frostglass.terms.codebook import Codebook
from frostglass.terms.constraint import Clause
from frostglass.terms.plan import Plan
from frostglass.terms.progress import Progress, quiet


def resize(contents: Contents, total: int) -> SyntheticRecords:
    """``total`` records fitted to the same measurements, with their targets scaled. Costs nothing."""
    clauses = contents.codebook.clauses if contents.plan.structural else ()
    asking, measurements = strategy(contents.plan.strategy), contents.answers.measurements
    return asking.fit(
        contents.codebook.domain,
        measurements,
        asking.estimate(contents.codebook.domain, measurements),
        clauses=clauses,
        total=total,
        seed=contents.sampling_seed,
        fit=contents.plan.fit,
        progress=quiet,
    )


def build(
    asking: Strategy,
    codebook: Codebook,
    clauses: Sequence[Clause],
    measurements: tuple[Measurement, ...],
    *,
    plan: Plan,
    seed: int,
    progress: Progress = quiet,
    rule: Callable[[Estimate], Rule] = Intervals,
) -> tuple[SyntheticRecords, Counts]:
    """Records and counts from the measurements alone: the same for everyone who has them and the seed."""
    domain = codebook.domain
    progress("least squares over all measured tables")
    estimate = asking.estimate(domain, measurements)
    records = asking.fit(
        domain, measurements, estimate, clauses=clauses, total=None, seed=seed, fit=plan.fit, progress=progress
    )
    progress("counting combinations and their intervals")
    tau = plan.tau or least_stated(typical_error(estimate, plan.length))
    counts = tabulate(records, estimate, length=plan.length, tau=tau, rule=rule)
    progress("working out the shares")
    return records, with_shares(counts, records, estimate, codebook)


def engine(asking: Strategy) -> str:
    """Name and version of what turned measurements into records."""
    return f"{asking.name}/{asking.version}"


def environment() -> dict[str, str]:
    """What floating-point results may depend on; recorded, so that a difference can be explained."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "numpy": np.__version__,
        "numba": numba.__version__,
    }
