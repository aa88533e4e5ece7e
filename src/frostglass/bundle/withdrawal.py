"""A tombstone: what stands in the place of a published bundle that was withdrawn.

The word comes first and the bundle's files go then, so that a reader finds the one or the other at any moment, and
the same command finishes what was cut short.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from frostglass.bundle.format.files import read_file, sha256
from frostglass.bundle.format.manifest import MANIFEST, MOST_MANIFEST_BYTES, PUBLICATION, SEALED, Sha256, canonical_json
from frostglass.bundle.format.signature import SIGNATURE
from frostglass.errors import BundleError
from frostglass.files import PUBLIC, sync_folder, write_whole
from frostglass.pages.blocks import Page, templates
from frostglass.pages.words import day_in_words

WITHDRAWAL = "withdrawal.json"
TOMBSTONE = "withdrawn.html"
"""The word for programs, and the same as a page."""

READERS = (
    "Do not use this release any longer, and delete your copies of it. If you have written anything with it, say there "
    "that it was withdrawn, and ask the publisher what to use instead."
)
SPENT = (
    "What was published cannot be called back: the privacy that this release cost stays spent, and the people whose "
    "data it was made from are still protected by its guarantee, no more and no less."
)

_FORMAT: Literal[1] = 1
_MOST_BYTES = 64 * 1024


def _printable(text: str) -> str:
    """The text, if it can steer no terminal. Raises ValueError."""
    if not text.isprintable():
        raise ValueError("not one printable line")
    return text


Words = Annotated[str, Field(min_length=1), AfterValidator(_printable)]


class Withdrawal(BaseModel):
    """Which release was withdrawn, when and why; all of it is public."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = _FORMAT
    release_id: Words
    manifest_sha256: Sha256
    withdrawn_on: date
    reason: Words
    readers: Words = READERS
    spent: Words = SPENT

    @property
    def sentence(self) -> str:
        """That it was withdrawn, and why."""
        return f"the release {self.release_id} was withdrawn on {self.withdrawn_on.isoformat()}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TombstonePage(Page):
    """All that the template of withdrawn.html sees."""

    reason: str
    readers: str
    spent: str


def withdrawal_in(folder: Path) -> Withdrawal | None:
    """The tombstone in a folder; ``None`` when there is none. BundleError FG-BN-052 when it cannot be read."""
    if not os.path.lexists(folder / WITHDRAWAL):
        return None
    data = read_file(folder / WITHDRAWAL, most=_MOST_BYTES)
    try:
        return Withdrawal.model_validate_json(data)
    except ValidationError:
        raise BundleError(
            "FG-BN-052",
            f"{WITHDRAWAL} is there and cannot be read: the release seems to be withdrawn; ask its publisher",
        ) from None


def refuse_withdrawn(folder: Path) -> str:
    """Raise BundleError FG-BN-051, with day and reason, where a tombstone stands; else a word that there is none."""
    stone = withdrawal_in(folder)
    if stone is None:
        return "no tombstone"
    raise BundleError(
        "FG-BN-051",
        f"the release {stone.release_id} was withdrawn on {stone.withdrawn_on.isoformat()}: {stone.reason}. "
        f"Do not use it; {TOMBSTONE} says more",
    )


def require_published(folder: Path, *, release_id: str, manifest_sha256: str) -> None:
    """Raise BundleError FG-BN-053 unless ``folder`` is a published copy of that very bundle, or what is left of it."""
    stone = withdrawal_in(folder)
    if stone is not None:
        same = (stone.release_id, stone.manifest_sha256) == (release_id, manifest_sha256)
    else:
        there = (folder / PUBLICATION).is_file() and (folder / MANIFEST).is_file()
        same = there and sha256(read_file(folder / MANIFEST, most=MOST_MANIFEST_BYTES)) == manifest_sha256
    if not same:
        raise BundleError(
            "FG-BN-053",
            f"{folder} is not a published copy of the release {release_id}, so nothing there is removed; name the "
            "folder that `frostglass publish` wrote",
        )


def bury(folder: Path, withdrawal: Withdrawal) -> None:
    """Put the tombstone into a published copy, and remove the bundle from it. What else is there stays.

    BundleError FG-BN-054 when the disk does not let it; the same call goes on where it stopped.
    """
    try:
        for name, data in tombstone(withdrawal).items():
            _write(folder / name, data, on=withdrawal.withdrawn_on)
        for name in (MANIFEST, SIGNATURE, *SEALED, PUBLICATION):
            (folder / name).unlink(missing_ok=True)
        _date(folder, on=withdrawal.withdrawn_on)
        sync_folder(folder)
    except OSError:
        raise BundleError(
            "FG-BN-054",
            f"the published copy in {folder} could not be removed whole; the ledger holds the withdrawal: run the same "
            "command again",
        ) from None


def tombstone(withdrawal: Withdrawal) -> Mapping[str, bytes]:
    """The files of a tombstone, the word for programs first."""
    page = TombstonePage(
        title=f"Withdrawn: {withdrawal.release_id}",
        over=f"Withdrawn on {day_in_words(withdrawal.withdrawn_on)}",
        heading="This release was withdrawn by its publisher",
        facts=(("Release", withdrawal.release_id), ("SHA-256 of its manifest", withdrawal.manifest_sha256)),
        hidden=True,
        reason=withdrawal.reason,
        readers=withdrawal.readers,
        spent=withdrawal.spent,
    )
    html = templates("frostglass.bundle.pages").get_template("withdrawn.html").render(page=page)
    return {WITHDRAWAL: canonical_json(withdrawal.model_dump(mode="json")), TOMBSTONE: html.encode()}


def _write(path: Path, data: bytes, *, on: date) -> None:
    """Whole or not at all, with midnight of the day, as all that is published."""
    write_whole(path, data, mode=PUBLIC)
    _date(path, on=on)


def _date(path: Path, *, on: date) -> None:
    midnight = datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp()
    os.utime(path, (midnight, midnight))
