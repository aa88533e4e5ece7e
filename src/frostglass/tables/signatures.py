"""Files of another kind than a table: told by their first bytes, and named with the way out."""

from __future__ import annotations

import json
import re

LONGEST_HEAD = 4096
"""Bytes at the start of a file that tell its kind."""

_SPREADSHEET = "save the sheet as .xlsx or CSV"
_EXPORT = "export it as CSV, or read it in Python and hand the table to frostglass.release"
_CODES = "export it as CSV with codes rather than labels, or read it in Python and hand the table to frostglass.release"
_UNPACK = "unpack it first"

_SIGNATURES = {
    b"PK\x03\x04": "an Excel workbook or another zip archive (a workbook's name ends in .xlsx)",
    b"PK\x05\x06": "an empty zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls) or an encrypted one: save it as .xlsx or CSV without a password",
    b"PAR1": "a Parquet file (its name ends in .parquet)",
    b"PARE": f"an encrypted Parquet file: {_EXPORT}",
    b"ARROW1": f"an Arrow or Feather file: {_EXPORT}, or save it as Parquet",
    b"FEA1": f"a Feather file: {_EXPORT}, or save it as Parquet",
    b"ORC": f"an ORC file: {_EXPORT}, or save it as Parquet",
    b"Obj\x01": f"an Avro file: {_EXPORT}, or save it as Parquet",
    b"\x89HDF": f"an HDF5 file: {_EXPORT}",
    b"SQLite format 3\0": "an SQLite database: export the table as CSV",
    b"\0\1\0\0Standard ": "an Access database: export the table as CSV",
    b"$FL2": f"an SPSS file (.sav): {_CODES}",
    b"$FL3": f"a compressed SPSS file (.zsav): {_CODES}",
    b"<stata_dta>": f"a Stata file (.dta): {_CODES}",
    b"HEADER RECORD*******": f"a SAS transport file (.xpt): {_EXPORT}",
    b"\0" * 12 + b"\xc2\xea\x81\x60": f"a SAS file (.sas7bdat): {_EXPORT}",
    b"RDX": f"an R data file (.RData): {_EXPORT}",
    b"RDA": f"an R data file (.RData): {_EXPORT}",
    b"X\n\0\0": f"an R data file (.rds): {_EXPORT}",
    b"\x93NUMPY": f"a NumPy file: {_EXPORT}",
    b"\x1f\x8b": f"compressed (gzip; an .rds file of R is too): {_UNPACK}",
    b"\x1f\x9d": f"compressed: {_UNPACK}",
    b"BZh": f"compressed (bzip2): {_UNPACK}",
    b"\xfd7zXZ\0": f"compressed (xz): {_UNPACK}",
    b"\x28\xb5\x2f\xfd": f"compressed (Zstandard): {_UNPACK}",
    b"\x04\x22\x4d\x18": f"compressed (LZ4): {_UNPACK}",
    b"7z\xbc\xaf\x27\x1c": f"a 7z archive: {_UNPACK}",
    b"Rar!": f"a RAR archive: {_UNPACK}",
    b"%PDF": "a PDF document: export the table itself",
    b"{\\rtf": "a text document (RTF): export the table itself",
    b"\x89PNG": "an image: export the table itself",
    b"\xff\xd8\xff": "an image: export the table itself",
    b"GIF8": "an image: export the table itself",
    b"-----BEGIN PGP": "encrypted or signed: decrypt it first",
    b"age-encryption.org": "encrypted: decrypt it first",
    b"Salted__": "encrypted: decrypt it first",
}

_DOCUMENTS = {
    b"vnd.oasis.opendocument.spreadsheet": f"an OpenDocument spreadsheet (.ods): {_SPREADSHEET}",
    b"vnd.oasis.opendocument": "an OpenDocument text, no table: export the table itself",
    b"application/epub": "a book: export the table itself",
    b"Index/": f"a Numbers document: {_SPREADSHEET}",
}
"""Zip archives that say at their start what they are."""


def foreign_format(head: bytes) -> str:
    """What a file that begins with ``head`` is instead of text, and the way out; empty when it may be text."""
    if head.startswith(b"PK\x03\x04"):
        document = next((what for mark, what in _DOCUMENTS.items() if mark in head[:300]), "")
        if document:
            return document
    if _is_old_stata(head):
        return _SIGNATURES[b"<stata_dta>"]
    if b"SPSS PORT FILE" in head[:512]:
        return f"an SPSS portable file (.por): {_CODES}"
    if head[257:262] == b"ustar":
        return f"a tar archive: {_UNPACK}"
    if _is_dbase(head):
        return f"a dBase file (.dbf): {_EXPORT}"
    return next((what for signature, what in _SIGNATURES.items() if head.startswith(signature)), "")


def _is_old_stata(head: bytes) -> bool:
    """Formats 104 to 115: the number, the order of bytes, and then 1 and 0."""
    return len(head) > 3 and 104 <= head[0] <= 115 and head[1] in (1, 2) and head[2:4] == b"\1\0"


def _is_dbase(head: bytes) -> bool:
    """A version that is no text, then year, month and day of the last change."""
    return len(head) > 31 and head[0] in (0x03, 0x83, 0x8B, 0xF5) and 1 <= head[2] <= 12 and 1 <= head[3] <= 31


def foreign_text(head: str) -> str:
    """What a text that begins with ``head`` is instead of CSV, and the way out; empty when it may be CSV."""
    start = head.lstrip("\ufeff \t\r\n")
    first = start.splitlines()[0].strip() if start else ""
    if _is_object(first):
        return f"JSON lines: {_EXPORT}; case files in JSON are read by `frostglass recode`"
    if re.match(r"[\[{]\s*(?:[\[{\"]|$)", start[:LONGEST_HEAD]) and not _is_headed(first):
        return f"JSON: {_EXPORT}; case files in JSON are read by `frostglass recode`"
    if re.match(r"<!doctype html|<html|<table|<head|<meta", start, re.IGNORECASE):
        return "a web page (HTML), even if a spreadsheet opens it: save the table as CSV or .xlsx"
    if re.match(r"<\?xml|<!--|<[A-Za-z][\w:.-]*(?:\s[^<>]*)?>\s*<", start):
        return "XML, even if a spreadsheet opens it: save the table as CSV or .xlsx"
    return ""


def separator_mark(head: str) -> str:
    """The delimiter that Excel's first line ``sep=`` names; empty when the text does not begin with such a line."""
    found = re.match(r'\ufeff?"?sep=(.)"?[ \t,;]*(?:\r|\n|$)', head, re.IGNORECASE)
    return found[1] if found else ""


def _is_object(line: str) -> bool:
    if not line.startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _is_headed(line: str) -> bool:
    """Whether a line in brackets is a header: several texts in brackets of their own, one a column."""
    return re.fullmatch(r"(\[[^\[\]\",]*\][,;\t]?)+", line) is not None


def is_wide(head: bytes) -> bool:
    """Whether a file that begins with ``head`` looks like UTF-16 or UTF-32."""
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) or head.count(b"\0") > len(head) // 4
