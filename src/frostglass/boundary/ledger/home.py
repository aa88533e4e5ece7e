"""Where a ledger lives, noted privately beside it: a copy that is used by mistake is noticed at its next step.

Proof: docs/proofs/ledger.md, "What the home shows". No entry, export or bundle holds anything of the note.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from frostglass.boundary.ledger.book import Book
from frostglass.boundary.ledger.entries import canonical
from frostglass.errors import LedgerError, reason_of
from frostglass.files import PRIVATE, write_whole

_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_MOST_BYTES = 4096


def home_of(ledger: Path) -> Path:
    """Where the note of a ledger's home lies: beside it."""
    return ledger.with_name(f"{ledger.name}.home")


def is_at_home(ledger: Path, book: Book) -> bool:
    """Whether the file is the one that the note was made of: its inode, file system and machine.

    A ledger of an older format has no note before its first step here; nor has a new one before its second entry.
    """
    noted = _noted(ledger)
    if noted is None:
        return not book.was_moved and (book.format < 3 or len(book.entries) == 1)
    here = _here(ledger, book.ledger_id)
    machines = {noted.get("machine"), here["machine"]} - {""}
    return all(noted.get(each) == here[each] for each in ("file_system", "inode")) and len(machines) < 2


def require_home(ledger: Path, book: Book) -> None:
    """Raise LedgerError when the ledger is not where it was last used; make the note where there is none yet."""
    if not is_at_home(ledger, book):
        raise LedgerError(
            "FG-LG-029",
            f"the ledger {str(ledger)!r} is not the file that was last used: it was copied, moved or put back. If it "
            "was put back, run `frostglass ledger reconcile` with all its bundles, which adds what it forgot. If it "
            "was moved, make sure that nobody uses the other copy, or each will forget what the other spends, and say "
            "so with `frostglass ledger moved --by NAME --reason TEXT --ledger FILE`. Nothing was written",
        )
    if not home_of(ledger).exists():
        settle(ledger, book.ledger_id)


def require_shown(ledger: Path, book: Book) -> None:
    """Raise LedgerError where neither witness nor bundle shows what a ledger that is not at home may have forgotten."""
    if not is_at_home(ledger, book):
        raise LedgerError(
            "FG-LG-030",
            f"nothing shows what the ledger {str(ledger)!r}, which is not the file that was last used, may have "
            "forgotten: it has no witness, and no bundle that was named and is believed tells of more. Put its "
            "witness back beside it, or name all bundles that it paid for. If it lacks nothing, as where it was only "
            "moved, say so with `frostglass ledger moved --by NAME --reason TEXT --ledger FILE`. Nothing was written",
        )


def settle(ledger: Path, ledger_id: str) -> None:
    """Note that the ledger lives here. Raises LedgerError when the note cannot be written."""
    try:
        write_whole(home_of(ledger), canonical(_here(ledger, ledger_id)).encode(), mode=PRIVATE)
    except OSError as error:
        raise LedgerError(
            "FG-LG-012",
            f"the note of where the ledger lives, {str(home_of(ledger))!r}, could not be written "
            f"({reason_of(error).lower()}); mend that, and take the step again",
        ) from None


def _here(ledger: Path, ledger_id: str) -> dict[str, int | str]:
    """Which file it is. The file itself is not opened: closing it would drop SQLite's locks."""
    return {"file_system": os.statvfs(ledger).f_fsid, "inode": ledger.stat().st_ino, "machine": _machine(ledger_id)}


def _machine(ledger_id: str) -> str:
    """A digest of the machine's own id, which is of use for this ledger alone; empty where the machine has none."""
    for place in _MACHINE_IDS:
        with suppress(OSError):
            found = place.read_bytes().strip()
            if found:
                return hashlib.sha256(f"frostglass home 1\n{ledger_id}\n".encode() + found).hexdigest()
    return ""


def _noted(ledger: Path) -> dict[str, object] | None:
    """The note; empty, which fits nothing, where it cannot be read, and ``None`` where there is none."""
    try:
        with home_of(ledger).open("rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
