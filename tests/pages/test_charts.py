"""Drawings are made without script or network, and nothing that is drawn can become markup."""

from __future__ import annotations

import base64
import json
import re

import pytest

from frostglass.pages.charts import altair, chart, of

VALUES = [{"name": '<script>alert("x")</script>', "value": 3}, {"name": "b", "value": 5}]
BARS = of(VALUES).mark_bar(clip=True).encode(x="value:Q", y="name:N")


def test_text_of_the_data_cannot_become_markup() -> None:
    drawn = chart("A title", "What to see.", BARS).svg
    assert "&lt;script&gt;" in drawn
    assert "<script" not in drawn


def test_two_drawings_of_a_page_share_no_identifier() -> None:
    one, other = chart("one", "", BARS).svg, chart("other", "", BARS).svg
    ids = [set(re.findall(r'\bid="([^"]+)"', each)) for each in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for drawn, held in zip((one, other), ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", drawn)) <= held


def test_the_link_holds_the_drawing_with_its_data() -> None:
    link = chart("A title", "What to see.", BARS).link
    kind, _, held = link.partition(",")
    assert kind == "data:application/json;base64"
    assert json.loads(base64.b64decode(held))["data"] == {"values": VALUES}


def test_data_from_elsewhere_are_refused() -> None:
    with pytest.raises(ValueError, match="not allowed"):
        chart("A title", "", altair().Chart("http://127.0.0.1:9/x.csv").mark_bar().encode(x="value:Q"))
