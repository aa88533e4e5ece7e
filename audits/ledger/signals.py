"""Releases that are interrupted: whatever moment Ctrl-C, a polite kill or a hang-up comes in, nothing paid is lost.

A child runs ``frostglass release`` and gets a signal at a random moment, or sends it to itself at a named step. From
the entry of the draw until the answers are staged it is held back; so what is left is a release that drew nothing, or
one that the same command goes on with. What cannot be held back (SIGKILL) is in ``releases``.
"""

from __future__ import annotations

import random
import signal
from functools import cache
from unittest.mock import patch

from audits.figures import Figure, Size, examples
from audits.ground import fast_folder
from audits.ledger.release_steps import STEPS
from audits.ledger.releases import Ground, Tally
from audits.ledger.warm_commands import WarmCommands
from frostglass.boundary.accountant import GaussianDP
from frostglass.boundary.held_signals import HELD

WINDOW = (
    "when the draw is entered",
    "after the first table",
    "after the fifth table",
    "when all is measured",
    "half-staged",
    "when staged",
)
"""Steps at which a signal that is not held back would lose what was paid for, and the first one after them."""


def audit(size: Size) -> list[Figure]:
    """100 random moments for each signal and every named step (6 and the steps of the window in the short form)."""
    remembered = patch.object(GaussianDP, "delta", cache(GaussianDP.delta))
    with remembered, WarmCommands() as commands, fast_folder() as folder:
        ground = Ground(commands, folder)
        found = [_figure(number, _interrupted(ground, number, size)) for number in HELD]
        return [*found, _control(ground)]


def _interrupted(ground: Ground, number: signal.Signals, size: Size) -> Tally:
    tally, chance = Tally(), random.Random(size.seed + number)
    for step in STEPS if size.whole else WINDOW:
        ground.kill(tally, step, change=("audits.ledger.release_steps:marked", step, int(number)), number=number)
    for each in range(size.of(6, 100)):
        after = chance.uniform(0, ground.seconds)
        name = f"{number.name} {each}"
        ground.kill(tally, name, change=("audits.ledger.release_steps:marked",), after=after, number=number)
    return tally


def _figure(number: signal.Signals, found: Tally) -> Figure:
    wrong = [*found.half_bundles, *found.uncounted, *found.not_resumed, *found.left_over]
    reached = ", ".join(f"{times} {state}" for state, times in sorted(found.came_to.items()))
    return Figure(
        f"A release gets {number.name} at a random moment or a named step: answers that were paid for and lost, "
        "and anything else that is wrong",
        "0",
        f"{found.came_to['lost']} and {len(wrong)} in {found.kills} releases: {reached}" + examples(wrong),
        ok=not found.came_to["lost"] and not wrong and found.came_to["staged"] > 0,
    )


def _control(ground: Ground) -> Figure:
    found = Tally()
    change = ("audits.ledger.release_steps:holds_nothing_back", "after the first table", int(signal.SIGTERM))
    ground.kill(found, "control", change=change, number=signal.SIGTERM)
    return Figure(
        "Control: a release that holds no signal back must show answers that were paid for and lost",
        "1",
        f"{found.came_to['lost']}",
        ok=found.came_to["lost"] == 1,
    )
