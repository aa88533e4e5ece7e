"""From the frames of a release to what the measures compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

import frostglass
from benchmarks.measures import Codes, Counted, Tables
from frostglass.released.estimate import Estimate
from frostglass.released.intervals import Intervals as IntervalsOf
from frostglass.synthesis.strategy import strategy
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.codebook import Codebook
from frostglass.terms.domain import JOIN, Domain

Cells = tuple[npt.NDArray[np.int64], ...]
Intervals = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""True count, lower end and upper end, flat and in parallel."""


def codes(table: pl.DataFrame, codebook: Codebook) -> Codes:
    """The text columns of ``table`` at the codebook's positions; what is no code is missing."""
    columns = []
    for name in codebook.domain.names:
        texts = table[name].drop_nulls().unique()
        positions = {text: codebook.match_value(name, text).position for text in texts}
        columns.append(table[name].replace_strict(positions, default=0, return_dtype=pl.UInt16).to_numpy())
    return np.array(columns, dtype=np.uint16).T


def counted(counts: pl.DataFrame, domain: Domain, order: int) -> Tables:
    """The released counts of one length as tables; what is withheld or not listed is 0."""
    tables = {
        domain.axes(attributes): np.zeros(domain.shape(attributes), dtype=np.int64)
        for attributes in domain.sets_of_length(order)
    }
    for columns, cells, rows in _blocks(counts.filter(length=order, status="released"), domain):
        tables[columns][cells] = rows["count"].to_numpy()
    return tables


def released_intervals(counts: pl.DataFrame, domain: Domain, truth: Tables, order: int) -> Intervals:
    """The intervals of the released counts of one length."""
    blocks = list(_blocks(counts.filter(length=order, status="released"), domain))
    return (
        _flat([truth[columns][cells] for columns, cells, _ in blocks]),
        _flat([rows["low"].to_numpy() for _, _, rows in blocks]),
        _flat([rows["high"].to_numpy() for _, _, rows in blocks]),
    )


def estimate(bundle: frostglass.Bundle) -> Estimate:
    """The unbiased estimate that the intervals of a bundle come from."""
    return strategy(bundle.manifest.to_plan().strategy).estimate(bundle.codebook.domain, bundle.measurements())


def declared_intervals(estimate: Estimate, truth: Tables, order: int) -> Intervals:
    """The intervals of all declared cells of one length, released or not; ``truth`` has a missing cell everywhere."""
    sets = list(estimate.domain.sets_of_length(order))
    intervals = IntervalsOf(estimate)
    ends = [intervals.everywhere(attributes) for attributes in sets]
    return (
        _flat([_declared(truth, estimate.domain, attributes) for attributes in sets]),
        _flat([low for low, _, _ in ends]),
        _flat([high for _, high, _ in ends]),
    )


def _declared(truth: Tables, domain: Domain, attributes: AttributeSet) -> Counted:
    """The true table over ``attributes`` without the missing values that none of them can have."""
    columns = domain.axes(attributes)
    return truth[columns][tuple(slice(domain.attributes[column].shift, None) for column in columns)]


def _flat(parts: Sequence[Counted]) -> npt.NDArray[np.float64]:
    return np.concatenate([np.empty(0), *(part.ravel() for part in parts)])


def _blocks(counts: pl.DataFrame, domain: Domain) -> Iterator[tuple[tuple[int, ...], Cells, pl.DataFrame]]:
    """For each attribute set its columns, the places of its rows in their table, and the rows."""
    for (variables,), rows in counts.group_by("variables", maintain_order=True):
        names = str(variables).split(JOIN)
        values = rows["values"].str.split(JOIN).list.to_struct(fields=names).struct.unnest()
        columns = tuple(sorted(domain.place(name) for name in names))
        attributes = [domain.attributes[column] for column in columns]
        cells = tuple(
            values[attribute.name].replace_strict(attribute.positions, return_dtype=pl.Int64).to_numpy()
            for attribute in attributes
        )
        yield columns, cells, rows
