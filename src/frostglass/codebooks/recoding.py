"""From the derive and scope rules of a codebook file to the values that the clear side carries out."""

from __future__ import annotations

from collections.abc import Mapping

from frostglass.codebooks import derive
from frostglass.codebooks.document import Document, ScopeTable
from frostglass.codebooks.lookups import entries
from frostglass.terms import recoding

Lookups = Mapping[str, Mapping[str, str]]


def compiled_recoding(document: Document) -> recoding.Recoding:
    """The rules of a checked document. A variable without a rule is the field of its own name."""
    lookups = {one.name: entries(one) for one in document.lookup}
    return recoding.Recoding(
        rules={
            one.name: _rule(one.derive, lookups) if one.derive is not None else recoding.Copy(one.name)
            for one in document.variable
            if one.role != "direct_identifier"
        },
        scope=tuple(_scope(one) for one in document.scope),
        children=tuple(
            recoding.Children(child.name, child.max, child.overflow)
            for source in document.source
            for child in source.children
        ),
    )


def _scope(table: ScopeTable) -> recoding.Scope:
    what = table.field if table.field is not None else table.children
    return recoding.Scope(
        reason=table.reason or f"out of scope by {what}",
        field=table.field,
        among=table.among or (),
        years=table.year_between,
        children=table.children,
        at_least=table.at_least or 0,
    )


def _rule(rule: derive.Rule, lookups: Lookups) -> recoding.Rule:
    match rule:
        case derive.Copy():
            return recoding.Copy(rule.source)
        case derive.Year():
            return recoding.Year(_rule(rule.source, lookups))
        case derive.Age():
            return recoding.Age(rule.birth, _rule(rule.at, lookups), _maybe(rule.fallback, lookups))
        case derive.Band():
            return recoding.Bands(_rule(rule.source, lookups), rule.bands, rule.otherwise == "error")
        case derive.Map():
            return recoding.Map(_rule(rule.source, lookups), dict(rule.table), rule.otherwise == "error")
        case derive.Lookup():
            return recoding.Map(_rule(rule.source, lookups), lookups[rule.table], rule.otherwise == "error")
        case derive.Coalesce():
            return recoding.Coalesce(tuple(_rule(one, lookups) for one in rule.of))
        case derive.When():
            return recoding.When(dict(rule.condition), _rule(rule.then, lookups), _maybe(rule.otherwise, lookups))
        case derive.AnyIn():
            return recoding.AnyIn(_rule(rule.source, lookups), rule.among, rule.over, dict(rule.where))
        case derive.OneOf():
            return recoding.OneOf(_rule(rule.source, lookups), _maybe(rule.tie, lookups))
        case derive.SetOf():
            return recoding.SetOf(_rule(rule.each, lookups), rule.over, dict(rule.where))
        case derive.MonthsBetween():
            return recoding.MonthsBetween(_rule(rule.source, lookups), _rule(rule.to, lookups))


def _maybe(rule: derive.Rule | None, lookups: Lookups) -> recoding.Rule | None:
    return None if rule is None else _rule(rule, lookups)
