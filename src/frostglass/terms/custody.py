"""Which side of the glass a value is on, as a type."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, NoReturn, Protocol, TypeVar, runtime_checkable

from frostglass.terms.attribute_set import AttributeSet

T_co = TypeVar("T_co", covariant=True)


class Sensitive(Generic[T_co]):
    """A value from the clear side. It prints as withheld, has no length, no iteration, no pickle and no copy.

    ``reveal`` is the one way to the value; the few places that call it are listed in tests/test_custody.py.
    """

    __slots__ = ("_value", "_what")

    def __init__(self, value: T_co, what: str) -> None:
        """Wrap ``value``; ``what`` is a public word for its kind, such as "coded table"."""
        self._value = value
        self._what = what

    def reveal(self) -> T_co:
        """Return the value itself. For the clear side and the glass only."""
        return self._value

    def __repr__(self) -> str:
        return f"<{self._what}: withheld>"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bool__(self) -> NoReturn:
        raise TypeError(f"the {self._what} is withheld: it has no truth value")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"the {self._what} is withheld: it cannot be copied or pickled")


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that one answer was paid for: a part of one reservation in one ledger.

    ``rho`` is the exact cost of the answer, ``sigma`` the noise parameter in records, ``sensitivity`` the most
    records that one unit may move. ``sealable`` is false where the noise was scripted or the ledger ephemeral.
    """

    ledger_id: str
    scope: str
    release_id: str
    seq: int
    head: str
    number: int
    attributes: AttributeSet
    mechanism: str
    sigma: Fraction
    sensitivity: int
    rho: Fraction
    sealable: bool


@runtime_checkable
class Released(Protocol):
    """A value that has crossed the glass, or was computed from such values alone: it can show its receipts."""

    @property
    def receipts(self) -> tuple[Receipt, ...]: ...
