"""The fictitious table is a fault-free table of the shipped codebook."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from frostglass import codebooks
from frostglass.simulate.coded import coded_table
from frostglass.simulate.figures import ACCOUNT, COLUMNS, RECORDED, VICTIM
from frostglass.terms.codebook import Codebook

DRAWN = {draw.name: set(draw.values) for draw in (*RECORDED, *VICTIM, *ACCOUNT)}
"""Every value that each variable can take; the later draws say more than that it was recorded."""


def coded(table: pl.DataFrame, codebook: Codebook) -> npt.NDArray[np.int64]:
    """The codebook's positions of the values, one column a variable; 0 is missing."""
    columns = [
        table[variable.name].replace_strict(variable.positions, default=0, return_dtype=pl.Int64)
        for variable in codebook.variables
    ]
    return np.array([column.to_numpy() for column in columns]).T


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return codebooks.load("ctdc-vp-1")


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return coded_table(20_000, seed=2)


def test_columns_are_the_variables_of_the_codebook_in_their_order(codebook: Codebook) -> None:
    assert codebook.domain.names == COLUMNS


def test_every_value_that_can_be_drawn_is_a_code_as_the_codebook_writes_it(codebook: Codebook) -> None:
    for name, drawn in DRAWN.items():
        assert drawn - {None} <= set(codebook.variable(name).codes), name


def test_every_code_of_the_codebook_can_be_drawn(codebook: Codebook) -> None:
    """So that no part of the domain goes untried by the demo and the tests."""
    for variable in codebook.variables:
        assert set(variable.codes) <= DRAWN[variable.name], variable.name


def test_no_record_breaks_a_structural_rule(codebook: Codebook, table: pl.DataFrame) -> None:
    assert codebook.clauses
    positions = coded(table, codebook)
    for clause in codebook.clauses:
        held = np.zeros(len(positions), dtype=np.bool_)
        for literal in clause.literals:
            held |= np.isin(positions[:, literal.place], list(literal.positions))
        assert held.all(), clause.rule


def test_the_codebook_reads_every_value_as_itself(codebook: Codebook, table: pl.DataFrame) -> None:
    for variable in codebook.variables:
        for value in table[variable.name].drop_nulls().unique():
            assert variable.code(codebook.match_value(variable.name, value)) == value
