"""What stands at the place of a bundle: refused where it is in the way, finished where a release was cut short."""

from __future__ import annotations

import os
from pathlib import Path

from frostglass.boundary import staging
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.bundle.format.files import refuse_existing
from frostglass.bundle.format.manifest import (
    MANIFEST,
    Manifest,
)
from frostglass.bundle.read import Bundle
from frostglass.bundle.room import refuse_full
from frostglass.errors import BundleError, FrostglassError
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.ways.neighbours import shown
from frostglass.ways.order import Order
from frostglass.ways.resuming import is_staged
from frostglass.ways.verify import verify


def enter(bundle: Bundle, ledger: Ledger) -> None:
    """Tell the ledger that a bundle is final; what was staged for it is no longer needed."""
    ledger.seal(bundle.manifest.release_id, manifest_sha256=bundle.manifest_sha256)
    tidy(bundle, ledger)


def tidy(bundle: Bundle, ledger: Ledger) -> None:
    """Remove what was staged for a sealed bundle."""
    if ledger.path is not None:
        staging.purge(staging.folder_for(ledger.path, bundle.manifest.release_id))


def refuse_output(out: Path, codebook: Codebook, plan: Plan, ledger: Ledger) -> tuple[str, ...]:
    """Refuse, before anything is read or spent, an output that exists, cannot be written or has no room for any bundle.

    Also when the bundles beside it show that the ledger is older than what it paid for. Returns notes on those that
    are not believed, or that another ledger paid for.
    """
    if not ledger.sealable:
        raise BundleError("FG-BN-003", "what an ephemeral ledger pays for is for trying out, and is never sealed")
    refuse_existing(out)
    parent = out.absolute().parent
    while not parent.is_dir():
        parent = parent.parent
    if not os.access(parent, os.W_OK):
        raise BundleError("FG-BN-062", f"{parent.name or parent} cannot be written to; choose another folder")
    refuse_full(out, codebook, plan)
    found = shown(sorted(each.parent for each in out.absolute().parent.glob(f"*/{MANIFEST}")), ledger)
    ledger.check_known(found.known)
    return found.notes


def finish(out: Path, plan: Plan, order: Order, ledger: Ledger) -> Bundle | None:
    """Do what is left for a bundle that was complete when its release was cut short: its entry, and tidying up.

    ``None`` when there is nothing of that kind at ``out``, or the bundle is of another release than is ordered.
    """
    try:
        bundle = Bundle.open(out)
        state = ledger.state(bundle.manifest.release_id)
    except FrostglassError:
        return None
    if not _is_of(bundle.manifest, plan, order):
        return None
    if state == "committed" and _is_whole(bundle, ledger):
        enter(bundle, ledger)
        return bundle
    if (
        state in ("sealed", "approved", "published")
        and is_staged(ledger, bundle.manifest.release_id)
        and is_sealed(bundle, ledger)
    ):
        tidy(bundle, ledger)
        return bundle
    return None


def _is_of(manifest: Manifest, plan: Plan, order: Order) -> bool:
    """Whether the same command made it, as far as a manifest tells."""
    named = order.release_id in (None, manifest.release_id)
    return named and (manifest.ledger.scope, manifest.plan_sha256) == (order.scope, plan.sha256)


def _is_whole(bundle: Bundle, ledger: Ledger) -> bool:
    """Whether it was made from the entry that committed its release, and verifies."""
    entry = ledger.find(bundle.manifest.release_id, "commit")
    stamp = (bundle.manifest.ledger.seq, bundle.manifest.ledger.head)
    signed = bundle.manifest.public_key in ledger.public_keys()
    return entry is not None and (entry.seq, entry.hash) == stamp and signed and not verify(bundle.path).failed


def is_sealed(bundle: Bundle, ledger: Ledger) -> bool:
    """Whether the ledger sealed this very bundle."""
    sealed = ledger.find(bundle.manifest.release_id, "seal")
    return sealed is not None and sealed.body["manifest_sha256"] == bundle.manifest_sha256
