"""The derive rules of a codebook said slowly: one record at a time, in plain Python, straight from the specification.

A case is a dict of fields, each a list of texts, and of child records, each a list of such dicts. Nothing here is
shared with the product but the codebook.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any

from frostglass.terms import recoding as rules
from frostglass.terms.codebook import Codebook, Variable

Case = dict[str, Any]
"""Fields by name, each a list of texts; child records by name, each a list of such dicts."""

Interval = tuple[int, int]


def reference(case: Case, codebook: Codebook) -> dict[str, str]:
    """The coded record of a case, "" for missing; child records beyond the codebook's limit are cut off first."""
    cut = dict(case)
    for limit in codebook.recoding.children:
        if limit.most is not None:
            cut[limit.name] = case.get(limit.name, [])[: limit.most]
    return {
        variable.name: _coded(_values(codebook.recoding.rules[variable.name], cut, cut, variable), variable, codebook)
        for variable in codebook.variables
    }


def _coded(values: list[str], variable: Variable, codebook: Codebook) -> str:
    distinct = list(dict.fromkeys(values))
    if variable.type == "set":
        atoms = {variable.by_text[value] for value in distinct}
        joined = ";".join(sorted(atoms))
        return joined if joined in variable.codes else ""
    return distinct[0] if len(distinct) == 1 else ""


def _values(rule: rules.Rule, record: Case, case: Case, variable: Variable) -> list[str]:
    def inner(one: rules.Rule, of: Case = record) -> list[str]:
        return _values(one, of, case, variable)

    match rule:
        case rules.Copy():
            return list(record.get(rule.field, []))
        case rules.Year():
            return [value[:4] for value in inner(rule.source)]
        case rules.Map():
            return [rule.table[value] for value in inner(rule.source) if value in rule.table]
        case rules.Coalesce():
            return next((values for one in rule.of if (values := inner(one))), [])
        case rules.When():
            holds = all(_holds(record, name, wanted) for name, wanted in rule.condition.items())
            chosen = rule.then if holds else rule.otherwise
            return inner(chosen) if chosen is not None else []
        case rules.OneOf():
            values = list(dict.fromkeys(inner(rule.source)))
            if len(values) > 1:
                return inner(rule.tie) if rule.tie is not None else []
            return values
        case rules.AnyIn():
            held = [value for one in _over(rule, record, case) for value in inner(rule.source, one)]
            return [variable.codes[0]] if set(held) & set(rule.among) else []
        case rules.SetOf():
            return [value for one in _over(rule, record, case) for value in inner(rule.each, one)]
        case rules.Bands():
            return _banded(rule, record, case, variable)
        case rules.Age():
            exact = [low for low, high in [_age(rule, record, case, variable)] if low == high >= 0]
            stated = [value for value in inner(rule.fallback) if _interval(value)] if rule.fallback else []
            return [str(exact[0])] if exact else [value for value in stated if "-" not in value]
        case rules.MonthsBetween():
            return _months(inner(rule.source), inner(rule.to))


def _over(rule: rules.AnyIn | rules.SetOf, record: Case, case: Case) -> list[Case]:
    records = [record] if rule.over is None else case.get(rule.over, [])
    return [one for one in records if all(_holds(one, name, wanted) for name, wanted in rule.where.items())]


def _holds(record: Case, name: str, wanted: tuple[str, ...]) -> bool:
    values = record.get(name, [])
    return bool(set(values) & set(wanted)) or ("" in wanted and not values)


def _banded(rule: rules.Bands, record: Case, case: Case, variable: Variable) -> list[str]:
    if isinstance(rule.source, rules.Age):
        by_date = _band(_age(rule.source, record, case, variable), rule)
        if by_date or rule.source.fallback is None:
            return by_date
        stated = _values(rule.source.fallback, record, case, variable)
        return [code for value in stated for code in _band(_interval(value), rule)]
    numbers = _values(rule.source, record, case, variable)
    return [code for value in numbers for code in _band(_interval(value), rule)]


def _band(interval: Interval | None, rule: rules.Bands) -> list[str]:
    if interval is None or interval[1] < 0:
        return []
    return [code for low, high, code in rule.bands if low <= interval[0] and interval[1] <= high]


def _interval(text: str) -> Interval | None:
    ends = text.replace("--", "-").split("-")
    return (int(ends[0]), int(ends[-1])) if all(end.isdigit() for end in ends) else None


def _age(rule: rules.Age, record: Case, case: Case, variable: Variable) -> Interval:
    births, dates = record.get(rule.birth, []), _values(rule.at, record, case, variable)
    if not births or not dates:
        return -1, -1
    (first, last), (start, end) = _days(births[0]), _days(dates[0])
    return max(_years(last, start), 0), _years(first, end)


def _days(text: str) -> tuple[date, date]:
    parts = [int(part) for part in text.split("-")]
    first = date(*[*parts, 1, 1][:3])
    month = parts[1] if len(parts) > 1 else 12
    return first, first if len(parts) == 3 else date(parts[0], month, monthrange(parts[0], month)[1])


def _years(born: date, day: date) -> int:
    """Birthdays had: the one of 29 February is had on 1 March."""
    years = day.year - born.year
    return years if (day.month, day.day) >= (born.month, born.day) else years - 1


def _months(starts: list[str], ends: list[str]) -> list[str]:
    if not starts or not ends:
        return []
    (first, last), (start, end) = _days(starts[0]), _days(ends[0])
    low, high = max(_months_had(last, start), 0), _months_had(first, end)
    return [] if high < 0 else [str(low) if low == high else f"{low}-{high}"]


def _months_had(begin: date, end: date) -> int:
    months = (end.year - begin.year) * 12 + end.month - begin.month
    return months if end.day >= begin.day else months - 1
