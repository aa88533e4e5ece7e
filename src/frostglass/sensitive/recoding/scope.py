"""Which cases belong to the table: the codebook's scope rules, each case counted under the first that leaves it out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.recoding.records import Cases, Records
from frostglass.sensitive.recoding.spans import date_spans
from frostglass.terms.recoding import Scope


def outside(cases: Cases, rule: Scope) -> npt.NDArray[np.bool_]:
    """Which cases a rule leaves out; a case that does not answer what the rule asks is left out."""
    if rule.children is not None:
        inside = cases.children.get(rule.children)
        parent = np.zeros(0, dtype=np.int32) if inside is None or inside.parent is None else inside.parent
        return np.bincount(parent, minlength=cases.number) < rule.at_least
    assert rule.field is not None  # a rule is about a field or about child records
    if rule.years is None:
        return ~cases.records.holds(rule.field, rule.among)
    return ~_dated_within(cases.records, rule.field, rule.years)


def _dated_within(records: Records, field: str, years: tuple[int, int]) -> npt.NDArray[np.bool_]:
    dates = records.answers(field)
    first, last = date_spans(dates.values)
    within = (first // 10_000 >= years[0]) & (last // 10_000 <= years[1])
    held = np.zeros(records.number, dtype=np.bool_)
    if len(dates.values):
        held[dates.record[within[dates.place]]] = True
    return held
