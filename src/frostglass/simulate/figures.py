"""What the fictitious coded table is drawn from: rounded shares, written down by hand.

The public file of December 2022 was the model for the shares; none of its rows was used, and none can be
found here. A share is a weight in percent: the weights of one line need not add up to 100.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | None
"""A code as the codebook writes it; ``None`` is missing."""

BANDS = ("2005-2013", "2014-2018", "2019", "2020", "2021-2022")
REGIONS = ("Africa", "Americas/Oceania", "Asia", "Europe")
CITIZENSHIPS = (
    *REGIONS,
    "Africa;Americas/Oceania",
    "Africa;Asia",
    "Americas/Oceania;Asia",
    "Americas/Oceania;Europe",
    "Asia;Europe",
)
AGE_PAIRS = ("0--29;30--38", "0--29;39--47", "30--38;39--47", "30--38;48+", "39--47;48+")
AGES = ("0--29", "30--38", "39--47", "48+", *AGE_PAIRS)
YES: tuple[Value, ...] = ("1", None)

FAMILY, FRIEND, STRANGER = "FamilyIntimatePartner", "FriendAcquaintance", "StrangerUnknownOther"


@dataclass(frozen=True, slots=True)
class Tilt:
    """Where ``parent`` holds one of ``holds``, each value in ``towards`` weighs ``factor`` times as much."""

    parent: str
    holds: tuple[Value, ...]
    towards: tuple[Value, ...]
    factor: float


@dataclass(frozen=True, slots=True)
class Draw:
    """A variable and how its value comes about.

    ``shares`` gives, for each value of the variable ``given``, the weights of ``values``; without ``given``
    there is one line, under ``None``. ``tilts`` bring in further parents, each on its own.
    """

    name: str
    values: tuple[Value, ...]
    given: str | None
    shares: Mapping[Value, tuple[float, ...]]
    tilts: tuple[Tilt, ...] = ()


VICTIM = (
    Draw("yearRegister", BANDS, None, {None: (14.4, 35.8, 13.7, 11.4, 24.7)}),
    Draw(
        "UN_COO_Region",
        REGIONS,
        "yearRegister",
        {
            "2005-2013": (5, 4.5, 48.5, 42),
            "2014-2018": (15, 1, 41, 43),
            "2019": (39, 1, 26, 34),
            "2020": (28, 1, 42, 29),
            "2021-2022": (62, 1, 20, 17),
        },
    ),
    Draw(
        "gender",
        ("Female", "Male"),
        "UN_COO_Region",
        {"Africa": (72, 28), "Americas/Oceania": (80, 20), "Asia": (52, 48), "Europe": (41, 59)},
    ),
    Draw(
        "majorityStatus",
        ("Adult", "Minor"),
        "UN_COO_Region",
        {"Africa": (94.5, 5.5), "Americas/Oceania": (86, 14), "Asia": (90, 10), "Europe": (98, 2)},
        (
            Tilt("gender", ("Male",), ("Minor",), 1.3),
            Tilt("yearRegister", ("2005-2013",), ("Minor",), 1.5),
        ),
    ),
    Draw(
        "isSexualExploit",
        YES,
        "gender",
        {"Female": (27, 73), "Male": (1.5, 98.5)},
        (
            Tilt("yearRegister", ("2005-2013", "2019"), ("1",), 1.7),
            Tilt("yearRegister", ("2020", "2021-2022"), ("1",), 0.75),
        ),
    ),
    Draw(
        "isForcedLabour",
        YES,
        "isSexualExploit",
        {"1": (12, 88), None: (81, 19)},
        (
            Tilt("yearRegister", ("2014-2018",), ("1",), 1.5),
            Tilt("yearRegister", ("2021-2022",), ("1",), 0.6),
            Tilt("gender", ("Male",), ("1",), 1.15),
        ),
    ),
    Draw(
        "UN_COE_Region",
        REGIONS,
        "UN_COO_Region",
        {
            "Africa": (79, 0.3, 18, 2.7),
            "Americas/Oceania": (2, 60, 10, 28),
            "Asia": (1.5, 0.5, 80, 18),
            "Europe": (1, 0.5, 9, 89.5),
        },
        (Tilt("isSexualExploit", ("1",), ("Europe",), 1.4),),
    ),
)
"""What is known about the victim, in the order in which it is drawn."""

ACCOUNT = (
    Draw(
        "IP_Gender",
        ("Female", "Female;Male", "Male"),
        "gender",
        {"Female": (37, 18, 45), "Male": (6, 10, 84)},
        (
            Tilt("UN_COO_Region", ("Africa",), ("Female",), 1.4),
            Tilt("UN_COO_Region", ("Europe",), ("Female",), 0.5),
            Tilt("yearRegister", ("2005-2013", "2014-2018"), ("Female;Male",), 1.6),
            Tilt("yearRegister", ("2021-2022",), ("Female;Male",), 0.35),
        ),
    ),
    Draw(
        "IP_citizen_UNRegion",
        CITIZENSHIPS,
        "UN_COO_Region",
        {
            "Africa": (87, 0.1, 5, 0.5, 0.1, 7, 0, 0, 0.3),
            "Americas/Oceania": (2, 88, 4, 3, 0.5, 0, 2, 0.5, 0),
            "Asia": (0.5, 0.1, 92, 2.5, 0, 0.9, 0.1, 0, 4),
            "Europe": (0.2, 0.1, 2, 94.5, 0, 0, 0, 0.1, 3),
        },
        (
            Tilt("UN_COE_Region", ("Asia",), ("Africa;Asia", "Asia"), 2.5),
            Tilt("UN_COE_Region", ("Europe",), ("Europe", "Asia;Europe"), 2),
        ),
    ),
    Draw(
        "IP_Relation",
        (FAMILY, FRIEND, STRANGER, f"{FAMILY};{FRIEND}", f"{FAMILY};{STRANGER}", f"{FRIEND};{STRANGER}"),
        "UN_COO_Region",
        {
            "Africa": (8, 30, 60, 0.1, 0.7, 1.2),
            "Americas/Oceania": (8, 50, 40, 0.1, 0.7, 1.2),
            "Asia": (7, 43, 46, 0.1, 0.6, 3.3),
            "Europe": (4, 21, 68, 0.1, 0.4, 6.5),
        },
        (
            Tilt("yearRegister", ("2005-2013",), (FAMILY, f"{FAMILY};{FRIEND}", f"{FAMILY};{STRANGER}"), 0),
            Tilt("gender", ("Male",), (FAMILY, f"{FAMILY};{STRANGER}"), 0.5),
            Tilt("gender", ("Female",), (FAMILY,), 1.4),
            Tilt("majorityStatus", ("Minor",), (FAMILY,), 4),
        ),
    ),
    Draw(
        "IP_ageBroad",
        AGES,
        "gender",
        {
            "Female": (10, 38, 39, 11, 0.3, 0.6, 0.7, 0.1, 0.2),
            "Male": (9, 37, 42, 11, 0.2, 0.5, 0.5, 0.1, 0.2),
        },
        (
            Tilt("IP_Relation", (FAMILY,), ("39--47", "48+"), 1.6),
            Tilt("IP_Relation", (FRIEND,), ("0--29",), 1.5),
            Tilt("majorityStatus", ("Minor",), ("0--29",), 1.5),
        ),
    ),
    Draw(
        "IP_PayMoney",
        ("No", "No;Yes", "Yes"),
        "UN_COO_Region",
        {
            "Africa": (61, 7.5, 31.5),
            "Americas/Oceania": (85, 3, 12),
            "Asia": (82, 3, 15),
            "Europe": (74, 8.5, 17.5),
        },
        (
            Tilt("yearRegister", ("2021-2022",), ("Yes",), 1.2),
            Tilt("yearRegister", ("2005-2013",), ("Yes", "No;Yes"), 0.4),
            Tilt("majorityStatus", ("Minor",), ("Yes", "No;Yes"), 0.2),
            Tilt("IP_Relation", (FAMILY,), ("Yes", "No;Yes"), 0.3),
        ),
    ),
)
"""What the victim could tell about the perpetrators, in the order in which it is drawn."""


def _recorded(name: str, shares: tuple[float, float, float, float, float], *tilts: Tilt) -> Draw:
    """Whether ``name`` was recorded, by year band: each form asked for more than the one before."""
    by_band: dict[Value, tuple[float, ...]] = {
        band: (share, 100 - share) for band, share in zip(BANDS, shares, strict=True)
    }
    return Draw(name, YES, "yearRegister", by_band, tilts)


RECORDED = (
    _recorded("IP_Gender", (68, 81, 76, 70, 68)),
    _recorded("IP_ageBroad", (1, 4, 16, 20, 27), Tilt("UN_COO_Region", ("Europe",), ("1",), 0.7)),
    _recorded("IP_citizen_UNRegion", (63, 68, 66, 66, 68)),
    _recorded("IP_Relation", (23, 77, 77, 76, 74)),
    _recorded("IP_PayMoney", (29, 80, 76, 76, 78)),
    _recorded(
        "IP_RecruiterBroker",
        (59, 66, 60, 54, 40),
        Tilt("IP_Relation", (FRIEND,), ("1",), 1.5),
        Tilt("IP_Relation", (STRANGER,), ("1",), 0.85),
    ),
    _recorded(
        "IP_TransactionProcess",
        (23, 25, 43, 43, 45),
        Tilt("IP_PayMoney", ("Yes", "No;Yes"), ("1",), 1.7),
        Tilt("IP_PayMoney", ("No",), ("1",), 0.85),
    ),
    _recorded(
        "IP_ControlAbuseKidnap",
        (1, 3, 16, 12, 16),
        Tilt("UN_COO_Region", ("Asia",), ("1",), 0.4),
        Tilt("isSexualExploit", ("1",), ("1",), 1.5),
    ),
    _recorded(
        "IP_Exploiter",
        (50, 60, 46, 35, 23),
        Tilt("UN_COO_Region", ("Europe",), ("1",), 1.15),
        Tilt("majorityStatus", ("Minor",), ("1",), 1.2),
    ),
)
"""Whether each part of the account was recorded; for the four roles this is the value itself."""

TOGETHER = 0.6
"""Share of the parts of one account that are recorded or not for one common reason: how much was told."""

UNRECORDED = {"gender": 0.005, "majorityStatus": 0.005, "UN_COO_Region": 0.005, "UN_COE_Region": 0.022}
"""Share of cases in which a fact about the victim did not reach the table."""

COLUMNS = (
    "yearRegister",
    "gender",
    "majorityStatus",
    "isForcedLabour",
    "isSexualExploit",
    "UN_COO_Region",
    "UN_COE_Region",
    "IP_Exploiter",
    "IP_Gender",
    "IP_ageBroad",
    "IP_citizen_UNRegion",
    "IP_Relation",
    "IP_PayMoney",
    "IP_RecruiterBroker",
    "IP_TransactionProcess",
    "IP_ControlAbuseKidnap",
)
"""Columns in the order of the codebook."""
