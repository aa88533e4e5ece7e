"""From options and a release file to a plan: the command line wins over the file, the file over the defaults."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from frostglass import codebooks
from frostglass.boundary.ledger import Ledger
from frostglass.desk.release_file import ReleaseFile, read_release_file
from frostglass.errors import UsageError
from frostglass.pipeline import Reading
from frostglass.terms.budget import decimal_text, parse_delta, parse_epsilon
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Fit, OnUnknown, Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.terms.workload import CELL_BUDGET

T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """What the command line said; ``None`` where it said nothing."""

    data: Path | None = None
    codebook: str | None = None
    epsilon: str | None = None
    delta: str | None = None
    length: int | None = None
    tau: int | None = None
    fit: str | None = None
    cells: int | None = None
    scope: str | None = None
    ledger: Path | None = None
    out: Path | None = None
    release_id: str | None = None
    person_key: str | None = None
    max_records: int | None = None
    unknown: str | None = None
    without_constraints: bool = False
    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str | None = None
    config: Path | None = None


@dataclass(frozen=True)
class Settings:
    """The options and the file together."""

    options: Options
    file: ReleaseFile
    folder: Path

    @property
    def data(self) -> Path:
        return need(self._path("data"), "the table to release", "DATA")

    @property
    def out(self) -> Path:
        return need(self._path("out"), "the folder for the bundle", "-o")

    @property
    def scope(self) -> str:
        scope: str | None = self._either("scope")
        return need(scope, "the scope that pays", "--scope")

    @property
    def ledger_path(self) -> Path | None:
        return self._path("ledger")

    @property
    def release_id(self) -> str | None:
        chosen: str | None = self._either("release_id")
        return chosen

    @property
    def reading(self) -> Reading:
        options, file = self.options, self.file
        return Reading(
            delimiter=options.delimiter if options.delimiter != "," else file.delimiter,
            encoding=options.encoding if options.encoding != "utf-8" else file.encoding,
            sheet=options.sheet or file.sheet,
        )

    @property
    def delta(self) -> Fraction | None:
        """A delta that was named, though it is the scope that fixes it."""
        text = self._either("delta")
        return None if text is None else parse_delta(text)

    def ledger(self) -> Ledger:
        """The ledger that was named, opened."""
        return Ledger.open(need(self.ledger_path, "the ledger", "--ledger"))

    def codebook(self) -> Codebook:
        reference: str = need(self._either("codebook"), "a codebook", "-c")
        if self.options.codebook is None and (self.folder / reference).is_file():
            return codebooks.load(self.folder / reference)
        return codebooks.load(reference)

    def plan(self, codebook: Codebook) -> Plan:
        """The plan that these settings make; refuses what is missing or out of range."""
        epsilon = parse_epsilon(need(self._either("epsilon"), "the privacy loss of this release", "--epsilon"))
        fit: Fit = self._either("fit") or "default"
        unknown: OnUnknown = self._either("unknown") or "refuse"
        return Plan(
            codebook_id=codebook.id,
            codebook_sha256=codebook.sha256,
            epsilon=epsilon,
            unit=PrivacyUnit(codebook.unit, self._or("max_records", 1), self._either("person_key")),
            length=self._or("length", 3),
            tau=self._either("tau"),
            fit=fit,
            cells=self._or("cells", CELL_BUDGET),
            unknown=unknown,
            structural=not (self.options.without_constraints or self.file.without_constraints),
            accept=self.file.accept,
        )

    def check_delta(self, scope_delta: Fraction) -> None:
        """A scope fixes its delta when it is opened; naming another one later is refused."""
        if self.delta is not None and self.delta != scope_delta:
            raise UsageError(
                "FG-OP-044",
                f"the scope was opened with delta {decimal_text(scope_delta)}, which stays; leave --delta out",
            )

    def _either(self, name: str) -> Any:
        said = getattr(self.options, name)
        return getattr(self.file, name) if said is None else said

    def _or(self, name: str, default: int) -> int:
        said: int | None = self._either(name)
        return default if said is None else said

    def _path(self, name: str) -> Path | None:
        said: Path | None = getattr(self.options, name)
        if said is not None:
            return said
        written: str | None = getattr(self.file, name)
        return None if written is None else self.folder / written


def settle(options: Options) -> Settings:
    """Read the release file, if one was named, and put the options over it."""
    if options.config is None:
        return Settings(options, ReleaseFile(), Path())
    return Settings(options, read_release_file(options.config), options.config.parent)


def need(value: T | None, what: str, option: str, *, in_file: bool = True) -> T:
    """``value``, or a usage error that says what is missing; ``in_file``: a release file may give it."""
    if value is None:
        otherwise = ", or set it in a release file (--config)" if in_file else ""
        raise UsageError("FG-OP-045", f"{what} is missing: give {option}{otherwise}")
    return value
