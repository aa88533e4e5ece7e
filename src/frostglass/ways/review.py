"""Looking at a release beside the truth: what the review is given, and where its report goes. Private.

A review draws nothing and spends nothing. It compares with the truth, which nobody has paid for, so whatever it finds
is for the steward alone; handing it to others is a release without protection, and the ledger can be told so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np

from frostglass.boundary import accountant as accounting
from frostglass.bundle.format.manifest import Manifest, read_manifest
from frostglass.bundle.format.places import require_new
from frostglass.errors import FrostglassError, UsageError
from frostglass.released.intervals import Intervals
from frostglass.reporting.opening import Bundle
from frostglass.review.attacks.attacking import EFFORTS, Attacks, attack
from frostglass.review.attacks.limit import limit
from frostglass.review.attacks.report import AttackReport
from frostglass.review.comparison import Released
from frostglass.review.pages.page import review_html
from frostglass.review.report import Material, Review, groups_of
from frostglass.review.report import review as look
from frostglass.sensitive.coding.check import encode
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.sensitive.coding.intake import opened
from frostglass.synthesis.strategy import strategy
from frostglass.terms.arguments import one_of, seed
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Sensitive
from frostglass.terms.guarantee import ScopeSummary
from frostglass.terms.progress import Progress, quiet
from frostglass.ways.order import Reading
from frostglass.ways.pricing import guarantee
from frostglass.ways.recode import write_private
from frostglass.ways.shadows import BareReleases, ShadowReleases

_FLOW_KEYS = ("stages", "recoding")


@dataclass(frozen=True)
class Order:
    """How to look. ``earlier`` is the bundle to compare with (None: the last of the scope that lies beside this one),
    ``groups`` the variables whose values are groups (none: those of few values). ``random_state`` seeds the attacks.
    """

    flow: Path | None = None
    earlier: Path | None = None
    groups: tuple[str, ...] = ()
    attacks: Attacks = "quick"
    random_state: int | None = None
    reading: Reading = field(default_factory=Reading)

    def __post_init__(self) -> None:
        settle = partial(object.__setattr__, self)
        settle("attacks", one_of(self.attacks, get_args(Attacks), "FG-OP-016", "`attacks` takes none, quick or full"))
        settle("random_state", seed(self.random_state))


def review(
    source: object, path: str | Path, order: Order, *, scope: ScopeSummary | None = None, progress: Progress = quiet
) -> Review:
    """The review of the bundle at ``path``, which was made from ``source``; ``scope`` is the ledger's as it is now.

    Raises InputError when the table departs from the bundle's codebook, BundleError when there is no bundle, and
    UsageError when the flow report, the earlier bundle or a group is none.
    """
    bundle = Bundle.open(path)
    groups = _groups(order.groups, bundle.codebook)
    flow = None if order.flow is None else read_flow(order.flow)
    earlier = _earlier(bundle) if order.earlier is None else _before(bundle, order.earlier)
    progress("reading and checking the table")
    table = _coded(source, bundle, order.reading)
    material = Material(bundle, table, released_of(bundle), groups, flow, scope, earlier)
    attacks = None if order.attacks == "none" else _attacked(bundle, table, order, progress)
    return look(material, attacks, progress)


def write(found: Review, out: Path) -> Path:
    """Write the page to ``out`` and the same as JSON beside it, for their owner alone; returns the JSON's place."""
    other = out.with_suffix(".json")
    write_private(out, review_html(found).encode())
    write_private(other, (json.dumps(found.as_json(), ensure_ascii=False, indent=1) + "\n").encode())
    return other


def places(out: Path, bundle: Path, *, force: bool) -> None:
    """Refuse places for the report that are taken, or in the bundle, before anything is read."""
    if out.suffix.casefold() not in (".html", ".htm"):
        raise UsageError(
            "FG-OP-013", "the review is a page and a JSON file beside it: give -o a name that ends in .html"
        )
    if bundle.resolve() in out.resolve().parents:
        raise UsageError(
            "FG-OP-014", "the review is private and must not lie in the bundle, which leaves: choose another folder"
        )
    for path in (out, out.with_suffix(".json")):
        require_new(path, force=force)
        if not path.absolute().parent.is_dir():
            raise UsageError("FG-OP-072", f"cannot write {path}: name a file in a folder that exists and is yours")


def released_of(bundle: Bundle) -> Released:
    """What a bundle shows, with the intervals of every declared combination."""
    manifest, domain = bundle.manifest, bundle.codebook.domain
    estimate = strategy(manifest.to_plan().strategy).estimate(domain, bundle.measurements())
    return Released(bundle.counted_records(), min(manifest.plan.length, len(domain)), manifest.tau, Intervals(estimate))


def read_flow(path: Path) -> Mapping[str, object]:
    """A flow report as ``frostglass recode --report flow.json`` writes it. UsageError FG-OP-015 when it is none."""
    try:
        flow = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError("FG-OP-040", f"there is no file {path.name}") from None
    except (OSError, ValueError, RecursionError):
        flow = None
    if not isinstance(flow, dict) or not all(_is_list_of_tables(flow.get(key)) for key in _FLOW_KEYS):
        raise UsageError(
            "FG-OP-015", f"{path.name} is no flow report: give the .json that `frostglass recode --report` writes"
        )
    return flow


def _is_list_of_tables(value: object) -> bool:
    """Whether it is a list of objects, each with a whole number of cases."""
    return isinstance(value, list) and all(
        isinstance(each, dict) and isinstance(each.get("cases"), int) for each in value
    )


def _groups(names: Sequence[str], codebook: Codebook) -> tuple[str, ...]:
    if not names:
        return groups_of(codebook)
    return tuple(codebook.variable(codebook.match_name(name) or name).name for name in names)


def _before(bundle: Bundle, path: Path) -> Bundle:
    """The bundle that is named as the one before; UsageError FG-OP-019 when it is this one, or about something else."""
    found = Bundle.open(path)
    if found.manifest_sha256 == bundle.manifest_sha256 or found.codebook.id != bundle.codebook.id:
        raise UsageError(
            "FG-OP-019",
            "`earlier` is another release by the same codebook: this one, or another codebook, tells nothing",
        )
    return found


def _earlier(bundle: Bundle) -> Bundle | None:
    """The last release of the same scope before this one, of those that lie beside it; what is none is passed over."""
    place = bundle.manifest.ledger
    found: list[tuple[int, Path]] = []
    for each in sorted(bundle.path.absolute().parent.glob("*/manifest.json")):
        try:
            manifest: Manifest = read_manifest(each)
        except FrostglassError:
            continue
        if (manifest.ledger.id, manifest.ledger.scope) == (place.id, place.scope) and manifest.ledger.seq < place.seq:
            found.append((manifest.ledger.seq, each.parent))
    return Bundle.open(max(found)[1]) if found else None


def _coded(source: object, bundle: Bundle, reading: Reading) -> Sensitive[CodedTable]:
    plan = bundle.manifest.to_plan()
    with opened(
        source,
        delimiter=reading.delimiter,
        encoding=reading.encoding,
        sheet=reading.sheet,
        whole=plan.unit.person_key is not None,
    ) as table:
        return encode(
            table,
            bundle.codebook,
            unit=plan.unit,
            unknown=plan.unknown,
            structural=plan.structural,
            allow_empty=True,
            placeholder_keys="allow",
            salt=plan.salt,
        )


def _attacked(bundle: Bundle, table: Sensitive[CodedTable], order: Order, progress: Progress) -> AttackReport:
    plan, stated = bundle.manifest.to_plan(), bundle.manifest.guarantee
    accountant = accounting.accountant(stated.accountant)
    wanted = plan.workload(bundle.codebook.domain)
    promise = guarantee(plan, wanted, Fraction(stated.delta), accountant, stated.mechanism, stated.nano_rho)
    shadows = ShadowReleases(bundle.codebook, plan, promise)
    return attack(
        table,
        shadows,
        BareReleases(shadows),
        limit=limit(promise),
        generator=np.random.default_rng(order.random_state),
        effort=EFFORTS[order.attacks],
        sensitive=tuple(each.name for each in bundle.codebook.variables if each.role == "sensitive"),
        progress=progress,
    )
