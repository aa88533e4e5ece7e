"""From a parsed file to a codebook, or to all its faults at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from frostglass.codebooks import shape
from frostglass.codebooks.checks import Known, meaning
from frostglass.codebooks.checks.values import VALUE_KEYS
from frostglass.codebooks.compiling import compiled
from frostglass.codebooks.complaints import at
from frostglass.codebooks.constraints import satisfiable
from frostglass.codebooks.faults import Fault, Found, Path, written
from frostglass.codebooks.parsing import Raw, control_characters
from frostglass.terms.codebook import Codebook


def read_codebook(raw: Raw, *, sealed: bool = False) -> tuple[Codebook | None, tuple[Fault, ...]]:
    """The codebook when there is nothing wrong with it, and otherwise every fault, in the order of the file.

    ``sealed``: it comes from a bundle, where words that were reserved later are let stand.
    """
    document, draft, misshapen = shape.read(raw)
    found = [*control_characters(raw), *misshapen]
    if document is not None:
        known = Known(document, _incomplete(raw, draft.cuts), sealed)
        led_back = [Found(draft.original(one.path), one.message, one.fix) for one in meaning(known)]
        found += [one for one in led_back if not _touches(one.path, draft.cuts)]
    if found or document is None:
        return None, _faults(raw, found)
    codebook = compiled(document)
    if not satisfiable(codebook.clauses, codebook.with_missing_everywhere().domain.sizes):
        fault = Fault(
            "constraint",
            "no record can satisfy all structural constraints",
            "take back one that contradicts others",
        )
        return None, (fault,)
    return codebook, ()


def _incomplete(raw: Raw, cuts: Iterable[Path]) -> frozenset[str]:
    """Names of the variables whose values are not known as they were written."""
    about = [cut for cut in cuts if cut[0] == "variable" and len(cut) > 1]
    touched = {cut[1] for cut in about if len(cut) == 2 or cut[2] in (*VALUE_KEYS, "role", "type")}
    names = [at(at(raw.get("variable"), place), "name") for place in touched]
    return frozenset(name for name in names if isinstance(name, str))


def _touches(path: Path, cuts: Iterable[Path]) -> bool:
    """Whether a fault may only be the shadow of a fault of shape: it lies inside a place that was cut, or around it."""
    return any(path[: len(cut)] == cut or cut[: len(path)] == path for cut in cuts)


def _faults(raw: Raw, found: Sequence[Found]) -> tuple[Fault, ...]:
    ordered = sorted(dict.fromkeys(found), key=lambda one: _position(raw, one.path))
    return tuple(Fault(written(one.path), _whose(raw, one.path) + one.message, one.fix) for one in ordered)


def _whose(raw: Raw, path: Path) -> str:
    """The name of the variable that a fault is in, so that nobody has to count."""
    name = at(at(raw.get("variable"), path[1]), "name") if path[:1] == ("variable",) and len(path) > 2 else None
    return f"{name[:60]}: " if isinstance(name, str) and name else ""


def _position(raw: Raw, path: Path) -> tuple[int, ...]:
    node: object = raw
    position = []
    for step in path:
        keys = list(node) if isinstance(node, dict) else []
        position.append(step if isinstance(step, int) else keys.index(step) if step in keys else len(keys))
        node = at(node, step)
    return tuple(position)
