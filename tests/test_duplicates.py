"""Cases of the same person are found whatever one disturbance lies between them, and different people stay apart."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frostglass.errors import InputError
from frostglass.sensitive.answers import answers_of
from frostglass.sensitive.duplicates import blocking, weights
from frostglass.sensitive.duplicates.agreement import agreement
from frostglass.sensitive.duplicates.blocking import candidates
from frostglass.sensitive.duplicates.canonical import canonical
from frostglass.sensitive.duplicates.decisions import COLUMNS, Decision, Decisions, queue_csv, read_decisions
from frostglass.sensitive.duplicates.matching import find_pairs
from frostglass.sensitive.duplicates.normal import document, name_tokens, phone, sound
from frostglass.sensitive.duplicates.pairs import EVIDENCE, Pairs
from frostglass.sensitive.duplicates.people import people
from frostglass.sensitive.duplicates.resolving import resolve
from frostglass.sensitive.duplicates.tokens import (
    Tokens,
    held_elsewhere,
    new_key,
    read_key,
    read_tokens,
    tokens,
    tokens_csv,
)
from tests.duplicates_support import ANN, Person, identities, varied

# ------------------------------------------------------------------------------------------------- what is compared


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Quilla Zorvanek", ("quilla", "zorvanek")),
        ("ZORVÁNEK-Quíll", ("zorvanek", "quill")),
        ("Зорванек", ("zorvanek",)),
        ("O'Zorvan", ("ozorvan",)),
        ("Quilla  M. Zorvanek, Zorvanek", ("quilla", "zorvanek")),
        ("", ()),
        ("123 ?", ()),
    ],
)
def test_a_name_is_its_parts_in_plain_letters(text: str, parts: tuple[str, ...]) -> None:
    assert name_tokens(text) == parts


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("passport:MD:ZZ 12-34 567x", ("passport", "MD", "ZZ1234567X")),
        ("zz1234567x", ("", "", "ZZ1234567X")),
        ("passport:MD:", None),
        ("0000000", None),
        ("unknown", None),
        ("A12", None),
    ],
)
def test_a_document_is_its_letters_and_digits_or_nothing(text: str, normal: tuple[str, str, str] | None) -> None:
    assert document(text) == normal


@pytest.mark.parametrize(
    ("text", "digits"),
    [("+999 (123) 45-67", "9991234567"), ("00999 1234567", "9991234567"), ("12345", None), ("0000000000", None)],
)
def test_a_telephone_number_is_its_digits_or_nothing(text: str, digits: str | None) -> None:
    assert phone(text) == digits


# ---------------------------------------------------------------------------------------------------- who is found


def pair_of(one: Person, other: Person) -> Pairs:
    return find_pairs(identities([{**one, "ref": "a:1"}, {**other, "ref": "b:1"}]))[0]


VARIANTS: dict[str, dict[str, object]] = {
    "nothing but the document at home": varied(),
    "written in Cyrillic": varied(given_name="Куилла", family_name="Зорванек"),
    "with diacritics": varied(family_name="Zorvañék"),
    "given and family name swapped": varied(given_name="Zorvanek", family_name="Quilla"),
    "in one field": varied(given_name="Quilla Zorvanek", family_name=""),
    "with a middle name": varied(middle_name="Borisovna"),
    "one letter otherwise": varied(family_name="Zorvaneg"),
    "one letter missing": varied(given_name="Quila"),
    "two letters turned": varied(family_name="Zorvaenk"),
    "the first letter otherwise": varied(family_name="Sorvanek"),
    "a double family name": varied(family_name="Zorvanek-Hruvo"),
    "day and month swapped": {**varied(birth_date="1990-07-05"), "day": 5},
    "one digit of the birth date otherwise": varied(birth_date="1990-05-11"),
    "one digit of the birth year otherwise": varied(birth_date="1980-05-17"),
    "only the month of birth": varied(birth_date="1990-05"),
    "only the year of birth": varied(birth_date="1990"),
    "a slip and only the year of birth": varied(birth_date="1990", family_name="Zorvaneg"),
    "another gender recorded": varied(gender="Masculine"),
    "another citizenship recorded": varied(citizenships=["UA"]),
    "no gender and no citizenship": varied(gender="", citizenships=[]),
}
BORN_5TH = {"day and month swapped": "1990-05-07"}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_second_registration_is_found_though_it_is(name: str) -> None:
    first = {**ANN, "birth_date": BORN_5TH.get(name, ANN["birth_date"])}
    pairs = pair_of(first, VARIANTS[name])
    assert len(pairs) == 1
    assert not pairs.sure[0]
    assert pairs.bits[0] >= weights.THRESHOLD


STRANGERS: dict[str, dict[str, object]] = {
    "a twin with the same telephone": {**varied(given_name="Brenno"), "phones": ANN["phones"]},
    "a sister with the same telephone": {
        **varied(given_name="Brenna", birth_date="1992-11-02"), "phones": ANN["phones"],
    },
    "a namesake born years later": varied(birth_date="1997-01-30"),
    "a namesake born in the same year": varied(birth_date="1990-11-02"),
    "somebody with the same birth date": varied(given_name="Brenna", family_name="Hruvolic"),
    "somebody with the same telephone": {
        **varied(given_name="Brenna", family_name="Hruvolic", birth_date="1970-01-01"), "phones": ANN["phones"],
    },
    "somebody of whom only one name is known": varied(given_name="", birth_date="1990"),
    "a namesake of whom no birth date is known": varied(birth_date="", gender="", citizenships=[]),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGERS)
def test_somebody_else_is_not_taken_for_her(name: str) -> None:
    assert len(pair_of(ANN, STRANGERS[name])) == 0


@pytest.mark.parametrize("written", ["passport:MD:ZZ-1234567x", "zz 1234567 X", "passport::ZZ1234567X"])
def test_a_document_in_common_is_sure(written: str) -> None:
    pairs = pair_of(ANN, {"given_name": "Kvila", "id_documents": [written]})
    assert pairs.sure.tolist() == [True]


@pytest.mark.parametrize("written", ["passport:UA:ZZ1234567X", "licence:MD:ZZ1234567X"])
def test_one_number_on_two_documents_is_not(written: str) -> None:
    assert not pair_of(ANN, {**varied(), "id_documents": [written]}).sure.any()


def test_a_lent_document_is_put_before_a_person_and_never_merged_by_rule() -> None:
    other = {**ANN, "given_name": "Brenno", "family_name": "Hruvolic", "birth_date": "1971-11-02"}
    pairs = pair_of(ANN, other)
    assert pairs.sure.tolist() == [False]


def test_a_match_token_of_a_document_in_common_is_sure_and_one_of_a_name_is_not() -> None:
    for scheme, sure in (("document", [True]), ("name-birth", [])):
        held: Person = {"match_tokens": [f"{scheme}:abc"]}
        assert pair_of(held, held).sure.tolist() == sure


def test_the_weights_are_those_of_the_model_and_the_threshold_tells_what_it_says() -> None:
    assert weights.NAMES_SAME.bits + weights.BORN_YEAR.bits > weights.THRESHOLD
    assert weights.NAMES_ALIKE.bits + weights.BORN_YEAR.bits > weights.THRESHOLD
    assert weights.NAMES_SAME.bits < weights.THRESHOLD
    background = weights.GENDER_SAME.bits + weights.CITIZENSHIP_SAME.bits
    assert weights.NAMES_SAME.bits + background + weights.BORN_OTHER_DAY.bits < weights.THRESHOLD
    assert weights.NAMES_HALF.bits + weights.BORN_SAME.bits + background < weights.THRESHOLD


# ---------------------------------------------------------------------------------------------- against brute force

GIVEN = ("Quilla", "Brenno", "Istvar", "Oluna", "Tamsel", "Quila")
FAMILY = ("Zorvanek", "Hruvolic", "Adebori", "Kestrun", "Zorvaneg")


def crowd(number: int, seed: int) -> list[dict[str, object]]:
    """People with few names and birth dates, so that many share something."""
    chance = random.Random(seed)
    dates = ["1990-05-17", "1990-05-07", "1990-07-05", "1990-05", "1990", "1991-02-03", "1985-12-31", ""]
    return [
        {
            "given_name": chance.choice(GIVEN),
            "family_name": chance.choice(FAMILY),
            "birth_date": chance.choice(dates),
            "gender": chance.choice(["Feminine", "Masculine", ""]),
            "citizenships": chance.sample(["MD", "UA", "NG"], chance.randint(0, 2)),
            "id_documents": chance.choice([[], [], [], [f"ZZ{chance.randint(10000, 10040)}X"]]),
            "phones": chance.choice([[], [], [f"+999 123 45{chance.randint(10, 40)}"]]),
            "ref": f"{chance.choice('ab')}:{number:04}",
        }
        for number in range(number)
    ]


def found_pairs(folk: Sequence[Person]) -> dict[tuple[str, str], tuple[float, bool]]:
    held = identities(folk)
    pairs, _ = find_pairs(held)
    columns = zip(pairs.first.tolist(), pairs.second.tolist(), pairs.bits.tolist(), pairs.sure.tolist(), strict=True)
    return {(held.refs[a], held.refs[b]): (round(bits, 3), sure) for a, b, bits, sure in columns}


def test_blocking_loses_no_pair_that_comparing_all_with_all_would_find() -> None:
    folk = crowd(120, 3)
    by_blocks = found_pairs(folk)
    by_force = {}
    for one, other in combinations(folk, 2):
        held = identities([one, other])
        pairs = find_pairs(held)[0]
        if len(pairs):
            first, second = sorted((str(one["ref"]), str(other["ref"])))
            by_force[first, second] = (round(float(pairs.bits[0]), 3), bool(pairs.sure[0]))
    assert len(by_force) > 100
    assert by_blocks == by_force


def test_the_order_of_the_cases_changes_nothing() -> None:
    folk = crowd(200, 4)
    shuffled = list(folk)
    random.Random(1).shuffle(shuffled)
    assert found_pairs(shuffled) == found_pairs(folk)
    persons = []
    for order in (folk, shuffled):
        held = identities(order)
        resolution = resolve(find_pairs(held)[0], Decisions.none(), held.refs)
        groups: dict[int, set[str]] = {}
        for ref, person in zip(held.refs, resolution.person.tolist(), strict=True):
            groups.setdefault(person, set()).add(ref)
        persons.append(sorted(map(sorted, groups.values())))
    assert persons[0] == persons[1]


def test_blocks_that_are_too_large_are_parted_and_what_is_passed_over_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    born = [{"given_name": "Quilla", "family_name": "Zorvanek", "birth_date": str(1950 + n)} for n in range(30)]
    unborn = [{**one, "birth_date": ""} for one in born[:5]]
    folk = people(identities([*born, *unborn]))
    assert candidates(folk)[2] == 0
    monkeypatch.setattr(blocking, "MOST_IN_BLOCK", 10)
    first, second, passed_over = candidates(folk)
    assert passed_over > 0
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    assert {(n, n + 1) for n in range(29)} <= pairs, "people a year apart are still compared"
    assert (0, 20) not in pairs


# ------------------------------------------------------------------------------------------- from pairs to people


def pairs_of(matches: Sequence[tuple[int, int]], *, sure: bool = True, bits: Sequence[float] = ()) -> Pairs:
    number = len(matches)
    first, second = (np.array(side, dtype=np.int32) for side in (zip(*matches, strict=True) if matches else ([], [])))
    return Pairs(
        first=first,
        second=second,
        bits=np.array(bits or [20.0] * number, dtype=np.float32),
        sure=np.full(number, sure),
        agrees=np.zeros(number, dtype=np.uint16),
        differs=np.zeros(number, dtype=np.uint16),
    )


REFS = tuple(f"m:{number}" for number in range(8))


def decided(**verdicts: str) -> Decisions:
    """Decisions such as ``p0_1="same"``."""
    found = {}
    for name, verdict in verdicts.items():
        one, other = name[1:].split("_")
        found[f"m:{one}", f"m:{other}"] = Decision(verdict, "A", "", "", "")  # type: ignore[arg-type]
    return Decisions(found)


def test_sure_pairs_are_merged_and_likely_ones_wait() -> None:
    assert resolve(pairs_of([(0, 1)]), Decisions.none(), REFS).person[:2].tolist() == [0, 0]
    waiting = resolve(pairs_of([(0, 1)], sure=False), Decisions.none(), REFS)
    assert waiting.person[:2].tolist() == [0, 1]
    assert waiting.undecided == ((0, 1),)


def test_a_decision_merges_a_likely_pair_and_undoes_a_sure_one() -> None:
    likely = resolve(pairs_of([(0, 1)], sure=False), decided(p0_1="same"), REFS)
    assert (likely.person[:2].tolist(), likely.undecided, likely.decided_same) == ([0, 0], (), 1)
    sure = resolve(pairs_of([(0, 1)]), decided(p0_1="different"), REFS)
    assert (sure.person[:2].tolist(), sure.undecided, sure.decided_different) == ([0, 1], (), 1)


def test_groups_do_not_chain() -> None:
    resolution = resolve(pairs_of([(0, 1), (1, 2)], bits=[30, 20]), Decisions.none(), REFS)
    assert resolution.person[:3].tolist() == [0, 0, 2]
    assert resolution.chained == ((0, 2),)
    assert resolution.undecided == ((0, 2),)


def test_a_chain_closes_when_its_missing_pair_is_decided() -> None:
    closed = resolve(pairs_of([(0, 1), (1, 2)]), decided(p0_2="same"), REFS)
    assert closed.person[:3].tolist() == [0, 0, 0]
    assert closed.undecided == closed.chained == ()
    apart = resolve(pairs_of([(0, 1), (1, 2)]), decided(p0_2="different"), REFS)
    assert len(set(apart.person[:3].tolist())) == 2
    assert apart.undecided == ()


def test_a_decision_about_a_case_that_is_not_here_is_counted_and_harmless() -> None:
    gone = Decisions({("m:1", "x:9"): Decision("same", "A", "B", "", "")})
    resolution = resolve(pairs_of([]), gone, REFS)
    assert (resolution.stale, resolution.person.tolist()) == (1, list(range(8)))


@settings(max_examples=200, derandomize=True)
@given(
    matches=st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] < pair[1])),
    seed=st.integers(0, 5),
)
def test_in_every_group_every_pair_is_matched(matches: set[tuple[int, int]], seed: int) -> None:
    chance = random.Random(seed)
    listed = sorted(matches)
    resolution = resolve(pairs_of(listed, bits=[chance.random() for _ in listed]), Decisions.none(), REFS)
    groups: dict[int, list[int]] = {}
    for case, person in enumerate(resolution.person.tolist()):
        groups.setdefault(person, []).append(case)
    for group in groups.values():
        assert all(pair in matches for pair in combinations(group, 2))
    for one, other in matches:
        merged = resolution.person[one] == resolution.person[other]
        blocked = any(one in pair or other in pair for pair in resolution.chained)
        assert merged or blocked, "a matched pair is merged, or a chain stands in the way and says so"


def test_whether_two_cases_are_merged_does_not_depend_on_people_who_match_neither() -> None:
    """One person more in the table must not make one person of two others."""
    folk = crowd(150, 5)
    alone, together = {}, {}
    held = identities(folk)
    resolution = resolve(find_pairs(held)[0], Decisions.none(), held.refs)
    newcomer = {**ANN, "given_name": "Wimpel", "family_name": "Drosty", "birth_date": "1966-06-06", "ref": "z:1",
                "id_documents": [], "phones": []}  # fmt: skip
    more = identities([newcomer, *folk])
    after = resolve(find_pairs(more)[0], Decisions.none(), more.refs)
    for ref, person in zip(held.refs, resolution.person.tolist(), strict=True):
        alone[ref] = held.refs[person]
    for ref, person in zip(more.refs, after.person.tolist(), strict=True):
        together[ref] = more.refs[person]
    assert together.pop("z:1") == "z:1"
    assert together == alone


def test_the_fullest_case_stands_of_equals_the_latest_and_then_the_last_by_name() -> None:
    person = np.array([0, 0, 2, 3, 3, 5, 5], dtype=np.int32)
    fullness = np.array([3, 5, 0, 4, 4, 1, 1])
    dates = ["2020-01-01", "2019-01-01", "", "2020-01-01", "2021-01-01", "2020-01-01", "2020-01-01"]
    refs = ["b", "a", "c", "d", "e", "g", "f"]
    assert canonical(person, fullness, dates, refs).tolist() == [False, True, True, False, True, True, False]


# --------------------------------------------------------------------------------------------------------- the queue


def queued(folk: Sequence[Person], decisions: Decisions) -> str:
    held = identities(folk)
    pairs, _ = find_pairs(held)
    return queue_csv(pairs, resolve(pairs, decisions, held.refs), decisions, held.refs)


FOLK = [{**ANN, "ref": "a:1"}, {**varied(), "ref": "b:2"}, {**ANN, "ref": "b:3", "id_documents": ANN["id_documents"]}]


def test_the_queue_holds_who_and_why_and_no_value() -> None:
    text = queued(FOLK, Decisions.none())
    lines = text.splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 4
    assert lines[1].startswith("a:1,b:2,likely,")
    assert "names, birth date" in lines[1]
    assert ",sure," in lines[3]
    for value in ("Quilla", "Zorvanek", "1990", "ZZ1234567X", "123 4567", "MD", "Feminine"):
        assert value.casefold() not in text.casefold()


def filled(text: str, **cells: str) -> str:
    """The queue with the first row's cells filled in."""
    head, first, *rest = text.splitlines()
    *kept, _, _, _, _, _ = first.rsplit(",", 5)
    told = [cells.get(name, "") for name in ("decision", "by", "second_by", "on", "note")]
    return "\n".join([head, ",".join([*kept, *told]), *rest]) + "\n"


def test_decisions_are_read_back_kept_and_reversed(tmp_path: Path) -> None:
    path = tmp_path / "queue.csv"
    path.write_text(filled(queued(FOLK, Decisions.none()), decision="same", by="A", second_by="B", note="met her"))
    decisions = read_decisions(path)
    assert decisions.of_pair == {("a:1", "b:2"): Decision("same", "A", "B", "", "met her")}
    again = queued(FOLK, decisions)
    assert "same,A,B,,met her" in again
    assert read_decisions(write(path, again)).of_pair == decisions.of_pair
    reversed_text = again.replace("same,A,B,,met her", "different,A,B,,no")
    assert read_decisions(write(path, reversed_text)).of_pair["a:1", "b:2"].verdict == "different"


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_decision_about_cases_that_are_gone_is_kept_in_the_queue() -> None:
    gone = Decisions({("x:1", "x:2"): Decision("same", "A", "", "", "")})
    assert "x:1,x:2,decided,,,,same,A,,," in queued(FOLK, gone)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"decision": "maybe", "by": "A", "second_by": "B"}, "FG-IN-091"),
        ({"decision": "same"}, "FG-IN-092"),
        ({"decision": "same", "by": "A"}, "FG-IN-093"),
        ({"decision": "same", "by": "A", "second_by": " a "}, "FG-IN-093"),
        ({"decision": "same", "by": "A", "second_by": "=B"}, "FG-IN-094"),
    ],
)
def test_a_decision_that_is_none_is_refused_with_its_row(tmp_path: Path, cells: dict[str, str], code: str) -> None:
    path = write(tmp_path / "q.csv", filled(queued(FOLK, Decisions.none()), **cells))
    with pytest.raises(InputError, match=f"{code} row 2") as raised:
        read_decisions(path)
    assert "maybe" not in str(raised.value)


def test_one_person_decides_within_one_delivery(tmp_path: Path) -> None:
    rows = "m:1,m:2,likely,20.0,,,same,A,,,\n"
    assert len(read_decisions(write(tmp_path / "q.csv", ",".join(COLUMNS) + "\n" + rows)).of_pair) == 1


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("m:1,m:2,likely,,,,same,A,,,\nm:2,m:1,likely,,,,different,A,,,\n", "FG-IN-095"),
        ("m:1,m:1,likely,,,,same,A,,,\n", "FG-IN-096"),
        (",m:1,likely,,,,same,A,,,\n", "FG-IN-096"),
    ],
)
def test_rows_that_contradict_are_refused(tmp_path: Path, rows: str, code: str) -> None:
    with pytest.raises(InputError, match=code):
        read_decisions(write(tmp_path / "q.csv", ",".join(COLUMNS) + "\n" + rows))


def test_another_table_is_no_queue(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="FG-IN-090"):
        read_decisions(write(tmp_path / "q.csv", "a,b\n1,2\n"))


# -------------------------------------------------------------------------------------------------------------- tokens


def private(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def test_tokens_agree_across_spellings_and_say_nothing_without_the_key() -> None:
    key = new_key().strip()
    held = tokens(identities([ANN, {**ANN, "given_name": "КВИЛЛА", "id_documents": ["zz 1234567x"]}]), key)
    first, second = (set(one) for one in held.by_record(2))
    assert {one for one in first if one.startswith("document:")} == {
        one for one in second if one.startswith("document:")
    }
    cyrillic = tokens(identities([{**varied(), "family_name": "ЗОРВАНЕК"}]), key).by_record(1)[0]
    assert cyrillic == tokens(identities([varied()]), key).by_record(1)[0]
    assert not set(tokens(identities([ANN]), new_key().strip()).values) & first
    for value in held.values:
        assert all(word not in value.casefold() for word in ("quilla", "zorvanek", "1234567", "1990"))


def test_a_file_of_tokens_tells_neither_case_nor_name_and_is_read_back(tmp_path: Path) -> None:
    key = new_key().strip()
    text, number = tokens_csv(identities([{**ANN, "ref": "a:secret-1"}]), key, "south")
    assert number == 2
    assert "secret" not in text
    assert text.splitlines()[0] == "database,case,scheme,token"
    others = read_tokens([write(tmp_path / "t.csv", text)])
    assert (len(others.documents), len(others.names)) == (1, 1)


def test_people_whom_another_database_holds_are_told_by_document_for_sure_and_by_name_perhaps(tmp_path: Path) -> None:
    key = new_key().strip()
    text, _ = tokens_csv(identities([ANN]), key, "south")
    others = read_tokens([write(tmp_path / "t.csv", text)])
    here = identities([ANN, varied(), varied(family_name="Hruvolic")])
    sure, perhaps = held_elsewhere(here, key, others)
    assert (sure.tolist(), perhaps.tolist()) == ([True, False, False], [False, True, False])
    sure, perhaps = held_elsewhere(here, new_key().strip(), others)
    assert not sure.any()
    assert not perhaps.any()


def test_a_key_must_be_private_long_and_there(tmp_path: Path) -> None:
    key = new_key()
    assert read_key(private(tmp_path / "k", key)) == key.strip()
    assert new_key() != key
    (tmp_path / "k").chmod(0o640)
    for path in (tmp_path / "k", private(tmp_path / "short", b"x" * 31), tmp_path / "none"):
        with pytest.raises(InputError, match="FG-IN-098") as raised:
            read_key(path)
        assert key.decode().strip() not in str(raised.value)


def test_a_file_without_tokens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="FG-IN-099"):
        read_tokens([write(tmp_path / "t.csv", "a,b\n1,2\n")])


# ------------------------------------------------------------------------------------------------------- the measure


def test_agreement_counts_pairs_by_what_became_of_them() -> None:
    truth = np.array([0, 0, 0, 1, 1, 2, 3, 4])
    sure, likely = [(0, 1), (5, 6)], [(3, 4), (6, 7)]
    pairs = pairs_of(sure + likely)
    pairs.sure[2:] = False
    found = agreement(resolve(pairs, Decisions.none(), REFS), truth)
    assert (found.true, found.merged, found.merged_wrongly, found.queued, found.queued_wrongly, found.missed) == (
        4, 1, 1, 1, 1, 2,
    )  # fmt: skip
    assert (found.precision, found.recall, found.found) == (0.5, 0.25, 0.5)


def test_what_is_held_of_people_prints_as_withheld() -> None:
    held = identities([ANN])
    for one in (held, people(held), find_pairs(held)[0], Decisions.none(), Tokens(frozenset({"x"}), frozenset())):
        assert "withheld" in repr(one)
    assert all(" " not in word or word.split()[0] in ("like", "birth") for word in EVIDENCE)
    assert sound("zorvanek") == sound("zorvaneck")
    assert answers_of([["a"]]).by_record(1) == [["a"]]
