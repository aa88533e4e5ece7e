"""Keyed-hash tokens, by which two databases find the people that both hold without telling each other a name.

A token is HMAC-SHA-256 of what identifies a person, in normal form, under a secret key that the two data officers
share. Without the key it says nothing; with it, a name can be tested against a token: so tokens are private too.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from frostglass.arrays.readers import read_text_table
from frostglass.errors import InputError
from frostglass.sensitive.answers import Answers, Taking
from frostglass.sensitive.duplicates.identities import Identities
from frostglass.sensitive.duplicates.people import DOCUMENT_TOKEN, People, people

NAME_TOKEN = "name-birth:"  # noqa: S105 - the name of a scheme, no secret

_LEAST_BYTES = 32
_COLUMNS = ("database", "case", "scheme", "token")


@dataclass(frozen=True, repr=False)
class Tokens:
    """Tokens of another database: of documents, and of names with birth dates."""

    documents: frozenset[str]
    names: frozenset[str]

    def __repr__(self) -> str:
        return "<tokens: withheld>"


def new_key() -> bytes:
    """A new secret key, as a line of hexadecimal digits, from the operating system's source."""
    return secrets.token_hex(_LEAST_BYTES).encode() + b"\n"


def read_key(path: Path) -> bytes:
    """The secret key in a file.

    InputError FG-IN-098 when it cannot be read, is too short, or may be read by others than its owner.
    """
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise InputError("FG-IN-098", f"the key {path.name} may be read by others: run chmod 600 on it")
            key = file.read(4096).strip()
    except OSError:
        raise InputError("FG-IN-098", f"the key {path.name} cannot be read: check the path and its owner") from None
    if len(key) < _LEAST_BYTES:
        raise InputError(
            "FG-IN-098", f"the key {path.name} has less than {_LEAST_BYTES} bytes: make one with duplicates key"
        )
    return key


def tokens(identities: Identities, key: bytes) -> Answers[str]:
    """The tokens of each case: one a document, and one of the name with the whole birth date where both are known."""
    folk = people(identities)
    hashed = {text: _token(key, "document", text) for text in {document[2] for document in folk.documents.values}}
    of_document = folk.documents.changed(lambda document: DOCUMENT_TOKEN + hashed[document[2]])
    taken = Taking[str]()
    starts = np.searchsorted(of_document.record, np.arange(identities.number + 1)).tolist()
    places = of_document.place.tolist()
    for case in range(identities.number):
        for place in places[starts[case] : starts[case + 1]]:
            taken.add(case, of_document.values[place])
        named = _name_and_birth(folk, case)
        if named:
            taken.add(case, NAME_TOKEN + _token(key, "name-birth", named))
    return taken.answers()


def _name_and_birth(folk: People, case: int) -> str:
    """The parts of the name in order of the alphabet, and the day of birth; "" where either is not known."""
    parts = sorted(folk.texts[place] for place in folk.tokens[case].tolist() if place >= 0)
    born = int(folk.born[case])
    return f"{' '.join(parts)}|{born}" if len(parts) > 1 and born % 100 else ""


def _token(key: bytes, scheme: str, text: str) -> str:
    return hmac.new(key, f"frostglass {scheme} 1\0{text}".encode(), hashlib.sha256).hexdigest()


def tokens_csv(identities: Identities, key: bytes, database: str) -> tuple[str, int]:
    """The tokens as CSV, and their number: the name of the database, a hash of the case, the scheme, the token."""
    found = tokens(identities, key)
    rows = sorted(
        (database, _token(key, "case", identities.refs[record])[:32], *found.values[place].split(":", 1))
        for record, place in zip(found.record.tolist(), found.place.tolist(), strict=True)
    )
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(rows)
    return buffer.getvalue(), len(rows)


def read_tokens(paths: Sequence[Path]) -> Tokens:
    """The tokens in files of other databases; InputError FG-IN-099 when a file holds none."""
    found: dict[str, set[str]] = {"document": set(), "name-birth": set()}
    for path in paths:
        table = read_text_table(path)
        columns = {one.name: one for one in table.columns}
        if not set(_COLUMNS) <= set(columns):
            raise InputError("FG-IN-099", f"{path.name} holds no tokens: it lacks a column of {', '.join(_COLUMNS)}")
        scheme, token = columns["scheme"], columns["token"]
        for kind, held in zip(scheme.index.tolist(), token.index.tolist(), strict=True):
            found.setdefault(scheme.values[kind].strip(), set()).add(token.values[held].strip())
    return Tokens(frozenset(found["document"]), frozenset(found["name-birth"]))


def held_elsewhere(
    identities: Identities, key: bytes, others: Tokens
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which cases another database holds for sure, by a document, and which only perhaps, by name and birth date."""
    found = tokens(identities, key)
    sure = found.those_in([DOCUMENT_TOKEN + token for token in others.documents])
    likely = found.those_in([NAME_TOKEN + token for token in others.names])
    surely = found.picked(sure).answered(identities.number)
    return surely, found.picked(likely).answered(identities.number) & ~surely
