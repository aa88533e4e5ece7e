"""Verify: everything that can be told about a bundle from its files, and by computing its contents again.

A bundle is taken for hostile: every check either passes with a word on what was found, or fails with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from frostglass.bundle.examination import Examined, Recompute
from frostglass.bundle.manifest import Manifest
from frostglass.bundle.withdrawal import refuse_withdrawn
from frostglass.errors import FrostglassError

FORGERY = (
    "These checks show that the bundle agrees with itself. Whether it is the one that was released, only the "
    "publisher's key and the ledger can tell: compare with --key or --ledger."
)
"""What cannot be told from the bundle alone."""

CONFIRMED = (
    "The ledger holds this very bundle; whether the ledger itself is whole, `frostglass ledger verify` and its witness "
    "can tell."
)
"""What can be told once a ledger was asked."""

KNOWN_KEY = (
    "The holder of the key that you gave signed this very bundle. That it is the publisher's key, you must know from "
    "elsewhere than the bundle."
)
"""What can be told once a key was given."""

UNUSABLE = (
    "Do not use this bundle: get it again from its publisher, and ask for the SHA-256 of its manifest to compare with."
)
"""What to do with a bundle that fails."""

WITHDRAWN = "Do not use this release: its publisher has withdrawn it. What it cost stays spent."
"""What to do with one that was withdrawn."""

_LEDGER, _KEY, _STANDING = "ledger: ", "key", "not withdrawn"


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    ok: bool
    message: str


@dataclass(frozen=True)
class VerifyReport:
    """What was checked and how it came out; ``manifest_sha256`` names the bundle, if there is one."""

    checks: tuple[Check, ...]
    manifest_sha256: str | None

    @property
    def ok(self) -> bool:
        return all(each.ok for each in self.checks)

    @property
    def note(self) -> str:
        """What the checks cannot show."""
        if any(each.name.endswith(_STANDING) for each in self.checks if not each.ok):
            return WITHDRAWN
        if not self.ok:
            return UNUSABLE
        names = [each.name for each in self.checks]
        if any(name.startswith(_LEDGER) for name in names):
            return CONFIRMED
        return KNOWN_KEY if _KEY in names else FORGERY

    def plus(self, checks: Iterable[Check]) -> VerifyReport:
        """The report with further checks, such as those against a ledger."""
        return replace(self, checks=(*self.checks, *checks))

    def as_json(self) -> dict[str, object]:
        """The report as plain JSON values."""
        return {
            "ok": self.ok,
            "manifest_sha256": self.manifest_sha256,
            "checks": [each._asdict() for each in self.checks],
            "note": self.note,
        }

    def text(self) -> str:
        """The report for a terminal."""
        width = max(len(each.name) for each in self.checks)
        lines = [
            f"{'ok    ' if each.ok else 'FAILED'}  {each.name:<{width}}  {_printable(each.message)}"
            for each in self.checks
        ]
        failed = sum(not each.ok for each in self.checks)
        verdict = (
            f"{failed} of {len(self.checks)} checks failed." if failed else f"All {len(self.checks)} checks passed."
        )
        return "\n".join([*lines, "", verdict, self.note])


def _printable(text: str) -> str:
    """``text`` without what could steer a terminal."""
    return "".join(each if each.isprintable() else "?" for each in text)


def verify(path: Path, *, recompute: Recompute, environment: Mapping[str, str]) -> VerifyReport:
    """Check the bundle in the folder ``path``. Never raises for what it finds there.

    ``recompute`` makes records and counts from the measurements, and ``environment`` is the one that it runs in.
    """
    standing = _check(_STANDING, lambda: refuse_withdrawn(path))
    if not standing.ok:
        return VerifyReport((standing,), None)
    bundle = Examined(path)
    manifest = _check("manifest", bundle.check_manifest)
    if not manifest.ok:
        return VerifyReport((manifest,), None)
    checks = [
        manifest,
        _check("signature", bundle.check_signature),
        _check("files", bundle.check_files),
        _check("hashes", bundle.check_hashes),
        _check("codebook", bundle.check_codebook),
        _check("data package", bundle.check_data_package),
        _check("texts", bundle.check_texts),
        _check("tables", bundle.check_tables),
        _check("records", bundle.check_records),
        _check("counts", bundle.check_counts),
        _check("measurements", bundle.check_measurements),
        _check("noise", bundle.check_noise),
    ]
    if all(each.ok for each in checks):
        checks.append(_check("recomputed", lambda: bundle.check_recomputed(recompute, environment)))
    else:
        checks.append(Check("recomputed", False, "not done, because of the failures above"))
    return VerifyReport(tuple(checks), bundle.manifest_sha256)


def against_key(manifest: Manifest, public_key: str) -> Check:
    """Whether the bundle, whose own signature was checked, names this very key (32 bytes in hex)."""
    same = manifest.public_key == public_key
    return Check(_KEY, same, "signed by the key that you gave" if same else "signed by another key than you gave")


def against_ledger(
    manifest_sha256: str, manifest: Manifest, entries: Sequence[Mapping[str, object]]
) -> tuple[Check, ...]:
    """Whether a ledger's exported ``entries`` hold this release: reserved, committed, and sealed with this very hash.

    And whether they withdrew it.

    The entries are taken as they are; that their chain is whole is the ledger's own ``verify`` to say.
    """
    ours = [
        entry
        for entry in entries
        if (entry.get("scope"), entry.get("release_id")) == (manifest.ledger.scope, manifest.release_id)
    ]

    def holds(kind: str, seq: int, head: str) -> bool:
        return any((each.get("kind"), each.get("seq"), each.get("hash")) == (kind, seq, head) for each in ours)

    place = manifest.ledger
    reserved = holds("reserve", place.reserve_seq, place.reserve_head)
    committed = holds("commit", place.seq, place.head)
    sealed = any(each.get("kind") == "seal" and _said(each, "manifest_sha256") == manifest_sha256 for each in ours)
    signed = manifest.public_key in {_said(each, "public_key") for each in entries}
    withdrawn = [each for each in ours if each.get("kind") == "withdraw"]
    standing = f"entry {withdrawn[0].get('seq')} withdrew this release" if withdrawn else "nobody withdrew it"
    checks = (
        Check(f"{_LEDGER}signed", signed, _found(signed, "the key that signed is its own")),
        Check(f"{_LEDGER}reserved", reserved, _found(reserved, f"entry {place.reserve_seq} paid for this release")),
        Check(f"{_LEDGER}committed", committed, _found(committed, f"entry {place.seq} committed this release")),
        Check(f"{_LEDGER}sealed", sealed, _found(sealed, "this very manifest was sealed")),
    )
    return (*checks, Check(f"{_LEDGER}{_STANDING}", not withdrawn, standing)) if sealed or withdrawn else checks


def _said(entry: Mapping[str, object], name: str) -> object:
    body = entry.get("body")
    return body.get(name) if isinstance(body, Mapping) else None


def _found(found: bool, message: str) -> str:
    return message if found else f"the ledger does not hold that {message}"


def _check(name: str, examine: Callable[[], str]) -> Check:
    try:
        return Check(name, True, examine())
    except FrostglassError as error:
        return Check(name, False, error.message)
    except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - a hostile file may raise anything
        return Check(name, False, f"could not be examined: the file is not what it should be ({type(error).__name__})")
