"""Whether a file has the shape of a codebook: every fault at once, and what is left of the document without them.

A document with faulty places can still be checked for meaning: the faulty places are cut out, and the paths of what
remains are led back to the writer's own positions.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from frostglass.codebooks.complaints import at, found, path_of
from frostglass.codebooks.document import Document
from frostglass.codebooks.faults import Fault, Found, Path
from frostglass.codebooks.parsing import Raw, SyntaxFault

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

ROUNDS = 40
"""Most rounds of cutting: each removes what is at fault, or what encloses it."""


MOST_FAULTS = 5_000
"""Most faults of shape that are looked at one by one."""

_CUT = object()


@dataclass
class Draft:
    """A raw file from which faulty places are cut; ``origins`` keeps the first position of each list item."""

    content: dict[str, object]
    origins: dict[int, list[int]] = field(default_factory=dict)
    cuts: list[Path] = field(default_factory=list)

    def original(self, path: Path) -> Path:
        """The path in the writer's file, ending where the writer wrote a plain value for a table or list."""
        node: object = self.content
        steps: list[str | int] = []
        for place, step in enumerate(path):
            if isinstance(node, list) and isinstance(step, int):
                steps.append(self.origins.get(id(node), range(len(node)))[step] if step < len(node) else step)
                node = node[step] if step < len(node) else None
            elif isinstance(node, dict) and isinstance(step, str):
                if step in node or place == len(path) - 1:
                    steps.append(step)
                node = node.get(step, node)
            else:
                break
        return tuple(steps)

    def cut(self, paths: Iterable[Path]) -> None:
        """Remove what stands at ``paths``; the name and the type of a variable get a stand-in instead."""
        shortened = {}
        for path in paths:
            self.cuts.append(self.original(path))
            parent = self._standing(path[:-1])
            if isinstance(parent, list) and isinstance(path[-1], int):
                parent[path[-1]] = _CUT
                shortened[id(parent)] = parent
            elif isinstance(parent, dict):
                parent.pop(path[-1], None)
                if _needs_stand_in(path):
                    parent[path[-1]] = _stand_in(parent, path)
        for items in shortened.values():
            origins = self.origins.get(id(items), range(len(items)))
            self.origins[id(items)] = [place for place, item in zip(origins, items, strict=True) if item is not _CUT]
            items[:] = [item for item in items if item is not _CUT]

    def standing(self, path: Path) -> Path:
        """The longest beginning of ``path`` at which something stands, or a stand-in will."""
        while path and self._standing(path) is None:
            if _needs_stand_in(path) and isinstance(self._standing(path[:-1]), dict):
                break
            path = path[:-1]
        return path

    def _standing(self, path: Path) -> object:
        node: object = self.content
        for step in path:
            node = at(node, step)
        return node


def _needs_stand_in(path: Path) -> bool:
    return len(path) == 3 and path[0] == "variable" and path[2] in ("name", "type")


def _stand_in(variable: Mapping[str, object], path: Path) -> str:
    """What lets the rest of a variable be checked although its name or its type is at fault."""
    if path[2] == "name":
        return f"unnamed {path[1]}"
    by_key = {"atoms": "set", "range": "integer", "bands": "integer", "categories": "nominal"}
    return next((kind for key, kind in by_key.items() if key in variable), "flag")


def read(raw: Raw) -> tuple[Document | None, Draft, tuple[Found, ...]]:
    """The document, or what remains of it without its faulty places (None: nothing does), and the faults of shape."""
    draft = Draft(copy.deepcopy(dict(raw)))
    document, errors = _validated(draft.content)
    faults = tuple(dict.fromkeys(found(raw, error) for error in errors if not _is_echo(raw, error)))
    for _ in range(ROUNDS):
        if document is not None:
            break
        places = {draft.standing(path_of(draft.content, error["loc"])) for error in errors}
        draft.cut(one for one in places if one and not any(one[:length] in places for length in range(len(one))))
        _put_back_what_is_required(draft)
        document, errors = _validated(draft.content)
    return document, draft, faults


def _put_back_what_is_required(draft: Draft) -> None:
    if "variable" not in draft.content:
        draft.content["variable"] = []
        draft.cuts.append(("variable",))
    head = draft.content.setdefault("codebook", {})
    if isinstance(head, dict):
        head.setdefault("id", "unnamed")


def _validated(content: Mapping[str, object]) -> tuple[Document | None, Sequence[ErrorDetails]]:
    try:
        return Document.model_validate(content, context={"language": language(content)}), ()
    except ValidationError as error:
        if error.error_count() > MOST_FAULTS:
            raise _no_codebook() from None
        return None, error.errors(include_url=False)


def _no_codebook() -> SyntaxFault:
    return SyntaxFault(
        Fault("the file", f"has more than {MOST_FAULTS:,} faults, so it is no codebook", "name another file")
    )


def language(content: Mapping[str, object]) -> str:
    """The codebook's own language, as far as the raw file tells it."""
    head = content.get("codebook")
    said = head.get("language", "en") if isinstance(head, dict) else "en"
    return said if isinstance(said, str) else "en"


def _is_echo(raw: Raw, error: ErrorDetails) -> bool:
    """A list that only looks too short because its items are at fault themselves."""
    node: object = raw
    for step in path_of(raw, error["loc"]):
        node = at(node, step)
    return error["type"] == "too_short" and isinstance(node, list) and len(node) >= error["ctx"]["min_length"]
