"""Codebooks from files and canonical JSON: one content, one hash, and nothing half-read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from frostglass import codebooks
from frostglass.errors import CodebookError
from frostglass.terms.codebook import Codebook, Confirmation
from tests.codebooks.support import EVERYTHING, HEAD, book

FLAG = '[[variable]]\nname = "a"\ntype = "flag"\n'


@pytest.fixture(scope="module")
def everything() -> Codebook:
    return codebooks.loads(EVERYTHING, source="everything.toml")


def test_every_key_of_the_format_is_read(everything: Codebook) -> None:
    assert (everything.id, everything.version, everything.date) == ("everything", "3", "2024-02-29")
    assert (everything.language, everything.unit, everything.set_separator) == ("fr", "household", "/")
    assert everything.confirmed == Confirmation("R. Steward", "2024-03-01")
    assert everything.missing_in == ("", ".", "NA")
    assert everything.identifiers == ("address", "home address")
    assert everything.release.limitations == ("Not a sample.", "Self-reported.")
    assert everything.groups["tenure"].members == ("owner", "tenant")
    assert everything.variable("size").number == 7
    assert everything.variable("size").label == {"fr": "taille"}
    assert everything.variable("size").categories[2].color == "#aa0000"
    assert everything.variable("languages").codes == ("en", "af", "xh", "en/af", "en/xh", "af/xh", "three or more")
    assert everything.languages == ("fr", "en")


def test_variables_and_domain_run_in_parallel_without_direct_identifiers(everything: Codebook) -> None:
    assert everything.domain.names == tuple(variable.name for variable in everything.variables)
    assert "address" not in everything.domain.names
    assert all(a.codes == v.codes for a, v in zip(everything.domain.attributes, everything.variables, strict=True))


def test_the_hash_is_that_of_the_canonical_bytes(everything: Codebook) -> None:
    assert everything.sha256 == hashlib.sha256(everything.canonical).hexdigest()
    text = everything.canonical.decode()
    assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False) == text


@pytest.mark.parametrize("identifier", [*codebooks.shipped(), "everything"])
def test_canonical_json_gives_the_same_codebook_back(identifier: str) -> None:
    first = codebooks.loads(EVERYTHING, source="test") if identifier == "everything" else codebooks.load(identifier)
    second = codebooks.from_canonical(first.canonical)
    assert second == first
    assert hash(second) == hash(first)
    for part in ("variables", "identifiers", "domain", "clauses", "constraints", "groups", "release", "missing_in"):
        assert getattr(second, part) == getattr(first, part)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('categories = ["x", "y"]', 'categories = [{ code = "x" }, { code = "y", aliases = [] }]'),
        ('categories = ["x", "y"]\nlabel = "A"', 'categories = ["x", "y"]\nlabel = { en = "A" }'),
        ('categories = ["x", "y"]', 'categories = ["x", "y"]\nrole = "sensitive"\nnumber = 1'),
        ('categories = ["x", "y"]\naliases = "b"', 'categories = ["x", "y"]\naliases = ["b"]'),
        ('categories = ["x", "y"]\nderive = "f"', 'categories = ["x", "y"]\nderive = { op = "copy", from = "f" }'),
        (
            'categories = ["x", "y"]\nderive = { op = "year", from = "f" }',
            'categories = ["x", "y"]\nderive = { op = "year", from = { op = "copy", from = "f" } }',
        ),
    ],
)
def test_two_spellings_of_one_thing_have_one_hash(one: str, other: str) -> None:
    variable = '[[variable]]\nname = "a"\ntype = "nominal"\n'
    assert book(variable + one).sha256 == book(variable + other).sha256


def test_spellings_of_sets_flags_numbers_groups_and_lookups_have_one_hash() -> None:
    sets = '[[variable]]\nname = "a"\ntype = "set"\natoms = ["y", { code = "x", aliases = ["X!"] }]\n'
    assert book(sets + 'admitted_sets = ["x;y"]') == book(sets + 'admitted_sets = ["y ; X!"]')
    assert book(FLAG) == book(FLAG + 'categories = ["1"]')
    rate = FLAG + '[[constraint]]\nkind = "complete_rate"\nof = ["a"]\nat_least = '
    assert book(rate + "0.9") == book(rate + "0.900") == book(rate + '"0.9"')
    assert book(FLAG + '[[group]]\nname = "g"\nof = ["a"]') == book(
        FLAG + 'denominator_group = "g"\n[[group]]\nname = "g"'
    )
    lookup = FLAG + '[[lookup]]\nname = "l"\n'
    assert book(lookup + 'by_value = { v = ["a", "b"] }') == book(lookup + 'table = { b = "v", a = "v" }')
    assert book('missing_in = ["."]\n' + FLAG) == book('missing_in = ["", "."]\n' + FLAG)


def test_a_difference_that_matters_has_another_hash() -> None:
    assert book(FLAG) != book(FLAG + 'definition = "b"')
    assert book(FLAG) != "not a codebook"


def test_a_lookup_that_ships_is_written_out_so_that_the_hash_covers_it() -> None:
    content = json.loads(codebooks.load("ctdc-vp-1").canonical)
    assert content["lookup"][0]["table"]["NA"] == "Africa"
    assert "shipped" not in content["lookup"][0]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b'"number":7', b'"number":8, '),
        lambda data: data.replace(b'"fr"', b'"fr" ', 1),
        lambda data: data + b"\n",
        lambda data: data.replace(b"{", b'{"format":1,', 1),
        lambda data: b"\xef\xbb\xbf" + data,
    ],
)
def test_canonical_json_that_was_edited_is_refused(everything: Codebook, damage: object) -> None:
    assert callable(damage)
    with pytest.raises(CodebookError, match=r"FG-CB-00[45]"):
        codebooks.from_canonical(damage(everything.canonical))


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff\xfe", b"1" * 5000, b"[" * 100_000])
def test_what_is_not_a_codebook_is_refused_with_an_error_of_ours(data: bytes) -> None:
    with pytest.raises(CodebookError, match=r"FG-CB-00"):
        codebooks.from_canonical(data)


def test_a_broken_surrogate_in_json_is_a_fault_and_no_crash() -> None:
    data = b'{"codebook":{"id":"x","title":"\\ud800"},"format":1,"variable":[{"name":"a","type":"flag"}]}'
    with pytest.raises(CodebookError, match=r"U\+D800"):
        codebooks.from_canonical(data)


def test_load_takes_an_id_a_toml_file_and_a_json_file(tmp_path: Path, everything: Codebook) -> None:
    toml, canonical = tmp_path / "mine.toml", tmp_path / "codebook.json"
    toml.write_bytes(b"\xef\xbb\xbf" + EVERYTHING.replace("\n", "\r\n").encode())
    canonical.write_bytes(everything.canonical)
    assert codebooks.load(toml) == codebooks.load(str(canonical)) == everything
    assert codebooks.load("ctdc-vp-1").id == "ctdc-vp-1"


def test_load_says_what_it_cannot_find_or_read(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match=r"FG-CB-003 .*did you mean 'ctdc-vp-1'"):
        codebooks.load("ctdc-vp1")
    with pytest.raises(CodebookError, match=r"FG-CB-002 .*regular file"):
        codebooks.load(tmp_path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'[codebook]\nid = "\xe9"\n')
    with pytest.raises(CodebookError, match=r"FG-CB-002 .*UTF-8"):
        codebooks.load(latin)


def test_a_file_above_the_limit_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    with large.open("wb") as file:
        file.truncate(10_000_001)
    with pytest.raises(CodebookError, match=r"FG-CB-001 .*\n.*larger than 10 MB"):
        codebooks.load(large)
    assert "larger than 10 MB" in codebooks.faults("#" * 10_000_001)[0].message


def test_load_lists_all_faults_in_one_message() -> None:
    with pytest.raises(CodebookError) as caught:
        codebooks.loads(HEAD + FLAG + 'colour = 1\n[[variable]]\nname = "b"\ntype = "flg"\n', source="mine.toml")
    assert caught.value.message.startswith("mine.toml has 2 faults:\n  variable[0].colour: ")
    assert "\n  variable[1].type: " in caught.value.message


def test_a_flood_of_faults_is_cut_in_the_message_and_complete_in_faults() -> None:
    text = HEAD + FLAG + "".join(f"key{number} = 1\n" for number in range(60))
    with pytest.raises(CodebookError, match=r"has 60 faults[\s\S]*… and 10 more"):
        codebooks.loads(text, source="mine.toml")
    assert len(codebooks.faults(text)) == 60
