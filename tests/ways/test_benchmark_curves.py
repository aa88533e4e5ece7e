"""What is shown of other thresholds comes from the benchmark tables, is labelled so, and fits the noise at hand."""

from __future__ import annotations

import itertools
import json
from math import log

import pytest

from frostglass.ways.benchmark_curves import nearest_curves
from tests.conftest import Command


@pytest.mark.parametrize("error", [0.5, 7.0, 40.0, 1e5])
def test_the_curves_are_those_of_the_nearest_noise(error: float) -> None:
    points = nearest_curves(error, [2, 3])
    every = {each.error for exponent in range(-4, 20) for each in nearest_curves(2.0**exponent, [2, 3])}
    assert {each.length for each in points} == {2, 3}
    for table in {each.table for each in points}:
        ours = {each.error for each in points if each.table == table}
        assert len(ours) <= 2
        assert ours <= every
        nearest = min(abs(log(each.error / error)) for each in points if each.table == table)
        assert all(abs(log(one / error)) <= nearest + 0.2 for one in ours)


def test_withholding_more_fabricates_less_and_loses_more() -> None:
    """Along every curve that is shipped; a share of few combinations may wobble by a thousandth."""
    for exponent in range(8):
        points = nearest_curves(2.0**exponent, [2, 3, 4])
        for curve in {(each.table, each.length) for each in points}:
            ours = [each for each in points if (each.table, each.length) == curve]
            assert [each.tau for each in ours] == sorted({each.tau for each in ours})
            lost = [each.lost for each in ours]
            assert lost == sorted(lost)
            invented = [each.fabricated for each in ours if each.fabricated is not None]
            assert all(later <= earlier + 1e-3 for earlier, later in itertools.pairwise(invented))


@pytest.mark.long
def test_plan_shows_the_curve_and_says_where_it_comes_from(frostglass_command: Command) -> None:
    code, said, _ = frostglass_command("plan", "-c", "ctdc-vp-1", "--epsilon", "4", "--delta", "1e-6")
    assert code == 0
    assert "on the benchmark tables" in said
    assert "none of your data is in these figures" in said
    code, said, _ = frostglass_command("plan", "-c", "ctdc-vp-1", "--epsilon", "4", "--delta", "1e-6", "--json")
    points = json.loads(said)["withholding_on_benchmark_tables"]
    assert {each["length"] for each in points} == {2, 3}
    assert all(0 <= each["lost"] <= 1 for each in points)
