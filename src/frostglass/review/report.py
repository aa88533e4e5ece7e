"""The review of one release: everything that the steward should see before signing, gathered. Private."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from math import isfinite, sqrt
from statistics import NormalDist

from frostglass.reporting.opening import Bundle
from frostglass.review.acceptance import Verdict, verdicts
from frostglass.review.anonymity import Counterfactual, counterfactual
from frostglass.review.attacks.report import AttackReport
from frostglass.review.comparison import Released
from frostglass.review.earlier import Comparison, compare_releases
from frostglass.review.fidelity import Fidelity, fidelity
from frostglass.review.ranking import Ranking, ranking
from frostglass.review.record_checks import RecordChecks, check_records
from frostglass.review.sds import Sds, sds
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Sensitive
from frostglass.terms.guarantee import ScopeSummary

Progress = Callable[[str], None]

MOST_GROUP_CODES = 12
"""Variables with at most so many codes are groups, unless others are asked for."""

_UNLIKELY = NormalDist().inv_cdf(1 - 5e-7)


@dataclass(frozen=True)
class Material:
    """What a review looks at. ``flow`` is a flow report as JSON, ``scope`` the ledger's scope as it stands now, and
    ``earlier`` the last release before this one; each may be None.
    """

    bundle: Bundle
    table: Sensitive[CodedTable]
    released: Released
    groups: tuple[str, ...]
    flow: Mapping[str, object] | None
    scope: ScopeSummary | None
    earlier: Bundle | None


@dataclass(frozen=True)
class Review:
    """All that was found. ``strange`` says that the table has a number of records that the release's noise does not
    explain, so that it may be another table.
    """

    bundle: Bundle
    fidelity: Fidelity
    checks: RecordChecks
    ranking: Ranking
    anonymity: tuple[Counterfactual, ...]
    sds: Sds
    verdicts: tuple[Verdict, ...]
    attacks: AttackReport | None
    comparison: Comparison | None
    flow: Mapping[str, object] | None
    scope: ScopeSummary | None
    strange: bool

    @property
    def passed(self) -> bool:
        """Whether every threshold was passed; true where the plan has none."""
        return all(each.passed for each in self.verdicts)

    def as_json(self) -> dict[str, object]:
        """The review as plain JSON values; what has no figure is null."""
        manifest = self.bundle.manifest
        found = self.fidelity
        return {
            "private": True,
            "format": 1,
            "release_id": manifest.release_id,
            "manifest_sha256": self.bundle.manifest_sha256,
            "codebook": {"id": manifest.codebook.id, "sha256": manifest.codebook.sha256},
            "guarantee": manifest.guarantee.model_dump(mode="json"),
            "strange": self.strange,
            "accept": [
                {
                    "name": each.criterion.name,
                    "bound": each.criterion.bound,
                    "threshold": each.threshold,
                    "found": plain(each.found),
                    "passed": each.passed,
                }
                for each in self.verdicts
            ],
            "records": plain(self.checks),
            "lengths": plain(found.lengths),
            "groups": plain(found.groups),
            "examples": {
                kind: {str(length): plain(each) for (one, length), each in found.examples.items() if one == kind}
                for kind in ("error", "suppressed", "fabricated")
            },
            "ranking": plain(self.ranking),
            "k_anonymity": plain(self.anonymity),
            "synthetic_data_showcase": plain(self.sds),
            "attacks": None if self.attacks is None else self.attacks.as_json(),
            "earlier_release": plain(self.comparison),
            "scope": plain(self.scope),
            "flow": None if self.flow is None else plain(self.flow),
        }


def review(material: Material, attacks: AttackReport | None, progress: Progress) -> Review:
    """Look at a release beside the truth. Nothing is drawn, spent or released."""
    bundle, released = material.bundle, material.released
    table = material.table.reveal()
    codebook = bundle.codebook
    progress("comparing every table of up to four variables with the truth")
    found = fidelity(table, released, material.groups)
    checks = check_records(table, released.records, codebook.clauses)
    progress("ranking, k-anonymity, and the measures of Synthetic Data Showcase")
    return Review(
        bundle=bundle,
        fidelity=found,
        checks=checks,
        ranking=ranking(table, released),
        anonymity=counterfactual(table, quasi_identifiers(codebook)),
        sds=sds(table, released),
        verdicts=verdicts(bundle.manifest.plan.accept, found, checks),
        attacks=attacks,
        comparison=None if material.earlier is None else compare_releases(material.earlier, bundle),
        flow=material.flow,
        scope=material.scope,
        strange=_strange(released, checks),
    )


def _strange(released: Released, checks: RecordChecks) -> bool:
    """Whether the number of records is farther off than noise goes once in a million times."""
    estimate = released.intervals.estimate
    sd = sqrt(next(each.variance for attributes, each in estimate.residuals.items() if not len(attributes)))
    return abs(estimate.total - checks.people) > _UNLIKELY * sd + 1


def groups_of(codebook: Codebook) -> tuple[str, ...]:
    """The variables whose values are groups, unless others are asked for: not flags, nor sets, nor of many codes."""
    return tuple(
        each.name
        for each in codebook.variables
        if each.type not in ("flag", "set") and 2 <= len(each.codes) <= MOST_GROUP_CODES
    )


def quasi_identifiers(codebook: Codebook) -> tuple[int, ...]:
    """Columns that the codebook says an outsider may know and link on."""
    return tuple(place for place, each in enumerate(codebook.variables) if each.role == "quasi")


def plain(value: object) -> object:
    """As JSON has it: mappings, lists, texts and finite numbers; other numbers become null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)
