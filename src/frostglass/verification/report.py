"""Verify: everything that can be told about a bundle from its files, and by computing its contents again.

A bundle is taken for hostile. Every check passes with a word on what was found, fails with a reason, or says why it was
not made: "not checked" is never "ok".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import polars as pl

from frostglass.bundle.format.manifest import Manifest
from frostglass.bundle.withdrawal import refuse_withdrawn
from frostglass.errors import FrostglassError
from frostglass.verification.examination import Examined, NotChecked, Recompute

FORGERY = (
    "These checks show that the bundle agrees with itself. Whether it is the one that was released, only the "
    "publisher's key and the ledger can tell: compare with `key` or `ledger`."
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

INCOMPLETE = (
    "What was checked is as it should be. What was not checked may be anything: do what its line says, or do not rely "
    "on it."
)
"""What to make of a bundle of which a check was not made."""

_LEDGER, _KEY, _STANDING = "ledger: ", "key", "not withdrawn"


class Outcome(StrEnum):
    """How a check came out, and how the checks of a bundle did together."""

    OK = "ok"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


class Check(NamedTuple):
    """One thing that was looked at, or that was to be looked at."""

    name: str
    outcome: Outcome
    message: str

    @classmethod
    def found(cls, name: str, good: bool, message: str) -> Check:
        """A check that was made."""
        return cls(name, Outcome.OK if good else Outcome.FAILED, message)

    @property
    def ok(self) -> bool:
        """Whether it was made and passed."""
        return self.outcome is Outcome.OK


@dataclass(frozen=True)
class VerifyReport:
    """What was checked and how it came out; ``manifest_sha256`` names the bundle, if there is one."""

    checks: tuple[Check, ...]
    manifest_sha256: str | None

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return self._with(Outcome.FAILED)

    @property
    def not_checked(self) -> tuple[Check, ...]:
        """The checks that were not made."""
        return self._with(Outcome.NOT_CHECKED)

    @property
    def ok(self) -> bool:
        """Whether every check was made, and passed."""
        return all(each.ok for each in self.checks)

    @property
    def outcome(self) -> Outcome:
        """Failed where a check failed, else not checked where one was not made, else ok."""
        if self.failed:
            return Outcome.FAILED
        return Outcome.NOT_CHECKED if self.not_checked else Outcome.OK

    @property
    def exit_code(self) -> int:
        """Of the command: 0 where every check was made and passed, 1 where one failed, 3 where one was not made."""
        return {Outcome.OK: 0, Outcome.FAILED: 1, Outcome.NOT_CHECKED: 3}[self.outcome]

    @property
    def verdict(self) -> str:
        """How many checks passed, and by name those that did not."""
        if self.ok:
            return f"All {len(self.checks)} checks passed."
        passed = len(self._with(Outcome.OK))
        others = [f"{kind}: {_names(these)}" for kind, these in self._others() if these]
        return f"{passed} of {len(self.checks)} checks passed; {'; '.join(others)}."

    @property
    def note(self) -> str:
        """What the checks cannot show, and what to do now."""
        if any(each.name.endswith(_STANDING) for each in self.failed):
            return WITHDRAWN
        if self.failed:
            return UNUSABLE
        return f"{INCOMPLETE} {self._known()}" if self.not_checked else self._known()

    def _known(self) -> str:
        names = [each.name for each in self.checks if each.ok]
        if any(name.startswith(_LEDGER) for name in names):
            return CONFIRMED
        return KNOWN_KEY if _KEY in names else FORGERY

    def _with(self, outcome: Outcome) -> tuple[Check, ...]:
        return tuple(each for each in self.checks if each.outcome is outcome)

    def _others(self) -> tuple[tuple[Outcome, tuple[Check, ...]], ...]:
        return (Outcome.FAILED, self.failed), (Outcome.NOT_CHECKED, self.not_checked)

    def plus(self, checks: Iterable[Check]) -> VerifyReport:
        """The report with further checks, such as those against a ledger."""
        return replace(self, checks=(*self.checks, *checks))

    def as_json(self) -> dict[str, object]:
        """The report as plain JSON values."""
        return {
            "ok": self.ok,
            "outcome": self.outcome,
            "failed": [each.name for each in self.failed],
            "not_checked": [each.name for each in self.not_checked],
            "manifest_sha256": self.manifest_sha256,
            "checks": [each._asdict() for each in self.checks],
            "note": self.note,
        }

    def text(self) -> str:
        """The report for a terminal."""
        width = max(len(each.name) for each in self.checks)
        lines = [
            f"{_MARKS[each.outcome]:<11}  {each.name:<{width}}  {_printable(each.message)}" for each in self.checks
        ]
        return "\n".join([*lines, "", self.verdict, self.note])


_MARKS = {Outcome.OK: "ok", Outcome.FAILED: "FAILED", Outcome.NOT_CHECKED: "NOT CHECKED"}


def _names(checks: Iterable[Check]) -> str:
    return ", ".join(each.name for each in checks)


def _printable(text: str) -> str:
    """``text`` without what could steer a terminal."""
    return "".join(each if each.isprintable() else "?" for each in text)


def verify(path: Path, *, recompute: Recompute, environment: Mapping[str, str]) -> VerifyReport:
    """Check the bundle in the folder ``path``. Never raises for what it finds there.

    ``recompute`` makes records and counts from the measurements, and ``environment`` is the one that it runs in.
    """
    standing = check(_STANDING, lambda: refuse_withdrawn(path))
    if not standing.ok:
        return VerifyReport((standing,), None)
    bundle = Examined(path)
    manifest = check("manifest", bundle.check_manifest)
    if not manifest.ok:
        return VerifyReport((manifest,), None)
    whole = [
        manifest,
        check("signature", bundle.check_signature),
        check("files", bundle.check_files),
        check("nothing else", bundle.check_nothing_else),
        check("hashes", bundle.check_hashes),
        check("codebook", bundle.check_codebook),
        check("sizes", bundle.check_sizes),
    ]
    report = VerifyReport(tuple(whole), bundle.manifest_sha256)
    content = {
        "data package": bundle.check_data_package,
        "pages": bundle.check_pages,
        "texts": bundle.check_texts,
        "tables": bundle.check_tables,
        "records": bundle.check_records,
        "counts": bundle.check_counts,
        "measurements": bundle.check_measurements,
        "noise": bundle.check_noise,
    }
    if whole[-1].outcome is Outcome.FAILED:  # a file that is built to harm is not decoded to see what else is wrong
        return report.plus(not_made(*content, "recomputed"))
    report = report.plus([check(name, examine) for name, examine in content.items()])
    if report.failed:
        return report.plus(not_made("recomputed"))
    return report.plus([check("recomputed", lambda: bundle.check_recomputed(recompute, environment))])


def against_key(manifest: Manifest, public_key: str) -> Check:
    """Whether the bundle, whose own signature was checked, names this very key (32 bytes in hex)."""
    same = manifest.public_key == public_key
    return Check.found(_KEY, same, "signed by the key that you gave" if same else "signed by another key than you gave")


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
        Check.found(f"{_LEDGER}signed", signed, _found(signed, "the key that signed is its own")),
        Check.found(
            f"{_LEDGER}reserved", reserved, _found(reserved, f"entry {place.reserve_seq} paid for this release")
        ),
        Check.found(f"{_LEDGER}committed", committed, _found(committed, f"entry {place.seq} committed this release")),
        Check.found(f"{_LEDGER}sealed", sealed, _found(sealed, "this very manifest was sealed")),
    )
    return (*checks, Check.found(f"{_LEDGER}{_STANDING}", not withdrawn, standing)) if sealed or withdrawn else checks


def _said(entry: Mapping[str, object], name: str) -> object:
    body = entry.get("body")
    return body.get(name) if isinstance(body, Mapping) else None


def _found(found: bool, message: str) -> str:
    return message if found else f"the ledger does not hold that {message}"


def not_made(*names: str) -> tuple[Check, ...]:
    """Checks that would tell nothing any more."""
    return tuple(Check(name, Outcome.NOT_CHECKED, "not made, because of the failures above") for name in names)


def check(name: str, examine: Callable[[], str]) -> Check:
    """Make one check: whatever a hostile file makes ``examine`` raise, it comes out as a word."""
    try:
        return Check(name, Outcome.OK, examine())
    except NotChecked as reason:
        return Check(name, Outcome.NOT_CHECKED, str(reason))
    except FrostglassError as error:
        return Check(name, Outcome.FAILED, error.message)
    except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - a hostile file may raise anything
        return Check(name, Outcome.FAILED, _UNREADABLE.format(type(error).__name__))


_UNREADABLE = "could not be examined: the file is not what it should be ({})"
