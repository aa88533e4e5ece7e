"""The Python door: ``recode`` case files, ``release`` a table, ``review_release`` it, and ``Synthesizer``."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import narwhals as nw
import polars as pl

from frostglass import codebooks
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.bundle.contents import Contents
from frostglass.bundle.format import formats
from frostglass.bundle.format.places import require_new
from frostglass.bundle.seal import manifest_of
from frostglass.bundle.words import guarantee_sentence
from frostglass.errors import BundleError, UsageError
from frostglass.released.synthetic import SyntheticRecords
from frostglass.reporting.opening import Bundle, open_bundle
from frostglass.reporting.questions import Questions
from frostglass.reporting.source import Source
from frostglass.review.attacks.attacking import Attacks
from frostglass.review.report import Review
from frostglass.terms import arguments
from frostglass.terms.budget import Number, parse_delta, parse_epsilon
from frostglass.terms.codebook import Codebook
from frostglass.terms.guarantee import Guarantee
from frostglass.terms.plan import Fit, OnUnknown, Plan
from frostglass.terms.unit import OnPlaceholder, PrivacyUnit
from frostglass.terms.workload import CELL_BUDGET
from frostglass.ways import recode as preparation
from frostglass.ways import release as pipeline
from frostglass.ways import review as reviewing
from frostglass.ways.build import resize
from frostglass.ways.order import Order, whoever

NativeFrame = object
"""A pandas, polars or Arrow table."""


class Recoded:
    """A coded table in memory, made from case files: private, as all that is said of how it came about."""

    def __init__(self, prepared: preparation.Prepared) -> None:
        self._prepared = prepared

    def __repr__(self) -> str:
        return "<recoded case files: withheld>"

    @property
    def table(self) -> pl.DataFrame:
        """The coded table: a text column a variable, null for missing, one row a person. For ``release`` alone."""
        return self._prepared.table.reveal()

    @property
    def flow(self) -> dict[str, object]:
        """What became of every registered case, as the JSON flow report has it."""
        return self._prepared.flow.as_json()

    def write_report(self, path: str | Path) -> None:
        """Write the flow report, .html or .json, readable by its owner alone. UsageError FG-OP-050 when it exists."""
        preparation.write_report(self._prepared, _new(path))

    def write_queue(self, path: str | Path) -> None:
        """Write the pairs that may be one person, for a data officer. UsageError FG-OP-050 when the file exists."""
        preparation.write_queue(self._prepared, _new(path))


def recode(
    files: str | Path | Sequence[str | Path],
    codebook: Codebook | str | Path,
    *,
    maps: Sequence[str] = (),
    snapshot: str | None = None,
    decisions: str | Path | None = None,
) -> Recoded:
    """The coded table of case files: a folder, or files. ``maps`` are ids or files of import maps.

    InputError, CodebookError or UsageError with the way out; nothing is written.
    """
    order = preparation.Order(
        arguments.paths(files, "the case files"),
        tuple(map(str, arguments.paths(maps, "the import maps"))),
        arguments.optional_text(snapshot, "the snapshot"),
        arguments.optional_path(decisions, "the decisions"),
    )
    return Recoded(preparation.prepare(order, _loaded(codebook)))


class Reviewed:
    """A review of a release: private, because it compares with the truth."""

    def __init__(self, found: Review) -> None:
        self._found = found

    def __repr__(self) -> str:
        return "<review of a release: withheld>"

    @property
    def passed(self) -> bool:
        """Whether every acceptance threshold of the plan was met; true where it has none."""
        return self._found.passed

    def as_json(self) -> dict[str, object]:
        """Everything that was found, as review.json has it."""
        return self._found.as_json()

    def write(self, path: str | Path) -> None:
        """Write the page (.html) and the same as JSON beside it, readable by their owner alone.

        UsageError FG-OP-013 for another ending, FG-OP-014 for a place in the bundle, FG-OP-050 when a file exists.
        """
        place = arguments.path(path, "the page")
        reviewing.places(place, self._found.bundle.path, force=False)
        reviewing.write(self._found, place)


def review_release(
    table: object,
    bundle: str | Path,
    *,
    flow: str | Path | None = None,
    earlier: str | Path | None = None,
    groups: Sequence[str] = (),
    attacks: Attacks = "quick",
    ledger: Ledger | str | Path | None = None,
    random_state: int | None = None,
) -> Reviewed:
    """Compare a sealed release with ``table``, from which it was made; for the steward alone. Spends nothing.

    ``groups`` are variables whose values are groups (default: those of few values), ``flow`` a flow report as JSON,
    ``earlier`` the bundle to compare with (default: the last of the scope beside this one). ``random_state`` seeds the
    attacks. InputError when the table departs from the bundle's codebook.
    """
    order = reviewing.Order(
        flow=arguments.optional_path(flow, "the flow report"),
        earlier=arguments.optional_path(earlier, "the earlier bundle"),
        groups=arguments.texts(groups, "the variables whose values are groups"),
        attacks=attacks,
        random_state=random_state,
    )
    paid = None if ledger is None else _opened(ledger)
    scope = None if paid is None else paid.scope(open_bundle(bundle).manifest.ledger.scope)
    return Reviewed(reviewing.review(table, bundle, order, scope=scope))


class Release(Questions):
    """A committed release in memory: its counts, its records, and ``seal``, which writes the bundle."""

    def __init__(self, contents: Contents, ledger: Ledger, source: object, bundle: Bundle | None = None) -> None:
        self._contents = contents
        self._ledger = ledger
        self._came_from = source
        self.bundle = bundle

    @property
    def id(self) -> str:
        return self._contents.release_id

    @property
    def guarantee(self) -> Guarantee:
        return self._contents.guarantee

    @property
    def statement(self) -> str:
        """The guarantee in one sentence."""
        return guarantee_sentence(manifest_of(self._contents), self._contents.codebook)

    @property
    def counts(self) -> pl.DataFrame:
        """The counts as counts.csv has them."""
        return formats.counts_frame(self._contents.counts)

    @property
    def records(self) -> NativeFrame:
        """The synthetic records, as the kind of table that came in (polars for a file); missing is null."""
        return _like(self._came_from, self._contents.records)

    @cached_property
    def _source(self) -> Source:
        contents = self._contents
        return Source(
            manifest=manifest_of(contents),
            codebook=contents.codebook,
            counts=lambda: self.counts,
            column=lambda name: contents.records.column(contents.codebook.domain.place(name)),
            measurements=lambda: contents.answers.measurements,
        )

    def seal(self, out: str | Path) -> Bundle:
        """Write the sealed bundle to the folder ``out``, which must not exist."""
        sealed = pipeline.seal(self._contents, arguments.path(out, "the bundle"), ledger=self._ledger)
        self.bundle = Bundle.open(sealed.path)
        return self.bundle

    def __repr__(self) -> str:
        return f"<frostglass release {self.id}: {len(self._contents.records):,} synthetic records>"


def release(
    table: object,
    codebook: Codebook | str | Path,
    *,
    epsilon: Number,
    scope: str,
    ledger: Ledger | str | Path,
    length: int = 3,
    out: str | Path | None = None,
    tau: int | None = None,
    fit: Fit = "default",
    cells: int = CELL_BUDGET,
    unknown: OnUnknown = "refuse",
    structural: bool = True,
    accept: Mapping[str, float] | None = None,
    person_key: str | None = None,
    max_records: int = 1,
    random_state: int | None = None,
    release_id: str | None = None,
    fresh: bool = False,
    placeholder_keys: OnPlaceholder = "refuse",
    by: str | None = None,
    fictitious: bool = False,
) -> Release:
    """Release ``table`` under (epsilon, delta)-differential privacy, paid for by ``scope`` of ``ledger``.

    ``table`` is a path or a pandas, polars or Arrow table; ``codebook`` an id, a file or a Codebook. The scope must
    be open: it fixes delta. ``fit`` says how long the fit takes, ``cells`` how many cells are measured at most. With
    ``out`` the bundle is sealed at once. ``random_state`` seeds what comes after the
    noise only; ``by`` is who does it, for the ledger. ``fictitious`` says that the data are invented, on every page.
    ``placeholder_keys="allow"`` takes keys such as "unknown" for persons'. A warning says, before anything is spent,
    who is left out: in exact figures, for the steward alone. Raises a FrostglassError, before anything is spent, when
    something does not fit.
    """
    book = _loaded(codebook)
    plan = Plan(
        codebook_id=book.id,
        codebook_sha256=book.sha256,
        epsilon=parse_epsilon(epsilon),
        unit=PrivacyUnit(book.unit, max_records, person_key),
        length=length,
        tau=tau,
        fit=fit,
        cells=cells,
        unknown=unknown,
        structural=structural,
        accept={} if accept is None else accept,
    )
    order = Order(
        scope=scope,
        release_id=release_id,
        by=whoever() if by is None else by,
        random_state=random_state,
        fresh=fresh,
        placeholder_keys=placeholder_keys,
        fictitious=fictitious,
    )
    place = arguments.optional_path(out, "the bundle (out)")
    paying = _opened(ledger)
    if place is None:
        return Release(pipeline.release(table, book, plan, order, ledger=paying, warn=_warn), paying, table)
    done = pipeline.to_bundle(table, book, plan, order, out=place, ledger=paying, warn=_warn)
    if done.contents is None:
        raise BundleError(
            "FG-BN-068",
            f"release {done.bundle.manifest.release_id} had been cut short and is complete now; nothing more was "
            "spent. Read it with frostglass.open_bundle, or release to another folder",
        )
    return Release(done.contents, paying, table, Bundle.open(place))


def _warn(note: str) -> None:
    """Tell whoever called ``release`` something that they should know."""
    warnings.warn(note, stacklevel=2)


class Synthesizer:
    """``Synthesizer(codebook, epsilon=…, ledger=…).fit(table).sample(n)``.

    Every ``fit`` is a release and is paid for. ``scope`` may be left out where the ledger has exactly one.
    ``random_state`` seeds what comes after the noise; the noise itself has no seed.
    """

    def __init__(
        self,
        codebook: Codebook | str | Path,
        *,
        epsilon: Number,
        ledger: Ledger | str | Path,
        scope: str | None = None,
        delta: Number | None = None,
        length: int = 3,
        effort: Fit = "default",
        structural: bool = True,
        unknown: OnUnknown = "refuse",
        random_state: int | None = None,
        fictitious: bool = False,
    ) -> None:
        self.codebook = _loaded(codebook)
        self.epsilon = parse_epsilon(epsilon)
        self.ledger = _opened(ledger)
        self.scope = scope if scope is not None else _only_scope(self.ledger)
        self.length = length
        self.effort: Fit = effort
        self.structural = structural
        self.unknown: OnUnknown = unknown
        self.random_state = random_state
        self.fictitious = fictitious
        self.release_: Release | None = None
        if delta is not None and parse_delta(delta) != self.ledger.scope(self.scope).delta:
            raise UsageError("FG-OP-044", "the scope fixes delta, and it is another one; leave delta out")

    def fit(self, table: object) -> Self:
        """Measure ``table`` and pay for it. Returns the synthesizer itself."""
        self.release_ = release(
            table,
            self.codebook,
            epsilon=self.epsilon,
            scope=self.scope,
            ledger=self.ledger,
            length=self.length,
            fit=self.effort,
            structural=self.structural,
            unknown=self.unknown,
            random_state=self.random_state,
            fictitious=self.fictitious,
        )
        return self

    def sample(self, n: int | None = None) -> NativeFrame:
        """``n`` synthetic records (as many as were measured, unless told), as the kind of table that was fitted.

        Another ``n`` refits to the same measurements with their targets scaled; that costs nothing.
        """
        if self.release_ is None:
            raise UsageError("FG-OP-101", "nothing to sample from yet: call fit(table) first")
        if n is None:
            return self.release_.records
        rule = "sample takes a number of records from 0 to 50,000,000"
        number = arguments.whole(n, 0, 50_000_000, "FG-OP-102", rule)
        contents = self.release_._contents
        return _like(self.release_._came_from, resize(contents, number))

    def save(self, out: str | Path) -> Bundle:
        """Seal what was fitted as a bundle; ``frostglass.open_bundle`` reads it back."""
        if self.release_ is None:
            raise UsageError("FG-OP-101", "nothing to save yet: call fit(table) first")
        return self.release_.seal(out)


def _new(path: str | Path) -> Path:
    place = arguments.path(path, "the report")
    require_new(place)
    return place


def _loaded(codebook: Codebook | str | Path) -> Codebook:
    return codebook if isinstance(codebook, Codebook) else codebooks.load(codebook)


def _opened(ledger: Ledger | str | Path) -> Ledger:
    return ledger if isinstance(ledger, Ledger) else Ledger.open(ledger)


def _only_scope(ledger: Ledger) -> str:
    scopes = ledger.scopes()
    if len(scopes) != 1:
        raise UsageError("FG-OP-103", f"the ledger has {len(scopes)} scopes; say which one pays with scope=")
    return scopes[0]


def _like(source: object, records: SyntheticRecords) -> NativeFrame:
    """The records as the same kind of table as ``source``."""
    frame = formats.records_frame(records)
    if isinstance(source, str | Path):
        return frame
    kind = nw.from_native(source, eager_only=True, pass_through=True)
    if not isinstance(kind, nw.DataFrame) or kind.implementation.is_polars():
        return frame
    return frame.to_pandas() if kind.implementation.is_pandas() else frame.to_arrow()
