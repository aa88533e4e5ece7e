"""Amounts of privacy loss, exact, with the ranges in which they make sense."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from frostglass.errors import UsageError
from frostglass.terms.arguments import index

NANO = 10**9
"""Nano-units in one rho: the currency of the ledger is the integer number of nano-rho."""

EPSILON_LEAST, EPSILON_MOST = Fraction(1, 100), Fraction(20)
EPSILON_WITHOUT_REASON = Fraction(5)
DELTA_LEAST, DELTA_MOST = Fraction(1, 10**12), Fraction(1, 1000)

Number = str | int | float | Decimal | Fraction
"""How an amount may be handed over. A float is what it prints as."""

_MOST_WHOLE = 10**100
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,9})?")
"""An amount in letters: the digits 0 to 9 of ASCII, without blanks and underscores."""


def _exact(value: Number, what: str, code: str) -> Fraction:
    if isinstance(value, Fraction):
        return value
    written = _written(value)
    if not _DECIMAL.fullmatch(written):
        raise UsageError(code, f'{what} must be a finite decimal number with a point, such as 0.5 or "0.5"')
    number = Decimal(written)
    if abs(number.adjusted()) > 100:
        raise UsageError(code, f"{what} is out of any sensible range")
    return Fraction(number)


def _written(value: object) -> str:
    """The amount as text; text that is no amount for what is none, such as a truth value."""
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, (str, Decimal)):
        return str(value)
    number = index(value)
    return "" if number is None or abs(number) > _MOST_WHOLE else str(number)


def parse_epsilon(amount: Number) -> Fraction:
    """Epsilon as an exact fraction; refused outside 0.01 to 20."""
    epsilon = _exact(amount, "epsilon", "FG-OP-001")
    if not EPSILON_LEAST <= epsilon <= EPSILON_MOST:
        raise UsageError(
            "FG-OP-001",
            "epsilon must lie between 0.01 and 20: below, nothing but noise is left; above, little is promised",
        )
    if (epsilon * NANO).denominator != 1:
        raise UsageError("FG-OP-001", "epsilon has at most 9 decimals")
    return epsilon


def parse_delta(amount: Number) -> Fraction:
    """Delta as an exact fraction; refused outside 1e-12 to 1e-3."""
    delta = _exact(amount, "delta", "FG-OP-002")
    if not DELTA_LEAST <= delta <= DELTA_MOST:
        raise UsageError(
            "FG-OP-002",
            "delta must lie between 1e-12 and 1e-3; take at most 1 / (10 x the number of people who may be in the "
            "data), as a public round figure and never from the exact count",
        )
    if (delta * NANO**2).denominator != 1:
        raise UsageError("FG-OP-002", "delta has at most 18 decimals")
    return delta


def decimal_text(value: Fraction) -> str:
    """Shortest exact decimal of a fraction that came from one, for people and for JSON."""
    number = Decimal(value.numerator) / Decimal(value.denominator)
    if Fraction(number) != value:
        raise ValueError("not a short decimal")
    plain = format(number.normalize(), "f")
    return plain if len(plain) <= 7 else f"{number.normalize():e}"
