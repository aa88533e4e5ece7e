"""The signature of a bundle: Ed25519 over the bytes of manifest.json, in manifest.sig.

The manifest holds the hash of every other file, so whoever signs it signs them all. OpenSSL checks the same file, see
docs/how-to/verify-a-bundle.md. Source: RFC 8032; the ``cryptography`` library does the arithmetic.
"""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from frostglass.bundle.format import places
from frostglass.bundle.format.files import read_file
from frostglass.errors import FrostglassError, UsageError
from frostglass.terms.arguments import path as path_of

SIGNATURE = places.SIGNATURE
SIGNATURE_BYTES = 64

_HEX = re.compile(r"[0-9a-fA-F]{64}")
_MOST_BYTES = 4096


def public_key_of(key: str | Path) -> str:
    """A public key as hex, from hex or from a file that holds it as hex or PEM. UsageError when it is neither."""
    place = path_of(key, "the key, 64 hexadecimal digits or a file,")
    text = str(place).strip()
    if not _HEX.fullmatch(text):
        text = _read(place).strip()
    if _HEX.fullmatch(text):
        return text.lower()
    try:
        found = serialization.load_pem_public_key(text.encode())
    except ValueError:
        found = None
    if not isinstance(found, Ed25519PublicKey):
        raise UsageError("FG-OP-077", "the key must be 64 hexadecimal digits, or a file with an Ed25519 public key")
    return found.public_bytes_raw().hex()


def pem_of(public_key: str) -> str:
    """A public key as PEM, the form that OpenSSL reads."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def _read(path: Path) -> str:
    try:
        return read_file(path, most=_MOST_BYTES).decode("ascii", "replace")
    except FrostglassError:
        raise UsageError(
            "FG-OP-077", "the key must be 64 hexadecimal digits, or a file with an Ed25519 public key"
        ) from None
