"""What cases are compared by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.recoding.answers import Answers, no_answers


@dataclass(frozen=True, repr=False)
class Identities:
    """The identities of ``number`` cases: names, ``birth_date`` (YYYY, YYYY-MM or YYYY-MM-DD), ``id_documents`` (each a
    number, or "type:country:number"), ``phones``, ``match_tokens`` ("scheme:hex"), and for comparison ``gender`` and
    ``citizenships``. ``source`` is the delivery of each case (int32), and ``refs`` name the cases, each differently.
    """

    number: int
    fields: Mapping[str, Answers[str]]
    source: npt.NDArray[np.int32]
    refs: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.refs) != self.number or len(set(self.refs)) != self.number or len(self.source) != self.number:
            raise ValueError("identities have one source and a name of its own for each case")

    def __repr__(self) -> str:
        return "<identities: withheld>"

    def answers(self, name: str) -> Answers[str]:
        """What the field holds; nothing where no case has such a field."""
        return self.fields.get(name) or no_answers()
