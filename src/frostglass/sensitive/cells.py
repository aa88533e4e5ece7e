"""The cells of one column as positions of its variable; each distinct value is looked up once."""

from __future__ import annotations

import difflib
import itertools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from frostglass.arrays.text_table import TextColumn, unseen_characters
from frostglass.sensitive import spellings
from frostglass.sensitive.departure import MOST_EXAMPLES, Example, Findings, shown
from frostglass.terms.codebook import Codebook, Variable
from frostglass.terms.domain import MISSING
from frostglass.terms.plan import OnUnknown


@dataclass(frozen=True, repr=False)
class CodedColumn:
    """``positions`` is uint16, one a row. ``in_doubt`` marks rows whose value was refused; None when none was."""

    positions: npt.NDArray[np.uint16]
    in_doubt: npt.NDArray[np.bool_] | None

    def missing(self) -> npt.NDArray[np.bool_]:
        """Rows that have no value here; a refused value is one."""
        missing: npt.NDArray[np.bool_] = self.positions == MISSING
        return missing if self.in_doubt is None else missing & ~self.in_doubt


@dataclass(frozen=True)
class _Sort:
    """A kind of departure within a column; ``always`` refused, or only where unknown values are."""

    code: str
    message: str
    is_note: bool = False
    always: bool = False


@dataclass
class _Reading:
    """What one distinct value is, and what there is to say about it."""

    position: int = MISSING
    in_doubt: bool = False
    sorts: list[_Sort] = field(default_factory=list)


_SPACES = _Sort("FG-IN-036", "values with spaces around them, trimmed", is_note=True)
_COMPOSED = _Sort("FG-IN-039", "values that were not in Unicode's composed form, normalised to NFC", is_note=True)
_SET = _Sort("FG-IN-041", "sets written in another order or with a part twice, normalised", is_note=True)
_OTHER = _Sort("FG-IN-073", "sets that the codebook gathers under its code for others", is_note=True)
_ALIAS = _Sort("FG-IN-075", "values read through an alias", is_note=True)
_TOKEN = _Sort("FG-IN-028", "words that the codebook lists as missing", is_note=True)


_MOST_LOOKED_INTO = 2_000
"""Most different values of a column that are looked into for a slip; with more, it is another column altogether."""


def code_column(
    column: TextColumn, variable: Variable, codebook: Codebook, unknown: OnUnknown, findings: Findings
) -> CodedColumn:
    """Positions of the cells; a value that is no code becomes missing, and is entered in ``findings``.

    Whether it is refused or taken as missing is ``unknown``'s choice, but for characters that cannot be seen: these are
    always refused, because the file is not what it looks like.
    """
    counts = column.counts()
    looked_into = itertools.count()
    readings = [_read(value, variable, codebook, looked_into) for value in column.values]
    _enter(column, variable, counts, readings, unknown, findings)
    positions = np.array([one.position for one in readings], dtype=np.uint16)
    doubts = np.array([one.in_doubt for one in readings], dtype=np.bool_)
    if unknown == "missing":
        doubts[:] = False
    if not doubts.any():
        _enter_shape(variable, counts, positions, findings)
    return CodedColumn(positions[column.index], doubts[column.index] if doubts.any() else None)


def _read(value: str, variable: Variable, codebook: Codebook, looked_into: Iterator[int]) -> _Reading:
    unseen = unseen_characters(value)
    if unseen:
        message = spellings.UNSEEN.format(", ".join(unseen))
        return _Reading(in_doubt=True, sorts=[_Sort("FG-IN-037", message, always=True)])
    composed = unicodedata.normalize("NFC", value)
    text = composed.strip()
    reading = _Reading()
    match = codebook.match_value(variable.name, text)
    if match.kind == "code":
        reading.position = match.position
        reading.sorts += _respelled(text, variable.codes[match.position - 1], variable, codebook)
    elif match.kind == "missing":
        reading.sorts += [_TOKEN] if text in codebook.missing_in and text else []
    else:
        slip = spellings.NOT_ADMITTED if match.kind == "not_admitted" else spellings.UNKNOWN
        if match.kind == "unknown" and next(looked_into) < _MOST_LOOKED_INTO:
            slip = spellings.slip(text, variable, codebook)
        reading.in_doubt = True
        reading.sorts.append(_Sort(slip.code, slip.message))
    reading.sorts += [_SPACES] if text != composed and text else []
    reading.sorts += [_COMPOSED] if composed != value else []
    return reading


def _respelled(text: str, code: str, variable: Variable, codebook: Codebook) -> Iterator[_Sort]:
    """In what way a value that was read as ``code`` is written otherwise."""
    if text == code or variable.bands:
        return
    if variable.other is not None and code == variable.other.code:
        yield _ALIAS if text in variable.other.aliases else _OTHER
        return
    if variable.type != "set" or text in variable.by_text:
        yield _ALIAS
        return
    parts = [part.strip() for part in text.split(codebook.set_separator) if part.strip()]
    atoms = [variable.by_text[part] for part in parts]
    if codebook.set_separator.join(atoms) != code:
        yield _SET
    if atoms != parts:
        yield _ALIAS


def _enter(
    column: TextColumn,
    variable: Variable,
    counts: npt.NDArray[np.int64],
    readings: list[_Reading],
    unknown: OnUnknown,
    findings: Findings,
) -> None:
    by_sort: dict[_Sort, list[int]] = {}
    for number, reading in enumerate(readings):
        for sort in reading.sorts:
            by_sort.setdefault(sort, []).append(number)
    for sort, numbers in by_sort.items():
        count = int(counts[numbers].sum())
        if sort.is_note:
            findings.note(sort.code, variable.name, count, sort.message)
        elif unknown == "missing" and not sort.always:
            findings.note(sort.code, variable.name, count, f"{sort.message}. Taken as missing, as you asked")
        else:
            findings.refuse(sort.code, variable.name, count, sort.message)
        if not sort.is_note:
            findings.examples += _examples(sort.code, column, variable, counts, numbers)


def _examples(
    code: str, column: TextColumn, variable: Variable, counts: npt.NDArray[np.int64], numbers: list[int]
) -> Iterator[Example]:
    """The most frequent values behind a departure."""
    listed = list(dict.fromkeys([*variable.codes, *variable.by_text]))
    for number in sorted(numbers, key=lambda one: -int(counts[one]))[:MOST_EXAMPLES]:
        value = column.values[number]
        close = difflib.get_close_matches(value.strip(), listed, n=1, cutoff=0.5)
        first = int(np.argmax(column.index == number)) + 1
        yield Example(code, variable.name, shown(value), int(counts[number]), first, close[0] if close else None)


def _enter_shape(
    variable: Variable, counts: npt.NDArray[np.int64], positions: npt.NDArray[np.uint16], findings: Findings
) -> None:
    """Note a column that holds nothing, or the same in every record."""
    held = {int(position) for position, count in zip(positions, counts, strict=True) if count}
    if held == {MISSING}:
        findings.note("FG-IN-046", variable.name, int(counts.sum()), "records, and none has a value here")
    elif len(held) == 1 and int(counts.sum()) > 1:
        findings.note("FG-IN-046", variable.name, int(counts.sum()), "records, and all have the same value here")
