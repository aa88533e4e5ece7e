"""A bundle rehearsed before anything is paid: every word of it, with nobody's figures.

What a bundle says besides its figures is public beforehand: codebook, plan, guarantee, scope. So whatever is wrong
with it (a codebook too large to be read back, a manifest beyond its limit, a page that cannot be written) shows
while it is free.
"""

from __future__ import annotations

import numpy as np

from frostglass import codebooks
from frostglass.bundle.accuracy import accuracy
from frostglass.bundle.accuracy_page import accuracy_html
from frostglass.bundle.contents import Contents
from frostglass.bundle.datapackage import data_package
from frostglass.bundle.formats import counts_frame
from frostglass.bundle.manifest import MOST_MANIFEST_BYTES, Manifest, canonical_json, parse_manifest
from frostglass.bundle.pages import codebook_html
from frostglass.bundle.seal import manifest_of
from frostglass.bundle.statement import statement
from frostglass.errors import BundleError, FrostglassError, fault
from frostglass.released.counts import CountBlock, Counts
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.domain import Domain

_STILL_TO_COME = 100_000
"""Bytes of hashes and figures that a manifest gets later."""


def rehearse(nobody: Contents) -> None:
    """Write all pages of ``nobody``, and read back what a reader will read.

    BundleError FG-BN-071, with the reason, when a bundle with these words could not be sealed or not be read.
    """
    try:
        _write(nobody)
    except Exception as error:  # noqa: BLE001 - whatever it is, it would come after the draw
        reason = error if isinstance(error, FrostglassError) else fault(error)
        raise BundleError(
            "FG-BN-071", f"a bundle of this release could not be sealed, so nothing is drawn for it: {reason}"
        ) from None


def no_counts(domain: Domain, length: int) -> Counts:
    """The counts of nobody, up to ``length``: no record has any combination."""
    blocks = tuple(_nobody(domain, each) for each in domain.sets_of_length(1))
    return Counts(domain, length, total=0, tau=1, blocks=blocks, receipts=())


def _nobody(domain: Domain, attributes: AttributeSet) -> CountBlock:
    (size,) = domain.shape(attributes)
    zeros = np.zeros(size, dtype=np.int64)
    return CountBlock(
        attributes=attributes,
        positions=np.arange(size, dtype=np.uint16).reshape(-1, 1),
        count=zeros,
        sd=np.zeros(size),
        low=zeros,
        high=zeros,
        released=np.ones(size, dtype=np.bool_),
    )


def _write(nobody: Contents) -> None:
    codebook = codebooks.from_canonical(nobody.codebook.canonical)
    manifest = _as_read(manifest_of(nobody))
    counts = counts_frame(nobody.counts)
    found = accuracy(manifest, codebook, counts, nobody.records, nobody.answers.measurements)
    statement(manifest, codebook).encode()
    codebook_html(manifest, codebook, counts).encode()
    accuracy_html(manifest, codebook, counts, found).encode()
    canonical_json(data_package(manifest, codebook, {}))


def _as_read(manifest: Manifest) -> Manifest:
    data = manifest.canonical()
    most = MOST_MANIFEST_BYTES - _STILL_TO_COME
    if len(data) > most:
        raise BundleError("FG-BN-022", f"manifest.json would be larger than the {most:,} bytes it may have")
    return parse_manifest(data)
