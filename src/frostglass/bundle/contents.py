"""What a bundle is made of, before it is written: released values and public words only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from frostglass.released.answers import Answers
from frostglass.released.counts import Counts
from frostglass.released.synthetic import SyntheticRecords
from frostglass.terms.codebook import Codebook
from frostglass.terms.guarantee import Guarantee, ScopeSummary
from frostglass.terms.plan import Plan


@dataclass(frozen=True, repr=False)
class Contents:
    """Everything that ``seal`` writes.

    ``on`` is the day of the release. ``scope`` is the ledger's scope as of the commit; ``seq`` and ``head`` belong to
    the commit entry, ``reserve_seq`` and ``reserve_head`` to the reservation. ``engine`` names what made the records,
    such as "measure-and-fit/1", and ``environment`` what its arithmetic may depend on. ``public_key`` is that of the
    key that will sign, 32 bytes in hex. ``sealable`` is false where the noise was scripted or the ledger ephemeral.
    ``fictitious``: the records are invented, and nobody should cite what is said of their source.
    """

    release_id: str
    on: date
    codebook: Codebook
    plan: Plan
    guarantee: Guarantee
    scope: ScopeSummary
    seq: int
    head: str
    reserve_seq: int
    reserve_head: str
    answers: Answers
    records: SyntheticRecords
    counts: Counts
    sampling_seed: int
    engine: str
    environment: Mapping[str, str]
    public_key: str
    sealable: bool
    fictitious: bool = False

    def __repr__(self) -> str:
        return f"<contents of release {self.release_id}: {len(self.records):,} records>"
