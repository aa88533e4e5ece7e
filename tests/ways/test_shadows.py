"""Shadows are what a release would have been, and nothing of them can pass for one."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from frostglass.boundary import curator
from frostglass.boundary.noise import scripted as scripted_noise
from frostglass.boundary.noise.rounded_gaussian import RoundedGaussian
from frostglass.bundle.contents import Contents
from frostglass.released.estimate import Estimate
from frostglass.released.measurement import Measurement
from frostglass.released.tabulation import tabulate
from frostglass.review.attacks.shadow import Ints, Shadow
from frostglass.sensitive.coding.counts import count
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Receipt, Released
from frostglass.ways import shadows
from frostglass.ways.pricing import planned_noise
from tests.review.support import chance, makers, table


@pytest.fixture(scope="module")
def shadow() -> Shadow:
    return makers()[0](table(), chance(), fitted=True)


def test_a_shadow_is_not_released_and_holds_no_receipt(shadow: Shadow) -> None:
    assert not isinstance(shadow, Released)
    held = [getattr(shadow, each.name) for each in fields(shadow)]
    assert not any(isinstance(each, Receipt | Measurement | Released) for each in (*held, *shadow.answers))


def test_a_shadow_prints_as_withheld_and_cannot_be_copied_or_kept(shadow: Shadow) -> None:
    assert f"{shadow}" == repr(shadow) == "<shadow release: withheld>"
    uses: tuple[Callable[..., object], ...] = (copy.copy, copy.deepcopy, pickle.dumps)
    for use in uses:
        with pytest.raises(TypeError, match="stays where it was made"):
            use(shadow)


def must_not_type_check(shadow: Shadow, estimate: Estimate) -> object:
    """Never called: mypy finds each of these wrong, or else calls the comment beside it unused."""
    released: Released = shadow  # type: ignore[assignment]
    sealed: Contents = shadow  # type: ignore[assignment]
    return released, sealed, tabulate(shadow, estimate, length=1, tau=1)  # type: ignore[arg-type]


def test_what_a_shadow_is_drawn_with_cannot_be_sealed() -> None:
    for noise in (shadows.ShadowNoise, shadows.NoNoise, scripted_noise.ScriptedNoise):
        assert not issubclass(noise, curator._SEALABLE)


def test_a_shadow_has_the_tables_and_the_noise_of_its_release(shadow: Shadow) -> None:
    """Noise of the stated sd, which is the one that the plan buys: 1.25 times as much or as little is refused."""
    releases = makers()[0]
    _, sigmas = planned_noise(releases.codebook, releases.plan, releases.guarantee.nano_rho, RoundedGaussian())
    assert set(shadow.sets) == set(sigmas)
    for each, sd in zip(shadow.sets, shadow.sds, strict=True):
        assert sd == pytest.approx(RoundedGaussian().sd(sigmas[each]), rel=1e-6)
    generator, people = chance(3), table()
    scores = np.concatenate(
        [
            ((answer - count(people, each).reveal()) / sd).ravel()
            for _ in range(20)
            for each, answer, sd in _tables(releases(people, generator, fitted=False))
        ]
    )
    five_sd = 5 * (2 / len(scores)) ** 0.5
    assert len(scores) > 5_000
    assert scores.var() == pytest.approx(1, abs=five_sd)
    assert 1 - five_sd > 1.25**-2
    assert 1 + five_sd < 1.25**2


def test_the_same_generator_gives_the_same_shadow() -> None:
    one, same, other = (makers()[0](table(), chance(seed), fitted=True) for seed in (5, 5, 6))
    assert one.records is not None
    assert same.records is not None
    assert (one.records == same.records).all()
    assert all((a == b).all() for a, b in zip(one.answers, same.answers, strict=True))
    assert not all((a == b).all() for a, b in zip(one.answers, other.answers, strict=True))


def test_records_are_fitted_only_when_they_are_asked_for(shadow: Shadow) -> None:
    assert makers()[0](table(), chance(), fitted=False).records is None
    assert shadow.records is not None
    assert abs(len(shadow.records) - 400) < 30


def test_the_control_is_the_table_itself() -> None:
    people = table()
    bare = makers()[1](people, chance(), fitted=True)
    assert all((answer == count(people, each).reveal()).all() for each, answer, _ in _tables(bare))
    rows = people.reveal().rows
    assert bare.records is not None
    found, times = np.unique(bare.records, axis=0, return_counts=True)
    assert (found == rows.codes).all()
    assert (times == rows.weights).all()


def test_a_shadow_is_fitted_fast_whatever_the_plan_says() -> None:
    assert makers()[0].plan.fit == "fast"


def test_the_noise_of_the_other_accountant_is_the_one_of_its_scope() -> None:
    usual = makers()[0]
    promise = replace(
        usual.guarantee,
        accountant="zcdp",
        mechanism="discrete-gaussian",
        nano_rho=usual.guarantee.nano_rho * 81 // 100,
    )
    shadow = replace(usual, guarantee=promise)(table(), chance(), fitted=False)
    assert min(shadow.sds) == pytest.approx(min(usual(table(), chance(), fitted=False).sds) / 0.9, rel=1e-2)


def _tables(shadow: Shadow) -> list[tuple[AttributeSet, Ints, float]]:
    return list(zip(shadow.sets, shadow.answers, shadow.sds, strict=True))
