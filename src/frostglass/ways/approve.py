"""What becomes of a sealed bundle: approved by two people, published, or withdrawn.

Each step is an entry of the ledger first and a change of the disk then, so that the disk never says more than the
ledger; what was cut short in between, the same call finishes. Proof: docs/proofs/ledger.md, "What an approval shows".
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, TypeAlias

from frostglass.boundary.ledger.ledger import Entry, Ledger
from frostglass.bundle import publish as publishing
from frostglass.bundle.format.files import refuse_existing
from frostglass.bundle.format.manifest import PUBLICATION
from frostglass.bundle.read import Bundle
from frostglass.bundle.withdrawal import WITHDRAWAL, Withdrawal, bury, require_published, withdrawal_in
from frostglass.errors import BundleError
from frostglass.terms.arguments import optional_path
from frostglass.terms.arguments import path as path_of
from frostglass.terms.progress import Progress, quiet
from frostglass.ways.finishing import is_sealed
from frostglass.ways.verify import verify

CopyState: TypeAlias = Literal["stands", "cleared", "not found"]


def approve(
    path: str | Path, *, ledger: Ledger | str | Path, by: str, note: str, tell: Progress = quiet
) -> tuple[Entry, ...]:
    """Note that ``by`` has looked at a sealed bundle and would publish it; all approvals so far.

    ``tell`` hears of every check of the bundle that could not be made here, before anything is entered.

    Two different people must, before it is published; the one who released it may be one of them. Raises BundleError
    when the ledger did not seal this bundle or it does not verify, LedgerError when that person approved it before, or
    when it was withdrawn.
    """
    paying = _opened(ledger)
    bundle = _sealed_bundle(path, paying)
    _require_verified(bundle, tell)
    paying.approve(bundle.manifest.release_id, manifest_sha256=bundle.manifest_sha256, by=by, note=note)
    return paying.approvals(bundle.manifest.release_id)


def publish(path: str | Path, to: str | Path, *, ledger: Ledger | str | Path, by: str) -> Path:
    """Copy a sealed and approved bundle out, beside a detached ``publication.json``.

    Raises LedgerError, saying who has approved and what is missing, and BundleError when ``to`` exists. Where the copy
    was made and the command cut short after it, nothing is left to do. The ledger notes ``to`` as it is given: a whole
    path may have names of folders in it that no ledger should hold.
    """
    paying, target = _opened(ledger), path_of(to, "where the copy goes").absolute()
    bundle = _sealed_bundle(path, paying)
    release_id = bundle.manifest.release_id
    if _is_done(bundle, to, paying):
        return target
    paying.require_approved(release_id)
    refuse_existing(target)
    publishing.require_whole(bundle)  # by their hashes, the files that verified when they were approved
    entry = paying.publish(release_id, manifest_sha256=bundle.manifest_sha256, to=str(to), by=by)
    approved_on = [each.at[:10] for each in paying.approvals(release_id)]
    word = publishing.publication(release_id, published_on=entry.at[:10], approved_on=approved_on)
    return publishing.write(bundle, target, word)


def withdraw(
    what: str | Path, *, ledger: Ledger | str | Path, by: str, reason: str, published: str | Path | None = None
) -> Withdrawal:
    """Withdraw a release, named by its bundle or its id; ``published`` is a published copy, and becomes a tombstone.

    One person suffices. ``reason`` is public. Of a release that is withdrawn already, further copies are cleared in the
    words of the first time. Raises LedgerError when it has no sealed bundle, or when there is nothing left to do.
    """
    paying = _opened(ledger)
    release_id = _release_id(what, paying)
    seal = paying.find(release_id, "seal")
    copy = optional_path(published, "the published copy")
    if copy is not None and seal is not None:
        require_published(copy, release_id=release_id, manifest_sha256=seal.text("manifest_sha256"))
    entry = paying.find(release_id, "withdraw")
    if entry is None or copy is None:
        entry = paying.withdraw(release_id, by=by, reason=reason)
    withdrawal = Withdrawal(
        release_id=release_id,
        manifest_sha256=entry.text("manifest_sha256"),
        withdrawn_on=date.fromisoformat(entry.at[:10]),
        reason=entry.text("reason"),
    )
    if copy is not None:
        bury(copy, withdrawal)
    return withdrawal


def copies(release_id: str, ledger: Ledger) -> dict[str, CopyState]:
    """Every place that the release was published to, as it was given, and what is there as far as is seen from here."""
    places = [each.text("to") for each in ledger.entries() if (each.kind, each.release_id) == ("publish", release_id)]
    return {place: _state_of(Path(place)) for place in dict.fromkeys(places)}


def _state_of(copy: Path) -> CopyState:
    if (copy / WITHDRAWAL).is_file():
        return "cleared"
    return "stands" if (copy / PUBLICATION).is_file() else "not found"


def _opened(ledger: Ledger | str | Path) -> Ledger:
    return ledger if isinstance(ledger, Ledger) else Ledger.open(ledger)


def _sealed_bundle(path: str | Path, ledger: Ledger) -> Bundle:
    """The bundle, if the ledger sealed this very one."""
    bundle = Bundle.open(path)
    if not is_sealed(bundle, ledger):
        raise BundleError("FG-BN-061", "this ledger did not seal this bundle; it is another one, or was changed")
    return bundle


def _require_verified(bundle: Bundle, tell: Progress) -> None:
    report = verify(bundle.path)
    if report.failed:
        raise BundleError(
            "FG-BN-067", "the bundle does not verify, so it is neither approved nor published; see `frostglass verify`"
        )
    for each in report.not_checked:
        tell(f"NOT CHECKED: {each.name}: {each.message}")


def _is_done(bundle: Bundle, to: str | Path, ledger: Ledger) -> bool:
    """Whether the ledger holds this publication and the copy is there."""
    release_id = bundle.manifest.release_id
    entry = ledger.find(release_id, "publish")
    noted = ledger.state(release_id) == "published" and entry is not None and entry.text("to") == str(to)
    return noted and publishing.is_published(bundle, Path(to))


def _release_id(what: str | Path, ledger: Ledger) -> str:
    """The release that a bundle, a tombstone or an id names."""
    folder = path_of(what, "a release, by its bundle or its id,")
    if not folder.is_dir():
        return str(what)
    stone = withdrawal_in(folder)
    return stone.release_id if stone else _sealed_bundle(folder, ledger).manifest.release_id
