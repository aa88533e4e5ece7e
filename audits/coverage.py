"""Coverage: how often the intervals of a release hold the true count, and how wide they are.

Over all declared combinations of a table, released or not, by their length, by their true count and by variable. The
intervals need no records, so most releases end with least squares; a few are made to their end, for the counts that
they release. Nothing here is secret but the real tables: all figures are about the method.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache
from itertools import combinations
from pathlib import Path
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy import stats

from audits.coverage_tables import BUCKETS, Ground, bucket_names, buckets, ground, names
from audits.epsilon.answering import Terms, measured, noise_times
from audits.epsilon.bounds import least_mean
from audits.figures import Figure, Size
from frostglass.released.estimate import Estimate
from frostglass.released.intervals import Intervals
from frostglass.released.measurement import Measurement
from frostglass.released.ranges import MISS, TINY, whole
from frostglass.synthesis.strategy import strategy
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.plan import Plan
from frostglass.terms.workload import CELL_BUDGET
from frostglass.ways.build import build
from frostglass.ways.pricing import check_plan

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BAR, VARIABLE_BAR, BUCKET_BAR = 0.93, 0.90, 0.88
"""Least coverage of a length, of a variable and of a size of count, each of ``ENOUGH`` combinations or more.

95% are promised of a length. Of rare combinations fewer are held, since the lower end of any whole may cut theirs.
"""

ENOUGH = 50

FALSE_ALARM = 1e-8
"""Chance that one figure of right intervals is below the bar of a short run, which is set by it."""

EPSILONS = ("0.5", "1", "4", "12")

SHORT_RELEASES = 120
"""Of a small table: what many releases of it show is worth more than what few of a large one do."""

WIDE_RELEASES = 5
"""Of a wide table: it has some millions of combinations."""

_REACH = 2 * NormalDist().inv_cdf(1 - MISS / 2)
_CHUNK = 25


@dataclass(frozen=True)
class Trial:
    """So many ``releases`` of one plan of one table.

    In the first ``beyond`` of them lengths that are not measured are looked at too; the first ``made`` are made to
    their end; of the first ``squared`` the squared errors are taken. ``factor`` times the noise is a fault.
    """

    table: str
    folder: Path | None
    seed: int
    epsilon: str
    releases: int
    length: int = 3
    lengths: tuple[int, ...] = (1, 2, 3)
    cells: int = CELL_BUDGET
    beyond: int = 0
    made: int = 0
    squared: int = 0
    factor: Fraction = Fraction(1)

    def chunks(self) -> Iterable[Trial]:
        """The same in parts."""
        for begin in range(0, self.releases, _CHUNK):
            yield replace(
                self,
                releases=min(_CHUNK, self.releases - begin),
                beyond=_within(self.beyond, begin),
                made=_within(self.made, begin),
                squared=_within(self.squared, begin),
            )


def _within(first: int, begin: int) -> int:
    return min(max(first - begin, 0), _CHUNK)


@dataclass(frozen=True)
class Seen:
    """Sums over releases. Arrays have one line a set of variables and one column a bucket of true counts.

    ``cells`` counts intervals, ``held`` those that hold the truth, ``width`` adds up their widths, ``uncut`` those of
    the closed form before anything is cut, and ``raw`` those of the noisy counts of the same tables. ``astray`` counts
    those that are empty, or reach above the interval of the same combination with one value less.
    """

    sets: tuple[AttributeSet, ...]
    releases: int
    cells: Ints
    held: Ints
    width: Floats
    uncut: Floats
    raw: Floats
    astray: Ints

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            self.sets,
            self.releases + other.releases,
            self.cells + other.cells,
            self.held + other.held,
            self.width + other.width,
            self.uncut + other.uncut,
            self.raw + other.raw,
            self.astray + other.astray,
        )

    def share(self, lines: slice | npt.NDArray[np.bool_] = slice(None), columns: slice = slice(None)) -> float:
        """Coverage of these sets and buckets."""
        return float(self.held[lines, columns].sum() / self.cells[lines, columns].sum())

    def by_bucket(self) -> dict[str, tuple[float, bool]]:
        """Coverage of each bucket that occurs, and whether it has enough combinations for a bar."""
        found = {}
        for place, name in enumerate(bucket_names()):
            at = slice(place, place + 1)
            if self.cells[:, at].any():
                found[name] = self.share(columns=at), int(self.cells[:, at].sum()) >= ENOUGH * self.releases
        return found

    def by_variable(self) -> dict[str, tuple[float, bool]]:
        """Coverage of the combinations that have a value of each variable, and whether they are enough for a bar."""
        found = {}
        for name in sorted({name for each in self.sets for name in each}):
            lines = np.array([name in each for each in self.sets])
            found[name] = self.share(lines), int(self.cells[lines].sum()) >= ENOUGH * self.releases
        return found

    def mean(self, of: Floats) -> float:
        """Mean of summed widths over all intervals, in records."""
        return float(of.sum() / self.cells.sum())


@dataclass(frozen=True)
class Found:
    """What one trial saw: by length, over all declared combinations and over the counts that were released.

    ``squares`` are squared errors of the parts of the estimate in units of their variance, ``free`` their number.
    """

    trial: Trial
    shape: str
    declared: Mapping[int, Seen]
    released: Mapping[int, Seen]
    squares: float = 0.0
    free: int = 0

    def __add__(self, other: Found) -> Found:
        trial = replace(self.trial, releases=self.trial.releases + other.trial.releases)
        declared = _sum(self.declared, other.declared)
        released = _sum(self.released, other.released)
        return Found(trial, self.shape, declared, released, self.squares + other.squares, self.free + other.free)


def _sum(one: Mapping[int, Seen], other: Mapping[int, Seen]) -> dict[int, Seen]:
    total = dict(one)
    for length, seen in other.items():
        total[length] = total[length] + seen if length in total else seen
    return total


def audit(size: Size) -> list[Figure]:
    cores = size.of(1, os.cpu_count() or 1)
    found = run(trials(size), cores)
    figures = [figure for each in found for figure in coverage_figures(each, whole_size=size.whole)]
    figures += [nesting_figure(each) for each in found if each.declared]
    figures += [squares_figure(each) for each in found if each.free]
    figures += [released_figure(each) for each in found if each.released]
    return [*figures, control(size)]


def trials(size: Size) -> list[Trial]:
    """Both tables at every epsilon; then tables of four that are measured, triples that are chosen, a wide table."""
    if not size.whole:
        small = Trial("small", None, size.seed, "1", SHORT_RELEASES)
        return [small, Trial("cases", None, size.seed, "1", 1, lengths=(), squared=1)]
    cases, wide = names(size.folder)
    usual = Trial(cases, size.folder, size.seed, "1", 200, lengths=(1, 2, 3, 4), beyond=20, made=10, squared=20)
    both = [replace(usual, table=table, epsilon=epsilon) for table in (cases, wide) for epsilon in EPSILONS]
    few = replace(usual, releases=20, lengths=(2, 3, 4), made=0, squared=0)
    return [
        *both,
        *(replace(few, length=4, epsilon=epsilon) for epsilon in EPSILONS),
        *(replace(few, lengths=(2, 3), cells=20_000, epsilon=epsilon) for epsilon in ("1", "12")),
        *(Trial("wide", None, size.seed, epsilon, WIDE_RELEASES) for epsilon in EPSILONS),
    ]


def run(wanted: Sequence[Trial], processes: int) -> list[Found]:
    """Each trial, in parts that run side by side."""
    parts = [(place, part) for place, trial in enumerate(wanted) for part in trial.chunks()]
    if processes == 1:
        done = [watch(part) for _, part in parts]
    else:
        with multiprocessing.get_context("forkserver").Pool(processes) as pool:
            done = []
            for seen in pool.imap(watch, [part for _, part in parts]):
                done.append(seen)
                print(f"{len(done)} of {len(parts)} parts", file=sys.stderr, flush=True)
    found: dict[int, Found] = {}
    for (place, _), seen in zip(parts, done, strict=True):
        found[place] = found[place] + seen if place in found else seen
    return [found[place] for place in range(len(wanted))]


@lru_cache(maxsize=2)
def _ground(name: str, folder: Path | None, seed: int) -> Ground:
    return ground(name, folder, seed)


def watch(trial: Trial) -> Found:
    """Release so often, and see where the truth lies."""
    on = _ground(trial.table, trial.folder, trial.seed)
    domain = on.codebook.domain
    terms = Terms(domain, on.unit, Fraction(trial.epsilon), trial.length, trial.cells)
    asking = strategy("measure-and-fit")
    found = Found(trial, on.shape, {}, {})
    for number in range(trial.releases):
        with noise_times(trial.factor):
            measurements = measured(on.table, terms)
        if trial.factor != 1:  # the fault is that nobody knows of it
            measurements = tuple(replace(each, sd=each.sd / float(trial.factor)) for each in measurements)
        estimate = asking.estimate(domain, measurements)
        raw = {each.attributes: each.sd for each in measurements}
        seen = {
            length: _declared(on, estimate, raw, length)
            for length in trial.lengths
            if length <= 3 or length == trial.length or number < trial.beyond
        }
        made = _released(on, trial, measurements, estimate, raw) if number < trial.made else {}
        squares, free = _squares(on, measurements) if number < trial.squared else (0.0, 0)
        once = Found(replace(trial, releases=1), on.shape, seen, made, squares, free)
        found = once if number == 0 else found + once
    return found


def _declared(on: Ground, estimate: Estimate, raw: Mapping[AttributeSet, float], length: int) -> Seen:
    intervals, lines = Intervals(estimate), []
    everywhere = cache(intervals.everywhere)  # of the wholes, which many combinations share
    sets = tuple(on.codebook.domain.sets_of_length(length))
    for each in sets:
        low, high, sd = intervals.everywhere(each)
        astray = low > high
        for part in map(AttributeSet, combinations(each.names, length - 1) if length > 1 else ()):
            axis = on.codebook.domain.axes(each).index(
                *{*on.codebook.domain.axes(each)} - {*on.codebook.domain.axes(part)}
            )
            least, most, _ = everywhere(part)
            astray |= (low > np.expand_dims(least, axis) + TINY) | (high > np.expand_dims(most, axis) + TINY)
        lines.append(_line(on.truth(each), *whole(low, high), sd, raw.get(each, np.nan), astray))
    return _seen(sets, lines)


def _released(
    on: Ground,
    trial: Trial,
    measurements: tuple[Measurement, ...],
    estimate: Estimate,
    raw: Mapping[AttributeSet, float],
) -> dict[int, Seen]:
    """The counts that a release of these measurements states, as they stand in its table."""
    plan = Plan(
        on.codebook.id,
        on.codebook.sha256,
        Fraction(trial.epsilon),
        on.unit,
        length=trial.length,
        cells=trial.cells,
        structural=on.structural,
    )
    asking, clauses = check_plan(on.codebook, plan)
    _, counts = build(asking, on.codebook, clauses, measurements, plan=plan, seed=trial.seed)
    found: dict[int, Seen] = {}
    for length in range(1, trial.length + 1):
        sets, lines = [], []
        for block in counts.blocks:
            if len(block.attributes) == length:
                truth = on.truth(block.attributes)[tuple(block.positions[block.released].T)]
                low, high = block.low[block.released], block.high[block.released]
                sd = estimate.sd(block.attributes) if estimate.covers(block.attributes) else np.nan
                sets.append(block.attributes)
                lines.append(_line(truth, low, high, sd, raw.get(block.attributes, np.nan)))
        found[length] = _seen(tuple(sets), lines)
    return found


def _line(
    truth: Ints, low: Ints, high: Ints, sd: float, raw: float, astray: npt.NDArray[np.bool_] | None = None
) -> tuple[Floats, ...]:
    """Of one table, by bucket: intervals, those that hold, three sums of widths, and those that are astray."""
    at = buckets(truth).ravel()

    def by_bucket(of: npt.NDArray[np.bool_] | Ints | None) -> Floats:
        weights = None if of is None else of.ravel()
        return np.bincount(at, weights=weights, minlength=len(BUCKETS)).astype(np.float64)

    cells = by_bucket(None)
    return (
        cells,
        by_bucket((low <= truth) & (truth <= high)),
        by_bucket(high - low),
        cells * _REACH * sd,
        cells * _REACH * raw,
        by_bucket(np.zeros_like(truth, dtype=np.bool_) if astray is None else astray),
    )


def _seen(sets: tuple[AttributeSet, ...], lines: Sequence[tuple[Floats, ...]]) -> Seen:
    cells, held, width, uncut, raw, astray = (np.array(column) for column in zip(*lines, strict=True))
    return Seen(
        sets, 1, cells.astype(np.int64), held.astype(np.int64), width, uncut, raw, astray=astray.astype(np.int64)
    )


def _squares(on: Ground, measurements: tuple[Measurement, ...]) -> tuple[float, int]:
    """Of the noise alone: least squares is linear, so its estimate is the error of the whole one."""
    noise = [replace(each, answer=each.answer - on.truth(each.attributes)) for each in measurements]
    domain = on.codebook.domain
    residuals = strategy("measure-and-fit").estimate(domain, noise).residuals
    squares = sum(float(np.square(each.table).sum()) / each.variance for each in residuals.values())
    return squares, sum(int(np.prod([size - 1 for size in domain.shape(each)])) for each in residuals)


def coverage_figures(found: Found, *, whole_size: bool) -> list[Figure]:
    """One of each length."""
    return [coverage_figure(found, length, whole_size=whole_size) for length in found.declared]


def coverage_figure(found: Found, length: int, *, whole_size: bool) -> Figure:
    """Bars of the whole audit are the targets; those of a short run are what right intervals stay above by chance."""
    seen = found.declared[length]
    by_chance = least_mean(1 - MISS, seen.releases, FALSE_ALARM)
    bar, variable_bar, bucket_bar = (BAR, VARIABLE_BAR, BUCKET_BAR) if whole_size else (by_chance,) * 3
    by_bucket, by_variable = seen.by_bucket(), seen.by_variable()
    ok = (
        seen.share() >= bar
        and all(share >= bucket_bar for share, enough in by_bucket.values() if enough or not whole_size)
        and all(share >= variable_bar for share, enough in by_variable.values() if enough or not whole_size)
    )
    least, enough = min(by_variable.values())
    shown = ", ".join(f"{name} {share:.1%}{'' if enough else '*'}" for name, (share, enough) in by_bucket.items())
    return Figure(
        f"Intervals of all declared combinations of {length} hold the true count: {_about(found, seen.releases)}",
        f"at least {bar:.0%}; of each variable {variable_bar:.0%}; by true count {bucket_bar:.0%} (*: of fewer than "
        f"{ENOUGH} combinations, no bar)",
        f"{seen.share():.1%}; by true count {shown}; least of a variable {least:.1%}{'' if enough else '*'}; "
        f"{_widths(seen)}",
        ok=ok,
    )


def _about(found: Found, releases: int) -> str:
    trial = found.trial
    how = ", all tables of 4 measured" if trial.length == 4 else ""
    how += ", triples chosen" if trial.cells != CELL_BUDGET else ""
    return f"{found.shape}, epsilon {trial.epsilon}{how}; {releases} release{'s' if releases != 1 else ''}"


def _widths(seen: Seen) -> str:
    measured_too = "" if np.isnan(seen.raw).any() else f", of a raw noisy count {seen.mean(seen.raw):.1f}"
    uncut = "" if np.isnan(seen.uncut).any() else f" ({seen.mean(seen.uncut):.1f} before cuts)"
    return f"mean width {seen.mean(seen.width):.1f}{uncut}{measured_too}"


def nesting_figure(found: Found) -> Figure:
    """The rule has it so for any answers; here it is counted."""
    astray = sum(int(seen.astray.sum()) for seen in found.declared.values())
    cells = sum(int(seen.cells.sum()) for seen in found.declared.values())
    return Figure(
        f"No interval is empty, or reaches above that of the same combination with a value less: "
        f"{_about(found, found.trial.releases)}",
        "none",
        f"{astray:,} of {cells:,}",
        ok=astray == 0,
    )


def squares_figure(found: Found) -> Figure:
    """Errors of right size and no bias: their squares add up to a chi-squared of known freedom."""
    low, high = stats.chi2.ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2], found.free) / found.free
    reached = found.squares / found.free
    return Figure(
        f"Squared errors of the estimates in units of their stated variance: {_about(found, found.trial.releases)}",
        f"between {low:.4f} and {high:.4f} on the mean",
        f"{reached:.4f}",
        ok=bool(low <= reached <= high),
    )


def released_figure(found: Found) -> Figure:
    """Of the counts that a release states alone, without a bar: which they are depends on the noise."""
    shown = [
        f"of {length}: {seen.share():.1%}, mean width {seen.mean(seen.width):.1f}"
        for length, seen in found.released.items()
        if seen.cells.any()
    ]
    releases = max(seen.releases for seen in found.released.values())
    return Figure(
        f"Intervals of the released counts alone hold the true count: {_about(found, releases)}",
        "no bar",
        "; ".join(shown),
        ok=True,
    )


def control(size: Size) -> Figure:
    """Three times the noise that is stated must be noticed: half of the counts above zero are then held."""
    trial = Trial("small", None, size.seed, "1", SHORT_RELEASES, lengths=(3,), factor=Fraction(3))
    found = run([trial], 1)[0]
    figure = coverage_figure(found, 3, whole_size=size.whole)
    return Figure(
        f"Control: three times the noise that is stated is noticed: {_about(found, SHORT_RELEASES)}",
        f"below {figure.target.removeprefix('at least ').partition(',')[0]}",
        f"{found.declared[3].share():.1%}",
        ok=not figure.ok,
    )
