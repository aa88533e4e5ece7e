"""An unordered set of attribute names: the key of a marginal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True, slots=True, order=True)
class AttributeSet:
    """Attribute names without order; kept sorted so that equal sets are equal values."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if list(self.names) != sorted(set(self.names)):
            raise ValueError("an attribute set holds each name once, sorted; build it with AttributeSet.of")

    @classmethod
    def of(cls, names: Iterable[str]) -> AttributeSet:
        """The set of ``names``, in any order; a name given twice is an error."""
        listed = list(names)
        if len(set(listed)) != len(listed):
            raise ValueError("an attribute is named twice")
        return cls(tuple(sorted(listed)))

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def subsets(self) -> Iterator[AttributeSet]:
        """All subsets, from the empty one to the set itself."""
        for length in range(len(self.names) + 1):
            for names in combinations(self.names, length):
                yield AttributeSet(names)

    def __str__(self) -> str:
        return "|".join(self.names)
