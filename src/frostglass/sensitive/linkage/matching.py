"""Finding the pairs of cases that are one person's: sure by a rule, likely by the weight of what agrees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.linkage import weights
from frostglass.sensitive.linkage.births import birth_levels
from frostglass.sensitive.linkage.blocking import Candidates
from frostglass.sensitive.linkage.comparing_names import Levels, NameComparison
from frostglass.sensitive.linkage.identities import Identities
from frostglass.sensitive.linkage.pairs import Pairs, bit, joined
from frostglass.sensitive.linkage.people import People, Table, people
from frostglass.sensitive.linkage.weights import Birth, Names

Flags = npt.NDArray[np.bool_]


def find_pairs(identities: Identities) -> tuple[Pairs, int]:
    """All sure and likely pairs in the order of their refs, and the number of candidates that were not compared.

    What is said of a pair depends on its two cases alone; but of blocks that are too large not all pairs are compared.
    """
    folk = people(identities)
    comparison = Comparison(folk)
    candidates = Candidates(folk)
    found = [comparison.compare(first, second) for first, second in candidates.by_identifier()]
    found += [comparison.compare_by_name(first, second) for first, second in candidates.by_name_and_birth()]
    return joined(found).in_order(identities.refs), candidates.uncompared


class Comparison:
    """Compares pairs of cases, and keeps those that are sure or likely."""

    def __init__(self, folk: People) -> None:
        self._folk = folk
        self._names = NameComparison(folk)

    def compare(self, first: Table, second: Table) -> Pairs:
        """The sure and the likely ones of the pairs."""
        return self._weighed(first, second, self._names.levels(first, second))

    def compare_by_name(self, first: Table, second: Table) -> Pairs:
        """The same for pairs with nothing but name and birth date to go by: different names end the comparison."""
        levels = self._names.levels(first, second)
        alike = levels > Names.DIFFERENT
        return self._weighed(first[alike], second[alike], levels[alike])

    def _weighed(self, first: Table, second: Table, names: Levels) -> Pairs:
        births = birth_levels(self._folk.born[first], self._folk.born[second])
        weighing = _Weighing(len(first))
        self._weigh_names(weighing, first, second, names)
        weighing.add(weights.BIRTH[births])
        weighing.note("birth date", births == Birth.SAME, (births == Birth.DIFFERENT) | (births == Birth.YEAR_ALONE))
        weighing.note("like birth date", (births >= Birth.SLIP) & (births < Birth.SAME))
        document = self._weigh_documents(weighing, first, second)
        sure_token = _shared(self._folk.sure_tokens, first, second)
        token = sure_token | _shared(self._folk.other_tokens, first, second)
        weighing.weigh("token", token, weights.TOKEN_SHARED)
        weighing.weigh("phone", _shared(self._folk.phones, first, second), weights.PHONE_SHARED)
        self._weigh_the_rest(weighing, first, second)
        # Documents get lent, mistyped and made up: a pair is sure where a name or a birth date agrees as well, and
        # neither speaks against it; otherwise a person looks at it.
        apart = (names == Names.DIFFERENT) | (births == Birth.DIFFERENT) | (births == Birth.YEAR_ALONE)
        whole = (names > Names.DIFFERENT) & ~self._names.single(first, second)
        agree = whole | (births == Birth.SLIP) | (births >= Birth.WITHIN_MONTH)
        identified = document | sure_token
        pairs = Pairs(first, second, weighing.bits, identified & agree & ~apart, weighing.agrees, weighing.differs)
        return pairs.picked(np.flatnonzero(identified | token | (weighing.bits >= weights.THRESHOLD)))

    def _weigh_names(self, weighing: _Weighing, first: Table, second: Table, names: Levels) -> None:
        single = self._names.single(first, second)
        weighing.add(np.where(single, weights.SINGLE_NAMES[names], weights.NAMES[names]))
        weighing.note("names", names == Names.EQUAL, names == Names.DIFFERENT)
        weighing.note("like names", (names > Names.DIFFERENT) & (names < Names.EQUAL))

    def _weigh_documents(self, weighing: _Weighing, first: Table, second: Table) -> Flags:
        """Which pairs hold a document in common."""
        documents = self._folk.documents
        same, number, comparable = (np.zeros(len(first), dtype=np.bool_) for _ in range(3))
        for one in documents.held.T:
            for other in documents.held.T:
                a, b = one[first], other[second]
                rows = np.flatnonzero((a >= 0) & (b >= 0))
                a, b = a[rows], b[rows]
                kinds, countries = (documents.kind[a], documents.kind[b]), (documents.country[a], documents.country[b])
                equal = documents.number[a] == documents.number[b]
                same[rows] |= equal & _no_conflict(*kinds) & _no_conflict(*countries)
                number[rows] |= equal
                comparable[rows] |= _both_say_the_same(*kinds) & _both_say_the_same(*countries)
        weighing.weigh("document", same, weights.DOCUMENT_SHARED)
        weighing.weigh("document number", number & ~same, weights.DOCUMENT_NUMBER_SHARED)
        weighing.weigh("document", comparable & ~number, weights.DOCUMENTS_DIFFER, differs=True)
        return same

    def _weigh_the_rest(self, weighing: _Weighing, first: Table, second: Table) -> None:
        genders, citizenships = self._folk.genders, self._folk.citizenships
        same = _shared(genders, first, second)
        other = _both_known(genders, first, second) & ~same
        weighing.note("gender", same)
        weighing.weigh("gender", other, weights.GENDER_DIFFERS, differs=True)
        same = _shared(citizenships, first, second)
        other = _both_known(citizenships, first, second) & ~same
        weighing.weigh("citizenship", same, weights.CITIZENSHIP_SHARED)
        weighing.weigh("citizenship", other, weights.CITIZENSHIPS_DIFFER, differs=True)


class _Weighing:
    """Adds up the evidence of some pairs."""

    def __init__(self, number: int) -> None:
        self.bits = np.zeros(number, dtype=np.float32)
        self.agrees = np.zeros(number, dtype=np.uint16)
        self.differs = np.zeros(number, dtype=np.uint16)

    def add(self, bits: npt.NDArray[np.float32]) -> None:
        self.bits += bits

    def note(self, word: str, agree: Flags, differ: Flags | None = None) -> None:
        """Pairs agree, or differ, in what ``word`` says."""
        self.agrees |= np.where(agree, bit(word), np.uint16(0))
        if differ is not None:
            self.differs |= np.where(differ, bit(word), np.uint16(0))

    def weigh(self, word: str, pairs: Flags, weight: float, *, differs: bool = False) -> None:
        """Note ``pairs`` under ``word``, and add its weight."""
        self.bits += np.where(pairs, np.float32(weight), np.float32(0))
        self.note(word, pairs & (not differs), pairs & differs)


def _shared(table: Table, first: Table, second: Table) -> Flags:
    """Whether two cases have a value in common."""
    shared = np.zeros(len(first), dtype=np.bool_)
    for one in table.T:
        values = one[first]
        for other in table.T:
            shared |= (values >= 0) & (values == other[second])
    return shared


def _both_known(table: Table, first: Table, second: Table) -> Flags:
    return np.asarray((table[first, 0] >= 0) & (table[second, 0] >= 0))


def _no_conflict(one: Table, other: Table) -> Flags:
    return np.asarray((one == other) | (one == 0) | (other == 0))


def _both_say_the_same(one: Table, other: Table) -> Flags:
    return np.asarray((one == other) & (one > 0))
