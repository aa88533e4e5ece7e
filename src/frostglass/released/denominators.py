"""What a share is of, where nobody says: one rule for counts.csv, for ``verify`` and for ``count --share``."""

from __future__ import annotations

from dataclasses import dataclass

from frostglass.released.events import Event, Mark
from frostglass.released.functional import Box, Positions
from frostglass.terms.codebook import Codebook, Group


@dataclass(frozen=True)
class Denominator:
    """Of the records that meet the other conditions those with any of ``marks``; all of them where there are none.

    The marks are those of the ``group``; without one, the recorded values of the variable itself.
    """

    marks: tuple[Mark, ...]
    group: Group | None

    def among(self, others: Box) -> Event:
        """The records that a share is of, within the other conditions."""
        return Event(others.and_also(dict(self.marks))) if self.group is None else Event.of(others, self.marks)


def denominator(codebook: Codebook, name: str, positions: Positions) -> Denominator:
    """Whom a share of the records with ``positions`` of the variable ``name`` is of.

    Of a flag in a denominator group, the records with any flag of it; of another flag, and of missing values, all; of
    any other variable, the records with a recorded value. All, too, where every record has what is asked for.
    """
    variable, domain = codebook.variable(name), codebook.domain
    group = codebook.groups.get(variable.denominator_group or "")
    attributes = [domain.attribute(each) for each in (group.members if group else (name,))]
    blank = not positions <= set(domain.attribute(name).recorded)
    if blank or (group is None and variable.type == "flag") or not all(each.missing for each in attributes):
        return Denominator((), None)
    return Denominator(tuple((each.name, frozenset(each.recorded)) for each in attributes), group)
