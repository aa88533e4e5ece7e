"""What all pages are made of: texts are escaped, and only ours become markup."""

from __future__ import annotations

from frostglass.pages.blocks import Cell, Part, Table, templates

ROOM = "frostglass.bundle.pages"
HOSTILE = '<script>alert("x")</script>'


def made(template: str, **given: object) -> str:
    return templates(ROOM).from_string(template).render(**given)


def test_what_stands_in_backticks_is_set_as_code_and_stays_escaped() -> None:
    said = made("{{ text|inline }}", text=f"try `attacks=full`, or `{HOSTILE}` {HOSTILE}")
    assert said.startswith("try <code>attacks=full</code>, or <code>&lt;script&gt;")
    assert "<script" not in said


def test_no_text_of_a_table_becomes_markup() -> None:
    cell = Cell(HOSTILE, HOSTILE, code=HOSTILE, strips=((Part(0, 50), Part(10, 5, "strong")),))
    table = Table(HOSTILE, (HOSTILE, cell), ((HOSTILE, cell), (cell, HOSTILE)), right=(1,), strong=(0,))
    page = made('{% from "blocks.html" import table %}{{ table(one, titled=true) }}', one=table)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 4 + 3 * 3 + 2
