"""A batch of people with their cases. Nobody's cases lie in two batches, so a batch is all that is ever held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from frostglass.simulate.cases import Case
from frostglass.simulate.chance import Generator, Uniform, uniforms
from frostglass.simulate.coded import drawn_columns
from frostglass.simulate.figures import COLUMNS
from frostglass.simulate.forms import HTCDS, LEGACY, WEBFORM_NEW, WEBFORM_OLD, Row
from frostglass.simulate.free_text import Planter
from frostglass.simulate.neighbourhood import Neighbourhood
from frostglass.simulate.registrations import cases_of
from frostglass.simulate.truth import Reasons, settle

_SHARE_TWICE, _SHARE_THRICE = 0.02, 0.08
_MOST_CASES = 3
_PREFIX = {LEGACY.map_id: "L", WEBFORM_OLD.map_id: "M", HTCDS.map_id: "HT"}


def batch(people: int, first: int, generator: Generator, reasons: Reasons, planter: Planter) -> list[Case]:
    """The cases of ``people`` people numbered from ``first``, settled, in an order that tells nothing."""
    u = uniforms(generator)
    more = [0 if u() >= _SHARE_TWICE else 1 if u() >= _SHARE_THRICE else 2 for _ in range(people)]
    rows = _rows(people + sum(more), generator)
    neighbourhood = Neighbourhood(people, u)
    by_person = [
        cases_of(neighbourhood.next_person(first + place, next(rows), again=again > 0), again, rows, u)
        for place, again in enumerate(more)
    ]
    cases = [case for of_one in by_person for case in of_one]
    for case in cases:
        case.notes = planter.notes(u, persons=bool(case.persons))
    shuffled = [cases[place] for place in generator.permutation(len(cases)).tolist()]
    _give_keys(shuffled, first, u)
    for of_one in by_person:
        settle(of_one, reasons)
    return shuffled


def _rows(number: int, generator: Generator) -> Iterator[Row]:
    columns = [column.to_list() for column in drawn_columns(number, generator)]
    return (dict(zip(COLUMNS, values, strict=True)) for values in zip(*columns, strict=True))


def _give_keys(cases: Sequence[Case], first: int, u: Uniform) -> None:
    """A key to each case; those of two batches lie apart, because nobody has more than three cases."""
    for place, case in enumerate(cases):
        number = first * _MOST_CASES + place
        if case.form is WEBFORM_NEW:
            case.key = _uuid(u)
        else:
            case.key = f"{_PREFIX[case.form.map_id]}-{number:07d}"


def _uuid(u: Uniform) -> str:
    """A random identifier in the shape of UUID version 4."""
    high, low, last = int(u() * 2**32), int(u() * 2**28), int(u() * 2**48)
    return f"{high:08x}-{low >> 12:04x}-4{low & 0xFFF:03x}-{0x8000 + int(u() * 0x4000):04x}-{last:012x}"
