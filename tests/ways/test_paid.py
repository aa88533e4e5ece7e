"""Nothing is paid in vain: what could fail is had before the draw, and what fails after it says how to go on."""

from __future__ import annotations

import errno
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import frostglass
from frostglass import codebooks
from frostglass.boundary import staging
from frostglass.boundary.accountant import GaussianDP
from frostglass.boundary.curator import Curator
from frostglass.boundary.held_signals import HELD, held_back
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.bundle import rehearsal, seal
from frostglass.bundle.contents import Contents
from frostglass.bundle.format import files
from frostglass.counting import tally as counting
from frostglass.errors import BundleError, FrostglassError, LedgerError
from frostglass.released.measurement import Measurement
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.terms.question import Question
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways import release as pipeline
from frostglass.ways import verify as bundles
from frostglass.ways.finishing import finish
from frostglass.ways.order import Order
from frostglass.ways.resuming import is_staged
from tests.conftest import Command
from tests.survey import SMALL, survey

REASONS = [errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EMFILE]
STAGED = "counts as spent and its answers are staged: mend that and run the same command again"


@pytest.fixture(autouse=True)
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The accountant's figures, which are the same for every release here, are computed once."""
    monkeypatch.setattr(GaussianDP, "delta", delta)


delta = cache(GaussianDP.delta)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger.create(tmp_path / "budget.db")
    made.open_scope("s", epsilon=4, delta="1e-6", by="ann")
    return made


def plan_for(book: Codebook, **changes: Any) -> Plan:
    return replace(Plan(book.id, book.sha256, Fraction(1), PrivacyUnit(book.unit), fit="fast"), **changes)


def released(book: Codebook, ledger: Ledger, out: Path | None = None, **order: Any) -> str:
    """A whole release, sealed where ``out`` is given; its id."""
    contents = pipeline.release(survey(40), book, plan_for(book), Order("s", **order), ledger=ledger)
    if out is not None:
        pipeline.seal(contents, out, ledger=ledger)
    return contents.release_id


def kinds(ledger: Ledger) -> list[str]:
    return [each.kind for each in ledger.entries()]


def failing(error: BaseException) -> Callable[..., Any]:
    def fail(*_arguments: object, **_named: object) -> None:
        raise error

    return fail


# Before the draw


@pytest.mark.parametrize("number", REASONS)
def test_a_disk_that_gives_no_room_for_the_answers_is_found_before_anything_is_reserved(
    number: int, small: Codebook, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "_take", failing(OSError(number, "a canary of the library")))
    with pytest.raises(LedgerError, match="FG-LG-053") as told:
        released(small, ledger)
    assert os.strerror(number).lower() in told.value.message
    assert "budget.db.staged" in told.value.message
    assert "canary" not in told.value.message
    assert kinds(ledger) == ["genesis", "open"]
    assert ledger.path is not None
    assert not ledger.path.with_name("budget.db.staged").exists()


def test_a_limit_of_the_system_on_files_is_found_before_anything_is_reserved(small: Codebook, ledger: Ledger) -> None:
    """By asking the system itself: no file may grow beyond 200 kB here."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(LedgerError, match="FG-LG-053"):
            released(small, ledger)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert kinds(ledger) == ["genesis", "open"]
    released(small, ledger)


def test_a_damaged_key_beside_the_ledger_costs_nothing(small: Codebook, ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "budget.db.binding").write_bytes(b"short")
    with pytest.raises(LedgerError, match="FG-LG-054"):
        released(small, ledger)
    assert kinds(ledger) == ["genesis", "open"]


def test_room_that_was_not_used_is_given_back(tmp_path: Path) -> None:
    with staging.room(staging.folder_for(tmp_path / "l.db", "r"), 1_000_000):
        held = sum(each.stat().st_size for each in tmp_path.rglob("*") if each.is_file())
    assert held >= 1_000_000
    assert list(tmp_path.iterdir()) == [staging.binding_of(tmp_path / "l.db")]


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [
        (seal, "statement", failing(KeyError("a canary"))),
        (seal, "codebook_html", failing(RuntimeError("a canary"))),
        (seal, "accuracy_html", failing(TypeError("a canary"))),
        (seal, "data_package", failing(ZeroDivisionError("a canary"))),
        (rehearsal, "MOST_MANIFEST_BYTES", 101_000),
        (codebooks, "from_canonical", failing(frostglass.FrostglassError("FG-CB-001", "larger than 10 MB"))),
    ],
)
def test_what_could_not_be_sealed_is_not_paid_for(
    place: object, name: str, value: object, small: Codebook, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever page cannot be written, and whatever would be too large to be read back."""
    with monkeypatch.context() as patch:
        patch.setattr(place, name, value)
        with pytest.raises(BundleError, match="FG-BN-075") as told:
            released(small, ledger)
    assert "canary" not in told.value.message
    assert kinds(ledger) == ["genesis", "open"]
    released(small, ledger)


def test_what_was_rehearsed_is_never_sealed(
    small: Codebook, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its receipts were paid by nobody, and say so."""
    rehearsed: list[Contents] = []
    monkeypatch.setattr(pipeline, "rehearse", rehearsed.append)
    released(small, ledger)
    with pytest.raises(BundleError, match="FG-BN-003"):
        seal.seal(rehearsed[0], tmp_path / "out", sign=ledger.sign)


def test_a_bundle_is_not_asked_for_where_none_could_be_sealed(small: Codebook, tmp_path: Path) -> None:
    ephemeral = Ledger.ephemeral(epsilon=4, delta="1e-6")
    with pytest.raises(BundleError, match="FG-BN-003"):
        frostglass.release(survey(9), small, epsilon=1, scope="ephemeral", ledger=ephemeral, out=tmp_path / "out")
    assert ephemeral.scope("ephemeral").spent == 0


def test_a_compiler_without_a_place_for_its_files_costs_nothing(
    small: Codebook, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "tally", failing(RuntimeError("no locator available")))
    with pytest.raises(RuntimeError):
        released(small, ledger)
    assert kinds(ledger) == ["genesis", "open"]


# After it


def after_the_draw(where: str, error: BaseException) -> tuple[object, str, Callable[..., Any]]:
    places: dict[str, tuple[object, str]] = {
        "commit": (Ledger, "commit"),
        "fit": (pipeline, "build"),
        "file": (files, "write_file"),
        "folder": (files, "unfinished_folder"),
        "signature": (Ledger, "sign"),
        "entry": (Ledger, "seal"),
    }
    return (*places[where], failing(error))


@pytest.mark.parametrize(
    ("where", "number"),
    [
        *zip(["commit", "fit", "file", "folder", "signature", "entry"], cycle(REASONS)),
        *(("file", number) for number in REASONS),
    ],
)
def test_a_failure_after_the_draw_says_what_is_spent_what_is_staged_and_why(
    where: str, number: int, small: Codebook, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "releases" / "out"
    with monkeypatch.context() as patch:
        patch.setattr(*after_the_draw(where, OSError(number, "a canary of the library")))
        with pytest.raises(FrostglassError) as told:
            released(small, ledger, out)
    said = told.value.message
    assert STAGED in said
    assert os.strerror(number).lower() in said
    assert ("budget.db.staged" if where in ("commit", "fit") else "releases") in said
    assert "canary" not in said
    assert str(tmp_path) not in said
    spent = ledger.scope("s").spent
    if finish(out, plan_for(small), Order("s"), ledger) is None:
        released(small, ledger, out)
    assert ledger.scope("s").spent == spent
    assert bundles.verify(out).ok


@pytest.mark.parametrize(
    "error",
    [
        LedgerError("FG-LG-012", "the disk of the ledger is full; nothing was written"),
        MemoryError("a canary"),
        RuntimeError("a canary"),
        pl.exceptions.PanicException("a canary"),
    ],
)
def test_so_does_every_other_failure_and_none_shows_a_value(
    error: BaseException, small: Codebook, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*after_the_draw("fit", error))
    with pytest.raises(FrostglassError) as told:
        released(small, ledger)
    assert STAGED in told.value.message
    assert "canary" not in told.value.message
    if isinstance(error, FrostglassError):
        assert told.value.code == error.code
        assert told.value.message.startswith(error.message)


@pytest.mark.parametrize("number", REASONS)
def test_answers_that_could_not_be_staged_are_said_to_be_lost(
    number: int, small: Codebook, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says nothing better than what is true, though the room was there before."""
    with monkeypatch.context() as patch:
        patch.setattr(staging, "_fill", failing(OSError(number, "a canary")))
        with pytest.raises(LedgerError, match="FG-LG-052") as told:
            released(small, ledger)
    assert os.strerror(number).lower() in told.value.message
    assert "counts as spent, and its answers are lost" in told.value.message
    assert ledger.scope("s").spent > 0


def test_a_draw_that_was_never_entered_is_said_to_be_reserved_only(
    small: Codebook, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ledger, "begin_draw", failing(LedgerError("FG-LG-004", "the ledger has been locked")))
    with pytest.raises(LedgerError, match=r"nothing was drawn for release .*`frostglass ledger void`"):
        released(small, ledger)
    assert kinds(ledger)[-1] == "reserve"


# Named releases


def cut_short(book: Codebook, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, **order: Any) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "build", failing(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            released(book, ledger, **order)


def test_a_release_that_names_its_id_resumes_that_one_alone(
    small: Codebook, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once r2, of the same plan, was finished in r3's folder without a word."""
    cut_short(small, ledger, monkeypatch, release_id="r1")
    cut_short(small, ledger, monkeypatch, release_id="r2")
    spent = ledger.scope("s").spent
    assert released(small, ledger, release_id="r1") == "r1"
    assert ledger.scope("s").spent == spent
    assert released(small, ledger, release_id="r3") == "r3"
    assert ledger.scope("s").spent == spent + spent // 2
    assert [ledger.state(each) for each in ("r1", "r2", "r3")] == ["committed"] * 3


def test_a_release_without_a_name_resumes_whichever_is_staged(
    small: Codebook, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(small, ledger, monkeypatch, release_id="r1")
    assert released(small, ledger) == "r1"


@pytest.mark.parametrize("way", ["sealed", "lost", "another plan", "fresh", "voided"])
def test_a_name_that_is_taken_is_refused_before_the_table_is_read(
    way: str, small: Codebook, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, fresh = plan_for(small), way == "fresh"
    if way == "sealed":
        released(small, ledger, tmp_path / "out", release_id="r1")
    elif way == "voided":
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "begin_draw", failing(LedgerError("FG-LG-004", "locked")))
            with pytest.raises(LedgerError):
                released(small, ledger, release_id="r1", by="ann")
        ledger.void("r1", by="bea", reason="stopped")
    else:
        cut_short(small, ledger, monkeypatch, release_id="r1")
        if way == "lost":
            staging.purge(tmp_path / "budget.db.staged" / "r1")
        if way == "another plan":
            plan = plan_for(small, length=2)
    before = kinds(ledger)
    order = Order("s", release_id="r1", fresh=fresh)
    with pytest.raises(LedgerError, match="FG-LG-019"):
        pipeline.release(tmp_path / "no-such-table.csv", small, plan, order, ledger=ledger)
    assert kinds(ledger) == before


@pytest.mark.parametrize(
    ("order", "length", "finished"),
    [({"release_id": "r2"}, 3, False), ({}, 2, False), ({"scope": "t"}, 3, False), ({"release_id": "r1"}, 3, True)],
)
def test_a_bundle_is_finished_by_its_own_command_alone(
    order: dict[str, Any],
    length: int,
    finished: bool,
    small: Codebook,
    ledger: Ledger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that names another release, another plan or another scope does not finish it in that one's name."""
    ledger.open_scope("t", epsilon=4, delta="1e-6")
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "enter", failing(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            released(small, ledger, tmp_path / "out", release_id="r1")
    other = Order(**{"scope": "s", **order})
    done = finish(tmp_path / "out", plan_for(small, length=length), other, ledger)
    assert (done is not None, ledger.state("r1")) == (finished, "sealed" if finished else "committed")


# Signals


@contextmanager
def handlers() -> Iterator[None]:
    before = {each: signal.getsignal(each) for each in HELD}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_block_is_obeyed_after_it_by_whoever_would_have_been_asked(number: int) -> None:
    seen: list[str] = []
    with handlers():
        signal.signal(number, lambda *_: seen.append("obeyed"))
        with held_back():
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
            seen.append("worked on")
        assert seen == ["worked on", "obeyed"]
        os.kill(os.getpid(), number)
        assert seen[-2:] == ["obeyed", "obeyed"]


def test_ctrl_c_in_the_block_is_a_keyboard_interrupt_after_it_also_where_the_block_fails() -> None:
    done: list[str] = []

    @held_back()
    def work(*, fail: bool) -> None:
        signal.raise_signal(signal.SIGINT)
        done.append("worked on")
        if fail:
            raise ValueError

    for fail in (False, True):
        with pytest.raises(KeyboardInterrupt):
            work(fail=fail)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert done == ["worked on"] * 2


def test_every_signal_that_came_is_obeyed_and_every_handler_is_back_though_one_raises() -> None:
    seen: list[int] = []
    with handlers():
        for each in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, lambda number, _frame: seen.append(number))
        before = [signal.getsignal(each) for each in HELD]

        @held_back()
        def work() -> None:
            for each in HELD:
                signal.raise_signal(each)
            seen.append(0)

        with pytest.raises(KeyboardInterrupt):
            work()
        assert seen.pop(0) == 0
        assert sorted(seen) == sorted([signal.SIGTERM, signal.SIGHUP])
        assert [signal.getsignal(each) for each in HELD] == before


def test_blocks_within_blocks_wait_for_the_outermost() -> None:
    seen: list[str] = []
    with handlers():
        signal.signal(signal.SIGTERM, lambda *_: seen.append("obeyed"))
        with held_back():
            with held_back():
                signal.raise_signal(signal.SIGTERM)
            seen.append("inner is over")
        assert seen == ["inner is over", "obeyed"]


def test_what_is_ignored_stays_ignored() -> None:
    """As a hang-up is under nohup."""
    with handlers():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with held_back():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            signal.raise_signal(signal.SIGHUP)


def test_in_another_thread_nothing_is_done() -> None:
    found: list[object] = []

    def look() -> None:
        with held_back():
            found.extend(signal.getsignal(each) for each in HELD)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(each) for each in HELD]


def interrupting(monkeypatch: pytest.MonkeyPatch, at: int = 3) -> None:
    """Press Ctrl-C while the table with that number is measured."""
    measure, asked = Curator.measure, []

    def pressed(self: Curator, question: Question) -> Measurement:
        asked.append(question)
        if len(asked) == at:
            signal.raise_signal(signal.SIGINT)
        return measure(self, question)

    monkeypatch.setattr(Curator, "measure", pressed)


@pytest.mark.parametrize("held", [True, False])
def test_ctrl_c_while_the_answers_are_drawn_loses_none(
    held: bool, small: Codebook, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the Python door; where it is not held back, everything is lost."""
    with monkeypatch.context() as patch:
        interrupting(patch)
        if not held:
            patch.setattr(pipeline, "held_back", nullcontext)
        with pytest.raises(KeyboardInterrupt) as stopped:
            frostglass.release(survey(40), small, epsilon=1, scope="s", ledger=ledger, fit="fast", release_id="r1")
    assert (STAGED if held else "its answers are lost") in stopped.value.__notes__[0]
    assert is_staged(ledger, "r1") == held


def test_ctrl_c_at_the_command_line_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frostglass_command: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    survey(40).write_csv(tmp_path / "table.csv")
    (tmp_path / "small.toml").write_text(SMALL)
    frostglass_command("ledger", "open", "s", "--epsilon", "2", "--delta", "1e-6", "--ledger", "l.db")
    to = ("--scope", "s", "--ledger", "l.db", "-o", "out")
    arguments = ("release", "table.csv", "-c", "small.toml", "--epsilon", "1", "--fit", "fast", *to)
    with monkeypatch.context() as patch:
        interrupting(patch)
        code, _, err = frostglass_command(*arguments)
    assert (code, "FG-BN-063: stopped; release" in err, STAGED in err) == (1, True, True)
    code, _, err = frostglass_command(*arguments)
    assert code == 0
    assert "resuming release" in err
    assert Ledger.open("l.db").scope("s").releases == 1


# Fictitious data


@pytest.mark.long
def test_every_page_of_fictitious_data_says_so_and_no_other_does(
    small: Codebook, ledger: Ledger, tmp_path: Path
) -> None:
    pages = ("statement.md", "codebook.html", "accuracy.html")
    for name, invented in (("invented", True), ("true", False)):
        frostglass.release(
            survey(40),
            small,
            epsilon=1,
            scope="s",
            ledger=ledger,
            fit="fast",
            out=tmp_path / name,
            fictitious=invented,
        )
        assert frostglass.open_bundle(tmp_path / name).manifest.fictitious is invented
        assert frostglass.verify(tmp_path / name).ok
        frostglass.review_release(survey(40), tmp_path / name, attacks="none").write(tmp_path / f"{name}.html")
        for page in (*(tmp_path / name / each for each in pages), tmp_path / f"{name}.html"):
            assert ("Fictitious data: every record" in page.read_text()) is invented, page.name


def test_a_synthesizer_may_be_told_that_the_data_are_fictitious(
    small: Codebook, ledger: Ledger, tmp_path: Path
) -> None:
    made = frostglass.Synthesizer(small, epsilon=1, ledger=ledger, effort="fast", fictitious=True).fit(survey(40))
    assert made.save(tmp_path / "out").manifest.fictitious is True


@pytest.mark.parametrize(
    ("written", "option", "fictitious"),
    [
        ("", (), False),
        ("", ("--fictitious",), True),
        ("fictitious = true", (), True),
        ("fictitious = true", ("--not-fictitious",), False),
        ("fictitious = false", ("--fictitious",), True),
    ],
)
def test_the_command_and_the_release_file_tell_that_data_are_fictitious(
    written: str,
    option: tuple[str, ...],
    fictitious: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    frostglass_command: Command,
) -> None:
    monkeypatch.chdir(tmp_path)
    survey(40).write_csv(tmp_path / "table.csv")
    (tmp_path / "small.toml").write_text(SMALL)
    frostglass_command("ledger", "open", "s", "--epsilon", "2", "--delta", "1e-6", "--ledger", "l.db")
    lines = ('data = "table.csv"', 'codebook = "small.toml"', "epsilon = 1", 'scope = "s"', 'ledger = "l.db"')
    (tmp_path / "release.toml").write_text("\n".join([*lines, 'fit = "fast"', 'out = "out"', written]))
    code, _, err = frostglass_command("release", "--config", "release.toml", *option)
    assert code == 0, err
    assert frostglass.open_bundle("out").manifest.fictitious is fictitious
