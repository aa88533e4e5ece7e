"""Ledger files with whatever rows somebody wants them to hold, as one who knows all about SQLite could make them."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

from frostglass.boundary.ledger.entries import COLUMNS, canonical
from frostglass.boundary.ledger.store import SCHEMA

Row: TypeAlias = tuple[Any, ...]
"""The columns of one entry, as they stand in the table."""

_SEQ, _BODY, _PREV, _HASH = (COLUMNS.index(name) for name in ("seq", "body", "prev", "hash"))


def rows_of(path: Path) -> list[Row]:
    """All rows of a ledger file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT {', '.join(COLUMNS)} FROM entries ORDER BY seq").fetchall()


def forge(path: Path, rows: list[Row]) -> None:
    """Write a ledger file with the right tables and triggers around any rows; two of one number become one.

    Where a ledger is, its file goes on with other content, so that it is still at home.
    """
    path.write_bytes(b"")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("BEGIN")
        rules = [each for each in SCHEMA if "TRIGGER" in each]
        for statement in SCHEMA:
            if statement not in rules:
                connection.execute(statement)
        marks = ", ".join("?" * len(COLUMNS))
        connection.executemany(f"INSERT OR REPLACE INTO entries ({', '.join(COLUMNS)}) VALUES ({marks})", rows)
        for statement in rules:
            connection.execute(statement)
        connection.execute("COMMIT")
    path.chmod(0o600)


def dropped(rows: list[Row], number: int) -> list[Row]:
    """Without one row."""
    return rows[:number] + rows[number + 1 :]


def swapped(rows: list[Row], number: int) -> list[Row]:
    """With a row and the next exchanged, so that each takes the other's number."""
    one, other = rows[number], rows[number + 1]
    pair = [(one[_SEQ], *other[1:]), (other[_SEQ], *one[1:])]
    return rows[:number] + pair + rows[number + 2 :]


def with_field(rows: list[Row], number: int, column: str, chance: random.Random) -> list[Row]:
    """With one column of one row changed: a number, a letter or a figure of the body."""
    row, place = list(rows[number]), COLUMNS.index(column)
    row[place] = _changed(row[place], column, chance)
    return [*rows[:number], tuple(row), *rows[number + 1 :]]


def _changed(value: Any, column: str, chance: random.Random) -> Any:
    if column == "seq":
        return value + chance.choice((1, 100))
    if column == "body":
        return _other_body(json.loads(value), chance)
    if not value:
        return "x"
    place = chance.randrange(len(value))
    return value[:place] + chance.choice([each for each in "0a7" if each != value[place]]) + value[place + 1 :]


def _other_body(body: dict[str, Any], chance: random.Random) -> str:
    """With another nonce, or one whole number changed."""
    figures = sorted(name for name, value in body.items() if type(value) is int)
    if figures and chance.random() < 0.7:
        name = chance.choice(figures)
        body[name] = max(body[name] + chance.choice((-1, 1, 10**6)), 0)
    else:
        body["nonce"] = f"{chance.getrandbits(64):016x}"
    return canonical(body)


def recomputed(rows: list[Row], number: int, *, on: bool = False) -> list[Row]:
    """With the hash of one row made anew; with ``on``, also the numbers, links and hashes of all that follow."""
    forged = list(rows)
    for place in range(number, len(forged) if on else number + 1):
        row = list(forged[place])
        if on:
            row[_SEQ] = place + 1
            row[_PREV] = forged[place - 1][_HASH] if place else "0" * 64
        said = {**dict(zip(COLUMNS[:-1], row[:-1], strict=True)), "body": json.loads(row[_BODY])}
        row[_HASH] = hashlib.sha256(canonical(said).encode()).hexdigest()
        forged[place] = tuple(row)
    return forged
