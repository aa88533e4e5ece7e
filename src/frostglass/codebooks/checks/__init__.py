"""Whether a codebook's content makes sense: one module for each part, all faults at once."""

from __future__ import annotations

from collections.abc import Iterator

from frostglass.codebooks.checks import derivations, names, references, reserved, values
from frostglass.codebooks.checks.known import Known
from frostglass.codebooks.faults import Found

__all__ = ["Known", "meaning"]


def meaning(known: Known) -> Iterator[Found]:
    """Every fault of meaning, with paths in the checked document."""
    yield from names.check(known)
    yield from values.check(known)
    yield from references.check(known)
    yield from derivations.check(known)
    if not known.sealed:
        yield from reserved.check(known)
