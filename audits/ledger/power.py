"""Power cuts at every moment of a run of releases: whatever the disk then holds, nothing drawn goes uncounted.

All that SQLite and the witness do to the disk is recorded. For every prefix of that record, images are made of what
a power cut may leave (audits/ledger/power_images.py), and the ledger is opened on each. Proof: docs/proofs/ledger.md,
"Durability".
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from unittest.mock import patch

from audits.figures import Figure, Size
from audits.ground import drawn_in, fast_folder, fresh_ledger, small_reservation
from audits.ledger.power_images import POLICIES, Disk, Image, digest
from audits.ledger.power_vfs import Operation, Recorder, watched
from frostglass.boundary.accountant import epsilon
from frostglass.boundary.ledger import money as ledger_money
from frostglass.boundary.ledger import store as ledger_store
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.errors import LedgerError
from tests.boundary.support import MANIFEST, STAGED, at_home, witness_of

_WAYS: dict[str, tuple[str, tuple[str, int]] | None] = {
    "EXTRA": None,
    "FULL": ("PRAGMA synchronous = FULL", ("delete", 2)),
    "OFF": ("PRAGMA synchronous = OFF", ("delete", 0)),
}
"""How far SQLite is told to sync: the product's way, and two that are not enough."""


@dataclass(frozen=True)
class Run:
    """A recorded run: the files at its beginning, what was done, and the hashes of all entries at its end."""

    files: Image
    operations: list[Operation]
    entries_before: int
    hashes: list[str]


@dataclass
class Cuts:
    """What came of the images. ``damaged`` ledgers are refused; ``lost`` lack a step that had returned."""

    images: int = 0
    different: int = 0
    uncounted: int = 0
    damaged: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)
    witness_refused: int = 0


def audit(size: Size) -> list[Figure]:
    """More than 100,000 images of 25 releases (2,000 of 2), and three variants that sync too little or draw first."""
    found = cuts(size.of(2, 25), images_of_a_point=size.of(9, 40), seed=size.seed)
    control = partial(cuts, size.of(1, 4), images_of_a_point=size.of(5, 20), seed=size.seed)
    return [
        Figure(
            "The power is cut: images of the disk in which something drawn is not counted",
            "0",
            f"{found.uncounted:,} of {found.images:,} images ({found.different:,} different ones)",
            ok=found.uncounted == 0 and found.images > 0,
        ),
        Figure(
            "… images in which the ledger is refused or damaged, lacks a step that had returned, or holds another",
            "0",
            f"{found.damaged + found.lost + len(found.wrong):,} of {found.images:,}",
            ok=not found.damaged and not found.lost and not found.wrong,
        ),
        Figure(
            "… images in which the witness was torn so that the ledger says how to replace it, and then opens",
            "any number",
            f"{found.witness_refused:,} of {found.different:,} different ones",
            ok=True,
        ),
        _control("SQLite that syncs with FULL, not the folder", control(way="FULL")),
        _control("SQLite that does not sync at all", control(way="OFF")),
        _control("noise that is drawn before it is paid for", control(draw_first=True)),
    ]


def _control(what: str, found: Cuts) -> Figure:
    return Figure(
        f"Control: {what} must show draws that are not counted, or a ledger that is refused",
        "more than 0",
        f"{found.uncounted:,} uncounted, {found.damaged:,} refused or damaged, of {found.images:,} images",
        ok=found.uncounted + found.damaged > 0,
    )


# The run


def cuts(releases: int, *, images_of_a_point: int, seed: int, way: str = "EXTRA", draw_first: bool = False) -> Cuts:
    """Record a run and look at the images of every moment of it."""
    with fast_folder() as folder:
        run = record(folder / "run", releases, way=way, draw_first=draw_first)
        remembered = patch.object(ledger_money, "tight_epsilon", lru_cache(maxsize=10_000)(epsilon))
        with remembered:
            return _examine(run, folder / "run", images_of_a_point, random.Random(seed))


def record(folder: Path, releases: int, *, way: str, draw_first: bool) -> Run:
    """Make so many releases with a ledger whose every step to the disk is recorded."""
    folder.mkdir()
    path, recorder = folder / "l.db", Recorder()
    ledger = fresh_ledger(path)
    before = len(list(ledger.entries()))
    files = {str(each): each.read_bytes() for each in (path, witness_of(path))}
    with ExitStack() as patches:
        patches.enter_context(watched(recorder))
        _sync_as(way, patches)
        for number in range(releases):
            _release(ledger, f"R{number}", recorder, draw_first=draw_first)
    return Run(files, recorder.operations, before, [each.hash for each in ledger.entries()])


def _sync_as(way: str, patches: ExitStack) -> None:
    changed = _WAYS[way]
    if changed:
        pragma, durable = changed
        patches.enter_context(patch.object(ledger_store, "_PRAGMAS", (pragma, *ledger_store._PRAGMAS[1:])))
        patches.enter_context(patch.object(ledger_store, "_DURABLE", durable))


def _release(ledger: Ledger, release_id: str, recorder: Recorder, *, draw_first: bool) -> None:
    """One release; what has returned and what was drawn is noted among the operations."""

    def returned(step: Callable[[], object]) -> None:
        step()
        recorder.note(Operation("returned"))

    if draw_first:
        recorder.note(Operation("drawn", release_id))
    reservation = small_reservation(ledger, release_id)
    recorder.note(Operation("returned"))
    returned(lambda: ledger.begin_draw(reservation))
    if not draw_first:
        recorder.note(Operation("drawn", release_id))
    returned(lambda: ledger.commit(reservation, staged_sha256=STAGED))
    returned(lambda: ledger.seal(release_id, manifest_sha256=MANIFEST))
    if release_id == "R0":
        for person in ("ada", "bea"):
            returned(partial(ledger.approve, release_id, manifest_sha256=MANIFEST, by=person, note="looked at it"))
        returned(lambda: ledger.publish(release_id, manifest_sha256=MANIFEST, to="the web", by="ada"))
        returned(lambda: ledger.withdraw(release_id, by="ada", reason="a wrong year"))


# The images


def _examine(run: Run, folder: Path, number: int, chance: random.Random) -> Cuts:
    found, disk = Cuts(), Disk.of(run.files)
    returned, drawn = run.entries_before, set[str]()
    for operation in [Operation("begin"), *run.operations]:
        disk.take(operation)
        returned += operation.kind == "returned"
        if operation.kind == "drawn":
            drawn.add(operation.name)
        seen = set[bytes]()
        for image in _images(disk, number, chance):
            found.images += 1
            if digest(image) in seen:
                continue
            seen.add(digest(image))
            found.different += 1
            _look(found, image, folder, run, returned=returned, drawn=drawn)
    return found


def _images(disk: Disk, number: int, chance: random.Random) -> Iterator[Image]:
    """The image of nothing that was not synced, of all of it, and random ones of the other policies in turn."""
    for each in range(number):
        policy = POLICIES[each] if each < len(POLICIES) else POLICIES[2 + each % (len(POLICIES) - 2)]
        yield disk.image(policy, chance)


def _look(found: Cuts, image: Image, folder: Path, run: Run, *, returned: int, drawn: set[str]) -> None:
    """Put an image on the disk, open the ledger, and compare it with what had happened."""
    for each in folder.iterdir():
        each.unlink()
    for name, content in image.items():
        Path(name).write_bytes(content)
        Path(name).chmod(0o600)
    path = folder / "l.db"
    try:
        at_home(path)  # it is the same disk
        ledger = _opened(found, path)
        report = ledger.verify()
        entries = list(ledger.entries())
    except LedgerError:
        found.damaged += 1
        return
    hashes = [each.hash for each in entries]
    found.damaged += not report.ok
    found.uncounted += not drawn <= drawn_in(entries)
    found.lost += hashes[:returned] != run.hashes[:returned]
    if hashes != run.hashes[: len(hashes)] or len(hashes) > returned + 1:
        found.wrong.append("entries that were never written")
    if report.ok and report.scopes[0].spent > report.scopes[0].allowance:
        found.wrong.append("more than the allowance")
    found.wrong += [each for each in report.notes if not each.startswith("there is no witness")]


def _opened(found: Cuts, path: Path) -> Ledger:
    """The ledger; where the witness was torn so that it cannot be read, it says so, and the way out is taken."""
    try:
        return Ledger.open(path)
    except LedgerError as error:
        if error.code != "FG-LG-014":
            raise
    found.witness_refused += 1
    witness_of(path).unlink()
    return Ledger.open(path)
