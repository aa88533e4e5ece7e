"""What a scope allows, what is left of it, and the refusals that say so. Proof: docs/proofs/ledger.md, "Sums"."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from functools import lru_cache

from frostglass.boundary.accountant import SAMPLER_SHARE, SAMPLER_UNITS, accountant, allowance
from frostglass.boundary.accountant import epsilon as tight_epsilon
from frostglass.boundary.ledger.book import Book, ScopeBook
from frostglass.boundary.ledger.entries import Draft
from frostglass.errors import BudgetError, LedgerError, UsageError
from frostglass.terms.budget import EPSILON_LEAST, EPSILON_WITHOUT_REASON, NANO, decimal_text
from frostglass.terms.charge import Charge
from frostglass.terms.guarantee import ScopeSummary

DELTA_WITHOUT_REASON = Fraction(1, 10**5)
_E_FROM_ABOVE = Fraction(68, 25)
_UNITS_IN_ONE = 2**128


def sampler_allowance(epsilon: Fraction, delta: Fraction) -> int:
    """Most units of 2**-128 of total variation that the samplers of a scope may be off, all draws together.

    Noise within total variation ``t`` of the ideal turns (epsilon, d) into (epsilon, d + (1 + e**epsilon) t); the
    share of delta that is set aside pays for the second term. ``e < 2.72`` bounds it from above, exactly.
    """
    return math.floor(delta * SAMPLER_SHARE * _UNITS_IN_ONE / _tail_factor(epsilon))


def least_delta(epsilon: Fraction) -> str:
    """Smallest delta, rounded up to two digits, whose sampler share covers one release of ``SAMPLER_UNITS``."""
    least = Fraction(SAMPLER_UNITS, _UNITS_IN_ONE) / SAMPLER_SHARE * _tail_factor(epsilon)
    rounded = Context(prec=2, rounding=ROUND_CEILING).divide(Decimal(least.numerator), Decimal(least.denominator))
    return f"{rounded.normalize():e}"


def _tail_factor(epsilon: Fraction) -> Fraction:
    """At least ``1 + e**epsilon``, exactly."""
    return 1 + _E_FROM_ABOVE ** math.ceil(epsilon)


@lru_cache(maxsize=256)
def allowed(name: str, epsilon: Fraction, delta: Fraction) -> int:
    """Most nano-rho that the accountant of that name admits within (epsilon, delta)."""
    return allowance(accountant(name), epsilon, delta)


def opening(
    scope: str, *, epsilon: Fraction, delta: Fraction, name: str, reason: str, population: int | None, by: str
) -> Draft:
    """The ``open`` entry: figures that never change afterwards.

    Raises UsageError when a reason is due, and when no release would ever fit.
    """
    if not reason:
        _require_strong(epsilon, delta, population)
    room = sampler_allowance(epsilon, delta)
    if room < SAMPLER_UNITS:
        raise UsageError(
            "FG-OP-066",
            f"a delta of {decimal_text(delta)} is too small for an epsilon of {_short(epsilon)}: the "
            f"samplers' share of it would not cover a single release; take a delta of at least {least_delta(epsilon)}, "
            "or a smaller epsilon",
        )
    return Draft(
        kind="open",
        scope=scope,
        body={
            "epsilon": decimal_text(epsilon),
            "delta": decimal_text(delta),
            "accountant": name,
            "allowance": allowed(name, epsilon, delta),
            "sampler_allowance": room,
            "population": population,
            "reason": reason,
            "by": by,
        },
    )


def _require_strong(epsilon: Fraction, delta: Fraction, population: int | None) -> None:
    """Raise UsageError for a promise so weak that it needs a reason."""
    if epsilon > EPSILON_WITHOUT_REASON:
        raise UsageError(
            "FG-OP-061",
            f"an epsilon above {EPSILON_WITHOUT_REASON} promises little, so it needs a reason, which is stored and "
            "printed in every statement; give one with `reason`",
        )
    most = Fraction(1, 10 * population) if population else DELTA_WITHOUT_REASON
    if delta > most:
        bound = "1 / (10 x the declared population)" if population else "1e-5 with no population declared"
        raise UsageError(
            "FG-OP-061",
            f"a delta above {bound} needs a reason, which is stored and printed in every statement; give one with "
            "`reason`, take a smaller delta, or declare the population",
        )


def scope_of(book: Book, scope: str) -> ScopeBook:
    """The scope of that name. Raises LedgerError with the names that are open."""
    found = book.scopes.get(scope)
    if found is None:
        names = ", ".join(sorted(book.scopes)) or "none yet"
        raise LedgerError(
            "FG-LG-009",
            f"the scope {scope!r} is not open in this ledger (open: {names}); a release never opens one: "
            f"`frostglass ledger open {scope} --epsilon E --delta D --ledger FILE`",
        )
    return found


def require_affordable(book: Book, scope: str, charge: Charge) -> None:
    """Raise BudgetError, with the figures and the ways out, when the scope does not cover a release."""
    found, nano_rho, epsilon = scope_of(book, scope), charge.nano_rho, charge.epsilon
    accounts = accountant(found.accountant)
    if charge.mechanism not in accounts.mechanisms:
        raise BudgetError(
            "FG-BU-003",
            f"the accountant {found.accountant!r} of the scope {scope!r} cannot value the mechanism "
            f"{charge.mechanism!r}, only {', '.join(sorted(accounts.mechanisms))}",
        )
    if nano_rho > allowed(found.accountant, epsilon, found.delta):
        raise BudgetError(
            "FG-BU-004",
            f"a release of {rho(nano_rho)} rho is worth more than the epsilon of {_short(epsilon)} that it claims",
        )
    if not found.covers(nano_rho):
        raise BudgetError("FG-BU-001", _not_covered(scope, found, nano_rho, epsilon))
    if not found.covers_error(charge.sampler_units):
        room = max(found.sampler_allowance - found.sampler_spent, 0)
        raise BudgetError(
            "FG-BU-002",
            f"the part of delta that the scope {scope!r} sets aside for the samplers' table error does not cover this "
            f"release: it needs {charge.sampler_units} units of 2**-128, and {room} are left; a scope with a larger "
            "delta or a smaller epsilon has room for more. Nothing was reserved",
        )


def _not_covered(scope: str, found: ScopeBook, nano_rho: int, epsilon: Fraction) -> str:
    fitting = largest_fitting(found)
    smaller = (
        f"ask for an epsilon of at most {_short(fitting)}, which still fits"
        if fitting
        else "no release of epsilon 0.01 or more fits any longer"
    )
    return (
        f"the scope {scope!r} does not cover this release: it needs {rho(nano_rho)} rho (epsilon {_short(epsilon)}), "
        f"and {rho(found.left)} of {rho(found.allowance)} rho are left. Spent so far: {rho(found.spent)} rho by "
        f"{found.releases} {'release' if found.releases == 1 else 'releases'}, in all epsilon "
        f"{tight(found):.13g} at delta {decimal_text(found.delta)} of the {_short(found.epsilon)} allowed. "
        f"Options: {smaller}; or the people who answer for these data decide on a new allowance, which is a new "
        "promise to the same people. Nothing was reserved"
    )


def largest_fitting(found: ScopeBook) -> Fraction | None:
    """Largest epsilon in whole hundredths whose release the scope still covers; ``None`` below 0.01."""
    accounts = accountant(found.accountant)
    cents = min(math.floor(100 * tight_epsilon(accounts, found.left, found.delta)) + 1, math.ceil(100 * found.epsilon))
    while cents >= 1 and allowed(found.accountant, Fraction(cents, 100), found.delta) > found.left:
        cents -= 1
    return Fraction(cents, 100) if Fraction(cents, 100) >= EPSILON_LEAST else None


def tight(found: ScopeBook) -> float:
    """What the accountant makes of everything spent, at the scope's delta, rounded up."""
    return tight_epsilon(accountant(found.accountant), found.spent, found.delta)


def rho(nano_rho: int) -> str:
    """Nano-rho as an exact decimal number of rho."""
    return f"{nano_rho // NANO}.{nano_rho % NANO:09d}"


def _short(epsilon: Fraction) -> str:
    return f"{float(epsilon):g}"


def summary(book: Book, scope: str) -> ScopeSummary:
    """Where the scope stands, in public figures."""
    found = scope_of(book, scope)
    population = found.opened.body["population"]
    assert population is None or isinstance(population, int)
    return ScopeSummary(
        ledger_id=book.ledger_id,
        scope=scope,
        accountant=found.accountant,
        epsilon=found.epsilon,
        delta=found.delta,
        population=population,
        reason=found.opened.text("reason"),
        allowance=found.allowance,
        spent=found.spent,
        releases=found.releases,
        plain_epsilon=found.plain_epsilon,
        plain_delta=found.releases * found.delta,
        tight_epsilon=tight(found),
        non_private=tuple(found.non_private),
        seq=book.last.seq,
        head=book.last.hash,
    )
