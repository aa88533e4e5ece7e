"""What is staged is never paid for twice: releases that were cut short, and what is said when one is."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from polars.exceptions import PanicException

from frostglass.boundary import staging
from frostglass.boundary.ledger.ledger import Entry, Ledger, Reservation
from frostglass.errors import BundleError, FrostglassError, LedgerError, fault, reason_of
from frostglass.sensitive.coding.coded_table import CodedTable
from frostglass.terms.custody import Sensitive
from frostglass.terms.plan import Plan
from frostglass.ways.order import Order
from frostglass.ways.pricing import Priced

_ROOM_FOR_ANY_ANSWERS, _BYTES_AN_ANSWER = 1_000_000, 16
"""Disk that staged answers take, as long as they have not been compressed."""


@contextmanager
def told(ledger: Ledger, release_id: str, folder: Path | None = None) -> Iterator[None]:
    """Whatever ends the block early says where the release stands: what is spent, what is staged, what to do now.

    ``folder`` is where the block writes, if not beside the ledger. An error that nobody foresaw shows no value.
    """
    if ledger.path is None:
        yield
        return
    place = staging.folder_for(ledger.path, release_id).parent if folder is None else folder
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.add_note(standing(ledger, release_id))
        raise
    except FrostglassError as error:
        message = f"{error.message}; {standing(ledger, release_id)}"
        raise type(error)(error.code, message, detail=error.detail) from None
    except (OSError, MemoryError) as error:
        message = f"{place.name}: {reason_of(error).lower()}; {standing(ledger, release_id)}"
        raise BundleError("FG-BN-066", message) from None
    except (Exception, PanicException) as error:  # noqa: BLE001 - the way out must be told, whatever it was
        found = fault(error)
        raise FrostglassError(found.code, f"{found.message}; {standing(ledger, release_id)}") from None


def standing(ledger: Ledger, release_id: str) -> str:
    """Where a release stands, in a sentence: what it has cost, and how to go on."""
    if is_staged(ledger, release_id):
        return (
            f"release {release_id} counts as spent and its answers are staged: mend that and run the same command "
            "again, which goes on at no further cost"
        )
    with suppress(FrostglassError, OSError):
        state = ledger.state(release_id)
        if state == "reserved":
            return (
                f"nothing was drawn for release {release_id}, which is reserved: a second person may void it, with "
                "`frostglass ledger void`"
            )
        if state == "drawn":
            return (
                f"release {release_id} counts as spent, and its answers are lost: running the same command again "
                "pays for a new one"
            )
        return f"release {release_id} is {state}"
    return f"`frostglass ledger show` tells whether release {release_id} counts as spent"


def committed(ledger: Ledger, reservation: Reservation, staged_sha256: str) -> Entry:
    """Fix the staged answers in the ledger; where that was done before a crash, they must still be the same."""
    done = ledger.find(reservation.release_id, "commit")
    if done is None:
        return ledger.commit(reservation, staged_sha256=staged_sha256)
    if done.body["staged_sha256"] != staged_sha256:
        raise LedgerError(
            "FG-LG-050",
            f"the staged answers of release {reservation.release_id} are not those that the ledger holds; what they "
            "cost stays spent. Start a new release with `fresh`",
        )
    return done


def staged_before(ledger: Ledger, plan: Plan, order: Order) -> tuple[Reservation, ...]:
    """Releases of this very plan that were drawn and staged and never finished, newest first; of a named id, that one.

    Raises LedgerError FG-LG-019 when the named id is taken and cannot be resumed.
    """
    found = () if order.fresh else ledger.unfinished(order.scope, plan.sha256)
    named = order.release_id
    staged = tuple(each for each in found if named in (None, each.release_id) and is_staged(ledger, each.release_id))
    if named is not None and not staged:
        ledger.require_unused(named)
    return staged


def is_staged(ledger: Ledger, release_id: str) -> bool:
    """Whether the answers of a release lie beside its ledger, so that it can be resumed."""
    return ledger.path is not None and staging.folder_for(ledger.path, release_id).is_dir()


def resumable(
    ledger: Ledger, candidates: Sequence[Reservation], plan: Plan, table: Sensitive[CodedTable]
) -> tuple[Reservation, staging.Staged] | None:
    """The candidate that was drawn from this very table. Raises LedgerError when there are only others."""
    if not candidates or ledger.path is None:
        return None
    for each in candidates:
        staged = staging.staged(staging.folder_for(ledger.path, each.release_id), plan_sha256=plan.sha256, table=table)
        if staged:
            return each, staged
    raise LedgerError(
        "FG-LG-051",
        f"release {candidates[0].release_id} of the same plan was drawn from other data and is not finished: give it "
        "the table that it was drawn from, or start a new release with `fresh`, which is paid for again",
    )


@contextmanager
def room_beside(ledger: Ledger, release_id: str, priced: Priced) -> Iterator[staging.Room | None]:
    """Room for the answers beside the ledger; one without a file has nowhere, and nothing that could be resumed."""
    if ledger.path is None:
        yield None
        return
    folder = staging.folder_for(ledger.path, release_id)
    wanted, domain = priced.workload, priced.codebook.domain
    cells = sum(domain.cells(each) for each in wanted.fixed) + len(wanted.candidates) + wanted.chosen_cells
    with ExitStack() as held:
        try:
            room = held.enter_context(staging.room(folder, _ROOM_FOR_ANY_ANSWERS + _BYTES_AN_ANSWER * cells))
        except OSError as error:
            raise LedgerError(
                "FG-LG-053",
                f"there is no room to stage the answers in {folder.parent.name}, beside the ledger: "
                f"{reason_of(error).lower()}; nothing was reserved",
            ) from None
        except ValueError:
            raise LedgerError(
                "FG-LG-054",
                "the key that binds staged answers to their data, beside the ledger, is damaged: put it back, or move "
                "it away, and what is staged cannot be resumed; nothing was reserved",
            ) from None
        yield room


def staged_answers(
    room: staging.Room | None, plan: Plan, table: Sensitive[CodedTable], order: Order, answers: bytes
) -> staging.Staged:
    seed = secrets.randbits(53) if order.random_state is None else order.random_state
    if room is None:
        return staging.Staged(answers, hashlib.sha256(answers).hexdigest(), seed)
    try:
        return staging.stage(room, plan_sha256=plan.sha256, table=table, seed=seed, answers=answers)
    except OSError as error:
        raise LedgerError(
            "FG-LG-052",
            f"the answers could not be staged in {room.folder.parent.name}, beside the ledger: "
            f"{reason_of(error).lower()}",
        ) from None
