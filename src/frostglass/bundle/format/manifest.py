"""The manifest: what a bundle is, what it promises, what paid for it, and the hash of every other file.

It is written last. Its own SHA-256 names the bundle, and the ledger's ``seal`` entry holds it.
"""

from __future__ import annotations

import hashlib
import json
import math
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from frostglass import codebooks
from frostglass.bundle.format import places
from frostglass.bundle.format.files import Stored, read_file
from frostglass.errors import BundleError
from frostglass.terms.budget import decimal_text
from frostglass.terms.codebook import Codebook
from frostglass.terms.guarantee import Guarantee, ScopeSummary
from frostglass.terms.json_size import most_values
from frostglass.terms.plan import Choice, Plan, Scalar
from frostglass.terms.unit import PrivacyUnit
from frostglass.version import __version__

FORMAT: Literal[3] = 3
"""Version of the layout of a bundle; a new file or column raises it. Format 2 can be read, counted and verified."""

OLDEST = 2
"""The first format that is read."""

MANIFEST = places.MANIFEST
PUBLICATION = "publication.json"
"""Stands beside the sealed files in a published copy; the seal does not cover it."""

CODEBOOK, STATEMENT, PAGE, PACKAGE = "codebook.json", "statement.md", "codebook.html", "datapackage.json"
COUNTS_CSV, COUNTS_PARQUET = "counts.csv", "counts.parquet"
RECORDS_CSV, RECORDS_PARQUET = "synthetic.csv", "synthetic.parquet"
MEASUREMENTS = "measurements.parquet"
ACCURACY, ACCURACY_PAGE = "accuracy.json", "accuracy.html"

PAGES = (PAGE, ACCURACY_PAGE)
"""The files that a browser opens."""

SEALED = (
    STATEMENT,
    COUNTS_CSV,
    COUNTS_PARQUET,
    RECORDS_CSV,
    RECORDS_PARQUET,
    MEASUREMENTS,
    CODEBOOK,
    PAGE,
    ACCURACY,
    ACCURACY_PAGE,
    PACKAGE,
)
"""Every file of a bundle but the manifest."""

MOST_MANIFEST_BYTES, MOST_VALUES = 1024**2, 20_000
"""Largest manifest, in bytes, and most values in one; most have some hundred."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Amount = Annotated[
    str, Field(pattern=r"^[0-9]{1,30}(\.[0-9]{1,30})?(e[+-]?[0-9]{1,3})?$", description="An exact decimal.")
]
Natural = Annotated[int, Field(ge=0)]
Figure = Annotated[float | None, Field(description="Rounded up; null where no finite figure can be stated.")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class _LeavesOut(_Part):
    """Leaves the fields ``left_out`` out of its JSON where they are none: formats and settings that have none."""

    left_out: ClassVar[frozenset[str]]

    @model_serializer(mode="wrap")
    def _without_unused(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        said: dict[str, object] = serialize(self)
        return {name: value for name, value in said.items() if value is not None or name not in self.left_out}


class Software(_Part):
    """What made the bundle."""

    name: str
    version: str


class CodebookName(_Part):
    """The codebook of the bundle; the hash is that of codebook.json."""

    id: str
    version: str
    sha256: Sha256


class Unit(_Part):
    """Whom the guarantee protects: one person with at most ``max_records`` records."""

    name: str
    max_records: Annotated[int, Field(ge=1)]
    person_key: str | None


class PlannedCodebook(_Part):
    """The codebook that the plan was made for."""

    id: str
    sha256: Sha256


class PlanWords(_LeavesOut):
    """The plan as it was decided before anything was seen; ``plan_sha256`` is the hash of its canonical JSON."""

    left_out: ClassVar[frozenset[str]] = frozenset({"choice", "settings"})

    codebook: PlannedCodebook
    epsilon: Amount
    unit: Unit
    length: Annotated[int, Field(ge=1, le=4)]
    tau: Annotated[int, Field(ge=1)] | None
    strategy: str
    fit: Literal["fast", "default", "long"]
    cells: Annotated[int, Field(ge=1, description="Most cells that the release may measure.")]
    unknown: Literal["refuse", "missing"]
    structural: bool
    accept: dict[str, int | float]
    choice: Annotated[
        Choice | None, Field(description="Which records of a person count; none in format 2: the first of the source.")
    ] = None
    settings: Annotated[
        dict[str, Scalar] | None, Field(description="What the strategy was told besides; none in format 2.")
    ] = None


class CountedBy(_Part):
    """The engine that counted the table, where it was another than this machine's one process."""

    engine: str
    version: str
    units: Natural


class Group(_Part):
    """Epsilon, at the same delta, for ``size`` people together."""

    size: Annotated[int, Field(ge=2)]
    epsilon: Figure


class Promise(_Part):
    """The guarantee of this release, under adding or removing one unit."""

    epsilon: Amount
    delta: Amount
    accountant: str
    mechanism: str
    nano_rho: Annotated[int, Field(ge=1, description="What the ledger reserved, in units of 1e-9 rho.")]
    unit: Unit
    groups: tuple[Group, ...]
    replace_one: Annotated[Figure, Field(description="Epsilon when one unit is exchanged for another.")]


class LedgerPlace(_Part):
    """Where the ledger holds this release: ``seq`` and ``head`` are those of its commit entry."""

    id: str
    scope: str
    reserve_seq: Natural
    reserve_head: Sha256
    seq: Natural
    head: Sha256


class ScopeFigures(_Part):
    """The ledger's scope just after this release was committed; the tight epsilon is the one that is enforced."""

    accountant: str
    epsilon: Annotated[Amount, Field(description="Most that the scope may spend, at its delta.")]
    delta: Amount
    population: Natural | None
    reason: str
    allowance: Annotated[int, Field(ge=0, description="The same limit in units of 1e-9 rho.")]
    spent: Annotated[int, Field(ge=0, description="Spent so far in units of 1e-9 rho.")]
    releases: Natural
    plain_epsilon: Amount
    plain_delta: Amount
    tight_epsilon: Figure
    non_private: tuple[str, ...]


class SealedFile(_Part):
    """A file of the bundle."""

    path: Annotated[str, Field(pattern=r"^[a-z]+\.[a-z]+$")]
    bytes: Natural
    sha256: Sha256

    @property
    def stored(self) -> Stored:
        """What the file must hold."""
        return Stored(self.bytes, self.sha256)


class Manifest(_LeavesOut):
    """What a frostglass bundle says about itself: manifest.json, format 3, or the earlier format 2."""

    left_out: ClassVar[frozenset[str]] = frozenset({"fictitious", "counted_by"})

    format: Literal[2, 3]
    release_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
    date: Annotated[date, Field(description="Day of the release; there is no time of day on purpose.")]
    software: Software
    codebook: CodebookName
    plan: PlanWords
    plan_sha256: Sha256
    guarantee: Promise
    ledger: LedgerPlace
    scope: ScopeFigures
    tau: Annotated[int, Field(ge=1, description="Least count that is stated beyond length 1.")]
    total: Annotated[int, Field(ge=0, description="Number of synthetic records: the measured number of records.")]
    structural: Annotated[bool, Field(description="Whether the codebook's structural rules were enforced.")]
    engine: str
    sampling_seed: Annotated[
        int, Field(ge=0, lt=2**63, description="Seeds what follows the noise; the noise has no seed.")
    ]
    environment: dict[str, str]
    public_key: Annotated[Sha256, Field(description="Of the Ed25519 key that signed this manifest: 32 bytes in hex.")]
    files: tuple[SealedFile, ...]
    fictitious: Annotated[bool | None, Field(description="Whether the records are invented; none in format 2.")] = None
    counted_by: CountedBy | None = None

    @model_validator(mode="after")
    def _says_what_its_format_says(self) -> Self:
        """Since format 3 a bundle says whether it is fictitious, and its plan has a choice and settings."""
        new = (self.plan.choice, self.plan.settings, self.fictitious)
        if self.format == OLDEST and any(each is not None for each in (*new, self.counted_by)):
            raise ValueError("format 2 does not have these fields")
        if self.format > OLDEST and any(each is None for each in new):
            raise ValueError("format 3 has these fields")
        return self

    def to_plan(self) -> Plan:
        """The plan as the rest of the program knows it."""
        plan = self.plan
        return Plan(
            codebook_id=plan.codebook.id,
            codebook_sha256=plan.codebook.sha256,
            epsilon=Fraction(plan.epsilon),
            unit=PrivacyUnit(plan.unit.name, plan.unit.max_records, plan.unit.person_key),
            length=plan.length,
            tau=plan.tau,
            strategy=plan.strategy,
            fit=plan.fit,
            cells=plan.cells,
            unknown=plan.unknown,
            structural=plan.structural,
            accept=plan.accept,
            choice=plan.choice or "first",
            settings=plan.settings or {},
        )

    def codebook_in(self, data: bytes) -> Codebook:
        """The codebook of codebook.json as this release used it: in format 2 every variable may be missing.

        CodebookError when ``data`` are no codebook as it is sealed.
        """
        used = self.to_plan().applied_to(codebooks.from_canonical(data, sealed=True))
        return used.with_missing_everywhere() if self.format == OLDEST else used

    def file(self, path: str) -> SealedFile:
        """The entry of one file; BundleError FG-BN-023 when the manifest does not list it."""
        for entry in self.files:
            if entry.path == path:
                return entry
        raise BundleError("FG-BN-023", f"the manifest does not list {path}")

    def canonical(self) -> bytes:
        """The bytes of manifest.json: sorted keys, two spaces, UTF-8, one newline at the end."""
        return canonical_json(self.model_dump(mode="json"))


def canonical_json(value: object) -> bytes:
    """How a bundle writes JSON: sorted keys, two spaces, UTF-8, one newline at the end."""
    text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def json_schema() -> dict[str, object]:
    """The JSON Schema of manifest.json, as shipped in manifest.schema.json."""
    schema: dict[str, object] = Manifest.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def read_manifest(path: Path) -> Manifest:
    """The manifest in the file ``path``; BundleError FG-BN-020 to FG-BN-025 when it cannot be read."""
    return parse_manifest(read_file(path, most=MOST_MANIFEST_BYTES))


def parse_manifest(data: bytes) -> Manifest:
    """The manifest in ``data``.

    Raises BundleError FG-BN-024 when it has another format, FG-BN-025 when it is not a manifest, with the places of its
    faults.
    """
    _refuse_other_formats(data)
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        places = sorted({".".join(map(str, fault["loc"])) or "the whole file" for fault in error.errors()})
        listed = ", ".join(places[:5]) + (f" and {len(places) - 5} more" if len(places) > 5 else "")
        raise BundleError("FG-BN-025", f"manifest.json is not a manifest of its format: see {listed}") from None


def _refuse_other_formats(data: bytes) -> None:
    if most_values(data) > MOST_VALUES:
        raise BundleError("FG-BN-025", f"manifest.json holds more than the {MOST_VALUES:,} values that it may have")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise BundleError("FG-BN-025", "manifest.json is not JSON in UTF-8") from None
    number = found.get("format") if isinstance(found, dict) else None
    if type(number) is int and 1 <= number < OLDEST:
        raise BundleError(
            "FG-BN-024",
            f"the bundle has format {number}, and frostglass {__version__} reads formats {OLDEST} to {FORMAT}: "
            "install the version that wrote it (its manifest names it under software; it is one from before 0.1.0)",
        )
    if isinstance(number, int) and number > FORMAT:
        raise BundleError(
            "FG-BN-024",
            f"the bundle has format {number}, and frostglass {__version__} reads formats {OLDEST} to {FORMAT}: "
            "install the version that wrote it, or a newer one",
        )


def plan_sha256(plan: PlanWords) -> str:
    """The hash of a plan, as ``Plan.sha256`` computes it."""
    text = json.dumps(plan.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def plan_words(plan: Plan) -> PlanWords:
    """``plan`` as the manifest states it."""
    return PlanWords.model_validate_json(json.dumps(plan.as_json()))


def promise(guarantee: Guarantee) -> Promise:
    """``guarantee`` as the manifest states it."""
    return Promise(
        epsilon=decimal_text(guarantee.epsilon),
        delta=decimal_text(guarantee.delta),
        accountant=guarantee.accountant,
        mechanism=guarantee.mechanism,
        nano_rho=guarantee.nano_rho,
        unit=Unit(
            name=guarantee.unit.name,
            max_records=guarantee.unit.max_records,
            person_key=guarantee.unit.person_key,
        ),
        groups=tuple(Group(size=size, epsilon=_finite(epsilon)) for size, epsilon in guarantee.groups),
        replace_one=_finite(guarantee.replace_one),
    )


def scope_figures(scope: ScopeSummary) -> ScopeFigures:
    """``scope`` as the manifest states it."""
    return ScopeFigures(
        accountant=scope.accountant,
        epsilon=decimal_text(scope.epsilon),
        delta=decimal_text(scope.delta),
        population=scope.population,
        reason=scope.reason,
        allowance=scope.allowance,
        spent=scope.spent,
        releases=scope.releases,
        plain_epsilon=decimal_text(scope.plain_epsilon),
        plain_delta=decimal_text(scope.plain_delta),
        tight_epsilon=_finite(scope.tight_epsilon),
        non_private=scope.non_private,
    )


def _finite(figure: float) -> float | None:
    return figure if math.isfinite(figure) else None
