"""A bundle rehearsed before anything is paid: every word of it, with nobody's figures.

What a bundle says besides its figures is public beforehand: codebook, plan, guarantee, scope. So whatever is wrong
with it (a codebook too large to be read back, a manifest beyond its limit, a page that cannot be written) shows
while it is free.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from frostglass.bundle.contents import Contents
from frostglass.bundle.format.files import NewFolder, write_nowhere
from frostglass.bundle.format.manifest import MOST_MANIFEST_BYTES, parse_manifest
from frostglass.bundle.seal import check_parts, render
from frostglass.errors import BundleError, FrostglassError, fault
from frostglass.released.answers import Answers
from frostglass.released.counts import CountBlock, Counts, Shares
from frostglass.released.measurement import Measurement
from frostglass.released.synthetic import SyntheticRecords
from frostglass.terms.attribute_set import AttributeSet
from frostglass.terms.custody import Receipt
from frostglass.terms.domain import Domain

_STILL_TO_COME = 100_000
"""Bytes by which a manifest may still grow: hashes, figures, and what other releases do to its scope meanwhile."""


def rehearse(nobody: Contents) -> None:
    """Make every file of a bundle without records, as ``seal`` does, and read its manifest back.

    BundleError FG-BN-075, with the reason, when a bundle with these words could not be sealed or not be read.
    """
    try:
        check_parts(nobody)
        manifest = render(nobody, NewFolder(write_nowhere))
        if len(manifest) > MOST_MANIFEST_BYTES - _STILL_TO_COME:
            raise BundleError(
                "FG-BN-022", f"manifest.json would be larger than the {MOST_MANIFEST_BYTES:,} bytes it may have"
            )
        parse_manifest(manifest)
    except Exception as error:  # noqa: BLE001 - whatever it is, it would come after the draw
        reason = error if isinstance(error, FrostglassError) else fault(error)
        raise BundleError(
            "FG-BN-075", f"a bundle of this release could not be sealed, so nothing is drawn for it: {reason}"
        ) from None


def with_nobody(contents: Contents) -> Contents:
    """``contents`` as they would be without records and without noise: each single variable is answered by zeros."""
    domain = contents.codebook.domain
    receipts = tuple(_unpaid(contents, each, number) for number, each in enumerate(domain.sets_of_length(1), start=1))
    measured = tuple(
        Measurement(each.attributes, np.zeros(domain.shape(each.attributes), dtype=np.int64), 1.0, each)
        for each in receipts
    )
    return replace(
        contents,
        answers=Answers(measured, None),
        records=SyntheticRecords(domain, np.zeros((0, len(domain)), dtype=np.uint16), receipts),
        counts=Counts(
            domain,
            contents.plan.length,
            total=0,
            tau=1,
            blocks=tuple(_zeros(domain, each.attributes) for each in receipts),
            receipts=receipts,
            shares=tuple(_nothing(size) for size in domain.sizes),
        ),
    )


def _unpaid(contents: Contents, attributes: AttributeSet, number: int) -> Receipt:
    """A receipt for zeros, which nobody was asked for: so nothing with it can ever be sealed."""
    return Receipt(
        ledger_id=contents.scope.ledger_id,
        scope=contents.scope.scope,
        release_id=contents.release_id,
        seq=contents.reserve_seq,
        head=contents.reserve_head,
        number=number,
        attributes=attributes,
        mechanism=contents.guarantee.mechanism,
        sigma=Fraction(1),
        sensitivity=contents.plan.unit.max_records,
        rho=Fraction(0),
        sealable=False,
    )


def _nothing(size: int) -> Shares:
    """Shares of nobody."""
    none, unknown = np.zeros(size), np.full(size, np.nan)
    return Shares(out_of=none.astype(np.int64), share=unknown, low=none, high=none + 1)


def _zeros(domain: Domain, attributes: AttributeSet) -> CountBlock:
    (size,) = domain.shape(attributes)
    zeros = np.zeros(size, dtype=np.int64)
    return CountBlock(
        attributes=attributes,
        positions=np.arange(size, dtype=np.uint16).reshape(-1, 1),
        count=zeros,
        sd=np.ones(size),
        low=zeros,
        high=zeros,
        released=np.ones(size, dtype=np.bool_),
    )
