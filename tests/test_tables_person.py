"""At most m rows a person: the bound that makes a person's influence finite looks at that person's rows alone."""

from __future__ import annotations

from collections import Counter

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given

from frostglass import codebooks
from frostglass.errors import InputError
from frostglass.sensitive.check import check, encode
from frostglass.sensitive.intake import read
from frostglass.terms.unit import PrivacyUnit

BOOK = codebooks.loads(
    '[codebook]\nid = "b"\n[[variable]]\nname = "v"\ntype = "integer"\nrange = [0, 99]', source="b.toml"
)


def kept(keys: list[str], most: int) -> list[int]:
    """The values that stay of a table whose rows hold 0, 1, 2, … in order."""
    table = pl.DataFrame({"person": keys, "v": [str(place) for place in range(len(keys))]})
    coded = encode(read(table), BOOK, unit=PrivacyUnit("person", most, "person")).reveal()
    assert set(coded.rows.weights.tolist()) <= {1}
    return [int(code) - 1 for code in coded.rows.codes[:, 0]]


def departures(keys: list[str], most: int = 1, key: str = "person") -> list[tuple[str, int, bool]]:
    table = pl.DataFrame({"person": keys, "v": [str(place) for place in range(len(keys))]})
    report = check(read(table), BOOK, unit=PrivacyUnit("person", most, key))
    return [(one.code, one.count, one.refused) for one in report.departures]


def test_044_the_first_rows_of_each_person_stay_in_the_order_of_the_file() -> None:
    assert kept(["a", "b", "a", "c", "a", "b"], 1) == [0, 1, 3]
    assert kept(["a", "b", "a", "c", "a", "b"], 2) == [0, 1, 2, 3, 5]


def test_044_people_with_more_rows_are_counted_and_noted() -> None:
    assert departures(["a", "b", "a", "c", "a", "b"]) == [("FG-IN-044", 2, False)]
    assert departures(["a", "b", "a", "c", "a", "b"], 2) == [("FG-IN-044", 1, False)]
    assert departures(["a", "b", "a", "c", "a", "b"], 3) == []


def test_keys_are_compared_without_spaces_around_them_and_with_case() -> None:
    assert kept(["a", " a ", "a\u00a0", "A", "e\u0301", "\u00e9"], 1) == [0, 3, 4]


def test_the_key_column_is_not_a_column_left_over() -> None:
    """Whatever its heading: a key is declared, so it is no stray identifier."""
    table = pl.DataFrame({"case_id": ["1", "2"], "v": ["3", "4"]})
    assert not check(read(table), BOOK, unit=PrivacyUnit("person", 1, "Case_ID")).departures
    assert check(read(table), BOOK, unit=PrivacyUnit("person")).refused()


@pytest.mark.parametrize(
    ("keys", "count"), [(["a", "", "b", " "], 2), (["a", "a", "a"], 3), (["a", " a"], 2), (["", ""], 2)]
)
def test_045_blank_keys_and_one_key_for_all_are_refused(keys: list[str], count: int) -> None:
    assert ("FG-IN-045", count, True) in departures(keys)
    with pytest.raises(InputError, match="FG-IN-045"):
        kept(keys, 1)


def test_a_table_without_records_has_no_people() -> None:
    empty = pl.DataFrame({"person": [], "v": []}, schema={"person": pl.String, "v": pl.String})
    coded = encode(read(empty), BOOK, unit=PrivacyUnit("person", 1, "person"), allow_empty=True)
    assert coded.reveal().rows.records == 0


def test_045_one_row_may_have_one_key() -> None:
    assert kept(["a"], 1) == [0]


def test_045_a_key_column_that_is_not_there_is_refused() -> None:
    assert ("FG-IN-045", 0, True) in departures(["a", "b"], key="nobody")


@given(st.lists(st.sampled_from("abcd"), min_size=2, max_size=40), st.integers(1, 4))
def test_each_person_keeps_their_first_rows_whoever_else_is_there(keys: list[str], most: int) -> None:
    """Brute force; and taking one person away changes nothing for the others."""
    if len(set(keys)) == 1:
        return
    seen: Counter[str] = Counter()
    expected = []
    for place, key in enumerate(keys):
        seen[key] += 1
        if seen[key] <= most:
            expected.append(place)
    assert kept(keys, most) == expected
    without = [place for place, key in enumerate(keys) if key != keys[0]]
    if len({keys[place] for place in without}) > 1:
        rest = kept([keys[place] for place in without], most)
        assert [without[place] for place in rest] == [place for place in expected if keys[place] != keys[0]]


def test_the_bound_is_fast_on_many_people() -> None:
    keys = np.random.default_rng(1).integers(0, 50_000, 200_000).astype(str).tolist()
    table = pl.DataFrame({"person": keys, "v": ["7"] * len(keys)})
    coded = encode(read(table), BOOK, unit=PrivacyUnit("person", 2, "person")).reveal()
    assert coded.rows.records == sum(min(count, 2) for count in Counter(keys).values())
