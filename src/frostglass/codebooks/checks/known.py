"""What the checks know of a document, faulty places set aside so that one fault is not reported twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from frostglass.codebooks.codes import MOST_CODES, codes_of, number_of_codes
from frostglass.codebooks.document import Document, VariableTable
from frostglass.codebooks.faults import Found, Path
from frostglass.terms.codebook import nearest


@dataclass(frozen=True)
class Known:
    """A document, and the names of variables that were cut out of it, wholly or in part, because of their shape.

    ``sealed``: it comes from a bundle.
    """

    document: Document
    incomplete: frozenset[str] = frozenset()
    sealed: bool = False

    @cached_property
    def variables(self) -> Mapping[str, VariableTable]:
        """The variables that are released, by name; of two with one name, the first."""
        return {one.name: one for one in reversed(self.document.variable) if one.role != "direct_identifier"}

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """Names of the variables that the document declares as direct identifiers."""
        return frozenset(one.name for one in self.document.variable if one.role == "direct_identifier")

    def places(self) -> Iterator[tuple[Path, VariableTable]]:
        """Every variable with its path."""
        for place, variable in enumerate(self.document.variable):
            yield ("variable", place), variable

    def is_sure_of(self, name: str) -> bool:
        """Whether the variable is there as it was written."""
        return name in self.variables and name not in self.incomplete

    def codes(self, name: str) -> tuple[str, ...] | None:
        """The codes of a variable; None where a fault of its own leaves them open."""
        if not self.is_sure_of(name) or number_of_codes(self.variables[name]) > MOST_CODES:
            return None
        try:
            return codes_of(self.variables[name], self.document.codebook)
        except ValueError:
            return None

    def refer(self, path: Path, name: str) -> Iterator[Found]:
        """The fault of naming a variable that there is not, or one that is never released."""
        if name in self.variables or name in self.incomplete:
            return
        if name in self.identifiers:
            yield Found(path, f"{name!r} is a direct identifier, which is never released", "leave it out")
        else:
            yield Found(
                path,
                f"there is no variable {name!r}{nearest(name, self.variables)}",
                "name a variable of this file by its name, not by an alias",
            )
