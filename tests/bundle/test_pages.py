"""What people read: the statement and the codebook page hold released values only, and every text is escaped."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from frostglass import codebooks
from frostglass.bundle.contents import Contents
from frostglass.bundle.format.manifest import PAGE
from frostglass.bundle.pages.statement import best_guess, statement, statement_page
from frostglass.bundle.words import citation, guarantee_sentence
from frostglass.pages.blocks import templates
from frostglass.pages.words import markdown
from frostglass.released.counts import CountBlock
from frostglass.terms.budget import NANO
from tests.bundle.support import CODEBOOK_TOML, contents, render, scope, sealed

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Reader(HTMLParser):
    """Collects tags, ids, links and the depth of nesting."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def page_of(made: Contents) -> str:
    return render(made)[PAGE].decode()


def statement_of(made: Contents, folder: Path) -> str:
    return sealed(folder, made).statement


def test_the_guarantee_is_said_in_one_sentence(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    sentence = guarantee_sentence(bundle.manifest, bundle.codebook)
    assert sentence == (
        "This release is differentially private with epsilon 4 and delta 1e-6 under adding or removing one day "
        "with at most one record."
    )
    assert sentence in sealed(tmp_path / "again").statement


def test_the_statement_gives_the_figures_of_groups_exchange_and_scope(tmp_path: Path) -> None:
    text = statement_of(contents(), tmp_path)
    for line in (
        "| 2 | 8.77 |",
        "| 3 | 13.50 |",
        "| 5 | 27.25 |",
        "| 10 | no useful bound |",
        "at the same delta, epsilon 5.88.",
        "| the scope so far (2 releases), plain sum | 8 | 2e-6 |",
        "| the scope so far (2 releases), tight sum (`gdp`) | 5.88 | 1e-6 |",
        "| most that the scope may spend | 9 | 1e-6 |",
        "stated from 6 records on",
    ):
        assert line in re.sub(r"\s+", " ", text).replace(" | |", " |\n|"), line


def test_figures_are_rounded_up_never_down(tmp_path: Path) -> None:
    """8.761234 is stated as 8.77, and 5.873001 as 5.88."""
    text = statement_of(contents(), tmp_path)
    assert "8.76" not in text
    assert "5.87" not in text


def test_the_statement_says_what_is_outside_the_promise(tmp_path: Path) -> None:
    text = re.sub(r"\s+", " ", statement_of(contents(), tmp_path))
    for words in (
        "Groups are protected less",
        "only mentioned in a record",
        "Telling persons apart** is outside the proof",
        "The decision to publish**",
        "not to protect anyone",
        "k-anonymous table of 2020",
        "These sums leave out",
    ):
        assert words in text, words


def test_the_reason_the_limitations_the_terms_and_the_contact_are_there(tmp_path: Path) -> None:
    text = statement_of(contents(), tmp_path)
    assert r"the \<reference\> release" in text
    assert "Only days on which someone looked up." in text
    assert "Free to use, see https://example.org/terms." in text
    assert "weather@example.org" in text


def test_what_does_not_apply_is_left_out(tmp_path: Path) -> None:
    made = replace(contents(), scope=replace(scope(), reason="", non_private=(), releases=1))
    text = statement_of(made, tmp_path)
    for words in ("Why this much", "These sums leave out", "not enforced", "This bundle is empty", "2 releases"):
        assert words not in text, words
    assert "the scope so far (1 release)" in text


def test_rules_that_were_not_enforced_are_admitted_in_both_texts(tmp_path: Path) -> None:
    made = contents(structural=False)
    assert "**not enforced**" in statement_of(made, tmp_path)
    assert "not enforced in this release" in page_of(made)
    assert "not enforced in this release" not in page_of(contents())


def test_a_coin_toss_is_improved_by_half_the_total_variation_distance(tmp_path: Path) -> None:
    """mu = 2 is Phi(1) = 84.13%; without Gaussian DP, epsilon 4 alone allows e^4 / (e^4 + 1) = 98.2%."""
    made = contents()
    manifest = sealed(tmp_path, made).manifest
    gaussian = manifest.guarantee.model_copy(update={"nano_rho": 2 * NANO})
    other = manifest.guarantee.model_copy(update={"mechanism": "discrete-gaussian"})
    assert best_guess(manifest.model_copy(update={"guarantee": gaussian})) == 84.2
    assert best_guess(manifest.model_copy(update={"guarantee": other})) == 98.3


def test_the_citation_names_release_and_day(tmp_path: Path) -> None:
    made = contents()
    manifest = sealed(tmp_path, made).manifest
    assert citation(manifest, made.codebook) == (
        "A weather house. 2024. Days & weather. Release weather-2024-05-01-abc, 1 May 2024."
    )
    plain = codebooks.loads(CODEBOOK_TOML.replace("citation =", "provenance ="), source="weather")
    assert citation(manifest, plain).startswith("A weather house. 2024. Days & weather. Release")


def test_an_undefined_name_in_a_template_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        templates("frostglass.bundle.pages").from_string("{{ page.missing }}").render(page=object())


def test_every_template_names_only_what_its_page_has(tmp_path: Path) -> None:
    """Every branch is taken: what one release leaves out another has."""
    for number, made in enumerate((contents(), contents(structural=False))):
        sealed(tmp_path / str(number), made)
    bare = codebooks.loads(
        '[codebook]\nid = "t"\nversion = "1"\ntitle = "T"\ndate = "2024-01-01"\nunit = "row"\nprivacy_unit = "row"\n'
        '[[variable]]\nname = "a b"\nlabel = "V"\ntype = "flag"\nrole = "public"\ncategories = ["1"]\n',
        source="t",
    )
    text = sealed(tmp_path / "bare", contents(bare)).statement
    assert "All tables of one variable were counted" in text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[a](javascript:b)", r"\[a\](javascript:b)"),
        ("*a* _b_ `c` IP_Gender", r"\*a\* \_b\_ \`c\` IP_Gender"),
        ("# head", r"\# head"),
        ("2. point", r"2\. point"),
        ("- point", r"\- point"),
        ("one\n\n# two", "one # two"),
    ],
)
def test_texts_cannot_act_as_markdown(text: str, written: str) -> None:
    assert markdown(text) == written


def test_the_page_is_one_file_without_script_network_or_style_from_elsewhere() -> None:
    page = page_of(contents())
    tags = read(page).tags
    assert not {name for name, _ in tags} & {"script", "link", "img", "iframe", "object", "form"}
    assert "default-src 'none'" in page
    assert all(str(attributes["href"]).startswith("#") for name, attributes in tags if name == "a")
    assert "url(" not in page
    assert "@import" not in page


def test_the_page_escapes_every_text_of_the_codebook() -> None:
    page = page_of(contents())
    assert "no cloud in &lt;sight&gt;" in page
    assert "Days &amp; weather" in page
    assert "<sight>" not in page
    assert "grey, &#34;dull&#34;" in page


def test_each_variable_has_an_anchor_that_the_contents_lead_to() -> None:
    tags = read(page_of(contents())).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    links = [str(attributes["href"])[1:] for name, attributes in tags if name == "a"]
    assert links == ["v-sky", "v-rain", "v-wind", "v-heat"]
    assert set(links) <= set(ids)
    assert len(set(ids)) == len(ids)


def test_each_value_stands_in_a_real_table_with_missing_first() -> None:
    tags = read(page_of(contents())).tags
    heads = [attributes["scope"] for name, attributes in tags if name == "th"]
    rows = [attributes.get("class") for name, attributes in tags if name == "th" and attributes["scope"] == "row"]
    assert heads.count("row") == 4 + 2 + 5 + 4
    assert heads.count("col") == 4 * 3
    assert [place for place, kind in enumerate(rows) if kind == "quiet"] == [0, 4, 6, 11]
    assert sum(name == "caption" for name, _ in tags) == 4


def test_the_page_shows_labels_codes_translations_aliases_and_rules() -> None:
    page = page_of(contents())
    for words in (
        "Clear, no cloud <code>clear</code>",
        '<span lang="fr">Ciel</span>',
        "<code>gale</code>",
        "What most of the sky looked like.",
        "clear",
        "Only days on which someone looked up.",
    ):
        assert words in page, words


def singles(made: Contents) -> tuple[CountBlock, ...]:
    return tuple(block for block in made.counts.blocks if len(block.attributes) == 1)


def test_the_counts_on_the_page_are_the_released_ones_with_their_intervals_and_shares() -> None:
    made = contents(rows=4000)
    row = r'"right">([\d,]+) <span class="under">([\d,]+) – ([\d,]+)</span></td><td role="cell" class="drawn">([\d.]+)%'
    expected = [
        (f"{count:,}", f"{low:,}", f"{high:,}", f"{100 * count / len(made.records):.1f}")
        for block in singles(made)
        for count, low, high in zip(block.count.tolist(), block.low.tolist(), block.high.tolist(), strict=True)
    ]
    assert len(expected) == 15
    assert re.findall(row, page_of(made)) == expected


def test_bars_stay_within_the_page() -> None:
    bars = re.findall(r"inset-inline-start:([\d.]+)%;width:([\d.]+)%", page_of(contents()))
    assert len(bars) == 2 * 15
    for start, width in bars:
        assert 0 <= float(start) <= float(start) + float(width) <= 100.01


def test_an_empty_release_has_a_page_of_zeros() -> None:
    made = contents()
    zero = tuple(replace(block, count=block.count * 0, low=block.low * 0) for block in singles(made))
    records = replace(made.records, fitted=made.records.codes[:0])
    page = page_of(
        replace(
            made,
            records=records,
            counts=replace(made.counts, blocks=zero, total=0, shares=made.counts.shares[: len(zero)]),
        )
    )
    assert page.count("0.0%") == 15


def test_days_are_written_in_english_whatever_the_locale(tmp_path: Path) -> None:
    made = replace(contents(), on=date(2026, 12, 3))
    page = statement_page(sealed(tmp_path, made).manifest, made.codebook)
    assert page.day == "3 December 2026"


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_delta_is_what_is_added_and_not_the_chance_of_a_bad_result(tmp_path: Path) -> None:
    """Results more than e^epsilon times as likely are likelier than delta: with Gaussian noise, several times so."""
    text = flat(statement_of(contents(), tmp_path))
    said = "any set of results is at most e^4 times as likely with that day in the data as without, plus 1e-6"
    assert said in text
    assert "total chance" not in text
    assert "1 in " not in text


def test_an_exchange_without_a_finite_figure_has_no_useful_bound(tmp_path: Path) -> None:
    made = contents()
    endless = replace(made, guarantee=replace(made.guarantee, replace_one=math.inf))
    assert "at the same delta, no useful bound." in flat(statement_of(endless, tmp_path))


def test_a_codebook_drafted_from_data_is_said_to_be(tmp_path: Path) -> None:
    extra = 'unit = "day"\ndrafted = true\nconfirmed = { by = "A *Steward*", on = "2024-04-30" }\n'
    drafted = codebooks.loads(CODEBOOK_TOML.replace('unit = "day"\n', extra, 1), source="weather")
    text = flat(statement_of(contents(drafted), tmp_path / "drafted"))
    assert "The codebook was drafted from data." in text
    assert r"was confirmed by A \*Steward\* on 2024-04-30." in text
    assert "No category was taken from the data" not in text
    assert "No category was taken from the data" in flat(statement_of(contents(), tmp_path / "plain"))


def test_where_the_noise_comes_from_is_said_by_mechanism(tmp_path: Path) -> None:
    made = contents()
    manifest = sealed(tmp_path, made).manifest
    assert "noise from the operating system's randomness was added" in flat(statement(manifest, made.codebook))
    discrete = manifest.guarantee.model_copy(update={"mechanism": "discrete-gaussian"})
    other = manifest.model_copy(update={"guarantee": discrete})
    assert "noise from OpenSSL's private stream" in flat(statement(other, made.codebook))


def test_the_number_of_records_is_not_said_to_have_noise_of_its_own(tmp_path: Path) -> None:
    text = flat(statement_of(contents(), tmp_path))
    assert "the number of records is known from their noisy sums alone" in text


def of_unit(unit: str, privacy_unit: str, most: int = 1) -> Contents:
    text = CODEBOOK_TOML.replace(
        'unit = "day"\nprivacy_unit = "day"', f'unit = "{unit}"\nprivacy_unit = "{privacy_unit}"'
    )
    return contents(codebooks.loads(text, source="weather"), max_records=most)


@pytest.mark.parametrize(
    ("unit", "privacy_unit", "most", "words"),
    [
        ("record", "person", 1, "removing one record."),
        ("victim", "victim (one record per person)", 1, "removing one victim with at most one record."),
        ("record", "person", 3, "removing one person with at most 3 records."),
        ("record", "person (of any age)", 3, "removing one person with at most 3 records."),
    ],
)
def test_the_guarantee_speaks_of_those_whom_it_protects(
    tmp_path: Path, unit: str, privacy_unit: str, most: int, words: str
) -> None:
    bundle = sealed(tmp_path, of_unit(unit, privacy_unit, most))
    sentence = guarantee_sentence(bundle.manifest, bundle.codebook)
    assert sentence.endswith(words)
    assert sentence in bundle.statement
    assert sentence in bundle.data(PAGE).decode()


def test_records_of_a_unit_called_record_are_called_so_once(tmp_path: Path) -> None:
    bundle = sealed(tmp_path, of_unit("record", "person"))
    assert bundle.count().sentence.startswith("387 records in all")
    assert bundle.count(sky="clear", rain="1").sentence.startswith("The release lists no records with")
    assert "record record" not in bundle.statement
