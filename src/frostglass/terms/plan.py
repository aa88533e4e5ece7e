"""A release as it was decided before anything was seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Literal, get_args

from frostglass.terms.acceptance import thresholds
from frostglass.terms.arguments import flag, one_of, whole
from frostglass.terms.budget import decimal_text, parse_epsilon
from frostglass.terms.codebook import Codebook
from frostglass.terms.domain import Domain
from frostglass.terms.unit import PrivacyUnit
from frostglass.terms.workload import CELL_BUDGET, LENGTHS, MOST_CELLS, Workload, workload

Fit = Literal["fast", "default", "long"]
"""How much time the fit takes; "long" also finds its temperature."""

OnUnknown = Literal["refuse", "missing"]

Choice = Literal["least-hash", "first"]
"""Which records of a person count, where they have more than may: those of the least salted hash. "first" is the former
rule, the first in the order of the source; no new release takes it."""

Scalar = str | int | float | bool
"""What a setting of a strategy may be."""

MOST_TAU = 1_000_000


@dataclass(frozen=True)
class Plan:
    """Everything that shapes a release, and nothing that depends on data; its hash is in the ledger and the bundle.

    ``tau`` is the least count that is stated (``None``: the public rule from the noise). ``strategy`` names the
    strategy that asks and fits, ``fit`` how long it fits, and ``cells`` is the most that it may measure. ``unknown``
    says what becomes of codes that the codebook does not list. ``structural`` is false when the structural constraints
    are left unenforced. ``accept`` holds the thresholds that the steward fixed beforehand. ``choice`` says which
    records of a person count, and ``settings`` what the strategy was told besides.

    Each is checked by type and range, whoever hands it over: UsageError FG-OP-001 to FG-OP-012.
    """

    codebook_id: str
    codebook_sha256: str
    epsilon: Fraction
    unit: PrivacyUnit
    length: int = 3
    tau: int | None = None
    strategy: str = "measure-and-fit"
    fit: Fit = "default"
    cells: int = CELL_BUDGET
    unknown: OnUnknown = "refuse"
    structural: bool = True
    accept: Mapping[str, float] = field(default_factory=dict)
    choice: Choice = "least-hash"
    settings: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settle = partial(object.__setattr__, self)
        settle("epsilon", parse_epsilon(self.epsilon))
        settle(
            "length",
            whole(self.length, LENGTHS[0], LENGTHS[-1], "FG-OP-003", "the reporting length must be 1, 2, 3 or 4"),
        )
        if self.tau is not None:
            rule = f"tau, the least count that is stated, must be a whole number from 1 to {MOST_TAU:,}"
            settle("tau", whole(self.tau, 1, MOST_TAU, "FG-OP-005", rule))
        settle("fit", one_of(self.fit, get_args(Fit), "FG-OP-008", "`fit` takes fast, default or long"))
        rule = f"`cells` takes a number of cells from 1 to {MOST_CELLS:,}"
        settle("cells", whole(self.cells, 1, MOST_CELLS, "FG-OP-009", rule))
        settle("unknown", one_of(self.unknown, get_args(OnUnknown), "FG-OP-006", "`unknown` takes refuse or missing"))
        settle("structural", flag(self.structural, "whether structural constraints are enforced"))
        settle("accept", thresholds(self.accept))

    def applied_to(self, codebook: Codebook) -> Codebook:
        """``codebook`` as this plan uses it: every variable may be missing where its constraints are not enforced."""
        return codebook if self.structural else codebook.with_missing_everywhere()

    def workload(self, domain: Domain) -> Workload:
        """What this plan measures over ``domain``; UsageError when that is too large."""
        return workload(domain, length=self.length, cells=self.cells)

    def as_json(self) -> dict[str, object]:
        """The plan as plain JSON values, as the manifest shows it."""
        return {
            "codebook": {"id": self.codebook_id, "sha256": self.codebook_sha256},
            "epsilon": decimal_text(self.epsilon),
            "unit": {
                "name": self.unit.name,
                "max_records": self.unit.max_records,
                "person_key": self.unit.person_key,
            },
            "length": self.length,
            "tau": self.tau,
            "strategy": self.strategy,
            "fit": self.fit,
            "cells": self.cells,
            "unknown": self.unknown,
            "structural": self.structural,
            "accept": dict(sorted(self.accept.items())),
            "choice": self.choice,
            "settings": dict(sorted(self.settings.items())),
        }

    @property
    def sha256(self) -> str:
        """Hash of the plan's canonical JSON."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def salt(self) -> int:
        """What the choice of a person's records is salted with: the first 8 bytes of the plan's hash."""
        return int(self.sha256[:16], 16)
