"""Mutants of the product: one seeded privacy bug each, put into the running program and taken out again.

A mutant is a piece of source text and what stands in its place. The changed module is compiled anew, and the code of
those functions that differ is put into the functions that are in use, so that every importer has it.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from frostglass.boundary.ledger import money as ledger_money

_LIST = Path(__file__).with_name("mutants.toml")


@dataclass(frozen=True)
class Mutant:
    """``old`` stands once in the source of ``module``, and ``new`` is put there; ``why`` says what it gives away.

    ``first`` names the scenario or probe that is tried first; ``found_by`` the test (pytest's name for it) of the claim
    that a bug breaks which no replay can see. ``equivalent`` says of a change that is no bug why not.
    """

    name: str
    module: str
    old: str
    new: str
    why: str
    first: str = "tiny"
    found_by: str = ""
    equivalent: bool = False


@cache
def _seeded() -> tuple[Mutant, ...]:
    return tuple(Mutant(**each) for each in tomllib.loads(_LIST.read_text())["mutant"])


def mutants() -> tuple[Mutant, ...]:
    """The bugs that the replay must find."""
    return tuple(each for each in _seeded() if not each.found_by)


def claimed() -> tuple[Mutant, ...]:
    """The bugs that the test of a claim must find."""
    return tuple(each for each in _seeded() if each.found_by)


@cache
def equivalents() -> tuple[Mutant, ...]:
    """Changes that look like bugs and give nothing away: the replay must let them pass."""
    return tuple(Mutant(equivalent=True, **each) for each in tomllib.loads(_LIST.read_text())["equivalent"])


def put_into(mutant: Mutant, source: str) -> str:
    """The source with the bug. ValueError when its text is not there once."""
    if source.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: its text stands {source.count(mutant.old)} times in {mutant.module}")
    return source.replace(mutant.old, mutant.new)


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """The program with the bug. ValueError when its text is not there once, or is nothing to be put in."""
    module = import_module(f"frostglass.{mutant.module}")
    source = Path(str(module.__file__)).read_text()
    changed = put_into(mutant, source)
    before, after = _parts(source), _parts(changed)
    differing = [name for name, part in after.items() if before.get(name) != part]
    if not differing or before.keys() != after.keys():
        raise ValueError(f"{mutant.name}: only functions and constants that are there can be changed")
    namespace: dict[str, Any] = {
        "__name__": module.__name__,
        "__file__": module.__file__,
        "__package__": module.__package__,
    }
    exec(compile(changed, f"<{mutant.name}>", "exec"), namespace)
    undo = [_put(module, namespace, name) for name in differing]
    _forget(module)
    try:
        yield
    finally:
        for each in undo:
            each()
        _forget(module)


def _parts(source: str) -> dict[str, str]:
    """What each function, method and constant of a module says, by its name; places in the text do not count."""
    found: dict[str, str] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = ast.dump(node)
        elif isinstance(node, ast.ClassDef):
            methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
            found |= {f"{node.name}.{each.name}": ast.dump(each) for each in methods}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {each.id: ast.dump(node) for each in targets if isinstance(each, ast.Name)}
    return found


def _put(module: ModuleType, namespace: dict[str, Any], name: str) -> Any:
    """Put one changed part into the running program; returns what takes it out again."""
    holder, _, method = name.partition(".")
    living, changed = vars(module)[holder], namespace[holder]
    if method:
        return _put_code(_function(vars(living)[method]), _function(vars(changed)[method]))
    if callable(living):
        return _put_code(_function(living), _function(changed))
    return _put_constant(name, living, changed)


def _function(found: Any) -> FunctionType:
    """The function that the author wrote, inside whatever it was wrapped in."""
    if isinstance(found, property):
        found = found.fget
    elif isinstance(found, functools.cached_property):
        found = found.func
    elif isinstance(found, classmethod | staticmethod):
        found = found.__func__
    inner = inspect.unwrap(found)
    assert isinstance(inner, FunctionType)
    return inner


def _put_code(living: FunctionType, changed: FunctionType) -> Any:
    held = living.__code__, living.__defaults__, living.__kwdefaults__

    def undo() -> None:
        living.__code__, living.__defaults__, living.__kwdefaults__ = held

    living.__code__ = changed.__code__
    living.__defaults__, living.__kwdefaults__ = changed.__defaults__, changed.__kwdefaults__
    return undo


def _put_constant(name: str, living: object, changed: object) -> Any:
    holders = [
        each
        for key, each in list(sys.modules.items())
        if key.startswith("frostglass") and vars(each).get(name) is living
    ]

    def put(value: object) -> None:
        for each in holders:
            setattr(each, name, value)

    put(changed)
    return lambda: put(living)


def _forget(module: ModuleType) -> None:
    """Empty the caches of the module, and that of what the accountants said."""
    for each in [*vars(module).values(), ledger_money.allowed]:
        if hasattr(each, "cache_clear") and getattr(each, "__module__", "") in (module.__name__, ledger_money.__name__):
            each.cache_clear()
