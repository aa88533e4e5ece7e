"""Declared constraints: as sentences, and the structural ones as clauses of a conjunctive normal form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import assert_never

from frostglass.codebooks.document import (
    AtLeastOne,
    CompleteRate,
    ConstraintTable,
    Document,
    Forbid,
    Implies,
    MaxAtoms,
    NotNull,
    RequiresAny,
)
from frostglass.codebooks.tables import plain_decimal
from frostglass.terms.codebook import Constraint, Variable
from frostglass.terms.constraint import Clause, Literal
from frostglass.terms.domain import MISSING, Attribute, Domain

MOST_STEPS = 100_000
"""Most steps of the search for a record that satisfies all clauses."""

Allowed = Mapping[int, frozenset[int]]
"""Positions by column: the literals of one clause."""


def declared(document: Document) -> tuple[tuple[ConstraintTable, Constraint], ...]:
    """Every constraint with its name and sentence, those that ``null.structural`` implies first."""
    never = [one.name for one in document.variable if one.null.structural == "never"]
    tables: list[ConstraintTable] = [NotNull(kind="not_null", of=(name,)) for name in never]
    found: dict[str, tuple[ConstraintTable, Constraint]] = {}
    for table in (*tables, *document.constraint):
        name = table.name or _own_name(table)
        while name in found:
            name += " again"
        described = Constraint(name, table.kind, table.basis, variables_of(table), sentence(table))
        found[name] = (table, described)
    return tuple(found.values())


def _own_name(table: ConstraintTable) -> str:
    names = variables_of(table)
    return f"{table.kind}({', '.join(names[:3])}{', …' if len(names) > 3 else ''})"


def variables_of(table: ConstraintTable) -> tuple[str, ...]:
    """Names of the variables that a constraint speaks of, in the order in which it names them."""
    match table:
        case Implies():
            names: Sequence[str] = (*table.condition, *table.then)
        case Forbid():
            names = tuple(table.combination)
        case RequiresAny():
            names = (*table.if_any, *table.of)
        case NotNull() | AtLeastOne() | MaxAtoms() | CompleteRate():
            names = table.of
        case _:
            assert_never(table)
    return tuple(dict.fromkeys(names))


def sentence(table: ConstraintTable) -> str:
    """The constraint in plain words."""
    match table:
        case NotNull():
            return f"{_all(table.of)} always has a value"
        case AtLeastOne():
            return f"at least one of {', '.join(table.of)} has a value"
        case Implies():
            return f"where {_holds(table.condition)}, {_holds(table.then)}"
        case Forbid():
            return f"never together: {_holds(table.combination)}"
        case RequiresAny():
            return f"where any of {', '.join(table.if_any)} has a value, one of {', '.join(table.of)} has one"
        case MaxAtoms():
            return f"{_all(table.of)} holds at most {table.at_most} values at once"
        case CompleteRate():
            share = plain_decimal(table.at_least * 100)
            return f"{_all(table.of)} is expected to have a value in at least {share}% of records"
        case _:
            assert_never(table)


def _all(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else "each of " + ", ".join(names)


def _holds(values: Mapping[str, tuple[str, ...]]) -> str:
    return " and ".join(f"{name} is {' or '.join(codes)}" for name, codes in values.items())


def clauses(
    domain: Domain,
    variables: Sequence[Variable],
    separator: str,
    constraints: Iterable[tuple[ConstraintTable, Constraint]],
) -> tuple[Clause, ...]:
    """The structural constraints in conjunctive normal form; clauses that every record satisfies are left out.

    In ``domain`` every variable may be missing: its positions are those that a codebook counts.
    """
    found = []
    for table, described in constraints:
        if described.basis == "structural":
            for allowed in _clauses_of(domain, variables, separator, table):
                if all(positions != _every(domain.attributes[place]) for place, positions in allowed.items()):
                    literals = tuple(Literal(place, allowed[place]) for place in sorted(allowed))
                    found.append(Clause(literals, described.name))
    return tuple(found)


def never_missing(clauses: Iterable[Clause]) -> frozenset[int]:
    """The columns that a clause alone, however its rule is worded, makes have a value in every record."""
    single = [clause.literals[0] for clause in clauses if len(clause.literals) == 1]
    return frozenset(one.place for one in single if MISSING not in one.positions)


def _clauses_of(
    domain: Domain, variables: Sequence[Variable], separator: str, table: ConstraintTable
) -> Iterator[Allowed]:
    match table:
        case NotNull():
            yield from (_any_of([_recorded(domain, name)]) for name in table.of)
        case AtLeastOne():
            yield _any_of(_recorded(domain, name) for name in table.of)
        case Implies():
            for name, codes in table.then.items():
                yield _any_of([*_unless(domain, table.condition), _holding(domain, name, codes)])
        case Forbid():
            yield _any_of(_unless(domain, table.combination))
        case RequiresAny():
            for name in table.if_any:
                missing = (domain.place(name), frozenset({MISSING}))
                yield _any_of([missing, *(_recorded(domain, other) for other in table.of)])
        case MaxAtoms():
            for name in table.of:
                yield _any_of([_short_sets(domain, variables[domain.place(name)], separator, table.at_most)])
        case CompleteRate():
            return
        case _:
            assert_never(table)


def _any_of(literals: Iterable[tuple[int, frozenset[int]]]) -> Allowed:
    """Literals of one column are one literal: it holds when the value is in either set."""
    allowed: dict[int, frozenset[int]] = {}
    for place, positions in literals:
        allowed[place] = allowed.get(place, frozenset()) | positions
    return allowed


def _every(attribute: Attribute) -> frozenset[int]:
    return frozenset(range(attribute.size))


def _recorded(domain: Domain, name: str) -> tuple[int, frozenset[int]]:
    return domain.place(name), _every(domain.attribute(name)) - {MISSING}


def _holding(domain: Domain, name: str, codes: Iterable[str]) -> tuple[int, frozenset[int]]:
    positions = domain.attribute(name).positions
    return domain.place(name), frozenset(positions[code] for code in codes)


def _unless(domain: Domain, values: Mapping[str, tuple[str, ...]]) -> list[tuple[int, frozenset[int]]]:
    held = [(domain.attribute(name), _holding(domain, name, codes)) for name, codes in values.items()]
    return [(place, _every(attribute) - positions) for attribute, (place, positions) in held]


def _short_sets(domain: Domain, variable: Variable, separator: str, most: int) -> tuple[int, frozenset[int]]:
    other = variable.other.code if variable.other is not None else None
    short = [code for code in variable.codes if code != other and code.count(separator) < most]
    return domain.place(variable.name), frozenset({MISSING, *(variable.positions[code] for code in short)})


def satisfiable(clauses: Sequence[Clause], sizes: Sequence[int]) -> bool:
    """Whether some record may satisfy all clauses: no only when every way was tried, within a bounded search."""
    steps = iter(range(MOST_STEPS))

    def search(place: int, allowed: Mapping[int, frozenset[int]]) -> bool:
        if place == len(clauses) or next(steps, None) is None:
            return True
        narrowed = [(one.place, one.positions & allowed[one.place]) for one in clauses[place].literals]
        return any(search(place + 1, {**allowed, column: left}) for column, left in narrowed if left)

    return search(0, {column: frozenset(range(size)) for column, size in enumerate(sizes)})
