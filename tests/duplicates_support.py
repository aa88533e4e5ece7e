"""Identities of a few invented people, for the tests of duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from frostglass.sensitive.answers import answers_of
from frostglass.sensitive.duplicates.identities import Identities

Person = Mapping[str, object]

FIELDS = (
    "given_name", "middle_name", "family_name", "birth_date", "id_documents", "phones", "match_tokens", "gender",
    "citizenships",
)  # fmt: skip


def identities(people: Sequence[Person], refs: Sequence[str] = ()) -> Identities:
    """Identities from dicts; a field is a text or a list of texts, and ``ref`` names a case."""

    def listed(value: object) -> list[str]:
        if value is None or value == "":
            return []
        return [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]

    fields = {name: answers_of([listed(person.get(name)) for person in people]) for name in FIELDS}
    named = tuple(refs) or tuple(str(person.get("ref", f"m:{number:05}")) for number, person in enumerate(people))
    sources = {name: number for number, name in enumerate(dict.fromkeys(ref.partition(":")[0] for ref in named))}
    source = np.array([sources[ref.partition(":")[0]] for ref in named], dtype=np.int32)
    return Identities(len(people), fields, source, named)


ANN: Person = {
    "given_name": "Quilla", "family_name": "Zorvanek", "birth_date": "1990-05-17", "gender": "Feminine",
    "citizenships": ["MD"], "id_documents": ["passport:MD:ZZ1234567X"], "phones": ["+999 123 4567"],
}  # fmt: skip
"""Somebody, with everything that is known of her."""


def varied(**changes: object) -> dict[str, object]:
    """Her second registration: without document and telephone, and with ``changes``."""
    return {**ANN, "id_documents": [], "phones": [], **changes}
