"""The cells of one column as positions of its variable; each distinct value is looked up once."""

from __future__ import annotations

import difflib
import itertools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.coding import spellings
from frostglass.sensitive.coding.departure import MOST_EXAMPLES, Example, Findings, shown
from frostglass.tables.text_table import TextColumn, unseen_characters
from frostglass.terms.codebook import Codebook, Variable
from frostglass.terms.domain import MISSING
from frostglass.terms.plan import OnUnknown


@dataclass(frozen=True, repr=False)
class CodedColumn:
    """``positions``, as the codebook counts them, are uint16, one a row.

    ``in_doubt`` marks rows whose value was refused; None when none was.
    """

    positions: npt.NDArray[np.uint16]
    in_doubt: npt.NDArray[np.bool_] | None

    @classmethod
    def of(cls, codes: npt.NDArray[np.uint16], variable: Variable) -> CodedColumn:
        """The column that a coder gave these codes to."""
        in_doubt = codes == doubt(variable)
        if not in_doubt.any():
            return cls(codes, None)
        return cls(np.where(in_doubt, np.uint16(MISSING), codes), in_doubt)

    def missing(self) -> npt.NDArray[np.bool_]:
        """Rows that have no value here; a refused value is one."""
        missing: npt.NDArray[np.bool_] = self.positions == MISSING
        return missing if self.in_doubt is None else missing & ~self.in_doubt


def doubt(variable: Variable) -> int:
    """The code of a refused value: one beyond the positions of the variable."""
    return len(variable.codes) + 1


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


_NEVER = ". The codebook says that it is never missing, so they cannot be taken as missing: list them, or correct them"

_MOST_LOOKED_INTO = 2_000
"""Most different values of a column that are looked into for a slip; with more, it is another column altogether."""


class ColumnCoder:
    """Codes the cells of one variable, part by part; each distinct value is looked up once, and all are remembered."""

    def __init__(self, variable: Variable, codebook: Codebook, unknown: OnUnknown) -> None:
        self.variable = variable
        self._codebook = codebook
        self._may_lack = codebook.domain.attribute(variable.name).missing
        self._asked, self._unknown = unknown, unknown if self._may_lack else "refuse"
        self._looked_into = itertools.count()
        self._numbers: dict[str, int] = {}
        self._counts: list[int] = []
        self._codes: list[int] = []
        self._by_sort: dict[_Sort, list[int]] = {}
        self._first: dict[int, int] = {}

    def __len__(self) -> int:
        """Number of distinct values so far."""
        return len(self._numbers)

    @property
    def in_doubt(self) -> bool:
        """Whether any value so far was refused."""
        return doubt(self.variable) in self._codes

    def code(
        self, column: TextColumn, *, weights: npt.NDArray[np.int64] | None = None, before: int | None = None
    ) -> npt.NDArray[np.uint16]:
        """Codes of the cells: positions, or ``doubt`` for a value that was refused.

        A row stands for one record, or for ``weights`` of them. ``before`` is the number of records in earlier parts;
        None when the records have no order.
        """
        known = len(self._numbers)
        numbers = [self._number(value) for value in column.values]
        for number, count in zip(numbers, _counts(column, weights), strict=True):
            self._counts[number] += count
        if before is not None and any(number >= known and number in self._first for number in numbers):
            for number, first in zip(numbers, _firsts(column), strict=True):
                if number >= known and number in self._first:
                    self._first[number] = before + first + 1
        codes = np.array([self._codes[number] for number in numbers], dtype=np.uint16)
        return codes[column.index]

    def enter(self, findings: Findings) -> None:
        """Enter what there is to say of the values, those of all parts together.

        Whether a value that is no code is refused or taken as missing is ``unknown``'s choice, but for characters that
        cannot be seen: these are always refused, because the file is not what it looks like. So are all where the
        variable is never missing.
        """
        name, refused = self.variable.name, "" if self._unknown == self._asked else _NEVER
        for sort, numbers in self._by_sort.items():
            count = sum(self._counts[number] for number in numbers)
            if sort.is_note:
                findings.note(sort.code, name, count, sort.message)
            elif self._unknown == "missing" and not sort.always:
                findings.note(sort.code, name, count, f"{sort.message}. Taken as missing, as you asked")
            else:
                findings.refuse(sort.code, name, count, f"{sort.message}{refused}")
            if not sort.is_note:
                findings.examples += self._examples(sort.code, numbers)
        if not self.in_doubt:
            self._enter_shape(findings)

    @property
    def lacks_none(self) -> bool:
        """Whether the variable may be missing and is not in any record, and none is a flag, whose missing means no."""
        held = self._held()
        return (
            self._may_lack
            and self.variable.type != "flag"
            and bool(held)
            and not {MISSING, doubt(self.variable)} & held
        )

    def _held(self) -> set[int]:
        """The different codes of all records."""
        return {code for code, count in zip(self._codes, self._counts, strict=True) if count}

    def _number(self, value: str) -> int:
        """The number of a distinct value; a new one is read."""
        number = self._numbers.setdefault(value, len(self._numbers))
        if number == len(self._codes):
            reading = _read(value, self.variable, self._codebook, self._looked_into)
            refused = reading.in_doubt and self._unknown == "refuse"
            self._codes.append(doubt(self.variable) if refused else reading.position)
            self._counts.append(0)
            for sort in reading.sorts:
                self._by_sort.setdefault(sort, []).append(number)
                if not sort.is_note:
                    self._first[number] = 0
        return number

    def _examples(self, code: str, numbers: list[int]) -> Iterator[Example]:
        """The most frequent values behind a departure."""
        listed = list(dict.fromkeys([*self.variable.codes, *self.variable.by_text]))
        values = list(self._numbers)
        for number in sorted(numbers, key=lambda one: -self._counts[one])[:MOST_EXAMPLES]:
            close = difflib.get_close_matches(values[number].strip(), listed, n=1, cutoff=0.5)
            yield Example(
                code,
                self.variable.name,
                shown(values[number]),
                self._counts[number],
                self._first[number],
                close[0] if close else None,
            )

    def _enter_shape(self, findings: Findings) -> None:
        """Note a column that holds nothing, or the same in every record."""
        held, records = self._held(), sum(self._counts)
        if held == {MISSING}:
            findings.note("FG-IN-046", self.variable.name, records, "records, none of them with a value here")
        elif len(held) == 1 and records > 1:
            findings.note("FG-IN-046", self.variable.name, records, "records, all of them with the same value here")


def _counts(column: TextColumn, weights: npt.NDArray[np.int64] | None) -> list[int]:
    """Number of records of each distinct value."""
    counts = np.zeros(len(column.values), dtype=np.int64)
    if weights is None:
        counts = column.counts()
    else:
        np.add.at(counts, column.index, weights)
    return [int(count) for count in counts]


def _firsts(column: TextColumn) -> list[int]:
    """The first row of each distinct value, from 0."""
    first = np.zeros(len(column.values), dtype=np.int64)
    first[column.index[::-1]] = np.arange(len(column.index) - 1, -1, -1)
    return [int(row) for row in first]


def _read(value: str, variable: Variable, codebook: Codebook, looked_into: Iterator[int]) -> _Reading:
    unseen = unseen_characters(value)
    if unseen:
        message = spellings.UNSEEN.format(", ".join(unseen))
        return _Reading(in_doubt=True, sorts=[_Sort("FG-IN-037", message, always=True)])
    composed = unicodedata.normalize("NFC", value)
    text = composed.strip()
    reading = _Reading()
    match = codebook.match_value(variable.name, text)
    code = variable.code(match)
    if code is not None:
        reading.position = match.position
        reading.sorts += _respelled(text, code, variable, codebook)
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
