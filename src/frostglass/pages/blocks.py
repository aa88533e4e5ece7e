"""What pages are made of: frozen values that a template shows, and the one place where templates are found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from frostglass.pages.charts import Chart
from frostglass.pages.words import code, markdown

if TYPE_CHECKING:
    from jinja2 import Environment

Ink = Literal["bar", "strong", "other", "faint"]
"""How a part of a strip is drawn."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a strip, from ``start`` on ``width`` long, both in percent of the strip."""

    start: float
    width: float
    ink: Ink = "bar"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that says more than a text: ``under`` in a second line, ``code`` as it is written, ``strips`` drawn.

    A ``quiet`` cell stands back, and a ``bad`` one warns.
    """

    text: str
    under: str = ""
    code: str = ""
    strips: tuple[tuple[Part, ...], ...] = ()
    quiet: bool = False
    bad: bool = False

    def __str__(self) -> str:
        return self.text


Row: TypeAlias = tuple[str | Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: columns numbered in ``right`` hold figures, rows numbered in ``strong`` should be seen first.

    The first cell of a row is its heading.
    """

    caption: str
    head: Row
    rows: tuple[Row, ...]
    right: tuple[int, ...] = ()
    strong: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: words, drawings, tables. ``folded`` tables are behind a click, ``notes`` stand below all."""

    title: str
    words: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    folded: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What stands around every page: ``over`` above its heading, ``facts`` below, ``private`` and ``banner`` on top.

    Search engines are asked to leave out what is ``hidden`` or ``private``.
    """

    title: str
    over: str
    heading: str
    facts: tuple[tuple[str, str], ...]
    banner: str = ""
    private: str = ""
    hidden: bool = False
    language: str = "en"


def _inline(text: str) -> str:
    from markupsafe import Markup, escape  # for writers alone

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


@cache
def templates(room: str) -> Environment:
    """The templates of a room, such as "frostglass.review.pages", over those that all pages share.

    An undefined name is an error, and HTML is escaped. ``md`` and ``code`` escape for Markdown; ``inline`` does so for
    HTML, and sets as code what stands in backticks.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape  # for writers alone

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(room), PackageLoader("frostglass.pages")]),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"md": markdown, "code": code, "inline": _inline}
    environment.tests["cell"] = lambda value: isinstance(value, Cell)
    return environment
