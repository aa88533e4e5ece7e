"""The weights of evidence: fixed figures, written down here and never trained on the data at hand.

A weight is log2(m / u) bits: how much likelier a finding is when two cases are one person's (m) than when they are not
(u). It is a judgement on how records are kept, not an estimate: weights that were learned from the cases would make
whether two people are merged depend on everybody else.

Source of the model: Fellegi & Sunter, A Theory for Record Linkage (1969).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2


@dataclass(frozen=True)
class Weight:
    """``m`` and ``u`` of one finding, and why these."""

    m: float
    u: float
    why: str

    @property
    def bits(self) -> float:
        return log2(self.m / self.u)


NAMES_SAME = Weight(0.55, 2e-5, "two parts of a name agree by chance once in some hundred family times given names")
NAMES_ALIKE = Weight(0.35, 1e-4, "spelled or transliterated otherwise: five times as many people are that near")
NAMES_NEAR = Weight(0.06, 1e-3, "only roughly alike: fifty times as many are")
NAMES_HALF = Weight(0.01, 0.04, "one part agrees and another does not: so it is with relatives")
NAMES_OTHER = Weight(0.02, 0.96, "people seldom change their whole name")
NAMES_ONE_PART = Weight(0.8, 0.004, "of one of the cases only one part is known, and it agrees")

BORN_SAME = Weight(0.80, 7e-5, "365 days in some 40 years")
BORN_SWAPPED = Weight(0.06, 7e-5, "day and month change places when forms of two countries meet")
BORN_SLIP = Weight(0.04, 4e-3, "one digit otherwise: some 60 days are that near")
BORN_MONTH = Weight(0.9, 2e-3, "the day of one is not known: 12 months in 40 years")
BORN_YEAR = Weight(0.9, 3e-2, "only the year of one is known: 40 years")
BORN_OTHER_DAY = Weight(0.004, 0.03, "the same year and another day, both known")
BORN_OTHER = Weight(0.015, 0.95, "another year")

DOCUMENT_SAME = Weight(0.5, 1e-7, "numbers are made to be unique")
DOCUMENT_OTHER = Weight(0.3, 0.6, "of one kind and country, and other numbers: people renew and lose documents")
PHONE_SAME = Weight(0.3, 5e-3, "people in the same shelter or household share a telephone")

GENDER_SAME = Weight(0.97, 0.55, "about half of all pairs")
GENDER_OTHER = Weight(0.03, 0.45, "seldom recorded otherwise")
CITIZENSHIP_SAME = Weight(0.95, 0.35, "names of one kind go with few countries")
CITIZENSHIP_OTHER = Weight(0.05, 0.65, "seldom recorded otherwise")

THRESHOLD = 15.5
"""Bits from which a pair is likely. Two names and a year of birth come to some 19, or to 16 with a slip in a name; two
names alone, twins with one telephone, and namesakes born in other years stay below."""
