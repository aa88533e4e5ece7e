"""Drawings are made without script or network, and nothing that is drawn can become markup."""

from __future__ import annotations

import base64
import json
import re

import pytest

from frostglass.pages.charts import chart

SPEC = {
    "data": {"values": [{"name": '<script>alert("x")</script>', "value": 3}, {"name": "b", "value": 5}]},
    "mark": {"type": "bar", "clip": True},
    "encoding": {"x": {"field": "value", "type": "quantitative"}, "y": {"field": "name", "type": "nominal"}},
}


def test_text_of_the_data_cannot_become_markup() -> None:
    drawn = chart("A title", "What to see.", SPEC).svg
    assert "&lt;script&gt;" in drawn
    assert "<script" not in drawn


def test_two_drawings_of_a_page_share_no_identifier() -> None:
    one, other = chart("one", "", SPEC).svg, chart("other", "", SPEC).svg
    ids = [set(re.findall(r'\bid="([^"]+)"', each)) for each in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for drawn, held in zip((one, other), ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", drawn)) <= held


def test_the_link_holds_the_drawing_with_its_data() -> None:
    link = chart("A title", "What to see.", SPEC).link
    kind, _, held = link.partition(",")
    assert kind == "data:application/json;base64"
    assert json.loads(base64.b64decode(held))["data"] == SPEC["data"]


def test_data_from_elsewhere_are_refused() -> None:
    with pytest.raises(ValueError, match="not allowed"):
        chart("A title", "", {**SPEC, "data": {"url": "http://127.0.0.1:9/x.csv"}})
