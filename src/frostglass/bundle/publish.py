"""Publish: copy a sealed bundle out, byte for byte, beside a detached word on the publication."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from frostglass.bundle.format.files import NewFolder, beside, open_plain, read_file, sha256, write_folder
from frostglass.bundle.format.manifest import MANIFEST, MOST_MANIFEST_BYTES, PUBLICATION, SEALED, canonical_json
from frostglass.bundle.format.signature import SIGNATURE, SIGNATURE_BYTES
from frostglass.bundle.read import Bundle
from frostglass.errors import BundleError


def publication(release_id: str, *, published_on: str, approved_on: Sequence[str]) -> dict[str, object]:
    """What publication.json says: the release, and the day (ISO) of its publication and of each approval.

    Who approved, and what they noted, is the house's own matter and stays in the ledger.
    """
    return {
        "release_id": release_id,
        "published_on": published_on,
        "approvals": len(approved_on),
        "approved_on": list(approved_on),
    }


def is_published(bundle: Bundle, to: Path) -> bool:
    """Whether a published copy of this very bundle lies at ``to``: it comes there whole or not at all."""
    if not all((to / name).is_file() for name in (MANIFEST, PUBLICATION)):
        return False
    return sha256(read_file(to / MANIFEST, most=MOST_MANIFEST_BYTES)) == bundle.manifest_sha256


def require_whole(bundle: Bundle) -> None:
    """Refuse a bundle that is not the one that was sealed, whole and alone.

    Raises BundleError FG-BN-026 when a file is another, FG-BN-050 when the folder holds anything else but what file
    managers leave there, which is not copied.
    """
    if {each.path for each in bundle.manifest.files} != set(SEALED):
        raise BundleError("FG-BN-023", "the manifest does not list exactly the files of a bundle")
    if beside(bundle.path, {*SEALED, MANIFEST, SIGNATURE}).others:
        raise BundleError("FG-BN-050", "the folder holds something beside the sealed files; only a bundle is published")
    for name in SEALED:
        with bundle.opened(name):
            pass
    read_file(bundle.path / SIGNATURE, most=SIGNATURE_BYTES)
    if sha256(read_file(bundle.path / MANIFEST, most=MOST_MANIFEST_BYTES)) != bundle.manifest_sha256:
        raise BundleError("FG-BN-026", "manifest.json changed while it was read")


def write(bundle: Bundle, to: Path, publication: Mapping[str, object]) -> Path:
    """Copy the sealed files to ``to``, the manifest and its signature last, and write publication.json beside them.

    Whole or not at all; returns ``to``. Raises BundleError FG-BN-001 when ``to`` exists, FG-BN-026 when a file changed.
    """
    word = canonical_json({**publication, "manifest_sha256": bundle.manifest_sha256})
    write_folder(to, lambda folder: _fill(folder, bundle, word), on=bundle.manifest.date, public=True)
    return to


def _fill(folder: NewFolder, bundle: Bundle, word: bytes) -> None:
    sealed = {each.path: each.stored for each in bundle.manifest.files}
    for name in (*SEALED, MANIFEST, SIGNATURE):
        most = sealed[name].bytes if name in sealed else MOST_MANIFEST_BYTES
        with open_plain(bundle.path / name, most=most) as (file, _):
            _copy(folder, name, file)
    folder.write(PUBLICATION, word)
    copied = {name: folder.written[name] for name in sealed}
    if copied != sealed or folder.written[MANIFEST].sha256 != bundle.manifest_sha256:
        raise BundleError("FG-BN-026", "the bundle changed while it was copied; nothing was published")


def _copy(folder: NewFolder, name: str, file: BinaryIO) -> None:
    folder.fill(name, lambda copy: shutil.copyfileobj(file, copy))
