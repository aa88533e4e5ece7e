"""The synthetic records as a whole: how many, whether they keep the rules, and how often one is somebody's. Private."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.counting.tally import tally
from frostglass.released.synthetic import Records, breaking
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.constraint import Clause
from frostglass.terms.domain import Domain

Codes = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class RecordChecks:
    """``people`` is the true number of records, ``records`` that of the synthetic ones.

    ``broken`` counts records that break a structural rule. ``unique`` people have a record like nobody else's, and
    ``matched`` of them one that is also a synthetic record. ``alone`` is how many of them would be matched if the
    columns of the records had nothing to do with one another. ``synthetic_unique`` records occur once, and ``real`` of
    the synthetic records, however often they occur, are somebody's.
    """

    people: int
    records: int
    broken: int
    rules: int
    unique: int
    matched: int
    alone: float
    synthetic_unique: int
    real: int


def check_records(table: CodedTable, records: Records, clauses: Sequence[Clause]) -> RecordChecks:
    """What the steward asks of the records themselves."""
    domain = records.domain
    rows, synthetic = table.rows, records.rows
    held, everybody = _set(synthetic.codes), _set(rows.codes)
    single = rows.codes[rows.weights == 1]
    somebodys = [one.tobytes() in everybody for one in np.ascontiguousarray(synthetic.codes)]
    return RecordChecks(
        people=rows.records,
        records=len(records),
        broken=breaking(records, clauses),
        rules=len(clauses),
        unique=len(single),
        matched=sum(one.tobytes() in held for one in np.ascontiguousarray(single)),
        alone=_matched_alone(single, records, domain),
        synthetic_unique=int((synthetic.weights == 1).sum()),
        real=int(synthetic.weights[np.array(somebodys, dtype=np.bool_)].sum()),
    )


def _set(codes: Codes) -> set[bytes]:
    return {one.tobytes() for one in np.ascontiguousarray(codes)}


def _matched_alone(single: Codes, records: Records, domain: Domain) -> float:
    """Expected number of ``single`` records among as many records with independent columns.

    A record of chance ``p`` is among ``n`` with chance ``1 - (1 - p)**n``.
    """
    if not len(records):
        return 0.0
    chance = np.ones(len(single))
    for place, size in enumerate(domain.sizes):
        shares = tally(records.rows.codes, (place,), (size,), records.rows.weights) / len(records)
        chance *= shares[single[:, place]]
    certain = chance >= 1
    missed = np.exp(len(records) * np.log1p(-np.where(certain, 0.0, chance)))
    return float(np.where(certain, 1.0, 1 - missed).sum())
