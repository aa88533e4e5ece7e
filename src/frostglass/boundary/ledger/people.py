"""The people whose keys a ledger knows, and the letters that they sign: with keys, four eyes are two keys.

Proof: docs/proofs/ledger.md, "What an approval shows". Reference: docs/reference/ledger.md, "People and letters".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from frostglass.boundary.ledger.entries import Json, UnreadableEntryError, canonical, json_object
from frostglass.signed import is_signed

LETTER = b"frostglass letter 1\n"
"""What stands before a letter's canonical JSON when it is signed, so that the signature serves for nothing else."""

FIRST_PEOPLE = 2
"""So many people are entered without a letter of another, because there is nobody yet to write one."""

_APPROVAL = "approval"
_ABOUT = {
    _APPROVAL: ("release_id", "manifest_sha256"),
    "person": ("person", "person_key"),
    "person-left": ("person", "person_key"),
}
_EVERY = ("format", "kind", "ledger_id", "by", "note", "on", "key", "signature")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


def folded(name: str) -> str:
    """A name as names are compared: its letters, marks and digits, without regard to case and ways to write them."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(each for each in text if unicodedata.category(each)[0] in "LMN")


def letter_fault(text: str, *, said: Mapping[str, Json]) -> str | None:
    """Why a letter does not say, under the key that it names, all that is ``said``; ``None`` when it does.

    Its text is canonical JSON, the signature included. ``said`` holds its kind and what its kind is about.
    """
    try:
        letter = json_object(text)
    except UnreadableEntryError:
        return "cannot be read"
    due = {*_EVERY, *_ABOUT[str(said["kind"])]}
    values = {name: value for name, value in letter.items() if isinstance(value, str)}
    formed = canonical(letter) == text and letter.keys() == due and values.keys() == due - {"format"}
    if not (formed and type(letter["format"]) is int and letter["format"] == 1):
        return "is not in the form of its kind"
    if not (_DAY.fullmatch(values["on"]) and _SIGNATURE.fullmatch(values["signature"])):
        return "is not in the form of its kind"
    if any(values[name] != value for name, value in said.items()):
        return "is about something else"
    unsigned = canonical({name: value for name, value in letter.items() if name != "signature"}).encode()
    if not is_signed(LETTER + unsigned, bytes.fromhex(values["signature"]), values["key"]):
        return "is not signed by the key that it names"
    return None


@dataclass
class People:
    """Whose keys are known now, by key; all keys that ever were; whether letters are due by now.

    They are, for good, from the moment on at which two people are known.
    """

    known: dict[str, str] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)
    letters_are_due: bool = False

    def take(self, kind: str, body: Mapping[str, Json]) -> None:
        """Take in a ``person`` or ``person-left`` entry in which ``fault`` found nothing wrong."""
        name, key = str(body["name"]), str(body["key"])
        if kind == "person":
            self.known[key] = name
            self.ever.add(key)
        else:
            del self.known[key]
        self.letters_are_due |= len(self.known) >= FIRST_PEOPLE

    def fault(self, kind: str, body: Mapping[str, Json], ledger_id: str) -> str | None:
        """Why a ``person`` or ``person-left`` entry cannot be; ``None`` when it can."""
        name, key = str(body["name"]), str(body["key"])
        if kind == "person-left" and self.known.get(key) != name:
            return "nobody is known here by that name and that key"
        if kind == "person" and (key in self.ever or folded(name) in {"", *map(folded, self.known.values())}):
            return "a person is entered once, by a name in letters and a key that nobody had before"
        if "letter" not in body:
            return None if self._needs_no_letter(kind, body) else "another person's letter is due"
        said = {"kind": kind, "ledger_id": ledger_id, "person": name, "person_key": key}
        return self._letter_fault(str(body["letter"]), said, not_by=str(body["by"]))

    def approval_fault(self, body: Mapping[str, Json], release_id: str, ledger_id: str) -> str | None:
        """Why an approval does not count by its letter, or for want of one; ``None`` when it does."""
        if not body.keys() & {"letter", "key"}:
            return "keys of people are known, so an approval takes a letter" if self.letters_are_due else None
        if not body.keys() >= {"letter", "key"}:
            return "a letter and the key that signed it go together"
        said = {name: body[name] for name in ("manifest_sha256", "by", "note", "key")}
        said |= {"kind": _APPROVAL, "ledger_id": ledger_id, "release_id": release_id}
        return self._letter_fault(str(body["letter"]), said, not_by="")

    def _needs_no_letter(self, kind: str, body: Mapping[str, Json]) -> bool:
        """The first people have nobody to write one; of two, one may be gone with the key, which is told for ever."""
        if kind == "person" and len(self.ever) < FIRST_PEOPLE:
            return True
        most = FIRST_PEOPLE - 1 if kind == "person" else FIRST_PEOPLE
        return len(self.known) <= most and bool(body.get("reason"))

    def _letter_fault(self, text: str, said: Mapping[str, Json], *, not_by: str) -> str | None:
        fault = letter_fault(text, said=said)
        if fault:
            return f"the letter {fault}"
        letter = json_object(text)
        name = self.known.get(str(letter["key"]))
        if name is None or folded(name) != folded(str(letter["by"])):
            return "the letter is by nobody whose key is known here"
        return "the letter is by the very person who enters it" if folded(name) == folded(not_by) else None


def keys_of(approvals: Collection[Mapping[str, Json]]) -> set[str]:
    """The keys that signed these approvals."""
    return {str(each["key"]) for each in approvals if "key" in each}
