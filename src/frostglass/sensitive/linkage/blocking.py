"""Candidate pairs: which cases are worth comparing.

Two cases are candidates when they share a document number, a token or a telephone; or a part of the name that sounds
alike, given and family names alike, and birth dates that can be one: the same, swapped or one digit off, or one within
the month or year that is all that the other tells. Without one of these no pair reaches the threshold; so nothing
likely is lost but pairs of which no part of the name sounds alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.linkage.births import DIGITS, swappable, without_digit
from frostglass.sensitive.linkage.people import People, Table

MOST_IN_BLOCK = 2_000
"""Most cases that share a key and are still compared each with each. Of more, those are that also share (another) part
of the name by its sound; what is then still too much is not compared, but counted."""

_PAIRS_AT_A_TIME = 400_000

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, repr=False)
class Keys:
    """``key`` of each entry and the ``case`` that has it; ``sound`` is the sound that the key already asks for, or -1.

    Where ``leads`` is given, only pairs with a case of that flag are candidates by this key.
    """

    key: Integers
    case: Table
    sound: Integers
    leads: npt.NDArray[np.bool_] | None = None

    def where(self, chosen: npt.NDArray[np.bool_]) -> Keys:
        return replace(self, key=self.key[chosen], case=self.case[chosen], sound=self.sound[chosen])


class Candidates:
    """Gives out candidate pairs, a lot at a time; afterwards ``uncompared`` says how many were passed over.

    A pair may come more than once, by several keys. Keys by name come last, so that ``by_identifier`` can tell them.
    """

    def __init__(self, folk: People) -> None:
        self._folk = folk
        self._case, self._sound = _sounds(folk)
        self.uncompared = 0

    def by_identifier(self) -> Iterator[tuple[Table, Table]]:
        """Pairs that share a document number, a token or a telephone."""
        folk, documents = self._folk, self._folk.documents
        numbers = np.where(documents.held >= 0, np.append(documents.number, -1)[documents.held], -1)
        for table in (numbers, folk.sure_tokens, folk.other_tokens, folk.phones):
            case, column = np.nonzero(table >= 0)
            key = table[case, column].astype(np.int64)
            yield from self._pairs(Keys(key, case.astype(np.int32), np.full(len(key), -1, dtype=np.int64)))

    def by_name_and_birth(self) -> Iterator[tuple[Table, Table]]:
        """Pairs that share a sound, and have birth dates that can be one."""
        born, case, sound = self._folk.born, self._case, self._sound
        size = int(sound.max(initial=0)) + 1

        def keys(part: Integers, chosen: npt.NDArray[np.bool_], leads: npt.NDArray[np.bool_] | None = None) -> Keys:
            picked = chosen[case]
            return Keys(part[case[picked]] * size + sound[picked], case[picked], sound[picked], leads)

        whole, with_month, dated = born % 100 > 0, born // 100 % 100 > 0, born > 0
        yield from self._pairs(keys(swappable(born), whole))
        for digit in DIGITS:
            for first, second in self._pairs(keys(without_digit(born, digit), whole)):
                off = born[first] != born[second]
                yield first[off], second[off]
        yield from self._pairs(keys(born // 100, with_month, with_month & ~whole))
        yield from self._pairs(keys(born // 10_000, dated, dated & ~with_month))

    def _pairs(self, keys: Keys) -> Iterator[tuple[Table, Table]]:
        """Every pair of cases that share a key."""
        keys, sizes = _in_blocks(keys)
        large = sizes > MOST_IN_BLOCK
        yield from _within(keys.where(~large))
        if large.any():
            refined, sizes = _in_blocks(self._refined(keys.where(large)))
            fits = refined.where(sizes <= MOST_IN_BLOCK)
            self.uncompared += max(_number_of_pairs(keys.where(large)) - _number_of_pairs(fits), 0)
            yield from _within(fits)

    def _refined(self, keys: Keys) -> Keys:
        """The same blocks, parted by a further sound."""
        block = np.unique(keys.key, return_inverse=True)[1]
        starts = np.searchsorted(self._case, np.arange(self._folk.number + 1))
        counts = np.diff(starts)[keys.case]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        sound = self._sound[np.repeat(starts[keys.case], counts) + within]
        entry = np.repeat(np.arange(len(keys.key)), counts)
        size = int(self._sound.max(initial=0)) + 1
        parted = Keys(block[entry] * size + sound, keys.case[entry], sound, keys.leads)
        return parted.where(sound != keys.sound[entry])


def _sounds(folk: People) -> tuple[Table, Integers]:
    """Which case has which sounds in its name, each once, in the order of the cases."""
    case, column = np.nonzero(folk.tokens >= 0)
    size = int(folk.sounds.max(initial=0)) + 1
    packed = np.unique(case * size + folk.sounds[folk.tokens[case, column]])
    return (packed // size).astype(np.int32), packed % size


def _in_blocks(keys: Keys) -> tuple[Keys, Integers]:
    """The entries block by block, leading cases first; and the size of the block of each."""
    order = np.argsort(keys.key if keys.leads is None else keys.key * 2 + ~keys.leads[keys.case], kind="stable")
    keys = Keys(keys.key[order], keys.case[order], keys.sound[order], keys.leads)
    starts = np.flatnonzero(np.diff(keys.key, prepend=-1))
    sizes = np.diff(np.append(starts, len(keys.key)))
    return keys, np.repeat(sizes, sizes)


def _after(keys: Keys) -> Integers:
    """With how many entries behind it each entry makes a pair."""
    ends = np.searchsorted(keys.key, keys.key, side="right")
    after = ends - np.arange(len(keys.key)) - 1
    return after if keys.leads is None else np.where(keys.leads[keys.case], after, 0)


def _number_of_pairs(keys: Keys) -> int:
    return int(_after(keys).sum())


def _within(keys: Keys) -> Iterator[tuple[Table, Table]]:
    """The pairs within blocks, in lots of bounded size."""
    after = _after(keys)
    total = np.cumsum(after)
    start = 0
    while start < len(after):
        before = int(total[start - 1]) if start else 0
        stop = max(int(np.searchsorted(total, before + _PAIRS_AT_A_TIME, side="right")), start + 1)
        counts = after[start:stop]
        one = np.repeat(np.arange(start, stop), counts)
        other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
        first, second = keys.case[one], keys.case[other]
        apart = first != second  # a case may have one key twice, as one number with two types of document
        if apart.any():
            yield np.minimum(first, second)[apart], np.maximum(first, second)[apart]
        start = stop
