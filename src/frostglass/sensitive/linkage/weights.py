"""How much each agreement weighs: fixed figures, never trained on the cases at hand.

A weight is ``log2(m / u)`` in bits, after Fellegi and Sunter (1969): ``m`` is how often two cases of one person show
the agreement, ``u`` how often cases of two people do. Training them on the data would let every case move every
weight, and so who is merged with whom. The figures are therefore rounded and written down once, for a population
whose birth dates spread over some 40 years; both shares stand beside each.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

THRESHOLD = 16.0
"""Bits from which a pair is likely one person's.

Equal names with nothing against them but a common year of birth reach it (14 + 5), and so does a slightly different
name (11.5 + 5). Twins who share family name, birth date, phone and citizenship do not (-8 + 13.5 + 6 + 1.5 = 13), nor
do namesakes with different birth dates, a telephone and a citizenship in common (14 - 8 + 6 + 1.5 = 13.5).
"""


class Names(IntEnum):
    """How two names compare, parts in any order. The shorter name decides: all its parts must be in the longer."""

    UNKNOWN = 0
    DIFFERENT = 1
    SOUND = 2
    SIMILAR = 3
    CLOSE = 4
    CONTAINED = 5
    EQUAL = 6


class Birth(IntEnum):
    """How two birth dates compare."""

    UNKNOWN = 0
    DIFFERENT = 1
    YEAR_ALONE = 2
    SLIP = 3
    WITHIN_YEAR = 4
    WITHIN_MONTH = 5
    SAME = 6


NAMES = np.array(
    [
        0.0,  # a name is missing
        -8.0,  # m 1 in 250: an alias; u nearly 1
        4.0,  # m 2 %, u 1 in 800: all parts sound alike, and are spelled very differently
        9.5,  # m 4 %, u 1 in 18,000: a mean similarity from .85
        11.5,  # m 9 %, u 1 in 32,000: a mean similarity from .92, such as one wrong letter
        12.5,  # m 18 %, u 1 in 32,000: a middle name or half of a double name left out
        14.0,  # m 55 %, u 1 in 30,000
    ],
    dtype=np.float32,
)

SINGLE_NAMES = np.array([0.0, -8.0, 2.0, 4.0, 5.0, 5.0, 7.0], dtype=np.float32)
"""The same where one of the two names has a single part: u is some 1 in 150, and a lone part is easily another's."""

BIRTH = np.array(
    [
        0.0,  # a birth date is missing
        -8.0,  # m 1 in 250 beyond slips, u nearly 1
        -1.0,  # m 1.2 %, u 1 in 40: the year alone, where more is known of both
        4.8,  # m 6 %, u 31 in 14,600: day and month swapped, or one digit off
        5.0,  # m nearly 1 where one tells the year only; u 1 in 32
        8.5,  # m nearly 1 where one tells the month only; u 1 in 360
        13.5,  # m 80 %, u 1 in 14,600 days
    ],
    dtype=np.float32,
)

DOCUMENT_SHARED = 16.0  # m 60 %, u 1 in 100,000: numbers are unique, but are mistyped and lent
DOCUMENT_NUMBER_SHARED = 8.0  # the number, with another type or country: wrongly entered, or chance
DOCUMENTS_DIFFER = -2.0  # both tell one type and country: m 25 % (renewed, or a second one), u nearly 1
TOKEN_SHARED = 16.0  # as with a document: another database says so
PHONE_SHARED = 6.0  # m 30 %, u 1 in 200 within a block: households and helpers share telephones
GENDER_DIFFERS = -3.0  # m 6 % (entered wrongly, or changed), u 50 %
CITIZENSHIP_SHARED = 1.5  # m 95 %, u 1 in 3 among people of like names
CITIZENSHIPS_DIFFER = -2.0  # m 8 % (a second one, or a border moved), u 1 in 3
