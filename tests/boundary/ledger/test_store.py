"""The file is durable, private and local; whatever is wrong with it is told, and nothing half-written stays behind."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frostglass.boundary.ledger import place as ledger_place
from frostglass.boundary.ledger.home import home_of
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.place import NETWORK_FILE_SYSTEMS, claimed, file_system_of
from frostglass.boundary.ledger.store import SqliteStore
from frostglass.errors import LedgerError
from tests.boundary.support import (
    DELTA,
    EPSILON,
    PLAN,
    SCOPE,
    charge,
    cost,
    draw,
    in_memory,
    new_ledger,
    reserve,
    sealed,
    spent,
    witness_of,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with one open scope."""
    new_ledger(tmp_path / "l.db")
    return tmp_path / "l.db"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Coming into being


def test_a_new_ledger_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        ledger = new_ledger(tmp_path / "l.db")
        ledger.backup(tmp_path / "copy.db")
        ledger.export(tmp_path / "export.jsonl")
    finally:
        os.umask(before)
    names = ["copy.db", "export.jsonl", "l.db", "l.db.home", "l.db.key", "l.db.witness"]
    assert sorted(each.name for each in tmp_path.iterdir()) == names
    assert {name: mode(tmp_path / name) for name in names} == dict.fromkeys(names, 0o600)


def test_a_file_that_others_may_open_is_noted(path: Path) -> None:
    path.chmod(0o644)
    path.with_name("l.db.key").chmod(0o640)
    assert [each.split(";")[0] for each in Ledger.inspect(path).verify().notes] == [
        "others than its owner may open the file",
        "others than its owner may open the signing key",
    ]


def test_a_missing_ledger_is_refused_and_the_refusal_says_how_to_make_one(tmp_path: Path) -> None:
    """Catalogue case 64."""
    for act in (Ledger.open, Ledger.inspect):
        with pytest.raises(LedgerError, match="frostglass ledger open SCOPE --epsilon E --delta D --ledger") as refused:
            act(tmp_path / "l.db")
        assert refused.value.code == "FG-LG-001"
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_is_never_created_over_a_file(path: Path) -> None:
    content = path.read_bytes()
    witness_of(path).unlink()
    with pytest.raises(LedgerError, match="never overwritten") as refused:
        Ledger.create(path)
    assert refused.value.code == "FG-LG-002"
    assert path.read_bytes() == content


def test_a_ledger_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="does not exist"):
        Ledger.create(tmp_path / "none" / "l.db")


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as refused:
        Ledger.open(tmp_path)
    assert refused.value.code == "FG-LG-001"


def test_each_ledger_has_its_own_id(tmp_path: Path) -> None:
    ids = {Ledger.create(tmp_path / f"{number}.db").ledger_id for number in range(3)}
    assert len(ids) == 3
    assert all(len(each) == 32 for each in ids)
    assert Ledger.open(tmp_path / "0.db").ledger_id in ids


def test_nothing_half_written_stays_behind_when_filling_a_new_file_fails(tmp_path: Path) -> None:
    def fill() -> None:
        with claimed(tmp_path / "new") as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    def fill() -> None:
        with claimed(tmp_path / "new"):
            raise OSError(28, "No space left on device")

    with pytest.raises(LedgerError, match="could not be written: No space left on device"):
        fill()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "kept"), [(errno.EINVAL, True), (errno.EIO, False)])
def test_a_folder_that_cannot_be_synced_is_passed_over_and_one_that_fails_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kept: bool
) -> None:
    plain = os.fsync

    def failing(file: int) -> None:
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise OSError(number, os.strerror(number))
        plain(file)

    monkeypatch.setattr(os, "fsync", failing)
    if kept:
        Ledger.open(path).backup(path.with_name("copy.db"))
        assert Ledger.inspect(path.with_name("copy.db")).verify().ok
    else:
        with pytest.raises(LedgerError, match="could not be written"):
            Ledger.open(path).backup(path.with_name("copy.db"))


def test_odd_file_names_are_no_trouble(tmp_path: Path) -> None:
    odd = tmp_path / "a b?c#d%20é.db"
    new_ledger(odd)
    assert Ledger.open(odd).verify().ok


# Durability


def test_every_transaction_runs_with_the_durable_settings(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen in the connection that writes, at the moment when it commits."""
    settings: list[tuple[object, ...]] = []

    class Watching(sqlite3.Connection):
        def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
            if sql == "COMMIT":
                names = ("journal_mode", "synchronous", "fullfsync", "trusted_schema")
                settings.append(tuple(super(Watching, self).execute(f"PRAGMA {name}").fetchone()[0] for name in names))
            return super().execute(sql, *rest)  # type: ignore[arg-type]

    plain = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: plain(*a, **k, factory=Watching))
    draw(Ledger.open(path), "R1")
    assert settings == [("delete", 3, 1, 0)] * 2


def test_a_ledger_that_was_switched_to_another_journal_is_switched_back(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    reserve(Ledger.open(path), "R1")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_no_journal_is_left_after_a_step(path: Path, tmp_path: Path) -> None:
    """So none can bring an older state back."""
    draw(Ledger.open(path), "R1")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["l.db", "l.db.home", "l.db.key", "l.db.witness"]


def test_a_reservation_is_seen_by_another_connection_as_soon_as_it_is_returned(path: Path) -> None:
    ledger = Ledger.open(path)
    reservation = reserve(ledger, "R1")
    with closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute("SELECT hash FROM entries WHERE kind = 'reserve'").fetchall()
    assert found == (reservation.head,)


def test_a_step_that_fails_before_its_end_leaves_no_entry(path: Path) -> None:
    store = SqliteStore(path)

    def fail() -> None:
        with store.writing() as transaction:
            transaction.append(next(Ledger.open(path).entries()))

    with pytest.raises(LedgerError, match="the rules inside the ledger") as refused:
        fail()
    assert refused.value.code == "FG-LG-011"
    assert Ledger.open(path).verify().entries == 2


# Refusals


def test_a_locked_ledger_is_told_after_the_time_out_and_nothing_is_spent(path: Path) -> None:
    ledger = Ledger.open(path, busy_seconds=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError, match=r"locked by another process for 0\.05 seconds") as refused:
            reserve(ledger, "R1")
    assert refused.value.code == "FG-LG-004"
    assert spent(ledger) == 0


def test_a_reader_that_holds_on_delays_the_commit_and_then_nothing_is_spent(path: Path) -> None:
    ledger = Ledger.open(path, busy_seconds=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM entries").fetchone()
        with pytest.raises(LedgerError, match="locked"):
            reserve(ledger, "R1")
    assert spent(ledger) == 0
    reserve(ledger, "R1")


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_read_only_file_or_folder_is_refused_before_anything_is_written(path: Path, what: str) -> None:
    ledger = Ledger.open(path)
    place = path if what == "file" else path.parent
    before = mode(place)
    place.chmod(0o500 if what == "folder" else 0o400)
    try:
        for act in (lambda: Ledger.open(path), lambda: reserve(ledger, "R1")):
            with pytest.raises(LedgerError, match=f"the {what} .* is read-only") as refused:
                act()
            assert refused.value.code == "FG-LG-005"
        assert Ledger.inspect(path).verify().ok
        assert Ledger.inspect(path).scope(SCOPE).spent == 0
    finally:
        place.chmod(before)
    reserve(ledger, "R1")


MOUNTS = """\
22 28 0:20 / /sys rw,nosuid - sysfs sysfs rw
28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 28 0:40 / /home/ada/shared rw master:3 - nfs4 server:/export rw,vers=4.2
41 28 0:41 / /home/ada/my\\040stick rw - vfat /dev/sdb1 rw
42 28 0:42 / /mnt/over rw - ext4 /dev/sdc1 rw
43 28 0:43 / /mnt/over rw - cifs //server/share rw
44 40 0:44 / /home/ada/shared/local rw - ext4 /dev/sdd1 rw
broken line
"""


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("/home/ada/l.db", "ext4"),
        ("/home/ada/shared/l.db", "nfs4"),
        ("/home/ada/sharedx/l.db", "ext4"),
        ("/home/ada/shared/local/l.db", "ext4"),
        ("/home/ada/my stick/l.db", "vfat"),
        ("/mnt/over/l.db", "cifs"),
        ("/sys/l.db", "sysfs"),
    ],
)
def test_the_file_system_is_that_of_the_innermost_and_latest_mount(place: str, expected: str) -> None:
    assert file_system_of(Path(place), MOUNTS) == expected


@settings(deadline=None)
@given(st.text())
def test_any_mount_table_can_be_read(text: str) -> None:
    file_system_of(Path("/home/ada/l.db"), text)


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph"])
def test_network_file_systems_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Catalogue case 64."""
    assert kind in NETWORK_FILE_SYSTEMS
    ledger = Ledger.open(path)
    mounts = path.with_name("mountinfo")
    mounts.write_text(f"28 1 8:1 / / rw - {kind} somewhere rw\n")
    monkeypatch.setattr(ledger_place, "_MOUNTINFO", mounts)
    for act in (
        lambda: Ledger.open(path),
        lambda: Ledger.create(path.with_name("new.db")),
        lambda: reserve(ledger, "R1"),
    ):
        with pytest.raises(LedgerError, match="network or shared file system") as refused:
            act()
        assert refused.value.code == "FG-LG-006"
    assert not path.with_name("new.db").exists()


def test_where_the_system_does_not_tell_its_mounts_nothing_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_place, "_MOUNTINFO", path.with_name("no such file"))
    reserve(Ledger.open(path), "R1")


def test_a_ledger_that_vanishes_stops_the_next_step(path: Path) -> None:
    ledger = Ledger.open(path)
    path.rename(path.with_name("away.db"))
    with pytest.raises(LedgerError) as refused:
        reserve(ledger, "R1")
    assert refused.value.code == "FG-LG-001"
    assert not path.exists()


def test_a_ledger_that_is_exchanged_for_another_does_not_honour_the_reservation(path: Path) -> None:
    ledger = Ledger.open(path)
    reservation = reserve(ledger, "R1")
    new_ledger(path.with_name("other.db"))
    path.with_name("other.db").replace(path)
    witness_of(path.with_name("other.db")).replace(witness_of(path))
    home_of(path.with_name("other.db")).replace(home_of(path))
    with pytest.raises(LedgerError, match="does not hold the reservation"):
        ledger.begin_draw(reservation)


def test_a_ledger_may_be_named_by_a_text(tmp_path: Path) -> None:
    place, elsewhere, lines = str(tmp_path / "l.db"), str(tmp_path / "again.db"), str(tmp_path / "entries.jsonl")
    ledger = Ledger.create(place, witness=str(tmp_path / "seen"))
    assert ledger.path == tmp_path / "l.db"
    for opened in (Ledger.open, Ledger.inspect):
        assert opened(place, witness=str(tmp_path / "seen")).ledger_id == ledger.ledger_id
    ledger.export(Path(lines))
    assert Ledger.rebuild(elsewhere, lines).ledger_id == ledger.ledger_id


# The clock


def test_a_clock_that_goes_back_is_noted_and_the_order_is_kept(path: Path) -> None:
    """Catalogue case 69."""
    ledger = Ledger.open(path)
    ledger._clock = lambda: datetime(2001, 1, 1, 12, 0, tzinfo=UTC)
    reservation = reserve(ledger, "R1")
    ledger.begin_draw(reservation)
    *_, reserved, drawn = ledger.entries()
    assert (reserved.at, reserved.body["clock_behind"]) == ("2001-01-01T12:00:00Z", True)
    assert "clock_behind" not in drawn.body
    assert (reserved.seq, drawn.seq) == (3, 4)
    report = ledger.verify()
    assert report.ok
    assert report.notes == ("the clock stood before the entry before when entry 3 was written",)


# Copies


def test_a_backup_is_the_ledger_as_it_is_and_never_overwrites(path: Path) -> None:
    ledger = Ledger.open(path)
    sealed(ledger, "R1")
    copy = path.with_name("copy.db")
    ledger.backup(copy)
    assert list(Ledger.inspect(copy).entries()) == list(ledger.entries())
    assert Ledger.inspect(copy).verify().ok
    with pytest.raises(LedgerError, match="never overwritten"):
        ledger.backup(copy)


def test_a_backup_can_be_made_while_somebody_writes(path: Path) -> None:
    ledger = Ledger.open(path)
    with SqliteStore(path).writing():
        ledger.backup(path.with_name("copy.db"))
    assert Ledger.inspect(path.with_name("copy.db")).verify().ok


def test_an_export_is_one_line_of_json_for_each_entry_and_never_overwrites(path: Path) -> None:
    ledger = Ledger.open(path)
    lines = path.with_name("export.jsonl")
    ledger.export(lines)
    assert lines.read_bytes() == witness_of(path).read_bytes()
    with pytest.raises(LedgerError, match="never overwritten"):
        ledger.export(lines)


def test_an_export_into_a_folder_that_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(LedgerError, match="No such file or directory"):
        Ledger.open(path).export(path.parent / "none" / "export.jsonl")


def test_an_ephemeral_ledger_has_no_file_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no file to back up"):
        in_memory().backup(tmp_path / "copy.db")
    in_memory().export(tmp_path / "export.jsonl")
    assert len((tmp_path / "export.jsonl").read_text().splitlines()) == 2


def test_the_reference_release_is_paid_once_and_refused_twice(tmp_path: Path) -> None:
    """Epsilon 12 at delta 5.8e-6, with its reason; the second release is refused with the figures."""
    ledger = Ledger.create(tmp_path / "t.db")
    ledger.open_scope("t", epsilon=EPSILON * 6, delta=DELTA * 58 / 10, reason="reference release")
    most = ledger.scope("t").allowance
    ledger.reserve("t", "R1", PLAN, charge(EPSILON * 6, nano_rho=most, sampler_units=2**40))
    with pytest.raises(Exception, match=r"0\.000000000 of 2\.58\d+ rho are left"):
        ledger.afford("t", charge(EPSILON, nano_rho=cost()))
