"""The samplers: exact masses, right ties, no seed, and wrong scales refused."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from mpmath import mp, mpf
from scipy import stats
from scipy.special import log_ndtr

from frostglass.boundary.accountant import accountant
from frostglass.boundary.noise import rounded_gaussian as module
from frostglass.boundary.noise.discrete_gaussian import DiscreteGaussian
from frostglass.boundary.noise.rounded_gaussian import (
    CumulativeTable,
    NoiseSource,
    RoundedGaussian,
    cumulative_table,
    tails_by_erfc,
    tails_by_summing,
    values_from_bits,
)
from frostglass.errors import GlassError
from frostglass.terms.budget import NANO

SIGMAS = [Fraction(1, 3), Fraction(3, 2), Fraction(7), Fraction(41, 3), Fraction(103)]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
FALSE_ALARM = 1e-7
"""Chance that a goodness-of-fit test refuses a right sampler; two tests run for each of two sources and four scales."""


def masses(table: CumulativeTable) -> dict[int, Fraction]:
    """Exact probability of every value, as the table has it."""
    edges = [0, *table.thresholds, 1 << 128]
    return {table.least + i: Fraction(b - a, 1 << 128) for i, (a, b) in enumerate(pairwise(edges))}


@pytest.mark.parametrize("sigma", SIGMAS)
def test_the_table_is_the_rounded_normal_to_double_precision(sigma: Fraction) -> None:
    """Against SciPy's log of the normal distribution, in both tails down to 1e-38."""
    table = cumulative_table(sigma)
    for i, threshold in enumerate(table.thresholds):
        value = table.least + i
        below = math.log(threshold) - 128 * math.log(2)
        expected = log_ndtr((value + 0.5) / float(sigma))
        assert below == pytest.approx(expected, rel=1e-10, abs=0.7 / threshold + 1e-13)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_the_table_is_exactly_symmetric_and_complete(sigma: Fraction) -> None:
    table = cumulative_table(sigma)
    chance = masses(table)
    assert sum(chance.values()) == 1
    assert all(chance[value] == chance[-value] for value in chance)
    assert list(table.thresholds) == sorted(table.thresholds)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_the_tables_tails_beyond_it_weigh_less_than_their_bound(sigma: Fraction) -> None:
    table = cumulative_table(sigma)
    beyond = 2 * math.exp(log_ndtr((table.least - 0.5) / float(sigma)))
    assert beyond * 2.0**128 < 2 < table.error


def test_inversion_takes_the_value_whose_interval_holds_the_bits() -> None:
    """On both sides of every threshold, where the upper halves tie and the lower ones decide."""
    table = cumulative_table(Fraction(3, 2))
    for i, threshold in enumerate(table.thresholds):
        words = np.array([threshold - 1, threshold], dtype=object)
        bits = b"".join(
            int(word >> 64).to_bytes(8, "little") + int(word % 2**64).to_bytes(8, "little") for word in words
        )
        assert values_from_bits(table, bits).tolist() == [table.least + i, table.least + i + 1]


def test_inversion_covers_the_ends() -> None:
    table = cumulative_table(Fraction(3, 2))
    assert values_from_bits(table, bytes(16) + b"\xff" * 16).tolist() == [table.least, -table.least]


@pytest.mark.parametrize("sigma", SIGMAS)
def test_the_stated_sd_is_that_of_the_masses(sigma: Fraction) -> None:
    variance = sum(value**2 * chance for value, chance in masses(cumulative_table(sigma)).items())
    assert RoundedGaussian().sd(sigma) == pytest.approx(math.sqrt(variance), rel=1e-12)
    if sigma > 1:
        assert RoundedGaussian().sd(sigma) ** 2 == pytest.approx(float(sigma**2) + 1 / 12, rel=1e-6)


@pytest.mark.parametrize("sigma", [Fraction(1, 2), Fraction(2), Fraction(9)])
@pytest.mark.parametrize("target", [Fraction(1, 2), Fraction(2)])
def test_the_masses_themselves_keep_what_the_accountant_promises(sigma: Fraction, target: Fraction) -> None:
    """Exact hockey-stick divergence of neighbouring outputs, from the table's own integers.

    What it exceeds the promise by is at most the table's error, once for one world and exp(epsilon) times for the
    other: what the ledger charges to delta.
    """
    chance = masses(cumulative_table(sigma))
    bound = Fraction(str(math.exp(target))) * (1 - Fraction(1, 10**12))
    shifted = sum(max(Fraction(0), p - bound * chance.get(value - 1, Fraction(0))) for value, p in chance.items())
    nano_rho = math.ceil(NANO / (2 * sigma**2))
    promised = accountant("gdp").delta(nano_rho, target)
    charged = (1 + math.exp(target)) * cumulative_table(sigma).error * 2.0**-128
    assert float(shifted) <= float(promised) * (1 + 1e-9) + charged
    assert float(shifted) > 0


def refused(
    values: Ints,
    cumulative: Callable[[Ints], Floats],
) -> bool:
    """Chi-squared over about 40 bins of equal chance, at the stated false-alarm rate."""
    spread = values.std()
    edges = np.unique(np.rint(spread * stats.norm.ppf(np.linspace(0.025, 0.975, 39)))).astype(np.int64)
    chance = np.diff(np.concatenate([[0.0], cumulative(edges), [1.0]]))
    seen = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return bool(stats.chisquare(seen, chance * len(values)).pvalue < FALSE_ALARM)


def rounded_cdf(
    sigma: float,
) -> Callable[[Ints], Floats]:
    return lambda k: np.asarray(stats.norm.cdf((k + 0.5) / sigma))


def discrete_cdf(
    sigma: float,
) -> Callable[[Ints], Floats]:
    values = np.arange(-40 * math.ceil(sigma), 40 * math.ceil(sigma) + 1)
    mass = np.exp(-0.5 * (values / sigma) ** 2)
    total = np.cumsum(mass / mass.sum())
    return lambda k: np.asarray(total[k + 40 * math.ceil(sigma)])


@pytest.mark.parametrize("sigma", [Fraction(1), Fraction(3), Fraction(10), Fraction(103)])
def test_draws_fit_the_rounded_normal_and_no_other(sigma: Fraction) -> None:
    values = RoundedGaussian().draw(sigma, 60_000)
    assert not refused(values, rounded_cdf(float(sigma)))
    assert refused(values, rounded_cdf(float(sigma) * 1.05))
    assert refused(values, rounded_cdf(float(sigma) / 1.05))


@pytest.mark.parametrize("sigma", [Fraction(1), Fraction(3), Fraction(10)])
def test_opendps_draws_fit_the_discrete_gaussian_and_no_other(sigma: Fraction) -> None:
    values = DiscreteGaussian().draw(sigma, 30_000)
    assert not refused(values, discrete_cdf(float(sigma)))
    assert refused(values, discrete_cdf(float(sigma) * 1.08))
    assert refused(values, discrete_cdf(float(sigma) / 1.08))


def test_the_two_backends_agree_where_their_laws_do() -> None:
    """At sigma 10 the laws differ by less than 1e-3 in sd, far below what 30,000 draws can tell."""
    assert not refused(DiscreteGaussian().draw(Fraction(10), 30_000), rounded_cdf(math.sqrt(100 - 1 / 12)))
    assert not refused(RoundedGaussian().draw(Fraction(10), 30_000), discrete_cdf(math.sqrt(100 + 1 / 12)))


def test_opendps_stated_sd_is_that_of_the_masses() -> None:
    for sigma in (Fraction(1, 2), Fraction(1), Fraction(25, 2)):
        k = np.arange(-500, 501)
        mass = np.exp(-0.5 * (k / float(sigma)) ** 2)
        assert DiscreteGaussian().sd(sigma) == pytest.approx(math.sqrt((k**2 * mass).sum() / mass.sum()), rel=1e-12)


def test_opendp_sees_no_scale_that_it_cannot_hold() -> None:
    with pytest.raises(GlassError, match="FG-GL-010"):
        DiscreteGaussian().draw(Fraction(1, 3), 1)


@pytest.mark.parametrize("sigma", [Fraction(0), Fraction(-1), Fraction(1_000_001)])
def test_noise_without_a_sensible_scale_is_refused(sigma: Fraction) -> None:
    with pytest.raises(GlassError, match="FG-GL-010"):
        RoundedGaussian().draw(sigma, 1)


@pytest.mark.parametrize("source", [RoundedGaussian(), DiscreteGaussian()])
def test_two_draws_differ_and_are_whole(source: NoiseSource) -> None:
    """False-alarm rate: the chance that 200 draws repeat, below 1e-200."""
    first, second = source.draw(Fraction(10), 200), source.draw(Fraction(10), 200)
    assert first.dtype == np.int64
    assert (first != second).any()


def test_nothing_on_the_noise_path_takes_a_seed() -> None:
    for function in (RoundedGaussian.draw, DiscreteGaussian.draw, RoundedGaussian, DiscreteGaussian, cumulative_table):
        assert not {"seed", "random_state", "rng", "generator"} & set(inspect.signature(function).parameters)
    source = inspect.getsource(module)
    assert "os.urandom" in source
    assert "np.random" not in source


@pytest.mark.parametrize("sigma", [Fraction(16), Fraction(1_234_567, 65_536), Fraction(97531, 1000), Fraction(251)])
def test_summed_tables_are_those_of_the_error_function(sigma: Fraction) -> None:
    """The vetted library, threshold by threshold, to the last of 128 bits."""
    assert tails_by_summing(sigma) == tails_by_erfc(sigma)


@pytest.mark.parametrize("sigma", [Fraction(3, 2), Fraction(16)])
def test_the_table_error_that_is_charged_is_no_less_than_what_the_table_is_off(sigma: Fraction) -> None:
    """Total variation from the rounded normal, cell by cell, with 80 digits; and it is not many times as much."""
    table = cumulative_table(sigma)
    with mp.workdps(80):
        scale = mpf(sigma.numerator) / sigma.denominator
        ideal = [mp.ncdf((table.least + place + mpf(0.5)) / scale) for place in range(len(table.thresholds))]
        off = [threshold - mpf(2) ** 128 * below for threshold, below in zip(table.thresholds, ideal, strict=True)]
        ends = [mpf(0), *off, mpf(0)]
        distance = sum(abs(after - before) for before, after in pairwise(ends)) / 2
    assert 2 < distance <= table.error
    assert table.error < 20 * distance


def test_noise_that_opendp_values_above_its_price_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dear:
        """A mechanism whose maker says that it costs a millionth more."""

        def map(self, distance: float) -> float:
            return distance**2 / (2 * 5**2) * (1 + 1e-6)

        def __call__(self, values: object) -> object:
            return values

    source = DiscreteGaussian()
    monkeypatch.setattr(source._dp.m, "make_gaussian", lambda *_: Dear())
    with pytest.raises(GlassError, match="FG-GL-011"):
        source.draw(Fraction(5), 1)


def test_a_summed_table_that_does_not_add_up_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mass that is wrong in the 40th digit is noticed."""
    integral = module._cell_integral
    monkeypatch.setattr(module, "_cell_integral", lambda *numbers: integral(*numbers) + (1 << 125))
    with pytest.raises(GlassError, match="FG-GL-016"):
        tails_by_summing(Fraction(50))


@pytest.mark.parametrize("sigma", [*SIGMAS, Fraction(16), Fraction(999, 7)])
def test_the_quick_bound_on_the_table_error_holds(sigma: Fraction) -> None:
    for source in (RoundedGaussian(), DiscreteGaussian()):
        assert source.table_error(sigma) <= source.most_table_error(sigma) < 2 * source.table_error(sigma) + 10
