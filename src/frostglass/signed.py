"""Ed25519 signatures. Source: RFC 8032; the ``cryptography`` library does the arithmetic."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def is_signed(message: bytes, signature: bytes, public_key: str) -> bool:
    """Whether the holder of ``public_key`` (32 bytes in hex) signed the message."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
