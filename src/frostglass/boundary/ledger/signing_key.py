"""The key that signs bundles: Ed25519, in one file beside the ledger whose first entry names its public half.

Whoever can read the file can sign; it is as secret as the ledger is private. Source: RFC 8032; the ``cryptography``
library does the arithmetic.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from frostglass.errors import LedgerError
from frostglass.files import PRIVATE, write_whole

_MOST_BYTES = 4096


def key_of(ledger: Path) -> Path:
    """Where the key of a ledger lies: beside it."""
    return ledger.with_name(f"{ledger.name}.key")


@dataclass(frozen=True, repr=False)
class SigningKey:
    """A private key. It is never printed, logged or put into an error."""

    _key: Ed25519PrivateKey

    @classmethod
    def new(cls) -> SigningKey:
        """A key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, path: Path) -> SigningKey:
        """The key in a PEM file. Raises LedgerError when there is none."""
        try:
            with path.open("rb") as file:
                content = file.read(_MOST_BYTES)
        except OSError as error:
            raise LedgerError(
                "FG-LG-022",
                f"the ledger's signing key {str(path)!r} cannot be read ({os.strerror(error.errno or 0)}); put the "
                "copy that you kept in its place, or make a new one with `frostglass ledger new-key`",
            ) from None
        try:
            key = serialization.load_pem_private_key(content, password=None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise LedgerError(
                "FG-LG-022",
                f"{str(path)!r} holds no Ed25519 key; put the copy that you kept in its place, or make a new one with "
                "`frostglass ledger new-key`",
            )
        return cls(key)

    def write(self, path: Path) -> None:
        """Write it as PEM (PKCS 8), whole and durable, for its owner alone; what was there before is replaced."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        try:
            write_whole(path, pem, mode=PRIVATE)
        except OSError as error:
            raise LedgerError(
                "FG-LG-012", f"the signing key {str(path)!r} could not be written: {os.strerror(error.errno or 0)}"
            ) from None

    @property
    def public(self) -> str:
        """The public half: 32 bytes in hex."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes, over the message as it is."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"<signing key, public half {self.public[:16]}…>"
