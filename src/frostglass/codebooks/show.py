"""A codebook as plain text, for reading in a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from frostglass.terms.codebook import Category, Codebook, Variable, text_in
from frostglass.terms.domain import MISSING_LABEL

WIDTH = 100
"""Columns of the page."""


def show(codebook: Codebook) -> str:
    """The codebook as a readable page: what it is, each variable with its values, groups, constraints, limitations."""
    lines = [*_head(codebook)]
    for variable in sorted(codebook.variables, key=lambda one: one.number):
        lines += ["", *_variable(codebook, variable)]
    lines += [*_groups(codebook), *_constraints(codebook), *_limitations(codebook)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _head(codebook: Codebook) -> Iterator[str]:
    yield f"{codebook.title} · {codebook.id}, version {codebook.version}{codebook.date and f' of {codebook.date}'}"
    if codebook.publisher:
        yield codebook.publisher
    yield f"One row is one {codebook.unit}; protected: {codebook.privacy_unit}. {len(codebook.variables)} variables."
    tokens = ", ".join(repr(token) if token else "an empty cell" for token in codebook.missing_in)
    yield from _wrapped(f"Read as missing: {tokens}", "")
    yield f"SHA-256 {codebook.sha256}"
    if codebook.drafted and codebook.confirmed is None:
        yield "DRAFTED FROM DATA and not yet confirmed as public knowledge: no release can be made with it."
    elif codebook.confirmed is not None:
        yield f"Drafted from data; confirmed as public knowledge by {codebook.confirmed.by} on {codebook.confirmed.on}."


def _variable(codebook: Codebook, variable: Variable) -> Iterator[str]:
    label = codebook.label(variable.name)
    yield f"{variable.number:>3}  {variable.name}" + (f" · {label}" if label != variable.name else "")
    group = f", denominator group {variable.denominator_group}" if variable.denominator_group else ""
    number = len(variable.codes)
    yield f"     {variable.type}, {variable.role}{group}; {number} code{'s' if number != 1 else ''}"
    yield from _wrapped(variable.definition, "     ")
    if variable.aliases:
        yield from _wrapped(f"Also read as: {', '.join(variable.aliases)}", "     ")
    yield from _values(codebook, variable)
    if variable.recall:
        yield from _wrapped(f"Recall: {variable.recall}", "     ")


def _values(codebook: Codebook, variable: Variable) -> Iterator[str]:
    if codebook.domain.attribute(variable.name).missing:
        yield from _value(MISSING_LABEL, variable.null.meaning)
    else:
        yield from _wrapped("Never missing: every record has a value", "       ")
    if variable.type == "integer" and not variable.bands:
        yield from _value(f"{variable.codes[0]} to {variable.codes[-1]}", "every whole number")
        return
    shown = (*variable.categories, *filter(None, [variable.other]))
    for category in shown:
        yield from _value(category.code, _described(codebook, category))
    sets = [code for code in variable.codes if code not in {category.code for category in shown}]
    if sets:
        yield from _wrapped(f"Together: {', '.join(sets)}", "       ")


def _value(code: str, text: str) -> Iterator[str]:
    yield from _wrapped(f"{code}  {text}", "         ", "       ")


def _described(codebook: Codebook, category: Category) -> str:
    label = text_in(codebook.language, category.label, codebook.language, "")
    said = [label if label != category.code else "", category.definition]
    also = f"Also read: {', '.join(category.aliases)}" if category.aliases else ""
    return " · ".join(filter(None, [*said, also]))


def _groups(codebook: Codebook) -> Iterator[str]:
    if codebook.groups:
        yield from ("", "Denominator groups")
    for group in codebook.groups.values():
        yield from _wrapped(f"{group.name}: {', '.join(group.members)}. {group.definition}", "       ", "     ")


def _constraints(codebook: Codebook) -> Iterator[str]:
    if codebook.constraints:
        yield from ("", "Constraints")
    for constraint in codebook.constraints:
        yield from _wrapped(f"{constraint.name} ({constraint.basis}): {constraint.sentence}", "       ", "     ")


def _limitations(codebook: Codebook) -> Iterator[str]:
    if codebook.release.limitations:
        yield from ("", "Limitations")
    for limitation in codebook.release.limitations:
        yield from _wrapped(f"- {limitation}", "       ", "     ")


def _wrapped(text: str, indent: str, first: str | None = None) -> Iterator[str]:
    if text.strip():
        yield from textwrap.wrap(
            text,
            WIDTH,
            initial_indent=indent if first is None else first,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
