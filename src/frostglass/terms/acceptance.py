"""Acceptance thresholds: what a steward may fix beforehand, as part of the plan, for the review to answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from frostglass.errors import UsageError
from frostglass.terms.arguments import finite, text

LONGEST = 4

_BY_LENGTH: dict[str, tuple[Literal["most", "least"], str]] = {
    "relative_error": ("most", "weighted relative error of the stated counts"),
    "records_relative_error": ("most", "weighted relative error of the synthetic records"),
    "largest_error": ("most", "largest error of a stated count, by the number of people"),
    "total_variation": ("most", "mean total variation distance of the tables of the records"),
    "worst_total_variation": ("most", "largest total variation distance of a table of the records"),
    "lost": ("most", "share of the combinations of ten people or more that are not stated"),
    "fabricated": ("most", "share of the stated combinations that nobody has"),
    "coverage": ("least", "share of the intervals that hold the true count"),
}
_OVERALL: dict[str, tuple[Literal["most", "least"], str]] = {
    "records_off": ("most", "difference of the number of records, by the number of people"),
    "rules_broken": ("most", "synthetic records that break a structural rule"),
    "unique_matched": ("most", "share of the people with a record like nobody else's whose record is in the release"),
    "group_relative_error": ("most", "weighted relative error of the stated counts in the worst group of 100 or more"),
}
_LENGTHY = re.compile(rf"({'|'.join(_BY_LENGTH)})_length_([1-{LONGEST}])")


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a threshold is about: the ``figure``, at which ``length`` if any, and whether it is a most or a least."""

    name: str
    figure: str
    length: int | None
    bound: Literal["most", "least"]
    words: str


def criterion(name: str) -> Criterion:
    """The criterion of that name. UsageError FG-OP-012 when there is none."""
    name = text(name, "the name of a threshold")
    if name in _OVERALL:
        bound, words = _OVERALL[name]
        return Criterion(name, name, None, bound, words)
    if found := _LENGTHY.fullmatch(name):
        bound, words = _BY_LENGTH[found[1]]
        length = int(found[2])
        return Criterion(name, found[1], length, bound, f"{words}, at length {length}")
    raise UsageError(
        "FG-OP-012",
        f"[accept] has no threshold {name!r}; there are {', '.join(_OVERALL)}, and, each with _length_1 to "
        f"_length_{LONGEST}: {', '.join(_BY_LENGTH)}",
    )


def thresholds(accept: object) -> dict[str, float]:
    """Names with their thresholds. UsageError FG-OP-007 for what is no finite number, FG-OP-012 for another name."""
    rule = "acceptance thresholds are names, each with a finite number"
    if not isinstance(accept, Mapping):
        raise UsageError("FG-OP-007", rule)
    return {criterion(name).name: finite(accept[name], "FG-OP-007", rule) for name in accept}
