"""The codebook as everyone reads it: variables, codes, labels, and how a text in a table is matched to a code.

Values only. The file format, its checks and its shipped examples live in ``frostglass.codebooks``, which builds these
values; nothing here reads a file.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from frostglass.errors import CodebookError
from frostglass.terms.constraint import Clause
from frostglass.terms.domain import MISSING, MISSING_LABEL, Domain
from frostglass.terms.recoding import Recoding
from frostglass.terms.wording import members

VariableType = Literal["nominal", "ordinal", "integer", "flag", "set"]
Role = Literal["direct_identifier", "quasi", "sensitive", "public"]
Overflow = Literal["null", "error", "other_label"]
SetOrder = Literal["lexical", "codebook"]
MatchKind = Literal["code", "missing", "unknown", "not_admitted"]
ConstraintKind = Literal["not_null", "at_least_one", "implies", "forbid", "requires_any", "max_atoms", "complete_rate"]
Basis = Literal["structural", "empirical"]

INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
"""How an integer is written in a table: plain decimal digits, no leading zero, no plus sign, no point."""


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint such as "; did you mean 'gender'?", or nothing when no known word is close. For public words only."""
    by_folded = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return f"; did you mean {by_folded[close[0]]!r}?" if close else ""


def text_in(language: str, texts: Mapping[str, str], default: str, otherwise: str) -> str:
    """The text in ``language``, else in the language ``default``, else in any, else ``otherwise``."""
    return texts.get(language) or texts.get(default) or next(iter(texts.values()), "") or otherwise


def join_atoms(atoms: Iterable[str], order: Sequence[str], *, separator: str, set_order: SetOrder) -> str:
    """The code of a set of distinct atoms: sorted as plain text, or as ``order`` lists them, and joined."""
    ordered = sorted(atoms) if set_order == "lexical" else sorted(atoms, key=order.index)
    return separator.join(ordered)


@dataclass(frozen=True)
class Category:
    """A permitted value: what is written (``code``), how it is shown, what it means, what else is read as it."""

    code: str
    label: Mapping[str, str]
    definition: str
    aliases: tuple[str, ...]
    color: str | None


@dataclass(frozen=True)
class Null:
    """What a missing value means for one variable; ``structural`` "never" means that every record has a value."""

    meaning: str
    structural: Literal["allowed", "never"]
    count_as_value: bool


@dataclass(frozen=True)
class Band:
    """Integers from ``low`` to ``high``, both included, which are released as ``code``."""

    low: int
    high: int
    code: str


@dataclass(frozen=True)
class Variable:
    """A released column.

    ``codes`` are the released values in order; the codebook counts their positions from 1, after the missing one. For a
    set variable ``categories`` are its atoms and ``codes`` all admitted sets; for every other type there is one
    category a code, in the same order.
    """

    name: str
    number: int
    aliases: tuple[str, ...]
    label: Mapping[str, str]
    type: VariableType
    role: Role
    definition: str
    categories: tuple[Category, ...]
    codes: tuple[str, ...]
    bands: tuple[Band, ...]
    overflow: Overflow
    other: Category | None
    null: Null
    sensitive_zeros: bool
    denominator_group: str | None
    recall: str | None

    @cached_property
    def by_text(self) -> Mapping[str, str]:
        """Each text that is read as a category, by code or alias, with the code of that category."""
        return {text: category.code for category in self.categories for text in (*category.aliases, category.code)}

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Position of each released code, as a codebook counts."""
        return {code: position for position, code in enumerate(self.codes, start=MISSING + 1)}

    def code(self, match: Match) -> str | None:
        """The code that a text was matched to; None where it is none."""
        return self.codes[match.position - (MISSING + 1)] if match.kind == "code" else None


@dataclass(frozen=True)
class Group:
    """A denominator group: shares of its members are among records with any of them."""

    name: str
    label: Mapping[str, str]
    definition: str
    color: str | None
    page: str | None
    members: tuple[str, ...]


@dataclass(frozen=True)
class Constraint:
    """A declared rule in words. Structural ones are also compiled, in ``Codebook.clauses``, under the same name."""

    name: str
    kind: ConstraintKind
    basis: Basis
    variables: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class ReleaseTexts:
    """Texts that go with every release; any may be empty."""

    citation: str
    provenance: str
    limitations: tuple[str, ...]
    terms: str
    contact: str
    file_stem: str
    accessed_note: str


@dataclass(frozen=True)
class Confirmation:
    """Who confirmed, and on which day, that a drafted codebook holds public knowledge only."""

    by: str
    on: str


@dataclass(frozen=True)
class Match:
    """What a text in a table is to a variable; ``position``, as a codebook counts, is 0 unless ``kind`` is "code"."""

    kind: MatchKind
    position: int


RELEASED_KEY = (
    "the person key is a variable of the codebook, so it would be released: a key only tells persons apart. Take it "
    'out of the codebook, or give it role = "direct_identifier" there; where it is no key, name the right column'
)
"""What is wrong with a person key that a codebook releases."""


_MISSING = Match("missing", MISSING)
_UNKNOWN = Match("unknown", MISSING)
_NOT_ADMITTED = Match("not_admitted", MISSING)


@dataclass(frozen=True, eq=False)
class Codebook:
    """The public description of a table: everything that a release may know about the data beforehand.

    ``canonical`` is the whole codebook as canonical JSON and ``sha256`` its hash, which names the codebook in plans,
    ledgers and bundles; two codebooks are equal when these are. ``variables`` and ``domain.attributes`` run in
    parallel; in ``domain`` a variable is never missing where a structural constraint gives it a value in every record.
    ``clauses`` count positions as if every variable might be missing. ``recoding`` makes the values from source
    records. ``identifiers`` are the columns that the codebook declares as direct identifiers: known, never released.
    """

    id: str
    version: str
    title: str
    date: str
    language: str
    publisher: str
    unit: str
    privacy_unit: str
    set_separator: str
    set_order: SetOrder
    missing_in: tuple[str, ...]
    variables: tuple[Variable, ...]
    identifiers: tuple[str, ...]
    domain: Domain
    constraints: tuple[Constraint, ...]
    clauses: tuple[Clause, ...]
    groups: Mapping[str, Group]
    recoding: Recoding
    release: ReleaseTexts
    related: Mapping[str, str]
    drafted: bool
    confirmed: Confirmation | None
    canonical: bytes
    sha256: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Codebook) and self.canonical == other.canonical

    def __hash__(self) -> int:
        return hash(self.canonical)

    def __repr__(self) -> str:
        return f"<codebook {self.id} {self.version}, {len(self.variables)} variables, {self.sha256[:12]}>"

    def with_missing_everywhere(self) -> Codebook:
        """The same codebook where every variable may be missing: for tables whose constraints are not enforced."""
        return replace(self, domain=self.domain.with_never_missing(frozenset()))

    @cached_property
    def _by_name(self) -> Mapping[str, Variable]:
        return {variable.name: variable for variable in self.variables}

    @cached_property
    def _missing(self) -> frozenset[str]:
        return frozenset(self.missing_in)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Languages in which anything is labelled, the codebook's own first."""
        labels = [variable.label for variable in self.variables]
        labels += [category.label for variable in self.variables for category in variable.categories]
        return (self.language, *sorted({one for label in labels for one in label} - {self.language}))

    def variable(self, name: str) -> Variable:
        """The variable of that exact name; CodebookError FG-CB-006 when there is none."""
        try:
            return self._by_name[name]
        except KeyError:
            hint = nearest(name, self._by_name) or f"; its variables are {', '.join(self._by_name)}"
            raise CodebookError("FG-CB-006", f"codebook {self.id} has no variable {name!r}{hint}") from None

    def label(self, name: str, language: str | None = None) -> str:
        """How the variable is called in ``language`` (default: the codebook's own); its name when it has no label."""
        variable = self.variable(name)
        return text_in(language or self.language, variable.label, self.language, variable.name)

    def value_label(self, name: str, code: str, language: str | None = None) -> str:
        """How ``code`` is shown: a category's label, the labels of a set's atoms joined, "(missing)" for a missing one.

        CodebookError FG-CB-008 when the variable has no such code.
        """
        variable = self.variable(name)
        if code == MISSING_LABEL:
            return MISSING_LABEL
        if code not in variable.positions:
            hint = nearest(code, variable.codes)
            raise CodebookError("FG-CB-008", f"variable {name!r} has no code {code!r}{hint}")
        labels = {one.code: one.label for one in (*variable.categories, *filter(None, [variable.other]))}
        parts = [code] if code in labels else code.split(self.set_separator)
        shown = [text_in(language or self.language, labels[part], self.language, part) for part in parts]
        return members(shown)

    def match_name(self, text: str) -> str | None:
        """The variable that a column heading names: exactly, by alias, or trimmed and caseless if that is unique."""
        wanted = unicodedata.normalize("NFC", text)
        exact, folded = self._headings
        return exact.get(wanted) or folded.get(wanted.strip().casefold())

    @cached_property
    def _headings(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        pairs = [(text, one.name) for one in self.variables for text in (*one.aliases, one.name)]
        owners: dict[str, set[str]] = {}
        for text, name in pairs:
            owners.setdefault(text.strip().casefold(), set()).add(name)
        return dict(pairs), {text: next(iter(names)) for text, names in owners.items() if len(names) == 1}

    def match_value(self, name: str, text: str) -> Match:
        """What ``text``, a cell of the column ``name``, is: a code, missing, unknown, or a set that is not admitted.

        Spaces around it are trimmed. A code or alias that the variable lists wins over a missing token (``NA`` may be
        Namibia). Case matters, except through aliases. Integers match by range or band, sets atom by atom in any order.
        """
        variable = self.variable(name)
        wanted = unicodedata.normalize("NFC", text).strip()
        code = wanted if wanted in variable.positions else variable.by_text.get(wanted)
        if code is None and variable.other is not None and wanted in variable.other.aliases:
            code = variable.other.code
        if code is not None:
            return Match("code", variable.positions[code])
        if wanted in self._missing:
            return _MISSING
        if variable.type == "set":
            return self._match_set(variable, wanted)
        return _match_band(variable, wanted)

    def _match_set(self, variable: Variable, text: str) -> Match:
        parts = [part.strip() for part in text.split(self.set_separator)]
        atoms = {variable.by_text.get(part) for part in parts if part}
        if not atoms:
            return _MISSING
        known = {atom for atom in atoms if atom is not None}
        if known != atoms:
            return _UNKNOWN
        order = [category.code for category in variable.categories]
        joined = join_atoms(known, order, separator=self.set_separator, set_order=self.set_order)
        position = variable.positions.get(joined)
        if position is None and variable.other is not None:
            position = variable.positions[variable.other.code]
        return _NOT_ADMITTED if position is None else Match("code", position)

    def ready_for_release(self) -> None:
        """Refuse a codebook that was drafted from data until a steward has confirmed it as public knowledge."""
        if self.drafted and self.confirmed is None:
            raise CodebookError(
                "FG-CB-007",
                f"codebook {self.id} was drafted from data, so its categories may themselves give cases away: check "
                'that each is public knowledge, then add confirmed = { by = "your name", on = "YYYY-MM-DD" } under '
                "[codebook]",
            )


def _match_band(variable: Variable, text: str) -> Match:
    if variable.bands and INTEGER.fullmatch(text):
        number = int(text)
        for band in variable.bands:
            if band.low <= number <= band.high:
                return Match("code", variable.positions[band.code])
    return _UNKNOWN
