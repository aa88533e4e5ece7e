"""Approving, publishing and withdrawing: refusals that say who has approved, what is missing, and what is left to do.

Proof: docs/proofs/ledger.md, "What an approval shows".
"""

from __future__ import annotations

from frostglass.boundary.ledger.book import APPROVALS, ReleaseBook
from frostglass.boundary.ledger.people import folded
from frostglass.errors import LedgerError, UsageError


def require_another_person(release: ReleaseBook, by: str) -> None:
    """Raise LedgerError when that person has approved it before, or it was withdrawn; UsageError for no name."""
    require_not_withdrawn(release)
    if not folded(by):
        raise UsageError("FG-OP-065", "the name must be given, in letters: it goes on record")
    if folded(by) in {folded(each.text("by")) for each in release.approvals}:
        raise LedgerError(
            "FG-LG-025",
            f"the release {release.id!r} is {approved_by(release)}; it takes {APPROVALS} different people, and case, "
            "spaces and punctuation of a name make no other person: another one approves next. Nothing was written",
        )


def require_approved(release: ReleaseBook) -> None:
    """Raise LedgerError unless enough different people have approved the release, and nobody has withdrawn it."""
    require_not_withdrawn(release)
    missing = APPROVALS - len(release.approvals)
    if release.manifest_sha256 and missing > 0:
        people = "another person has" if missing == 1 else f"{missing} different people have"
        raise LedgerError(
            "FG-LG-024",
            f"the release {release.id!r} is {approved_by(release)}; before it is published, {people} to say "
            "`frostglass approve BUNDLE --by NAME --note TEXT --ledger FILE`. Nothing was written",
        )


def require_bundle(release: ReleaseBook) -> None:
    """Raise LedgerError when there is no sealed bundle to withdraw."""
    require_not_withdrawn(release)
    if not release.manifest_sha256:
        raise LedgerError(
            "FG-LG-027",
            f"the release {release.id!r} is {release.state}: it has no sealed bundle that could be withdrawn. Answers "
            "that are staged go with `frostglass ledger purge`. Nothing was written",
        )


def require_not_withdrawn(release: ReleaseBook) -> None:
    """Raise LedgerError when the release was withdrawn: that is for good."""
    if release.state == "withdrawn":
        raise LedgerError(
            "FG-LG-026",
            f"the release {release.id!r} is withdrawn since {release.steps['withdraw'].at[:10]}, and stays so: it is "
            "neither approved nor published again. `frostglass withdraw … --published FOLDER` clears a published "
            "copy; a new release takes a new id, and is paid for. Nothing was written",
        )


def approved_by(release: ReleaseBook) -> str:
    """Who has approved it, and on which days, for messages."""
    if not release.approvals:
        return "approved by nobody yet"
    return "approved by " + " and ".join(f"{each.text('by')!r} ({each.at[:10]})" for each in release.approvals)
