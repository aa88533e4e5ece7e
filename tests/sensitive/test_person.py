"""At most m rows a person: the bound that makes a person's influence finite looks at that person's rows alone.

And nobody is left out silently: keys that are no person's are refused, and who is left out is said.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given

import frostglass
from frostglass import codebooks
from frostglass.errors import InputError, UsageError
from frostglass.sensitive.coding.check import CheckReport, check, encode
from frostglass.sensitive.coding.contribution import Persons
from frostglass.sensitive.coding.departure import Departure
from frostglass.sensitive.coding.intake import read
from frostglass.tables.text_table import TextColumn
from frostglass.terms.plan import Plan
from frostglass.terms.unit import OnPlaceholder, PrivacyUnit
from frostglass.ways.order import Order
from frostglass.ways.pricing import check_plan

BOOK = codebooks.loads(
    '[codebook]\nid = "b"\n[[variable]]\nname = "v"\ntype = "integer"\nrange = [0, 99]', source="b.toml"
)
SALT = 0x0123_4567_89AB_CDEF
ALL = 2**64 - 1


def mix(word: int) -> int:
    """SplitMix64, as its authors print it."""
    word = (word + 0x9E3779B97F4A7C15) & ALL
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & ALL
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & ALL
    return word ^ (word >> 31)


def rank(key: str, words: Sequence[int], salt: int = SALT) -> tuple[int, ...]:
    """What orders the rows of a person, by the rule as the proof page writes it."""
    mixed = mix(salt ^ int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]))
    for word in words:
        mixed = mix(mixed ^ word)
    return mixed >> 1, *words


def kept(
    keys: list[str], most: int, values: Sequence[int] | None = None, placeholders: OnPlaceholder = "allow"
) -> list[int]:
    """The values that stay, in their order, of a table whose rows hold ``values``, by default 0, 1, 2, …"""
    cells = [str(value) for value in (range(len(keys)) if values is None else values)]
    table, unit = pl.DataFrame({"person": keys, "v": cells}), PrivacyUnit("person", most, "person")
    rows = encode(read(table), BOOK, unit=unit, placeholder_keys=placeholders, salt=SALT).reveal().rows
    codes, weights = rows.codes[:, 0].tolist(), rows.weights.tolist()
    return [code - 1 for code, weight in zip(codes, weights, strict=True) for _ in range(weight)]


def expected(keys: Sequence[str], most: int, values: Sequence[int]) -> list[int]:
    """The same by brute force: of each person those of least rank."""
    by_person: dict[str, list[int]] = {}
    for key, value in zip(keys, values, strict=True):
        by_person.setdefault(key, []).append(value)
    stay = [sorted(own, key=lambda value: rank(key, [value + 1]))[:most] for key, own in by_person.items()]
    return sorted(value for own in stay for value in own)


def looked(keys: list[str], most: int = 1, key: str = "person", placeholders: OnPlaceholder = "refuse") -> CheckReport:
    table = pl.DataFrame({"person": keys, "v": [str(place % 100) for place in range(len(keys))]})
    return check(read(table), BOOK, unit=PrivacyUnit("person", most, key), placeholder_keys=placeholders)


def departures(keys: list[str], most: int = 1, key: str = "person") -> list[tuple[str, int, bool]]:
    return [(one.code, one.count, one.refused) for one in of_people(looked(keys, most, key))]


def of_people(report: CheckReport) -> list[Departure]:
    """What is said of the people: every variable here has a value in each record, which is noted too."""
    return [one for one in report.departures if one.code != "FG-IN-055"]


def test_044_of_each_person_the_rows_of_least_hash_stay() -> None:
    keys = ["a", "b", "a", "c", "a", "b"]
    for most in (1, 2, 3):
        assert kept(keys, most) == expected(keys, most, range(6))


def test_044_people_with_more_rows_and_their_rows_left_out_are_said() -> None:
    keys = ["a", "b", "a", "c", "a", "b"]
    assert departures(keys) == [("FG-IN-044", 2, False)]
    assert departures(keys, 2) == [("FG-IN-044", 1, False)]
    assert departures(keys, 3) == []
    report = looked(keys)
    assert "6 records of 3 people" in report.text()
    assert "left out: 3 records" in report.text()
    assert report.as_json()["people"] == 3
    assert report.as_json()["left_out"] == {"people": 2, "records": 3}
    assert looked(keys, 3).as_json()["left_out"] == {"people": 0, "records": 0}


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9)), min_size=2, max_size=40),
    st.integers(1, 4),
    st.data(),
)
def test_what_stays_of_a_person_depends_on_that_persons_rows_alone_and_on_no_order(
    rows: list[tuple[str, int]], most: int, data: st.DataObject
) -> None:
    """Brute force; any order gives the same; and taking one person away takes that person's rows away, no more."""

    def stay(of: list[tuple[str, int]]) -> Counter[int]:
        return Counter(kept([key for key, _ in of], most, [value for _, value in of]))

    def brute(of: list[tuple[str, int]]) -> Counter[int]:
        return Counter(expected([key for key, _ in of], most, [value for _, value in of]))

    own = [row for row in rows if row[0] == rows[0][0]]
    others = [row for row in rows if row[0] != rows[0][0]]
    if not others:
        return
    assert stay(rows) == brute(rows) == stay(data.draw(st.permutations(rows)))
    if len({key for key, _ in others}) > 1:
        assert stay(rows) == stay(others) + brute(own)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.tuples(*[st.integers(0, ALL)] * 3)), min_size=1, max_size=12),
    st.integers(1, 3),
    st.integers(0, ALL),
)
def test_a_row_of_several_words_is_mixed_word_by_word(
    rows: list[tuple[str, tuple[int, int, int]]], most: int, salt: int
) -> None:
    names = sorted({key for key, _ in rows})
    index = np.array([names.index(key) for key, _ in rows], dtype=np.uint32)
    persons = Persons.by_key(TextColumn("key", tuple(names), index))
    words = np.array([row for _, row in rows], dtype=np.uint64).T
    chosen = persons.chosen(np.ascontiguousarray(words), most=most, salt=salt)
    for name in names:
        own = sorted(rank(key, row, salt) for key, row in rows if key == name)
        stay = sorted(
            rank(key, row, salt) for (key, row), is_in in zip(rows, chosen, strict=True) if is_in and key == name
        )
        assert stay == own[:most]


def test_equal_hashes_are_told_apart_by_the_packed_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the order: else two tables that are one multiset would be answered differently."""
    monkeypatch.setattr(Persons, "_hashes", lambda _self, words, *_: np.zeros(words.shape[1], dtype=np.uint64))
    for words in ([[1, 1, 0], [5, 3, 9]], [[0, 1, 1], [9, 3, 5]], [[1, 0, 1], [3, 9, 5]]):
        persons = Persons.by_key(TextColumn("key", ("a",), np.zeros(3, dtype=np.uint32)))
        packed = np.array(words, dtype=np.uint64)
        assert packed[:, persons.chosen(packed, most=2, salt=0)].T.tolist() in ([[0, 9], [1, 3]], [[1, 3], [0, 9]])


def test_what_stays_is_blind_to_values() -> None:
    """Of two rows of a person neither the lower nor the higher value is preferred: it is as good as a coin."""
    keys = [f"p{number}" for number in range(4000)] * 2
    stay = kept(keys, 1, [3] * 4000 + [70] * 4000)
    assert abs(stay.count(3) - 2000) < 4 * np.sqrt(1000)


def test_another_plan_chooses_other_rows() -> None:
    def plan(epsilon: int) -> Plan:
        return Plan("b", BOOK.sha256, epsilon, PrivacyUnit("person", 1, "person"))  # type: ignore[arg-type]

    assert plan(1).salt == int(plan(1).sha256[:16], 16) != plan(2).salt


def test_keys_are_compared_without_spaces_around_them_and_with_case() -> None:
    same = kept(["a", " a ", "a\u00a0", "A", "e\u0301", "\u00e9"], 1, [7, 7, 7, 8, 9, 9])
    assert same == [7, 8, 9]


def test_the_key_column_is_not_a_column_left_over() -> None:
    """Whatever its heading: a key is declared, so it is no stray identifier."""
    table = pl.DataFrame({"case_id": ["1", "2"], "v": ["3", "4"]})
    assert not of_people(check(read(table), BOOK, unit=PrivacyUnit("person", 1, "Case_ID")))
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


WORDS = ["unknown", "N/A", "tbc", "Anonymous", "-", "?", "…", "No ID", "inconnue", "sin dato", "НЕТ", "未知"]
FILLERS = ["0", "0000", "9999", "-99", "-1", "xxx", "00000000-0000-0000-0000-000000000000", "0.0", "--1--1--"]


@pytest.mark.parametrize("word", [*WORDS, *FILLERS])
def test_083_a_key_that_is_nobodys_is_refused_however_few_records_it_has(word: str) -> None:
    keys = [*(f"P{number}" for number in range(2_000)), word, word]
    assert ("FG-IN-083", 2, True) in departures(keys)


def test_083_a_key_of_a_crowd_is_refused_whatever_it_is_called() -> None:
    others = [f"P{number}" for number in range(489)]
    assert departures([*others, *["Site 4"] * 11]) == [("FG-IN-083", 11, True), ("FG-IN-044", 1, False)]
    assert departures([*others, *["Site 4"] * 10]) == [("FG-IN-044", 1, False)]  # few enough for a person
    assert departures([*others, *others, *["Site 4"] * 11], 2) == [("FG-IN-044", 1, False)]  # 1.1% of all


@pytest.mark.parametrize("key", ["unknown", "0", "999"])
def test_083_a_key_with_one_record_leaves_nobody_out(key: str) -> None:
    assert departures(["P1", "P2", key]) == []


def test_083_numbers_that_look_like_fillers_may_be_people() -> None:
    """0, 11 and 222 among the numbers from 0: no more records than others have."""
    assert departures([str(number) for number in range(300)] * 2, 2) == []


def test_083_is_noted_where_placeholders_are_allowed_and_shown_in_the_private_report(tmp_path: Path) -> None:
    keys = ["P1", "P2", "unknown", "unknown"]
    report = looked(keys, placeholders="allow")
    assert [(one.code, one.refused) for one in of_people(report)] == [("FG-IN-083", False), ("FG-IN-044", False)]
    assert kept(keys, 1, [1, 2, 3, 3]) == [1, 2, 3]
    assert "so 1 of these records are left out" in of_people(report)[0].message
    with pytest.raises(InputError, match="FG-IN-083") as refusal:
        kept(keys, 1, placeholders="refuse")
    assert "unknown," not in str(refusal.value)
    looked(keys).write_private(tmp_path / "private.json")
    values = json.loads((tmp_path / "private.json").read_text())["values"]
    assert [(one["value"], one["records"], one["first_record"]) for one in values] == [("unknown", 2, 3)]


@pytest.mark.parametrize("said", ["yes", "", None, True, "ALLOW"])
def test_placeholder_keys_are_refused_or_allowed_and_nothing_else(said: object) -> None:
    with pytest.raises(UsageError, match="FG-OP-056"):
        Order("scope", placeholder_keys=said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "alike",
    [["7", "07"], ["7", "7.0"], ["7", "7."], ["7", "7,00"], ["a1", "A1"], ["P-007", "p-7"], ["٧", "7"], ["ｐ1", "P1"]],
)
def test_084_keys_that_may_be_one_persons_are_counted_and_told(alike: list[str]) -> None:
    assert departures(["x", *alike]) == [("FG-IN-084", 2, False)]


def test_084_keys_are_counted_once_each() -> None:
    assert departures(["7", "07", "7.0", "a1", "A1", "70", "0.7", "1.20", "1.2", "10"]) == [("FG-IN-084", 5, False)]


def test_085_a_key_that_is_also_a_variable_is_refused_at_every_door() -> None:
    table = pl.DataFrame({"v": ["1", "2", "2"], "other": ["p", "q", "r"]})
    for heading in ("v", " V "):
        report = check(read(table), BOOK, unit=PrivacyUnit("person", 1, heading))
        assert ("FG-IN-085", "v", True) in [(one.code, one.place, one.refused) for one in report.departures]
        with pytest.raises(UsageError, match="FG-OP-057"):
            frostglass.foresee(BOOK, epsilon=1, delta=1e-6, person_key=heading)
        with pytest.raises(UsageError, match="FG-OP-057"):
            check_plan(BOOK, Plan("b", BOOK.sha256, 1, PrivacyUnit("record", 1, heading)))  # type: ignore[arg-type]


def test_085_a_variable_that_repeats_the_key_under_another_heading_is_refused() -> None:
    table = pl.DataFrame({"k": ["1", "2 ", "2"], "v": ["1", "2", "2"]})
    report = check(read(table), BOOK, unit=PrivacyUnit("person", 1, "k"))
    assert ("FG-IN-085", "v", True) in [(one.code, one.place, one.refused) for one in report.departures]
    unlike = pl.DataFrame({"k": ["1", "2", "2"], "v": ["1", "2", "1"]})
    assert not check(read(unlike), BOOK, unit=PrivacyUnit("person", 1, "k")).refused()


def test_the_bound_is_fast_on_many_people() -> None:
    keys = np.random.default_rng(1).integers(100_000, 150_000, 200_000).astype(str).tolist()
    table = pl.DataFrame({"person": keys, "v": ["7"] * len(keys)})
    coded = encode(read(table), BOOK, unit=PrivacyUnit("person", 2, "person")).reveal()
    assert coded.rows.records == sum(min(count, 2) for count in Counter(keys).values())
