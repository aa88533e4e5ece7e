"""From options and a release file to a plan: the command line wins over the file, the file over the defaults."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from frostglass import codebooks
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.desk.release_file import ReleaseFile, read_release_file, release_file
from frostglass.errors import UsageError
from frostglass.terms.budget import decimal_text, parse_delta, parse_epsilon
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Fit, OnUnknown, Plan
from frostglass.terms.unit import PrivacyUnit, check_placeholder
from frostglass.terms.workload import CELL_BUDGET
from frostglass.ways.order import Order, Reading, whoever

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """Options and file together, as one release file that says it all; ``None`` where neither said anything."""

    said: ReleaseFile

    @property
    def data(self) -> Path:
        return need(self.said.data, "the table to release", "DATA")

    @property
    def out(self) -> Path:
        return need(self.said.out, "the folder for the bundle", "-o")

    @property
    def scope(self) -> str:
        return need(self.said.scope, "the scope that pays", "--scope")

    @property
    def delta(self) -> Fraction | None:
        """A delta that was named, though it is the scope that fixes it."""
        return None if self.said.delta is None else parse_delta(self.said.delta)

    def ledger(self) -> Ledger:
        """The ledger that was named, opened."""
        return Ledger.open(need(self.said.ledger, "the ledger", "--ledger"))

    def codebook(self) -> Codebook:
        return codebooks.load(need(self.said.codebook, "a codebook", "-c"))

    def plan(self, codebook: Codebook) -> Plan:
        """The plan that these settings make; refuses what is missing or out of range."""
        said = self.said
        epsilon = None if said.epsilon is None else parse_epsilon(said.epsilon)
        fit: Fit = said.fit or "default"  # type: ignore[assignment]  # the plan checks it
        unknown: OnUnknown = said.unknown or "refuse"  # type: ignore[assignment]
        return Plan(
            codebook_id=codebook.id,
            codebook_sha256=codebook.sha256,
            epsilon=need(epsilon, "the privacy loss of this release", "--epsilon"),
            unit=PrivacyUnit(codebook.unit, _or(said.max_records, 1), said.person_key),
            length=_or(said.length, 3),
            tau=said.tau,
            fit=fit,
            cells=_or(said.cells, CELL_BUDGET),
            unknown=unknown,
            structural=not said.without_constraints,
            accept=said.accept,
        )

    def order(self, *, by: str | None, random_state: int | None, fresh: bool, allow_empty: bool) -> Order:
        """What the release is told besides its plan."""
        said = self.said
        return Order(
            scope=self.scope,
            release_id=said.release_id,
            by=by or whoever(),
            random_state=random_state,
            fresh=fresh,
            allow_empty=allow_empty,
            placeholder_keys=check_placeholder(_or(said.placeholder_keys, "refuse")),
            fictitious=bool(said.fictitious),
            reading=Reading(_or(said.delimiter, ","), _or(said.encoding, "utf-8"), said.sheet),
        )

    def check_delta(self, scope_delta: Fraction) -> None:
        """A scope fixes its delta when it is opened; naming another one later is refused."""
        if self.delta is not None and self.delta != scope_delta:
            raise UsageError(
                "FG-OP-044",
                f"the scope was opened with delta {decimal_text(scope_delta)}, which stays; leave --delta out",
            )


def settle(config: Path | None = None, **options: object) -> Settings:
    """The release file, if one was named, with the options over it that the command line gave.

    Options are named as the settings are; ``None`` where the command line said nothing. UsageError FG-OP-043 for what
    is no such setting.
    """
    written = {} if config is None else read_release_file(config).model_dump(exclude_none=True)
    given = {name: value for name, value in options.items() if value is not None}
    return Settings(release_file({**written, **given}, source="the options"))


def need(value: T | None, what: str, option: str, *, in_file: bool = True) -> T:
    """``value``, or a usage error that says what is missing; ``in_file``: a release file may give it."""
    if value is None:
        otherwise = ", or set it in a release file (--config)" if in_file else ""
        raise UsageError("FG-OP-045", f"{what} is missing: give {option}{otherwise}")
    return value


def _or(value: T | None, default: T) -> T:
    return default if value is None else value
