"""Attacks on releases of one plan: what they get right, beside what the guarantee allows and what they get right where
nothing protects.

They are those of the review, on shadow releases. Each private row must reach down to its bound; each attack must
succeed on the control, or it proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from audits.epsilon.answering import DELTA
from audits.figures import Figure, Size
from benchmarks import tables
from frostglass import codebooks
from frostglass.boundary import accountant as accounting
from frostglass.review.attacks.attacking import attack
from frostglass.review.attacks.limit import limit
from frostglass.review.attacks.report import Row, percent
from frostglass.review.attacks.trials import Effort
from frostglass.sensitive.coding.check import encode
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.sensitive.coding.intake import read
from frostglass.simulate.coded import coded_table
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Sensitive
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways.pricing import guarantee
from frostglass.ways.shadows import BareReleases, ShadowReleases

WIDER = 2.5
"""The gate is so many times further from a figure than the end of its 95% interval: five sd and not two.

The strongest attacks come as near their bound as can be, and there are dozens of rows: of right ones, some of the 95%
intervals lie above.
"""

_RECORDS, _SHORT_RECORDS = 21_195, 500
_EPSILONS = ("1", "4", "12")

_SHORT_LENGTH = 2
"""Pairs have a fifth of the tables that triples have, and the short form has seconds."""

_SHORT = Effort(targets=15, counted=10, fitted=8, tenths=1, halves=1, people=40, predicates=40)
_WHOLE = Effort(targets=50, counted=100, fitted=16, tenths=3, halves=2, people=250, predicates=300)


_LEAST_GUESS, _LEAST_EXCESS = 0.8, 0.05
"""What an attack must get right on the control: of guesses from even chances, and more than about those not in it."""


@dataclass(frozen=True)
class Ground:
    """A table to attack; ``structural`` says whether its records keep the codebook's rules."""

    codebook: Codebook
    table: Sensitive[CodedTable]
    structural: bool
    shape: str


def audit(size: Size) -> list[Figure]:
    ground = _ground(size)
    found = {epsilon: rows(ground, Fraction(epsilon), size) for epsilon in (_EPSILONS if size.whole else ("4",))}
    shown = next(iter(found.values()))
    return [
        *(private(epsilon, group, ground.shape) for epsilon, all_rows in found.items() for group in _groups(all_rows)),
        *(succeeds(group, ground.shape) for group in _groups(shown)),
    ]


def rows(ground: Ground, epsilon: Fraction, size: Size) -> tuple[Row, ...]:
    """All rows of one review, the control included."""
    book = ground.codebook
    length = size.of(_SHORT_LENGTH, 3)
    plan = Plan(book.id, book.sha256, epsilon, PrivacyUnit(book.unit), length, structural=ground.structural)
    gdp = accounting.accountant("gdp")
    nano_rho = accounting.allowance(gdp, epsilon, DELTA)
    promise = guarantee(plan, plan.workload(book.domain), DELTA, gdp, accounting.ROUNDED_GAUSSIAN, nano_rho)
    shadows = ShadowReleases(book, plan, promise)
    return attack(
        ground.table,
        shadows,
        BareReleases(shadows),
        limit=limit(promise),
        generator=np.random.default_rng(size.seed),
        effort=_WHOLE if size.whole else _SHORT,
        sensitive=[each.name for each in book.variables if each.role == "sensitive"],
    ).rows


def private(epsilon: str, group: Sequence[Row], shape: str) -> Figure:
    """One attack on shadows: what the guarantee bounds must reach down to the bound, further than by chance."""
    bounds = list(dict.fromkeys(percent(each.bound) for each in _told(group) if each.bound is not None))
    return Figure(
        f"Epsilon {epsilon}, {group[0].attack}: {shape}",
        f"at most {' and '.join(bounds)}" if bounds else "beside those who are not in it; the guarantee has no bound",
        "; ".join(map(_reached, _told(group))),
        all(within(each) for each in group),
    )


def within(row: Row) -> bool:
    """Whether the success, less five sd, is allowed; anything is where the guarantee says nothing."""
    return row.bound_high is None or row.success - WIDER * (row.success - row.low) <= row.bound_high


def succeeds(group: Sequence[Row], shape: str) -> Figure:
    """The same attack on the table itself."""
    told = [each for each in _told(group) if each.trials]
    what = f"Control, without protection, {group[0].attack}: {shape}"
    figures = "; ".join(f"{each.target} {percent(each.control)}{_beside(each, each.control_baseline)}" for each in told)
    if group[0].attack.startswith("membership") and "sure" not in group[0].attack:
        return Figure(
            what, f"above {percent(_LEAST_GUESS)}", figures, all(each.control > _LEAST_GUESS for each in told)
        )
    return Figure(
        what,
        f"more than {percent(_LEAST_EXCESS)} above those who are not in the data",
        figures,
        all(each.control > each.control_baseline + _LEAST_EXCESS for each in told),
    )


def _ground(size: Size) -> Ground:
    folder: Path | None = size.folder
    if size.whole and folder and tables.vp(folder).data.exists():
        held = tables.vp(folder)
        codes, book = held.truth, held.codebook
        table = Sensitive(CodedTable.of(book.domain, codes), "coded table")
        return Ground(book, table, held.structural, _shape(len(codes), book))
    book, records = codebooks.load("ctdc-vp-1"), size.of(_SHORT_RECORDS, _RECORDS)
    table = encode(read(coded_table(records, 7)), book, unit=PrivacyUnit(book.unit))
    return Ground(book, table, True, f"{_shape(records, book)}, simulated")


def _shape(records: int, book: Codebook) -> str:
    return f"{records:,} records of {len(book.domain)} variables"


def _groups(all_rows: Iterable[Row]) -> list[list[Row]]:
    """The rows of each attack."""
    found: dict[str, list[Row]] = {}
    for each in all_rows:
        found.setdefault(each.attack, []).append(each)
    return list(found.values())


def _told(group: Sequence[Row]) -> list[Row]:
    """Of the attribute attack the two rows over all variables: a figure for each would be a page."""
    return list(group[:2]) if group[0].attack == "attribute" else list(group)


def _reached(row: Row) -> str:
    if not row.trials:
        return f"{row.target}: none to try"
    return f"{row.target} {percent(row.success)} [{percent(row.low)}, {percent(row.high)}]{_beside(row, row.baseline)}"


def _beside(row: Row, baseline: float) -> str:
    """What the same attack gets right about people who are not in the data, where that is not even chances."""
    return "" if row.baseline == 0.5 and row.baseline_low == 0.5 else f" (not in it {percent(baseline)})"
