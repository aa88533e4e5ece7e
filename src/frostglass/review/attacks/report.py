"""What the attacks came to: plain text and numbers, for the steward alone."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from frostglass.review.attacks.share import Share, difference


@dataclass(frozen=True, slots=True)
class Row:
    """One attack on one kind of ``target``. All figures are shares of 1; NaN where nothing could be tried.

    ``success`` with its 95% interval stands beside ``baseline``, which is what the same attack achieves without the
    person in the data. ``excess`` is what being in it adds: for even chances twice the distance from one half, else
    the difference. ``bound`` is the largest success that the guarantee allows, ``bound_high`` the same at the upper end
    of the baseline; both None where it says nothing of this. ``control`` and ``control_baseline`` are the same attack
    on the table itself.
    """

    attack: str
    target: str
    success: float
    low: float
    high: float
    trials: int
    baseline: float
    baseline_low: float
    baseline_high: float
    excess: float
    excess_low: float
    excess_high: float
    bound: float | None
    bound_high: float | None
    control: float
    control_baseline: float
    meaning: str

    @property
    def within(self) -> bool | None:
        """Whether the interval reaches down to what the guarantee allows; None where that says nothing."""
        return None if self.bound_high is None else self.low <= self.bound_high

    def as_json(self) -> dict[str, object]:
        """The row as plain JSON values; null for what could not be tried."""
        plain = {name: None if _missing(value) else value for name, value in asdict(self).items()}
        return {**plain, "within": self.within}


@dataclass(frozen=True, slots=True)
class AttackReport:
    """All rows, and how many shadow releases they rest on: with counts alone, and with records too. Private."""

    rows: tuple[Row, ...]
    counted: int
    fitted: int
    targets: int

    def as_json(self) -> dict[str, object]:
        """The report as plain JSON values."""
        return {
            "private": True,
            "shadows": {"counts_alone": self.counted, "with_records": self.fitted},
            "targets": self.targets,
            "rows": [each.as_json() for each in self.rows],
        }


def even(attack: str, target: str, right: Share, control: Share, bound: float, meaning: str) -> Row:
    """A row of guesses from even chances."""
    return Row(
        attack=attack,
        target=target,
        success=right.value,
        low=right.low,
        high=right.high,
        trials=right.trials,
        baseline=0.5,
        baseline_low=0.5,
        baseline_high=0.5,
        excess=2 * right.value - 1,
        excess_low=2 * right.low - 1,
        excess_high=2 * right.high - 1,
        bound=bound,
        bound_high=bound,
        control=control.value,
        control_baseline=0.5,
        meaning=meaning,
    )


def compared(
    attack: str,
    target: str,
    found: tuple[Share, Share],
    control: tuple[Share, Share],
    bounds: tuple[float, float] | None,
    meaning: str,
) -> Row:
    """A row that compares people in the data with people who are not; ``control`` has the same two shares.

    ``bounds`` are the bound and that at the upper end of the baseline.
    """
    inside, outside = found
    excess, excess_low, excess_high = difference(inside, outside)
    return Row(
        attack=attack,
        target=target,
        success=inside.value,
        low=inside.low,
        high=inside.high,
        trials=inside.trials,
        baseline=outside.value,
        baseline_low=outside.low,
        baseline_high=outside.high,
        excess=excess,
        excess_low=excess_low,
        excess_high=excess_high,
        bound=bounds[0] if bounds else None,
        bound_high=bounds[1] if bounds else None,
        control=control[0].value,
        control_baseline=control[1].value,
        meaning=meaning,
    )


def percent(value: float) -> str:
    """A share for people."""
    return "–" if math.isnan(value) else f"{100 * value:.1f}%"


def _missing(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
