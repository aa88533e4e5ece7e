"""What a strategy may ask of the curator."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from frostglass.errors import GlassError
from frostglass.terms.attribute_set import AttributeSet


@dataclass(frozen=True, slots=True)
class Question:
    """The marginal over ``attributes``, for ``share`` of the release's budget (an exact fraction of one)."""

    attributes: AttributeSet
    share: Fraction

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise GlassError("FG-GL-005", "a question costs a share of the budget above 0 and at most 1")
        if len(self.attributes) == 0:
            raise GlassError("FG-GL-006", "a question names at least one attribute")
