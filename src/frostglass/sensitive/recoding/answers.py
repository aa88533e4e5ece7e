"""What records answer to one question each: no value, one, or several, with each distinct value kept once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int32]
V = TypeVar("V")
W = TypeVar("W")


@dataclass(frozen=True, repr=False)
class Answers(Generic[V]):
    """One entry for each value that a record holds: its number in ``record`` and the place of the value in ``values``.

    ``record`` and ``place`` are int32 of equal length; records ascend, and a record that answers nothing has no entry.
    ``values`` are distinct, so that whatever is done to a value is done once.
    """

    record: Indices
    place: Indices
    values: tuple[V, ...]

    def __post_init__(self) -> None:
        if self.record.dtype != np.int32 or self.place.dtype != np.int32 or self.record.shape != self.place.shape:
            raise ValueError("answers are two int32 arrays of one length")
        if len(self.record) and (np.diff(self.record) < 0).any():
            raise ValueError("answers stand in the order of the records")
        if len(self.place) and int(self.place.max()) >= len(self.values):
            raise ValueError("an answer points beyond the values")
        self.record.setflags(write=False)
        self.place.setflags(write=False)

    def __repr__(self) -> str:
        return "<answers: withheld>"

    def changed(self, change: Callable[[V], W | None]) -> Answers[W]:
        """Each value as ``change`` makes it; where that is None, the answer is gone."""
        new = [change(value) for value in self.values]
        distinct = tuple(dict.fromkeys(value for value in new if value is not None))
        places = {value: place for place, value in enumerate(distinct)}
        moved = np.array([-1 if value is None else places[value] for value in new], dtype=np.int32)
        place = moved[self.place] if len(moved) else self.place
        kept = place >= 0
        return Answers(self.record[kept], place[kept], distinct)

    def where(self, records: npt.NDArray[np.bool_]) -> Answers[V]:
        """The answers of the records that ``records``, one truth value a record, selects."""
        kept = records[self.record]
        return Answers(self.record[kept], self.place[kept], self.values)

    def picked(self, chosen: npt.NDArray[np.bool_]) -> Answers[V]:
        """The answers, of any record, that ``chosen``, one truth value an answer, selects."""
        return Answers(self.record[chosen], self.place[chosen], self.values)

    def answered(self, number: int) -> npt.NDArray[np.bool_]:
        """Which of ``number`` records answer anything."""
        answered = np.zeros(number, dtype=np.bool_)
        answered[self.record] = True
        return answered

    def those_in(self, wanted: Iterable[V]) -> npt.NDArray[np.bool_]:
        """Which answers are among ``wanted``; one truth value an answer."""
        among = set(wanted)
        chosen = np.array([value in among for value in self.values], dtype=np.bool_)
        return chosen[self.place] if len(chosen) else np.zeros(0, dtype=np.bool_)

    def subset(self, rows: npt.NDArray[np.int64]) -> Answers[V]:
        """The answers of the records ``rows`` (ascending), which are numbered anew from 0 in that order."""
        new = np.full(int(max(self.record.max(initial=-1), rows.max(initial=-1))) + 1, -1, dtype=np.int32)
        new[rows] = np.arange(len(rows), dtype=np.int32)
        record = new[self.record]
        kept = record >= 0
        return Answers(record[kept], self.place[kept], self.values)

    def by_record(self, number: int) -> list[list[V]]:
        """The values of each of ``number`` records, in the order in which they stand. For small tables and tests."""
        lists: list[list[V]] = [[] for _ in range(number)]
        for record, place in zip(self.record.tolist(), self.place.tolist(), strict=True):
            lists[record].append(self.values[place])
        return lists


def no_answers() -> Answers[V]:
    """Nobody answers anything."""
    return Answers(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), ())


def answers_of(lists: Sequence[Iterable[V]]) -> Answers[V]:
    """Answers from the values of each record in turn."""
    taking = Taking[V]()
    for record, values in enumerate(lists):
        for value in values:
            taking.add(record, value)
    return taking.answers()


def together(several: Sequence[Answers[V]]) -> Answers[V]:
    """The answers of several columns in the order of the records; of one record, in the order of the columns."""
    values = tuple(dict.fromkeys(value for one in several for value in one.values))
    places = {value: place for place, value in enumerate(values)}
    moved = [np.array([places[value] for value in one.values], dtype=np.int32) for one in several]
    record = np.concatenate([one.record for one in several])
    place = np.concatenate([new[one.place] if len(new) else one.place for one, new in zip(several, moved, strict=True)])
    order = np.argsort(record, kind="stable")
    return Answers(record[order], place[order], values)


def stacked(several: Sequence[tuple[Answers[V], int]]) -> Answers[V]:
    """The answers of several lots of records, each with its number of records, numbered on through all lots."""
    starts = np.cumsum([0, *(number for _, number in several)], dtype=np.int32)
    moved = [
        Answers(one.record + start, one.place, one.values)
        for (one, _), start in zip(several, starts.tolist(), strict=False)
    ]
    return together(moved) if moved else no_answers()


class Taking(Generic[V]):
    """Takes answers in one by one, in the order of the records."""

    def __init__(self) -> None:
        self._records = array("i")
        self._places = array("i")
        self._known: dict[V, int] = {}

    def add(self, record: int, value: V) -> None:
        """The record numbered ``record`` also answers ``value``."""
        self._records.append(record)
        self._places.append(self._known.setdefault(value, len(self._known)))

    def answers(self) -> Answers[V]:
        """What was taken in."""
        record = np.array(self._records, dtype=np.int32)
        return Answers(record, np.array(self._places, dtype=np.int32), tuple(self._known))
