"""How alike two names are, parts in any order.

Equal parts go together first. The rest of the shorter name is then assigned to the rest of the longer so that the
similarities add up to the most. The mean of them says how close the names are; but a single part that has no like
makes the names different, because two parts that agree make up for nothing when the third is somebody else's.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from frostglass.sensitive.linkage.people import People, Table
from frostglass.sensitive.linkage.weights import Names

CLOSE, SIMILAR = 920, 850
"""Mean similarities, in thousandths, from which names are close or similar."""

LIKE, LIKE_IN_SOUND = 820, 790
"""Similarities from which two parts are alike; the lower one where they sound the same. One wrong letter in a name of
four letters or more leaves at least .83; different spellings of one name, such as Yusuf and Youssef, .80 and more."""

Flags = npt.NDArray[np.bool_]
Levels = npt.NDArray[np.int8]


class NameComparison:
    """Compares the names of pairs of cases."""

    def __init__(self, folk: People) -> None:
        self._folk = folk
        self._lengths = np.array([len(text) for text in folk.texts], dtype=np.int64)
        self._initials = np.array([ord(text[0]) for text in folk.texts], dtype=np.int64)
        self._letters = np.array([sum({1 << ord(one) - 97 for one in text}) for text in folk.texts], dtype=np.int64)
        self._counts = (folk.tokens >= 0).sum(axis=1)

    def levels(self, first: Table, second: Table) -> Levels:
        """One of ``Names`` for each pair."""
        short, long = self._shorter_first(first, second)
        ours, theirs = self._folk.tokens[short], self._folk.tokens[long]
        equal = (ours[:, :, None] == theirs[:, None, :]) & (ours >= 0)[:, :, None]
        left_ours, left_theirs = (ours >= 0) & ~equal.any(axis=2), (theirs >= 0) & ~equal.any(axis=1)
        parts = self._counts[short]
        levels = np.full(len(first), Names.DIFFERENT, dtype=np.int8)
        whole = ~left_ours.any(axis=1)
        levels[whole] = np.where(left_theirs.any(axis=1), Names.CONTAINED, Names.EQUAL)[whole]
        levels[parts == 0] = Names.UNKNOWN
        rest = np.flatnonzero(~whole & (left_ours.sum(axis=1) <= left_theirs.sum(axis=1)))
        if len(rest):
            levels[rest] = self._of_rest(
                np.where(left_ours, ours, -1)[rest], np.where(left_theirs, theirs, -1)[rest], parts[rest]
            )
        return levels

    def single(self, first: Table, second: Table) -> Flags:
        """Whether one of the two names has a single part."""
        return np.asarray(np.minimum(self._counts[first], self._counts[second]) == 1)

    def _shorter_first(self, first: Table, second: Table) -> tuple[Table, Table]:
        turned = self._counts[first] > self._counts[second]
        return np.where(turned, second, first), np.where(turned, first, second)

    def _of_rest(self, ours: Table, theirs: Table, parts: npt.NDArray[np.int64]) -> Levels:
        """The level where ``ours``, parts that have no equal, go with some of ``theirs``."""
        both = (ours[:, :, None] >= 0) & (theirs[:, None, :] >= 0)
        same = both & (self._folk.sounds[ours][:, :, None] == self._folk.sounds[theirs][:, None, :])
        like = self._likeness(ours, theirs, both, same)
        left = (ours >= 0).sum(axis=1)
        total = _best(like, ours >= 0)
        mean = (1000 * (parts - left) + total) / np.maximum(parts, 1)
        levels = np.full(len(ours), Names.DIFFERENT, dtype=np.int8)
        levels[_best(same.astype(np.int64), ours >= 0) > 0] = Names.SOUND
        levels[(total > 0) & (mean >= SIMILAR)] = Names.SIMILAR
        levels[(total > 0) & (mean >= CLOSE)] = Names.CLOSE
        return levels

    def _likeness(self, ours: Table, theirs: Table, both: Flags, same: Flags) -> npt.NDArray[np.int64]:
        """Jaro-Winkler similarity in thousandths of every part with every other; 0 where they are not alike."""
        like = np.zeros(both.shape, dtype=np.int64)
        pair, one, other = np.nonzero(both)
        a, b = ours[pair, one], theirs[pair, other]
        a, b = np.minimum(a, b), np.maximum(a, b)  # one direction: nobody promises that it is symmetric
        kept = self._may_be_like(a, b)
        pair, one, other, a, b = pair[kept], one[kept], other[kept], a[kept], b[kept]
        if len(a):
            texts = self._folk.texts
            measured = process.cpdist(
                texts[a].tolist(), texts[b].tolist(), scorer=JaroWinkler.similarity, dtype=np.float64, workers=-1
            )
            thousandths = np.rint(measured * 1000).astype(np.int64)
            enough = np.where(same[pair, one, other], LIKE_IN_SOUND, LIKE)
            like[pair, one, other] = np.where(thousandths >= enough, thousandths, 0)
        return like

    def _may_be_like(self, a: Table, b: Table) -> Flags:
        """Whether two parts can reach ``LIKE_IN_SOUND``, by the letters that only one of them has: a cheap bound."""
        matched = np.minimum(
            self._lengths[a] - np.bitwise_count(self._letters[a] & ~self._letters[b]),
            self._lengths[b] - np.bitwise_count(self._letters[b] & ~self._letters[a]),
        )
        jaro = (matched / self._lengths[a] + matched / self._lengths[b] + 1) / 3
        most = np.where(self._initials[a] == self._initials[b], jaro + 0.4 * (1 - jaro), jaro)
        return np.asarray(most * 1000 >= LIKE_IN_SOUND - 1)


def _best(like: npt.NDArray[np.int64], needed: Flags) -> npt.NDArray[np.int64]:
    """The largest sum of ``like`` when each part that is needed goes with another one of its own; 0 if none can."""
    best = np.zeros(len(like), dtype=np.int64)
    hopeful = ((like > 0).any(axis=2) | ~needed).all(axis=1)
    counts = needed.sum(axis=1)
    for count in np.unique(counts[hopeful]).tolist():
        rows = np.flatnonzero(hopeful & (counts == count))
        chosen = np.argsort(~needed[rows], axis=1, kind="stable")[:, :count]
        table = np.take_along_axis(like[rows], chosen[:, :, None], axis=1)
        found = np.zeros(len(rows), dtype=np.int64)
        for places in permutations(range(like.shape[2]), count):
            each = table[:, np.arange(count), places]
            found = np.maximum(found, np.where((each > 0).all(axis=1), each.sum(axis=1), 0))
        best[rows] = found
    return best
