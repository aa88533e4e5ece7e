"""What travels between databases: keyed hashes, and nothing else."""

from __future__ import annotations

import csv
import hmac
import re
from pathlib import Path

import pytest

from frostglass.errors import InputError, UsageError
from frostglass.sensitive.linkage.tokens import (
    COLUMNS,
    Tokens,
    held_elsewhere,
    new_key,
    read_key,
    read_tokens,
    tokens,
    tokens_csv,
)
from tests.sensitive.linkage_support import Case, case, identities, write_tokens

KEY, OTHER_KEY = b"k3y-of-the-tests" * 2, b"0ther-k3y-of-the" * 2
ADA = case("Zorana", "Kuilmar", "1990-03-07", id_documents="passport:MD:A1234567")


def of(one: Case, key: bytes = KEY) -> dict[str, str]:
    """The tokens of a case by scheme; each scheme once."""
    held = tokens(identities([one]), key).by_record(1)[0]
    assert len(held) == len({token.split(":")[0] for token in held})
    return dict(token.split(":") for token in held)


def test_a_case_has_a_token_for_each_scheme_and_without_the_key_none_can_be_told() -> None:
    held = of(ADA)
    assert set(held) == {"document", "document-number", "name-birth"}
    assert len(set(held.values())) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", token) for token in held.values())
    assert not set(held.values()) & set(of(ADA, OTHER_KEY).values())


def test_tokens_are_hmac_sha_256_of_the_scheme_and_the_normal_form_and_stay_so() -> None:
    """Another version or database must make the same; hmac of the standard library makes these."""

    def expected(scheme: str, text: str) -> str:
        return hmac.new(KEY, b"frostglass token 1\0" + f"{scheme}\0{text}".encode(), "sha256").hexdigest()

    held = of(case("Zorana Temilo", "Kuilmar Brantek Lamda", "1990-03-07", id_documents="passport:MD:A1234567"))
    assert held == {
        "document": expected("document", "MD:A1234567"),
        "document-number": expected("document-number", "A1234567"),
        "name-birth": expected("name-birth", "brntk klmr lmd srn tml|19900307"),
    }
    assert of(case(id_documents="A1234567"))["document"] == expected("document", ":A1234567")


def test_each_scheme_has_a_domain_of_its_own() -> None:
    """A case whose ref is the number of its document shows the number under two hashes."""
    text, _ = tokens_csv(identities([case(id_documents="A1234567")], ["A1234567"]), KEY, "south")
    rows = [row.split(",") for row in text.splitlines()[1:]]
    assert not {row[1] for row in rows} & {row[3] for row in rows}


@pytest.mark.parametrize(
    "other",
    [
        case("Зорана", "Куилмар", "1990-03-07", id_documents="id:md:a 1234-567"),
        case("KUILMAR", "Zorána", "1990-03-07", id_documents=":MD:A1234567"),
        case("Zoranna", "Quilmar", "1990-03-07", id_documents="::A1234567|passport:MD:A1234567"),
    ],
)
def test_tokens_are_equal_across_scripts_spellings_and_the_order_of_names(other: Case) -> None:
    whole = tokens(identities([other]), KEY).by_record(1)[0]
    assert {"document:" + of(ADA)["document"], "name-birth:" + of(ADA)["name-birth"]} <= set(whole)


def test_a_name_makes_no_token_without_a_whole_birth_date_nor_the_date_without_a_name() -> None:
    assert of(case("Zorana", "Kuilmar", "1990-03")) == {}
    assert of(case(born="1990-03-07")) == {}
    assert set(of(case("Zorana", born="1990-03-07"))) == {"name-birth"}


def test_another_birth_date_or_country_makes_another_token() -> None:
    assert of({**ADA, "birth_date": "1990-03-08"})["name-birth"] != of(ADA)["name-birth"]
    other = of({**ADA, "id_documents": "passport:UA:A1234567"})
    assert other["document"] != of(ADA)["document"]
    assert other["document-number"] == of(ADA)["document-number"]


# ------------------------------------------------------------------------------------------------------------- files


def test_the_file_of_tokens_holds_hashes_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "tokens.csv"
    cases = identities([ADA, case("Temilo", "Brantek", "1961-12-30")], ["old:17", "old:18"])
    assert write_tokens(path, cases, KEY, "south-1") == 4
    rows = list(csv.reader(path.read_text().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [row[2] for row in (rows[1], rows[-1])] == ["key", "end"]
    for database, one, scheme, token in rows[2:-1]:
        assert database == "south-1"
        assert re.fullmatch("[0-9a-f]{64}", one)
        assert scheme in ("document", "document-number", "name-birth")
        assert re.fullmatch("[0-9a-f]{64}", token)
    assert rows[2:-1] == sorted(rows[2:-1]), "the order tells nothing of the order of the cases"
    assert len({row[1] for row in rows[2:-1]}) == 2


def test_tokens_come_back_from_files_as_they_were_written(tmp_path: Path) -> None:
    for number, one in enumerate([ADA, case("Temilo", "Brantek", "1961-12-30")]):
        write_tokens(tmp_path / f"{number}.csv", identities([one]), KEY, "south")
    read = read_tokens([tmp_path / "0.csv", tmp_path / "1.csv"], KEY)
    assert len(read.held) == 4
    assert "document:" + of(ADA)["document"] in read.held
    assert of(ADA)["document"] not in repr(read)


@pytest.mark.parametrize(
    "text",
    [
        "scheme,token\n",
        "database,case,scheme,token\na,b,email," + "a" * 64 + "\n",
        "database,case,scheme,token\na,b,document,Zorana\n",
    ],
)
def test_a_file_of_anything_else_is_refused_without_a_value(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokens.csv"
    path.write_text(text)
    with pytest.raises(InputError, match="FG-IN-099") as refused:
        read_tokens([path], KEY)
    assert "Zorana" not in str(refused.value)


def test_a_file_made_with_another_key_or_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokens.csv"
    write_tokens(path, identities([ADA]), KEY, "south")
    with pytest.raises(InputError, match=r"FG-IN-099 .*another key"):
        read_tokens([path], KEY[::-1])
    lines = path.read_text().splitlines(keepends=True)
    other = re.sub(r"[0-9a-f]{64}\n$", "0" * 64 + "\n", lines[2])
    swapped = [*lines[:2], other, *lines[3:]]
    for fewer in (lines[:-1], [lines[0], lines[1], *lines[3:]], [*lines, lines[2]], swapped):
        path.write_text("".join(fewer))
        with pytest.raises(InputError, match=r"FG-IN-099 .*breaks off"):
            read_tokens([path], KEY)


def test_the_name_of_a_database_is_a_plain_word() -> None:
    with pytest.raises(UsageError, match="FG-OP-115"):
        tokens_csv(identities([ADA]), KEY, "=south")


# ------------------------------------------------------------------------------------------------- held elsewhere


def test_a_document_elsewhere_is_sure_a_name_or_a_bare_number_likely_and_another_key_tells_nothing() -> None:
    here = identities(
        [
            case("Lamda", "Temilo", "1971-01-01", id_documents="id:MD:A1234567"),
            case("Zorana", "Kuilmar", "1990-03-07"),
            case(id_documents="A1234567"),
            case("Birgul", "Nopal", "1980-02-02"),
            case(match_tokens="DOCUMENT:" + of(ADA)["document"]),
        ]
    )
    others = Tokens(frozenset(f"{scheme}:{token}" for scheme, token in of(ADA).items()))
    sure, likely = held_elsewhere(here, KEY, others)
    assert sure.tolist() == [True, False, False, False, True]
    assert likely.tolist() == [False, True, True, False, False]
    sure, likely = held_elsewhere(here.__class__(4, {}, here.source[:4], here.refs[:4]), OTHER_KEY, others)
    assert not sure.any()
    assert not likely.any()


# ---------------------------------------------------------------------------------------------------------- the key


def test_a_new_key_is_read_back_and_no_two_are_alike(tmp_path: Path) -> None:
    path = tmp_path / "token.key"
    path.write_bytes(new_key())
    path.chmod(0o600)
    assert len(read_key(path)) == 64
    assert new_key() != new_key()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_key_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token.key"
    path.write_bytes(new_key())
    path.chmod(mode)
    with pytest.raises(InputError, match=r"FG-IN-098 .* chmod 600"):
        read_key(path)


def test_a_key_of_32_bytes_is_read_without_the_end_of_line_that_editors_add(tmp_path: Path) -> None:
    path = tmp_path / "token.key"
    path.write_bytes(KEY + b"\r\n")
    path.chmod(0o600)
    assert read_key(path) == KEY


@pytest.mark.parametrize("key", [b"", KEY[:31], b"0" * 64])
def test_a_key_of_less_than_32_bytes_or_of_one_sign_is_refused(tmp_path: Path, key: bytes) -> None:
    path = tmp_path / "token.key"
    path.write_bytes(key)
    path.chmod(0o600)
    with pytest.raises(InputError, match="FG-IN-098"):
        read_key(path)


def test_a_key_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="FG-IN-098"):
        read_key(tmp_path / "none.key")
