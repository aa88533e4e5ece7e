"""From what pydantic says of a raw file to faults in words: the place, the rule, the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from frostglass.codebooks.document import FORMAT, Document
from frostglass.codebooks.faults import Found, Path
from frostglass.codebooks.parsing import Raw
from frostglass.terms.codebook import nearest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Schema = Mapping[str, Any]
"""A piece of JSON Schema, as pydantic gives it."""


def at(node: object, step: str | int) -> object:
    """What stands in a raw table or list at a key or position; None when nothing does."""
    if isinstance(node, dict):
        return node.get(step)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    return None


def path_of(content: object, loc: Sequence[str | int]) -> Path:
    """The place of an error in the raw file: without the tags that a choice of tables adds to it."""
    steps: list[str | int] = []
    node = content
    for place, step in enumerate(loc):
        if step == "[key]" or not isinstance(node, (dict, list)):
            break
        if isinstance(node, list) or step in node or place == len(loc) - 1:
            steps.append(step)
            node = at(node, step)
    return tuple(steps)


def found(raw: Raw, error: ErrorDetails) -> Found:
    """The fault that one error of pydantic stands for."""
    path, kind, context = path_of(raw, error["loc"]), error["type"], error.get("ctx", {})
    key = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        known = _known_keys(error["loc"][:-1])
        return Found(path, f"unknown key {key!r}{nearest(key, known)}", f"its keys are {', '.join(known)}")
    if kind == "missing":
        return _found_missing(path)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _found_tag(raw, path, context)
    if path == ("format",):
        fix = f"use a version of this software that reads it, or write format = {FORMAT}"
        return Found(path, f"this file format is not the one that is read here, {FORMAT}", fix)
    if kind == "model_type" and len(path) > 1 and path[-2] in ("categories", "atoms"):
        kind = "string_type"  # a category may be a table or a text, and most are texts
    return Found(path, *complaint(kind, error["msg"], context, error.get("input")))


_ADDITIONS: Mapping[Path, str] = {
    ("codebook",): "begin with [codebook] and its id",
    ("codebook", "id"): 'add id = "a-short-name"',
    ("variable",): "add a [[variable]] with its name and type",
}


def _found_missing(path: Path) -> Found:
    if isinstance(path[-1], int):
        return Found(path[:-1], f"needs more than {path[-1]} entries", "add what is missing at the end")
    return Found(path, f"{path[-1]!r} is missing", _ADDITIONS.get(path, f"add {path[-1]}"))


def _found_tag(raw: Raw, path: Path, context: Mapping[str, object]) -> Found:
    tag = str(context["discriminator"]).strip("'")
    known = _known_tags(tag)
    node: object = raw
    for step in path:
        node = at(node, step)
    said = node.get(tag) if isinstance(node, dict) else None
    if said is None:
        return Found((*path, tag), f"{tag!r} is missing", f"add {tag} = one of {', '.join(known)}")
    return Found((*path, tag), f"unknown {tag} {said!r}{nearest(str(said), known)}", f"use one of {', '.join(known)}")


_TYPES = {
    "string_type": ("a text", "write it in quotes"),
    "int_type": ("a whole number", "write digits without quotes"),
    "bool_type": ("true or false", "write true or false without quotes"),
    "dict_type": ("a table", "write { key = value }"),
    "model_type": ("a table", "write { key = value }"),
    "model_attributes_type": ("a table", "write { key = value }"),
    "tuple_type": ("a list", "write [ … ]"),
    "mapping_type": ("a table", "write { key = value }"),
}


def complaint(kind: str, message: str, context: Mapping[str, object], said: object) -> tuple[str, str]:
    """What pydantic complains of, and the way out, in our words."""
    if kind == "string_type" and isinstance(said, (int, float, Decimal)):
        what = "true or false" if isinstance(said, bool) else "a number"
        return f"must be a text, and {said} is {what}", f'write it in quotes: "{said}"'
    if kind in _TYPES:
        wanted, fix = _TYPES[kind]
        return f"must be {wanted}", fix
    if kind == "literal_error":
        expected = str(context["expected"])
        options = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
        return f"{said!r} is not known here{nearest(str(said), options)}", f"use {expected}"
    if kind == "string_pattern_mismatch":
        return f"must look like {context['pattern']}", "write it that way"
    rule = re.sub(r"^(Value error, must|(Decimal )?[Ii]nput should|\w+ should)", "must", message)
    return rule, "write it that way"


@cache
def _schema() -> Schema:
    return Document.model_json_schema(by_alias=True)


def _known_tags(tag: str) -> list[str]:
    properties = [one["properties"].get(tag, {}) for one in _schema()["$defs"].values()]
    return sorted({one["const"] for one in properties if "const" in one})


def _known_keys(loc: Sequence[str | int]) -> list[str]:
    """Keys of the table at an error's location, from the published schema."""
    nodes: list[Schema] = [_schema()]
    for step in loc:
        nodes = [inner for node in nodes for inner in _below(node, step)]
    return sorted({key for node in nodes for key in node.get("properties", {})})


def _below(node: Schema, step: str | int) -> Iterator[Schema]:
    properties = node.get("properties", {})
    if isinstance(step, int):
        positions = node.get("prefixItems", [])
        inner = positions[step] if step < len(positions) else node.get("items")
    elif step in properties:
        inner = properties[step]
    elif any(one.get("const") == step for one in properties.values()):
        inner = node  # the step is the tag that chose this table
    else:
        inner = node.get("additionalProperties")
    if isinstance(inner, Mapping):
        yield from _choices(inner)


def _choices(node: Schema) -> Iterator[Schema]:
    if "$ref" in node:
        yield _schema()["$defs"][node["$ref"].rpartition("/")[2]]
        return
    options = node.get("anyOf") or node.get("oneOf")
    if options is None:
        yield node
    else:
        for option in options:
            yield from _choices(option)
