"""What is written in a cell as what it means: codes, countries, dates, numbers. What a map does not cover is a fault.

Each distinct text is read once. Nothing is guessed: a code in other letters, a date in another format, a letter that
only looks right are faults, each with its own name.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.coding.spellings import as_latin, foreign_scripts
from frostglass.sensitive.recoding.answers import Answers
from frostglass.sensitive.recoding.spans import date_span, number_span, span_text
from frostglass.tables.text_table import MOST_CHARACTERS, is_unseen, unseen_characters
from frostglass.terms.import_map import ImportMap, Reading

UNLISTED = "codes that the map does not list"
OTHER_CASE = "listed codes in other letters, capital or small"
LOOK_ALIKE = "codes with {} letters that look like Latin ones"
UNSEEN = "characters that cannot be seen ({})"
NO_COUNTRY = "codes of no country"
NO_DATE = "dates in another format than {}, or that do not exist"
NO_NUMBER = "neither a whole number nor a range"
TOO_GREAT = "numbers beyond {}"
TOO_LONG = f"texts of more than {MOST_CHARACTERS} characters"
UNEVEN = "lists that should be equally long and are not"
FAULTS = (UNLISTED, OTHER_CASE, LOOK_ALIKE, UNSEEN, NO_COUNTRY, NO_DATE, NO_NUMBER, TOO_GREAT, TOO_LONG, UNEVEN)

Faults = Mapping[str, npt.NDArray[np.int64]]
"""Records at fault, by what is wrong with them."""

Outcome = str | None
"""What a text means; None for no answer. A fault is raised as ``_Fault``."""


class _Fault(Exception):
    """What is wrong with a text; it says nothing of the text itself."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass
class Read:
    """What a field holds, and by kind of fault which records are at fault (an index array) with the values at fault."""

    answers: Answers[str]
    faults: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    values: dict[str, Counter[str]] = field(default_factory=dict)


def read_values(reading: Reading, written: Answers[str], import_map: ImportMap) -> Read:
    """The meaning of every text of ``written`` by ``reading``, split where it says so."""
    meaning = _meaning(reading, import_map)
    found: dict[str, int] = {}
    offsets, places = [0], []
    faulty: dict[str, list[int]] = {}
    for number, text in enumerate(written.values):
        for part in _parts(text, reading.split):
            try:
                value = meaning(part)
            except _Fault as fault:
                faulty.setdefault(fault.what, []).append(number)
            else:
                if value is not None:
                    places.append(found.setdefault(value, len(found)))
        offsets.append(len(places))
    answers = _spread(written, np.array(offsets, dtype=np.int64), np.array(places, dtype=np.int32), tuple(found))
    read = Read(answers)
    counts = np.bincount(written.place, minlength=len(written.values))
    for what, numbers in faulty.items():
        chosen = np.zeros(len(written.values), dtype=np.bool_)
        chosen[numbers] = True
        read.faults[what] = np.unique(written.record[chosen[written.place]]).astype(np.int64)
        read.values[what] = Counter({written.values[one]: int(counts[one]) for one in numbers})
    return read


def picked_beside(
    written: Answers[str], beside: Answers[str], reading: Reading, import_map: ImportMap
) -> tuple[Answers[str], Faults]:
    """Of lists that run parallel to another column, the entry beside what the reading names, of several the last one.

    Also the records at fault: values without their kinds, lists of different length, a kind that is not listed. Kinds
    without any value are no answer.
    """
    assert reading.beside is not None  # only such readings come here
    missing = _missing(reading, import_map)
    no_kind = missing - reading.beside.among
    written = written.changed(lambda text: None if text.strip() in missing else text)
    beside = beside.changed(lambda text: None if text.strip() in no_kind else text)
    record, here, there = np.intersect1d(written.record, beside.record, assume_unique=True, return_indices=True)
    size = max(len(beside.values), 1)
    packed, place = np.unique(written.place[here].astype(np.int64) * size + beside.place[there], return_inverse=True)
    texts: list[str | None] = []
    wrong: dict[str, list[int]] = {UNEVEN: [], UNLISTED: []}
    for number, one in enumerate(packed.tolist()):
        texts_of = (written.values[one // size], beside.values[one % size])
        entries, kinds = (_entries(text, reading.split) for text in texts_of)
        if len(entries) != len(kinds):  # a separator at the end may stand for an empty last entry
            entries, kinds = (_entries(text, reading.split, to_the_end=True) for text in texts_of)
        chosen = [entry for entry, kind in zip(entries, kinds, strict=False) if kind == reading.beside.holds and entry]
        texts.append(chosen[-1] if chosen else None)
        if len(entries) != len(kinds):
            wrong[UNEVEN].append(number)
        elif not set(kinds) <= reading.beside.among:
            wrong[UNLISTED].append(number)
    values = tuple(dict.fromkeys(text for text in texts if text is not None))
    places = {value: number for number, value in enumerate(values)}
    moved = np.array([-1 if text is None else places[text] for text in texts], dtype=np.int32)
    place_of = moved[place] if len(moved) else np.zeros(0, dtype=np.int32)
    faults = {what: record[np.isin(place, numbers)].astype(np.int64) for what, numbers in wrong.items()}
    alone = np.setdiff1d(written.record, beside.record).astype(np.int64)
    faults[UNEVEN] = np.union1d(faults[UNEVEN], alone)
    kept = place_of >= 0
    return Answers(record[kept].astype(np.int32), place_of[kept], values), faults


def _entries(text: str, split: str, *, to_the_end: bool = False) -> list[str]:
    """The entries of a list, empty ones in the middle too: blanks around another separator are none of their own.

    A separator at the end is ignored, or ``to_the_end`` has an empty entry after it.
    """
    others = split.replace(" ", "")
    pattern = rf"\s*[{re.escape(others)}]\s*" if others else r"\s+"
    pattern += r"|\s+" if others and " " in split else ""
    end = r"\s+$" if to_the_end else rf"[{re.escape(others or ' ')}\s]+$"
    return re.split(pattern, re.sub(end, "", text).strip())


def _spread(
    written: Answers[str], offsets: npt.NDArray[np.int64], places: npt.NDArray[np.int32], values: tuple[str, ...]
) -> Answers[str]:
    """Each answer replaced by all that its text means: ``places[offsets[i]:offsets[i + 1]]`` for the text number i."""
    counts = np.diff(offsets)
    if not len(written.place):
        return Answers(written.record, written.place, ())
    each = counts[written.place]
    starts = np.repeat(offsets[:-1][written.place], each)
    within = np.arange(int(each.sum())) - np.repeat(np.cumsum(each) - each, each)
    return Answers(np.repeat(written.record, each), places[starts + within], values)


def _parts(text: str, split: str) -> list[str]:
    if not split:
        return [text]
    return [part for part in re.split(f"[{re.escape(split)}]+", text.strip(split + " ")) if part]


def _meaning(reading: Reading, import_map: ImportMap) -> Callable[[str], Outcome]:
    """How one text is read: trimmed, in Unicode's composed form, and then as its kind."""
    missing = _missing(reading, import_map)
    kinds: Mapping[str, Callable[[str], Outcome]] = {
        "code": lambda text: _code(text, reading.codes),
        "country": lambda text: _country(text, import_map),
        "date": lambda text: _date(text, reading.formats),
        "year": _year,
        "number": lambda text: _number(text, reading.most),
        "text": lambda text: text,
    }
    read = kinds[reading.kind]

    def meaning(written: str) -> Outcome:
        unseen = unseen_characters(written)
        if unseen and reading.kind == "text":  # a name may hold joiners that shape its letters
            written, unseen = "".join(one for one in written if not is_unseen(one)), ()
        if unseen:
            raise _Fault(UNSEEN.format(", ".join(unseen)))
        text = unicodedata.normalize("NFC", written).strip()
        if text in missing:
            return None
        if len(text) > MOST_CHARACTERS:
            raise _Fault(TOO_LONG)
        return read(text)

    return meaning


def _missing(reading: Reading, import_map: ImportMap) -> Set[str]:
    """The words for no answer; what is listed as a code is an answer, as NA is Namibia."""
    listed = import_map.countries if reading.kind == "country" else reading.codes
    return (import_map.missing | set(reading.missing)).difference(listed)


def _code(text: str, codes: Mapping[str, str]) -> Outcome:
    if text in codes:
        return codes[text] or None
    scripts = foreign_scripts(text)
    if scripts and as_latin(text) in codes:
        raise _Fault(LOOK_ALIKE.format(" and ".join(scripts)))
    folded = text.casefold()
    raise _Fault(OTHER_CASE if any(folded == code.casefold() for code in codes) else UNLISTED)


def _country(text: str, import_map: ImportMap) -> Outcome:
    if text in import_map.countries:
        return text
    scripts = foreign_scripts(text)
    if scripts and as_latin(text) in import_map.countries:
        raise _Fault(LOOK_ALIKE.format(" and ".join(scripts)))
    raise _Fault(OTHER_CASE if text.upper() in import_map.countries else NO_COUNTRY)


def _date(text: str, formats: tuple[str, ...]) -> Outcome:
    """The date as YYYY-MM-DD, YYYY-MM or YYYY. A whole day in ISO 8601 is always read: it cannot be anything else."""
    for form in ("YYYY-MM-DD", *formats):
        found = _format(form).fullmatch(text)
        if found:
            parts = found.groupdict()
            iso = "-".join(parts[key] for key in ("year", "month", "day") if key in parts)
            if date_span(iso) is not None:
                return iso
    raise _Fault(NO_DATE.format(" or ".join(formats)))


@cache
def _format(form: str) -> re.Pattern[str]:
    pattern = re.escape(form).replace("YYYY", "(?P<year>[0-9]{4})")
    return re.compile(pattern.replace("MM", "(?P<month>[0-9]{2})").replace("DD", "(?P<day>[0-9]{2})"))


def _year(text: str) -> Outcome:
    if re.fullmatch("[12][0-9]{3}", text):
        return text
    raise _Fault(NO_DATE.format("YYYY"))


def _number(text: str, most: int | None) -> Outcome:
    """A whole number or a range; one that is open above ends at the greatest number that there is."""
    known_below = text.endswith("+") and most is not None
    span = number_span(f"{text[:-1].strip()}-{most}" if known_below else text)
    if span is None:
        raise _Fault(NO_NUMBER)
    if most is not None and span[1] > most:
        raise _Fault(TOO_GREAT.format(most))
    return span_text(*span)


def plain_texts(answers: Answers[str]) -> Iterator[str]:
    """The distinct values that are answered at all."""
    counts = np.bincount(answers.place, minlength=len(answers.values))
    return (value for value, count in zip(answers.values, counts, strict=True) if count)
