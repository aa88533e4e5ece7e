"""What each source system asks for, and so what it can hold of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from frostglass.simulate.chance import Uniform, one_of
from frostglass.simulate.figures import Value

RECRUITER, TRANSACTION = "IP_RecruiterBroker", "IP_TransactionProcess"
CONTROL, EXPLOITER = "IP_ControlAbuseKidnap", "IP_Exploiter"
RELATION, GENDER, AGE = "IP_Relation", "IP_Gender", "IP_ageBroad"
CITIZENSHIP, PAID = "IP_citizen_UNRegion", "IP_PayMoney"

FLAGS = (RECRUITER, TRANSACTION, EXPLOITER, CONTROL)
SETS = (RELATION, GENDER, AGE, CITIZENSHIP, PAID)
ACCOUNT = (*FLAGS, *SETS)
"""The nine variables on perpetrators."""

Row = dict[str, Value]
"""One case of the coded table, by variable; what it holds at the end is the truth."""


@dataclass(frozen=True, slots=True)
class Form:
    """A source system. ``map_id`` is the import map that reads it.

    ``roles`` are the role codes that it asks for, by the flag that they count for, and ``holds`` the other variables on
    perpetrators. Those in ``once`` are asked once a case, not once a person. Where it has ``blocks`` there is one
    person a role. ``precise`` systems record whole dates.
    """

    map_id: str
    system: str
    most_persons: int
    roles: Mapping[str, tuple[str, ...]]
    holds: frozenset[str]
    once: frozenset[str] = frozenset()
    unpublished_roles: tuple[str, ...] = ()
    blocks: bool = False
    precise: bool = True
    several_citizenships: bool = True
    states_age: bool = True
    consent: bool = True


_OTHERS = ("TravellingPartner", "Other")

LEGACY = Form(
    "legacy-flat",
    "legacy",
    3,
    {RECRUITER: ("RecruiterOrIntermediary",), TRANSACTION: ("Transporter",), EXPLOITER: ("Exploiter",)},
    frozenset((RELATION, GENDER, CITIZENSHIP)),
    blocks=True,
    precise=False,
    several_citizenships=False,
    consent=False,
)

WEBFORM_OLD = Form(
    "webform-old",
    "mimosa_old",
    3,
    {
        RECRUITER: ("RecruiterOrIntermediary", "BrokerTravelAgent"),
        TRANSACTION: ("Transporter",),
        EXPLOITER: ("Exploiter",),
    },
    frozenset((RELATION, GENDER, CITIZENSHIP, PAID)),
    once=frozenset((PAID,)),
    unpublished_roles=_OTHERS,
)

_ALL_ROLES = {
    RECRUITER: ("RecruiterOrIntermediary", "BrokerTravelAgent"),
    TRANSACTION: (
        "Transporter",
        "HarbouredIndividual",
        "TransferredIndividual",
        "Smuggler",
        "SoldIndividual",
        "BoughtIndividual",
        "ReceivedIndividual",
    ),
    CONTROL: ("ControlledIndividual", "Abuser", "Kidnapper"),
    EXPLOITER: ("Exploiter",),
}

WEBFORM_NEW = Form("webform-new", "mimosa_new", 6, _ALL_ROLES, frozenset(SETS), unpublished_roles=_OTHERS)

HTCDS = Form(
    "htcds-2",
    "other:htcds",
    1,
    _ALL_ROLES,
    frozenset((RELATION,)),
    once=frozenset((RELATION,)),
    unpublished_roles=_OTHERS,
    several_citizenships=False,
    states_age=False,
)

FORMS = (LEGACY, WEBFORM_OLD, WEBFORM_NEW, HTCDS)

_SHARE_HTCDS = 0.08


def form_of(year: int, u: Uniform) -> Form:
    """The system in which somebody was registered in ``year``."""
    if year <= 2011:
        return LEGACY
    if year <= 2018:
        return WEBFORM_OLD
    return HTCDS if u() < _SHARE_HTCDS else WEBFORM_NEW


def atoms_of(value: Value) -> tuple[str, ...]:
    """The values that a set joins."""
    return tuple(value.split(";")) if value else ()


def fit(row: Row, form: Form, u: Uniform) -> None:
    """Leave of ``row`` what ``form`` can hold. If nothing is left of the perpetrators, give them a role that it asks
    for; and as many roles as there must be persons, where there is one person a role."""
    for name in FLAGS:
        if name not in form.roles:
            row[name] = None
    for name in SETS:
        if name not in form.holds:
            row[name] = None
        elif name in form.once and row[name]:
            row[name] = one_of(atoms_of(row[name]), u)
    while _roles(row) < _roles_needed(row, form):
        row[one_of(tuple(form.roles), u)] = "1"


def _roles(row: Row) -> int:
    return sum(row[name] is not None for name in FLAGS)


def _roles_needed(row: Row, form: Form) -> int:
    if form.blocks:
        return max(1, *(len(atoms_of(row[name])) for name in SETS))
    tells = any(row[name] for name in SETS if name not in form.once or name == RELATION)
    return 0 if tells else 1
