"""Workbooks in a process of their own: a hostile one ends that process, and its answer is believed only if it is sound.

``test_tables_xlsx`` states what is read; here it is how the reading is kept apart.
"""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from frostglass.errors import FrostglassError, InputError, UsageError
from frostglass.tables import text_table
from frostglass.tables.readers import read_text_table
from frostglass.tables.text_table import Note, TextColumn, TextTable
from frostglass.tables.xlsx import contained as contained_xlsx
from frostglass.tables.xlsx import package as xlsx_package
from frostglass.tables.xlsx.contained import read_contained_xlsx
from frostglass.tables.xlsx.messages import (
    NonsenseError,
    expect_end,
    read_message,
    read_table,
    write_message,
    write_table,
)
from frostglass.tables.xlsx.reader import read_xlsx
from tests.tables.test_xlsx import cells, keep, rewritten, sheet_of, workbook

SECRET = "Xylophonia"
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return workbook(tmp_path / "t.xlsx", sheet_of([["a", "b"], ["007", 1], [SECRET, None]]))


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are started during the test."""
    started: list[subprocess.Popen[bytes]] = []
    start = contained_xlsx._started

    def noted(file: io.BufferedReader) -> subprocess.Popen[bytes]:
        started.append(start(file))
        return started[-1]

    monkeypatch.setattr(contained_xlsx, "_started", noted)
    return started


def refusal(path: Path) -> InputError:
    """The error, while this process needs next to no memory, whatever the other one did."""
    tracemalloc.start()
    try:
        with pytest.raises(InputError) as caught:
            read_text_table(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


def with_sheet(path: Path, content: bytes) -> Path:
    return rewritten(path, lambda name, before: content if name == SHEET else before)


# ------------------------------------------------------------------------------------------- the same as without


def test_a_process_of_its_own_reads_the_same_table_with_the_same_notes(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "é"], ["=1+1", "_xD800_"], ["x", None], [], [" ü \n", 0.1]]
    path = workbook(tmp_path / "t.xlsx", sheet_of(rows))
    with path.open("rb") as file:
        here, there = read_xlsx(file), read_contained_xlsx(file)
    assert cells(here) == cells(there)
    assert (here.rows, here.notes, here.headings) == (there.rows, there.notes, there.headings)
    assert [column.values for column in here.columns] == [column.values for column in there.columns]
    assert len(here.notes) == 2


def test_a_table_without_records_and_one_of_many_come_back(tmp_path: Path) -> None:
    assert read_text_table(workbook(tmp_path / "e.xlsx", sheet_of([["a"]]))).rows == 0
    rows: list[list[object]] = [["a"]]
    rows += [[place] for place in range(30_000)]
    table = read_text_table(workbook(tmp_path / "t.xlsx", sheet_of(rows)))
    assert cells(table)["a"] == [str(place) for place in range(30_000)]


def test_errors_come_back_with_code_and_message(plain: Path) -> None:
    with plain.open("rb") as file:
        with pytest.raises(InputError) as here:
            read_xlsx(file, sheet="South")
        with pytest.raises(InputError) as there:
            read_contained_xlsx(file, sheet="South")
    assert str(here.value) == str(there.value)


def test_the_columns_that_are_wanted_are_chosen_in_this_process(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "story", "b"], [1, SECRET * 30, 2]]
    path = workbook(tmp_path / "t.xlsx", sheet_of(rows))
    seen: list[tuple[str, ...]] = []

    def only(headings: tuple[str, ...]) -> list[str]:
        seen.append(headings)
        return ["b"]

    table = read_text_table(path, only=only)
    assert (cells(table), seen, table.headings) == ({"b": ["2"]}, [("a", "story", "b")], ("a", "story", "b"))
    assert read_text_table(path, only=lambda _: []).rows == 1


def test_limits_that_a_user_set_hold_in_the_process_too(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, code in (
        (text_table, "MOST_ROWS", "FG-IN-025"),
        (text_table, "MOST_COLUMNS", "FG-IN-025"),
        (text_table, "MOST_CHARACTERS", "FG-IN-026"),
        (xlsx_package, "MOST_UNPACKED", "FG-IN-053"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, 1)
            assert refusal(plain).code == code
    long = workbook(plain.with_name("long.xlsx"), sheet_of([["a"], ["x" * 300]]))
    assert refusal(long).code == "FG-IN-026"
    monkeypatch.setattr(text_table, "MOST_CHARACTERS", 300)
    assert read_text_table(long).rows == 1


# ------------------------------------------------------------------------------------------------ hostile workbooks


def test_a_directory_that_lies_about_sizes_unpacks_no_further(plain: Path) -> None:
    rewritten(plain, lambda name, content: content + b" " * 50_000_000 if name == SHEET else content)
    content = bytearray(plain.read_bytes())
    at = content.index(SHEET.encode(), content.index(b"PK\x01\x02")) - 46
    content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    plain.write_bytes(bytes(content))
    assert refusal(plain).code == "FG-IN-074"


@pytest.mark.long
def test_a_workbook_that_needs_too_much_memory_ends_its_process_alone(
    plain: Path, monkeypatch: pytest.MonkeyPatch, processes: list[subprocess.Popen[bytes]]
) -> None:
    """Millions of elements inside one another, of which the parser must remember each."""
    monkeypatch.setattr(contained_xlsx, "MOST_MEMORY", 256 * 1024**2)
    error = refusal(with_sheet(plain, b"<worksheet>" + b"<a>" * 3_000_000))
    assert error.code == "FG-IN-079"
    assert "256 MB of memory" in str(error)
    assert "more memory was needed" in str(error)
    assert "save the sheet as CSV" in str(error)
    assert processes[0].returncode == contained_xlsx.OUT_OF_MEMORY


def test_a_sheet_that_is_nearly_all_gaps_cannot_blow_up_the_table(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes a row, thousands of columns a row."""
    monkeypatch.setattr(contained_xlsx, "MOST_MEMORY", 256 * 1024**2)
    header = "".join(f'<c t="str"><v>h{place}</v></c>' for place in range(5_000))
    rows = '<row><c t="str"><v>x</v></c></row>' * 40_000
    content = f"<worksheet><sheetData><row>{header}</row>{rows}</sheetData></worksheet>"
    error = refusal(with_sheet(plain, content.encode()))
    assert (error.code, "more memory was needed" in str(error)) == ("FG-IN-079", True)


def test_a_workbook_that_computes_without_end_ends_its_process_alone(
    plain: Path, monkeypatch: pytest.MonkeyPatch, processes: list[subprocess.Popen[bytes]]
) -> None:
    """Each of many short elements names all columns."""
    monkeypatch.setattr(contained_xlsx, "MOST_SECONDS", 1)
    error = refusal(with_sheet(plain, b"<worksheet>" + b'<col hidden="1" min="1" max="16384"/>' * 200_000))
    assert error.code == "FG-IN-079"
    assert "1 seconds of computing (more time was needed)" in str(error)
    assert processes[0].returncode == -signal.SIGXCPU


def test_a_shared_text_with_many_cells_is_read_in_no_time(plain: Path) -> None:
    """Two megabytes of text, and forty thousand cells that refer to it."""
    text = b"<sst><si><t>" + b"_x0041_" * 300_000 + b"</t></si></sst>"
    rows = b'<row><c t="s"><v>0</v></c></row>' * 40_000
    parts = {SHEET: b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>", "xl/sharedStrings.xml": text}
    error = refusal(rewritten(plain, lambda name, content: parts.get(name, content)))
    assert error.code == "FG-IN-026"


# --------------------------------------------------------------------------------------------- a process that fails


def forged(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let the process run ``text`` in place of the reader."""
    monkeypatch.setattr(contained_xlsx, "_START", f"import os, sys, struct, json, time\n{text}")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_process_that_is_killed_is_reported(plain: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    forged(monkeypatch, f"os.kill(os.getpid(), {int(number)})")
    error = refusal(plain)
    assert error.code == "FG-IN-079"
    assert ("the process was ended" if number == signal.SIGKILL else f"signal {int(number)}") in str(error)


def test_a_process_that_is_killed_half_way_is_reported(plain: Path, processes: list[subprocess.Popen[bytes]]) -> None:
    def only(headings: tuple[str, ...]) -> tuple[str, ...]:
        processes[0].terminate()
        processes[0].wait()
        return headings

    with pytest.raises(InputError, match=r"FG-IN-079.*signal 15"):
        read_text_table(plain, only=only)


def test_a_process_that_crashes_says_nothing_of_why(
    plain: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    forged(monkeypatch, f"raise ValueError('{SECRET}')")
    assert "status 1" in str(refusal(plain))
    assert capfd.readouterr() == ("", "")


def test_a_process_that_sleeps_is_ended(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contained_xlsx, "MOST_PATIENCE", 0.3)
    forged(monkeypatch, "time.sleep(60)")
    assert refusal(plain).code == "FG-IN-079"


def test_a_process_that_cannot_be_started_is_reported(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert "could not be started" in str(refusal(plain))


@pytest.mark.parametrize("error", [KeyboardInterrupt, InputError("FG-IN-022", "no such column"), ZeroDivisionError])
def test_whatever_interrupts_the_reading_leaves_no_process_behind(
    plain: Path, processes: list[subprocess.Popen[bytes]], error: BaseException | type[BaseException]
) -> None:
    """Ctrl-C above all."""

    def only(_: tuple[str, ...]) -> tuple[str, ...]:
        raise error

    kind = error if isinstance(error, type) else type(error)
    with pytest.raises(kind):
        read_text_table(plain, only=only)
    read_text_table(plain)
    for process in processes:
        assert process.returncode is not None
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


def test_control_c_ends_the_process_at_once(
    plain: Path, monkeypatch: pytest.MonkeyPatch, processes: list[subprocess.Popen[bytes]]
) -> None:
    forged(monkeypatch, "time.sleep(9)")
    press = f"import os, time; time.sleep(0.3); os.kill({os.getpid()}, {int(signal.SIGINT)})"
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job is started without it
    try:
        with subprocess.Popen([sys.executable, "-c", press]), pytest.raises(KeyboardInterrupt):
            read_text_table(plain)
    finally:
        signal.signal(signal.SIGINT, before)
    assert processes[0].returncode == -signal.SIGKILL


def test_a_file_that_changes_while_the_process_reads_it_is_refused(plain: Path) -> None:
    def only(headings: tuple[str, ...]) -> tuple[str, ...]:
        plain.write_bytes(plain.read_bytes() + b"x")
        return headings

    with pytest.raises(InputError, match="FG-IN-005"):
        read_text_table(plain, only=only)


def test_the_process_has_no_environment_and_no_terminal(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", SECRET)
    forged(
        monkeypatch,
        "said = f'{sorted(os.environ)} {os.getcwd()} {[os.isatty(place) for place in range(3)]}'\n"
        "found = json.dumps({'error': ['FG-IN-001', said]}).encode()\n"
        "sys.stdout.buffer.write(struct.pack('<I', len(found)) + found)",
    )
    said = str(refusal(plain))
    assert "SOME_TOKEN" not in said
    assert "HOME" not in said
    assert "/ [False, False, False]" in said


def test_the_process_can_neither_write_files_nor_start_others_nor_dump_its_memory(tmp_path: Path) -> None:
    probe = (
        "import os, resource as r; from frostglass.tables.xlsx.process import _limit; _limit(10**9, 7)\n"
        "print(*(r.getrlimit(each) for each in (r.RLIMIT_AS, r.RLIMIT_CPU)))\n"
        "print(*(r.getrlimit(each) for each in (r.RLIMIT_FSIZE, r.RLIMIT_CORE, r.RLIMIT_NPROC)))\n"
        "_limit(2 * 10**9, 9)\n"
        "print(r.getrlimit(r.RLIMIT_AS), r.getrlimit(r.RLIMIT_CPU))\n"
        "try:\n"
        f"    os.write(os.open({str(tmp_path / 'f')!r}, os.O_WRONLY | os.O_CREAT), b'x')\n"
        "except OSError:\n"
        "    print('no file')\n"
    )
    found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines() == [
        "(1000000000, 1000000000) (7, 8)",
        "(0, 0) (0, 0) (0, 0)",
        "(1000000000, 1000000000) (8, 8)",
        "no file",
    ]


def test_the_process_loads_little(plain: Path) -> None:
    """Its modules are part of what a hostile workbook could take hold of, and of the time that each one costs."""
    probe = "import sys, frostglass.tables.xlsx.process; print(*[each.split('.')[0] for each in sys.modules])"
    found = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True, check=True)
    assert not {"polars", "pyarrow", "pandas", "numba", "narwhals", "pydantic", "typer"} & set(found.stdout.split())


# ------------------------------------------------------------------------------------------------- forged answers


@pytest.mark.parametrize(
    "answer",
    [
        {"error": ["FG-XX-001", "no such family"]},
        {"error": ["FG-IN-1", "no such code"]},
        {"error": ["FG-IN-٠٠١", "other digits"]},
        {"error": ["FG-IN-001", "a colour: \x1b[31m"]},
        {"error": ["FG-IN-001", "x" * 5_000]},
        {"error": ["FG-IN-001", ""]},
        {"error": ["FG-IN-001"]},
        {"error": "FG-IN-001"},
        {"error": [1, 2]},
        {},
        [],
        "table",
        {"rows": 1, "headings": ["a"], "notes": [], "columns": [[0, 1, 1]]},  # breaks off
        {"rows": 10**9, "headings": ["a"], "notes": [], "columns": [[0, 1, 1]]},
    ],
)
def test_an_answer_that_cannot_be_right_is_refused(
    plain: Path, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    forged(
        monkeypatch,
        f"found = {json.dumps(answer).encode()!r}\nsys.stdout.buffer.write(struct.pack('<I', len(found)) + found)",
    )
    error = refusal(plain)
    assert error.code == "FG-IN-079"
    assert "cannot be right" in str(error)


@pytest.mark.parametrize("content", [b"", b"\1", b"\xff\xff\xff\xff", b"\2\0\0\0{", b"\2\0\0\0\xff\xff", b"\2\0\0\0[["])
def test_bytes_that_are_no_message_are_refused(plain: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    forged(monkeypatch, f"sys.stdout.buffer.write({content!r})")
    assert refusal(plain).code == "FG-IN-079"


def test_nothing_may_follow_an_answer(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for more, fits in ((b"", True), (b"x", False)):
        forged(monkeypatch, f"sys.stdout.buffer.write({sent(sound()) + more!r})")
        if fits:
            assert read_text_table(plain).rows == 4
        else:
            assert refusal(plain).code == "FG-IN-079"


def test_headings_that_cannot_be_right_are_never_shown_to_the_caller(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = json.dumps({"headings": ["a", "\x1b[31m"]}).encode()
    forged(monkeypatch, f"sys.stdout.buffer.write({struct.pack('<I', len(found)) + found!r})")

    def only(_: tuple[str, ...]) -> tuple[str, ...]:
        raise AssertionError("shown")

    with pytest.raises(InputError, match="FG-IN-079"):
        read_text_table(plain, only=only)


def test_an_endless_answer_is_refused_at_once(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forged(monkeypatch, "while True: sys.stdout.buffer.write(b'x' * 65536)")
    assert refusal(plain).code == "FG-IN-079"


def test_another_column_than_the_wanted_one_is_refused(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contained_xlsx, "_START", contained_xlsx._START.replace(
        "serve(int",
        "import frostglass.tables.xlsx.process as x; ask = x.read_message;"
        " x.read_message = lambda *a, **b: {**ask(*a, **b), 'wanted': [0]}; serve(int",
    ))  # fmt: skip
    with pytest.raises(InputError, match=r"FG-IN-079.*cannot be right"):
        read_text_table(plain, only=lambda _: ["b"])
    assert cells(read_text_table(plain, only=lambda _: ["a"])) == {"a": ["007", SECRET]}


def test_a_wrong_option_stays_wrong_usage(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = json.dumps({"error": ["FG-OP-083", "an option"]}).encode()
    forged(monkeypatch, f"sys.stdout.buffer.write({struct.pack('<I', len(found)) + found!r})")
    with pytest.raises(UsageError, match="FG-OP-083"):
        read_text_table(plain)


def sound() -> TextTable:
    columns = (
        TextColumn("a", ("x", "", "\ud800é"), np.array([0, 1, 2, 0], np.uint32)),
        TextColumn("c", ("",), np.zeros(4, np.uint32)),
    )
    return TextTable(
        columns, 4, (Note("FG-IN-017", "", 2, "blank rows"), Note("FG-IN-034", "c", 0, "days")), ("a", "b", "c")
    )


def sent(table: TextTable) -> bytes:
    stream = io.BytesIO()
    write_table(stream, table)
    return stream.getvalue()


def received(content: bytes, most: int = 10_000) -> TextTable:
    stream = io.BytesIO(content)
    table = read_table(stream, read_message(stream, most=most), most=most)
    expect_end(stream)
    return table


def test_a_sound_table_comes_back_as_it_was() -> None:
    table = received(sent(sound()))
    assert sent(table) == sent(sound())
    assert cells(table) == cells(sound())
    assert (table.rows, table.notes, table.headings) == (4, sound().notes, ("a", "b", "c"))
    empty = TextTable((TextColumn("a", (), np.empty(0, np.uint32)),), 0)
    assert received(sent(empty)).columns[0].values == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda shape: shape.update(rows=5),
        lambda shape: shape.update(rows=-1),
        lambda shape: shape.update(rows=True),
        lambda shape: shape.update(rows=4.0),
        lambda shape: shape.update(headings=["a", "b", "b"]),
        lambda shape: shape.update(headings=["a", "b", "\x1b"]),
        lambda shape: shape.update(headings=["a", "b", 3]),
        lambda shape: shape.update(headings=None),
        lambda shape: shape["columns"].reverse(),
        lambda shape: shape["columns"][0].__setitem__(0, 3),
        lambda shape: shape["columns"][0].__setitem__(0, -1),
        lambda shape: shape["columns"][0].__setitem__(1, 2),
        lambda shape: shape["columns"][0].__setitem__(1, 4),
        lambda shape: shape["columns"][0].__setitem__(2, 6),
        lambda shape: shape["columns"][0].__setitem__(2, 2**40),
        lambda shape: shape["columns"][0].append(0),
        lambda shape: shape["columns"].append([2, 1, 0]),
        lambda shape: shape["columns"].pop(),
        lambda shape: shape["notes"].append(["FG-IN-017", "", 1, "two\nlines"]),
        lambda shape: shape["notes"].append(["FG-IN-017", "elsewhere", 1, "a note"]),
        lambda shape: shape["notes"].append(["FG-IN-017", "", -1, "a note"]),
        lambda shape: shape["notes"].append(["note", "", 1, "a note"]),
        lambda shape: shape["notes"].append("FG-IN-017"),
        lambda shape: shape.pop("notes"),
    ],
)
def test_a_table_whose_shape_does_not_fit_is_refused(change: Callable[[dict[str, object]], object]) -> None:
    content = sent(sound())
    (length,) = struct.unpack("<I", content[:4])
    shape = json.loads(content[4 : 4 + length])
    change(shape)
    stream = io.BytesIO()
    write_message(stream, shape)
    with pytest.raises(NonsenseError):
        received(stream.getvalue() + content[4 + length :])


@pytest.mark.parametrize(
    ("values", "index"),
    [
        (("x", "x"), [0, 1, 0, 0]),  # twice the same
        (("x", "y"), [0, 0, 0, 0]),  # one that does not occur
        (("x",), [0, 1, 0, 0]),  # an index beyond the values
        (("x" * 201,), [0, 0, 0, 0]),
    ],
)
def test_columns_that_no_reader_makes_are_refused(values: tuple[str, ...], index: list[int]) -> None:
    column = TextColumn("a", ("x", "y"), np.array([0, 1, 0, 0], np.uint32))
    object.__setattr__(column, "values", values)
    object.__setattr__(column, "index", np.array(index, np.uint32))
    with pytest.raises(NonsenseError):
        received(sent(TextTable((column,), 4)))


def test_bytes_of_a_table_that_are_damaged_anywhere_are_refused_or_give_a_sound_table() -> None:
    content = sent(sound())
    for place in range(len(content)):
        for value in (0, 1, 34, 127, 255):
            damaged = bytearray(content)
            damaged[place] = value
            try:
                table = received(bytes(damaged))
            except NonsenseError:
                continue
            assert sent(table)
    for length in range(len(content)):
        with pytest.raises(NonsenseError):
            received(content[:length])
    with pytest.raises(NonsenseError):
        received(content + b"x")


def test_a_table_larger_than_the_limit_is_refused_before_it_is_read() -> None:
    for most, fits in ((40, True), (39, False)):  # eight bytes of values, and two columns of four rows
        stream = io.BytesIO(sent(sound()))
        shape = read_message(stream, most=1_000)
        if fits:
            assert read_table(stream, shape, most=most).rows == 4
        else:
            with pytest.raises(NonsenseError):
                read_table(stream, shape, most=most)
    shape = {"rows": 5_000_000, "headings": ["a"], "notes": [], "columns": [[0, 1, 1]] * 200}
    stream = io.BytesIO()
    write_message(stream, shape)
    with pytest.raises(NonsenseError):
        received(stream.getvalue(), most=2**31)


@pytest.mark.long
def test_a_workbook_that_is_damaged_anywhere_ends_in_an_error_or_a_table(plain: Path) -> None:
    """A few bytes only: ``test_tables_catalogue`` has many more."""
    content = plain.read_bytes()
    with zipfile.ZipFile(plain) as archive:
        assert SHEET in archive.namelist()
    for place in range(0, len(content), len(content) // 12):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        plain.write_bytes(bytes(damaged))
        try:
            read_text_table(plain)
        except FrostglassError as error:
            assert SECRET not in str(error)  # noqa: PT017 - what is claimed of every error, if there is one


def test_an_untouched_copy_reads_as_the_original(plain: Path) -> None:
    assert cells(read_text_table(rewritten(plain, keep))) == {"a": ["007", SECRET], "b": ["1", ""]}
