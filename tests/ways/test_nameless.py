"""What leaves the house names neither the person who made it nor the computer that it was made on."""

from __future__ import annotations

import base64
import os
import platform
import socket
import uuid
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.conftest import Command
from tests.survey import SMALL, survey

COMPUTER, USER, HOME, FOLDER, FILE, APPROVER = (
    f"zq{each}qz" for each in ("computer", "user", "home", "folder", "file", "approver")
)
PROCESS, CARD = 7_777_123_456_789, 0x7A717A717A71
OF_PEOPLE = tuple(each.encode() for each in (USER, APPROVER))
OF_THE_COMPUTER = (
    *(each.encode() for each in (COMPUTER, HOME, FOLDER, FILE)),
    *(form.encode() for each in (PROCESS, CARD) for form in (str(each), f"{each:x}")),
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, on a computer and by a user with telling names."""
    system = os.uname()
    named = os.uname_result((system.sysname, COMPUTER, system.release, system.version, system.machine))
    for name in ("USER", "LOGNAME", "USERNAME", "LNAME"):
        monkeypatch.setenv(name, USER)
    for name in ("HOSTNAME", "COMPUTERNAME"):
        monkeypatch.setenv(name, COMPUTER)
    folder, home = tmp_path / FOLDER, tmp_path / HOME
    (folder / "export").mkdir(parents=True)
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(os, "uname", lambda: named)
    monkeypatch.setattr(platform, "uname", lambda: named)
    monkeypatch.setattr(platform, "node", lambda: COMPUTER)
    monkeypatch.setattr(platform, "platform", lambda *_: COMPUTER)
    for name in ("gethostname", "getfqdn"):
        monkeypatch.setattr(socket, name, lambda *_: COMPUTER)
    monkeypatch.setattr(os, "getlogin", lambda: USER)
    monkeypatch.setattr(os, "getpid", lambda: PROCESS)
    monkeypatch.setattr(uuid, "getnode", lambda: CARD)
    monkeypatch.chdir(folder)
    return folder


def said(path: Path) -> bytes:
    """All that a file says, what stands in the metadata of Parquet included."""
    data = path.read_bytes()
    if path.suffix != ".parquet":
        return data
    found = pq.read_metadata(path)
    inner = [value for pair in (found.metadata or {}).items() for value in pair]
    inner += [base64.b64decode(each) for each in inner if len(each) > 100]
    cells = pq.read_table(path).to_pandas().to_csv().encode()
    return b"\n".join([data, str(found.created_by).encode(), *inner, cells])


def telling(folder: Path, words: tuple[bytes, ...]) -> list[str]:
    """What of it all stands in which file of a folder, in whatever case."""
    return [
        f"{path.name}: {word.decode()}"
        for path in folder.rglob("*")
        if path.is_file()
        for word in words
        if word.lower() in said(path).lower() or word.lower() in path.name.lower().encode()
    ]


@pytest.mark.long
def test_what_is_published_names_neither_people_nor_computer_and_an_export_no_computer(
    place: Path, frostglass_command: Command
) -> None:
    """Made, approved and published by the commands, with everything that could be told being told to them."""
    survey(200).write_csv(f"{FILE}.csv")
    Path("small.toml").write_text(SMALL)
    given = ("--scope", "s", "--ledger", "l.db")
    for arguments in (
        ("ledger", "open", "s", "--epsilon", "4", "--delta", "1e-6", "--ledger", "l.db"),
        ("release", f"{FILE}.csv", "-c", "small.toml", "--epsilon", "1", "--length", "2", *given, "-o", "out"),
        ("approve", "out", "--ledger", "l.db", "--by", APPROVER, "--note", "read it"),
        ("approve", "out", "--ledger", "l.db", "--by", f"{APPROVER} two", "--note", "read it"),
        ("publish", "out", "-o", "public", "--ledger", "l.db"),
        ("ledger", "export", "--ledger", "l.db", "-o", "export/entries.jsonl"),
    ):
        code, _, err = frostglass_command(*arguments)
        assert code == 0, err
    for folder in ("out", "public"):
        assert telling(place / folder, (*OF_PEOPLE, *OF_THE_COMPUTER)) == []
    assert telling(place / "export", OF_THE_COMPUTER) == []
    found = telling(place / "export", OF_PEOPLE)
    assert found == [f"entries.jsonl: {each}" for each in (USER, APPROVER)], "the control: an auditor sees who it was"
