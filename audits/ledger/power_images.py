"""What a disk may hold after a power cut, given what was done to it and what of that was synced before.

What is synced is there. Of all else, anything may be there or not: each write whole, in part (sectors of 512 bytes),
or not at all; a file created or deleted, or not yet. Where a file grew and its new bytes did not reach the disk, there
may be zeros or rubbish.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from audits.ledger.power_vfs import Operation

_SECTOR = 512
POLICIES = ("none", "all", "random", "torn", "rubbish")
"""What becomes of what was not synced; the last three differ each time."""

Image = dict[str, bytes]
"""The files of a disk: name and content."""


@dataclass
class Disk:
    """Files as they surely are, and what was done to them since they were last synced, in order."""

    names: dict[str, int]
    contents: dict[int, bytes]
    now: dict[str, int]
    pending: list[tuple[int, Operation]] = field(default_factory=list)

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> Disk:
        """A disk on which all files are synced."""
        names = {name: number for number, name in enumerate(files)}
        return cls(dict(names), dict(enumerate(files.values())), dict(names))

    def take(self, operation: Operation) -> None:
        """Do what was done. A sync makes what was pending for its file, or for the names of the folder, sure."""
        if operation.kind == "create":
            self.now[operation.name] = len(self.contents)
            self.contents[len(self.contents)] = b""
        if operation.kind == "sync":
            file = self.now[operation.name]
            for number, each in self.pending:
                if number == file and each.kind in ("write", "truncate"):
                    self.contents[file] = _done(self.contents[file], each)
            self.pending = [
                (number, each) for number, each in self.pending if number != file or each.kind in ("create", "delete")
            ]
        elif operation.kind == "sync_folder":
            for number, each in self.pending:
                _rename(self.names, number, each)
            self.pending = [(number, each) for number, each in self.pending if each.kind in ("write", "truncate")]
        elif operation.kind in ("write", "truncate", "create", "delete"):
            self.pending.append((self.now[operation.name], operation))
        if operation.kind == "delete":
            del self.now[operation.name]

    def image(self, policy: str, chance: random.Random) -> Image:
        """One of the states in which a power cut may leave the disk now."""
        names, contents = dict(self.names), dict(self.contents)
        for number, each in self.pending:
            if each.kind == "write" and policy in ("torn", "rubbish"):
                contents[number] = _torn(contents[number], each, chance, rubbish=policy == "rubbish")
            elif policy == "all" or (policy != "none" and chance.random() < 0.5):
                if each.kind in ("write", "truncate"):
                    contents[number] = _done(contents[number], each)
                _rename(names, number, each)
        return {name: contents[number] for name, number in names.items()}


def digest(image: Image) -> bytes:
    """The same for the same files."""
    found = hashlib.sha256()
    for name in sorted(image):
        found.update(f"{name} {len(image[name])} ".encode() + image[name])
    return found.digest()


def _rename(names: dict[str, int], number: int, operation: Operation) -> None:
    if operation.kind == "create":
        names[operation.name] = number
    elif operation.kind == "delete" and names.get(operation.name) == number:
        del names[operation.name]


def _done(content: bytes, operation: Operation) -> bytes:
    if operation.kind == "truncate":
        return content[: operation.offset].ljust(operation.offset, b"\0")
    return _put(content, operation.offset, operation.data)


def _put(content: bytes, offset: int, data: bytes) -> bytes:
    return content[:offset].ljust(offset, b"\0") + data + content[offset + len(data) :]


def _torn(content: bytes, operation: Operation, chance: random.Random, *, rubbish: bool) -> bytes:
    """The file after some sectors of a write have reached it."""
    end = operation.offset + len(operation.data)
    place, size = operation.offset, len(content)
    while place < end:
        following = min((place // _SECTOR + 1) * _SECTOR, end)
        if chance.random() < 0.5:
            content = _put(content, place, operation.data[place - operation.offset : following - operation.offset])
        elif rubbish and place >= size:
            content = _put(content, place, chance.randbytes(following - place))
        place = following
    return content
