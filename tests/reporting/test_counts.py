"""A count is answered with its interval and a sentence to cite, or with why not and what comes nearest."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from math import sqrt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from frostglass.errors import UsageError
from frostglass.reporting.conditions import split_condition
from frostglass.reporting.counts import Answer
from frostglass.reporting.opening import Bundle
from tests.bundle.support import TAU, contents, recounted, sealed


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return sealed(tmp_path_factory.mktemp("query"))


def tallied(bundle: Bundle, **conditions: str | None) -> int:
    return bundle.records.filter(
        pl.all_horizontal(pl.col(name).eq_missing(value) for name, value in conditions.items())
    ).height


def first(bundle: Bundle, length: int, status: str) -> dict[str, str]:
    row = bundle.counts.filter((pl.col("length") == length) & (pl.col("status") == status)).row(0, named=True)
    return dict(zip(row["variables"].split("|"), row["values"].split("|"), strict=True))


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_released_count_is_the_one_of_the_records(bundle: Bundle, length: int) -> None:
    asked = first(bundle, length, "released")
    answer = bundle.count(asked)
    held = tallied(bundle, **{name: None if value == "(missing)" else value for name, value in asked.items()})
    assert (answer.status, answer.count, answer.low, answer.high) == ("released", held, max(held - 5, 0), held + 5)


def test_the_sentence_is_ready_to_cite(bundle: Bundle) -> None:
    number = tallied(bundle, sky="clear")
    answer = bundle.count(sky="clear")
    assert answer.sentence == (
        f"{number} day records with Sky: Clear, no cloud (95% interval {number - 5} to {number + 5}). Source: "
        "A weather house. 2024. Days & weather. Release weather-2024-05-01-abc, 1 May 2024."
    )
    assert answer.nearest == ()


@pytest.mark.parametrize(
    ("asked", "means"),
    [
        ({"sky": "blue"}, ("sky", "clear")),
        ({" SKY ": "clear"}, ("sky", "clear")),
        ({"gale": "S;N"}, ("wind", "N;S")),
        ({"wind": "NA"}, ("wind", "NA")),
        ({"wind": "n/a"}, ("wind", "(missing)")),
        ({"rain": "(missing)"}, ("rain", "(missing)")),
        ({"heat": "01"}, ("heat", "01")),
    ],
)
def test_names_and_values_are_matched_as_the_codebook_matches_them(
    bundle: Bundle, asked: dict[str, str], means: tuple[str, str]
) -> None:
    assert bundle.count(asked).conditions == (means,)


def test_conditions_may_be_a_mapping_pairs_or_keywords_in_any_order(bundle: Bundle) -> None:
    one = bundle.count({"rain": "1", "sky": "mixed"})
    assert one == bundle.count([("sky", "mixed"), ("rain", "1")]) == bundle.count(sky="mixed", rain="1")
    assert one.conditions == (("sky", "mixed"), ("rain", "1"))


def test_without_conditions_the_number_of_records_is_answered_with_its_interval(bundle: Bundle) -> None:
    """All cells of one table sum to an estimate with variance sd^2 times cells; the tables are independent."""
    precision = sum(1 / (each.sd**2 * each.answer.size) for each in bundle.measurements())
    centre = sum(int(each.answer.sum()) / (each.sd**2 * each.answer.size) for each in bundle.measurements()) / precision
    answer = bundle.count()
    assert (answer.count, answer.status, answer.conditions) == (387, "released", ())
    assert answer.low is not None
    assert answer.high is not None
    assert answer.low <= 387 <= answer.high
    reach = 1.959964 / sqrt(precision)
    assert answer.low == min(387, int(np.ceil(centre - reach)))
    assert answer.high == max(387, int(np.floor(centre + reach)))


def test_a_withheld_count_keeps_its_interval_and_names_what_is_nearest(bundle: Bundle) -> None:
    answer = bundle.count(first(bundle, 3, "withheld"))
    assert (answer.status, answer.count) == ("withheld", None)
    assert answer.high is not None
    assert "withheld" in answer.sentence
    assert f"from {TAU} on" in answer.note
    assert answer.nearest


def test_what_is_not_listed_is_said_to_be_none_or_too_few(bundle: Bundle) -> None:
    """Clear skies with rain are forbidden, so no record has them."""
    answer = bundle.count(sky="clear", rain="1")
    assert (answer.status, answer.count, answer.low, answer.high) == ("not_listed", None, 0, 3)
    assert "none, or some that cannot be told from noise" in answer.note
    assert [near.conditions for near in answer.nearest] == [(("sky", "clear"),), (("rain", "1"),)]


def test_beyond_the_reporting_length_the_longest_released_parts_are_named(bundle: Bundle) -> None:
    asked = {"sky": "mixed", "rain": "(missing)", "wind": "(missing)", "heat": "(missing)"}
    answer = bundle.count(asked)
    assert (answer.status, answer.count) == ("too_long", None)
    assert "up to 3 variables, and 4 were asked for" in answer.sentence
    parts = [dict(part) for part in combinations(asked.items(), 3)]
    released = [found for found in (bundle.count(part) for part in parts) if found.status == "released"]
    assert {near.conditions for near in answer.nearest} == {found.conditions for found in released}
    counts = [near.count for near in answer.nearest]
    assert counts == sorted(counts)


def test_nearest_falls_back_to_shorter_parts_and_never_shows_a_withheld_count(tmp_path: Path) -> None:
    made = contents(rows=30)
    bundle = sealed(tmp_path, made)
    listed = {(row["variables"], row["values"]): row for row in bundle.counts.iter_rows(named=True)}
    lengths = set()
    for row in bundle.counts.filter(pl.col("status") == "withheld").iter_rows(named=True):
        for near in bundle.count(dict(zip(row["variables"].split("|"), row["values"].split("|"), strict=True))).nearest:
            found = listed[
                "|".join(name for name, _ in near.conditions), "|".join(value for _, value in near.conditions)
            ]
            assert (found["status"], found["count"]) == ("released", near.count)
            lengths.add((row["length"], len(near.conditions)))
    assert {(2, 1), (3, 2), (3, 1)} <= lengths


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"skyy": "clear"}, "no variable 'skyy'; did you mean 'sky'?"),
        ({"zzz": "1"}, "its variables are sky, rain, wind, heat"),
        ({"sky": "cleer"}, "no value 'cleer'; did you mean 'clear'?"),
        ({"sky": "Clear"}, "did you mean 'clear'?"),
        ({"rain": "yes, a lot"}, r"its values are \(missing\), 1"),
        ({"wind": "N;NA"}, "no value 'N;NA'"),
    ],
)
def test_an_unknown_name_or_value_is_answered_with_the_nearest(
    bundle: Bundle, asked: dict[str, str], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        bundle.count(asked)


def test_a_variable_may_be_given_once_only_whatever_it_is_called(bundle: Bundle) -> None:
    for pairs in ([("sky", "clear"), ("sky", "clear")], [("wind", "N"), ("gale", "S")]):
        with pytest.raises(UsageError, match="given twice"):
            bundle.count(pairs)
    with pytest.raises(UsageError, match="given twice"):
        bundle.count({"sky": "clear"}, sky="mixed")


def test_a_number_is_not_taken_for_a_code(bundle: Bundle) -> None:
    with pytest.raises(UsageError, match="write '1' rather than 1"):
        bundle.count(rain=1)  # type: ignore[arg-type]  # what a newcomer tries


def test_a_condition_is_split_at_the_first_equals_sign() -> None:
    assert split_condition("size=a=b") == ("size", "a=b")
    assert split_condition("size=") == ("size", "")
    with pytest.raises(UsageError, match="variable=value"):
        split_condition("size")


def test_the_answer_is_also_json_and_text(bundle: Bundle) -> None:
    answer = bundle.count(sky="clear", rain="1")
    assert json.loads(json.dumps(answer.as_json())) == answer.as_json()
    assert answer.as_json()["conditions"] == {"sky": "clear", "rain": "1"}
    text = answer.text()
    assert "Nearest available:" in text
    assert "sky=clear" in text
    assert "Nearest" not in bundle.count(sky="clear").text()


def test_one_record_is_not_called_records(tmp_path: Path) -> None:
    made = contents()
    single = replace(made, records=replace(made.records, fitted=made.records.codes[:1]))
    single = recounted(single, single.records)
    answer: Answer = sealed(tmp_path, single).count()
    assert answer.sentence.startswith("1 day record in all")
