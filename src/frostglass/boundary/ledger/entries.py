"""One entry of the ledger: what it holds, how it is hashed, how it stands on a line.

Proof: docs/proofs/ledger.md, "What the chain shows". Reference: docs/reference/ledger.md.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn, TypeAlias

FORMAT = 3
"""In a ledger of format 2, nothing is published that two people have not approved. In one of format 3, what tells when
noise was drawn carries the day alone. All are read and go on in their own format."""
DAY_ALONE = frozenset({"draw", "k_draw", "commit"})
"""Kinds whose entries carry the day and no time: how long a release worked on its cases is nobody's business."""
FIRST_PREV = "0" * 64
COLUMNS = ("seq", "kind", "scope", "release_id", "at", "body", "prev", "hash")

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
Unit: TypeAlias = tuple[str, bool]
"""The name of a privacy unit, and whether a key tells persons apart (else each row is one)."""

NANO_EPSILON = 10**9
"""Epsilons that are added up are whole numbers of billionths, below this many: so every sum can be written out."""

_HEX16 = re.compile(r"[0-9a-f]{16}")
_HEX32 = re.compile(r"[0-9a-f]{32}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_DECIMAL = re.compile(r"[0-9]{1,28}(\.[0-9]{1,30})?(e[+-][0-9]{1,2})?")
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_MIDNIGHT = "T00:00:00Z"


class UnreadableEntryError(ValueError):
    """What stands in the file is not an entry. The message says why and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an entry says, before it has a place in the chain."""

    kind: str
    body: Mapping[str, Json]
    scope: str = ""
    release_id: str | None = None


class IllegalStepError(Exception):
    """An entry that the state of the ledger does not admit."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. ``at`` is UTC to the second, or a day's midnight; ``prev`` is the hash of the one before.

    Its methods and properties read a body that ``body_fault`` has passed.
    """

    seq: int
    kind: str
    scope: str
    release_id: str | None
    at: str
    body: Mapping[str, Json]
    prev: str
    hash: str

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"entry {self.seq}"

    def integer(self, name: str) -> int:
        """An integer of the body."""
        value = self.body[name]
        assert isinstance(value, int)
        return value

    def text(self, name: str) -> str:
        """A text of the body; amounts are exact decimals."""
        value = self.body[name]
        assert isinstance(value, str)
        return value

    @property
    def has_day_alone(self) -> bool:
        """Whether its time is a day's midnight: all that some kinds tell."""
        return self.at.endswith(_MIDNIGHT)

    @property
    def releases(self) -> int:
        """How many releases a ``reserve`` or ``reconcile`` entry charges for."""
        return self.integer("releases") if self.kind == "reconcile" else 1

    @property
    def unit(self) -> Unit | None:
        """The privacy unit of a ``reserve`` or ``reconcile`` entry; ``None`` where it is not known."""
        name = self.text("unit")
        return (name, self.body["keyed"] is True) if name else None

    def lost(self) -> tuple[tuple[int, str], ...]:
        """The (seq, hash) pairs that a ``reconcile`` entry takes over."""
        pairs = self.body["lost"]
        assert isinstance(pairs, list)
        return tuple(_pair(each) for each in pairs)


def _refuse_float(text: str) -> NoReturn:
    raise UnreadableEntryError("its body holds a number that is not whole")


def _refuse_repeats(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """A name that stands twice would read differently elsewhere."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise UnreadableEntryError("its body names a thing twice")
    return fields


canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""Canonical JSON: keys sorted, no spaces, letters as they are, whole numbers only."""

_decoder = json.JSONDecoder(parse_float=_refuse_float, parse_constant=_refuse_float, object_pairs_hook=_refuse_repeats)


def moment(kind: str, at: str) -> str:
    """The time that an entry of this kind carries, when it is written at ``at``."""
    return at[:10] + _MIDNIGHT if kind in DAY_ALONE else at


def is_before(kind: str, at: str, after: Entry) -> bool:
    """Whether a clock that gives ``at`` stands before the entry before, as far as both tell."""
    told = 10 if DAY_ALONE & {kind, after.kind} else 20
    return at[:told] < after.at[:told]


def chain(draft: Draft, *, after: Entry | None, at: str) -> Entry:
    """The draft as the entry that follows ``after``."""
    seq, prev = (after.seq + 1, after.hash) if after else (1, FIRST_PREV)
    return Entry(
        seq=seq,
        kind=draft.kind,
        scope=draft.scope,
        release_id=draft.release_id,
        at=at,
        body=draft.body,
        prev=prev,
        hash=_hash(seq, draft.kind, draft.scope, draft.release_id, at, draft.body, prev),
    )


def chain_fault(entry: Entry, *, after: Entry | None) -> str | None:
    """What is wrong with the entry's number, link or hash, given the entry before; ``None`` when all is well."""
    seq, prev = (after.seq + 1, after.hash) if after else (1, FIRST_PREV)
    if entry.seq != seq:
        return f"stands where entry {seq} should be: entries are missing or out of order"
    if entry.prev != prev:
        return "does not continue the entry before it"
    if entry.hash != hash_of(entry):
        return "does not match its hash: it was changed after it was written"
    return None


def hash_of(entry: Entry) -> str:
    """SHA-256 (hex) over the canonical JSON of everything that the entry says, its hash left out."""
    return _hash(entry.seq, entry.kind, entry.scope, entry.release_id, entry.at, entry.body, entry.prev)


def _hash(seq: int, kind: str, scope: str, release_id: str | None, at: str, body: Mapping[str, Json], prev: str) -> str:
    said = {
        "at": at,
        "body": body,
        "kind": kind,
        "prev": prev,
        "release_id": release_id,
        "scope": scope,
        "seq": seq,
    }
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def row_of(entry: Entry) -> tuple[int | str | None, ...]:
    """The entry as a row of the table, in the order of ``COLUMNS``."""
    body = canonical(entry.body)
    return (entry.seq, entry.kind, entry.scope, entry.release_id, entry.at, body, entry.prev, entry.hash)


def entry_of_row(row: Sequence[object]) -> Entry:
    """Read a row of the table. Raises UnreadableEntryError for anything that this module would not have written."""
    seq, kind, scope, release_id, at, text, prev, head = row
    if not (isinstance(seq, int) and isinstance(kind, str) and isinstance(scope, str) and isinstance(at, str)):
        raise UnreadableEntryError("a column holds the wrong type")
    if not (isinstance(text, str) and isinstance(prev, str) and isinstance(head, str)):
        raise UnreadableEntryError("a column holds the wrong type")
    if not (release_id is None or isinstance(release_id, str)):
        raise UnreadableEntryError("a column holds the wrong type")
    return Entry(seq, kind, scope, release_id, at, json_object(text), prev, head)


def line_of(entry: Entry) -> str:
    """The entry as one line of canonical JSON, without the line end: the form of exports and of the witness."""
    return canonical({name: getattr(entry, name) for name in COLUMNS})


def entry_of_line(line: bytes) -> Entry:
    """Read a line of an export or a witness. Raises UnreadableEntryError."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise UnreadableEntryError("it is not UTF-8 text") from None
    fields = json_object(text)
    body = fields.get("body")
    if set(fields) != set(COLUMNS) or not isinstance(body, dict):
        raise UnreadableEntryError("it does not have the fields of an entry")
    return entry_of_row([canonical(body) if name == "body" else fields[name] for name in COLUMNS])


def json_object(text: str) -> dict[str, Json]:
    """A JSON object as the ledger writes it. Raises UnreadableEntryError."""
    try:
        value = _decoder.decode(text)
        if "\\u" in text:
            canonical(value).encode()  # half a character (a lone surrogate) can be written and not be hashed
    except UnreadableEntryError:
        raise
    except (ValueError, RecursionError):
        raise UnreadableEntryError("it is not JSON as the ledger writes it") from None
    if not isinstance(value, dict):
        raise UnreadableEntryError("it is not a JSON object")
    return value


# What the body of each kind holds, beside the ``nonce`` that every body has and a ``"clock_behind": true`` that it may
# have. Without the nonce, the same step taken twice in one second on two copies would make one and the same entry, and
# be counted once.

_Check = Callable[[Json], bool]


def _whole(value: Json) -> bool:
    return type(value) is int and value >= 0


def _positive(value: Json) -> bool:
    return _whole(value) and value != 0


def _text(value: Json) -> bool:
    return isinstance(value, str)


def _some_text(value: Json) -> bool:
    return _text(value) and value != ""


def _flag(value: Json) -> bool:
    return isinstance(value, bool)


def _epsilon(value: Json) -> bool:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        return False
    amount = Fraction(value)
    return amount < NANO_EPSILON and (amount * NANO_EPSILON).denominator == 1


def _matches(pattern: re.Pattern[str]) -> _Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _pair(value: Json) -> tuple[int, str]:
    if isinstance(value, list) and len(value) == 2:
        seq, head = value
        if type(seq) is int and isinstance(head, str) and _HEX64.fullmatch(head):
            return seq, head
    raise UnreadableEntryError("a pair of number and hash is malformed")


def _pairs(value: Json) -> bool:
    try:
        return isinstance(value, list) and [_pair(each) for each in value] != []
    except UnreadableEntryError:
        return False


_decimal, _sha256, _nonce = _matches(_DECIMAL), _matches(_HEX64), _matches(_HEX16)

_BODIES: Mapping[str, Mapping[str, _Check]] = {
    "genesis": {
        "ledger_id": _matches(_HEX32),
        "format": lambda value: type(value) is int and 1 <= value <= FORMAT,
        "public_key": _matches(_HEX64),
    },
    "key": {"public_key": _matches(_HEX64), "by": _text, "reason": _text},
    "open": {
        "epsilon": _decimal,
        "delta": _decimal,
        "accountant": _text,
        "allowance": _whole,
        "sampler_allowance": _whole,
        "population": lambda value: value is None or _whole(value),
        "reason": _text,
        "by": _text,
    },
    "reserve": {
        "plan_sha256": _sha256,
        "nano_rho": _whole,
        "sampler_units": _whole,
        "epsilon": _epsilon,
        "mechanism": _text,
        "unit": _some_text,
        "keyed": _flag,
        "max_records": _positive,
        "by": _text,
    },
    "draw": {},
    "commit": {"staged_sha256": _sha256},
    "seal": {"manifest_sha256": _sha256},
    "approve": {"manifest_sha256": _sha256, "by": _text, "note": _text},
    "publish": {"manifest_sha256": _sha256, "to": _text, "by": _text},
    "withdraw": {"manifest_sha256": _sha256, "by": _text, "reason": _text},
    "void": {"by": _text, "reason": _text},
    "non_private": {"what": _text, "by": _text},
    "k_reserve": {
        "plan_sha256": _sha256,
        "mode": lambda value: value in ("k-suppress", "k-counts", "k-synthetic"),
        "k": lambda value: type(value) is int and 2 <= value <= 1000,
        "unit": _some_text,
        "keyed": _flag,
        "max_records": _positive,
        "despite": _text,
        "by": _text,
    },
    "k_draw": {},
    "looked": {"what": _text, "modes": _text, "by": _text},
    "person": {"name": _some_text, "key": _sha256, "by": _text},
    "person-left": {"name": _some_text, "key": _sha256, "by": _text},
    "moved": {"by": _text, "reason": _text},
    "reconcile": {
        "nano_rho": _whole,
        "sampler_units": _whole,
        "epsilon": _epsilon,
        "releases": _whole,
        "unit": _text,
        "keyed": _flag,
        "lost": _pairs,
        "by": _text,
        "reason": _text,
    },
}
_OPTIONAL: Mapping[str, Mapping[str, _Check]] = {
    "reserve": {"trust_cluster": _some_text},
    "approve": {"key": _sha256, "letter": _some_text},
    "person": {"letter": _some_text, "reason": _some_text},
    "person-left": {"letter": _some_text, "reason": _some_text},
}
KINDS = tuple(_BODIES)


def body_fault(entry: Entry) -> str | None:
    """What is wrong with the kind, the time or the body of an entry; ``None`` when all is well."""
    shape = _BODIES.get(entry.kind)
    if shape is None:
        return "is of a kind that this version of frostglass does not know"
    if not _AT.fullmatch(entry.at):
        return "does not say when it was written"
    names, may = entry.body.keys() - {"clock_behind"}, _OPTIONAL.get(entry.kind, {})
    due = shape.keys() | {"nonce"}
    if not due <= names <= due | may.keys() or entry.body.get("clock_behind", True) is not True:
        return "does not hold what its kind should hold"
    checks = {**shape, **may, "nonce": _nonce}
    wrong = [name for name, check in checks.items() if name in names and not check(entry.body[name])]
    return f"holds a malformed {wrong[0]}" if wrong else None
