"""The flow: what became of every registered case, every loss with its reason. Private: it counts without noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from frostglass.sensitive.recoding.strip_proof import StripProof


@dataclass(frozen=True)
class SourceFlow:
    """What became of the cases of one delivery; every registered case is counted once.

    ``quarantined`` is by the first reason that holds a case back, ``out_of_scope`` by the first scope rule that leaves
    it out, ``broken`` by the structural rule. ``flags`` and ``loose`` are worth knowing and no losses of cases.
    """

    import_map: str
    source_system: str
    registered: int
    quarantined: Mapping[str, int]
    out_of_scope: Mapping[str, int]
    broken: Mapping[str, int]
    released: int
    flags: Mapping[str, int]
    loose: Mapping[str, int]
    legal_basis: str | None

    def lost(self) -> int:
        """Cases that are registered and not released."""
        return sum((*self.quarantined.values(), *self.out_of_scope.values(), *self.broken.values()))

    def as_json(self) -> Mapping[str, object]:
        """The flow of the delivery as plain JSON values."""
        return {key: dict(value) if isinstance(value, Mapping) else value for key, value in vars(self).items()}


@dataclass(frozen=True)
class Loss:
    """What recoding did not keep of a variable; ``values`` are what was lost, with how often."""

    variable: str
    kind: str
    cases: int
    keeps_a_value: bool
    values: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Linked:
    """What linkage did: cases compared, pairs merged by rule and by decision, pairs that wait for a decision.

    ``merged`` are the cases that are left out because another stands for the same person, and ``people`` the persons
    whose cases they are. ``uncompared`` are candidate
    pairs that were passed over because too many cases share what would make them candidates, ``unnamed`` cases have
    nothing to be compared by.
    """

    cases: int
    merged: int
    people: int
    sure: int
    decided_same: int
    decided_different: int
    undecided: int
    chains: int
    uncompared: int
    stale: int
    unnamed: int
    held_elsewhere: int
    maybe_elsewhere: int


@dataclass(frozen=True)
class Flow:
    """Everything that a steward asks of the way from case files to the coded table.

    ``recoded`` is the number of cases that ``losses`` are among: the released, and those that break a structural rule.
    """

    codebook: str
    codebook_sha256: str
    snapshot: str
    version: str
    fictitious: bool
    sources: tuple[SourceFlow, ...]
    stages: tuple[tuple[str, int], ...]
    losses: tuple[Loss, ...]
    households: Mapping[int, int]
    linked: Linked
    recoded: int = 0
    unfilled: tuple[str, ...] = ()
    proof: StripProof | None = None
    truth: Mapping[str, object] | None = None

    @property
    def released(self) -> int:
        return sum(one.released for one in self.sources)

    def as_json(self) -> dict[str, object]:
        """The flow as plain JSON values."""
        return {
            "private": True,
            "codebook": {"id": self.codebook, "sha256": self.codebook_sha256},
            "snapshot": self.snapshot,
            "frostglass": self.version,
            "fictitious": self.fictitious,
            "stages": [{"stage": name, "cases": cases} for name, cases in self.stages],
            "sources": [one.as_json() for one in self.sources],
            "recoding": [{**vars(one), "values": dict(one.values)} for one in self.losses],
            "recoded": self.recoded,
            "fields_that_no_delivery_fills": list(self.unfilled),
            "households": {str(size): number for size, number in sorted(self.households.items())},
            "duplicates": vars(self.linked),
            "strip": None if self.proof is None else self.proof.as_json(),
            "truth": self.truth,
        }
