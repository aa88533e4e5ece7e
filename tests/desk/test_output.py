"""Text leaves through streams of any encoding, closed and full ones, and what was paid for is never lost by it."""

from __future__ import annotations

import ast
import errno
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
import typer

import frostglass
from frostglass.desk import main
from frostglass.desk.outlet import _MARKS, PIPE_CLOSED, Outlet, concluded, outlets
from frostglass.desk.output import SETTINGS, Voice, in_options
from tests.commands import every_command
from tests.survey import SMALL, survey

ENCODINGS = ("cp1252", "latin-1", "ascii", "cp437", "koi8-r", "gbk", "shift_jis", "utf-16", "utf-8", "cp037")
USUAL = ("cp1252", "ascii", "utf-16")
EVERY_WORD = "café – “naïve” × 3 … ± 2 → 漢字 \udc80 ─── 100\u00a0%"

Spoken = Callable[..., tuple[int, bytes, bytes]]


def plainer(text: str, encoding: str) -> str:
    """The text as it should arrive: what the encoding has as it is, marks as plainer ones, the rest as numbers."""

    def one(character: str) -> str:
        try:
            character.encode(encoding)
        except UnicodeError:
            return _MARKS.get(character) or character.encode("ascii", "backslashreplace").decode()
        return character

    return "".join(map(one, text))


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> Spoken:
    """Runs the command line with streams of an encoding: exit code, and the bytes on stdout and on stderr."""

    def run(encoding: str, *arguments: object, errors: str = "strict") -> tuple[int, bytes, bytes]:
        monkeypatch.setattr("sys.argv", ["frostglass", *map(str, arguments)])
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors) for _ in range(2)]
        monkeypatch.setattr("sys.stdout", streams[0])
        monkeypatch.setattr("sys.stderr", streams[1])
        with pytest.raises(SystemExit) as end:
            main.run()
        assert [sys.stdout, sys.stderr] == streams
        said = [stream.buffer.getvalue() for stream in streams]
        assert isinstance(end.value.code, int)
        return end.value.code, said[0], said[1]

    return run


def commands() -> Iterator[tuple[str, ...]]:
    """Every command that there is, and none."""
    yield ()
    yield from (path for path, _ in every_command())


@pytest.mark.long
def test_every_command_has_the_same_words_of_help_in_any_encoding(spoken: Spoken) -> None:
    listed = list(commands())
    assert ("ledger", "show") in listed
    assert ("release",) in listed
    for command in listed:
        code, out, err = spoken("utf-8", *command, "--help")
        assert (code, err) == (0, b"")
        assert len(out) > 100
        for encoding in USUAL:
            code, there, err = spoken(encoding, *command, "--help")
            assert (code, there.decode(encoding), err) == (0, plainer(out.decode(), encoding), b"")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table, codebooks, a ledger and a sealed bundle, with letters and marks from everywhere."""
    folder = tmp_path_factory.mktemp("output")
    survey(300).write_csv(folder / "table.csv")
    (folder / "small.toml").write_text(SMALL.replace('label = "Sex"', 'label = "Sexe – 性別 “é”"'))
    (folder / "bad.toml").write_text('[codebook]\nid = "é…"\n')
    ledger = frostglass.Ledger.create(folder / "b.db")
    ledger.open_scope("s", epsilon="4", delta="1e-6", by="zoë – 漢")
    frostglass.release(
        folder / "table.csv",
        folder / "small.toml",
        epsilon=1,
        scope="s",
        ledger=ledger,
        length=2,
        fit="fast",
        out=folder / "out",
        by="zoë – 漢",
        random_state=1,
    )
    return folder


SPOKEN = [
    "check table.csv -c small.toml --json",
    "check table.csv -c bad.toml",
    "check none.csv -c small.toml --json",
    "plan -c small.toml --epsilon 1 --delta 1e-6",
    "plan -c small.toml --epsilon 1 --delta 1e-6 --json",
    "count out sex=F",
    "count out sex=F --json",
    "count out --table sex works",
    "count out --table sex works --format markdown",
    "count out --table sex works --format csv",
    "count out sex=… ",
    "verify out --ledger b.db",
    "verify out --json",
    "ledger show --ledger b.db",
    "ledger show --ledger b.db --json",
    "ledger verify --ledger b.db",
    "ledger key --ledger b.db",
    "codebook list",
    "codebook show ctdc-vp-1",
    "codebook show ctdc-vp-1 --json",
    "codebook check bad.toml",
    "import list",
    "release table.csv -c small.toml --epsilon 1 --scope s --ledger b.db -o out --dry-run",
    "release table.csv -c small.toml --epsilon 9 --scope s --ledger b.db -o other",
    "release table.csv --epsilon ½",
    "nonsense –",
    "--version",
]


@pytest.mark.parametrize("line", SPOKEN)
def test_every_command_says_the_same_in_any_encoding(
    line: str, folder: Path, spoken: Spoken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text in plainer marks, JSON as the very same document."""
    monkeypatch.chdir(folder)
    words = shlex.split(line)
    code, out, err = spoken("utf-8", *words)
    assert b"FG-XX" not in err
    for encoding in USUAL:
        code_there, *said = spoken(encoding, *words)
        assert code_there == code
        for there, here in zip((each.decode(encoding) for each in said), (out.decode(), err.decode()), strict=True):
            if here.lstrip().startswith("{") and "--json" in words:
                assert json.loads(there) == json.loads(here)
            else:
                assert there == plainer(here, encoding)


@pytest.mark.parametrize("errors", ["strict", "replace", "ignore", "surrogateescape", "xmlcharrefreplace"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_character_is_lost_or_doubtful_whatever_the_stream_would_do(encoding: str, errors: str) -> None:
    held = io.BytesIO()
    stream = io.TextIOWrapper(held, encoding=encoding, errors=errors)
    before, sys.stdout = sys.stdout, stream
    try:
        with outlets():
            typer.echo(EVERY_WORD + "".join(_MARKS))
            click.echo("and by click")
        assert stream.errors == errors
    finally:
        sys.stdout = before
    expected = plainer(EVERY_WORD + "".join(_MARKS), encoding) + "\nand by click\n"
    assert held.getvalue().decode(encoding) == expected


def test_a_stream_whose_encoding_lacks_ascii_writes_utf_8() -> None:
    held = io.BytesIO()
    before, sys.stdout = sys.stdout, io.TextIOWrapper(held, encoding="idna")
    try:
        with outlets():
            typer.echo(EVERY_WORD)
    finally:
        sys.stdout = before
    assert held.getvalue().decode() == plainer(EVERY_WORD, "utf-8") + "\n"


def test_every_plainer_mark_is_ascii_and_stands_for_something_else() -> None:
    assert all(plain.isascii() and plain for plain in _MARKS.values())
    assert not any(mark.isascii() for mark in _MARKS)


class Failing(io.StringIO):
    """A stream that takes nothing."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error
        self.tried = 0

    def write(self, text: str) -> int:
        self.tried += 1
        raise self.error


@pytest.mark.parametrize(
    ("words", "number", "code"),
    [
        (["count", "out"], errno.EPIPE, PIPE_CLOSED),
        (["ledger", "show", "--ledger", "b.db"], errno.EPIPE, PIPE_CLOSED),
        (["release", "--help"], errno.EPIPE, PIPE_CLOSED),
        (["count", "out"], errno.ENOSPC, 1),
        (["--version"], errno.ENOSPC, 1),
        (["release", "table.csv"], errno.EPIPE, 0),
        (["release", "table.csv"], errno.ENOSPC, 0),
        (["ledger", "open", "s"], errno.EIO, 0),
        (["demo"], errno.ENOSPC, 0),
    ],
)
def test_what_a_lost_output_means_depends_on_whether_the_command_only_prints(
    words: list[str], number: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = Failing(OSError(number, "no"))
    out = Outlet(stream)
    assert [out.write("a"), out.write("bc")] == [1, 2]
    out.flush()
    assert stream.tried == 1  # it is given up
    assert concluded(0, out, words) == code
    said = capsys.readouterr().err
    assert (said == "") == (number == errno.EPIPE)
    assert said.startswith("FG-OP-058" if code == 1 else "note:" if said else "")
    assert concluded(2, out, words) == 2  # what went wrong before goes before
    assert concluded(0, Outlet(None), words) == 0  # closed from the start: nobody meant to listen


def run(line: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """A line of shell in which $F is the command line."""
    command = f"{shlex.quote(sys.executable)} -P -m frostglass"
    environment = {**os.environ, "F": command, **settings}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.long
def test_a_reader_that_leaves_ends_the_command_quietly(folder: Path) -> None:
    done = run("$F codebook show ctdc-vp-1 | :; echo ${PIPESTATUS[0]}; $F codebook list 2>&- >&-; echo $?", folder)
    assert (done.stdout, done.stderr) == (f"{PIPE_CLOSED}\n0\n", "")
    full = run("$F count out >/dev/full; echo $?; $F count none 2>/dev/full; echo $?", folder)
    assert full.stdout == "1\n1\n"
    assert full.stderr.startswith("FG-OP-058: the output could not be written: no space left on device")


@pytest.mark.long
@pytest.mark.parametrize("streams", ["2>&1 | :", ">/dev/full 2>/dev/full", ">&- 2>&-", ">&- 2>&- <&-"])
def test_a_release_is_whole_whatever_becomes_of_its_output(streams: str, tmp_path: Path) -> None:
    """Nothing fails after the seal, and no file gets the number of a closed stream."""
    survey(200).write_csv(tmp_path / "table.csv")
    (tmp_path / "small.toml").write_text(SMALL)
    ledger = frostglass.Ledger.create(tmp_path / "b.db")
    ledger.open_scope("s", epsilon="4", delta="1e-6", by="ann")
    del ledger
    line = "$F release table.csv -c small.toml --epsilon 1 --length 1 --fit fast --scope s --ledger b.db -o out"
    done = run(f"{line} {streams}; echo ${{PIPESTATUS[0]}} >code", tmp_path, PYTHONIOENCODING="ascii")
    assert (tmp_path / "code").read_text() == "0\n"
    assert (done.stdout, done.stderr) == ("", "")
    report = frostglass.verify(tmp_path / "out", ledger=tmp_path / "b.db")
    assert not report.failed, report.text()


@pytest.mark.parametrize(
    ("said", "there"),
    [
        ("`fit` takes fast", "--fit takes fast"),
        ("pass `placeholder_keys=allow`", "pass --placeholder-keys allow"),
        ("or release with `structural=False`", "or release with --without-constraints"),
        (
            "`frostglass ledger moved`, `codebook` and `x=1` stay",
            "`frostglass ledger moved`, `codebook` and `x=1` stay",
        ),
    ],
)
def test_settings_that_messages_name_are_options_at_the_desk(said: str, there: str) -> None:
    assert in_options(said) == there


def test_a_result_is_never_changed_by_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A label may be called as a setting is."""
    Voice(as_json=True).give({"label": "`fit`"})
    assert json.loads(capsys.readouterr().out) == {"label": "`fit`"}
    Voice().say("`fit`: 12 records")
    assert capsys.readouterr().out == "`fit`: 12 records\n"


def test_every_setting_that_a_message_below_the_doors_names_is_an_option() -> None:
    """In backticks stand settings and whole commands; and no room below the doors knows an option's name."""
    rooms = [path for path in Path(frostglass.__file__).parent.rglob("*.py") if "desk" not in path.parts]
    texts = [text for path in rooms for text in messages(path)]
    named = {found for text in texts for found in re.findall(r"`([a-z_]+)(?:=[^`]+)?`", text)}
    assert named <= SETTINGS | {"confirmed"}, "a table of the codebook, or a setting"
    commands = re.compile(r"`frostglass [^`]*`?")
    assert [text for text in texts if re.search(r"(?<![\w-])--[a-z]", commands.sub("", text))] == []


def messages(path: Path) -> Iterator[str]:
    """Texts of a module but its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    aside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    aside |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in aside:
            yield node.value
