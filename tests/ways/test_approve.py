"""A sealed bundle is approved by two people, published, or withdrawn; what was cut short, the same call finishes."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import re
import shlex
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import frostglass
from audits.inputs.forgeries import resign
from frostglass.boundary.ledger.home import settle
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.signing_key import SigningKey
from frostglass.bundle import publish as publishing
from frostglass.bundle import withdrawal
from frostglass.bundle.format.manifest import COUNTS_CSV, MANIFEST, PUBLICATION, SEALED, STATEMENT
from frostglass.bundle.format.signature import SIGNATURE
from frostglass.bundle.read import Bundle
from frostglass.bundle.withdrawal import READERS, SPENT, TOMBSTONE, WITHDRAWAL
from frostglass.errors import BundleError, FrostglassError, UsageError
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.verification.report import WITHDRAWN
from frostglass.ways import approve as approval
from frostglass.ways import release as pipeline
from frostglass.ways import verify as bundles
from frostglass.ways.order import Order
from tests.conftest import Command
from tests.survey import survey

WHY = "the year of registration <was> wrong"
SEALED_ONCE = pytest.mark.usefixtures("ground")
PUBLISHED_ONCE = pytest.mark.usefixtures("public_ground")
KILLED = KeyboardInterrupt


@pytest.fixture(scope="module")
def template(small: Codebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ledger and a sealed bundle of it, made once."""
    folder = tmp_path_factory.mktemp("sealed")
    ledger = Ledger.create(folder / "l.db")
    ledger.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ada")
    plan = Plan(small.id, small.sha256, Fraction(2), PrivacyUnit(small.unit), length=2, fit="fast")
    order = Order("s", release_id="R1", by="ada")
    contents = pipeline.release(survey(200), small, plan, order, ledger=ledger)
    pipeline.seal(contents, folder / "out", ledger=ledger)
    return folder


@pytest.fixture(scope="module")
def published_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, approved and published to the folder ``public``."""
    folder = tmp_path_factory.mktemp("published")
    copied(template, folder)
    with contextlib.chdir(folder):
        approve_twice()
        publish()
    return folder


@pytest.fixture
def ground(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the sealed bundle and its ledger, where commands run."""
    copied(template, tmp_path)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def public_ground(published_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, with the published copy."""
    copied(published_template, tmp_path)
    monkeypatch.chdir(tmp_path)


def copied(template: Path, folder: Path) -> None:
    """A copy of an office, whose ledger is at home there: the note of where it lived stays behind."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    settle(folder / "l.db", next(iter(Ledger.inspect(folder / "l.db").entries())).text("ledger_id"))


def ledger() -> Ledger:
    return Ledger.open("l.db")


def approve_twice() -> None:
    """As the two people would, but for looking at the bundle again."""
    for by in ("ada", "bea"):
        book = ledger()
        book.approve("R1", manifest_sha256=Bundle.open("out").manifest_sha256, by=by, note="read it")


def publish(to: str = "public") -> Path:
    return approval.publish("out", to, ledger="l.db", by="ada")


def withdraw(what: str = "out", published: str | None = "public") -> withdrawal.Withdrawal:
    return approval.withdraw(what, ledger="l.db", by="cyd", reason=WHY, published=published)


def kinds() -> list[str]:
    return [each.kind for each in ledger().entries()][6:]


def refused(act: Callable[..., object], *arguments: Any, **named: Any) -> str:
    with pytest.raises(FrostglassError) as caught:
        act(*arguments, **named)
    return caught.value.code


# Approve


@SEALED_ONCE
def test_two_people_approve_and_it_is_published() -> None:
    """The whole way from Python, with its public names."""
    (first,) = frostglass.approve("out", ledger="l.db", by="Ada", note="read the review")
    assert refused(frostglass.publish, "out", "public", ledger="l.db", by="ada") == "FG-LG-024"
    assert not Path("public").exists()
    frostglass.approve("out", ledger="l.db", by="Bea", note="agreed")
    frostglass.publish("out", "public", ledger="l.db", by="ada")
    for path in Path("out").iterdir():
        assert (Path("public") / path.name).read_bytes() == path.read_bytes()
    word = json.loads((Path("public") / PUBLICATION).read_text())
    entry = ledger().find("R1", "publish")
    assert entry is not None
    assert word == {
        "release_id": "R1",
        "manifest_sha256": first.text("manifest_sha256"),
        "published_on": entry.at[:10],
        "approvals": 2,
        "approved_on": [each.at[:10] for each in ledger().approvals("R1")],
    }
    assert b"Bea" not in (Path("public") / PUBLICATION).read_bytes()
    assert bundles.verify("public", ledger="l.db").ok
    frostglass.withdraw("out", ledger="l.db", by="cyd", reason=WHY, published="public")
    assert ledger().state("R1") == "withdrawn"


@SEALED_ONCE
def test_a_bundle_that_does_not_verify_is_not_approved() -> None:
    statement = Path("out") / STATEMENT
    statement.write_text(statement.read_text() + "And more.\n")
    assert refused(approval.approve, "out", ledger="l.db", by="ada", note="read it") == "FG-BN-067"
    assert kinds() == []


@SEALED_ONCE
def test_a_bundle_that_this_ledger_did_not_seal_is_neither_approved_published_nor_withdrawn() -> None:
    other = Ledger.create("other.db")
    for act in (
        lambda: approval.approve("out", ledger=other, by="ada", note="read it"),
        lambda: approval.publish("out", "public", ledger=other, by="ada"),
        lambda: approval.withdraw("out", ledger=other, by="ada", reason=WHY),
    ):
        assert refused(act) == "FG-BN-061"
    assert not Path("public").exists()
    assert len(list(other.entries())) == 1


@SEALED_ONCE
def test_another_bundle_of_the_same_release_is_neither_approved_published_nor_withdrawn() -> None:
    """Though the ledger's own key signed it: it is not the one whose seal the ledger holds."""
    shutil.copytree("out", "other")
    resign(Path("other"), {"date": "2020-01-01"}, SigningKey.read(Path("l.db.key")))
    assert not bundles.verify("other").failed
    for act in (
        lambda: approval.approve("other", ledger="l.db", by="ada", note="read it"),
        lambda: approval.publish("other", "public", ledger="l.db", by="ada"),
        lambda: approval.withdraw("other", ledger="l.db", by="ada", reason=WHY),
    ):
        assert refused(act) == "FG-BN-061"
    assert kinds() == []


# Publish


@SEALED_ONCE
def test_what_was_changed_after_the_approvals_is_not_published() -> None:
    approve_twice()
    (Path("out") / COUNTS_CSV).write_text("length\n")
    assert refused(publish) == "FG-BN-026"
    assert "publish" not in kinds()


@PUBLISHED_ONCE
def test_a_published_copy_is_not_published_from() -> None:
    """It holds a word on a publication, which the next copy would lack; and the ledger says nothing of the attempt."""
    assert refused(approval.publish, "public", "mirror", ledger="l.db", by="ada") == "FG-BN-050"
    assert kinds().count("publish") == 1


@SEALED_ONCE
def test_nothing_is_published_over_anything_else() -> None:
    approve_twice()
    Path("public").mkdir()
    assert refused(publish) == "FG-BN-001"
    assert "publish" not in kinds()


@SEALED_ONCE
def test_nothing_is_published_into_a_sealed_bundle() -> None:
    approve_twice()
    with pytest.raises(UsageError) as caught:
        approval.publish("out", "out/public", ledger="l.db", by="ada")
    assert caught.value.code == "FG-OP-018"
    assert "publish" not in kinds()
    assert bundles.verify("out").ok


@PUBLISHED_ONCE
def test_every_copy_is_named_as_it_was_asked_for_with_what_is_there_now() -> None:
    for place in ("a/2026", "b/2026", "gone"):
        approval.publish("out", place, ledger="l.db", by="ada")
    shutil.rmtree("gone")
    approval.withdraw("R1", ledger="l.db", by="ada", reason=WHY, published="a/2026")
    found = approval.copies("R1", Ledger.open("l.db"))
    assert found == {"public": "stands", "a/2026": "cleared", "b/2026": "stands", "gone": "not found"}


@SEALED_ONCE
def test_a_publication_that_was_cut_short_before_the_copy_is_finished_by_the_same_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The entry comes first, so that nothing is out of which the ledger does not know."""
    approve_twice()
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "write_folder", stop)
        with pytest.raises(KILLED):
            publish()
    assert (kinds()[-1], Path("public").exists()) == ("publish", False)
    publish()
    assert bundles.verify("public").ok


@PUBLISHED_ONCE
def test_a_publication_that_was_cut_short_after_the_copy_is_done() -> None:
    before = kinds()
    assert publish() == Path("public").absolute()
    assert kinds() == before
    shutil.rmtree("public")
    publish()
    assert kinds() == [*before, "publish"]


def stop(*_: object, **__: object) -> None:
    raise KILLED


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_in(folder: Path, act: Callable[[], object], module: str, name: str, number: int) -> None:
    """Do it in a child, and be killed before call ``number`` of a function."""
    os.chdir(folder)
    place = import_module(f"frostglass.bundle.{module}")
    original, calls = getattr(place, name), iter(range(1, 100))
    setattr(place, name, lambda *given, **named: die() if next(calls) == number else original(*given, **named))
    act()


@pytest.mark.long
@SEALED_ONCE
def test_what_a_kill_leaves_of_a_publication_or_a_withdrawal_is_finished_by_the_same_command() -> None:
    approve_twice()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])

    def run(*arguments: object) -> None:
        child = context.Process(target=killed_in, args=(Path.cwd(), *arguments))
        child.start()
        child.join(120)
        assert child.exitcode == -signal.SIGKILL

    run(publish, "format.files", "write_file", 5)
    assert not Path("public").exists()
    assert [each.name for each in Path().iterdir() if each.name.startswith(".public.")] != []
    publish()
    assert bundles.verify("public", ledger="l.db").ok
    run(withdraw, "withdrawal", "sync_folder", 1)
    run(withdraw, "withdrawal", "write_whole", 2)
    assert not bundles.verify("public").ok
    withdraw()
    assert {each.name for each in Path("public").iterdir()} == {WITHDRAWAL, TOMBSTONE}
    assert not [each.name for each in Path().iterdir() if each.name.startswith(".")]
    assert kinds() == ["approve", "approve", "publish", "publish", "withdraw"]
    assert ledger().verify().ok


# Withdraw


@PUBLISHED_ONCE
def test_a_tombstone_stands_in_the_place_of_a_withdrawn_copy() -> None:
    digest = Bundle.open("out").manifest_sha256
    withdraw()
    assert {each.name for each in Path("public").iterdir()} == {WITHDRAWAL, TOMBSTONE}
    entry = ledger().find("R1", "withdraw")
    assert entry is not None
    assert json.loads((Path("public") / WITHDRAWAL).read_text()) == {
        "format": 1,
        "release_id": "R1",
        "manifest_sha256": digest,
        "withdrawn_on": entry.at[:10],
        "reason": WHY,
        "readers": READERS,
        "spent": SPENT,
    }
    page = (Path("public") / TOMBSTONE).read_text()
    assert all(part in page for part in ("R1", digest, READERS, SPENT, "year of registration &lt;was&gt; wrong"))
    assert "cyd" not in page
    assert "<script" not in page
    for path in (Path("public"), *Path("public").iterdir()):
        assert datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat() == f"{entry.at[:10]}T00:00:00+00:00"
    assert bundles.verify("out").ok  # the steward's own bundle stays as it is


@PUBLISHED_ONCE
def test_verify_says_plainly_that_it_was_withdrawn(frostglass_command: Command) -> None:
    withdraw()
    code, out, _ = frostglass_command("verify", "public")
    assert code == 1
    assert "the release R1 was withdrawn on" in out
    assert WHY in out
    assert WITHDRAWN in out
    assert json.loads(frostglass_command("verify", "public", "--json")[1])["checks"][0]["name"] == "not withdrawn"
    code, _, err = frostglass_command("count", "public", "sex=F")
    assert (code, err.startswith("FG-BN-051: the release R1 was withdrawn")) == (1, True)


@PUBLISHED_ONCE
def test_with_the_ledger_verify_also_finds_copies_that_still_stand_to_be_withdrawn() -> None:
    assert "nobody withdrew it" in bundles.verify("public", ledger="l.db").text()
    withdraw(published=None)
    assert bundles.verify("public").ok
    report = bundles.verify("public", ledger="l.db")
    assert [each.name for each in report.checks if not each.ok] == ["ledger: not withdrawn"]
    assert report.note == WITHDRAWN


@SEALED_ONCE
def test_before_it_is_published_a_withdrawal_is_a_no() -> None:
    """By the id of the release, where no bundle is at hand."""
    assert withdraw("R1", published=None).release_id == "R1"
    assert kinds() == ["withdraw"]
    assert refused(publish) == "FG-LG-026"
    assert refused(approval.approve, "out", ledger="l.db", by="ada", note="read it") == "FG-LG-026"
    assert refused(withdraw, "R1", None) == "FG-LG-026"
    assert refused(withdraw, "R9", None) == "FG-LG-016"


@PUBLISHED_ONCE
@pytest.mark.parametrize("at", range(len(SEALED) + 5))
def test_a_withdrawal_that_was_cut_short_says_so_at_every_moment_and_is_finished(
    at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each file that is written or removed. In between, whoever reads the folder is told, and never misled."""
    with monkeypatch.context() as patch:
        calls = iter(range(100))
        for place, name in ((withdrawal, "write_whole"), (Path, "unlink")):
            patch.setattr(place, name, stopping(getattr(place, name), calls, at))
        with pytest.raises(KILLED):
            withdraw()
    assert ledger().state("R1") == "withdrawn"
    left = {each.name for each in Path("public").iterdir()}
    assert (WITHDRAWAL in left) == (at > 0)
    assert left >= {*SEALED, MANIFEST, SIGNATURE, PUBLICATION} or WITHDRAWAL in left
    if at:
        assert not bundles.verify("public").ok
        assert refused(Bundle.open, "public") == "FG-BN-051"
    again = approval.withdraw(
        "public" if at else "out", ledger="l.db", by="dee", reason="other words", published="public"
    )
    assert again.reason == WHY
    assert {each.name for each in Path("public").iterdir()} == {WITHDRAWAL, TOMBSTONE}
    assert kinds().count("withdraw") == 1


def stopping(original: Any, calls: Any, at: int) -> Callable[..., Any]:
    """The function, which is stopped before call number ``at`` of all that share ``calls``."""

    def call(first: Path, *arguments: Any, **named: Any) -> Any:
        if first.parent.name == "public" and not first.name.startswith(".") and next(calls) == at:
            raise KILLED
        return original(first, *arguments, **named)

    return call


@PUBLISHED_ONCE
def test_only_a_published_copy_of_that_release_is_removed() -> None:
    """Neither the steward's own bundle nor any other folder; and then the ledger says nothing either."""
    Path("other").mkdir()
    shutil.copytree("public", "changed")
    (Path("changed") / MANIFEST).write_text("{}")
    for folder in ("out", "other", "changed", "missing"):
        before = {path: path.read_bytes() for path in Path(folder).glob("*")}
        assert refused(withdraw, "out", folder) == "FG-BN-053"
        assert {path: path.read_bytes() for path in Path(folder).glob("*")} == before
    assert "withdraw" not in kinds()


@PUBLISHED_ONCE
def test_what_else_stands_in_the_folder_stays_and_every_copy_can_be_cleared() -> None:
    publish("archive")
    (Path("public") / "index.html").write_text("our page")
    withdraw()
    first = (Path("public") / WITHDRAWAL).read_bytes()
    assert (Path("public") / "index.html").read_text() == "our page"
    approval.withdraw("R1", ledger="l.db", by="dee", reason="another reason", published="archive")
    assert (Path("archive") / WITHDRAWAL).read_bytes() == first
    assert kinds().count("withdraw") == 1


@SEALED_ONCE
@pytest.mark.parametrize("content", ["", "[]", '{"format": 1}', '{"reason": "\\u001b[2J"}'], ids=repr)
def test_a_tombstone_that_cannot_be_read_is_no_bundle_either(content: str) -> None:
    (Path("out") / WITHDRAWAL).write_text(content)
    report = bundles.verify("out")
    assert not report.ok
    assert "seems to be withdrawn" in report.text()
    assert refused(Bundle.open, "out") == "FG-BN-052"


@SEALED_ONCE
def test_a_tombstone_cannot_steer_a_terminal() -> None:
    word = withdrawal.Withdrawal(
        release_id="R1",
        manifest_sha256="c" * 64,
        withdrawn_on=datetime(2026, 1, 2, tzinfo=UTC).date(),
        reason="because",
    )
    text = withdrawal.tombstone(word)[WITHDRAWAL].decode()
    (Path("out") / WITHDRAWAL).write_text(text)
    with pytest.raises(BundleError, match="withdrawn on 2026-01-02: because"):
        Bundle.open("out")
    (Path("out") / WITHDRAWAL).write_text(text.replace("because", "\\u001b[2J"))
    with pytest.raises(BundleError, match="cannot be read"):
        Bundle.open("out")


# The desk


@SEALED_ONCE
def test_the_desk_says_who_has_approved_what_is_missing_and_where_copies_are(frostglass_command: Command) -> None:
    options = ("--note", "read the review", "--ledger", "l.db")
    code, out, _ = frostglass_command("approve", "out", "--by", "Ada Njoroge", *options)
    assert code == 0
    assert "approved by Ada Njoroge on" in out
    assert "another person has to approve it" in out
    assert frostglass_command("approve", "out", "--by", "ada  njoroge", *options)[0] == 1
    code, out, err = frostglass_command("publish", "out", "-o", "public", "--ledger", "l.db")
    assert (code, out) == (1, "")
    assert "'Ada Njoroge' (" in err
    assert "it can be published now" in frostglass_command("approve", "out", "--by", "Bea", *options)[1]
    assert frostglass_command("publish", "out", "-o", "public", "--ledger", "l.db", "--by", "Ada")[0] == 0
    why = ("--by", "Cyd", "--reason", WHY, "--ledger", "l.db")
    code, out, err = frostglass_command("withdraw", "R1", *why)
    assert code == 0
    assert WHY in out
    assert "it was published to public: clear it" in err
    code, out, err = frostglass_command("withdraw", "R1", *why, "--published", "public", "--json")
    assert code == 0
    assert json.loads(out)["copies"] == {"public": "cleared"}
    shown = frostglass_command("ledger", "show", "--ledger", "l.db")[1]
    assert "read the review" in shown
    assert f"withdraw  R1       Cyd          {WHY}" in shown


@SEALED_ONCE
def test_the_page_that_tells_how_runs_as_printed(frostglass_command: Command) -> None:
    Path("l.db").rename("budget.db")
    for name in ("witness", "key", "home"):
        Path(f"l.db.{name}").rename(f"budget.db.{name}")
    page = Path(__file__).parents[2] / "docs" / "how-to" / "approve-and-publish.md"
    commands = re.findall(r"(<!-- fails -->\n)?```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [(bool(fails), shlex.split(line)[1:]) for fails, block in commands for line in block.splitlines()]
    assert [arguments[0] for _, arguments in lines] == [
        "approve",
        "approve",
        "publish",
        "withdraw",
        "withdraw",
        "verify",
    ]
    for fails, arguments in lines:
        if "out-2" not in arguments:  # another release, which the page is not about
            assert frostglass_command(*arguments)[0] == int(fails), arguments
