"""Nothing is made to fit: each argument is taken for what it is, or refused with a code before anything is spent."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import frostglass
from frostglass.errors import UsageError
from frostglass.terms.arguments import finite, flag, path, paths, text, texts, whole
from frostglass.terms.budget import parse_delta, parse_epsilon
from frostglass.terms.codebook import Codebook
from tests.conftest import Command
from tests.survey import SMALL, survey


class Indexed:
    """A whole number of some library."""

    def __index__(self) -> int:
        return 2


@pytest.fixture
def ledger(tmp_path: Path) -> frostglass.Ledger:
    made = frostglass.Ledger.create(tmp_path / "l.db")
    made.open_scope("s", epsilon=Fraction(4), delta=Fraction("1e-6"), by="ann")
    return made


WRONG: list[tuple[str, object]] = [
    ("epsilon", True),
    ("epsilon", np.True_),
    ("epsilon", None),
    ("epsilon", "1_0"),
    ("epsilon", "١"),
    ("epsilon", "１"),
    ("epsilon", " 1"),
    ("epsilon", "1 "),
    ("epsilon", "1\n"),
    ("epsilon", "1e400"),
    ("epsilon", float("nan")),
    ("epsilon", np.float64("inf")),
    ("epsilon", Decimal("NaN")),
    ("epsilon", b"1"),
    ("epsilon", [1]),
    ("epsilon", 1 + 0j),
    ("length", True),
    ("length", np.True_),
    ("length", 2.0),
    ("length", np.float64(2)),
    ("length", "2"),
    ("length", Fraction(2)),
    ("length", None),
    ("length", 0),
    ("length", np.int64(5)),
    ("tau", 2.5),
    ("tau", 2.0),
    ("tau", "2"),
    ("tau", True),
    ("tau", 0),
    ("tau", 10**9),
    ("cells", "9"),
    ("cells", 9e5),
    ("cells", False),
    ("cells", -1),
    ("max_records", True),
    ("max_records", "1"),
    ("max_records", 1.0),
    ("max_records", None),
    ("random_state", 1.0),
    ("random_state", True),
    ("random_state", "1"),
    ("random_state", -1),
    ("random_state", 2**63),
    ("random_state", np.random.default_rng(1)),
    ("fit", "quick"),
    ("fit", True),
    ("fit", ["fast"]),
    ("unknown", "drop"),
    ("unknown", None),
    ("structural", 1),
    ("structural", "no"),
    ("structural", np.True_),
    ("structural", None),
    ("fresh", 0),
    ("fresh", "no"),
    ("fictitious", "yes"),
    ("fictitious", 1),
    ("accept", ["records_off"]),
    ("accept", {"records_off": True}),
    ("accept", {"records_off": "0.5"}),
    ("accept", {"records_off": float("nan")}),
    ("accept", {"no such figure": 1}),
    ("accept", {1: 1}),
    ("person_key", 7),
    ("person_key", b"sex"),
    ("person_key", "k" * 5000),
    ("person_key", "\ud800"),
    ("release_id", 7),
    ("release_id", "a b"),
    ("release_id", ""),
    ("release_id", ["r"]),
    ("by", 7),
    ("by", "two\nlines"),
    ("by", "\udfff"),
    ("scope", 7),
    ("scope", None),
    ("scope", ["s"]),
    ("out", 7),
    ("out", b"out"),
    ("out", True),
    ("out", "a\0b"),
    ("ledger", 7),
    ("ledger", None),
    ("ledger", b"l.db"),
    ("codebook", 7),
    ("codebook", None),
    ("codebook", "a\0b"),
    ("table", 7),
    ("table", None),
    ("table", {"sex": ["F"]}),
    ("table", "a\0b"),
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *WRONG,
        pytest.param("epsilon", 10**5000, id="epsilon-of-5000-digits"),
        pytest.param("accept", {"records_off": 10**5000}, id="threshold-of-5000-digits"),
    ],
)
def test_a_wrong_argument_of_a_release_has_a_code_and_spends_nothing(
    name: str, value: object, ledger: frostglass.Ledger, small: Codebook, tmp_path: Path
) -> None:
    right: dict[str, Any] = {
        "table": survey(40),
        "codebook": small,
        "epsilon": 1,
        "scope": "s",
        "ledger": ledger,
        "out": tmp_path / "out",
        "fit": "fast",
    }
    with pytest.raises(UsageError, match=r"^FG-OP-"):
        frostglass.release(**{**right, name: value})
    assert [each.kind for each in ledger.entries()] == ["genesis", "open"]
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "l.db.staged").exists()


@pytest.mark.parametrize("two", [2, np.int64(2), np.uint8(2), np.array(2), Indexed()])
def test_a_whole_number_of_any_library_is_the_number_that_it_is(
    two: object, ledger: frostglass.Ledger, small: Codebook, tmp_path: Path
) -> None:
    """It is written down as such: in the plan, and so in its hash and in the manifest."""
    numbers: dict[str, Any] = dict.fromkeys(("length", "tau", "random_state"), two)
    released = frostglass.release(
        survey(40), small, epsilon=1, scope="s", ledger=ledger, fit="fast", out=tmp_path / "out", **numbers
    )
    assert released.bundle is not None
    manifest = released.bundle.manifest
    assert (manifest.plan.length, manifest.tau, manifest.sampling_seed) == (2, 2, 2)
    assert frostglass.verify(tmp_path / "out").ok


@pytest.mark.parametrize(
    "amount", ["0.5", ".5", "5e-1", "+0.50", 0.5, np.float64(0.5), Decimal("0.5"), Fraction(1, 2), "00.5"]
)
def test_an_amount_may_be_written_in_every_plain_way(amount: Any) -> None:
    assert parse_epsilon(amount) == Fraction(1, 2)


@pytest.mark.parametrize("amount", [1, np.int8(1), Indexed()])
def test_a_whole_amount_is_an_amount(amount: Any) -> None:
    assert parse_epsilon(amount) in (1, 2)


@pytest.mark.parametrize("amount", [True, np.False_, "1_0e-7", "１e-6", " 1e-6", None, b"1e-6", "0x1p-20", "1e-6f"])
def test_what_is_no_amount_is_no_delta(amount: Any) -> None:
    with pytest.raises(UsageError, match="FG-OP-002"):
        parse_delta(amount)


@pytest.mark.parametrize(
    "take",
    [
        lambda: whole(3.0, 1, 9, "FG-OP-003", "the rule"),
        lambda: whole(np.array([3]), 1, 9, "FG-OP-003", "the rule"),
        lambda: finite(Decimal(1), "FG-OP-007", "the rule"),
        lambda: text(3, "it"),
        lambda: texts("abc", "they"),
        lambda: texts([1], "they"),
        lambda: flag(np.True_, "it"),
        lambda: path(3, "it"),
        lambda: paths(3, "they"),
        lambda: paths([b"x"], "they"),
    ],
)
def test_what_is_not_what_is_asked_for_is_refused(take: Callable[[], object]) -> None:
    with pytest.raises(UsageError, match=r"^FG-OP-"):
        take()


def test_subclasses_are_taken_as_what_they_are_of() -> None:
    """So that nothing of theirs is written into a plan or a ledger."""

    class Name(str):
        def __str__(self) -> str:
            return "something else"

    assert type(text(Name("s"), "it")) is str
    assert text(Name("s"), "it") == "s"
    assert type(whole(np.int64(3), 1, 9, "FG-OP-003", "the rule")) is int
    assert type(finite(np.float32(0.5), "FG-OP-007", "the rule")) is float


OTHERS: list[Callable[[frostglass.Ledger, Codebook, Path], object]] = [
    lambda ledger, _book, _out: ledger.open_scope("t", epsilon=True, delta=Fraction("1e-6")),
    lambda ledger, _book, _out: ledger.open_scope(7, epsilon=1, delta="1e-6"),  # type: ignore[arg-type]
    lambda ledger, _book, _out: ledger.open_scope("t", epsilon=1, delta=1e-6, population=2.0),  # type: ignore[arg-type]
    lambda ledger, _book, _out: ledger.open_scope("t", epsilon=1, delta=1e-6, population=True),
    lambda ledger, _book, _out: ledger.open_scope("t", epsilon=1, delta=1e-6, population=10**5000),
    lambda ledger, _book, _out: ledger.open_scope("t", epsilon=1, delta=1e-6, reason=7),  # type: ignore[arg-type]
    lambda ledger, _book, _out: ledger.open_scope("t", epsilon=1, delta=1e-6, by=None),  # type: ignore[arg-type]
    lambda ledger, _book, _out: ledger.open_scope("t", epsilon=1, delta=1e-6, accountant=["gdp"]),  # type: ignore[arg-type]
    lambda ledger, _book, _out: ledger.scope(7),  # type: ignore[arg-type]
    lambda ledger, _book, _out: frostglass.Ledger.open(7),  # type: ignore[arg-type]
    lambda ledger, _book, _out: frostglass.Ledger.create(b"x.db"),  # type: ignore[arg-type]
    lambda ledger, _book, _out: frostglass.Ledger.open(ledger.path or "", witness=7),  # type: ignore[arg-type]
    lambda _ledger, book, _out: frostglass.foresee(book, epsilon=1, delta="1e-6", expect=20.0),  # type: ignore[arg-type]
    lambda _ledger, book, _out: frostglass.foresee(book, epsilon=1, delta="1e-6", expect=True),
    lambda _ledger, book, _out: frostglass.foresee(book, epsilon=1, delta="1e-6", epsilons=5),  # type: ignore[arg-type]
    lambda _ledger, book, _out: frostglass.foresee(book, epsilon=1, delta="1e-6", epsilons=[True]),
    lambda _ledger, book, _out: frostglass.foresee(book, epsilon=1, delta="1e-6", like=7),  # type: ignore[arg-type]
    lambda _ledger, book, _out: frostglass.foresee(book, epsilon=1, delta="1e-6", length="3"),  # type: ignore[arg-type]
    lambda _ledger, book, _out: frostglass.foresee(book, epsilon=1, delta=True),
    lambda ledger, book, _out: frostglass.Synthesizer(book, epsilon=True, ledger=ledger),
    lambda ledger, book, _out: frostglass.Synthesizer(book, epsilon=1, ledger=ledger, scope=7, delta=1e-6),  # type: ignore[arg-type]
    lambda ledger, book, _out: frostglass.Synthesizer(book, epsilon=1, ledger=ledger, effort=7).fit(survey(9)),  # type: ignore[arg-type]
    lambda _ledger, _book, out: frostglass.review_release(survey(9), out, attacks="all"),  # type: ignore[arg-type]
    lambda _ledger, _book, out: frostglass.review_release(survey(9), out, attacks=True),  # type: ignore[arg-type]
    lambda _ledger, _book, out: frostglass.review_release(survey(9), out, random_state=1.0),  # type: ignore[arg-type]
    lambda _ledger, _book, out: frostglass.review_release(survey(9), out, groups="sex"),
    lambda _ledger, _book, out: frostglass.review_release(survey(9), out, flow=7),  # type: ignore[arg-type]
    lambda _ledger, _book, _out: frostglass.review_release(survey(9), 7),  # type: ignore[arg-type]
    lambda _ledger, book, _out: frostglass.recode(7, book),  # type: ignore[arg-type]
    lambda _ledger, book, _out: frostglass.recode([7], book),  # type: ignore[list-item]
    lambda _ledger, book, _out: frostglass.recode("x", book, maps=7),  # type: ignore[arg-type]
    lambda _ledger, book, _out: frostglass.recode("x", book, snapshot=7),  # type: ignore[arg-type]
    lambda _ledger, book, _out: frostglass.recode("x", book, decisions=7),  # type: ignore[arg-type]
    lambda _ledger, _book, _out: frostglass.load_codebook(7),  # type: ignore[arg-type]
    lambda _ledger, _book, _out: frostglass.open_bundle(7),  # type: ignore[arg-type]
    lambda _ledger, _book, _out: frostglass.verify(7),  # type: ignore[arg-type]
    lambda _ledger, _book, out: frostglass.verify(out, key=7),  # type: ignore[arg-type]
    lambda ledger, _book, _out: frostglass.approve(7, ledger=ledger, by="a", note="b"),  # type: ignore[arg-type]
    lambda ledger, _book, out: frostglass.approve(out, ledger=7, by="a", note="b"),  # type: ignore[arg-type]
    lambda ledger, _book, _out: frostglass.publish(7, "x", ledger=ledger, by="a"),  # type: ignore[arg-type]
    lambda ledger, _book, out: frostglass.publish(out, 7, ledger=ledger, by="a"),  # type: ignore[arg-type]
    lambda ledger, _book, _out: frostglass.withdraw(7, ledger=ledger, by="a", reason="b"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("call", OTHERS)
def test_a_wrong_argument_of_anything_else_has_a_code(
    call: Callable[[frostglass.Ledger, Codebook, Path], object],
    ledger: frostglass.Ledger,
    small: Codebook,
    tmp_path: Path,
) -> None:
    before = [each.kind for each in ledger.entries()]
    with pytest.raises(UsageError, match=r"^FG-OP-"):
        call(ledger, small, tmp_path / "nowhere")
    assert [each.kind for each in ledger.entries()] == before


@pytest.mark.parametrize("n", [True, 2.0, "2", np.float64(2), -1, None])
def test_a_sample_is_of_a_whole_number_of_records(n: Any, small: Codebook) -> None:
    ledger = frostglass.Ledger.ephemeral(epsilon=Fraction(4), delta=Fraction("1e-6"))
    fitted = frostglass.Synthesizer(small, epsilon=1, ledger=ledger, effort="fast").fit(survey(600))
    if n is None:
        assert len(fitted.sample(np.int16(3))) == 3  # type: ignore[arg-type]
        return
    with pytest.raises(UsageError, match="FG-OP-102"):
        fitted.sample(n)


# The command line and the release file


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frostglass_command: Command) -> Command:
    """Runs the command in a folder with a table, a codebook and a ledger with one scope."""
    monkeypatch.chdir(tmp_path)
    survey(60).write_csv(tmp_path / "table.csv")
    (tmp_path / "small.toml").write_text(SMALL)
    frostglass_command("ledger", "open", "s", "--epsilon", "2", "--delta", "1e-6", "--ledger", "l.db")
    return frostglass_command


RELEASE = {
    "data": "table.csv",
    "codebook": "small.toml",
    "epsilon": "1",
    "scope": "s",
    "ledger": "l.db",
    "out": "out",
    "fit": "fast",
}


def options(settings: dict[str, str]) -> list[str]:
    given = dict(settings)
    return ["release", given.pop("data"), *(part for name in given for part in (f"--{name}", given[name]))]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("epsilon", "1_0"),
        ("epsilon", "１"),
        ("epsilon", "١"),
        ("epsilon", " 1"),
        ("epsilon", "0x1"),
        ("epsilon", "1e400"),
        ("epsilon", "true"),
        ("length", "1_0"),
        ("length", "２"),
        ("length", "٢"),
        ("length", " 2"),
        ("length", "2.0"),
        ("length", "two"),
        ("tau", "2.5"),
        ("tau", "1_0"),
        ("cells", "1e6"),
        ("cells", "1_000_000"),
        ("max-records", "１"),
        ("random-state", "1.0"),
        ("random-state", "１"),
        ("random-state", "99999999999999999999"),
        ("random-state", "-1"),
        ("fit", "quick"),
        ("person-key", "k" * 2000),
        ("by", "two\nlines"),
    ],
)
def test_an_option_of_another_form_has_a_code_and_spends_nothing(
    option: str, value: str, desk: Command, tmp_path: Path
) -> None:
    code, _, err = desk(*options({**RELEASE, option: value}))
    assert code == 2
    assert err.splitlines()[-1].startswith("FG-OP-"), err
    assert [each.kind for each in frostglass.Ledger.open(tmp_path / "l.db").entries()] == ["genesis", "open"]


@pytest.mark.parametrize(
    "command",
    [
        ("simulate", "-o", "s.csv", "--records", "1_0"),
        ("simulate", "-o", "s.csv", "--records", "0"),
        ("simulate", "-o", "s.csv", "--seed", "１"),
        ("simulate", "-o", "s", "--cases", " 5"),
        ("demo", "-o", "d", "--cases", "1_000"),
        ("demo", "-o", "d", "--cases", "199"),
        ("plan", "-c", "small.toml", "--epsilon", "1", "--delta", "1e-6", "--expect", "1_000"),
        ("plan", "-c", "small.toml", "--epsilon", "1", "--delta", "1e-6", "--epsilons", "1,true"),
        ("ledger", "open", "t", "--epsilon", "1", "--delta", "1e-6", "--ledger", "l.db", "--population", "1_000"),
        ("ledger", "open", "t", "--epsilon", "1_0", "--delta", "1e-6", "--ledger", "l.db"),
    ],
)
def test_every_other_number_is_held_to_the_same(command: tuple[str, ...], desk: Command) -> None:
    code, _, err = desk(*command)
    assert (code, err[:6]) == (2, "FG-OP-")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("epsilon = true", "epsilon is a number"),
        ("epsilon = [1]", "epsilon is a number"),
        ("epsilon = 2026-01-01", "epsilon is a number"),
        ("delta = true", "delta is a number"),
        ("length = true", "length is a whole number"),
        ("length = 2.0", "length is a whole number"),
        ('length = "2"', "length is a whole number"),
        ("tau = 2.5", "tau is a whole number"),
        ('tau = "5"', "tau is a whole number"),
        ("cells = 1e6", "cells is a whole number"),
        ("max_records = true", "max_records is a whole number"),
        ("scope = 1", "scope is a text, in quotes"),
        ("release_id = 7", "release_id is a text, in quotes"),
        ("person_key = 7", "person_key is a text, in quotes"),
        ('without_constraints = "yes"', "without_constraints is true or false"),
        ("without_constraints = 1", "without_constraints is true or false"),
        ("fictitious = 1", "fictitious is true or false"),
        ("out = 7", "out is a path, in quotes"),
        ('out = "a\\u0000b"', "out is a path, in quotes"),
        ("accept = {records_off = true}", "accept.records_off is a number"),
        ('accept = {records_off = "1"}', "accept.records_off is a number"),
    ],
)
def test_a_setting_of_another_type_is_named_and_spends_nothing(
    line: str, words: str, desk: Command, tmp_path: Path
) -> None:
    name = line.partition(" ")[0]
    lines = [f'{each} = "{value}"' for each, value in RELEASE.items() if each != name]
    (tmp_path / "release.toml").write_text("\n".join([*lines, line]))
    code, _, err = desk("release", "--config", "release.toml")
    assert (code, err.strip()) == (2, f"FG-OP-043: release.toml: {words}")
    assert [each.kind for each in frostglass.Ledger.open(tmp_path / "l.db").entries()] == ["genesis", "open"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('epsilon = "1_0"', "FG-OP-001"),
        ('epsilon = "１"', "FG-OP-001"),
        ("epsilon = nan", "FG-OP-001"),
        ("epsilon = inf", "FG-OP-001"),
        ("length = 9", "FG-OP-003"),
        ("tau = 0", "FG-OP-005"),
        ('fit = "quick"', "FG-OP-008"),
        ('unknown = "drop"', "FG-OP-006"),
        ("accept = {records_off = nan}", "FG-OP-007"),
        ('release_id = "a b"', "FG-OP-064"),
    ],
)
def test_a_setting_out_of_range_has_the_code_of_every_other_door(
    line: str, code: str, desk: Command, tmp_path: Path
) -> None:
    name = line.partition(" ")[0]
    lines = [f'{each} = "{value}"' for each, value in RELEASE.items() if each != name]
    (tmp_path / "release.toml").write_text("\n".join([*lines, line]))
    exit_code, _, err = desk("release", "--config", "release.toml")
    assert (exit_code, err[:9]) == (2, code)


@pytest.mark.parametrize(
    ("line", "option", "plan", "value"),
    [
        ("length = 1", ("--length", "2"), "length", 2),
        ("without_constraints = true", ("--with-constraints",), "structural", True),
        ("without_constraints = false", ("--without-constraints",), "structural", False),
        ("without_constraints = true", (), "structural", False),
    ],
)
def test_the_command_line_wins_over_the_file(
    line: str, option: tuple[str, ...], plan: str, value: object, desk: Command, tmp_path: Path
) -> None:
    lines = [f'{each} = "{said}"' for each, said in RELEASE.items()]
    (tmp_path / "release.toml").write_text("\n".join([*lines, line]))
    code, out, err = desk("release", "--config", "release.toml", *option, "--dry-run", "--json")
    assert code == 0, err
    assert json.loads(out)["plan"][plan] == value


@pytest.mark.parametrize(
    ("separator", "encoding", "written", "options"),
    [
        (",", "utf-8", 'delimiter = ";"', ("--delimiter", ",")),
        (",", "utf-8", 'encoding = "utf-16"', ("--encoding", "utf-8")),
        (";", "utf-16", 'delimiter = ";"\nencoding = "utf-16"', ()),
    ],
)
def test_the_default_can_be_asked_for_where_the_file_says_otherwise(
    separator: str, encoding: str, written: str, options: tuple[str, ...], desk: Command, tmp_path: Path
) -> None:
    text = survey(60).write_csv(separator=separator)
    (tmp_path / "table.csv").write_bytes(text.encode(encoding))
    lines = [f'{each} = "{said}"' for each, said in RELEASE.items()]
    (tmp_path / "release.toml").write_text("\n".join([*lines, written]))
    code, _, err = desk("release", "--config", "release.toml", *options)
    assert code == 0, err
