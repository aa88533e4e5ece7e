"""What the tests of the ledger share: a scope of small figures and the steps of a release in one line each."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from frostglass.boundary.accountant import ROUNDED_GAUSSIAN, accountant, allowance
from frostglass.boundary.ledger.home import settle
from frostglass.boundary.ledger.ledger import KnownRelease, Ledger, Reservation
from frostglass.terms.charge import Charge
from frostglass.terms.unit import PrivacyUnit

SCOPE = "people"
EPSILON, DELTA = Fraction(2), Fraction(1, 10**6)
SMALL = Fraction(1, 2)
PLAN, OTHER_PLAN, STAGED, MANIFEST = "a" * 64, "d" * 64, "b" * 64, "c" * 64


PERSON = PrivacyUnit("person")


def cost(epsilon: Fraction = SMALL) -> int:
    """What a release of ``epsilon`` costs, in nano-rho."""
    return allowance(accountant("gdp"), epsilon, DELTA)


def new_ledger(path: Path) -> Ledger:
    """A ledger file with one open scope of epsilon 2."""
    ledger = Ledger.create(path)
    ledger.open_scope(SCOPE, epsilon=EPSILON, delta=DELTA, by="ada")
    return ledger


def in_memory() -> Ledger:
    """An ephemeral ledger with the same scope."""
    return Ledger.ephemeral(epsilon=EPSILON, delta=DELTA, scope=SCOPE)


def charge(
    epsilon: Fraction = SMALL,
    *,
    nano_rho: int | None = None,
    mechanism: str = ROUNDED_GAUSSIAN,
    sampler_units: int = 1000,
    unit: PrivacyUnit = PERSON,
) -> Charge:
    """What a release of ``epsilon`` costs."""
    return Charge(cost(epsilon) if nano_rho is None else nano_rho, epsilon, mechanism, sampler_units, unit)


def reserve(
    ledger: Ledger,
    release_id: str,
    epsilon: Fraction = SMALL,
    *,
    plan: str = PLAN,
    by: str = "ada",
    sampler_units: int = 1000,
    mechanism: str = ROUNDED_GAUSSIAN,
    unit: PrivacyUnit = PERSON,
    nano_rho: int | None = None,
) -> Reservation:
    """Reserve for a release of ``epsilon``."""
    asked = charge(epsilon, nano_rho=nano_rho, mechanism=mechanism, sampler_units=sampler_units, unit=unit)
    return ledger.reserve(SCOPE, release_id, plan, asked, by=by)


def draw(ledger: Ledger, release_id: str, epsilon: Fraction = SMALL) -> Reservation:
    """Reserve, and begin to draw."""
    reservation = reserve(ledger, release_id, epsilon)
    ledger.begin_draw(reservation)
    return reservation


def sealed(ledger: Ledger, release_id: str, epsilon: Fraction = SMALL) -> KnownRelease:
    """A whole release up to its seal, and what its bundle would say."""
    reservation = draw(ledger, release_id, epsilon)
    entry = ledger.commit(reservation, staged_sha256=STAGED)
    ledger.seal(release_id, manifest_sha256=MANIFEST)
    summary = ledger.scope(SCOPE)
    return KnownRelease(
        ledger_id=ledger.ledger_id,
        scope=SCOPE,
        release_id=release_id,
        seq=entry.seq,
        head=entry.hash,
        nano_rho=cost(epsilon),
        epsilon=epsilon,
        delta=DELTA,
        sampler_units=1000,
        on=entry.at[:10],
        reserve_seq=reservation.seq,
        scope_spent=summary.spent,
        scope_plain_epsilon=summary.plain_epsilon,
        scope_releases=summary.releases,
        unit="person",
        keyed=False,
    )


def approved(ledger: Ledger, release_id: str) -> None:
    """Two people approve what was sealed."""
    for person in ("ada", "bea"):
        ledger.approve(release_id, manifest_sha256=MANIFEST, by=person, note="looked at all of it")


def published(ledger: Ledger, release_id: str) -> KnownRelease:
    """A whole release that two people have approved and that is out."""
    known = sealed(ledger, release_id)
    approved(ledger, release_id)
    ledger.publish(release_id, manifest_sha256=MANIFEST, to="the website", by="ada")
    return known


def days_later(ledger: Ledger, days: int) -> Ledger:
    """The ledger with a clock that is so many days ahead."""
    ledger._clock = lambda: datetime.now(UTC) + timedelta(days=days)
    return ledger


def spent(ledger: Ledger) -> int:
    """Nano-rho spent in the scope."""
    return ledger.scope(SCOPE).spent


def witness_of(path: Path) -> Path:
    """The witness beside a ledger."""
    return path.with_name(f"{path.name}.witness")


def put_back(copy: Path, path: Path) -> None:
    """Replace a ledger by a copy of its file, as somebody who restores a backup by hand."""
    path.write_bytes(copy.read_bytes())


def at_home(path: Path) -> Path:
    """A copy that stands for the ledger itself, as it is after a crash or a power cut on its own disk."""
    settle(path, Ledger.inspect(path).ledger_id)
    return path


def tamper(path: Path, *statements: str) -> None:
    """Change a ledger behind its back, with its triggers taken away and put back."""
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()
