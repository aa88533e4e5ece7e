"""A fictitious coded table of any size, for the demo, the tests and the benchmark."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from frostglass.errors import UsageError, reason_of
from frostglass.simulate.chance import Generator, generator_of
from frostglass.simulate.figures import (
    ACCOUNT,
    COLUMNS,
    RECORDED,
    TOGETHER,
    UNRECORDED,
    VICTIM,
    Draw,
    Value,
)

MOST_RECORDS = 5_000_000

Answers = Mapping[str, npt.NDArray[np.uint8]]
"""For each variable the place of its value in ``Draw.values``, one entry a record."""

_VALUES = {draw.name: draw.values for draw in (*RECORDED, *VICTIM, *ACCOUNT)}


def coded_table(records: int, seed: int) -> pl.DataFrame:
    """``records`` fictitious cases as text columns in the order of codebook ctdc-vp-1; missing is null.

    The same seed gives the same table. Every row states its year and at least one part of the account of the
    perpetrators. UsageError FG-OP-070 for a number of records, FG-OP-071 for a seed, that makes no sense.
    """
    if not 1 <= records <= MOST_RECORDS:
        raise UsageError("FG-OP-070", f"the number of records must be between 1 and {MOST_RECORDS:,}")
    if seed < 0:
        raise UsageError("FG-OP-071", "the seed must be a whole number of 0 or more")
    return pl.DataFrame(drawn_columns(records, generator_of(seed)))


def drawn_columns(records: int, generator: Generator) -> list[pl.Series]:
    """The columns of ``coded_table``, drawn with ``generator``."""
    answers: dict[str, npt.NDArray[np.uint8]] = {}
    for draw in (*VICTIM, *ACCOUNT):
        answers[draw.name] = _answer(draw, answers, generator.random(records))
    stated = _stated(answers, records, generator)
    return [_column(name, answers, stated) for name in COLUMNS]


def write_coded_table(path: Path, records: int, seed: int) -> None:
    """Write ``coded_table(records, seed)`` as CSV: UTF-8, LF, missing empty. A file of that name is replaced.

    UsageError FG-OP-072 when the place cannot be written; then no file of that name has changed.
    """
    table = coded_table(records, seed)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with partial.open("xb") as file:
            table.write_csv(file)
        partial.replace(path)
    except OSError as error:
        reason = reason_of(error)
        raise UsageError("FG-OP-072", f"cannot write {path}: {reason}") from None
    finally:
        partial.unlink(missing_ok=True)


def _answer(draw: Draw, answers: Answers, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Places of the values drawn by inversion; ``uniform`` holds one number in [0, 1) a record."""
    parents = _parents(draw)
    thresholds = _thresholds(draw, parents)
    line = np.zeros(len(uniform), dtype=np.intp)
    for parent in parents:
        line = line * len(_VALUES[parent]) + answers[parent]
    drawn = np.zeros(len(uniform), dtype=np.uint8)
    for threshold in thresholds.T:
        drawn += uniform >= threshold[line]
    return drawn


def _parents(draw: Draw) -> tuple[str, ...]:
    """The variables that a draw depends on, each once."""
    named = ([draw.given] if draw.given else []) + [tilt.parent for tilt in draw.tilts]
    return tuple(dict.fromkeys(named))


def _thresholds(draw: Draw, parents: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """Cumulative shares without the last, which is 1: one line a combination of the parents' values."""
    lines = [
        _weights(draw, dict(zip(parents, held, strict=True)))
        for held in product(*(_VALUES[parent] for parent in parents))
    ]
    cumulative = np.cumsum(np.array(lines, dtype=np.float64), axis=1)
    return cumulative[:, :-1] / cumulative[:, -1:]


def _weights(draw: Draw, held: Mapping[str, Value]) -> list[float]:
    """Weights of a draw's values where the parents hold ``held``."""
    weights = list(draw.shares[held[draw.given] if draw.given else None])
    for tilt in draw.tilts:
        if held[tilt.parent] in tilt.holds:
            weights = [
                weight * tilt.factor if value in tilt.towards else weight
                for value, weight in zip(draw.values, weights, strict=True)
            ]
    return weights


def _stated(answers: Answers, records: int, generator: Generator) -> dict[str, npt.NDArray[np.bool_]]:
    """Which records state each variable that can be left out.

    A case without any account of a perpetrator is no case of this table, so its account is drawn anew.
    """
    account = np.zeros((len(RECORDED), records), dtype=np.bool_)
    silent = np.arange(records)
    while len(silent):
        told = _told({name: drawn[silent] for name, drawn in answers.items()}, len(silent), generator)
        account[:, silent] = told
        silent = silent[~told.any(axis=0)]
    stated = {draw.name: row for draw, row in zip(RECORDED, account, strict=True)}
    return stated | {name: generator.random(records) >= share for name, share in UNRECORDED.items()}


def _told(answers: Answers, records: int, generator: Generator) -> npt.NDArray[np.bool_]:
    """One row for each part of the account, one column a record: whether it was recorded."""
    openness = generator.random(records)
    rows = []
    for draw in RECORDED:
        common = generator.random(records) < TOGETHER
        uniform = np.where(common, openness, generator.random(records))
        rows.append(_answer(draw, answers, uniform) == 0)
    return np.array(rows)


def _column(name: str, answers: Answers, stated: Mapping[str, npt.NDArray[np.bool_]]) -> pl.Series:
    """The variable as text, null where it is missing or not stated."""
    values = _VALUES[name]
    places = answers[name] if name in answers else np.zeros(len(stated[name]), dtype=np.uint8)
    if name in stated:
        places = np.where(stated[name], places, len(values))
    return pl.Series(name, (*values, None), dtype=pl.String).gather(places)
