"""Which pairs of cases are found to be one person's, surely or likely, and which are not."""

from __future__ import annotations

import random

import numpy as np
import pytest
from rapidfuzz.distance import JaroWinkler

from frostglass.sensitive.linkage import blocking, weights
from frostglass.sensitive.linkage.births import birth_levels
from frostglass.sensitive.linkage.comparing_names import LIKE_IN_SOUND, NameComparison
from frostglass.sensitive.linkage.matching import find_pairs
from frostglass.sensitive.linkage.normal import document, name_tokens, phone, sound
from frostglass.sensitive.linkage.people import people
from frostglass.sensitive.linkage.weights import Birth, Names
from tests.sensitive.linkage_support import (
    Case,
    by_refs,
    case,
    identities,
    reference_birth,
    reference_names,
    reference_pairs,
    shuffled,
)

ADA = case("Zorana", "Kuilmar", "1990-03-07")


def found(*cases: Case) -> str:
    """What becomes of two cases: "sure", "likely", or "" for nothing."""
    pairs, _ = find_pairs(identities(cases))
    return "" if not len(pairs) else "sure" if pairs.sure[0] else "likely"


# ------------------------------------------------------------------------------------------------- names and numbers


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Zorbán-Kuil", ("zorban", "kuil")),
        ("ЗОРБАН Куил", ("zorban", "kuil")),
        ("Ζορβάν", ("zorvan",)),
        ("al-Kuil", ("kuil",)),
        ("van der Kuil", ("kuil",)),
        ("Al", ("al",)),
        ("O'Kuil J.", ("okuil",)),
        ("  ", ()),
    ],
)
def test_names_are_compared_in_latin_letters_without_case_marks_and_particles(text: str, tokens: tuple[str]) -> None:
    assert name_tokens(text) == tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [("yusuf", "youssef"), ("mohammed", "muhamad"), ("vera", "wiera"), ("tchaikin", "chaykin"), ("olena", "elena")],
)
def test_spellings_that_languages_exchange_sound_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(("one", "other"), [("zorana", "zorama"), ("temilo", "lamda"), ("kuil", "guil")])
def test_other_consonants_sound_otherwise(one: str, other: str) -> None:
    assert sound(one) != sound(other)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("passport:MD:ab 12-345", ("passport", "MD", "AB12345")),
        ("AB12345", ("", "", "AB12345")),
        ("::ab12345", ("", "", "AB12345")),
        ("0000000", None),
        ("unknown", None),
        ("N.O.N.E.", None),
        ("A123", None),
    ],
)
def test_a_document_is_its_letters_and_digits_and_what_identifies_nobody_is_none(
    text: str, held: tuple[str, str, str] | None
) -> None:
    assert document(text) == held


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("00 999 123-4567", "+9991234567"),
        ("+999 (123) 4567", "+9991234567"),
        ("0123 45 67", "01234567"),
        ("123456", None),
        ("0000000", None),
    ],
)
def test_a_telephone_number_is_its_digits(text: str, number: str | None) -> None:
    assert phone(text) == number


DATES = [
    "", "1990", "1991", "1990-03", "1990-07", "1990-03-07", "1990-07-03", "1990-03-08", "1980-03-07", "1991-03-07",
    "2090-03-07", "1990-12-25", "1971-05-30",
]  # fmt: skip


def test_birth_dates_compare_as_the_slow_reference_says() -> None:
    both = [(one, other) for one in DATES for other in DATES]
    packed = np.array(
        [[int(text.replace("-", "").ljust(8, "0") or 0) for text in pair] for pair in both], dtype=np.int64
    )
    levels = birth_levels(packed[:, 0], packed[:, 1])
    assert [Birth(level) for level in levels.tolist()] == [reference_birth(*pair) for pair in both]


def test_names_compare_as_the_slow_reference_says() -> None:
    chance = random.Random(4)
    parts = [
        "zorana",
        "zorona",
        "zoranna",
        "kuilmar",
        "quilmar",
        "kuil",
        "tem",
        "temo",
        "yusuf",
        "youssef",
        "lamda",
        "hassan",
        "hussein",
    ]
    names = [[*chance.sample(parts, chance.randint(0, 5))] for _ in range(300)]
    folk = people(identities([case(" ".join(name)) for name in names]))
    one = np.array([chance.randrange(300) for _ in range(4_000)], dtype=np.int32)
    other = np.array([chance.randrange(300) for _ in range(4_000)], dtype=np.int32)
    comparison = NameComparison(folk)
    levels, single = comparison.levels(one, other), comparison.single(one, other)
    expected = [reference_names(names[a], names[b]) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    assert list(zip(levels.tolist(), single.tolist(), strict=True)) == expected
    assert {level for level, _ in expected} == set(Names), "every level occurs"


def test_no_part_of_a_name_that_is_like_another_is_passed_over_for_its_letters() -> None:
    """The cheap bound that comes before the measure never refuses what the measure would let pass."""
    chance = random.Random(8)
    texts = sorted({"".join(chance.choices("abcdefgh", k=chance.randint(2, 9))) for _ in range(900)})
    folk = people(identities([case(text) for text in texts]))
    assert folk.texts.tolist() == texts
    one, other = np.triu_indices(len(texts), 1)
    may_be = NameComparison(folk)._may_be_like(one.astype(np.int32), other.astype(np.int32))
    pairs = list(zip(one.tolist(), other.tolist(), strict=True))
    like = np.array([JaroWinkler.similarity(texts[a], texts[b]) >= LIKE_IN_SOUND / 1000 for a, b in pairs])
    assert 500 < like.sum() < may_be.sum() < len(pairs)
    assert may_be[like].all()


# ------------------------------------------------------------------------------------------------------ what is likely

VARIANTS = {
    "no variant": ("Zorana", "Kuilmar"),
    "diacritics": ("Zoraná", "Kuílmar"),
    "Cyrillic": ("Зорана", "Куилмар"),
    "swapped names": ("Kuilmar", "Zorana"),
    "capitals": ("ZORANA", "KUILMAR"),
    "a wrong letter": ("Zorena", "Kuilmar"),
    "a wrong first letter": ("Zorana", "Guilmar"),
    "a letter left out": ("Zorana", "Kulmar"),
    "two letters exchanged": ("Zorana", "Kuilmra"),
    "a particle": ("Zorana", "al-Kuilmar"),
    "a double name": ("Zorana", "Kuilmar-Brantek"),
    "a middle name": ("Zorana Temilo", "Kuilmar"),
    "another spelling": ("Zorana", "Quilmaar"),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())
@pytest.mark.parametrize("born", ["1990-03-07", "1990-03"])
def test_variants_of_a_name_with_a_compatible_birth_date_are_likely(variant: tuple[str, str], born: str) -> None:
    assert found(ADA, case(*variant, born)) == "likely"


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())
def test_variants_with_the_year_alone_are_likely_with_a_citizenship_in_common(variant: tuple[str, str]) -> None:
    one, other = {**ADA, "citizenships": "MD|UA"}, case(*variant, "1990", citizenships="UA")
    assert found(one, other) == "likely"


def test_the_least_that_is_likely_is_a_similar_name_with_the_year_and_a_citizenship() -> None:
    one = case("Yusuf", "Kuilmar", "1990-03-07", citizenships="MD")
    other = case("Youssef", "Kuilmar", "1990", citizenships="MD")
    pairs, _ = find_pairs(identities([one, other]))
    assert pairs.bits.tolist() == [weights.THRESHOLD]
    assert found(one, {**other, "citizenships": ""}) == ""


def test_names_that_only_sound_alike_are_likely_with_the_same_birth_date_alone() -> None:
    one, other = case("Hassan", "Kuilmar", "1990-03-07"), case("Hussein", "Kuilmar", "1990-03-07")
    assert reference_names(["hassan", "kuilmar"], ["hussein", "kuilmar"]) == (Names.SOUND, False)
    assert found(one, other) == "likely"
    assert found(one, {**other, "birth_date": "1990-03"}) == ""


@pytest.mark.parametrize("born", ["1990-07-03", "1990-03-08", "1980-03-07", "1990-03-17"])
def test_a_slip_in_the_birth_date_leaves_the_pair_likely(born: str) -> None:
    assert found(ADA, case("Zorana", "Kuilmar", born)) == "likely"


@pytest.mark.parametrize("born", ["1975-11-21", "1991-04-07", "1990-12-25", ""])
def test_namesakes_with_another_birth_date_or_none_are_no_pair(born: str) -> None:
    one = {**ADA, "citizenships": "MD"}
    assert found(one, case("Zorana", "Kuilmar", born, citizenships="MD")) == ""
    assert found(one, case("Zorana", "Kuilmar", "1990-03-07", citizenships="MD")) == "likely"


@pytest.mark.parametrize("given", ["Temilo", "Birgul", "Lamda"])
def test_twins_are_no_pair_even_with_one_telephone_and_citizenship(given: str) -> None:
    shared = {"phones": "+999123456789", "citizenships": "MD", "gender": "f"}
    assert found({**ADA, **shared}, case(given, "Kuilmar", "1990-03-07", **shared)) == ""


def test_members_of_a_household_are_no_pair() -> None:
    shared = {"phones": "+999123456789", "citizenships": "MD"}
    parent, child = case("Temilo", "Kuilmar", "1961-12-30", **shared), case("Temilo", "Kuilmar", "1992-05-18", **shared)
    assert found({**ADA, **shared}, parent) == ""
    assert found(parent, child) == "", "a parent and a child of one name"
    assert found({**ADA, **shared}, case("Temilo", "Kuilmar", "", **shared)) == "", "no birth date"


def test_a_gender_or_citizenship_that_differs_weighs_against_a_pair_mildly() -> None:
    one, other = {**ADA, "gender": "f", "citizenships": "MD"}, {**ADA, "gender": "m", "citizenships": "UA"}
    pairs, _ = find_pairs(identities([ADA, ADA]))
    apart, _ = find_pairs(identities([one, other]))
    assert pairs.bits[0] - apart.bits[0] == -(weights.GENDER_DIFFERS + weights.CITIZENSHIPS_DIFFER)


def test_other_documents_of_one_kind_and_country_weigh_against_a_pair_mildly() -> None:
    one, other = {**ADA, "id_documents": "id:MD:A1234567"}, {**ADA, "id_documents": "id:MD:B7654321"}
    pairs, _ = find_pairs(identities([ADA, ADA]))
    apart, _ = find_pairs(identities([one, other]))
    assert (pairs.bits[0] - apart.bits[0], bool(apart.sure[0])) == (-weights.DOCUMENTS_DIFFER, False)


# --------------------------------------------------------------------------------------------------------- what is sure


@pytest.mark.parametrize("other", ["id:MD:A1234567", "A1234567", "::a-123 4567", "id::A1234567"])
def test_one_document_makes_a_pair_sure_where_a_name_or_a_birth_date_agrees_too(other: str) -> None:
    document = "id:MD:A1234567"
    assert found(case("Zorana", "Kuil", id_documents=document), case("Kuil", "Zorana", id_documents=other)) == "sure"
    born = {"birth_date": "1990-03-07"}
    assert found(case(id_documents=document, **born), case(id_documents=other, **born)) == "sure"
    assert found(case("Zorana", id_documents=document), case("Lamda", id_documents=other)) == "likely"
    assert found(case(id_documents=document), case(id_documents=other)) == "likely", "nothing else is known"
    year = {"birth_date": "1990"}
    assert found(case(id_documents=document, **year), case(id_documents=other, **year)) == "likely", "a year is shared"
    single = (case("Zorana", id_documents=document), case("Zorana", id_documents=other))
    assert found(*single) == "likely", "families lend documents and have a name in common"


@pytest.mark.parametrize("number", ["NOT AVAILABLE", "no passport", "12345", "123456789", "00000", "REFUGEE"])
def test_what_is_written_to_fill_the_field_is_no_document(number: str) -> None:
    assert found(case("Zorana", "Kuil", id_documents=number), case("Lamda", "Temilo", id_documents=number)) == ""


def test_a_case_that_tells_one_number_twice_is_no_pair_with_itself() -> None:
    pairs, _ = find_pairs(identities([case(id_documents="id:MD:A1234567|passport:MD:A1234567")]))
    assert len(pairs) == 0


@pytest.mark.parametrize("other", ["passport:MD:A1234567", "id:UA:A1234567"])
def test_one_number_with_another_type_or_country_is_not_sure(other: str) -> None:
    document = {"id_documents": "id:MD:A1234567"}
    assert found(case("Zorana", "Kuil", **document), case("Lamda", "Temilo", id_documents=other)) == ""
    assert found({**ADA, **document}, {**ADA, "id_documents": other}) == "likely"


def test_a_document_of_somebody_with_another_name_and_birth_date_is_likely_and_not_sure() -> None:
    document = {"id_documents": "A1234567"}
    lent = case("Lamda", "Temilo", "1961-12-30", **document)
    assert found({**ADA, **document}, lent) == "likely"
    assert found({**ADA, **document}, {**lent, "birth_date": ADA["birth_date"]}) == "likely", "other names"
    assert found({**ADA, **document}, {**lent, "family_name": "Kuilmar", "given_name": "Zorana"}) == "likely"
    assert found({**ADA, **document}, {**ADA, **document, "birth_date": "1990-07-03"}) == "sure", "day, month swapped"
    assert found({**ADA, **document}, {**ADA, **document, "birth_date": "1990-04-07"}) == "sure", "one digit off"


@pytest.mark.parametrize(("token", "what"), [("document:" + "ab" * 32, "sure"), ("name-birth:" + "ab" * 32, "likely")])
def test_a_token_in_common_is_sure_for_a_document_and_likely_for_a_name(token: str, what: str) -> None:
    born = {"birth_date": "1990-03-07"}
    assert found(case(match_tokens=token, **born), case(match_tokens=token.upper(), **born)) == what
    assert found(case(match_tokens=token), case(match_tokens=token)) == "likely", "nothing else is known"
    assert found(case(match_tokens=token), case(match_tokens=token[:-1] + "c")) == ""


# ---------------------------------------------------------------------------------------------------- all pairs at once


def some_cases(number: int, seed: int) -> list[Case]:
    """Cases from few names, dates and numbers, so that all kinds of pairs occur."""
    chance = random.Random(seed)

    def one_of(*values: str) -> str:
        return chance.choice(values)

    return [
        case(
            one_of("Zorana", "Zorena", "Temilo", "Тemilo", "Kuilmar", ""),
            one_of("Kuilmar", "Kuílmar", "Quilmar", "Brantek", "Kuilmar-Brantek", "Zorana"),
            one_of(*DATES[:9], "1990-03-07", "1990-03-07"),
            middle_name=one_of("", "", "", "Lamda"),
            id_documents=one_of("", "", "", "A1234567", "id:MD:A1234567", "id:UA:A1234567", "id:MD:B7654321"),
            phones=one_of("", "", "+999123456", "00999123456", "+999654321"),
            match_tokens=one_of("", "", "", "", "document:aa", "name-birth:bb"),
            gender=one_of("", "f", "m"),
            citizenships=one_of("", "MD", "UA", "MD|UA"),
        )
        for _ in range(number)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_pairs_are_those_of_the_slow_reference_which_compares_each_case_with_each(seed: int) -> None:
    """Blocking loses no pair that shares a sound, a document, a token or a telephone, and those here do."""
    cases = some_cases(120, seed)
    pairs, uncompared = find_pairs(identities(cases))
    expected = reference_pairs(cases)
    assert uncompared == 0
    got = {
        (one, other): (bits, sure)
        for one, other, bits, sure in zip(
            pairs.first.tolist(), pairs.second.tolist(), pairs.bits.tolist(), pairs.sure.tolist(), strict=True
        )
    }
    assert got.keys() == expected.keys()
    assert [got[pair][1] for pair in expected] == [sure for _, sure in expected.values()]
    assert [got[pair][0] for pair in expected] == pytest.approx([bits for bits, _ in expected.values()], abs=1e-3)
    assert {sure for _, sure in got.values()} == {True, False}


def test_the_order_of_the_input_changes_nothing() -> None:
    cases, refs = some_cases(150, 9), [f"a:{number:03d}" for number in range(150)]
    pairs, _ = find_pairs(identities(cases, refs))
    order = list(range(150))
    random.Random(1).shuffle(order)
    turned_cases, turned_refs = shuffled(cases, refs, order)
    turned, _ = find_pairs(identities(turned_cases, turned_refs))
    assert list(by_refs(turned, turned_refs).items()) == list(by_refs(pairs, refs).items())


def test_what_is_said_of_a_pair_does_not_depend_on_other_cases() -> None:
    cases, refs = some_cases(80, 3), [f"a:{number:03d}" for number in range(80)]
    all_pairs, _ = find_pairs(identities(cases, refs))
    few, _ = find_pairs(identities(cases[::2], refs[::2]))
    kept = set(refs[::2])
    assert by_refs(few, refs[::2]) == {
        pair: what for pair, what in by_refs(all_pairs, refs).items() if kept.issuperset(pair)
    }


def test_blocks_that_are_too_large_are_parted_by_a_further_name_and_the_rest_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    helper = {"phones": "+999111222333"}
    names = ("Temilo Brantek", "Lamda Quirosh", "Birgul Nopal", "Oveda Shinzar", "Dorek Fubel", "Gasan Mirtov")
    others = [case(name, "", f"{1960 + 3 * place}-01-01", **helper) for place, name in enumerate(names)]
    pair = [{**case("Zorana", "Kuilmar", "1990-03-07"), **helper}, {**case("Zorana", "Kuilmar", ""), **helper}]
    cases = identities([*others, *pair])
    whole, none = find_pairs(cases)
    monkeypatch.setattr(blocking, "MOST_IN_BLOCK", 4)
    parted, uncompared = find_pairs(cases)
    assert none == 0
    assert by_refs(parted, cases.refs) == by_refs(whole, cases.refs), "they share the telephone and a name"
    assert len(parted) == 1
    assert 0 < uncompared < 28


def test_lots_of_pairs_are_compared_a_few_at_a_time_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = identities(some_cases(100, 5))
    at_once, _ = find_pairs(cases)
    monkeypatch.setattr(blocking, "_PAIRS_AT_A_TIME", 7)
    assert by_refs(find_pairs(cases)[0], cases.refs) == by_refs(at_once, cases.refs)


def test_no_cases_no_documents_and_dates_that_are_none_make_no_pairs() -> None:
    assert len(find_pairs(identities([]))[0]) == 0
    assert len(find_pairs(identities([case(), case()]))[0]) == 0
    assert found(case("Zorana", "Kuilmar", "soon"), case("Zorana", "Kuilmar", "soon")) == ""


def test_identities_and_pairs_print_nothing() -> None:
    whole = identities([ADA, ADA])
    assert "Zorana" not in repr(whole) + repr(people(whole)) + repr(find_pairs(whole)[0])


def test_identities_name_each_case_differently() -> None:
    with pytest.raises(ValueError, match="a name of its own"):
        identities([ADA, ADA], ["a:1", "a:1"])
