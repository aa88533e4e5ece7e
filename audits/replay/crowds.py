"""Crowds: small tables of chance from which each of a few people may be absent.

One recording gives the answers; every choice of the people who are there is replayed with them. Any two choices that
differ in one person are a pair of neighbours: with k people there are k / 2 pairs to a replay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from audits.replay.checks import faults_alone, faults_between
from audits.replay.recorder import Recorder
from audits.replay.recording import Case, Given, Recording
from audits.replay.scenarios import SURVEY, TINY, Row, case_of, frame, planned
from frostglass.terms.unit import PrivacyUnit

MOST_OTHERS = 12

_FARTHEST = 4
"""The sampler reaches 13 standard deviations: so far that the answers can still be given where everybody is absent."""


@dataclass(frozen=True)
class Crowd:
    """A case, rows that are always there, and the rows of each person who may be absent."""

    name: str
    case: Case
    names: tuple[str, ...]
    others: tuple[Row, ...]
    people: tuple[tuple[Row, ...], ...]
    seed: int

    def replay(self, recorder: Recorder) -> tuple[int, list[str]]:
        """Number of pairs, and the faults of the first replay that has any."""
        first = self._release(recorder, (True,) * len(self.people), Given(self.seed, farthest=_FARTHEST))
        given = Given(self.seed + 1, tuple(first.answers))
        found: dict[tuple[bool, ...], Recording] = {}
        pairs = 0
        for there in product((False, True), repeat=len(self.people)):
            found[there] = self._release(recorder, there, given)
            faults = faults_alone(self.case, found[there]) + self._without_the_draw(first, found[there])
            for person in np.flatnonzero(there):
                absent = tuple(here and place != person for place, here in enumerate(there))
                faults += faults_between(found[absent], found[there], self.case)
                pairs += 1
            if faults:
                return pairs, [f"{self.name}: {fault}" for fault in faults]
        return pairs, []

    def _without_the_draw(self, first: Recording, other: Recording) -> list[str]:
        """Whether a replay is what was recorded; how far it is from that is told by the pairs on the way."""
        return [] if first.bundle == other.bundle else ["the bundle is not the one that was recorded"]

    def _release(self, recorder: Recorder, there: Sequence[bool], given: Given) -> Recording:
        """All rows have fixed places, in the middle of each other's, so that leaving some out moves no others."""
        everybody = [*self.others, *(row for person in self.people for row in person)]
        places = np.random.default_rng(self.seed).permutation(len(everybody))
        present = [True] * len(self.others) + [
            here for person, here in zip(self.people, there, strict=True) for _ in person
        ]
        rows = [everybody[place] for place in places if present[place]]
        return recorder.release(self.case, frame(rows, self.names), given)


def crowds(seed: int, *, number: int, people: int) -> Iterator[Crowd]:
    """So many crowds, of each kind in turn."""
    generator = np.random.default_rng(seed)
    for place in range(number):
        kind = list(KINDS)[place % len(KINDS)]
        crowd = KINDS[kind](generator, people)
        yield replace(crowd, name=f"crowd {place + 1} ({kind})", seed=int(generator.integers(2**31)))


def _rows(generator: np.random.Generator, values: Mapping[str, Sequence[str | None]], number: int) -> tuple[Row, ...]:
    """Rows of chance; a large share of them is alike."""
    usual = {name: codes[int(generator.integers(len(codes)))] for name, codes in values.items()}
    return tuple(
        usual
        if generator.random() < 0.3
        else {name: codes[int(generator.integers(len(codes)))] for name, codes in values.items()}
        for _ in range(number)
    )


_TINY: Mapping[str, Sequence[str | None]] = {"sex": ("F", "M", None), "works": ("1", None)}
_UNRULED: Mapping[str, Sequence[str | None]] = {
    "sex": ("F", "M", None, "never seen"),
    "works": ("1", None, "0"),
    "age": ("0-17", "18-59", "60+", None, "?"),
    "langs": ("ar", "en;fr", "ar;en;fr", None, "xx"),
}


def _each_row(generator: np.random.Generator, people: int) -> Crowd:
    epsilon = str(generator.choice(["0.5", "1", "4", "6"]))
    plan = planned(TINY, epsilon, length=int(generator.integers(1, 4)))
    others = _rows(generator, _TINY, int(generator.integers(MOST_OTHERS)))
    case = case_of(TINY, plan, allow_empty=True)
    return Crowd("", case, tuple(_TINY), others, tuple((row,) for row in _rows(generator, _TINY, people)), 0)


def _unruled(generator: np.random.Generator, people: int) -> Crowd:
    plan = planned(SURVEY, "4", length=2, structural=False, unknown="missing")
    others = _rows(generator, _UNRULED, int(generator.integers(MOST_OTHERS)))
    case = case_of(SURVEY, plan, allow_empty=True)
    return Crowd("", case, tuple(_UNRULED), others, tuple((row,) for row in _rows(generator, _UNRULED, people)), 0)


def _keyed(generator: np.random.Generator, people: int) -> Crowd:
    """Persons of up to four rows; two persons are always there, because one key for all is refused."""
    plan = planned(TINY, "4", length=2, unit=PrivacyUnit("person", int(generator.integers(1, 4)), "person"))

    def of_person(key: str) -> tuple[Row, ...]:
        return tuple({"person": key, **row} for row in _rows(generator, _TINY, int(generator.integers(1, 5))))

    others = (*of_person("x"), *of_person("y"))
    rows = tuple(of_person(f"p{number}") for number in range(people))
    return Crowd("", case_of(TINY, plan), ("person", *_TINY), others, rows, 0)


def _exact(generator: np.random.Generator, people: int) -> Crowd:
    crowd = _each_row(generator, people)
    return replace(crowd, case=replace(crowd.case, accountant="zcdp"))


KINDS: Mapping[str, Callable[[np.random.Generator, int], Crowd]] = {
    "each row a person": _each_row,
    "persons with several rows": _keyed,
    "rules and codes not kept": _unruled,
    "discrete noise": _exact,
}
"""Makers of crowds by the kind of their plan."""
