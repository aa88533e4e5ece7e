"""Lookup tables: those of a codebook file, and those that ship with the package."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from frostglass.codebooks.document import LookupTable


def shipped_lookups() -> tuple[str, ...]:
    """Names of the shipped lookup tables."""
    folder = files("frostglass.codebooks") / "lookup_tables"
    return tuple(sorted(one.name.removesuffix(".toml") for one in folder.iterdir() if one.name.endswith(".toml")))


@cache
def shipped_lookup(name: str) -> Mapping[str, str]:
    """The shipped table ``name``, from value to code; KeyError when there is none such."""
    if name not in shipped_lookups():
        raise KeyError(name)
    text = (files("frostglass.codebooks") / "lookup_tables" / f"{name}.toml").read_text(encoding="utf-8")
    by_value: Mapping[str, list[str]] = tomllib.loads(text)["by_value"]
    return {key: value for value, keys in by_value.items() for key in keys}


@cache
def countries() -> frozenset[str]:
    """Every ISO 3166-1 alpha-2 code, and the codes that older records use in their place."""
    text = (files("frostglass.codebooks") / "lookup_tables" / "un-m49-region.toml").read_text(encoding="utf-8")
    return frozenset(shipped_lookup("un-m49-region")) | frozenset(tomllib.loads(text)["no_region"])


def entries(lookup: LookupTable) -> Mapping[str, str]:
    """What the lookup holds, whichever way it was written; empty when it names a shipped table that does not exist."""
    if lookup.shipped is not None:
        return shipped_lookup(lookup.shipped) if lookup.shipped in shipped_lookups() else {}
    if lookup.by_value:
        return {key: value for value, keys in lookup.by_value.items() for key in keys}
    return lookup.table
