"""Synthetic records: repeated ones are those that would be written down, whole, in parts and counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frostglass.counting.weighted_rows import reduce_rows
from frostglass.released.synthetic import CountedRecords, Repeated, SyntheticRecords
from frostglass.terms.domain import Attribute, Domain

DOMAIN = Domain((Attribute("a", ("1", "2")), Attribute("b", ("1",))))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.integers(0, 40), st.data())
def test_repeated_records_are_the_rows_in_turn_but_for_those_of_their_own(
    fitted: int, total: int, data: st.DataObject
) -> None:
    generator = np.random.default_rng(data.draw(st.integers(0, 1000)))
    rows = np.stack([generator.integers(0, size, fitted) for size in DOMAIN.sizes], axis=1).astype(np.uint16)
    places = np.array(sorted(data.draw(st.sets(st.integers(0, max(total - 1, 0)), max_size=total))), dtype=np.int64)
    own = np.stack([generator.integers(0, size, len(places)) for size in DOMAIN.sizes], axis=1).astype(np.uint16)
    written = [rows[place % fitted].tolist() for place in range(total)]
    for place, row in zip(places.tolist(), own.tolist(), strict=True):
        written[place] = row
    records = SyntheticRecords(DOMAIN, rows, (), Repeated(total, places, own))
    assert len(records) == total
    assert records.codes.tolist() == written
    parts = list(records.parts(7))
    assert [row for part in parts for row in part.tolist()] == written
    assert all(len(part) == 7 for part in parts[:-1])
    expected = reduce_rows(np.array(written, dtype=np.uint16).reshape(-1, 2), DOMAIN.sizes)
    assert records.rows.codes.tolist() == expected.codes.tolist()
    assert records.rows.weights.tolist() == expected.weights.tolist()
    assert len(CountedRecords(DOMAIN, records.rows)) == total


def test_records_that_make_no_sense_are_refused() -> None:
    row = np.array([[1, 1]], dtype=np.uint16)
    with pytest.raises(ValueError, match="does not have"):
        SyntheticRecords(DOMAIN, row * 2, ())
    with pytest.raises(ValueError, match="does not have"):
        SyntheticRecords(DOMAIN, row, (), Repeated(5, np.array([3]), row * 2))
    with pytest.raises(ValueError, match="one column for each"):
        SyntheticRecords(DOMAIN, row[:, :1], ())
    with pytest.raises(ValueError, match="nothing can be repeated"):
        SyntheticRecords(DOMAIN, row[:0], (), Repeated(5, np.array([], dtype=np.int64), row[:0]))
    for places in ([5], [-1], [2, 2], [3, 1]):
        with pytest.raises(ValueError, match="ascend"):
            Repeated(5, np.array(places), np.repeat(row, len(places), axis=0))
    with pytest.raises(ValueError, match="ascend"):
        Repeated(5, np.array([1, 2]), row)
