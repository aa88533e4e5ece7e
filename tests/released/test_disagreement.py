"""Disagreement is the residual of least squares over tables, in units of the noise, and its expectation is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from frostglass.counting.tally import tally
from frostglass.released.disagreement import disagreement
from frostglass.released.measurement import Measurement
from frostglass.terms.domain import Domain
from tests.bundle.support import contents


def brute(domain: Domain, measurements: tuple[Measurement, ...]) -> tuple[float, int]:
    """Least squares over all cells of the full table, and the number of directions that it cannot follow."""
    cells = np.indices(domain.sizes).reshape(len(domain.sizes), -1)
    blocks, answers = [], []
    for each in measurements:
        place = np.ravel_multi_index(tuple(cells[list(domain.axes(each.attributes))]), each.answer.shape)
        blocks.append((np.arange(each.answer.size)[:, None] == place) / each.sd)
        answers.append(each.answer.reshape(-1) / each.sd)
    design, wanted = np.concatenate(blocks), np.concatenate(answers)
    solution, _, rank, _ = np.linalg.lstsq(design, wanted, rcond=None)
    return float(np.square(wanted - design @ solution).sum()), len(wanted) - int(rank)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_it_is_the_residual_of_least_squares(length: int) -> None:
    made = contents(length=length)
    squares, free = brute(made.codebook.domain, made.answers.measurements)
    found = disagreement(made.codebook.domain, made.answers.measurements)
    assert found.free == free
    assert found.squares == pytest.approx(squares, rel=1e-9, abs=1e-9)


def test_exact_counts_never_disagree() -> None:
    made = contents()
    domain, codes = made.codebook.domain, made.records.codes
    exact = [
        replace(each, answer=tally(codes, domain.axes(each.attributes), domain.shape(each.attributes)))
        for each in made.answers.measurements
    ]
    assert disagreement(domain, exact).squares == pytest.approx(0, abs=1e-6)


def test_tables_that_share_nothing_have_nothing_to_disagree_about() -> None:
    made = contents()
    assert disagreement(made.codebook.domain, made.answers.measurements[:1]).free == 0
