"""Disk for a bundle, asked for before it is paid: from the plan and the number of records alone."""

from __future__ import annotations

import shutil
from pathlib import Path

from frostglass.errors import BundleError
from frostglass.terms.codebook import Codebook
from frostglass.terms.domain import Attribute, Domain
from frostglass.terms.plan import Plan

_ANY_BUNDLE = 64_000_000
"""Bytes for what is in every bundle."""

_A_CELL = 100
"""Bytes for a measured cell: in the measurements, and as a combination in both files of counts."""

_NOISE = 50
"""A release estimates the number of its records; a fiftieth more is held ready. Where they are few, noise may make a
larger difference, and ``_ANY_BUNDLE`` has room for it."""


def most_bytes(codebook: Codebook, plan: Plan, *, records: int) -> int:
    """Most bytes that a bundle of about so many records takes: as if each had the longest code of every variable."""
    domain = plan.applied_to(codebook).domain
    wanted = plan.workload(domain)
    cells = sum(domain.cells(each) for each in wanted.fixed) + wanted.chosen_cells
    return _ANY_BUNDLE + _A_CELL * cells + (records + records // _NOISE) * _a_record(domain)


def refuse_full(out: Path, codebook: Codebook, plan: Plan, *, records: int = 0) -> None:
    """Raise BundleError FG-BN-065 when the disk of ``out`` has no room for a bundle of about so many records."""
    parent = out.absolute().parent
    while not parent.is_dir():
        parent = parent.parent
    needed, free = most_bytes(codebook, plan, records=records), shutil.disk_usage(parent).free
    if free < needed:
        raise BundleError(
            "FG-BN-065",
            f"this release needs up to {needed // 10**6 + 1:,} MB of disk for its bundle, and {free // 10**6:,} MB are "
            "free there; nothing was paid: make room, or choose a folder on another disk",
        )


def _a_record(domain: Domain) -> int:
    """Most bytes of a record in both of its files; a code is a position of so many bits in Parquet."""
    bits = sum((each.size - 1).bit_length() for each in domain.attributes)
    return sum(_in_csv(each) for each in domain.attributes) + bits // 8 + 1


def _in_csv(attribute: Attribute) -> int:
    """Most bytes of a cell in a CSV file, and of what parts it from the next."""
    return 1 + max(len(each.encode()) + _quotes(each) for each in attribute.codes)


def _quotes(code: str) -> int:
    """Bytes that quoting adds: around a code that needs it, and before each quote in it."""
    return 2 + code.count('"') if any(each in code for each in ',"\r\n') else 0
