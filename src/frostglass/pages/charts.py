"""Drawings for pages: a Vega-Lite specification with its data, drawn as SVG, without script or network."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Spec = Mapping[str, Any]
"""A Vega-Lite specification as plain JSON values, its data inside."""

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

INK, FAINT, ACCENT, WARN, SERIES = (
    "#1b2b34",
    "#8a9ba3",
    "#1f6f8b",
    "#b4472a",
    ("#1f6f8b", "#d08a2e", "#6a5a9c", "#4b8a5a"),
)
"""Colours that can be told apart without red and green, and on paper."""

_LOOK = {
    "background": "transparent",
    "font": "Liberation Sans, Arial, Helvetica, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "titleFontWeight": "normal",
        "gridColor": "#e3e8ea",
        "labelLimit": 260,
    },
    "legend": {"labelColor": INK, "titleColor": INK, "titleFontWeight": "normal", "columnPadding": 28},
    "range": {"category": list(SERIES)},
    "mark": {"color": ACCENT},
}
_IDS = re.compile(r'(\bid="|url\(#|href="#)')


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing: ``title``, ``words`` on what to look for, the ``svg``, and ``source``, the specification as JSON."""

    title: str
    words: str
    svg: str
    source: str

    @property
    def link(self) -> str:
        """The specification with its data, as a link that a browser saves without a network."""
        return "data:application/json;base64," + base64.b64encode(self.source.encode()).decode()


def chart(title: str, words: str, spec: Spec) -> Chart:
    """Draw ``spec``, which needs neither schema nor look. ValueError when it is not Vega-Lite.

    All text of the data is escaped by the drawing. Identifiers are made unique, so that a page may hold many drawings.
    """
    import vl_convert  # here, so that nobody who draws nothing loads it

    whole = {"$schema": SCHEMA, "config": _LOOK, **spec}
    source = json.dumps(whole, ensure_ascii=False)
    svg = vl_convert.vegalite_to_svg(whole, vl_version="6.1", allowed_base_urls=[])
    prefix = "c" + hashlib.sha256(f"{title}{source}".encode()).hexdigest()[:10] + "-"
    return Chart(title, words, _IDS.sub(rf"\1{prefix}", svg), source)
