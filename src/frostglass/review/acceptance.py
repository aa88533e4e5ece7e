"""The thresholds of the plan beside what was found: passed or failed, for the steward's judgement. Private."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

from frostglass.review.fidelity import Fidelity, GroupFidelity, LengthFidelity
from frostglass.review.record_checks import RecordChecks
from frostglass.terms.acceptance import Criterion, criterion

FEWEST = 100
"""Groups of fewer people are left out where the worst group is asked for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One threshold: ``found`` is NaN where there is nothing to find it from, and then it is not passed."""

    criterion: Criterion
    threshold: float
    found: float

    @property
    def passed(self) -> bool:
        if isnan(self.found):
            return False
        return self.found <= self.threshold if self.criterion.bound == "most" else self.found >= self.threshold


def verdicts(accept: Mapping[str, float], found: Fidelity, checks: RecordChecks) -> tuple[Verdict, ...]:
    """An answer to each threshold, in the order of their names."""
    return tuple(Verdict(criterion(name), accept[name], figure(name, found, checks)) for name in sorted(accept))


def figure(name: str, found: Fidelity, checks: RecordChecks) -> float:
    """What was found of the criterion of that name; NaN where it does not apply."""
    wanted = criterion(name)
    if wanted.length is None:
        return _overall(wanted.figure, found, checks)
    at = found.at(wanted.length)
    return float("nan") if at is None else _of_length(wanted.figure, at, checks.people)


def _of_length(figure: str, at: LengthFidelity, people: int) -> float:
    if figure not in ("records_relative_error", "total_variation", "worst_total_variation") and not at.counted:
        return float("nan")
    match figure:
        case "relative_error":
            return at.relative_counts
        case "records_relative_error":
            return at.relative_records
        case "largest_error":
            return at.errors.largest / people if people else float("nan")
        case "total_variation":
            return at.total_variation
        case "worst_total_variation":
            return at.worst_total_variation
        case "lost":
            return share(at.lost, at.frequent)
        case "fabricated":
            return share(at.fabricated, at.stated)
        case _:
            return share(at.held, at.intervals)


def _overall(figure: str, found: Fidelity, checks: RecordChecks) -> float:
    match figure:
        case "records_off":
            return abs(checks.records - checks.people) / checks.people if checks.people else float("nan")
        case "rules_broken":
            return float(checks.broken)
        case "unique_matched":
            return share(checks.matched, checks.unique)
        case _:
            worst = worst_group(found.groups)
            return float("nan") if worst is None else worst.relative_counts


def worst_group(groups: tuple[GroupFidelity, ...]) -> GroupFidelity | None:
    """The group of 100 people or more whose stated counts err most, relatively; None where there is none."""
    large = [each for each in groups if each.people >= FEWEST and not isnan(each.relative_counts)]
    return max(large, key=lambda each: each.relative_counts, default=None)


def share(part: int, whole: int) -> float:
    """``part`` of ``whole``; NaN of nothing."""
    return part / whole if whole else float("nan")
