"""The search that proves the strip finds what it must find, and nothing by chance."""

from __future__ import annotations

import pytest

from frostglass.sensitive.recoding.strip_proof import ColumnsRead, Search, StripProof, search


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("Zorvan", "Zorvan"),
        ("Zorvan", "the case of ZORVAN, and others"),
        ("Zorvan", "<td>zorvan</td>"),
        ("Quilla Zorvan", "called quilla  zorvan."),
        ("+99912345678", "tel:+99912345678;"),
        ("q@example.org", "write to q@example.org!"),
        ("O'Zorvan-Quill", "(O'Zorvan-Quill)"),
        ("1994-06-02", "born 1994-06-02"),
        ("Зорван", "зорван"),
    ],
)
def test_an_identifier_in_the_output_is_found(identifier: str, text: str) -> None:
    assert search([identifier], [text], []).found == 1


@pytest.mark.parametrize("text", ["Zorvania", "aZorvan", "Zor van", "", "Zorva", "Zorvan1"])
def test_a_part_of_another_word_is_not_taken_for_it(text: str) -> None:
    assert search(["Zorvan"], [text], []).found == 0


def test_each_identifier_is_counted_once_however_often_it_is_held_or_found() -> None:
    assert search(["Zorvan", "ZORVAN", "Quilla"], ["zorvan zorvan", "zorvan"], []) == Search(2, 0, 0, 1)


def test_what_is_too_short_is_counted_and_not_searched_for() -> None:
    assert search(["Li", "Abe", "Abel"], ["li abe abel"], []) == Search(1, 2, 0, 1)
    assert search(["1990", "123456", "1234567"], ["1990 123456 1234567"], []) == Search(1, 2, 0, 1)


def test_a_public_word_is_no_leak() -> None:
    assert search(["Asia", "Zorvan"], ["Asia", "Europe"], ["Africa, Asia, Europe"]) == Search(2, 0, 1, 0)


def test_the_proof_holds_only_where_neither_search_finds_anything() -> None:
    columns = (ColumnsRead("m", (), (), (), (), 0),)
    nothing, something = Search(5, 0, 0, 0), Search(5, 0, 0, 1)
    assert StripProof(columns, nothing, None).holds()
    assert StripProof(columns, nothing, nothing).holds()
    assert not StripProof(columns, something, None).holds()
    assert not StripProof(columns, nothing, something).holds()
