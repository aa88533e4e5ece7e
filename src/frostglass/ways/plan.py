"""What a release will be able to say, and what it costs, from the plan alone. Opens no data and spends nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist
from typing import Literal

from frostglass import codebooks
from frostglass.boundary import accountant as accounting
from frostglass.boundary.accountant import SAMPLER_UNITS, Accountant
from frostglass.boundary.ledger.money import sampler_allowance
from frostglass.bundle.read import Bundle
from frostglass.errors import UsageError
from frostglass.released.counts_size import CountsSize, counts_size
from frostglass.released.estimate import Estimate
from frostglass.released.least_squares import foresee as foresee_estimate
from frostglass.released.likeness import Likeness, Worth, likeness
from frostglass.released.ranges import MISS
from frostglass.released.tabulation import least_stated, typical, typical_error
from frostglass.terms.arguments import optional_path, whole
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.budget import Number, decimal_text, parse_delta, parse_epsilon
from frostglass.terms.codebook import Codebook
from frostglass.terms.guarantee import ScopeSummary
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.terms.workload import CELL_BUDGET
from frostglass.verification.examination import Examined
from frostglass.ways.benchmark_curves import Stated, Withheld, nearest_curves, nearest_errors, usual_share
from frostglass.ways.pricing import price

REACH = NormalDist().inv_cdf(1 - MISS / 2)
"""Half-widths of intervals, in standard deviations."""

SURE = 0.95
TOLD = REACH + NormalDist().inv_cdf(SURE)
"""A group of so many standard deviations is told from none, its interval lying above zero, in 95 of 100 releases.

So it is where every whole of the group is well above it, as is usual: the ends of a whole cut those of its parts.
"""

EPSILONS = (Fraction(1, 2), Fraction(1), Fraction(2), Fraction(4), Fraction(8), Fraction(12))
"""Shown beside the wanted epsilon, unless others are asked for."""

MOST_EPSILONS = 12
MOST_EXPECTED = 10**9

PEOPLE = (1, 10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000)
SHARES = (Fraction(1, 100), Fraction(5, 100), Fraction(25, 100))
"""Sizes of the groups that are shown, and their shares of the expected number of records."""

LARGEST_UNKNOWN = 5_000
"""Largest of these groups where no number of records is expected."""

Statement = Literal["always", "stated", "either", "withheld"]
"""What becomes of a count: ``either`` is less than a factor of two from tau."""


@dataclass(frozen=True)
class LengthForesight:
    """What combinations of one length will get: number of tables and cells, and the width of what can be said.

    ``measured`` is how many of the tables are measured whatever the data say. ``noise_sd`` is their typical noise.
    ``sd`` and ``half_width`` (of the 95% interval) are least, middle and most over these tables, in records; empty for
    lengths that are read from the records instead of measured. ``told_from`` is the smallest group that the middle
    table tells from none in 95 of 100 releases; None for such lengths.
    """

    length: int
    tables: int
    cells: int
    measured: int
    noise_sd: float | None
    sd: tuple[float, ...]
    half_width: tuple[float, ...]
    told_from: int | None

    @property
    def middle(self) -> float | None:
        """Half-width of the middle table, in records."""
        return self.half_width[1] if self.half_width else None


@dataclass(frozen=True)
class GroupForesight:
    """What a combination of ``length`` that ``people`` have will get, by the middle table of that length.

    ``share`` is theirs of the expected number of records, for groups that were named by it. ``half_width`` is in
    records and ``relative`` by people; ``told`` is the chance that the interval lies above zero. ``usual_error`` is how
    far off a stated count of this size usually was on the benchmark tables, in records. All of them are None where
    nothing can be said.
    """

    length: int
    people: int
    share: float | None
    count: Statement
    half_width: float | None
    relative: float | None
    told: float | None
    usual_error: float | None


@dataclass(frozen=True)
class Foresight:
    """``error`` is the typical sd of the longest estimates, which the rule for tau follows.

    ``candidates`` and ``chosen_cells``: among how many triples is chosen, and how many cells those may have; or 0.
    ``withholding`` holds, for other tau, what noise of this size fabricated and lost on the benchmark tables, and
    ``stating`` how far off it stated there. ``like`` has a row a length, where an earlier release is at hand.
    ``affords`` is how many such releases the scope has left, where one is named. ``counts`` is how large counts.csv can
    become, for the expected number of records if there is one.
    """

    epsilon: Fraction
    rows: tuple[LengthForesight, ...]
    groups: tuple[GroupForesight, ...]
    tau: int
    error: float
    nano_rho: int
    candidates: int
    chosen_cells: int
    withholding: tuple[Withheld, ...]
    stating: tuple[Stated, ...]
    estimate: Estimate = field(repr=False)
    counts: CountsSize
    like: tuple[Likeness, ...] = ()
    affords: int | None = None

    @property
    def at_tau(self) -> tuple[Withheld, ...]:
        """The points of the benchmark's curves whose tau is nearest to this one, from below where both are as near."""
        curves: dict[tuple[str, int], list[Withheld]] = {}
        for each in self.withholding:
            curves.setdefault((each.table, each.length), []).append(each)
        return tuple(min(curve, key=lambda each: abs(each.tau - self.tau)) for curve in curves.values())

    def as_json(self) -> dict[str, object]:
        """All figures as plain JSON values."""
        return {
            "epsilon": decimal_text(self.epsilon),
            "nano_rho": self.nano_rho,
            "tau": self.tau,
            "candidates": self.candidates,
            "chosen_cells": self.chosen_cells,
            "lengths": [vars(row) for row in self.rows],
            "groups": [vars(group) for group in self.groups],
            "withholding_on_benchmark_tables": [{"table": each.table, **vars(each)} for each in self.withholding],
            "errors_on_benchmark_tables": [{"table": each.table, **vars(each)} for each in self.stating],
            "like": [_like_json(each) for each in self.like],
            "affords": self.affords,
            "counts_csv": {"most_rows": self.counts.rows, "bytes": self.counts.bytes},
        }


def _like_json(like: Likeness) -> dict[str, object]:
    relative = None if like.relative_sd is None else REACH * like.relative_sd
    return {**vars(like), "withheld": like.withheld, "relative_half_width": relative}


@dataclass(frozen=True)
class Earlier:
    """An earlier release of the same variables: its name, its records, and the released number of them."""

    release_id: str
    total: int
    examined: Examined = field(repr=False)


@dataclass(frozen=True)
class Outlook:
    """The release that is planned, as ``wanted``, among those that differ from it in epsilon alone.

    ``range`` ascends by epsilon and holds the wanted one too. ``refused`` are epsilons at which the plan would be
    refused, with the reason. ``expect`` is the number of records that groups are compared with; it is a guess, or the
    ``earlier`` release's. ``scope`` is where the scope stands now.
    """

    plan: Plan
    accountant: str
    delta: Fraction
    wanted: Foresight
    range: tuple[Foresight, ...]
    refused: tuple[tuple[Fraction, str], ...]
    expect: int | None
    earlier: Earlier | None
    scope: ScopeSummary | None

    @property
    def left(self) -> int | None:
        """Nano-rho that the scope has left before the release; None without a scope."""
        return None if self.scope is None else self.scope.allowance - self.scope.spent

    @property
    def as_earlier(self) -> bool:
        """Whether as many records are expected as the earlier release has."""
        return self.earlier is not None and self.expect == self.earlier.total

    def as_json(self) -> dict[str, object]:
        """All figures as plain JSON values; those of the wanted release stand at the top."""
        return {
            "plan": self.plan.as_json(),
            "sha256": self.plan.sha256,
            "accountant": self.accountant,
            "delta": decimal_text(self.delta),
            "expect": self.expect,
            "earlier_release": None if self.earlier is None else self.earlier.release_id,
            **self.wanted.as_json(),
            "epsilons": [each.as_json() for each in self.range],
            "refused": [{"epsilon": decimal_text(each), "reason": reason} for each, reason in self.refused],
            "scope": self._scope_json(),
        }

    def _scope_json(self) -> dict[str, object] | None:
        if self.scope is None or self.left is None:
            return None
        after = self.left - self.wanted.nano_rho
        return {
            "scope": self.scope.scope,
            "nano_rho_left": self.left,
            "nano_rho_left_after": after if self.wanted.affords else None,
            "affords": self.wanted.affords,
        }


def foresee(
    codebook: Codebook | str | Path,
    *,
    epsilon: Number,
    delta: Number,
    length: int = 3,
    expect: int | None = None,
    epsilons: Sequence[Number] = EPSILONS,
    like: str | Path | None = None,
    tau: int | None = None,
    cells: int = CELL_BUDGET,
    max_records: int = 1,
    person_key: str | None = None,
    accountant: str = "gdp",
) -> Outlook:
    """What a release will be able to say, per length and group size, and other epsilons beside it.

    ``expect`` is a public guess of the number of records, and ``like`` the folder of an earlier release of the same
    variables. Opens no data and spends nothing.
    """
    book = codebook if isinstance(codebook, Codebook) else codebooks.load(codebook)
    plan = Plan(
        codebook_id=book.id,
        codebook_sha256=book.sha256,
        epsilon=parse_epsilon(epsilon),
        unit=PrivacyUnit(book.unit, max_records, person_key),
        length=length,
        tau=tau,
        cells=cells,
    )
    place = optional_path(like, "the earlier release (like)")
    earlier = None if place is None else earlier_release(place, book)
    chosen = accounting.accountant(accountant)
    return outlook(book, plan, chosen, parse_delta(delta), expect=expect, epsilons=epsilons, earlier=earlier)


def outlook(
    codebook: Codebook,
    plan: Plan,
    accountant: Accountant,
    delta: Fraction,
    *,
    expect: int | None = None,
    epsilons: Sequence[Number] = EPSILONS,
    earlier: Earlier | None = None,
    scope: ScopeSummary | None = None,
) -> Outlook:
    """The wanted release beside others. UsageError when it cannot be carried out; others are left out with a reason."""
    if earlier is not None and expect is None and earlier.total:
        expect = earlier.total
    chosen = expected_groups(expect)
    wanted = foresight(codebook, plan, accountant, delta, groups=chosen, expect=expect)
    found, refused = [wanted], []
    for epsilon in sorted(set(map(parse_epsilon, _few(epsilons))) - {plan.epsilon}):
        try:
            found.append(
                foresight(codebook, replace(plan, epsilon=epsilon), accountant, delta, groups=chosen, expect=expect)
            )
        except UsageError as error:
            refused.append((epsilon, str(error)))
    if earlier is not None:
        found = _liken(found, earlier, expect)
    if scope is not None:
        found = [replace(each, affords=_affordable(scope, each.nano_rho)) for each in found]
    return Outlook(
        plan=plan,
        accountant=accountant.name,
        delta=delta,
        wanted=found[0],
        range=tuple(sorted(found, key=lambda each: each.epsilon)),
        refused=tuple(refused),
        expect=expect,
        earlier=earlier,
        scope=scope,
    )


def foresight(
    codebook: Codebook,
    plan: Plan,
    accountant: Accountant,
    delta: Fraction,
    *,
    groups: Sequence[tuple[int, float | None]] = (),
    expect: int | None = None,
) -> Foresight:
    """Errors by length and group, tau, and the cost in nano-rho. Opens no data and spends nothing.

    ``groups`` are numbers of people, each with its share of the expected number if it was named by that; ``expect`` is
    how many records are expected.
    """
    priced = price(codebook, plan, accountant, delta)
    codebook = priced.codebook
    sd = {each: priced.noise.sd(sigma) for each, sigma in priced.sigmas.items()}
    estimate = foresee_estimate(codebook.domain, sd)
    error = typical_error(estimate, plan.length)
    lengths = range(1, min(plan.length, len(codebook.domain)) + 1)
    rows = tuple(_foresight_of(codebook, estimate, length, sd) for length in lengths)
    tau, stating = plan.tau or least_stated(error), nearest_errors(error, lengths)
    return Foresight(
        epsilon=plan.epsilon,
        rows=rows,
        groups=tuple(_group(row, people, share, tau, stating) for people, share in groups for row in rows),
        tau=tau,
        error=error,
        nano_rho=priced.charge.nano_rho,
        candidates=len(priced.workload.candidates),
        chosen_cells=priced.workload.chosen_cells,
        withholding=nearest_curves(error, [length for length in lengths if length > 1]),
        stating=stating,
        estimate=estimate,
        counts=counts_size(codebook.domain, length=plan.length, tau=tau, records=expect),
    )


def _foresight_of(
    codebook: Codebook, estimate: Estimate, length: int, noise: Mapping[AttributeSet, float]
) -> LengthForesight:
    domain = codebook.domain
    measured = {each: sd for each, sd in noise.items() if len(each) == length}
    errors = sorted(estimate.sd(each) for each in measured)
    spread = (errors[0], errors[len(errors) // 2], errors[-1]) if errors else ()
    return LengthForesight(
        length=length,
        tables=domain.number_of_sets(length),
        cells=domain.cells_of_length(length),
        measured=len(measured),
        noise_sd=typical(list(measured.values())) if measured else None,
        sd=spread,
        half_width=tuple(REACH * each for each in spread),
        told_from=math.ceil(TOLD * spread[1]) if spread else None,
    )


def expected_groups(expect: int | None) -> tuple[tuple[int, float | None], ...]:
    """Sizes of groups, ascending, each with its share where it was named by that.

    UsageError FG-OP-047 for a number of records that none can be.
    """
    if expect is None:
        return tuple((people, None) for people in PEOPLE if people <= LARGEST_UNKNOWN)
    rule = f"the expected number of records (`expect`) is a whole number from 1 to {MOST_EXPECTED:,}"
    expect = whole(expect, 1, MOST_EXPECTED, "FG-OP-047", rule)
    named = (max(1, round(share * expect)) for share in SHARES)
    by_share = {people: people / expect for people in named}
    round_ones = (people for people in PEOPLE if people < expect and not any(_near(people, each) for each in by_share))
    sizes = sorted({*round_ones, *by_share})
    return tuple((people, by_share.get(people)) for people in sizes)


def _near(people: int, others: int) -> bool:
    return 10 * abs(people - others) < people


def _group(
    row: LengthForesight, people: int, share: float | None, tau: int, stating: Sequence[Stated]
) -> GroupForesight:
    count = _statement(row.length, people, tau)
    usual = None if count == "withheld" else usual_share(stating, row.length, people)
    if row.middle is None:
        return GroupForesight(row.length, people, share, count, None, None, None, None)
    return GroupForesight(
        length=row.length,
        people=people,
        share=share,
        count=count,
        half_width=row.middle,
        relative=row.middle / people,
        told=NormalDist().cdf(people / row.sd[1] - REACH),
        usual_error=None if usual is None else usual * row.middle,
    )


def _statement(length: int, people: int, tau: int) -> Statement:
    if length == 1:
        return "always"
    if people >= 2 * tau:
        return "stated"
    return "either" if 2 * people > tau else "withheld"


def _few(epsilons: Sequence[Number]) -> tuple[Number, ...]:
    """The epsilons, if they are not too many. UsageError FG-OP-046."""
    few = tuple(epsilons) if isinstance(epsilons, Iterable) and not isinstance(epsilons, str) else ()
    if not 1 <= len(few) <= MOST_EPSILONS:
        raise UsageError("FG-OP-046", f"compare with 1 to {MOST_EPSILONS} epsilons, such as .5,1,2,4,8,12 (`epsilons`)")
    return few


def earlier_release(path: str | Path, codebook: Codebook) -> Earlier:
    """The bundle at ``path``, if it is of these variables and its signature and hashes are right.

    UsageError FG-OP-048 when it is of another codebook; BundleError when it is not whole. Its records are not
    recomputed: `frostglass verify` does that.
    """
    examined = Examined(Bundle.open(path).path)
    for check in (examined.check_manifest, examined.check_signature, examined.check_hashes):
        check()
    ours, theirs = codebook.with_missing_everywhere(), examined.codebook.with_missing_everywhere()
    if ours.id != theirs.id or ours.domain != theirs.domain:
        raise UsageError(
            "FG-OP-048",
            f"the earlier release (`like`) is not of codebook {codebook.id} with the same variables and values, so it "
            "says nothing of this plan; leave it out, or name a release of the same variables",
        )
    return Earlier(examined.manifest.release_id, examined.manifest.total, examined)


def _liken(found: Sequence[Foresight], earlier: Earlier, expect: int | None) -> list[Foresight]:
    """Each with what it would have stated of the earlier release's records, scaled to the expected number."""
    records = earlier.examined.records
    scale = Fraction(expect, earlier.total) if expect and earlier.total else Fraction(1)
    worths = [Worth(each.estimate, each.tau) for each in found]
    lengths = [row.length for row in found[0].rows]
    by_length = [likeness(records, worths, length, scale=scale) for length in lengths]
    return [replace(each, like=rows) for each, rows in zip(found, zip(*by_length, strict=True), strict=True)]


def _affordable(scope: ScopeSummary, nano_rho: int) -> int:
    """How many releases of that cost the scope has left, by its allowance and by its samplers' share of delta."""
    sampled = sampler_allowance(scope.epsilon, scope.delta) // SAMPLER_UNITS - scope.releases
    return max(0, min((scope.allowance - scope.spent) // nano_rho, sampled))
