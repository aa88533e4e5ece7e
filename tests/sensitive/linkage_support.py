"""Cases for the tests of linkage, and the slow reference that compares each with each. All names are invented."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
from rapidfuzz.distance import JaroWinkler

from frostglass.sensitive.linkage import weights
from frostglass.sensitive.linkage.comparing_names import CLOSE, LIKE, LIKE_IN_SOUND, SIMILAR
from frostglass.sensitive.linkage.identities import Identities
from frostglass.sensitive.linkage.normal import document, name_tokens, phone, sound
from frostglass.sensitive.linkage.pairs import Pairs
from frostglass.sensitive.linkage.tokens import tokens_csv
from frostglass.sensitive.linkage.weights import Birth, Names
from frostglass.sensitive.recoding.answers import answers_of

FIELDS = (
    "given_name",
    "middle_name",
    "family_name",
    "birth_date",
    "id_documents",
    "phones",
    "match_tokens",
    "gender",
    "citizenships",
)

Case = dict[str, str]
"""What a case says: several values of a field are parted by "|"."""


def case(given: str = "", family: str = "", born: str = "", **others: str) -> Case:
    """A case with a given and a family name and a birth date; other fields by their names."""
    return {"given_name": given, "family_name": family, "birth_date": born, **others}


def identities(cases: Sequence[Case], refs: Sequence[str] = (), source: Sequence[int] = ()) -> Identities:
    """The cases as linkage takes them; by default of one delivery, and named by their order."""
    return Identities(
        len(cases),
        {
            name: answers_of([[text for text in one.get(name, "").split("|") if text] for one in cases])
            for name in FIELDS
        },
        np.array(source or [0] * len(cases), dtype=np.int32),
        tuple(refs) or tuple(f"a:{number:04d}" for number in range(len(cases))),
    )


def by_refs(pairs: Pairs, refs: Sequence[str]) -> dict[tuple[str, str], tuple[float, bool, int, int]]:
    """What is said of each pair, by the refs of its cases."""
    columns = (pairs.first, pairs.second, pairs.bits, pairs.sure, pairs.agrees, pairs.differs)
    return {
        (refs[one], refs[other]): (bits, sure, agrees, differs)
        for one, other, bits, sure, agrees, differs in zip(*(column.tolist() for column in columns), strict=True)
    }


# ---------------------------------------------------------------------------------------------------- the reference


def reference_pairs(cases: Sequence[Case]) -> dict[tuple[int, int], tuple[float, bool]]:
    """Bits and sureness of every pair that is sure or likely, from all pairs there are."""
    found = {}
    for one, other in combinations(range(len(cases)), 2):
        judged = reference_pair(cases[one], cases[other])
        if judged is not None:
            found[one, other] = judged
    return found


def reference_pair(a: Case, b: Case) -> tuple[float, bool] | None:
    """Bits of a pair, and whether it is sure; None when it is neither sure nor likely."""
    names, single = reference_names(_tokens(a), _tokens(b))
    births = reference_birth(a.get("birth_date", ""), b.get("birth_date", ""))
    bits = float((weights.SINGLE_NAMES if single else weights.NAMES)[names]) + float(weights.BIRTH[births])
    held = [[found for text in _several(one, "id_documents") if (found := document(text))] for one in (a, b)]
    crossed = [(x, y) for x in held[0] for y in held[1]]
    same = any(x[2] == y[2] and _agree(x[0], y[0]) and _agree(x[1], y[1]) for x, y in crossed)
    number = any(x[2] == y[2] for x, y in crossed)
    if same:
        bits += weights.DOCUMENT_SHARED
    elif number:
        bits += weights.DOCUMENT_NUMBER_SHARED
    elif any(x[:2] == y[:2] and x[0] and x[1] for x, y in crossed):
        bits += weights.DOCUMENTS_DIFFER
    tokens = set(_several(a, "match_tokens")) & set(_several(b, "match_tokens"))
    sure_token = any(token.startswith("document:") for token in tokens)
    bits += weights.TOKEN_SHARED if tokens else 0
    phones = [{phone(text) for text in _several(one, "phones")} - {None} for one in (a, b)]
    bits += weights.PHONE_SHARED if phones[0] & phones[1] else 0
    bits += _either(a, b, "gender", 0, weights.GENDER_DIFFERS)
    bits += _either(a, b, "citizenships", weights.CITIZENSHIP_SHARED, weights.CITIZENSHIPS_DIFFER)
    against = names == Names.DIFFERENT or births in (Birth.DIFFERENT, Birth.YEAR_ALONE)
    whole = names > Names.DIFFERENT and not single
    agree = whole or births in (Birth.SLIP, Birth.WITHIN_MONTH, Birth.SAME)
    if not (same or tokens or bits >= weights.THRESHOLD):
        return None
    return bits, (same or sure_token) and agree and not against


def reference_names(a: Sequence[str], b: Sequence[str]) -> tuple[Names, bool]:
    """How two names compare, and whether one of them is a single part: every assignment is tried."""
    short, long = sorted((list(a), list(b)), key=len)
    if not short:
        return Names.UNKNOWN, False
    single = len(short) == 1
    rest, among = [one for one in short if one not in long], [one for one in long if one not in short]
    if not rest:
        return (Names.EQUAL if not among else Names.CONTAINED), single
    best, sounds = 0, False
    for chosen in permutations(among, len(rest)):
        likes = [_like(one, other) for one, other in zip(rest, chosen, strict=True)]
        best = max(best, sum(likes) if all(likes) else 0)
        sounds = sounds or all(sound(one) == sound(other) for one, other in zip(rest, chosen, strict=True))
    mean = (1000 * (len(short) - len(rest)) + best) / len(short)
    if best and mean >= CLOSE:
        return Names.CLOSE, single
    if best and mean >= SIMILAR:
        return Names.SIMILAR, single
    return (Names.SOUND if sounds else Names.DIFFERENT), single


def _like(one: str, other: str) -> int:
    thousandths = round(JaroWinkler.similarity(min(one, other), max(one, other)) * 1000)
    return thousandths if thousandths >= (LIKE_IN_SOUND if sound(one) == sound(other) else LIKE) else 0


def reference_birth(a: str, b: str) -> Birth:
    """How two birth dates compare, told from their texts."""
    if not a or not b:
        return Birth.UNKNOWN
    if a == b and len(a) == 10:
        return Birth.SAME
    shorter = min(a, b, key=len)
    if len(shorter) < 10 and a[: len(shorter)] == b[: len(shorter)]:
        return Birth.WITHIN_YEAR if len(shorter) == 4 else Birth.WITHIN_MONTH
    if len(shorter) == 10:
        swapped = a[:5] + a[8:] + "-" + a[5:7] == b
        off = [place for place in range(10) if a[place] != b[place]]
        if swapped or (len(off) == 1 and off[0] > 1):
            return Birth.SLIP
    return Birth.YEAR_ALONE if a[:4] == b[:4] else Birth.DIFFERENT


def _tokens(one: Case) -> list[str]:
    written = [one.get(name, "") for name in ("given_name", "middle_name", "family_name")]
    return list(dict.fromkeys(token for text in written for token in name_tokens(text)))


def _several(one: Case, name: str) -> list[str]:
    return [text for text in one.get(name, "").split("|") if text]


def _agree(one: str, other: str) -> bool:
    return one == other or not one or not other


def _either(a: Case, b: Case, name: str, shared: float, differs: float) -> float:
    one, other = set(_several(a, name)), set(_several(b, name))
    if not one or not other:
        return 0.0
    return shared if one & other else differs


def shuffled(cases: Sequence[Case], refs: Sequence[str], order: Iterable[int]) -> tuple[list[Case], list[str]]:
    """The cases with their refs in another order."""
    places = list(order)
    return [cases[place] for place in places], [refs[place] for place in places]


def write_tokens(path: Path, held: Identities, key: bytes, database: str) -> int:
    """Write a file of tokens, and return how many there are."""
    text, number = tokens_csv(held, key, database)
    path.write_text(text)
    return number
