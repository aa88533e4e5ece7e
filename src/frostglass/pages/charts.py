"""Drawings for pages: Vega-Lite by way of altair, with their data, drawn as SVG without script or network.

Both libraries are loaded when something is drawn: ``pip install 'frostglass[review]'`` brings them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias

Spec: TypeAlias = Mapping[str, Any]
"""A Vega-Lite specification as plain JSON values, its data inside."""

Drawing: TypeAlias = Any
"""A drawing of altair, which brings no types that hold without it."""

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


WITHOUT = "Drawings are left out: `pip install 'frostglass[review]'` brings what draws them."
"""What a page says that has none."""


def can_draw() -> bool:
    """Whether both libraries are there."""
    return all(find_spec(name) is not None for name in ("altair", "vl_convert"))


def drawn(*drawings: Callable[[], Chart]) -> tuple[Chart, ...]:
    """The drawings; none where they cannot be drawn."""
    return tuple(each() for each in drawings) if can_draw() else ()


def altair() -> Any:
    """The library that drawings are written in."""
    return import_module("altair")


def of(values: list[dict[str, Any]]) -> Drawing:
    """A drawing of these values, as a line of a table each."""
    return altair().Chart(altair().Data(values=values))


def chart(title: str, words: str, drawing: Drawing) -> Chart:
    """Draw it. ValueError when its data lie elsewhere.

    All text of the data is escaped by the drawing. Identifiers are made unique, so that a page may hold many drawings.
    """
    whole = {**drawing.to_dict(), "$schema": SCHEMA, "config": _LOOK}
    source = json.dumps(whole, ensure_ascii=False)
    svg = import_module("vl_convert").vegalite_to_svg(whole, vl_version="6.1", allowed_base_urls=[])
    prefix = "c" + hashlib.sha256(f"{title}{source}".encode()).hexdigest()[:10] + "-"
    return Chart(title, words, _IDS.sub(rf"\1{prefix}", svg), source)
