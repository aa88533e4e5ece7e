"""Pages that only show: whatever version wrote them, they hold no script, ask for nothing, and send nothing.

Only what is known to do nothing may stand in a page, written in one plain way that every browser reads alike. So there
is nothing for a parser to disagree about, and a kind of trick that nobody thought of is refused like the known ones.
"""

from __future__ import annotations

import re

from frostglass.errors import BundleError

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser is told to load and run: nothing but the page's own look."""

_HEAD = re.compile(
    r'<!doctype html>\n<html lang="[A-Za-z0-9-]*">\n<head>\n<meta charset="utf-8">\n'
    rf'<meta http-equiv="Content-Security-Policy" content="{re.escape(POLICY)}">\n'
    r'(?:<meta name="[a-z-]+" content="[a-z0-9=,. -]*">\n)*'
    r"<title>(?P<title>[^<>]*)</title>\n<style>(?P<look>[^<]*)</style>\n</head>\n"
)
"""The only head that a page has: nothing stands before the policy."""

_TOKEN = re.compile(r'[^<>]+|<(?P<close>/?)(?P<tag>[a-z][a-z0-9]*)(?P<more>(?: [a-z-]+="[^"<>]*")*)>')
_ATTRIBUTE = re.compile(r' (?P<name>[a-z-]+)="(?P<value>[^"<>]*)"')

TAGS = frozenset(
    {"html", "body", "header", "main", "footer", "nav", "section", "h1", "h2", "h3", "h4", "p", "div", "span", "a"}
    | {"ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td"}
    | {"code", "strong", "em", "b", "i", "small", "abbr", "br", "hr", "figure", "figcaption"}
)
"""Elements that show text."""

_INERT = frozenset(
    {"class", "id", "lang", "dir", "title", "scope", "colspan", "rowspan", "role"}
    | {"aria-label", "aria-labelledby", "aria-hidden", "tabindex"}
)
"""Attributes that name, describe or arrange."""

_VALUES = {
    "href": re.compile(r"#[A-Za-z0-9_.-]+"),
    "style": re.compile(r"(?:(?:width|height|left|right|inset-inline-start):[0-9.]+%;?)*"),
}
"""Attributes that could do more, with all that they may say: a place in the same page, and the length of a bar."""

_ACTING_LOOK = re.compile(r"@import|url\s*\(|image-set|\\", re.IGNORECASE)
"""What could make a look ask for something, and the escapes that could hide it."""


def require_inert(data: bytes, *, name: str) -> None:
    """Raise BundleError FG-BN-071 when the page ``data`` holds anything that is not known to do nothing."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = ""
    head = _HEAD.match(text)
    if head is None:
        raise _acts(name, "it does not begin with the policy that forbids scripts and the network")
    if _ACTING_LOOK.search(head["look"]):
        raise _acts(name, "its look may ask for something from elsewhere")
    place = head.end()
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise _acts(name, "it holds a mark that is not written plainly")
        _require_known(token, name)
        place = token.end()


def _require_known(token: re.Match[str], name: str) -> None:
    """Refuse an element or an attribute that no page of ours has."""
    if token["tag"] is None:
        return
    if token["tag"] not in TAGS:
        raise _acts(name, "it holds an element that may act")
    for attribute in _ATTRIBUTE.finditer(token["more"]):
        allowed = _VALUES.get(attribute["name"])
        if attribute["name"] not in _INERT and (allowed is None or not allowed.fullmatch(attribute["value"])):
            raise _acts(name, "it holds an attribute that may act")


def _acts(name: str, why: str) -> BundleError:
    return BundleError("FG-BN-071", f"{name} is more than a page to read: {why}; do not open it")
