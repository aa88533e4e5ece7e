"""Keyed-hash tokens, by which two databases find the people that both hold without telling each other a name.

A token is HMAC-SHA-256 of what identifies a person, in normal form, under a secret key that the two data officers
share. Without the key it says nothing; with it, a name can be tested against a token: so tokens are private too.

Three schemes, each with a domain of its own. ``document`` is a number with the country that issued it, or the number
alone where no country is told; the type is left out, since databases name types differently. ``document-number`` is
the number alone: it links a case that tells the country with one that does not, and two countries may issue one
number, so that it makes a match likely, not sure. ``name-birth`` is how the parts of the name sound, in order of the
alphabet, with the whole birth date.
"""

from __future__ import annotations

import csv
import hmac
import io
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from frostglass.errors import InputError, UsageError
from frostglass.sensitive.linkage.identities import Identities
from frostglass.sensitive.linkage.normal import document
from frostglass.sensitive.linkage.people import is_sure, name_and_birth
from frostglass.sensitive.recoding.answers import Answers, together
from frostglass.tables.readers import read_text_table

COLUMNS = ("database", "case", "scheme", "token")

DOCUMENT, DOCUMENT_NUMBER, NAME_BIRTH = "document", "document-number", "name-birth"
SCHEMES = (DOCUMENT, DOCUMENT_NUMBER, NAME_BIRTH)
KEY, END = "key", "end"
"""Rows that are no tokens: the first tells the key without giving it away, the last how many tokens there are."""

_LEAST_BYTES = 32
_TOKEN = re.compile(r"[0-9a-f]{64}")
_DATABASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, repr=False)
class Tokens:
    """Tokens of other databases, each a text "scheme:hex"."""

    held: frozenset[str]

    def __repr__(self) -> str:
        return "<tokens: withheld>"


def new_key() -> bytes:
    """A new secret key, as a line of hexadecimal digits, from the operating system's source."""
    return secrets.token_hex(_LEAST_BYTES).encode() + b"\n"


def read_key(path: Path) -> bytes:
    """The secret key in a file, without the space around it, which editors add.

    InputError FG-IN-098 when it cannot be read, is too short, or may be read by others than its owner.
    """
    try:
        with path.open("rb") as file:
            open_to_others = stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077
            key = b"" if open_to_others else file.read(4096).strip()
    except OSError:
        raise InputError("FG-IN-098", f"the key {path.name} cannot be read: check the path and its owner") from None
    if open_to_others:
        raise InputError("FG-IN-098", f"the key {path.name} is open to others than its owner: run chmod 600 on it")
    if len(key) < _LEAST_BYTES or len(set(key)) < 8:
        raise InputError(
            "FG-IN-098",
            f"the key {path.name} is no secret: it needs {_LEAST_BYTES} bytes by chance; have one made instead",
        )
    return key


def tokens(identities: Identities, key: bytes) -> Answers[str]:
    """The tokens of each case: of its documents, and of its name with the birth date where all of that is known."""
    documents = identities.answers("id_documents").changed(document)

    def by_country(held: tuple[str, str, str]) -> str:
        return _token(key, DOCUMENT, f"{held[1]}:{held[2]}")

    def by_number(held: tuple[str, str, str]) -> str:
        return _token(key, DOCUMENT_NUMBER, held[2])

    def by_name(known: str) -> str:
        return _token(key, NAME_BIRTH, known)

    named = name_and_birth(identities)
    return together([documents.changed(by_country), documents.changed(by_number), named.changed(by_name)])


def _token(key: bytes, scheme: str, text: str) -> str:
    return f"{scheme}:{_hash(key, scheme, text)}"


def _hash(key: bytes, scheme: str, text: str) -> str:
    return hmac.digest(key, f"frostglass token 1\0{scheme}\0{text}".encode(), "sha256").hex()


# ------------------------------------------------------------------------------------------------------------- files


def tokens_csv(identities: Identities, key: bytes, database: str) -> tuple[str, int]:
    """The tokens as CSV, and their number. A case is told by a hash of its ref, and rows stand in the order of these.

    UsageError FG-OP-115 when ``database`` is more than a plain name.
    """
    if not _DATABASE.fullmatch(database):
        raise UsageError("FG-OP-115", "a database is named by up to 40 letters, digits, dots, dashes and underscores")
    found = tokens(identities, key)
    rows = sorted(
        (_hash(key, "case", identities.refs[record]), *found.values[place].split(":"))
        for record, place in zip(found.record.tolist(), found.place.tolist(), strict=True)
    )
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerow((database, "", KEY, _hash(key, KEY, "")))
    writer.writerows((database, *row) for row in rows)
    writer.writerow((database, "", END, _end(key, [row[1:] for row in rows])))
    return buffer.getvalue(), len(rows)


def _end(key: bytes, rows: Sequence[Sequence[str]]) -> str:
    """A hash over all schemes and tokens, so that one that is lost, added or changed shows."""
    return _hash(key, END, " ".join(sorted(":".join(row) for row in rows)))


def read_tokens(paths: Sequence[Path], key: bytes) -> Tokens:
    """The tokens in files of other databases.

    InputError FG-IN-099 when a file holds something else, was made with another key than ``key``, or breaks off.
    """
    return Tokens(frozenset(token for path in paths for token in _read(path, key)))


def _read(path: Path, key: bytes) -> Iterator[str]:
    table = read_text_table(path, only=lambda headings: [one for one in headings if one in ("scheme", "token")])
    if tuple(table.headings) != COLUMNS:
        raise InputError("FG-IN-099", f"{path.name} is no file of tokens: its columns are not {', '.join(COLUMNS)}")
    scheme, token = table.columns
    if not set(scheme.values) <= {*SCHEMES, KEY, END} or not all(_TOKEN.fullmatch(value) for value in token.values):
        raise InputError(
            "FG-IN-099",
            f"{path.name} holds other schemes than {', '.join(SCHEMES)}, or tokens that are none: have it written "
            "again by this version",
        )
    rows = [
        (scheme.values[kind], token.values[held])
        for kind, held in zip(scheme.index.tolist(), token.index.tolist(), strict=True)
    ]
    found = [f"{kind}:{held}" for kind, held in rows if kind in SCHEMES]
    if (KEY, _hash(key, KEY, "")) not in rows:
        raise InputError("FG-IN-099", f"{path.name} was made with another key: both databases need the same one")
    if (END, _end(key, [row for row in rows if row[0] in SCHEMES])) not in rows:
        raise InputError("FG-IN-099", f"{path.name} breaks off, or was changed: have it sent again")
    yield from found


def held_elsewhere(
    identities: Identities, key: bytes, others: Tokens
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which cases another database holds for sure, by a document, and which only perhaps.

    Tokens that came with a case (``match_tokens``) count like those that are made of it here.
    """
    came = identities.answers("match_tokens").changed(lambda text: text.strip().casefold() or None)
    found = together([tokens(identities, key), came])
    shared = found.picked(found.those_in(others.held))
    by_document = np.array([is_sure(token) for token in shared.values], dtype=np.bool_)
    surely = shared.picked(by_document[shared.place]).answered(identities.number)
    return surely, shared.answered(identities.number) & ~surely
