"""What the bundles in a folder show to a ledger, and what of it is believed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from frostglass.boundary.accountant import SAMPLER_UNITS
from frostglass.boundary.ledger.ledger import KnownRelease, Ledger
from frostglass.bundle.format.files import read_file
from frostglass.bundle.format.manifest import (
    MANIFEST,
    MOST_MANIFEST_BYTES,
    Manifest,
    parse_manifest,
)
from frostglass.bundle.format.signature import SIGNATURE, SIGNATURE_BYTES
from frostglass.errors import FrostglassError
from frostglass.signed import is_signed

_MOST_NAMES = 5


_NO_BUNDLE = "passed over: no manifest of a bundle that this version reads lies there"


_NOT_SIGNED = (
    "passed over: this names the ledger, and no key that the ledger or its witness ever named has signed it, so "
    "nothing that it says is believed"
)


_ANOTHER_VERSION = (
    "passed over: the ledger's key signed this, and this version cannot read it; reconcile with the version that wrote "
    "it, if the ledger does not know it"
)


_ELSEWHERE = (
    "another ledger is named there, with a scope of the same name as one of this ledger; if it is about the same "
    "people, what they were promised there comes on top"
)


@dataclass(frozen=True)
class Shown:
    """What folders show to a ledger: the releases that its key signed, and notes on folders that were passed over."""

    known: tuple[KnownRelease, ...]
    notes: tuple[str, ...]


def shown(folders: Iterable[Path], ledger: Ledger) -> Shown:
    """What is to be believed of the bundles in these folders, and what is not.

    Whoever can write into a folder can write any manifest. So none of its figures counts before a key that the ledger
    or its witness ever named has signed it: a folder that does not verify is noted, blocks nothing and costs nothing.
    """
    keys, scopes = ledger.known_keys(), ledger.scopes()
    known, passed = list[KnownRelease](), dict[str, list[str]]()
    for folder in folders:
        found = _shown_by(folder, ledger.ledger_id, keys, scopes)
        if isinstance(found, KnownRelease):
            known.append(found)
        elif found is not None:
            passed.setdefault(found, []).append(repr(folder.name))
    return Shown(tuple(known), tuple(f"{_listed(names)}: {why}" for why, names in passed.items()))


def _shown_by(
    folder: Path, ledger_id: str, keys: Collection[str], scopes: Collection[str]
) -> KnownRelease | str | None:
    """The release that a folder shows, or why it is passed over; ``None`` where that concerns nobody."""
    try:
        data = read_file(folder / MANIFEST, most=MOST_MANIFEST_BYTES)
    except FrostglassError:
        return _NO_BUNDLE
    signed = _is_signed(data, folder, keys)
    try:
        manifest = parse_manifest(data)
    except FrostglassError:
        return _ANOTHER_VERSION if signed else _NO_BUNDLE
    if manifest.ledger.id == ledger_id:
        return _known_release(manifest) if signed else _NOT_SIGNED
    return _ELSEWHERE if manifest.ledger.scope in scopes else None


def _is_signed(manifest: bytes, folder: Path, keys: Collection[str]) -> bool:
    """Whether the holder of one of these keys signed those very bytes."""
    try:
        signature = read_file(folder / SIGNATURE, most=SIGNATURE_BYTES)
    except FrostglassError:
        return False
    return any(is_signed(manifest, signature, each) for each in keys)


def _listed(names: Sequence[str]) -> str:
    """Some names of many: whoever makes folders does not fill the screen."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _known_release(manifest: Manifest) -> KnownRelease:
    """The ledger stamp of a bundle whose manifest the ledger's key signed."""
    return KnownRelease(
        ledger_id=manifest.ledger.id,
        scope=manifest.ledger.scope,
        release_id=manifest.release_id,
        seq=manifest.ledger.seq,
        head=manifest.ledger.head,
        nano_rho=manifest.guarantee.nano_rho,
        epsilon=Fraction(manifest.guarantee.epsilon),
        delta=Fraction(manifest.guarantee.delta),
        sampler_units=SAMPLER_UNITS,
        on=manifest.date.isoformat(),
        reserve_seq=manifest.ledger.reserve_seq,
        scope_spent=manifest.scope.spent,
        scope_plain_epsilon=Fraction(manifest.scope.plain_epsilon),
        scope_releases=manifest.scope.releases,
        unit=manifest.guarantee.unit.name,
        keyed=manifest.guarantee.unit.person_key is not None,
    )
