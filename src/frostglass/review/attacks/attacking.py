"""All attacks on one release plan, and one report of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Literal

import numpy as np

from frostglass.review.attacks.crowd import Crowd
from frostglass.review.attacks.limit import Limit
from frostglass.review.attacks.report import AttackReport
from frostglass.review.attacks.rows import attribute_rows, link_row, membership_rows, singling_out_rows
from frostglass.review.attacks.shadow import Generator, Shadow, ShadowMaker
from frostglass.review.attacks.targets import targets
from frostglass.review.attacks.trials import Effort, Make, held_out, memberships, singled_out
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.custody import Sensitive

Progress = Callable[[str], None]
Attacks = Literal["none", "quick", "full"]

EFFORTS: Mapping[Attacks, Effort] = {
    "quick": Effort(targets=50, counted=40, fitted=8, tenths=2, halves=1, people=250, predicates=300),
    "full": Effort(targets=50, counted=200, fitted=24, tenths=4, halves=2, people=250, predicates=300),
}
"""By the name that the steward gives; "none" asks for no attacks."""

FEWEST = 40
"""With fewer different records there is nobody to compare a target with, and nothing is tried."""

_EVERY = 10


def quiet(_stage: str) -> None:
    """Report no progress."""


def attack(
    table: Sensitive[CodedTable],
    shadow: ShadowMaker,
    control: ShadowMaker,
    *,
    limit: Limit,
    generator: Generator,
    effort: Effort,
    sensitive: Sequence[str] = (),
    progress: Progress = quiet,
) -> AttackReport:
    """Attack shadows of ``table`` by every means, and the ``control`` by the same, which must succeed.

    ``sensitive`` are the variables that are guessed from the others; all of them where none is named. The report is
    for the steward alone: it was made with an unpaid look at the table.
    """
    crowd = Crowd.of(table)
    if len(crowd.rows) < FEWEST:
        return AttackReport((), 0, 0, 0)
    chosen = targets(crowd, effort.targets, generator)
    columns = np.array([crowd.domain.place(name) for name in sensitive or crowd.domain.names])
    made = _making(shadow, generator, effort, progress)
    bare = _making(control, generator, effort, quiet)
    present, shown = (memberships(chosen, make, effort, generator) for make in (made, bare))
    sides, bare_sides = (held_out(crowd, make, columns, effort, generator) for make in (made, bare))
    isolated, bare_isolated = (singled_out(crowd, make, effort, generator) for make in (made, bare))
    return AttackReport(
        rows=(
            *membership_rows(chosen, present, shown, limit),
            *attribute_rows(crowd.domain, columns, sides, bare_sides, limit),
            link_row(sides, bare_sides, limit),
            *singling_out_rows(isolated, bare_isolated),
        ),
        counted=effort.counted,
        fitted=effort.fitted + effort.tenths + effort.halves,
        targets=len(chosen.codes),
    )


def _making(maker: ShadowMaker, generator: Generator, effort: Effort, progress: Progress) -> Make:
    """Make shadows of crowds, and say now and then how many of them there are."""
    tried = effort.counted + effort.fitted + effort.tenths + effort.halves
    ticks = count(1)

    def make(people: Crowd, *, fitted: bool) -> Shadow:
        number = next(ticks)
        if number % _EVERY == 1:
            progress(f"attacking: shadow release {number} of {tried}")
        return maker(people.table(), generator, fitted=fitted)

    return make
