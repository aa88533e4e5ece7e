"""Publish: copy a sealed bundle out, byte for byte, beside a detached word on the publication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from frostglass.bundle.files import beside, read_file, sha256, write_folder
from frostglass.bundle.manifest import MANIFEST, MOST_MANIFEST_BYTES, PUBLICATION, SEALED, canonical_json
from frostglass.bundle.read import Bundle
from frostglass.bundle.signature import SIGNATURE, SIGNATURE_BYTES
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


def sealed_files(bundle: Bundle) -> dict[str, bytes]:
    """Every file of the bundle, the manifest and its signature last, as it was sealed.

    Raises BundleError FG-BN-026 when a file is not the one that was sealed, FG-BN-050 when the folder holds anything
    else but what file managers leave there, which is not copied.
    """
    if {each.path for each in bundle.manifest.files} != set(SEALED):
        raise BundleError("FG-BN-023", "the manifest does not list exactly the files of a bundle")
    if beside(bundle.path, {*SEALED, MANIFEST, SIGNATURE}).others:
        raise BundleError("FG-BN-050", "the folder holds something beside the sealed files; only a bundle is published")
    files = {name: bundle.data(name) for name in SEALED}
    files[MANIFEST] = read_file(bundle.path / MANIFEST, most=MOST_MANIFEST_BYTES)
    files[SIGNATURE] = read_file(bundle.path / SIGNATURE, most=SIGNATURE_BYTES)
    if sha256(files[MANIFEST]) != bundle.manifest_sha256:
        raise BundleError("FG-BN-026", "manifest.json changed while it was read")
    return files


def write(files: Mapping[str, bytes], bundle: Bundle, to: Path, publication: Mapping[str, object]) -> Path:
    """Write the sealed files and publication.json to ``to``, whole or not at all, and return ``to``.

    Raises BundleError FG-BN-001 when ``to`` exists.
    """
    word = {**publication, "manifest_sha256": bundle.manifest_sha256}
    write_folder(to, {**files, PUBLICATION: canonical_json(word)}, on=bundle.manifest.date)
    return to
