"""What groups, constraints and charts say of variables and their codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from frostglass.codebooks.checks.known import Known
from frostglass.codebooks.document import (
    AtLeastOne,
    CompleteRate,
    ConstraintTable,
    Forbid,
    Implies,
    MaxAtoms,
    NotNull,
    RequiresAny,
)
from frostglass.codebooks.faults import Found, Path
from frostglass.terms.codebook import nearest
from frostglass.terms.domain import MISSING_LABEL


def check(known: Known) -> Iterator[Found]:
    """Faults of references between parts of the file."""
    yield from _groups(known)
    yield from _memberships(known)
    yield from _constraints(known)
    for place, chart in enumerate(known.document.chart):
        for which, name in enumerate(chart.variables):
            yield from known.refer(("chart", place, "variables", which), name)


def _groups(known: Known) -> Iterator[Found]:
    seen: set[str] = set()
    owners: dict[str, str] = {}
    for place, group in enumerate(known.document.group):
        if group.name in seen:
            yield Found(("group", place, "name"), f"group {group.name!r} is declared twice", "declare it once")
        seen.add(group.name)
        for which, name in enumerate(group.of):
            yield from known.refer(("group", place, "of", which), name)
            said = known.variables[name].denominator_group if name in known.variables else None
            if (other := owners.setdefault(name, said or group.name)) != group.name:
                yield Found(
                    ("group", place, "of", which),
                    f"{name!r} belongs to group {other!r} already",
                    "put it in one group",
                )


def _memberships(known: Known) -> Iterator[Found]:
    names = [group.name for group in known.document.group]
    for path, variable in known.places():
        group = variable.denominator_group
        if group is not None and group not in names:
            yield Found(
                (*path, "denominator_group"),
                f"there is no group {group!r}{nearest(group, names)}",
                f'add [[group]] name = "{group}", or name one that exists',
            )


def _constraints(known: Known) -> Iterator[Found]:
    seen: set[str] = set()
    for place, table in enumerate(known.document.constraint):
        path: Path = ("constraint", place)
        if table.name is not None and table.name in seen:
            yield Found((*path, "name"), f"constraint {table.name!r} is declared twice", "name each one differently")
        seen.update([table.name] if table.name else [])
        yield from _constraint(known, path, table)


def _constraint(known: Known, path: Path, table: ConstraintTable) -> Iterator[Found]:
    match table:
        case Implies():
            yield from _conditions(known, (*path, "if"), table.condition)
            yield from _conditions(known, (*path, "then"), table.then)
        case Forbid():
            yield from _conditions(known, (*path, "combination"), table.combination)
        case RequiresAny():
            yield from _listed(known, (*path, "if_any"), table.if_any)
            yield from _listed(known, (*path, "of"), table.of)
        case NotNull() | AtLeastOne() | CompleteRate():
            yield from _listed(known, (*path, "of"), table.of)
        case MaxAtoms():
            yield from _listed(known, (*path, "of"), table.of)
            yield from _sets_only(known, path, table)


def _listed(known: Known, path: Path, names: tuple[str, ...]) -> Iterator[Found]:
    for place, name in enumerate(names):
        yield from known.refer((*path, place), name)
        if name in names[:place]:
            yield Found((*path, place), f"{name!r} is named twice", "name it once")


def _conditions(known: Known, path: Path, conditions: Mapping[str, tuple[str, ...]]) -> Iterator[Found]:
    for name, codes in conditions.items():
        yield from known.refer((*path, name), name)
        if known.is_sure_of(name):
            yield from _codes(known, (*path, name), name, codes)


def _codes(known: Known, path: Path, name: str, codes: tuple[str, ...]) -> Iterator[Found]:
    listed = known.codes(name)
    if listed is None:
        return
    listed = (*listed, MISSING_LABEL)
    for place, code in enumerate(codes):
        if code not in listed:
            yield Found(
                (*path, place),
                f"variable {name!r} has no code {code!r}{nearest(code, listed)}",
                f"use its codes as they are released, or {MISSING_LABEL!r} for a missing value",
            )


def _sets_only(known: Known, path: Path, table: MaxAtoms) -> Iterator[Found]:
    for place, name in enumerate(table.of):
        if known.is_sure_of(name) and known.variables[name].type != "set":
            yield Found((*path, "of", place), f"{name!r} is not a set variable", "name set variables only")
