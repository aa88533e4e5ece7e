"""Keys that are no person's, and persons whose key is written in two ways: looked at before anybody is left out."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import numpy as np
import numpy.typing as npt

from frostglass.sensitive.coding.contribution import Persons, normalised
from frostglass.sensitive.coding.departure import MOST_EXAMPLES, Example, Findings, shown
from frostglass.sensitive.coding.headings import Columns
from frostglass.terms.codebook import RELEASED_KEY
from frostglass.terms.unit import OnPlaceholder, PrivacyUnit
from frostglass.terms.wording import counted

MOST_SHARE = 50
"""A key with more than one record in so many, of a table, is no person's: 2% of all records."""

LEAST_CROWD = 10
"""However small the table, a person may have so many records."""

_WORDS = """
unknown unk notknown anonymous anon none null nil nan na missing blank empty undefined notavailable notapplicable
notgiven nodata noid nokey noname tbc tbd tba test dummy placeholder
inconnu inconnue anonyme aucun aucune neant nondisponible
desconocido desconocida anonimo anonima ninguno ninguna sindato sindatos noaplica
desconhecido desconhecida nenhum nenhuma semdado semdados naoaplicavel
unbekannt anonym keine keiner keineangabe sconosciuto sconosciuta onbekend geen
неизвестно неизвестныи неизвестен нет невідомо مجهول غيرمعروف لايوجد 未知 不明 无 無
"""

_NOBODY = frozenset(_WORDS.split())
"""Words for nobody, as ``_letters`` leaves them."""


def check_persons(persons: Persons, unit: PrivacyUnit, on_placeholder: OnPlaceholder, findings: Findings) -> None:
    """Enter what is wrong with the keys, and how many people and records the bound leaves out."""
    name, records = unit.person_key or "", len(persons.of_row)
    if persons.blank:
        findings.refuse(
            "FG-IN-045", name, persons.blank, "records without a person key: give every record the key of its person"
        )
        return
    if persons.unseen:
        findings.refuse(
            "FG-IN-037", name, persons.unseen, "person keys with characters that cannot be seen: write them without"
        )
    elif len(persons.keys) == 1 and records > 1:
        findings.refuse("FG-IN-045", name, records, "records with one and the same person key: name the right column")
    else:
        _enter_placeholders(persons, unit, on_placeholder, findings)
    _enter_alike(persons, name, findings)
    _enter_left_out(persons, unit, findings)


def check_copies(persons: Persons, columns: Columns, findings: Findings) -> None:
    """Refuse variables whose every cell is the key: under another heading it would be released all the same."""
    numbers = {key: number for number, key in enumerate(persons.keys)}
    others = {name: column for name, column in columns.of_variable.items() if column is not columns.key}
    for name, column in others.items():
        by_value = np.array([numbers.get(normalised(value), -1) for value in column.values], dtype=np.int64)
        if len(column.index) and np.array_equal(by_value[column.index], persons.of_row):
            findings.refuse("FG-IN-085", name, 0, f"every cell is the person key: {RELEASED_KEY}")


def _enter_placeholders(persons: Persons, unit: PrivacyUnit, on_placeholder: OnPlaceholder, findings: Findings) -> None:
    name, which = unit.person_key or "", placeholders(persons)
    count, kept = (int(each[which].sum()) for each in (persons.records, np.minimum(persons.records, unit.max_records)))
    if not count:
        return
    keys = counted(int(which.sum()), "key")
    _show("FG-IN-083", name, persons, which, findings)
    if on_placeholder == "allow":
        findings.note(
            "FG-IN-083",
            name,
            count,
            f"records of {keys} that may be no person's; each key is taken as one person, and so {count - kept:,} of "
            "these records are left out",
        )
    else:
        findings.refuse(
            "FG-IN-083",
            name,
            count,
            f"records of {keys} that may be no person's: words for nobody, fillers, or one key for more than "
            f"{100 // MOST_SHARE}% of all records. Give every record the key of its person; if these are people, pass "
            "`placeholder_keys=allow`",
        )


def _enter_alike(persons: Persons, name: str, findings: Findings) -> None:
    which = alike(persons)
    if not which.any():
        return
    _show("FG-IN-084", name, persons, which, findings)
    findings.note(
        "FG-IN-084",
        name,
        int(which.sum()),
        "person keys that differ from another in leading zeros, a decimal point or case alone; each is taken as a "
        "person, so write the keys of one person alike",
    )


def _enter_left_out(persons: Persons, unit: PrivacyUnit, findings: Findings) -> None:
    left = persons.left_out(unit.max_records)
    if left.people:
        findings.note(
            "FG-IN-044",
            unit.person_key or "",
            left.people,
            f"people with more than {counted(unit.max_records, 'record')}; kept: so many of each, chosen by a hash; "
            f"left out: {counted(left.records, 'record')}",
        )


def _show(code: str, name: str, persons: Persons, which: npt.NDArray[np.bool_], findings: Findings) -> None:
    """Enter the keys themselves, those with most records first, for the private report."""
    places = np.flatnonzero(which)
    for place in places[np.argsort(-persons.records[places], kind="stable")][:MOST_EXAMPLES]:
        first = int(np.argmax(persons.of_row == place)) + 1
        findings.examples.append(
            Example(code, name, shown(persons.keys[place]), int(persons.records[place]), first, None)
        )


def placeholders(persons: Persons) -> npt.NDArray[np.bool_]:
    """Which keys look as if they stood for no one person: one truth value a key.

    A key with a single record leaves nobody out, and is none. Of the others these are: a word for nobody; a key without
    any letter or digit; a filler (zero, a negative number, one character over and over) that has more records than
    every key that is none; and whatever has more than 10 records and more than 2% of all.
    """
    records = persons.records
    several = records > 1
    words = np.array([_is_nobody(key) for key in persons.keys], dtype=np.bool_)
    fillers = np.array([_is_filler(key) for key in persons.keys], dtype=np.bool_)
    crowds = (records > LEAST_CROWD) & (records * MOST_SHARE > len(persons.of_row))
    ordinary = records[~(words | fillers | crowds)]
    found: npt.NDArray[np.bool_] = several & (words | crowds | (fillers & (records > ordinary.max(initial=0))))
    return found


def alike(persons: Persons) -> npt.NDArray[np.bool_]:
    """Which keys differ from another one only in leading zeros, a decimal point or case: one truth value a key."""
    forms = [_form(key) for key in persons.keys]
    number = Counter(forms)
    return np.array([number[form] > 1 for form in forms], dtype=np.bool_)


def _letters(key: str) -> str:
    """The letters and digits of a key alone, without case and accents."""
    plain = unicodedata.normalize("NFKD", key).casefold()
    return "".join(one for one in plain if one.isalnum())


def _is_nobody(key: str) -> bool:
    letters = _letters(key)
    return not letters or letters in _NOBODY


def _is_filler(key: str) -> bool:
    letters = _letters(key)
    repeated = len(letters) > 1 and len(set(letters)) == 1
    return repeated or letters == "0" or re.fullmatch(r"[-−–][0-9]+([.,][0-9]*)?", key) is not None


def _form(key: str) -> str:
    """What is left of a key when nothing counts but its letters' kind and its numbers' worth."""
    if not key.isascii():
        plain = unicodedata.normalize("NFKC", key)
        key = "".join(str(unicodedata.decimal(one, one)) for one in plain)
    whole = re.sub(r"^([0-9]+)[.,]0*$", r"\1", key.casefold())
    return re.sub(r"(?<![0-9.,])0+(?=[0-9])", "", whole)
