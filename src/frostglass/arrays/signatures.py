"""Formats that are told by the first bytes of a file."""

from __future__ import annotations

_SIGNATURES = {
    b"PK\x03\x04": "an Excel workbook or another zip archive (a workbook's name ends in .xlsx)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls) or an encrypted one: save it as .xlsx or CSV without a password",
    b"PAR1": "a Parquet file (its name ends in .parquet)",
    b"\x1f\x8b": "compressed: unpack it first",
    b"%PDF": "a PDF document: export the table itself",
}


def foreign_format(head: bytes) -> str:
    """What a file that begins with ``head`` is instead of text, and the way out; empty when it may be text."""
    return next((what for signature, what in _SIGNATURES.items() if head.startswith(signature)), "")


def is_wide(head: bytes) -> bool:
    """Whether a file that begins with ``head`` looks like UTF-16 or UTF-32."""
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) or head.count(b"\0") > len(head) // 4
