"""The command line: what each verb prints, its exit code, and one clear error for each wrong use."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import Command
from tests.survey import SMALL, survey


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frostglass_command: Command) -> Command:
    """Runs the command in a folder with a table, a codebook and a ledger with one scope."""
    monkeypatch.chdir(tmp_path)
    survey(600).write_csv(tmp_path / "table.csv")
    (tmp_path / "small.toml").write_text(SMALL)

    assert frostglass_command("ledger", "open", "s", "--epsilon", "2", "--delta", "1e-6", "--ledger", "b.db")[0] == 0
    return frostglass_command


RELEASE = ("release", "table.csv", "-c", "small.toml", "--epsilon", "1.5", "--scope", "s", "--ledger", "b.db")


def test_the_whole_way(desk: Command, tmp_path: Path) -> None:
    assert desk("check", "table.csv", "-c", "small.toml")[0] == 0
    code, out, err = desk(*RELEASE, "-o", "out", "-v")
    assert code == 0, err
    assert "epsilon 1.5" in out
    assert "…" in err
    assert "noise sd" in err
    code, out, _ = desk("verify", "out", "--ledger", "b.db")
    assert code == 0, out
    code, out, _ = desk("count", "out", "age=18-59", "sex=F")
    assert code == 0
    assert "95% interval" in out
    code, out, _ = desk("ledger", "show", "--ledger", "b.db")
    assert "plain sum    epsilon 1.5" in out
    assert re.search(r"tight sum +epsilon 1\.5", out)
    code, out, err = desk(*RELEASE, "-o", "again")
    assert code == 1
    assert "FG-BU-001" in err
    assert not (tmp_path / "again").exists()


def test_json_everywhere_is_one_document(desk: Command) -> None:
    commands = [
        ("check", "table.csv", "-c", "small.toml", "--json"),
        ("plan", "-c", "small.toml", "--epsilon", "1", "--delta", "1e-6", "--json"),
        (*RELEASE, "-o", "out", "--json"),
        ("count", "out", "sex=M", "--json"),
        ("verify", "out", "--json"),
        ("ledger", "show", "--ledger", "b.db", "--json"),
        ("ledger", "verify", "--ledger", "b.db", "--json"),
        ("ledger", "export", "--ledger", "b.db", "-o", "b.jsonl", "--json"),
        ("ledger", "backup", "--ledger", "b.db", "-o", "copy.db", "--json"),
        ("ledger", "reconcile", "--ledger", "b.db", "--reason", "a trial", "--json"),
        ("approve", "out", "--by", "Ada", "--note", "read it", "--ledger", "b.db", "--json"),
        ("approve", "out", "--by", "Bea", "--note", "read it", "--ledger", "b.db", "--json"),
        ("publish", "out", "-o", "public", "--ledger", "b.db", "--json"),
        ("withdraw", "out", "--by", "Cyd", "--reason", "a trial", "--ledger", "b.db", "--json"),
        ("codebook", "draft", "table.csv", "-o", "drafted.toml", "--json"),
        ("codebook", "check", "small.toml", "--json"),
        ("codebook", "list", "--json"),
        ("codebook", "show", "small.toml", "--json"),
    ]
    for command in commands:
        code, out, err = desk(*command)
        assert code == 0, err
        json.loads(out)


def test_errors_have_one_shape_in_text_and_json(desk: Command) -> None:
    code, out, err = desk("release", "nothing.csv", "-c", "small.toml", "--epsilon", "1", "--json")
    assert (code, out) == (2, "")
    assert set(json.loads(err)["error"]) == {"code", "message"}


def test_a_plan_opens_no_data_and_spends_nothing(desk: Command, tmp_path: Path) -> None:
    """The table need not even exist, and the ledger's bytes stay as they are."""
    before = (tmp_path / "b.db").read_bytes()
    code, out, _ = desk("plan", "not-there.csv", *RELEASE[2:], "-o", "out")
    assert code == 0
    assert "costs" in out
    assert "enough for this release" in out
    code, out, _ = desk(*RELEASE, "-o", "out", "--dry-run")
    assert code == 0
    assert (tmp_path / "b.db").read_bytes() == before
    assert not (tmp_path / "out").exists()


def test_a_release_file_says_the_same_as_the_options(desk: Command, tmp_path: Path) -> None:
    (tmp_path / "release.toml").write_text(
        'data = "table.csv"\ncodebook = "small.toml"\nepsilon = "1.5"\nscope = "s"\nledger = "b.db"\nout = "out"\n'
        "[accept]\nlargest_error_length_2 = 0.1\n"
    )
    assert desk("release", "--config", "release.toml")[0] == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["plan"]["epsilon"] == "1.5"
    assert manifest["plan"]["accept"] == {"largest_error_length_2": 0.1}


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('epsilonn = "1"', "FG-OP-043", "did you mean epsilon"),
        ("format = 2", "FG-OP-042", "format 2"),
        ("epsilon = 1\nepsilon = 10", "FG-OP-041", "epsilon is given twice (lines 1 and 2)"),
        ('length = "three"', "FG-OP-043", "length"),
        ("accept = 3", "FG-OP-043", "accept"),
        ("", "FG-OP-045", "is missing: give"),
    ],
)
def test_a_wrong_release_file_is_named_with_its_place(
    text: str, code: str, words: str, desk: Command, tmp_path: Path
) -> None:
    (tmp_path / "release.toml").write_text(text)
    exit_code, _, err = desk("release", "--config", "release.toml")
    assert exit_code == 2
    assert code in err
    assert words in err


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--epsilon", "0", "FG-OP-001"),
        ("--epsilon", "-1", "FG-OP-001"),
        ("--epsilon", "nan", "FG-OP-001"),
        ("--epsilon", "inf", "FG-OP-001"),
        ("--epsilon", "1,5", "FG-OP-001"),
        ("--epsilon", "1e-300", "FG-OP-001"),
        ("--epsilon", "1e999999", "FG-OP-001"),
        ("--epsilon", "50", "FG-OP-001"),
        ("--length", "0", "FG-OP-003"),
        ("--length", "5", "FG-OP-003"),
        ("--tau", "0", "FG-OP-005"),
        ("--unknown", "drop", "FG-OP-006"),
        ("--max-records", "0", "FG-OP-010"),
        ("--max-records", "2", "FG-OP-011"),
        ("--delta", "0.5", "FG-OP-002"),
        ("--delta", "1e-7", "FG-OP-044"),
        ("--release-id", "a b", "FG-OP-064"),
    ],
)
def test_options_out_of_range_are_refused_with_their_rule(
    option: str, value: str, code: str, desk: Command, tmp_path: Path
) -> None:
    """Nothing is reserved, nothing is left behind."""
    arguments = list(RELEASE)
    if option == "--epsilon":
        arguments[arguments.index("1.5")] = value
        exit_code, _, err = desk(*arguments, "-o", "out")
    else:
        exit_code, _, err = desk(*arguments, "-o", "out", option, value)
    assert exit_code == 2
    assert err.strip().splitlines()[-1].startswith(code)
    assert not (tmp_path / "out").exists()
    assert "reserve" not in desk("ledger", "show", "--ledger", "b.db")[1]


@pytest.mark.parametrize(
    ("epsilon", "delta", "extra", "code"),
    [
        ("6", "1e-6", (), "FG-OP-061"),
        ("2", "1e-4", (), "FG-OP-061"),
        ("2", "1e-6", ("--population", "200000"), "FG-OP-061"),
        ("2", "0", (), "FG-OP-002"),
        ("2", "1", (), "FG-OP-002"),
        ("2", "1e-6", ("--accountant", "rdp"), "FG-OP-020"),
    ],
)
def test_a_scope_beyond_the_usual_needs_a_reason(
    epsilon: str, delta: str, extra: tuple[str, ...], code: str, desk: Command
) -> None:
    arguments = ("ledger", "open", "t", "--epsilon", epsilon, "--delta", delta, "--ledger", "b.db", *extra)
    exit_code, _, err = desk(*arguments)
    assert exit_code == 2
    assert code in err
    if code == "FG-OP-061":
        assert desk(*arguments, "--reason", "decided by the board")[0] == 0
        assert "decided by the board" in desk("ledger", "show", "--ledger", "b.db")[1]


def test_an_existing_output_is_never_overwritten(desk: Command, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    code, _, err = desk(*RELEASE, "-o", "out")
    assert code == 1
    assert "FG-BN-001" in err
    assert list((tmp_path / "out").iterdir()) == []


def test_a_missing_ledger_says_how_to_open_one(desk: Command) -> None:
    code, _, err = desk(*RELEASE[:-1], "no.db", "-o", "out")
    assert code == 1
    assert "ledger open" in err


def test_wrong_usage_exits_with_2(desk: Command) -> None:
    for arguments in (("release", "--no-such-option"), ("nonsense",), ("count",)):
        code, _, err = desk(*arguments)
        assert code == 2
        assert "Traceback" not in err


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (("sex",), "variable=value"),
        (("sex=F", "sex=M"), "twice"),
        (("gender=F",), "no variable"),
        (("sex=X",), "no value"),
    ],
)
def test_a_wrong_condition_is_explained(conditions: tuple[str, ...], words: str, desk: Command) -> None:
    desk(*RELEASE, "-o", "out")
    code, _, err = desk("count", "out", *conditions)
    assert code == 2
    assert words in err.lower()


def test_a_value_of_a_case_never_reaches_the_terminal(desk: Command, tmp_path: Path) -> None:
    """It goes to the private report, which only the steward can read."""
    secret = "Zaphod-Canary"
    (tmp_path / "bad.csv").write_text(f"sex,age,works,langs\n{secret},18-59,,en\n")
    for command in (("check", "bad.csv", "-c", "small.toml"), ("release", "bad.csv", *RELEASE[2:], "-o", "out")):
        code, out, err = desk(*command, "--private-report", "private.json")
        assert code == 1
        assert secret not in out + err
        assert secret in (tmp_path / "private.json").read_text()
        assert stat.S_IMODE((tmp_path / "private.json").stat().st_mode) == 0o600
        (tmp_path / "private.json").unlink()


def test_a_fault_of_ours_shows_no_value_and_no_traceback(desk: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_named: object) -> None:
        raise RuntimeError("cell says Zaphod-Canary")

    monkeypatch.setattr("frostglass.desk.table_commands.opened", broken)
    code, out, err = desk("check", "table.csv", "-c", "small.toml")
    assert code == 1
    assert "Zaphod" not in out + err
    assert "FG-XX-999" in err
    assert "Traceback" not in err


def test_an_error_of_the_system_is_told_in_the_systems_words(desk: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever words a library gave it: they may quote what it was reading."""

    def broken(*_args: object, **_named: object) -> None:
        raise OSError(errno.EIO, "cell says Zaphod-Canary")

    monkeypatch.setattr("frostglass.desk.table_commands.opened", broken)
    code, out, err = desk("check", "table.csv", "-c", "small.toml")
    assert code == 1
    assert "Zaphod" not in out + err
    assert os.strerror(errno.EIO).lower() in err


def test_interrupting_says_what_was_spent_and_how_to_go_on(desk: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_args: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("frostglass.ways.release.build", stop)
        code, _, err = desk(*RELEASE, "-o", "out")
    assert code == 1
    assert "counts as spent" in err
    code, _, err = desk(*RELEASE, "-o", "out")
    assert code == 0, err
    assert "resuming" in err


def test_draft_confirm_release(desk: Command, tmp_path: Path) -> None:
    """An unknown table: drafted, refused, confirmed, released, without code."""
    assert desk("codebook", "draft", "table.csv", "-o", "mine.toml")[0] == 0
    assert stat.S_IMODE((tmp_path / "mine.toml").stat().st_mode) == 0o600
    command = ("release", "table.csv", "-c", "mine.toml", *RELEASE[4:], "-o", "out")
    code, _, err = desk(*command)
    assert code == 1
    assert "confirm" in err
    text = (tmp_path / "mine.toml").read_text()
    confirmed = 'confirmed = {by = "Ann", on = "2026-01-31"}'
    (tmp_path / "mine.toml").write_text(text.replace("drafted = true", f"drafted = true\n{confirmed}"))
    code, _, err = desk(*command)
    assert code == 0, err
    assert desk("verify", "out")[0] == 0


def test_faults_of_a_codebook_are_all_named(desk: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(SMALL.replace('type = "flag"', 'type = "flagg"').replace('"M"]', '"F"]'))
    code, out, _ = desk("codebook", "check", "bad.toml")
    assert code == 1
    assert "variable[0]" in out
    assert "variable[2]" in out


@pytest.mark.long
def test_the_demo_ends_with_the_promise_and_five_counts(desk: Command, tmp_path: Path) -> None:
    code, out, err = desk("demo", "--cases", "2000")
    assert code == 0, err
    assert (tmp_path / "frostglass-demo" / "public" / "manifest.json").exists()
    assert len(re.findall(r"\d to [\d,]+$", out, re.MULTILINE)) == 5
    assert "epsilon" in out
    assert "What to try next" in out
    assert desk("demo", "--cases", "300", "-q")[0] == 0
    assert (tmp_path / "frostglass-demo-2").exists()


def test_every_command_has_help_with_what_it_does(desk: Command) -> None:
    verbs = [
        "demo",
        "simulate",
        "check",
        "plan",
        "release",
        "count",
        "verify",
        "approve",
        "publish",
        "withdraw",
        "recode",
    ]
    verbs += ["import check", "import list", "duplicates key", "duplicates tokens"]
    verbs += [f"codebook {each}" for each in ("list", "check", "show", "draft")]
    verbs += [f"ledger {each}" for each in ("open", "show", "verify", "export", "backup", "reconcile", "void", "purge")]
    for verb in verbs:
        code, out, _ = desk(*verb.split(), "--help")
        assert code == 0
        assert len(out) > 150


def test_a_refused_scope_leaves_no_ledger_behind(desk: Command, tmp_path: Path) -> None:
    assert desk("ledger", "open", "t", "--epsilon", "9", "--delta", "1e-6", "--ledger", "new.db")[0] == 2
    assert not (tmp_path / "new.db").exists()
    code, _, err = desk("ledger", "open", "t", "--epsilon", "3", "--delta", "1e-6", "--ledger", "new.db")
    assert code == 0
    assert "a new ledger" in err


def test_staged_answers_that_nobody_will_finish_can_be_deleted(
    desk: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_args: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("frostglass.ways.release.build", stop)
        desk(*RELEASE, "-o", "out", "--release-id", "cut-short")
    assert (tmp_path / "b.db.staged" / "cut-short").exists()
    assert desk("ledger", "purge", "cut-short", "--ledger", "b.db")[0] == 0
    assert not (tmp_path / "b.db.staged").exists()
    assert desk("ledger", "purge", "../x", "--ledger", "b.db")[0] == 1


def test_release_and_check_say_who_is_left_out_and_take_placeholders_when_told(desk: Command, tmp_path: Path) -> None:
    keys = pl.Series("person", [f"P{number % 590}" for number in range(590)] + ["unknown"] * 10)
    survey(600).with_columns(keys).write_csv(tmp_path / "table.csv")
    keyed = (*RELEASE, "--length", "1", "--fit", "fast", "-o", "out", "--person-key", "person")
    code, _, err = desk(*keyed)
    assert (code, err.count("FG-IN-083")) == (1, 1), err
    (tmp_path / "release.toml").write_text('placeholder_keys = "allow"\n')
    code, out, err = desk(*keyed, "--config", "release.toml")
    assert code == 0, err
    assert "FG-IN-044 person: 1 × people with more than 1 record" in err
    assert "left out: 9 records" in err
    assert "left out" not in out
    checked = ("check", "table.csv", "-c", "small.toml", "--person-key", "person")
    code, out, _ = desk(*checked, "--placeholder-keys", "allow")
    assert (code, "600 records of 591 people" in out) == (0, True)
    assert desk(*checked, "--placeholder-keys", "perhaps")[0] == 2
