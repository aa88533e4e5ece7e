"""Publish: copy a sealed bundle out, byte for byte, beside a detached word on the publication."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from frostglass.bundle.files import read_file, sha256, write_folder
from frostglass.bundle.manifest import MANIFEST, MOST_MANIFEST_BYTES, PUBLICATION, SEALED, canonical_json
from frostglass.bundle.read import open_bundle
from frostglass.bundle.signature import SIGNATURE, SIGNATURE_BYTES
from frostglass.errors import BundleError


def copy(bundle_path: Path, to: Path, publication: Mapping[str, object]) -> Path:
    """Copy the bundle to ``to``, add publication.json, and return ``to``.

    Raises BundleError FG-BN-001 when ``to`` exists, FG-BN-026 when a file is not the one that was sealed, FG-BN-050
    when the folder holds anything else.
    """
    bundle = open_bundle(bundle_path)
    if {each.path for each in bundle.manifest.files} != set(SEALED):
        raise BundleError("FG-BN-023", "the manifest does not list exactly the files of a bundle")
    strangers = {each.name for each in bundle.path.iterdir()} - {*SEALED, MANIFEST, SIGNATURE}
    if strangers:
        raise BundleError("FG-BN-050", "the folder holds something beside the sealed files; only a bundle is published")
    files = {name: bundle.data(name) for name in SEALED}
    files[MANIFEST] = read_file(bundle.path / MANIFEST, most=MOST_MANIFEST_BYTES)
    files[SIGNATURE] = read_file(bundle.path / SIGNATURE, most=SIGNATURE_BYTES)
    if sha256(files[MANIFEST]) != bundle.manifest_sha256:
        raise BundleError("FG-BN-026", "manifest.json changed while it was read")
    word = {**publication, "manifest_sha256": bundle.manifest_sha256}
    write_folder(to, {**files, PUBLICATION: canonical_json(word)}, on=bundle.manifest.date)
    return to
